//! From text to the nodes of a tree.

use std::ops::Range;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::tree::{Attribute, Kind, Node, NodeId};
use super::{Error, position};

/// How deep elements may stand in each other. Real files stay below 20.
const MAX_DEPTH: usize = 256;
/// How many nodes a document may have: a feed of 10,000 entries has under a million.
const MAX_NODES: usize = 20_000_000;

/// Turns the reader's events into nodes.
pub(super) struct Builder<'t> {
    text: &'t str,
    nodes: Vec<Node>,
    open: Vec<NodeId>,
    root: Option<NodeId>,
}

impl<'t> Builder<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, nodes: Vec::new(), open: Vec::new(), root: None }
    }

    pub(super) fn build(mut self) -> Result<(Vec<Node>, NodeId), Error> {
        if self.text.starts_with('\u{feff}') {
            return Err(self.error(0, "a second byte order mark".into()));
        }
        let mut reader = Reader::from_str(self.text);
        reader.config_mut().check_comments = true;
        loop {
            let start = offset(reader.buffer_position());
            let event = match reader.read_event() {
                Ok(event) => event,
                Err(error) => {
                    let at = offset(reader.error_position()).max(start);
                    return Err(self.error(at, error.to_string()));
                }
            };
            let span = start..offset(reader.buffer_position());
            if matches!(event, Event::Eof) {
                break;
            }
            self.take(event, span)?;
        }
        if let Some(&open) = self.open.last() {
            let at = self.nodes[open.0 as usize].span.start;
            let name = match &self.nodes[open.0 as usize].kind {
                Kind::Element { name, .. } => &self.text[name.clone()],
                _ => "",
            };
            return Err(self.error(at, format!("element `{name}` is not closed")));
        }
        match self.root {
            Some(root) => Ok((self.nodes, root)),
            None => Err(self.error(self.text.len(), "no element in the document".into())),
        }
    }

    fn take(&mut self, event: Event<'_>, span: Range<usize>) -> Result<(), Error> {
        match event {
            Event::Start(tag) => {
                let id = self.element(&tag, span, false)?;
                self.open.push(id);
                if self.open.len() > MAX_DEPTH {
                    return Err(
                        self.error_at(id, format!("elements stand more than {MAX_DEPTH} deep in each other"))
                    );
                }
            }
            Event::Empty(tag) => {
                self.element(&tag, span, true)?;
            }
            Event::End(_) => {
                if let Some(id) = self.open.pop() {
                    self.nodes[id.0 as usize].span.end = span.end;
                }
            }
            Event::Text(text) => self.text(&text.xml10_content(), span)?,
            Event::GeneralRef(reference) => {
                let resolved = match reference.resolve_char_ref() {
                    Ok(Some(character)) => character.to_string(),
                    Ok(None) => {
                        match quick_xml::escape::resolve_predefined_entity(&reference.xml10_content()) {
                            Some(text) => text.to_owned(),
                            None => {
                                return Err(self.error(
                                    span.start,
                                    format!("unknown entity `&{};`", reference.xml10_content()),
                                ));
                            }
                        }
                    }
                    Err(error) => return Err(self.error(span.start, error.to_string())),
                };
                self.text(&resolved, span)?;
            }
            Event::CData(_) => {
                let inner = span.start + "<![CDATA[".len()..span.end - "]]>".len();
                self.add(Kind::CData(inner), span)?;
            }
            Event::Comment(_) => {
                let inner = span.start + "<!--".len()..span.end - "-->".len();
                self.add(Kind::Comment(inner), span)?;
            }
            Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {
                self.add(Kind::Other, span)?;
            }
            Event::Eof => {}
        }
        Ok(())
    }

    /// Text next to text is one node, so that entities do not cut it.
    fn text(&mut self, text: &str, span: Range<usize>) -> Result<(), Error> {
        if self.open.is_empty() {
            return if text.trim().is_empty() {
                Ok(())
            } else {
                Err(self.error(span.start, "text outside of the document element".into()))
            };
        }
        let parent = self.open.last().copied();
        if let Some(last) = self.nodes.last_mut()
            && let Kind::Text(before) = &mut last.kind
            && last.parent == parent
            && last.span.end == span.start
        {
            before.push_str(text);
            last.span.end = span.end;
            return Ok(());
        }
        self.add(Kind::Text(text.to_owned()), span).map(|_| ())
    }

    fn element(&mut self, tag: &BytesStart<'_>, span: Range<usize>, empty: bool) -> Result<NodeId, Error> {
        let name_start = span.start + 1;
        let name = name_start..name_start + tag.name().as_ref().len();
        if let Some(fault) = name_fault(&self.text[name.clone()]) {
            return Err(self.error(span.start, format!("{fault} in the element name `{}`", &self.text[name])));
        }
        let mut attributes: Vec<Attribute> = Vec::new();
        // The iterator's slices borrow from the tag, whose own place in the source is known: one past its `<`.
        let base = tag.as_ptr() as usize;
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|error| self.error(span.start, error.to_string()))?;
            let key = attribute.key.as_ref();
            let key_at = name_start + (key.as_ptr() as usize - base);
            let raw = attribute.value.as_ref();
            let value_at = name_start + (raw.as_ptr() as usize - base);
            if let Some(fault) = name_fault(key) {
                return Err(self.error(key_at, format!("{fault} in the attribute name `{key}`")));
            }
            if raw.contains('<') {
                return Err(self.error(value_at, format!("`<` in the value of attribute `{key}`")));
            }
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|error| self.error(value_at, error.to_string()))?;
            attributes.push(Attribute {
                name: key.to_owned(),
                value: value.into_owned(),
                name_span: key_at..key_at + key.len(),
                value_span: value_at..value_at + raw.len(),
            });
        }
        if self.open.is_empty() && self.root.is_some() {
            return Err(self.error(span.start, "a second document element".into()));
        }
        let kind = Kind::Element { name, attributes, children: Vec::new(), start_tag: span.clone(), empty };
        let id = self.add(kind, span)?;
        if self.open.is_empty() {
            self.root = Some(id);
        }
        Ok(id)
    }

    fn add(&mut self, kind: Kind, span: Range<usize>) -> Result<NodeId, Error> {
        let parent = self.open.last().copied();
        let id = match u32::try_from(self.nodes.len()) {
            Ok(number) if self.nodes.len() < MAX_NODES => NodeId(number),
            _ => return Err(self.error(span.start, format!("more than {MAX_NODES} nodes"))),
        };
        self.nodes.push(Node { kind, parent, span });
        if let Some(parent) = parent
            && let Kind::Element { children, .. } = &mut self.nodes[parent.0 as usize].kind
        {
            children.push(id);
        }
        Ok(id)
    }

    fn error_at(&self, id: NodeId, message: String) -> Error {
        self.error(self.nodes[id.0 as usize].span.start, message)
    }

    fn error(&self, at: usize, message: String) -> Error {
        let (line, column) = position(self.text, at);
        Error { line, column, message }
    }
}

/// What makes a text no XML name. Checked on the characters that real mistakes bring in.
fn name_fault(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("nothing".into());
    }
    let first = name.chars().next().filter(|first| first.is_ascii_digit() || matches!(first, '-' | '.'));
    let bad = first.or_else(|| {
        name.chars().find(|&c| {
            !(c.is_alphanumeric() || matches!(c, '_' | ':' | '-' | '.' | '\u{b7}') || !c.is_ascii())
        })
    });
    bad.map(|character| format!("character `{}`", character.escape_default()))
}

fn offset(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}
