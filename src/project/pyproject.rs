//! `pyproject.toml`: the `[project]` table (PEP 621) and setuptools' `[tool.setuptools.dynamic]`.

use std::collections::BTreeSet;
use std::path::Path;

use super::Error;
use super::draft::{Draft, content_type_of, filled_lines};
use super::toml_document::{Table, Value};
use super::{literal, version};
use crate::error::Location;
use crate::files;

/// The fields of a metadata draft that a key of `[project]` stands for.
const FIELDS: [(&str, &[&str]); 14] = [
    ("version", &["version"]),
    ("description", &["summary"]),
    ("readme", &["long_description", "long_description_type"]),
    ("requires-python", &["requires_python"]),
    ("license", &["license"]),
    ("license-files", &[]),
    ("authors", &["author", "author_email"]),
    ("maintainers", &["maintainer", "maintainer_email"]),
    ("keywords", &["keywords"]),
    ("classifiers", &["classifiers"]),
    ("urls", &["url", "urls", "download_url"]),
    ("dependencies", &["dependencies"]),
    ("optional-dependencies", &["extras"]),
    ("scripts", &[]),
];

/// What `[project]` says; none when there is no such table.
pub(super) fn read(root: &Path, document: Table<'_>) -> Result<Option<Draft>, Error> {
    let Some(value) = document.get("project") else { return Ok(None) };
    let project = value.table()?;
    let mut draft = Draft { leaves: Some(dynamic(project)?), ..Draft::default() };
    for (key, field) in [
        ("name", "name"),
        ("version", "version"),
        ("description", "summary"),
        ("requires-python", "requires_python"),
    ] {
        if let Some((text, place)) = project.text(key)? {
            draft.text(field, text, place);
        }
    }
    for (key, field) in
        [("keywords", "keywords"), ("classifiers", "classifiers"), ("dependencies", "dependencies")]
    {
        if let Some(value) = project.get(key) {
            draft.list(field, value.texts()?, value.place());
        }
    }
    if let Some(readme) = project.get("readme") {
        read_readme(root, readme, &mut draft)?;
    }
    if let Some(license) = project.get("license") {
        read_license(root, license, &mut draft)?;
    }
    for (key, name, email) in
        [("authors", "author", "author_email"), ("maintainers", "maintainer", "maintainer_email")]
    {
        if let Some(people) = project.get(key) {
            read_people(people, name, email, &mut draft)?;
        }
    }
    if let Some(urls) = project.get("urls") {
        for url in urls.table()?.values() {
            draft.urls.push((url.key().to_owned(), url.text()?.to_owned()));
        }
    }
    if let Some(extras) = project.get("optional-dependencies") {
        for extra in extras.table()?.values() {
            draft.extras.insert(extra.key().to_owned(), extra.texts()?);
        }
    }
    if draft.get("name").is_none() {
        return Err(Error::Value {
            place: value.place(),
            problem: "`[project]` has no `name`".into(),
            hint: "Write `name = \"…\"` below `[project]`: PEP 621 demands it.".into(),
        });
    }
    setuptools_dynamic(root, document, &mut draft)?;
    flit_dynamic(root, document, &mut draft)?;
    Ok(Some(draft))
}

/// The fields that `dynamic` leaves to the build backend.
fn dynamic(project: Table<'_>) -> Result<BTreeSet<&'static str>, Error> {
    let mut fields = BTreeSet::new();
    let Some(value) = project.get("dynamic") else { return Ok(fields) };
    for item in value.items()? {
        let key = item.text()?;
        if key == "name" || project.get(key).is_some() {
            return Err(Error::Value {
                place: item.place(),
                problem: format!("`{key}` cannot be both in `[project]` and in its `dynamic`"),
                hint: format!("Remove `{key}` from one of the two."),
            });
        }
        let known = FIELDS.iter().find(|(name, _)| *name == key).map_or(&[][..], |(_, fields)| fields);
        fields.extend(known);
    }
    Ok(fields)
}

fn read_readme(root: &Path, readme: Value<'_>, draft: &mut Draft) -> Result<(), Error> {
    let place = readme.place();
    if let Some(file) = readme.as_text() {
        draft.text("long_description", files::read_text(&root.join(file))?, place.clone());
        draft.text("long_description_type", content_type_of(file).unwrap_or_default(), place);
        return Ok(());
    }
    let table = readme.table()?;
    if let Some((file, place)) = table.text("file")? {
        draft.text("long_description", files::read_text(&root.join(&file))?, place.clone());
        draft.text("long_description_type", content_type_of(&file).unwrap_or_default(), place);
    } else if let Some((text, place)) = table.text("text")? {
        draft.text("long_description", text, place);
    }
    if let Some((content_type, place)) = table.text("content-type")? {
        draft.text("long_description_type", content_type, place);
    }
    Ok(())
}

/// An SPDX expression (PEP 639), or the older table with a text or a file. The text of a file is not the licence's name:
/// the name of the file stands for it.
fn read_license(root: &Path, license: Value<'_>, draft: &mut Draft) -> Result<(), Error> {
    if let Some(expression) = license.as_text() {
        draft.text("license", expression, license.place());
        return Ok(());
    }
    let table = license.table()?;
    if let Some((text, place)) = table.text("text")? {
        draft.text("license", text, place);
    } else if let Some((file, place)) = table.text("file")? {
        files::read(&root.join(&file))?;
        draft.text("license", format!("see {file}"), place);
    }
    Ok(())
}

fn read_people(
    people: Value<'_>,
    name_field: &'static str,
    email_field: &'static str,
    draft: &mut Draft,
) -> Result<(), Error> {
    let mut names = Vec::new();
    let mut emails = Vec::new();
    for person in people.items()? {
        let person = person.table()?;
        names.extend(person.text("name")?.map(|(name, _)| name));
        emails.extend(person.text("email")?.map(|(email, _)| email));
    }
    draft.text(name_field, names.join(", "), people.place());
    draft.text(email_field, emails.join(", "), people.place());
    Ok(())
}

/// What `[tool.setuptools.dynamic]` takes from files. The version is told elsewhere, because it may need a module.
fn setuptools_dynamic(root: &Path, document: Table<'_>, draft: &mut Draft) -> Result<(), Error> {
    let Some(dynamic) = document.table(&["tool", "setuptools", "dynamic"]) else { return Ok(()) };
    for value in dynamic.values() {
        if value.key() == "version" {
            continue;
        }
        let table = value.table()?;
        if value.key() == "optional-dependencies" {
            for extra in table.values() {
                if let Some(file) = extra.table()?.get("file") {
                    let text = joined(root, &file.one_or_more()?)?;
                    draft.extras.insert(extra.key().to_owned(), super::requirements::requirements_of(&text));
                }
            }
            continue;
        }
        let Some(file) = table.get("file") else { continue };
        let names = file.one_or_more()?;
        let text = joined(root, &names)?;
        let place = value.place();
        match value.key() {
            "description" => draft.text("summary", text.trim(), place),
            "readme" => {
                draft.text("long_description", text, place.clone());
                let by_name = names.first().and_then(|name| content_type_of(name)).unwrap_or_default();
                let given = table.text("content-type")?.map(|(given, _)| given);
                draft.text("long_description_type", given.unwrap_or_else(|| by_name.to_owned()), place);
            }
            "classifiers" => draft.list("classifiers", filled_lines(&text), place),
            "keywords" => draft.list("keywords", super::draft::split_keywords(&text), place),
            "requires-python" => draft.text("requires_python", text.trim(), place),
            "dependencies" => draft.list("dependencies", super::requirements::requirements_of(&text), place),
            _ => {}
        }
    }
    Ok(())
}

/// flit's dynamic `description`: the first line of the module's docstring.
fn flit_dynamic(root: &Path, document: Table<'_>, draft: &mut Draft) -> Result<(), Error> {
    let left = draft.leaves.as_ref().is_some_and(|leaves| leaves.contains("summary"));
    let backend = document.table(&["build-system"]).and_then(|table| table.get("build-backend"));
    let is_flit = backend.and_then(Value::as_text).is_some_and(|backend| backend.starts_with("flit"));
    if !left || !is_flit {
        return Ok(());
    }
    let Some((_, module)) = version::flit_module(document)? else { return Ok(()) };
    let Some(file) = literal::module_file(root, &["", "src"], &module) else { return Ok(()) };
    if let Some((line, summary)) = literal::docstring(&files::read_text(&file)?) {
        draft.text("summary", summary, Location::at(file, line, 1));
    }
    Ok(())
}

fn joined(root: &Path, names: &[String]) -> Result<String, Error> {
    let texts: Result<Vec<String>, _> = names.iter().map(|name| files::read_text(&root.join(name))).collect();
    Ok(texts?.join("\n"))
}
