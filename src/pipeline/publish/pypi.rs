//! The package index as configuration, environment and packages say it should be, and the files that go there.

use std::path::PathBuf;

use super::super::plan::{PackagePlan, Plan};
use super::super::run::{Outcome, interruptible};
use super::super::stages::stage;
use super::super::{World, deliver};
use crate::config::{self, Config};
use crate::error::AnyFailure;
use crate::event::{Event, Observer, Severity, Stage};
use crate::files;
use crate::publish::pypi::credentials::{Sources, TrustedPublishing};
use crate::publish::pypi::hybrid::{self, Description};
use crate::publish::pypi::trusted::Oidc;
use crate::publish::pypi::{Error, Index, Notice, Settings, address, addresses, find, pypirc};
use crate::publish::{Artifact, Kind, Package, Published, Publisher as _};
use crate::secret::Secret;

/// The folder for hybrid wheels, below that of the outputs: they have the names of the wheels that they are made from.
const HYBRID_FOLDER: &str = "hybrid-wheel";

/// What the environment gives for logging in to a package index.
#[derive(Clone, Copy)]
pub struct IndexAccess<'a> {
    /// The token.
    pub token: Option<&'a Secret>,
    /// The password.
    pub password: Option<&'a Secret>,
    /// The user's folder, where `.pypirc` is.
    pub home: Option<&'a std::path::Path>,
    /// What GitHub gives the job.
    pub oidc: Option<&'a Oidc>,
    /// Takes notices of secrets, and explanations.
    pub notify: &'a (dyn Fn(Notice<'_>) + Send + Sync),
}

/// Publishes the distributions of all packages of a plan, and nothing else of it.
pub fn publish_distributions(plan: &Plan, dry_run: bool, world: &World<'_>) -> Outcome {
    whole(world, |observer| to_index(plan, dry_run, world, observer))
}

/// Publishes files as they are, whatever project they are of.
pub fn publish_distribution_files(
    config: &Config,
    paths: &[PathBuf],
    dry_run: bool,
    world: &World<'_>,
) -> Outcome {
    whole(world, |observer| {
        let mut artifacts = Vec::new();
        for path in paths {
            artifacts.push(Artifact::of_file(path, Kind::Distribution)?);
        }
        send(config, &artifacts, dry_run, world, observer)
    })
}

fn whole(
    world: &World<'_>,
    work: impl FnOnce(&dyn Observer) -> Result<Vec<Published>, AnyFailure>,
) -> Outcome {
    let mut outcome = Outcome::default();
    match interruptible(world.interrupt).and_then(|()| stage(Stage::Publish, "", world.observer, work)) {
        Ok(published) => outcome.published = published,
        Err(failure) => outcome.failed(failure),
    }
    outcome
}

/// Publishes the distributions of all packages of a plan to the index of its configuration.
pub(super) fn to_index(
    plan: &Plan,
    dry_run: bool,
    world: &World<'_>,
    observer: &dyn Observer,
) -> Result<Vec<Published>, AnyFailure> {
    let settings = plan.config.publish.pypi.clone().unwrap_or_default();
    let mut artifacts = Vec::new();
    for path in &*settings.files {
        artifacts.push(Artifact::of_file(&plan.config.path(path), Kind::Distribution)?);
    }
    if artifacts.is_empty() {
        for package in &plan.packages {
            let owner = Package {
                name: package.name.clone(),
                version: package.version.clone(),
                title: Some(package.title().to_owned()),
                summary: package.project.metadata.summary.clone(),
            };
            for path in distributions(package, settings.hybrid_wheel, world, observer)? {
                artifacts.push(Artifact::of_file(&path, Kind::Distribution)?.of_package(owner.clone()));
            }
        }
    }
    send(&plan.config, &artifacts, dry_run, world, observer)
}

/// The distributions of a package; with a hybrid wheel, that in the place of the wheel that it is made from.
fn distributions(
    package: &PackagePlan,
    hybrid_wheel: bool,
    world: &World<'_>,
    observer: &dyn Observer,
) -> Result<Vec<PathBuf>, AnyFailure> {
    let metadata = &package.project.metadata;
    let or_own = |text: &str, own: &str| if text.is_empty() { own.to_owned() } else { text.to_owned() };
    let description = Description {
        name: or_own(&metadata.name, &package.name),
        version: or_own(&metadata.version, &package.version),
        summary: metadata.summary.clone(),
        requires_python: metadata.requires_python.clone(),
        dependencies: metadata.dependencies.clone(),
    };
    let folder = &package.folders.output;
    let mut paths = find(folder, &description.name, &description.version)?;
    if hybrid_wheel {
        let own = paths.iter().position(|path| path.to_string_lossy().ends_with("-none-any.whl"));
        let wheel = own.map(|at| paths.remove(at));
        let made = hybrid::write(
            hybrid::Source {
                package: &deliver::find(package)?.package.path,
                wheel: wheel.as_deref(),
                description: &description,
                time: package.config.package.source_date_epoch.map(|seconds| u64::from(seconds.get())),
                cancel: Some(world.interrupt.flag()),
            },
            &folder.join(HYBRID_FOLDER),
        )
        .map_err(Error::Hybrid)?;
        observer.event(Event::Written { path: made.0.clone(), size: made.1.size });
        paths.insert(0, made.0);
    }
    if paths.is_empty() {
        let Description { name: project, version, .. } = description;
        return Err(Error::Nothing { project, version, folder: folder.clone() }.into());
    }
    Ok(paths)
}

fn send(
    config: &Config,
    artifacts: &[Artifact],
    dry_run: bool,
    world: &World<'_>,
    observer: &dyn Observer,
) -> Result<Vec<Published>, AnyFailure> {
    let index = index(config, dry_run, world)?;
    let published = index.publish(artifacts, observer)?;
    if !dry_run {
        let text = format!("Published {} files to {}.", published.len(), index.target());
        observer.message(Severity::Info, &text);
    }
    Ok(published)
}

/// The index of a configuration.
fn index<'a>(config: &Config, dry_run: bool, world: &World<'a>) -> Result<Index<'a>, AnyFailure> {
    let wanted = config.publish.pypi.clone().unwrap_or_default();
    let access = world.index;
    let path = match &wanted.pypirc {
        Some(path) => Some(config.path(path)),
        None => access.home.map(|home| home.join(".pypirc")).filter(|path| path.is_file()),
    };
    let mut sections = match &path {
        Some(path) => pypirc::read(&files::read_text(path)?)
            .map_err(|source| Error::Pypirc { path: path.clone(), source })?,
        None => std::collections::BTreeMap::new(),
    };
    let repository = wanted.repository.as_deref().unwrap_or("pypi");
    let is_meant = |name: &str, section: &pypirc::Section| {
        let address = section.repository.as_deref().or_else(|| addresses::of_name(name));
        name == repository || address.is_some_and(|address| address == repository)
    };
    let name = sections.iter().find(|(name, section)| is_meant(name, section)).map(|(name, _)| name.clone());
    let section = name.and_then(|name| sections.remove(&name));
    let named = section.as_ref().and_then(|section| section.repository.as_deref());
    let mut settings = Settings::new(named.unwrap_or(repository))?;
    if let Some(lists) = &wanted.index_url {
        settings.lists = Some(address(lists)?);
    }
    settings.skip_existing = wanted.skip_existing;
    settings.attestations = wanted.attestations;
    settings.allow_http = wanted.allow_http;
    settings.dry_run = dry_run;
    let sources = Sources {
        token: access.token.cloned(),
        username: wanted.username.clone(),
        password: access.password.cloned(),
        pypirc: section,
        keyring: wanted.keyring.clone(),
        trusted: match wanted.trusted_publishing {
            config::TrustedPublishing::Automatic => TrustedPublishing::Automatic,
            config::TrustedPublishing::Always => TrustedPublishing::Always,
            config::TrustedPublishing::Never => TrustedPublishing::Never,
        },
        oidc: access.oidc.cloned(),
    };
    let (runner, interrupt) = (world.runner, world.interrupt.clone());
    Ok(Index { settings, sources, runner, interrupt, notify: access.notify })
}
