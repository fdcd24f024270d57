//! The configuration file as types: every key of `iiswsgi.yml` and of `[tool.iiswsgi]`, in the same words.
//!
//! One type a setting, kebab-case keys, unknown keys refused. Doc comments here are the descriptions in the JSON schema,
//! so they speak to users. Where a default is a fixed value it is in the type; where it is found in the project, the
//! setting is an `Option`.

mod content;
mod delivery;
mod feed;
mod parameter;
mod publish_github;
mod publish_pypi;
mod serving;
mod test;
mod texts;
mod values;

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use content::{Files, Format, Hooks, Package, Vendor};
pub use delivery::{Folder, Iis, IisMode, Publish};
pub use feed::{DiscoveryHint, Feed, FileHint, RegistryHint};
pub use parameter::{EntryKind, Parameter, ParameterEntry, Validation};
pub use publish_github::{GitHub, IfExists, MakeLatest};
pub use publish_pypi::{PyPi, TrustedPublishing};
pub use serving::{Bootstrap, FastCgi, Handler, HttpPlatform, Protocol, ReturnCode, StderrMode};
pub use test::{HeaderCheck, Method, Request, RequestPath, Test};
pub use texts::{PathPattern, Pattern, Python};
use texts::{line, line_schema, text_or_number, texts_by_name};
pub use values::{Bounded, OneOrMany, Scalar, Seconds};

/// The configuration of iiswsgi: `iiswsgi.yml`, or `[tool.iiswsgi]` in `pyproject.toml`. Every key is optional.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct FileConfig {
    /// The WSGI application: `module:callable`, `module:factory()`, `path/to/file.py:callable` or `paste:FILE.ini#name`.
    /// Default: what is found in the project.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub app: Option<String>,
    /// The name of the package. Default: the project's name.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub name: Option<String>,
    /// The version of the package. Default: the project's version.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "text_or_number")]
    pub version: Option<String>,
    /// The title that users are shown. Default: the name.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub title: Option<String>,
    /// The runner of the package's job when packages are dealt out over jobs of GitHub Actions, as `windows-2025`.
    /// Default: what `plan --matrix --runner` says.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub runner: Option<String>,
    /// The Python of the run and of the server: a version, or the path of an interpreter.
    pub python: Option<Python>,
    /// What pip installs for the application, each as on pip's command line: `flask>=3`, `-r requirements.txt`, `.`.
    /// Default: what is found in the project.
    pub requirements: Option<OneOrMany<String>>,
    /// The pip requirement of the gateway. Default: `iiswsgi` in the version of this program.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub gateway: Option<String>,
    /// More arguments for the gateway in the generated web.config, such as `--threads 4`.
    pub gateway_options: OneOrMany<String>,
    /// What the package starts on the server.
    pub bootstrap: Bootstrap,
    /// How IIS runs the application.
    pub handler: Handler,
    /// The FastCGI application in IIS.
    pub fastcgi: FastCgi,
    /// The program of HttpPlatformHandler.
    pub http_platform: HttpPlatform,
    /// Environment variables of the application, by name.
    #[schemars(schema_with = "texts_by_name")]
    pub environment: BTreeMap<EnvironmentName, String>,
    /// Which files go into the package.
    pub files: Files,
    /// Whether the requirements travel in the package as a wheelhouse.
    pub vendor: Vendor,
    /// What is asked at install time.
    pub parameters: Vec<Parameter>,
    /// Commands of the user around the stages.
    pub hooks: Hooks,
    /// How the installed application is tested.
    pub test: Test,
    /// How the package is written.
    pub package: Package,
    /// The WebPI feed.
    pub feed: Feed,
    /// Where packages and feed go.
    pub publish: Publish,
    /// The IIS that is installed into.
    pub iis: Iis,
    /// Folders with a project each, for a run over several packages; patterns are allowed.
    pub packages: OneOrMany<PathPattern>,
    /// Variables for the templates, by name.
    #[schemars(schema_with = "texts_by_name")]
    pub define: BTreeMap<String, String>,
    /// The folder for packages and feed, below the project unless it is absolute.
    pub output: PathBuf,
    /// Whether a setup.py whose metadata cannot be read may be executed.
    pub allow_setup_py: bool,
}

impl Default for FileConfig {
    fn default() -> Self {
        Self {
            app: None,
            name: None,
            version: None,
            title: None,
            runner: None,
            python: None,
            requirements: None,
            gateway: None,
            gateway_options: OneOrMany::default(),
            bootstrap: Bootstrap::default(),
            handler: Handler::default(),
            fastcgi: FastCgi::default(),
            http_platform: HttpPlatform::default(),
            environment: BTreeMap::new(),
            files: Files::default(),
            vendor: Vendor::default(),
            parameters: Vec::new(),
            hooks: Hooks::default(),
            test: Test::default(),
            package: Package::default(),
            feed: Feed::default(),
            publish: Publish::default(),
            iis: Iis::default(),
            packages: OneOrMany::default(),
            define: BTreeMap::new(),
            output: PathBuf::from("dist"),
            allow_setup_py: false,
        }
    }
}

/// The name of an environment variable: not empty, without `=`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct EnvironmentName(String);

impl EnvironmentName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for EnvironmentName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        if name.is_empty() || name.contains(|c: char| c == '=' || c.is_whitespace() || c.is_control()) {
            return Err(serde::de::Error::custom(format_args!(
                "has `{}`, which is not the name of an environment variable",
                name.escape_debug()
            )));
        }
        Ok(Self(name))
    }
}
