//! .NET regular expressions, as far as parameter files use them, on top of `fancy-regex`.
//!
//! Scopes and matches of Web Deploy's parameters are patterns of .NET's `System.Text.RegularExpressions` ("Regular
//! Expression Language - Quick Reference" in Microsoft's documentation). They are read by .NET's rules and written again
//! in the dialect of `fancy-regex`, so that nothing means something else in silence: `$` matches before a final line
//! feed, `{x}` without numbers is text, `[a-z-[aeiou]]` is a subtraction, `(?n)` and `(?x)` work. What cannot be said in that
//! dialect is an error that names the place. Matching gives up after a bounded amount of backtracking.
//!
//! This is no engine: captures are not handed out, and replacement texts are taken literally.

mod class;
mod groups;
mod scan;
#[cfg(test)]
mod tests;
mod translate;

use std::fmt;

use crate::error::{ExitCode, Failure};

/// How many characters a pattern may have. Real ones stay below 200.
const MAX_LENGTH: usize = 10_000;
/// How many steps of backtracking one search may take before it is given up.
const BACKTRACK_LIMIT: usize = 1_000_000;
/// How many bytes a compiled part of a pattern may take.
const SIZE_LIMIT: usize = 4 << 20;

/// Options that stand outside of the pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Upper and lower case are alike.
    pub ignore_case: bool,
}

impl Options {
    /// Upper and lower case are alike, as in scopes.
    pub fn ignoring_case() -> Self {
        Self { ignore_case: true }
    }
}

/// Why a pattern cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The pattern is wrong, or uses something that is not supported here.
    #[error("{message} in the pattern `{pattern}` at character {column}")]
    Pattern {
        /// The pattern, shortened when it is long.
        pattern: String,
        /// The character of the pattern, from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// The pattern was translated, but is too large or refused by the engine.
    #[error("the pattern `{pattern}` cannot be compiled: {message}")]
    Compile {
        /// The pattern, shortened when it is long.
        pattern: String,
        /// What the engine says.
        message: String,
    },
    /// A search took too many steps.
    #[error("the pattern `{pattern}` needs too much backtracking")]
    TooComplex {
        /// The pattern, shortened when it is long.
        pattern: String,
    },
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Pattern { .. } => "Scopes and matches are .NET regular expressions: a backslash before a character that has a meaning of its own makes it plain text.".into(),
            Self::Compile { .. } => "Use smaller counts in braces, or a simpler pattern.".into(),
            Self::TooComplex { .. } => "Make the repeated parts of the pattern exclude each other, or anchor it.".into(),
        })
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

/// A .NET regular expression, ready to search with.
#[derive(Clone)]
pub struct Regex {
    pattern: String,
    inner: fancy_regex::Regex,
}

impl fmt::Debug for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Regex").field(&self.pattern).finish()
    }
}

impl Regex {
    /// Reads a pattern.
    ///
    /// # Errors
    /// It is no .NET pattern, uses what is not supported here (balancing groups, explicit Unicode blocks, conditions that
    /// are expressions), or is too large.
    pub fn new(pattern: &str, options: Options) -> Result<Self, Error> {
        let translated = translate::translate(pattern)?;
        let inner = fancy_regex::RegexBuilder::new(&translated)
            .case_insensitive(options.ignore_case)
            .backtrack_limit(BACKTRACK_LIMIT)
            .delegate_size_limit(SIZE_LIMIT)
            .delegate_dfa_size_limit(SIZE_LIMIT)
            .max_prog_size(SIZE_LIMIT)
            .build()
            .map_err(|error| Error::Compile {
                pattern: shown(pattern),
                message: first_line(&error.to_string()),
            })?;
        Ok(Self { pattern: pattern.to_owned(), inner })
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.pattern
    }

    /// Whether it matches anywhere in a text.
    ///
    /// # Errors
    /// The search took too many steps.
    pub fn is_match(&self, text: &str) -> Result<bool, Error> {
        self.inner.is_match(text).map_err(|_| self.too_complex())
    }

    /// Puts a text, literally, in the place of every match, and says how many there were. None when there was none.
    ///
    /// # Errors
    /// A search took too many steps.
    pub fn replace_all(&self, text: &str, replacement: &str) -> Result<Option<(String, usize)>, Error> {
        let mut result = String::new();
        let mut count = 0;
        let mut at = 0;
        for found in self.inner.find_iter(text) {
            let found = found.map_err(|_| self.too_complex())?;
            result.push_str(&text[at..found.start()]);
            result.push_str(replacement);
            at = found.end();
            count += 1;
        }
        result.push_str(&text[at..]);
        Ok((count > 0).then_some((result, count)))
    }

    fn too_complex(&self) -> Error {
        Error::TooComplex { pattern: shown(&self.pattern) }
    }
}

/// A pattern that matches exactly this text: what .NET's `Regex.Escape` gives.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\t' => escaped.push_str("\\t"),
            '\n' => escaped.push_str("\\n"),
            '\u{c}' => escaped.push_str("\\f"),
            '\r' => escaped.push_str("\\r"),
            ' ' | '#' | '$' | '(' | ')' | '*' | '+' | '.' | '?' | '[' | '\\' | '^' | '{' | '|' => {
                escaped.push('\\');
                escaped.push(character);
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

/// A pattern in a message.
fn shown(pattern: &str) -> String {
    const SHOWN: usize = 120;
    match pattern.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &pattern[..at]),
        None => pattern.to_owned(),
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
