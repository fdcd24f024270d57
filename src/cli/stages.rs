//! `run`, `plan` and the single stages: `build`, `package`, `install`, `test`.
//!
//! All of them make a plan and carry out a part of it; they differ in which stages that is.

use std::collections::BTreeSet;

use clap::{Args, ValueEnum};

use super::arguments::{InstallOptions, ProjectOptions, ReportOptions};
use super::project;
use super::session::{Session, print, print_json};
use crate::config::Overrides;
use crate::error::{AnyFailure, ExitCode};
use crate::event::Stage;
use crate::pipeline::{self, Selection, Target, plan};

/// Builds, packages, installs, tests, writes the feed and publishes: the main job.
#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    project: ProjectOptions,
    #[command(flatten)]
    install: InstallOptions,
    #[command(flatten)]
    reports: ReportOptions,
    #[command(flatten)]
    stages: StageOptions,
}

/// Says what `run` would do, and where each setting comes from. Does nothing else.
#[derive(Debug, Args)]
pub(super) struct Plan {
    #[command(flatten)]
    project: ProjectOptions,
    #[command(flatten)]
    stages: StageOptions,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// Builds: manifest, parameters, web.config and stamp, into `.iiswsgi/build`.
#[derive(Debug, Args)]
pub(super) struct Build {
    #[command(flatten)]
    project: ProjectOptions,
    #[command(flatten)]
    reports: ReportOptions,
}

/// Builds and writes the package: the zip with its SetParameters.xml and deploy.cmd.
#[derive(Debug, Args)]
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
pub(super) struct Install {
    #[command(flatten)]
    project: ProjectOptions,
    #[command(flatten)]
    options: InstallOptions,
    #[command(flatten)]
    reports: ReportOptions,
}

/// Starts what was installed before as IIS would, and sends it the requests of the configuration.
#[derive(Debug, Args)]
pub(super) struct Test {
    #[command(flatten)]
    project: ProjectOptions,
    #[command(flatten)]
    reports: ReportOptions,
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
    fn name(self) -> &'static str {
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
    #[arg(long, value_name = "STAGE", value_delimiter = ',', conflicts_with = "skip")]
    only: Vec<StageName>,
    /// Leaves these stages out
    #[arg(long, value_name = "STAGE", value_delimiter = ',')]
    skip: Vec<StageName>,
    /// The format of the package
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
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

impl StageOptions {
    fn stages(&self) -> BTreeSet<Stage> {
        let named =
            |names: &[StageName]| names.iter().map(|&name| Stage::from(name)).collect::<BTreeSet<_>>();
        if self.only.is_empty() {
            let skipped = named(&self.skip);
            Stage::ALL.into_iter().filter(|stage| !skipped.contains(stage)).collect()
        } else {
            named(&self.only)
        }
    }
}

impl Run {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode, AnyFailure> {
        let stages = self.stages.stages();
        let work = Work::of(self.project, self.reports).format(self.stages.format).install(&self.install)?;
        work.run(stages, session)
    }
}

impl Plan {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode, AnyFailure> {
        let mut overrides = project::overrides(&self.project);
        overrides.set_optional("package.format", "--format", self.stages.format.map(Format::name));
        let plan = project::plan(&self.project, &overrides, session)?;
        let stages: Vec<Stage> = self.stages.stages().into_iter().collect();
        if self.json {
            print_json(&plan::to_json(&plan, &stages));
        } else {
            print(&plan::describe(&plan, &stages));
        }
        Ok(ExitCode::Done)
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
        Work::of(self.project, self.reports).run([Stage::Test].into(), session)
    }
}

/// A plan that is made and carried out.
pub(super) struct Work {
    project: ProjectOptions,
    overrides: Overrides,
    reports: ReportOptions,
    parameters: Vec<(String, String)>,
    target: Target,
}

impl Work {
    /// What the shared options say.
    pub(super) fn of(project: ProjectOptions, reports: ReportOptions) -> Self {
        let overrides = project::overrides(&project);
        Self::with(project, reports, overrides)
    }

    /// The same with more settings.
    pub(super) fn with(project: ProjectOptions, reports: ReportOptions, overrides: Overrides) -> Self {
        Self { project, overrides, reports, parameters: Vec::new(), target: Target::Configured }
    }

    /// The same for one target of publishing alone.
    pub(super) fn publish_to(mut self, target: Target) -> Self {
        self.target = target;
        self
    }

    fn format(mut self, format: Option<Format>) -> Self {
        self.overrides.set_optional("package.format", "--format", format.map(Format::name));
        self
    }

    fn install(mut self, options: &InstallOptions) -> Result<Self, AnyFailure> {
        self.overrides.set_flag("iis.require", "--require-iis", options.require_iis);
        self.parameters = project::parameters(options)?;
        Ok(self)
    }

    pub(super) fn run(self, stages: BTreeSet<Stage>, session: &Session) -> Result<ExitCode, AnyFailure> {
        let plan = project::plan(&self.project, &self.overrides, session)?;
        let _lock = project::lock(&plan.folders)?;
        let selection = Selection { stages, parameters: self.parameters, target: self.target };
        let outcome = project::carry_out(&plan, session, |world| pipeline::run(&plan, &selection, world));
        session.finish(&outcome, &self.reports)
    }
}
