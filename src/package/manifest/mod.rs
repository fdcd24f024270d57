//! The manifest of a package: which providers Web Deploy runs, in which order, with which path and settings.
//!
//! Reads `Manifest.xml` of a gallery package, the file of `-source:manifest`, and the top level of an `archive.xml`:
//! the root element may have any name, its children are the providers, names are compared without regard to case.
//! Settings of a provider stand either as plain attributes or in `MSDeploy.MSDeployProviderOptions`, see
//! [`super::options`]. Sources: "Reference for the Web Application Package" and the provider pages of Web Deploy.
//!
//! Not here: what a provider does (`iis`), how a template becomes a manifest ([`super::build`]).

mod check;
mod providers;
mod read;

pub use providers::{RUN_COMMAND_SETTINGS, SettingFault, check_run_command_setting, is_known_provider};

use crate::error::{ExitCode, Failure};
use crate::finding::Finding;
use crate::xml::{self, Document, Writer};

use super::options::ProviderOptions;

/// The attribute that holds a provider's settings.
pub const OPTIONS_ATTRIBUTE: &str = "MSDeploy.MSDeployProviderOptions";
/// The attribute that says which attribute is the key of a provider.
pub const KEY_ATTRIBUTE: &str = "MSDeploy.MSDeployKeyAttributeName";
/// The root element of a gallery package's manifest, as the documentation writes it.
pub const GALLERY_ROOT: &str = "MSDeploy.iisApp";

/// A manifest as a value.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Manifest {
    /// The name of the root element.
    pub root: String,
    /// The providers in the order in which they run.
    pub providers: Vec<Provider>,
}

/// One provider: a child of the manifest's root.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Provider {
    /// Its name as written, as `iisApp` or `runCommand`.
    pub name: String,
    /// Its path: a folder of the package, a command, a script. Empty for an `alias`, which has `from` and `to`.
    pub path: String,
    /// The settings that are in force: those of the options when there are options, else the plain attributes.
    pub settings: Vec<(String, String)>,
    /// All attributes as written, in their order, `path` and the options left out.
    pub attributes: Vec<(String, String)>,
    /// What `MSDeploy.MSDeployProviderOptions` holds.
    pub options: Option<ProviderOptions>,
    /// The line in the file it was read from; 0 when it was not read.
    pub line: usize,
    /// The column there.
    pub column: usize,
}

impl Provider {
    /// A provider with a path and nothing else.
    pub fn new(name: impl Into<String>, path: impl Into<String>) -> Self {
        Self { name: name.into(), path: path.into(), ..Self::default() }
    }

    /// The same with its settings in `MSDeploy.MSDeployProviderOptions`, as Web Deploy writes them into packages.
    #[must_use]
    pub fn with_options(mut self, settings: &[(String, String)]) -> Self {
        self.settings = settings.to_vec();
        self.options = Some(ProviderOptions {
            settings: settings.to_vec(),
            ..ProviderOptions::new(&self.name, &self.path)
        });
        self.attributes.push((KEY_ATTRIBUTE.to_owned(), "path".to_owned()));
        self
    }

    /// The same with its settings as plain attributes.
    #[must_use]
    pub fn with_attributes(mut self, attributes: &[(&str, &str)]) -> Self {
        for &(name, value) in attributes {
            self.attributes.push((name.to_owned(), value.to_owned()));
            self.settings.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Whether this is the provider of a name, upper and lower case alike.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The value of a setting, upper and lower case of its name alike.
    pub fn setting(&self, name: &str) -> Option<&str> {
        lookup(&self.settings, name)
    }

    /// The value of an attribute, upper and lower case of its name alike.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        lookup(&self.attributes, name)
    }
}

fn lookup<'p>(pairs: &'p [(String, String)], name: &str) -> Option<&'p str> {
    pairs.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// Whether an attribute belongs to Web Deploy itself, and is no setting: `MSDeploy.…`, `xmlns`.
pub(super) fn is_reserved_attribute(name: &str) -> bool {
    let head = |prefix: &str| name.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix));
    head("MSDeploy.") || name == "xmlns" || name.starts_with("xmlns:") || name.starts_with("xml:")
}

impl Manifest {
    /// A manifest of the gallery's shape without providers.
    pub fn gallery() -> Self {
        Self { root: GALLERY_ROOT.to_owned(), providers: Vec::new() }
    }

    /// Reads a document, and lists what is wrong or doubtful in it.
    ///
    /// # Errors
    /// The root element is that of another kind of file.
    pub fn read(document: &Document) -> Result<(Self, Vec<Finding>), Error> {
        read::read(document, &mut |offset| document.position(offset))
    }

    /// The same from the bytes of a file.
    ///
    /// # Errors
    /// The file is not well-formed XML, or see [`Manifest::read`].
    pub fn parse(bytes: &[u8]) -> Result<(Self, Vec<Finding>), Error> {
        Self::read(&Document::parse_bytes(bytes)?)
    }

    /// The folder of the application in the package: the path of the first `iisApp`.
    pub fn application_folder(&self) -> Option<&str> {
        self.named("iisApp").next().map(|provider| provider.path.as_str())
    }

    /// The providers of one name, upper and lower case alike.
    pub fn named(&self, name: &str) -> impl Iterator<Item = &Provider> {
        self.providers.iter().filter(move |provider| provider.is(name))
    }

    /// The manifest as a new document: the same value always gives the same text.
    pub fn to_xml(&self) -> String {
        let root = if self.root.is_empty() { GALLERY_ROOT } else { &self.root };
        let mut writer = Writer::new();
        writer.open(root, &[]);
        for provider in &self.providers {
            let options = provider.options.as_ref().map(ProviderOptions::to_attribute);
            let mut attributes: Vec<(&str, &str)> = Vec::new();
            if !provider.path.is_empty() {
                attributes.push(("path", &provider.path));
            }
            attributes
                .extend(provider.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            if let Some(options) = &options {
                attributes.push((OPTIONS_ATTRIBUTE, options));
            }
            writer.empty(&provider.name, &attributes);
        }
        writer.finish()
    }
}

pub(super) use read::read as read_with_places;

/// Why a file is no manifest.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not well-formed.
    #[error("the manifest is not well-formed XML")]
    Xml(#[from] xml::Error),
    /// Its root element is that of another file.
    #[error("line {line}, column {column}: `<{root}>` is the root element of {kind}, not of a manifest")]
    NotAManifest {
        /// The name of the root element.
        root: String,
        /// What kind of file it is.
        kind: &'static str,
        /// The line of the root element.
        line: usize,
        /// Its column.
        column: usize,
    },
}

impl Error {
    /// The place in the file, line and column from 1.
    pub fn position(&self) -> (usize, usize) {
        match self {
            Self::Xml(error) => (error.line, error.column),
            Self::NotAManifest { line, column, .. } => (*line, *column),
        }
    }
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Xml(_) => "Correct the file at the place that is named.".into(),
            Self::NotAManifest { .. } => {
                format!(
                    "A manifest has providers as the children of its root, as `<{GALLERY_ROOT}><iisApp path=\"…\" /></{GALLERY_ROOT}>`."
                )
            }
        })
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

#[cfg(test)]
mod tests;
