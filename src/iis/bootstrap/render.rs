//! `web.config` of the installed application: written from its template, and checked before IIS sees it.

use std::path::{Path, PathBuf};

use super::{Command, Error, Plan, Settings, Target};
use crate::error::Location;
use crate::event::{Event, Message, Observer, Severity};
use crate::files;
use crate::iis::{ApplicationPath, FastCgiApplication};
use crate::package::web_config::WebConfig;
use crate::template::{Escape, Variables, expand};
use crate::xml::Document;

/// The FastCGI applications of the `web.config` in a folder.
///
/// # Errors
/// There is none, or what is there cannot work in IIS.
pub fn configured(folder: &Path, observer: &dyn Observer) -> Result<Vec<FastCgiApplication>, Error> {
    let path = folder.join("web.config");
    if !path.is_file() {
        return Err(Error::NoWebConfig { folder: folder.to_owned() });
    }
    read(&path, &files::read_text(&path)?, observer)
}

/// Writes the `web.config` of an application in a folder, and nothing else of a bootstrap. `python` is the interpreter
/// that `%VENV_PYTHON%` means. Gives its FastCGI applications.
///
/// # Errors
/// There is neither template nor file, or what is there cannot work in IIS.
pub fn configure(
    folder: &Path,
    python: &Path,
    settings: &Settings,
    observer: &dyn Observer,
) -> Result<Vec<FastCgiApplication>, Error> {
    let plan = Plan::read(folder, &Command::default())?;
    let target = Target { folder: folder.to_owned(), application: None };
    web_config(&target, python, &plan, settings, observer)
}

/// Writes `web.config` from the template when there is one, and reads the FastCGI applications of the result.
///
/// Known in the template are `APPL_PHYSICAL_PATH`, `APPL_VIRTUAL_PATH`, `VENV_PYTHON` and `DIST_NAME`, then the application's own variables,
/// then those of the machine. A variable that nobody knows stays: IIS expands those of the machine itself.
///
/// # Errors
/// There is neither template nor file, or what is there cannot work in IIS.
pub(super) fn web_config(
    target: &Target,
    python: &Path,
    plan: &Plan,
    settings: &Settings,
    observer: &dyn Observer,
) -> Result<Vec<FastCgiApplication>, Error> {
    let folder = target.folder.as_path();
    let path = folder.join("web.config");
    let Some(template) = template(folder, &path, plan) else {
        if path.is_file() {
            return read(&path, &files::read_text(&path)?, observer);
        }
        return Err(Error::NoWebConfig { folder: folder.to_owned() });
    };
    let variables = variables(target, python, plan, settings);
    let expansion = expand(&files::read_text(&template)?, &variables, Escape::Xml);
    for unresolved in &expansion.unresolved {
        observer.warning(
            &format!("Variable `{}` is not known here; it is left for IIS to resolve.", unresolved.name),
            Some(Location::at(&template, unresolved.line, unresolved.column)),
        );
    }
    // First checked, then written: a web.config that works stays.
    let applications = read(&path, &expansion.text, observer)?;
    files::write_atomic(&path, expansion.text.as_bytes())?;
    Ok(applications)
}

/// The template that is there. When nobody said which it is, a finished `web.config` comes first.
fn template(folder: &Path, finished: &Path, plan: &Plan) -> Option<PathBuf> {
    let template = match &plan.web_config_template {
        Some(name) => folder.join(name),
        None if finished.is_file() => return None,
        None => folder.join("web.config.in"),
    };
    template.is_file().then_some(template)
}

fn variables(target: &Target, python: &Path, plan: &Plan, settings: &Settings) -> Variables {
    let mut variables = settings.variables.clone();
    for (name, value) in &plan.environment {
        variables.set(name, value.as_str());
    }
    variables.set("DIST_NAME", plan.name.as_str());
    variables.set("VENV_PYTHON", python.to_string_lossy());
    variables.set("APPL_PHYSICAL_PATH", target.folder.to_string_lossy());
    let prefix = target.application.as_ref().map(ApplicationPath::url_prefix);
    variables.set("APPL_VIRTUAL_PATH", prefix.unwrap_or_default());
    variables
}

/// The FastCGI applications of a `web.config`. What IIS would refuse is an error, what is doubtful a warning.
fn read(path: &Path, text: &str, observer: &dyn Observer) -> Result<Vec<FastCgiApplication>, Error> {
    let broken = |source| Error::WebConfig { path: path.to_owned(), source: Box::new(source) };
    let document = Document::parse(text).map_err(|source| broken(source.into()))?;
    let (config, findings) = WebConfig::read(&document).map_err(broken)?;
    for finding in findings {
        if finding.severity >= Severity::Error {
            return Err(Error::Finding { path: path.to_owned(), finding: Box::new(finding) });
        }
        // The build has shown what is good to know; here only what makes trouble is worth a line.
        let severity =
            if finding.severity == Severity::Warning { Severity::Warning } else { Severity::Detail };
        let place = Location::at(path, finding.line, finding.column);
        observer.event(Event::Message(Message::new(severity, finding.text).with_location(place)));
    }
    Ok(config.applications.into_iter().map(FastCgiApplication::from).collect())
}
