//! The report as Markdown: the step summary of GitHub Actions.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use super::{Report, StageReport};
use crate::event::{Severity, Stage, Status};

/// How many rows a table has: GitHub shows no summary above 1 MiB.
const ROWS: usize = 1_000;
/// How many warnings and files are listed.
const SHOWN: usize = 100;

/// Writes a report.
pub(super) fn markdown(report: &Report) -> String {
    let mut text = String::new();
    let outcome = if report.status == Status::Failed { "❌ failed" } else { "✅ passed" };
    let _ = writeln!(text, "### iiswsgi: {outcome}\n");
    stages(&mut text, report);
    packages(&mut text, report);
    if let Some(feed) = &report.feed {
        let shown = linked(report, &feed.path, &feed.path.display().to_string());
        let _ = writeln!(text, "Feed: {shown}\n");
    }
    published(&mut text, report);
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
    for (name, stages) in rows.iter().take(ROWS) {
        let cells = columns
            .iter()
            .map(|column| stages.iter().rfind(|stage| stage.name == *column).map_or_else(String::new, cell));
        let _ = writeln!(text, "| {} | {} |", plain(name), cells.collect::<Vec<_>>().join(" | "));
    }
    text.push('\n');
    more(text, rows.len());
}

fn cell(stage: &StageReport) -> String {
    let simulated = if stage.simulated { " (simulated)" } else { "" };
    match stage.status {
        Status::Passed => format!("✅ {:.2} s{simulated}", stage.seconds),
        Status::Failed => format!("❌ {:.2} s{simulated}", stage.seconds),
        Status::Skipped => "skipped".to_owned(),
    }
}

fn packages(text: &mut String, report: &Report) {
    let written: Vec<_> =
        report.packages.iter().filter_map(|package| Some((package, package.package.as_ref()?))).collect();
    if written.is_empty() {
        return;
    }
    text.push_str("| package | version | file | bytes | SHA-1 | SHA-256 |\n|---|---|---|---:|---|---|\n");
    for (package, archive) in written.iter().take(ROWS) {
        let file = archive.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            plain(&package.name),
            plain(&package.version),
            linked(report, &archive.path, &file),
            archive.size,
            code(&archive.sha1),
            code(&archive.sha256)
        );
    }
    text.push('\n');
    more(text, written.len());
}

/// Where the rest went: what has its link above is not listed again.
fn published(text: &mut String, report: &Report) {
    let packages = report.packages.iter().filter_map(|package| package.package.as_ref());
    let packages = packages.filter_map(|archive| report.url_of(&archive.path));
    let feed = report.feed.as_ref().and_then(|feed| report.url_of(&feed.path));
    let known: BTreeSet<&str> = packages.chain(feed).collect();
    let rest: Vec<_> =
        report.published.iter().filter(|published| !known.contains(published.url.as_str())).collect();
    for published in rest.iter().take(SHOWN) {
        let _ = writeln!(text, "Published to {}: {}\n", published.target, code(&published.url));
    }
    if rest.len() > SHOWN {
        let _ = writeln!(text, "… and {} more files.\n", rest.len() - SHOWN);
    }
}

/// A name, with a link to where the file was published.
fn linked(report: &Report, path: &Path, name: &str) -> String {
    match report.url_of(path) {
        Some(url) => format!("[{}](<{}>)", code(name), url.replace(['<', '>', '\n', '|'], "")),
        None => code(name),
    }
}

/// Says that a table has not all of the packages.
fn more(text: &mut String, all: usize) {
    if all > ROWS {
        let _ = writeln!(text, "… and {} more: the report has them all.\n", all - ROWS);
    }
}

/// Errors with their causes, then warnings.
fn problems(text: &mut String, report: &Report) {
    let stages: Vec<&StageReport> = report.all_stages().collect();
    for problem in stages.iter().filter_map(|stage| stage.error.as_ref()).chain(&report.error) {
        let _ = writeln!(text, "{}\n", block(&problem.to_string()));
    }
    let warnings = stages.iter().flat_map(|stage| &stage.messages).chain(&report.messages);
    let warnings: Vec<_> = warnings.filter(|message| message.severity == Severity::Warning).collect();
    for warning in warnings.iter().take(SHOWN) {
        let place = warning.location.as_ref().map(|place| format!("{}: ", code(&place.to_string())));
        let _ = writeln!(text, "- ⚠️ {}{}", place.unwrap_or_default(), plain(&warning.text));
    }
    if warnings.len() > SHOWN {
        let _ = writeln!(text, "- … and {} more", warnings.len() - SHOWN);
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
