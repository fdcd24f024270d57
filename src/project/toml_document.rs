//! A TOML file with the places of its values.

use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Error;
use crate::error::Location;

/// A TOML file: its path and text.
#[derive(Debug)]
pub(super) struct TomlFile {
    path: PathBuf,
    text: String,
}

/// A table of a TOML file.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    file: &'a TomlFile,
    entries: &'a DeTable<'a>,
    at: usize,
}

/// A value of a TOML file, with the key it stands under.
#[derive(Clone, Copy)]
pub(super) struct Value<'a> {
    file: &'a TomlFile,
    key: &'a str,
    content: &'a Spanned<DeValue<'a>>,
}

impl TomlFile {
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        Ok(Self { path: path.to_owned(), text: crate::files::read_text(path)? })
    }

    /// Parses the text.
    pub(super) fn parse(&self) -> Result<Spanned<DeTable<'_>>, Error> {
        DeTable::parse(&self.text).map_err(|error| Error::Syntax {
            place: error.span().map_or_else(|| Location::file(&self.path), |span| self.place(span.start)),
            problem: error.message().to_owned(),
        })
    }

    /// The whole document.
    pub(super) fn table<'a>(&'a self, document: &'a Spanned<DeTable<'a>>) -> Table<'a> {
        Table { file: self, entries: document.get_ref(), at: 0 }
    }

    fn place(&self, offset: usize) -> Location {
        let (line, column) = crate::xml::position(&self.text, offset);
        Location::at(&self.path, line, column)
    }
}

impl<'a> Table<'a> {
    /// The value under a key.
    pub(super) fn get(self, key: &'a str) -> Option<Value<'a>> {
        self.entries.get(key).map(|content| Value { file: self.file, key, content })
    }

    /// The table at a path of keys; none when it is not there, or not a table.
    pub(super) fn table(self, keys: &[&'a str]) -> Option<Table<'a>> {
        keys.iter().try_fold(self, |table, key| table.get(key)?.as_table())
    }

    /// A text; none when it is not there.
    pub(super) fn text(self, key: &'a str) -> Result<Option<(String, Location)>, Error> {
        self.get(key).map(|value| Ok((value.text()?.to_owned(), value.place()))).transpose()
    }

    /// The values in the order of the file.
    pub(super) fn values(self) -> Vec<Value<'a>> {
        let mut keyed: Vec<_> = self.entries.iter().collect();
        keyed.sort_by_key(|(key, _)| key.span().start);
        let value = |(key, content): (&'a Spanned<_>, _)| {
            let key: &'a std::borrow::Cow<'a, str> = key.get_ref();
            Value { file: self.file, key, content }
        };
        keyed.into_iter().map(value).collect()
    }

    /// Where it begins.
    pub(super) fn place(self) -> Location {
        self.file.place(self.at)
    }
}

impl<'a> Value<'a> {
    /// The key it stands under.
    pub(super) fn key(self) -> &'a str {
        self.key
    }

    /// Where it is.
    pub(super) fn place(self) -> Location {
        self.file.place(self.content.span().start)
    }

    /// The value as a table.
    pub(super) fn as_table(self) -> Option<Table<'a>> {
        let entries = self.content.get_ref().as_table()?;
        Some(Table { file: self.file, entries, at: self.content.span().start })
    }

    /// The value as a text, if it is one.
    pub(super) fn as_text(self) -> Option<&'a str> {
        self.content.get_ref().as_str()
    }

    /// Whether the value is an array.
    pub(super) fn is_array(self) -> bool {
        self.content.get_ref().is_array()
    }

    /// The value as a truth value, if it is one.
    pub(super) fn as_bool(self) -> Option<bool> {
        self.content.get_ref().as_bool()
    }

    /// The value as a text.
    pub(super) fn text(self) -> Result<&'a str, Error> {
        self.as_text().ok_or_else(|| self.wrong("a string"))
    }

    /// The value as a table that must be one.
    pub(super) fn table(self) -> Result<Table<'a>, Error> {
        self.as_table().ok_or_else(|| self.wrong("a table"))
    }

    /// The items of an array.
    pub(super) fn items(self) -> Result<Vec<Value<'a>>, Error> {
        let items = self.content.get_ref().as_array().ok_or_else(|| self.wrong("an array"))?;
        Ok(items.iter().map(|content| Value { content, ..self }).collect())
    }

    /// The texts of an array.
    pub(super) fn texts(self) -> Result<Vec<String>, Error> {
        self.items()?.into_iter().map(|item| item.text().map(str::to_owned)).collect()
    }

    /// One text, or those of an array.
    pub(super) fn one_or_more(self) -> Result<Vec<String>, Error> {
        match self.as_text() {
            Some(text) => Ok(vec![text.to_owned()]),
            None => self.texts(),
        }
    }

    /// The error that the value has another type than it should.
    pub(super) fn wrong(self, expected: &str) -> Error {
        Error::Value {
            place: self.place(),
            problem: format!("`{}` must be {expected}, not {}", self.key, type_of(self.content.get_ref())),
            hint: "See https://packaging.python.org/specifications/pyproject-toml for the types.".into(),
        }
    }
}

fn type_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a truth value",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}
