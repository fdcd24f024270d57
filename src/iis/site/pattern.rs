//! Patterns of IIS's configuration: regular expressions, wildcards and exact texts, with what they captured.
//!
//! URL Rewrite's regular expressions are ECMAScript's; `fancy-regex` has the same syntax for what rules use. An asterisk is
//! the only wildcard; it takes slashes too, and what it took is a capture.

use std::fmt::Write as _;

/// How many steps of backtracking one match may take.
const BACKTRACK_LIMIT: usize = 1_000_000;

/// A pattern, ready to match with.
#[derive(Debug, Clone)]
pub(super) struct Pattern(fancy_regex::Regex);

impl Pattern {
    /// A regular expression, which may match anywhere.
    ///
    /// # Errors
    /// It is none; the text says why.
    pub(super) fn regular(pattern: &str, ignore_case: bool) -> Result<Self, String> {
        fancy_regex::RegexBuilder::new(pattern)
            .case_insensitive(ignore_case)
            .backtrack_limit(BACKTRACK_LIMIT)
            .build()
            .map(Self)
            .map_err(|error| error.to_string())
    }

    /// A text in which `*` stands for any characters; it matches the whole.
    ///
    /// # Errors
    /// It is too long.
    pub(super) fn wildcard(pattern: &str, ignore_case: bool) -> Result<Self, String> {
        let mut expression = String::from("(?s)^");
        for (at, part) in pattern.split('*').enumerate() {
            let _ = write!(expression, "{}{}", if at == 0 { "" } else { "(.*)" }, fancy_regex::escape(part));
        }
        expression.push_str(r"\z");
        Self::regular(&expression, ignore_case)
    }

    /// A text that matches only itself.
    ///
    /// # Errors
    /// It is too long.
    pub(super) fn exact(text: &str, ignore_case: bool) -> Result<Self, String> {
        Self::regular(&format!(r"(?s)^{}\z", fancy_regex::escape(text)), ignore_case)
    }

    /// The whole match and its groups, empty for one that took no part. None when it does not match, or only after more
    /// backtracking than is allowed.
    pub(super) fn captures(&self, text: &str) -> Option<Vec<String>> {
        let captures = self.0.captures(text).ok().flatten()?;
        Some(captures.iter().map(|group| group.map_or_else(String::new, |m| m.as_str().to_owned())).collect())
    }

    /// Whether it matches.
    pub(super) fn matches(&self, text: &str) -> bool {
        self.0.is_match(text).unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asterisk_takes_anything_and_is_a_capture() {
        let pattern = Pattern::wildcard("a/*.P+y", true).unwrap();
        assert_eq!(pattern.captures("A/b/c.p+y").unwrap(), ["A/b/c.p+y", "b/c"]);
        assert!(!pattern.matches("a/b.py") && !pattern.matches("xa/b.p+y") && !pattern.matches("a/b.p+y2"));
        assert!(Pattern::exact("a*", false).unwrap().matches("a*"));
        assert!(!Pattern::exact("a*", false).unwrap().matches("ab"));
    }

    #[test]
    fn a_group_that_took_no_part_is_empty() {
        let pattern = Pattern::regular("^(a)?(b)", false).unwrap();
        assert_eq!(pattern.captures("bc").unwrap(), ["b", "", "b"]);
        assert!(Pattern::regular("(", false).is_err());
    }
}
