//! What ships: the files of a project that go into its package.

use std::path::{Path, PathBuf};

use super::Error;
use super::layout::Layout;
use super::manifest_in::ManifestIn;
use super::walk::Walk;
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

/// The files of the project in the folder `root` that go into its package.
///
/// With a `MANIFEST.in`: the Python modules and what describes the distribution (as setuptools adds them by itself), then
/// what its commands say. Without: everything that `.gitignore` files do not exclude. Never: the data of version control
/// and our own outputs. Build artefacts and secrets only when [`FileRules::include`] names them. Symbolic links ship as
/// what they lead to.
///
/// # Errors
/// A folder or file cannot be read, `MANIFEST.in` or a pattern is not well-formed, a link leaves the tree or loops, or a
/// name is not UTF-8.
pub fn files(root: &Path, rules: &FileRules) -> Result<ShippedFiles, Error> {
    let manifest = match Layout::of(root)?.manifest_in {
        Some(name) => {
            let path = root.join(name);
            Some(ManifestIn::parse(&path, &crate::files::read_text(&path)?)?)
        }
        None => None,
    };
    Walk::new(root, rules, manifest)?.run()
}
