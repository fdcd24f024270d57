//! What will be done, decided before anything is: every project read, every setting resolved.
//!
//! A plan can be printed (`iiswsgi plan`); carrying it out decides nothing any more.

mod describe;
mod error;
mod packages;
mod read;

use std::path::{Path, PathBuf};

pub use describe::{describe, to_json};
pub use error::Error;
pub use read::{Outline, Reading, outline, read, read_projects};
pub(super) use read::{folder_name, load, must_be_folder, shipped};

use super::Folders;
use crate::config::Config;
use crate::iis::bootstrap::Interpreter;
use crate::package::names::{self, OutputNames};
use crate::project::{Project, ShippedFile};

/// Everything that a run will do.
#[derive(Debug)]
pub struct Plan {
    /// The packages, in the order in which they were named.
    pub packages: Vec<PackagePlan>,
    /// Where the feed of all packages goes, and the configuration that speaks for it: the first package's, or that of
    /// the folder that lists the packages.
    pub folders: Folders,
    /// The configuration that speaks for the run as a whole.
    pub config: Config,
    /// The file name of the feed.
    pub feed_name: String,
}

/// Everything that will be done for one package.
#[derive(Debug)]
pub struct PackagePlan {
    /// The name, as the project or the user writes it.
    pub name: String,
    /// The version, as the project or the user writes it.
    pub version: String,
    /// The settings.
    pub config: Config,
    /// What was found out about the project.
    pub project: Project,
    /// The WSGI application.
    pub app: App,
    /// Who made the layout of the package.
    pub layout: Layout,
    /// The files of the project that ship.
    pub files: Vec<ShippedFile>,
    /// The folder of the application in the package.
    pub folder: String,
    /// The names of the outputs.
    pub names: OutputNames,
    /// Where they go.
    pub folders: Folders,
    /// What pip installs beside the gateway.
    pub requirements: Vec<String>,
    /// The Python that builds and tests, when there is one.
    pub python: Option<Interpreter>,
}

impl Plan {
    /// Leaves a file out of the packages: a report of the run before is not a part of the project.
    pub fn leave_out(&mut self, path: &Path) {
        let absolute = |path: &Path| std::path::absolute(path).ok();
        let (name, whole) = (path.file_name(), absolute(path));
        for package in &mut self.packages {
            package.files.retain(|file| file.path.file_name() != name || absolute(&file.path) != whole);
        }
    }

    /// The id of the feed: what is configured, the home page of the first project, or a name that stays the same from
    /// version to version.
    pub fn feed_id(&self) -> String {
        let home = || self.packages.first().and_then(|package| package.project.metadata.url.clone());
        let own = || match self.packages.as_slice() {
            [only] => names::safe(&only.name),
            _ => self.feed_name.trim_end_matches(".webpi.xml").to_owned(),
        };
        let configured = self.config.feed.id.clone();
        configured.or_else(home).unwrap_or_else(|| format!("urn:iiswsgi:{}", own()))
    }
}

impl PackagePlan {
    /// The project's folder.
    pub fn root(&self) -> &PathBuf {
        &self.project.root
    }

    /// The title that users are shown.
    pub fn title(&self) -> &str {
        let own = self.config.title.as_deref().or(self.project.metadata.feed.title.as_deref());
        own.unwrap_or(&self.name)
    }
}

/// The WSGI application and how it was found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct App {
    /// As the gateway takes it; none when the project's own web.config.in says what is started.
    pub target: Option<String>,
    /// Why this one, as a fragment.
    pub reason: String,
    /// A folder, below the project, that modules are found in beside the project's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pythonpath: Option<String>,
}

/// Who made the layout of the package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// The project has a manifest, or a template of one, as in the original.
    Classic,
    /// The manifest is made from the configuration.
    Generated,
}
