//! The list of a project's files: the Simple API as JSON (PEP 691) or as a page of links (PEP 503).

use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;

use crate::http::Url;

/// What is asked for: JSON first.
pub(super) const ACCEPT: &str =
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01";

/// A file that an index lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    /// Its name.
    pub(super) name: String,
    /// Where it is.
    pub(super) url: String,
    /// Its SHA-256, when the index tells it.
    pub(super) sha256: Option<String>,
}

/// The files of a list that came from `page`. A text that is no list has none.
pub(super) fn read(text: &str, page: &Url) -> Vec<Listed> {
    #[derive(Deserialize)]
    struct Project {
        files: Vec<File>,
    }
    #[derive(Deserialize)]
    struct File {
        filename: String,
        url: String,
        #[serde(default)]
        hashes: std::collections::BTreeMap<String, String>,
    }

    if let Ok(project) = serde_json::from_str::<Project>(text) {
        let listed = |file: File| {
            let (url, fragment) = absolute(&file.url, page)?;
            let sha256 = file.hashes.get("sha256").cloned().or(fragment);
            Some(Listed { name: file.filename, url, sha256 })
        };
        return project.files.into_iter().filter_map(listed).collect();
    }
    links(text, page)
}

/// The files that the links of a page lead to.
fn links(html: &str, page: &Url) -> Vec<Listed> {
    static LINK: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"(?is)<a\s[^>]*?href\s*=\s*["']([^"']*)["'][^>]*>(.*?)</a>"#).ok());
    let Some(pattern) = LINK.as_ref() else { return Vec::new() };
    let listed = |link: regex::Captures<'_>| {
        let (url, sha256) = absolute(&link[1].replace("&amp;", "&"), page)?;
        Some(Listed { name: link[2].trim().to_owned(), url, sha256 })
    };
    pattern.captures_iter(html).filter_map(listed).collect()
}

/// The whole address, and the SHA-256 in its fragment.
fn absolute(url: &str, page: &Url) -> Option<(String, Option<String>)> {
    let mut url = page.join(url).ok()?;
    let sha256 = url.fragment().and_then(|text| text.strip_prefix("sha256=")).map(str::to_owned);
    url.set_fragment(None);
    Some((url.into(), sha256))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn page() -> Url {
        Url::parse("https://index.example/simple/a/").unwrap()
    }

    #[test]
    fn json_and_html_give_the_same() {
        let json = r#"{"meta":{"api-version":"1.1"},"name":"a","files":[{"filename":"a-1.tar.gz","url":"../../packages/a-1.tar.gz","hashes":{"sha256":"ab"},"yanked":false}]}"#;
        let html = r#"<!DOCTYPE html><a href="/packages/a-1.tar.gz#sha256=ab" data-requires-python="&gt;=3">a-1.tar.gz</a>"#;
        let expected = Listed {
            name: "a-1.tar.gz".into(),
            url: "https://index.example/packages/a-1.tar.gz".into(),
            sha256: Some("ab".into()),
        };
        assert_eq!(read(json, &page()), std::slice::from_ref(&expected));
        assert_eq!(read(html, &page()), [expected]);
        assert_eq!(read("not found", &page()), []);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,60}|(<a href=.{0,20}</a>){0,3}") {
            read(&text, &page());
        }
    }
}
