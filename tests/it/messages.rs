//! The usual mistakes, each made with the real command, and what it answers. `docs/messages.md` is the table: this test writes it
//! anew and compares, so that a message cannot change without being looked at. `IISWSGI_WRITE_DOCUMENTS=1` keeps the new one.

mod table;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::iiswsgi;

use table::{Mistake, TABLE};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/messages.md");
const HEAD: &str = "# Messages for the usual mistakes

What iiswsgi says when something is wrong: what happened, where, and what to do next. A test makes each mistake with the
real command and compares this page (`tests/it/messages`). The folder is `/home/me/shop`; stages that went well are left
out, and so is what Python prints about its own files.
";

/// Makes a mistake and tells it as a section of the page.
fn section(mistake: &Mistake) -> String {
    let folder = tempfile::tempdir().unwrap();
    let home = fs::canonicalize(folder.path()).unwrap();
    let shop = home.join("shop");
    fs::create_dir(&shop).unwrap();
    for (name, text) in mistake.files {
        let path = shop.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let refusing = Refusing::start();
    for before in mistake.before {
        let output = command(&shop, before, mistake, &refusing).output().unwrap();
        assert!(output.status.success(), "{before}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let output = command(&shop, mistake.command, mistake, &refusing).output().unwrap();
    let said = readable(&String::from_utf8_lossy(&output.stderr), &home, &refusing);
    let mut text = format!("\n### {}\n\n", mistake.title);
    for (name, content) in mistake.files.iter().filter(|(name, _)| mistake.shown.contains(name)) {
        let _ = write!(text, "`{name}`:\n\n```text\n{}\n```\n\n", content.trim_end());
    }
    let environment: String = mistake
        .environment
        .iter()
        .filter(|(name, _)| *name != "PATH")
        .fold(String::new(), |text, (name, value)| format!("{text}{name}={} ", refusing.filled(value)));
    let line = format!("$ {environment}iiswsgi {}", refusing.filled(mistake.command));
    let line = refusing.hidden(&line);
    let _ = write!(text, "```text\n{line}\n{said}\n```\n\nExit code {}.\n", output.status.code().unwrap());
    text
}

fn command(shop: &Path, line: &str, mistake: &Mistake, refusing: &Refusing) -> Command {
    let mut command = Command::new(iiswsgi());
    command.args(words(&refusing.filled(line))).current_dir(shop).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        let ours = name.starts_with("IISWSGI_") && name != "IISWSGI_GATEWAY";
        if ours || name.starts_with("GITHUB_") || name.starts_with("ACTIONS_") || name.ends_with("_proxy") {
            command.env_remove(name);
        }
    }
    for name in ["CI", "GH_TOKEN", "NO_COLOR", "SOURCE_DATE_EPOCH"] {
        command.env_remove(name);
    }
    command.env("XDG_CACHE_HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/cache"));
    command.envs(mistake.environment.iter().map(|(name, value)| (name, refusing.filled(value))));
    command
}

/// What a shell makes of a line: words, with single quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            other => words.last_mut().unwrap().push(other),
        }
    }
    words
}

/// A server on this machine that knows no token.
struct Refusing {
    address: String,
}

impl Refusing {
    fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            use std::io::{Read as _, Write as _};
            for stream in listener.incoming().flatten() {
                let mut stream = stream;
                let _ = stream.read(&mut [0; 8192]);
                let _ = stream.write_all(
                    b"HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\ncontent-length: 29\r\nconnection: close\r\n\r\n{\"message\":\"Bad credentials\"}",
                );
            }
        });
        Self { address }
    }

    fn filled(&self, text: &str) -> String {
        text.replace("{refusing}", &self.address)
    }

    fn hidden(&self, text: &str) -> String {
        text.replace(&self.address, "api.example.org")
    }
}

/// What was said, without what differs from machine to machine and without the stages that went well.
fn readable(said: &str, home: &Path, refusing: &Refusing) -> String {
    let home = home.to_string_lossy();
    let text = refusing.hidden(&said.replace(&*home, "/home/me"));
    let mut lines: Vec<String> = Vec::new();
    let mut in_library = false;
    for line in text.lines() {
        let first = line.trim_start();
        // A frame of a file that is not the project's, with the lines of code below it.
        if first.starts_with("File \"") {
            in_library = !first.contains("/home/me/shop") || first.contains("/.venv/");
        } else if !line.starts_with("    ") {
            in_library = false;
        }
        let carets = !first.is_empty() && first.chars().all(|c| "^~ ".contains(c));
        if !in_library && !carets {
            lines.push(times_away(line));
        }
    }
    let lines = log_away(lines);
    let is_message =
        |line: &String| ["error: ", "warning: ", "Usage: "].iter().any(|label| line.starts_with(label));
    let start = lines.iter().position(is_message).unwrap_or(0);
    // What was left out after that, and the end of the run, are no messages.
    let is_end = |line: &String| {
        ["- ", "Simulated, ", "Written:", "Failed in ", "Done in "]
            .iter()
            .any(|label| line.starts_with(label))
    };
    let end = lines.iter().skip(start).position(is_end).map_or(lines.len(), |end| start + end);
    lines[start..end.max(start)].join("\n").trim_end().to_owned()
}

/// Of the application's log only the exceptions: the rest has times and processes, and is the gateway's own business.
fn log_away(lines: Vec<String>) -> Vec<String> {
    let exception = regex::Regex::new(r"^\s*([\w.]+(Error|Exception): .*)$").unwrap();
    let mut in_log = false;
    let mut kept: Vec<String> = Vec::new();
    for line in lines {
        if !line.starts_with(' ') {
            in_log = line.starts_with("caused by: the application wrote:");
            kept.push(line);
        } else if !in_log {
            kept.push(line);
        } else if let Some(found) = exception.captures(&line) {
            let line = format!("  … {}", &found[1]);
            if kept.last() != Some(&line) {
                kept.push(line);
            }
        }
    }
    kept
}

/// Replaces what is measured: numbers in front of a unit of time, ports, ids, versions of Python.
fn times_away(line: &str) -> String {
    let patterns = [
        (r"\d+(\.\d+)? (ms|s)\b", "… $2"),
        (r"(/home/me/shop/)?dist/\.iiswsgi-unfinished-\w+", "dist/shop-0.0.0.msdeploy.zip"),
        (r"exit code (\d+): `.*`", "exit code $1: `…`"),
        (r"127\.0\.0\.1:\d+", "127.0.0.1:…"),
        (r"incident [0-9a-f]+", "incident …"),
        (r"^  cd /home/me/shop/\.iiswsgi/iis/inetsrv && .*", "  cd /home/me/shop/.iiswsgi/iis/inetsrv && …"),
        (r"(/\S+)?/python3(\.\d+)?\b", "/usr/bin/python3"),
        (r"Python 3\.\d+\.\d+", "Python 3.12.4"),
    ];
    patterns.iter().fold(line.to_owned(), |line, (pattern, with)| {
        regex::Regex::new(pattern).unwrap().replace_all(&line, *with).into_owned()
    })
}

#[test]
fn each_usual_mistake_is_answered_as_the_page_says() {
    let sections: Vec<String> = std::thread::scope(|scope| {
        let halves: Vec<_> = TABLE
            .chunks(TABLE.len().div_ceil(2))
            .map(|half| scope.spawn(|| half.iter().map(section).collect::<Vec<_>>()))
            .collect();
        halves.into_iter().flat_map(|half| half.join().unwrap()).collect()
    });
    let mut page = HEAD.to_owned();
    for (mistake, section) in TABLE.iter().zip(&sections) {
        if let Some(chapter) = mistake.chapter {
            let _ = write!(page, "\n## {chapter}\n");
        }
        page.push_str(section);
    }
    if std::env::var_os("IISWSGI_WRITE_DOCUMENTS").is_some() {
        fs::write(PAGE, &page).unwrap();
    }
    let there = fs::read_to_string(PAGE).unwrap_or_default().replace("\r\n", "\n");
    let first = there.lines().zip(page.lines()).position(|(a, b)| a != b);
    let at = first.unwrap_or_else(|| there.lines().count().min(page.lines().count()));
    let around =
        |text: &str| text.lines().skip(at.saturating_sub(12)).take(30).collect::<Vec<_>>().join("\n");
    assert!(
        there == page,
        "line {}\n--- docs/messages.md\n{}\n--- now\n{}",
        at + 1,
        around(&there),
        around(&page)
    );
}

#[test]
fn every_message_says_what_to_do_next() {
    let page = fs::read_to_string(PAGE).unwrap();
    assert!(TABLE.len() >= 30);
    for section in page.split("\n### ").skip(1) {
        let helps = ["\nhint: ", "\n  tip: ", "would be.", "try '--help'", ", expected "]
            .iter()
            .any(|sign| section.contains(sign));
        assert!(helps, "no hint:\n{section}");
    }
}
