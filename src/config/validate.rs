//! What types cannot say about a configuration: settings that exclude or need each other, names that stand twice.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use super::error::{Problem, SettingError};
use super::file::{DiscoveryHint, FileConfig, HeaderCheck, Parameter, Request};

/// The first thing that is wrong, with its path and without its place.
pub(super) fn check(settings: &FileConfig) -> Result<(), SettingError> {
    below("bootstrap.venv", &settings.bootstrap.venv)?;
    below("vendor.folder", &settings.vendor.folder)?;
    if let Some(name) = &settings.package.file_name {
        file_name("package.file-name", name)?;
    }
    if let Some(name) = &settings.feed.file_name {
        file_name("feed.file-name", name)?;
    }
    if let Some(github) = &settings.publish.github {
        if github.notes.is_some() && github.notes_file.is_some() {
            return Err(wrong(&["publish", "github"], "cannot have both `notes` and `notes-file`"));
        }
        if let Some(name) = &github.feed_name {
            file_name("publish.github.feed-name", name)?;
        }
    }
    distinct("environment", settings.environment.keys().map(super::file::EnvironmentName::as_str))?;
    distinct("define", settings.define.keys().map(String::as_str))?;
    distinct("iis.parameters", settings.iis.parameters.keys().map(String::as_str))?;
    let mut names = BTreeMap::new();
    for (index, parameter) in settings.parameters.iter().enumerate() {
        let path = ["parameters".to_owned(), format!("[{index}]")];
        check_parameter(parameter).map_err(|error| error.below(&path))?;
        if names.insert(parameter.name.to_lowercase(), index).is_some() {
            let text =
                format!("`{}` stands twice; names are compared without regard to case", parameter.name);
            return Err(wrong(&["name"], text).below(&path));
        }
    }
    for (index, request) in settings.test.requests.iter().enumerate() {
        let path = ["test".to_owned(), "requests".to_owned(), format!("[{index}]")];
        check_request(request).map_err(|error| error.below(&path))?;
    }
    for (index, hint) in settings.feed.discovery_hints.iter().enumerate() {
        let path = ["feed".to_owned(), "discovery-hints".to_owned(), format!("[{index}]")];
        check_hint(hint).map_err(|error| error.below(&path))?;
    }
    Ok(())
}

impl SettingError {
    fn below(mut self, path: &[String]) -> Self {
        self.path.splice(0..0, path.iter().cloned());
        self
    }
}

fn wrong(path: &[&str], text: impl Into<String>) -> SettingError {
    SettingError {
        path: path.iter().map(|part| (*part).to_owned()).collect(),
        ..Problem::Other(text.into()).into()
    }
}

/// A folder of the package: relative, and not above the application's folder.
fn below(key: &str, text: &str) -> Result<(), SettingError> {
    let inside = |component: Component<'_>| matches!(component, Component::Normal(_) | Component::CurDir);
    if Path::new(text).components().all(inside) && !text.contains(['\\', ':']) {
        return Ok(());
    }
    let path: Vec<&str> = key.split('.').collect();
    Err(wrong(&path, format!("is `{text}`, expected a folder below the application's, with forward slashes")))
}

fn file_name(key: &str, text: &str) -> Result<(), SettingError> {
    if !text.contains(['/', '\\', ':']) {
        return Ok(());
    }
    let path: Vec<&str> = key.split('.').collect();
    Err(wrong(&path, format!("is `{text}`, expected a file name without a folder")))
}

/// Names that Windows, Web Deploy and templates would take for one.
fn distinct<'a>(key: &str, names: impl Iterator<Item = &'a str>) -> Result<(), SettingError> {
    let mut seen = BTreeMap::new();
    for name in names {
        if let Some(other) = seen.insert(name.to_lowercase(), name) {
            let path: Vec<&str> = key.split('.').chain([name]).collect();
            let text = format!("is also set as `{other}`; names are compared without regard to case");
            return Err(wrong(&path, text));
        }
    }
    Ok(())
}

fn check_parameter(parameter: &Parameter) -> Result<(), SettingError> {
    match (&parameter.file, &parameter.placeholder) {
        (Some(_), None) => return Err(Problem::MissingKey { key: "placeholder".into() }.into()),
        (None, Some(_)) => return Err(Problem::MissingKey { key: "file".into() }.into()),
        _ => {}
    }
    let Some(validation) = &parameter.validation else { return Ok(()) };
    if let Some(value) = validation.enumeration.iter().find(|value| value.0.contains(',')) {
        let text = format!("has `{}`, but Web Deploy cannot write a comma in a value", value.0);
        return Err(wrong(&["validation", "enumeration"], text));
    }
    if validation.boolean && !validation.enumeration.is_empty() {
        return Err(wrong(&["validation"], "cannot have both `boolean` and `enumeration`"));
    }
    Ok(())
}

fn check_request(request: &Request) -> Result<(), SettingError> {
    if request.body.is_some() && request.body_file.is_some() {
        return Err(wrong(&[], "cannot have both `body` and `body-file`"));
    }
    let headers = request.headers.iter().map(|(name, value)| ("headers", name, Some(value.as_str())));
    let checks = request.response_headers.keys().map(|name| ("response-headers", name, None));
    for (key, name, value) in headers.chain(checks) {
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(wrong(&[key], format!("has `{}`, which is not a header name", name.escape_debug())));
        }
        if value.is_some_and(|value| value.contains(['\r', '\n', '\0'])) {
            return Err(wrong(&[key, name], "has a line break, which no header can have"));
        }
    }
    for (name, check) in &request.response_headers {
        check_header(check).map_err(|text| wrong(&["response-headers", name], text))?;
    }
    Ok(())
}

/// A character of a token of RFC 9110, which header names are.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn check_header(check: &HeaderCheck) -> Result<(), &'static str> {
    let wanted = check.equals.is_some() || check.contains.is_some() || check.matches.is_some();
    match (check.absent, wanted) {
        (true, true) => Err("cannot have `absent` beside another check"),
        (false, false) => Err("needs one of `equals`, `contains`, `matches` and `absent`"),
        _ => Ok(()),
    }
}

fn check_hint(hint: &DiscoveryHint) -> Result<(), SettingError> {
    let kinds = [hint.file.is_some(), hint.registry.is_some(), hint.msi_product_code.is_some()];
    if kinds.into_iter().filter(|set| *set).count() == 1 {
        return Ok(());
    }
    Err(wrong(&[], "needs exactly one of `file`, `registry` and `msi-product-code`"))
}
