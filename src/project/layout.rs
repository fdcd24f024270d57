//! The files with a meaning in a project's folder: those of the original's layout and those of Python packaging.
//!
//! Windows finds `manifest.xml` when asked for `Manifest.xml`, so names are compared without regard to case when there
//! is no file with the exact name.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::Error;

/// Which of the files that have a meaning are there, by their names on disk.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Layout {
    /// `Manifest.xml.in`: the template of the Web Deploy manifest.
    pub manifest_template: Option<String>,
    /// `Manifest.xml`: the Web Deploy manifest.
    pub manifest: Option<String>,
    /// `Parameters.xml`: the Web Deploy parameters.
    pub parameters: Option<String>,
    /// `web.config.in`: the template of the web.config.
    pub web_config_template: Option<String>,
    /// `web.config`.
    pub web_config: Option<String>,
    /// `iis_install.stamp.in`: the template of the stamp.
    pub stamp_template: Option<String>,
    /// `iis_install.stamp`: the stamp.
    pub stamp: Option<String>,
    /// `MANIFEST.in`: what ships.
    pub manifest_in: Option<String>,
    /// `setup.py`.
    pub setup_py: Option<String>,
    /// `setup.cfg`.
    pub setup_cfg: Option<String>,
    /// `pyproject.toml`.
    pub pyproject: Option<String>,
    /// Whether `pyproject.toml` has a `[build-system]`: `pip install .` is meant to work.
    pub build_system: bool,
    /// `requirements.txt`.
    pub requirements: Option<String>,
    /// `PKG-INFO`: the folder is an unpacked source distribution.
    pub pkg_info: Option<String>,
    /// `.flaskenv`: Flask's settings for development.
    pub flaskenv: Option<String>,
    /// `manage.py`: Django's command line.
    pub manage_py: Option<String>,
}

impl Layout {
    /// Looks at the names in a folder; opens no file, so that [`Layout::build_system`] is not known yet.
    ///
    /// # Errors
    /// The folder cannot be listed.
    pub fn of(root: &Path) -> Result<Self, Error> {
        let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for entry in fs::read_dir(root).map_err(|source| Error::folder(root, source))? {
            let entry = entry.map_err(|source| Error::folder(root, source))?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if !entry.path().is_dir() {
                names.entry(name.to_lowercase()).or_default().push(name);
            }
        }
        let find = |wanted: &str| {
            let same = names.get(&wanted.to_lowercase())?;
            same.iter().find(|name| *name == wanted).or_else(|| same.iter().min()).cloned()
        };
        Ok(Self {
            manifest_template: find("Manifest.xml.in"),
            manifest: find("Manifest.xml"),
            parameters: find("Parameters.xml"),
            web_config_template: find("web.config.in"),
            web_config: find("web.config"),
            stamp_template: find("iis_install.stamp.in"),
            stamp: find("iis_install.stamp"),
            manifest_in: find("MANIFEST.in"),
            setup_py: find("setup.py"),
            setup_cfg: find("setup.cfg"),
            pyproject: find("pyproject.toml"),
            build_system: false,
            requirements: find("requirements.txt"),
            pkg_info: find("PKG-INFO"),
            flaskenv: find(".flaskenv"),
            manage_py: find("manage.py"),
        })
    }

    /// Whether this is the original's layout: a manifest, or a template of one, stands in the folder.
    pub fn is_classic(&self) -> bool {
        self.manifest_template.is_some() || self.manifest.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case_and_the_exact_one_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["manifest.XML.in", "PARAMETERS.xml", "web.config"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        if !cfg!(windows) {
            fs::write(folder.path().join("Web.config"), "").unwrap();
        }
        fs::create_dir(folder.path().join("setup.py")).unwrap();
        let layout = Layout::of(folder.path()).unwrap();
        assert_eq!(layout.manifest_template.as_deref(), Some("manifest.XML.in"));
        assert_eq!(layout.parameters.as_deref(), Some("PARAMETERS.xml"));
        assert_eq!(layout.web_config.as_deref(), Some("web.config"));
        assert_eq!(layout.setup_py, None, "a folder is not the file");
        assert!(layout.is_classic());
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let error = Layout::of(Path::new("no/such/folder")).unwrap_err();
        assert_eq!(error.to_string(), "cannot list the folder `no/such/folder`");
    }
}
