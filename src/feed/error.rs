//! What can be wrong with a feed or with the address of a package in it.

use crate::error::{ExitCode, Failure, Location};
use crate::xml;

/// Why a feed cannot be read, written or extended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text is not well-formed XML, or is in an unknown encoding.
    #[error("the feed is not well-formed")]
    NotWellFormed(#[source] xml::Error),
    /// The document is of another kind.
    #[error("not a feed: the document element is `{root}`")]
    NotAFeed {
        /// The name of the document element.
        root: String,
        /// Its line, from 1.
        line: usize,
        /// Its column, from 1.
        column: usize,
    },
    /// Two entries have one product id. Case does not tell products apart.
    #[error("two entries have the product id `{product_id}`")]
    DuplicateProduct {
        /// The id.
        product_id: String,
    },
    /// An entry has no product id.
    #[error("the entry `{title}` has no product id")]
    MissingProduct {
        /// Its title.
        title: String,
    },
    /// A variable of a URL template that does not exist.
    #[error("unknown variable `{name}` in the URL template `{template}`")]
    UnknownVariable {
        /// The variable.
        name: String,
        /// The known variable whose name is nearest.
        nearest: Option<String>,
        /// The whole template.
        template: String,
        /// The column of the brace in characters, from 1.
        column: usize,
    },
    /// A variable of a URL template that has no value in this run.
    #[error("no value for `{name}` in the URL template `{template}`")]
    UnsetVariable {
        /// The variable.
        name: String,
        /// The whole template.
        template: String,
    },
    /// A brace of a URL template that opens or closes nothing.
    #[error("single `{brace}` in column {column} of the URL template `{template}`")]
    SingleBrace {
        /// The brace.
        brace: char,
        /// The whole template.
        template: String,
        /// Its column in characters, from 1.
        column: usize,
    },
    /// A template came out as something that is no absolute URL.
    #[error("the URL template `{template}` gives `{url}`: {reason}")]
    BadUrl {
        /// The whole template.
        template: String,
        /// What became of it.
        url: String,
        /// What is wrong, as a lower-case fragment.
        reason: &'static str,
    },
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NotWellFormed(_) => Some("Repair the XML at that place; nothing was written.".into()),
            Self::NotAFeed { .. } => {
                Some("A WebPI feed begins with `<feed xmlns=\"http://www.w3.org/2005/Atom\">`.".into())
            }
            Self::DuplicateProduct { .. } => {
                Some("Give one of the packages another name; WebPI knows products by their id.".into())
            }
            Self::MissingProduct { .. } => Some("Give the package a name.".into()),
            Self::UnknownVariable { nearest: Some(nearest), .. } => Some(format!(
                "Did you mean `{{{nearest}}}`? A brace that is meant as itself is written twice."
            )),
            Self::UnknownVariable { nearest: None, .. } => {
                Some("A brace that is meant as itself is written twice: `{{`.".into())
            }
            Self::UnsetVariable { name, .. } => Some(match name.as_str() {
                "tag" | "repository" => format!("Give the {name}, or use a template without it."),
                _ => "Give the project this value, or use a template without it.".into(),
            }),
            Self::SingleBrace { .. } => Some(
                "Variables are written `{name}`; a brace that is meant as itself is written twice.".into(),
            ),
            Self::BadUrl { .. } => {
                Some("The template must give an absolute `https:`, `http:` or `file:` URL.".into())
            }
        }
    }

    fn location(&self) -> Option<Location> {
        match self {
            Self::NotWellFormed(xml::Error { line, column, .. }) | Self::NotAFeed { line, column, .. } => {
                Some(Location::at("", *line, *column))
            }
            _ => None,
        }
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Usage
    }
}
