//! What happened, for programs: the JSON report, `JUnit` XML and the Markdown summary, all made from the events of a run
//! and the results of its packages.
//!
//! The types are the JSON: `docs/report.schema.json` is made from them. Nothing is written to a file here.

mod collect;
mod junit;
mod markdown;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use crate::error::Location;
use crate::event::{Severity, Stage, Status};

pub use collect::Collector;

/// The version of the report's form: it changes when a key changes its meaning or goes away, not when one is added.
pub const SCHEMA_VERSION: u32 = 1;

/// The report of a run.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Report {
    /// The version of this form.
    pub schema: u32,
    /// The version of iiswsgi.
    pub version: String,
    /// Whether everything that was asked for is done.
    #[schemars(schema_with = "status_schema")]
    pub status: Status,
    /// Why the run failed before or outside a stage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Problem>,
    /// How long the run took, in seconds.
    pub seconds: f64,
    /// How long of that the run did not wait for external programs, in seconds.
    pub own_seconds: f64,
    /// The packages, in the order of the run.
    pub packages: Vec<PackageReport>,
    /// The stages that belong to the whole run.
    pub stages: Vec<StageReport>,
    /// The IIS that installed and tested, when one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iis: Option<IisReport>,
    /// The feed, when one was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feed: Option<FeedReport>,
    /// Where packages and feed were published.
    pub published: Vec<Published>,
    /// Every step that was simulated because the real tool is not there, as sentences.
    pub simulated: Vec<String>,
    /// Every file in its final place.
    pub written: Vec<WrittenFile>,
    /// Every external program that ran.
    pub programs: Vec<ProgramReport>,
    /// Messages that belong to no stage.
    pub messages: Vec<ReportMessage>,
}

/// One package.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PackageReport {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The project's folder.
    #[serde(serialize_with = "lossy")]
    pub path: PathBuf,
    /// The zip, when it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<ArchiveReport>,
    /// Its stages, in the order in which they ran.
    pub stages: Vec<StageReport>,
}

/// The IIS behind the stages `install` and `test`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct IisReport {
    /// Which one: `iis`, `iis-express` or `simulated`.
    #[schemars(schema_with = "iis_schema")]
    pub kind: String,
    /// Whether it only imitates IIS.
    pub simulated: bool,
    /// One line for people: version and place.
    pub description: String,
}

/// The zip of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ArchiveReport {
    /// Where it is.
    #[serde(serialize_with = "lossy")]
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-1 in lower-case hexadecimal digits.
    pub sha1: String,
    /// Its SHA-256 in lower-case hexadecimal digits.
    pub sha256: String,
}

/// One stage.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct StageReport {
    /// Its name.
    #[schemars(schema_with = "stage_schema")]
    pub name: Stage,
    /// How it ended; a stage that was interrupted failed.
    #[schemars(schema_with = "status_schema")]
    pub status: Status,
    /// Whether a step of it was simulated.
    pub simulated: bool,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// How long of that external programs took, in seconds.
    pub program_seconds: f64,
    /// What was said meanwhile.
    pub messages: Vec<ReportMessage>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Problem>,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ReportMessage {
    /// How much it matters: `detail`, `info`, `warning` or `error`.
    #[schemars(schema_with = "severity_schema")]
    pub severity: Severity,
    /// The text.
    pub text: String,
    /// The place in the user's files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Place>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// Why something failed: the three parts of an error, and its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Problem {
    /// The message.
    pub error: String,
    /// The causes, from the outside in.
    pub caused_by: Vec<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The place in the user's files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Place>,
}

/// A place in a file; 0 stands for "not known".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Place {
    /// The file.
    #[serde(serialize_with = "lossy")]
    pub path: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// The feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FeedReport {
    /// Where it is.
    #[serde(serialize_with = "lossy")]
    pub path: PathBuf,
}

/// Something that was published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Published {
    /// Where to: `folder`.
    pub target: String,
    /// Where it can be found.
    pub url: String,
}

/// A file in its final place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WrittenFile {
    /// Where it is.
    #[serde(serialize_with = "lossy")]
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
}

/// An external program that ran.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ProgramReport {
    /// What it was for.
    pub label: String,
    /// The command line, with secrets masked.
    pub command: String,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// Whether it succeeded.
    pub success: bool,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Location::at(&self.path, self.line, self.column).fmt(f)
    }
}

impl std::fmt::Display for Problem {
    /// The three parts, several lines, with the place before the message.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("error: ")?;
        if let Some(place) = &self.location {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.error)?;
        self.caused_by.iter().try_for_each(|cause| write!(f, "\ncaused by: {cause}"))?;
        self.hint.iter().try_for_each(|hint| write!(f, "\nhint: {hint}"))
    }
}

impl Report {
    /// Every stage: those of the packages, then those of the run.
    fn all_stages(&self) -> impl Iterator<Item = &StageReport> {
        self.packages.iter().flat_map(|package| &package.stages).chain(&self.stages)
    }

    /// Where a file was published, by the last part of the address. Files in a folder have none that others can use.
    pub fn url_of(&self, path: &Path) -> Option<&str> {
        let name = path.file_name()?.to_string_lossy();
        let urls = self.published.iter().map(|published| published.url.as_str());
        urls.filter(|url| url.starts_with("https://") || url.starts_with("http://"))
            .find(|url| url.rsplit('/').next() == Some(&*name))
    }

    /// The report as JSON, with a line break at the end.
    pub fn to_json(&self) -> String {
        // Every key is a text and every number is finite: there is nothing that JSON could not say.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The report as `JUnit` XML: a suite for each package and one for the run, a case for each stage.
    pub fn to_junit(&self) -> String {
        junit::junit(self)
    }

    /// The report as Markdown, for the step summary of GitHub Actions.
    pub fn to_markdown(&self) -> String {
        markdown::markdown(self)
    }
}

/// The JSON schema of the report, as committed in `docs/report.schema.json`.
pub fn schema() -> String {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = generator.into_root_schema_for::<Report>().to_value();
    if let serde_json::Value::Object(map) = &mut schema {
        map.insert("title".to_owned(), "iiswsgi report".into());
    }
    crate::config::pretty_schema(schema)
}

/// Seconds with three decimals: more would only be noise.
pub(crate) fn rounded(time: Duration) -> f64 {
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}

/// A path that is not Unicode is shown as well as can be, rather than making the whole report impossible.
fn lossy<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

fn status_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "enum": ["passed", "failed", "skipped"] })
}

fn iis_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "enum": ["iis", "iis-express", "simulated"] })
}

fn severity_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "enum": ["detail", "info", "warning", "error"] })
}

fn stage_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "enum": Stage::ALL.map(|stage| Cow::Borrowed(stage.name())) })
}
