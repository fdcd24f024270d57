//! The core function library (section 4 of the recommendation).

use std::ops::RangeInclusive;

use super::Node;
use super::ast::Expression;
use super::axes::{attribute, element, instruction, string_value};
use super::evaluate::{Context, Evaluator, Fault};
use super::value::{Value, number_of};
use crate::xml::NodeKind;

/// A function of the core library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Boolean,
    Ceiling,
    Concat,
    Contains,
    Count,
    False,
    Floor,
    Lang,
    Last,
    LocalName,
    Name,
    NamespaceUri,
    NormalizeSpace,
    Not,
    Number,
    Position,
    Round,
    StartsWith,
    String,
    StringLength,
    Substring,
    SubstringAfter,
    SubstringBefore,
    Sum,
    Translate,
    True,
}

/// The names, and how many arguments each function takes.
const FUNCTIONS: [(&str, Function, RangeInclusive<usize>); 26] = [
    ("boolean", Function::Boolean, 1..=1),
    ("ceiling", Function::Ceiling, 1..=1),
    ("concat", Function::Concat, 2..=usize::MAX),
    ("contains", Function::Contains, 2..=2),
    ("count", Function::Count, 1..=1),
    ("false", Function::False, 0..=0),
    ("floor", Function::Floor, 1..=1),
    ("lang", Function::Lang, 1..=1),
    ("last", Function::Last, 0..=0),
    ("local-name", Function::LocalName, 0..=1),
    ("name", Function::Name, 0..=1),
    ("namespace-uri", Function::NamespaceUri, 0..=1),
    ("normalize-space", Function::NormalizeSpace, 0..=1),
    ("not", Function::Not, 1..=1),
    ("number", Function::Number, 0..=1),
    ("position", Function::Position, 0..=0),
    ("round", Function::Round, 1..=1),
    ("starts-with", Function::StartsWith, 2..=2),
    ("string", Function::String, 0..=1),
    ("string-length", Function::StringLength, 0..=1),
    ("substring", Function::Substring, 2..=3),
    ("substring-after", Function::SubstringAfter, 2..=2),
    ("substring-before", Function::SubstringBefore, 2..=2),
    ("sum", Function::Sum, 1..=1),
    ("translate", Function::Translate, 3..=3),
    ("true", Function::True, 0..=0),
];

impl Function {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        FUNCTIONS.iter().find(|(known, ..)| *known == name).map(|(_, function, _)| *function)
    }

    pub(super) fn arguments(self) -> RangeInclusive<usize> {
        FUNCTIONS.iter().find(|(_, function, _)| *function == self).map_or(0..=0, |(.., count)| count.clone())
    }
}

/// A call that is being evaluated.
struct Call<'a, 'd> {
    evaluator: &'a Evaluator<'d>,
    context: Context,
    arguments: &'a [Expression],
}

pub(super) fn call(
    evaluator: &Evaluator<'_>,
    context: Context,
    function: Function,
    arguments: &[Expression],
) -> Result<Value, Fault> {
    let call = Call { evaluator, context, arguments };
    Ok(match function {
        Function::True => Value::Boolean(true),
        Function::False => Value::Boolean(false),
        Function::Boolean => Value::Boolean(call.value(0)?.to_boolean()),
        Function::Not => Value::Boolean(!call.value(0)?.to_boolean()),
        Function::Lang => Value::Boolean(call.lang()?),
        Function::Contains => Value::Boolean(call.text(0)?.contains(&call.text(1)?)),
        Function::StartsWith => Value::Boolean(call.text(0)?.starts_with(&call.text(1)?)),
        Function::Number => Value::Number(match call.given(0)? {
            Some(value) => value.to_number(evaluator.document),
            None => number_of(&call.own_text()?),
        }),
        Function::Ceiling => Value::Number(call.number(0)?.ceil()),
        Function::Floor => Value::Number(call.number(0)?.floor()),
        Function::Round => Value::Number(round(call.number(0)?)),
        Function::Count => Value::Number(count(call.nodes(0)?.len())),
        Function::Last => Value::Number(count(context.size)),
        Function::Position => Value::Number(count(context.position)),
        Function::Sum => Value::Number(
            call.nodes(0)?.into_iter().map(|node| number_of(&string_value(evaluator.document, node))).sum(),
        ),
        Function::StringLength => Value::Number(count(call.text_or_own(0)?.chars().count())),
        Function::String => Value::Text(call.text_or_own(0)?),
        Function::NormalizeSpace => Value::Text(normalize_space(&call.text_or_own(0)?)),
        Function::Concat => {
            let mut text = String::new();
            for at in 0..arguments.len() {
                text.push_str(&call.text(at)?);
            }
            Value::Text(text)
        }
        Function::Substring => Value::Text(call.substring()?),
        Function::SubstringAfter => {
            let text = call.text(0)?;
            Value::Text(
                text.split_once(&call.text(1)?).map(|(_, after)| after).unwrap_or_default().to_owned(),
            )
        }
        Function::SubstringBefore => {
            let text = call.text(0)?;
            Value::Text(
                text.split_once(&call.text(1)?).map(|(before, _)| before).unwrap_or_default().to_owned(),
            )
        }
        Function::Translate => Value::Text(translate(&call.text(0)?, &call.text(1)?, &call.text(2)?)),
        Function::Name => Value::Text(call.name()?),
        Function::LocalName => {
            let name = call.name()?;
            Value::Text(name.rsplit_once(':').map_or(name.clone(), |(_, local)| local.to_owned()))
        }
        Function::NamespaceUri => {
            let node = call.node_or_own()?;
            Value::Text(node.and_then(|node| evaluator.namespace(node)).unwrap_or_default().to_owned())
        }
    })
}

impl Call<'_, '_> {
    fn value(&self, at: usize) -> Result<Value, Fault> {
        // The parser has counted the arguments.
        self.given(at).map(|value| value.unwrap_or(Value::Text(String::new())))
    }

    fn given(&self, at: usize) -> Result<Option<Value>, Fault> {
        self.arguments.get(at).map(|argument| self.evaluator.evaluate(argument, self.context)).transpose()
    }

    fn text(&self, at: usize) -> Result<String, Fault> {
        let text = self.value(at)?.to_text(self.evaluator.document);
        self.evaluator.spend(text.len() as u64 / 64)?;
        Ok(text)
    }

    fn number(&self, at: usize) -> Result<f64, Fault> {
        Ok(self.value(at)?.to_number(self.evaluator.document))
    }

    fn nodes(&self, at: usize) -> Result<Vec<Node>, Fault> {
        match self.value(at)? {
            Value::Nodes(nodes) => Ok(nodes),
            _ => Err(Fault::NotNodes),
        }
    }

    fn own_text(&self) -> Result<String, Fault> {
        let text = string_value(self.evaluator.document, self.context.node);
        self.evaluator.spend(text.len() as u64 / 64)?;
        Ok(text)
    }

    fn text_or_own(&self, at: usize) -> Result<String, Fault> {
        if self.arguments.len() > at { self.text(at) } else { self.own_text() }
    }

    /// The first node of the argument, or the context node when there is no argument.
    fn node_or_own(&self) -> Result<Option<Node>, Fault> {
        if self.arguments.is_empty() {
            Ok(Some(self.context.node))
        } else {
            Ok(self.nodes(0)?.first().copied())
        }
    }

    fn name(&self) -> Result<String, Fault> {
        let Some(node) = self.node_or_own()? else { return Ok(String::new()) };
        let document = self.evaluator.document;
        if let Some(attribute) = attribute(document, node) {
            return Ok(attribute.name.clone());
        }
        if let Some(element) = element(document, node) {
            return Ok(element.name().to_owned());
        }
        let Node::Tree(id) = node else { return Ok(String::new()) };
        Ok(match document.node_kind(id) {
            NodeKind::Other(source) => {
                instruction(source).map(|(target, _)| target).unwrap_or_default().to_owned()
            }
            _ => String::new(),
        })
    }

    /// Whether the nearest `xml:lang` is this language or a variety of it.
    fn lang(&self) -> Result<bool, Fault> {
        let wanted = self.text(0)?.to_lowercase();
        let document = self.evaluator.document;
        let id = match self.context.node {
            Node::Root => return Ok(false),
            Node::Attribute(id, _) => Some(id),
            Node::Tree(id) if document.element(id).is_some() => Some(id),
            Node::Tree(id) => document.node_parent(id),
        };
        let mut around = id.and_then(|id| document.element(id));
        while let Some(element) = around {
            if let Some(language) = element.attribute("xml:lang") {
                let language = language.to_lowercase();
                return Ok(language == wanted
                    || language.strip_prefix(&wanted).is_some_and(|rest| rest.starts_with('-')));
            }
            around = element.parent();
        }
        Ok(false)
    }

    /// The characters whose position is at least the first number, and less than the sum of both, all rounded.
    fn substring(&self) -> Result<String, Fault> {
        let text = self.text(0)?;
        let start = round(self.number(1)?);
        let end = if self.arguments.len() > 2 { start + round(self.number(2)?) } else { f64::INFINITY };
        Ok(text
            .chars()
            .enumerate()
            .filter(|&(at, _)| count(at + 1) >= start && count(at + 1) < end)
            .map(|(_, character)| character)
            .collect())
    }
}

/// A count as XPath's number; exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "XPath knows no other numbers")]
pub(super) fn count(number: usize) -> f64 {
    number as f64
}

/// The nearest whole number, halves towards positive infinity.
fn round(number: f64) -> f64 {
    let below = number.floor();
    if number - below >= 0.5 { below + 1.0 } else { below }
}

fn normalize_space(text: &str) -> String {
    text.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Replaces each character of the first list by the one at its place in the second, or by nothing.
fn translate(text: &str, from: &str, to: &str) -> String {
    let to: Vec<char> = to.chars().collect();
    let mut table = std::collections::HashMap::new();
    for (at, character) in from.chars().enumerate() {
        table.entry(character).or_insert_with(|| to.get(at).copied());
    }
    text.chars().filter_map(|character| table.get(&character).copied().unwrap_or(Some(character))).collect()
}
