//! Changing the parts of an XML file that an XPath selects, and nothing else of it.

use std::ops::Range;

use crate::package::xpath::{self, Node, XPath, string_value, text_pieces};
use crate::xml::{Document, Editor, Element, NodeId, NodeKind, escape_attribute, escape_text};

/// Why a file cannot be changed.
#[derive(Debug)]
pub(super) enum Fault {
    /// It is about the expression.
    XPath(xpath::Error),
    /// It is about the file.
    File(String),
}

/// The changed text, and how many nodes were changed. None when nothing was selected, or the file has no mark of XML in it, as
/// it happens with scopes that match all files.
pub(super) fn replace(text: &str, xpath: &XPath, value: &str) -> Result<Option<(String, usize)>, Fault> {
    if !text.trim_start().starts_with('<') {
        return Ok(None);
    }
    let document = Document::parse(text).map_err(|error| Fault::File(error.to_string()))?;
    let nodes = xpath.select(&document).map_err(Fault::XPath)?;
    if nodes.is_empty() {
        return Ok(None);
    }
    let mut editor = Editor::new(&document);
    for &node in &nodes {
        change(&document, &mut editor, node, value)?;
    }
    Ok(Some((editor.finish(), nodes.len())))
}

fn change<'d>(document: &'d Document, editor: &mut Editor<'d>, node: Node, value: &str) -> Result<(), Fault> {
    let other = |what: &str| {
        Err(Fault::File(format!(
            "its XPath selects {what}: only elements, attributes and text can be changed"
        )))
    };
    match node {
        Node::Root => other("the document itself"),
        Node::Attribute(id, index) => {
            if let Some(attribute) = document.element(id).and_then(|element| element.attributes().get(index))
            {
                let span = attribute.value_span.clone();
                let escaped = quoted(document, &span, value);
                editor.replace(span, escaped);
            }
            Ok(())
        }
        Node::Tree(id) => match document.node_kind(id) {
            NodeKind::Element(element) => change_element(document, editor, element, value),
            NodeKind::Text(_) | NodeKind::CData(_) => {
                editor.replace(text_span(document, id), escape_text(value));
                Ok(())
            }
            NodeKind::Comment(_) => other("a comment"),
            NodeKind::Other(_) => other("a processing instruction"),
        },
    }
}

/// A value inside of the quotes that the file has.
fn quoted(document: &Document, span: &Range<usize>, value: &str) -> String {
    let escaped = escape_attribute(value);
    match document.text().as_bytes().get(span.end) {
        Some(b'\'') => escaped.replace('\'', "&apos;"),
        _ => escaped,
    }
}

/// All pieces of a text in the source.
fn text_span(document: &Document, first: NodeId) -> Range<usize> {
    let start = document.node_span(first).start;
    let end = text_pieces(document, first).last().map_or(start, |last| document.node_span(last).end);
    start..end
}

/// Web Deploy 3: an element as the value takes the place of an element of its own name, and becomes a child of any other; nothing
/// removes the element. Any other value is its text.
fn change_element<'d>(
    document: &Document,
    editor: &mut Editor<'d>,
    element: Element<'d>,
    value: &str,
) -> Result<(), Fault> {
    let trimmed = value.trim();
    if trimmed.is_empty() {
        if element == document.root() {
            return Err(Fault::File("an empty value would remove its document element".into()));
        }
        editor.remove(element);
        return Ok(());
    }
    match new_element(trimmed) {
        Some(name) if name == element.name() => editor.replace(element.span(), trimmed.to_owned()),
        Some(_) => editor.append_child(element, trimmed),
        None => editor.set_text(element, value),
    }
    Ok(())
}

/// The name of the element that a value consists of. Several elements, or text with elements, are none.
fn new_element(value: &str) -> Option<String> {
    if !value.starts_with('<') {
        return None;
    }
    Document::parse(value).ok().map(|document| document.root().name().to_owned())
}

/// What an XPath selects in a file, as a value: elements as they are written, of everything else the text.
pub(super) fn extract(content: &[u8], xpath: &XPath) -> Result<String, String> {
    let document = Document::parse_bytes(content).map_err(|error| error.to_string())?;
    let nodes = xpath.select(&document).map_err(|error| error.to_string())?;
    if nodes.is_empty() {
        return Err(format!("it has nothing at the XPath `{}`", xpath.as_str()));
    }
    let texts = nodes.iter().map(|&node| match node {
        Node::Tree(id) if document.element(id).is_some() => {
            document.text()[document.node_span(id)].to_owned()
        }
        _ => string_value(&document, node),
    });
    Ok(texts.collect())
}
