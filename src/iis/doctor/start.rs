//! The process, started by hand as IIS starts it.
//!
//! What differs: it runs as the user who asks, with that user's environment. Whether the pool's account may start it is what the check
//! `rights` is for.

use std::path::Path;
use std::time::Instant;

use super::{Findings, Level, Subject};
use crate::error::Failure as _;
use crate::iis::{Error, FastCgiApplication, Logs, simulated};

/// A start that takes longer is felt by whoever comes first, and after each recycle.
const SLOW: f64 = 10.0;

/// Starts the process of a FastCGI application, waits until it answers, and shows what it said.
pub(super) fn by_hand(
    subject: &Subject<'_>,
    application: &FastCgiApplication,
    python: Option<&Path>,
    findings: &mut Findings,
) {
    let Some((options, runner)) = &subject.start else { return };
    let started = Instant::now();
    let done = trial(subject, python).run(application, options, runner, subject.observer);
    let reason = "IIS shows nothing of this: it answers that the FastCGI process exited unexpectedly.";
    show(done, started, reason, findings);
}

/// The same for what HttpPlatformHandler starts.
pub(super) fn http_platform_by_hand(subject: &Subject<'_>, python: Option<&Path>, findings: &mut Findings) {
    let Some((options, runner)) = &subject.start else { return };
    let started = Instant::now();
    let done = trial(subject, python).run_http_platform(options, runner, subject.observer);
    let reason = "IIS shows nothing of this: it answers with 502.3 or 502.5.";
    show(done, started, reason, findings);
}

fn trial<'s>(subject: &'s Subject<'_>, python: Option<&'s Path>) -> simulated::Trial<'s> {
    simulated::Trial {
        application: &subject.application,
        folder: &subject.folder,
        pool: &subject.pool,
        configuration: subject.host_file.as_deref(),
        variables: subject.variables,
        python,
    }
}

fn show(done: Result<Logs, Error>, started: Instant, reason: &str, findings: &mut Findings) {
    let seconds = started.elapsed().as_secs_f64();
    match done {
        Ok(logs) => {
            let said = logs.text();
            let more = if said.is_empty() { String::new() } else { format!(" It said:\n{said}") };
            let text = format!("Started by hand, the process answers after {seconds:.1} s.{more}");
            if seconds < SLOW {
                findings.ok("start", text);
            } else {
                let reason = "The first request after each start and recycle waits for this, and ends in 500 or 502 when a \
                              time limit is shorter.";
                findings.add("start", Level::Warning, text, reason, None);
            }
        }
        Err(error) => {
            let by_hand = match &error {
                Error::Start { command_line, .. } => Some(format!("To see it by hand: {command_line}")),
                other => other.hint(),
            };
            let by_hand = by_hand.map(|text| format!("\n{text}")).unwrap_or_default();
            let text = format!("Started by hand, {error}{by_hand}");
            findings.add("start", Level::Error, text, reason, None);
        }
    }
}
