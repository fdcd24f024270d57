//! What can be wrong with a configuration. All of it is the user's to mend: every variant ends in exit code 2.

use std::path::PathBuf;

use super::tree::Origin;
use crate::error::{ExitCode, Failure, Location, shown};
use crate::files;

/// What can be wrong with a configuration.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read, or is not UTF-8.
    #[error(transparent)]
    Read(#[from] files::Error),
    /// A file that was named on the command line is not there.
    #[error("there is no configuration file `{}`", shown(path))]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A file is larger than any configuration is.
    #[error("`{}` has {size} bytes, more than the {limit} that a configuration may have", shown(path))]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// Two files configure the same folder.
    #[error("both `{}` and {second} configure this project", shown(first))]
    TwoFiles {
        /// The first file.
        first: PathBuf,
        /// The second, in words.
        second: String,
        /// The place of the second.
        location: Location,
    },
    /// The text is not YAML or TOML.
    #[error("`{}` is not valid {format}: {message}", shown(&location.path))]
    Syntax {
        /// `YAML` or `TOML`.
        format: &'static str,
        /// What the parser said.
        message: String,
        /// Where.
        location: Location,
    },
    /// A key or value is wrong.
    #[error(transparent)]
    Setting(Box<SettingError>),
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Read(error) => error.hint(),
            Self::Missing { .. } => Some("Check the path that `--config` names.".into()),
            Self::TooLarge { .. } => Some("Put large texts into files of their own.".into()),
            Self::TwoFiles { .. } => Some("Keep one of them and remove the other.".into()),
            Self::Syntax { format, message, .. } => {
                (*format == "YAML" && !message.contains("document")).then(|| {
                    "Indent with blanks, and put texts with `:`, `#` or a leading `@`, `%`, `*` or `&` in quotes."
                        .into()
                })
            }
            Self::Setting(error) => error.hint(),
        }
    }

    fn location(&self) -> Option<Location> {
        match self {
            Self::Read(error) => error.location(),
            Self::Missing { path } | Self::TooLarge { path, .. } => Some(Location::file(path)),
            Self::TwoFiles { location, .. } | Self::Syntax { location, .. } => Some(location.clone()),
            Self::Setting(error) => error.location(),
        }
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

/// A key or value that is wrong, where it was set, and what was expected.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SettingError {
    /// The keys down to the value: `fastcgi`, `idle-timeout`; list items as `[0]`. Empty for the whole file.
    pub path: Vec<String>,
    /// What is wrong.
    pub problem: Problem,
    /// Where it was set; [`Origin::Default`] while it is not known.
    pub origin: Origin,
}

/// What is wrong with a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// Nobody knows this key.
    UnknownKey {
        /// The key.
        key: String,
        /// The keys that are known at this place.
        known: Vec<&'static str>,
    },
    /// A key stands twice in one mapping.
    DuplicateKey {
        /// The key.
        key: String,
    },
    /// A key that must be there is not.
    MissingKey {
        /// The key.
        key: String,
    },
    /// A word that is none of the choices.
    UnknownChoice {
        /// The word.
        found: String,
        /// The choices.
        known: Vec<&'static str>,
    },
    /// A value of the wrong type or out of its range.
    Value {
        /// What was found, as `the text "x"`.
        found: String,
        /// What was expected, as `a whole number from 10 to 2592000`.
        expected: String,
    },
    /// Anything else, as a fragment that completes "`key`: …".
    Other(String),
}

impl Default for Problem {
    fn default() -> Self {
        Self::Other(String::new())
    }
}

impl SettingError {
    /// The path as the user would write it: `test.requests[0].path`.
    pub fn key(&self) -> String {
        let mut key = String::new();
        for part in &self.path {
            if !key.is_empty() && !part.starts_with('[') {
                key.push('.');
            }
            key.push_str(part);
        }
        key
    }

    fn hint(&self) -> Option<String> {
        match &self.problem {
            Problem::UnknownKey { key, known } => Some(nearest(key, known).map_or_else(
                || format!("The keys here are {}.", listed(known)),
                |near| format!("Did you mean `{near}`?"),
            )),
            Problem::UnknownChoice { found, known } => Some(nearest(found, known).map_or_else(
                || format!("The choices are {}.", listed(known)),
                |near| format!("Did you mean `{near}`? The choices are {}.", listed(known)),
            )),
            Problem::DuplicateKey { .. } => Some("Keep one of them.".into()),
            Problem::Value { found, expected }
                if found.starts_with("the boolean") && expected.contains("text") =>
            {
                Some("Put the value in quotes if it is meant as text.".into())
            }
            Problem::MissingKey { .. } | Problem::Value { .. } | Problem::Other(_) => None,
        }
    }

    fn location(&self) -> Option<Location> {
        self.origin.location().cloned()
    }
}

impl std::error::Error for SettingError {}

impl std::fmt::Display for SettingError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let key = self.key();
        let inside = if key.is_empty() { String::new() } else { format!(" in `{key}`") };
        match &self.problem {
            Problem::UnknownKey { key, .. } => write!(f, "unknown key `{key}`{inside}"),
            Problem::DuplicateKey { key } => write!(f, "the key `{key}` stands twice{inside}"),
            Problem::MissingKey { key } => write!(f, "the key `{key}` is missing{inside}"),
            Problem::UnknownChoice { found, .. } => write!(f, "`{key}` cannot be `{found}`"),
            Problem::Value { found, expected } if key.is_empty() => {
                write!(f, "found {found}, expected {expected}")
            }
            Problem::Value { found, expected } => write!(f, "`{key}` is {found}, expected {expected}"),
            Problem::Other(text) if key.is_empty() => f.write_str(text),
            Problem::Other(text) => write!(f, "`{key}` {text}"),
        }?;
        match &self.origin {
            Origin::Environment(_) | Origin::Flag(_) => write!(f, " ({})", self.origin),
            Origin::Default | Origin::File(_) => Ok(()),
        }
    }
}

/// The known name that a written one is most probably meant to be.
fn nearest<'a>(written: &str, known: &[&'a str]) -> Option<&'a str> {
    let simple = |text: &str| text.to_lowercase().replace(['_', ' '], "-");
    let written = simple(written);
    known
        .iter()
        .map(|name| (strsim::jaro_winkler(&written, &simple(name)), *name))
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .filter(|(likeness, _)| *likeness > 0.8)
        .map(|(_, name)| name)
}

/// Names in backticks with commas.
fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
