//! The plan of a run on many machines, as a file that travels between them.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::Error;
use super::{Leg, SCHEMA_VERSION};
use crate::digest::Digests;
use crate::files;

/// The usual name of the file.
pub const PLAN_NAME: &str = "plan.json";

/// A plan: which packages there are and which leg makes which.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PlanFile {
    /// The version of this form.
    pub schema: u32,
    /// The version of iiswsgi that made it.
    pub version: String,
    /// The run that it belongs to.
    pub run: Run,
    /// The folder whose configuration speaks for the run, from where `plan` ran, with forward slashes.
    pub root: String,
    /// The configuration file, when the user named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<String>,
    /// The folder for packages and feed.
    pub output: String,
    /// The file name of the feed; none when the only package gives it its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feed_name: Option<String>,
    /// The packages, in the order of the feed.
    pub packages: Vec<PlannedPackage>,
    /// Who makes which.
    pub legs: Vec<Leg>,
}

/// Which run it is, as the machine that planned it knew.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Run {
    /// GitHub's number of the run; elsewhere any text that no other run has.
    pub id: String,
    /// GitHub's number of the attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<String>,
    /// `OWNER/NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// A package of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PlannedPackage {
    /// Its name in this run: letters, digits, `.`, `_` and `-`, without regard to case no other package's.
    pub id: String,
    /// The project's folder, with forward slashes.
    pub path: String,
    /// The name of the package, when it can be told without running Python.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its version, when it can be told without running Python.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The runner of its leg.
    pub runner: String,
}

/// A plan that was read from a file.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The file.
    pub path: PathBuf,
    /// The SHA-256 of its bytes, by which manifests know it.
    pub digest: String,
    /// What it says.
    pub plan: PlanFile,
}

impl PlanFile {
    /// The plan as it is written.
    pub fn to_json(&self) -> String {
        // Texts and lists of texts: there is nothing that JSON could not say.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

impl Planned {
    /// Reads a plan.
    ///
    /// # Errors
    /// It cannot be read, is no plan, or one of another version.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = files::read(path)?;
        let plan = parse(path, &bytes)?;
        Ok(Self { path: path.to_owned(), digest: Digests::of(&bytes).sha256_hex(), plan })
    }

    /// The packages that IDs name: those of packages, and those of legs for all that the leg makes. In the order of the
    /// plan, each once.
    ///
    /// # Errors
    /// An ID is neither.
    pub fn chosen(&self, ids: &[String]) -> Result<Vec<&PlannedPackage>, Error> {
        let mut wanted = std::collections::BTreeSet::new();
        for id in ids {
            if let Some(leg) = self.plan.legs.iter().find(|leg| leg.id == *id) {
                wanted.extend(leg.packages.iter().map(String::as_str));
            } else if self.plan.packages.iter().any(|package| package.id == *id) {
                wanted.insert(id.as_str());
            } else {
                return Err(Error::UnknownId { id: id.clone(), plan: self.path.clone() });
            }
        }
        Ok(self.plan.packages.iter().filter(|package| wanted.contains(package.id.as_str())).collect())
    }
}

/// A plan or a manifest from its bytes, of this version and no other.
fn parse(path: &Path, bytes: &[u8]) -> Result<PlanFile, Error> {
    let plan: PlanFile = super::error::from_json(path, bytes)?;
    super::error::same_version(path, plan.schema, SCHEMA_VERSION, &plan.version)?;
    for id in plan.packages.iter().map(|package| &package.id).chain(plan.legs.iter().map(|leg| &leg.id)) {
        if !is_id(id) {
            let problem = format!("`{}` is not an ID", id.escape_debug());
            return Err(Error::Malformed { path: path.to_owned(), line: 0, column: 0, problem });
        }
    }
    Ok(plan)
}

/// An ID is a part of file names, so it is made of what every system takes in them.
pub(super) fn is_id(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= 200
        && !id.starts_with('.')
        && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}
