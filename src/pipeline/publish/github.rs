//! The release on GitHub as configuration, environment and packages say it should be.

use std::path::PathBuf;

use super::super::deliver::Delivered;
use super::super::feed::Place;
use super::super::plan::Plan;
use super::super::{Release, World};
use super::{WriteFeed, artifact, described};
use crate::config::{self, Config};
use crate::error::AnyFailure;
use crate::event::{Observer, Severity};
use crate::files;
use crate::package::names::OutputNames;
use crate::process::Interrupt;
use crate::publish::github::{
    API_URL, Addresses, Error, GitHub, IfExists, MakeLatest, NotesSource, Patience, Problem, Released,
    SERVER_URL, Service, Target, expand,
};
use crate::publish::{Artifact, Kind, Published};
use crate::secret::Secret;

/// A release to publish to, and what goes there beside the packages.
pub(in super::super) struct Destination {
    github: GitHub,
    feed_name: String,
    files: Vec<PathBuf>,
}

/// A release that was published, or the draft that is to be looked at by a person.
#[derive(Debug, Clone)]
pub struct ReleaseOutcome {
    /// Its page.
    pub url: String,
    /// Whether it is a draft still.
    pub draft: bool,
    /// The address of the feed: that of whichever release is the latest, when this one takes part in that.
    pub feed_url: Option<String>,
    files: Vec<Published>,
}

impl ReleaseOutcome {
    /// All that was published, the page first.
    pub fn published(&self) -> Vec<Published> {
        let page = Published { target: "github".to_owned(), url: self.url.clone() };
        let feed =
            self.feed_url.iter().map(|url| Published { target: "github".to_owned(), url: url.clone() });
        std::iter::once(page).chain(self.files.iter().cloned()).chain(feed).collect()
    }
}

/// What templates of tags and titles can name. None: it differs between the packages.
#[derive(Debug, Clone, Copy, Default)]
struct Names<'a> {
    name: Option<&'a str>,
    version: Option<&'a str>,
    title: Option<&'a str>,
}

impl Destination {
    /// More files for the release, read and hashed.
    pub(super) fn files(&self) -> Result<Vec<Artifact>, AnyFailure> {
        self.files.iter().map(|path| artifact(path)).collect()
    }
}

/// The release of a run.
pub(super) fn destination(plan: &Plan, world: &World<'_>) -> Result<Destination, AnyFailure> {
    let same = |of: fn(&super::PackagePlan) -> &str| {
        let first = plan.packages.first().map(of)?;
        plan.packages.iter().all(|package| of(package) == first).then_some(first)
    };
    let names = Names {
        name: same(|package| &package.name),
        version: same(|package| &package.version),
        title: same(super::PackagePlan::title),
    };
    let settings = plan.config.publish.github.clone().unwrap_or_default();
    let github = github(&plan.config, names, world.release, world.interrupt)?;
    let feed_name = match (&settings.feed_name, &plan.config.feed.file_name, plan.packages.as_slice()) {
        (Some(name), ..) => name.clone(),
        (None, None, [only]) => OutputNames::new(&only.name, "").feed,
        _ => plan.feed_name.clone(),
    };
    let files = settings.files.iter().map(|path| plan.config.path(path)).collect();
    Ok(Destination { github, feed_name, files })
}

/// Everything that is known before anybody is asked.
fn github(
    config: &Config,
    names: Names<'_>,
    release: &Release,
    interrupt: &Interrupt,
) -> Result<GitHub, AnyFailure> {
    let settings = config.publish.github.clone().unwrap_or_default();
    let url = |given: &Option<String>, default: &str| {
        given.as_deref().unwrap_or(default).trim_end_matches('/').to_owned()
    };
    let missing = || Error::from(Problem::RepositoryMissing);
    let repository =
        settings.repository.clone().or_else(|| release.repository.clone()).ok_or_else(missing)?;
    let values = [("name", names.name), ("version", names.version), ("title", names.title)];
    let tag = match (&settings.tag, &release.tag) {
        (Some(template), _) => expand(template, &values)?,
        (None, Some(tag)) => tag.clone(),
        (None, None) => expand("v{version}", &values)?,
    };
    let name = match &settings.name {
        Some(template) => {
            let values = [values[0], values[1], values[2], ("tag", Some(tag.as_str()))];
            Some(expand(template, &values)?)
        }
        None => None,
    };
    // The commit of the job means something in its own repository only.
    let commit = release.commit.clone().filter(|_| release.repository.as_ref() == Some(&repository));
    let github = GitHub {
        service: Service {
            api_url: url(&release.api_url, API_URL),
            server_url: url(&release.server_url, SERVER_URL),
            token: token(config, &settings, release)?,
        },
        repository,
        target: Target {
            tag,
            name,
            notes: notes(config, &settings)?,
            commit: settings.target.clone().or(commit),
            draft: settings.draft,
            prerelease: settings.prerelease,
            make_latest: latest(settings.make_latest),
            if_exists: settings.if_exists.map(if_exists),
        },
        parallel: settings.parallel.get() as usize,
        patience: Patience::default(),
        interrupt: interrupt.clone(),
    };
    github.check()?;
    Ok(github)
}

fn latest(setting: config::MakeLatest) -> MakeLatest {
    match setting {
        config::MakeLatest::Auto => MakeLatest::Auto,
        config::MakeLatest::True => MakeLatest::True,
        config::MakeLatest::False => MakeLatest::False,
        config::MakeLatest::Legacy => MakeLatest::Legacy,
    }
}

fn if_exists(setting: config::IfExists) -> IfExists {
    match setting {
        config::IfExists::Keep => IfExists::Keep,
        config::IfExists::Replace => IfExists::Replace,
        config::IfExists::Fail => IfExists::Fail,
    }
}

/// The token: from its file when there is one, else from the environment.
fn token(config: &Config, settings: &config::GitHub, release: &Release) -> Result<Secret, AnyFailure> {
    match &settings.token_file {
        Some(path) => Ok(Secret::new(files::read_text(&config.path(path))?.trim())),
        None => Ok(release.token.clone().unwrap_or_default()),
    }
}

fn notes(config: &Config, settings: &config::GitHub) -> Result<NotesSource, AnyFailure> {
    let text = match (&settings.notes, &settings.notes_file) {
        (Some(notes), _) => notes.clone(),
        (None, Some(path)) => files::read_text(&config.path(path))?,
        (None, None) => String::new(),
    };
    Ok(match (settings.generate_notes, text.trim().is_empty()) {
        (true, _) => NotesSource::Generated(text),
        (false, true) => NotesSource::None,
        (false, false) => NotesSource::Text(text),
    })
}

/// Publishes packages, then the feed that names them.
pub(super) fn publish(
    destination: &Destination,
    artifacts: &[Artifact],
    written: &mut Option<Delivered>,
    write_feed: &mut WriteFeed<'_>,
    observer: &dyn Observer,
) -> Result<ReleaseOutcome, AnyFailure> {
    let mut place = None;
    let mut feed = |addresses: &Addresses| {
        let here = place.insert(place_of(&destination.github, addresses, &destination.feed_name));
        *written = write_feed(Some(here))?;
        Ok(written.as_ref().map(|feed| {
            let artifact = Artifact::new(&feed.path, Kind::Feed, &feed.digests);
            Artifact { name: destination.feed_name.clone(), ..artifact }
        }))
    };
    let released = destination.github.release(artifacts, &mut feed, observer)?;
    let has_feed = written.is_some();
    Ok(told(&destination.github, released, place.filter(|_| has_feed), observer))
}

/// Publishes files as they are, and feeds after them.
pub(super) fn of_files(
    config: &Config,
    files: &[Artifact],
    feeds: Vec<Artifact>,
    world: &World<'_>,
    observer: &dyn Observer,
) -> Result<ReleaseOutcome, AnyFailure> {
    let github = github(config, Names::default(), world.release, world.interrupt)?;
    let mut place = None;
    let mut feeds = feeds;
    // Only one of them can be the last.
    let mut last = feeds.pop();
    let files = [files, &feeds].concat();
    let mut first = |addresses: &Addresses| {
        let feed = last.take();
        place = feed.as_ref().map(|feed| place_of(&github, addresses, &feed.name));
        Ok(feed)
    };
    let released = github.release(&files, &mut first, observer)?;
    Ok(told(&github, released, place, observer))
}

/// Where packages and the feed of a release are.
fn place_of(github: &GitHub, addresses: &Addresses, feed_name: &str) -> Place {
    let target = &github.target;
    let takes_part = !target.prerelease && matches!(target.make_latest, MakeLatest::Auto | MakeLatest::True);
    let feed = if takes_part { addresses.latest(feed_name) } else { addresses.file(feed_name) };
    Place { addresses: addresses.clone(), tag: target.tag.clone(), feed }
}

/// Says what was published.
fn told(
    github: &GitHub,
    released: Released,
    place: Option<Place>,
    observer: &dyn Observer,
) -> ReleaseOutcome {
    let Released { url, draft, files } = released;
    let (count, which) = (files.len(), described(github));
    let text = if draft {
        format!("{count} files are in the draft {which}, which waits for somebody to publish it: {url}")
    } else {
        format!("Published {count} files in the release {which}: {url}")
    };
    observer.message(Severity::Info, &text);
    ReleaseOutcome { url, draft, feed_url: place.map(|place| place.feed), files }
}
