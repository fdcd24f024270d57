//! `NAME.SetParameters.xml`: the answers to a package's parameters, for `msdeploy -setParamFile` and `--set-parameters`.

use std::collections::{HashMap, HashSet};

use super::read::{Reader, root_of};
use super::{Error, Parameters, references};
use crate::event::Severity;
use crate::finding::Finding;
use crate::xml::{Document, Element, Writer};

/// Names and the values that are given to them, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct SetParameters {
    /// Pairs of name and value.
    pub values: Vec<(String, String)>,
}

impl SetParameters {
    /// Reads a set parameters file. Of a name that stands twice, the last value counts when it is resolved.
    ///
    /// # Errors
    /// The document element is not `parameters`.
    pub fn read(document: &Document) -> Result<(Self, Vec<Finding>), Error> {
        let root = root_of(document)?;
        let mut reader = Reader { document, findings: Vec::new() };
        reader.no_attributes(root);
        reader.no_text(root);
        let mut values = Vec::new();
        let mut seen = HashMap::new();
        for child in root.children() {
            if child.is("setParameter") {
                let Some((name, value)) = pair(&mut reader, child) else { continue };
                if let Some(line) = seen.insert(name.to_lowercase(), child.position().0) {
                    let text = format!("`{name}` was set in line {line} already: the last value counts");
                    reader.add("duplicate-parameter", Severity::Warning, text, child.position());
                }
                values.push((name, value));
            } else if child.is("parameter") {
                let text = "`parameter` belongs into `Parameters.xml`; a value is set with `setParameter`";
                reader.add("unexpected-element", Severity::Error, text, child.position());
            } else {
                reader.unknown_element(child, "parameters");
            }
        }
        reader.findings.sort_by_key(|finding| (finding.line, finding.column));
        Ok((Self { values }, reader.findings))
    }

    /// The file to ship beside a package: every parameter that a person answers, with its default value. Hidden ones, those
    /// whose default is made of others, and secrets without a default are not in it, as in Visual Studio's.
    pub fn defaults_of(parameters: &Parameters) -> Self {
        let names: HashSet<String> =
            parameters.parameters.iter().map(|parameter| parameter.name.to_lowercase()).collect();
        let values = parameters
            .parameters
            .iter()
            .filter(|parameter| !parameter.has_tag("Hidden"))
            .filter_map(|parameter| {
                let default = parameter.default_value.clone();
                if references(default.as_deref().unwrap_or_default())
                    .any(|name| names.contains(&name.to_lowercase()))
                {
                    return None;
                }
                let default = default.or_else(|| (!parameter.is_secret()).then(String::new))?;
                Some((parameter.name.clone(), default))
            })
            .collect();
        Self { values }
    }

    /// The text of the file.
    pub fn to_xml(&self) -> String {
        let mut writer = Writer::new();
        writer.open("parameters", &[]);
        for (name, value) in &self.values {
            writer.empty("setParameter", &[("name", name), ("value", value)]);
        }
        writer.finish()
    }
}

fn pair<'d>(reader: &mut Reader<'d>, element: Element<'d>) -> Option<(String, String)> {
    let mut name = None;
    let mut value = None;
    for attribute in element.attributes() {
        if attribute.name.eq_ignore_ascii_case("name") {
            name = Some(attribute.value.clone());
        } else if attribute.name.eq_ignore_ascii_case("value") {
            value = Some(attribute.value.clone());
        } else {
            reader.unknown_attribute(element, attribute, &["name", "value"]);
        }
    }
    reader.empty(element);
    let Some(name) = name.filter(|name| !name.trim().is_empty()) else {
        let text = "this `setParameter` has no `name`, it is left out";
        reader.add("parameter-without-name", Severity::Error, text, element.position());
        return None;
    };
    if value.is_none() {
        let text = format!("`{name}` has no `value`: it is set to nothing");
        reader.add("missing-value", Severity::Warning, text, element.position());
    }
    Some((name, value.unwrap_or_default()))
}
