//! `iiswsgi clean`: clears the Web Platform Installer's cache of what a project put there.

use std::path::PathBuf;

use clap::Args;

use super::arguments::ProjectOptions;
use super::project;
use super::session::{Session, print, print_json};
use crate::clean::{self, Outcome, Request};
use crate::config;
use crate::error::{AnyFailure, ExitCode};
use crate::pipeline::plan::Plan;

/// Clears the Web Platform Installer's cache.
///
/// That is: the unpacked installers of applications, and cached copies of feeds.
/// WebPI does not see a new build of a package of the same version as long as its cache has the old one.
#[derive(Debug, Args)]
#[command(after_help = concat!(
    "Examples:",
    "\n  iiswsgi clean --dry-run   # what would go, of the project in this folder",
    "\n  iiswsgi clean --app shop",
))]
pub(super) struct Clean {
    #[command(flatten)]
    project: ProjectOptions,
    /// The cache; by default the one of this user
    #[arg(long, value_name = "FOLDER")]
    webpi_cache: Option<PathBuf>,
    /// Clears what belongs to these applications, instead of those of the projects
    #[arg(long, value_name = "NAME")]
    application: Vec<String>,
    /// Clears copies of the feeds with these ids, instead of those of the projects
    #[arg(long, value_name = "ID")]
    feed_id: Vec<String>,
    /// Removes the stale stamps in these folders of installed applications as well
    #[arg(long, value_name = "FOLDER")]
    virtual_directory: Vec<PathBuf>,
    /// Only says what would be removed
    #[arg(long)]
    dry_run: bool,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

impl Clean {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode, AnyFailure> {
        let (mut applications, mut feed_ids) = (self.application, self.feed_id);
        if applications.is_empty() && feed_ids.is_empty() {
            let plan = project::plan(&self.project, &project::overrides(&self.project), session)?;
            applications = plan.packages.iter().map(|package| package.folder.clone()).collect();
            feed_ids = feed_ids_of(&plan);
        }
        let local = session.environment.get(config::LOCALAPPDATA).map(PathBuf::from);
        let usual =
            local.map(|folder| folder.join(clean::CACHE_FOLDER.replace('\\', std::path::MAIN_SEPARATOR_STR)));
        let request = Request {
            cache_required: self.webpi_cache.is_some(),
            cache: self.webpi_cache.or(usual).unwrap_or_default(),
            applications,
            feed_ids,
            virtual_directories: self.virtual_directory,
            dry_run: self.dry_run,
        };
        let report = clean::clean(&request, &session.observer)?;
        if self.json {
            print_json(&report);
        } else {
            for action in &report.actions {
                let outcome = match &action.outcome {
                    Outcome::Removed => "removed".to_owned(),
                    Outcome::WouldRemove => "would remove".to_owned(),
                    Outcome::Failed(reason) => format!("cannot remove ({reason})"),
                };
                print(&format!("{outcome} {}", action.path.display()));
            }
        }
        Ok(if report.failed() { ExitCode::Failed } else { ExitCode::Done })
    }
}

/// The ids under which the plan's feed may have been cached: its own, and those that single packages' feeds have.
fn feed_ids_of(plan: &Plan) -> Vec<String> {
    let own = plan.packages.iter().filter_map(|package| package.project.metadata.url.clone());
    std::iter::once(plan.feed_id()).chain(own).collect()
}
