//! Collection edits as they stand on the command line: `+[name='value',…].environmentVariables.[…]`.

use super::{Refusal, refusal};

/// What is done to a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Add,
    Remove,
    Set,
}

/// An edit, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Edit {
    pub operation: Operation,
    /// The element of the section's collection.
    pub element: Vec<(String, String)>,
    /// An element of the collection below it: its name and indexer.
    pub below: Option<(String, Vec<(String, String)>)>,
    /// The attribute that is set, and its value.
    pub attribute: Option<(String, String)>,
}

impl Edit {
    /// Reads an edit, without the slash before it.
    pub(super) fn read(text: &str) -> Result<Self, Refusal> {
        let (operation, rest) = match text.as_bytes().first() {
            Some(b'+') => (Operation::Add, &text[1..]),
            Some(b'-') => (Operation::Remove, &text[1..]),
            _ => (Operation::Set, text),
        };
        let (element, mut rest) = indexer(rest)?;
        let mut edit = Self { operation, element, below: None, attribute: None };
        if let Some(more) = rest.strip_prefix('.') {
            if let Some((name, indexed)) = more.split_once(".[") {
                let (pairs, after) = indexer(&more[more.len() - indexed.len() - 1..])?;
                edit.below = Some((name.to_owned(), pairs));
                rest = after;
            } else if let Some((name, value)) = more.split_once(':') {
                edit.attribute = Some((name.to_owned(), value.to_owned()));
                rest = "";
            }
        }
        if !rest.is_empty() || (operation == Operation::Set) != edit.attribute.is_some() {
            return malformed();
        }
        Ok(edit)
    }
}

fn malformed<T>() -> Result<T, Refusal> {
    refusal(
        87,
        "message:Malformed collection indexer; format is [@position,name='value',name2='value2',...].  The @position specifier \
         is optional, and be '@start', '@end', or '@N' where N is a numeric index into the collection.",
    )
}

type Pairs = Vec<(String, String)>;

/// Reads `[name='value',…]` and gives what follows.
fn indexer(text: &str) -> Result<(Pairs, &str), Refusal> {
    let Some(mut rest) = text.strip_prefix('[') else { return malformed() };
    let mut pairs = Vec::new();
    loop {
        let Some((name, after)) = rest.split_once("='") else { return malformed() };
        let (value, after) = quoted(after)?;
        pairs.push((name.trim().to_owned(), value));
        rest = after.trim_start();
        if let Some(more) = rest.strip_prefix(',') {
            rest = more;
        } else if let Some(more) = rest.strip_prefix(']') {
            return Ok((pairs, more));
        } else {
            return malformed();
        }
    }
}

/// Reads to the closing quote; a doubled one is one of the value.
fn quoted(text: &str) -> Result<(String, &str), Refusal> {
    let mut value = String::new();
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        if character != '\'' {
            value.push(character);
        } else if characters.next_if(|(_, next)| *next == '\'').is_some() {
            value.push('\'');
        } else {
            return Ok((value, &text[at + 1..]));
        }
    }
    malformed()
}
