//! `iiswsgi merge`: joins what the legs of a run left and writes their one feed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;

use super::arguments::{ProjectOptions, ReportOptions};
use super::project;
use super::session::Session;
use crate::config::Overrides;
use crate::error::{AnyFailure, ExitCode};
use crate::event::{Observer as _, Severity, Stage};
use crate::pipeline::fan_out::{self, Merged, PLAN_NAME, Planned};
use crate::pipeline::{self, Selection, Target};

/// Joins the packages that the legs of a run left, and writes their one feed.
///
/// Every planned package must be there exactly once, with the bytes that its leg wrote.
/// The packages, their manifests and the plan are then together in the output folder, and `publish --plan` publishes them
/// from there.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  iiswsgi merge legs --dist-dir merged")]
pub(super) struct Merge {
    /// The folder with the manifests and packages of all legs, in it or in folders below it
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// The plan; `plan.json` in the folder when none is given
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// Where everything goes; the output folder of the plan when none is given
    #[arg(long, value_name = "FOLDER")]
    dist_dir: Option<PathBuf>,
    /// Reads the configuration from this file instead of the one that the plan names
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where users get the packages, as `https://github.com/{repository}/releases/download/{tag}/{file}`
    #[arg(long, value_name = "TEMPLATE")]
    url_template: Option<String>,
    #[command(flatten)]
    reports: ReportOptions,
}

impl Merge {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode, AnyFailure> {
        let plan = self.plan.unwrap_or_else(|| self.folder.join(PLAN_NAME));
        let mut overrides = Overrides::new();
        overrides.set_optional("feed.url-template", "--url-template", self.url_template.as_deref());
        let options = ProjectOptions { config: self.config, ..ProjectOptions::default() };
        let merged = merged(&plan, &self.folder, self.dist_dir, options, &overrides, session)?;
        finish(merged, [Stage::Feed].into(), Target::Configured, &self.reports, session)
    }
}

/// Joins what lies in a folder, see [`fan_out::merge`].
pub(super) fn merged(
    plan: &Path,
    folder: &Path,
    output: Option<PathBuf>,
    mut options: ProjectOptions,
    overrides: &Overrides,
    session: &Session,
) -> Result<Merged, AnyFailure> {
    let planned = Planned::read(plan)?;
    options.config = options.config.or(planned.plan.config.as_ref().map(PathBuf::from));
    let output = output.unwrap_or_else(|| PathBuf::from(&planned.plan.output));
    let merged = project::with_reading(&options, overrides, session, |reading| {
        fan_out::merge(&planned, folder, &output, reading)
    })?;
    for manifest in &merged.manifests {
        session.take_results(&manifest.name, &manifest.stages, &manifest.simulated);
    }
    let text =
        format!("{} of {} planned packages are here.", merged.finished.len(), planned.plan.packages.len());
    session.observer.message(Severity::Info, &text);
    Ok(merged)
}

/// Does what is left to do with packages that were joined: the feed, and publishing when that is wanted.
pub(super) fn finish(
    merged: Merged,
    stages: BTreeSet<Stage>,
    target: Target,
    reports: &ReportOptions,
    session: &Session,
) -> Result<ExitCode, AnyFailure> {
    let Merged { plan, finished, .. } = merged;
    let _lock = project::lock(&plan.folders)?;
    let selection = Selection { stages, target, ..Selection::default() };
    let outcome = project::carry_out(&plan.folders.work, session, |world| {
        pipeline::run_finished(&plan, finished, &selection, world)
    });
    session.finish(&outcome, reports)
}
