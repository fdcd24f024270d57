//! What one source says about a project, and the merge of all of them into its metadata.

use std::collections::{BTreeMap, BTreeSet};

use super::{FeedKeywords, Metadata};
use crate::error::Location;

/// The metadata that one source gives, each value with its place.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    /// Texts by field.
    pub(super) texts: BTreeMap<&'static str, (String, Location)>,
    /// Lists by field.
    pub(super) lists: BTreeMap<&'static str, (Vec<String>, Location)>,
    /// Labels and URLs, in the order of the file.
    pub(super) urls: Vec<(String, String)>,
    /// Requirements by extra.
    pub(super) extras: BTreeMap<String, Vec<String>>,
    /// The original's extra keywords.
    pub(super) feed: FeedKeywords,
    /// Where they stand.
    pub(super) feed_places: BTreeMap<&'static str, Location>,
    /// Values that are there but cannot be told: the expression and its place.
    pub(super) unknown: BTreeMap<&'static str, (String, Location)>,
    /// When the source has the say alone (a `[project]` table): the fields that it leaves to others.
    pub(super) leaves: Option<BTreeSet<&'static str>>,
}

impl Draft {
    /// Sets a text unless it is empty.
    pub(super) fn text(&mut self, field: &'static str, value: impl Into<String>, place: Location) {
        let value = value.into();
        if !value.trim().is_empty() {
            self.texts.insert(field, (value, place));
        }
    }

    /// Sets a list unless it is empty.
    pub(super) fn list(&mut self, field: &'static str, values: Vec<String>, place: Location) {
        if !values.is_empty() {
            self.lists.insert(field, (values, place));
        }
    }

    /// A text that was set.
    pub(super) fn get(&self, field: &str) -> Option<&(String, Location)> {
        self.texts.get(field)
    }

    /// Takes from another source, of lower rank, what this one lacks and leaves to it.
    pub(super) fn complete_with(&mut self, other: Self) {
        let leaves = self.leaves.take();
        let open = |field: &str| leaves.as_ref().is_none_or(|leaves| leaves.contains(field));
        for (field, value) in other.texts {
            if open(field) {
                self.unknown.remove(field);
                self.texts.entry(field).or_insert(value);
            }
        }
        for (field, value) in other.lists {
            if open(field) {
                self.lists.entry(field).or_insert(value);
            }
        }
        for (field, value) in other.unknown {
            if open(field) && !self.texts.contains_key(field) && !self.lists.contains_key(field) {
                self.unknown.entry(field).or_insert(value);
            }
        }
        if self.urls.is_empty() && open("urls") {
            self.urls = other.urls;
        }
        if self.extras.is_empty() && open("extras") {
            self.extras = other.extras;
        } else if let Some(eggs) = other.extras.get("webpi_eggs") {
            // The feed's extra is the original's keyword, whoever has the say over the others.
            self.extras.entry("webpi_eggs".into()).or_insert_with(|| eggs.clone());
        }
        for (keyword, place) in other.feed_places {
            self.feed.take_from(&other.feed, keyword);
            self.feed_places.entry(keyword).or_insert(place);
        }
        self.leaves = match (leaves, other.leaves) {
            (Some(mine), Some(others)) => Some(mine.intersection(&others).copied().collect()),
            (mine, others) => mine.or(others),
        };
    }

    /// The metadata, without a name and version where nobody gave them.
    pub(super) fn into_metadata(mut self) -> Metadata {
        let mut places: BTreeMap<&'static str, Location> = self.feed_places;
        places.extend(self.texts.iter().map(|(field, (_, place))| (*field, place.clone())));
        places.extend(self.lists.iter().map(|(field, (_, place))| (*field, place.clone())));
        let mut text = |field: &str| self.texts.remove(field).map(|(value, _)| value);
        let mut list = |field: &str| self.lists.remove(field).map(|(values, _)| values).unwrap_or_default();
        let url = text("url").or_else(|| home_page(&self.urls));
        Metadata {
            name: text("name").unwrap_or_default().trim().to_owned(),
            version: text("version").unwrap_or_default().trim().to_owned(),
            summary: text("summary"),
            long_description: text("long_description"),
            long_description_type: text("long_description_type"),
            author: text("author"),
            author_email: text("author_email"),
            maintainer: text("maintainer"),
            maintainer_email: text("maintainer_email"),
            url,
            download_url: text("download_url"),
            urls: self.urls,
            license: text("license"),
            keywords: list("keywords"),
            classifiers: list("classifiers"),
            requires_python: text("requires_python"),
            dependencies: list("dependencies"),
            extras: self.extras,
            feed: self.feed,
            places,
        }
    }
}

/// The home page among labelled URLs: by its label as package indexes normalise it, else the first of all.
fn home_page(urls: &[(String, String)]) -> Option<String> {
    let labels = ["homepage", "website", "home", "repository", "source", "sourcecode", "github"];
    let plain = |label: &str| -> String {
        label.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let by_label = labels.iter().find_map(|wanted| urls.iter().find(|(label, _)| plain(label) == *wanted));
    by_label.or(urls.first()).map(|(_, url)| url.clone())
}

/// Keywords of a text: split on commas or, where there is none, on blanks.
pub(super) fn split_keywords(text: &str) -> Vec<String> {
    let parts: Vec<&str> = if text.contains(',') {
        text.split([',', '\n']).collect()
    } else {
        text.split_whitespace().collect()
    };
    parts.into_iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// The lines of a text that say something.
pub(super) fn filled_lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

/// The content type of a long description by its file's name.
pub(super) fn content_type_of(file: &str) -> Option<&'static str> {
    let extension = std::path::Path::new(file).extension()?.to_str()?.to_ascii_lowercase();
    Some(match extension.as_str() {
        "md" | "markdown" => "text/markdown",
        "rst" => "text/x-rst",
        "txt" => "text/plain",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_split_on_commas_or_else_on_blanks() {
        assert_eq!(split_keywords("python IIS  WSGI"), ["python", "IIS", "WSGI"]);
        assert_eq!(split_keywords("web server, IIS,\n WSGI,"), ["web server", "IIS", "WSGI"]);
        assert!(split_keywords(" ").is_empty());
    }

    #[test]
    fn the_home_page_is_found_by_its_label() {
        let url = |label: &str, url: &str| (label.to_owned(), url.to_owned());
        let urls = [url("Docs", "d"), url("Source Code", "s"), url("Home-Page", "h")];
        assert_eq!(home_page(&urls).as_deref(), Some("h"));
        assert_eq!(home_page(&urls[..2]).as_deref(), Some("s"));
        assert_eq!(home_page(&urls[..1]).as_deref(), Some("d"));
        assert_eq!(home_page(&[]), None);
    }
}
