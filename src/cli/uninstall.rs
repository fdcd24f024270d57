//! `iiswsgi uninstall`: takes an installed application away again.

use std::path::{Path, PathBuf};

use clap::Args;

use super::project;
use super::session::Session;
use crate::error::{AnyFailure, ExitCode};
use crate::event::{Observer, Severity};
use crate::iis::{ApplicationPath, Iis};
use crate::pipeline::{Folders, WORK_FOLDER};

/// Removes an installed application with all that its installation made.
#[derive(Debug, Args)]
pub(super) struct Uninstall {
    /// The site and path of the application, as `Default Web Site/hello`
    #[arg(value_name = "SITE/PATH")]
    application: ApplicationPath,
    /// The folder of the project whose simulated IIS it was installed into
    #[arg(long, value_name = "PATH")]
    project: Option<PathBuf>,
}

impl Uninstall {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode, AnyFailure> {
        let project = self.project.unwrap_or_default();
        let folders = Folders { output: project.join("dist"), work: project.join(WORK_FOLDER) };
        if !Path::new(&folders.work).is_dir() {
            session.observer.message(Severity::Info, "Nothing is installed here.");
            return Ok(ExitCode::Done);
        }
        let _lock = project::lock(&folders)?;
        let iis = project::simulated(&folders.work, session);
        let text = if iis.uninstall(&self.application, &session.observer)? {
            format!("{} is removed.", self.application)
        } else {
            format!("{} is not installed.", self.application)
        };
        session.observer.message(Severity::Info, &text);
        Ok(ExitCode::Done)
    }
}
