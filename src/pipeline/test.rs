//! The test stage: the installed application is started as IIS would start it, and its answers are looked at.
//!
//! Which IIS that is, is the business of `iis`. This file knows what the user wants to see in an answer.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use super::World;
use super::build::run_hooks;
use super::plan::PackagePlan;
use crate::config::{HeaderCheck, Request};
use crate::error::{AnyFailure, ExitCode, Failure};
use crate::event::{Event, Message, Observer, Severity, Unit};
use crate::files;
use crate::iis::{
    self, HttpRequest, HttpResponse, Installed, Logs, RunningApplication, StartOptions, simulated,
};
use crate::process::Program;

/// How many bytes of a body an error shows.
const SHOWN_BODY: usize = 2_000;
/// How many lines of the application's log an error shows.
const SHOWN_LOG: usize = 80;

/// What the application did wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Answers were not what was expected.
    #[error("{}", faults.join("\n"))]
    Unexpected {
        /// One line for each fault, beginning with the request.
        faults: Vec<String>,
        /// What the application wrote, and its answer when nothing was written.
        #[source]
        log: ApplicationLog,
        /// The command line that starts the application by hand.
        command_line: String,
    },
    /// The user interrupted the run.
    #[error("interrupted during the test")]
    Interrupted,
    /// A project whose own web.config says what is started can be tested in place only when the application is named.
    #[error("it is not known which application to test in place")]
    NoTarget,
    /// Nothing can serve it.
    #[error("no Python was found to test the application with")]
    NoPython,
}

/// What the application said, as the cause of a failed test.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ApplicationLog(String);

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Unexpected { command_line, .. } => {
                Some(format!("To start the application by hand as the test did:\n{command_line}"))
            }
            Self::Interrupted => None,
            Self::NoTarget => Some("Name it: `--app module:callable`, or `--app paste:FILE.ini`.".into()),
            Self::NoPython => Some("Name the interpreter with `--python`.".into()),
        }
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Unexpected { .. } => ExitCode::Failed,
            Self::Interrupted => ExitCode::Interrupted,
            Self::NoTarget | Self::NoPython => ExitCode::Usage,
        }
    }
}

/// Sends the configured requests, or those that take their place, to the installed application; `GET /` when there are
/// none.
///
/// # Errors
/// It does not start, does not answer, or answers something else than expected. All requests are sent before that is
/// told, so that one run shows all faults.
pub(super) fn run(
    plan: &PackagePlan,
    installed: &Installed,
    instead: &[Request],
    world: &World<'_>,
    observer: &dyn Observer,
) -> Result<(), AnyFailure> {
    let hooks = &plan.config.hooks;
    run_hooks("pre-test", &hooks.pre_test, plan, world, observer)?;
    let start = || world.iis.start(installed, &start_options(plan), observer);
    requests(plan, instead, start, world, observer)?;
    run_hooks("post-test", &hooks.post_test, plan, world, observer)
}

/// The same for the application where its source is: the gateway of the plan's Python serves it, and is spoken to over
/// FastCGI.
///
/// # Errors
/// As [`run`], and when there is no Python or nothing says what the application is.
pub(super) fn in_place(
    plan: &PackagePlan,
    instead: &[Request],
    world: &World<'_>,
    observer: &dyn Observer,
) -> Result<(), AnyFailure> {
    let target = plan.app.target.as_ref().ok_or(Error::NoTarget)?;
    let python = plan.python.as_ref().ok_or(Error::NoPython)?;
    let folder = std::path::absolute(plan.root()).unwrap_or_else(|_| plan.root().clone());
    let program = Program::new("the application", &python.executable)
        .args(["-u", "-m", "iiswsgi", "serve", target])
        .current_dir(&folder);
    let variables = plan.config.environment.iter();
    let program = variables.fold(program, |program, (name, value)| program.env(name.as_str(), value));
    let start = || simulated::start_in_place(program, &folder, &start_options(plan), world.servers);
    requests(plan, instead, start, world, observer)
}

fn start_options(plan: &PackagePlan) -> StartOptions {
    StartOptions { timeout: plan.config.test.startup_timeout.duration(), ..StartOptions::default() }
}

fn requests(
    plan: &PackagePlan,
    instead: &[Request],
    start: impl FnOnce() -> Result<Box<dyn RunningApplication>, iis::Error>,
    world: &World<'_>,
    observer: &dyn Observer,
) -> Result<(), AnyFailure> {
    let test = &plan.config.test;
    let default = [Request::default()];
    let lists = [instead, test.requests.as_slice()];
    let requests = lists.into_iter().find(|list| !list.is_empty()).unwrap_or(&default);
    let since = Instant::now();
    // All of this time is the application's: it starts, imports what it needs, and answers.
    let ran = |command: &str, success| {
        observer.event(Event::ProgramRan {
            label: "the application".into(),
            command: command.to_owned(),
            elapsed: since.elapsed(),
            success,
        });
    };
    let mut running = start().inspect_err(|error| {
        if let iis::Error::Start { command_line, .. } = error {
            ran(command_line, false);
        }
    })?;
    let mut faults = Vec::new();
    let mut last = None;
    for (done, request) in requests.iter().enumerate() {
        if world.interrupt.is_requested() {
            return Err(Error::Interrupted.into());
        }
        let response = send(request, plan.root(), running.as_mut())
            .inspect_err(|_| ran(running.command_line(), false))?;
        let elapsed = response.elapsed.as_secs_f64() * 1000.0;
        let line = format!("{}: {} in {elapsed:.1} ms", request.title(), response.status);
        observer.event(Event::Message(Message::new(Severity::Detail, line)));
        let found = faults_of(request, &response);
        if !found.is_empty() {
            faults.extend(found.into_iter().map(|fault| format!("{}: {fault}", request.title())));
            last = Some(response);
        }
        let (done, total) = (done as u64 + 1, requests.len() as u64);
        observer.event(Event::Progress { what: "requests".into(), done, total, unit: Unit::Items });
    }
    let command_line = running.command_line().to_owned();
    let logs = running.stop();
    ran(&command_line, true);
    match last {
        None => Ok(()),
        Some(response) => {
            Err(Error::Unexpected { faults, log: log_of(&logs, &response), command_line }.into())
        }
    }
}

fn send(
    request: &Request,
    root: &Path,
    running: &mut dyn RunningApplication,
) -> Result<HttpResponse, AnyFailure> {
    let body = match (&request.body, &request.body_file) {
        (Some(text), _) => text.clone().into_bytes(),
        (None, Some(file)) => files::read(&root.join(file))?,
        (None, None) => Vec::new(),
    };
    let headers = request.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    Ok(running.request(&HttpRequest {
        method: request.method.as_str().to_owned(),
        target: request.path.as_str().to_owned(),
        headers,
        body,
        timeout: request.max_time.duration(),
    })?)
}

/// What is wrong with an answer, one fragment a fault.
fn faults_of(request: &Request, response: &HttpResponse) -> Vec<String> {
    let mut faults = Vec::new();
    if !request.allows(response.status) {
        let wanted: Vec<String> = request.status.iter().map(|status| status.get().to_string()).collect();
        let wanted = if wanted.is_empty() { "below 500".to_owned() } else { wanted.join(" or ") };
        faults.push(format!("status {}, expected {wanted}", response.status));
    }
    let body = String::from_utf8_lossy(&response.body);
    for text in request.contains.iter().filter(|text| !body.contains(text.as_str())) {
        faults.push(format!("the body does not contain `{text}`"));
    }
    for text in request.lacks.iter().filter(|text| body.contains(text.as_str())) {
        faults.push(format!("the body contains `{text}`"));
    }
    for pattern in request.matches.iter().filter(|pattern| !pattern.regex().is_match(&body)) {
        faults.push(format!("the body does not match `{}`", pattern.regex()));
    }
    for (name, check) in &request.response_headers {
        faults.extend(fault_of_header(name, check, response.header(name)));
    }
    if response.elapsed > request.max_time.duration() {
        let (took, limit) = (response.elapsed.as_secs_f64(), request.max_time.duration().as_secs_f64());
        faults.push(format!("took {took:.3} s, expected at most {limit} s"));
    }
    faults
}

fn fault_of_header(name: &str, check: &HeaderCheck, value: Option<&str>) -> Option<String> {
    let Some(value) = value else {
        return (!check.absent).then(|| format!("no header `{name}`"));
    };
    let shown = format!("header `{name}` is `{value}`");
    if check.absent {
        return Some(format!("{shown}, expected none"));
    }
    if let Some(wanted) = check.equals.as_ref().filter(|wanted| *wanted != value) {
        return Some(format!("{shown}, expected `{wanted}`"));
    }
    if let Some(text) = check.contains.as_ref().filter(|text| !value.contains(text.as_str())) {
        return Some(format!("{shown}, which does not contain `{text}`"));
    }
    let pattern = check.matches.as_ref().filter(|pattern| !pattern.regex().is_match(value))?;
    Some(format!("{shown}, which does not match `{}`", pattern.regex()))
}

/// The application's own words: its log, and the body of the answer when the log is empty.
fn log_of(logs: &Logs, response: &HttpResponse) -> ApplicationLog {
    let log = logs.text();
    let mut text = String::new();
    if log.trim().is_empty() {
        let body = String::from_utf8_lossy(&response.body);
        let shown: String = body.chars().take(SHOWN_BODY).collect();
        let _ =
            write!(text, "the application wrote nothing to its log; its answer was:\n{}", shown.trim_end());
    } else {
        let lines: Vec<&str> = log.lines().collect();
        let _ = write!(text, "the application wrote:");
        for line in &lines[lines.len().saturating_sub(SHOWN_LOG)..] {
            let _ = write!(text, "\n{line}");
        }
    }
    ApplicationLog(text)
}
