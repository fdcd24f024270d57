//! HTTP redirection: a site, folder or application that has moved (`system.webServer/httpRedirect`).

use super::pattern::Pattern;
use super::read::{Fault, collection, fault, take_choice, take_flag, text};
use super::rewrite::substituted;
use super::{Request, Url};
use crate::xml::Element;

/// Where requests are sent.
#[derive(Debug, Clone, Default)]
pub struct HttpRedirect {
    enabled: bool,
    destination: String,
    exact: bool,
    child_only: bool,
    status: Option<u16>,
    wildcards: Vec<(String, String)>,
}

impl HttpRedirect {
    pub(super) fn read(&mut self, element: Element<'_>) -> Result<(), Fault> {
        take_flag(element, "enabled", &mut self.enabled)?;
        take_flag(element, "exactDestination", &mut self.exact)?;
        take_flag(element, "childOnly", &mut self.child_only)?;
        if let Some(destination) = element.attribute_ignore_case("destination") {
            destination.clone_into(&mut self.destination);
        }
        let words = [
            ("Permanent", Some(301)),
            ("Found", Some(302)),
            ("Temporary", Some(307)),
            ("PermRedirect", Some(308)),
        ];
        take_choice(element, "httpResponseStatus", &words, &mut self.status)?;
        collection(element, &mut self.wildcards, &["wildcard"], |add| {
            let wildcard = text(add, "wildcard");
            Pattern::wildcard(&wildcard, true).map_err(|error| fault(add, error))?;
            Ok((wildcard, text(add, "destination")))
        })
    }

    /// The status and the address that a request is sent to. `below` is its path below the application.
    pub fn target(&self, _request: &Request, url: &Url, below: &str) -> Option<(u16, String)> {
        if !self.enabled {
            return None;
        }
        let status = self.status.unwrap_or(302);
        for (wildcard, destination) in &self.wildcards {
            let pattern = Pattern::wildcard(wildcard, true).ok()?;
            if let Some(captures) = pattern.captures(&url.text).or_else(|| pattern.captures(below)) {
                return Some((status, filled(&substituted(destination, '$', &captures), url)));
            }
        }
        let in_a_folder = below.trim_matches('/').contains('/');
        if self.destination.is_empty() || (self.child_only && in_a_folder) {
            return None;
        }
        let has_variables = ["$S", "$P", "$Q", "$V"].iter().any(|name| self.destination.contains(name));
        let destination = filled(&self.destination, url);
        if self.exact || has_variables {
            return Some((status, destination));
        }
        let query = if url.query.is_empty() { String::new() } else { format!("?{}", url.query) };
        let rest = below.trim_start_matches('/');
        let slash = if destination.ends_with('/') || rest.is_empty() { "" } else { "/" };
        Some((status, format!("{destination}{slash}{}{query}", super::escaped(rest))))
    }
}

/// `$V` is the path as asked for, `$S` its suffix, `$P` its parameters without and `$Q` with the question mark.
fn filled(destination: &str, url: &Url) -> String {
    let question = if url.query.is_empty() { String::new() } else { format!("?{}", url.query) };
    destination
        .replace("$S", &url.raw_path)
        .replace("$V", &url.raw_path)
        .replace("$P", &url.query)
        .replace("$Q", &question)
}
