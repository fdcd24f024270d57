//! GitHub Actions: annotations with file and line, groups, outputs and the step summary.
//!
//! Workflow commands go to standard error, which the runner reads as well as standard output, so that standard output
//! stays data. See <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::Mutex;

use crate::config::{Environment, GITHUB_ACTIONS, GITHUB_OUTPUT, GITHUB_STEP_SUMMARY, GITHUB_WORKSPACE};
use crate::error::{ExitCode, Failure, Location, Shown, shown};
use crate::event::{Event, Observer, Severity};

#[cfg(test)]
mod tests;

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
        let state = Mutex::new(State { writer, group: false });
        Annotations { workspace: self.workspace.clone(), current: current.into(), state }
    }

    /// Sets outputs of the step. Values may have several lines. Does nothing where the runner names no file.
    pub fn set_outputs(&self, outputs: &[(&str, &str)]) -> Result<(), Error> {
        let text: String = outputs.iter().map(|(name, value)| output(name, value)).collect();
        append(self.output.as_deref(), &text)
    }

    /// Adds Markdown to the summary of the step. Does nothing where the runner names no file.
    pub fn add_summary(&self, markdown: &str) -> Result<(), Error> {
        append(self.summary.as_deref(), &format!("{}\n", markdown.trim_end()))
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

/// The observer that turns events into workflow commands: a group for each stage, an annotation for each warning and
/// error.
pub struct Annotations {
    workspace: Option<PathBuf>,
    current: PathBuf,
    state: Mutex<State>,
}

struct State {
    writer: Box<dyn Write + Send>,
    group: bool,
}

impl Annotations {
    /// An annotation for the error that the command ends with, when no stage had it.
    pub fn failure(&self, failure: &dyn Failure) {
        let command = self.of_error(&Shown::of(failure));
        self.write(|_| command);
    }

    fn of_error(&self, error: &Shown) -> String {
        let causes = error.caused_by.iter().map(|cause| format!("\ncaused by: {cause}"));
        let hint = error.hint.iter().map(|hint| format!("\nhint: {hint}"));
        let text: String = std::iter::once(error.error.clone()).chain(causes).chain(hint).collect();
        self.annotation("error", error.location.as_ref(), &text)
    }

    fn annotation(&self, kind: &str, location: Option<&Location>, text: &str) -> String {
        let mut properties = Vec::new();
        if let Some(location) = location {
            properties.push(format!("file={}", property(&self.file(&location.path))));
            if location.line > 0 {
                properties.push(format!("line={}", location.line));
            }
            if location.column > 0 {
                properties.push(format!("col={}", location.column));
            }
        }
        let blank = if properties.is_empty() { "" } else { " " };
        format!("::{kind}{blank}{}::{}\n", properties.join(","), data(text))
    }

    /// A path as GitHub wants it: below the checkout, with forward slashes.
    fn file(&self, path: &Path) -> String {
        let absolute = self.current.join(path);
        let mut plain = PathBuf::new();
        for component in absolute.components() {
            match component {
                Component::CurDir => {}
                Component::ParentDir => {
                    plain.pop();
                }
                other => plain.push(other),
            }
        }
        let below = self.workspace.as_deref().and_then(|workspace| plain.strip_prefix(workspace).ok());
        below.unwrap_or(path).display().to_string().replace('\\', "/")
    }

    /// Writes commands; `text` is told whether a group is open and may say so itself. A log that cannot be written to is
    /// nothing to fail for.
    fn write(&self, text: impl FnOnce(&mut bool) -> String) {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let text = text(&mut state.group);
        let writer = &mut state.writer;
        let _ = writer.write_all(text.as_bytes()).and_then(|()| writer.flush());
    }
}

impl Observer for Annotations {
    fn event(&self, event: Event) {
        match event {
            Event::StageStarted { package, stage } => self.write(|group| {
                let end = if std::mem::replace(group, true) { "::endgroup::\n" } else { "" };
                let title = format!("{stage} {package}");
                format!("{end}::group::{}\n", data(title.trim_end()))
            }),
            Event::StageEnded { error, .. } => {
                let error = error.map(|error| self.of_error(&error)).unwrap_or_default();
                self.write(|group| {
                    let end = if std::mem::replace(group, false) { "::endgroup::\n" } else { "" };
                    format!("{end}{error}")
                });
            }
            Event::Message(message) => {
                let kind = match message.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                    Severity::Info | Severity::Detail => return,
                };
                let hint = message.hint.map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
                let text = format!("{}{hint}", message.text);
                let command = self.annotation(kind, message.location.as_ref(), &text);
                self.write(|_| command);
            }
            Event::Simulated { step } => {
                let command = self.annotation("notice", None, &format!("simulated: {step}"));
                self.write(|_| command);
            }
            Event::Progress { .. } | Event::ProgramRan { .. } | Event::Written { .. } => {}
        }
    }
}

/// Escapes the text of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the value of a property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
