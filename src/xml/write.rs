//! A writer for new documents: UTF-8, two blanks of indentation, `\n` line ends, everything escaped.

use std::fmt::Write as _;

/// Escapes text for an element's content. Characters that XML 1.0 forbids are left out.
pub fn escape_text(text: &str) -> String {
    escape(text, false)
}

/// Escapes text for an attribute value in double quotes, so that line breaks and tabs survive normalisation
/// (XML 1.0 section 3.3.3). Characters that XML 1.0 forbids are left out.
pub fn escape_attribute(text: &str) -> String {
    escape(text, true)
}

fn escape(text: &str, attribute: bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' if attribute => escaped.push_str("&quot;"),
            '\n' if attribute => escaped.push_str("&#10;"),
            '\t' if attribute => escaped.push_str("&#9;"),
            '\r' => escaped.push_str("&#13;"),
            '\n' | '\t' => escaped.push(character),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Writes one document. Elements that are opened must be closed in turn; [`Writer::finish`] closes what is left.
#[derive(Debug)]
pub struct Writer {
    text: String,
    open: Vec<String>,
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

impl Writer {
    /// A document with its declaration.
    pub fn new() -> Self {
        Self { text: "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n".to_owned(), open: Vec::new() }
    }

    /// A piece of a document, without a declaration.
    pub fn fragment() -> Self {
        Self { text: String::new(), open: Vec::new() }
    }

    /// Opens an element on a line of its own.
    pub fn open(&mut self, name: &str, attributes: &[(&str, &str)]) -> &mut Self {
        self.tag(name, attributes, ">");
        self.text.push('\n');
        self.open.push(name.to_owned());
        self
    }

    /// Closes the element that was opened last.
    pub fn close(&mut self) -> &mut Self {
        if let Some(name) = self.open.pop() {
            self.indent();
            let _ = writeln!(self.text, "</{name}>");
        }
        self
    }

    /// An element without content.
    pub fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) -> &mut Self {
        self.tag(name, attributes, " />");
        self.text.push('\n');
        self
    }

    /// An element that holds a text.
    pub fn element(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) -> &mut Self {
        self.tag(name, attributes, ">");
        let _ = writeln!(self.text, "{}</{name}>", escape_text(text));
        self
    }

    /// A comment on a line of its own. Two hyphens in it become one (XML 1.0 section 2.5).
    pub fn comment(&mut self, text: &str) -> &mut Self {
        let mut text = text.replace("--", "-");
        while text.contains("--") {
            text = text.replace("--", "-");
        }
        self.indent();
        let _ = writeln!(self.text, "<!-- {} -->", text.trim_end_matches('-'));
        self
    }

    /// XML that is already written: its lines are indented to this depth.
    pub fn raw(&mut self, xml: &str) -> &mut Self {
        for line in xml.lines() {
            self.indent();
            self.text.push_str(line);
            self.text.push('\n');
        }
        self
    }

    /// The finished document.
    pub fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.text
    }

    fn tag(&mut self, name: &str, attributes: &[(&str, &str)], end: &str) {
        self.indent();
        let _ = write!(self.text, "<{name}");
        for (name, value) in attributes {
            let _ = write!(self.text, " {name}=\"{}\"", escape_attribute(value));
        }
        self.text.push_str(end);
    }

    fn indent(&mut self) {
        for _ in 0..self.open.len() {
            self.text.push_str("  ");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Document;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn indents_and_escapes() {
        let mut writer = Writer::new();
        writer
            .open("a", &[("x", "1 & \"2\"")])
            .element("b", &[], "<t>")
            .comment("a -- b")
            .empty("c", &[])
            .close();
        assert_eq!(
            writer.finish(),
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<a x=\"1 &amp; &quot;2&quot;\">\n  <b>&lt;t&gt;</b>\n  \
             <!-- a - b -->\n  <c />\n</a>\n"
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(value in "\\PC*|[\\n\\t <>&\"']*", text in "\\PC*|[\\n\\t <>&\"'\\]]*") {
            let mut writer = Writer::new();
            writer.element("a", &[("x", &value)], &text);
            let document = Document::parse(writer.finish()).unwrap();
            prop_assert_eq!(document.root().attribute("x").unwrap(), &value);
            prop_assert_eq!(document.root().text(), text);
        }
    }
}
