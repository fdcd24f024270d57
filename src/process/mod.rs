//! External programs: the only place that starts any.
//!
//! A [`Program`] says what to run, a [`Runner`] runs it. [`System`] is the real one: it captures the output, keeps
//! time limits, and sees to it that nothing is left behind, however this process ends. For that it starts programs
//! through a small supervisor (this command's own `supervise`, [`supervise`](fn@supervise)), which ends the program's
//! whole process group when the pipe from us closes: on our wish, when we end, and when we are killed. On Windows the group is a
//! job: it would end with us as well, but a program that was started a moment before we are killed is not in it yet.
//!
//! Windows' rules for arguments are in [`command_line`]. Not here: what the programs are for.

pub mod command_line;
mod program;
#[cfg(unix)]
mod replace;
mod supervise;
mod system;

#[cfg(unix)]
#[path = "unix.rs"]
mod os;
#[cfg(windows)]
#[path = "windows.rs"]
mod os;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

pub use program::Program;
pub use supervise::supervise;
pub use system::System;

use crate::error::{ExitCode, Failure};
use crate::event::{Event, Observer};

/// How long a program that was asked to end (SIGTERM) may take before it is killed.
pub const GRACE: Duration = Duration::from_secs(5);

/// How long one that hangs may take to say where it was (SIGABRT) before it is killed.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// How a process group is ended.
#[derive(Debug, Clone, Copy)]
enum Ending {
    /// It may finish what it does.
    Asked,
    /// It hangs. Python writes where all threads are, when it has `faulthandler` on.
    Aborted,
    /// At once.
    Killed,
}

/// What a program left behind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Output {
    /// Its exit code; 128 and the number of the signal when a signal ended it, as shells count. None while it runs.
    pub code: Option<i32>,
    /// What it wrote to stdout; the last [`Output::LIMIT`] bytes of it.
    pub stdout: Vec<u8>,
    /// What it wrote to stderr; the last [`Output::LIMIT`] bytes of it.
    pub stderr: Vec<u8>,
    /// How long it ran.
    pub elapsed: Duration,
}

impl Output {
    /// How many bytes of each stream are kept.
    pub const LIMIT: usize = 8 * 1024 * 1024;

    /// Whether it ended with exit code 0.
    pub fn success(&self) -> bool {
        self.code == Some(0)
    }

    /// What it wrote to stdout as text, whatever its bytes.
    pub fn stdout_text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// What it wrote to stderr as text, whatever its bytes.
    pub fn stderr_text(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }
}

/// Why a program did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such program.
    #[error("{label}: program `{program}` not found")]
    NotFound {
        /// What it was for.
        label: String,
        /// The program as it was asked for.
        program: String,
    },
    /// The system did not start it.
    #[error("{label}: cannot start `{command}`")]
    Start {
        /// What it was for.
        label: String,
        /// The command line, secrets masked.
        command: String,
        /// Why.
        source: std::io::Error,
    },
    /// It ended with another exit code than 0.
    #[error("{label} failed with exit code {code}: `{command}`{}", tail_of(output))]
    Failed {
        /// What it was for.
        label: String,
        /// The command line, secrets masked.
        command: String,
        /// The exit code.
        code: i32,
        /// What it left behind.
        output: Box<Output>,
    },
    /// It did not end in time and was ended.
    #[error("{label} did not end within {} s: `{command}`{}", limit.as_secs(), tail_of(output))]
    TimedOut {
        /// What it was for.
        label: String,
        /// The command line, secrets masked.
        command: String,
        /// How long it had.
        limit: Duration,
        /// What it left behind.
        output: Box<Output>,
    },
    /// The user interrupted the run; the program was ended.
    #[error("interrupted during {label}")]
    Interrupted {
        /// What it was for.
        label: String,
    },
}

impl Error {
    /// What the program left behind, if it ran at all.
    pub fn output(&self) -> Option<&Output> {
        match self {
            Self::Failed { output, .. } | Self::TimedOut { output, .. } => Some(output),
            _ => None,
        }
    }
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NotFound { program, .. } => {
                Some(format!("Install `{program}`, or put the folder it is in on PATH."))
            }
            _ => None,
        }
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Interrupted { .. } => ExitCode::Interrupted,
            _ => ExitCode::Failed,
        }
    }
}

/// The last lines that a program wrote, for its error: stderr, or stdout when stderr is empty.
fn tail_of(output: &Output) -> String {
    const LINES: usize = 30;
    let text =
        if output.stderr.trim_ascii().is_empty() { output.stdout_text() } else { output.stderr_text() };
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let from = lines.len().saturating_sub(LINES);
    lines[from..].iter().fold(String::new(), |tail, line| tail + "\n" + line)
}

/// Somebody who runs programs.
pub trait Runner: Send + Sync {
    /// Runs a program to its end and captures its output. Any exit code is fine here.
    ///
    /// # Errors
    /// The program is not there, does not start, does not end in time, or the run was interrupted.
    fn execute(&self, program: &Program) -> Result<Output, Error>;

    /// Starts a program whose descriptor 0 is a socket that listens on `endpoint`: `unix:PATH` or `tcp:HOST:PORT`.
    /// The socket listens when this returns.
    ///
    /// # Errors
    /// The program is not there or does not start, or nothing can listen on that endpoint.
    fn start(&self, program: &Program, endpoint: &str) -> Result<Box<dyn Running>, Error>;

    /// Starts a program that goes on by itself, without a socket and without input.
    ///
    /// # Errors
    /// The program is not there or does not start.
    fn launch(&self, program: &Program) -> Result<Box<dyn Running>, Error>;

    /// Where a program is: a path with a separator as it is, a name by looking through PATH.
    fn find(&self, name: &str) -> Option<PathBuf>;

    /// Runs a program that must end with exit code 0.
    ///
    /// # Errors
    /// As [`Runner::execute`], and [`Error::Failed`] for any other exit code.
    fn run(&self, program: &Program) -> Result<Output, Error> {
        let output = self.execute(program)?;
        match output.code {
            Some(0) => Ok(output),
            code => Err(Error::Failed {
                label: program.label().to_owned(),
                command: program.to_string(),
                code: code.unwrap_or(-1),
                output: Box::new(output),
            }),
        }
    }
}

/// A program that was started. Dropping it ends the program and all that it started.
pub trait Running: Send {
    /// The exit code when it has ended, see [`Output::code`]. When the user interrupts, it is ended here.
    fn ended(&mut self) -> Option<i32>;

    /// What it wrote so far.
    fn output(&self) -> Output;

    /// Asks it to end (SIGTERM), kills it after [`GRACE`], and waits for that.
    fn stop(&mut self) -> Output;

    /// Ends it because it hangs: it may say where (SIGABRT, which `faulthandler` of Python answers), and is not waited for.
    fn abort(&mut self) -> Output;
}

/// A flag that the user's Ctrl-C sets and that long work looks at.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// A flag that is not set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets it: the work should end soon.
    pub fn request(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// The flag itself, for code that knows no processes.
    pub fn flag(&self) -> &AtomicBool {
        &self.0
    }

    /// Whether it is set.
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// A runner that tells an observer of each program that ran.
pub struct Observed<'a> {
    /// Runs the programs.
    pub runner: &'a dyn Runner,
    /// Is told.
    pub observer: &'a dyn Observer,
}

impl Runner for Observed<'_> {
    fn execute(&self, program: &Program) -> Result<Output, Error> {
        let started = Instant::now();
        let result = self.runner.execute(program);
        self.observer.event(Event::ProgramRan {
            label: program.label().to_owned(),
            command: program.to_string(),
            elapsed: started.elapsed(),
            success: result.as_ref().is_ok_and(Output::success),
        });
        result
    }

    fn start(&self, program: &Program, endpoint: &str) -> Result<Box<dyn Running>, Error> {
        self.runner.start(program, endpoint)
    }

    fn launch(&self, program: &Program) -> Result<Box<dyn Running>, Error> {
        self.runner.launch(program)
    }

    fn find(&self, name: &str) -> Option<PathBuf> {
        self.runner.find(name)
    }
}

// They run programs of Unix.
#[cfg(all(test, unix))]
mod tests;
