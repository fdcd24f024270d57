//! Settings of the package index that the app's own distributions are published to. Secrets are no settings.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::texts::{line, line_schema};
use super::values::OneOrMany;

/// The package index that wheels and source distributions are published to. `run` publishes there when this key is set;
/// `{}` takes every default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[expect(clippy::struct_excessive_bools, reason = "each is a key")]
pub struct PyPi {
    /// The index: `pypi`, `testpypi`, a section of .pypirc, or the address that uploads go to. Default: `pypi`.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub repository: Option<String>,
    /// The address of the lists of files (`/simple/`), where is looked up what the index has. That of PyPI is known.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub index_url: Option<String>,
    /// The user. Default: that of .pypirc, or that of a token.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub username: Option<String>,
    /// The program that is asked for the password, as `keyring`. Default: none is asked.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub keyring: Option<String>,
    /// The file that names indexes and logins. Default: .pypirc in the user's folder.
    pub pypirc: Option<PathBuf>,
    /// When the identity of the job on GitHub Actions is used to log in.
    pub trusted_publishing: TrustedPublishing,
    /// The files, below the project unless they are absolute. Default: the wheels and source distributions of the
    /// project's version in the output folder.
    pub files: OneOrMany<PathBuf>,
    /// Whether the app's wheel is made into one that is a Web Deploy package at the same time.
    pub hybrid_wheel: bool,
    /// Whether attestations that lie beside files are passed on.
    pub attestations: bool,
    /// Whether a file that the index has with other content is left as it is.
    pub skip_existing: bool,
    /// Whether the index may have an `http:` address on another machine.
    pub allow_http: bool,
}

impl Default for PyPi {
    fn default() -> Self {
        Self {
            repository: None,
            index_url: None,
            username: None,
            keyring: None,
            pypirc: None,
            trusted_publishing: TrustedPublishing::default(),
            files: OneOrMany::default(),
            hybrid_wheel: false,
            attestations: true,
            skip_existing: false,
            allow_http: false,
        }
    }
}

/// When the identity of a job is used to log in to a package index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TrustedPublishing {
    /// When the job may ask for it, the index is PyPI or its test instance, and there is no token or password.
    #[default]
    Automatic,
    /// Always.
    Always,
    /// Never.
    Never,
}
