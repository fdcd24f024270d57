//! Lines for people. Everything can be read without colours; colours only repeat what the words say.

use std::fmt::Write as _;
use std::time::Duration;

use anstyle::{AnsiColor, Style as Ansi};

use super::Verbosity;
use crate::error::{Location, Shown};
use crate::event::{Message, Severity, Stage, Status};

const RED: Ansi = AnsiColor::Red.on_default().bold();
const YELLOW: Ansi = AnsiColor::Yellow.on_default().bold();
const GREEN: Ansi = AnsiColor::Green.on_default();
const CYAN: Ansi = AnsiColor::Cyan.on_default();
const DIMMED: Ansi = Ansi::new().dimmed();

/// Writes lines, in colours or without.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    /// Whether in colours.
    pub color: bool,
}

/// What is said at the end.
pub(super) struct End<'a> {
    /// Steps that the simulation did, as sentences.
    pub simulated: &'a [String],
    /// Files and their sizes in bytes.
    pub written: &'a [(String, u64)],
    /// How many warnings there were.
    pub warnings: usize,
    /// The stages that failed.
    pub failed: &'a [String],
    /// Whether an error was shown, of a stage or before any.
    pub error: bool,
    /// How long it all took.
    pub elapsed: Duration,
    /// How long of that without external programs.
    pub own: Duration,
}

impl Style {
    fn paint(self, style: Ansi, text: &str) -> String {
        if !self.color {
            return text.to_owned();
        }
        // Some logs, that of GitHub Actions among them, forget the colour at the end of each line.
        text.split('\n').map(|line| format!("{style}{line}{style:#}")).collect::<Vec<_>>().join("\n")
    }

    /// `✓ build     hello  0.02 s  (simulated)`.
    pub(super) fn stage(
        self,
        package: &str,
        stage: Stage,
        status: Status,
        simulated: bool,
        elapsed: Duration,
    ) -> String {
        let (mark, time) = match status {
            Status::Passed => (self.paint(GREEN, "✓"), seconds(elapsed)),
            Status::Failed => (self.paint(RED, "✗"), seconds(elapsed)),
            Status::Skipped => (self.paint(DIMMED, "-"), "skipped".to_owned()),
        };
        let package = if package.is_empty() { String::new() } else { format!("{package}  ") };
        let note = if simulated { self.paint(DIMMED, "  (simulated)") } else { String::new() };
        format!("{mark} {stage:<8} {package}{}{note}\n", self.paint(DIMMED, &time))
    }

    /// `> build     hello`.
    pub(super) fn started(self, package: &str, stage: Stage) -> String {
        format!("{} {}\n", self.paint(DIMMED, ">"), format!("{stage:<8} {package}").trim_end())
    }

    /// `warning: FILE:3:5: TEXT` and, below it, the hint.
    pub(super) fn message(self, message: &Message) -> String {
        let label = match message.severity {
            Severity::Error => self.paint(RED, "error: "),
            Severity::Warning => self.paint(YELLOW, "warning: "),
            Severity::Info | Severity::Detail => String::new(),
        };
        let place = place(message.location.as_ref());
        let text = indented(&message.text);
        let text = if message.severity == Severity::Detail { self.paint(DIMMED, &text) } else { text };
        let mut line = format!("{label}{place}{text}\n");
        if let Some(hint) = &message.hint {
            let _ = writeln!(line, "{}{}", self.paint(CYAN, "hint: "), indented(hint));
        }
        line
    }

    /// The three parts of an error.
    pub(super) fn error(self, shown: &Shown) -> String {
        // Some messages begin with their place already.
        let place = Some(place(shown.location.as_ref())).filter(|place| !shown.error.starts_with(place));
        let place = place.unwrap_or_default();
        let mut text = format!("{}{place}{}\n", self.paint(RED, "error: "), indented(&shown.error));
        for cause in &shown.caused_by {
            let _ = writeln!(text, "{}{}", self.paint(RED, "caused by: "), indented(cause));
        }
        if let Some(hint) = &shown.hint {
            let _ = writeln!(text, "{}{}", self.paint(CYAN, "hint: "), indented(hint));
        }
        text
    }

    /// `$ COMMAND  (pip install, 1.20 s)`.
    pub(super) fn program(self, label: &str, command: &str, elapsed: Duration, success: bool) -> String {
        let outcome = if success { "" } else { ", failed" };
        let line = format!("$ {command}  ({label}, {}{outcome})", seconds(elapsed));
        format!("{}\n", self.paint(DIMMED, &line))
    }

    /// What was simulated, what was written, and how long it took.
    pub(super) fn end(self, end: &End<'_>, verbosity: Verbosity) -> String {
        let mut text = String::new();
        if !end.simulated.is_empty() {
            let _ = writeln!(text, "{}", self.paint(YELLOW, "Simulated, because the real tool is not here:"));
            for step in end.simulated {
                let _ = writeln!(text, "  - {step}");
            }
        }
        if verbosity == Verbosity::Quiet {
            return text;
        }
        if !end.written.is_empty() {
            let width = end.written.iter().map(|(path, _)| path.chars().count()).max().unwrap_or(0);
            text.push_str("Written:\n");
            for (path, size) in end.written {
                let _ = writeln!(text, "  {path:<width$}  {}", self.paint(DIMMED, &bytes(*size)));
            }
        }
        let time = format!("{}, {} of it iiswsgi's own", seconds(end.elapsed), seconds(end.own));
        let warnings = match end.warnings {
            0 => String::new(),
            1 => ", 1 warning".to_owned(),
            count => format!(", {count} warnings"),
        };
        let _ = if end.failed.is_empty() {
            let word = if end.error { self.paint(RED, "Failed") } else { self.paint(GREEN, "Done") };
            writeln!(text, "{word} in {time}{warnings}")
        } else {
            writeln!(text, "{} in {time}{warnings}: {}", self.paint(RED, "Failed"), end.failed.join(", "))
        };
        text
    }
}

/// The place and a colon, empty when there is no place.
fn place(location: Option<&Location>) -> String {
    location.map(|location| format!("{location}: ")).unwrap_or_default()
}

/// Later lines of a text stand two blanks in, so that the labels stay easy to find.
fn indented(text: &str) -> String {
    text.trim_end().replace('\n', "\n  ")
}

/// A time for people: `0.02 s`, `1 min 05 s`.
pub(super) fn seconds(time: Duration) -> String {
    if time < Duration::from_secs(60) {
        return format!("{:.2} s", time.as_secs_f64());
    }
    format!("{} min {:02} s", time.as_secs() / 60, time.as_secs() % 60)
}

/// A size for people, with binary prefixes.
pub(super) fn bytes(size: u64) -> String {
    indicatif::BinaryBytes(size).to_string()
}
