//! Settings of the WebPI feed. Texts that are not set come from the project's metadata.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::texts::{line, line_schema};
use super::values::OneOrMany;

/// The WebPI feed: the feed itself and this package's entry in it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Feed {
    /// Write no feed.
    pub skip: bool,
    /// The name of the feed's file. Default: `NAME-VERSION.webpi.xml`.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub file_name: Option<String>,
    /// The title of the feed. Default: the title of the package.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub title: Option<String>,
    /// The identifier of the feed, a URL. Default: the project's home page.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub id: Option<String>,
    /// Where users get the package: a template with `{name}`, `{version}`, `{file}`, `{tag}`, `{repository}`, `{sha1}`
    /// and the variables of the original. Default: the file beside the feed.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub url_template: Option<String>,
    /// An existing feed that is extended: entries are replaced by product ID, everything else is kept.
    pub merge_into: Option<PathBuf>,
    /// The languages of the feed's texts. Default: `en`.
    #[schemars(extend("default" = ["en"]))]
    pub languages: OneOrMany<String>,
    /// The product ID of the entry. Default: the name of the package.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub product_id: Option<String>,
    /// One line about the application. Default: the project's summary.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub summary: Option<String>,
    /// The long text about the application. Default: the project's description.
    pub long_summary: Option<String>,
    /// Who wrote the application. Default: the project's author.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub author: Option<String>,
    /// A page about the author.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub author_url: Option<String>,
    /// The page that is shown to users. Default: the project's home page.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub display_url: Option<String>,
    /// A page that helps. Default: the project's home page.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub help_url: Option<String>,
    /// The page of the licence.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub license_url: Option<String>,
    /// The URL of an icon.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub icon: Option<String>,
    /// The URL of a screenshot.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub screenshot: Option<String>,
    /// When the application was first published, as an RFC 3339 time. Default: the time of the feed.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub published: Option<String>,
    /// Keywords. Default: those of the project.
    pub keywords: Option<OneOrMany<String>>,
    /// The product family. Default: `Applications`.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub product_family: Option<String>,
    /// The page that is opened after the installation, below the application.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub start_page: Option<String>,
    /// Product IDs that must be installed before. They are added to those that every package needs.
    pub dependencies: OneOrMany<String>,
    /// Product IDs that go well with this one.
    pub related_products: OneOrMany<String>,
    /// How WebPI finds out that the product is installed already; any one of them is enough.
    pub discovery_hints: OneOrMany<DiscoveryHint>,
    /// Python distributions that become products of the feed of their own, as the original's extra `webpi_eggs`.
    pub eggs: OneOrMany<String>,
}

/// One sign that a product is installed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DiscoveryHint {
    /// A file.
    #[serde(default)]
    pub file: Option<FileHint>,
    /// A value of the registry.
    #[serde(default)]
    pub registry: Option<RegistryHint>,
    /// The product code of a Windows Installer package.
    #[serde(default, deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub msi_product_code: Option<String>,
}

/// A file that shows that a product is installed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FileHint {
    /// Its path on the server; variables such as `%SystemDrive%` are allowed.
    pub path: String,
    /// The lowest file version.
    #[serde(default)]
    pub minimum_version: Option<String>,
}

/// A registry value that shows that a product is installed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RegistryHint {
    /// The path of the key.
    pub key: String,
    /// The name of the value.
    #[serde(default)]
    pub name: Option<String>,
    /// What the value must be.
    #[serde(default)]
    pub value: Option<String>,
}
