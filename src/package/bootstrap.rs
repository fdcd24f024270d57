//! `iiswsgi.bootstrap.json`: the file in a package's content that tells the server what to set up.
//!
//! The build writes it into the application's folder, the bootstrap that the package's runCommand starts reads it
//! there. Paths in it are relative to that folder, with forward slashes, and stay inside of it. Unknown keys are
//! errors, so that a misspelt one is not silently without effect; a later layout gets another `schema` number.
//!
//! Not here: what the bootstrap does with it (`iis::bootstrap`).

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserializer, MapAccess};
use serde::{Deserialize, Serialize};

use crate::error::{ExitCode, Failure};

/// The name of the file, in the application's folder.
pub const FILE_NAME: &str = "iiswsgi.bootstrap.json";
/// The `schema` number that this version writes and reads.
pub const SCHEMA: u32 = 1;
/// The stamp's file name when nothing else is said: the original's.
pub const STAMP: &str = "iis_install.stamp";
/// The folder of the virtual environment when nothing else is said.
pub const VENV: &str = ".venv";

/// What the server is to set up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Bootstrap {
    /// The layout of the file, always [`SCHEMA`].
    pub schema: u32,
    /// The project's name.
    #[serde(deserialize_with = "one_line")]
    pub name: String,
    /// The folder of the virtual environment; `.` puts it into the application's folder itself, as the original did.
    #[serde(default = "default_venv", deserialize_with = "inside")]
    pub venv: String,
    /// The Python version that is wanted, as `3.12` or `>=3.10`; any when it is not said.
    #[serde(default, deserialize_with = "optional_line", skip_serializing_if = "Option::is_none")]
    pub python: Option<String>,
    /// What pip installs, one command line piece each: `-r requirements.txt`, `.`, `flask>=3`.
    #[serde(default, deserialize_with = "lines", skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<String>,
    /// The pip requirement of the gateway; none when the application brings a FastCGI server of its own.
    #[serde(default, deserialize_with = "optional_line", skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    /// The folder of wheels that pip takes everything from, without a network.
    #[serde(default, deserialize_with = "optional_inside", skip_serializing_if = "Option::is_none")]
    pub wheelhouse: Option<String>,
    /// The template that becomes `web.config` on the server.
    #[serde(default, deserialize_with = "optional_inside", skip_serializing_if = "Option::is_none")]
    pub web_config_template: Option<String>,
    /// The file that marks the application as not set up yet.
    #[serde(default = "default_stamp", deserialize_with = "inside")]
    pub stamp: String,
    /// Variables for the hooks and the setup commands.
    #[serde(default, deserialize_with = "environment", skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// Commands that run in the application's folder in the place of installing the requirements.
    #[serde(default, deserialize_with = "lines", skip_serializing_if = "Vec::is_empty")]
    pub setup_commands: Vec<String>,
    /// Commands before and after.
    #[serde(default, skip_serializing_if = "Hooks::is_empty")]
    pub hooks: Hooks,
    /// How long one step may take, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
}

/// Command lines that run in the application's folder.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Hooks {
    /// Before anything is installed.
    #[serde(default, deserialize_with = "lines", skip_serializing_if = "Vec::is_empty")]
    pub pre_install: Vec<String>,
    /// After everything is installed, before the FastCGI application is registered.
    #[serde(default, deserialize_with = "lines", skip_serializing_if = "Vec::is_empty")]
    pub post_install: Vec<String>,
}

impl Hooks {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pre_install.is_empty() && self.post_install.is_empty()
    }
}

impl Bootstrap {
    /// The description of an application that needs nothing but its virtual environment.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            schema: SCHEMA,
            name: name.into(),
            venv: default_venv(),
            python: None,
            requirements: Vec::new(),
            gateway: None,
            wheelhouse: None,
            web_config_template: None,
            stamp: default_stamp(),
            environment: BTreeMap::new(),
            setup_commands: Vec::new(),
            hooks: Hooks::default(),
            timeout: None,
        }
    }

    /// Reads the file's text.
    ///
    /// # Errors
    /// It is of another schema, not JSON, has an unknown, doubled or missing key, or a value that is no good.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Head {
            schema: Option<u32>,
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        // A later schema may have keys that this version does not know: the number must be what is complained about.
        if let Ok(Head { schema: Some(schema) }) = serde_json::from_str(text)
            && schema != SCHEMA
        {
            return Err(Error::Schema { found: schema });
        }
        serde_json::from_str(text).map_err(Error::Json)
    }

    /// The file's text: the same value always gives the same text. Keys that say nothing are left out.
    pub fn to_json(&self) -> String {
        // Serialising fails for maps with keys that are no strings, and for failing writers: there are none here.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

fn default_venv() -> String {
    VENV.to_owned()
}

fn default_stamp() -> String {
    STAMP.to_owned()
}

fn check_line(text: String) -> Result<String, &'static str> {
    if text.trim().is_empty() {
        return Err("must not be empty");
    }
    if text.contains(['\n', '\r', '\0']) { Err("must be one line") } else { Ok(text) }
}

/// A path below the application's folder, on Windows and elsewhere.
fn check_inside(path: String) -> Result<String, &'static str> {
    let path = check_line(path)?;
    if path.starts_with(['/', '\\']) || path.contains(':') {
        return Err("must be relative to the application's folder");
    }
    if path.split(['/', '\\']).any(|part| part == "..") {
        return Err("must not leave the application's folder");
    }
    Ok(path)
}

fn one_line<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    check_line(String::deserialize(deserializer)?).map_err(de::Error::custom)
}

fn inside<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    check_inside(String::deserialize(deserializer)?).map_err(de::Error::custom)
}

fn optional_line<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::<String>::deserialize(deserializer)?.map(check_line).transpose().map_err(de::Error::custom)
}

fn optional_inside<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::<String>::deserialize(deserializer)?.map(check_inside).transpose().map_err(de::Error::custom)
}

fn lines<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let lines = Vec::<String>::deserialize(deserializer)?;
    lines.into_iter().map(check_line).collect::<Result<_, _>>().map_err(de::Error::custom)
}

/// Names and values; a name that comes twice, upper and lower case alike, is an error: Windows knows only one of them.
fn environment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    struct Visitor;

    impl<'de> de::Visitor<'de> for Visitor {
        type Value = BTreeMap<String, String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map of variables")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut variables = BTreeMap::new();
            let mut seen = std::collections::BTreeSet::new();
            while let Some((name, value)) = map.next_entry::<String, String>()? {
                if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
                    return Err(de::Error::custom(format!("`{}` is no variable", name.escape_debug())));
                }
                if !seen.insert(name.to_uppercase()) {
                    return Err(de::Error::custom(format!("the variable `{name}` stands twice")));
                }
                variables.insert(name, value);
            }
            Ok(variables)
        }
    }

    deserializer.deserialize_map(Visitor)
}

/// Why `iiswsgi.bootstrap.json` cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It was written by another version.
    #[error("`{FILE_NAME}` has schema {found}, this version reads schema {SCHEMA}")]
    Schema {
        /// Its schema number.
        found: u32,
    },
    /// It is not JSON, or not of the layout. The message names line and column.
    #[error("`{FILE_NAME}` is not as the build writes it")]
    Json(#[source] serde_json::Error),
}

impl Error {
    /// The place in the file, line and column from 1; zeros when it is about the whole file.
    pub fn position(&self) -> (usize, usize) {
        match self {
            Self::Schema { .. } => (0, 0),
            Self::Json(error) => (error.line(), error.column()),
        }
    }
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Schema { .. } => {
                "Install the version of iiswsgi that built the package, or build it again.".into()
            }
            Self::Json(_) => {
                "Build the package again, or correct the file at the place that is named.".into()
            }
        })
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;
    use proptest::prelude::*;

    fn fault(text: &str) -> String {
        let Error::Json(error) = Bootstrap::from_json(text).unwrap_err() else { panic!("another error") };
        error.to_string()
    }

    #[test]
    fn what_is_not_said_has_its_default() {
        let read = Bootstrap::from_json(r#"{"schema": 1, "name": "App"}"#).unwrap();
        assert_eq!(read, Bootstrap::new("App"));
        assert_eq!((read.venv.as_str(), read.stamp.as_str()), (".venv", "iis_install.stamp"));
    }

    #[test]
    fn writes_only_what_says_something() {
        let mut bootstrap = Bootstrap::new("App");
        bootstrap.requirements = vec!["-r requirements.txt".into()];
        bootstrap.environment.insert("A".into(), "1".into());
        bootstrap.hooks.post_install = vec!["python manage.py migrate".into()];
        assert_snapshot!(bootstrap.to_json(), @r#"
        {
          "schema": 1,
          "name": "App",
          "venv": ".venv",
          "requirements": [
            "-r requirements.txt"
          ],
          "stamp": "iis_install.stamp",
          "environment": {
            "A": "1"
          },
          "hooks": {
            "post-install": [
              "python manage.py migrate"
            ]
          }
        }
        "#);
        assert_eq!(Bootstrap::from_json(&bootstrap.to_json()).unwrap(), bootstrap);
    }

    #[test]
    fn another_schema_is_named_even_when_its_keys_are_unknown() {
        let error = Bootstrap::from_json(r#"{"schema": 2, "name": "App", "colour": 1}"#).unwrap_err();
        assert_eq!(error.to_string(), "`iiswsgi.bootstrap.json` has schema 2, this version reads schema 1");
    }

    #[test]
    fn mistakes_are_named_with_line_and_column() {
        assert_eq!(
            fault("{\"schema\": 1,\n \"nam\": \"x\"}"),
            "unknown field `nam`, expected one of `schema`, `name`, `venv`, `python`, `requirements`, `gateway`, \
             `wheelhouse`, `web-config-template`, `stamp`, `environment`, `setup-commands`, `hooks`, `timeout` at \
             line 2 column 6"
        );
        assert_eq!(fault("{\"schema\": 1,\n}"), "trailing comma at line 2 column 1");
        assert_eq!(fault("{}"), "missing field `schema` at line 1 column 2");
        assert!(
            fault("{\"schema\": 1, \"name\": \"a\", \"name\": \"b\"}").starts_with("duplicate field `name`")
        );
        assert!(
            fault("{\"schema\": 1, \"name\": 3}").starts_with("invalid type: integer `3`, expected a string")
        );
        assert!(fault("").starts_with("EOF while parsing"));
    }

    #[test]
    fn paths_stay_in_the_application_folder() {
        for path in ["/abs", "\\abs", "C:/x", "C:x", "a/../../b", "..", "", "a\nb"] {
            for key in ["venv", "stamp", "wheelhouse", "web-config-template"] {
                let text = serde_json::json!({"schema": 1, "name": "a", key: path}).to_string();
                let fault = fault(&text);
                assert!(
                    fault.starts_with("must ") && fault.contains("line 1 column"),
                    "{key} {path:?}: {fault}"
                );
            }
        }
        assert!(Bootstrap::from_json(r#"{"schema": 1, "name": "a", "venv": "."}"#).is_ok());
    }

    #[test]
    fn variables_are_named_once() {
        assert!(fault(r#"{"schema":1,"name":"a","environment":{"A":"1","a":"2"}}"#).contains("stands twice"));
        assert!(fault(r#"{"schema":1,"name":"a","environment":{"A=B":"1"}}"#).contains("is no variable"));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            name in "[a-z]\\PC*",
            requirements in proptest::collection::vec("[a-z]\\PC*", 0..4),
            gateway in proptest::option::of("[a-z]\\PC*"),
            environment in proptest::collection::btree_map("[A-Z]{1,9}", ".*", 0..4),
            timeout in proptest::option::of(any::<u64>()),
        ) {
            let bootstrap = Bootstrap { requirements, gateway, environment, timeout, ..Bootstrap::new(name) };
            prop_assume!(!bootstrap.environment.values().any(|value| value.contains('\0')));
            let text = bootstrap.to_json();
            prop_assert_eq!(Bootstrap::from_json(&text).unwrap(), bootstrap);
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = Bootstrap::from_json(&text);
        }
    }
}
