//! An element as it is asked: its names, attributes, children and text, and where each stands in the source.
//!
//! It is a view into a [`Document`], which has the nodes.

use std::ops::Range;

use super::tree::{Attribute, Document, Kind, NodeId};

/// An element of a document.
#[derive(Debug, Clone, Copy)]
pub struct Element<'a> {
    document: &'a Document,
    id: NodeId,
}

impl PartialEq for Element<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.document, other.document) && self.id == other.id
    }
}

impl Eq for Element<'_> {}

impl<'a> Element<'a> {
    /// The element of this number, which is one.
    pub(super) fn of(document: &'a Document, id: NodeId) -> Self {
        Self { document, id }
    }

    fn parts(self) -> (&'a Range<usize>, &'a [Attribute], &'a [NodeId]) {
        match &self.document.node(self.id).kind {
            Kind::Element { name, attributes, children, .. } => (name, attributes, children),
            // An `Element` is only ever made for a node of kind element.
            _ => unreachable!("node {:?} is no element", self.id),
        }
    }

    /// The number of this node.
    pub fn id(self) -> NodeId {
        self.id
    }

    /// The document it belongs to.
    pub fn document(self) -> &'a Document {
        self.document
    }

    /// The name with its prefix.
    pub fn name(self) -> &'a str {
        &self.document.text()[self.parts().0.clone()]
    }

    /// The name without its prefix.
    pub fn local_name(self) -> &'a str {
        let name = self.name();
        name.rsplit_once(':').map_or(name, |(_, local)| local)
    }

    /// Whether the local name is this one, upper and lower case alike.
    pub fn is(self, name: &str) -> bool {
        self.local_name().eq_ignore_ascii_case(name)
    }

    /// All attributes in their order.
    pub fn attributes(self) -> &'a [Attribute] {
        self.parts().1
    }

    /// The value of the attribute of exactly this name.
    pub fn attribute(self, name: &str) -> Option<&'a str> {
        self.attributes()
            .iter()
            .find(|attribute| attribute.name == name)
            .map(|attribute| attribute.value.as_str())
    }

    /// The value of an attribute, upper and lower case of its name alike.
    pub fn attribute_ignore_case(self, name: &str) -> Option<&'a str> {
        self.attributes()
            .iter()
            .find(|attribute| attribute.name.eq_ignore_ascii_case(name))
            .map(|attribute| attribute.value.as_str())
    }

    /// The child elements in their order.
    pub fn children(self) -> impl DoubleEndedIterator<Item = Element<'a>> {
        self.parts().2.iter().filter_map(move |&id| self.document.element(id))
    }

    /// All nodes directly in this element: elements, text, comments, in their order.
    pub fn nodes(self) -> impl DoubleEndedIterator<Item = NodeId> + 'a {
        self.parts().2.iter().copied()
    }

    /// The first child element of a local name, upper and lower case alike.
    pub fn child(self, name: &str) -> Option<Element<'a>> {
        self.children().find(|child| child.is(name))
    }

    /// The child elements of a local name, upper and lower case alike.
    pub fn children_named(self, name: &str) -> impl Iterator<Item = Element<'a>> {
        self.children().filter(move |child| child.is(name))
    }

    /// This element and all elements below it, in document order.
    pub fn descendants(self) -> impl Iterator<Item = Element<'a>> {
        let mut stack = vec![self];
        std::iter::from_fn(move || {
            let next = stack.pop()?;
            stack.extend(next.children().rev());
            Some(next)
        })
    }

    /// The element around this one.
    pub fn parent(self) -> Option<Element<'a>> {
        self.document.element(self.document.node(self.id).parent?)
    }

    /// The text and CDATA of this element and of all below it, comments left out.
    pub fn text(self) -> String {
        let mut text = String::new();
        self.collect_text(true, &mut text);
        text
    }

    /// The text and CDATA directly in this element.
    pub fn own_text(self) -> String {
        let mut text = String::new();
        self.collect_text(false, &mut text);
        text
    }

    fn collect_text(self, deep: bool, into: &mut String) {
        for &id in self.parts().2 {
            match &self.document.node(id).kind {
                Kind::Text(text) => into.push_str(text),
                Kind::CData(span) => into.push_str(&self.document.text()[span.clone()]),
                Kind::Element { .. } if deep => {
                    Self::of(self.document, id).collect_text(deep, into);
                }
                _ => {}
            }
        }
    }

    /// The comments directly in this element, without their marks.
    pub fn comments(self) -> impl Iterator<Item = &'a str> {
        self.parts().2.iter().filter_map(move |&id| match &self.document.node(id).kind {
            Kind::Comment(span) => Some(&self.document.text()[span.clone()]),
            _ => None,
        })
    }

    /// The whole element in the source, from `<` to its last `>`.
    pub fn span(self) -> Range<usize> {
        self.document.node(self.id).span.clone()
    }

    /// The name's place in the source.
    pub fn name_span(self) -> Range<usize> {
        self.parts().0.clone()
    }

    /// What stands between the start and the end tag. None for `<name/>`.
    pub fn content_span(self) -> Option<Range<usize>> {
        match &self.document.node(self.id).kind {
            Kind::Element { empty: false, start_tag, .. } => {
                let inner = &self.document.text()[start_tag.end..self.span().end];
                Some(start_tag.end..start_tag.end + inner.rfind("</")?)
            }
            _ => None,
        }
    }

    /// The place of the element, line and column from 1.
    pub fn position(self) -> (usize, usize) {
        self.document.position(self.span().start)
    }
}
