//! The command line: one file a command, its arguments and the call. The only place that knows clap, and with `ci` the
//! only one that prints.
//!
//! Data goes to stdout, talk to stderr. The exit codes are those of [`ExitCode`].

#![expect(clippy::doc_markdown, reason = "the comments of arguments are the help, which knows no markup")]

mod arguments;
mod bootstrap;
mod clean;
mod completions;
pub mod console;
mod feed;
mod generate_ci;
mod inspect;
mod merge;
mod outputs;
mod plan;
mod preview;
mod project;
mod publish;
mod schema;
mod serve;
mod session;
mod sha1;
mod stages;
mod supervise;
mod uninstall;

use std::ffi::OsString;

use clap::Parser;

use crate::error::ExitCode;

/// Parses a command line and does what it says. Gives the exit code of the process: one of [`ExitCode`], or for
/// `supervise` and `serve` that of the program.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> i32 {
    match arguments::CommandLine::try_parse_from(arguments) {
        Ok(line) => session::run(line),
        Err(error) => {
            // clap prints help and version to stdout and mistakes to stderr.
            let _ = error.print();
            let code = if error.use_stderr() { ExitCode::Usage } else { ExitCode::Done };
            code as i32
        }
    }
}
