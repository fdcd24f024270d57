//! One thing that a check has to say about a file: what `inspect`, `feed --check` and the build report.

use serde::Serialize;

use crate::event::Severity;

/// A finding of a check. It knows the place in the file, not the file: whoever ran the check knows that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The name of the rule, in kebab-case: stable, so that scripts can look for it.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong and, where it is short, what to do.
    pub text: String,
    /// The line, from 1; 0 when it is about the whole file.
    pub line: usize,
    /// The column in characters, from 1; 0 when it is not known.
    pub column: usize,
}

impl Finding {
    /// A finding about the whole file.
    pub fn new(rule: &'static str, severity: Severity, text: impl Into<String>) -> Self {
        Self { rule, severity, text: text.into(), line: 0, column: 0 }
    }

    /// The same finding at a place, line and column from 1.
    #[must_use]
    pub fn at(mut self, (line, column): (usize, usize)) -> Self {
        self.line = line;
        self.column = column;
        self
    }
}
