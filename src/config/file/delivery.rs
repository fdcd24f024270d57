//! Settings of the server that the package is installed into and of the places that it is published to.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::publish_github::GitHub;
use super::publish_pypi::PyPi;
use super::texts::{line, line_schema, one_line};
use super::values::Scalar;

/// The IIS that `install` and `test` work with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Iis {
    /// Which IIS.
    pub mode: IisMode,
    /// The site.
    #[serde(deserialize_with = "one_line")]
    #[schemars(schema_with = "line_schema")]
    pub site: String,
    /// The path of the application in the site. Default: the name of the package.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub application: Option<String>,
    /// Fail (exit code 3) when a step would have to be simulated.
    pub require: bool,
    /// Values of the package's parameters, by name.
    pub parameters: BTreeMap<String, Scalar>,
    /// A SetParameters.xml file with values of the package's parameters; `parameters` stand over it.
    pub set_parameters: Option<PathBuf>,
}

impl Default for Iis {
    fn default() -> Self {
        Self {
            mode: IisMode::default(),
            site: "Default Web Site".to_owned(),
            application: None,
            require: false,
            parameters: BTreeMap::new(),
            set_parameters: None,
        }
    }
}

/// Which IIS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IisMode {
    /// The best that this machine has: IIS Express on Windows where it is installed, else the simulation.
    #[default]
    Auto,
    /// IIS itself, the feature of Windows: it takes an administrator.
    Iis,
    /// IIS Express, which needs no administrator.
    Express,
    /// The simulation, which works on every system.
    Simulated,
}

/// Where packages and feed go.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Publish {
    /// Publish nowhere.
    pub skip: bool,
    /// A folder.
    pub folder: Folder,
    /// A release on GitHub.
    pub github: Option<GitHub>,
    /// A package index.
    pub pypi: Option<PyPi>,
}

/// The folder that packages, feed, hashes and an index page are published to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Folder {
    /// Its path, below the project unless it is absolute.
    pub path: PathBuf,
    /// The URL under which the folder can be reached, for the links in the feed and the index page.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub url: Option<String>,
}

impl Default for Folder {
    fn default() -> Self {
        Self { path: PathBuf::from("dist/site"), url: None }
    }
}
