//! The package's own commands: a migration, files to collect.

use std::path::Path;

use super::{Error, Interpreter, ProgramExt as _, SCRIPTS, Settings, VirtualEnvironment};
use crate::process::command_line;
use crate::process::{Program, Runner};

/// Where hooks run.
pub(super) struct Surroundings<'a> {
    /// The application's folder.
    pub folder: &'a Path,
    /// The Python that `python` means before there is an environment.
    pub base: &'a Interpreter,
    /// The application's environment, once it is there.
    pub environment: Option<&'a VirtualEnvironment>,
    /// The application's variables.
    pub variables: &'a [(String, String)],
    pub settings: &'a Settings,
    pub runner: &'a dyn Runner,
}

impl Surroundings<'_> {
    /// Runs a command line in the application's folder, without a shell: quotes as on Windows, no variables, no `&&`.
    /// `python` and the programs of the virtual environment are found first.
    ///
    /// # Errors
    /// The program is not there or fails.
    pub(super) fn run(&self, step: &'static str, command: &str) -> Result<(), Error> {
        let words = command_line::split(command);
        let Some((name, arguments)) = words.split_first() else { return Ok(()) };
        let program = self
            .program(name)
            .ok_or_else(|| Error::NoHookProgram { command: command.to_owned(), program: name.clone() })?;
        let mut program = Program::new(format!("hook `{command}`"), program)
            .args(arguments)
            .without_python_variables()
            .env("APPL_PHYSICAL_PATH", self.folder.to_string_lossy())
            .current_dir(self.folder)
            .timeout(self.settings.timeout);
        if let Some(environment) = self.environment {
            let old = std::env::split_paths(&self.settings.path);
            // A folder with the separator in its name cannot be on PATH at all.
            if let Ok(path) = std::env::join_paths(std::iter::once(environment.scripts()).chain(old)) {
                program = program.env("PATH", path.to_string_lossy());
            }
            program = program.env("VIRTUAL_ENV", environment.folder.to_string_lossy());
        }
        for (name, value) in self.variables {
            program = program.env(name, value);
        }
        self.runner.run(&program).map_err(|source| Error::Step { step, source })?;
        Ok(())
    }

    fn program(&self, name: &str) -> Option<std::path::PathBuf> {
        let bare = name.strip_suffix(".exe").unwrap_or(name);
        if name.contains(['/', '\\']) {
            let path = self.folder.join(name.replace('\\', "/"));
            return path.is_file().then_some(path).or_else(|| self.runner.find(name));
        }
        match self.environment {
            Some(environment) if matches!(bare, "python" | "python3") => Some(environment.python.clone()),
            None if matches!(bare, "python" | "python3") => Some(self.base.executable.clone()),
            Some(environment) => {
                let own = environment.folder.join(SCRIPTS).join(bare);
                let own = if cfg!(windows) { own.with_extension("exe") } else { own };
                if own.is_file() { Some(own) } else { self.runner.find(name) }
            }
            None => self.runner.find(name),
        }
    }
}
