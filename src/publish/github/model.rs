//! What GitHub's REST API answers, as far as publishing reads it. Fields that older enterprise servers do not know are
//! optional.
//!
//! Source: <https://docs.github.com/rest/releases/releases> and <https://docs.github.com/rest/releases/assets>.

use serde::Deserialize;

/// The state of an asset whose bytes have all arrived.
pub(super) const UPLOADED: &str = "uploaded";

/// A repository.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Repository {
    /// `OWNER/NAME` as GitHub writes it now, also when the repository was renamed.
    pub(super) full_name: String,
    /// Whether nothing can be changed in it any more.
    #[serde(default)]
    pub(super) archived: bool,
}

/// A release, published or a draft.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Release {
    pub(super) id: u64,
    pub(super) html_url: String,
    /// The address of uploads, with `{?name,label}` at its end.
    pub(super) upload_url: String,
    pub(super) tag_name: String,
    #[serde(default)]
    pub(super) draft: bool,
    #[serde(default)]
    pub(super) immutable: Option<bool>,
    #[serde(default)]
    pub(super) body: Option<String>,
    #[serde(default)]
    pub(super) assets: Vec<Asset>,
}

impl Release {
    /// Whether its assets can never change again.
    pub(super) fn is_immutable(&self) -> bool {
        !self.draft && self.immutable == Some(true)
    }
}

/// A file of a release.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Asset {
    pub(super) id: u64,
    pub(super) name: String,
    /// Its size in bytes.
    #[serde(default)]
    pub(super) size: u64,
    /// `uploaded`, or `starter` when an upload broke off.
    #[serde(default = "uploaded")]
    pub(super) state: String,
    /// `sha256:HEX`; none on older assets and servers.
    #[serde(default)]
    pub(super) digest: Option<String>,
}

fn uploaded() -> String {
    UPLOADED.to_owned()
}

/// Notes that GitHub made from the pull requests since the release before.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Notes {
    pub(super) body: String,
}

/// The body of a refusal.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Complaint {
    #[serde(default)]
    pub(super) message: String,
    #[serde(default)]
    pub(super) errors: Vec<Detail>,
}

/// One of the errors of a refusal: an object, or on some routes a text.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Detail {
    /// A field that was not accepted.
    Field {
        #[serde(default)]
        field: Option<String>,
        #[serde(default)]
        code: Option<String>,
        #[serde(default)]
        message: Option<String>,
    },
    /// Only a text.
    Text(String),
}
