//! The application's Python: where it is, and how this process becomes it.
//!
//! On Unix becoming another program is a call of the system. Windows has none, and IIS ends and counts the one process
//! that it has started: there the DLL of that Python is loaded, and its `Py_Main` is the rest of this process's life
//! (`windows.rs`, the one place outside `transport` with unsafe code: it is a border to Python).
//!
//! What the gateway does in that Python is not known here.

pub mod find;
pub mod installation;
pub mod registered;

#[cfg(unix)]
#[path = "unix.rs"]
mod os;
#[cfg(windows)]
#[path = "windows.rs"]
mod os;

use std::io;
use std::path::{Path, PathBuf};

pub use os::{become_python, registered};

use crate::error::{ExitCode, Failure};
use crate::process::{self, System};

/// Everything that becoming Python takes.
#[derive(Debug)]
pub struct Start<'a> {
    /// The interpreter: of an environment or of an installation.
    pub executable: &'a Path,
    /// The package's command and its arguments, such as `serve app:application`.
    pub arguments: &'a [std::ffi::OsString],
    /// The file that Python's last words go to when the process has no standard error, as under IIS.
    pub last_words: Option<PathBuf>,
    /// Starts programs.
    pub system: &'a System,
}

/// Why this process cannot become the application's Python.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none.
    #[error("no Python was found to run the application with{}", listed(looked))]
    None {
        /// Where it was looked for, and what was wrong there.
        looked: Vec<String>,
    },
    /// The interpreter that was asked for is not there.
    #[error("there is no Python at `{}`", path.display())]
    Missing {
        /// What was asked for.
        path: PathBuf,
    },
    /// A Python of the Microsoft Store, which runs for the user alone who has installed it.
    #[error("`{}` is a Python of the Microsoft Store", path.display())]
    Store {
        /// Where it is.
        path: PathBuf,
    },
    /// An environment whose Python is gone.
    #[error("the environment of `{}` needs a Python in `{}`, which is not there", configuration.display(), home.display())]
    Orphaned {
        /// Its `pyvenv.cfg`.
        configuration: PathBuf,
        /// The `home` that it names.
        home: PathBuf,
    },
    /// An installation without the DLL that is Python.
    #[error("there is no `python3*.dll` in `{}`", home.display())]
    NoLibrary {
        /// The folder of the installation.
        home: PathBuf,
    },
    /// An older Python than the gateway runs with.
    #[error("`{}` is Python 3.{minor}: the gateway needs 3.9 or later", library.display())]
    TooOld {
        /// Its DLL.
        library: PathBuf,
        /// The second number of its version.
        minor: u32,
    },
    /// The DLL does not load.
    #[error("`{}` cannot be loaded", library.display())]
    Load {
        /// The DLL.
        library: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It does not start.
    #[error(transparent)]
    Start(#[from] process::Error),
}

fn listed(looked: &[String]) -> String {
    looked.iter().fold(String::new(), |all, place| all + "\n  " + place)
}

/// `ERROR_BAD_EXE_FORMAT`: a DLL for another processor.
const OTHER_PROCESSOR: i32 = 193;

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::None { .. } => "Name the interpreter of the application's environment with `--python`.",
            Self::Missing { .. } => {
                "Name the interpreter itself, or the folder of an environment that has one."
            }
            Self::Store { .. } => {
                "It starts for the user alone who has installed it, and an application pool is another. Install Python \
                 from python.org for all users, and make the environment again with that."
            }
            Self::Orphaned { .. } => {
                "Python was removed or updated, or the folder is not readable for this user. Make the environment \
                 again: `python -m venv --clear ENVIRONMENT`."
            }
            Self::NoLibrary { .. } => {
                "The installation is incomplete, or not readable for this user: under IIS that is the application \
                 pool's identity. Repair it, or grant that identity read and execute."
            }
            Self::TooOld { .. } => "Make the application's environment with a newer Python.",
            Self::Load { source, .. } if source.raw_os_error() == Some(OTHER_PROCESSOR) => {
                "That Python is for another kind of processor than this program, such as 32-bit. Use a Python of the \
                 same kind, or make `python.exe` with the arguments `-m iiswsgi serve` the FastCGI application."
            }
            Self::Load { .. } => {
                "A DLL that it needs is missing, or this user may not read it. Repair the installation, or install the \
                 Visual C++ runtime."
            }
            Self::Start(error) => return error.hint(),
        };
        Some(text.into())
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Start(error) => error.exit_code(),
            _ => ExitCode::Usage,
        }
    }
}
