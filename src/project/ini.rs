//! INI files as Python's `configparser` reads them, with the place of each value and of what is malformed.

use std::path::{Path, PathBuf};

use super::Error;
use crate::error::Location;

/// An INI file.
#[derive(Debug, Clone, Default)]
pub(super) struct Ini {
    path: PathBuf,
    sections: Vec<Section>,
}

/// A section with its options, in the order of the file.
#[derive(Debug, Clone)]
pub(super) struct Section {
    /// The name as written.
    pub(super) name: String,
    /// The line of its head.
    pub(super) line: usize,
    /// The options: the name as written, the value with its lines joined by line breaks, and the line.
    pub(super) options: Vec<(String, String, usize)>,
}

/// Whether a section or option that stands twice is an error, as it is to `configparser` unless told otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Duplicates {
    Refused,
    LastWins,
}

impl Ini {
    /// Reads the text of the file `path`.
    pub(super) fn parse(path: &Path, text: &str, duplicates: Duplicates) -> Result<Self, Error> {
        let mut reader = Reader { path, duplicates, sections: Vec::new(), indent: 0, open: false };
        for (at, line) in text.lines().enumerate() {
            reader.line(line, at + 1)?;
        }
        let mut sections = reader.sections;
        for (_, value, _) in sections.iter_mut().flat_map(|section| &mut section.options) {
            value.truncate(value.trim_end().len());
        }
        Ok(Self { path: path.to_owned(), sections })
    }

    /// All sections.
    pub(super) fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// The same file with `%(name)s` filled in from the section or `[DEFAULT]`, and `%%` as a percent sign, as
    /// setuptools reads `setup.cfg`. What names nothing stays as it is.
    pub(super) fn interpolated(mut self) -> Self {
        let defaults = self.sections.iter().find(|section| section.name == "DEFAULT").cloned();
        let defaults = defaults.map(|section| section.options).unwrap_or_default();
        for section in &mut self.sections {
            let known: Vec<_> = section.options.iter().chain(&defaults).cloned().collect();
            for (_, value, _) in section.options.iter_mut().filter(|(_, value, _)| value.contains('%')) {
                *value = interpolate(value, &known, &mut 100);
            }
        }
        self
    }

    /// An option of a section: its value and place. Hyphens in the name are underscores, as to setuptools.
    pub(super) fn get(&self, section: &str, option: &str) -> Option<(&str, Location)> {
        let section = self.sections.iter().find(|candidate| candidate.name == section)?;
        let found =
            section.options.iter().find(|(name, _, _)| name.to_lowercase().replace('-', "_") == option)?;
        Some((&found.1, self.place(found.2)))
    }

    /// All options of a section.
    pub(super) fn options(&self, section: &str) -> &[(String, String, usize)] {
        let section = self.sections.iter().find(|candidate| candidate.name == section);
        section.map(|section| section.options.as_slice()).unwrap_or_default()
    }

    /// A line of the file.
    pub(super) fn place(&self, line: usize) -> Location {
        Location::at(&self.path, line, 0)
    }
}

/// Fills in one value. Values that name each other end when so many names have been filled in.
fn interpolate(value: &str, known: &[(String, String, usize)], left: &mut usize) -> String {
    let mut text = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find('%') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            text.push('%');
            rest = after;
            continue;
        }
        let named = rest.strip_prefix('(').and_then(|inner| inner.split_once(")s"));
        let found = named.and_then(|(name, after)| {
            let option = known.iter().find(|(known, _, _)| known.eq_ignore_ascii_case(name))?;
            Some((&option.1, after))
        });
        match found {
            Some((inner, after)) if *left > 0 => {
                *left -= 1;
                text.push_str(&interpolate(inner, known, left));
                rest = after;
            }
            _ => text.push('%'),
        }
    }
    text + rest
}

struct Reader<'a> {
    path: &'a Path,
    duplicates: Duplicates,
    sections: Vec<Section>,
    /// How far in the last option's name stands.
    indent: usize,
    /// Whether the last option may go on.
    open: bool,
}

impl Reader<'_> {
    fn line(&mut self, line: &str, number: usize) -> Result<(), Error> {
        let text = line.trim();
        if text.starts_with(['#', ';']) {
            return Ok(());
        }
        let indent = line.chars().take_while(|character| character.is_whitespace()).count();
        if self.open && (text.is_empty() || indent > self.indent) {
            if let Some(option) = self.sections.last_mut().and_then(|section| section.options.last_mut()) {
                option.1.push('\n');
                option.1.push_str(text);
            }
            return Ok(());
        }
        if text.is_empty() {
            return Ok(());
        }
        self.open = false;
        self.indent = indent;
        let column = indent + 1;
        if let Some(name) = text.strip_prefix('[').and_then(|rest| Some(&rest[..rest.rfind(']')?])) {
            return self.section(name, number, column);
        }
        self.option(text, number, column)
    }

    fn section(&mut self, name: &str, line: usize, column: usize) -> Result<(), Error> {
        match self.sections.iter().position(|section| section.name == name) {
            Some(first) if self.duplicates == Duplicates::LastWins => {
                // Options go to the last section: let it be this one.
                let section = self.sections.remove(first);
                self.sections.push(section);
            }
            Some(first) => {
                let first = self.sections[first].line;
                return Err(self.wrong(
                    line,
                    column,
                    format!("section `[{name}]` is there already, in line {first}"),
                ));
            }
            None => self.sections.push(Section { name: name.to_owned(), line, options: Vec::new() }),
        }
        Ok(())
    }

    fn option(&mut self, text: &str, line: usize, column: usize) -> Result<(), Error> {
        if self.sections.is_empty() {
            return Err(self.wrong(line, column, "text before the first `[section]`".to_owned()));
        }
        let Some(at) = text.find(['=', ':']) else {
            return Err(self.wrong(
                line,
                column,
                format!("neither `[section]` nor `name = value`: `{text}`"),
            ));
        };
        let name = text[..at].trim().to_owned();
        if name.is_empty() {
            return Err(self.wrong(line, column, format!("no name before `{}`", &text[at..=at])));
        }
        let value = text[at + 1..].trim().to_owned();
        let refused = self.duplicates == Duplicates::Refused;
        let mut earlier = None;
        if let Some(section) = self.sections.last_mut() {
            earlier = section
                .options
                .iter()
                .find(|(known, _, _)| known.eq_ignore_ascii_case(&name))
                .map(|option| option.2);
            if !refused {
                section.options.retain(|(known, _, _)| !known.eq_ignore_ascii_case(&name));
            }
            section.options.push((name.clone(), value, line));
        }
        if let (Some(first), true) = (earlier, refused) {
            return Err(self.wrong(
                line,
                column,
                format!("option `{name}` is there already, in line {first}"),
            ));
        }
        self.open = true;
        Ok(())
    }

    fn wrong(&self, line: usize, column: usize, problem: String) -> Error {
        Error::Syntax { place: Location::at(self.path, line, column), problem }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Failure;

    #[test]
    fn values_go_on_in_indented_lines() {
        let text = "# why\n[a]\nOne: 1 ; kept\ntwo =\n    x\n\n  # skipped\n    y = z\nthree=\n[b]\n";
        let ini = Ini::parse(Path::new("setup.cfg"), text, Duplicates::Refused).unwrap();
        assert_eq!(ini.get("a", "one").unwrap().0, "1 ; kept");
        assert_eq!(ini.get("a", "two").unwrap().0, "\nx\n\ny = z");
        assert_eq!(ini.get("a", "three").unwrap(), ("", Location::at("setup.cfg", 9, 0)));
        assert_eq!(ini.sections()[1].name, "b");
    }

    #[test]
    fn options_are_filled_in_from_their_section_and_the_defaults() {
        let text = "[DEFAULT]\nbase = x\n[a]\none = %(base)s-1\ntwo = %(one)s %% %(gone)s 5% %(two)s\n";
        let ini = Ini::parse(Path::new("setup.cfg"), text, Duplicates::Refused).unwrap().interpolated();
        assert!(ini.get("a", "two").unwrap().0.starts_with("x-1 % %(gone)s 5% x-1 % "));
    }

    #[test]
    fn what_is_malformed_is_told_with_its_place() {
        for (text, place, problem) in [
            ("a = 1\n", (1, 1), "text before the first `[section]`"),
            ("[a]\n  nonsense\n", (2, 3), "neither `[section]` nor `name = value`: `nonsense`"),
            ("[a]\nx = 1\nX = 2\n", (3, 1), "option `X` is there already, in line 2"),
            ("[a]\n[a]\n", (2, 1), "section `[a]` is there already, in line 1"),
            ("[a]\n= 1\n", (2, 1), "no name before `=`"),
        ] {
            let error = Ini::parse(Path::new("setup.cfg"), text, Duplicates::Refused).unwrap_err();
            let location = error.location().unwrap();
            assert_eq!((location.line, location.column), place, "{text}");
            assert!(error.to_string().ends_with(problem), "{error}");
        }
        let ini = Ini::parse(Path::new("a.ini"), "[a]\nx=1\n[b]\n[a]\nx=2\n", Duplicates::LastWins).unwrap();
        assert_eq!(ini.get("a", "x").unwrap().0, "2");
    }
}
