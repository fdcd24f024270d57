//! `setup.cfg`: metadata in setuptools' declarative form, and the options of the original's commands.

use std::path::Path;

use super::Error;
use super::draft::{Draft, filled_lines, split_keywords};
use super::ini::{Duplicates, Ini};
use super::literal::Constant;
use super::requirements::requirements_of;
use super::version;
use crate::error::Location;
use crate::files;

/// The options that the original's commands took from `setup.cfg`.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct ClassicCommands {
    /// `[bdist_webpi] msdeploy_bdists`: the folders of the packages of a feed, split as a shell splits words.
    pub msdeploy_bdists: Vec<String>,
    /// `[bdist_webpi] msdeploy_url_template`: the template of the packages' URLs.
    pub msdeploy_url_template: Option<String>,
    /// `[bdist_webpi] dist_dir`, else `[bdist_msdeploy] dist_dir`: where outputs go.
    pub dist_dir: Option<String>,
    /// `[build_msdeploy] stamp_filename`: the name of the stamp.
    pub stamp_filename: Option<String>,
    /// `[test_msdeploy] config_file`: the Paste ini file that was tested.
    pub test_config_file: Option<String>,
    /// `[test_msdeploy] url`: the path that was requested.
    pub test_url: Option<String>,
    /// `[install_msdeploy] skip_fcgi_app_install`.
    pub skip_fcgi_app_install: bool,
}

/// What `setup.cfg` says.
#[derive(Debug, Default)]
pub(super) struct SetupCfg {
    /// `[metadata]` and `[options]`.
    pub(super) draft: Draft,
    /// The options of the original's commands.
    pub(super) commands: ClassicCommands,
    /// Files that are named and not there: setuptools passes over them.
    pub(super) missing: Vec<(String, Location)>,
}

/// Reads the `setup.cfg` at `path`.
pub(super) fn read(root: &Path, path: &Path) -> Result<SetupCfg, Error> {
    let ini = Ini::parse(path, &files::read_text(path)?, Duplicates::Refused)?.interpolated();
    let mut read = SetupCfg { commands: commands(&ini), ..SetupCfg::default() };
    for (keys, field) in [
        (&["name"][..], "name"),
        (&["description", "summary"], "summary"),
        (&["long_description"], "long_description"),
        (&["long_description_content_type"], "long_description_type"),
        (&["author"], "author"),
        (&["author_email"], "author_email"),
        (&["maintainer"], "maintainer"),
        (&["maintainer_email"], "maintainer_email"),
        (&["url", "home_page"], "url"),
        (&["download_url"], "download_url"),
        (&["license"], "license"),
    ] {
        let found = keys.iter().find_map(|key| ini.get("metadata", key));
        if let Some((value, place)) = found {
            let text = file_or_text(root, value, &place, &mut read.missing)?;
            read.draft.text(field, text, place);
        }
    }
    if let Some((value, place)) = ini.get("metadata", "keywords") {
        read.draft.list("keywords", split_keywords_or_lines(value), place);
    }
    if let Some((value, place)) = ini.get("metadata", "classifiers").or(ini.get("metadata", "classifier")) {
        let text = file_or_text(root, value, &place, &mut read.missing)?;
        read.draft.list("classifiers", filled_lines(&text), place);
    }
    for line in ini.get("metadata", "project_urls").map(|(value, _)| filled_lines(value)).unwrap_or_default()
    {
        if let Some((label, url)) = line.split_once('=') {
            read.draft.urls.push((label.trim().to_owned(), url.trim().to_owned()));
        }
    }
    if let Some((value, place)) = ini.get("options", "python_requires") {
        read.draft.text("requires_python", value, place);
    }
    if let Some((value, place)) = ini.get("options", "install_requires") {
        let text = file_or_text(root, value, &place, &mut read.missing)?;
        read.draft.list("dependencies", requirements_of(&text), place);
    }
    for (extra, value, line) in ini.options("options.extras_require") {
        let text = file_or_text(root, value, &ini.place(*line), &mut read.missing)?;
        read.draft.extras.insert(extra.clone(), requirements_of(&text));
    }
    read_version(root, &ini, &mut read)?;
    Ok(read)
}

/// The version: a text, `file:`, or `attr:` of a module that is read, not imported.
fn read_version(root: &Path, ini: &Ini, read: &mut SetupCfg) -> Result<(), Error> {
    let Some((value, place)) = ini.get("metadata", "version") else { return Ok(()) };
    let Some(attribute) = value.trim().strip_prefix("attr:") else {
        let text = file_or_text(root, value, &place, &mut read.missing)?;
        read.draft.text("version", text.trim(), place);
        return Ok(());
    };
    let folders = package_folders(ini);
    let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
    match version::of_attribute(root, &folders, attribute.trim())? {
        Constant::Value(version, place) => read.draft.text("version", version, place),
        Constant::Expression(expression, place) => {
            read.draft.unknown.insert("version", (expression, place));
        }
        Constant::Missing(_) => {
            read.draft.unknown.insert("version", (value.trim().to_owned(), place));
        }
    }
    Ok(())
}

/// The folders that modules are in: `[options] package_dir`, the root, `src`.
fn package_folders(ini: &Ini) -> Vec<String> {
    let lines = ini.get("options", "package_dir").map(|(value, _)| filled_lines(value)).unwrap_or_default();
    let named =
        lines.iter().filter_map(|line| line.split_once('=')).filter(|(package, _)| package.trim().is_empty());
    let mut folders: Vec<String> = named.map(|(_, folder)| folder.trim().to_owned()).collect();
    folders.extend([String::new(), "src".to_owned()]);
    folders
}

/// A value, or the texts of the files that `file:` names. Files that are not there are passed over.
fn file_or_text(
    root: &Path,
    value: &str,
    place: &Location,
    missing: &mut Vec<(String, Location)>,
) -> Result<String, Error> {
    let Some(names) = value.trim_start().strip_prefix("file:") else { return Ok(value.to_owned()) };
    let mut texts = Vec::new();
    for name in names.split([',', '\n']).map(str::trim).filter(|name| !name.is_empty()) {
        let path = root.join(name);
        if path.exists() {
            texts.push(files::read_text(&path)?);
        } else {
            missing.push((name.to_owned(), place.clone()));
        }
    }
    Ok(texts.join("\n"))
}

/// Keywords on lines of their own, or split as everywhere.
fn split_keywords_or_lines(value: &str) -> Vec<String> {
    let lines = filled_lines(value);
    if lines.len() > 1 && !value.contains(',') { lines } else { split_keywords(value) }
}

fn commands(ini: &Ini) -> ClassicCommands {
    let text = |section: &str, option: &str| {
        ini.get(section, option).map(|(value, _)| value.trim().to_owned()).filter(|value| !value.is_empty())
    };
    ClassicCommands {
        msdeploy_bdists: text("bdist_webpi", "msdeploy_bdists")
            .map(|text| shell_words(&text))
            .unwrap_or_default(),
        msdeploy_url_template: text("bdist_webpi", "msdeploy_url_template"),
        dist_dir: text("bdist_webpi", "dist_dir").or_else(|| text("bdist_msdeploy", "dist_dir")),
        stamp_filename: text("build_msdeploy", "stamp_filename"),
        test_config_file: text("test_msdeploy", "config_file"),
        test_url: text("test_msdeploy", "url"),
        skip_fcgi_app_install: text("install_msdeploy", "skip_fcgi_app_install").is_some_and(|value| {
            ["1", "true", "yes", "on", "y", "t"].contains(&value.to_lowercase().as_str())
        }),
    }
}

/// Words as a shell splits them: quotes keep blanks. A backslash separates folders here and is kept.
fn shell_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for character in text.chars() {
        match quote {
            Some(open) if character == open => quote = None,
            None if matches!(character, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            None if character.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_a_feed_are_split_as_a_shell_does() {
        assert_eq!(shell_words(" a.msdeploy\n'b c'  d\\\"e f\" "), ["a.msdeploy", "b c", "d\\e f"]);
    }
}
