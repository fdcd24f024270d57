//! The process, started by hand as IIS starts it.

use std::path::Path;
use std::sync::Arc;

use super::{Findings, Level, Subject};
use crate::error::Failure as _;
use crate::iis::{Error, FastCgiApplication, StartOptions, simulated};
use crate::process::Runner;

/// Starts the process, waits until it answers, and shows what it said.
pub(super) fn by_hand(
    subject: &Subject<'_>,
    application: &FastCgiApplication,
    python: Option<&Path>,
    (options, runner): (&StartOptions, &Arc<dyn Runner>),
    findings: &mut Findings,
) {
    let trial = simulated::Trial {
        application: &subject.application,
        folder: &subject.folder,
        pool: &subject.pool,
        configuration: subject.host_file.as_deref(),
        variables: subject.variables,
        python,
    };
    match trial.run(application, options, runner, subject.observer) {
        Ok(logs) => {
            let said = logs.text();
            let more = if said.is_empty() { String::new() } else { format!(" It said:\n{said}") };
            findings.ok("start", format!("Started by hand, the process answers.{more}"));
        }
        Err(error) => {
            let hint = match &error {
                Error::Start { command_line, .. } => Some(command_line.clone()),
                other => other.hint(),
            };
            findings.add(
                "start",
                Level::Error,
                format!("Started by hand, {error}"),
                "IIS shows nothing of this: it answers that the FastCGI process exited unexpectedly.",
                hint,
            );
        }
    }
}
