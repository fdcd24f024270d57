//! The observer that makes a report of what it sees.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{
    ArchiveReport, FeedReport, IisReport, PackageReport, Place, Problem, ProgramReport, Published, Report,
    ReportMessage, SCHEMA_VERSION, StageReport, WrittenFile, rounded,
};
use crate::error::{Location, Shown};
use crate::event::{Event, Message, Observer, Stage, Status};

/// Collects events and results for the report. A message or a program belongs to the stage that began last and has not
/// ended.
pub struct Collector {
    started: Mutex<Instant>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    packages: Vec<PackageReport>,
    stages: Vec<StageReport>,
    running: Vec<Running>,
    iis: Option<IisReport>,
    feed: Option<FeedReport>,
    published: Vec<Published>,
    simulated: Vec<String>,
    written: Vec<WrittenFile>,
    programs: Vec<ProgramReport>,
    program_time: Duration,
    messages: Vec<ReportMessage>,
    error: Option<Problem>,
}

/// A stage that has begun.
struct Running {
    package: String,
    stage: Stage,
    begun: Instant,
    messages: Vec<ReportMessage>,
    programs: Duration,
}

impl Default for Collector {
    fn default() -> Self {
        Self::new()
    }
}

impl Collector {
    /// A collector; the time of the run counts from here.
    pub fn new() -> Self {
        Self { started: Mutex::new(Instant::now()), state: Mutex::default() }
    }

    /// Another run begins here; nothing is left of the last one.
    pub fn start_over(&self) {
        *self.started.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.with_state(|state| *state = State::default());
    }

    /// Makes a package known. Its events carry this name.
    pub fn package(&self, name: &str, version: &str, path: impl Into<PathBuf>) {
        self.with_state(|state| {
            let package = state.package(name);
            version.clone_into(&mut package.version);
            package.path = path.into();
        });
    }

    /// The zip of a package is written.
    pub fn archive(&self, name: &str, archive: ArchiveReport) {
        self.with_state(|state| state.package(name).package = Some(archive));
    }

    /// Stages that ran on another machine.
    pub fn stages(&self, name: &str, stages: impl Iterator<Item = StageReport>) {
        self.with_state(|state| state.package(name).stages.extend(stages));
    }

    /// The feed is written.
    pub fn feed(&self, path: impl Into<PathBuf>) {
        self.with_state(|state| state.feed = Some(FeedReport { path: path.into() }));
    }

    /// Something was published.
    pub fn published(&self, target: &str, url: impl Into<String>) {
        self.with_state(|state| {
            state.published.push(Published { target: target.to_owned(), url: url.into() });
        });
    }

    /// The run failed with this error. One that a stage reported already is kept there only.
    pub fn failed(&self, error: &Shown) {
        let problem = Problem::from(error);
        self.with_state(|state| {
            let known = state.all_stages().any(|stage| stage.error.as_ref() == Some(&problem));
            if !known {
                state.error = Some(problem);
            }
        });
    }

    /// The report of everything so far. Stages that have not ended have failed.
    pub fn report(&self) -> Report {
        let elapsed = self.started.lock().unwrap_or_else(PoisonError::into_inner).elapsed();
        self.with_state(|state| {
            while let Some(running) = state.running.pop() {
                let elapsed = running.begun.elapsed();
                state.end(running, Status::Failed, false, elapsed, None);
            }
            let failed = state.all_stages().any(|stage| stage.status == Status::Failed);
            Report {
                schema: SCHEMA_VERSION,
                version: env!("CARGO_PKG_VERSION").to_owned(),
                status: if failed || state.error.is_some() { Status::Failed } else { Status::Passed },
                error: state.error.clone(),
                seconds: rounded(elapsed),
                own_seconds: rounded(elapsed.saturating_sub(state.program_time)),
                packages: state.packages.clone(),
                stages: state.stages.clone(),
                iis: state.iis.clone(),
                feed: state.feed.clone(),
                published: state.published.clone(),
                simulated: state.simulated.clone(),
                written: state.written.clone(),
                programs: state.programs.clone(),
                messages: state.messages.clone(),
            }
        })
    }

    fn with_state<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Observer for Collector {
    fn event(&self, event: Event) {
        self.with_state(|state| state.event(event));
    }
}

impl State {
    fn all_stages(&self) -> impl Iterator<Item = &StageReport> {
        self.packages.iter().flat_map(|package| &package.stages).chain(&self.stages)
    }

    /// The package of this name, made when it is not known yet.
    fn package(&mut self, name: &str) -> &mut PackageReport {
        let index = self.packages.iter().position(|package| package.name == name).unwrap_or_else(|| {
            self.packages.push(PackageReport {
                name: name.to_owned(),
                version: String::new(),
                path: PathBuf::new(),
                package: None,
                stages: Vec::new(),
            });
            self.packages.len() - 1
        });
        &mut self.packages[index]
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::StageStarted { package, stage } => self.running.push(Running {
                package,
                stage,
                begun: Instant::now(),
                messages: Vec::new(),
                programs: Duration::ZERO,
            }),
            Event::StageEnded { package, stage, status, simulated, elapsed, error } => {
                let index = self.running.iter().rposition(|run| run.stage == stage && run.package == package);
                let running = index.map_or_else(
                    || Running {
                        package,
                        stage,
                        begun: Instant::now(),
                        messages: Vec::new(),
                        programs: Duration::ZERO,
                    },
                    |index| self.running.remove(index),
                );
                self.end(running, status, simulated, elapsed, error.as_ref());
            }
            Event::Message(message) => {
                let messages = self.running.last_mut().map_or(&mut self.messages, |run| &mut run.messages);
                messages.push(message.into());
            }
            Event::Iis { kind, simulated, description } => {
                self.iis = Some(IisReport { kind: kind.to_owned(), simulated, description });
            }
            Event::Simulated { step } if !self.simulated.contains(&step) => self.simulated.push(step),
            Event::ProgramRan { label, command, elapsed, success } => {
                self.program_time += elapsed;
                if let Some(running) = self.running.last_mut() {
                    running.programs += elapsed;
                }
                self.programs.push(ProgramReport { label, command, seconds: rounded(elapsed), success });
            }
            Event::Written { path, size } => self.written.push(WrittenFile { path, size }),
            Event::Simulated { .. } | Event::Progress { .. } | Event::Secret(_) => {}
        }
    }

    fn end(
        &mut self,
        run: Running,
        status: Status,
        simulated: bool,
        elapsed: Duration,
        error: Option<&Shown>,
    ) {
        let report = StageReport {
            name: run.stage,
            status,
            simulated,
            seconds: rounded(elapsed),
            program_seconds: rounded(run.programs),
            messages: run.messages,
            error: error.map(Problem::from),
        };
        if run.package.is_empty() {
            self.stages.push(report);
        } else {
            self.package(&run.package).stages.push(report);
        }
    }
}

impl From<Message> for ReportMessage {
    fn from(message: Message) -> Self {
        let Message { severity, text, location, hint } = message;
        Self {
            severity,
            text: clean(&text),
            location: location.as_ref().map(Place::from),
            hint: hint.as_deref().map(clean),
        }
    }
}

impl From<&Shown> for Problem {
    fn from(shown: &Shown) -> Self {
        Self {
            error: clean(&shown.error),
            caused_by: shown.caused_by.iter().map(|cause| clean(cause)).collect(),
            hint: shown.hint.as_deref().map(clean),
            location: shown.location.as_ref().map(Place::from),
        }
    }
}

/// A text without colours and control characters: it may hold what an application or pip wrote.
fn clean(text: &str) -> String {
    let plain = anstream::adapter::strip_str(text).to_string();
    plain.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

impl From<&Location> for Place {
    fn from(location: &Location) -> Self {
        Self { path: location.path.clone(), line: location.line, column: location.column }
    }
}
