//! Request filtering: what IIS refuses before anybody looks at it (`system.webServer/security/requestFiltering`).

use super::read::{Fault, NotSimulated, collection, not_simulated, take_flag, take_number, text};
use super::{Request, Url};
use crate::xml::Element;

/// The filters and their limits.
#[derive(Debug, Clone)]
pub struct RequestFiltering {
    /// Whether a path may still hold escapes after it was decoded, or a plus sign.
    pub allow_double_escaping: bool,
    /// Whether a path may hold characters that are not ASCII.
    pub allow_high_bit_characters: bool,
    /// The longest body, in bytes.
    pub max_content_length: u64,
    /// The longest path, in bytes as written.
    pub max_url: usize,
    /// The longest query, in bytes as written.
    pub max_query_string: usize,
    /// The longest value of a header, by its name.
    pub header_limits: Vec<(String, usize)>,
    /// Verbs and whether they are allowed.
    pub verbs: Listed,
    /// Extensions with their dots and whether they are allowed.
    pub extensions: Listed,
    /// Steps of paths that are never served.
    pub hidden_segments: Vec<String>,
    /// Parts of paths that are refused.
    pub deny_url_sequences: Vec<String>,
    /// Parts of queries that are refused.
    pub deny_query_sequences: Vec<String>,
    /// Paths that pass, whatever they hold.
    pub always_allowed_urls: Vec<String>,
}

/// Names that are allowed or denied.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Whether a name that is not listed is allowed.
    pub allow_unlisted: bool,
    /// The names with their verdicts.
    pub names: Vec<(String, bool)>,
}

impl Listed {
    fn allows(&self, name: &str) -> bool {
        let found = self.names.iter().find(|(listed, _)| listed.eq_ignore_ascii_case(name));
        found.map_or(self.allow_unlisted, |(_, allowed)| *allowed)
    }

    fn read(&mut self, element: Element<'_>, key: &'static str) -> Result<(), Fault> {
        take_flag(element, "allowUnlisted", &mut self.allow_unlisted)?;
        collection(element, &mut self.names, &[key], |add| {
            let mut allowed = true;
            take_flag(add, "allowed", &mut allowed)?;
            Ok((text(add, key), allowed))
        })
    }
}

impl RequestFiltering {
    pub(super) fn read(
        &mut self,
        element: Element<'_>,
        unknown: &mut Vec<NotSimulated>,
    ) -> Result<(), Fault> {
        take_flag(element, "allowDoubleEscaping", &mut self.allow_double_escaping)?;
        take_flag(element, "allowHighBitCharacters", &mut self.allow_high_bit_characters)?;
        for part in element.children() {
            let one = |key: &'static str| move |add: Element<'_>| Ok(text(add, key));
            match part.name() {
                "requestLimits" => self.limits(part)?,
                "verbs" => self.verbs.read(part, "verb")?,
                "fileExtensions" => self.extensions.read(part, "fileExtension")?,
                "hiddenSegments" => {
                    collection(part, &mut self.hidden_segments, &["segment"], one("segment"))?;
                }
                "denyUrlSequences" => {
                    collection(part, &mut self.deny_url_sequences, &["sequence"], one("sequence"))?;
                }
                "denyQueryStringSequences" => {
                    collection(part, &mut self.deny_query_sequences, &["sequence"], one("sequence"))?;
                }
                "alwaysAllowedUrls" => collection(part, &mut self.always_allowed_urls, &["url"], one("url"))?,
                _ => not_simulated(unknown, part),
            }
        }
        Ok(())
    }

    fn limits(&mut self, element: Element<'_>) -> Result<(), Fault> {
        take_number(element, "maxAllowedContentLength", &mut self.max_content_length)?;
        take_number(element, "maxUrl", &mut self.max_url)?;
        take_number(element, "maxQueryString", &mut self.max_query_string)?;
        element.children_named("headerLimits").try_for_each(|limits| {
            collection(limits, &mut self.header_limits, &["header"], |add| {
                let mut limit = 0;
                take_number(add, "sizeLimit", &mut limit)?;
                Ok((text(add, "header"), limit))
            })
        })
    }

    /// The sub-status of 404 that a request is refused with.
    pub fn refusal(&self, request: &Request, url: &Url) -> Option<u16> {
        if self.always_allowed_urls.iter().any(|allowed| allowed.eq_ignore_ascii_case(&url.text)) {
            return None;
        }
        let path = url.text.to_lowercase();
        let extension = extension(&url.text).unwrap_or(".");
        let contains = |text: &str, sequences: &[String]| {
            sequences.iter().any(|sequence| !sequence.is_empty() && text.contains(&sequence.to_lowercase()))
        };
        let hidden = |step: &str| self.hidden_segments.iter().any(|hidden| hidden.eq_ignore_ascii_case(step));
        let too_long = |(name, limit): &(String, usize)| {
            request
                .headers
                .iter()
                .any(|(header, value)| header.eq_ignore_ascii_case(name) && value.len() > *limit)
        };
        let checks = [
            (13, request.content_length.is_some_and(|length| length > self.max_content_length)),
            (14, url.raw_path.len() > self.max_url),
            (15, url.query.len() > self.max_query_string),
            (10, self.header_limits.iter().any(too_long)),
            (6, !self.verbs.allows(&request.method)),
            (11, !self.allow_double_escaping && is_escaped_twice(&url.path)),
            (12, !self.allow_high_bit_characters && !url.path.is_ascii()),
            (5, contains(&path, &self.deny_url_sequences)),
            (18, contains(&url.query.to_lowercase(), &self.deny_query_sequences)),
            (7, !self.extensions.allows(extension)),
            (8, url.text.split('/').any(hidden)),
        ];
        checks.into_iter().find(|(_, refused)| *refused).map(|(sub_status, _)| sub_status)
    }
}

/// The extension of a path's last step, with its dot.
pub(super) fn extension(path: &str) -> Option<&str> {
    let last = path.rsplit('/').next().unwrap_or(path);
    last.rfind('.').map(|dot| &last[dot..])
}

/// Whether decoding a path that was decoded would change it again. IIS takes a plus sign for an escaped blank.
fn is_escaped_twice(path: &[u8]) -> bool {
    let escape = |three: &[u8]| three[0] == b'%' && three[1..].iter().all(u8::is_ascii_hexdigit);
    path.contains(&b'+') || path.windows(3).any(escape)
}
