//! The JSON schema of the configuration, made from the same types that read it.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::file::FileConfig;

/// The JSON schema of `iiswsgi.yml` and of `[tool.iiswsgi]`, as committed in `docs/configuration.schema.json`.
pub fn schema() -> String {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.root_schema_for::<FileConfig>().to_value();
    tidy(&mut schema);
    let mut text = format!("{schema:#}");
    text.push('\n');
    text
}

/// Takes out what says nothing: defaults of `null` and the line breaks of doc comments.
fn tidy(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if map.get("default") == Some(&Value::Null) {
                map.shift_remove("default");
            }
            if let Some(Value::String(text)) = map.get_mut("description") {
                *text = text.replace('\n', " ").replace("  ", "\n\n");
            }
            map.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}
