//! From parameters to the text of `Parameters.xml`: the same parameters always give the same bytes.

use super::{Parameter, ParameterEntry, ParameterValidation, Parameters, Translated};
use crate::xml::Writer;

impl Parameters {
    /// The text of a `Parameters.xml`. Entries carry `kind`, which every Web Deploy from version 2 on reads.
    pub fn to_xml(&self) -> String {
        let mut writer = Writer::new();
        writer.open("parameters", &[]);
        for parameter in &self.parameters {
            write_parameter(&mut writer, parameter);
        }
        writer.finish()
    }
}

impl Parameter {
    /// The text of the element alone, without a declaration.
    pub fn to_xml(&self) -> String {
        let mut writer = Writer::fragment();
        write_parameter(&mut writer, self);
        writer.finish()
    }
}

fn write_parameter(writer: &mut Writer, parameter: &Parameter) {
    let tags = parameter.tags.join(",");
    let mut attributes = vec![("name", parameter.name.as_str())];
    attributes.extend(parameter.friendly_name.as_deref().map(|text| ("friendlyName", text)));
    attributes.extend(parameter.description.as_deref().map(|text| ("description", text)));
    attributes.extend(parameter.default_value.as_deref().map(|text| ("defaultValue", text)));
    if !tags.is_empty() {
        attributes.push(("tags", &tags));
    }
    if parameter.translations.is_empty() && parameter.validation.is_none() && parameter.entries.is_empty() {
        writer.empty("parameter", &attributes);
        return;
    }
    writer.open("parameter", &attributes);
    for translation in &parameter.translations {
        let name = match translation.of {
            Translated::Description => "description",
            Translated::FriendlyName => "friendlyName",
        };
        writer.element(name, &[("culture", &translation.culture)], &translation.text);
    }
    if let Some(validation) = &parameter.validation {
        write_validation(writer, validation);
    }
    for entry in &parameter.entries {
        write_entry(writer, entry);
    }
    writer.close();
}

fn write_validation(writer: &mut Writer, validation: &ParameterValidation) {
    let kinds = validation.kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(",");
    let mut attributes = vec![("kind", if kinds.is_empty() { "None" } else { &kinds })];
    attributes.extend(validation.validation_string.as_deref().map(|text| ("validationString", text)));
    writer.empty("parameterValidation", &attributes);
}

fn write_entry(writer: &mut Writer, entry: &ParameterEntry) {
    let tags = entry.tags.join(",");
    let mut attributes = Vec::new();
    if !entry.kind.name().is_empty() {
        attributes.push(("kind", entry.kind.name()));
    }
    attributes.push(("scope", &entry.scope));
    attributes.push(("match", &entry.matching));
    if !tags.is_empty() {
        attributes.push(("tags", &tags));
    }
    writer.empty("parameterEntry", &attributes);
}
