//! What IIS's files say.

use std::path::Path;

use super::{Findings, Level, Subject, bootstrap_command};
use crate::files;
use crate::iis::FastCgiApplication;
use crate::iis::appcmd::arguments::Indexer;
use crate::iis::appcmd::{self, Appcmd};
use crate::iis::application_host::same_application;
use crate::package::bootstrap::STAMP;
use crate::package::web_config::{APPLICATION_ATTRIBUTES, Handler, WebConfig};
use crate::template::{Escape, Variables, expand};
use crate::xml::Document;

/// What IIS accepts of a request's body when nobody says otherwise.
const BODY: u64 = 30_000_000;
/// The section with the handlers.
const HANDLERS: &str = "system.webServer/handlers";

/// A package that Web Deploy has unpacked and nobody has set up.
pub(super) fn stamp(subject: &Subject<'_>, findings: &mut Findings) {
    if subject.folder.join(STAMP).is_file() {
        findings.add(
            "stamp",
            Level::Warning,
            format!("`{STAMP}` is still there: the application has not been set up, or that failed."),
            "The bootstrap removes the stamp when everything else is done.",
            Some(bootstrap_command(&subject.application)),
        );
    }
}

/// Sections that this application's `web.config` may not have.
pub(super) fn locks(subject: &Subject<'_>, config: &WebConfig, findings: &mut Findings) {
    let Some(host) = subject.host else {
        findings.add(
            "locked-sections",
            Level::Info,
            "IIS's configuration file could not be read, so that locked sections are not seen.",
            "Only administrators may read it.",
            None,
        );
        return;
    };
    if config.handlers.is_empty() {
        return;
    }
    if host.is_locked(HANDLERS, &subject.application) {
        findings.add(
            "locked-sections",
            Level::Error,
            format!("The section `{HANDLERS}` is locked, and `web.config` has it."),
            "IIS answers every request with 500.19 (0x80070021).",
            Some(Appcmd::unlock_command(HANDLERS)),
        );
    } else {
        findings.ok("locked-sections", format!("`{HANDLERS}` may stand in web.config."));
    }
}

/// Handlers against what is registered. Gives the applications that the handlers lead to.
pub(super) fn registrations(
    subject: &Subject<'_>,
    config: &WebConfig,
    findings: &mut Findings,
) -> Vec<FastCgiApplication> {
    let mut led_to: Vec<FastCgiApplication> = Vec::new();
    let handlers: Vec<&Handler> = config.handlers.iter().filter(|handler| handler.is_fast_cgi()).collect();
    if handlers.is_empty() {
        let reason = "Requests reach Python by a handler with the module FastCgiModule.";
        findings.add("registration", Level::Error, "web.config has no FastCGI handler.", reason, None);
    }
    for handler in handlers {
        let Some(text) = handler.script_processor.as_deref() else { continue };
        let (full_path, arguments) = text.split_once('|').unwrap_or((text, ""));
        let wanted = FastCgiApplication {
            full_path: full_path.to_owned(),
            arguments: arguments.to_owned(),
            ..FastCgiApplication::default()
        };
        let known: Vec<_> =
            subject.registered.iter().filter(|known| same_application(known, &wanted)).collect();
        let exact = known.iter().find(|known| known.script_processor().to_lowercase() == text.to_lowercase());
        match (exact, known.as_slice()) {
            (Some(known), _) => {
                findings.ok("registration", format!("The handler `{}` leads to `{text}`.", handler.name));
                led_to.push((**known).clone());
            }
            (None, [other, ..]) => {
                findings.add(
                    "registration",
                    Level::Error,
                    format!(
                        "The handler `{}` says `{text}`, IIS knows `{}`.",
                        handler.name,
                        other.script_processor()
                    ),
                    "IIS finds the program by exactly this text: it answers with 500.0.",
                    Some(bootstrap_command(&subject.application) + " --ignore-stamp"),
                );
                led_to.push((*other).clone());
            }
            (None, []) => {
                let own = config.application_of(handler).cloned().map(FastCgiApplication::from);
                led_to.push(unregistered(&handler.name, own.unwrap_or(wanted), findings));
            }
        }
        if known.len() > 1 {
            findings.add(
                "duplicates",
                Level::Error,
                format!("`{text}` is registered {} times, written differently.", known.len()),
                "Which of them counts depends on their order; a further registration fails with `duplicate collection entry`.",
                Some(bootstrap_command(&subject.application) + " --ignore-stamp"),
            );
        }
    }
    led_to
}

fn unregistered(handler: &str, wanted: FastCgiApplication, findings: &mut Findings) -> FastCgiApplication {
    let mut whole = Indexer::key(&wanted);
    whole.extend(&wanted.attributes);
    findings.add(
        "registration",
        Level::Error,
        format!(
            "`{}`, which the handler `{handler}` leads to, is not registered in IIS.",
            wanted.script_processor()
        ),
        "A `<fastCgi>` in web.config has no effect: IIS answers with 500.0 or 500.21.",
        Some(format!(
            "%windir%\\System32\\inetsrv\\appcmd.exe set config -section:{} \"/+{}\" /commit:apphost",
            appcmd::FASTCGI,
            whole.to_string().replace('"', "\\\"")
        )),
    );
    wanted
}

/// Attributes of handlers that decide how answers travel.
pub(super) fn handlers(subject: &Subject<'_>, config: &WebConfig, findings: &mut Findings) {
    for handler in config.handlers.iter().filter(|handler| handler.is_fast_cgi()) {
        let limit =
            handler.attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case("responseBufferLimit"));
        match limit.map(|(_, value)| value.as_str()) {
            Some("0") => findings.ok("response-buffer", "Answers are sent as they are written."),
            other => findings.add(
                "response-buffer",
                Level::Warning,
                format!(
                    "The handler `{}` holds back {} bytes of an answer.",
                    handler.name,
                    other.unwrap_or("4194304")
                ),
                "Streams and server-sent events reach nobody until so much is written.",
                Some(format!(
                    "%windir%\\System32\\inetsrv\\appcmd.exe set config \"{}\" -section:{HANDLERS} \
                     \"/[name='{}'].responseBufferLimit:0\"",
                    subject.application, handler.name
                )),
            ),
        }
    }
}

/// How large an upload may be.
pub(super) fn uploads(subject: &Subject<'_>, path: &Path, findings: &mut Findings) {
    let limit = files::read(path).ok().and_then(|bytes| {
        let document = Document::parse_bytes(&bytes).ok()?;
        let found = document.root().descendants().find(|element| element.is("requestLimits"))?;
        found.attribute_ignore_case("maxAllowedContentLength")?.trim().parse::<u64>().ok()
    });
    let severity = if limit.is_some() { Level::Ok } else { Level::Info };
    let bytes = limit.unwrap_or(BODY);
    let mebibytes = bytes / (1024 * 1024);
    findings.add(
        "upload-limit",
        severity,
        format!("Request bodies may have {bytes} bytes (about {mebibytes} MiB)."),
        if limit.is_some() { "" } else { "IIS answers larger uploads with 404.13 before Python sees them." },
        limit.is_none().then(|| {
            format!(
                "%windir%\\System32\\inetsrv\\appcmd.exe set config \"{}\" -section:system.webServer/security/requestFiltering \
                 -requestLimits.maxAllowedContentLength:104857600",
                subject.application
            )
        }),
    );
}

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
pub(super) fn attributes(application: &FastCgiApplication, findings: &mut Findings) {
    monitored(application, findings);
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

fn monitored(application: &FastCgiApplication, findings: &mut Findings) {
    let path = value(application, "monitorChangesTo");
    if path.is_empty() {
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
        Some(set_command(application, "monitorChangesTo", "C:\\PATH\\TO\\web.config")),
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
