//! What every error of this crate can say beside its message: a hint, a place, and the exit code it ends in.
//!
//! Each module has its own error type; this file holds what they share and the one function that shows a chain
//! of them. It prints nothing.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

/// The exit codes of the command, as `docs/exit-codes.md` describes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum ExitCode {
    /// Everything that was asked for is done.
    Done = 0,
    /// A stage failed: the application, its build or its test.
    Failed = 1,
    /// The command line, the configuration or an input file is wrong.
    Usage = 2,
    /// A tool that was required is not there (`--require-iis`).
    MissingTool = 3,
    /// The network or the service that was published to failed.
    Publishing = 4,
    /// The user interrupted the run (128 + SIGINT, as shells report it).
    Interrupted = 130,
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}

/// A place in a file. Lines and columns count from 1; columns count characters. 0 stands for "not known".
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Location {
    /// The file, as the user would name it.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl Location {
    /// A whole file, without a line.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), line: 0, column: 0 }
    }

    /// A line and column of a file.
    pub fn at(path: impl Into<PathBuf>, line: usize, column: usize) -> Self {
        Self { path: path.into(), line, column }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", shown(&self.path))?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
            if self.column > 0 {
                write!(f, ":{}", self.column)?;
            }
        }
        Ok(())
    }
}

/// A path as it is shown to the user: an empty path is the current folder, which nobody wants to read before a name.
pub fn shown(path: &Path) -> std::path::Display<'_> {
    let short = path.strip_prefix(".").unwrap_or(path);
    if short.as_os_str().is_empty() { Path::new(".").display() } else { short.display() }
}

/// An error that can be shown to a user: a message (`Display`), its causes (`source`) and the three answers below.
///
/// Messages are lower-case fragments without a final stop and name the thing in backticks. The remedy is the hint.
pub trait Failure: Error + Send + Sync + 'static {
    /// The failure of another module that this one only passes on: it answers where this one does not do so itself.
    fn passed_on(&self) -> Option<&dyn Failure> {
        None
    }

    /// What to do about it, as one or more full sentences.
    fn hint(&self) -> Option<String> {
        self.passed_on().and_then(Failure::hint)
    }

    /// The place in the user's files that the error is about.
    fn location(&self) -> Option<Location> {
        self.passed_on().and_then(Failure::location)
    }

    /// The exit code that the command ends with.
    fn exit_code(&self) -> ExitCode {
        self.passed_on().map_or(ExitCode::Failed, Failure::exit_code)
    }
}

/// The message of an error and those of its causes, from the outside in.
pub fn in_one_line(error: &(dyn Error + 'static)) -> String {
    let messages = std::iter::successors(Some(error), |&error| error.source()).map(ToString::to_string);
    messages.collect::<Vec<_>>().join(": ")
}

/// Any failure at all, for the places that pass on the failures of many modules: the pipeline and the commands.
///
/// It is made from every [`Failure`] by `?` and is itself no [`Error`], since both cannot be.
pub struct AnyFailure(Box<dyn Failure>);

impl<F: Failure> From<F> for AnyFailure {
    fn from(failure: F) -> Self {
        Self(Box::new(failure))
    }
}

impl std::ops::Deref for AnyFailure {
    type Target = dyn Failure;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl fmt::Debug for AnyFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for AnyFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Shown::of(&*self.0), f)
    }
}

/// One shown error: its message, the messages of its causes from the outside in, and the hint.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Shown {
    /// The message of the outermost error.
    pub error: String,
    /// The messages of its causes, without those that only repeat the message before them.
    pub caused_by: Vec<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The place in the user's files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
}

impl Shown {
    /// Reads all that an error can say.
    pub fn of(failure: &dyn Failure) -> Self {
        let error = failure.to_string();
        let mut caused_by: Vec<String> = Vec::new();
        let mut source = failure.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            if text != *caused_by.last().unwrap_or(&error) {
                caused_by.push(text);
            }
            source = cause.source();
        }
        Self { error, caused_by, hint: failure.hint(), location: failure.location() }
    }
}

impl fmt::Display for Shown {
    /// The three-part form, several lines, without a final line break: `error: …`, `caused by: …`, `hint: …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", indented(&self.error))?;
        for cause in &self.caused_by {
            write!(f, "\ncaused by: {}", indented(cause))?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {}", indented(hint))?;
        }
        Ok(())
    }
}

/// Later lines of a message stand two blanks in, so that the three labels stay easy to find.
fn indented(text: &str) -> String {
    text.trim_end().replace('\n', "\n  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot read `a.yml`")]
    struct Outer(#[source] std::io::Error);

    impl Failure for Outer {
        fn hint(&self) -> Option<String> {
            Some("Create it.\nThen run again.".into())
        }
    }

    #[test]
    fn shows_the_error_its_cause_and_the_hint() {
        let outer = Outer(std::io::Error::other("no such file"));
        assert_eq!(
            Shown::of(&outer).to_string(),
            "error: cannot read `a.yml`\ncaused by: no such file\nhint: Create it.\n  Then run again."
        );
    }

    #[test]
    fn shows_a_location_only_as_far_as_it_is_known() {
        assert_eq!(Location::at("a.yml", 3, 7).to_string(), "a.yml:3:7");
        assert_eq!(Location::file("a.yml").to_string(), "a.yml");
        assert_eq!(Location::file("").to_string(), ".");
    }
}
