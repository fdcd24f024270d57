//! Puts entries into the text of an existing feed. What is not replaced stays byte for byte: comments, order, blanks.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::write::{check_products, keyword, language, write_entry};
use super::{Entry, Error, Feed, Language, NAMESPACE, Timestamp};
use crate::xml::{self, Document, Editor, Element, Writer};

/// An extended feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The whole feed as UTF-8, with the byte order mark that it had.
    pub text: String,
    /// The product ids whose entries were replaced.
    pub replaced: Vec<String>,
    /// The product ids whose entries are new.
    pub added: Vec<String>,
}

/// Puts the entries of a feed into an existing one. An entry with the product id of an existing entry, upper and lower
/// case alike, takes its place (and that of all later ones with that id); the others follow the last entry. The
/// existing feed's `updated` becomes that of the new one, and keywords and languages that it does not list are added.
/// An entry without a `published` time keeps the one of the entry that it replaces.
///
/// # Errors
/// The existing text is no feed, or the new entries are not distinct.
pub fn merge(existing: &[u8], new: &Feed) -> Result<Merged, Error> {
    check_products(&new.entries)?;
    let decoded = xml::decode(existing).map_err(Error::NotWellFormed)?;
    let text = declared_utf8(&decoded);
    let document = Document::parse(text).map_err(Error::NotWellFormed)?;
    let root = document.root();
    if !root.is("feed") {
        let (line, column) = root.position();
        return Err(Error::NotAFeed { root: root.name().to_owned(), line, column });
    }
    let mut merge = Merge::new(&document, &new.updated);
    merge.updated();
    merge.entries(&new.entries);
    merge.lists(new);
    let mut merged = merge.finish();
    if existing.starts_with(b"\xef\xbb\xbf") {
        merged.text.insert(0, '\u{feff}');
    }
    Ok(merged)
}

/// The state of one merge.
struct Merge<'d> {
    document: &'d Document,
    editor: Editor<'d>,
    style: Style,
    updated: &'d Timestamp,
    replaced: Vec<String>,
    added: Vec<String>,
    /// What is put at the end of a feed in which nothing stands that it could follow.
    last: String,
}

impl<'d> Merge<'d> {
    fn new(document: &'d Document, updated: &'d Timestamp) -> Self {
        Self {
            document,
            editor: Editor::new(document),
            style: Style::of(document),
            updated,
            replaced: Vec::new(),
            added: Vec::new(),
            last: String::new(),
        }
    }

    fn finish(mut self) -> Merged {
        let last = std::mem::take(&mut self.last);
        if !last.is_empty() {
            self.append(self.document.root(), &last);
        }
        Merged { text: self.editor.finish(), replaced: self.replaced, added: self.added }
    }

    fn entries(&mut self, new: &[Entry]) {
        let mut there: HashMap<String, Vec<Element<'d>>> = HashMap::new();
        for entry in self.document.root().children_named("entry") {
            let id = entry.child("productId").map(|id| id.text().trim().to_ascii_lowercase());
            there.entry(id.unwrap_or_default()).or_default().push(entry);
        }
        let mut additions = String::new();
        let mut removed = HashSet::new();
        for entry in new {
            let old = there.remove(&entry.product_id.to_ascii_lowercase()).unwrap_or_default();
            let Some((first, doubles)) = old.split_first() else {
                additions.push_str(&self.written(entry));
                self.added.push(entry.product_id.clone());
                continue;
            };
            let mut entry = entry.clone();
            if entry.published.is_none() {
                let published = first.child("published").map(|time| Timestamp::as_written(&time.text()));
                entry.published = published.filter(|time| time.parsed().is_some());
            }
            let xml = self.style.fit(&self.written(&entry), blanks_before(*first));
            self.editor.replace(first.span(), xml);
            for double in doubles {
                self.editor.remove(*double);
                removed.insert(double.id());
            }
            self.replaced.push(entry.product_id);
        }
        if !additions.is_empty() {
            let root = self.document.root();
            let last = root.children_named("entry").filter(|entry| !removed.contains(&entry.id())).last();
            self.add(last.or_else(|| root.children().last()), &additions);
        }
    }

    fn written(&self, entry: &Entry) -> String {
        let root = self.document.root();
        // A prefix on the root means that unprefixed elements are in no namespace.
        let namespaced = root.name().contains(':') && root.attribute("xmlns") != Some(NAMESPACE);
        let mut to = Writer::fragment();
        write_entry(&mut to, entry, self.updated, namespaced);
        to.finish()
    }

    fn updated(&mut self) {
        let root = self.document.root();
        if let Some(updated) = root.child("updated") {
            self.editor.set_text(updated, self.updated.as_str());
            return;
        }
        let mut to = Writer::fragment();
        to.element("updated", &[], self.updated.as_str());
        let head = root.children().take_while(|child| !child.is("entry")).last();
        self.add(head.or_else(|| root.children().last()), &to.finish());
    }

    /// Adds the keywords and languages that the existing feed does not list.
    fn lists(&mut self, new: &Feed) {
        fn is_new(ids: &mut HashSet<String>, id: &str) -> bool {
            ids.insert(id.trim().to_lowercase())
        }
        let root = self.document.root();
        let mut words = HashSet::new();
        for word in root.child("keywords").into_iter().flat_map(|list| list.children_named("keyword")) {
            is_new(&mut words, word.attribute_ignore_case("id").unwrap_or_default());
        }
        let mut to = Writer::fragment();
        for word in new.keywords.iter().filter(|word| is_new(&mut words, &word.id)) {
            keyword(&mut to, word);
        }
        self.list("keywords", &to.finish());
        // A custom feed without a list of languages takes all.
        let Some(list) = root.child("languages") else { return };
        let mut ids = HashSet::new();
        for id in list.children_named("language").filter_map(|language| language.child("languageId")) {
            is_new(&mut ids, &id.text());
        }
        let mut to = Writer::fragment();
        for one in new.languages.iter().filter(|one| is_new(&mut ids, &one.id)) {
            language(&mut to, &Language { default: false, ..one.clone() });
        }
        self.list("languages", &to.finish());
    }

    /// Adds items to a list of the feed, which is made when it is not there.
    fn list(&mut self, name: &str, items: &str) {
        if items.is_empty() {
            return;
        }
        let root = self.document.root();
        if let Some(list) = root.child(name) {
            match list.children().last() {
                Some(last) => self.add(Some(last), items),
                None => self.append(list, items),
            }
        } else {
            let mut to = Writer::fragment();
            to.open(name, &[]).raw(items).close();
            self.add(root.children().last(), &to.finish());
        }
    }

    /// Adds written elements after an element, or at the end of a feed that has no elements.
    fn add(&mut self, after: Option<Element<'d>>, xml: &str) {
        let Some(after) = after else {
            self.last.push_str(xml);
            return;
        };
        let depth = blanks_before(after);
        let end = after.span().end;
        self.editor.replace(end..end, format!("{}{depth}{}", self.style.newline, self.style.fit(xml, depth)));
    }

    /// Puts written elements into an element that has no child elements.
    fn append(&mut self, parent: Element<'d>, xml: &str) {
        let newline = self.style.newline;
        let outer = blanks_before(parent);
        let inner = format!("{outer}{}", self.style.unit);
        let lines = format!("{newline}{inner}{}{newline}{outer}", self.style.fit(xml, &inner));
        let source = self.document.text();
        if let Some(content) = parent.content_span() {
            let kept = content.start + source[content.clone()].trim_end().len();
            self.editor.replace(kept..content.end, lines);
        } else {
            let span = parent.span();
            let kept = span.start + source[span.clone()].trim_end_matches("/>").trim_end().len();
            self.editor.replace(kept..span.end, format!(">{lines}</{}>", parent.name()));
        }
    }
}

/// How the existing file is laid out.
struct Style {
    newline: &'static str,
    unit: String,
}

impl Style {
    fn of(document: &Document) -> Self {
        let newline = if document.text().contains("\r\n") { "\r\n" } else { "\n" };
        let unit = document.root().children().map(blanks_before).find(|blanks| !blanks.is_empty());
        Self { newline, unit: unit.unwrap_or("  ").to_owned() }
    }

    /// Written elements with the blanks and line ends of the file, without the blanks of the first line. Only lines
    /// that begin with a tag are moved: the others are lines of a text, whose angle brackets are always escaped.
    fn fit(&self, xml: &str, depth: &str) -> String {
        let mut fitted = String::with_capacity(xml.len() * 2);
        let mut after_tag = true;
        for (number, line) in xml.lines().enumerate() {
            if number > 0 {
                fitted.push_str(self.newline);
            }
            let content = line.trim_start_matches(' ');
            if after_tag && content.starts_with('<') {
                if number > 0 {
                    fitted.push_str(depth);
                }
                for _ in 0..(line.len() - content.len()) / 2 {
                    fitted.push_str(&self.unit);
                }
                fitted.push_str(content);
            } else {
                fitted.push_str(line);
            }
            after_tag = line.ends_with('>');
        }
        fitted
    }
}

/// The blanks before an element on its line, when nothing else stands before it.
fn blanks_before(element: Element<'_>) -> &str {
    let before = &element.document().text()[..element.span().start];
    let line = &before[before.rfind('\n').map_or(0, |at| at + 1)..];
    if line.trim().is_empty() { line } else { "" }
}

/// The text with `utf-8` as the encoding that its declaration names, since that is what is written.
fn declared_utf8(text: &str) -> Cow<'_, str> {
    let declaration = text.split("?>").next().filter(|head| head.starts_with("<?xml")).unwrap_or_default();
    let label = declaration.find("encoding").and_then(|at| {
        let start = at + declaration[at..].find(['"', '\''])? + 1;
        let end = start + declaration[start..].find(['"', '\''])?;
        Some(start..end)
    });
    match label {
        Some(label) if !text[label.clone()].eq_ignore_ascii_case("utf-8") => {
            Cow::Owned(format!("{}utf-8{}", &text[..label.start], &text[label.end..]))
        }
        _ => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests;
