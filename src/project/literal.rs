//! Constants of Python modules, for versions that stand in a module: `__version__ = "1.0"`.
//!
//! One assignment of a literal at the left margin is understood, and a name that is imported from another module of the
//! project. More is told by `inspect` with Python's own parser, or not at all.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

use super::Error;
use crate::error::Location;
use crate::files;

/// How many imports are followed.
const DEPTH: usize = 5;

/// What is known of a name of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Constant {
    /// A text, number or tuple of them (joined by dots, as setuptools does), and where it stands.
    Value(String, Location),
    /// An expression that is no literal, and where it stands.
    Expression(String, Location),
    /// The module has no such name.
    Missing(PathBuf),
}

/// The file of a module below one of the folders `bases` of a project.
pub(super) fn module_file(root: &Path, bases: &[&str], module: &str) -> Option<PathBuf> {
    if module.is_empty() || module.split('.').any(|part| part.is_empty() || part.contains(['/', '\\', ':'])) {
        return None;
    }
    let relative: PathBuf = module.split('.').collect();
    bases.iter().find_map(|base| {
        let base = if base.is_empty() { root.to_owned() } else { root.join(base) };
        let stem = base.join(&relative);
        [stem.join("__init__.py"), stem.with_extension("py")].into_iter().find(|file| file.is_file())
    })
}

/// The constant `name` of the module in `file`.
pub(super) fn constant(root: &Path, bases: &[&str], file: &Path, name: &str) -> Result<Constant, Error> {
    let mut file = file.to_owned();
    let mut name = name.to_owned();
    for _ in 0..DEPTH {
        let text = String::from_utf8_lossy(&files::read(&file)?).into_owned();
        if let Some((line, expression)) = assignment(&text, &name) {
            let place = Location::at(&file, line, 0);
            return Ok(match literal(expression) {
                Some(value) => Constant::Value(value, place),
                None => Constant::Expression(expression.trim().to_owned(), place),
            });
        }
        let Some((module, original)) = import(&text, &name) else { break };
        let found = match module.strip_prefix('.') {
            Some(rest) => relative_file(&file, rest),
            None => module_file(root, bases, &module),
        };
        let Some(next) = found else { break };
        file = next;
        name = original;
    }
    Ok(Constant::Missing(file))
}

/// The last assignment to a name at the left margin: its line and the text after `=`.
fn assignment<'a>(text: &'a str, name: &str) -> Option<(usize, &'a str)> {
    let mut found = None;
    for (at, line) in text.lines().enumerate() {
        let Some(rest) = line.strip_prefix(name) else { continue };
        let rest = rest.trim_start();
        let rest = match rest.strip_prefix(':') {
            Some(annotated) => annotated.split_once('=').map(|(_, value)| value),
            None => rest.strip_prefix('='),
        };
        // A second `=` would be a comparison.
        if let Some(value) = rest.filter(|value| !value.starts_with('=')) {
            found = Some((at + 1, value));
        }
    }
    found
}

/// The value of a literal: a text, a number, or a tuple or list of these joined by dots.
fn literal(expression: &str) -> Option<String> {
    static TEXT: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"^[rRuU]?(?:"([^"\\]*)"|'([^'\\]*)')\s*(?:[#;].*)?$"#).ok());
    static NUMBER: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^([0-9]+(?:\.[0-9]+)?)\s*(?:#.*)?$").ok());
    let expression = expression.trim();
    if let Some(found) = TEXT.as_ref()?.captures(expression) {
        return found.get(1).or(found.get(2)).map(|text| text.as_str().to_owned());
    }
    if let Some(found) = NUMBER.as_ref()?.captures(expression) {
        return Some(found[1].to_owned());
    }
    let inner = expression.strip_prefix('(').map(|rest| (rest, ')'));
    let (inner, close) = inner.or_else(|| expression.strip_prefix('[').map(|rest| (rest, ']')))?;
    let (inner, after) = inner.split_once(close)?;
    if !(after.trim().is_empty() || after.trim_start().starts_with('#')) {
        return None;
    }
    let parts: Option<Vec<String>> =
        inner.split(',').map(str::trim).filter(|part| !part.is_empty()).map(literal).collect();
    parts.filter(|parts| !parts.is_empty()).map(|parts| parts.join("."))
}

/// The first filled line of a module's docstring, and the line it stands in.
///
/// Only what stands in the source is read: blank lines and comments may come before it, as the language allows.
pub(super) fn docstring(text: &str) -> Option<(usize, String)> {
    static OPENING: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"\A\u{feff}?(?:[ \t]*(?:#[^\n]*)?\r?\n)*[rRuU]?("""|'''|"|')"#).ok());
    let opening = OPENING.as_ref()?.captures(text)?.get(1)?;
    let inner = &text[opening.end()..];
    let inner = &inner[..inner.find(opening.as_str())?];
    let (offset, summary) = inner.split('\n').enumerate().find(|(_, line)| !line.trim().is_empty())?;
    let line = text[..opening.start()].matches('\n').count() + 1 + offset;
    Some((line, summary.trim().to_owned()))
}

/// Where a name is imported from: the module and its name there.
fn import(text: &str, name: &str) -> Option<(String, String)> {
    static IMPORT: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?m)^from\s+([.\w]+)\s+import\s+(?:\(([^)]*)\)|([^\n(]*))").ok());
    for found in IMPORT.as_ref()?.captures_iter(text) {
        let names = found.get(2).or(found.get(3))?.as_str();
        let names = names.lines().map(|line| line.split('#').next().unwrap_or_default());
        for part in names.collect::<Vec<_>>().join(" ").split(',') {
            let words: Vec<&str> = part.split_whitespace().collect();
            match words.as_slice() {
                [original, "as", alias] if *alias == name => {
                    return Some((found[1].into(), (*original).into()));
                }
                [original] if *original == name => return Some((found[1].into(), (*original).into())),
                _ => {}
            }
        }
    }
    None
}

/// The file of a relative import; the first dot is taken off already.
fn relative_file(from: &Path, rest: &str) -> Option<PathBuf> {
    let mut folder = from.parent()?;
    let module = rest.trim_start_matches('.');
    for _ in 0..rest.len() - module.len() {
        folder = folder.parent()?;
    }
    module_file(folder, &[""], module)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::tests::tree;

    fn version_in(text: &str) -> Constant {
        let root = tree(&[("pkg/__init__.py", text), ("pkg/_version.py", "version = '3.2'  # made\n")]);
        let file = root.path().join("pkg/__init__.py");
        match constant(root.path(), &[""], &file, "__version__").unwrap() {
            Constant::Value(value, place) => Constant::Value(value, Location::at("", place.line, 0)),
            Constant::Expression(text, place) => Constant::Expression(text, Location::at("", place.line, 0)),
            Constant::Missing(_) => Constant::Missing(PathBuf::new()),
        }
    }

    #[test]
    fn literals_and_names_from_other_modules_are_found() {
        for (text, value) in [
            ("__version__ = \"1.0\"\n", "1.0"),
            ("import os\n\n__version__: str = '1.0rc1'  # soon\n", "1.0rc1"),
            ("__version__ = (1, 2, 'dev3')\n", "1.2.dev3"),
            ("__version__ = 1.5\n", "1.5"),
            ("from ._version import version as __version__\n", "3.2"),
            ("from pkg._version import (\n    other,  # x\n    version as __version__,\n)\n", "3.2"),
        ] {
            assert!(matches!(version_in(text), Constant::Value(found, _) if found == value), "{text}");
        }
    }

    #[test]
    fn the_first_line_of_a_docstring_is_found() {
        for (text, line, summary) in [
            ("\"\"\"Greets.\"\"\"\n", 1, "Greets."),
            ("#!/usr/bin/env python\n# Licence.\n\n\'\'\'\n  Greets.\n\nMore.\n\'\'\'\n", 5, "Greets."),
            ("r\"Greets.\"\nimport os\n", 1, "Greets."),
        ] {
            assert_eq!(docstring(text), Some((line, summary.to_owned())), "{text}");
        }
        for text in ["import os\n\"\"\"No.\"\"\"\n", "\"\"\"never closed", "\"\"\" \n \"\"\"", ""] {
            assert_eq!(docstring(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_literal_is_told_as_it_stands() {
        let found = version_in("\n__version__ = version(\"pkg\")\n");
        assert_eq!(found, Constant::Expression("version(\"pkg\")".into(), Location::at("", 2, 0)));
        assert_eq!(version_in("__version__ == 1\n__versions__ = '1'\n"), Constant::Missing(PathBuf::new()));
    }
}
