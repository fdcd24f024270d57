//! `setup.cfg`: metadata in setuptools' declarative form, and the options of the original's commands.

/// The options that the original's commands took from `setup.cfg`.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct ClassicCommands {
    /// `[bdist_webpi] msdeploy_bdists`: the folders of the packages of a feed, split as a shell splits words.
    pub msdeploy_bdists: Vec<String>,
    /// `[bdist_webpi] msdeploy_url_template`: the template of the packages' URLs.
    pub msdeploy_url_template: Option<String>,
    /// `[bdist_webpi] dist_dir`, else `[bdist_msdeploy] dist_dir`: where outputs go.
    pub dist_dir: Option<String>,
    /// `[build_msdeploy] stamp_filename`: the name of the stamp.
    pub stamp_filename: Option<String>,
    /// `[test_msdeploy] config_file`: the Paste ini file that was tested.
    pub test_config_file: Option<String>,
    /// `[test_msdeploy] url`: the path that was requested.
    pub test_url: Option<String>,
    /// `[install_msdeploy] skip_fcgi_app_install`.
    pub skip_fcgi_app_install: bool,
}
