//! Settings of the release on GitHub that packages and feed are published to.

use std::borrow::Cow;
use std::path::PathBuf;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

use super::texts::{line, line_schema};
use super::values::{Bounded, OneOrMany};

/// The release on GitHub that packages and feed become files of. `run` publishes there when this key is set; `{}` takes
/// every default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct GitHub {
    /// The repository, as `OWNER/NAME`. Default: that of the job on GitHub Actions.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub repository: Option<String>,
    /// The tag of the release, a template with `{name}`, `{version}` and `{title}`. Default: the tag that the job runs for,
    /// else `v{version}`.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub tag: Option<String>,
    /// The title of the release, a template as `tag`, which may name `{tag}` too. Default: the tag.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub name: Option<String>,
    /// The notes of the release, in Markdown.
    pub notes: Option<String>,
    /// A file with the notes of the release, below the project unless it is absolute.
    pub notes_file: Option<PathBuf>,
    /// Whether GitHub adds notes made from the pull requests since the release before.
    pub generate_notes: bool,
    /// The commit or branch at which the tag is made when it is not there yet. Default: the commit of the job on GitHub
    /// Actions, else the default branch.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub target: Option<String>,
    /// Leave the release a draft, which a person publishes.
    pub draft: bool,
    /// Mark the release as a prerelease.
    pub prerelease: bool,
    /// Whether the release becomes the one that GitHub calls the latest.
    pub make_latest: MakeLatest,
    /// What becomes of a file of the release that has the name of one of ours and other bytes. Default: it is replaced in a
    /// draft and an error in a release that is published.
    pub if_exists: Option<IfExists>,
    /// The name of the feed in the release. One without a version gives it the same address in every latest release.
    /// Default: `NAME.webpi.xml`.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub feed_name: Option<String>,
    /// More files for the release, below the project unless they are absolute.
    pub files: OneOrMany<PathBuf>,
    /// How many files go up at the same time.
    pub parallel: Bounded<1, 8>,
    /// A file that holds the token alone. Default: the environment variable `GITHUB_TOKEN` or `GH_TOKEN`.
    pub token_file: Option<PathBuf>,
}

impl Default for GitHub {
    fn default() -> Self {
        const PARALLEL: Bounded<1, 8> = Bounded::new(2).expect("2 is in the range");
        Self {
            repository: None,
            tag: None,
            name: None,
            notes: None,
            notes_file: None,
            generate_notes: false,
            target: None,
            draft: false,
            prerelease: false,
            make_latest: MakeLatest::default(),
            if_exists: None,
            feed_name: None,
            files: OneOrMany::default(),
            parallel: PARALLEL,
            token_file: None,
        }
    }
}

/// What becomes of a file with the same name and other bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IfExists {
    /// It stays as it is.
    Keep,
    /// Ours takes its place.
    Replace,
    /// That is an error.
    Fail,
}

/// Whether the release becomes the one that GitHub calls the latest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MakeLatest {
    /// Unless it is a prerelease or stays a draft.
    #[default]
    Auto,
    /// Yes.
    True,
    /// No.
    False,
    /// By date and version, as GitHub did it in earlier times.
    Legacy,
}

impl<'de> Deserialize<'de> for MakeLatest {
    /// `true` and `false` may be written as what they are.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl serde::de::Visitor<'_> for Visitor {
            type Value = MakeLatest;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("one of `auto`, `true`, `false` and `legacy`")
            }

            fn visit_bool<E>(self, latest: bool) -> Result<MakeLatest, E> {
                Ok(if latest { MakeLatest::True } else { MakeLatest::False })
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<MakeLatest, E> {
                match text {
                    "auto" => Ok(MakeLatest::Auto),
                    "true" => Ok(MakeLatest::True),
                    "false" => Ok(MakeLatest::False),
                    "legacy" => Ok(MakeLatest::Legacy),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
                }
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for MakeLatest {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "MakeLatest".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": ["auto", true, false, "legacy"] })
    }
}
