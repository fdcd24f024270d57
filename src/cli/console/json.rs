//! One JSON object a line, for programs. The names are those of the report.

use serde_json::{Value, json};

use super::text::End;
use crate::error::Shown;
use crate::event::{Event, Unit};
use crate::pipeline::report::{Problem, ReportMessage, rounded};

/// The line of an event.
pub(super) fn event(event: &Event) -> String {
    line(&match event {
        Event::StageStarted { package, stage } => {
            json!({"event": "stage-started", "package": package, "stage": stage})
        }
        Event::StageEnded { package, stage, status, simulated, elapsed, error } => json!({
            "event": "stage-ended", "package": package, "stage": stage, "status": status,
            "simulated": simulated, "seconds": rounded(*elapsed), "error": error.as_ref().map(Problem::from),
        }),
        Event::Message(message) => {
            json!({"event": "message", "message": ReportMessage::from(message.clone())})
        }
        // Not even that there is one.
        Event::Secret(_) => return String::new(),
        Event::Iis { kind, simulated, description } => {
            json!({"event": "iis", "kind": kind, "simulated": simulated, "description": description})
        }
        Event::Simulated { step } => json!({"event": "simulated", "step": step}),
        Event::Progress { what, done, total, unit } => {
            let unit = match unit {
                Unit::Bytes => "bytes",
                Unit::Items => "items",
            };
            json!({"event": "progress", "what": what, "done": done, "total": total, "unit": unit})
        }
        Event::ProgramRan { label, command, elapsed, success } => json!({
            "event": "program-ran", "label": label, "command": command,
            "seconds": rounded(*elapsed), "success": success,
        }),
        Event::Written { path, size } => {
            json!({"event": "written", "path": path.to_string_lossy(), "size": size})
        }
    })
}

/// The line of the error that the command ends with.
pub(super) fn error(shown: &Shown) -> String {
    line(&json!({"event": "error", "error": Problem::from(shown)}))
}

/// The last line.
pub(super) fn end(end: &End<'_>) -> String {
    let written: Vec<Value> =
        end.written.iter().map(|(path, size)| json!({"path": path, "size": size})).collect();
    line(&json!({
        "event": "end", "failed": end.failed, "simulated": end.simulated, "written": written,
        "warnings": end.warnings, "seconds": rounded(end.elapsed), "own_seconds": rounded(end.own),
    }))
}

fn line(value: &Value) -> String {
    format!("{value}\n")
}
