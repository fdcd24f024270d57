//! `Parameters.xml` and `SetParameters.xml` as values: what a package asks of whoever installs it, and the answers.
//!
//! The format is the one of Web Deploy ("Web Deploy Parameterization" and "Reference for the Web Application Package"
//! in Microsoft's IIS documentation). Reading is generous where real files differ (names in any case, `type` for
//! `kind`), and everything odd becomes a [`Finding`](crate::finding::Finding) with its place. What the values do to a
//! package is the business of [`super::apply`]; nothing here opens a file.

mod check;
mod generate;
mod interpolation;
mod kind;
mod read;
mod set_parameters;
mod tags;
#[cfg(test)]
mod tests;
mod write;

use serde::Serialize;

use crate::error::{ExitCode, Failure, Location};

pub(crate) use check::is_boolean;
pub use generate::{
    APPLICATION_PARAMETER, APPLICATION_PATH_PLACEHOLDER, ApplicationPath, COMMAND_PARAMETER, file_scope,
};
pub(crate) use interpolation::{Piece, pieces, references, text_position};
pub(crate) use read::near;

pub use kind::{EntryKind, ValidationKind};
pub use set_parameters::SetParameters;
pub use tags::{KNOWN_TAGS, is_known_tag, is_secret_tag};

/// The parameters of a package, in the order in which they are asked for and applied.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Parameters {
    /// The parameters.
    pub parameters: Vec<Parameter>,
}

/// One question to whoever installs the package, and the places that its answer goes to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Parameter {
    /// The name; unique without regard to case.
    pub name: String,
    /// What the installer shows in the name's place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub friendly_name: Option<String>,
    /// What the installer explains.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The value when none is given; may name other parameters in braces. None: a value has to be given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_value: Option<String>,
    /// What the value is, for the installer: `IisApp`, `Password`, `Hidden` …
    pub tags: Vec<String>,
    /// Friendly names and descriptions in other languages.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub translations: Vec<Translation>,
    /// What a value has to be like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<ParameterValidation>,
    /// Where the value goes.
    pub entries: Vec<ParameterEntry>,
    /// The line of the element, from 1; 0 when it was not read from a file.
    pub line: usize,
    /// The column of the element in characters, from 1; 0 when it was not read from a file.
    pub column: usize,
}

/// A `description` or `friendlyName` element: the text in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Translation {
    /// Which of the two texts it is.
    pub of: Translated,
    /// The culture, such as `de` or `en-US`.
    pub culture: String,
    /// The text.
    pub text: String,
}

/// The texts of a parameter that come in several languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Translated {
    /// The description.
    Description,
    /// The friendly name.
    FriendlyName,
}

/// What a value has to be like.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ParameterValidation {
    /// The rules, which hold together; empty when there is none.
    pub kinds: Vec<ValidationKind>,
    /// The comma list of an enumeration, or the pattern of a regular expression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_string: Option<String>,
    /// The line of the element, from 1; 0 when it was not read from a file.
    pub line: usize,
    /// The column of the element in characters, from 1; 0 when it was not read from a file.
    pub column: usize,
}

/// One place that a parameter's value goes to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ParameterEntry {
    /// How the place is found and changed.
    pub kind: EntryKind,
    /// A .NET regular expression: the providers, files, sites or virtual directories that are looked at.
    pub scope: String,
    /// What is replaced there: a .NET regular expression, an XPath expression or a position, by kind.
    #[serde(rename = "match")]
    pub matching: String,
    /// Tags of the entry alone. Rare, and without effect here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The line of the element, from 1; 0 when it was not read from a file.
    pub line: usize,
    /// The column of the element in characters, from 1; 0 when it was not read from a file.
    pub column: usize,
}

impl Parameters {
    /// The parameter of a name, upper and lower case alike, as Web Deploy compares them.
    pub fn get(&self, name: &str) -> Option<&Parameter> {
        let wanted = name.to_lowercase();
        self.parameters.iter().find(|parameter| parameter.name.to_lowercase() == wanted)
    }

    /// The parameter that says where the application goes: the first with the tag `IisApp`.
    pub fn application(&self) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.has_tag("IisApp"))
    }
}

impl Parameter {
    /// A parameter of a name, with nothing else yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Whether it carries a tag, upper and lower case alike.
    pub fn has_tag(&self, tag: &str) -> bool {
        self.tags.iter().any(|own| own.eq_ignore_ascii_case(tag))
    }

    /// Whether its value must not be shown.
    pub fn is_secret(&self) -> bool {
        self.tags.iter().any(|tag| is_secret_tag(tag))
    }

    /// Whether an empty value is fine.
    pub fn allows_empty(&self) -> bool {
        self.validation.as_ref().is_some_and(|validation| validation.has(ValidationKind::AllowEmpty))
    }
}

impl ParameterValidation {
    /// Whether a rule is among the others.
    pub fn has(&self, kind: ValidationKind) -> bool {
        self.kinds.contains(&kind)
    }

    /// The values of an enumeration: the comma list without the blanks around its parts. There is no way to escape a comma.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.validation_string.as_deref().unwrap_or_default().split(',').map(str::trim)
    }
}

/// Why a file is no `Parameters.xml` or `SetParameters.xml` at all. Lesser faults are findings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The document element is another one.
    #[error("document element is `{found}`, not `parameters`")]
    NotParameters {
        /// The name of the document element.
        found: String,
        /// The line of it.
        line: usize,
        /// The column of it.
        column: usize,
    },
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        Some("A parameters file is `<parameters>` with `<parameter>` elements, a set parameters file has `<setParameter>` elements.".into())
    }

    fn location(&self) -> Option<Location> {
        let Self::NotParameters { line, column, .. } = self;
        Some(Location::at("", *line, *column))
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Usage
    }
}
