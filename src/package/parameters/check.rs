//! What is wrong with parameters that could be read: the findings that need more than one element to see.

use std::collections::HashMap;

use super::read::{list, nearest, shortened};
use super::{EntryKind, Parameter, ParameterEntry, Parameters, ValidationKind, references};
use crate::event::Severity::{Error, Info, Warning};
use crate::finding::Finding;
use crate::package::dotnet_regex::{Options, Regex};
use crate::package::xpath::XPath;

/// Adds the findings about all parameters, in any order.
pub(super) fn check(parameters: &Parameters, findings: &mut Vec<Finding>) {
    let names = index(parameters, findings);
    let mut referenced = vec![false; parameters.parameters.len()];
    for parameter in &parameters.parameters {
        for name in references(parameter.default_value.as_deref().unwrap_or_default()) {
            if let Some(&at) = names.get(&name.to_lowercase()) {
                referenced[at] = true;
            } else {
                let text = format!(
                    "`{}`: no parameter is called `{}`{}, the braces stay as they are",
                    parameter.name,
                    shortened(name),
                    nearest(name, parameters.parameters.iter().map(|other| other.name.as_str()))
                );
                findings.push(Finding::new("unknown-reference", Warning, text).at(place(parameter)));
            }
        }
    }
    check_cycles(parameters, &names, findings);
    for (parameter, referenced) in parameters.parameters.iter().zip(referenced) {
        if parameter.entries.is_empty() && !referenced {
            let text = format!(
                "`{}` has no entry and no other parameter uses it: its value goes nowhere",
                parameter.name
            );
            findings.push(Finding::new("parameter-without-entries", Warning, text).at(place(parameter)));
        }
        check_value(parameter, findings);
        for entry in &parameter.entries {
            check_entry(parameter, entry, findings);
        }
    }
    check_application(parameters, findings);
}

fn place(parameter: &Parameter) -> (usize, usize) {
    (parameter.line, parameter.column)
}

/// Names in lower case and where they stand; the first of a name counts.
fn index(parameters: &Parameters, findings: &mut Vec<Finding>) -> HashMap<String, usize> {
    let mut names = HashMap::new();
    for (at, parameter) in parameters.parameters.iter().enumerate() {
        let first = *names.entry(parameter.name.to_lowercase()).or_insert(at);
        if first != at {
            let text = format!(
                "a second parameter `{}`, the first is in line {}; names are compared without regard to case",
                parameter.name, parameters.parameters[first].line
            );
            findings.push(Finding::new("duplicate-parameter", Error, text).at(place(parameter)));
        }
        if parameter.name.contains(['{', '}']) {
            let text = format!("`{}` has a brace in its name: no default value can name it", parameter.name);
            findings.push(Finding::new("brace-in-name", Warning, text).at(place(parameter)));
        }
    }
    names
}

/// Finds defaults that need themselves. Every parameter is looked at once, without recursion.
fn check_cycles(parameters: &Parameters, names: &HashMap<String, usize>, findings: &mut Vec<Finding>) {
    let targets: Vec<Vec<usize>> = parameters
        .parameters
        .iter()
        .map(|parameter| {
            references(parameter.default_value.as_deref().unwrap_or_default())
                .filter_map(|name| names.get(&name.to_lowercase()).copied())
                .collect()
        })
        .collect();
    let mut done = vec![false; targets.len()];
    let mut open = vec![false; targets.len()];
    for start in 0..targets.len() {
        let mut stack = vec![(start, 0)];
        while let Some((at, next)) = stack.pop() {
            if done[at] {
                continue;
            }
            open[at] = true;
            let Some(&target) = targets[at].get(next) else {
                open[at] = false;
                done[at] = true;
                continue;
            };
            stack.push((at, next + 1));
            if open[target] {
                let parameter = &parameters.parameters[at];
                let text = format!(
                    "the default of `{}` needs `{}`, which needs it in turn",
                    parameter.name, parameters.parameters[target].name
                );
                findings.push(Finding::new("circular-reference", Error, text).at(place(parameter)));
            } else {
                stack.push((target, 0));
            }
        }
    }
}

/// The validation, and the default value against it.
fn check_value(parameter: &Parameter, findings: &mut Vec<Finding>) {
    let default = parameter.default_value.as_deref();
    if parameter.is_secret() && default.is_some_and(|value| !value.is_empty()) {
        let text = format!(
            "the secret `{}` has a default value, which everybody who has the package can read",
            parameter.name
        );
        findings.push(Finding::new("secret-default", Warning, text).at(place(parameter)));
    }
    let Some(validation) = &parameter.validation else { return };
    let mut add = |rule, severity, text: String| {
        findings.push(Finding::new(rule, severity, text).at((validation.line, validation.column)));
    };
    let given = validation.validation_string.as_deref().is_some_and(|text| !text.is_empty());
    for kind in [ValidationKind::Enumeration, ValidationKind::RegularExpression] {
        if validation.has(kind) && !given {
            let text =
                format!("`{}`: a validation by {} needs a `validationString`", parameter.name, kind.name());
            add("missing-validation-string", Error, text);
        }
    }
    // A default that other parameters are put into can only be checked when their values are known.
    let plain = default.filter(|value| !value.is_empty() && references(value).next().is_none());
    if validation.has(ValidationKind::Boolean) && plain.is_some_and(|value| !is_boolean(value)) {
        add(
            "invalid-default",
            Error,
            format!("the default of `{}` is neither `true` nor `false`", parameter.name),
        );
    }
    if validation.has(ValidationKind::Enumeration)
        && given
        && plain.is_some_and(|value| !validation.values().any(|known| known == value))
    {
        let text = format!("the default of `{}` is none of {}", parameter.name, list(validation.values()));
        add("invalid-default", Error, text);
    }
    if validation.has(ValidationKind::RegularExpression) && given {
        let pattern = validation.validation_string.as_deref().unwrap_or_default();
        match Regex::new(pattern, Options::default()) {
            Err(error) => {
                let text =
                    format!("`{}`: the pattern of its validation cannot be used: {error}", parameter.name);
                add("invalid-pattern", Error, text);
            }
            Ok(regex) => {
                if plain.is_some_and(|value| matches!(regex.is_match(value), Ok(false))) {
                    let text = format!(
                        "the default of `{}` does not match the pattern of its validation",
                        parameter.name
                    );
                    add("invalid-default", Error, text);
                }
            }
        }
    }
}

/// What .NET's `Boolean.TryParse` takes.
pub(crate) fn is_boolean(value: &str) -> bool {
    let value = value.trim();
    value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false")
}

fn check_entry(parameter: &Parameter, entry: &ParameterEntry, findings: &mut Vec<Finding>) {
    let name = &parameter.name;
    let mut add = |rule, severity, text: String| {
        findings.push(Finding::new(rule, severity, text).at((entry.line, entry.column)));
    };
    match &entry.kind {
        EntryKind::Missing => add("entry-without-kind", Error, format!("an entry of `{name}` has no `kind`")),
        EntryKind::Unknown(kind) => {
            let text = format!(
                "unknown kind `{kind}` of an entry of `{name}`{}; the known ones are {}",
                nearest(kind, EntryKind::names()),
                list(EntryKind::names())
            );
            add("unknown-entry-kind", Error, text);
        }
        EntryKind::TextFilePosition => {
            let text = format!(
                "an entry of `{name}` is of the kind `TextFilePosition`, which Microsoft calls deprecated: use `TextFile`"
            );
            add("deprecated-kind", Info, text);
        }
        _ => {}
    }
    if entry.scope.is_empty() && !matches!(entry.kind, EntryKind::Missing | EntryKind::Unknown(_)) {
        add(
            "entry-without-scope",
            Warning,
            format!("an entry of `{name}` has no `scope`, so it is about everything"),
        );
    } else if let Err(error) = Regex::new(&entry.scope, Options::ignoring_case()) {
        add("invalid-pattern", Error, format!("the scope of an entry of `{name}` cannot be used: {error}"));
    }
    let needs_match = entry.kind.is_about_files()
        || matches!(entry.kind, EntryKind::ProviderPath | EntryKind::DeploymentObjectAttribute);
    if entry.matching.is_empty() && needs_match {
        add("entry-without-match", Error, format!("an entry of `{name}` has no `match`"));
        return;
    }
    if entry.kind.matches_by_pattern()
        && let Err(error) = Regex::new(&entry.matching, Options::default())
    {
        add("invalid-pattern", Error, format!("the match of an entry of `{name}` cannot be used: {error}"));
    }
    if entry.kind.matches_by_xpath()
        && let Err(error) = XPath::parse(&entry.matching)
    {
        add(
            "invalid-xpath",
            Error,
            format!("the match of an entry of `{name}` is no XPath that can be used: {error}"),
        );
    }
    if entry.kind == EntryKind::TextFilePosition && super::text_position(&entry.matching).is_none() {
        let text = format!(
            "the match `{}` of an entry of `{name}` is not `line;column;number of characters`",
            shortened(&entry.matching)
        );
        add("invalid-text-position", Error, text);
    }
}

/// Installers look for the application's path by its tag, deployment tasks by its name.
fn check_application(parameters: &Parameters, findings: &mut Vec<Finding>) {
    let Some(application) = parameters.application() else {
        let text = "no parameter has the tag `IisApp`: an installer cannot ask where the application goes";
        findings.push(Finding::new("no-application-parameter", Warning, text));
        return;
    };
    if application.name != super::APPLICATION_PARAMETER {
        let text = format!(
            "the application's path is the parameter `{}`: Azure's deployment tasks only know `{}`",
            application.name,
            super::APPLICATION_PARAMETER
        );
        findings.push(Finding::new("application-parameter-name", Info, text).at(place(application)));
    }
}
