//! What ships: the files of a project that go into its package.

use std::path::{Path, PathBuf};

use super::Error;
use crate::event::Message;

/// What the configuration says about the files that ship.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRules {
    /// Patterns as in .gitignore, relative to the project: what they match ships as well, even if `MANIFEST.in`,
    /// `.gitignore` or the rules for build artefacts and secrets leave it out.
    pub include: Vec<String>,
    /// Patterns as in .gitignore, relative to the project: what they match does not ship, whatever else says so.
    pub exclude: Vec<String>,
    /// Folders and files of our own making, relative to the project with forward slashes: they never ship.
    pub outputs: Vec<String>,
    /// Files that the package cannot do without, relative with forward slashes: they ship although `MANIFEST.in` or
    /// `.gitignore` does not name them. See [`Project::required_files`](super::Project::required_files).
    pub required: Vec<String>,
}

impl Default for FileRules {
    fn default() -> Self {
        Self {
            include: Vec::new(),
            exclude: Vec::new(),
            outputs: vec!["dist".into(), ".iiswsgi".into()],
            required: Vec::new(),
        }
    }
}

/// A file that ships.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShippedFile {
    /// Its name below the project's folder, with forward slashes.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
}

/// What ships, and what the user should know about it.
#[derive(Debug, Clone, Default)]
pub struct ShippedFiles {
    /// The files, sorted by name (by bytes).
    pub files: Vec<ShippedFile>,
    /// Secrets that were left out, patterns that match nothing.
    pub messages: Vec<Message>,
}
