//! Workflow commands: a group for each stage, masks for secrets, and the annotations that matter most.
//!
//! GitHub shows ten errors, ten warnings and ten notices of a step, the first that come, and drops the others. So errors
//! are said at once, as long as there is room; warnings and notices wait until the end, when those with a place in a
//! file go first. What does not fit is counted, and stands in the summary and the report.

use std::fmt::Write as _;
use std::io::Write;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::error::{Failure, Location, Shown};
use crate::event::{Event, Message, Observer, Severity};
use crate::secret::Secret;

/// How many annotations of a kind GitHub shows of one step.
const SHOWN: usize = 10;

/// The observer that turns events into workflow commands.
pub struct Annotations {
    workspace: Option<PathBuf>,
    current: PathBuf,
    state: Mutex<State>,
}

struct State {
    writer: Box<dyn Write + Send>,
    group: bool,
    errors: Kind,
    warnings: Kind,
    notices: Kind,
    masked: Vec<Secret>,
}

/// The annotations of one kind.
#[derive(Default)]
struct Kind {
    /// Those that are not said yet, with whether they have a place.
    waiting: Vec<(bool, String)>,
    /// Those that came, each once.
    known: Vec<String>,
    said: usize,
}

impl Kind {
    /// Whether an annotation is new.
    fn is_new(&mut self, command: &str) -> bool {
        let new = !self.known.iter().any(|known| known == command);
        if new {
            self.known.push(command.to_owned());
        }
        new
    }

    /// What is said at the end: those with a place first, and how many there is no room for.
    fn rest(&mut self, name: &str) -> String {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.sort_by_key(|(placed, _)| !placed);
        let room = SHOWN.saturating_sub(self.said);
        let dropped = waiting.len().saturating_sub(room);
        // The last place goes to the number of those that are left out.
        let kept = if dropped > 0 { room.saturating_sub(1) } else { room };
        let left = waiting.len().saturating_sub(kept);
        let mut text: String = waiting.into_iter().take(kept).map(|(_, command)| command).collect();
        if dropped > 0 && room > 0 {
            text += &command("notice", "", &format!("{left} more {name}: see the summary and the report"));
        }
        text
    }
}

impl Annotations {
    pub(super) fn new(writer: Box<dyn Write + Send>, workspace: Option<PathBuf>, current: PathBuf) -> Self {
        let state = State {
            writer,
            group: false,
            errors: Kind::default(),
            warnings: Kind::default(),
            notices: Kind::default(),
            masked: Vec::new(),
        };
        Self { workspace, current, state: Mutex::new(state) }
    }

    /// An annotation for the error that the command ends with, when no stage had it.
    pub fn failure(&self, failure: &dyn Failure) {
        self.error(&Shown::of(failure), "");
    }

    /// Says what waited for the end. Nothing may come after.
    pub fn finish(&self) {
        self.write(|state| {
            let end = if std::mem::replace(&mut state.group, false) { "::endgroup::\n" } else { "" };
            let errors = state.errors.rest("errors");
            let warnings = state.warnings.rest("warnings");
            format!("{end}{errors}{warnings}{}", state.notices.rest("notices"))
        });
    }

    /// Keeps a secret out of the log from here on. Each line of it is a secret of its own, as the runner wants it.
    pub fn mask(&self, secret: &Secret) {
        self.write(|state| {
            if secret.is_empty() || state.masked.contains(secret) {
                return String::new();
            }
            state.masked.push(secret.clone());
            let lines = secret.reveal().lines().map(str::trim).filter(|line| !line.is_empty());
            lines.map(|line| command("add-mask", "", line)).collect()
        });
    }

    /// Says an error at once, after the text `before`, while there is room.
    fn error(&self, error: &Shown, before: &str) {
        let causes = error.caused_by.iter().map(|cause| format!("\ncaused by: {cause}"));
        let hint = error.hint.iter().map(|hint| format!("\nhint: {hint}"));
        let text: String = std::iter::once(error.error.clone()).chain(causes).chain(hint).collect();
        let command = command("error", &self.place(error.location.as_ref()), &text);
        self.write(|state| {
            if !state.errors.is_new(&command) {
                return before.to_owned();
            }
            if state.errors.said + 1 < SHOWN {
                state.errors.said += 1;
                return format!("{before}{command}");
            }
            state.errors.waiting.push((error.location.is_some(), command));
            before.to_owned()
        });
    }

    /// Keeps a warning, an error that stops nothing, or a notice for the end.
    fn keep(&self, message: &Message) {
        let hint = message.hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
        let text = format!("{}{hint}", message.text);
        let place = self.place(message.location.as_ref());
        self.write(|state| {
            let (name, kind) = match message.severity {
                Severity::Error => ("error", &mut state.errors),
                Severity::Warning => ("warning", &mut state.warnings),
                Severity::Info | Severity::Detail => ("notice", &mut state.notices),
            };
            let command = command(name, &place, &text);
            if kind.is_new(&command) {
                kind.waiting.push((message.location.is_some(), command));
            }
            String::new()
        });
    }

    /// The properties of an annotation about a place.
    fn place(&self, location: Option<&Location>) -> String {
        let Some(location) = location else { return String::new() };
        let mut properties = format!(" file={}", property(&self.file(&location.path)));
        if location.line > 0 {
            let _ = write!(properties, ",line={}", location.line);
        }
        if location.column > 0 {
            let _ = write!(properties, ",col={}", location.column);
        }
        properties
    }

    /// A path as GitHub wants it: below the checkout, with forward slashes.
    fn file(&self, path: &Path) -> String {
        let absolute = self.current.join(path);
        let mut plain = PathBuf::new();
        for component in absolute.components() {
            match component {
                Component::CurDir => {}
                Component::ParentDir => {
                    plain.pop();
                }
                other => plain.push(other),
            }
        }
        let below = self.workspace.as_deref().and_then(|workspace| plain.strip_prefix(workspace).ok());
        below.unwrap_or(path).display().to_string().replace('\\', "/")
    }

    /// Writes commands, all in one call. A log that cannot be written to is nothing to fail for.
    fn write(&self, text: impl FnOnce(&mut State) -> String) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let text = text(&mut state);
        if !text.is_empty() {
            let writer = &mut state.writer;
            let _ = writer.write_all(text.as_bytes()).and_then(|()| writer.flush());
        }
    }
}

impl Observer for Annotations {
    fn event(&self, event: Event) {
        match event {
            Event::StageStarted { package, stage } => self.write(|state| {
                let end = if std::mem::replace(&mut state.group, true) { "::endgroup::\n" } else { "" };
                let title = format!("{stage} {package}");
                format!("{end}::group::{}\n", data(title.trim_end()))
            }),
            Event::StageEnded { error, .. } => {
                let mut end = "";
                self.write(|state| {
                    if std::mem::replace(&mut state.group, false) {
                        end = "::endgroup::\n";
                    }
                    String::new()
                });
                match error {
                    Some(error) => self.error(&error, end),
                    None => self.write(|_| end.to_owned()),
                }
            }
            Event::Message(message) if message.severity >= Severity::Warning => self.keep(&message),
            Event::Simulated { step } => {
                self.keep(&Message::new(Severity::Info, format!("simulated: {step}")));
            }
            Event::Secret(secret) => self.mask(&secret),
            Event::Iis { .. }
            | Event::Message(_)
            | Event::Progress { .. }
            | Event::ProgramRan { .. }
            | Event::Written { .. } => {}
        }
    }
}

/// A command with its properties, which begin with a blank when there are any.
fn command(kind: &str, properties: &str, text: &str) -> String {
    format!("::{kind}{properties}::{}\n", data(text))
}

/// Escapes the text of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the value of a property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
