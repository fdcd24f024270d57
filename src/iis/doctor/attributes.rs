//! The attributes and variables of a FastCGI application.

use std::path::Path;

use super::{Findings, Level, Subject};
use crate::iis::FastCgiApplication;
use crate::iis::appcmd;
use crate::iis::appcmd::arguments::Indexer;
use crate::package::web_config::{APPLICATION_ATTRIBUTES, FILE_NAME};
use crate::template::{Escape, Variables, expand};

fn value<'a>(application: &'a FastCgiApplication, name: &str) -> &'a str {
    let given = application.attributes.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
    let default =
        || APPLICATION_ATTRIBUTES.iter().find(|rule| rule.name == name).map_or("", |rule| rule.default);
    given.map_or_else(default, |(_, value)| value.as_str())
}

fn number(application: &FastCgiApplication, name: &str) -> u32 {
    value(application, name).trim().parse().unwrap_or(0)
}

fn set_command(application: &FastCgiApplication, name: &str, value: &str) -> String {
    format!(
        "%windir%\\System32\\inetsrv\\appcmd.exe set config -section:{} \"/{}.{name}:{value}\" /commit:apphost",
        appcmd::FASTCGI,
        Indexer::key(application).to_string().replace('"', "\\\"")
    )
}

/// The attributes of the FastCGI application.
pub(super) fn attributes(subject: &Subject<'_>, application: &FastCgiApplication, findings: &mut Findings) {
    monitored(subject, application, findings);
    let (activity, request) = (number(application, "activityTimeout"), number(application, "requestTimeout"));
    if activity <= 70 {
        findings.add(
            "activity-timeout",
            Level::Info,
            format!("IIS gives up on a process that is silent for {activity} s (activityTimeout)."),
            "A slow start or a long answer without output then ends in 500 or 502.",
            Some(set_command(application, "activityTimeout", "600")),
        );
    } else {
        findings.ok("activity-timeout", format!("A process may be silent for {activity} s."));
    }
    if request < activity {
        findings.add(
            "request-timeout",
            Level::Warning,
            format!("A request may take {request} s (requestTimeout), less than the {activity} s of activityTimeout."),
            "The shorter time counts.",
            Some(set_command(application, "requestTimeout", &activity.to_string())),
        );
    }
    if number(application, "signalBeforeTerminateSeconds") == 0 {
        findings.add(
            "shutdown",
            Level::Warning,
            "IIS ends the process without asking (signalBeforeTerminateSeconds is 0).",
            "Requests that run when the pool recycles are lost, and `atexit` never runs.",
            Some(set_command(application, "signalBeforeTerminateSeconds", "30")),
        );
    }
    if value(application, "maxInstances") == "1" {
        findings.add(
            "instances",
            Level::Info,
            "IIS starts one process (maxInstances is 1), and sends a process one request at a time.",
            "A second request waits for the first; long-lived connections block everybody.",
            Some(set_command(application, "maxInstances", "0")),
        );
    }
}

fn monitored(subject: &Subject<'_>, application: &FastCgiApplication, findings: &mut Findings) {
    let path = value(application, "monitorChangesTo");
    let own = subject.folder.join(FILE_NAME);
    let command = set_command(application, "monitorChangesTo", &own.to_string_lossy());
    if path.is_empty() {
        findings.add(
            "monitor-changes-to",
            Level::Info,
            "No change of a file ends the processes (`monitorChangesTo` is not set).",
            "After a deployment old code goes on until the pool recycles, and files that a process holds open make Web Deploy \
             fail with ERROR_FILE_IN_USE.",
            Some(command),
        );
        return;
    }
    let unknown = expand(path, &Variables::new(), Escape::Plain).unresolved;
    let reason = if unknown.iter().any(|variable| !variable.name.is_empty()) {
        "IIS expands no variables here and answers with an error 500 that names no cause."
    } else if !is_absolute(path) {
        "IIS needs a whole path here."
    } else if cfg!(windows) && !Path::new(path).exists() {
        "There is no such file, so that no change is ever seen."
    } else {
        return findings.ok("monitor-changes-to", format!("A change of `{path}` starts the process anew."));
    };
    findings.add(
        "monitor-changes-to",
        Level::Error,
        format!("`monitorChangesTo` is `{path}`."),
        reason,
        Some(command),
    );
}

fn is_absolute(path: &str) -> bool {
    let bytes = path.as_bytes();
    path.starts_with(r"\\") || path.starts_with('/') || (bytes.len() > 2 && bytes[1] == b':')
}

/// What the process is told about its own path.
pub(super) fn urls(subject: &Subject<'_>, application: &FastCgiApplication, findings: &mut Findings) {
    let told = application.environment.iter().find(|(name, _)| name.eq_ignore_ascii_case("SCRIPT_NAME"));
    let own = subject.application.url_prefix();
    if let Some((_, told)) = told.filter(|(_, told)| !told.trim_end_matches('/').eq_ignore_ascii_case(own)) {
        findings.add(
            "script-name",
            Level::Warning,
            format!("The variable SCRIPT_NAME is `{told}`, the application is at `{}`.", subject.application.path()),
            "Links that the application makes lead elsewhere. The gateway finds the right value by itself.",
            Some(format!(
                "%windir%\\System32\\inetsrv\\appcmd.exe set config -section:{} \"/-{}.environmentVariables.[name='SCRIPT_NAME']\" \
                 /commit:apphost",
                appcmd::FASTCGI,
                Indexer::key(application).to_string().replace('"', "\\\"")
            )),
        );
    }
}
