//! The kinds of parameter entries and validations, and their names in files.

use std::fmt;

use serde::{Serialize, Serializer};

/// How a parameter entry finds its place: the `DeploymentSyncParameterEntryKind` of Web Deploy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum EntryKind {
    /// An attribute of a provider, found by XPath.
    DeploymentObjectAttribute,
    /// A binding of a site.
    DestinationBinding,
    /// The physical path of a virtual directory.
    DestinationVirtualDirectory,
    /// The path of a provider in the manifest.
    ProviderPath,
    /// A variable of a SQL script that a database provider runs.
    SqlCommandVariable,
    /// Text in a file, found by a regular expression.
    TextFile,
    /// Text in a file, found by line, column and number of characters. Deprecated by Microsoft.
    TextFilePosition,
    /// A part of an XML file, found by XPath.
    XmlFile,
    /// No kind is given.
    #[default]
    Missing,
    /// A kind that nobody knows, as it is written.
    Unknown(String),
}

/// The kinds that exist, in their usual spelling.
const ENTRY_KINDS: [(&str, EntryKind); 8] = [
    ("DeploymentObjectAttribute", EntryKind::DeploymentObjectAttribute),
    ("DestinationBinding", EntryKind::DestinationBinding),
    ("DestinationVirtualDirectory", EntryKind::DestinationVirtualDirectory),
    ("ProviderPath", EntryKind::ProviderPath),
    ("SqlCommandVariable", EntryKind::SqlCommandVariable),
    ("TextFile", EntryKind::TextFile),
    ("TextFilePosition", EntryKind::TextFilePosition),
    ("XmlFile", EntryKind::XmlFile),
];

impl EntryKind {
    /// The names of all kinds.
    pub fn names() -> impl Iterator<Item = &'static str> {
        ENTRY_KINDS.iter().map(|(name, _)| *name)
    }

    /// The kind of a name in any case.
    pub fn from_name(name: &str) -> Self {
        let name = name.trim();
        ENTRY_KINDS
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map_or_else(|| Self::Unknown(name.to_owned()), |(_, kind)| kind.clone())
    }

    /// The name as it is written to files; empty when there is none.
    pub fn name(&self) -> &str {
        match self {
            Self::Missing => "",
            Self::Unknown(name) => name,
            known => ENTRY_KINDS.iter().find(|(_, kind)| kind == known).map_or("", |(name, _)| name),
        }
    }

    /// Whether its match is an XPath expression.
    pub fn matches_by_xpath(&self) -> bool {
        matches!(self, Self::XmlFile | Self::DeploymentObjectAttribute)
    }

    /// Whether its match is a regular expression.
    pub fn matches_by_pattern(&self) -> bool {
        matches!(self, Self::ProviderPath | Self::TextFile | Self::DestinationBinding)
    }

    /// Whether it changes files, so that its scope is about their paths.
    pub fn is_about_files(&self) -> bool {
        matches!(self, Self::TextFile | Self::TextFilePosition | Self::XmlFile)
    }
}

impl fmt::Display for EntryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for EntryKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A rule of a `parameterValidation`: the `DeploymentSyncParameterValidationKind` of Web Deploy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum ValidationKind {
    /// An empty value is fine.
    AllowEmpty,
    /// `true` or `false`.
    Boolean,
    /// One value of a list.
    Enumeration,
    /// A value that a .NET regular expression matches.
    RegularExpression,
}

const VALIDATION_KINDS: [ValidationKind; 4] = [
    ValidationKind::AllowEmpty,
    ValidationKind::Boolean,
    ValidationKind::Enumeration,
    ValidationKind::RegularExpression,
];

impl ValidationKind {
    /// The names of all rules. `None` is a name too, of no rule.
    pub fn names() -> impl Iterator<Item = &'static str> {
        VALIDATION_KINDS.iter().map(|kind| kind.name()).chain(["None"])
    }

    /// The rule of a name in any case; not for `None`.
    pub fn from_name(name: &str) -> Option<Self> {
        VALIDATION_KINDS.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name))
    }

    /// The name as it is written to files.
    pub fn name(self) -> &'static str {
        match self {
            Self::AllowEmpty => "AllowEmpty",
            Self::Boolean => "Boolean",
            Self::Enumeration => "Enumeration",
            Self::RegularExpression => "RegularExpression",
        }
    }
}
