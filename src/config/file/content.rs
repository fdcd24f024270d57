//! Settings of what goes into the package and how it is written.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize};

use super::texts::{PathPattern, Python, line, line_schema, one_line};
use super::values::{Bounded, OneOrMany};

/// Which files of the project go into the package, beside what MANIFEST.in and .gitignore say.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Files {
    /// Files that go in even when MANIFEST.in, .gitignore or the built-in rules leave them out.
    pub include: OneOrMany<PathPattern>,
    /// Files that stay out whatever else says that they go in.
    pub exclude: OneOrMany<PathPattern>,
}

/// Whether and how the requirements travel in the package as a wheelhouse, so that the server needs no network.
///
/// `vendor: true` is short for `vendor: {enabled: true}`; a mapping without `enabled` turns it on.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Vendor {
    /// Whether a wheelhouse is shipped.
    pub enabled: bool,
    /// The Python of the server, as a version. Default: that of the run.
    pub python: Option<String>,
    /// The platform tags of the server.
    pub platform: OneOrMany<String>,
    /// The implementation tag of the server's Python.
    pub implementation: String,
    /// The ABI tags of the server's Python. Default: those that fit its version.
    pub abi: OneOrMany<String>,
    /// The folder of the wheelhouse in the package.
    pub folder: String,
    /// More arguments for pip when it collects the wheels.
    pub options: OneOrMany<String>,
}

impl Default for Vendor {
    fn default() -> Self {
        VendorTable { enabled: false, ..VendorTable::default() }.into()
    }
}

/// The long form of [`Vendor`]: the requirements travel in the package as a wheelhouse.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct VendorTable {
    /// Whether a wheelhouse is shipped.
    enabled: bool,
    /// The Python of the server, as a version such as `3.11`. Default: that of the run.
    #[serde(deserialize_with = "version")]
    #[schemars(with = "Option<Python>")]
    python: Option<String>,
    /// The platform tags of the server.
    platform: OneOrMany<String>,
    /// The implementation tag of the server's Python.
    #[serde(deserialize_with = "one_line")]
    #[schemars(schema_with = "line_schema")]
    implementation: String,
    /// The ABI tags of the server's Python. Default: those that fit its version.
    abi: OneOrMany<String>,
    /// The folder of the wheelhouse in the package.
    #[serde(deserialize_with = "one_line")]
    #[schemars(schema_with = "line_schema")]
    folder: String,
    /// More arguments for pip when it collects the wheels.
    options: OneOrMany<String>,
}

impl Default for VendorTable {
    fn default() -> Self {
        Self {
            enabled: true,
            python: None,
            platform: vec!["win_amd64".to_owned()].into(),
            implementation: "cp".to_owned(),
            abi: OneOrMany::default(),
            folder: "wheelhouse".to_owned(),
            options: OneOrMany::default(),
        }
    }
}

impl From<VendorTable> for Vendor {
    fn from(table: VendorTable) -> Self {
        let VendorTable { enabled, python, platform, implementation, abi, folder, options } = table;
        Self { enabled, python, platform, implementation, abi, folder, options }
    }
}

/// A Python version; an interpreter of this machine says nothing about the server.
fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match Option::<Python>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Python::Version(version)) => Ok(Some(version)),
        Some(Python::Interpreter(path)) => Err(de::Error::custom(format_args!(
            "is `{}`, expected a Python version such as `3.11`",
            path.display()
        ))),
    }
}

impl<'de> Deserialize<'de> for Vendor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct VendorVisitor;

        impl<'de> Visitor<'de> for VendorVisitor {
            type Value = Vendor;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("`true`, `false` or a mapping")
            }

            fn visit_bool<E>(self, enabled: bool) -> Result<Vendor, E> {
                Ok(Vendor { enabled, ..Vendor::default() })
            }

            fn visit_unit<E>(self) -> Result<Vendor, E> {
                Ok(Vendor::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Vendor, A::Error> {
                VendorTable::deserialize(MapAccessDeserializer::new(map)).map(Vendor::from)
            }
        }

        deserializer.deserialize_any(VendorVisitor)
    }
}

impl JsonSchema for Vendor {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Vendor".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<VendorTable>();
        json_schema!({ "anyOf": [{ "type": "boolean" }, table] })
    }
}

/// How the package is written.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Package {
    /// The layout of the zip.
    pub format: Format,
    /// The time of every file in the package, in seconds since 1970, so that the same input gives the same bytes. Times
    /// before 1980 become 1980, which is where zip begins.
    pub source_date_epoch: Option<Bounded<0, 4_294_967_295>>,
    /// The name of the zip. Default: `NAME-VERSION.msdeploy.zip`. `{egg_name}` in it is `NAME-VERSION` as setuptools
    /// begins the names of eggs, each part with `_` in the place of `-`.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub file_name: Option<String>,
}

/// The layout of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// `Manifest.xml`, `Parameters.xml` and the application's folder: what the Web Application Gallery asked for.
    #[default]
    Gallery,
    /// `archive.xml`, `parameters.xml`, `systemInfo.xml` and `Content/`: what msdeploy itself writes and what Azure
    /// Pipelines recognises.
    Archive,
}

/// Commands of the user around the stages. Those around build and test run in the project's folder by the system's shell.
/// Those around install run on the server, in the installed application's folder and without a shell: a command is split
/// into its arguments as Windows does, at blanks that are not within double quotes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Hooks {
    /// Before the build.
    pub pre_build: OneOrMany<String>,
    /// After the build, before the files are collected.
    pub post_build: OneOrMany<String>,
    /// On the server, before the virtual environment is made.
    pub pre_install: OneOrMany<String>,
    /// On the server, after the requirements are installed, inside the virtual environment.
    pub post_install: OneOrMany<String>,
    /// Before the requests are sent.
    pub pre_test: OneOrMany<String>,
    /// After the requests were sent.
    pub post_test: OneOrMany<String>,
}
