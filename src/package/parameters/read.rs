//! From the elements of `Parameters.xml` to parameters, with findings about everything that is not as it should be.

use super::{
    EntryKind, Error, Parameter, ParameterEntry, ParameterValidation, Parameters, Translated, Translation,
    ValidationKind, check,
};
use crate::event::Severity;
use crate::finding::Finding;
use crate::xml::{Attribute, Document, Element, NodeKind};

impl Parameters {
    /// Reads a `Parameters.xml`, gallery or archive format. The document element is `parameters`, or has one as a child, as
    /// in the output of `msdeploy -verb:getParameters`.
    ///
    /// # Errors
    /// The document is something else.
    pub fn read(document: &Document) -> Result<(Self, Vec<Finding>), Error> {
        let mut reader = Reader { document, findings: Vec::new() };
        let root = root_of(document)?;
        let parameters = reader.parameters(root);
        let parameters = Self { parameters };
        let mut findings = reader.findings;
        check::check(&parameters, &mut findings);
        findings.sort_by_key(|finding| (finding.line, finding.column));
        Ok((parameters, findings))
    }
}

/// The element with the parameters in it.
pub(super) fn root_of(document: &Document) -> Result<Element<'_>, Error> {
    let root = document.root();
    if root.is("parameters") {
        return Ok(root);
    }
    if let Some(inner) = root.child("parameters") {
        return Ok(inner);
    }
    let (line, column) = root.position();
    Err(Error::NotParameters { found: root.name().to_owned(), line, column })
}

/// What every reader of these files needs: the document and what was found wrong with it.
pub(super) struct Reader<'d> {
    pub(super) document: &'d Document,
    pub(super) findings: Vec<Finding>,
}

impl<'d> Reader<'d> {
    fn parameters(&mut self, root: Element<'d>) -> Vec<Parameter> {
        self.no_attributes(root);
        self.no_text(root);
        let mut parameters = Vec::new();
        for child in root.children() {
            if child.is("parameter") {
                parameters.extend(self.parameter(child));
            } else if child.is("setParameter") {
                self.add(
                    "unexpected-element",
                    Severity::Error,
                    "`setParameter` belongs into a set parameters file, not into `Parameters.xml`",
                    child.position(),
                );
            } else {
                self.unknown_element(child, "parameters");
            }
        }
        parameters
    }

    fn parameter(&mut self, element: Element<'d>) -> Option<Parameter> {
        let (line, column) = element.position();
        let mut parameter = Parameter { line, column, ..Parameter::default() };
        let mut name = None;
        for attribute in element.attributes() {
            let value = attribute.value.clone();
            match attribute.name.to_ascii_lowercase().as_str() {
                "name" => name = Some(value),
                "friendlyname" => parameter.friendly_name = Some(value),
                "description" => parameter.description = Some(value),
                "defaultvalue" => parameter.default_value = Some(value),
                "tags" => parameter.tags = self.tags(attribute),
                _ => {
                    let known = ["name", "friendlyName", "description", "defaultValue", "tags"];
                    self.unknown_attribute(element, attribute, &known);
                }
            }
        }
        self.no_text(element);
        for child in element.children() {
            self.part(&mut parameter, child);
        }
        match name {
            Some(name) if !name.trim().is_empty() => {
                parameter.name = name;
                Some(parameter)
            }
            _ => {
                self.add(
                    "parameter-without-name",
                    Severity::Error,
                    "this parameter has no `name`, it is left out",
                    (line, column),
                );
                None
            }
        }
    }

    /// One child element of a parameter.
    fn part(&mut self, parameter: &mut Parameter, child: Element<'d>) {
        if child.is("parameterEntry") {
            let entry = self.entry(child);
            parameter.entries.push(entry);
        } else if child.is("parameterValidation") {
            let validation = self.validation(child);
            if parameter.validation.replace(validation).is_some() {
                self.add(
                    "second-validation",
                    Severity::Warning,
                    "a second `parameterValidation`: only the last one counts",
                    child.position(),
                );
            }
        } else if child.is("description") {
            self.translation(parameter, Translated::Description, child);
        } else if child.is("friendlyName") {
            self.translation(parameter, Translated::FriendlyName, child);
        } else {
            self.unknown_element(child, "parameter");
        }
    }

    fn entry(&mut self, element: Element<'d>) -> ParameterEntry {
        let (line, column) = element.position();
        let mut entry = ParameterEntry { line, column, ..ParameterEntry::default() };
        for attribute in element.attributes() {
            match attribute.name.to_ascii_lowercase().as_str() {
                // `type` is the name of the first version; where both stand, the newer one counts.
                "kind" => entry.kind = EntryKind::from_name(&attribute.value),
                "type" if element.attribute_ignore_case("kind").is_none() => {
                    entry.kind = EntryKind::from_name(&attribute.value);
                }
                "type" => {}
                "scope" => attribute.value.clone_into(&mut entry.scope),
                "match" => attribute.value.clone_into(&mut entry.matching),
                "tags" => entry.tags = self.tags(attribute),
                _ => self.unknown_attribute(element, attribute, &["kind", "type", "scope", "match", "tags"]),
            }
        }
        self.empty(element);
        entry
    }

    fn validation(&mut self, element: Element<'d>) -> ParameterValidation {
        let (line, column) = element.position();
        let mut validation = ParameterValidation { line, column, ..ParameterValidation::default() };
        for attribute in element.attributes() {
            match attribute.name.to_ascii_lowercase().as_str() {
                "kind" | "type" => self.validation_kinds(&mut validation, attribute),
                "validationstring" => validation.validation_string = Some(attribute.value.clone()),
                _ => self.unknown_attribute(element, attribute, &["kind", "type", "validationString"]),
            }
        }
        self.empty(element);
        validation
    }

    fn validation_kinds(&mut self, validation: &mut ParameterValidation, attribute: &Attribute) {
        for name in parts(&attribute.value) {
            match ValidationKind::from_name(name) {
                Some(kind) if validation.has(kind) => {}
                Some(kind) => validation.kinds.push(kind),
                None if name.eq_ignore_ascii_case("none") => {}
                None => {
                    let text = format!(
                        "unknown validation `{name}`{}; the known ones are {}",
                        nearest(name, ValidationKind::names()),
                        list(ValidationKind::names())
                    );
                    self.at_attribute("unknown-validation", Severity::Error, text, attribute);
                }
            }
        }
        validation.kinds.sort_unstable();
    }

    fn translation(&mut self, parameter: &mut Parameter, of: Translated, element: Element<'d>) {
        let mut culture = String::new();
        for attribute in element.attributes() {
            if attribute.name.eq_ignore_ascii_case("culture") {
                attribute.value.clone_into(&mut culture);
            } else {
                self.unknown_attribute(element, attribute, &["culture"]);
            }
        }
        if culture.is_empty() {
            let text = format!("`{}` without `culture`: nobody knows its language", element.local_name());
            self.add("missing-culture", Severity::Warning, text, element.position());
        }
        parameter.translations.push(Translation { of, culture, text: element.text() });
    }

    fn tags(&mut self, attribute: &Attribute) -> Vec<String> {
        let tags: Vec<String> = parts(&attribute.value).map(str::to_owned).collect();
        for tag in tags.iter().filter(|tag| !super::is_known_tag(tag)) {
            let text = format!(
                "unknown tag `{tag}`{}: installers ignore it",
                nearest(tag, super::KNOWN_TAGS.iter().copied())
            );
            self.at_attribute("unknown-tag", Severity::Warning, text, attribute);
        }
        tags
    }
}

/// The small checks that all elements share.
impl<'d> Reader<'d> {
    pub(super) fn add(
        &mut self,
        rule: &'static str,
        severity: Severity,
        text: impl Into<String>,
        place: (usize, usize),
    ) {
        self.findings.push(Finding::new(rule, severity, text).at(place));
    }

    fn at_attribute(&mut self, rule: &'static str, severity: Severity, text: String, attribute: &Attribute) {
        let place = self.document.position(attribute.name_span.start);
        self.add(rule, severity, text, place);
    }

    pub(super) fn unknown_element(&mut self, element: Element<'d>, parent: &str) {
        let text = format!("unknown element `{}` in `{parent}`, it is ignored", element.name());
        self.add("unknown-element", Severity::Warning, text, element.position());
    }

    pub(super) fn unknown_attribute(&mut self, element: Element<'d>, attribute: &Attribute, known: &[&str]) {
        if attribute.name == "xmlns" || attribute.name.starts_with("xmlns:") {
            return;
        }
        let text = format!(
            "unknown attribute `{}` of `{}`{}, it is ignored",
            attribute.name,
            element.local_name(),
            nearest(&attribute.name, known.iter().copied())
        );
        self.at_attribute("unknown-attribute", Severity::Warning, text, attribute);
    }

    pub(super) fn no_attributes(&mut self, element: Element<'d>) {
        for attribute in element.attributes() {
            self.unknown_attribute(element, attribute, &[]);
        }
    }

    /// An element that holds nothing.
    pub(super) fn empty(&mut self, element: Element<'d>) {
        self.no_text(element);
        for child in element.children() {
            self.unknown_element(child, element.local_name());
        }
    }

    /// Text between elements: forgotten marks, or an attribute that slipped out of its tag.
    pub(super) fn no_text(&mut self, element: Element<'d>) {
        for id in element.nodes() {
            let (NodeKind::Text(text) | NodeKind::CData(text)) = self.document.node_kind(id) else {
                continue;
            };
            if text.trim().is_empty() {
                continue;
            }
            let span = self.document.node_span(id);
            let blanks = text.len() - text.trim_start().len();
            let text = format!(
                "text `{}` between the elements of `{}`, it is ignored",
                shortened(text.trim()),
                element.local_name()
            );
            self.add(
                "stray-text",
                Severity::Warning,
                text,
                self.document.position((span.start + blanks).min(span.end)),
            );
        }
    }
}

/// The parts of a comma list, without blanks and without empty ones.
pub(super) fn parts(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// ` (did you mean …?)` when a known name is near.
pub(super) fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> String {
    near(name, known).map_or_else(String::new, |known| format!(" (did you mean `{known}`?)"))
}

/// The known name that is nearest, when it is near enough to be meant.
pub(crate) fn near<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let name = name.to_lowercase();
    known
        .map(|known| (strsim::jaro_winkler(&name, &known.to_lowercase()), known))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, known)| known)
}

/// The names in backticks with commas between them.
pub(super) fn list<'k>(names: impl Iterator<Item = &'k str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The first characters of a text, for messages.
pub(super) fn shortened(text: &str) -> String {
    const SHOWN: usize = 60;
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None if line.len() < text.len() => format!("{line}…"),
        None => line.to_owned(),
    }
}
