//! The pages of IIS itself: errors with their details or without, and redirections.

use std::fmt::Write as _;

use super::{Fault, Reply};
use crate::error::in_one_line;
use crate::iis::site::{Answer, Request, description};
use crate::xml::{escape_attribute, escape_text};

const STYLE: &str = include_str!("error_page.css");
const HTML: &str = "text/html; charset=utf-8";

/// An answer that sends the client elsewhere.
pub(super) fn redirect(answer: &Answer, location: &str, handler: &str) -> Reply {
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><title>Document Moved</title></head>\n<body><h1>Object Moved</h1>\n\
         <p>This document may be found <a href=\"{}\">here</a>.</p></body></html>\n",
        escape_attribute(location)
    );
    let mut reply = Reply::whole(answer.status, answer.sub_status, handler, HTML, html);
    reply.reason.clone_from(&answer.reason);
    // A line break in a header would be another header.
    let location: String = location.chars().filter(|character| !character.is_control()).collect();
    reply.headers.push(("Location".to_owned(), location));
    reply
}

/// A page with all that is known.
pub(super) fn detailed(answer: &Answer, request: &Request, facts: &[(&str, String)]) -> Reply {
    let (title, advice) = description(answer.status, answer.sub_status);
    let text = if answer.description.is_empty() { advice } else { answer.description.as_str() };
    let mut inner = format!("<p>{}</p>\n", escape_text(text));
    inner.push_str("<dl>\n");
    let asked = format!("{} {}", request.method, request.target);
    for (name, value) in std::iter::once(("Request", &asked)).chain(facts.iter().map(|(n, v)| (*n, v))) {
        let _ = writeln!(inner, "<dt>{name}</dt><dd>{}</dd>", escape_text(value));
    }
    inner.push_str("</dl>\n");
    page(answer, title, &inner, "IIS")
}

/// A page for a process that did not answer: what it said last, and how to start it by hand.
pub(super) fn failed(
    answer: &Answer,
    request: &Request,
    fault: &Fault,
    output: &str,
    command_line: Option<&str>,
    handler: &str,
) -> Reply {
    let (title, _) = description(answer.status, answer.sub_status);
    let mut inner = format!("<p>The application’s process {}.</p>\n", escape_text(&in_one_line(fault)));
    if output.is_empty() {
        inner.push_str("<p>It wrote nothing.</p>\n");
    } else {
        let _ = writeln!(inner, "<h2>Its last words</h2>\n<pre tabindex=\"0\">{}</pre>", escape_text(output));
    }
    if let Some(command_line) = command_line {
        let _ = writeln!(
            inner,
            "<h2>To see it by hand</h2>\n<pre tabindex=\"0\">{}</pre>",
            escape_text(command_line)
        );
    }
    let _ = writeln!(
        inner,
        "<dl><dt>Request</dt><dd>{} {}</dd></dl>",
        escape_text(&request.method),
        escape_text(&request.target)
    );
    page(answer, title, &inner, handler)
}

/// IIS's own page for who must not see more.
pub(super) fn short(answer: &Answer, handler: &str) -> Reply {
    let (title, _) = description(answer.status, 0);
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><title>{status} - {title}</title></head>\n\
         <body><h1>Server Error</h1>\n<h2>{status} - {title}</h2></body></html>\n",
        status = answer.status
    );
    Reply::whole(answer.status, answer.sub_status, handler, HTML, html)
}

fn page(answer: &Answer, title: &str, inner: &str, handler: &str) -> Reply {
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>HTTP {status}.{sub} - {title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>HTTP {status}.{sub}: {title}</h1>\n{inner}</main>\n\
         <footer>The simulated IIS of iiswsgi. <a href=\"/.iiswsgi/\">Its processes, logs and last errors</a></footer>\n\
         </body>\n</html>\n",
        status = answer.status,
        sub = answer.sub_status,
        title = escape_text(title),
    );
    let mut reply = Reply::whole(answer.status, answer.sub_status, handler, HTML, html);
    reply.reason.clone_from(&answer.reason);
    reply
}
