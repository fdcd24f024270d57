//! From the `rewrite` element to rules.

use super::super::pattern::Pattern;
use super::super::read::{
    Fault, Keyed, NotSimulated, fault, not_simulated, note, take_choice, take_flag, take_number, text,
};
use super::{Action, Condition, Map, Rewrite, Rule, Test};
use crate::xml::Element;

/// How patterns are written.
#[derive(Clone, Copy)]
enum Syntax {
    Regular,
    Wildcard,
    Exact,
}

const SYNTAXES: [(&str, Syntax); 3] =
    [("ECMAScript", Syntax::Regular), ("Wildcard", Syntax::Wildcard), ("ExactMatch", Syntax::Exact)];

impl Keyed for Rule {
    fn key(&self) -> String {
        self.name.to_lowercase()
    }
}

impl Rewrite {
    pub(in super::super) fn read(
        &mut self,
        element: Element<'_>,
        notes: &mut Vec<NotSimulated>,
    ) -> Result<(), Fault> {
        for part in element.children() {
            match part.name() {
                "rules" => self.rules(part, notes)?,
                "rewriteMaps" => {
                    for map in part.children_named("rewriteMap") {
                        self.maps.push(read_map(map)?);
                    }
                }
                "allowedServerVariables" => {}
                _ => not_simulated(notes, part),
            }
        }
        Ok(())
    }

    fn rules(&mut self, element: Element<'_>, notes: &mut Vec<NotSimulated>) -> Result<(), Fault> {
        for entry in element.children() {
            match entry.name() {
                "clear" => self.rules.clear(),
                "remove" => {
                    let key = text(entry, "name").to_lowercase();
                    self.rules.retain(|rule| rule.key() != key);
                }
                "rule" => {
                    let mut enabled = true;
                    take_flag(entry, "enabled", &mut enabled)?;
                    let rule = read_rule(entry, notes)?;
                    if self.rules.iter().any(|known| known.key() == rule.key()) {
                        let text = format!(
                            "Cannot add duplicate collection entry of type 'rule' with unique key attribute 'name' \
                             set to '{}'",
                            rule.name
                        );
                        return Err(fault(entry, text));
                    }
                    if enabled {
                        self.rules.push(rule);
                    }
                }
                _ => not_simulated(notes, entry),
            }
        }
        Ok(())
    }
}

fn read_rule(element: Element<'_>, notes: &mut Vec<NotSimulated>) -> Result<Rule, Fault> {
    let mut syntax = Syntax::Regular;
    take_choice(element, "patternSyntax", &SYNTAXES, &mut syntax)?;
    let mut stop = false;
    take_flag(element, "stopProcessing", &mut stop)?;
    let matching = element.child("match").ok_or_else(|| fault(element, "the rule has no `match` element"))?;
    let (mut ignore_case, mut negate) = (true, false);
    take_flag(matching, "ignoreCase", &mut ignore_case)?;
    take_flag(matching, "negate", &mut negate)?;
    let mut rule = Rule {
        name: text(element, "name"),
        pattern: pattern(matching, "url", syntax, ignore_case)?,
        negate,
        conditions: Vec::new(),
        any_condition: false,
        track_all_captures: false,
        action: Action::None,
        stop,
        variables: Vec::new(),
    };
    for part in element.children() {
        match part.name() {
            "match" => {}
            "conditions" => read_conditions(part, syntax, &mut rule, notes)?,
            "action" => rule.action = read_action(part)?,
            "serverVariables" => {
                let set = part.children_named("set");
                rule.variables = set.map(|set| (text(set, "name"), text(set, "value"))).collect();
            }
            _ => not_simulated(notes, part),
        }
    }
    if matches!(&rule.action, Action::Rewrite { url, .. } if url.contains("://")) {
        note(
            notes,
            element,
            format!("the rule `{}` forwards to another server, which is not imitated", rule.name),
        );
    }
    Ok(rule)
}

fn pattern(
    element: Element<'_>,
    attribute: &'static str,
    syntax: Syntax,
    ignore_case: bool,
) -> Result<Pattern, Fault> {
    let written = text(element, attribute);
    let pattern = match syntax {
        Syntax::Regular => Pattern::regular(&written, ignore_case),
        Syntax::Wildcard => Pattern::wildcard(&written, ignore_case),
        Syntax::Exact => Pattern::exact(&written, ignore_case),
    };
    pattern.map_err(|error| fault(element, format!("the pattern \"{written}\" is not valid: {error}")))
}

fn read_conditions(
    element: Element<'_>,
    syntax: Syntax,
    rule: &mut Rule,
    notes: &mut Vec<NotSimulated>,
) -> Result<(), Fault> {
    take_choice(
        element,
        "logicalGrouping",
        &[("MatchAll", false), ("MatchAny", true)],
        &mut rule.any_condition,
    )?;
    take_flag(element, "trackAllCaptures", &mut rule.track_all_captures)?;
    for entry in element.children() {
        if !entry.is("add") {
            not_simulated(notes, entry);
            continue;
        }
        let (mut ignore_case, mut negate) = (true, false);
        take_flag(entry, "ignoreCase", &mut ignore_case)?;
        take_flag(entry, "negate", &mut negate)?;
        let test = match text(entry, "matchType").to_lowercase().as_str() {
            "isfile" => Test::IsFile,
            "isdirectory" => Test::IsDirectory,
            "" | "pattern" => Test::Pattern(pattern(entry, "pattern", syntax, ignore_case)?),
            other => return Err(fault(entry, format!("`matchType` cannot be `{other}`"))),
        };
        rule.conditions.push(Condition { input: text(entry, "input"), test, negate });
    }
    Ok(())
}

fn read_action(element: Element<'_>) -> Result<Action, Fault> {
    let url = text(element, "url");
    let mut append_query = true;
    take_flag(element, "appendQueryString", &mut append_query)?;
    Ok(match text(element, "type").to_lowercase().as_str() {
        "rewrite" => Action::Rewrite { url, append_query },
        "redirect" => {
            let words = [("Permanent", 301), ("Found", 302), ("SeeOther", 303), ("Temporary", 307)];
            let mut status = 301;
            take_choice(element, "redirectType", &words, &mut status)?;
            Action::Redirect { url, append_query, status }
        }
        "customresponse" => {
            let (mut status, mut sub_status) = (0, 0);
            take_number(element, "statusCode", &mut status)?;
            take_number(element, "subStatusCode", &mut sub_status)?;
            if !(100..=999).contains(&status) {
                return Err(fault(element, "`statusCode` must be the number of a status"));
            }
            let (reason, description) = (text(element, "statusReason"), text(element, "statusDescription"));
            Action::Respond { status, sub_status, reason, description }
        }
        "abortrequest" => Action::Abort,
        "none" | "" => Action::None,
        other => return Err(fault(element, format!("an action cannot have the type `{other}`"))),
    })
}

fn read_map(element: Element<'_>) -> Result<Map, Fault> {
    let mut ignore_case = true;
    take_flag(element, "ignoreCase", &mut ignore_case)?;
    let entries = element.children_named("add").map(|add| (text(add, "key"), text(add, "value"))).collect();
    Ok(Map { name: text(element, "name"), default: text(element, "defaultValue"), ignore_case, entries })
}
