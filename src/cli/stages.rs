//! `run` and the single stages: `build`, `package`, `install`, `test`.
//!
//! All of them make a plan and carry out a part of it (`work`); they differ in which stages that is.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::arguments::{InstallOptions, ProjectOptions, ReportOptions};
use super::project;
use super::session::Session;
use super::work::Work;
use crate::error::{AnyFailure, ExitCode, Failure};
use crate::event::Stage;

/// Builds, packages, installs, tests, writes the feed and publishes: the main job.
#[derive(Debug, Args)]
#[command(after_help = concat!(
    "Examples:",
    "\n  iiswsgi run                                       # the project in this folder",
    "\n  iiswsgi run --skip publish --report report.json",
    "\n  iiswsgi run shop blog --set SecretKey=0123456789  # two packages, one feed",
))]
pub(super) struct Run {
    #[command(flatten)]
    project: ProjectOptions,
    #[command(flatten)]
    install: InstallOptions,
    #[command(flatten)]
    reports: ReportOptions,
    #[command(flatten)]
    stages: StageOptions,
    /// Makes packages of a plan of `plan --matrix`, for `merge`
    ///
    /// Leaves a manifest beside each package. `--only` then names packages or legs of the plan.
    #[arg(long, value_name = "FILE", conflicts_with = "paths", help_heading = "Fan-out")]
    plan: Option<PathBuf>,
}

/// Builds: manifest, parameters, web.config and stamp, into `.iiswsgi/build`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  iiswsgi build -v  # and look into .iiswsgi/build")]
pub(super) struct Build {
    #[command(flatten)]
    project: ProjectOptions,
    #[command(flatten)]
    reports: ReportOptions,
}

/// Builds and writes the package: the zip with its SetParameters.xml and deploy.cmd.
#[derive(Debug, Args)]
#[command(after_help = concat!(
    "Examples:",
    "\n  iiswsgi package",
    "\n  iiswsgi package --format archive  # as Azure Pipelines and msdeploy.exe want it",
))]
pub(super) struct Package {
    #[command(flatten)]
    project: ProjectOptions,
    #[command(flatten)]
    reports: ReportOptions,
    /// The format of the package
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
}

/// Installs a package that was made before, or any package file, and sets it up.
#[derive(Debug, Args)]
#[command(after_help = concat!(
    "Examples:",
    "\n  iiswsgi install                             # what `iiswsgi package` made here",
    "\n  iiswsgi install dist/shop-1.0.msdeploy.zip  # any package",
    "\n  iiswsgi install --set \"IIS Web Application Name=Default Web Site/shop\"",
))]
pub(super) struct Install {
    #[command(flatten)]
    project: ProjectOptions,
    #[command(flatten)]
    options: InstallOptions,
    #[command(flatten)]
    reports: ReportOptions,
}

/// Starts what was installed before, and sends it the requests of the configuration.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  iiswsgi test -v  # with the time of each request")]
pub(super) struct Test {
    #[command(flatten)]
    project: ProjectOptions,
    #[command(flatten)]
    reports: ReportOptions,
    /// Starts the application where its source is, in the Python of `--python`, instead of what was installed
    #[arg(long)]
    in_place: bool,
    /// Requests this path, instead of what the configuration says; may be given several times
    #[arg(long, value_name = "PATH")]
    url: Vec<String>,
}

/// The format of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Manifest.xml, Parameters.xml and the application's folder
    Gallery,
    /// archive.xml, parameters.xml, systemInfo.xml and Content/, as msdeploy.exe writes it
    Archive,
}

impl Format {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Gallery => "gallery",
            Self::Archive => "archive",
        }
    }
}

/// Which stages of a run.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Stages")]
pub(super) struct StageOptions {
    /// Runs only these stages; the others find what an earlier run left
    #[arg(long, value_name = "STAGE", value_delimiter = ',')]
    only: Vec<String>,
    /// Leaves these stages out: build, package, install, test, feed or publish
    #[arg(long, value_name = "STAGE", value_delimiter = ',', hide_possible_values = true)]
    skip: Vec<StageName>,
    /// The format of the package
    #[arg(long, value_name = "FORMAT")]
    pub(super) format: Option<Format>,
}

/// A stage as the user writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum StageName {
    Build,
    Package,
    Install,
    Test,
    Feed,
    Publish,
}

impl From<StageName> for Stage {
    fn from(name: StageName) -> Self {
        match name {
            StageName::Build => Self::Build,
            StageName::Package => Self::Package,
            StageName::Install => Self::Install,
            StageName::Test => Self::Test,
            StageName::Feed => Self::Feed,
            StageName::Publish => Self::Publish,
        }
    }
}

/// `--only` names something else than a stage, or stands beside `--skip`.
#[derive(Debug, thiserror::Error)]
enum WrongStages {
    #[error("`--only` names `{0}`, which is no stage")]
    Unknown(String),
    #[error("`--only` and `--skip` cannot both be used")]
    Both,
}

impl Failure for WrongStages {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unknown(_) => {
                "The stages are build, package, install, test, feed and publish. IDs of packages need `--plan`."
                    .into()
            }
            Self::Both => "Name the stages that run, or those that do not.".into(),
        })
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

impl StageOptions {
    pub(super) fn stages(&self) -> Result<BTreeSet<Stage>, AnyFailure> {
        if self.only.is_empty() {
            return Ok(self.all_but_skipped());
        }
        if !self.skip.is_empty() {
            return Err(WrongStages::Both.into());
        }
        let stage = |name: &String| match StageName::from_str(name, true) {
            Ok(stage) => Ok(Stage::from(stage)),
            Err(_) => Err(WrongStages::Unknown(name.clone())),
        };
        Ok(self.only.iter().map(stage).collect::<Result<_, _>>()?)
    }

    fn all_but_skipped(&self) -> BTreeSet<Stage> {
        let skipped: BTreeSet<Stage> = self.skip.iter().map(|&name| Stage::from(name)).collect();
        Stage::ALL.into_iter().filter(|stage| !skipped.contains(stage)).collect()
    }
}

impl Run {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode, AnyFailure> {
        let Some(plan) = self.plan else {
            let stages = self.stages.stages()?;
            let work =
                Work::of(self.project, self.reports).format(self.stages.format).install(&self.install)?;
            return work.run(stages, session);
        };
        // Feed and publishing are for all packages together: `merge` and `publish` do them.
        let mut stages = self.stages.all_but_skipped();
        stages.retain(|stage| !matches!(stage, Stage::Feed | Stage::Publish));
        let work = Work::of(self.project, self.reports).format(self.stages.format).install(&self.install)?;
        work.run_leg(&plan, &self.stages.only, stages, session)
    }
}

impl Build {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode, AnyFailure> {
        Work::of(self.project, self.reports).run([Stage::Build].into(), session)
    }
}

impl Package {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode, AnyFailure> {
        let work = Work::of(self.project, self.reports).format(self.format);
        work.run([Stage::Build, Stage::Package].into(), session)
    }
}

impl Install {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode, AnyFailure> {
        if let [file] = self.project.paths.as_slice()
            && file.is_file()
        {
            return project::install_file(file, &self.project, &self.options, &self.reports, session);
        }
        Work::of(self.project, self.reports).install(&self.options)?.run([Stage::Install].into(), session)
    }
}

impl Test {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode, AnyFailure> {
        let mut work = Work::of(self.project, self.reports);
        work.urls = self.url;
        work.in_place = self.in_place;
        work.run([Stage::Test].into(), session)
    }
}
