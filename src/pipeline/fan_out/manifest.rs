//! What a leg says about a package that it made: its files with their hashes, and what the feed needs to know of the
//! project, so that nobody has to look into it a second time.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::{Error, from_json, same_version};
use super::{Planned, SCHEMA_VERSION};
use crate::event::{Stage, Status};
use crate::iis::bootstrap::Interpreter;
use crate::package::names::OutputNames;
use crate::pipeline::deliver::{Delivered, Finished};
use crate::pipeline::plan::{App, Layout, PackagePlan};
use crate::pipeline::report::StageReport;
use crate::project::{ClassicCommands, Metadata};

/// How the name of a manifest ends: `ID.manifest.json`.
pub const MANIFEST_SUFFIX: &str = ".manifest.json";

/// A package that a leg made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Manifest {
    /// The version of this form.
    pub schema: u32,
    /// The version of iiswsgi that made it.
    pub version: String,
    /// The SHA-256 of the plan that it belongs to.
    pub plan: String,
    /// The run of that plan.
    pub run: String,
    /// The ID of the package in the plan.
    pub id: String,
    /// The name of the package.
    pub name: String,
    /// The version of the package.
    pub package_version: String,
    /// The files, beside this one.
    pub files: Vec<ManifestFile>,
    /// The stages that the leg ran.
    pub stages: Vec<StageResult>,
    /// Every step that was simulated because the real tool is not there, as sentences.
    pub simulated: Vec<String>,
    /// What the feed needs to know of the project.
    pub(super) project: ProjectPart,
}

/// A file of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ManifestFile {
    /// What it is.
    pub role: Role,
    /// Its name; it stands beside the manifest.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-1 in lower-case hexadecimal digits.
    pub sha1: String,
    /// Its SHA-256 in lower-case hexadecimal digits.
    pub sha256: String,
}

/// What a file of a package is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The zip.
    Package,
    /// `NAME.SetParameters.xml`.
    SetParameters,
    /// `NAME.deploy.cmd`.
    DeployCommand,
}

/// How a stage went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StageResult {
    /// The stage.
    pub name: Stage,
    /// How it ended.
    pub status: Status,
    /// Whether a step of it was simulated.
    pub simulated: bool,
    /// How long it took, in seconds.
    pub seconds: f64,
}

/// What was found out about the project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct ProjectPart {
    pub(super) metadata: Metadata,
    pub(super) commands: ClassicCommands,
    pub(super) app: App,
    pub(super) layout: Layout,
    pub(super) folder: String,
    pub(super) requirements: Vec<String>,
    pub(super) stem: String,
    pub(super) feed: String,
    /// The version of the Python that built and tested.
    pub(super) python: Option<String>,
}

impl From<&StageReport> for StageResult {
    fn from(report: &StageReport) -> Self {
        let StageReport { name, status, simulated, seconds, .. } = *report;
        Self { name, status, simulated, seconds }
    }
}

impl From<&StageResult> for StageReport {
    fn from(result: &StageResult) -> Self {
        let StageResult { name, status, simulated, seconds } = *result;
        Self { name, status, simulated, seconds, program_seconds: 0.0, messages: Vec::new(), error: None }
    }
}

impl ManifestFile {
    fn of(role: Role, file: &Delivered) -> Self {
        Self {
            role,
            name: file.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            size: file.digests.size,
            sha1: file.digests.sha1_hex(),
            sha256: file.digests.sha256_hex(),
        }
    }
}

impl Manifest {
    /// What a leg says about a package that it has finished.
    pub fn new(
        planned: &Planned,
        id: &str,
        package: &PackagePlan,
        finished: &Finished,
        stages: Vec<StageResult>,
        simulated: Vec<String>,
    ) -> Self {
        let files = vec![
            ManifestFile::of(Role::Package, &finished.package),
            ManifestFile::of(Role::SetParameters, &finished.set_parameters),
            ManifestFile::of(Role::DeployCommand, &finished.deploy_command),
        ];
        Self {
            schema: SCHEMA_VERSION,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            plan: planned.digest.clone(),
            run: planned.plan.run.id.clone(),
            id: id.to_owned(),
            name: package.name.clone(),
            package_version: package.version.clone(),
            files,
            stages,
            simulated,
            project: ProjectPart {
                metadata: package.project.metadata.clone(),
                commands: package.project.commands.clone(),
                app: package.app.clone(),
                layout: package.layout,
                folder: package.folder.clone(),
                requirements: package.requirements.clone(),
                stem: package.names.stem.clone(),
                feed: package.names.feed.clone(),
                python: package.python.as_ref().map(|python| python.version.clone()),
            },
        }
    }

    /// The name of the file.
    pub fn file_name(&self) -> String {
        format!("{}{MANIFEST_SUFFIX}", self.id)
    }

    /// The manifest as it is written.
    pub fn to_json(&self) -> String {
        // Texts and finite numbers: there is nothing that JSON could not say.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// A manifest from its bytes; the path is for messages.
    ///
    /// # Errors
    /// It is no manifest, or one of another version.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, Error> {
        let manifest: Self = from_json(path, bytes)?;
        same_version(path, manifest.schema, SCHEMA_VERSION, &manifest.version)?;
        Ok(manifest)
    }

    /// The file of a role.
    pub(super) fn file(&self, role: Role) -> Option<&ManifestFile> {
        self.files.iter().find(|file| file.role == role)
    }

    /// The names of the outputs as they were given out.
    pub(super) fn names(&self) -> OutputNames {
        let name = |role| self.file(role).map(|file| file.name.clone()).unwrap_or_default();
        OutputNames {
            stem: self.project.stem.clone(),
            package: name(Role::Package),
            set_parameters: name(Role::SetParameters),
            deploy_command: name(Role::DeployCommand),
            feed: self.project.feed.clone(),
        }
    }

    /// The Python of the leg. It is not here, so that only its version counts.
    pub(super) fn python(&self) -> Option<Interpreter> {
        self.project.python.clone().map(|version| Interpreter {
            executable: "python".into(),
            version,
            pip: false,
            pip_runner: None,
            venv: false,
            ensurepip: false,
        })
    }
}
