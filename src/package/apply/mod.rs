//! What the values of parameters do to a package when it is installed, as Web Deploy does it.
//!
//! [`resolve`] turns parameters and the values that were given into a [`Resolved`]: every value known, checked, and every
//! entry ready to search with. The installer then asks it about each provider of the manifest and shows it each file. Nothing
//! here opens a file or changes the machine.
//!
//! Where Microsoft's documentation is silent, `docs/parameters.md` says what was decided and why.

mod encoding;
mod entry;
mod error;
mod resolve;
#[cfg(test)]
mod tests;
mod text;
mod xml_file;

use std::sync::atomic::{AtomicUsize, Ordering};

use super::parameters::EntryKind;
use super::xpath::{Node, XPath};
use crate::event::Severity;
use crate::finding::Finding;
use crate::secret::Secret;
use crate::xml::{Document, escape_attribute};
use entry::{Entry, Matcher};

pub use error::Error;
pub use resolve::resolve;

/// The parameters of a package with their values.
#[derive(Debug)]
pub struct Resolved {
    answers: Vec<Answer>,
    entries: Vec<Entry>,
    /// How often each entry found something, to say which never did.
    uses: Vec<AtomicUsize>,
    findings: Vec<Finding>,
}

/// One parameter and its value.
#[derive(Debug)]
struct Answer {
    name: String,
    value: Source,
    secret: bool,
    application: bool,
}

/// Where a value is.
#[derive(Debug)]
enum Source {
    /// Known.
    Known(Secret),
    /// In a file of the package, found by XPath, and not seen yet.
    File { file: String, xpath: XPath },
}

/// A value of [`Resolved::values`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownValue<'r> {
    /// The parameter.
    pub name: &'r str,
    /// Its value, or `***` for a secret.
    pub value: &'r str,
}

impl Resolved {
    /// The value of a parameter, upper and lower case of its name alike. None for a value that a file still has to give.
    pub fn value(&self, name: &str) -> Option<&str> {
        let name = name.to_lowercase();
        self.answers.iter().find(|answer| answer.name.to_lowercase() == name)?.known()
    }

    /// Where the application goes: the value of the parameter with the tag `IisApp`.
    pub fn application_path(&self) -> Option<&str> {
        self.answers.iter().find(|answer| answer.application)?.known()
    }

    /// All parameters and their values as they may be shown.
    pub fn values(&self) -> impl Iterator<Item = ShownValue<'_>> {
        self.answers.iter().map(|answer| ShownValue {
            name: &answer.name,
            value: if answer.secret { "***" } else { answer.known().unwrap_or("(from a file)") },
        })
    }

    /// What was noticed about values and entries.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The path that a provider of the manifest gets. The first entry whose scope matches the provider's name and whose match is
    /// found in the path decides, and replaces the whole path. None: the path stays.
    ///
    /// # Errors
    /// A search took too many steps.
    pub fn provider_path(&self, provider: &str, path: &str) -> Result<Option<String>, Error> {
        self.first(&EntryKind::ProviderPath, provider, path)
    }

    /// The binding that a site gets in the place of one of the package's. None: it stays.
    ///
    /// # Errors
    /// A search took too many steps.
    pub fn destination_binding(&self, site: &str, binding: &str) -> Result<Option<String>, Error> {
        self.first(&EntryKind::DestinationBinding, site, binding)
    }

    /// The physical path of a virtual directory, which is named as `SITE/PATH`. None: it stays.
    ///
    /// # Errors
    /// A search took too many steps.
    pub fn destination_virtual_directory(&self, directory: &str) -> Result<Option<String>, Error> {
        self.first(&EntryKind::DestinationVirtualDirectory, directory, "")
    }

    /// The virtual directories that entries name: `SITE/PATH` for each scope that is a name and no pattern.
    pub fn named_virtual_directories(&self) -> Vec<String> {
        self.of_kind(&EntryKind::DestinationVirtualDirectory).filter_map(|(_, entry)| entry.named()).collect()
    }

    /// The value of an attribute (a setting) of a provider: the match of the entry, evaluated on an element of the provider's name
    /// with its `path` and the attribute, selects the attribute. None: it stays.
    ///
    /// # Errors
    /// A search took too many steps, or the XPath has a prefix.
    pub fn attribute(&self, provider: &str, path: &str, attribute: &str) -> Result<Option<String>, Error> {
        let mut document = None;
        for (at, entry) in self.of_kind(&EntryKind::DeploymentObjectAttribute) {
            let Matcher::XPath(xpath) = &entry.matcher else { continue };
            if !entry.is_about(provider)? {
                continue;
            }
            let document = match &document {
                Some(document) => document,
                None => match provider_document(provider, path, attribute) {
                    Some(made) => document.insert(made),
                    None => return Ok(None),
                },
            };
            let selected = xpath.select(document).map_err(|source| entry.xpath_error(source))?;
            let is_it = |node: &Node| match node {
                Node::Attribute(id, index) => document
                    .element(*id)
                    .and_then(|element| element.attributes().get(*index))
                    .is_some_and(|found| found.name.eq_ignore_ascii_case(attribute)),
                _ => false,
            };
            if selected.iter().any(is_it) {
                return self.used(at).map(Some);
            }
        }
        Ok(None)
    }

    /// Whether an entry is about a file, which is named by its path in the package with forward slashes.
    pub fn wants_file(&self, name: &str) -> bool {
        self.entries
            .iter()
            .any(|entry| entry.kind.is_about_files() && entry.is_about_file(name).unwrap_or(true))
    }

    /// The changed content of a file. None: nothing is changed. Encoding, byte order mark and line ends stay as they are.
    ///
    /// # Errors
    /// The file is not what an entry needs (well-formed XML, a line that is there), or a value cannot be put into it.
    pub fn apply_to_file(&self, name: &str, content: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let mut changed: Option<encoding::Content> = None;
        for (at, entry) in self.entries.iter().enumerate() {
            if !entry.kind.is_about_files() || !entry.is_about_file(name)? {
                continue;
            }
            let value = || self.value_of(at);
            let xml = entry.kind == EntryKind::XmlFile;
            let before = match changed.take() {
                Some(before) => before,
                None => encoding::Content::decode(content, xml).map_err(|why| entry.file_error(name, why))?,
            };
            let outcome = match &entry.matcher {
                Matcher::Pattern(regex) => regex
                    .replace_all(&before.text, value()?)
                    .map_err(|source| entry.pattern_error("match", source))?,
                Matcher::Position(position) => Some(
                    text::replace_at(&before.text, *position, value()?)
                        .map(|text| (text, 1))
                        .map_err(|why| entry.file_error(name, why))?,
                ),
                Matcher::XPath(xpath) => xml_file::replace(&before.text, xpath, value()?)
                    .map_err(|fault| entry.xml_error(name, fault))?,
                Matcher::Nothing => None,
            };
            changed = Some(match outcome {
                Some((text, count)) => {
                    self.uses[at].fetch_add(count, Ordering::Relaxed);
                    before.with(text, xml)
                }
                None => before,
            });
        }
        let Some(changed) = changed.filter(encoding::Content::is_changed) else { return Ok(None) };
        changed.encode().map(Some).map_err(|why| Error::File {
            parameter: String::new(),
            file: name.to_owned(),
            message: why,
            line: 0,
            column: 0,
        })
    }

    /// Whether a value is to be read from a file of the package, and this is the file.
    pub fn wants_source(&self, name: &str) -> bool {
        let name = windows_name(name);
        self.answers.iter().any(|answer| answer.wants(&name))
    }

    /// Gives the content of a file that [`Resolved::wants_source`] asked for, before any file is changed.
    ///
    /// # Errors
    /// The file is not XML, or has no such part.
    pub fn supply_source(&mut self, name: &str, content: &[u8]) -> Result<(), Error> {
        let windows = windows_name(name);
        for answer in &mut self.answers {
            if !answer.wants(&windows) {
                continue;
            }
            let Source::File { xpath, .. } = &answer.value else { continue };
            let value = xml_file::extract(content, xpath).map_err(|message| Error::File {
                parameter: answer.name.clone(),
                file: name.to_owned(),
                message,
                line: 0,
                column: 0,
            })?;
            answer.value = Source::Known(Secret::new(value));
        }
        Ok(())
    }

    /// Entries that found nothing in all that they were shown: most often a file or a placeholder that is not in the package.
    pub fn unused(&self) -> Vec<Finding> {
        let unused = |&at: &usize| self.uses[at].load(Ordering::Relaxed) == 0;
        (0..self.entries.len()).filter(unused).map(|at| self.entries[at].unused()).collect()
    }

    fn of_kind(&self, kind: &EntryKind) -> impl Iterator<Item = (usize, &Entry)> {
        self.entries.iter().enumerate().filter(move |(_, entry)| entry.kind == *kind)
    }

    /// The value of the first entry of a kind that is about a thing and matches a text.
    fn first(&self, kind: &EntryKind, scope: &str, text: &str) -> Result<Option<String>, Error> {
        for (at, entry) in self.of_kind(kind) {
            if entry.is_about(scope)? && entry.matches(text)? {
                return self.used(at).map(Some);
            }
        }
        Ok(None)
    }

    fn used(&self, at: usize) -> Result<String, Error> {
        self.uses[at].fetch_add(1, Ordering::Relaxed);
        self.value_of(at).map(str::to_owned)
    }

    fn value_of(&self, entry: usize) -> Result<&str, Error> {
        let answer = &self.answers[self.entries[entry].parameter];
        match &answer.value {
            Source::Known(value) => Ok(value.reveal()),
            Source::File { file, .. } => {
                Err(Error::MissingSource { parameter: answer.name.clone(), file: file.clone() })
            }
        }
    }
}

impl Answer {
    fn known(&self) -> Option<&str> {
        match &self.value {
            Source::Known(value) => Some(value.reveal()),
            Source::File { .. } => None,
        }
    }

    /// Whether it waits for a file of this name, which has backslashes.
    fn wants(&self, name: &str) -> bool {
        match &self.value {
            Source::Known(_) => false,
            Source::File { file, .. } => format!("\\{}", name.to_lowercase()).ends_with(&file.to_lowercase()),
        }
    }
}

/// An element of the provider's name with its path and one attribute, for XPath to look at.
fn provider_document(provider: &str, path: &str, attribute: &str) -> Option<Document> {
    let path = if attribute.eq_ignore_ascii_case("path") {
        String::new()
    } else {
        format!(" path=\"{}\"", escape_attribute(path))
    };
    Document::parse(format!("<{provider}{path} {attribute}=\"\"/>")).ok()
}

/// A path with backslashes, as Web Deploy sees it.
fn windows_name(name: &str) -> String {
    name.replace('/', "\\")
}

/// The severity of findings that the installation can live with.
const NOTICED: Severity = Severity::Warning;
