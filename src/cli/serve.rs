//! `iiswsgi serve`: becomes the application's Python with the gateway in it.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use clap::Args;

use super::session::Session;
use crate::config;
use crate::error::{AnyFailure, ExitCode, Shown};
use crate::gateway::log::{Level, Log};
use crate::gateway::places::{is_under_iis, places};
use crate::interpreter::find::{Surroundings, find};
use crate::interpreter::{self, Start};

/// Runs an application behind the FastCGI gateway.
///
/// Finds its Python and becomes `python -m iiswsgi serve`.
/// All further arguments are the gateway's: `iiswsgi serve -- --help` shows them.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  iiswsgi serve -- shop.wsgi:application --bind tcp:127.0.0.1:9000")]
pub(super) struct Serve {
    /// The interpreter, or the folder of its environment; by default that of `.venv` beside the application, of the active
    /// environment, one that is registered with Windows, or the first on PATH
    #[arg(long, value_name = "INTERPRETER")]
    python: Option<PathBuf>,
    /// The gateway's arguments, the application first
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

impl Serve {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode, AnyFailure> {
        let variable = |name: &str| session.environment.get(name).map(str::to_owned);
        let places = if is_under_iis(&variable) { places(&variable) } else { Vec::new() };
        match self.become_python(session, &places) {
            Ok(0) => Ok(ExitCode::Done),
            Ok(2) => Ok(ExitCode::Usage),
            Ok(_) => Ok(ExitCode::Failed),
            Err(error) => {
                if let Some(log) = Log::to_first(&places, Level::Error, 0, false) {
                    log.write(Level::Error, &Shown::of(&error).to_string());
                }
                Err(error.into())
            }
        }
    }

    fn become_python(self, session: &Session, places: &[PathBuf]) -> Result<i32, interpreter::Error> {
        let surroundings = Surroundings {
            program: std::env::current_exe().ok(),
            folders: folders(&self.arguments, session.environment.get(config::APPL_PHYSICAL_PATH)),
            active: session.environment.get(config::VIRTUAL_ENV).map(PathBuf::from),
            registered: interpreter::registered(),
            on_path: &|name| session.find(name),
        };
        let executable = find(self.python.as_deref(), surroundings)?;
        let mut arguments = vec![OsString::from("serve")];
        arguments.extend(self.arguments);
        interpreter::become_python(&Start {
            executable: &executable,
            arguments: &arguments,
            last_words: places.iter().find(|path| append_to(path).is_some()).cloned(),
            system: session.system(),
        })
    }
}

/// Where an environment of the application may be: where this program runs, in the folder that IIS tells, and beside a file
/// that is named as the application.
fn folders(arguments: &[OsString], told: Option<&str>) -> Vec<PathBuf> {
    let files = arguments.iter().filter_map(|argument| {
        let text = argument.to_str()?;
        let end = [".py", ".wsgi"].into_iter().find_map(|ending| {
            let at = text.find(ending)? + ending.len();
            (text[at..].is_empty() || text[at..].starts_with(':')).then_some(at)
        })?;
        Path::new(&text[..end]).parent().map(Path::to_owned)
    });
    let mut found: Vec<PathBuf> = [PathBuf::new()].into_iter().chain(told.map(PathBuf::from)).collect();
    for folder in files {
        if !found.contains(&folder) {
            found.push(folder);
        }
    }
    found
}

fn append_to(path: &Path) -> Option<File> {
    std::fs::create_dir_all(path.parent()?).ok()?;
    OpenOptions::new().create(true).append(true).open(path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_for_an_environment_here_where_iis_says_and_beside_the_file() {
        let arguments = ["--threads", "2", "site/my app.py:application"].map(OsString::from);
        assert_eq!(folders(&arguments, Some("/told")), ["", "/told", "site"].map(PathBuf::from));
        assert_eq!(folders(&["module:app".into(), "app.py".into()], None), [PathBuf::new()]);
    }
}
