//! What can keep the content of a package from being made.

use std::path::PathBuf;

use crate::error::{ExitCode, Failure, Location, shown};
use crate::package::{build, parameters, web_config};
use crate::xml;

/// What can keep the content of a package from being made.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum Error {
    /// The manifest, or its template, is wrong.
    #[error("cannot build the manifest from `{}`", shown(path))]
    Manifest {
        /// The file.
        path: PathBuf,
        /// Why.
        source: build::Error,
    },
    /// The manifest's `iisApp` does not name the folder that the package has.
    #[error("`{}`: {}", shown(path), folder_fault(found.as_deref(), expected))]
    ApplicationFolder {
        /// The file.
        path: PathBuf,
        /// What it names.
        found: Option<String>,
        /// The folder of the package.
        expected: String,
    },
    /// A file is not well-formed.
    #[error("`{}` is not well-formed XML", shown(path))]
    Xml {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: xml::Error,
    },
    /// The parameters file cannot be read.
    #[error("cannot read the parameters in `{}`", shown(path))]
    Parameters {
        /// The file.
        path: PathBuf,
        /// Why.
        source: parameters::Error,
    },
    /// The web.config, or its template, is wrong.
    #[error("cannot use `{}`", shown(path))]
    WebConfig {
        /// The file.
        path: PathBuf,
        /// Why.
        source: web_config::Error,
    },
    /// A file has faults with which the package could not be installed.
    #[error("`{}` cannot be shipped:\n{}", shown(path), texts.join("\n"))]
    Findings {
        /// The file.
        path: PathBuf,
        /// The line of the first fault.
        line: usize,
        /// The column of the first fault.
        column: usize,
        /// The faults.
        texts: Vec<String>,
    },
}

fn folder_fault(found: Option<&str>, expected: &str) -> String {
    match found {
        Some(found) => format!("`iisApp` names the folder `{found}`, the package has `{expected}`"),
        None => format!("no `iisApp` element names the application's folder `{expected}`"),
    }
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Manifest { source, .. } => source.hint(),
            Self::ApplicationFolder { .. } => Some("Write `<iisApp path=\"%DIST_NAME%\" />`.".into()),
            Self::Xml { .. } => Some("Correct the file at the place that is named.".into()),
            Self::Parameters { source, .. } => source.hint(),
            Self::WebConfig { source, .. } => source.hint(),
            Self::Findings { .. } => {
                Some("`iiswsgi inspect FILE` shows all that is wrong with a file.".into())
            }
        }
    }

    fn location(&self) -> Option<Location> {
        let (path, (line, column)) = match self {
            Self::Manifest { path, source } => (path, source.position()),
            Self::ApplicationFolder { path, .. } => (path, (0, 0)),
            Self::Xml { path, source } => (path, (source.line, source.column)),
            Self::Parameters { path, source } => {
                (path, source.location().map_or((0, 0), |location| (location.line, location.column)))
            }
            Self::WebConfig { path, source } => (path, source.position()),
            Self::Findings { path, line, column, .. } => (path, (*line, *column)),
        };
        Some(Location::at(path, line, column))
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Usage
    }
}
