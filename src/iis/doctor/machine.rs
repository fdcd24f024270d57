//! Python, rights, and other programs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Findings, Level, Subject};
use crate::iis::bootstrap::satisfies;
use crate::iis::local::acl::{allows, grant_command, groups_of, identity};
use crate::iis::simulated::read_here;
use crate::iis::{FastCgiApplication, msdeploy};
use crate::process::{Output, Program};

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

/// The program of a FastCGI application: is it there, is it a Python, of which version and base.
pub(super) fn interpreter(
    subject: &Subject<'_>,
    application: &FastCgiApplication,
    findings: &mut Findings,
) -> Option<PathBuf> {
    let program = read_here(application, subject.variables);
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
    let answer = match ask(subject, &program) {
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
    environment(&program, answer.get(1).map_or("", String::as_str), findings);
    Some(program)
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

/// Whether the pool's identity may read the application and its Python.
pub(super) fn rights(subject: &Subject<'_>, python: &Path, findings: &mut Findings) {
    let Some(icacls) = &subject.icacls else { return };
    let groups = groups_of(&subject.pool);
    let environment = python.parent().and_then(Path::parent).map(Path::to_owned);
    let mut folders = vec![subject.folder.clone()];
    folders.extend(environment.filter(|environment| !environment.starts_with(&subject.folder)));
    for folder in folders {
        match icacls.list(&folder) {
            Ok(listing) if allows(&listing, &groups) => {
                let text = format!("`{}` may read and execute `{}`.", identity(&subject.pool), folder.display());
                findings.ok("rights", text);
            }
            Ok(_) => findings.add(
                "rights",
                Level::Error,
                format!("`{}` has no right to read and execute `{}`.", identity(&subject.pool), folder.display()),
                "The process exits before it can write to any log; IIS says only that it exited unexpectedly.",
                Some(grant_command(&folder, &identity(&subject.pool))),
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
pub(super) fn gateway(
    subject: &Subject<'_>,
    application: &FastCgiApplication,
    python: &Path,
    findings: &mut Findings,
) {
    if application.arguments.to_lowercase().contains("wfastcgi") {
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
        "" if application.arguments.contains("-m iiswsgi") => findings.add(
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

/// Where the gateway's log is.
pub(super) fn logs(subject: &Subject<'_>, findings: &mut Findings) {
    let home = subject.variables.get("IIS_USER_HOME").map(|home| Path::new(home).join("Logs"));
    let temporary = subject.variables.get("windir").map(|windir| Path::new(windir).join("Temp"));
    let places: Vec<String> = home
        .into_iter()
        .chain(temporary)
        .map(|folder| format!("`{}`", folder.join("iiswsgi.log").display()))
        .collect();
    if !places.is_empty() {
        findings.ok(
            "logs",
            format!("The gateway writes to the first of these that it may: {}.", places.join(", ")),
        );
    }
}

/// Web Deploy's program.
pub(super) fn web_deploy(subject: &Subject<'_>, findings: &mut Findings) {
    match msdeploy::locate(subject.variables, subject.runner) {
        Some(program) => findings.ok("web-deploy", format!("Web Deploy is `{}`.", program.display())),
        None => findings.add(
            "web-deploy",
            Level::Info,
            "There is no msdeploy.exe.",
            "Packages cannot be deployed here by Web Deploy.",
            Some("winget install Microsoft.WebDeploy".into()),
        ),
    }
    // A program of this name that is not Windows' own knows nothing of IIS.
    let reg = subject.variables.get("windir").and_then(|_| subject.runner.find("reg"));
    let Some(reg) = reg else { return };
    let program = Program::new("asking the registry for FastCGI", reg)
        .args([
            "query",
            r"HKLM\SYSTEM\CurrentControlSet\Services\W3SVC\Parameters",
            "/v",
            "FastCGIUtf8ServerVariables",
        ])
        .timeout(Duration::from_secs(20));
    if !subject.runner.execute(&program).is_ok_and(|output: Output| output.success()) {
        findings.add(
            "utf8-variables",
            Level::Info,
            "IIS hands characters of URLs that its code page has not on as `?` (FastCGIUtf8ServerVariables is not set).",
            "The gateway of iiswsgi reads them from the undecoded URL instead; other gateways cannot.",
            None,
        );
    }
}
