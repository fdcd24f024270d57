//! The feed stage: the finished packages become entries of a WebPI feed.

use std::path::{Path, PathBuf};

use super::deliver::{Delivered, Finished};
use super::plan::{PackagePlan, Plan};
use super::{World, products};
use crate::config;
use crate::digest::Digests;
use crate::error::{AnyFailure, ExitCode, Failure, Location, shown};
use crate::event::{Event, Observer, Severity};
use crate::feed::{
    self, About, Application, DiscoveryHint, Entry, Feed, Link, Options, PackageFile, Person, Timestamp, url,
};
use crate::files;
use crate::publish::github::Addresses;
use crate::uri::percent_encode;

/// What can keep a feed from being written.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The feed of a package cannot be made.
    #[error("cannot write the feed's entry for `{name}`")]
    Entry {
        /// The package.
        name: String,
        /// The place of the setting that is to blame.
        location: Option<Location>,
        /// Why.
        source: Box<feed::Error>,
    },
    /// The feed cannot be written.
    #[error("cannot write the feed `{}`", shown(path))]
    Write {
        /// The feed.
        path: PathBuf,
        /// Why.
        source: Box<feed::Error>,
    },
    /// The feed that is to be extended cannot be.
    #[error("cannot extend the feed `{}`", shown(path))]
    Merge {
        /// The feed.
        path: PathBuf,
        /// Why.
        source: Box<feed::Error>,
    },
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        let (Self::Entry { source, .. } | Self::Write { source, .. } | Self::Merge { source, .. }) = self;
        source.hint()
    }

    fn location(&self) -> Option<Location> {
        match self {
            Self::Entry { location, .. } => location.clone(),
            Self::Write { .. } => None,
            Self::Merge { path, source } => {
                let place = source.location().unwrap_or_default();
                Some(Location { path: path.clone(), ..place })
            }
        }
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

/// A release that the packages of the feed are in, or will be.
pub(super) struct Place {
    /// The addresses of its files.
    pub(super) addresses: Addresses,
    /// Its tag.
    pub(super) tag: String,
    /// The address of the feed itself.
    pub(super) feed: String,
}

/// Writes the feed of all packages.
pub(super) fn run(
    plan: &Plan,
    finished: &[(&PackagePlan, &Finished)],
    place: Option<&Place>,
    world: &World<'_>,
    observer: &dyn Observer,
) -> Result<Delivered, AnyFailure> {
    let now = time_of(plan, world);
    let mut feed = head(plan, finished, place, now);
    let mut options = Options { feed_id: feed.id.clone(), ..Options::default() };
    if !plan.config.feed.languages.is_empty() {
        options.languages = plan.config.feed.languages.to_vec();
    }
    for (package, finished) in finished {
        let name = package.name.clone();
        let application =
            application(package, &finished.package, place, world).map_err(|source| Error::Entry {
                name,
                location: package.config.location("feed.url-template"),
                source: Box::new(source),
            })?;
        let mut entry: Entry = application.entry(&options);
        let own = package.project.metadata.feed.discovery_file.clone();
        let own = own.map(|path| DiscoveryHint::File { path, minimum_version: None });
        entry.discovery = discovery(&package.config.feed.discovery_hints).or(own).or(entry.discovery);
        if let Some(family) = &package.config.feed.product_family {
            entry.product_family = Some(feed::Text::named(family, family));
        }
        feed.entries.push(entry);
        for product in products::products(package, world, observer) {
            // Two packages may need the same distribution.
            let product = product.entry(&options);
            if feed.entry(&product.product_id).is_none() {
                feed.entries.push(product);
            }
        }
    }
    feed.complete_lists();
    if finished.iter().any(|(package, _)| template(package, place) == url::LOCAL_FILE) {
        let text = "The feed's addresses are files of this machine: say where the packages will be with \
                    `feed.url-template`, or with `publish.folder.url`.";
        observer.message(Severity::Info, text);
    }
    let path = plan.folders.output.join(&plan.feed_name);
    let text = match &plan.config.feed.merge_into {
        Some(existing) => merge(&plan.config.path(existing), &feed, observer)?,
        None => written(&path, &feed)?,
    };
    files::write_atomic(&path, text.as_bytes())?;
    let digests = Digests::of(text.as_bytes());
    observer.event(Event::Written { path: path.clone(), size: digests.size });
    Ok(Delivered { path, digests })
}

/// The time of the feed: `SOURCE_DATE_EPOCH` when it is set, so that the same input gives the same bytes.
fn time_of(plan: &Plan, world: &World<'_>) -> Timestamp {
    let epoch = plan.config.package.source_date_epoch.map(|seconds| i64::from(seconds.get()));
    let epoch = epoch.and_then(|seconds| time::OffsetDateTime::from_unix_timestamp(seconds).ok());
    Timestamp::new(epoch.unwrap_or(world.now))
}

/// The feed without its entries. What is not configured comes from the first package.
fn head(plan: &Plan, finished: &[(&PackagePlan, &Finished)], place: Option<&Place>, now: Timestamp) -> Feed {
    let settings = &plan.config.feed;
    let first = finished.first().map(|(package, _)| *package);
    let metadata = first.map(|package| &package.project.metadata);
    let home = metadata.and_then(|metadata| metadata.url.clone());
    let stem = plan.feed_name.trim_end_matches(".webpi.xml");
    let title = settings.title.clone().or_else(|| first.map(|package| package.title().to_owned()));
    let mut feed = Feed::new(plan.feed_id(), title.unwrap_or_else(|| stem.to_owned()), now);
    if !settings.languages.is_empty() {
        feed = feed.with_languages(settings.languages.iter().map(String::as_str));
    }
    if let Some(place) = place {
        feed.links.push(Link { rel: Some("self".to_owned()), href: place.feed.clone() });
    } else if let Some(base) = &plan.config.publish.folder.url {
        let href = format!("{}/{}", base.trim_end_matches('/'), percent_encode(&plan.feed_name, ""));
        feed.links.push(Link { rel: Some("self".to_owned()), href });
    }
    feed.links.extend(home.map(|href| Link { rel: None, href }));
    feed.author = metadata
        .and_then(|metadata| metadata.author.clone())
        .map(|name| Person { name, uri: metadata.and_then(|metadata| metadata.feed.author_url.clone()) });
    feed
}

/// Any one of the configured signs is enough.
fn discovery(configured: &[config::DiscoveryHint]) -> Option<DiscoveryHint> {
    let mut hints = Vec::new();
    for hint in configured {
        if let Some(file) = &hint.file {
            let (path, minimum_version) = (file.path.clone(), file.minimum_version.clone());
            hints.push(DiscoveryHint::File { path, minimum_version });
        }
        if let Some(registry) = &hint.registry {
            let (key, name, value) = (registry.key.clone(), registry.name.clone(), registry.value.clone());
            hints.push(DiscoveryHint::Registry { key, name, value });
        }
        hints.extend(hint.msi_product_code.clone().map(DiscoveryHint::MsiProductCode));
    }
    match hints.len() {
        0 | 1 => hints.pop(),
        _ => Some(DiscoveryHint::Or(hints)),
    }
}

/// The text of a feed of ours.
fn written(path: &Path, feed: &Feed) -> Result<String, Error> {
    feed::write(feed).map_err(|source| Error::Write { path: path.to_owned(), source: Box::new(source) })
}

/// The entry of a package. The configuration stands over the project's own words.
fn application(
    package: &PackagePlan,
    file: &Delivered,
    place: Option<&Place>,
    world: &World<'_>,
) -> Result<Application, feed::Error> {
    let settings = &package.config.feed;
    let own = &package.project.metadata.feed;
    let either =
        |configured: &Option<String>, own: &Option<String>| configured.clone().or_else(|| own.clone());
    let published = either(&settings.published, &own.published).map(|text| Timestamp::as_written(&text));
    let url = url::expand(&template(package, place), &variables(package, file, place, world))?;
    Ok(Application {
        about: about(package, published),
        file: PackageFile { url, size: file.digests.size, sha1: file.digests.sha1_hex() },
        display_url: either(&settings.display_url, &own.display_url),
        languages: settings.languages.to_vec(),
        start_page: settings.start_page.clone(),
    })
}

fn about(package: &PackagePlan, published: Option<Timestamp>) -> About {
    let settings = &package.config.feed;
    let metadata = &package.project.metadata;
    let own = &metadata.feed;
    let either =
        |configured: &Option<String>, own: &Option<String>| configured.clone().or_else(|| own.clone());
    let both = |configured: &[String], own: &[String]| -> Vec<String> {
        configured.iter().chain(own.iter().filter(|id| !configured.contains(id))).cloned().collect()
    };
    About {
        name: settings.product_id.clone().unwrap_or_else(|| package.name.clone()),
        version: package.version.clone(),
        title: Some(package.title().to_owned()),
        summary: either(&settings.summary, &metadata.summary),
        description: either(&settings.long_summary, &metadata.long_description),
        url: metadata.url.clone(),
        author: either(&settings.author, &metadata.author),
        author_url: either(&settings.author_url, &own.author_url),
        license_url: either(&settings.license_url, &own.license_url),
        help_url: either(&settings.help_url, &own.help_url),
        icon_url: either(&settings.icon, &own.icon_url),
        screenshot_url: either(&settings.screenshot, &own.screenshot_url),
        keywords: settings
            .keywords
            .as_ref()
            .map_or_else(|| metadata.keywords.clone(), |keywords| keywords.to_vec()),
        published,
        dependencies: both(&settings.dependencies, &own.install_msdeploy),
        related: both(&settings.related_products, &own.install_webpi),
    }
}

/// The template of the package's address: what is configured, what the original's keyword or section says, the release it is
/// in, the folder's own address, or the file where it is.
fn template(package: &PackagePlan, place: Option<&Place>) -> String {
    let own = package.project.metadata.feed.msdeploy_url_template.as_ref();
    let section = package.project.commands.msdeploy_url_template.as_ref();
    if let Some(template) = package.config.feed.url_template.as_ref().or(own).or(section) {
        return template.clone();
    }
    if let Some(place) = place {
        return place.addresses.file(&package.names.package).replace('{', "{{").replace('}', "}}");
    }
    match &package.config.publish.folder.url {
        Some(base) => format!("{}/{{file}}", base.trim_end_matches('/')),
        None => url::LOCAL_FILE.to_owned(),
    }
}

fn variables(
    package: &PackagePlan,
    file: &Delivered,
    place: Option<&Place>,
    world: &World<'_>,
) -> url::Variables {
    let metadata = &package.project.metadata;
    let mut variables = url::Variables::new();
    let absolute = std::path::absolute(&file.path).unwrap_or_else(|_| file.path.clone());
    variables.set_package(&package.names.package, Some(&absolute.to_string_lossy()));
    if let Some(python) = &package.python {
        variables.set_python(&python.version);
    }
    variables.set("name", &package.name).set("version", &package.version);
    variables.set("sha1", file.digests.sha1_hex()).set("sha256", file.digests.sha256_hex());
    let tag = place.map(|place| place.tag.clone()).or_else(|| world.release.tag.clone());
    variables.set("tag", tag.unwrap_or_else(|| format!("v{}", package.version)));
    let texts = [
        ("repository", &world.release.repository),
        ("author", &metadata.author),
        ("author_email", &metadata.author_email),
        ("maintainer", &metadata.maintainer),
        ("maintainer_email", &metadata.maintainer_email),
        ("url", &metadata.url),
        ("license", &metadata.license),
        ("description", &metadata.summary),
        ("long_description", &metadata.long_description),
        ("download_url", &metadata.download_url),
    ];
    for (name, value) in texts {
        if let Some(value) = value {
            variables.set(name, value);
        }
    }
    variables.set("keywords", metadata.keywords.join(",")).set("classifiers", metadata.classifiers.join(","));
    variables
}

/// The text of an existing feed with our entries in it. A feed that is not there yet begins with ours.
fn merge(path: &Path, feed: &Feed, observer: &dyn Observer) -> Result<String, AnyFailure> {
    if !path.exists() {
        let text = format!("`{}` is not there yet: the feed begins with these packages.", shown(path));
        observer.message(Severity::Info, &text);
        return Ok(written(path, feed)?);
    }
    let bytes = files::read(path)?;
    let merged = feed::merge(&bytes, feed)
        .map_err(|source| Error::Merge { path: path.to_owned(), source: Box::new(source) })?;
    for (what, products) in [("replaced", &merged.replaced), ("added", &merged.added)] {
        if !products.is_empty() {
            observer.message(Severity::Info, &format!("{}: {what} {}.", shown(path), products.join(", ")));
        }
    }
    Ok(merged.text)
}
