//! Cleans the cache of the Web Platform Installer, so that it sees a new build of a package of the same version: the
//! unpacked installers of applications, cached copies of feeds, and install stamps that were left behind.
//!
//! The cache keeps `installers\NAME` for each application, and feeds as `*.xml` and `*.xml.temp` under names of its own.
//! The browser's cache, from which WebPI may also be served, is not touched.

mod feeds;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::{ExitCode, Failure, Location, shown};
use crate::event::{Observer, Severity};
use crate::package::manifest::{self, Manifest};

/// The folder of the cache below `%LOCALAPPDATA%`.
pub const CACHE_FOLDER: &str = r"Microsoft\Web Platform Installer";
/// The stamp that marks an application as not yet set up.
pub const STAMP: &str = "iis_install.stamp";

/// What is to be cleaned.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// The cache.
    pub cache: PathBuf,
    /// Whether a cache that is not there is an error: the user named it. Otherwise there is just nothing to clean.
    pub cache_required: bool,
    /// The names of applications whose installers go.
    pub applications: Vec<String>,
    /// The ids of feeds whose cached copies go.
    pub feed_ids: Vec<String>,
    /// The folders of applications whose stale stamps go.
    pub virtual_directories: Vec<PathBuf>,
    /// Only say what would be removed.
    pub dry_run: bool,
}

/// What something that was found is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The unpacked installer of an application.
    Installer,
    /// A cached copy of a feed.
    Feed,
    /// A stale stamp.
    Stamp,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It is gone.
    Removed,
    /// It would be removed without `--dry-run`.
    WouldRemove,
    /// It is still there, for this reason.
    Failed(String),
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Action {
    /// What it is.
    pub kind: Kind,
    /// Where it is or was.
    pub path: PathBuf,
    /// What became of it.
    pub outcome: Outcome,
}

/// All that was found, in the order in which it was removed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Report {
    /// What was found.
    pub actions: Vec<Action>,
}

impl Report {
    /// Whether something is still there that should be gone.
    pub fn failed(&self) -> bool {
        self.actions.iter().any(|action| matches!(action.outcome, Outcome::Failed(_)))
    }
}

/// Why nothing was cleaned.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The cache that the user named is not there, or is no folder.
    #[error("there is no Web Platform Installer cache at `{}`", shown(path))]
    NoCache {
        /// Where it should be.
        path: PathBuf,
        /// Why it cannot be read.
        source: io::Error,
    },
    /// A name that is no name of an application's folder.
    #[error("`{name}` is not the name of an application")]
    Name {
        /// The name.
        name: String,
    },
    /// The manifest that should name the application cannot be read.
    #[error("cannot read the manifest")]
    Manifest(#[source] manifest::Error),
    /// The manifest does not name one application.
    #[error("the manifest has {count} `iisApp` elements instead of one")]
    NotOneApplication {
        /// How many it has.
        count: usize,
    },
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoCache { .. } => {
                "On Windows it is `%LOCALAPPDATA%\\Microsoft\\Web Platform Installer`.".into()
            }
            Self::Name { .. } => {
                "It is the `path` of `iisApp` in the package's manifest, without separators.".into()
            }
            Self::Manifest(error) => return error.hint(),
            Self::NotOneApplication { .. } => "Name the application instead of its package.".into(),
        })
    }

    fn location(&self) -> Option<Location> {
        match self {
            Self::NoCache { path, .. } => Some(Location::file(path)),
            Self::Manifest(error) => error.location(),
            _ => None,
        }
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

/// The name of the application that a built manifest installs.
///
/// # Errors
/// The manifest cannot be read, or has none or several `iisApp` elements.
pub fn application_of(manifest: &[u8]) -> Result<String, Error> {
    let (manifest, _) = Manifest::parse(manifest).map_err(Error::Manifest)?;
    let paths: Vec<&str> = manifest.named("iisApp").map(|provider| provider.path.as_str()).collect();
    match paths[..] {
        [path] => Ok(path.to_owned()),
        _ => Err(Error::NotOneApplication { count: paths.len() }),
    }
}

/// Cleans. A thing that cannot be removed does not keep the others from being removed: see [`Report::failed`].
///
/// # Errors
/// The request makes no sense; nothing was removed then.
pub fn clean(request: &Request, observer: &dyn Observer) -> Result<Report, Error> {
    for name in &request.applications {
        // `..` or a path would remove something else than an installer.
        let plain = !name.trim().is_empty()
            && !name.contains(['/', '\\', ':', '\0'])
            && !name.trim_matches('.').is_empty();
        if !plain {
            return Err(Error::Name { name: name.clone() });
        }
    }
    let mut report = Report::default();
    match fs::read_dir(&request.cache) {
        Ok(_) => {
            installers(request, observer, &mut report);
            let found = feeds::with_ids(&request.cache, &request.feed_ids, observer);
            remove_all(request, Kind::Feed, found, &mut report);
        }
        Err(source) if request.cache_required || source.kind() != io::ErrorKind::NotFound => {
            return Err(Error::NoCache { path: request.cache.clone(), source });
        }
        Err(_) => {
            let text = if request.cache.as_os_str().is_empty() {
                "There is no Web Platform Installer cache here: it is on Windows only, below `%LOCALAPPDATA%`.".to_owned()
            } else {
                format!("There is no Web Platform Installer cache at `{}`.", shown(&request.cache))
            };
            observer.message(Severity::Info, &text);
        }
    }
    for folder in &request.virtual_directories {
        let stamps = entries(folder).filter(|path| is_named(path, STAMP)).collect();
        remove_all(request, Kind::Stamp, stamps, &mut report);
    }
    for action in &report.actions {
        tell(action, observer);
    }
    Ok(report)
}

fn installers(request: &Request, observer: &dyn Observer, report: &mut Report) {
    let folders = entries(&request.cache).filter(|path| is_named(path, "installers"));
    for path in folders.flat_map(|folder| entries(&folder).collect::<Vec<_>>()) {
        if request.applications.iter().any(|name| is_named(&path, name)) {
            if path.is_dir() || path.is_symlink() {
                remove_all(request, Kind::Installer, vec![path], report);
            } else {
                observer.message(Severity::Detail, &format!("`{}` is not a folder: kept.", path.display()));
            }
        }
    }
}

/// What stands in a folder, in the order of names. Nothing when it cannot be read.
fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.into_iter()
}

/// Whether a file has a name, upper and lower case alike, as on Windows.
fn is_named(path: &Path, name: &str) -> bool {
    path.file_name().is_some_and(|found| found.to_string_lossy().to_lowercase() == name.to_lowercase())
}

fn remove_all(request: &Request, kind: Kind, paths: Vec<PathBuf>, report: &mut Report) {
    for path in paths {
        let outcome = if request.dry_run {
            Outcome::WouldRemove
        } else {
            // A link is removed itself, what it leads to stays.
            let folder = path.is_dir() && !path.is_symlink();
            let removed = if folder { fs::remove_dir_all(&path) } else { remove_file(&path) };
            removed.map_or_else(|error| Outcome::Failed(error.to_string()), |()| Outcome::Removed)
        };
        report.actions.push(Action { kind, path, outcome });
    }
}

/// Removes a file or a link. A link to a folder is a folder to Windows.
fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(_) if path.is_symlink() => fs::remove_dir(path),
        done => done,
    }
}

fn tell(action: &Action, observer: &dyn Observer) {
    let what = match action.kind {
        Kind::Installer => "the cached installer",
        Kind::Feed => "the cached feed",
        Kind::Stamp => "the stale stamp",
    };
    let path = action.path.display();
    match &action.outcome {
        Outcome::Removed => observer.message(Severity::Detail, &format!("Removed {what} `{path}`.")),
        Outcome::WouldRemove => observer.message(Severity::Detail, &format!("Would remove {what} `{path}`.")),
        Outcome::Failed(error) => {
            observer.message(Severity::Error, &format!("Cannot remove {what} `{path}`: {error}."));
        }
    }
}
