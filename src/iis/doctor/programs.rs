//! Where the log is, what is there of Web Deploy, and what the registry says.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Findings, Level, Subject};
use crate::files;
use crate::iis::msdeploy;
use crate::process::{Output, Program};

/// Where IIS notes its version.
const IIS: &str = r"HKLM\SOFTWARE\Microsoft\InetStp";
/// The settings of the web server's service.
const WEB_SERVER: &str = r"HKLM\SYSTEM\CurrentControlSet\Services\W3SVC\Parameters";
/// The settings of the Web Management Service.
const MANAGEMENT: &str = r"HKLM\SOFTWARE\Microsoft\WebManagement\Server";

/// Where the gateway's log is, and the last that it says of errors.
pub(super) fn logs(subject: &Subject<'_>, findings: &mut Findings) {
    let home = subject.variables.get("IIS_USER_HOME").map(|home| Path::new(home).join("Logs"));
    let temporary = subject.variables.get("windir").map(|windir| Path::new(windir).join("Temp"));
    let files: Vec<PathBuf> =
        home.into_iter().chain(temporary).map(|folder| folder.join("iiswsgi.log")).collect();
    if files.is_empty() {
        return;
    }
    let names: Vec<String> = files.iter().map(|file| format!("`{}`", file.display())).collect();
    let text = format!("The gateway writes to the first of these that it may: {}.", names.join(", "));
    let last = files.iter().find_map(|file| Some((file, last_errors(file)?)));
    match last {
        Some((file, lines)) => findings.add(
            "logs",
            Level::Info,
            format!("{text} The last errors in `{}`:\n{lines}", file.display()),
            "What the application writes, and why a process did not start, stands there.",
            None,
        ),
        None => findings.ok("logs", text),
    }
}

/// The last lines of a log that tell of errors.
fn last_errors(file: &Path) -> Option<String> {
    const MOST: usize = 5;
    let text = files::text_of(&files::read(file).ok()?);
    let errors: Vec<&str> =
        text.lines().filter(|line| line.contains(" ERROR ") || line.contains(" CRITICAL ")).collect();
    let last = &errors[errors.len().saturating_sub(MOST)..];
    (!last.is_empty()).then(|| last.join("\n"))
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
}

/// What only the registry of Windows knows.
pub(super) fn of_the_registry(subject: &Subject<'_>, findings: &mut Findings) {
    // A program of this name that is not Windows' own knows nothing of IIS.
    let Some(reg) = subject.variables.get("windir").and_then(|_| subject.runner.find("reg")) else { return };
    let ask = |key: &str, value: &str| {
        let program = Program::new("asking the registry", &reg)
            .args(["query", key, "/v", value])
            .timeout(Duration::from_secs(20));
        let output = subject.runner.execute(&program).ok().filter(Output::success)?;
        Some(data_of(&output.stdout_text(), value))
    };
    if let Some(version) = ask(IIS, "VersionString").filter(|version| !version.is_empty()) {
        findings.ok("iis", format!("IIS is {version}."));
    }
    if ask(WEB_SERVER, "FastCGIUtf8ServerVariables").is_none() {
        findings.add(
            "utf8-variables",
            Level::Info,
            "IIS hands characters of URLs that its code page has not on as `?` (FastCGIUtf8ServerVariables is not set).",
            "The gateway of iiswsgi reads them from the undecoded URL instead; other gateways cannot.",
            None,
        );
    }
    if ask(MANAGEMENT, "EnableRemoteManagement").as_deref() == Some("0x1") {
        let text = "The Web Management Service takes deployments from other machines, on port 8172. Its certificate is its own \
                    unless somebody gave it another: `iiswsgi deploy` then needs --allow-untrusted.";
        findings.ok("remote-deployment", text);
    } else {
        findings.add(
            "remote-deployment",
            Level::Info,
            "The Web Management Service takes no deployments from other machines.",
            "`iiswsgi deploy --server` ends with ERROR_DESTINATION_NOT_REACHABLE or ERROR_USER_UNAUTHORIZED.",
            Some(format!(
                "Install-WindowsFeature Web-Mgmt-Service; reg add {MANAGEMENT} /v EnableRemoteManagement /t REG_DWORD /d 1 /f; \
                 Set-Service WMSVC -StartupType Automatic; Restart-Service WMSVC"
            )),
        );
    }
}

/// What stands behind the type in `    NAME    REG_SZ    DATA`.
fn data_of(said: &str, value: &str) -> String {
    let line = said.lines().map(str::trim).find(|line| line.starts_with(value));
    let data = line.and_then(|line| line.split_once("REG_")?.1.split_once(char::is_whitespace));
    data.map(|(_, data)| data.trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registrys_answer_is_read() {
        let said = "\r\nHKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\InetStp\r\n    VersionString    REG_SZ    Version 10.0\r\n";
        assert_eq!(data_of(said, "VersionString"), "Version 10.0");
        assert_eq!(data_of("    A    REG_DWORD    0x1", "A"), "0x1");
        assert_eq!(data_of("", "A"), "");
    }
}
