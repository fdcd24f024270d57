//! `iiswsgi uninstall`: takes an installed application away again.

use std::path::{Path, PathBuf};

use clap::Args;

use super::project;
use super::session::Session;
use crate::error::{AnyFailure, ExitCode};
use crate::event::{Observer, Severity};
use crate::iis::appcmd::{self, Appcmd, Flavour};
use crate::iis::{ApplicationPath, Iis, local};
use crate::pipeline::{Folders, WORK_FOLDER};

/// Removes an installed application with all that its installation made.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  iiswsgi uninstall \"Default Web Site/shop\"")]
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
        // Who names a project means its simulation; else the server's own notes come first.
        if self.project.is_none() && self.is_taken_from_server(session)? {
            let text = format!("{} is removed from IIS.", self.application);
            session.observer.message(Severity::Info, &text);
            return Ok(ExitCode::Done);
        }
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

    fn is_taken_from_server(&self, session: &Session) -> Result<bool, AnyFailure> {
        let variables = project::bootstrap_settings(session).variables;
        let Some(records) = local::Records::of_machine(&variables) else { return Ok(false) };
        let runner = session.runner();
        let program = appcmd::locate(Flavour::Iis, &variables);
        let server = local::Server {
            runner: &runner,
            observer: &session.observer,
            records: Some(&records),
            icacls: local::acl::Icacls::find(&variables, &runner),
        };
        let appcmd = program.as_deref().map(|program| Appcmd::new(program, &runner));
        Ok(server.uninstall(&self.application, appcmd)?)
    }
}
