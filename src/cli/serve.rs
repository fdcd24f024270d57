//! `iiswsgi serve`: becomes the application's Python with the gateway in it.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::session::Session;
use crate::config;
use crate::error::{AnyFailure, ExitCode, Failure};
use crate::process::Program;

/// Runs an application behind the FastCGI gateway: finds its Python and becomes `python -m iiswsgi serve`.
///
/// All further arguments are the gateway's: `iiswsgi serve -- --help` shows them.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// The interpreter; by default that of `.venv` here, of the active environment, or the first on PATH
    #[arg(long, value_name = "INTERPRETER")]
    python: Option<PathBuf>,
    /// The gateway's arguments, the application first
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// There is no interpreter.
#[derive(Debug, thiserror::Error)]
#[error("no Python was found to run the application with")]
struct NoPython;

impl Failure for NoPython {
    fn hint(&self) -> Option<String> {
        Some("Name the interpreter of the application's environment with `--python`.".into())
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

impl Serve {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode, AnyFailure> {
        let scripts = if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" };
        let in_environment = |folder: PathBuf| Some(folder.join(scripts)).filter(|python| python.is_file());
        let active = session.environment.get(config::VIRTUAL_ENV).map(PathBuf::from);
        let python = self
            .python
            .or_else(|| in_environment(PathBuf::from(".venv")))
            .or_else(|| active.and_then(in_environment))
            .or_else(|| ["python3", "python"].into_iter().find_map(|name| session.find(name)))
            .ok_or(NoPython)?;
        let program =
            Program::new("the gateway", python).args(["-m", "iiswsgi", "serve"]).args(self.arguments);
        match session.system().replace(&program)? {
            0 => Ok(ExitCode::Done),
            _ => Ok(ExitCode::Failed),
        }
    }
}
