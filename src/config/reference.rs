//! The reference of `docs/configuration.md`: every key and every environment variable, made from the same types and
//! tables that read them.

use std::fmt::Write as _;

use serde_json::Value;

use super::environment::{SCALAR_KEYS, VARIABLES, variable_of};

/// The flags that set a key, as the command line names them.
const FLAGS: &[(&str, &str)] = &[
    ("app", "--app"),
    ("name", "--name"),
    ("version", "--package-version"),
    ("python", "--python"),
    ("gateway", "--gateway"),
    ("define", "--define NAME=VALUE"),
    ("output", "--dist-dir"),
    ("allow-setup-py", "--allow-setup-py"),
    ("package.format", "--format"),
    ("publish.folder.path", "--folder"),
    ("publish.github.repository", "--repository"),
    ("publish.github.tag", "--tag"),
    ("publish.github.name", "--release-name"),
    ("publish.github.notes", "--notes"),
    ("publish.github.notes-file", "--notes-file"),
    ("publish.github.generate-notes", "--generate-notes"),
    ("publish.github.target", "--target"),
    ("publish.github.draft", "--draft"),
    ("publish.github.prerelease", "--prerelease"),
    ("publish.github.make-latest", "--make-latest"),
    ("publish.github.if-exists", "--if-exists"),
    ("publish.github.feed-name", "--feed-name"),
    ("publish.github.parallel", "--parallel"),
    ("publish.github.token-file", "--token-file"),
    ("publish.pypi.repository", "--repository"),
    ("publish.pypi.index-url", "--index-url"),
    ("publish.pypi.username", "--username"),
    ("publish.pypi.keyring", "--keyring"),
    ("publish.pypi.pypirc", "--pypirc"),
    ("publish.pypi.trusted-publishing", "--trusted-publishing"),
    ("publish.pypi.hybrid-wheel", "--hybrid-wheel"),
    ("publish.pypi.attestations", "--no-attestations"),
    ("publish.pypi.skip-existing", "--skip-existing"),
    ("publish.pypi.allow-http", "--allow-http"),
    ("iis.mode", "--iis"),
    ("iis.require", "--require-iis"),
    ("iis.parameters", "--set NAME=VALUE"),
    ("iis.set-parameters", "--set-parameters"),
];

/// One key of the schema.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Its path: `test.requests[].path`.
    pub key: String,
    /// Its type and range in words.
    pub kind: String,
    /// The default, when it is a fixed value.
    pub default: Option<String>,
    /// What it is.
    pub description: String,
}

/// All keys of a schema, in its order, those of a mapping after the mapping itself.
pub(super) fn entries(schema: &Value) -> Vec<Entry> {
    let mut found = Vec::new();
    Walk { definitions: &schema["$defs"], found: &mut found }.properties(schema, "");
    found
}

/// The list of all keys, as Markdown.
///
/// # Errors
/// The schema is no JSON.
pub fn keys(schema: &str) -> Result<String, serde_json::Error> {
    let schema: Value = serde_json::from_str(schema)?;
    let mut text = String::new();
    for entry in entries(&schema) {
        if !entry.key.contains('.') {
            let _ = writeln!(text, "### `{}`\n", entry.key);
        }
        let mut facts = vec![entry.kind.clone()];
        facts.extend(entry.default.iter().map(|default| format!("default `{default}`")));
        facts.extend(
            FLAGS.iter().filter(|(key, _)| *key == entry.key).map(|(_, flag)| format!("flag `{flag}`")),
        );
        if SCALAR_KEYS.contains(&entry.key.as_str()) {
            facts.push(format!("environment `{}`", variable_of(&entry.key)));
        }
        if entry.key.contains('.') {
            let _ = writeln!(text, "- **`{}`** ({}): {}", entry.key, facts.join("; "), entry.description);
        } else {
            let _ = writeln!(text, "{}\n\n{}.\n", entry.description, sentence(&facts.join("; ")));
        }
    }
    // A heading stands after a blank line, whatever came before it.
    Ok(text.replace("\n### ", "\n\n### ").replace("\n\n\n", "\n\n"))
}

/// The list of the environment variables that belong to no key, as Markdown.
pub fn variables() -> String {
    VARIABLES.iter().fold(String::new(), |mut text, variable| {
        let _ = writeln!(text, "- **`{}`**: {}", variable.name, variable.doc.replace('\n', " ").trim());
        text
    })
}

/// A number without decimals that say nothing; anything else as it is.
fn number(value: &Value) -> String {
    let text = value.to_string();
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// `a`, `a or b`, `a, b or c`.
fn alternatives(choices: &[String]) -> String {
    match choices {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        _ => choices.concat(),
    }
}

fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// Goes through a schema and notes every key.
struct Walk<'a> {
    definitions: &'a Value,
    found: &'a mut Vec<Entry>,
}

impl<'a> Walk<'a> {
    fn properties(&mut self, schema: &'a Value, path: &str) {
        let Some(properties) = schema["properties"].as_object() else { return };
        for (name, setting) in properties {
            let key = format!("{path}{name}");
            let default = setting.get("default").map(|default| match default {
                Value::String(text) => text.clone(),
                other => number(other),
            });
            self.found.push(Entry {
                kind: self.kind(setting),
                default,
                description: setting["description"].as_str().unwrap_or_default().replace("\n\n", " "),
                key: key.clone(),
            });
            self.below(setting, &key);
        }
    }

    /// The keys of the mappings that a setting holds.
    fn below(&mut self, setting: &'a Value, key: &str) {
        let setting = self.resolved(setting);
        self.properties(setting, &format!("{key}."));
        if let Some(items) = setting.get("items") {
            self.below(items, &format!("{key}[]"));
        }
        if let Some(values) = setting.get("additionalProperties").filter(|values| values.is_object()) {
            self.below(values, &format!("{key}.NAME"));
        }
        // One or many: the list shows the same keys once more.
        let choices = setting["anyOf"].as_array().map(Vec::as_slice).unwrap_or_default();
        for choice in choices.iter().rev().take(1) {
            self.below(choice, key);
        }
    }

    fn resolved(&self, setting: &'a Value) -> &'a Value {
        match setting["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
            Some(name) => &self.definitions[name],
            None => setting,
        }
    }

    /// The type and range of a setting, in words.
    fn kind(&self, setting: &'a Value) -> String {
        let setting = self.resolved(setting);
        let words = |name: &str| setting[name].as_array().cloned().unwrap_or_default();
        let choices: Vec<Value> =
            words("enum").into_iter().chain(words("oneOf").iter().map(|one| one["const"].clone())).collect();
        if !choices.is_empty() {
            let choices: Vec<String> =
                choices.iter().filter_map(Value::as_str).map(|one| format!("`{one}`")).collect();
            return alternatives(&choices);
        }
        if let Some(choices) = setting["anyOf"].as_array() {
            return match (choices.first().map(|first| self.kind(first)), choices.last()) {
                (Some(one), Some(last)) if last["type"] == "array" => format!("{one}, or a list"),
                (Some(one), _) => format!("{one}, or a mapping"),
                (None, _) => String::new(),
            };
        }
        let range = || format!("{} to {}", number(&setting["minimum"]), number(&setting["maximum"]));
        match &setting["type"] {
            Value::String(name) => match name.as_str() {
                "integer" => format!("whole number from {}", range()),
                "number" => format!("number from {}", range()),
                "boolean" => "`true` or `false`".to_owned(),
                "array" => format!("list: {}", self.kind(&setting["items"])),
                "object" if setting.get("properties").is_some() => "mapping".to_owned(),
                "object" => format!("mapping of names: {}", self.kind(&setting["additionalProperties"])),
                _ if setting["format"] == "regex" => "regular expression".to_owned(),
                _ => "text".to_owned(),
            },
            Value::Array(names) if names.contains(&"boolean".into()) => "text, number or boolean".to_owned(),
            _ => "text".to_owned(),
        }
    }
}
