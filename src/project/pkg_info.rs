//! `PKG-INFO`: the core metadata in an unpacked source distribution.

use std::path::Path;

use super::draft::{Draft, split_keywords};
use crate::error::Location;

/// What the text of a `PKG-INFO` says: header lines as in a mail, then the long description.
pub(super) fn read(path: &Path, text: &str) -> Draft {
    let mut draft = Draft::default();
    let mut classifiers: Vec<String> = Vec::new();
    let mut dependencies = Vec::new();
    let text = text.replace("\r\n", "\n");
    let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
    for (line, name, value) in headers(head) {
        let place = Location::at(path, line, 0);
        if value.trim() == "UNKNOWN" {
            continue;
        }
        let value = value.trim_end();
        match name.to_ascii_lowercase().as_str() {
            "name" => draft.text("name", value, place),
            "version" => draft.text("version", value, place),
            "summary" => draft.text("summary", value, place),
            "author" => draft.text("author", value, place),
            "author-email" => draft.text("author_email", value, place),
            "maintainer" => draft.text("maintainer", value, place),
            "maintainer-email" => draft.text("maintainer_email", value, place),
            "home-page" => draft.text("url", value, place),
            "download-url" => draft.text("download_url", value, place),
            "license" | "license-expression" => draft.text("license", value, place),
            "requires-python" => draft.text("requires_python", value, place),
            "keywords" => draft.list("keywords", split_keywords(value), place),
            "description" => draft.text("long_description", without_margin(value), place),
            "description-content-type" => draft.text("long_description_type", value, place),
            "classifier" => classifiers.push(value.to_owned()),
            "requires-dist" if !value.contains("extra ==") => dependencies.push(value.to_owned()),
            "project-url" => {
                let (label, url) = value.split_once(',').unwrap_or((value, ""));
                draft.urls.push((label.trim().to_owned(), url.trim().to_owned()));
            }
            _ => {}
        }
    }
    draft.list("classifiers", classifiers, Location::file(path));
    draft.list("dependencies", dependencies, Location::file(path));
    if !body.trim().is_empty() {
        draft.text("long_description", body, Location::file(path));
    }
    draft
}

/// The header lines with their numbers; lines that begin with a blank belong to the one before.
fn headers(head: &str) -> Vec<(usize, &str, String)> {
    let mut headers: Vec<(usize, &str, String)> = Vec::new();
    for (at, line) in head.lines().enumerate() {
        if line.starts_with([' ', '\t', '|']) {
            if let Some((_, _, value)) = headers.last_mut() {
                value.push('\n');
                value.push_str(line);
            }
        } else if let Some((name, value)) = line.split_once(':') {
            headers.push((at + 1, name, value.trim_start().to_owned()));
        }
    }
    headers
}

/// A folded description without the margin that its lines got: eight blanks, or `       |`.
fn without_margin(value: &str) -> String {
    let lines = value
        .lines()
        .map(|line| line.strip_prefix("        ").or_else(|| line.strip_prefix("       |")).unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_the_long_description_are_read() {
        let text = "Metadata-Version: 2.1\nName: App\nVersion: 1.2\nHome-page: UNKNOWN\nKeywords: a,b\n\
                    Classifier: One\nClassifier: Two\nProject-URL: Source, https://example.org\n\
                    Requires-Dist: flask\nRequires-Dist: x; extra == \"dev\"\n\nLong\n\ntext\n";
        let metadata = read(Path::new("PKG-INFO"), text).into_metadata();
        assert_eq!((metadata.name.as_str(), metadata.version.as_str()), ("App", "1.2"));
        assert_eq!(metadata.classifiers, ["One", "Two"]);
        assert_eq!(metadata.keywords, ["a", "b"]);
        assert_eq!(metadata.dependencies, ["flask"]);
        assert_eq!(metadata.url.as_deref(), Some("https://example.org"));
        assert_eq!(metadata.long_description.as_deref(), Some("Long\n\ntext\n"));
        assert_eq!(metadata.places["version"], Location::at("PKG-INFO", 3, 0));
    }

    #[test]
    fn a_folded_description_loses_its_margin() {
        let metadata =
            read(Path::new("PKG-INFO"), "Description: One\n        two\n          three\n").into_metadata();
        assert_eq!(metadata.long_description.as_deref(), Some("One\ntwo\n  three"));
    }
}
