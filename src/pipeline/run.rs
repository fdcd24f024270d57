//! Carries a plan out: the stages of each package in turn, then the feed and the publishing of all of them.

use std::collections::BTreeSet;

use super::deliver::{Delivered, Finished};
use super::plan::{PackagePlan, Plan};
use super::publish::{Places, ReleaseOutcome, Target};
use super::stages::stage;
use super::{World, build, deliver, install, package, publish, test};
use crate::config::Request;
use crate::error::{AnyFailure, ExitCode, Failure};
use crate::event::{Event, Observer, Stage, Status};
use crate::iis::Installed;
use crate::process::Interrupt;
use crate::publish::Published;

/// Which stages run, and what is wanted beside them.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// The stages that run. Those that are missing find what an earlier run left.
    pub stages: BTreeSet<Stage>,
    /// Values for the parameters of packages, by name, that stand over those of the configuration.
    pub parameters: Vec<(String, String)>,
    /// Where packages are published to.
    pub target: Target,
    /// Whether the test starts the application where its source is, instead of what was installed.
    pub in_place: bool,
    /// Requests of the test that take the place of those of the configuration.
    pub requests: Vec<Request>,
}

/// What a run gave.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What became of each package, in the order of the plan.
    pub packages: Vec<PackageOutcome>,
    /// The feed.
    pub feed: Option<Delivered>,
    /// What was published.
    pub published: Vec<Published>,
    /// The release on GitHub.
    pub release: Option<ReleaseOutcome>,
    /// The first failure of each package and of the whole run.
    pub failures: Vec<AnyFailure>,
    /// How the command ends.
    pub exit_code: Option<ExitCode>,
}

/// What became of one package.
#[derive(Debug)]
pub struct PackageOutcome {
    /// The package's name.
    pub name: String,
    /// The package's version.
    pub version: String,
    /// The project's folder.
    pub root: std::path::PathBuf,
    /// Its files in the output folder; none when a stage failed or none made it.
    pub finished: Option<Finished>,
    /// What the install stage made, when it ran.
    pub installed: Option<Installed>,
}

impl Outcome {
    /// How the command ends: with the worst that happened, [`ExitCode::Done`] when nothing did.
    pub fn exit_code(&self) -> ExitCode {
        self.exit_code.unwrap_or(ExitCode::Done)
    }

    pub(super) fn failed(&mut self, failure: AnyFailure) {
        self.exit_code = self.exit_code.max(Some(failure.exit_code()));
        self.failures.push(failure);
    }
}

/// The user interrupted the run between two programs.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
struct Interrupted;

impl Failure for Interrupted {
    fn exit_code(&self) -> ExitCode {
        ExitCode::Interrupted
    }
}

/// A step had to be simulated and that was not allowed.
#[derive(Debug, thiserror::Error)]
#[error("no IIS is here, so `{package}` would be installed into the simulation")]
struct IisRequired {
    package: String,
}

impl Failure for IisRequired {
    fn hint(&self) -> Option<String> {
        Some("Run this on Windows with IIS, or leave `--require-iis` and `iis.require` out.".into())
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::MissingTool
    }
}

/// Carries a plan out. A package that fails does not keep the others from being made, but there is no feed then and
/// nothing is published.
pub fn run(plan: &Plan, selection: &Selection, world: &World<'_>) -> Outcome {
    let mut outcome = Outcome::default();
    // What cannot be published is better known before it is built.
    let places = match publish::prepare(plan, selection, world) {
        Ok(places) => places,
        Err(failure) => {
            outcome.failed(failure);
            return outcome;
        }
    };
    for package in &plan.packages {
        let (finished, installed) = package_stages(package, selection, world).unwrap_or_else(|failure| {
            outcome.failed(failure);
            (None, None)
        });
        outcome.packages.push(PackageOutcome {
            name: package.name.clone(),
            version: package.version.clone(),
            root: package.root().clone(),
            finished,
            installed,
        });
        if world.interrupt.is_requested() {
            break;
        }
    }
    if outcome.exit_code.is_some() {
        skipped(plan, selection, world.observer);
        return outcome;
    }
    if let Err(failure) = whole_run(plan, selection, &places, world, &mut outcome) {
        outcome.failed(failure);
    }
    outcome
}

/// The feed and the publishing of packages that are finished: those that other machines made. `finished` is in the order
/// of the plan.
pub fn run_finished(
    plan: &Plan,
    finished: Vec<Finished>,
    selection: &Selection,
    world: &World<'_>,
) -> Outcome {
    let packages = plan.packages.iter().zip(finished).map(|(package, finished)| PackageOutcome {
        name: package.name.clone(),
        version: package.version.clone(),
        root: package.root().clone(),
        finished: Some(finished),
        installed: None,
    });
    let mut outcome = Outcome { packages: packages.collect(), ..Outcome::default() };
    let result = publish::prepare(plan, selection, world)
        .and_then(|places| whole_run(plan, selection, &places, world, &mut outcome));
    if let Err(failure) = result {
        outcome.failed(failure);
    }
    outcome
}

/// The stages of one package. The result are the files that a later stage can work with, and what was installed.
fn package_stages(
    plan: &PackagePlan,
    selection: &Selection,
    world: &World<'_>,
) -> Result<(Option<Finished>, Option<Installed>), AnyFailure> {
    let wanted = |stage| selection.stages.contains(&stage);
    let mut unfinished = None;
    if wanted(Stage::Build) {
        let built = in_stage(Stage::Build, plan, world, |observer| build::run(plan, world, observer))?;
        if wanted(Stage::Package) {
            let written =
                in_stage(Stage::Package, plan, world, |observer| package::run(plan, built, world, observer))?;
            unfinished = Some(written);
        }
    }
    let needs_package = [Stage::Install, Stage::Feed, Stage::Publish].into_iter().any(wanted);
    let finished = match &unfinished {
        None if needs_package => Some(deliver::find(plan)?),
        _ => None,
    };
    let path = unfinished
        .as_ref()
        .map(package::Unfinished::path)
        .or(finished.as_ref().map(|f| f.package.path.as_path()));
    let mut installed: Option<Installed> = None;
    if wanted(Stage::Install)
        && let Some(path) = path
    {
        let result = in_stage(Stage::Install, plan, world, |observer| {
            if plan.config.iis.require && world.iis.describe().simulated {
                return Err(IisRequired { package: plan.name.clone() }.into());
            }
            install::run(plan, path, &selection.parameters, world, observer)
        })?;
        installed = Some(result);
    }
    if wanted(Stage::Test) && !plan.config.test.skip {
        let requests = selection.requests.as_slice();
        in_stage(Stage::Test, plan, world, |observer| match &installed {
            _ if selection.in_place => test::in_place(plan, requests, world, observer),
            Some(installed) => test::run(plan, installed, requests, world, observer),
            None => test::run(plan, &install::find(plan, world)?, requests, world, observer),
        })?;
    }
    let finished = match unfinished {
        Some(unfinished) => Some(deliver::run(plan, unfinished, world.observer)?),
        None => finished,
    };
    Ok((finished, installed))
}

/// The stages of the whole run.
fn whole_run(
    plan: &Plan,
    selection: &Selection,
    places: &Places,
    world: &World<'_>,
    outcome: &mut Outcome,
) -> Result<(), AnyFailure> {
    let packages = std::mem::take(&mut outcome.packages);
    let finished: Vec<(&PackagePlan, &Finished)> = plan
        .packages
        .iter()
        .zip(&packages)
        .filter_map(|(plan, outcome)| outcome.finished.as_ref().map(|finished| (plan, finished)))
        .collect();
    let with_feed = selection.stages.contains(&Stage::Feed) && !plan.config.feed.skip;
    let result = interruptible(world.interrupt)
        .and_then(|()| publish::run(plan, &finished, places, with_feed, world, outcome));
    outcome.packages = packages;
    result
}

fn in_stage<T>(
    which: Stage,
    plan: &PackagePlan,
    world: &World<'_>,
    work: impl FnOnce(&dyn Observer) -> Result<T, AnyFailure>,
) -> Result<T, AnyFailure> {
    interruptible(world.interrupt)?;
    // Whatever an interrupted stage ended with, the reason is the user's wish.
    let work = |observer: &dyn Observer| {
        work(observer).map_err(|failure| {
            if world.interrupt.is_requested() { AnyFailure::from(Interrupted) } else { failure }
        })
    };
    stage(which, &plan.name, world.observer, work)
}

pub(super) fn interruptible(interrupt: &Interrupt) -> Result<(), AnyFailure> {
    if interrupt.is_requested() { Err(Interrupted.into()) } else { Ok(()) }
}

/// Tells that the stages of the whole run did not happen.
fn skipped(plan: &Plan, selection: &Selection, observer: &dyn Observer) {
    let whole = [(Stage::Feed, plan.config.feed.skip), (Stage::Publish, plan.config.publish.skip)];
    for (stage, off) in whole {
        if selection.stages.contains(&stage) && !off {
            observer.event(Event::StageEnded {
                package: String::new(),
                stage,
                status: Status::Skipped,
                simulated: false,
                elapsed: std::time::Duration::ZERO,
                error: None,
            });
        }
    }
}
