//! A parameter entry, ready to search with.

use super::{Error, NOTICED, windows_name, xml_file};
use crate::finding::Finding;
use crate::package::dotnet_regex::{self, Options, Regex};
use crate::package::parameters::{EntryKind, Parameter, ParameterEntry, text_position};
use crate::package::xpath::{self, XPath};

#[derive(Debug)]
pub(super) struct Entry {
    /// The index of the parameter.
    pub(super) parameter: usize,
    pub(super) kind: EntryKind,
    pub(super) matcher: Matcher,
    name: String,
    /// None: everything.
    scope: Option<Regex>,
    written_scope: String,
    written_match: String,
    line: usize,
    column: usize,
}

#[derive(Debug)]
pub(super) enum Matcher {
    Pattern(Regex),
    XPath(XPath),
    /// Line, column and number of characters.
    Position((usize, usize, usize)),
    /// Whatever the scope is about is meant as a whole.
    Nothing,
}

impl Entry {
    /// Reads an entry of the parameter with an index.
    pub(super) fn new(at: usize, parameter: &Parameter, entry: &ParameterEntry) -> Result<Self, Error> {
        let mut compiled = Self {
            parameter: at,
            kind: entry.kind.clone(),
            matcher: Matcher::Nothing,
            name: parameter.name.clone(),
            scope: None,
            written_scope: entry.scope.clone(),
            written_match: entry.matching.clone(),
            line: entry.line,
            column: entry.column,
        };
        if !entry.scope.is_empty() {
            let scope = Regex::new(&entry.scope, Options::ignoring_case());
            compiled.scope = Some(scope.map_err(|source| compiled.pattern_error("scope", source))?);
        }
        compiled.matcher = compiled.read_match()?;
        Ok(compiled)
    }

    fn read_match(&self) -> Result<Matcher, Error> {
        let matching = &self.written_match;
        let pattern = |options| {
            Regex::new(matching, options)
                .map(Matcher::Pattern)
                .map_err(|source| self.pattern_error("match", source))
        };
        match &self.kind {
            EntryKind::Missing => Err(self.error("it has no kind")),
            EntryKind::Unknown(kind) => Err(self.error(format!("its kind `{kind}` is unknown"))),
            EntryKind::DestinationVirtualDirectory | EntryKind::SqlCommandVariable => Ok(Matcher::Nothing),
            EntryKind::DestinationBinding if matching.is_empty() => Ok(Matcher::Nothing),
            _ if matching.is_empty() => Err(self.error("it has no match")),
            // Paths and bindings are compared without regard to case on Windows; text in files is not.
            EntryKind::ProviderPath | EntryKind::DestinationBinding => pattern(Options::ignoring_case()),
            EntryKind::TextFile => pattern(Options::default()),
            EntryKind::XmlFile | EntryKind::DeploymentObjectAttribute => {
                XPath::parse(matching).map(Matcher::XPath).map_err(|source| self.xpath_error(source))
            }
            EntryKind::TextFilePosition => text_position(matching).map(Matcher::Position).ok_or_else(|| {
                self.error(format!("its match `{matching}` is not `line;column;number of characters`"))
            }),
        }
    }

    /// Whether the scope matches the name of a provider, site or virtual directory.
    pub(super) fn is_about(&self, name: &str) -> Result<bool, Error> {
        match &self.scope {
            None => Ok(true),
            Some(scope) => scope.is_match(name).map_err(|source| self.pattern_error("scope", source)),
        }
    }

    /// The name that the scope is about, when it stands between `^` and `$` and is no pattern: `^Default\ Web\ Site/a$`.
    pub(super) fn named(&self) -> Option<String> {
        let inner = self.written_scope.strip_prefix('^')?.strip_suffix('$')?;
        let mut name = String::new();
        let mut characters = inner.chars();
        while let Some(character) = characters.next() {
            match character {
                '\\' => name.push(characters.next().filter(|escaped| !escaped.is_alphanumeric())?),
                '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '^' | '$' => return None,
                plain => name.push(plain),
            }
        }
        Some(name)
    }

    /// Whether the scope matches a file. Web Deploy sees the whole path with backslashes; only its end is known here, and in the
    /// archive format where it was packed. So a scope may match the path in the package, the same behind a backslash, and
    /// the path that the archive format has kept.
    pub(super) fn is_about_file(&self, name: &str) -> Result<bool, Error> {
        let name = windows_name(name);
        if self.is_about(&format!("\\{name}"))? || self.is_about(&name)? {
            return Ok(true);
        }
        match packed_path(&name) {
            Some(path) => self.is_about(&path),
            None => Ok(false),
        }
    }

    pub(super) fn matches(&self, text: &str) -> Result<bool, Error> {
        match &self.matcher {
            Matcher::Pattern(regex) => {
                regex.is_match(text).map_err(|source| self.pattern_error("match", source))
            }
            _ => Ok(true),
        }
    }

    /// What to say when it found nothing.
    pub(super) fn unused(&self) -> Finding {
        let text = format!(
            "an entry of `{}` found nothing (kind `{}`, scope `{}`, match `{}`)",
            self.name, self.kind, self.written_scope, self.written_match
        );
        Finding::new("unused-entry", NOTICED, text).at((self.line, self.column))
    }

    fn error(&self, message: impl Into<String>) -> Error {
        Error::Entry {
            parameter: self.name.clone(),
            message: message.into(),
            line: self.line,
            column: self.column,
        }
    }

    pub(super) fn pattern_error(&self, part: &'static str, source: dotnet_regex::Error) -> Error {
        Error::Pattern { parameter: self.name.clone(), part, line: self.line, column: self.column, source }
    }

    pub(super) fn xpath_error(&self, source: xpath::Error) -> Error {
        Error::XPath { parameter: self.name.clone(), line: self.line, column: self.column, source }
    }

    pub(super) fn xml_error(&self, file: &str, fault: xml_file::Fault) -> Error {
        match fault {
            xml_file::Fault::XPath(source) => self.xpath_error(source),
            xml_file::Fault::File(message) => self.file_error(file, message),
        }
    }

    pub(super) fn file_error(&self, file: &str, message: String) -> Error {
        Error::File {
            parameter: self.name.clone(),
            file: file.to_owned(),
            message,
            line: self.line,
            column: self.column,
        }
    }
}

/// The path that a file of an archive package came from: `Content\C_C\a` was `C:\a`, `Content\Site\a` was `Site\a`.
fn packed_path(name: &str) -> Option<String> {
    let inner = match name.get(..8) {
        Some(start) if start.eq_ignore_ascii_case("Content\\") => &name[8..],
        _ => return None,
    };
    let (first, rest) = inner.split_once('\\').unwrap_or((inner, ""));
    let mut characters = first.chars();
    match (characters.next(), characters.next(), characters.next(), characters.next()) {
        (Some(drive), Some('_'), Some(again), None) if drive == again && drive.is_ascii_alphabetic() => {
            Some(format!("{drive}:\\{rest}"))
        }
        _ => Some(inner.to_owned()),
    }
}
