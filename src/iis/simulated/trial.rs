//! One start of a FastCGI process as IIS would start it, without an install: for `doctor`, and before a twin that cannot say
//! why a process dies.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::application::{Application, by_hand};
use super::host_paths::{self, Start};
use crate::event::Observer;
use crate::iis::server::{Pool, Served, Started};
use crate::iis::{ApplicationPath, Error, FastCgiApplication, Logs, RunningApplication as _, StartOptions};
use crate::process::{Program, Runner};
use crate::template::Variables;

/// What a start needs to know beside the FastCGI application itself.
#[derive(Debug, Clone, Copy)]
pub struct Trial<'a> {
    /// Where the application is in IIS.
    pub application: &'a ApplicationPath,
    /// Its folder.
    pub folder: &'a Path,
    /// Its pool.
    pub pool: &'a str,
    /// IIS's configuration, for `APP_POOL_CONFIG`.
    pub configuration: Option<&'a Path>,
    /// The variables that IIS expands.
    pub variables: &'a Variables,
    /// The application's own interpreter, when it is known.
    pub python: Option<&'a Path>,
}

impl Trial<'_> {
    /// Starts the process, waits until it answers, ends it, and gives what it said.
    ///
    /// # Errors
    /// It does not start, ends, or does not answer in time.
    pub fn run(
        &self,
        application: &FastCgiApplication,
        options: &StartOptions,
        runner: &Arc<dyn Runner>,
        observer: &dyn Observer,
    ) -> Result<Logs, Error> {
        let start = self.read(application);
        for change in &start.changes {
            observer.simulated(change);
        }
        // IIS starts processes in a folder of its own; the one that cannot have anything of the application in it.
        let folder = tempfile::tempdir()
            .map_err(|source| crate::files::Error::Write { path: self.folder.to_owned(), source })?;
        let program = self.program(start, application).current_dir(folder.path());
        let started = Started { command_line: by_hand(&program), program, application: application.clone() };
        let pool = Pool::new(started, Arc::clone(runner));
        let site = (1, self.folder.to_owned());
        let served = Served::new(self.application.clone(), self.folder.to_owned().into(), site, vec![pool]);
        let running = Application::start(
            served,
            &self.application.to_string(),
            &StartOptions { application: 0, ..options.clone() },
        )?;
        Ok(Box::new(running).stop())
    }

    /// How to start the process by hand.
    pub fn command_line(&self, application: &FastCgiApplication) -> String {
        by_hand(&self.program(self.read(application), application))
    }

    fn read(&self, application: &FastCgiApplication) -> Start {
        host_paths::read(&application.full_path, &application.arguments, self.variables, self.python)
    }

    fn program(&self, start: Start, application: &FastCgiApplication) -> Program {
        program(start, &application.environment, self.pool, self.configuration.unwrap_or(Path::new("")))
    }
}

/// The program of a FastCGI application on this machine.
pub fn read_here(application: &FastCgiApplication, variables: &Variables) -> PathBuf {
    host_paths::read(&application.full_path, &application.arguments, variables, None).program
}

/// The process as IIS starts it: with the variables of its pool and its own, and without what a developer's shell has set
/// for Python, which does not reach a server.
pub(super) fn program(
    start: Start,
    environment: &[(String, String)],
    pool: &str,
    configuration: &Path,
) -> Program {
    let program = ["PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"]
        .into_iter()
        .fold(Program::new("the application", start.program), Program::env_remove)
        .args(start.arguments)
        .env("APP_POOL_ID", pool)
        .env("APP_POOL_CONFIG", configuration.to_string_lossy())
        // Under IIS our gateway writes to a file, because nobody reads its standard error. Here somebody does.
        .env("IISWSGI_LOG_FILE", "-");
    environment.iter().fold(program, |program, (name, value)| program.env(name, value))
}
