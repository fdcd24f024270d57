//! What the rules make of a request.

use super::expression::Scope;
use super::{Action, Condition, Rewrite, Rule, Test};
use crate::iis::site::{Answer, Files, Resource, Url};

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Outcome {
    /// It goes on, changed or not.
    Goes(Rewritten),
    /// It is answered.
    Answered(Answer),
    /// Its connection is closed without a word.
    Aborted,
}

/// A request after the rules.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in super::super) struct Rewritten {
    /// The path below the application and the query that it is led to; none when no rule did.
    pub(in super::super) url: Option<String>,
    /// Server variables that rules have set.
    pub(in super::super) variables: Vec<(String, String)>,
}

/// What rules are tried on.
pub(in super::super) struct Subject<'a> {
    /// The path of the application in URLs: empty or `/a/b`.
    pub(in super::super) prefix: &'a str,
    /// The request's URL.
    pub(in super::super) url: &'a Url,
    /// The value of a server variable.
    pub(in super::super) variable: &'a dyn Fn(&str) -> Option<String>,
    /// What is on the disk.
    pub(in super::super) files: &'a dyn Files,
    /// The path of a file that a decoded path below the application stands for.
    pub(in super::super) physical: &'a dyn Fn(&str) -> String,
}

impl Rewrite {
    /// Tries the rules one after the other. Each sees what those before it have made of the URL.
    pub(in super::super) fn evaluate(&self, subject: &Subject<'_>) -> Outcome {
        let below = subject.url.text.get(subject.prefix.len()..).unwrap_or_default();
        let mut path = below.trim_start_matches('/').to_owned();
        let mut query = subject.url.query.clone();
        let mut result = Rewritten::default();
        for rule in &self.rules {
            let Some((groups, captured)) = self.applies(rule, &path, &query, subject, &result.variables)
            else {
                continue;
            };
            let current = Current { path: &path, query: &query, subject, set: &result.variables };
            let variable = |name: &str| current.value(name);
            let scope = Scope { rule: &groups, conditions: &captured, variable: &variable };
            let set: Vec<_> =
                rule.variables.iter().map(|(name, value)| (name.clone(), self.fill(value, &scope))).collect();
            match &rule.action {
                Action::None => {}
                Action::Abort => return Outcome::Aborted,
                Action::Respond { status, sub_status, reason, description } => {
                    return Outcome::Answered(Answer {
                        reason: self.fill(reason, &scope),
                        description: self.fill(description, &scope),
                        ..Answer::new(*status, *sub_status)
                    });
                }
                Action::Redirect { url, append_query, status } => {
                    let location = with_query(&self.fill(url, &scope), &query, *append_query);
                    return Outcome::Answered(Answer::redirect(*status, absolute(&location, subject.prefix)));
                }
                Action::Rewrite { url, append_query } => {
                    let target = with_query(&self.fill(url, &scope), &query, *append_query);
                    let (new_path, new_query) = target.split_once('?').unwrap_or((&target, ""));
                    let (new_path, new_query) = (new_path.to_owned(), new_query.to_owned());
                    let whole = absolute(&new_path, subject.prefix);
                    // A rule that names the application's own path means it.
                    let inside = whole.strip_prefix(subject.prefix).unwrap_or(&whole);
                    result.url = Some(if new_query.is_empty() {
                        whole.clone()
                    } else {
                        format!("{whole}?{new_query}")
                    });
                    inside.trim_start_matches('/').clone_into(&mut path);
                    query = new_query;
                }
            }
            result.variables.extend(set);
            if rule.stop {
                break;
            }
        }
        Outcome::Goes(result)
    }

    /// What a rule captured and what its conditions did, when it applies.
    fn applies(
        &self,
        rule: &Rule,
        path: &str,
        query: &str,
        subject: &Subject<'_>,
        set: &[(String, String)],
    ) -> Option<(Vec<String>, Vec<String>)> {
        let found = rule.pattern.captures(path);
        let groups = match (found, rule.negate) {
            (Some(groups), false) => groups,
            (None, true) => vec![path.to_owned()],
            _ => return None,
        };
        let current = Current { path, query, subject, set };
        let mut captured: Vec<String> = Vec::new();
        let mut any = rule.conditions.is_empty();
        for condition in &rule.conditions {
            let variable = |name: &str| current.value(name);
            let scope = Scope { rule: &groups, conditions: &captured, variable: &variable };
            let input = self.fill(&condition.input, &scope);
            let groups = holds(condition, &input, subject);
            match groups {
                Some(new) => {
                    any = true;
                    if !condition.negate && !new.is_empty() {
                        if rule.track_all_captures && !captured.is_empty() {
                            captured.extend(new.into_iter().skip(1));
                        } else {
                            captured = new;
                        }
                    }
                    if rule.any_condition {
                        break;
                    }
                }
                None if !rule.any_condition => return None,
                None => {}
            }
        }
        any.then_some((groups, captured))
    }
}

/// What a condition captured, when it holds.
fn holds(condition: &Condition, input: &str, subject: &Subject<'_>) -> Option<Vec<String>> {
    let on_disk = |wanted| {
        // The input is a file's path, as `{REQUEST_FILENAME}` is.
        let root = (subject.physical)("");
        let below = input.strip_prefix(root.trim_end_matches(['/', '\\'])).unwrap_or(input);
        (subject.files.resource(&format!("/{}", below.trim_start_matches(['/', '\\']).replace('\\', "/")))
            == wanted)
            .then(Vec::new)
    };
    let found = match &condition.test {
        Test::Pattern(pattern) => pattern.captures(input),
        Test::IsFile => on_disk(Resource::File),
        Test::IsDirectory => on_disk(Resource::Directory),
    };
    if condition.negate { found.is_none().then(Vec::new) } else { found }
}

/// The server variables, with what rules have changed already.
struct Current<'a> {
    path: &'a str,
    query: &'a str,
    subject: &'a Subject<'a>,
    set: &'a [(String, String)],
}

impl Current<'_> {
    fn value(&self, name: &str) -> Option<String> {
        if let Some((_, value)) = self.set.iter().rev().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            return Some(value.clone());
        }
        match name.to_uppercase().as_str() {
            "QUERY_STRING" => Some(self.query.to_owned()),
            "URL" | "SCRIPT_NAME" | "PATH_INFO" => Some(format!("{}/{}", self.subject.prefix, self.path)),
            "REQUEST_FILENAME" | "SCRIPT_FILENAME" | "PATH_TRANSLATED" => {
                Some((self.subject.physical)(&format!("/{}", self.path)))
            }
            "REQUEST_URI" | "UNENCODED_URL" => Some(self.subject.url.target()),
            _ => (self.subject.variable)(name),
        }
    }
}

fn with_query(url: &str, query: &str, append: bool) -> String {
    if !append || query.is_empty() {
        return url.to_owned();
    }
    format!("{url}{}{query}", if url.contains('?') { '&' } else { '?' })
}

/// An address that begins with no slash and no scheme is one below the application.
fn absolute(url: &str, prefix: &str) -> String {
    if url.starts_with('/') || url.contains("://") { url.to_owned() } else { format!("{prefix}/{url}") }
}
