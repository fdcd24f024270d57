//! What happens while the work goes on, as values: one stream feeds the console, the report, `JUnit` and GitHub.
//!
//! Stages send events to an [`Observer`]; nobody but an observer shows or stores them. This file prints nothing.

use std::path::PathBuf;
use std::time::Duration;

use crate::error::{Location, Shown};
use crate::secret::Secret;

/// A stage of the pipeline, in the order in which they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Manifest, parameters, web.config and stamp.
    Build,
    /// The zip and its hashes.
    Package,
    /// Unpacked into IIS, parameters applied, bootstrapped.
    Install,
    /// Requests through FastCGI.
    Test,
    /// The WebPI feed.
    Feed,
    /// Packages and feed brought to where users get them.
    Publish,
}

impl Stage {
    /// All stages in order.
    pub const ALL: [Self; 6] =
        [Self::Build, Self::Package, Self::Install, Self::Test, Self::Feed, Self::Publish];

    /// The name that the user writes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Package => "package",
            Self::Install => "install",
            Self::Test => "test",
            Self::Feed => "feed",
            Self::Publish => "publish",
        }
    }
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// How a stage ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It did what it should.
    Passed,
    /// It failed.
    Failed,
    /// It was not asked for.
    Skipped,
}

/// How much a message matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Shown only with `-v`.
    Detail,
    /// Worth a line.
    Info,
    /// Something the user should look at; the work goes on.
    Warning,
    /// The work cannot go on.
    Error,
}

/// One line for the user, with the place it is about when there is one.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Message {
    /// How much it matters.
    pub severity: Severity,
    /// The text: a full sentence or a fragment in sentence case.
    pub text: String,
    /// The place in the user's files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Message {
    /// A message without a place.
    pub fn new(severity: Severity, text: impl Into<String>) -> Self {
        Self { severity, text: text.into(), location: None, hint: None }
    }

    /// The same message about a place.
    #[must_use]
    pub fn with_location(mut self, location: Location) -> Self {
        self.location = Some(location);
        self
    }

    /// The same message with advice.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Something that happened. Package names tell apart what belongs to which package; the feed and publish stages
/// belong to the whole run and carry an empty name.
#[derive(Debug, Clone)]
pub enum Event {
    /// A stage begins.
    StageStarted {
        /// The package, or empty.
        package: String,
        /// The stage.
        stage: Stage,
    },
    /// A stage ended.
    StageEnded {
        /// The package, or empty.
        package: String,
        /// The stage.
        stage: Stage,
        /// How it ended.
        status: Status,
        /// Whether a step of it was simulated.
        simulated: bool,
        /// How long it took.
        elapsed: Duration,
        /// Why it failed.
        error: Option<Shown>,
    },
    /// This IIS installs and tests.
    Iis {
        /// `iis`, `iis-express` or `simulated`.
        kind: &'static str,
        /// Whether it only imitates IIS.
        simulated: bool,
        /// One line for people: version and place.
        description: String,
    },
    /// A line for the user.
    Message(Message),
    /// A step was done by the simulation because the real tool is not here. Never silent: listed at the end.
    Simulated {
        /// The step and what stood in, as a full sentence.
        step: String,
    },
    /// Long work: so much of it is done. `total` 0 means that the end is not known.
    Progress {
        /// What is being done, as `packing` or `installing requirements`.
        what: String,
        /// Done so far, in `unit`s.
        done: u64,
        /// All there is, in `unit`s.
        total: u64,
        /// What is counted.
        unit: Unit,
    },
    /// An external program ran: its command line (secrets masked) and how long it took.
    ProgramRan {
        /// What it was for, as `pip install`.
        label: String,
        /// The command line, quoted for a shell.
        command: String,
        /// How long it took.
        elapsed: Duration,
        /// Whether it succeeded.
        success: bool,
    },
    /// A secret came up, from a file, a service or the user. Said before its first use, so that whoever keeps a log can
    /// mask it.
    Secret(Secret),
    /// A file is in its final place.
    Written {
        /// Where.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
    },
}

/// What [`Event::Progress`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Bytes, shown with a binary prefix.
    Bytes,
    /// Things, shown as plain numbers.
    Items,
}

/// Somebody who wants to know what happens. Called from several threads.
pub trait Observer: Send + Sync {
    /// Takes one event. Must not block for long and must not fail.
    fn event(&self, event: Event);

    /// A message of a given severity.
    fn message(&self, severity: Severity, text: &str) {
        self.event(Event::Message(Message::new(severity, text)));
    }

    /// A warning about a place.
    fn warning(&self, text: &str, location: Option<Location>) {
        let mut message = Message::new(Severity::Warning, text);
        message.location = location;
        self.event(Event::Message(message));
    }

    /// A secret that is about to be used.
    fn secret(&self, secret: &Secret) {
        self.event(Event::Secret(secret.clone()));
    }

    /// A step that the simulation did in the place of a missing tool.
    fn simulated(&self, step: &str) {
        self.event(Event::Simulated { step: step.to_owned() });
    }
}

/// An observer that looks away.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quiet;

impl Observer for Quiet {
    fn event(&self, _event: Event) {}
}

/// An observer that keeps every event, for tests and for reports that are written at the end.
#[derive(Debug, Default)]
pub struct Recorder(std::sync::Mutex<Vec<Event>>);

impl Recorder {
    /// A recorder with nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// All events so far, in the order in which they came.
    pub fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

impl Observer for Recorder {
    fn event(&self, event: Event) {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(event);
    }
}
