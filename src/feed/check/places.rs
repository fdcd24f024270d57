//! Collects findings by their place in bytes, and finds all lines in one walk over the text.

use crate::event::Severity;
use crate::finding::Finding;
use crate::xml::Element;

/// Findings and the bytes that they are about.
#[derive(Debug, Default)]
pub(super) struct Places(Vec<(usize, Finding)>);

impl Places {
    /// A finding about an element.
    pub(super) fn add(
        &mut self,
        rule: &'static str,
        severity: Severity,
        element: Element<'_>,
        text: impl Into<String>,
    ) {
        self.0.push((element.span().start, Finding::new(rule, severity, text)));
    }

    pub(super) fn error(&mut self, rule: &'static str, element: Element<'_>, text: impl Into<String>) {
        self.add(rule, Severity::Error, element, text);
    }

    pub(super) fn warning(&mut self, rule: &'static str, element: Element<'_>, text: impl Into<String>) {
        self.add(rule, Severity::Warning, element, text);
    }

    pub(super) fn info(&mut self, rule: &'static str, element: Element<'_>, text: impl Into<String>) {
        self.add(rule, Severity::Info, element, text);
    }

    pub(super) fn detail(&mut self, rule: &'static str, element: Element<'_>, text: impl Into<String>) {
        self.add(rule, Severity::Detail, element, text);
    }

    /// All findings in the order of the text. Looking up each place by itself would be quadratic in a large feed.
    pub(super) fn findings(mut self, text: &str) -> Vec<Finding> {
        self.0.sort_by_key(|(offset, _)| *offset);
        let (mut at, mut line, mut column) = (0, 1, 1);
        self.0
            .into_iter()
            .map(|(offset, finding)| {
                for character in text[at..offset].chars() {
                    if character == '\n' {
                        line += 1;
                        column = 1;
                    } else {
                        column += 1;
                    }
                }
                at = offset;
                finding.at((line, column))
            })
            .collect()
    }
}
