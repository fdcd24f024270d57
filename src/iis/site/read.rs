//! From configuration files to the [`Configuration`] of one URL.
//!
//! Files count from the outermost to the innermost, each over what those before it said; in a file, what stands in a
//! `<location>` counts for its path alone. Collections know `add`, `remove` and `clear`.

use super::Configuration;
use crate::xml::{Document, Element};

/// A configuration file at its place in the site.
#[derive(Debug, Clone, Copy)]
pub struct Layer<'a> {
    /// The file's content.
    pub document: &'a Document,
    /// The path of its folder in the URL, decoded: empty for the site's root, else `/a/b`.
    pub base: &'a str,
    /// Whether it belongs to an application further out, whose `<location inheritInChildApplications="false">` stay there.
    pub inherited: bool,
}

/// Something that a file asks for and that is not imitated.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct NotSimulated {
    /// A fragment that says what: "`urlCompression` is not imitated".
    pub text: String,
    /// The line in its file.
    pub line: usize,
}

/// What IIS answers 500.19 for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {text}")]
pub struct Fault {
    /// What is wrong, as a fragment.
    pub text: String,
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// Elements of a `web.config` that are not for IIS itself, or have no meaning of their own.
const SILENT: [&str; 8] = [
    "configSections",
    "appSettings",
    "connectionStrings",
    "runtime",
    "startup",
    "location",
    "system.webServer",
    "configProtectedData",
];

impl Configuration {
    /// The configuration of a URL by these files, outermost first.
    ///
    /// # Errors
    /// IIS would refuse a file.
    pub fn of(layers: &[Layer<'_>], path: &str) -> Result<Self, Fault> {
        let mut configuration = Self::default();
        for layer in layers {
            let root = layer.document.root();
            let locations = root.children_named("location").filter(|location| counts(*location, layer, path));
            for part in std::iter::once(root).chain(locations) {
                configuration.take(part)?;
            }
        }
        Ok(configuration)
    }

    fn take(&mut self, part: Element<'_>) -> Result<(), Fault> {
        for element in part.children().filter(|element| !SILENT.contains(&element.name())) {
            self.unknown(element);
        }
        part.children_named("system.webServer").flat_map(Element::children).try_for_each(|element| {
            match element.name() {
                "defaultDocument" => self.default_document.read(element),
                "directoryBrowse" => {
                    take_flag(element, "enabled", &mut self.directory_browse)
                }
                "handlers" => self.handlers.read(element),
                "staticContent" => self.static_content.read(element, &mut self.not_simulated),
                "security" => self.security(element),
                "httpErrors" => self.errors.read(element),
                "httpPlatform" => self.http_platform.read(element, &mut self.not_simulated),
                "httpRedirect" => self.redirect.read(element),
                "rewrite" => self.rewrite.read(element, &mut self.not_simulated),
                "httpProtocol" => self.protocol(element),
                // The bootstrap has registered these; IIS itself reads them from applicationHost.config alone.
                "fastCgi"
                // Nothing that shows on this machine.
                | "asp" | "cgi" | "validation" | "tracing" | "urlCompression" | "httpCompression" | "caching" => Ok(()),
                _ => {
                    self.unknown(element);
                    Ok(())
                }
            }
        })
    }

    fn security(&mut self, security: Element<'_>) -> Result<(), Fault> {
        for element in security.children() {
            if element.is("requestFiltering") {
                self.filtering.read(element, &mut self.not_simulated)?;
            } else {
                self.unknown(element);
            }
        }
        Ok(())
    }

    fn protocol(&mut self, protocol: Element<'_>) -> Result<(), Fault> {
        for element in protocol.children() {
            if element.is("customHeaders") {
                collection(element, &mut self.custom_headers, &["name"], |add| {
                    Ok((text(add, "name"), text(add, "value")))
                })?;
            } else {
                self.unknown(element);
            }
        }
        Ok(())
    }

    fn unknown(&mut self, element: Element<'_>) {
        not_simulated(&mut self.not_simulated, element);
    }
}

/// Whether a `<location>` is about a path.
fn counts(location: Element<'_>, layer: &Layer<'_>, path: &str) -> bool {
    let inherits = location.attribute_ignore_case("inheritInChildApplications") != Some("false");
    if layer.inherited && !inherits {
        return false;
    }
    let about = text(location, "path");
    let about = about.trim_matches(['/', ' ']);
    if matches!(about, "" | ".") {
        return true;
    }
    let whole = format!("{}/{about}", layer.base).to_lowercase();
    path.to_lowercase().strip_prefix(&whole).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Notes an element, once.
pub(super) fn not_simulated(into: &mut Vec<NotSimulated>, element: Element<'_>) {
    let mut path = vec![element.name()];
    let mut above = element.parent();
    while let Some(parent) = above.filter(|parent| !parent.is("configuration") && !parent.is("location")) {
        path.push(parent.name());
        above = parent.parent();
    }
    path.reverse();
    note(into, element, format!("`{}` is not imitated", path.join("/")));
}

/// Notes something about an element, once.
pub(super) fn note(into: &mut Vec<NotSimulated>, element: Element<'_>, text: String) {
    if !into.iter().any(|known| known.text == text) {
        into.push(NotSimulated { text, line: element.position().0 });
    }
}

pub(super) fn fault(element: Element<'_>, text: impl Into<String>) -> Fault {
    let (line, column) = element.position();
    Fault { text: text.into(), line, column }
}

/// The value of an attribute, empty when it is not there.
pub(super) fn text(element: Element<'_>, name: &str) -> String {
    element.attribute_ignore_case(name).unwrap_or_default().to_owned()
}

/// Sets a flag when the attribute is there.
pub(super) fn take_flag(element: Element<'_>, name: &str, into: &mut bool) -> Result<(), Fault> {
    match element.attribute_ignore_case(name).map(|value| value.trim().to_lowercase()) {
        None => {}
        Some(value) if value == "true" => *into = true,
        Some(value) if value == "false" => *into = false,
        Some(value) => {
            return Err(fault(element, format!("`{name}` must be true or false, not `{value}`")));
        }
    }
    Ok(())
}

/// Sets a number when the attribute is there.
pub(super) fn take_number<N: std::str::FromStr>(
    element: Element<'_>,
    name: &str,
    into: &mut N,
) -> Result<(), Fault> {
    if let Some(value) = element.attribute_ignore_case(name) {
        let wrong = |_| fault(element, format!("`{name}` must be a number in its range, not `{value}`"));
        *into = value.trim().parse().map_err(wrong)?;
    }
    Ok(())
}

/// The value of an attribute that is one of some words, whatever its case.
pub(super) fn take_choice<T: Copy>(
    element: Element<'_>,
    name: &str,
    words: &[(&str, T)],
    into: &mut T,
) -> Result<(), Fault> {
    let Some(value) = element.attribute_ignore_case(name) else { return Ok(()) };
    if let Some((_, meant)) = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(value.trim())) {
        *into = *meant;
        return Ok(());
    }
    let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    Err(fault(element, format!("`{name}` must be one of {}, not `{value}`", known.join(", "))))
}

/// Reads a collection: `add` puts an item behind those that are there, `remove` takes one away, `clear` all. An `add` with
/// the key of another of the same file is refused.
pub(super) fn collection<T: Keyed>(
    element: Element<'_>,
    list: &mut Vec<T>,
    keys: &[&str],
    make: impl Fn(Element<'_>) -> Result<T, Fault>,
) -> Result<(), Fault> {
    for entry in element.children() {
        let key = keys.iter().map(|key| text(entry, key).to_lowercase()).collect::<Vec<_>>().join(",");
        match entry.name() {
            "clear" => list.clear(),
            "remove" => list.retain(|item| item.key() != key),
            "add" | "mimeMap" | "error" | "environmentVariable" | "file" => {
                if list.iter().any(|item| item.key() == key) {
                    let text = format!(
                        "Cannot add duplicate collection entry of type '{}' with unique key attribute '{}' set to '{key}'",
                        entry.name(),
                        keys.join(", ")
                    );
                    return Err(fault(entry, text));
                }
                list.push(make(entry)?);
            }
            other => return Err(fault(entry, format!("unrecognized element '{other}'"))),
        }
    }
    Ok(())
}

/// An item of a collection, with the key by which it is found, in lower case.
pub(super) trait Keyed {
    fn key(&self) -> String;
}

/// The name is the key.
impl<T> Keyed for (String, T) {
    fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

impl Keyed for String {
    fn key(&self) -> String {
        self.to_lowercase()
    }
}
