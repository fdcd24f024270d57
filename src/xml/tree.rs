//! The tree of a document with the byte range of every part.

use std::ops::Range;
use std::sync::OnceLock;

use super::element::Element;
use super::parse::Builder;
use super::{Error, position};

/// The number of a node in its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(super) u32);

/// A node: what it is, and where it stands in the source text.
#[derive(Debug, Clone)]
pub struct Node {
    pub(super) kind: Kind,
    pub(super) parent: Option<NodeId>,
    /// The whole node, from `<` to the last `>` of an element.
    pub(super) span: Range<usize>,
}

#[derive(Debug, Clone)]
pub(super) enum Kind {
    Element {
        name: Range<usize>,
        attributes: Vec<Attribute>,
        children: Vec<NodeId>,
        start_tag: Range<usize>,
        empty: bool,
    },
    Text(String),
    CData(Range<usize>),
    Comment(Range<usize>),
    Other,
}

/// An attribute as written, its value with entities resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// The name with its prefix.
    pub name: String,
    /// The value, entities resolved and blanks normalised as XML 1.0 section 3.3.3 says.
    pub value: String,
    /// The name's place in the source.
    pub name_span: Range<usize>,
    /// The value's place in the source, without its quotes.
    pub value_span: Range<usize>,
}

/// A well-formed document and its source text.
#[derive(Debug, Clone)]
pub struct Document {
    text: String,
    nodes: Vec<Node>,
    root: NodeId,
    /// The nodes that stand in no element.
    top: Vec<NodeId>,
    /// Where every line of the text begins and whether all of it is ASCII, found when a position is asked for first.
    lines: OnceLock<(Vec<usize>, bool)>,
}

/// What a node is, for those who walk over all of them.
#[derive(Debug, Clone, Copy)]
pub enum NodeKind<'a> {
    /// An element.
    Element(Element<'a>),
    /// Text, its entities resolved.
    Text(&'a str),
    /// What stands in a CDATA section.
    CData(&'a str),
    /// What stands between the marks of a comment.
    Comment(&'a str),
    /// A declaration or processing instruction, its source.
    Other(&'a str),
}

impl Document {
    /// Reads a text. A byte order mark before it is dropped.
    ///
    /// # Errors
    /// The text is not well-formed, has an unknown entity, or is deeper or larger than any real file.
    pub fn parse(text: impl Into<String>) -> Result<Self, Error> {
        let mut text = text.into();
        // The reader skips a byte order mark without counting it, so that every place after it would be wrong.
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        let (nodes, root) = Builder::new(&text).build()?;
        let top =
            (0..).zip(&nodes).filter(|(_, node)| node.parent.is_none()).map(|(id, _)| NodeId(id)).collect();
        Ok(Self { text, nodes, root, top, lines: OnceLock::new() })
    }

    /// Decodes and reads the bytes of a file, see [`super::decode`].
    ///
    /// # Errors
    /// As [`super::decode`] and [`Document::parse`].
    pub fn parse_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Self::parse(super::decode(bytes)?)
    }

    /// The source text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The document element.
    pub fn root(&self) -> Element<'_> {
        Element::of(self, self.root)
    }

    /// The element of an id that was got from this document.
    pub fn element(&self, id: NodeId) -> Option<Element<'_>> {
        matches!(self.nodes.get(id.0 as usize)?.kind, Kind::Element { .. }).then_some(Element::of(self, id))
    }

    /// The place of a byte of the source, line and column from 1.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let (lines, ascii) = self.lines.get_or_init(|| {
            let ends = self.text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
            (std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect(), self.text.is_ascii())
        });
        let offset = offset.min(self.text.len());
        let line = lines.partition_point(|&start| start <= offset);
        let start = lines[line - 1];
        let column =
            if *ascii { offset - start + 1 } else { position(&self.text[start..], offset - start).1 };
        (line, column)
    }

    /// The nodes outside of the document element, in their order, the document element among them.
    pub fn top_nodes(&self) -> impl DoubleEndedIterator<Item = NodeId> {
        self.top.iter().copied()
    }

    /// What a node is. The id has to be of this document.
    pub fn node_kind(&self, id: NodeId) -> NodeKind<'_> {
        let node = self.node(id);
        match &node.kind {
            Kind::Element { .. } => NodeKind::Element(Element::of(self, id)),
            Kind::Text(text) => NodeKind::Text(text),
            Kind::CData(span) => NodeKind::CData(&self.text[span.clone()]),
            Kind::Comment(span) => NodeKind::Comment(&self.text[span.clone()]),
            Kind::Other => NodeKind::Other(&self.text[node.span.clone()]),
        }
    }

    /// The node after another one in document order: its first child if it has any.
    pub fn next_node(&self, id: NodeId) -> Option<NodeId> {
        let next = id.0.checked_add(1)?;
        (self.nodes.len() > next as usize).then_some(NodeId(next))
    }

    /// The node before another one in document order.
    pub fn previous_node(&self, id: NodeId) -> Option<NodeId> {
        id.0.checked_sub(1).map(NodeId)
    }

    /// The place of a node in the source.
    pub fn node_span(&self, id: NodeId) -> Range<usize> {
        self.node(id).span.clone()
    }

    /// The element around a node.
    pub fn node_parent(&self, id: NodeId) -> Option<NodeId> {
        self.node(id).parent
    }

    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Document {
        Document::parse(text).unwrap()
    }

    fn fault(text: &str) -> (usize, usize, String) {
        let error = Document::parse(text).unwrap_err();
        (error.line, error.column, error.message)
    }

    #[test]
    fn keeps_the_place_of_elements_and_attributes() {
        let text = "<?xml version=\"1.0\"?>\r\n<a>\r\n  <b x = 'one &amp; two'  y=\"2\"/>\r\n</a>\r\n";
        let document = parse(text);
        let b = document.root().child("B").unwrap();
        assert_eq!(b.position(), (3, 3));
        assert_eq!(&text[b.span()], "<b x = 'one &amp; two'  y=\"2\"/>");
        let x = &b.attributes()[0];
        assert_eq!(x.value, "one & two");
        assert_eq!(&text[x.value_span.clone()], "one &amp; two");
        assert_eq!(&text[x.name_span.clone()], "x");
        assert_eq!(&text[b.attributes()[1].value_span.clone()], "2");
    }

    #[test]
    fn drops_a_byte_order_mark() {
        let document = parse("\u{feff}<a>\n  <b x='1'/></a>");
        assert_eq!(document.root().child("b").unwrap().position(), (2, 3));
        assert!(document.text().starts_with("<a>"));
        assert_eq!(fault("\u{feff}<a>\n  <b").0, 2);
        // The reader takes another one away as well, after which no place would be right.
        assert_eq!(fault("\u{feff}\u{feff}<ä b='1'/>"), (1, 1, "a second byte order mark".into()));
    }

    #[test]
    fn joins_text_entities_and_cdata() {
        let document = parse("<a>x &lt; y &#65;<!-- no --><![CDATA[ & ]]><b>z</b></a>");
        assert_eq!(document.root().text(), "x < y A & z");
        assert_eq!(document.root().own_text(), "x < y A & ");
        assert_eq!(document.root().comments().collect::<Vec<_>>(), [" no "]);
    }

    #[test]
    fn knows_what_stands_between_the_tags() {
        let text = "<a><b> t </b><c/></a>";
        let document = parse(text);
        let root = document.root();
        assert_eq!(&text[root.content_span().unwrap()], "<b> t </b><c/>");
        assert_eq!(&text[root.child("b").unwrap().content_span().unwrap()], " t ");
        assert_eq!(root.child("c").unwrap().content_span(), None);
        assert_eq!(root.child("c").unwrap().parent().unwrap(), root);
    }

    #[test]
    fn names_the_place_of_what_is_not_well_formed() {
        assert_eq!(fault("<a>\n  <b>\n</a>").0, 3);
        assert_eq!(fault("<a>\n  <b></b>"), (1, 1, "element `a` is not closed".into()));
        assert_eq!(fault("<a/>\ntext"), (1, 5, "text outside of the document element".into()));
        assert_eq!(fault("<a>&bogus;</a>"), (1, 4, "unknown entity `&bogus;`".into()));
        assert_eq!(fault("<a/><b/>").2, "a second document element");
        assert_eq!(fault("  ").2, "no element in the document");
        assert_eq!(fault("<a <!-- c --> />").0, 1);
        assert_eq!(fault("<a x='<'/>").2, "`<` in the value of attribute `x`");
    }

    #[test]
    fn positions_by_the_line_index_are_those_of_a_scan() {
        for text in ["<a>\n<b/>\r\n\n  ä<c/></a>", "<a>\n<b/>\r\n\n<c/></a>"] {
            let document = parse(text);
            for offset in 0..text.len() + 2 {
                assert_eq!(document.position(offset), position(text, offset), "at {offset}");
            }
        }
    }

    #[test]
    fn refuses_elements_that_stand_too_deep() {
        let deep = "<a>".repeat(100_000);
        assert!(fault(&deep).2.contains("deep"));
    }
}
