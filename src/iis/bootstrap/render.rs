//! `web.config` of the installed application: written from its template, and checked before IIS sees it.

use std::path::{Path, PathBuf};

use super::{Error, Plan, Settings};
use crate::error::Location;
use crate::event::Observer;
use crate::files;
use crate::iis::FastCgiApplication;
use crate::template::{Escape, Variables, expand};
use crate::xml::Document;

/// Writes `web.config` from the template when there is one, and reads the FastCGI applications of the result.
///
/// Known in the template are the application's own variables, `APPL_PHYSICAL_PATH`, `VENV_PYTHON`, `DIST_NAME` and the
/// variables of the machine, in this order of precedence from the last to the first. A variable that nobody knows
/// stays: IIS expands those of the machine itself.
///
/// # Errors
/// There is neither template nor file, or what is there cannot work in IIS.
pub(super) fn web_config(
    folder: &Path,
    python: &Path,
    plan: &Plan,
    settings: &Settings,
    observer: &dyn Observer,
) -> Result<Vec<FastCgiApplication>, Error> {
    let path = folder.join("web.config");
    let template =
        plan.web_config_template.as_ref().map(|name| folder.join(name)).filter(|file| file.is_file());
    let text = if let Some(template) = template {
        let expansion =
            expand(&files::read_text(&template)?, &variables(folder, python, plan, settings), Escape::Xml);
        for unresolved in &expansion.unresolved {
            observer.warning(
                &format!("Variable `{}` is not known here; it is left for IIS to resolve.", unresolved.name),
                Some(Location::at(&template, unresolved.line, unresolved.column)),
            );
        }
        // First checked, then written: a web.config that works stays.
        let applications = read(&path, &expansion.text)?;
        files::write_atomic(&path, expansion.text.as_bytes())?;
        return Ok(applications);
    } else if path.is_file() {
        files::read_text(&path)?
    } else {
        return Err(Error::NoWebConfig { folder: folder.to_owned() });
    };
    read(&path, &text)
}

fn variables(folder: &Path, python: &Path, plan: &Plan, settings: &Settings) -> Variables {
    let mut variables = settings.variables.clone();
    variables.set("DIST_NAME", plan.name.as_str());
    variables.set("VENV_PYTHON", python.to_string_lossy());
    variables.set("APPL_PHYSICAL_PATH", folder.to_string_lossy());
    for (name, value) in &plan.environment {
        variables.set(name, value.as_str());
    }
    variables
}

/// The FastCGI applications of a `web.config`, each with a handler that leads to it.
fn read(path: &Path, text: &str) -> Result<Vec<FastCgiApplication>, Error> {
    let document =
        Document::parse(text).map_err(|source| Error::WebConfigXml { path: path.to_owned(), source })?;
    let wrong = |message: String, (line, column): (usize, usize)| Error::WebConfig {
        path: PathBuf::from(path),
        message,
        line,
        column,
    };
    if !document.root().is("configuration") {
        return Err(wrong("the document element is not `configuration`".into(), document.root().position()));
    }
    let mut applications = Vec::new();
    for element in document.root().descendants().filter(|element| element.is("fastCgi")) {
        for application in element.children_named("application") {
            let read = FastCgiApplication::read(application);
            if read.full_path.trim().is_empty() {
                return Err(wrong("a FastCGI application has no `fullPath`".into(), application.position()));
            }
            applications.push(read);
        }
    }
    Ok(applications)
}
