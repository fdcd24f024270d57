//! YAML and TOML texts as trees, with the line and column of every key and value.

use std::path::Path;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{Error, Problem, SettingError};
use super::tree::{Key, Node, Number, NumberValue, Origin, Value};
use crate::error::Location;

/// How deep a YAML configuration may nest: twice what the deepest setting needs, and far from the end of any stack.
const MAX_DEPTH: usize = 32;

/// How many YAML nodes a configuration may have after its aliases are expanded.
const MAX_NODES: usize = 100_000;

/// Reads a YAML text; `path` is what messages call it.
pub(super) fn yaml(path: &Path, text: &str) -> Result<Node, Error> {
    let options = serde_saphyr::options! {
        strict_booleans: true,
        budget: serde_saphyr::budget! { max_depth: MAX_DEPTH, max_nodes: MAX_NODES },
        with_snippet: false,
    };
    let read: Result<Option<Spanned<Untyped>>, _> = serde_saphyr::from_str_with_options(text, options);
    match read {
        Ok(Some(root)) => Ok(Yaml { path, text }.node(root)),
        Ok(None) => Ok(Node::empty(Origin::at(path, 1, 1))),
        Err(error) => Err(yaml_error(path, &error)),
    }
}

fn yaml_error(path: &Path, error: &serde_saphyr::Error) -> Error {
    let (line, column) =
        error.location().map_or((0, 0), |place| (index(place.line()), index(place.column())));
    if let serde_saphyr::Error::DuplicateMappingKey { key, .. } = error.without_snippet() {
        let key = key.clone().unwrap_or_default();
        return Error::Setting(Box::new(SettingError {
            origin: Origin::at(path, line, column),
            ..Problem::DuplicateKey { key }.into()
        }));
    }
    let message = match error.without_snippet() {
        serde_saphyr::Error::MultipleDocuments { .. } => "a second document begins here".to_owned(),
        other => other.to_string(),
    };
    // The parser ends its messages with the place, which the location says already.
    let message = message.split(" at line ").next().unwrap_or_default().lines().next().unwrap_or_default();
    Error::Syntax {
        format: "YAML",
        message: message.trim_end_matches(['.', ':', ' ']).to_owned(),
        location: Location::at(path, line, column),
    }
}

/// A place of the parser as an index: both count from 1.
fn index(place: u64) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

/// A YAML value of any kind. Texts of numbers are taken from the source afterwards: `3.10` must stay `3.10`.
enum Untyped {
    Null,
    Bool(bool),
    Number(NumberValue),
    Text(String),
    List(Vec<Spanned<Self>>),
    Map(Vec<(Spanned<String>, Spanned<Self>)>),
}

impl<'de> Deserialize<'de> for Untyped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UntypedVisitor)
    }
}

struct UntypedVisitor;

impl<'de> Visitor<'de> for UntypedVisitor {
    type Value = Untyped;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a scalar, a list or a mapping")
    }

    fn visit_unit<E>(self) -> Result<Untyped, E> {
        Ok(Untyped::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Untyped, E> {
        Ok(Untyped::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Untyped, E> {
        Ok(Untyped::Number(NumberValue::Integer(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Untyped, E> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "beyond the range of any setting: only its size matters"
        )]
        let float = || NumberValue::Float(value as f64);
        Ok(Untyped::Number(i64::try_from(value).map_or_else(|_| float(), NumberValue::Integer)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Untyped, E> {
        Ok(Untyped::Number(NumberValue::Float(value)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Untyped, E> {
        Ok(Untyped::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Untyped, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Untyped::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Untyped, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Untyped::Map(entries))
    }
}

/// The text that a YAML tree was read from.
struct Yaml<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Yaml<'_> {
    fn origin(&self, place: &serde_saphyr::Location) -> Origin {
        Origin::at(self.path, index(place.line()), index(place.column()))
    }

    fn node(&self, spanned: Spanned<Untyped>) -> Node {
        let origin = self.origin(&spanned.referenced);
        let value = match spanned.value {
            Untyped::Null => Value::Null,
            Untyped::Bool(value) => Value::Bool(value),
            Untyped::Number(value) => {
                Value::Number(Number { text: self.written(&spanned.defined, value), value })
            }
            Untyped::Text(text) => Value::Text(text),
            Untyped::List(items) => Value::List(items.into_iter().map(|item| self.node(item)).collect()),
            Untyped::Map(entries) => Value::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| {
                        (Key { origin: self.origin(&key.referenced), name: key.value }, self.node(value))
                    })
                    .collect(),
            ),
        };
        Node { value, origin }
    }

    /// The number as it stands in the text.
    fn written(&self, place: &serde_saphyr::Location, value: NumberValue) -> String {
        let span = place.span();
        span.byte_offset()
            .zip(span.byte_len())
            .and_then(|(start, length)| self.text.get(index(start)..index(start + length)))
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| match value {
                NumberValue::Integer(value) => value.to_string(),
                NumberValue::Float(value) => value.to_string(),
            })
    }
}

/// Reads the table `[tool.iiswsgi]` of a TOML text; None when there is no such table.
pub(super) fn pyproject(path: &Path, text: &str) -> Result<Option<Node>, Error> {
    let lines = Lines::of(text);
    let document = DeTable::parse(text).map_err(|error| toml_error(path, &lines, &error))?;
    let Some(tool) = document.get_ref().get("tool") else { return Ok(None) };
    let DeValue::Table(tools) = tool.get_ref() else { return Ok(None) };
    let Some((key, table)) = tools.get_key_value("iiswsgi") else { return Ok(None) };
    let source = Toml { path, text, lines };
    let mut node = source.node(table);
    node.origin = source.origin(key.span().start);
    Ok(Some(node))
}

fn toml_error(path: &Path, lines: &Lines<'_>, error: &toml::de::Error) -> Error {
    let (line, column) = error.span().map_or((0, 0), |span| lines.place(span.start));
    if error.message().starts_with("duplicate key") {
        let key = error.span().and_then(|span| lines.text.get(span)).unwrap_or_default().to_owned();
        return Error::Setting(Box::new(SettingError {
            origin: Origin::at(path, line, column),
            ..Problem::DuplicateKey { key }.into()
        }));
    }
    Error::Syntax {
        format: "TOML",
        message: error.message().replace('\n', ", "),
        location: Location::at(path, line, column),
    }
}

/// The text that a TOML tree was read from.
struct Toml<'a> {
    path: &'a Path,
    text: &'a str,
    lines: Lines<'a>,
}

impl Toml<'_> {
    fn origin(&self, offset: usize) -> Origin {
        let (line, column) = self.lines.place(offset);
        Origin::at(self.path, line, column)
    }

    fn node(&self, spanned: &toml::Spanned<DeValue<'_>>) -> Node {
        let written = || self.text.get(spanned.span()).unwrap_or_default().to_owned();
        let value = match spanned.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Boolean(value) => Value::Bool(*value),
            DeValue::Datetime(value) => Value::Text(value.to_string()),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).map_or_else(
                |_| Value::Text(written()),
                |value| Value::Number(Number { text: written(), value: NumberValue::Integer(value) }),
            ),
            DeValue::Float(number) => number.as_str().parse().map_or_else(
                |_| Value::Text(written()),
                |value| Value::Number(Number { text: written(), value: NumberValue::Float(value) }),
            ),
            DeValue::Array(items) => Value::List(items.iter().map(|item| self.node(item)).collect()),
            DeValue::Table(table) => Value::Map(
                table
                    .iter()
                    .map(|(key, value)| {
                        let origin = self.origin(key.span().start);
                        (Key { name: key.get_ref().to_string(), origin }, self.node(value))
                    })
                    .collect(),
            ),
        };
        Node { value, origin: self.origin(spanned.span().start) }
    }
}

/// Lines and columns of a text, found by bisection.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    /// The line and column, in characters, of a byte; both from 1.
    fn place(&self, offset: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts[line - 1];
        let before = self.text.get(start..offset.min(self.text.len())).unwrap_or_default();
        (line, before.chars().count() + 1)
    }
}
