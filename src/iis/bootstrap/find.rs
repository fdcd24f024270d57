//! Which application a bootstrap is for: told by its path in IIS, or searched by its stamp as the original did.
//!
//! The original executed the `setup.py` of every application on the server to learn its name. Nothing is executed here:
//! names come from descriptions and metadata files.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

use super::{Command, Error, Settings, Target};
use crate::iis::ApplicationPath;
use crate::iis::application_host::ApplicationHost;
use crate::package::bootstrap::{FILE_NAME, STAMP};
use crate::template::{Escape, Variables, expand};

/// The application to set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The application.
    pub target: Target,
    /// Other applications that wait for their bootstrap as well: the search had a choice.
    pub others: Vec<PathBuf>,
    /// The path that was told and that IIS does not have: the application was found by its name instead.
    pub missed: Option<ApplicationPath>,
}

/// Finds the application: by the path that was told, else by the variable `APPL_PHYSICAL_PATH`, else by name and stamp
/// among all applications of IIS, the newest site and application first.
///
/// # Errors
/// There is no such application, it has no folder, or none waits.
pub fn find(command: &Command, host: &ApplicationHost, settings: &Settings) -> Result<Found, Error> {
    let found = match &command.application {
        Some(path) => match (host.application(path), &command.name) {
            (Some((site, application)), _) => {
                let folder = expanded(application.physical_path().unwrap_or_default(), &settings.variables);
                // As IIS writes it: what is noted and said must not depend on how somebody typed it.
                let path = ApplicationPath::new(&site.name, &application.path).unwrap_or(path.clone());
                alone(folder, Some(path))
            }
            (None, Some(_)) => {
                let found = search(command, host, settings).map_err(|_| unknown(path, host, settings))?;
                Found { missed: Some(path.clone()), ..found }
            }
            (None, None) => return Err(unknown(path, host, settings)),
        },
        None => match settings.variables.get("APPL_PHYSICAL_PATH") {
            Some(folder) => {
                let folder = PathBuf::from(folder);
                let known = candidates(host, &settings.variables);
                let path = known.into_iter().find(|(_, other)| is_same_folder(other, &folder));
                alone(folder, path.map(|(path, _)| path))
            }
            None => search(command, host, settings)?,
        },
    };
    if !found.target.folder.is_dir() {
        let Target { folder, application } = found.target;
        return Err(Error::NoFolder { folder, application });
    }
    Ok(found)
}

fn alone(folder: PathBuf, application: Option<ApplicationPath>) -> Found {
    Found { target: Target { folder, application }, others: Vec::new(), missed: None }
}

fn unknown(wanted: &ApplicationPath, host: &ApplicationHost, settings: &Settings) -> Error {
    let known = candidates(host, &settings.variables).into_iter();
    Error::NoApplication { wanted: wanted.clone(), known: known.map(|(path, _)| path.to_string()).collect() }
}

/// Whether two paths lead to one folder that is there.
fn is_same_folder(one: &Path, other: &Path) -> bool {
    match (std::fs::canonicalize(one), std::fs::canonicalize(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// The search of the original: by name and stamp.
fn search(command: &Command, host: &ApplicationHost, settings: &Settings) -> Result<Found, Error> {
    let mut searched = Vec::new();
    let mut waiting = Vec::new();
    for (path, folder) in candidates(host, &settings.variables) {
        let name = distribution_name(&folder);
        let fits = match (&command.name, &name) {
            (None, _) => true,
            (Some(wanted), Some(name)) => normal(wanted) == normal(name),
            // Without metadata the folder's name is all there is.
            (Some(wanted), None) => {
                folder.file_name().is_some_and(|file| normal(&file.to_string_lossy()) == normal(wanted))
            }
        };
        let stamped = folder.join(stamp_name(&folder)).is_file();
        let described = name.as_deref().unwrap_or("no metadata");
        let state = if stamped { "stamp" } else { "no stamp" };
        searched.push(format!("`{}` ({described}, {state})", folder.display()));
        if fits && (stamped || command.ignore_stamp) {
            waiting.push((path, folder));
        }
    }
    // With `--ignore-stamp`, an application that waits still comes before one that does not.
    waiting.sort_by_key(|(_, folder)| !folder.join(stamp_name(folder)).is_file());
    let mut waiting = waiting.into_iter();
    let Some((path, folder)) = waiting.next() else {
        return Err(Error::NoneWaits { name: command.name.clone(), searched });
    };
    Ok(Found {
        target: Target { folder, application: Some(path) },
        others: waiting.map(|(_, folder)| folder).collect(),
        missed: None,
    })
}

/// All virtual directories in the order of the original's search: the last site first, in it the last application.
fn candidates(host: &ApplicationHost, variables: &Variables) -> Vec<(ApplicationPath, PathBuf)> {
    let mut found = Vec::new();
    for site in host.sites().into_iter().rev() {
        for application in site.applications.into_iter().rev() {
            for (below, folder) in &application.virtual_directories {
                if let Ok(path) = ApplicationPath::new(&site.name, &format!("{}/{below}", application.path)) {
                    found.push((path, expanded(folder, variables)));
                }
            }
        }
    }
    found
}

fn expanded(folder: &str, variables: &Variables) -> PathBuf {
    PathBuf::from(expand(folder, variables, Escape::Plain).text)
}

/// The stamp's name, as the description has it.
fn stamp_name(folder: &Path) -> String {
    description_value(folder, "stamp").unwrap_or_else(|| STAMP.to_owned())
}

fn description_value(folder: &Path, key: &str) -> Option<String> {
    let text = std::fs::read_to_string(folder.join(FILE_NAME)).ok()?;
    let description: serde_json::Value = serde_json::from_str(&text).ok()?;
    description.get(key)?.as_str().map(str::to_owned)
}

/// The distribution's name, from whatever metadata lies in the folder, without running any of it.
pub(super) fn distribution_name(folder: &Path) -> Option<String> {
    static SETUP_CFG: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?ms)^\[metadata\].*?^name\s*[=:]\s*([^\s#;]+)").ok());
    static SETUP_PY: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"(?m)(?:^|[(,\s])name\s*=\s*['"]([^'"]+)['"]"#).ok());
    let text = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
    let first = |regex: &Option<Regex>, text: String| {
        Some(regex.as_ref()?.captures(&text)?.get(1)?.as_str().to_owned())
    };
    description_value(folder, "name")
        .or_else(|| {
            let information = text("PKG-INFO")?;
            let head = information.lines().take_while(|line| !line.is_empty());
            head.filter_map(|line| line.strip_prefix("Name:")).map(|name| name.trim().to_owned()).next()
        })
        .or_else(|| {
            let project: toml::Table = text("pyproject.toml")?.parse().ok()?;
            project.get("project")?.get("name")?.as_str().map(str::to_owned)
        })
        .or_else(|| first(&SETUP_CFG, text("setup.cfg")?))
        .or_else(|| first(&SETUP_PY, text("setup.py")?))
}

/// Names of distributions are compared as PEP 503 says.
fn normal(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for character in name.chars() {
        if matches!(character, '-' | '_' | '.') {
            if !normal.ends_with('-') {
                normal.push('-');
            }
        } else {
            normal.extend(character.to_lowercase());
        }
    }
    normal
}
