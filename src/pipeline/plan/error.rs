//! What can keep a plan from being made.

use std::path::PathBuf;

use crate::error::{ExitCode, Failure, Location, shown};

/// What can keep a plan from being made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A path that was named is no folder.
    #[error("`{}` is not a folder", shown(path))]
    NoFolder {
        /// The path.
        path: PathBuf,
        /// Why, when it cannot be looked at.
        #[source]
        source: Option<std::io::Error>,
    },
    /// A pattern of `packages` matches no folder.
    #[error("`packages` names `{pattern}`, and no folder of `{}` matches it", shown(root))]
    NoPackages {
        /// The pattern.
        pattern: String,
        /// The folder that was looked through.
        root: PathBuf,
        /// The place of the pattern.
        location: Option<Location>,
    },
    /// Two packages would be written to one file.
    #[error("`{}` and `{}` would both become `{file}`", shown(first), shown(second))]
    SameOutput {
        /// The first project.
        first: PathBuf,
        /// The second project.
        second: PathBuf,
        /// The name of the file.
        file: String,
    },
    /// Files of the package have names that Windows refuses.
    #[error("{}", problems.join("\n"))]
    Names {
        /// One line for each file.
        problems: Vec<String>,
    },
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoFolder { .. } => "Name the folder of a project, or run this in one.".into(),
            Self::NoPackages { .. } => {
                "Correct the pattern; it is relative to the configuration's folder.".into()
            }
            Self::SameOutput { .. } => {
                "Give one of them another `name` or `version`, or another `output` folder.".into()
            }
            Self::Names { .. } => {
                "Rename the files, or leave them out with `files: {exclude: [...]}`.".into()
            }
        })
    }

    fn location(&self) -> Option<Location> {
        match self {
            Self::NoPackages { location, .. } => location.clone(),
            _ => None,
        }
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Usage
    }
}
