//! Why files could not be published to an index.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::{answers, trusted};
use crate::error::{ExitCode, Failure, Location, shown};
use crate::finding::Finding;
use crate::{files, http, process};

/// Why files could not be published to an index. No text of these holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] files::Error),
    /// The network.
    #[error(transparent)]
    Http(#[from] http::Error),
    /// There is no hybrid wheel.
    #[error(transparent)]
    Hybrid(#[from] super::hybrid::Error),
    /// There is nothing to publish.
    #[error("there is no wheel or source distribution of `{project}` {version} in `{}`", shown(folder))]
    Nothing {
        /// The project.
        project: String,
        /// Its version.
        version: String,
        /// Where they are looked for.
        folder: PathBuf,
    },
    /// An address in the settings is none.
    #[error("`{text}` is neither `pypi`, `testpypi`, a section of .pypirc, nor the address of an index")]
    Repository {
        /// The text.
        text: String,
    },
    /// The index would refuse files.
    #[error("{}", unfit(files))]
    Unfit {
        /// Each file with what is wrong with it.
        files: Vec<(PathBuf, Vec<Finding>)>,
    },
    /// A file has changed since it was built.
    #[error("`{}` has changed since it was built", shown(path))]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// An attestation is not sent.
    #[error("the attestation `{}` cannot be used: {reason}", shown(path))]
    Attestation {
        /// Its file.
        path: PathBuf,
        /// What is wrong, as a lower-case fragment.
        reason: &'static str,
    },
    /// `.pypirc` cannot be read.
    #[error("`{}` cannot be read", shown(path))]
    Pypirc {
        /// The file.
        path: PathBuf,
        /// The line.
        source: super::pypirc::Malformed,
    },
    /// The keyring program gave no password.
    #[error("`{program}` has no password of `{user}` for `{service}`")]
    Keyring {
        /// The program.
        program: String,
        /// The user.
        user: String,
        /// What it was asked for.
        service: String,
    },
    /// The keyring program did not run.
    #[error("cannot ask the keyring")]
    KeyringProgram(#[source] process::Error),
    /// A user without a password, or the other way round.
    #[error("there is a {have} for `{url}` and no {lack}")]
    Half {
        /// The index.
        url: String,
        /// What there is.
        have: &'static str,
        /// What is missing.
        lack: &'static str,
    },
    /// Trusted Publishing failed.
    #[error("Trusted Publishing to `{url}` failed")]
    Trusted {
        /// The index.
        url: String,
        /// Why.
        source: trusted::Error,
    },
    /// The index has another file of that name.
    #[error("`{name}` is on `{url}` already, with other content{}", reason(text))]
    Conflict {
        /// The file.
        name: String,
        /// The index.
        url: String,
        /// The words of the index, when it said so itself.
        text: String,
    },
    /// The index did not take a file.
    #[error("`{url}` refused `{name}` with status {status}: {text}")]
    Refused {
        /// The file.
        name: String,
        /// The index.
        url: String,
        /// The status of its answer.
        status: u16,
        /// Its words.
        text: String,
    },
    /// The address moved.
    #[error("`{url}` says that uploads go to another address: `{to}`")]
    Moved {
        /// The address.
        url: String,
        /// Where it leads.
        to: String,
    },
    /// A list of files cannot be had.
    #[error("`{url}` answered with status {status}")]
    Lists {
        /// The address of the list.
        url: String,
        /// The status.
        status: u16,
    },
    /// What the index lists after the upload is not what was sent.
    #[error("`{url}` lists `{name}` with another hash than the file that was sent")]
    Verification {
        /// The file.
        name: String,
        /// Where it is listed.
        url: String,
    },
}

fn reason(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": {text}") }
}

/// All that is wrong, a line each.
fn unfit(files: &[(PathBuf, Vec<Finding>)]) -> String {
    let mut text = String::from("the index would not take this");
    for (path, findings) in files {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        for finding in findings {
            // Writing to a text does not fail.
            let _ = write!(text, "\n{name}: {} [{}]", finding.text, finding.rule);
        }
    }
    text
}

impl Error {
    /// What is to be said at length in the summary of a job, as Markdown.
    pub fn explanation(&self) -> Option<String> {
        match self {
            Self::Trusted { source, .. } => source.explanation(),
            _ => None,
        }
    }
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::File(error) => return error.hint(),
            Self::Http(error) => return error.hint(),
            Self::Hybrid(error) => return error.hint(),
            Self::Trusted { source, .. } => return source.hint(),
            Self::Refused { status, text, .. } => return answers::hint(*status, text).map(str::to_owned),
            Self::Nothing { .. } => {
                "Build them first, as with `python -m build`, or make a wheel of the package with `--hybrid-wheel`.".into()
            }
            Self::Repository { .. } => "Give the whole address that uploads go to, as `https://index.example/`.".into(),
            Self::Unfit { .. } => "Nothing was sent. Mend these and build again.".into(),
            Self::Changed { .. } => "Build it again, and let nothing else write to that folder.".into(),
            Self::Attestation { .. } => "Remove it, make it anew, or leave all out with `--no-attestations`.".into(),
            Self::Pypirc { .. } => "Mend the line, or leave the file out with `--pypirc none`.".into(),
            Self::Keyring { program, user, service } => format!("Store it: {program} set {service} {user}"),
            Self::KeyringProgram(error) => return error.hint(),
            Self::Half { .. } => {
                "Set IISWSGI_PYPI_TOKEN, or a user name (`--username`) and IISWSGI_PYPI_PASSWORD.".into()
            }
            Self::Conflict { .. } => {
                "A published file cannot be replaced: raise the version, or keep what is there with `--skip-existing`.".into()
            }
            Self::Moved { .. } => "Give that address, if you trust it: a login is never sent on.".into(),
            Self::Lists { .. } => "Check the address of the lists of files (`--index-url`).".into(),
            Self::Verification { .. } => {
                "Somebody else may have published at the same time: look at the index before you publish again.".into()
            }
        })
    }

    fn location(&self) -> Option<Location> {
        match self {
            Self::File(error) => error.location(),
            Self::Hybrid(error) => error.location(),
            Self::Changed { path } | Self::Attestation { path, .. } => Some(Location::file(path)),
            Self::Pypirc { path, source } => Some(Location::at(path, source.line, 0)),
            Self::Unfit { files } => files.first().map(|(path, _)| Location::file(path)),
            _ => None,
        }
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Http(error) => error.exit_code(),
            Self::KeyringProgram(error) => error.exit_code(),
            Self::Hybrid(error) => error.exit_code(),
            Self::File(_)
            | Self::Nothing { .. }
            | Self::Repository { .. }
            | Self::Unfit { .. }
            | Self::Attestation { .. }
            | Self::Pypirc { .. }
            | Self::Half { .. } => ExitCode::Usage,
            _ => ExitCode::Publishing,
        }
    }
}
