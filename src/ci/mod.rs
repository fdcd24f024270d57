//! GitHub Actions: annotations with file and line, groups, masks, outputs and the step summary.
//!
//! Workflow commands go to standard error, which the runner reads as well as standard output, so that standard output
//! stays data. See <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>.

mod commands;
mod guard;
mod summary;
pub mod workflow;

#[cfg(test)]
pub(crate) mod tests;

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::config::{Environment, GITHUB_ACTIONS, GITHUB_OUTPUT, GITHUB_STEP_SUMMARY, GITHUB_WORKSPACE};
use crate::error::{ExitCode, Failure, Location, shown};

pub use commands::Annotations;
pub use guard::Guard;

/// A job on GitHub Actions.
#[derive(Debug, Clone)]
pub struct GitHub {
    workspace: Option<PathBuf>,
    output: Option<PathBuf>,
    summary: Option<PathBuf>,
}

/// Why the runner's files could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to `{}`", shown(path))]
pub struct Error {
    /// The file that the runner named.
    path: PathBuf,
    /// Why.
    source: io::Error,
}

impl Failure for Error {
    fn location(&self) -> Option<Location> {
        Some(Location::file(&self.path))
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Failed
    }
}

impl GitHub {
    /// The job that this process runs in; None anywhere else.
    pub fn detect(environment: &Environment) -> Option<Self> {
        let path = |name| environment.get(name).map(PathBuf::from);
        environment.is_on(GITHUB_ACTIONS).then(|| Self {
            workspace: path(GITHUB_WORKSPACE),
            output: path(GITHUB_OUTPUT),
            summary: path(GITHUB_STEP_SUMMARY),
        })
    }

    /// An observer that writes workflow commands; `current` is the folder that relative paths start from.
    pub fn annotations(&self, writer: Box<dyn Write + Send>, current: impl Into<PathBuf>) -> Annotations {
        Annotations::new(writer, self.workspace.clone(), current.into())
    }

    /// Sets outputs of the step. Values may have several lines. Does nothing where the runner names no file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn set_outputs(&self, outputs: &[(&str, &str)]) -> Result<(), Error> {
        let text: String = outputs.iter().map(|(name, value)| output(name, value)).collect();
        append(self.output.as_deref(), &text)
    }

    /// Adds Markdown to the summary of the step, as much as GitHub takes. Does nothing where the runner names no file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn add_summary(&self, markdown: &str) -> Result<(), Error> {
        let there = self.summary.as_deref().and_then(|path| std::fs::metadata(path).ok());
        let room = summary::LIMIT.saturating_sub(there.map_or(0, |there| there.len()));
        append(self.summary.as_deref(), &summary::cut(markdown, room))
    }
}

/// One output in the form that takes any value: the delimiter is a line that the value does not have.
fn output(name: &str, value: &str) -> String {
    let mut delimiter = "END_OF_VALUE".to_owned();
    while value.lines().any(|line| line == delimiter) {
        delimiter.push('_');
    }
    format!("{name}<<{delimiter}\n{value}\n{delimiter}\n")
}

fn append(path: Option<&Path>, text: &str) -> Result<(), Error> {
    let Some(path) = path else { return Ok(()) };
    let mut options = OpenOptions::new();
    options
        .create(true)
        .append(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|source| Error { path: path.to_owned(), source })
}
