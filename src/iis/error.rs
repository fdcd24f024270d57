//! Why an IIS, real or simulated, did not do what it was asked.

use std::path::{Path, PathBuf};

use super::{ApplicationPath, InvalidApplicationPath, appcmd, application_host, bootstrap, local, msdeploy};
use crate::error::{ExitCode, Failure, Location};
use crate::package::{apply, archive, archive_format, parameters, web_config};
use crate::{fastcgi, files, process, xml};

/// Why an IIS did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read or written.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// An external program failed.
    #[error(transparent)]
    Process(#[from] process::Error),
    /// The package cannot be read.
    #[error("cannot install the package `{}`", path.display())]
    Package {
        /// The package.
        path: PathBuf,
        /// Why.
        source: Box<PackageError>,
    },
    /// The application path is none that IIS takes.
    #[error(transparent)]
    ApplicationPath(#[from] InvalidApplicationPath),
    /// The `runCommand` is a bootstrap, but a wrong one.
    #[error("the package's bootstrap command `{command}` cannot be followed")]
    Command {
        /// The command line.
        command: String,
        /// Why.
        source: Box<bootstrap::InvalidCommand>,
    },
    /// The bootstrap failed.
    #[error("the bootstrap of `{application}` failed")]
    Bootstrap {
        /// The application.
        application: ApplicationPath,
        /// Why.
        source: Box<bootstrap::Error>,
    },
    /// The command ended with a code that the package does not accept.
    #[error("`{command}` ended with code {code}; the package accepts {accepted}")]
    ReturnCode {
        /// The command line.
        command: String,
        /// Its code.
        code: i64,
        /// The accepted codes, as the package has them.
        accepted: String,
    },
    /// The installed `web.config` cannot be read.
    #[error("cannot read `{}`", path.display())]
    WebConfig {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<web_config::Error>,
    },
    /// IIS's configuration could not be read or changed.
    #[error("cannot change `{}`", path.display())]
    Configuration {
        /// The file.
        path: PathBuf,
        /// Why.
        source: application_host::Error,
    },
    /// Another process installs into the same simulated IIS.
    #[error("another install is working in `{}`", root.display())]
    Busy {
        /// The simulated IIS.
        root: PathBuf,
    },
    /// IIS's configuration cannot be looked into.
    #[error(transparent)]
    Local(#[from] local::Error),
    /// `appcmd.exe` did not do what it was asked.
    #[error(transparent)]
    Appcmd(#[from] appcmd::Error),
    /// Web Deploy's own program failed.
    #[error("Web Deploy cannot install `{application}`")]
    Deploy {
        /// The application.
        application: ApplicationPath,
        /// Why.
        source: Box<msdeploy::Error>,
    },
    /// What an earlier install made cannot be taken away.
    #[error(transparent)]
    Uninstall(#[from] local::UninstallError),
    /// The site is not there.
    #[error("IIS has no site `{site}`")]
    NoSite {
        /// The site.
        site: String,
        /// The sites that are there.
        known: Vec<String>,
    },
    /// The folder holds what is not ours to replace.
    #[error("`{}` holds what was not installed by this program", folder.display())]
    NotOurs {
        /// The folder.
        folder: PathBuf,
    },
    /// A parameter gives a virtual directory what is no place on a server.
    #[error("`{path}`, the physical path of the virtual directory `{directory}`, is no full path of Windows")]
    PhysicalPath {
        /// The virtual directory: `SITE/PATH`.
        directory: String,
        /// The path as the parameter has it.
        path: String,
    },
    /// No binding of the site can be asked over HTTP.
    #[error("the site `{site}` has no HTTP binding")]
    NoBinding {
        /// The site.
        site: String,
    },
    /// There is no FastCGI application to start.
    #[error("`{application}` has no FastCGI application to start")]
    NoFastCgi {
        /// The application.
        application: ApplicationPath,
    },
    /// `web.config` names a FastCGI application that is not registered.
    #[error("the FastCGI application `{script_processor}` is not registered in IIS")]
    NotRegistered {
        /// Its program and arguments.
        script_processor: String,
    },
    /// The process did not come up.
    #[error("the application `{application}` {reason}{}", output_block(output))]
    Start {
        /// Its path in IIS.
        application: String,
        /// How it ended: `ended with exit code 1 before it took a request`.
        reason: String,
        /// What it wrote.
        output: String,
        /// The command line to repeat by hand.
        command_line: String,
    },
    /// A request was not answered.
    #[error("{request}: the application {reason}{}", output_block(output))]
    Request {
        /// The method and the target as they were asked for.
        request: String,
        /// What went wrong: `did not answer within 30 s`.
        reason: String,
        /// What the application wrote.
        output: String,
        /// The command line to repeat by hand.
        command_line: String,
        /// The fault in the protocol, when it is one.
        source: Option<Box<fastcgi::Error>>,
    },
}

impl Error {
    /// The same error about a package that its user knows by another name.
    #[must_use]
    pub fn of_package(self, unfinished: &Path, name: &Path) -> Self {
        match self {
            Self::Package { path, source } if path == unfinished => {
                Self::Package { path: name.to_owned(), source }
            }
            other => other,
        }
    }
}

/// What can be wrong with a package at install time.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// Its manifest installs no application.
    #[error("its manifest has no `iisApp` and no `contentPath`")]
    NoApplication,
    /// The folder that its manifest names is not in it.
    #[error("the manifest's folder `{folder}` is not in it")]
    NoContent {
        /// The folder.
        folder: String,
    },
    /// It is no package.
    #[error(transparent)]
    Contents(#[from] archive_format::Error),
    /// It is no archive, or one that would do harm.
    #[error(transparent)]
    Archive(#[from] archive::Error),
    /// Its parameters are not well-formed.
    #[error("`{name}` in it is not well-formed")]
    ParametersXml {
        /// The file in the package.
        name: String,
        /// Where and why.
        source: xml::Error,
    },
    /// Its parameters are no parameters.
    #[error("`{name}` in it cannot be read")]
    Parameters {
        /// The file in the package.
        name: String,
        /// Where and why.
        source: parameters::Error,
    },
    /// A value is missing, is not allowed, or cannot be put in.
    #[error(transparent)]
    Values(#[from] apply::Error),
}

impl PackageError {
    fn failure(&self) -> Option<&dyn Failure> {
        match self {
            Self::Contents(error) => Some(error),
            Self::Archive(error) => Some(error),
            Self::Parameters { source, .. } => Some(source),
            Self::Values(error) => Some(error),
            Self::NoApplication | Self::NoContent { .. } | Self::ParametersXml { .. } => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoContent { .. } => Some(
                "The path of the manifest's `iisApp` is the folder of the application in the package.".into(),
            ),
            other => other.failure().and_then(Failure::hint),
        }
    }

    /// A place in the package: the file in it stands behind the package's own path.
    fn location(&self, package: &Path) -> Location {
        let (name, line, column) = match self {
            Self::Contents(archive_format::Error::Manifest { name, source }) => {
                let (line, column) = source.position();
                (name.as_str(), line, column)
            }
            Self::ParametersXml { name, source } => (name.as_str(), source.line, source.column),
            Self::Parameters { name, source } => {
                let place = source.location().unwrap_or_default();
                (name.as_str(), place.line, place.column)
            }
            Self::Values(error) => match error.location() {
                Some(place) => return Location::at(package.join(place.path), place.line, place.column),
                None => return Location::file(package),
            },
            _ => return Location::file(package),
        };
        Location::at(package.join(name), line, column)
    }
}

/// The last lines that a process wrote, as the end of a message.
fn output_block(output: &str) -> String {
    const LINES: usize = 40;
    let lines: Vec<&str> = output.trim_end().lines().collect();
    let from = lines.len().saturating_sub(LINES);
    lines[from..].iter().fold(String::new(), |block, line| block + "\n" + line)
}

impl Failure for Error {
    fn passed_on(&self) -> Option<&dyn Failure> {
        match self {
            Self::Files(error) => Some(error),
            Self::Process(error) => Some(error),
            Self::Bootstrap { source, .. } => Some(&**source),
            Self::Local(error) => Some(error),
            Self::Appcmd(error) => Some(error),
            Self::Uninstall(error) => Some(error),
            Self::Deploy { source, .. } => Some(&**source),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Package { source, .. } => source.hint(),
            Self::NoSite { site, known } => Some(format!(
                "Sites are: {}. Make it: appcmd add site /name:\"{site}\" /bindings:http/*:80: /physicalPath:FOLDER",
                if known.is_empty() { "none".to_owned() } else { known.join(", ") }
            )),
            Self::NotOurs { .. } => Some(
                "Install into a path of its own, as `Default Web Site/hello`, or empty the folder first.".into(),
            ),
            Self::PhysicalPath { .. } => {
                Some(r"It begins with a drive or a share, as in `D:\media` or `\\server\share\media`.".into())
            }
            Self::NoBinding { site } => Some(format!(
                "Give it one: appcmd set site \"{site}\" /+bindings.[protocol='http',bindingInformation='*:8080:']"
            )),
            Self::WebConfig { source, .. } => source.hint(),
            Self::NotRegistered { .. } => Some(
                "The handler's scriptProcessor must be `fullPath|arguments` of a FastCGI application that the bootstrap \
                 registers."
                    .into(),
            ),
            Self::ApplicationPath(_) => {
                Some("An application path is a site and a path in it, as `Default Web Site/hello`.".into())
            }
            Self::Busy { .. } => Some("Wait for it to end, then run again.".into()),
            Self::NoFastCgi { .. } => {
                Some("`web.config` needs a `<fastCgi><application fullPath=… arguments=…>`.".into())
            }
            Self::Start { command_line, .. } | Self::Request { command_line, .. } => {
                Some(format!("To see it by hand: {command_line}"))
            }
            other => other.passed_on().and_then(Failure::hint),
        }
    }

    fn location(&self) -> Option<Location> {
        match self {
            Self::Package { path, source } => Some(source.location(path)),
            Self::WebConfig { path, source } => {
                let (line, column) = source.position();
                Some(Location::at(path, line, column))
            }
            Self::Configuration { path, .. } => Some(Location::file(path)),
            other => other.passed_on().and_then(Failure::location),
        }
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Package { .. }
            | Self::ApplicationPath(_)
            | Self::Command { .. }
            | Self::NoSite { .. }
            | Self::PhysicalPath { .. }
            | Self::NotOurs { .. } => ExitCode::Usage,
            other => other.passed_on().map_or(ExitCode::Failed, Failure::exit_code),
        }
    }
}
