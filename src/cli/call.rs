//! A command that a program calls, instead of a user: the same command lines, but what comes back is a value.
//!
//! The Python package is the caller. It shows failures itself, as exceptions.

use std::ffi::OsString;

use clap::Parser as _;

use super::Host;
use super::arguments::CommandLine;
use super::session::Session;
use crate::config::Environment;
use crate::error::{ExitCode, Shown};
use crate::pipeline::report::Report;

/// What is called, and how.
#[derive(Debug, Clone)]
pub struct Call {
    /// The arguments, without the name of the command before them.
    pub arguments: Vec<OsString>,
    /// Whether the console says nothing. Failures are the caller's either way.
    pub silent: bool,
}

/// Why a call failed.
#[derive(Debug, Clone)]
pub struct Failed {
    /// Every failure: of a package, or of the whole run. At least one.
    pub failures: Vec<Shown>,
    /// The exit code that the command would have ended with.
    pub code: ExitCode,
}

/// Does what a command line says and gives the report of it.
///
/// # Errors
/// The command fails, or the command line is wrong.
pub fn call(call: Call, host: Host) -> Result<Report, Failed> {
    let words = std::iter::once(OsString::from("iiswsgi")).chain(call.arguments);
    let line = CommandLine::try_parse_from(words).map_err(|error| {
        // The text of clap has a prefix of its own.
        let text = error.to_string();
        let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end().to_owned();
        let shown = Shown { error: text, caused_by: Vec::new(), hint: None, location: None };
        Failed { failures: vec![shown], code: ExitCode::Usage }
    })?;
    let session = Session::new(Environment::of_process(), &line.output, host, Some(call.silent));
    let code = match session.dispatch(line.command) {
        Ok(code) => code,
        Err(failure) => {
            session.tell(&*failure);
            failure.exit_code()
        }
    };
    let (mut failures, report) = session.into_results();
    if code == ExitCode::Done {
        return Ok(report);
    }
    if failures.is_empty() {
        let error = "the command did not succeed".to_owned();
        failures.push(Shown { error, caused_by: Vec::new(), hint: None, location: None });
    }
    Err(Failed { failures, code })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(arguments: &[&str]) -> Failed {
        let arguments = arguments.iter().map(OsString::from).collect();
        let host = Host { answers_interrupts: false, supervisor: Vec::new(), ..Host::own() };
        call(Call { arguments, silent: true }, host).unwrap_err()
    }

    #[test]
    fn a_wrong_command_line_is_a_failure_and_not_an_exit() {
        let failed = failed(&["package", "--nope"]);
        assert_eq!(failed.code, ExitCode::Usage);
        assert!(failed.failures[0].error.starts_with("unexpected argument '--nope'"), "{failed:?}");
    }

    #[test]
    fn a_failure_comes_back_with_its_parts() {
        let failed = failed(&["package", "no/such/folder"]);
        assert_eq!(failed.code, ExitCode::Usage);
        assert!(failed.failures[0].error.contains("no/such/folder"), "{failed:?}");
    }
}
