//! The main job: from projects to tested packages, a feed, and the places where users get them.
//!
//! [`plan`](mod@plan) decides everything beforehand and can be shown; [`run()`] carries it out, stage by stage, one file
//! a stage. What happens goes to an observer as events; console, report and annotations are made from those.
//!
//! Not here: the command line, and how packages, feeds and IIS work.

mod build;
mod deliver;
pub mod fan_out;
mod feed;
mod install;
mod package;
pub mod plan;
mod products;
mod publish;
pub mod report;
mod run;
mod stages;
pub mod test;
mod vendor;

pub use deliver::{Delivered, Finished};
pub use install::read_set_parameters;
pub use publish::{IndexAccess, publish_distribution_files, publish_distributions};
pub use publish::{ReleaseOutcome, Target, files as publish_files};
pub use run::{Outcome, PackageOutcome, Selection, run, run_finished};

use std::path::PathBuf;
use std::sync::Arc;

use crate::event::Observer;
use crate::iis::{Iis, bootstrap};
use crate::process::{Interrupt, Runner};
use crate::secret::Secret;

/// What the stages work with: the parts of the outside world, handed in once.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// Runs programs.
    pub runner: &'a dyn Runner,
    /// Runs those that go on while requests are sent to them.
    pub servers: &'a Arc<dyn Runner>,
    /// Installs and runs packages.
    pub iis: &'a dyn Iis,
    /// Is told what happens.
    pub observer: &'a dyn Observer,
    /// Is set when the user wants the run to end.
    pub interrupt: &'a Interrupt,
    /// The time of the run.
    pub now: time::OffsetDateTime,
    /// How many threads may compress.
    pub threads: usize,
    /// How a bootstrap goes about on this machine; what a project says itself is laid over it.
    pub bootstrap: &'a bootstrap::Settings,
    /// What the environment says about the release: variables for the feed's URLs.
    pub release: &'a Release,
    /// How to log in to a package index.
    pub index: IndexAccess<'a>,
}

/// What the environment says about the release that packages belong to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Release {
    /// `{repository}` in the feed's URL template: `OWNER/NAME`.
    pub repository: Option<String>,
    /// `{tag}` in the feed's URL template.
    pub tag: Option<String>,
    /// The commit that the job works on.
    pub commit: Option<String>,
    /// The address of GitHub's API.
    pub api_url: Option<String>,
    /// The address of GitHub's pages.
    pub server_url: Option<String>,
    /// The token for GitHub.
    pub token: Option<Secret>,
}

/// Where outputs and intermediate results go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    /// Packages and feeds.
    pub output: PathBuf,
    /// What is only of use to us: the simulated IIS, what was built last.
    pub work: PathBuf,
}

/// The name of the folder for intermediate results.
pub const WORK_FOLDER: &str = ".iiswsgi";
