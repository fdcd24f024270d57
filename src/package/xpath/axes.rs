//! Walking from a node along an axis, and the text of nodes.

use super::Node;
use super::ast::Axis;
use crate::xml::{Attribute, Document, Element, NodeId, NodeKind};

/// The nodes of an axis in the order in which positions count them, each handed on until the taker has enough.
pub(super) fn walk<E>(
    document: &Document,
    axis: Axis,
    from: Node,
    take: &mut impl FnMut(Node) -> Result<(), E>,
) -> Result<(), E> {
    match axis {
        Axis::Itself => take(from),
        Axis::Parent => parent(document, from).map_or(Ok(()), take),
        Axis::Ancestor => each(ancestors(document, from), take),
        Axis::AncestorOrSelf => {
            take(from)?;
            each(ancestors(document, from), take)
        }
        Axis::Attribute => each(attributes(document, from), take),
        Axis::Child => each(children(document, from).into_iter(), take),
        Axis::Descendant => each(descendants(document, from), take),
        Axis::DescendantOrSelf => {
            take(from)?;
            each(descendants(document, from), take)
        }
        Axis::Following => each(following(document, from), take),
        Axis::Preceding => each(preceding(document, from), take),
        Axis::FollowingSibling => each(siblings(document, from).0.into_iter(), take),
        Axis::PrecedingSibling => each(siblings(document, from).1.into_iter().rev(), take),
    }
}

fn each<E>(nodes: impl Iterator<Item = Node>, take: &mut impl FnMut(Node) -> Result<(), E>) -> Result<(), E> {
    for node in nodes {
        take(node)?;
    }
    Ok(())
}

/// The element, when the node is one.
pub(super) fn element(document: &Document, node: Node) -> Option<Element<'_>> {
    match node {
        Node::Tree(id) => document.element(id),
        _ => None,
    }
}

/// The attribute, when the node is one.
pub(super) fn attribute(document: &Document, node: Node) -> Option<&Attribute> {
    match node {
        Node::Attribute(id, index) => document.element(id)?.attributes().get(index),
        _ => None,
    }
}

/// Whether a node is there in XPath's model: declarations and DTDs are not, and the later pieces of a text are part of
/// its first.
fn is_node(document: &Document, id: NodeId) -> bool {
    match document.node_kind(id) {
        NodeKind::Other(source) => instruction(source).is_some(),
        NodeKind::Text(_) | NodeKind::CData(_) => !continues_text(document, id),
        _ => true,
    }
}

/// Whether a piece of text has another one right before it.
fn continues_text(document: &Document, id: NodeId) -> bool {
    document.previous_node(id).is_some_and(|before| {
        matches!(document.node_kind(before), NodeKind::Text(_) | NodeKind::CData(_))
            && document.node_parent(before) == document.node_parent(id)
            && document.node_span(before).end == document.node_span(id).start
    })
}

/// The target of a processing instruction, and what stands behind it. None for declarations and DTDs.
pub(super) fn instruction(source: &str) -> Option<(&str, &str)> {
    let inner = source.strip_prefix("<?")?.strip_suffix("?>")?;
    let end = inner.find([' ', '\t', '\r', '\n']).unwrap_or(inner.len());
    let (target, content) = inner.split_at(end);
    (!target.eq_ignore_ascii_case("xml")).then(|| (target, content.trim_start()))
}

pub(super) fn text_pieces(document: &Document, first: NodeId) -> impl Iterator<Item = NodeId> {
    let mut next = Some(first);
    std::iter::from_fn(move || {
        let piece = next?;
        next = document.next_node(piece).filter(|&after| {
            matches!(document.node_kind(after), NodeKind::Text(_) | NodeKind::CData(_))
                && continues_text(document, after)
        });
        Some(piece)
    })
}

fn parent(document: &Document, node: Node) -> Option<Node> {
    match node {
        Node::Root => None,
        Node::Tree(id) => Some(document.node_parent(id).map_or(Node::Root, Node::Tree)),
        Node::Attribute(id, _) => Some(Node::Tree(id)),
    }
}

fn ancestors(document: &Document, node: Node) -> impl Iterator<Item = Node> {
    std::iter::successors(parent(document, node), |&node| parent(document, node))
}

/// The attributes but for the declarations of namespaces, which are none in XPath's model.
fn attributes(document: &Document, node: Node) -> impl Iterator<Item = Node> {
    let element = element(document, node);
    element.into_iter().flat_map(|element| {
        element
            .attributes()
            .iter()
            .enumerate()
            .filter(|(_, attribute)| !is_declaration(attribute))
            .map(move |(index, _)| Node::Attribute(element.id(), index))
    })
}

fn is_declaration(attribute: &Attribute) -> bool {
    attribute.name == "xmlns" || attribute.name.starts_with("xmlns:")
}

fn children(document: &Document, node: Node) -> Vec<Node> {
    let tree = |id: &NodeId| is_node(document, *id);
    match node {
        Node::Root => document.top_nodes().filter(tree).map(Node::Tree).collect(),
        Node::Tree(_) => element(document, node)
            .map(|element| element.nodes().filter(tree).map(Node::Tree).collect())
            .unwrap_or_default(),
        Node::Attribute(..) => Vec::new(),
    }
}

/// All nodes from one on, in document order.
fn nodes_from(document: &Document, start: Option<NodeId>) -> impl Iterator<Item = NodeId> {
    std::iter::successors(start, |&id| document.next_node(id))
}

fn descendants(document: &Document, node: Node) -> impl Iterator<Item = Node> {
    let (start, end) = match node {
        Node::Root => (document.top_nodes().next(), usize::MAX),
        Node::Tree(id) => (document.next_node(id), document.node_span(id).end),
        Node::Attribute(..) => (None, 0),
    };
    nodes_from(document, start)
        .take_while(move |&id| document.node_span(id).start < end)
        .filter(|&id| is_node(document, id))
        .map(Node::Tree)
}

fn following(document: &Document, node: Node) -> impl Iterator<Item = Node> {
    let (start, end) = match node {
        Node::Root => (None, 0),
        Node::Tree(id) => (document.next_node(id), document.node_span(id).end),
        // The children of an attribute's element stand behind the attribute.
        Node::Attribute(id, _) => (document.next_node(id), 0),
    };
    nodes_from(document, start)
        .skip_while(move |&id| document.node_span(id).start < end)
        .filter(|&id| is_node(document, id))
        .map(Node::Tree)
}

fn preceding(document: &Document, node: Node) -> impl Iterator<Item = Node> {
    let (Node::Tree(id) | Node::Attribute(id, _)) = node else {
        return Box::new(std::iter::empty()) as Box<dyn Iterator<Item = Node>>;
    };
    let start = document.node_span(id).start;
    Box::new(
        std::iter::successors(document.previous_node(id), |&id| document.previous_node(id))
            // What is still open where the node begins is an ancestor.
            .filter(move |&id| document.node_span(id).end <= start && is_node(document, id))
            .map(Node::Tree),
    )
}

/// The siblings behind and before a node, both in document order.
fn siblings(document: &Document, node: Node) -> (Vec<Node>, Vec<Node>) {
    let Node::Tree(_) = node else { return (Vec::new(), Vec::new()) };
    let Some(parent) = parent(document, node) else { return (Vec::new(), Vec::new()) };
    let all = children(document, parent);
    let at = all.partition_point(|&sibling| sibling.order() < node.order());
    (all.get(at + 1..).unwrap_or_default().to_vec(), all[..at].to_vec())
}

/// The string-value of section 5 of the recommendation.
pub(super) fn string_value(document: &Document, node: Node) -> String {
    match node {
        Node::Root => document.root().text(),
        Node::Attribute(..) => attribute(document, node).map(|found| found.value.clone()).unwrap_or_default(),
        Node::Tree(id) => match document.node_kind(id) {
            NodeKind::Element(element) => element.text(),
            NodeKind::Text(_) | NodeKind::CData(_) => text_pieces(document, id)
                .map(|piece| match document.node_kind(piece) {
                    NodeKind::Text(text) | NodeKind::CData(text) => text,
                    _ => "",
                })
                .collect(),
            NodeKind::Comment(text) => text.to_owned(),
            NodeKind::Other(source) => {
                instruction(source).map(|(_, text)| text).unwrap_or_default().to_owned()
            }
        },
    }
}
