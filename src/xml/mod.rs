//! XML as this project needs it: a tree that remembers where everything stood, edits of the text in place, and a
//! small writer.
//!
//! Manifests, parameters, `web.config`, `applicationHost.config` and feeds are read with [`Document`], which keeps the
//! source text and the byte range of every node and attribute, so that errors name a line and [`Editor`] can change
//! one attribute and leave comments, blanks and quotes of the user's file alone. [`Writer`] makes new documents.
//!
//! Not here: namespaces beyond prefixes (no format of ours uses more), DTDs (skipped, their entities are unknown),
//! files (the callers read and write them).

mod edit;
mod element;
mod encoding;
mod parse;
mod tree;
mod write;

pub use edit::Editor;
pub use element::Element;
pub use encoding::{decode, encoding_of};
pub use tree::{Attribute, Document, Node, NodeId, NodeKind};
pub use write::{Writer, escape_attribute, escape_text};

/// Why a text is not XML that can be read. Lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct Error {
    /// The line of the fault.
    pub line: usize,
    /// The column of the fault.
    pub column: usize,
    /// What is wrong, as a lower-case fragment.
    pub message: String,
}

/// The line and column, both from 1, of a byte offset in a text.
pub fn position(text: &str, offset: usize) -> (usize, usize) {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = &text[..end];
    let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (line, before[start..].chars().count() + 1)
}
