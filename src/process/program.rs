//! What to run, as a value that can be shown. A secret is no argument, which other users of the machine may see: it goes into
//! the environment, and that is not shown.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::os;

/// A command line with its surroundings. `Display` shows the command line as one could type it into a shell of this system.
#[derive(Debug, Clone)]
pub struct Program {
    label: String,
    path: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(String, Option<String>)>,
    folder: Option<PathBuf>,
    limit: Option<Duration>,
}

impl Program {
    /// A program without arguments. The label says what it is for and begins its error messages: `pip install`.
    pub fn new(label: impl Into<String>, program: impl Into<PathBuf>) -> Self {
        Self {
            label: label.into(),
            path: program.into(),
            arguments: Vec::new(),
            environment: Vec::new(),
            folder: None,
            limit: None,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Adds several arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Sets a variable of its environment; all others are ours.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.push((name.into(), Some(value.into())));
        self
    }

    /// Takes a variable out of its environment.
    #[must_use]
    pub fn env_remove(mut self, name: impl Into<String>) -> Self {
        self.environment.push((name.into(), None));
        self
    }

    /// Puts `value` wherever its arguments and the values of its variables have `mark`.
    #[must_use]
    pub fn replaced(mut self, mark: &str, value: &str) -> Self {
        for argument in &mut self.arguments {
            if let Some(known) = argument.to_str().filter(|known| known.contains(mark)) {
                *argument = known.replace(mark, value).into();
            }
        }
        for text in self.environment.iter_mut().filter_map(|(_, text)| text.as_mut()) {
            if text.contains(mark) {
                *text = text.replace(mark, value);
            }
        }
        self
    }

    /// Sets the folder it runs in.
    #[must_use]
    pub fn current_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Sets how long it may run.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// What it is for.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The program as it was asked for.
    pub fn program(&self) -> &Path {
        &self.path
    }

    /// The arguments.
    pub fn arguments(&self) -> &[OsString] {
        &self.arguments
    }

    /// The changes to the environment: a value to set, none to remove.
    pub fn environment(&self) -> &[(String, Option<String>)] {
        &self.environment
    }

    /// The folder it runs in.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// The command line with its folder and its own variables, to be typed into a shell of this system: `sh`, or `cmd.exe`.
    pub fn by_hand(&self) -> String {
        let folder = self.folder.as_deref().map(|folder| os::entered(&folder.to_string_lossy()));
        let set = self.environment.iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        let variables: String = set.map(|(name, value)| os::variable(name, value)).collect();
        format!("{}{variables}{self}", folder.unwrap_or_default())
    }

    /// How long it may run.
    pub fn limit(&self) -> Option<Duration> {
        self.limit
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&os::quoted(&self.path.to_string_lossy()))?;
        for argument in &self.arguments {
            write!(f, " {}", os::quoted(&argument.to_string_lossy()))?;
        }
        Ok(())
    }
}
