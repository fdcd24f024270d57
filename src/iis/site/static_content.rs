//! Files: their types, caching, and which document stands for a folder (`staticContent`, `defaultDocument`).

use std::collections::BTreeMap;

use super::read::{Fault, NotSimulated, collection, fault, not_simulated, note, take_flag, text};
use crate::xml::Element;

/// The documents that stand for a folder.
#[derive(Debug, Clone)]
pub struct DefaultDocument {
    /// Whether there are any.
    pub enabled: bool,
    /// Their names, the first that is there counts.
    pub files: Vec<String>,
}

impl DefaultDocument {
    pub(super) fn read(&mut self, element: Element<'_>) -> Result<(), Fault> {
        take_flag(element, "enabled", &mut self.enabled)?;
        for files in element.children_named("files") {
            // Those of an inner file come first.
            let mut added = Vec::new();
            for entry in files.children() {
                match entry.name() {
                    "clear" => self.files.clear(),
                    "remove" => self.files.retain(|file| !file.eq_ignore_ascii_case(&text(entry, "value"))),
                    _ => {}
                }
            }
            collection(files, &mut added, &["value"], |add| Ok(text(add, "value")))?;
            self.files.retain(|file| !added.iter().any(|new: &String| new.eq_ignore_ascii_case(file)));
            self.files.splice(0..0, added);
        }
        Ok(())
    }
}

/// How files are served.
#[derive(Debug, Clone)]
pub struct StaticContent {
    /// The type of each extension, in lower case with its dot. A file without one is not served.
    pub types: BTreeMap<String, String>,
    /// The value of `Cache-Control`.
    pub cache_control: Option<String>,
    /// The value of `Expires`.
    pub expires: Option<String>,
}

impl StaticContent {
    pub(super) fn read(&mut self, element: Element<'_>, notes: &mut Vec<NotSimulated>) -> Result<(), Fault> {
        let mut added = Vec::new();
        for entry in element.children() {
            let extension = text(entry, "fileExtension").to_lowercase();
            match entry.name() {
                "clear" => self.types.clear(),
                "remove" => {
                    self.types.remove(&extension);
                    added.retain(|known| *known != extension);
                }
                "mimeMap" => {
                    if added.contains(&extension) {
                        let text = format!(
                            "Cannot add duplicate collection entry of type 'mimeMap' with unique key attribute \
                             'fileExtension' set to '{extension}'"
                        );
                        return Err(fault(entry, text));
                    }
                    if self.types.insert(extension.clone(), text(entry, "mimeType")).is_some() {
                        let text = format!(
                            "`{extension}` has a type in IIS already, which then answers 500.19 to everything: put \
                             `<remove fileExtension=\"{extension}\" />` before it"
                        );
                        note(notes, entry, text);
                    }
                    added.push(extension);
                }
                "clientCache" => self.client_cache(entry, notes),
                _ => not_simulated(notes, entry),
            }
        }
        Ok(())
    }

    fn client_cache(&mut self, element: Element<'_>, notes: &mut Vec<NotSimulated>) {
        let custom = text(element, "cacheControlCustom");
        let mode = text(element, "cacheControlMode");
        let directive = match mode.as_str() {
            "DisableCache" => Some("no-cache".to_owned()),
            "UseMaxAge" => Some(format!("max-age={}", seconds(&text(element, "cacheControlMaxAge")))),
            "UseExpires" => {
                self.expires = Some(text(element, "httpExpires"));
                None
            }
            "" | "NoControl" => None,
            _ => {
                not_simulated(notes, element);
                None
            }
        };
        self.cache_control = match (custom.is_empty(), directive) {
            (true, directive) => directive,
            (false, None) => Some(custom),
            (false, Some(directive)) => Some(format!("{directive},{custom}")),
        };
    }

    /// The type of a file by its name.
    pub fn type_of(&self, name: &str) -> Option<&str> {
        let extension = super::filtering::extension(name).unwrap_or(".").to_lowercase();
        self.types.get(&extension).or_else(|| self.types.get(".*")).map(String::as_str)
    }
}

/// A time span of .NET, as `7.00:00:00`, in seconds; one day when it is none.
fn seconds(span: &str) -> u64 {
    let (days, time) = span.split_once('.').unwrap_or(("0", span));
    let parts: Vec<u64> = time.split(':').filter_map(|part| part.trim().parse().ok()).collect();
    match (days.trim().parse::<u64>(), parts.as_slice()) {
        (Ok(days), [hours, minutes, seconds]) => {
            days.saturating_mul(86_400).saturating_add(hours * 3600 + minutes * 60 + seconds)
        }
        _ => 86_400,
    }
}

/// The entity tag of a file, from the time of its last change (in 100 ns) and its size.
pub fn entity_tag(changed: u128, size: u64) -> String {
    format!("\"{changed:x}:{size:x}\"")
}

/// A part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteRange {
    /// All of it: no range was asked for, or one that is not understood.
    Whole,
    /// From the first byte to the last, counted from 0, both included.
    Part(u64, u64),
    /// What was asked for is not in it.
    Unsatisfiable,
}

/// What a `Range` header asks for (RFC 9110, section 14.2). Of several ranges none is given: the whole is.
pub fn range_of(header: Option<&str>, size: u64) -> ByteRange {
    let Some(range) = header.and_then(|header| header.trim().strip_prefix("bytes=")) else {
        return ByteRange::Whole;
    };
    let Some((first, last)) = range.split_once('-').filter(|_| !range.contains(',')) else {
        return ByteRange::Whole;
    };
    match (first.trim().parse::<u64>(), last.trim().parse::<u64>(), last.trim().is_empty()) {
        (Ok(first), Ok(last), _) if first <= last && first < size => {
            ByteRange::Part(first, last.min(size - 1))
        }
        (Ok(first), _, true) if first < size => ByteRange::Part(first, size - 1),
        (Ok(first), Ok(last), _) if first > last => ByteRange::Whole,
        (Ok(_), _, _) | (Err(_), Ok(0), _) => ByteRange::Unsatisfiable,
        (Err(_), Ok(length), _) if first.trim().is_empty() && size > 0 => {
            ByteRange::Part(size - length.min(size), size - 1)
        }
        _ => ByteRange::Whole,
    }
}
