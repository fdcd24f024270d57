//! The four kinds of values and how they turn into each other (sections 3.4 and 4.2 to 4.4 of the recommendation).

use super::Node;
use super::axes::string_value;
use crate::xml::Document;

/// What an expression gives.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nodes in document order, each once.
    Nodes(Vec<Node>),
    /// A truth value.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
}

impl Value {
    /// As a truth value: some nodes, a number other than zero, some text.
    pub fn to_boolean(&self) -> bool {
        match self {
            Self::Nodes(nodes) => !nodes.is_empty(),
            Self::Boolean(value) => *value,
            Self::Number(number) => *number != 0.0 && !number.is_nan(),
            Self::Text(text) => !text.is_empty(),
        }
    }

    /// As a number; what is none is `NaN`.
    pub fn to_number(&self, document: &Document) -> f64 {
        match self {
            Self::Boolean(value) => f64::from(u8::from(*value)),
            Self::Number(number) => *number,
            Self::Text(text) => number_of(text),
            Self::Nodes(_) => number_of(&self.to_text(document)),
        }
    }

    /// As a text; of nodes the first counts.
    pub fn to_text(&self, document: &Document) -> String {
        match self {
            Self::Nodes(nodes) => nodes.first().map(|&node| string_value(document, node)).unwrap_or_default(),
            Self::Boolean(value) => value.to_string(),
            Self::Number(number) => text_of(*number),
            Self::Text(text) => text.clone(),
        }
    }
}

/// Digits with perhaps a minus sign and a point; no exponent, no plus.
pub(super) fn number_of(text: &str) -> f64 {
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits.chars().all(|character| character.is_ascii_digit() || character == '.');
    if plain && digits.contains(|character: char| character.is_ascii_digit()) {
        text.parse().unwrap_or(f64::NAN)
    } else {
        f64::NAN
    }
}

pub(super) fn text_of(number: f64) -> String {
    if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { "Infinity".to_owned() } else { "-Infinity".to_owned() }
    } else if number == 0.0 {
        // There is no negative zero in texts.
        "0".to_owned()
    } else {
        number.to_string()
    }
}
