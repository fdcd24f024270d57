//! What an index means by its answer to an upload. Status and text in, meaning out.
//!
//! The texts are those of PyPI (warehouse), devpi-server and pypiserver. PyPI keeps them stable for twine's sake.

use serde::Deserialize;

use crate::http::{StatusCode, is_transient};

/// The most characters of a server's words that are shown.
const MAX_SHOWN: usize = 500;

/// What an answer means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// The file is there now.
    Accepted,
    /// A file of this name is there already; whether it is the same one has to be looked up.
    Exists(String),
    /// The index does not take it.
    Refused(String),
    /// The same request may succeed a little later.
    Later(String),
}

impl Answer {
    /// Reads an answer.
    pub(super) fn of(status: StatusCode, body: &str) -> Self {
        let text = message(status, body);
        let lower = text.to_ascii_lowercase();
        if status.is_success() {
            return Self::Accepted;
        }
        // Words of PyPI: a file of the name, or the same content under another name. Artifactory and Nexus say it in
        // their own words and with other statuses.
        let exists = (status == StatusCode::BAD_REQUEST || status == StatusCode::FORBIDDEN)
            && (lower.contains("already exist") || lower.contains("does not allow updating"));
        if status == StatusCode::CONFLICT || exists {
            return Self::Exists(text);
        }
        if is_transient(status) {
            return Self::Later(text);
        }
        Self::Refused(text)
    }
}

/// What to do about a refusal.
pub(super) fn hint(status: u16, text: &str) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    Some(match status {
        401 => "The index wants a login: set IISWSGI_PYPI_TOKEN, or a user name and IISWSGI_PYPI_PASSWORD.",
        403 if lower.contains("two factor") || lower.contains("2fa") || lower.contains("verified") => {
            "Verify the account's mail address and use an API token instead of a password."
        }
        403 if lower.contains("isn't allowed") || lower.contains("not allowed to upload") => {
            "The token or user has no right to this project: make a token for it, or have an owner invite the user."
        }
        403 => {
            "Check the token: it must be of this index (PyPI and TestPyPI have tokens of their own), whole, and not \
             revoked."
        }
        400 if lower.contains("previously used by a file") => {
            "A deleted file's name cannot be used again: raise the version, or give the wheel a build tag."
        }
        400 if lower.contains("only one sdist") => {
            "This version has its source distribution already: raise the version."
        }
        400 if lower.contains("older than 14 days") => {
            "PyPI takes files for a version only in its first 14 days: raise the version."
        }
        400 if lower.contains("attestation") => {
            "The attestations do not belong to this file or publisher: leave them out with `--no-attestations`, or \
             make them in the workflow that publishes."
        }
        413 => "The file is too large for this index: ask for a higher limit, or leave large data out of it.",
        404 | 405 => {
            "This is not the address that uploads go to. PyPI's ends in `/legacy/`, that of devpi is the index \
             itself with a final slash, that of pypiserver is its root."
        }
        429 => "The index has had too many requests: run the same again in a few minutes, from one job.",
        500..=599 => {
            "The index has a problem: look at its status page, then run the same again, which completes it."
        }
        _ => return None,
    })
}

/// The words of the server, without its markup.
fn message(status: StatusCode, body: &str) -> String {
    #[derive(Deserialize)]
    struct Json {
        code: Option<serde_json::Value>,
        message: Option<String>,
        detail: Option<String>,
        title: Option<String>,
    }

    let text = match serde_json::from_str::<Json>(body) {
        Ok(Json { code, message, detail, title }) => {
            // PyPI has the whole message, after the status, in `code`, and half of it in `message`.
            let code = code.as_ref().and_then(|code| code.as_str()).and_then(|code| code.split_once(' '));
            let code = code.map(|(_, text)| text.to_owned());
            [code, message, detail, title].into_iter().flatten().max_by_key(String::len).unwrap_or_default()
        }
        Err(_) => plain(body),
    };
    let text: String = text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_SHOWN)
        .collect();
    if text.is_empty() { status.canonical_reason().unwrap_or("no reason given").to_lowercase() } else { text }
}

/// The text of a page: what is between its tags, the head left out.
fn plain(html: &str) -> String {
    if !html.trim_start().starts_with('<') {
        return html.to_owned();
    }
    let lower = html.to_ascii_lowercase();
    let body = lower.find("<body").map_or(html, |at| &html[at..]);
    let mut text = String::new();
    for part in body.split('<') {
        text.push_str(part.split_once('>').map_or(part, |(_, text)| text));
        text.push(' ');
    }
    text.replace("&#x27;", "'")
        .replace("&#039;", "'")
        .replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer::of(StatusCode::from_u16(status).unwrap(), body)
    }

    #[test]
    fn the_answers_of_real_servers_are_understood() {
        let warehouse = r#"{"message": "The server could not comply", "code": "400 File already exists ('a-1.tar.gz', with blake2_256 hash 'ab'). See https://pypi.example/help/ for more information.", "title": "Bad Request"}"#;
        let Answer::Exists(text) = answer(400, warehouse) else { panic!("it exists") };
        assert!(text.starts_with("File already exists ('a-1.tar.gz'"), "{text}");
        assert_eq!(answer(200, ""), Answer::Accepted);
        let pypiserver = "<html><head><title>Error: 409</title></head><body><h1>Error</h1><pre>Package &#039;a&#039; already exists!</pre></body></html>";
        assert_eq!(answer(409, pypiserver), Answer::Exists("Error Package 'a' already exists!".into()));
        assert_eq!(
            answer(409, "a-1 already exists in non-volatile index"),
            Answer::Exists("a-1 already exists in non-volatile index".into())
        );
        assert_eq!(answer(503, ""), Answer::Later("service unavailable".into()));
        assert_eq!(answer(400, "{}"), Answer::Refused("bad request".into()));
    }

    #[test]
    fn refusals_have_hints() {
        for (status, text, part) in [
            (
                400,
                "This filename was previously used by a file that has since been deleted.",
                "raise the version",
            ),
            (400, "Only one sdist may be uploaded per release.", "source distribution already"),
            (400, "Uploading new files to releases older than 14 days is not allowed.", "14 days"),
            (403, "Invalid or non-existent authentication information.", "Check the token"),
            (403, "The user 'x' isn't allowed to upload to project 'y'.", "no right"),
            (413, "", "too large"),
            (429, "", "too many requests"),
            (503, "", "status page"),
            (404, "", "final slash"),
        ] {
            assert!(hint(status, text).unwrap().contains(part), "{status} {text}");
        }
        assert_eq!(hint(400, "something else"), None);
    }

    proptest! {
        #[test]
        fn what_is_shown_is_short_and_has_no_control_characters(status in 100_u16..600, body in "\\PC{0,50}|(<[a-z]{0,3}>?.{0,20}){0,9}") {
            match answer(status, &body) {
                Answer::Accepted => prop_assert!((200..300).contains(&status)),
                Answer::Exists(text) | Answer::Refused(text) | Answer::Later(text) => {
                    prop_assert!(!text.is_empty() && text.chars().count() <= MAX_SHOWN);
                    prop_assert!(!text.contains(char::is_control));
                }
            }
        }
    }
}
