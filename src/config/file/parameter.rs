//! Settings of one Web Deploy parameter: what the user is asked at install time and where the answer goes.
//!
//! See <https://learn.microsoft.com/iis/publish/using-web-deploy/web-deploy-parameterization>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::texts::{line, line_schema, one_line};
use super::values::{OneOrMany, Scalar};

/// A parameter of the package.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Parameter {
    /// Its name, which SetParameters.xml and `--set` use.
    #[serde(deserialize_with = "one_line")]
    #[schemars(schema_with = "line_schema")]
    pub name: String,
    /// The name that a user is shown.
    #[serde(default, deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub friendly_name: Option<String>,
    /// What a user is told about it.
    #[serde(default)]
    pub description: Option<String>,
    /// The value when nobody gives one; without it the parameter must be given. `{Other}` is the value of another
    /// parameter.
    #[serde(default)]
    pub default: Option<Scalar>,
    /// Tags such as `Password` or `Hidden`, which installers understand.
    #[serde(default)]
    pub tags: OneOrMany<String>,
    /// What values are allowed.
    #[serde(default)]
    pub validation: Option<Validation>,
    /// Where the value goes.
    #[serde(default)]
    pub entries: Vec<ParameterEntry>,
    /// Short for a `TextFile` entry: the file, below the application's folder.
    #[serde(default, deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub file: Option<String>,
    /// Short for a `TextFile` entry: the text that the value replaces, taken literally.
    #[serde(default, deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub placeholder: Option<String>,
}

/// What values a parameter allows; the kinds can be combined.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Validation {
    /// Whether nothing is a value as well.
    pub allow_empty: bool,
    /// Whether only `true` and `false` are values.
    pub boolean: bool,
    /// The values, when they are few. Web Deploy has no way to write a comma in one of them.
    pub enumeration: Vec<Scalar>,
    /// A .NET regular expression that the value matches.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub regular_expression: Option<String>,
}

/// One place that the value of a parameter goes to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ParameterEntry {
    /// What kind of place.
    pub kind: EntryKind,
    /// A .NET regular expression: of the provider's name, or of the file's path.
    #[serde(default, deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub scope: Option<String>,
    /// What the value replaces: a .NET regular expression, an `XPath`, or `line;column;count`.
    #[serde(default, deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub r#match: Option<String>,
    /// Tags of the entry.
    #[serde(default)]
    pub tags: OneOrMany<String>,
}

/// The kinds of parameter entries that Web Deploy knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum EntryKind {
    /// The path of a provider in the manifest.
    ProviderPath,
    /// A text in a file.
    TextFile,
    /// A place in a file, by line, column and length.
    TextFilePosition,
    /// A node of an XML file.
    XmlFile,
    /// An attribute of an object in the manifest.
    DeploymentObjectAttribute,
    /// The binding of a site.
    DestinationBinding,
    /// The physical path of a virtual directory.
    DestinationVirtualDirectory,
}

impl EntryKind {
    /// The name in Parameters.xml.
    pub fn name(self) -> &'static str {
        match self {
            Self::ProviderPath => "ProviderPath",
            Self::TextFile => "TextFile",
            Self::TextFilePosition => "TextFilePosition",
            Self::XmlFile => "XmlFile",
            Self::DeploymentObjectAttribute => "DeploymentObjectAttribute",
            Self::DestinationBinding => "DestinationBinding",
            Self::DestinationVirtualDirectory => "DestinationVirtualDirectory",
        }
    }
}
