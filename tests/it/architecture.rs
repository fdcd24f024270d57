//! The map in `src/lib.rs`, held by a test: who may import whom, and what may stand where.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Leaves that know nothing of the domain. Everybody may import them, and they each other.
const BASE: [&str; 11] =
    ["digest", "error", "event", "files", "finding", "http", "process", "secret", "template", "uri", "xml"];

/// What each module above the base may import beside the base and itself.
const ARROWS: [(&str, &[&str]); 19] = [
    ("ci", &["config"]),
    ("clean", &["feed", "package"]),
    (
        "cli",
        &[
            "ci",
            "clean",
            "config",
            "feed",
            "gateway",
            "iis",
            "init",
            "inspect",
            "interpreter",
            "migrate",
            "package",
            "pipeline",
            "project",
            "publish",
            "transport",
        ],
    ),
    ("config", &["package"]),
    ("fastcgi", &[]),
    ("feed", &[]),
    ("gateway", &["fastcgi", "http1", "transport"]),
    ("http1", &["fastcgi"]),
    ("iis", &["fastcgi", "package", "transport"]),
    ("init", &["ci", "project"]),
    ("inspect", &["feed", "iis", "package"]),
    ("interpreter", &["transport"]),
    ("migrate", &["iis", "package"]),
    ("package", &[]),
    ("pipeline", &["config", "feed", "iis", "package", "project", "publish"]),
    ("process", &["transport"]),
    ("project", &["package"]),
    ("publish", &["feed", "package", "project"]),
    ("transport", &[]),
];

fn sources() -> Vec<(PathBuf, String)> {
    fn collect(folder: &Path, into: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, into);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                into.push((path, text));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    collect(&root, &mut all);
    all.into_iter().map(|(path, text)| (path.strip_prefix(&root).unwrap().to_owned(), text)).collect()
}

/// The top-level module that a file belongs to.
fn module(path: &Path) -> String {
    path.iter().next().unwrap().to_string_lossy().trim_end_matches(".rs").to_owned()
}

/// The code of a file without its tests.
fn code(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {").next().unwrap()
}

fn is_test(path: &Path) -> bool {
    let name = path.file_stem().unwrap().to_string_lossy();
    name == "tests" || name.ends_with("_tests") || path.iter().any(|part| part == "tests")
}

#[test]
fn arrows_go_one_way() {
    let mut faults = Vec::new();
    for (path, text) in sources() {
        let from = module(&path);
        if from == "lib" || from == "main" || from == "testdata" || is_test(&path) {
            continue;
        }
        let allowed: BTreeSet<&str> = BASE
            .into_iter()
            .chain([from.as_str()])
            .chain(ARROWS.iter().filter(|(name, _)| *name == from).flat_map(|(_, to)| to.iter().copied()))
            .collect();
        for part in code(&text).split("crate::").skip(1) {
            let to: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            // The content of an archive entry is a trait of `package`; a file is one of its implementations.
            let source_trait = from == "files" && part.starts_with("package::archive::Source");
            if !to.is_empty() && !allowed.contains(to.as_str()) && !source_trait {
                faults.push(format!("{} imports {to}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn the_core_opens_no_file_socket_clock_or_environment() {
    let forbidden =
        ["std::fs", "std::net", "std::env", "std::process", "SystemTime::now", "Instant::now", "now_utc"];
    let mut faults = Vec::new();
    for (path, text) in sources() {
        let pure = ["fastcgi", "http1", "package", "feed"].contains(&module(&path).as_str())
            || path.ends_with("gateway/environ.rs")
            || path.starts_with("iis/site");
        if pure && !is_test(&path) {
            faults.extend(
                forbidden
                    .iter()
                    .filter(|f| code(&text).contains(**f))
                    .map(|f| format!("{}: {f}", path.display())),
            );
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn every_file_opens_with_what_it_is() {
    let faults: Vec<_> =
        sources().into_iter().filter(|(_, text)| !text.starts_with("//!")).map(|(path, _)| path).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn files_stay_short_enough_to_be_understood_alone() {
    let faults: Vec<_> = sources()
        .into_iter()
        .filter(|(path, _)| !is_test(path))
        .map(|(path, text)| (path, code(&text).lines().count()))
        .filter(|(_, lines)| *lines > 450)
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

/// `interpreter/windows.rs` is a border to Python: loading its DLL and calling its C interface has no safe form.
#[test]
fn unsafe_code_stands_in_transport_and_at_the_border_to_python() {
    let faults: Vec<_> = sources()
        .into_iter()
        .filter(|(path, text)| {
            module(path) != "transport"
                && !path.ends_with("interpreter/windows.rs")
                && (text.contains("unsafe {") || text.contains("unsafe fn"))
        })
        .map(|(path, _)| path)
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}
