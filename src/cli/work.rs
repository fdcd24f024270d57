//! A plan that is made and carried out, which is what all commands for stages come to. A leg of a fan-out has its plan from a
//! file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::arguments::{InstallOptions, ProjectOptions, ReportOptions};
use super::session::Session;
use super::stages::Format;
use super::{merge, project};
use crate::config::{self, Overrides};
use crate::error::{AnyFailure, ExitCode, Failure};
use crate::event::{Event, Observer as _, Stage};
use crate::files;
use crate::pipeline::fan_out::{Manifest, Planned};
use crate::pipeline::{self, Selection, Target, plan};

/// A plan that is made and carried out.
pub(super) struct Work {
    project: ProjectOptions,
    overrides: Overrides,
    reports: ReportOptions,
    parameters: Vec<(String, String)>,
    target: Target,
    merged: Option<PathBuf>,
    pub(super) urls: Vec<String>,
    pub(super) in_place: bool,
}

impl Work {
    /// What the shared options say.
    pub(super) fn of(project: ProjectOptions, reports: ReportOptions) -> Self {
        let overrides = project::overrides(&project);
        Self::with(project, reports, overrides)
    }

    /// The same with more settings.
    pub(super) fn with(project: ProjectOptions, reports: ReportOptions, overrides: Overrides) -> Self {
        Self {
            project,
            overrides,
            reports,
            parameters: Vec::new(),
            target: Target::Configured,
            merged: None,
            urls: Vec::new(),
            in_place: false,
        }
    }

    /// The same for one target of publishing alone.
    pub(super) fn publish_to(mut self, target: Target) -> Self {
        self.target = target;
        self
    }

    /// The same for packages that `merge` has put beside this plan.
    pub(super) fn merged(mut self, plan: Option<PathBuf>) -> Self {
        self.merged = plan;
        self
    }

    pub(super) fn format(mut self, format: Option<Format>) -> Self {
        self.overrides.set_optional("package.format", "--format", format.map(Format::name));
        self
    }

    pub(super) fn install(mut self, options: &InstallOptions) -> Result<Self, AnyFailure> {
        self.overrides.set_flag("iis.require", "--require-iis", options.require_iis);
        self.parameters = project::parameters(&options.parameters)?;
        Ok(self)
    }

    pub(super) fn run(self, stages: BTreeSet<Stage>, session: &Session) -> Result<ExitCode, AnyFailure> {
        if let Some(plan) = self.merged {
            let folder = files::folder_of(&plan);
            let merged = merge::merged(
                &plan,
                folder,
                Some(folder.to_owned()),
                self.project,
                &self.overrides,
                session,
            )?;
            return merge::finish(merged, stages, self.target, &self.reports, session);
        }
        let mut plan = project::plan(&self.project, &self.overrides, session)?;
        self.reports.files().for_each(|path| plan.leave_out(path));
        let requests = self.urls.iter().map(|url| requested(url)).collect::<Result<Vec<_>, _>>()?;
        let _lock = project::lock(&plan.folders)?;
        let (parameters, target, in_place) = (self.parameters, self.target, self.in_place);
        let selection = Selection { stages, parameters, target, in_place, requests };
        let outcome = project::carry_out_plan(&plan, &selection.stages, session, |world| {
            pipeline::run(&plan, &selection, world)
        })?;
        session.finish(&outcome, &self.reports)
    }

    /// Makes packages of a plan, and the manifest of each.
    pub(super) fn run_leg(
        mut self,
        path: &Path,
        ids: &[String],
        stages: BTreeSet<Stage>,
        session: &Session,
    ) -> Result<ExitCode, AnyFailure> {
        let planned = Planned::read(path)?;
        let all: Vec<String> = planned.plan.packages.iter().map(|package| package.id.clone()).collect();
        let chosen = planned.chosen(if ids.is_empty() { &all } else { ids })?;
        self.project.config = self.project.config.or(planned.plan.config.as_ref().map(PathBuf::from));
        let mut plan = project::with_reading(&self.project, &self.overrides, session, |reading| {
            let mut outline = planned.plan.outline(reading, chosen.iter().copied())?;
            if self.project.dist_dir.is_some() {
                outline.folders.output.clone_from(&outline.config.output);
            }
            plan::read_projects(reading, outline)
        })?;
        self.reports.files().for_each(|path| plan.leave_out(path));
        let _lock = project::lock(&plan.folders)?;
        let (parameters, target) = (self.parameters, self.target);
        let selection = Selection { stages, parameters, target, ..Selection::default() };
        let outcome = project::carry_out_plan(&plan, &selection.stages, session, |world| {
            pipeline::run(&plan, &selection, world)
        })?;
        for ((package, result), planned_package) in plan.packages.iter().zip(&outcome.packages).zip(&chosen) {
            let Some(finished) = &result.finished else { continue };
            let (stages, simulated) = session.results_of(&package.name);
            let id = &planned_package.id;
            let manifest = Manifest::new(&planned, id, package, finished, stages, simulated);
            let path = plan.folders.output.join(manifest.file_name());
            let text = manifest.to_json();
            files::write_atomic(&path, text.as_bytes())?;
            session.observer.event(Event::Written { path, size: text.len() as u64 });
        }
        session.finish(&outcome, &self.reports)
    }
}

/// `--url` is no path.
#[derive(Debug, thiserror::Error)]
#[error("`--url {url}` cannot be requested: {reason}")]
struct WrongUrl {
    url: String,
    reason: serde_json::Error,
}

impl Failure for WrongUrl {
    fn hint(&self) -> Option<String> {
        Some("Write a path below the application, as `/login?next=%2F`.".into())
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

/// The request of a path that must succeed: a page, nothing at all, or the way to another page.
fn requested(url: &str) -> Result<config::Request, WrongUrl> {
    let path =
        serde_json::from_value(url.into()).map_err(|reason| WrongUrl { url: url.to_owned(), reason })?;
    let status = [200, 204, 301, 302, 303, 307, 308].into_iter().filter_map(config::Bounded::new);
    let status = status.collect::<Vec<_>>().into();
    Ok(config::Request { path, status, ..config::Request::default() })
}
