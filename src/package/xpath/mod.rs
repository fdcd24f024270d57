//! XPath 1.0 over [`crate::xml::Document`]: what the `match` of an `XmlFile` parameter entry is written in.
//!
//! The whole of the W3C recommendation of 1999 is here, but for variables, `id()` (there are no DTDs here) and the namespace
//! axis. A prefix stands for the namespace that the document itself declares for it, since parameter files have no place to
//! declare one; a name without a prefix is in no namespace, as the recommendation says, also where the document has a
//! default namespace. The result is nodes of the document, so that they can be changed where they stand.
//!
//! Expressions are bounded in length and depth, an evaluation in the number of nodes that it looks at.

mod ast;
mod axes;
mod evaluate;
mod functions;
mod lexer;
mod parser;
#[cfg(test)]
mod tests;
mod value;

use crate::error::{ExitCode, Failure};
use crate::xml::{Document, NodeId};

pub use value::Value;

/// A node of a document, attributes among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    /// The document itself, above its document element.
    Root,
    /// An element, comment, processing instruction, or the first piece of a text.
    Tree(NodeId),
    /// An attribute: its element, and its index among the attributes.
    Attribute(NodeId, usize),
}

impl Node {
    /// What document order sorts by: attributes stand behind their element and before its children.
    fn order(self) -> (Option<NodeId>, usize) {
        match self {
            Self::Root => (None, 0),
            Self::Tree(id) => (Some(id), 0),
            Self::Attribute(id, index) => (Some(id), index + 1),
        }
    }
}

/// An expression that was read.
#[derive(Debug, Clone)]
pub struct XPath {
    expression: String,
    root: ast::Expression,
}

impl XPath {
    /// Reads an expression.
    ///
    /// # Errors
    /// It is no XPath 1.0, or uses what is not supported here.
    pub fn parse(expression: &str) -> Result<Self, Error> {
        let root = parser::parse(expression)?;
        Ok(Self { expression: expression.to_owned(), root })
    }

    /// The expression as it was written.
    pub fn as_str(&self) -> &str {
        &self.expression
    }

    /// Evaluates it with the document as the context.
    ///
    /// # Errors
    /// A prefix that the document does not declare, a node-set where there is none, or too much work.
    pub fn evaluate(&self, document: &Document) -> Result<Value, Error> {
        self.evaluate_at(document, Node::Root)
    }

    /// Evaluates it with a node of the document as the context.
    ///
    /// # Errors
    /// As [`XPath::evaluate`].
    pub fn evaluate_at(&self, document: &Document, context: Node) -> Result<Value, Error> {
        let expression = || shown(&self.expression);
        evaluate::evaluate(&self.root, document, context, evaluate::MAX_WORK).map_err(|fault| match fault {
            evaluate::Fault::Prefix(prefix) => Error::UnknownPrefix { expression: expression(), prefix },
            evaluate::Fault::NotNodes => Error::NotNodes { expression: expression() },
            evaluate::Fault::TooMuch => Error::TooMuch { expression: expression() },
        })
    }

    /// The nodes that it selects, in document order.
    ///
    /// # Errors
    /// As [`XPath::evaluate`], and when the value is no node-set.
    pub fn select(&self, document: &Document) -> Result<Vec<Node>, Error> {
        match self.evaluate(document)? {
            Value::Nodes(nodes) => Ok(nodes),
            _ => Err(Error::NotNodes { expression: shown(&self.expression) }),
        }
    }
}

/// The text of a node: what XPath calls its string-value.
pub fn string_value(document: &Document, node: Node) -> String {
    axes::string_value(document, node)
}

/// The nodes of a text that is written in several pieces, its first piece given: text, CDATA, text …
pub fn text_pieces(document: &Document, first: NodeId) -> impl Iterator<Item = NodeId> {
    axes::text_pieces(document, first)
}

/// Why an expression cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It cannot be read.
    #[error("{message} in the XPath `{expression}` at character {column}")]
    Syntax {
        /// The expression, shortened when it is long.
        expression: String,
        /// The character of the expression, from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// The document declares no such prefix.
    #[error("the prefix `{prefix}` in the XPath `{expression}` is not declared in the document")]
    UnknownPrefix {
        /// The expression, shortened when it is long.
        expression: String,
        /// The prefix.
        prefix: String,
    },
    /// A number, text or truth value where nodes are needed.
    #[error("the XPath `{expression}` gives a value where nodes are needed")]
    NotNodes {
        /// The expression, shortened when it is long.
        expression: String,
    },
    /// The evaluation looked at more nodes than is sensible.
    #[error("the XPath `{expression}` takes too much work on this document")]
    TooMuch {
        /// The expression, shortened when it is long.
        expression: String,
    },
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Syntax { .. } => None,
            Self::UnknownPrefix { .. } => {
                Some("Use `*[local-name()='…']` in the place of a name with this prefix.".into())
            }
            Self::NotNodes { .. } => {
                Some("The expression has to select elements, attributes or text, such as `//add[@key='a']/@value`.".into())
            }
            Self::TooMuch { .. } => Some("Use fewer `//` and conditions inside of conditions.".into()),
        }
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

/// An expression in a message.
fn shown(expression: &str) -> String {
    const SHOWN: usize = 120;
    match expression.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &expression[..at]),
        None => expression.to_owned(),
    }
}
