//! Why values cannot be used, or cannot be put where they belong.

use crate::error::{ExitCode, Failure, Location};
use crate::package::{dotnet_regex, xpath};

/// Why values cannot be used, or cannot be put where they belong. Secrets are never part of a message.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A value was given for a parameter that the package does not have.
    #[error("the package has no parameter `{name}`")]
    UnknownParameter {
        /// The name as it was given.
        name: String,
        /// The name that is nearest.
        nearest: Option<String>,
        /// All names that the package has.
        known: Vec<String>,
    },
    /// Parameters need a value and have none.
    #[error("{} without a value: {}", if names.len() == 1 { "a parameter" } else { "parameters" }, quoted(names))]
    Missing {
        /// Their names.
        names: Vec<String>,
        /// The line of the first.
        line: usize,
        /// The column of the first.
        column: usize,
    },
    /// A value is not as the parameter's validation wants it.
    #[error("the value `{value}` of the parameter `{parameter}` {reason}")]
    Invalid {
        /// The parameter.
        parameter: String,
        /// The value, or `***` for a secret.
        value: String,
        /// What is wrong, as the rest of a sentence.
        reason: String,
        /// The line of the parameter.
        line: usize,
        /// The column of the parameter.
        column: usize,
    },
    /// Default values need each other.
    #[error("the default values of {} need each other", quoted(names))]
    Cycle {
        /// The parameters in a circle.
        names: Vec<String>,
        /// The line of the first.
        line: usize,
        /// The column of the first.
        column: usize,
    },
    /// A value grew beyond all measure when others were put into it.
    #[error("the value of the parameter `{parameter}` is too long")]
    TooLong {
        /// The parameter.
        parameter: String,
        /// The line of the parameter.
        line: usize,
        /// The column of the parameter.
        column: usize,
    },
    /// An entry cannot be used at all.
    #[error("an entry of the parameter `{parameter}` cannot be used: {message}")]
    Entry {
        /// The parameter.
        parameter: String,
        /// What is wrong.
        message: String,
        /// The line of the entry.
        line: usize,
        /// The column of the entry.
        column: usize,
    },
    /// The scope or match of an entry is no pattern that can be used.
    #[error("the {part} of an entry of the parameter `{parameter}` cannot be used")]
    Pattern {
        /// The parameter.
        parameter: String,
        /// `scope` or `match`.
        part: &'static str,
        /// The line of the entry.
        line: usize,
        /// The column of the entry.
        column: usize,
        /// What is wrong with it.
        source: dotnet_regex::Error,
    },
    /// The match of an entry is no XPath that can be used.
    #[error("the match of an entry of the parameter `{parameter}` cannot be used")]
    XPath {
        /// The parameter.
        parameter: String,
        /// The line of the entry.
        line: usize,
        /// The column of the entry.
        column: usize,
        /// What is wrong with it.
        source: xpath::Error,
    },
    /// A file is not as an entry needs it.
    #[error("{}cannot be applied to `{file}`: {message}", about(parameter))]
    File {
        /// The parameter; empty when several were applied.
        parameter: String,
        /// The file in the package.
        file: String,
        /// What is wrong.
        message: String,
        /// The line of the entry.
        line: usize,
        /// The column of the entry.
        column: usize,
    },
    /// A value is in a file of the package that is not there.
    #[error("the value of the parameter `{parameter}` is in `{file}`, which the package does not have")]
    MissingSource {
        /// The parameter.
        parameter: String,
        /// The file as the value names it.
        file: String,
    },
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn about(parameter: &str) -> String {
    if parameter.is_empty() { "the parameters ".to_owned() } else { format!("the parameter `{parameter}` ") }
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownParameter { nearest: Some(nearest), .. } => {
                Some(format!("Did you mean `{nearest}`?"))
            }
            Self::UnknownParameter { known, .. } if known.is_empty() => {
                Some("The package has no parameters at all.".into())
            }
            Self::UnknownParameter { known, .. } => Some(format!("Its parameters are {}.", quoted(known))),
            Self::Missing { names, .. } => Some(format!(
                "Give {} with `--set \"NAME=VALUE\"` or in a file with `--set-parameters FILE`.",
                if names.len() == 1 { "it" } else { "them" }
            )),
            Self::Cycle { .. } => Some("Give one of them a value of its own.".into()),
            Self::Pattern { source, .. } => source.hint(),
            Self::XPath { source, .. } => source.hint(),
            Self::Invalid { .. } => Some(
                "Give another value with `--set \"NAME=VALUE\"`, or change the parameter's validation."
                    .into(),
            ),
            Self::TooLong { .. } | Self::Entry { .. } | Self::File { .. } | Self::MissingSource { .. } => {
                None
            }
        }
    }

    fn location(&self) -> Option<Location> {
        match self {
            Self::Missing { line, column, .. }
            | Self::Invalid { line, column, .. }
            | Self::Cycle { line, column, .. }
            | Self::TooLong { line, column, .. }
            | Self::Entry { line, column, .. }
            | Self::Pattern { line, column, .. }
            | Self::XPath { line, column, .. }
            | Self::File { line, column, .. } => {
                (*line > 0).then(|| Location::at("Parameters.xml", *line, *column))
            }
            Self::UnknownParameter { .. } | Self::MissingSource { .. } => None,
        }
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Usage
    }
}
