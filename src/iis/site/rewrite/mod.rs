//! URL Rewrite: rules that lead a request elsewhere (`system.webServer/rewrite/rules`).
//!
//! Rules see the path below the folder of their file, decoded and without the slash at its front. Imitated are rules of
//! all three kinds of syntax, their conditions with server variables, back-references, rewrite maps and the functions
//! `ToLower`, `UrlEncode` and `UrlDecode`, all actions, and server variables that a rule sets. Outbound rules, global
//! rules and providers are not: they are listed.

mod evaluate;
mod expression;
mod read;
#[cfg(test)]
mod tests;

pub(super) use evaluate::{Outcome, Rewritten, Subject};
pub(super) use expression::substituted;

use super::pattern::Pattern;

/// The rules and their maps.
#[derive(Debug, Clone, Default)]
pub struct Rewrite {
    /// In the order in which they are tried.
    pub rules: Vec<Rule>,
    maps: Vec<Map>,
}

/// A rule.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is an attribute of a rule")]
pub struct Rule {
    /// Its name.
    pub name: String,
    pattern: Pattern,
    negate: bool,
    conditions: Vec<Condition>,
    any_condition: bool,
    track_all_captures: bool,
    action: Action,
    stop: bool,
    variables: Vec<(String, String)>,
}

#[derive(Debug, Clone)]
struct Condition {
    input: String,
    test: Test,
    negate: bool,
}

#[derive(Debug, Clone)]
enum Test {
    Pattern(Pattern),
    IsFile,
    IsDirectory,
}

#[derive(Debug, Clone)]
enum Action {
    None,
    Rewrite { url: String, append_query: bool },
    Redirect { url: String, append_query: bool, status: u16 },
    Respond { status: u16, sub_status: u16, reason: String, description: String },
    Abort,
}

/// A rewrite map: texts for texts.
#[derive(Debug, Clone)]
struct Map {
    name: String,
    default: String,
    ignore_case: bool,
    entries: Vec<(String, String)>,
}

impl Map {
    fn get(&self, key: &str) -> &str {
        let same =
            |known: &str| if self.ignore_case { known.eq_ignore_ascii_case(key) } else { known == key };
        let found = self.entries.iter().find(|(known, _)| same(known));
        found.map_or(self.default.as_str(), |(_, value)| value)
    }
}
