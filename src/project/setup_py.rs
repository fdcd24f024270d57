//! The keywords of a `setup()` call as metadata.

use std::path::Path;

use serde_json::Value;

use super::draft::{Draft, filled_lines, split_keywords};
use super::inspector::{Keyword, Setup};
use super::requirements::requirements_of;
use super::{Error, FeedKeywords};
use crate::error::Location;

/// The keywords that are texts, and the fields they are.
const TEXTS: [(&str, &str); 13] = [
    ("name", "name"),
    ("version", "version"),
    ("description", "summary"),
    ("long_description", "long_description"),
    ("long_description_content_type", "long_description_type"),
    ("author", "author"),
    ("author_email", "author_email"),
    ("maintainer", "maintainer"),
    ("maintainer_email", "maintainer_email"),
    ("url", "url"),
    ("download_url", "download_url"),
    ("license", "license"),
    ("python_requires", "requires_python"),
];

/// What the call says. `path` is the script.
///
/// # Errors
/// The script is malformed or failed when it was run, or a value has the wrong type.
pub(super) fn read(path: &Path, setup: &Setup) -> Result<Draft, Error> {
    if let Some(malformed) = &setup.malformed {
        let place = Location::at(path, malformed.line, malformed.column);
        return Err(Error::Syntax { place, problem: malformed.message.clone() });
    }
    if let Some(problem) = &setup.failed {
        return Err(Error::SetupPy { path: path.to_owned(), problem: problem.trim().to_owned() });
    }
    let mut draft = Draft::default();
    for (keyword, field) in TEXTS {
        if let Some((value, place)) = take(path, setup, keyword, field, &mut draft) {
            draft.text(field, text_of(keyword, value, &place)?, place);
        }
    }
    for (keyword, field) in
        [("keywords", "keywords"), ("classifiers", "classifiers"), ("install_requires", "dependencies")]
    {
        if let Some((value, place)) = take(path, setup, keyword, field, &mut draft) {
            draft.list(field, list_of(keyword, value, &place)?, place);
        }
    }
    if let Some((Value::Object(urls), _)) = take(path, setup, "project_urls", "urls", &mut draft) {
        let urls = urls.iter().filter_map(|(label, url)| Some((label.clone(), url.as_str()?.to_owned())));
        draft.urls.extend(urls);
    }
    if let Some((Value::Object(extras), place)) = take(path, setup, "extras_require", "extras", &mut draft) {
        for (extra, value) in extras {
            draft.extras.insert(extra.clone(), list_of("install_requires", value, &place)?);
        }
    }
    read_version_tools(path, setup, &mut draft);
    for keyword in FeedKeywords::STRINGS.into_iter().chain(FeedKeywords::LISTS) {
        if let Some((value, place)) = take(path, setup, keyword, keyword, &mut draft) {
            draft.feed.set(keyword, value, &place)?;
            draft.feed_places.insert(keyword, place);
        }
    }
    Ok(draft)
}

/// A keyword's value; one that cannot be told is noted.
fn take<'a>(
    path: &Path,
    setup: &'a Setup,
    keyword: &str,
    field: &'static str,
    draft: &mut Draft,
) -> Option<(&'a Value, Location)> {
    let Keyword { value, unknown, line } = setup.keywords.get(keyword)?;
    let place = Location::at(path, *line, 0);
    if let Some(expression) = unknown {
        draft.unknown.insert(field, (expression.clone(), place));
        return None;
    }
    (!value.is_null()).then_some((value, place))
}

/// The version comes from Git: `use_scm_version` (`setuptools_scm`) and `pbr`.
fn read_version_tools(path: &Path, setup: &Setup, draft: &mut Draft) {
    let has_version = draft.get("version").is_some();
    for keyword in ["use_scm_version", "pbr", "version_config", "vcversioner"] {
        let Some(found) = setup.keywords.get(keyword) else { continue };
        let off = found.unknown.is_none() && matches!(found.value, Value::Null | Value::Bool(false));
        if !off && !has_version {
            draft.unknown.insert("version", (keyword.to_owned(), Location::at(path, found.line, 0)));
        }
    }
    let all_unknown = setup.keywords.get("**").and_then(|found| Some((found.unknown.clone()?, found.line)));
    if let Some((expression, line)) = all_unknown {
        for field in ["name", "version"] {
            if draft.get(field).is_none() {
                let unknown = (format!("**{expression}"), Location::at(path, line, 0));
                draft.unknown.entry(field).or_insert(unknown);
            }
        }
    }
}

fn text_of(keyword: &str, value: &Value, place: &Location) -> Result<String, Error> {
    match value {
        Value::String(text) => Ok(text.clone()),
        // setuptools takes numbers for versions.
        Value::Number(number) if keyword == "version" => Ok(number.to_string()),
        Value::Array(parts) if keyword == "python_requires" || keyword == "version" => {
            let parts =
                parts.iter().map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned));
            Ok(parts.collect::<Vec<_>>().join(if keyword == "version" { "." } else { "," }))
        }
        _ => Err(wrong(keyword, "a string", value, place)),
    }
}

fn list_of(keyword: &str, value: &Value, place: &Location) -> Result<Vec<String>, Error> {
    match value {
        Value::String(text) => Ok(match keyword {
            "keywords" => split_keywords(text),
            "install_requires" => requirements_of(text),
            _ => filled_lines(text),
        }),
        Value::Array(items) => {
            let texts: Option<Vec<String>> =
                items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
            texts.ok_or_else(|| wrong(keyword, "a list of strings", value, place))
        }
        _ => Err(wrong(keyword, "a list of strings", value, place)),
    }
}

fn wrong(keyword: &str, expected: &'static str, value: &Value, place: &Location) -> Error {
    Error::KeywordType {
        keyword: keyword.to_owned(),
        expected,
        found: value.to_string(),
        place: place.clone(),
    }
}
