//! What can be wrong with plans, manifests and what they name.

use std::path::{Path, PathBuf};

use crate::error::{ExitCode, Failure, Location, shown};
use crate::files;

/// What can be wrong with plans, manifests and what they name.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A plan or manifest cannot be read.
    #[error(transparent)]
    File(#[from] files::Error),
    /// A file is no plan or manifest.
    #[error("`{}` is no plan or manifest of iiswsgi: {problem}", shown(path))]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, from 1; 0 when it is not known.
        line: usize,
        /// The column, from 1; 0 when it is not known.
        column: usize,
        /// What is wrong, as a fragment.
        problem: String,
    },
    /// A file was made by another version.
    #[error("`{}` was made by iiswsgi {found}, and this is {}", shown(path), env!("CARGO_PKG_VERSION"))]
    Version {
        /// The file.
        path: PathBuf,
        /// The version that made it.
        found: String,
    },
    /// An ID is not in the plan.
    #[error("the plan `{}` has no package and no leg `{id}`", shown(plan))]
    UnknownId {
        /// The ID.
        id: String,
        /// The plan.
        plan: PathBuf,
    },
    /// More kinds of runners than legs.
    #[error("{runners} different runners cannot share {legs} legs")]
    TooFewLegs {
        /// How many runners are named.
        runners: usize,
        /// How many legs there may be.
        legs: usize,
    },
    /// What arrived is not what was planned.
    #[error("what arrived in `{}` is not what was planned:\n{}", shown(folder), listed(problems))]
    Merge {
        /// The folder.
        folder: PathBuf,
        /// One line for each package or file.
        problems: Vec<String>,
    },
}

/// At most twenty lines: a thousand packages may be missing.
fn listed(problems: &[String]) -> String {
    const SHOWN: usize = 20;
    let rest = problems.len().saturating_sub(SHOWN);
    let more = (rest > 0).then(|| format!("and {rest} more"));
    problems.iter().take(SHOWN).cloned().chain(more).collect::<Vec<_>>().join("\n")
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::File(error) => return error.hint(),
            Self::Malformed { .. } => {
                "Make the plan with `iiswsgi plan --matrix`, and change nothing in it.".into()
            }
            Self::Version { .. } => "Use the same version of iiswsgi in all jobs of a run.".into(),
            Self::UnknownId { .. } => "`packages` and `legs` of the plan name them all.".into(),
            Self::TooFewLegs { .. } => "Allow more with `--max-legs`, or use fewer kinds of runners.".into(),
            Self::Merge { .. } => {
                "Run the legs that failed again, and merge what the legs of this very plan left, unchanged."
                    .into()
            }
        })
    }

    fn location(&self) -> Option<Location> {
        match self {
            Self::File(error) => error.location(),
            Self::Malformed { path, line, column, .. } => Some(Location::at(path, *line, *column)),
            Self::Version { path, .. } | Self::UnknownId { plan: path, .. } => Some(Location::file(path)),
            Self::TooFewLegs { .. } | Self::Merge { .. } => None,
        }
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::File(error) => error.exit_code(),
            Self::Merge { .. } => ExitCode::Failed,
            _ => ExitCode::Usage,
        }
    }
}

/// Reads JSON that one of our own commands wrote.
pub(super) fn from_json<T: serde::de::DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|error| Error::Malformed {
        path: path.to_owned(),
        line: error.line(),
        column: error.column(),
        problem: error.to_string(),
    })
}

/// A file of another version is refused: the machines of one run have to agree in what they write.
pub(super) fn same_version(path: &Path, schema: u32, ours: u32, version: &str) -> Result<(), Error> {
    if schema != ours || version != env!("CARGO_PKG_VERSION") {
        return Err(Error::Version { path: path.to_owned(), found: version.to_owned() });
    }
    Ok(())
}
