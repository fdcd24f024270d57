//! The JSON schema of the configuration, made from the same types that read it.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use super::file::FileConfig;

/// The JSON schema of `iiswsgi.yml` and of `[tool.iiswsgi]`, as committed in `docs/configuration.schema.json`.
pub fn schema() -> String {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<FileConfig>().to_value();
    if let Value::Object(map) = &mut schema {
        map.insert("title".to_owned(), "iiswsgi configuration".into());
    }
    pretty(schema)
}

/// A schema of `schemars` as text, with a line break at the end.
pub(crate) fn pretty(mut schema: Value) -> String {
    tidy(&mut schema);
    format!("{schema:#}\n")
}

/// Takes out what helps nobody who writes a file: `null` as a type or a default, defaults that only repeat those of the
/// keys below, and the line breaks of doc comments.
fn tidy(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if map.get("default").is_some_and(says_nothing) {
                map.shift_remove("default");
            }
            if let Some(Value::String(text)) = map.get_mut("description") {
                *text = text.replace("\n\n", "\u{0}").replace('\n', " ").replace('\u{0}', "\n\n");
            }
            without_null(map);
            for (key, below) in map.iter_mut() {
                match below {
                    // Names of settings, which can be `default` or `type` as well.
                    Value::Object(named) if matches!(key.as_str(), "properties" | "$defs") => {
                        named.values_mut().for_each(tidy);
                    }
                    _ => tidy(below),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// Whether a default need not be shown.
fn says_nothing(default: &Value) -> bool {
    match default {
        Value::Null | Value::Object(_) => true,
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// An option is absent rather than null.
fn without_null(map: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = map.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            map.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choices)) = map.get_mut("anyOf") {
        choices.retain(|choice| choice.get("type") != Some(&"null".into()));
        if let [Value::Object(only)] = choices.as_slice() {
            let only = only.clone();
            map.shift_remove("anyOf");
            map.extend(only);
        }
    }
}
