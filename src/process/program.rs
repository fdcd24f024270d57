//! What to run, as a value that can be shown without its secrets.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::secret::Secret;

/// A command line with its surroundings. `Display` shows the command line as one could type it, secrets masked.
#[derive(Debug, Clone)]
pub struct Program {
    label: String,
    path: PathBuf,
    arguments: Vec<Argument>,
    environment: Vec<(String, Option<String>)>,
    folder: Option<PathBuf>,
    limit: Option<Duration>,
}

#[derive(Debug, Clone)]
enum Argument {
    Plain(OsString),
    Hidden(Secret),
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
        self.arguments.push(Argument::Plain(argument.into()));
        self
    }

    /// Adds several arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| Argument::Plain(argument.into())));
        self
    }

    /// Adds an argument that is never shown. Other users of the machine may still see it: prefer the environment.
    #[must_use]
    pub fn secret_arg(mut self, argument: Secret) -> Self {
        self.arguments.push(Argument::Hidden(argument));
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

    /// Puts `value` wherever its arguments and the values of its variables have `mark`. Secrets stay as they are.
    #[must_use]
    pub fn replaced(mut self, mark: &str, value: &str) -> Self {
        for argument in &mut self.arguments {
            if let Argument::Plain(text) = argument
                && let Some(known) = text.to_str().filter(|known| known.contains(mark))
            {
                *text = known.replace(mark, value).into();
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

    /// The arguments, secrets among them.
    pub fn arguments(&self) -> impl Iterator<Item = OsString> {
        self.arguments.iter().map(|argument| match argument {
            Argument::Plain(text) => text.clone(),
            Argument::Hidden(secret) => secret.reveal().into(),
        })
    }

    /// The changes to the environment: a value to set, none to remove.
    pub fn environment(&self) -> &[(String, Option<String>)] {
        &self.environment
    }

    /// The folder it runs in.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// How long it may run.
    pub fn limit(&self) -> Option<Duration> {
        self.limit
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&quoted(&self.path.to_string_lossy()))?;
        for argument in &self.arguments {
            match argument {
                Argument::Plain(text) => write!(f, " {}", quoted(&text.to_string_lossy()))?,
                Argument::Hidden(_) => f.write_str(" ***")?,
            }
        }
        Ok(())
    }
}

/// A word as a POSIX shell takes it: in single quotes when it has anything that a shell would touch.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-./:=+,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
