//! What a package's `runCommand` does on a server: it makes the unpacked application ready to be served.
//!
//! In order: the application is found ([`find`](fn@find)), locked, and its description read (`iiswsgi.bootstrap.json`,
//! or the original's layout); pre-install hooks; a virtual environment with the requirements and the gateway; the
//! original's setup commands; `web.config` from its template, checked; post-install hooks; all FastCGI applications
//! registered; and only after all of that the stamp is removed, so that a failed bootstrap can simply be run again.
//!
//! It knows nothing of the simulation: the caller says where IIS keeps its sites and who registers
//! ([`Registry`]). On a server that is `appcmd`, in the simulation its `applicationHost.config`.

mod command;
mod environment;
mod error;
mod find;
mod gateway;
mod hooks;
mod lock;
mod plan;
mod python;
mod render;
mod run;
mod setup;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

pub use command::{Command, InvalidCommand};
pub use environment::{Requirements, SCRIPTS, VirtualEnvironment, python_of};
pub use error::Error;
pub use find::{Found, find};
pub use gateway::Gateway;
pub use lock::Lock;
pub use plan::Plan;
pub use python::{Interpreter, satisfies};
pub use render::{configure, configured};
pub use run::run;
pub(super) use run::run_locked;

use super::{ApplicationPath, Change, FastCgiApplication};
use crate::process::Program;
use crate::template::Variables;

/// How a bootstrap goes about on this machine: everything that is not the package's affair.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The Python to make environments from. None: the first on PATH that fits.
    pub python: Option<PathBuf>,
    /// Takes the place of the gateway requirement of the package: a requirement, a wheel or a checkout.
    pub gateway: Option<String>,
    /// The folder that a relative path in `gateway` starts from.
    pub folder: PathBuf,
    /// The user's cache folder, for wheels that are built here.
    pub cache: PathBuf,
    /// Whether uv installs when it is on PATH.
    pub use_uv: bool,
    /// Whether modules are compiled at install time: on servers, where the application pool's identity must not write.
    pub compile: bool,
    /// How long any one program may take, the gateway's build aside.
    pub timeout: Duration,
    /// The value of PATH, for hooks.
    pub path: String,
    /// Variables of the machine, as `SystemDrive`, for paths in IIS's configuration and for templates.
    pub variables: Variables,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            python: None,
            gateway: None,
            folder: PathBuf::from("."),
            cache: PathBuf::from(".iiswsgi").join("cache"),
            use_uv: true,
            compile: true,
            timeout: Duration::from_secs(15 * 60),
            path: String::new(),
            variables: Variables::new(),
        }
    }
}

/// Who makes FastCGI applications known to IIS.
pub trait Registry {
    /// Registers an application, or changes the one with the same program and arguments.
    ///
    /// # Errors
    /// IIS's configuration cannot be changed.
    fn register(&mut self, application: &FastCgiApplication) -> Result<Change, RegistryError>;
}

/// Why IIS's configuration could not be changed, with what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct RegistryError {
    /// What happened.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// What a bootstrap did.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Report {
    /// The application's folder.
    pub folder: PathBuf,
    /// The virtual environment.
    pub virtual_environment: PathBuf,
    /// Its interpreter.
    pub python: PathBuf,
    /// The interpreter's version.
    pub python_version: String,
    /// What installed the requirements: `uv` or `pip`.
    pub installer: String,
    /// What the gateway was installed from.
    pub gateway: Option<String>,
    /// The FastCGI applications and what registering each changed.
    pub registered: Vec<(FastCgiApplication, Change)>,
    /// The parts of the work and how long each took.
    pub timings: Vec<(String, Duration)>,
}

/// Which application to set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its folder.
    pub folder: PathBuf,
    /// Where it is in IIS, when that is known.
    pub application: Option<ApplicationPath>,
}

/// What all programs of a bootstrap have in common.
pub(super) trait ProgramExt: Sized {
    /// Without the variables that would make one Python use another's modules.
    fn without_python_variables(self) -> Self;
    /// With what keeps pip from asking, looking for news of itself, and warning about both.
    fn pip_variables(self) -> Self;
}

impl ProgramExt for Program {
    fn without_python_variables(self) -> Self {
        ["PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__", "PYTHONSTARTUP"]
            .into_iter()
            .fold(self, Self::env_remove)
            .env("PYTHONNOUSERSITE", "1")
            .env("PYTHONUTF8", "1")
    }

    fn pip_variables(self) -> Self {
        self.env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
            .env("PIP_NO_INPUT", "1")
            .env("PIP_ROOT_USER_ACTION", "ignore")
            .env("PIP_NO_WARN_SCRIPT_LOCATION", "1")
            .env_remove("PIP_REQUIRE_VIRTUALENV")
            .env_remove("PIP_TARGET")
            .env_remove("PIP_PREFIX")
            .env_remove("PIP_USER")
    }
}
