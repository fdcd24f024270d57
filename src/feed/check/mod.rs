//! What is wrong with a feed, ours or a stranger's, with the places. The rules are listed in `docs/feed.md`.
//!
//! The checks look at the document, not at the model: what the reader passes over is what they are about.

mod entry;
mod places;
#[cfg(test)]
mod tests;
mod values;

use std::collections::{HashMap, HashSet};

use self::places::Places;
use super::NAMESPACE;
use crate::event::Severity;
use crate::finding::Finding;
use crate::xml::{Document, Element};

/// Checks the bytes of a feed. The findings come in the order of the file; bytes that are no feed give one finding.
pub fn check(bytes: &[u8]) -> Vec<Finding> {
    match Document::parse_bytes(bytes) {
        Ok(document) => check_document(&document),
        Err(error) => vec![
            Finding::new("not-well-formed", Severity::Error, error.message).at((error.line, error.column)),
        ],
    }
}

/// Checks a document that is already parsed.
pub(crate) fn check_document(document: &Document) -> Vec<Finding> {
    let root = document.root();
    let mut places = Places::default();
    if root.is("feed") {
        namespace(&mut places, root);
        feed(&mut places, root);
        entry::all(&mut places, root.children_named("entry"), &Known::of(root));
    } else if root.is("entry") {
        namespace(&mut places, root);
        places.info("single-entry", root, "a single entry: WebPI reads it only as a part of a `feed`");
        entry::all(&mut places, std::iter::once(root), &Known::default());
    } else {
        let text = format!("not a feed: the document element is `{}`", root.name());
        places.error("not-a-feed", root, text);
    }
    places.findings(document.text())
}

/// What a feed lists for its entries to name. None: the feed has no such list, so its parent's may be meant.
#[derive(Default)]
struct Known {
    keywords: Option<HashSet<String>>,
    languages: Option<HashSet<String>>,
    dependencies: Option<HashSet<String>>,
    os_lists: Option<HashSet<String>>,
}

impl Known {
    fn of(root: Element<'_>) -> Self {
        let attribute = |item: Element<'_>| item.attribute_ignore_case("id").map(str::to_owned);
        let language = |item: Element<'_>| item.child("languageId").map(Element::text);
        Self {
            keywords: list(root, "keywords", "keyword", attribute),
            languages: list(root, "languages", "language", language),
            dependencies: list(root, "dependencies", "dependency", attribute),
            os_lists: list(root, "osLists", "osList", attribute),
        }
    }
}

/// The ids of a list, in lower case. None when the feed has no such list.
fn list(
    root: Element<'_>,
    outer: &str,
    inner: &str,
    id: impl Fn(Element<'_>) -> Option<String>,
) -> Option<HashSet<String>> {
    let list = root.child(outer)?;
    Some(list.children_named(inner).filter_map(id).map(|id| id.trim().to_lowercase()).collect())
}

fn namespace(places: &mut Places, root: Element<'_>) {
    let prefix = root.name().split_once(':').map(|(prefix, _)| format!("xmlns:{prefix}"));
    match root.attribute(prefix.as_deref().unwrap_or("xmlns")) {
        Some(NAMESPACE) => {}
        Some(other) => {
            let text = format!("the namespace is `{other}` instead of `{NAMESPACE}`, so WebPI sees no feed");
            places.error("wrong-namespace", root, text);
        }
        None => {
            let text = format!("the namespace is missing: `xmlns=\"{NAMESPACE}\"`");
            places.error("wrong-namespace", root, text);
        }
    }
}

/// What belongs to the feed as a whole.
fn feed(places: &mut Places, root: Element<'_>) {
    for (rule, name) in [("missing-title", "title"), ("missing-id", "id"), ("missing-updated", "updated")] {
        if root.child(name).is_none_or(|child| child.text().trim().is_empty()) {
            places.warning(rule, root, format!("the feed has no `{name}`"));
        }
    }
    if let Some(updated) = root.child("updated") {
        values::time(places, updated);
    }
    let itself = |link: &Element<'_>| {
        link.attribute_ignore_case("rel").is_some_and(|rel| rel.trim().eq_ignore_ascii_case("self"))
    };
    match root.children_named("link").find(itself) {
        Some(link) => values::link(places, link),
        None => {
            places.info("missing-self-link", root, "no `link` with `rel=\"self\"` says where the feed is");
        }
    }
    for (outer, inner) in [("keywords", "keyword"), ("dependencies", "dependency")] {
        let mut seen = HashSet::new();
        for item in root.child(outer).into_iter().flat_map(|list| list.children_named(inner)) {
            let id = item.attribute_ignore_case("id").unwrap_or_default().trim();
            if !id.is_empty() && !seen.insert(id.to_lowercase()) {
                places.warning("duplicate-id", item, format!("the {inner} `{id}` is listed twice"));
            }
        }
    }
    if root.children_named("entry").next().is_none() {
        places.info("no-entries", root, "the feed has no entries");
    }
}

/// Reports the second and later uses of an id, without regard to case.
struct Unique {
    rule: &'static str,
    severity: Severity,
    what: &'static str,
    seen: HashMap<String, String>,
}

impl Unique {
    fn new(rule: &'static str, severity: Severity, what: &'static str) -> Self {
        Self { rule, severity, what, seen: HashMap::new() }
    }

    fn take(&mut self, places: &mut Places, element: Element<'_>, id: &str, of: &str) {
        if id.is_empty() {
            return;
        }
        if let Some(first) = self.seen.get(&id.to_lowercase()) {
            let also = if first == of { String::new() } else { format!(" and belongs to `{first}`") };
            places.add(
                self.rule,
                self.severity,
                element,
                format!("the {} `{id}` stands here for the second time{also}", self.what),
            );
        } else {
            self.seen.insert(id.to_lowercase(), of.to_owned());
        }
    }
}
