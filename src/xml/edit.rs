//! Changes to the text of a document that leave everything else as the user wrote it.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Document, Element, escape_attribute, escape_text};

/// Collects changes to a document and writes the changed text. Changes must not overlap; a second change of the same
/// attribute replaces the first.
#[derive(Debug)]
pub struct Editor<'d> {
    document: &'d Document,
    /// By start and end in the source, so that thousands of changes stay linear.
    changes: BTreeMap<(usize, usize), String>,
}

impl<'d> Editor<'d> {
    /// An editor without changes.
    pub fn new(document: &'d Document) -> Self {
        Self { document, changes: BTreeMap::new() }
    }

    /// Whether nothing was changed.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Sets an attribute: its value in place, or a new attribute at the end of the start tag.
    pub fn set_attribute(&mut self, element: Element<'d>, name: &str, value: &str) {
        if let Some(attribute) =
            element.attributes().iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
        {
            if attribute.value != value {
                let quoted_by = self.document.text().as_bytes().get(attribute.value_span.end).copied();
                let escaped = match quoted_by {
                    Some(b'\'') => escape_attribute(value).replace('\'', "&apos;"),
                    _ => escape_attribute(value),
                };
                self.replace(attribute.value_span.clone(), escaped);
            }
            return;
        }
        let at = element.attributes().last().map_or(element.name_span().end, |last| last.value_span.end + 1);
        self.replace(at..at, format!(" {name}=\"{}\"", escape_attribute(value)));
    }

    /// Removes an attribute together with the blank before it. Nothing happens when it is not there.
    pub fn remove_attribute(&mut self, element: Element<'d>, name: &str) {
        if let Some(attribute) =
            element.attributes().iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
        {
            let before = &self.document.text()[..attribute.name_span.start];
            let start = before.trim_end().len();
            self.replace(start..attribute.value_span.end + 1, String::new());
        }
    }

    /// Puts a text in the place of all that the element holds.
    pub fn set_text(&mut self, element: Element<'d>, text: &str) {
        match element.content_span() {
            Some(span) => self.replace(span, escape_text(text)),
            None => self.open(element, &escape_text(text)),
        }
    }

    /// Adds XML as the last child, on a line of its own, indented as its siblings are.
    pub fn append_child(&mut self, parent: Element<'d>, xml: &str) {
        let newline = self.newline();
        let outer = self.indentation(parent);
        let inner = match parent.children().last() {
            Some(sibling) => self.indentation(sibling),
            None => format!("{outer}{}", self.unit()),
        };
        let xml = reindent(xml, &inner, newline);
        let Some(content) = parent.content_span() else {
            return self.open(parent, &format!("{newline}{inner}{xml}{newline}{outer}"));
        };
        let text = &self.document.text()[content.clone()];
        let kept = content.start + text.trim_end().len();
        self.replace(kept..content.end, format!("{newline}{inner}{xml}{newline}{outer}"));
    }

    /// Removes an element and, when it stood alone on its lines, those lines.
    pub fn remove(&mut self, element: Element<'d>) {
        let text = self.document.text();
        let span = element.span();
        let start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
        let end = text[span.end..].find('\n').map_or(text.len(), |at| span.end + at + 1);
        let alone = text[start..span.start].trim().is_empty() && text[span.end..end].trim().is_empty();
        self.replace(if alone { start..end } else { span }, String::new());
    }

    /// Puts a text in the place of a byte range of the source.
    pub fn replace(&mut self, span: Range<usize>, text: String) {
        let change = self.changes.entry((span.start, span.end)).or_default();
        // Two additions at one place both stay, in their order.
        if span.is_empty() {
            change.push_str(&text);
        } else {
            *change = text;
        }
    }

    /// The changed text.
    pub fn finish(self) -> String {
        let source = self.document.text();
        let mut result = String::with_capacity(source.len() + 64);
        let mut at = 0;
        for ((start, end), text) in self.changes {
            if start >= at {
                result.push_str(&source[at..start]);
                result.push_str(&text);
                at = end;
            }
        }
        result.push_str(&source[at..]);
        result
    }

    /// Turns `<name …/>` into `<name …>content</name>`.
    fn open(&mut self, element: Element<'d>, content: &str) {
        let span = element.span();
        let tag = &self.document.text()[span.clone()];
        let kept = span.start + tag.trim_end_matches("/>").trim_end().len();
        self.replace(kept..span.end, format!(">{content}</{}>", element.name()));
    }

    fn newline(&self) -> &'static str {
        if self.document.text().contains("\r\n") { "\r\n" } else { "\n" }
    }

    /// The blanks before an element on its line, when nothing else stands before it.
    fn indentation(&self, element: Element<'d>) -> String {
        let before = &self.document.text()[..element.span().start];
        let line = &before[before.rfind('\n').map_or(0, |at| at + 1)..];
        if line.trim().is_empty() { line.to_owned() } else { String::new() }
    }

    /// One step of indentation, as the document's first indented child has it.
    fn unit(&self) -> String {
        let unit =
            self.document.root().children().next().map(|child| self.indentation(child)).unwrap_or_default();
        if unit.is_empty() { "  ".to_owned() } else { unit }
    }
}

/// Puts the indentation before every line but the first.
fn reindent(xml: &str, indentation: &str, newline: &str) -> String {
    xml.lines().collect::<Vec<_>>().join(&format!("{newline}{indentation}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "<!-- keep -->\r\n<configuration>\r\n\t<a x='1'   y=\"2\" /> <!-- me -->\r\n\t<b/>\r\n</configuration>\r\n";

    #[test]
    fn changes_one_attribute_and_nothing_else() {
        let document = Document::parse(CONFIG).unwrap();
        let mut editor = Editor::new(&document);
        editor.set_attribute(document.root().child("a").unwrap(), "x", "it's <1>");
        assert_eq!(editor.finish(), CONFIG.replace("x='1'", "x='it&apos;s &lt;1&gt;'"));
    }

    #[test]
    fn adds_and_removes_attributes() {
        let document = Document::parse(CONFIG).unwrap();
        let mut editor = Editor::new(&document);
        let a = document.root().child("a").unwrap();
        editor.set_attribute(a, "z", "3");
        editor.set_attribute(document.root().child("b").unwrap(), "n", "\"q\"");
        editor.remove_attribute(a, "x");
        let expected = CONFIG
            .replace("<a x='1'   y=\"2\"", "<a   y=\"2\" z=\"3\"")
            .replace("<b/>", "<b n=\"&quot;q&quot;\"/>");
        assert_eq!(editor.finish(), expected);
    }

    #[test]
    fn adds_children_with_the_indentation_of_the_file() {
        let document = Document::parse(CONFIG).unwrap();
        let mut editor = Editor::new(&document);
        editor.append_child(document.root(), "<c>\n\t<d/>\n</c>");
        editor.append_child(document.root().child("b").unwrap(), "<e/>");
        let expected =
            CONFIG.replace("<b/>\r\n", "<b>\r\n\t\t<e/>\r\n\t</b>\r\n\t<c>\r\n\t\t<d/>\r\n\t</c>\r\n");
        assert_eq!(editor.finish(), expected);
    }

    #[test]
    fn removes_the_lines_of_an_element_that_stood_alone() {
        let document = Document::parse(CONFIG).unwrap();
        let mut editor = Editor::new(&document);
        editor.remove(document.root().child("b").unwrap());
        assert_eq!(editor.finish(), CONFIG.replace("\t<b/>\r\n", ""));
        let mut editor = Editor::new(&document);
        editor.remove(document.root().child("a").unwrap());
        assert_eq!(editor.finish(), CONFIG.replace("<a x='1'   y=\"2\" />", ""));
    }

    #[test]
    fn sets_the_text_of_empty_and_of_full_elements() {
        let document = Document::parse("<r><a/><b>old</b></r>").unwrap();
        let mut editor = Editor::new(&document);
        editor.set_text(document.root().child("a").unwrap(), "x & y");
        editor.set_text(document.root().child("b").unwrap(), "new");
        assert_eq!(editor.finish(), "<r><a>x &amp; y</a><b>new</b></r>");
    }
}
