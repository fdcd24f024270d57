//! The page about the simulation itself, under `/.iiswsgi/`: applications, processes and their logs, the last errors and
//! requests, parameters, and what was simulated. It is only for who sits at this machine.

use std::fmt::Write as _;

use serde_json::json;
use time::OffsetDateTime;
use time::macros::format_description;

use super::listener::{Hosted, Site, nothing};
use super::{Reply, Workers, error_page};
use crate::iis::site::Request;
use crate::xml::{escape_attribute, escape_text};

/// Where it is.
pub(super) const PREFIX: &str = "/.iiswsgi";

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
const HTML: &str = "text/html; charset=utf-8";

/// Answers a request to it.
pub(super) fn answer(site: &Site, request: &Request) -> Reply {
    if !is_at_home(request) {
        return error_page::short(&crate::iis::site::Answer::new(403, 0), "iiswsgi");
    }
    let path = request.target.split('?').next().unwrap_or_default();
    let mut reply = match (request.method.as_str(), path.strip_prefix(PREFIX).unwrap_or_default()) {
        ("GET" | "HEAD", "/") => Reply::whole(200, 0, "iiswsgi", HTML, html(site)),
        ("GET" | "HEAD", "/status.json") => {
            Reply::whole(200, 0, "iiswsgi", "application/json", status(site).to_string())
        }
        ("GET" | "HEAD", "/page.css") => Reply::whole(200, 0, "iiswsgi", "text/css", STYLE),
        ("GET" | "HEAD", "/page.js") => Reply::whole(200, 0, "iiswsgi", "text/javascript", SCRIPT),
        ("POST", "/recycle") if is_own(request) => {
            site.applications().iter().for_each(|hosted| hosted.served.recycle());
            moved(303, "/.iiswsgi/")
        }
        ("POST", "/recycle") => error_page::short(&crate::iis::site::Answer::new(403, 0), "iiswsgi"),
        ("GET" | "HEAD", "") => moved(301, "/.iiswsgi/"),
        _ => error_page::short(&nothing(), "iiswsgi"),
    };
    let policy = "default-src 'none'; img-src data:; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; \
                  base-uri 'none'; frame-ancestors 'none'";
    for (name, value) in [
        ("Content-Security-Policy", policy),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
    ] {
        reply.headers.push((name.to_owned(), value.to_owned()));
    }
    reply
}

/// The answer where no application is: IIS's own, with the way to those that are there.
pub(super) fn nothing_here(site: &Site, request: &Request) -> Reply {
    let list: Vec<String> = site
        .applications()
        .iter()
        .map(|hosted| format!("{}/", hosted.served.application.url_prefix()))
        .collect();
    let path = request.target.split('?').next().unwrap_or_default();
    let answer = if path == "/" {
        crate::iis::site::Answer::new(403, 14)
            .because("The site's root has no application and no default document, as on a fresh server.")
    } else {
        nothing()
    };
    if site.as_remote || !request.endpoints.remote.ip().is_loopback() {
        return error_page::short(&answer, "IIS");
    }
    error_page::detailed(&answer, request, &[("Applications are at", list.join(", "))])
}

fn moved(status: u16, location: &str) -> Reply {
    let mut reply = Reply::whole(status, 0, "iiswsgi", "text/plain", "");
    reply.headers.push(("Location".to_owned(), location.to_owned()));
    reply
}

/// Whether the request is of this machine, and meant for it: a name of somebody else that leads here is not.
fn is_at_home(request: &Request) -> bool {
    let host = request.header("Host").unwrap_or_default();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host.as_str(),
    };
    let name = name.trim_matches(['[', ']']);
    let known = name.eq_ignore_ascii_case("localhost") || name.parse::<std::net::IpAddr>().is_ok();
    known && request.endpoints.remote.ip().is_loopback()
}

/// Whether a form of this page has sent the request.
fn is_own(request: &Request) -> bool {
    let host = request.header("Host").unwrap_or_default();
    request.header("Origin").is_some_and(|origin| origin == format!("http://{host}"))
}

/// All that the page shows, for programs.
fn status(site: &Site) -> serde_json::Value {
    let applications: Vec<_> = site
        .applications()
        .iter()
        .map(|hosted| {
            let served = &hosted.served;
            let pools: Vec<_> = served.workers().iter().map(pool_status).collect();
            json!({
                "application": served.application.to_string(),
                "path": format!("{}/", served.application.url_prefix()),
                "folder": served.folders.own(),
                "package": hosted.package,
                "parameters": hosted.parameters.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
                "simulated": hosted.simulated,
                "notes": served.notes(),
                "pools": pools,
            })
        })
        .collect();
    json!({
        "site": site.name,
        "applications": applications,
        "requests": site.monitor.accesses(),
        "errors": site.monitor.failures(),
    })
}

fn pool_status(workers: &Workers) -> serde_json::Value {
    let processes: Vec<_> = workers
        .processes()
        .list()
        .iter()
        .map(|process| {
            json!({
                "number": process.number,
                "since": at(process.since),
                "busy": process.active() > 0,
                "active": process.active(),
                "served": process.served(),
            })
        })
        .collect();
    json!({
        "commandLine": workers.command_line(),
        "maxInstances": workers.most(),
        "instanceMaxRequests": workers.requests_each(),
        "offline": workers.processes().is_offline(),
        "processes": processes,
    })
}

fn html(site: &Site) -> String {
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{name}: the simulated IIS</title>\n<link rel=\"stylesheet\" href=\"page.css\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<script src=\"page.js\" defer></script>\n</head>\n<body>\n\
         <header><div><h1>{name}</h1><p>The simulated IIS of iiswsgi</p></div>\n\
         <div class=\"actions\"><button type=\"button\" id=\"pause\" aria-pressed=\"false\" hidden>Pause updates</button>\
         <form method=\"post\" action=\"recycle\"><button>Recycle processes</button></form></div></header>\n<main>\n",
        name = escape_text(&site.name)
    );
    for hosted in site.applications() {
        application(&mut html, &hosted);
    }
    failures(&mut html, site);
    requests(&mut html, site);
    html.push_str("</main>\n</body>\n</html>\n");
    html
}

fn application(html: &mut String, hosted: &Hosted) {
    let served = &hosted.served;
    let path = format!("{}/", served.application.url_prefix());
    let id = crate::package::names::safe(&served.application.to_string());
    let _ = writeln!(
        html,
        "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{}</h2>\n<p><a class=\"open\" href=\"{}\">Open {}</a></p>\n\
         <dl class=\"facts\"><dt>Folder</dt><dd><code>{}</code></dd><dt>Package</dt><dd><code>{}</code></dd></dl>",
        escape_text(&served.application.to_string()),
        escape_attribute(&crate::iis::site::escaped(&path)),
        escape_text(&path),
        escape_text(&served.folders.own().display().to_string()),
        escape_text(&hosted.package),
    );
    for (number, workers) in served.workers().iter().enumerate() {
        processes(html, &served.application.to_string(), number, workers);
    }
    let log = served.logs().text();
    details(html, &format!("log-{id}"), "Log of the processes", |html| {
        pre(html, &super::served::tail(&log));
    });
    details(
        html,
        &format!("parameters-{id}"),
        &format!("Parameters ({})", hosted.parameters.len()),
        |html| {
            if hosted.parameters.is_empty() {
                html.push_str("<p>The package has none.</p>\n");
                return;
            }
            html.push_str("<dl class=\"facts\">\n");
            for (name, value) in &hosted.parameters {
                let _ = writeln!(
                    html,
                    "<dt>{}</dt><dd><code>{}</code></dd>",
                    escape_text(name),
                    escape_text(value)
                );
            }
            html.push_str("</dl>\n");
        },
    );
    let notes = served.notes();
    let simulated: Vec<&String> = hosted.simulated.iter().chain(&notes).collect();
    details(html, &format!("simulated-{id}"), &format!("What is simulated ({})", simulated.len()), |html| {
        html.push_str("<ul>\n");
        for step in &simulated {
            let _ = writeln!(html, "<li>{}</li>", escape_text(step));
        }
        html.push_str(
            "<li>Rights of the application pool’s identity, Windows authentication and named pipes do not show here.</li>\n</ul>\n",
        );
    });
    html.push_str("</section>\n");
}

fn processes(html: &mut String, name: &str, number: usize, workers: &Workers) {
    if workers.processes().is_offline() {
        html.push_str(
            "<p class=\"bad\"><strong>Switched off:</strong> its processes failed too often within a minute (rapidFailsPerMinute).</p>\n",
        );
    }
    let each =
        workers.requests_each().map_or_else(String::new, |requests| format!(", {requests} requests each"));
    let _ = writeln!(
        html,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Processes of {}\"><table>\n\
         <caption>Processes: at most {} at once{each}</caption>\n\
         <thead><tr><th scope=\"col\">Process</th><th scope=\"col\">State</th><th scope=\"col\">Since</th>\
         <th scope=\"col\" class=\"number\">Requests</th></tr></thead>\n<tbody>",
        escape_attribute(&format!("{name}, {}", number + 1)),
        workers.most()
    );
    let processes = workers.processes().list();
    if processes.is_empty() {
        html.push_str("<tr><td colspan=\"4\">None runs; the next request starts one.</td></tr>\n");
    }
    for process in processes {
        let (state, class) = if process.active() > 0 { ("busy", "busy") } else { ("idle", "idle") };
        let _ = writeln!(
            html,
            "<tr><td>{}</td><td><span class=\"state {class}\">{state}</span></td><td>{}</td><td class=\"number\">{}</td></tr>",
            process.number,
            at(process.since),
            process.served()
        );
    }
    html.push_str("</tbody></table></div>\n");
    let id = format!("start-{}-{number}", crate::package::names::safe(name));
    details(html, &id, "How to start one by hand", |html| pre(html, workers.command_line()));
}

fn failures(html: &mut String, site: &Site) {
    html.push_str("<section aria-labelledby=\"errors\">\n<h2 id=\"errors\">Last errors</h2>\n");
    let failures = site.monitor.failures();
    if failures.is_empty() {
        html.push_str("<p class=\"quiet\">None so far.</p>\n");
    }
    for failure in failures {
        let id = format!("error-{}", failure.time.unix_timestamp_nanos());
        let title = format!("{} {}: {}", at(failure.time), failure.status, failure.request);
        details(html, &id, &title, |html| pre(html, &failure.text));
    }
    html.push_str("</section>\n");
}

fn requests(html: &mut String, site: &Site) {
    html.push_str("<section aria-labelledby=\"requests\">\n<h2 id=\"requests\">Last requests</h2>\n");
    let accesses = site.monitor.accesses();
    if accesses.is_empty() {
        html.push_str("<p class=\"quiet\">None so far.</p>\n</section>\n");
        return;
    }
    html.push_str(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table of the last requests\"><table>\n\
         <thead><tr><th scope=\"col\">Time</th><th scope=\"col\">Request</th><th scope=\"col\">Status</th>\
         <th scope=\"col\">Handler</th><th scope=\"col\" class=\"number\">Bytes</th>\
         <th scope=\"col\" class=\"number\">ms</th></tr></thead>\n<tbody>\n",
    );
    for access in accesses.iter().take(50) {
        let class = match access.status {
            200..400 => "good",
            400..500 => "odd",
            _ => "bad",
        };
        let sub = if access.sub_status > 0 { format!(".{}", access.sub_status) } else { String::new() };
        let _ = writeln!(
            html,
            "<tr><td>{}</td><td class=\"target\">{} {}</td><td><span class=\"{class}\">{}{sub}</span></td><td>{}</td>\
             <td class=\"number\">{}</td><td class=\"number\">{:.1}</td></tr>",
            at(access.time),
            escape_text(&access.method),
            escape_text(&access.target),
            access.status,
            escape_text(&access.handler),
            access.bytes,
            access.elapsed.as_secs_f64() * 1000.0
        );
    }
    html.push_str("</tbody></table></div>\n</section>\n");
}

fn details(html: &mut String, id: &str, summary: &str, inner: impl FnOnce(&mut String)) {
    let _ = writeln!(
        html,
        "<details id=\"{}\"><summary>{}</summary>",
        escape_attribute(id),
        escape_text(summary)
    );
    inner(html);
    html.push_str("</details>\n");
}

fn pre(html: &mut String, text: &str) {
    let text = if text.trim().is_empty() { "nothing yet" } else { text };
    let _ = writeln!(html, "<pre tabindex=\"0\">{}</pre>", escape_text(text));
}

fn at(time: OffsetDateTime) -> String {
    time.format(format_description!("[hour]:[minute]:[second] UTC")).unwrap_or_default()
}
