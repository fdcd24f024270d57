//! The way in: a wfastcgi site, or a project of the 2012 iiswsgi, becomes one of ours.
//!
//! [`plan`] reads a folder and gives the changed texts, [`Migration::apply`] writes them. Files are changed as text:
//! comments, order and blanks stay. Nothing of the project is run. What cannot be done in a file is said as a step.
//!
//! Not here: printing the differences, and the settings of wfastcgi, which the gateway goes on reading as they are.

mod original;
mod wfastcgi;

use std::path::{Path, PathBuf};

use similar::TextDiff;

use crate::error::{ExitCode, Failure, Location, shown};
use crate::files;
use crate::package::web_config;
use crate::xml;

/// A file and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The file.
    pub path: PathBuf,
    /// Its text.
    pub before: String,
    /// Its text afterwards.
    pub after: String,
}

impl Change {
    /// The difference as `diff -u` shows it, paths relative to `root`.
    pub fn diff(&self, root: &Path) -> String {
        let name = self.path.strip_prefix(root).unwrap_or(&self.path).display().to_string();
        let diff = TextDiff::from_lines(&self.before, &self.after);
        diff.unified_diff().header(&format!("a/{name}"), &format!("b/{name}")).to_string()
    }
}

/// What a folder was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A site whose handler leads to wfastcgi.
    Wfastcgi,
    /// A project for the 2012 iiswsgi.
    Original,
}

/// What there is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// What the folder was.
    pub origin: Origin,
    /// The files that change.
    pub changes: Vec<Change>,
    /// What the user should know or do, as sentences.
    pub steps: Vec<String>,
}

impl Migration {
    /// Writes the changed files, each beside its place and then renamed.
    ///
    /// # Errors
    /// A file cannot be written; those before it are.
    pub fn apply(&self) -> Result<(), files::Error> {
        self.changes.iter().try_for_each(|change| files::write_atomic(&change.path, change.after.as_bytes()))
    }

    /// Takes a file in when it changed.
    fn change(&mut self, path: PathBuf, before: String, after: String) {
        if before != after {
            self.changes.push(Change { path, before, after });
        }
    }

    /// Adds a step once.
    fn step(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.steps.contains(&text) {
            self.steps.push(text);
        }
    }
}

/// Why a folder cannot be migrated.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("cannot migrate")]
    File(#[from] files::Error),
    /// A file is not well-formed.
    #[error("`{}` cannot be migrated", shown(path))]
    Xml {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: xml::Error,
    },
    /// A `web.config` is none.
    #[error("`{}` cannot be migrated", shown(path))]
    WebConfig {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<web_config::Error>,
    },
    /// There is nothing that this is for.
    #[error("`{}` is neither a wfastcgi site nor a project of the 2012 iiswsgi", shown(.0))]
    Unknown(PathBuf),
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::File(error) => error.hint(),
            Self::Xml { .. } => Some("Correct the file at the place that is named.".into()),
            Self::WebConfig { source, .. } => source.hint(),
            Self::Unknown(_) => Some(
                "A wfastcgi site has a web.config whose handler leads to wfastcgi.py; a project of the 2012 iiswsgi has \
                 Manifest.xml.in and web.config.in. A project without either needs no migration: `iiswsgi run`."
                    .into(),
            ),
        }
    }

    fn location(&self) -> Option<Location> {
        match self {
            Self::File(error) => error.location(),
            Self::Xml { path, .. } | Self::WebConfig { path, .. } | Self::Unknown(path) => {
                Some(Location::file(path))
            }
        }
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

/// Finds out what a folder is and what there is to change. A folder that was migrated before gives no changes.
///
/// # Errors
/// It is nothing that can be migrated, or a file in it is broken.
pub fn plan(root: &Path) -> Result<Migration, Error> {
    let here = if root.as_os_str().is_empty() { Path::new(".") } else { root };
    if ["Manifest.xml.in", "web.config.in"].iter().any(|name| here.join(name).is_file()) {
        return original::plan(here);
    }
    wfastcgi::plan(here)
}

/// The text of a file of the folder; none when there is no such file.
fn text_of(root: &Path, name: &str) -> Result<Option<(PathBuf, String)>, Error> {
    let path = root.join(name);
    if !path.is_file() {
        return Ok(None);
    }
    let text = files::read_text(&path)?;
    Ok(Some((path, text)))
}

#[cfg(test)]
mod tests;
