//! Texts with a meaning that settings are made of: one line, patterns, the Python that is wanted.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, Unexpected, Visitor};
use serde::{Serialize, Serializer};

/// Reads a text by a function that says what it expected; shared by the types below.
fn parsed<'de, D, T>(
    deserializer: D,
    expected: &'static str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
{
    struct Text(&'static str);

    impl Visitor<'_> for Text {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
            if text.trim().is_empty() {
                return Err(E::invalid_value(Unexpected::Str(text), &self));
            }
            Ok(text.to_owned())
        }
    }

    parse(&deserializer.deserialize_string(Text(expected))?).map_err(de::Error::custom)
}

/// A text of one line that is not blank, for `deserialize_with`.
pub(super) fn line<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(serde::Deserialize)]
    struct Line(#[serde(deserialize_with = "one_line")] String);

    Ok(Option::<Line>::deserialize(deserializer)?.map(|line| line.0))
}

/// A text of one line that is not blank, for `deserialize_with` of a setting with a default.
pub(super) fn one_line<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    parsed(deserializer, "a text of one line", |text| {
        if text.contains(|c: char| c.is_control()) {
            return Err(format!("is the text `{}`, expected a text of one line", text.escape_debug()));
        }
        Ok(text.trim().to_owned())
    })
}

/// The schema of a text of one line.
pub(super) fn line_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "minLength": 1 })
}

/// The schema of a text that may be written as a number: it keeps its spelling.
pub(super) fn text_or_number(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["string", "number"] })
}

/// The schema of texts by name, each of which may be written as a number.
pub(super) fn texts_by_name(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "additionalProperties": text_or_number(generator) })
}

/// A regular expression in the syntax of the crate `regex`: linear time, no look-around, no back-references.
#[derive(Debug, Clone)]
pub struct Pattern(regex::Regex);

impl Pattern {
    /// The expression, ready to match.
    pub fn regex(&self) -> &regex::Regex {
        &self.0
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer, "a regular expression", |text| {
            regex::Regex::new(text).map(Self).map_err(|error| {
                let reason = error.to_string();
                let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
                format!("is not a regular expression: {reason}")
            })
        })
    }
}

impl JsonSchema for Pattern {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Pattern".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "format": "regex" })
    }
}

/// A pattern of paths below the project: `*` within a folder, `**` across folders, `?`, `[a-z]`, `{a,b}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct PathPattern(String);

impl PathPattern {
    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for PathPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer, "a pattern of paths", |text| match globset::Glob::new(text) {
            Ok(_) if text.contains('\\') => {
                Err(format!("is `{text}`, expected a pattern of paths with forward slashes"))
            }
            Ok(_) => Ok(Self(text.to_owned())),
            Err(error) => Err(format!("is not a pattern of paths: {}", error.kind())),
        })
    }
}

impl JsonSchema for PathPattern {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "PathPattern".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1 })
    }
}

/// Which Python is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Python {
    /// A version: `3`, `3.11` or `3.11.7`.
    Version(String),
    /// An interpreter: a path, or a name that is looked up on PATH.
    Interpreter(PathBuf),
}

impl Python {
    /// Tells a version from an interpreter: a version is up to three numbers with dots.
    pub fn new(text: &str) -> Self {
        let text = text.trim();
        let parts: Vec<&str> = text.split('.').collect();
        let number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if parts.len() <= 3 && parts.iter().all(number) {
            Self::Version(text.to_owned())
        } else {
            Self::Interpreter(text.into())
        }
    }
}

impl fmt::Display for Python {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => f.write_str(version),
            Self::Interpreter(path) => path.display().fmt(f),
        }
    }
}

impl Serialize for Python {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Python {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer, "a Python version or the path of an interpreter", |text| Ok(Self::new(text)))
    }
}

impl JsonSchema for Python {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Python".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number"], "minLength": 1 })
    }
}
