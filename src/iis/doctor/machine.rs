//! Python and rights.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Findings, Level, Subject};
use crate::iis::bootstrap::satisfies;
use crate::iis::local::acl::grant_command;
use crate::process::Program;

/// Asks a Python for its version, its base, and the gateway's version.
const QUESTIONS: &str = "import sys\n\
    try:\n    import importlib.metadata as m; v = m.version('iiswsgi')\n\
    except Exception: v = ''\n\
    print('%d.%d.%d' % sys.version_info[:3], sys.base_prefix, v, sep='\\n')";

fn ask(subject: &Subject<'_>, python: &Path) -> Result<Vec<String>, String> {
    let program = Program::new("python", python)
        .args(["-c", QUESTIONS])
        .env_remove("PYTHONPATH")
        .env_remove("PYTHONHOME")
        .timeout(Duration::from_secs(60));
    let output = subject.runner.execute(&program).map_err(|error| error.to_string())?;
    if output.success() {
        return Ok(output.stdout_text().lines().map(str::to_owned).collect());
    }
    let said = output.stderr_text();
    Err(said.lines().next_back().unwrap_or("it ended without a word").to_owned())
}

/// The program that IIS starts, and who may. Gives it when it is a Python.
pub(super) fn process(
    subject: &Subject<'_>,
    program: &Path,
    arguments: &str,
    findings: &mut Findings,
) -> Option<PathBuf> {
    let python = interpreter(subject, program, findings);
    rights(subject, program, findings);
    if let Some(python) = &python {
        gateway(subject, arguments, python, findings);
    }
    python
}

/// The program: is it there, is it a Python, of which version and base.
fn interpreter(subject: &Subject<'_>, program: &Path, findings: &mut Findings) -> Option<PathBuf> {
    if !program.is_file() {
        findings.add(
            "interpreter",
            Level::Error,
            format!("There is no `{}`.", program.display()),
            "IIS cannot start it: every request is answered with 500.0 (0x80070002).",
            Some(super::bootstrap_command(&subject.application) + " --ignore-stamp"),
        );
        return None;
    }
    let name = program.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
    if !name.starts_with("python") {
        findings.ok("interpreter", format!("`{}` is there.", program.display()));
        return None;
    }
    let answer = match ask(subject, program) {
        Ok(answer) => answer,
        Err(said) => {
            findings.add(
                "interpreter",
                Level::Error,
                format!("`{}` does not run: {said}.", program.display()),
                "A virtual environment dies with the Python that it was made from.",
                Some(super::bootstrap_command(&subject.application) + " --ignore-stamp"),
            );
            return None;
        }
    };
    let version = answer.first().map_or("", String::as_str);
    if satisfies(version, ">=3.9") {
        findings.ok("interpreter", format!("`{}` is Python {version}.", program.display()));
    } else {
        findings.add(
            "interpreter",
            Level::Error,
            format!("`{}` is Python {version}.", program.display()),
            "The gateway needs Python 3.9 or later.",
            None,
        );
    }
    environment(program, answer.get(1).map_or("", String::as_str), findings);
    Some(program.to_owned())
}

/// The virtual environment and its base.
fn environment(python: &Path, base: &str, findings: &mut Findings) {
    let folder = python.parent().and_then(Path::parent).unwrap_or(Path::new(""));
    if folder.join("pyvenv.cfg").is_file() {
        findings.ok("virtual-environment", format!("`{}` is made from `{base}`.", folder.display()));
    } else {
        findings.add(
            "virtual-environment",
            Level::Info,
            format!("`{}` is not in a virtual environment.", python.display()),
            "What is installed for one application changes all others.",
            None,
        );
    }
    let lower = base.replace('/', "\\").to_lowercase();
    if lower.contains("\\users\\") || lower.contains("\\windowsapps\\") {
        findings.add(
            "base-python",
            Level::Warning,
            format!("The base Python lies in a user's folder: `{base}`."),
            "No application pool may read it; the process ends before it can write a line.",
            Some("Install Python for all users, then: iiswsgi bootstrap --ignore-stamp".into()),
        );
    }
}

/// Whether the pool's account may read the application and its Python.
fn rights(subject: &Subject<'_>, program: &Path, findings: &mut Findings) {
    let Some(icacls) = &subject.icacls else { return };
    let account = &subject.account;
    let environment = program.parent().and_then(Path::parent).filter(|folder| folder.is_dir());
    let mut folders = vec![subject.folder.clone()];
    folders.extend(environment.filter(|folder| !folder.starts_with(&subject.folder)).map(Path::to_owned));
    for folder in folders {
        match icacls.lets(&folder, account) {
            Ok(true) => {
                findings.ok("rights", format!("`{account}` may read and execute `{}`.", folder.display()));
            }
            Ok(false) => findings.add(
                "rights",
                Level::Error,
                format!("`{account}` has no right to read and execute `{}`.", folder.display()),
                "The process exits before it can write to any log; IIS says only that it exited unexpectedly.",
                Some(grant_command(&folder, account)),
            ),
            Err(error) => findings.add(
                "rights",
                Level::Warning,
                format!("The rights of `{}` could not be read: {error}.", folder.display()),
                "Only somebody who may read them can tell whether the pool may.",
                None,
            ),
        }
    }
}

/// Which gateway it is.
fn gateway(subject: &Subject<'_>, arguments: &str, python: &Path, findings: &mut Findings) {
    if arguments.to_lowercase().contains("wfastcgi") {
        findings.add(
            "gateway",
            Level::Warning,
            "The gateway is wfastcgi.",
            "It is no longer maintained and knows nothing of newer Pythons.",
            Some(format!(
                "\"{}\" -m pip install iiswsgi, and -m iiswsgi serve in its place",
                python.display()
            )),
        );
        return;
    }
    let own = env!("CARGO_PKG_VERSION");
    let installed = ask(subject, python).ok().and_then(|answer| answer.get(2).cloned()).unwrap_or_default();
    match installed.as_str() {
        "" if arguments.contains("-m iiswsgi") => findings.add(
            "gateway",
            Level::Error,
            format!("`{}` has no module `iiswsgi`.", python.display()),
            "The process ends with `No module named iiswsgi`.",
            Some(format!("\"{}\" -m pip install iiswsgi=={own}", python.display())),
        ),
        "" => {}
        version if version == own => findings.ok("gateway", format!("The gateway is iiswsgi {version}.")),
        version => findings.add(
            "gateway",
            Level::Info,
            format!("The gateway is iiswsgi {version}, this command is {own}."),
            "They need not be the same; a difference is good to know when something is odd.",
            None,
        ),
    }
}
