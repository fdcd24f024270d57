//! Why a bootstrap did not finish.

use std::path::PathBuf;

use super::RegistryError;
use crate::error::{ExitCode, Failure, Location};
use crate::finding::Finding;
use crate::iis::{ApplicationPath, application_host};
use crate::package::web_config;
use crate::{files, package, process};

/// Why a bootstrap did not finish. The stamp is still there, so that it can be run again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A program failed.
    #[error("bootstrap step `{step}` failed")]
    Step {
        /// Which part of the work it was for.
        step: &'static str,
        /// The program and its last words.
        source: process::Error,
    },
    /// A file could not be read or written.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// There is no Python.
    #[error("no Python found on PATH")]
    NoPython,
    /// The Python that was found is not the one that is wanted.
    #[error("`{}` is Python {found}, wanted is {wanted}", python.display())]
    PythonVersion {
        /// The interpreter.
        python: PathBuf,
        /// What is wanted.
        wanted: String,
        /// What it is.
        found: String,
    },
    /// The interpreter's answer is not what a Python answers.
    #[error("`{}` does not answer as a Python does: {answer}", python.display())]
    PythonAnswer {
        /// The interpreter.
        python: PathBuf,
        /// What it said.
        answer: String,
    },
    /// The Python cannot make virtual environments.
    #[error("`{}` has no module `venv`", python.display())]
    NoVenv {
        /// The interpreter.
        python: PathBuf,
    },
    /// There is nothing to install packages with.
    #[error("`{}` has neither pip nor ensurepip", python.display())]
    NoPip {
        /// The interpreter.
        python: PathBuf,
    },
    /// The gateway requirement is a path and nothing is there.
    #[error("gateway `{}` does not exist", path.display())]
    NoGateway {
        /// The path.
        path: PathBuf,
    },
    /// The gateway's build made no wheel.
    #[error("building the gateway from `{}` made no wheel", checkout.display())]
    NoWheel {
        /// The checkout.
        checkout: PathBuf,
    },
    /// IIS has no such application.
    #[error("there is no application `{wanted}` in IIS; applications are: {}", list(known))]
    NoApplication {
        /// The one that was asked for.
        wanted: ApplicationPath,
        /// Those that are there.
        known: Vec<String>,
    },
    /// The application's folder is not there.
    #[error("the folder of {} is not there: `{}`", of(application.as_ref()), folder.display())]
    NoFolder {
        /// The folder.
        folder: PathBuf,
        /// The application, when IIS has one with that folder.
        application: Option<ApplicationPath>,
    },
    /// No application waits for its bootstrap.
    #[error("no application{} waits for its bootstrap; looked in: {}", named(name.as_deref()), list(searched))]
    NoneWaits {
        /// The distribution's name that was asked for.
        name: Option<String>,
        /// The folders that were looked at, each with what was found.
        searched: Vec<String>,
    },
    /// The application has no stamp.
    #[error("`{}` has no stamp file `{}`: it is set up already", folder.display(), stamp.display())]
    NoStamp {
        /// The application's folder.
        folder: PathBuf,
        /// The stamp's name.
        stamp: PathBuf,
    },
    /// Another bootstrap works on the same application.
    #[error("another bootstrap is working on `{}`", folder.display())]
    Busy {
        /// The application's folder.
        folder: PathBuf,
    },
    /// The description in the package cannot be read.
    #[error("cannot read the bootstrap description `{}`", path.display())]
    Description {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: package::bootstrap::Error,
    },
    /// There is no web.config and no template for one.
    #[error("`{}` has neither `web.config` nor `web.config.in`", folder.display())]
    NoWebConfig {
        /// The application's folder.
        folder: PathBuf,
    },
    /// web.config cannot be read.
    #[error("cannot read `{}`", path.display())]
    WebConfig {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<web_config::Error>,
    },
    /// web.config has what IIS would refuse.
    #[error("`{}`: {}", path.display(), finding.text)]
    Finding {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        finding: Box<Finding>,
    },
    /// A hook cannot be started.
    #[error("hook `{command}`: program `{program}` not found")]
    NoHookProgram {
        /// The command line.
        command: String,
        /// Its program.
        program: String,
    },
    /// IIS's configuration could not be read.
    #[error(transparent)]
    ApplicationHost(#[from] application_host::Error),
    /// What is registered could not be asked for.
    #[error("cannot look up the FastCGI applications of IIS")]
    Registered {
        /// Why.
        source: RegistryError,
    },
    /// A FastCGI application could not be registered.
    #[error("cannot register the FastCGI application `{application}`")]
    Register {
        /// Its program and arguments.
        application: String,
        /// Why.
        source: RegistryError,
    },
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn of(application: Option<&ApplicationPath>) -> String {
    application.map_or_else(|| "the application".to_owned(), |path| format!("`{path}`"))
}

fn named(name: Option<&str>) -> String {
    name.map(|name| format!(" named `{name}`")).unwrap_or_default()
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Step { step, source } => match (source.hint(), *step) {
                (Some(hint), _) => hint,
                (None, "requirements") => "What pip says stands above: correct the key `requirements` or the file, or look \
                                           at the network."
                    .into(),
                (None, "pre-install" | "post-install") => "Correct the hook under the key `hooks`: it runs in the folder \
                                                           of the installed application."
                    .into(),
                (None, _) => return None,
            },
            Self::Files(error) => return error.hint(),
            Self::NoPython => "Install Python 3.9 or later, or name one with the key `python`.".into(),
            Self::PythonVersion { .. } => {
                "Name another interpreter with the key `python`, or change the version that is wanted.".into()
            }
            Self::PythonAnswer { .. } => "Name a Python interpreter with the key `python`.".into(),
            Self::NoVenv { .. } | Self::NoPip { .. } => {
                "On Debian and Ubuntu, install the package `python3-venv`; elsewhere a Python from python.org has it."
                    .into()
            }
            Self::NoGateway { .. } => {
                "Set the key `gateway` to a requirement such as `iiswsgi`, a wheel or a checkout.".into()
            }
            Self::NoApplication { .. } => {
                "The value of the parameter `IIS Web Application Name` must be the path of the application.".into()
            }
            Self::NoFolder { application: Some(_), .. } => {
                "IIS knows the application, but nothing was unpacked there: deploy the package first.".into()
            }
            Self::NoFolder { application: None, .. } => {
                "Correct the variable APPL_PHYSICAL_PATH, or name the application with `--app-path SITE/APP`."
                    .into()
            }
            Self::NoneWaits { .. } => {
                "Name the application with `--app-path SITE/APP`; `--ignore-stamp` sets one up again.".into()
            }
            Self::NoStamp { .. } => "Use `--ignore-stamp` to set it up again.".into(),
            Self::Busy { .. } => "Wait for it to end, then run again if it is still needed.".into(),
            Self::NoWebConfig { .. } => {
                "Ship a `web.config` or a template `web.config.in` with the application.".into()
            }
            Self::Description { source, .. } => return source.hint(),
            Self::WebConfig { source, .. } => return source.hint(),
            Self::Registered { source } | Self::Register { source, .. } => return source.hint.clone(),
            _ => return None,
        })
    }

    fn location(&self) -> Option<Location> {
        match self {
            Self::Files(error) => error.location(),
            Self::Description { path, source } => {
                let (line, column) = source.position();
                Some(Location::at(path, line, column))
            }
            Self::WebConfig { path, source } => {
                let (line, column) = source.position();
                Some(Location::at(path, line, column))
            }
            Self::Finding { path, finding } => Some(Location::at(path, finding.line, finding.column)),
            _ => None,
        }
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Step { source, .. } => source.exit_code(),
            Self::Files(error) => error.exit_code(),
            Self::NoGateway { .. }
            | Self::Description { .. }
            | Self::Finding { .. }
            | Self::WebConfig { .. } => ExitCode::Usage,
            _ => ExitCode::Failed,
        }
    }
}
