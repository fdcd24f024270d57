//! Versions that the metadata leaves to the build backend: in a module, a file, `Cargo.toml` or the history of Git.
//!
//! Each backend's own settings say where; the place is read, nothing is run. What only the history tells is taken from
//! `PKG-INFO` or the environment, or is an error that says what to set.

use std::collections::BTreeMap;
use std::path::Path;

use regex::Regex;

use super::Error;
use super::literal::{self, Constant};
use super::names::normalized_name;
use super::toml_document::{Table, TomlFile, Value};
use crate::error::Location;
use crate::files;

/// What the settings of the build backend say about a dynamic version.
#[derive(Debug)]
pub(super) enum Version {
    /// It was found.
    Found(String, Location),
    /// It cannot be told from the files: the expression or tool, and the place that names it.
    Unknown(String, Location),
    /// Nothing is said here.
    Unsaid,
}

/// Where hatchling looks when it is given no pattern.
const HATCH_PATTERN: &str = r#"(?im)^(?:__version__|VERSION)(?: ?: ?str)? *= *(?:"v?(?P<version>[^"\n]+)"|'v?(?P<version2>[^'\n]+)')"#;

/// The constant that setuptools' `attr:` names: `package.module.NAME`.
pub(super) fn of_attribute(root: &Path, folders: &[&str], attribute: &str) -> Result<Constant, Error> {
    let (module, name) = attribute.rsplit_once('.').unwrap_or(("__init__", attribute));
    match literal::module_file(root, folders, module) {
        Some(file) => literal::constant(root, folders, &file, name),
        None => Ok(Constant::Missing(root.join(module.replace('.', "/")))),
    }
}

/// The dynamic version of a `pyproject.toml`.
///
/// # Errors
/// A file that is named cannot be read, or does not have it.
pub(super) fn dynamic(
    root: &Path,
    document: Table<'_>,
    environment: &BTreeMap<String, String>,
) -> Result<Version, Error> {
    let backend = document.table(&["build-system"]).and_then(|table| table.get("build-backend"));
    let backend = backend.and_then(Value::as_text).unwrap_or("setuptools.build_meta");
    let tool = |names: &[&'static str]| document.table(&[&["tool"], names].concat());
    match backend.split('.').next().unwrap_or_default() {
        "hatchling" => hatch(root, tool(&["hatch", "version"]), document, environment),
        "flit_core" | "flit" => flit(root, document),
        "pdm" => pdm(root, tool(&["pdm", "version"]), document),
        "maturin" => maturin(root, tool(&["maturin"])),
        "scikit_build_core" => scikit(root, tool(&["scikit-build", "metadata", "version"])),
        "poetry" => Ok(Version::Unsaid),
        _ => setuptools(root, document),
    }
}

fn setuptools(root: &Path, document: Table<'_>) -> Result<Version, Error> {
    if let Some(value) =
        document.table(&["tool", "setuptools", "dynamic"]).and_then(|dynamic| dynamic.get("version"))
    {
        let table = value.table()?;
        if let Some((attribute, place)) = table.text("attr")? {
            let folders = package_folders(document);
            let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
            return constant(
                of_attribute(root, &folders, &attribute)?,
                &format!("attr = \"{attribute}\""),
                place,
            );
        }
        if let Some(file) = table.get("file") {
            let texts: Result<Vec<String>, _> =
                file.one_or_more()?.iter().map(|name| files::read_text(&root.join(name))).collect();
            return Ok(Version::Found(texts?.join("\n").trim().to_owned(), file.place()));
        }
    }
    if let Some(scm) = document.table(&["tool", "setuptools_scm"]) {
        return Ok(Version::Unknown("setuptools_scm".into(), scm.place()));
    }
    let requires = document.table(&["build-system"]).and_then(|table| table.get("requires"));
    if let Some(requires) = requires {
        for item in requires.items()? {
            let text = normalized_name(item.text()?);
            if let Some(tool) = ["setuptools-scm", "versioneer", "pbr", "setuptools-git-versioning"]
                .iter()
                .find(|tool| text.starts_with(**tool))
            {
                return Ok(Version::Unknown((*tool).to_owned(), item.place()));
            }
        }
    }
    Ok(Version::Unsaid)
}

/// Where setuptools looks for packages.
fn package_folders(document: Table<'_>) -> Vec<String> {
    let mut folders = Vec::new();
    if let Some(table) = document.table(&["tool", "setuptools", "package-dir"]) {
        folders.extend(table.get("").and_then(|value| Some(value.as_text()?.to_owned())));
    }
    if let Some(place) = document.table(&["tool", "setuptools", "packages", "find"]) {
        let named = place.get("where").and_then(|value| value.texts().ok());
        folders.extend(named.unwrap_or_default());
    }
    folders.extend([String::new(), "src".to_owned()]);
    folders
}

fn constant(found: Constant, said: &str, place: Location) -> Result<Version, Error> {
    match found {
        Constant::Value(version, place) => Ok(Version::Found(version, place)),
        Constant::Expression(expression, place) => Ok(Version::Unknown(expression, place)),
        Constant::Missing(file) => Err(Error::NoVersion {
            place,
            problem: format!("`{said}` names nothing in `{}`", file.display()),
        }),
    }
}

fn hatch(
    root: &Path,
    table: Option<Table<'_>>,
    document: Table<'_>,
    environment: &BTreeMap<String, String>,
) -> Result<Version, Error> {
    let Some(table) = table else {
        let place = document.get("project").map(Value::place).unwrap_or_default();
        let problem = "`dynamic` names the version, and there is no `[tool.hatch.version]`".into();
        return Err(Error::NoVersion { place, problem });
    };
    let source = table.text("source")?.map(|(source, _)| source);
    match source.as_deref() {
        Some("vcs") => Ok(Version::Unknown("hatch-vcs".into(), table.place())),
        Some("env") => {
            let name = table.text("variable")?.map(|(name, _)| name).unwrap_or_default();
            match environment.get(&name) {
                Some(version) => Ok(Version::Found(version.clone(), table.place())),
                None => Ok(Version::Unknown(format!("environment variable {name}"), table.place())),
            }
        }
        _ => {
            let Some((path, place)) = table.text("path")? else {
                let problem = "`[tool.hatch.version]` has no `path`".to_owned();
                return Err(Error::NoVersion { place: table.place(), problem });
            };
            if source.as_deref() == Some("code") {
                let expression = table.text("expression")?.map_or("__version__".into(), |(text, _)| text);
                let found = literal::constant(root, &["", "src"], &root.join(&path), &expression)?;
                return constant(found, &format!("path = \"{path}\""), place);
            }
            let pattern = table.text("pattern")?;
            let pattern = pattern.as_ref().map_or(HATCH_PATTERN, |(text, _)| text.as_str());
            by_pattern(root, &path, pattern, place)
        }
    }
}

/// The group `version` of a pattern in a file. A bare `true` or the default stands for hatchling's own.
fn by_pattern(root: &Path, path: &str, pattern: &str, place: Location) -> Result<Version, Error> {
    let text = files::read_text(&root.join(path))?;
    // Python writes named groups and backreferences that `regex` does not have; what it cannot read is not guessed.
    let multiline = format!("(?m){pattern}");
    let Ok(pattern) = Regex::new(&multiline) else {
        return Ok(Version::Unknown(format!("pattern {pattern}"), place));
    };
    let found = pattern.captures(&text);
    let version = found.as_ref().and_then(|found| found.name("version").or(found.name("version2")));
    match version {
        Some(version) => {
            let (line, column) = crate::xml::position(&text, version.start());
            Ok(Version::Found(version.as_str().to_owned(), Location::at(root.join(path), line, column)))
        }
        None => Err(Error::NoVersion { place, problem: format!("the pattern matches nothing in `{path}`") }),
    }
}

/// What names the module of a flit project, its setting or else the project's name, and the module.
pub(super) fn flit_module(document: Table<'_>) -> Result<Option<(Value<'_>, String)>, Error> {
    let module = document.table(&["tool", "flit", "module"]).and_then(|table| table.get("name"));
    let Some(name) = module.or_else(|| document.table(&["project"])?.get("name")) else { return Ok(None) };
    Ok(Some((name, name.text()?.replace('-', "_"))))
}

fn flit(root: &Path, document: Table<'_>) -> Result<Version, Error> {
    let Some((name, module)) = flit_module(document)? else { return Ok(Version::Unsaid) };
    match literal::module_file(root, &["", "src"], &module) {
        Some(file) => {
            let found = literal::constant(root, &["", "src"], &file, "__version__")?;
            constant(found, "__version__", name.place())
        }
        None => {
            Err(Error::NoVersion { place: name.place(), problem: format!("there is no module `{module}`") })
        }
    }
}

fn pdm(root: &Path, table: Option<Table<'_>>, document: Table<'_>) -> Result<Version, Error> {
    let Some(table) = table else {
        let place = document.get("project").map(Value::place).unwrap_or_default();
        return Err(Error::NoVersion { place, problem: "there is no `[tool.pdm.version]`".into() });
    };
    match table.text("source")?.as_ref().map(|(source, _)| source.as_str()) {
        Some("file") => {
            let Some((path, place)) = table.text("path")? else {
                let problem = "`[tool.pdm.version]` has no `path`".to_owned();
                return Err(Error::NoVersion { place: table.place(), problem });
            };
            by_pattern(root, &path, HATCH_PATTERN, place)
        }
        Some(source) => Ok(Version::Unknown(format!("pdm's source {source}"), table.place())),
        None => Ok(Version::Unsaid),
    }
}

fn maturin(root: &Path, table: Option<Table<'_>>) -> Result<Version, Error> {
    let path = table.map(|table| table.text("manifest-path")).transpose()?.flatten();
    let path = root.join(path.map_or("Cargo.toml".into(), |(path, _)| path));
    let file = TomlFile::read(&path)?;
    let document = file.parse()?;
    let package = file.table(&document).table(&["package"]);
    match package.and_then(|package| package.get("version")) {
        Some(version) => match version.as_text() {
            Some(text) => Ok(Version::Found(text.to_owned(), version.place())),
            None => Ok(Version::Unknown("the workspace's version".into(), version.place())),
        },
        None => Err(Error::NoVersion {
            place: Location::file(path),
            problem: "`[package]` has no `version`".into(),
        }),
    }
}

fn scikit(root: &Path, table: Option<Table<'_>>) -> Result<Version, Error> {
    let Some(table) = table else { return Ok(Version::Unsaid) };
    let provider = table.text("provider")?.map(|(provider, _)| provider).unwrap_or_default();
    match table.text("input")? {
        Some((path, place)) if provider == "scikit_build_core.metadata.regex" => {
            let pattern = table.text("regex")?;
            let pattern = pattern.as_ref().map_or(HATCH_PATTERN, |(text, _)| text.as_str());
            by_pattern(root, &path, &pattern.replace("(?P<value>", "(?P<version>"), place)
        }
        _ => Ok(Version::Unknown(provider, table.place())),
    }
}

/// The version that the environment gives to the tools that take it from Git.
pub(super) fn pretended(name: &str, environment: &BTreeMap<String, String>) -> Option<String> {
    let suffix = normalized_name(name).replace('-', "_").to_uppercase();
    let names = [
        format!("SETUPTOOLS_SCM_PRETEND_VERSION_FOR_{suffix}"),
        "SETUPTOOLS_SCM_PRETEND_VERSION".into(),
        "PBR_VERSION".into(),
    ];
    names.iter().find_map(|name| environment.get(name)).filter(|version| !version.is_empty()).cloned()
}
