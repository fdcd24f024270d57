//! What there is to do for one application: read from the package's description, or guessed from the original's layout.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Command, Error};
use crate::files;
use crate::package::bootstrap::{Bootstrap, FILE_NAME, STAMP};

/// What there is to do for one application. All paths lie in the application's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The distribution's name.
    pub name: String,
    /// The folder of the virtual environment: `.venv`, or `.` as in the original.
    pub virtual_environment: PathBuf,
    /// The Python version that is wanted.
    pub python: Option<String>,
    /// Arguments for pip, see [`super::Requirements`].
    pub requirements: Vec<String>,
    /// The gateway's requirement.
    pub gateway: Option<String>,
    /// A folder of wheels to install from.
    pub wheelhouse: Option<PathBuf>,
    /// The template of `web.config`.
    pub web_config_template: Option<PathBuf>,
    /// The stamp.
    pub stamp: PathBuf,
    /// Variables for hooks and for the template.
    pub environment: Vec<(String, String)>,
    /// Command lines to run first.
    pub pre_install: Vec<String>,
    /// Command lines to run in the place of installing the requirements.
    pub install: Vec<String>,
    /// Command lines to run when everything else is in place.
    pub post_install: Vec<String>,
    /// The original's setup commands, to be run before `web.config` is written.
    pub setup_commands: Vec<String>,
    /// How long any one program may take.
    pub timeout: Option<Duration>,
}

impl Plan {
    /// Reads the description of an application, or takes what the original would do where there is none.
    ///
    /// # Errors
    /// The description cannot be read.
    pub fn read(folder: &Path, command: &Command) -> Result<Self, Error> {
        let path = folder.join(FILE_NAME);
        if !path.is_file() {
            return Ok(Self::classic(folder, command));
        }
        let text = files::read_text(&path)?;
        match Bootstrap::from_json(&text) {
            Ok(description) => Ok(Self::described(description)),
            Err(source) => Err(Error::Description { path, source }),
        }
    }

    fn described(description: Bootstrap) -> Self {
        // Paths stay inside of the folder: the description's reader has seen to that.
        let path = |text: &str| PathBuf::from(text.replace('\\', "/"));
        Self {
            virtual_environment: path(&description.venv),
            wheelhouse: description.wheelhouse.as_deref().map(path),
            web_config_template: description.web_config_template.as_deref().map(path),
            stamp: path(&description.stamp),
            name: description.name,
            python: description.python,
            requirements: description.requirements,
            gateway: description.gateway,
            environment: description.environment.into_iter().collect(),
            pre_install: description.hooks.pre_install,
            install: description.setup_commands,
            post_install: description.hooks.post_install,
            setup_commands: Vec::new(),
            timeout: description.timeout.map(Duration::from_secs),
        }
    }

    /// The original's layout: an environment in the application's folder, the project itself installed in place, and
    /// `web.config.in`.
    fn classic(folder: &Path, command: &Command) -> Self {
        let there = |name: &str| folder.join(name).is_file();
        let mut requirements = Vec::new();
        if there("requirements.txt") {
            requirements.push("-r requirements.txt".to_owned());
        }
        if there("setup.py") || there("pyproject.toml") {
            requirements.push("-e .".to_owned());
        }
        Self {
            name: super::find::distribution_name(folder)
                .or_else(|| command.name.clone())
                .unwrap_or_else(|| folder.file_name().unwrap_or_default().to_string_lossy().into_owned()),
            virtual_environment: PathBuf::from("."),
            python: None,
            requirements,
            gateway: Some(format!("iiswsgi=={}", env!("CARGO_PKG_VERSION"))),
            wheelhouse: None,
            web_config_template: Some("web.config.in".into()),
            stamp: STAMP.into(),
            environment: Vec::new(),
            pre_install: Vec::new(),
            install: Vec::new(),
            post_install: Vec::new(),
            setup_commands: super::setup::commands(folder, command),
            timeout: None,
        }
    }
}
