//! What the page shows of each package: what its files, the feed and the package itself say, put together.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;

use super::sums::Earlier;
use crate::feed::{self, Dependency, Entry, Feed};
use crate::files;
use crate::package::archive::{Limits, Reader};
use crate::package::archive_format::Contents;
use crate::package::parameters::{Parameter, Parameters};
use crate::publish::{Artifact, Kind};
use crate::uri::percent_encode;
use crate::xml::Document;

/// A package of the page.
pub(super) struct Product<'a> {
    pub(super) title: String,
    pub(super) version: String,
    pub(super) summary: Option<String>,
    /// More about it, when it says more than the summary.
    pub(super) long_summary: Option<String>,
    /// The address of its icon: `http`, `https`, or a file beside the page.
    pub(super) icon: Option<String>,
    /// Its page.
    pub(super) link: Option<String>,
    pub(super) author: Option<String>,
    /// The day of its last change, as the feed writes it.
    pub(super) updated: Option<String>,
    /// Its id in the feed.
    pub(super) feed_id: Option<String>,
    /// What must be there before it, as texts that hold together.
    pub(super) dependencies: Vec<String>,
    /// What whoever installs it is asked.
    pub(super) parameters: Vec<Parameter>,
    pub(super) files: Vec<&'a Artifact>,
    /// Files of earlier versions that are still there.
    pub(super) earlier: Vec<(&'a str, &'a Earlier)>,
}

/// The packages by name and version, and the files of earlier versions that belong to none of them.
pub(super) fn products<'a>(
    artifacts: &[&'a Artifact],
    earlier: &'a BTreeMap<String, Earlier>,
) -> (Vec<Product<'a>>, Vec<(&'a str, &'a Earlier)>) {
    let feed = read_feed(artifacts);
    let mut packages: BTreeMap<(&str, &str), Vec<&'a Artifact>> = BTreeMap::new();
    for artifact in artifacts {
        if let Some(package) = &artifact.package {
            packages.entry((&package.name, &package.version)).or_default().push(artifact);
        }
    }
    let mut left: Vec<(&str, &Earlier)> = earlier.iter().map(|(name, file)| (name.as_str(), file)).collect();
    let mut products: Vec<Product<'a>> = packages
        .into_iter()
        .map(|((name, version), files)| product(name, version, files, feed.as_ref()))
        .collect();
    for product in &mut products {
        let Some(zip) = product.files.iter().find(|file| file.kind == Kind::Package) else { continue };
        // `NAME-VERSION.msdeploy.zip`: what has another version in that place is an earlier one.
        let Some((start, end)) = zip.name.split_once(&format!("-{}.", product.version)) else { continue };
        let belongs = |name: &str| {
            let version = name.strip_prefix(start).and_then(|rest| rest.strip_prefix('-'));
            version
                .and_then(|rest| rest.strip_suffix(end))
                .is_some_and(|rest| rest.starts_with(|character: char| character.is_ascii_digit()))
        };
        let (own, others) = left.into_iter().partition(|(name, _)| belongs(name));
        (product.earlier, left) = (own, others);
    }
    (products, left)
}

/// The feed, when there is one that can be read.
fn read_feed(artifacts: &[&Artifact]) -> Option<Feed> {
    let artifact = artifacts.iter().find(|artifact| artifact.kind == Kind::Feed)?;
    feed::read(&files::read(&artifact.path).ok()?).ok()
}

fn product<'a>(name: &str, version: &str, files: Vec<&'a Artifact>, feed: Option<&Feed>) -> Product<'a> {
    let zip = files.iter().find(|artifact| artifact.kind == Kind::Package);
    let entry = feed.zip(zip).and_then(|(feed, zip)| entry_of(feed, &zip.name));
    let package = files.iter().find_map(|artifact| artifact.package.as_ref());
    let said = |text: Option<&str>| text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let summary = said(package.and_then(|package| package.summary.as_deref()));
    let summary =
        summary.or_else(|| said(entry.and_then(|e| e.summary.as_ref()).map(|text| text.text.as_str())));
    let long = said(entry.and_then(|entry| entry.long_summary.as_ref()).map(|text| text.text.as_str()));
    let title = said(package.and_then(|package| package.title.as_deref()));
    let address = |url: Option<&String>| url.filter(|url| is_web(url)).cloned();
    let own_files = |url: Option<&String>| url.filter(|url| is_web(url) || is_beside(url)).cloned();
    Product {
        title: title.unwrap_or_else(|| name.to_owned()),
        version: version.to_owned(),
        long_summary: long.filter(|long| Some(long) != summary.as_ref()),
        summary,
        icon: own_files(entry.and_then(|entry| entry.icon.as_ref())),
        link: address(entry.and_then(|entry| entry.link.as_ref())),
        author: entry.and_then(|entry| said(entry.author.as_ref().map(|author| author.name.as_str()))),
        updated: entry
            .and_then(|entry| entry.updated.as_ref())
            .and_then(|time| time.as_str().get(..10).map(str::to_owned)),
        feed_id: entry.map(|entry| entry.product_id.clone()),
        dependencies: feed.zip(entry).map(|(feed, entry)| needs(feed, entry)).unwrap_or_default(),
        parameters: zip.map(|zip| parameters(zip)).unwrap_or_default(),
        files,
        earlier: Vec::new(),
    }
}

/// The entry whose installer downloads a file.
fn entry_of<'f>(feed: &'f Feed, file: &str) -> Option<&'f Entry> {
    let escaped = percent_encode(file, "");
    feed.entries.iter().find(|entry| {
        let urls =
            entry.installers.iter().filter_map(|installer| installer.file.as_ref()).map(|file| &file.url);
        urls.filter_map(|url| url.rsplit('/').next()).any(|last| last == file || last == escaped)
    })
}

/// Addresses that a browser may follow without running anything.
fn is_web(url: &str) -> bool {
    let lower = url.to_ascii_lowercase();
    lower.starts_with("https://") || lower.starts_with("http://")
}

/// A file beside the page: no scheme, no other server.
fn is_beside(url: &str) -> bool {
    !url.contains(':') && !url.starts_with('/') && !url.starts_with('\\') && !url.is_empty()
}

/// What must be there before an entry.
fn needs(feed: &Feed, entry: &Entry) -> Vec<String> {
    match entry.dependency.as_ref().map(|dependency| resolved(feed, dependency)) {
        Some(Dependency::And(all)) => all.iter().map(|one| text(feed, one, 0)).collect(),
        Some(one) => vec![text(feed, one, 0)],
        None => Vec::new(),
    }
}

fn resolved<'f>(feed: &'f Feed, dependency: &'f Dependency) -> &'f Dependency {
    let Dependency::Reference(id) = dependency else { return dependency };
    feed.dependencies.iter().find(|named| &named.id == id).map_or(dependency, |named| &named.dependency)
}

/// A dependency as people say it. Feeds may name each other in circles.
fn text(feed: &Feed, dependency: &Dependency, depth: usize) -> String {
    let list = |all: &[Dependency], word: &str| {
        let all: Vec<String> = all.iter().map(|one| text(feed, one, depth + 1)).collect();
        all.join(word)
    };
    match dependency {
        Dependency::Product(id) => {
            let title = feed.entry(id).map(|entry| entry.title.text.as_str());
            title.map_or_else(|| id.clone(), |title| format!("{title} ({id})"))
        }
        Dependency::Reference(id) if depth < 8 => match resolved(feed, dependency) {
            Dependency::Reference(_) => id.clone(),
            other => text(feed, other, depth + 1),
        },
        Dependency::Reference(id) => id.clone(),
        Dependency::And(all) => list(all, " and "),
        Dependency::Or(all) => list(all, " or "),
    }
}

/// The parameters of a package that are meant for people.
fn parameters(zip: &Artifact) -> Vec<Parameter> {
    let read = || {
        let file = BufReader::new(File::open(&zip.path).ok()?);
        let mut reader = Reader::open(file, Limits::default()).ok()?;
        let (_, bytes) = Contents::read(&mut reader).ok()?.parameters?;
        Some(Parameters::read(&Document::parse_bytes(&bytes).ok()?).ok()?.0.parameters)
    };
    let mut all = read().unwrap_or_default();
    all.retain(|parameter| !parameter.has_tag("Hidden"));
    all
}
