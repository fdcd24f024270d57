//! The publish stage: packages, what stands beside them and the feed go where users get them.
//!
//! [`prepare`] finds out where that is before anything is built, so that a wrong setting or a missing token does not cost a
//! whole build. What a release on GitHub should be is decided in [`github`](mod@github).

mod github;
mod pypi;

pub use pypi::{IndexAccess, publish_distribution_files, publish_distributions};

use std::path::Path;

use super::deliver::{Delivered, Finished, digests_of};
use super::plan::{PackagePlan, Plan};
use super::run::{Outcome, Selection};
use super::stages::stage;
use super::{World, feed};
use crate::config::Config;
use crate::error::AnyFailure;
use crate::event::{Observer, Severity, Stage};
use crate::publish::folder::Folder;
use crate::publish::github::GitHub;
use crate::publish::{Artifact, Kind, Package, Published, Publisher};
pub use github::ReleaseOutcome;

/// Where packages are published to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Target {
    /// To all places of the configuration; to the folder when it names none.
    #[default]
    Configured,
    /// To the folder alone.
    Folder,
    /// To the release on GitHub alone.
    GitHub,
}

/// Writes the feed, for a release when there is one, unless there is to be none.
type WriteFeed<'a> = dyn FnMut(Option<&feed::Place>) -> Result<Option<Delivered>, AnyFailure> + 'a;

/// The places that a run publishes to.
pub(super) struct Places {
    pub(super) folder: bool,
    pub(super) github: Option<github::Destination>,
    pub(super) pypi: bool,
}

/// Whether the configuration wants the folder: when it sets something of it, or names no other place.
pub(super) fn goes_to_folder(config: &Config) -> bool {
    let named = config.set().iter().any(|setting| setting.key.starts_with("publish.folder."));
    named || (config.publish.github.is_none() && config.publish.pypi.is_none())
}

/// Finds out where a run publishes to.
///
/// # Errors
/// A setting cannot be right, or a token is missing.
pub(super) fn prepare(plan: &Plan, selection: &Selection, world: &World<'_>) -> Result<Places, AnyFailure> {
    let settings = &plan.config.publish;
    // Whoever names a target wants it, whatever a run leaves out.
    let skipped = settings.skip && selection.target == Target::Configured;
    if !selection.stages.contains(&Stage::Publish) || skipped {
        return Ok(Places { folder: false, github: None, pypi: false });
    }
    let wanted = match selection.target {
        Target::Configured => settings.github.is_some(),
        Target::GitHub => true,
        Target::Folder => false,
    };
    let github = if wanted { Some(github::destination(plan, world)?) } else { None };
    let pypi = selection.target == Target::Configured && settings.pypi.is_some();
    let folder = match selection.target {
        Target::Configured => goes_to_folder(&plan.config),
        Target::Folder => true,
        Target::GitHub => false,
    };
    Ok(Places { folder, github, pypi })
}

/// The feed and the publishing of a whole run. For a release on GitHub the feed is written within, between the packages
/// and the end.
pub(super) fn run(
    plan: &Plan,
    finished: &[(&PackagePlan, &Finished)],
    places: &Places,
    with_feed: bool,
    world: &World<'_>,
    outcome: &mut Outcome,
) -> Result<(), AnyFailure> {
    let mut written = None;
    let mut write_feed = |place: Option<&feed::Place>| -> Result<Option<Delivered>, AnyFailure> {
        if !with_feed {
            return Ok(None);
        }
        let work = |observer: &dyn Observer| feed::run(plan, finished, place, world, observer);
        stage(Stage::Feed, "", world.observer, work).map(Some)
    };
    if !places.folder && places.github.is_none() && !places.pypi {
        outcome.feed = write_feed(None)?;
        return Ok(());
    }
    if places.github.is_none() {
        written = write_feed(None)?;
        outcome.feed.clone_from(&written);
        super::run::interruptible(world.interrupt)?;
    }
    stage(Stage::Publish, "", world.observer, |observer| {
        let packages = packages(finished);
        if let Some(destination) = &places.github {
            let mut artifacts = packages.clone();
            artifacts.extend(destination.files()?);
            let released = github::publish(destination, &artifacts, &mut written, &mut write_feed, observer);
            outcome.feed.clone_from(&written);
            let released = released?;
            outcome.published.extend(released.published());
            outcome.release = Some(released);
        }
        if places.folder {
            let mut artifacts = packages;
            artifacts
                .extend(written.as_ref().map(|feed| Artifact::new(&feed.path, Kind::Feed, &feed.digests)));
            outcome.published.extend(to_folder(plan, finished, &artifacts, observer)?);
        }
        if places.pypi {
            outcome.published.extend(pypi::to_index(plan, false, world, observer)?);
        }
        Ok(())
    })
}

/// The packages and what stands beside them.
fn packages(finished: &[(&PackagePlan, &Finished)]) -> Vec<Artifact> {
    let mut artifacts = Vec::new();
    for (package, files) in finished {
        let owner = Package {
            name: package.name.clone(),
            version: package.version.clone(),
            title: Some(package.title().to_owned()),
            summary: package.project.metadata.summary.clone(),
        };
        let parts = [
            (Kind::Package, &files.package),
            (Kind::SetParameters, &files.set_parameters),
            (Kind::DeployCommand, &files.deploy_command),
        ];
        for (kind, file) in parts {
            artifacts.push(Artifact::new(&file.path, kind, &file.digests).of_package(owner.clone()));
        }
    }
    artifacts
}

fn to_folder(
    plan: &Plan,
    finished: &[(&PackagePlan, &Finished)],
    artifacts: &[Artifact],
    observer: &dyn Observer,
) -> Result<Vec<Published>, AnyFailure> {
    let settings = &plan.config.publish.folder;
    let first = || finished.first().map(|(first, _)| first.title().to_owned());
    let title = plan.config.feed.title.clone().or_else(first);
    let publisher = Folder {
        path: plan.config.path(&settings.path),
        base_url: settings.url.clone(),
        title: title.unwrap_or_else(|| "Packages".to_owned()),
    };
    let files = publisher.publish(artifacts, observer)?;
    let text = format!("Published {} files to {}.", files.len(), publisher.target());
    observer.message(Severity::Info, &text);
    Ok(files)
}

/// A finished file that no stage made, as something to publish. What it is is told by its name.
///
/// # Errors
/// It cannot be read.
pub(super) fn artifact(path: &Path) -> Result<Artifact, AnyFailure> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    let kind = if ends(&[".webpi.xml"]) {
        Kind::Feed
    } else if ends(&[".zip"]) {
        Kind::Package
    } else if ends(&[".setparameters.xml"]) {
        Kind::SetParameters
    } else if ends(&[".deploy.cmd"]) {
        Kind::DeployCommand
    } else if ends(&[".whl", ".tar.gz"]) {
        Kind::Distribution
    } else {
        Kind::Report
    };
    Ok(Artifact::new(path, kind, &digests_of(path)?))
}

/// Publishes files as they are to a release on GitHub, without any project.
pub fn files(config: &Config, paths: &[std::path::PathBuf], world: &World<'_>) -> Outcome {
    let mut outcome = Outcome::default();
    let work = |observer: &dyn Observer| {
        let artifacts: Vec<Artifact> = paths.iter().map(|path| artifact(path)).collect::<Result<_, _>>()?;
        let (feeds, files): (Vec<_>, Vec<_>) =
            artifacts.into_iter().partition(|artifact| artifact.kind == Kind::Feed);
        github::of_files(config, &files, feeds, world, observer)
    };
    match stage(Stage::Publish, "", world.observer, work) {
        Ok(released) => {
            outcome.published.extend(released.published());
            outcome.release = Some(released);
        }
        Err(failure) => outcome.failed(failure),
    }
    outcome
}

/// The publisher of a destination, for messages.
fn described(github: &GitHub) -> String {
    format!("{} of {}", github.target.tag, github.repository)
}
