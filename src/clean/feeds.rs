//! Finds the cached copies of feeds by the feed's id. Broken copies count: they are what a cache is cleaned of.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::event::{Observer, Severity};
use crate::xml::{self, Document};

/// The most that is read of a cached file: WebPI's own largest feed had 3 MB.
const MAX_FEED: u64 = 64 << 20;

/// The files of the cache that are copies of feeds with one of these ids.
pub(super) fn with_ids(cache: &Path, ids: &[String], observer: &dyn Observer) -> Vec<PathBuf> {
    if ids.is_empty() {
        return Vec::new();
    }
    super::entries(cache)
        .filter(|path| is_feed_file(path))
        .filter(|path| match id_of(path) {
            Ok(id) => id.is_some_and(|id| ids.iter().any(|wanted| wanted.trim() == id)),
            Err(error) => {
                let text = format!("`{}` cannot be read and is kept: {error}.", path.display());
                observer.message(Severity::Warning, &text);
                false
            }
        })
        .collect()
}

/// `12345.xml`, `preprocessor12345.xml` and unfinished `12345.xml.temp`, in any case.
fn is_feed_file(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let name = name.strip_suffix(".temp").unwrap_or(&name);
    Path::new(name).extension().is_some_and(|extension| extension == "xml") && path.is_file()
}

fn id_of(path: &Path) -> std::io::Result<Option<String>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FEED).read_to_end(&mut bytes)?;
    Ok(id_in(&bytes))
}

/// The id of a feed: the feed's own, not that of an entry or of an author.
pub(super) fn id_in(bytes: &[u8]) -> Option<String> {
    let text = match xml::decode(bytes) {
        Ok(text) => text.into_owned(),
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    };
    match Document::parse(text.as_str()) {
        Ok(document) => {
            let root = document.root();
            root.is("feed").then(|| root.child("id").map(|id| id.text().trim().to_owned())).flatten()
        }
        Err(_) => scanned(&text),
    }
}

/// The first `id` element of a text that is not well-formed, if it stands before the first entry.
fn scanned(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let head = &text[..lower.find("<entry").unwrap_or(text.len())];
    let mut at = 0;
    while let Some(found) = lower[at..head.len()].find("<id") {
        let start = at + found + "<id".len();
        let tag_end = start + head[start..].find('>')?;
        let is_tag = head[start..].starts_with(|c: char| c == '>' || c.is_ascii_whitespace());
        if is_tag {
            let content = &head[tag_end + 1..];
            let content = &content[..content.find('<')?];
            // Only the one entity that addresses hold is worth resolving in a broken file.
            return Some(content.replace("&amp;", "&").trim().to_owned());
        }
        at = start;
    }
    None
}
