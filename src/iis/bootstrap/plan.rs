//! What there is to do for one application: read from the package's description, or guessed from the original's layout.

use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use super::{Command, DESCRIPTION, Error, STAMP};
use crate::files;

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
    /// The stamp's file name.
    pub stamp: String,
    /// Variables for hooks and for the template.
    pub environment: Vec<(String, String)>,
    /// Command lines to run first.
    pub pre_install: Vec<String>,
    /// Command lines to run when everything else is in place.
    pub post_install: Vec<String>,
    /// The original's setup commands, to be run before `web.config` is written.
    pub setup_commands: Vec<String>,
}

/// The description as it stands in the package.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Description {
    name: String,
    #[serde(default)]
    venv: Option<String>,
    #[serde(default)]
    python: Option<String>,
    #[serde(default)]
    requirements: Vec<String>,
    #[serde(default)]
    gateway: Option<String>,
    #[serde(default)]
    wheelhouse: Option<String>,
    #[serde(default)]
    web_config_template: Option<String>,
    #[serde(default)]
    stamp: Option<String>,
    #[serde(default)]
    environment: std::collections::BTreeMap<String, String>,
    #[serde(default)]
    hooks: Hooks,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Hooks {
    pre_install: Vec<String>,
    post_install: Vec<String>,
}

impl Plan {
    /// Reads the description of an application, or takes what the original would do where there is none.
    ///
    /// # Errors
    /// The description cannot be read, or a path of it leads out of the folder.
    pub fn read(folder: &Path, command: &Command) -> Result<Self, Error> {
        let path = folder.join(DESCRIPTION);
        if !path.is_file() {
            return Ok(Self::classic(folder, command));
        }
        let text = files::read_text(&path)?;
        let description: Description = serde_json::from_str(&text).map_err(|error| Error::Description {
            path,
            message: error.to_string(),
            line: error.line(),
            column: error.column(),
        })?;
        let template = description.web_config_template.unwrap_or_else(|| "web.config.in".into());
        Ok(Self {
            name: description.name,
            virtual_environment: inside(description.venv.as_deref().unwrap_or(".venv"))?,
            python: description.python,
            requirements: description.requirements,
            gateway: description.gateway,
            wheelhouse: description.wheelhouse.as_deref().map(inside).transpose()?,
            web_config_template: Some(inside(&template)?),
            stamp: inside(description.stamp.as_deref().unwrap_or(STAMP))?.to_string_lossy().into_owned(),
            environment: description.environment.into_iter().collect(),
            pre_install: description.hooks.pre_install,
            post_install: description.hooks.post_install,
            setup_commands: Vec::new(),
        })
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
            stamp: STAMP.to_owned(),
            environment: Vec::new(),
            pre_install: Vec::new(),
            post_install: Vec::new(),
            setup_commands: command.setup_commands.clone(),
        }
    }
}

/// A path of the description: relative, forward or backward slashes, and never out of the folder.
fn inside(path: &str) -> Result<PathBuf, Error> {
    let normal = PathBuf::from(path.replace('\\', "/"));
    let stays = normal.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if stays && !path.is_empty() && !path.contains(':') {
        Ok(normal)
    } else {
        Err(Error::Outside { path: path.to_owned() })
    }
}
