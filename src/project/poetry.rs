//! `[tool.poetry]`: the metadata of Poetry 1, its version constraints as PEP 440 writes them.

use std::path::Path;

use super::Error;
use super::draft::{Draft, content_type_of};
use super::toml_document::{Table, Value};
use crate::files;

/// What `[tool.poetry]` says; none when there is no such table or it names no project (Poetry 2 uses `[project]`).
pub(super) fn read(root: &Path, document: Table<'_>) -> Result<Option<Draft>, Error> {
    let Some(poetry) = document.table(&["tool", "poetry"]) else { return Ok(None) };
    if poetry.get("name").is_none() {
        return Ok(None);
    }
    let mut draft = Draft::default();
    for (key, field) in
        [("name", "name"), ("version", "version"), ("description", "summary"), ("license", "license")]
    {
        if let Some((text, place)) = poetry.text(key)? {
            draft.text(field, text, place);
        }
    }
    for (key, field) in [("keywords", "keywords"), ("classifiers", "classifiers")] {
        if let Some(value) = poetry.get(key) {
            draft.list(field, value.texts()?, value.place());
        }
    }
    for (key, name, email) in
        [("authors", "author", "author_email"), ("maintainers", "maintainer", "maintainer_email")]
    {
        if let Some(people) = poetry.get(key) {
            let people_texts = people.texts()?;
            let split: Vec<(String, String)> =
                people_texts.iter().map(|person| name_and_mail(person)).collect();
            let join = |pick: fn(&(String, String)) -> &String| {
                let parts: Vec<&str> = split.iter().map(|person| pick(person).as_str()).collect();
                parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
            };
            draft.text(name, join(|person| &person.0), people.place());
            draft.text(email, join(|person| &person.1), people.place());
        }
    }
    read_readme(root, poetry, &mut draft)?;
    read_urls(poetry, &mut draft)?;
    if let Some(dependencies) = poetry.table(&["dependencies"]) {
        let mut requirements = Vec::new();
        for value in dependencies.values() {
            if value.key() == "python" {
                let constraint = value.as_text().map(constraint).unwrap_or_default();
                draft.text("requires_python", constraint, value.place());
            } else {
                requirements.extend(all_requirements(value)?);
            }
        }
        draft.list("dependencies", requirements, dependencies.place());
    }
    Ok(Some(draft))
}

fn read_readme(root: &Path, poetry: Table<'_>, draft: &mut Draft) -> Result<(), Error> {
    let Some(readme) = poetry.get("readme") else { return Ok(()) };
    let names = readme.one_or_more()?;
    let texts: Result<Vec<String>, _> = names.iter().map(|name| files::read_text(&root.join(name))).collect();
    draft.text("long_description", texts?.join("\n"), readme.place());
    let content_type = names.first().and_then(|name| content_type_of(name)).unwrap_or_default();
    draft.text("long_description_type", content_type, readme.place());
    Ok(())
}

fn read_urls(poetry: Table<'_>, draft: &mut Draft) -> Result<(), Error> {
    for key in ["homepage", "repository", "documentation"] {
        if let Some((url, _)) = poetry.text(key)? {
            draft.urls.push((key.to_owned(), url));
        }
    }
    for url in poetry.table(&["urls"]).map(Table::values).unwrap_or_default() {
        draft.urls.push((url.key().to_owned(), url.text()?.to_owned()));
    }
    Ok(())
}

/// `Name <mail>` in its two parts.
fn name_and_mail(person: &str) -> (String, String) {
    match person.split_once('<') {
        Some((name, mail)) => {
            (name.trim().to_owned(), mail.trim_end().trim_end_matches('>').trim().to_owned())
        }
        None => (person.trim().to_owned(), String::new()),
    }
}

/// A dependency, or one for each Python when it is an array.
fn all_requirements(value: Value<'_>) -> Result<Vec<String>, Error> {
    if value.is_array() {
        let items = value.items()?.into_iter().map(requirement);
        let requirements: Result<Vec<Option<String>>, Error> = items.collect();
        return Ok(requirements?.into_iter().flatten().collect());
    }
    Ok(requirement(value)?.into_iter().collect())
}

/// A dependency as PEP 508 writes it; none for an optional one and for a path, which only Poetry can install.
fn requirement(value: Value<'_>) -> Result<Option<String>, Error> {
    let name = value.key();
    if let Some(text) = value.as_text() {
        return Ok(Some(format!("{name}{}", constraint(text))));
    }
    let Some(table) = value.as_table() else { return Err(value.wrong("a string or a table")) };
    let optional = table.get("optional").and_then(Value::as_bool).unwrap_or(false);
    if optional || table.get("path").is_some() {
        return Ok(None);
    }
    let extras = table.get("extras").map(Value::texts).transpose()?.unwrap_or_default();
    let extras = if extras.is_empty() { String::new() } else { format!("[{}]", extras.join(",")) };
    let marker = marker(table)?;
    if let Some((url, _)) = table.text("git")? {
        let revision = ["tag", "rev", "branch"].into_iter().find_map(|key| table.get(key)?.as_text());
        let revision = revision.map(|revision| format!("@{revision}")).unwrap_or_default();
        return Ok(Some(format!("{name}{extras} @ git+{url}{revision}{marker}")));
    }
    if let Some((url, _)) = table.text("url")? {
        return Ok(Some(format!("{name}{extras} @ {url}{marker}")));
    }
    let version = table.text("version")?.map(|(version, _)| constraint(&version)).unwrap_or_default();
    Ok(Some(format!("{name}{extras}{version}{marker}")))
}

/// The environment marker of `markers` and `python`.
fn marker(table: Table<'_>) -> Result<String, Error> {
    let mut markers: Vec<String> = table.text("markers")?.map(|(marker, _)| marker).into_iter().collect();
    if let Some((python, _)) = table.text("python")? {
        for part in constraint(&python).split(',').filter(|part| !part.is_empty()) {
            let version = part.trim_start_matches(['<', '>', '=', '!', '~']);
            let operator = &part[..part.len() - version.len()];
            markers.push(format!("python_version {operator} \"{version}\""));
        }
    }
    if markers.len() > 1 {
        markers[0] = format!("({})", markers[0]);
    }
    Ok(if markers.is_empty() { String::new() } else { format!(" ; {}", markers.join(" and ")) })
}

/// Poetry's constraint as PEP 440 has it: `^1.2` is `>=1.2,<2`, `~1.2` is `>=1.2,<1.3`, `1.2` is `==1.2`.
fn constraint(text: &str) -> String {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty() && *part != "*");
    let parts: Vec<String> = parts.map(one_constraint).collect();
    parts.join(",")
}

fn one_constraint(part: &str) -> String {
    if let Some(version) = part.strip_prefix('^') {
        let version = version.trim();
        return format!(">={version},<{}", after_first_that_counts(version));
    }
    if let Some(version) = part.strip_prefix('~').filter(|rest| !rest.starts_with('=')) {
        let version = version.trim();
        return format!(">={version},<{}", after_minor(version));
    }
    if part.starts_with(|first: char| first.is_ascii_digit() || first == 'v') {
        return format!("=={part}");
    }
    part.split_whitespace().collect()
}

fn numbers(version: &str) -> Vec<u64> {
    version.split('.').map_while(|part| part.parse().ok()).collect()
}

fn dotted(numbers: &[u64]) -> String {
    numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}

/// The first version that differs in the leftmost number that is not 0.
fn after_first_that_counts(version: &str) -> String {
    let numbers = numbers(version);
    let at = numbers.iter().position(|&number| number > 0).unwrap_or(numbers.len().saturating_sub(1));
    bumped(&numbers, at)
}

fn after_minor(version: &str) -> String {
    let numbers = numbers(version);
    bumped(&numbers, usize::from(numbers.len() > 1))
}

fn bumped(numbers: &[u64], at: usize) -> String {
    let mut kept: Vec<u64> = numbers.iter().copied().take(at + 1).collect();
    match kept.last_mut() {
        Some(last) => *last = last.saturating_add(1),
        None => kept.push(1),
    }
    dotted(&kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_are_written_as_pep_440_has_them() {
        for (poetry, expected) in [
            ("^1.2.3", ">=1.2.3,<2"),
            ("^0.2.3", ">=0.2.3,<0.3"),
            ("^0.0.3", ">=0.0.3,<0.0.4"),
            ("^0", ">=0,<1"),
            ("~1.2.3", ">=1.2.3,<1.3"),
            ("~1", ">=1,<2"),
            ("~=1.2", "~=1.2"),
            ("1.2", "==1.2"),
            ("2.*", "==2.*"),
            ("*", ""),
            (">=1, <2.0", ">=1,<2.0"),
            (">= 3.9", ">=3.9"),
            ("^x", ">=x,<1"),
        ] {
            assert_eq!(constraint(poetry), expected, "{poetry}");
        }
    }
}
