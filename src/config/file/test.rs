//! Settings of the test stage: the requests that are sent and what must come back.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Unexpected, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize};

use super::texts::{Pattern, line, line_schema, texts_by_name};
use super::values::{Bounded, OneOrMany, Seconds};

/// How the installed application is tested.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Test {
    /// Leave the test out.
    pub skip: bool,
    /// How many seconds the application may take until it accepts its first request.
    pub startup_timeout: Seconds,
    /// The requests, in this order. Default: `GET /`, which must not answer with 5xx.
    pub requests: Vec<Request>,
}

impl Default for Test {
    fn default() -> Self {
        Self { skip: false, startup_timeout: Seconds::whole(60), requests: Vec::new() }
    }
}

/// One request and what must come back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Request {
    /// What the request is called in messages and reports. Default: its method and path.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub name: Option<String>,
    /// The path below the application, with the query when there is one; it begins with `/`.
    pub path: RequestPath,
    /// The method.
    pub method: Method,
    /// Headers of the request.
    #[schemars(schema_with = "texts_by_name")]
    pub headers: BTreeMap<String, String>,
    /// The body of the request.
    pub body: Option<String>,
    /// A file, below the project, that holds the body of the request.
    pub body_file: Option<PathBuf>,
    /// The status codes that may come back. Default: anything below 500.
    pub status: OneOrMany<Bounded<100, 599>>,
    /// Texts that the body must contain.
    pub contains: OneOrMany<String>,
    /// Texts that the body must not contain.
    pub lacks: OneOrMany<String>,
    /// Regular expressions that must match somewhere in the body.
    pub matches: OneOrMany<Pattern>,
    /// What the headers of the response must be, by name.
    pub response_headers: BTreeMap<String, HeaderCheck>,
    /// How many seconds the response may take.
    pub max_time: Seconds,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            name: None,
            path: RequestPath::default(),
            method: Method::default(),
            headers: BTreeMap::new(),
            body: None,
            body_file: None,
            status: OneOrMany::default(),
            contains: OneOrMany::default(),
            lacks: OneOrMany::default(),
            matches: OneOrMany::default(),
            response_headers: BTreeMap::new(),
            max_time: Seconds::whole(30),
        }
    }
}

impl Request {
    /// What the request is called: its name, else its method and path.
    pub fn title(&self) -> String {
        self.name.clone().unwrap_or_else(|| format!("{} {}", self.method.as_str(), self.path.as_str()))
    }

    /// Whether a status is one of those that may come back.
    pub fn allows(&self, status: u16) -> bool {
        if self.status.is_empty() {
            return status < 500;
        }
        self.status.iter().any(|allowed| allowed.get() == u32::from(status))
    }
}

/// The path and query of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct RequestPath(String);

impl RequestPath {
    /// The path and query as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for RequestPath {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl<'de> Deserialize<'de> for RequestPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let forbidden = |c: char| c.is_control() || c == ' ' || c == '#';
        if !text.starts_with('/') || text.contains(forbidden) {
            return Err(de::Error::invalid_value(
                Unexpected::Str(&text),
                &"a path that begins with `/`, with blanks and `#` as `%20` and `%23`",
            ));
        }
        Ok(Self(text))
    }
}

impl JsonSchema for RequestPath {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RequestPath".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^/[^ #]*$" })
    }
}

/// A request method: a token of RFC 9110, in upper case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Method(String);

impl Method {
    /// The method as it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Method {
    fn default() -> Self {
        Self("GET".to_owned())
    }
}

impl<'de> Deserialize<'de> for Method {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-') {
            return Err(de::Error::invalid_value(
                Unexpected::Str(&text),
                &"a method such as `GET` or `POST`",
            ));
        }
        Ok(Self(text))
    }
}

impl JsonSchema for Method {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Method".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Z-]+$" })
    }
}

/// What a header of the response must be. A text is short for `{equals: TEXT}`.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct HeaderCheck {
    /// The value that it must have.
    pub equals: Option<String>,
    /// A text that the value must contain.
    pub contains: Option<String>,
    /// A regular expression that must match somewhere in the value.
    pub matches: Option<Pattern>,
    /// Whether there must be no such header.
    pub absent: bool,
}

/// The long form of [`HeaderCheck`].
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct HeaderCheckTable {
    /// The value that it must have.
    equals: Option<String>,
    /// A text that the value must contain.
    contains: Option<String>,
    /// A regular expression that must match somewhere in the value.
    matches: Option<Pattern>,
    /// Whether there must be no such header.
    absent: bool,
}

impl<'de> Deserialize<'de> for HeaderCheck {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CheckVisitor;

        impl<'de> Visitor<'de> for CheckVisitor {
            type Value = HeaderCheck;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text or a mapping")
            }

            fn visit_str<E>(self, text: &str) -> Result<HeaderCheck, E> {
                Ok(HeaderCheck { equals: Some(text.to_owned()), ..HeaderCheck::default() })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<HeaderCheck, A::Error> {
                let HeaderCheckTable { equals, contains, matches, absent } =
                    HeaderCheckTable::deserialize(MapAccessDeserializer::new(map))?;
                Ok(HeaderCheck { equals, contains, matches, absent })
            }
        }

        // A text is asked for, so that a number comes as it was written; a mapping is visited as what it is.
        deserializer.deserialize_str(CheckVisitor)
    }
}

impl JsonSchema for HeaderCheck {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "HeaderCheck".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<HeaderCheckTable>();
        json_schema!({ "anyOf": [{ "type": ["string", "number"] }, table] })
    }
}
