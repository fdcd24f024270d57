//! Where a preview comes from: projects that are built, or a package as it is. Either is installed, then served.

use std::path::PathBuf;

use crate::cli::arguments::{InstallOptions, ProjectOptions, ReportOptions};
use crate::cli::project;
use crate::cli::session::Session;
use crate::config::Overrides;
use crate::error::{AnyFailure, ExitCode};
use crate::event::Stage;
use crate::iis::server::listener::Hosted;
use crate::iis::{Installed, Simulated};
use crate::pipeline::{self, Outcome, Selection, Target};

/// A preview writes no reports.
const NO_REPORTS: ReportOptions = ReportOptions { report: None, junit: None };

/// What is previewed.
pub(super) struct Source {
    project: ProjectOptions,
    install: InstallOptions,
    overrides: Overrides,
    parameters: Vec<(String, String)>,
}

/// What was installed, ready to be served.
pub(super) struct Ready {
    pub(super) applications: Vec<Hosted>,
    /// The site of the first.
    pub(super) site: Option<String>,
}

impl Source {
    pub(super) fn new(project: ProjectOptions, install: &InstallOptions) -> Result<Self, AnyFailure> {
        let mut overrides = project::overrides(&project);
        overrides.set_flag("iis.require", "--require-iis", install.require_iis);
        let parameters = project::parameters(&install.parameters)?;
        Ok(Self { project, install: install.clone(), overrides, parameters })
    }

    /// Whether it is a package file.
    pub(super) fn is_package(&self) -> bool {
        matches!(self.project.paths.as_slice(), [path] if path.is_file())
    }

    /// Builds and installs. The inner error is how the command ends after a failure that was told.
    pub(super) fn install(&self, session: &Session) -> Result<Result<Ready, ExitCode>, AnyFailure> {
        if let ([file], true) = (self.project.paths.as_slice(), self.is_package()) {
            let (iis, installed) = project::installed_file(file, &self.project, &self.install, session)?;
            let site = Some(installed.application.site().to_owned());
            let hosted = hosted(&iis, &installed, file.display().to_string(), session)?;
            session.finish(&Outcome::default(), &NO_REPORTS)?;
            return Ok(Ok(Ready { applications: vec![hosted], site }));
        }
        let plan = project::plan(&self.project, &self.overrides, session)?;
        let _lock = project::lock(&plan.folders)?;
        let selection = Selection {
            stages: [Stage::Build, Stage::Package, Stage::Install].into(),
            parameters: self.parameters.clone(),
            target: Target::Configured,
            ..Selection::default()
        };
        let outcome =
            project::carry_out(&plan.folders.work, session, |world| pipeline::run(&plan, &selection, world));
        let iis = project::simulated(&plan.folders.work, session);
        let mut applications = Vec::new();
        for package in &outcome.packages {
            let (Some(installed), Some(finished)) = (&package.installed, &package.finished) else { continue };
            let file = finished.package.path.display().to_string();
            applications.push(hosted(&iis, installed, file, session)?);
        }
        // What cannot be imitated was told above: the end of the run lists it.
        let code = session.finish(&outcome, &NO_REPORTS)?;
        if code != ExitCode::Done {
            return Ok(Err(code));
        }
        let site = applications.first().map(|first| first.served.application.site().to_owned());
        Ok(Ok(Ready { applications, site }))
    }

    /// The folders that are watched.
    pub(super) fn roots(&self) -> Vec<PathBuf> {
        if self.project.paths.is_empty() { vec![PathBuf::from(".")] } else { self.project.paths.clone() }
    }
}

fn hosted(
    iis: &Simulated,
    installed: &Installed,
    package: String,
    session: &Session,
) -> Result<Hosted, AnyFailure> {
    let simulated = session.results_of("").1;
    let served = iis.serve(installed, &session.observer)?;
    Ok(Hosted { served, package, parameters: installed.parameters.clone(), simulated })
}
