//! Why an IIS, real or simulated, did not do what it was asked.

use std::path::PathBuf;

use super::{ApplicationPath, InvalidApplicationPath, application_host, bootstrap};
use crate::error::{ExitCode, Failure, Location};
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
        source: PackageError,
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
        source: bootstrap::InvalidCommand,
    },
    /// The bootstrap failed, after all the attempts that the package asks for.
    #[error("the bootstrap of `{application}` failed{}", after(*attempts))]
    Bootstrap {
        /// The application.
        application: ApplicationPath,
        /// How often it was tried.
        attempts: u32,
        /// Why it failed the last time.
        source: Box<bootstrap::Error>,
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

/// What can be wrong with a package at install time.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// It has no manifest.
    #[error("there is neither `Manifest.xml` nor `archive.xml` in it")]
    NoManifest,
    /// Its manifest installs no application.
    #[error("its manifest has no `iisApp` and no `contentPath`")]
    NoApplication,
    /// One of its XML files is not well-formed.
    #[error("`{name}` in it is not well-formed")]
    Xml {
        /// The file.
        name: String,
        /// Where and why.
        source: xml::Error,
    },
}

fn after(attempts: u32) -> String {
    if attempts > 1 { format!(" {attempts} times") } else { String::new() }
}

/// The last lines that a process wrote, as the end of a message.
fn output_block(output: &str) -> String {
    const LINES: usize = 40;
    let lines: Vec<&str> = output.trim_end().lines().collect();
    let from = lines.len().saturating_sub(LINES);
    lines[from..].iter().fold(String::new(), |block, line| block + "\n" + line)
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Files(error) => error.hint(),
            Self::Process(error) => error.hint(),
            Self::Bootstrap { source, .. } => source.hint(),
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
            _ => None,
        }
    }

    fn location(&self) -> Option<Location> {
        match self {
            Self::Files(error) => error.location(),
            Self::Bootstrap { source, .. } => source.location(),
            Self::Package { path, source: PackageError::Xml { source, name } } => {
                Some(Location::at(path.join(name), source.line, source.column))
            }
            Self::Package { path, .. } | Self::Configuration { path, .. } => Some(Location::file(path)),
            _ => None,
        }
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Files(error) => error.exit_code(),
            Self::Process(error) => error.exit_code(),
            Self::Bootstrap { source, .. } => source.exit_code(),
            Self::Package { .. } | Self::ApplicationPath(_) | Self::Command { .. } => ExitCode::Usage,
            _ => ExitCode::Failed,
        }
    }
}
