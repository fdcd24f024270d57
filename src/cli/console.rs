//! The terminal's observer: what happens, for people (lines, progress bars, colours) or for programs (JSON lines).
//!
//! All of it goes to standard error; standard output is data and is not touched here. On a terminal a bar shows what
//! goes on; in CI or a pipe there are plain lines only. Errors have three parts, `error` / `caused by` / `hint`, and an
//! error that was shown with its stage is not shown again. What was simulated is listed at the end, always.

mod json;
mod progress;
mod text;

#[cfg(test)]
mod tests;

use std::io::Write;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::ci::Guard;
use crate::config::{self, Environment};
use crate::error::{Failure, Shown};
use crate::event::{Event, Message, Observer, Severity, Status};

use progress::Progress;
use text::Style;

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Verbosity {
    /// Warnings, errors, and what was simulated (`-q`).
    Quiet,
    /// A line for each stage and what is worth one.
    #[default]
    Normal,
    /// Details and the command lines of external programs as well (`-v`).
    Verbose,
}

/// When colours are used (`--color`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Color {
    /// On a terminal that has them, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What the log is written as (`--log-format`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line, for programs.
    Json,
}

/// How the console shows things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settings {
    /// How much.
    pub verbosity: Verbosity,
    /// As what.
    pub format: LogFormat,
    /// Whether in colours.
    pub color: bool,
    /// Whether bars show what goes on.
    pub progress: bool,
}

impl Settings {
    /// Decides about colours and bars: `terminal` is whether standard error is one.
    pub fn new(
        verbosity: Verbosity,
        format: LogFormat,
        color: Color,
        environment: &Environment,
        terminal: bool,
    ) -> Self {
        let able = terminal && environment.get(config::TERM) != Some("dumb");
        // The log of GitHub Actions is no terminal and shows colours all the same.
        let shows_colors = able || environment.is_on(config::GITHUB_ACTIONS);
        let auto = shows_colors && environment.get(config::NO_COLOR).is_none();
        let forced = [config::CLICOLOR_FORCE, config::FORCE_COLOR];
        let color = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => auto || forced.iter().any(|name| environment.is_on(name)),
        };
        let text = format == LogFormat::Text;
        let progress = able && text && verbosity > Verbosity::Quiet && !environment.is_on(config::CI);
        let debug = environment.get(config::RUNNER_DEBUG) == Some("1");
        let verbosity = if debug { Verbosity::Verbose } else { verbosity };
        Self { verbosity, format, color: color && text, progress }
    }
}

/// The observer that writes to a terminal, a pipe or, in tests, a buffer.
pub struct Console {
    settings: Settings,
    state: Mutex<State>,
}

/// What the console remembers.
struct State {
    writer: Box<dyn Write + Send>,
    progress: Progress,
    run: Run,
}

/// What it remembers of a run.
struct Run {
    started: Instant,
    simulated: Vec<String>,
    written: Vec<(String, u64)>,
    programs: Duration,
    warnings: usize,
    failed: Vec<String>,
    shown: Vec<Shown>,
}

impl Run {
    fn new() -> Self {
        Self {
            started: Instant::now(),
            simulated: Vec::new(),
            written: Vec::new(),
            programs: Duration::ZERO,
            warnings: 0,
            failed: Vec::new(),
            shown: Vec::new(),
        }
    }
}

impl Console {
    /// A console that writes to anything.
    pub fn new(writer: Box<dyn Write + Send>, settings: Settings) -> Self {
        let state = State { writer, progress: Progress::new(settings.progress), run: Run::new() };
        Self { settings, state: Mutex::new(state) }
    }

    /// Another run begins here: the time counts anew, and what was told of the last one may be told again.
    pub fn start_over(&self) {
        self.with_state(|state| state.run = Run::new());
    }

    /// The console of this process: standard error, on old Windows consoles with their own way of colours. Where the
    /// runner of GitHub Actions reads along (`guarded`), no text of the user's programs can be a command to it; a line of
    /// JSON never is.
    pub fn of_process(settings: Settings, guarded: bool) -> Self {
        let choice =
            if settings.color { anstream::ColorChoice::Always } else { anstream::ColorChoice::Never };
        if guarded && settings.format == LogFormat::Text {
            return Self::new(Box::new(Guard::new(std::io::stderr())), settings);
        }
        Self::new(Box::new(anstream::AutoStream::new(std::io::stderr(), choice)), settings)
    }

    /// Shows why the command fails, unless it was shown with its stage.
    pub fn failure(&self, failure: &dyn Failure) {
        let shown = Shown::of(failure);
        self.with_state(|state| {
            if !state.run.shown.contains(&shown) {
                self.show_error(state, &shown);
            }
        });
    }

    /// The end of a run: what was simulated, what was written, and how long it took. The own time is what is left
    /// without the external programs.
    pub fn finish(&self) {
        self.with_state(|state| {
            state.progress.clear();
            let elapsed = state.run.started.elapsed();
            let end = text::End {
                simulated: &state.run.simulated,
                written: &state.run.written,
                warnings: state.run.warnings,
                failed: &state.run.failed,
                error: !state.run.shown.is_empty(),
                elapsed,
                own: elapsed.saturating_sub(state.run.programs),
            };
            let text = match self.settings.format {
                LogFormat::Json => json::end(&end),
                LogFormat::Text => self.style().end(&end, self.settings.verbosity),
            };
            write(state, &text);
        });
    }

    fn style(&self) -> Style {
        Style { color: self.settings.color }
    }

    fn with_state<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    fn show_error(&self, state: &mut State, shown: &Shown) {
        let text = match self.settings.format {
            LogFormat::Json => json::error(shown),
            LogFormat::Text => self.style().error(shown),
        };
        write(state, &text);
        state.run.shown.push(shown.clone());
    }

    /// The text of an event, empty when it is not shown.
    fn rendered(&self, event: &Event) -> String {
        if self.settings.format == LogFormat::Json {
            return if self.is_shown(event) { json::event(event) } else { String::new() };
        }
        if !self.is_shown(event) {
            return String::new();
        }
        match event {
            Event::StageStarted { package, stage } => self.style().started(package, *stage),
            Event::StageEnded { package, stage, status, simulated, elapsed, .. } => {
                self.style().stage(package, *stage, *status, *simulated, *elapsed)
            }
            Event::Message(message) => self.style().message(message),
            Event::ProgramRan { label, command, elapsed, success } => {
                self.style().program(label, command, *elapsed, *success)
            }
            _ => String::new(),
        }
    }

    /// Whether an event is worth a line.
    fn is_shown(&self, event: &Event) -> bool {
        let verbosity = self.settings.verbosity;
        let needed = match event {
            Event::Message(Message { severity: Severity::Warning | Severity::Error, .. })
            | Event::StageEnded { status: Status::Failed, .. } => Verbosity::Quiet,
            Event::StageStarted { .. } if self.settings.format == LogFormat::Json => Verbosity::Normal,
            Event::Message(Message { severity: Severity::Detail, .. })
            | Event::ProgramRan { .. }
            | Event::StageStarted { .. } => Verbosity::Verbose,
            Event::Progress { .. } => return false,
            _ => Verbosity::Normal,
        };
        verbosity >= needed
    }
}

impl Observer for Console {
    fn event(&self, event: Event) {
        let text = self.rendered(&event);
        self.with_state(|state| {
            state.progress.follow(&event);
            write(state, &text);
            match event {
                Event::StageEnded { package, stage, status: Status::Failed, error, .. } => {
                    state.run.failed.push(if package.is_empty() {
                        stage.to_string()
                    } else {
                        format!("{package}: {stage}")
                    });
                    if let Some(shown) = error {
                        self.show_error(state, &shown);
                    }
                }
                Event::Message(Message { severity: Severity::Warning, .. }) => state.run.warnings += 1,
                Event::Simulated { step } if !state.run.simulated.contains(&step) => {
                    state.run.simulated.push(step);
                }
                Event::ProgramRan { elapsed, .. } => state.run.programs += elapsed,
                Event::Written { path, size } => state.run.written.push((path.display().to_string(), size)),
                _ => {}
            }
        });
    }
}

/// Writes whole lines above the bar. A console that cannot be written to is nothing that a run should fail for.
fn write(state: &mut State, text: &str) {
    if text.is_empty() {
        return;
    }
    let State { writer, progress, .. } = state;
    progress.suspend(|| {
        let _ = writer.write_all(text.as_bytes()).and_then(|()| writer.flush());
    });
}
