//! Tests that the documents under `docs/` say what the types and tables say. With `IISWSGI_WRITE_DOCUMENTS=1` in the
//! environment they write what they compare, after a setting was added or changed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::*;

/// A file of the checkout.
fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(file(name)).unwrap_or_default().replace("\r\n", "\n")
}

fn assert_current(name: &str, expected: &str) {
    if Environment::of_process().is_on("IISWSGI_WRITE_DOCUMENTS") {
        fs::write(file(name), expected).unwrap();
    }
    assert!(read(name) == expected, "`{name}` is not current: run this test with IISWSGI_WRITE_DOCUMENTS=1");
}

/// A text with the lines between two markers replaced.
fn with_block(text: &str, name: &str, block: &str) -> String {
    let (begin, end) = (format!("<!-- begin {name} -->\n"), format!("<!-- end {name} -->"));
    let start = text.find(&begin).unwrap_or_else(|| panic!("no marker {begin}")) + begin.len();
    let stop = text.find(&end).unwrap_or_else(|| panic!("no marker {end}"));
    format!("{}\n{}\n\n{}", &text[..start], block.trim(), &text[stop..])
}

#[test]
fn the_committed_schemas_are_those_of_the_types() {
    assert_current("docs/configuration.schema.json", &schema());
    assert_current("docs/report.schema.json", &crate::pipeline::report::schema());
}

#[test]
fn the_reference_has_every_key_and_every_variable() {
    let text = read("docs/configuration.md");
    let text = with_block(&text, "keys", &reference::keys(&schema()).unwrap());
    let text = with_block(&text, "variables", &reference::variables());
    assert_current("docs/configuration.md", &text);
}

/// The keys of the schema, without the indexes of lists.
fn known_keys() -> BTreeSet<String> {
    let schema: Value = serde_json::from_str(&schema()).unwrap();
    reference::entries(&schema).into_iter().map(|entry| entry.key.replace("[]", "")).collect()
}

/// The YAML blocks of the documentation.
fn examples() -> Vec<String> {
    let text = read("docs/configuration.md");
    let blocks: Vec<String> = text
        .split("```yaml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap_or_default().to_owned())
        .collect();
    assert!(!blocks.is_empty());
    blocks
}

#[test]
fn the_examples_of_the_documentation_are_right_and_show_every_key() {
    let mut shown = BTreeSet::new();
    for example in examples() {
        let path = Path::new("docs/configuration.md");
        from_yaml(path, &example).unwrap_or_else(|error| panic!("{error}\n{example}"));
        shown.append(&mut read::yaml(path, &example).unwrap().keys());
    }
    let is_shown = |key: &String| match key.split_once(".NAME.") {
        Some((above, below)) => shown
            .iter()
            .any(|shown| shown.starts_with(&format!("{above}.")) && shown.ends_with(&format!(".{below}"))),
        None => shown.contains(key),
    };
    let missing: Vec<String> = known_keys().into_iter().filter(|key| !is_shown(key)).collect();
    assert!(missing.is_empty(), "no example shows {missing:?}");
}

#[test]
fn every_key_with_a_single_value_has_an_environment_variable_and_no_other_has() {
    let schema: Value = serde_json::from_str(&schema()).unwrap();
    let single: Vec<String> = reference::entries(&schema)
        .into_iter()
        .filter(|entry| !entry.key.contains("[]") && !entry.key.contains("NAME"))
        .filter(|entry| !entry.kind.contains("list") && !entry.kind.contains("mapping"))
        .map(|entry| entry.key)
        .filter(|key| !key.starts_with("feed.discovery-hints"))
        .collect();
    assert_eq!(single, SCALAR_KEYS);
}

#[test]
fn the_configurations_of_the_examples_are_right() {
    let folders = fs::read_dir(file("examples")).unwrap();
    let mut count = 0;
    for folder in folders.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        load(&folder, None, &Environment::empty(), &Overrides::new())
            .unwrap_or_else(|error| panic!("{}", crate::error::Shown::of(&error)));
        count += 1;
    }
    assert!(count > 0);
}

#[test]
fn the_exit_codes_are_documented() {
    use crate::error::ExitCode as Code;

    let text = read("docs/exit-codes.md");
    let codes =
        [Code::Done, Code::Failed, Code::Usage, Code::MissingTool, Code::Publishing, Code::Interrupted];
    for code in codes {
        assert!(text.contains(&format!("| {} |", code as u8)), "{code:?} is not in docs/exit-codes.md");
    }
}
