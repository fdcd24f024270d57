//! The plain types of a feed and its entries: what the writer writes and the reader fills.

use serde::Serialize;

use super::{Dependency, DiscoveryHint, Installer, Timestamp};

/// A whole feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Feed {
    /// `webpiFile@version`, or the `version` element of custom feeds. Empty: neither is written.
    pub webpi_version: String,
    /// The title.
    pub title: Text,
    /// Links; the feed's own address has the relation `self`.
    pub links: Vec<Link>,
    /// When the feed last changed.
    pub updated: Timestamp,
    /// Who makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<Person>,
    /// The id of the feed: a URI that never changes.
    pub id: String,
    /// Where the texts of each culture are.
    pub resources: Vec<Resources>,
    /// The languages that installers may name.
    pub languages: Vec<Language>,
    /// The entries.
    pub entries: Vec<Entry>,
    /// The keywords that entries may name.
    pub keywords: Vec<Keyword>,
    /// Dependencies that entries name by `idref`.
    pub dependencies: Vec<NamedDependency>,
}

impl Feed {
    /// The WebPI version of the original's feeds: the one that WebPI 4 and 5 are known to read.
    pub const WEBPI_VERSION: &'static str = "4.0.1.0";

    /// A feed in English without entries.
    pub fn new(id: impl Into<String>, title: impl Into<String>, updated: Timestamp) -> Self {
        Self {
            webpi_version: Self::WEBPI_VERSION.to_owned(),
            title: Text::plain(title),
            links: Vec::new(),
            updated,
            author: None,
            id: id.into(),
            resources: vec![Resources { culture: "en".into(), url: None }],
            languages: vec![Language::new("en", true)],
            entries: Vec::new(),
            keywords: Vec::new(),
            dependencies: Vec::new(),
        }
    }

    /// Sets the languages; the first is the default one. Their resources are in the file itself.
    #[must_use]
    pub fn with_languages<'a>(mut self, ids: impl IntoIterator<Item = &'a str>) -> Self {
        self.languages = ids.into_iter().enumerate().map(|(at, id)| Language::new(id, at == 0)).collect();
        self.resources = self
            .languages
            .iter()
            .map(|language| Resources { culture: language.id.clone(), url: None })
            .collect();
        self
    }

    /// The entry of a product, upper and lower case alike.
    pub fn entry(&self, product_id: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.product_id.eq_ignore_ascii_case(product_id))
    }
}

/// A text and the name under which its translations are found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Text {
    /// The text.
    pub text: String,
    /// `resourceName`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_name: Option<String>,
}

impl Text {
    /// A text without translations.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), resource_name: None }
    }

    /// A text that can be translated.
    pub fn named(text: impl Into<String>, resource_name: impl Into<String>) -> Self {
        Self { text: text.into(), resource_name: Some(resource_name.into()) }
    }
}

/// An Atom link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Link {
    /// The relation, as `self`; none is `alternate` (RFC 4287, 4.2.7.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rel: Option<String>,
    /// The address.
    pub href: String,
}

/// An Atom person.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Person {
    /// The name.
    pub name: String,
    /// Their page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
}

/// The texts of one culture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resources {
    /// The culture, as `en` or `pt-BR`.
    pub culture: String,
    /// Where they are; none means in the feed itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A language that installers may name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Language {
    /// Its id, as `en`.
    pub id: String,
    /// Its name, shown to users.
    pub name: Text,
    /// Whether it is taken when the user's language is not there.
    pub default: bool,
}

impl Language {
    /// A language by its id, with the English name for the ones that WebPI itself came in.
    pub fn new(id: &str, default: bool) -> Self {
        let name = match id.split('-').next().unwrap_or(id).to_ascii_lowercase().as_str() {
            "en" => "English",
            "de" => "German",
            "fr" => "French",
            "es" => "Spanish",
            "it" => "Italian",
            "ja" => "Japanese",
            "ko" => "Korean",
            "pt" => "Portuguese",
            "ru" => "Russian",
            "zh" => "Chinese",
            _ => id,
        };
        Self { id: id.to_owned(), name: Text::plain(name), default }
    }
}

/// A keyword that entries may name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Keyword {
    /// Its id.
    pub id: String,
    /// Its name, shown to users.
    pub name: Text,
}

/// A dependency with an id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NamedDependency {
    /// The id.
    pub id: String,
    /// What it stands for.
    pub dependency: Dependency,
}

/// What kind of thing an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// A web application: `type="application"`, installed by Web Deploy.
    Application,
    /// Anything else: no `type` attribute.
    Product,
}

/// A product or application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Application or product.
    pub kind: EntryKind,
    /// The id by which WebPI and dependencies know it.
    pub product_id: String,
    /// The Atom id.
    pub id: String,
    /// The title.
    pub title: Text,
    /// One line about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<Text>,
    /// All about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub long_summary: Option<Text>,
    /// The version.
    pub version: String,
    /// When the entry last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated: Option<Timestamp>,
    /// When it first appeared. None is written as `updated`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<Timestamp>,
    /// Its page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Who makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<Person>,
    /// The address of its icon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// The addresses of its screenshots.
    pub screenshots: Vec<String>,
    /// Ids of keywords.
    pub keywords: Vec<String>,
    /// The framework it is made with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub framework_family: Option<Text>,
    /// The group it is shown in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_family: Option<Text>,
    /// How WebPI finds out that it is installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discovery: Option<DiscoveryHint>,
    /// What must be installed before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dependency: Option<Dependency>,
    /// Ids of products that go well with it.
    pub related: Vec<String>,
    /// Ids of products that it cannot be beside.
    pub incompatibilities: Vec<String>,
    /// How it is installed, one for each language, system and architecture.
    pub installers: Vec<Installer>,
}

impl Entry {
    /// An entry with nothing but what every entry needs.
    pub fn new(kind: EntryKind, product_id: &str, version: &str) -> Self {
        Self {
            kind,
            product_id: product_id.to_owned(),
            id: String::new(),
            title: Text::plain(product_id),
            summary: None,
            long_summary: None,
            version: version.to_owned(),
            updated: None,
            published: None,
            link: None,
            author: None,
            icon: None,
            screenshots: Vec::new(),
            keywords: Vec::new(),
            framework_family: None,
            product_family: None,
            discovery: None,
            dependency: None,
            related: Vec::new(),
            incompatibilities: Vec::new(),
            installers: Vec::new(),
        }
    }
}
