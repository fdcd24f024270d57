//! The report as Markdown: the step summary of GitHub Actions.

use std::fmt::Write as _;

use super::{PackageReport, Report, StageReport};
use crate::event::{Severity, Stage, Status};

/// Writes a report.
pub(super) fn markdown(report: &Report) -> String {
    let mut text = String::new();
    let outcome = if report.status == Status::Failed { "❌ failed" } else { "✅ passed" };
    let _ = writeln!(text, "### iiswsgi: {outcome}\n");
    stages(&mut text, report);
    packages(&mut text, &report.packages);
    if let Some(feed) = &report.feed {
        let _ = writeln!(text, "Feed: {}\n", code(&feed.path.display().to_string()));
    }
    for published in &report.published {
        let _ = writeln!(text, "Published to {}: {}\n", published.target, code(&published.url));
    }
    problems(&mut text, report);
    if !report.simulated.is_empty() {
        text.push_str("**Simulated, because the real tool is not here:**\n\n");
        for step in &report.simulated {
            let _ = writeln!(text, "- {}", plain(step));
        }
        text.push('\n');
    }
    let _ = writeln!(text, "{:.2} s, {:.2} s of it iiswsgi's own.", report.seconds, report.own_seconds);
    text
}

/// A row for each package and one for the run, a column for each stage that ran.
fn stages(text: &mut String, report: &Report) {
    let rows = report.packages.iter().map(|package| (package.name.as_str(), &package.stages));
    let rows: Vec<(&str, &Vec<StageReport>)> =
        rows.chain([("whole run", &report.stages)]).filter(|(_, stages)| !stages.is_empty()).collect();
    let ran = |stage: &Stage| rows.iter().any(|(_, stages)| stages.iter().any(|ran| ran.name == *stage));
    let columns: Vec<Stage> = Stage::ALL.into_iter().filter(ran).collect();
    if columns.is_empty() {
        return;
    }
    let names: Vec<&str> = columns.iter().map(|stage| stage.name()).collect();
    let _ = writeln!(text, "| | {} |\n|---|{}", names.join(" | "), "---|".repeat(columns.len()));
    for (name, stages) in rows {
        let cells = columns
            .iter()
            .map(|column| stages.iter().rfind(|stage| stage.name == *column).map_or_else(String::new, cell));
        let _ = writeln!(text, "| {} | {} |", plain(name), cells.collect::<Vec<_>>().join(" | "));
    }
    text.push('\n');
}

fn cell(stage: &StageReport) -> String {
    let simulated = if stage.simulated { " (simulated)" } else { "" };
    match stage.status {
        Status::Passed => format!("✅ {:.2} s{simulated}", stage.seconds),
        Status::Failed => format!("❌ {:.2} s{simulated}", stage.seconds),
        Status::Skipped => "skipped".to_owned(),
    }
}

fn packages(text: &mut String, packages: &[PackageReport]) {
    let written: Vec<_> =
        packages.iter().filter_map(|package| Some((package, package.package.as_ref()?))).collect();
    if written.is_empty() {
        return;
    }
    text.push_str("| package | version | file | bytes | SHA-1 |\n|---|---|---|---:|---|\n");
    for (package, archive) in written {
        let file = archive.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            plain(&package.name),
            plain(&package.version),
            code(&file),
            archive.size,
            code(&archive.sha1)
        );
    }
    text.push('\n');
}

/// Errors with their causes, then warnings.
fn problems(text: &mut String, report: &Report) {
    let stages: Vec<&StageReport> = report.all_stages().collect();
    for problem in stages.iter().filter_map(|stage| stage.error.as_ref()).chain(&report.error) {
        let _ = writeln!(text, "{}\n", block(&problem.to_string()));
    }
    let warnings = stages.iter().flat_map(|stage| &stage.messages).chain(&report.messages);
    let warnings: Vec<_> = warnings.filter(|message| message.severity == Severity::Warning).collect();
    for warning in &warnings {
        let place = warning.location.as_ref().map(|place| format!("{}: ", code(&place.to_string())));
        let _ = writeln!(text, "- ⚠️ {}{}", place.unwrap_or_default(), plain(&warning.text));
    }
    if !warnings.is_empty() {
        text.push('\n');
    }
}

/// Text in a table or list: nothing of it may end the cell or begin markup.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\r' => plain.push(' '),
            '<' => plain.push_str("&lt;"),
            '&' => plain.push_str("&amp;"),
            '|' | '*' | '_' | '[' | ']' | '\\' => plain.extend(['\\', character]),
            _ => plain.push(character),
        }
    }
    plain
}

/// Text between backticks, with a fence that is longer than any in it.
fn code(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ").replace('|', "\\|");
    let fence = "`".repeat(longest_backticks(&text) + 1);
    let blank = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{blank}{text}{blank}{fence}")
}

/// Text as a block of its own.
fn block(text: &str) -> String {
    let fence = "`".repeat(longest_backticks(text).max(2) + 1);
    format!("{fence}text\n{}\n{fence}", text.trim_end())
}

fn longest_backticks(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}
