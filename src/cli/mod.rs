//! The command line: one file a command, its arguments and the call. The only place that knows clap, and with `ci` the
//! only one that prints.
//!
//! Data goes to stdout, talk to stderr. The exit codes are those of [`ExitCode`].

#![expect(clippy::doc_markdown, reason = "the comments of arguments are the help, which knows no markup")]

mod arguments;
mod bootstrap;
mod call;
mod clean;
mod completions;
mod configure;
pub mod console;
mod deploy;
mod doctor;
mod feed;
mod generate_ci;
mod init;
mod inspect;
mod man;
mod merge;
mod migrate;
mod original_install;
mod outputs;
mod plan;
mod preview;
mod project;
mod publish;
mod questions;
mod schema;
mod serve;
mod session;
mod sha1;
mod stages;
mod supervise;
mod tree;
mod uninstall;
mod work;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::FromArgMatches as _;

pub use call::{Call, Failed, call};

use crate::error::ExitCode;
use crate::process::Interrupt;

/// The process that the command runs in: its own, or one that it is a guest in, as Python's.
#[derive(Debug, Clone)]
pub struct Host {
    /// The command line that begins `… supervise`, see [`crate::process::System::supervisor`].
    pub supervisor: Vec<OsString>,
    /// Is set when the user wants the work to end.
    pub interrupt: Interrupt,
    /// Whether Ctrl-C is answered here. A guest leaves that to its host, who sets `interrupt`.
    pub answers_interrupts: bool,
}

impl Host {
    /// A process of the command's own.
    pub fn own() -> Self {
        Self {
            supervisor: std::env::current_exe().ok().map(PathBuf::into_os_string).into_iter().collect(),
            interrupt: Interrupt::new(),
            answers_interrupts: true,
        }
    }
}

/// Parses a command line and does what it says. Gives the exit code of the process: one of [`ExitCode`], or for
/// `supervise` and `serve` that of the program.
pub fn main(arguments: impl IntoIterator<Item = OsString>, host: Host) -> i32 {
    let line = tree::command().try_get_matches_from(arguments);
    match line.and_then(|matches| arguments::CommandLine::from_arg_matches(&matches)) {
        Ok(line) => session::run(line, host),
        Err(error) => {
            // clap prints help and version to stdout and mistakes to stderr.
            let _ = error.print();
            let code = if error.use_stderr() { ExitCode::Usage } else { ExitCode::Done };
            code as i32
        }
    }
}
