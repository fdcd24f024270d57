//! What IIS's files say.

use super::{Findings, Level, Subject, bootstrap_command};
use crate::iis::FastCgiApplication;
use crate::iis::appcmd::arguments::Indexer;
use crate::iis::appcmd::{self, Appcmd};
use crate::iis::application_host::{ApplicationHost, Defined, same_application};
use crate::iis::bootstrap::{Command, Plan};
use crate::package::bootstrap::STAMP;
use crate::package::web_config::{FAST_CGI_MODULE, HTTP_PLATFORM_MODULE, Handler, WebConfig};
use crate::xml::{Document, Element};

/// What IIS accepts of a request's body when nobody says otherwise.
const BODY: u64 = 30_000_000;
/// The section with the handlers.
const HANDLERS: &str = "system.webServer/handlers";
/// The section with the limits of requests.
const REQUEST_FILTERING: &str = "system.webServer/security/requestFiltering";

/// A package that Web Deploy has unpacked and nobody has set up.
pub(super) fn stamp(subject: &Subject<'_>, findings: &mut Findings) {
    let plan = Plan::read(&subject.folder, &Command::default()).ok();
    let stamp = plan.map_or_else(|| STAMP.into(), |plan| plan.stamp);
    if subject.folder.join(&stamp).is_file() {
        findings.add(
            "stamp",
            Level::Warning,
            format!(
                "`{}` is still there: the application has not been set up, or that failed.",
                stamp.display()
            ),
            "The bootstrap removes the stamp when everything else is done.",
            Some(bootstrap_command(&subject.application)),
        );
    }
}

/// Sections that this application's `web.config` may not have.
pub(super) fn locks(subject: &Subject<'_>, document: &Document, findings: &mut Findings) {
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
    let mut sections = Vec::new();
    for group in document.root().children() {
        sections_of(host, group, group.name(), &mut sections);
    }
    let locked: Vec<&String> =
        sections.iter().filter(|section| host.is_locked(section, &subject.application)).collect();
    for section in &locked {
        findings.add(
            "locked-sections",
            Level::Error,
            format!("The section `{section}` is locked, and `web.config` has it."),
            "IIS answers every request with 500.19 (0x80070021).",
            Some(Appcmd::unlock_command(section)),
        );
    }
    if locked.is_empty() && !sections.is_empty() {
        findings.ok("locked-sections", format!("`{}` may stand in web.config.", sections.join("`, `")));
    }
}

/// The sections of IIS below an element of a `web.config`.
fn sections_of(host: &ApplicationHost, element: Element<'_>, name: &str, into: &mut Vec<String>) {
    match host.defines(name) {
        // IIS asks for this one at the server alone, and never meets it here.
        Defined::Section if name.eq_ignore_ascii_case(appcmd::FASTCGI) => {}
        Defined::Section if !into.iter().any(|known| known == name) => into.push(name.to_owned()),
        Defined::Group => {
            for child in element.children() {
                sections_of(host, child, &format!("{name}/{}", child.name()), into);
            }
        }
        Defined::Section | Defined::Not => {}
    }
}

/// The modules that the handlers need, and the application's pool.
pub(super) fn server(subject: &Subject<'_>, config: &WebConfig, findings: &mut Findings) {
    let Some(host) = subject.host else { return };
    let needed = [
        (FAST_CGI_MODULE, config.handlers.iter().any(Handler::is_fast_cgi), "Install-WindowsFeature Web-CGI"),
        (
            HTTP_PLATFORM_MODULE,
            !config.http_platform.is_empty(),
            "winget install Microsoft.HttpPlatformHandler",
        ),
    ];
    for (module, _, command) in needed.iter().filter(|(_, is_needed, _)| *is_needed) {
        if host.has_module(module) == Some(false) {
            findings.add(
                "module",
                Level::Error,
                format!("IIS has no module `{module}`, which `web.config` needs."),
                "IIS answers every request with 500.19 or 500.21.",
                Some((*command).to_owned()),
            );
        }
    }
    if host.has_pool(&subject.pool) == Some(false) {
        findings.add(
            "application-pool",
            Level::Error,
            format!("There is no application pool `{}`.", subject.pool),
            "IIS answers every request with 503.",
            Some(format!("%windir%\\System32\\inetsrv\\appcmd.exe add apppool /name:\"{}\"", subject.pool)),
        );
    }
}

/// What a deployment leaves behind that did not end.
pub(super) fn offline(subject: &Subject<'_>, findings: &mut Findings) {
    let path = subject.folder.join("app_offline.htm");
    if path.is_file() {
        findings.add(
            "app-offline",
            Level::Warning,
            format!("`{}` is there: a deployment is on its way, or has not ended.", path.display()),
            "Web Deploy puts it there while it changes files; IIS may answer with this page instead of the application.",
            Some(format!("del \"{}\"", path.display())),
        );
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
    if handlers.is_empty() && config.http_platform.is_empty() {
        let reason = "Requests reach Python by a handler with the module FastCgiModule.";
        let text = "web.config has no FastCGI handler, and no httpPlatform.";
        findings.add("registration", Level::Error, text, reason, None);
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
pub(super) fn uploads(subject: &Subject<'_>, document: &Document, findings: &mut Findings) {
    let limit = |section: Element<'_>| {
        let limits = section.child("requestLimits")?;
        limits.attribute_ignore_case("maxAllowedContentLength")?.trim().parse::<u64>().ok()
    };
    let own = REQUEST_FILTERING.split('/').try_fold(document.root(), Element::child).and_then(limit);
    let of_server = || {
        let sections = subject.host?.sections(REQUEST_FILTERING, &subject.application);
        sections.into_iter().rev().find_map(limit)
    };
    let limit = own.or_else(of_server);
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
                "%windir%\\System32\\inetsrv\\appcmd.exe set config \"{}\" -section:{REQUEST_FILTERING} \
                 -requestLimits.maxAllowedContentLength:104857600",
                subject.application
            )
        }),
    );
}
