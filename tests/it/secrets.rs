//! The search for secrets in all that a command says and leaves behind.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::{Outcome, Project};

/// Nothing that the command said, and no file of the project but those below `home`, has one of these secrets.
#[track_caller]
pub(crate) fn assert_none(secrets: &[&str], outcome: &Outcome, project: &Project) {
    let mut found = lines_with(secrets, "its output", outcome.stdout.as_bytes());
    found.extend(lines_with(secrets, "its messages", outcome.stderr.as_bytes()));
    let home = project.path("home");
    for path in files(&project.path("")) {
        if !path.starts_with(&home) {
            found.extend(lines_with(secrets, &path.to_string_lossy(), &fs::read(&path).unwrap_or_default()));
        }
    }
    assert!(found.is_empty(), "secrets were written: {found:#?}");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut found = Vec::new();
    for entry in entries {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(files(&entry.path())),
            Ok(kind) if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
    found
}

/// The lines in which a secret can be read: as it is, or as basic authentication sends it.
fn lines_with(secrets: &[&str], place: &str, bytes: &[u8]) -> Vec<String> {
    let needles: Vec<String> = secrets.iter().flat_map(|secret| forms(secret)).collect();
    let has = |text: &str| needles.iter().any(|needle| text.contains(needle.as_str()));
    let text = String::from_utf8_lossy(bytes);
    if !has(&text) {
        return Vec::new();
    }
    // This is how the runner is told what to hide; it shows nothing of the line.
    let shown = text.lines().filter(|line| !line.starts_with("::add-mask::"));
    shown.filter(|line| has(line)).map(|line| format!("{place}: {line}")).collect()
}

/// A secret as it is, and what base64 makes of it at each of the three places where it can begin.
fn forms(secret: &str) -> Vec<String> {
    let mut forms = vec![secret.to_owned()];
    for before in 0..3 {
        let padded = [vec![0; before], secret.as_bytes().to_vec()].concat();
        let text = STANDARD.encode(&padded[..padded.len() / 3 * 3]);
        // The first character that the bytes before have no part in.
        forms.push(text[(before * 8).div_ceil(6)..].to_owned());
    }
    forms
}

#[test]
fn a_secret_that_is_planted_is_found_wherever_it_stands() {
    let secrets = ["pypi-secret-4711"];
    let silent =
        || Outcome { code: Some(0), stdout: String::new(), stderr: "::add-mask::pypi-secret-4711\n".into() };
    let basic = STANDARD.encode("__token__:pypi-secret-4711");
    for text in ["token pypi-secret-4711.\n", &format!("authorization: Basic {basic}\n")] {
        let project = Project::new();
        assert_none(&secrets, &silent(), &project);
        let said = Outcome { stderr: text.to_owned(), ..silent() };
        let project = std::panic::AssertUnwindSafe(project.file("a/report.json", "{}"));
        assert!(std::panic::catch_unwind(|| assert_none(&secrets, &said, &project)).is_err(), "{text}");
        let planted = std::panic::AssertUnwindSafe(Project::new().file("a/summary", text));
        assert!(std::panic::catch_unwind(|| assert_none(&secrets, &silent(), &planted)).is_err(), "{text}");
    }
}
