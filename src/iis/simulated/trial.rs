//! One start of a FastCGI process as IIS would start it, without an install: for `doctor`, and before a twin that cannot say
//! why a process dies.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::application::Application;
use super::host_paths::{self, Start};
use crate::event::Observer;
use crate::iis::server::{PORT, Platform, Pool, Served, Started};
use crate::iis::site;
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
        let program = self.program(start, application);
        // Who does that by hand has no such folder, and need not have one.
        let command_line = program.by_hand();
        let program = program.current_dir(folder.path());
        let started = Started { command_line, program, application: application.clone() };
        let pool = Pool::new(started, Arc::clone(runner));
        self.start(self.served(vec![pool]), options)
    }

    /// The same for the program that HttpPlatformHandler starts, which is to listen on the port that it is told.
    ///
    /// # Errors
    /// It does not start, ends, or does not listen in time; or `web.config` leads to none.
    pub fn run_http_platform(
        &self,
        options: &StartOptions,
        runner: &Arc<dyn Runner>,
        observer: &dyn Observer,
    ) -> Result<Logs, Error> {
        let mut served = self.served(Vec::new());
        let settings = served.http_platform();
        let settings = settings.ok_or_else(|| Error::NoFastCgi { application: self.application.clone() })?;
        // What it prints is to be heard here.
        let settings = site::HttpPlatform { stdout_log_file: None, ..settings };
        let path = process_path(self.folder, &settings.process_path);
        let start = host_paths::read(&path, &settings.arguments, self.variables, self.python);
        for change in &start.changes {
            observer.simulated(change);
        }
        let configuration = self.configuration.unwrap_or(Path::new(""));
        let program = program(start, &settings.environment, self.pool, configuration);
        // Any port will do for whoever starts it by hand.
        let shown = program.clone().replaced(&format!("%{PORT}%"), "8000").env(PORT, "8000");
        let program = program.current_dir(self.folder);
        served.add(Platform::new(settings, program, shown.by_hand(), self.folder, Arc::clone(runner)));
        self.start(served, options)
    }

    fn served(&self, pools: Vec<Pool>) -> Served {
        // As the root of its site, so that its own `web.config` alone counts: nothing is asked of it by a URL.
        let root = ApplicationPath::new(self.application.site(), "/");
        let path = root.unwrap_or_else(|_| self.application.clone());
        Served::new(path, self.folder.to_owned().into(), (1, self.folder.to_owned()), pools)
    }

    fn start(&self, served: Served, options: &StartOptions) -> Result<Logs, Error> {
        let options = StartOptions { application: 0, ..options.clone() };
        let running = Application::start(served, &self.application.to_string(), &options)?;
        Ok(Box::new(running).stop())
    }

    /// How to start the process by hand.
    pub fn command_line(&self, application: &FastCgiApplication) -> String {
        self.program(self.read(application), application).by_hand()
    }

    fn read(&self, application: &FastCgiApplication) -> Start {
        host_paths::read(&application.full_path, &application.arguments, self.variables, self.python)
    }

    fn program(&self, start: Start, application: &FastCgiApplication) -> Program {
        program(start, &application.environment, self.pool, self.configuration.unwrap_or(Path::new("")))
    }
}

/// The program of HttpPlatformHandler: a path that begins with a dot is below the application's folder.
pub(super) fn process_path(folder: &Path, written: &str) -> String {
    let path = written.trim();
    if path.starts_with('.') {
        folder.join(path.replace('\\', "/")).to_string_lossy().into_owned()
    } else {
        path.to_owned()
    }
}

/// The program of HttpPlatformHandler on this machine.
pub fn read_process_path_here(folder: &Path, written: &str, variables: &Variables) -> PathBuf {
    host_paths::read(&process_path(folder, written), "", variables, None).program
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
