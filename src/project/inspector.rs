//! Python's own parser, asked once for all sources of a project: the subprocess and its answer.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Error;
use crate::process::{Program, Runner};

/// The Python side: a folder that Python runs as a program.
const PROGRAM: [(&str, &str); 11] = [
    ("__main__.py", include_str!("inspection/__main__.py")),
    ("applications.py", include_str!("inspection/applications.py")),
    ("bindings.py", include_str!("inspection/bindings.py")),
    ("django_project.py", include_str!("inspection/django_project.py")),
    ("evaluate.py", include_str!("inspection/evaluate.py")),
    ("expressions.py", include_str!("inspection/expressions.py")),
    ("frameworks.py", include_str!("inspection/frameworks.py")),
    ("known.py", include_str!("inspection/known.py")),
    ("running.py", include_str!("inspection/running.py")),
    ("setup_script.py", include_str!("inspection/setup_script.py")),
    ("sources.py", include_str!("inspection/sources.py")),
];

/// What Python is asked. Names are relative to the root, with forward slashes.
#[derive(Debug, Serialize)]
pub(super) struct Request<'a> {
    pub(super) root: &'a Path,
    pub(super) setup_py: Option<&'a str>,
    pub(super) run_setup_py: bool,
    pub(super) modules: &'a [String],
    pub(super) django: &'a [String],
}

/// What Python answers.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Answer {
    pub(super) setup: Option<Setup>,
    #[serde(default)]
    pub(super) modules: BTreeMap<String, Module>,
    #[serde(default)]
    pub(super) django: Vec<Django>,
    #[serde(default)]
    pub(super) malformed: Vec<Malformed>,
}

/// The `setup()` call, or why it is not known.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Setup {
    #[serde(default)]
    pub(super) keywords: BTreeMap<String, Keyword>,
    #[serde(default)]
    pub(super) line: usize,
    pub(super) malformed: Option<Malformed>,
    pub(super) failed: Option<String>,
}

/// A keyword of `setup()`: its value, or the expression that cannot be told.
#[derive(Debug, Deserialize)]
pub(super) struct Keyword {
    #[serde(default)]
    pub(super) value: serde_json::Value,
    pub(super) unknown: Option<String>,
    pub(super) line: usize,
}

/// A module with what may be an application.
#[derive(Debug, Deserialize)]
pub(super) struct Module {
    #[serde(rename = "module")]
    pub(super) dotted: String,
    pub(super) base: String,
    pub(super) entries: Vec<Entry>,
}

/// A name of a module: `kind` is `application`, `factory`, `asgi` or `partial`.
#[derive(Debug, Deserialize)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) kind: String,
    pub(super) reason: String,
    pub(super) origin: String,
}

/// A folder with a `manage.py`.
#[derive(Debug, Deserialize)]
pub(super) struct Django {
    pub(super) folder: String,
    pub(super) manage: String,
    pub(super) line: usize,
    pub(super) settings: Option<String>,
    pub(super) application: Option<String>,
    pub(super) application_file: Option<String>,
    pub(super) application_line: Option<usize>,
    pub(super) file: Option<String>,
    #[serde(default)]
    pub(super) file_line: usize,
    #[serde(default)]
    pub(super) bound: bool,
}

/// A source that Python cannot parse.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Malformed {
    #[serde(default)]
    pub(super) module: String,
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) message: String,
}

/// Asks Python.
///
/// # Errors
/// Python cannot be started, does not end in time, or fails.
pub(super) fn ask(
    python: &Path,
    request: &Request<'_>,
    timeout: Duration,
    runner: &dyn Runner,
) -> Result<Answer, Error> {
    let failed = |problem: String| Error::Inspection { root: request.root.to_owned(), problem };
    let folder = tempfile::Builder::new().prefix("iiswsgi-inspect-").tempdir();
    let folder = folder.map_err(|error| failed(format!("no temporary folder: {error}")))?;
    let program = folder.path().join("program");
    let prepare = || -> std::io::Result<()> {
        fs::create_dir(&program)?;
        for (name, text) in PROGRAM {
            fs::write(program.join(name), text)?;
        }
        fs::write(folder.path().join("request.json"), serde_json::to_vec(request)?)
    };
    prepare().map_err(|error| failed(format!("the temporary folder cannot be written: {error}")))?;
    let answer = folder.path().join("answer.json");
    // Without `site`, none of the packages that are installed runs code of its own. A script that runs may need them.
    let isolated: &[&str] = if request.run_setup_py { &["-I", "-B"] } else { &["-I", "-S", "-B"] };
    let program = Program::new("reading Python sources", python)
        .args(isolated.iter().copied())
        .args(["-W", "ignore"])
        .arg(program)
        .arg(folder.path().join("request.json"))
        .arg(&answer)
        .timeout(timeout);
    runner.run(&program).map_err(|source| Error::Python { root: request.root.to_owned(), source })?;
    let answer = fs::read(&answer).map_err(|error| failed(format!("Python gave no answer: {error}")))?;
    serde_json::from_slice(&answer).map_err(|error| failed(format!("Python's answer is malformed: {error}")))
}
