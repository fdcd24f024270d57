//! `iiswsgi publish folder`: packages, feed, hashes and an index page in a folder that any web server can serve.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::arguments::{ProjectOptions, ReportOptions};
use crate::cli::project;
use crate::cli::session::Session;
use crate::cli::work::Work;
use crate::error::{AnyFailure, ExitCode};
use crate::event::Stage;
use crate::pipeline::Target;

/// Publishes packages that were made before, with their feed, to a folder.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  iiswsgi publish folder --folder site")]
pub(super) struct Folder {
    #[command(flatten)]
    project: ProjectOptions,
    #[command(flatten)]
    reports: ReportOptions,
    /// The folder to publish to
    #[arg(long = "folder", value_name = "FOLDER")]
    path: Option<PathBuf>,
    /// Publishes the packages of this plan, which `merge` has put beside it
    #[arg(long, value_name = "FILE", conflicts_with = "paths", help_heading = "Fan-out")]
    plan: Option<PathBuf>,
}

impl Folder {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode, AnyFailure> {
        self.publish(Target::Folder, session)
    }

    /// No target was named: those of the configuration, unless a folder was.
    pub(super) fn run_configured(self, session: &Session) -> Result<ExitCode, AnyFailure> {
        let target = if self.path.is_some() { Target::Folder } else { Target::Configured };
        self.publish(target, session)
    }

    fn publish(self, target: Target, session: &Session) -> Result<ExitCode, AnyFailure> {
        let mut overrides = project::overrides(&self.project);
        let folder = self.path.as_deref().and_then(|path| std::path::absolute(path).ok());
        overrides.set_optional(
            "publish.folder.path",
            "--folder",
            folder.as_deref().map(Path::to_string_lossy),
        );
        let stages = [Stage::Feed, Stage::Publish].into();
        let work = Work::with(self.project, self.reports, overrides);
        work.publish_to(target).merged(self.plan).run(stages, session)
    }
}
