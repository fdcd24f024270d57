//! The Python project: its metadata, its WSGI entry point, its layout and the files that ship.
//!
//! [`read`] looks at `pyproject.toml`, `setup.cfg`, `setup.py`, `PKG-INFO` and the modules, and runs none of the
//! project's code unless the user allows it. Python sources are parsed by Python's own `ast` in one subprocess
//! (`inspect.py`); without a Python, all that can be read without one still is. [`files`](fn@files) says what ships.
//!
//! Not here: what the configuration overrides (it comes in through [`ReadOptions`]), and what becomes of the package.

mod artefacts;
mod candidates;
mod detect;
mod distributions;
mod draft;
mod entry_point;
mod error;
mod feed_keywords;
mod files;
mod ignore_rules;
mod ini;
mod inspector;
mod layout;
mod literal;
mod manifest_in;
mod names;
mod paste;
mod pattern;
mod pkg_info;
mod poetry;
mod pyproject;
mod read;
mod requirements;
mod setup_cfg;
mod setup_py;
mod toml_document;
mod version;
mod walk;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

pub use distributions::installed;
pub use entry_point::{Broken, EntryPoint, EntryPoints, Kind};
pub use error::Error;
pub use feed_keywords::FeedKeywords;
pub use files::{FileRules, ShippedFile, ShippedFiles, files};
pub use layout::Layout;
pub use names::{is_valid_name, is_valid_version, normalized_name};
pub use read::read;
pub use setup_cfg::ClassicCommands;

use crate::error::Location;
use crate::event::Message;

/// What [`read`] may do and what the user said about the project already.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    /// The Python that parses sources; none when there is none.
    pub python: Option<PathBuf>,
    /// Whether `setup.py` may be run to learn what cannot be read from its text.
    pub allow_setup_py: bool,
    /// The name that the user gave: it wins over the metadata, which then need not have one.
    pub name: Option<String>,
    /// The version that the user gave: it wins over the metadata, which then need not have one.
    pub version: Option<String>,
    /// Variables of the environment. Only `SETUPTOOLS_SCM_PRETEND_VERSION`, `SETUPTOOLS_SCM_PRETEND_VERSION_FOR_NAME`
    /// and `PBR_VERSION` are looked at, because the tools that take the version from Git let
    /// themselves be told by them, and the variable that `[tool.hatch.version]` names with `source = "env"`.
    pub environment: BTreeMap<String, String>,
    /// How long Python may take.
    pub timeout: Duration,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            python: None,
            allow_setup_py: false,
            name: None,
            version: None,
            environment: BTreeMap::new(),
            timeout: Duration::from_secs(60),
        }
    }
}

/// A Python project as far as its files tell.
#[derive(Debug, Clone)]
pub struct Project {
    /// The folder.
    pub root: PathBuf,
    /// Name, version and what else describes it.
    pub metadata: Metadata,
    /// The WSGI applications that were found.
    pub entry_points: EntryPoints,
    /// Which of the files that have a meaning are there.
    pub layout: Layout,
    /// What `pip install` takes to install what the application needs: `-r requirements.txt`, `.`, `flask>=3`.
    /// Paths are relative to the folder.
    pub requirements: Vec<String>,
    /// The options of the original's commands from `setup.cfg`.
    pub commands: ClassicCommands,
    /// What the user should know.
    pub messages: Vec<Message>,
}

impl Project {
    /// Files that the package cannot do without, whatever `MANIFEST.in` says: requirement files, the metadata that
    /// `pip install .` reads, the file of the entry point and the templates that the bootstrap fills in. Relative, with
    /// forward slashes. `chosen` is the entry point that is served, when it was detected.
    pub fn required_files(&self, chosen: Option<&EntryPoint>) -> Vec<String> {
        let layout = &self.layout;
        let installs_itself = self.requirements.iter().any(|requirement| requirement == ".");
        let metadata = [&layout.pyproject, &layout.setup_py, &layout.setup_cfg].into_iter().flatten();
        let mut required: Vec<String> = metadata.filter(|_| installs_itself).cloned().collect();
        let templates = [&layout.requirements, &layout.web_config_template].into_iter().flatten();
        required.extend(templates.cloned());
        if let Some(file) = chosen.and_then(EntryPoint::file) {
            required.push(file);
        }
        required.sort();
        required.dedup();
        required
    }
}

/// The metadata of a distribution, by the names of the core metadata specification where it has one.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Metadata {
    /// The name as written.
    pub name: String,
    /// The version as written.
    pub version: String,
    /// Summary: one line.
    pub summary: Option<String>,
    /// The long description as written, whatever its markup.
    pub long_description: Option<String>,
    /// The content type of the long description, when it is known: `text/markdown`, `text/x-rst`, `text/plain`.
    pub long_description_type: Option<String>,
    /// The authors' names, joined by commas.
    pub author: Option<String>,
    /// The authors' mail addresses, joined by commas.
    pub author_email: Option<String>,
    /// The maintainers' names, joined by commas.
    pub maintainer: Option<String>,
    /// The maintainers' mail addresses, joined by commas.
    pub maintainer_email: Option<String>,
    /// The home page.
    pub url: Option<String>,
    /// Where it can be downloaded, as `setup()` had it.
    pub download_url: Option<String>,
    /// All URLs with their labels, in the order of the file.
    pub urls: Vec<(String, String)>,
    /// The licence: an SPDX expression or free text.
    pub license: Option<String>,
    /// Keywords, split on commas or, where there is none, on blanks.
    pub keywords: Vec<String>,
    /// Trove classifiers.
    pub classifiers: Vec<String>,
    /// `Requires-Python`.
    pub requires_python: Option<String>,
    /// Requirements (PEP 508) that are always needed.
    pub dependencies: Vec<String>,
    /// Requirements by extra, names as written.
    pub extras: BTreeMap<String, Vec<String>>,
    /// The original's extra keywords of `setup()`.
    pub feed: FeedKeywords,
    /// Where a value came from, by the core metadata name in lower case: `name`, `version`, `summary`, …; extra
    /// keywords by their own name.
    #[serde(skip)]
    pub places: BTreeMap<&'static str, Location>,
}

impl Metadata {
    /// The requirements of an extra; its name is compared as pip does (PEP 685): `webpi_eggs` is `webpi-eggs`.
    pub fn extra(&self, name: &str) -> Option<&[String]> {
        let wanted = normalized_name(name);
        let found = self.extras.iter().find(|(extra, _)| normalized_name(extra) == wanted);
        found.map(|(_, requirements)| requirements.as_slice())
    }

    /// The eggs that the feed offers as products of their own: the extra `webpi_eggs`.
    pub fn webpi_eggs(&self) -> &[String] {
        self.extra("webpi_eggs").unwrap_or_default()
    }

    /// The name as package indexes compare it (PEP 503): `My.App_name` is `my-app-name`.
    pub fn normalized_name(&self) -> String {
        normalized_name(&self.name)
    }
}

#[cfg(test)]
mod tests;
