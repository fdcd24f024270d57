//! Walking over the characters of a pattern, and the escapes that mean one character.

use std::fmt::Write as _;

use super::{Error, shown};

/// The characters of a pattern and the place in them.
pub(super) struct Scanner<'p> {
    pattern: &'p str,
    characters: Vec<char>,
    at: usize,
}

impl<'p> Scanner<'p> {
    pub(super) fn new(pattern: &'p str) -> Self {
        Self { pattern, characters: pattern.chars().collect(), at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn back_to(&mut self, at: usize) {
        self.at = at;
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.ahead(0)
    }

    pub(super) fn ahead(&self, by: usize) -> Option<char> {
        self.characters.get(self.at + by).copied()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += 1;
        Some(next)
    }

    /// Steps over a character if it is this one.
    pub(super) fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    /// Steps over a text if it is here.
    pub(super) fn eat_all(&mut self, wanted: &str) -> bool {
        let found = wanted.chars().enumerate().all(|(by, character)| self.ahead(by) == Some(character));
        if found {
            self.at += wanted.chars().count();
        }
        found
    }

    /// The characters up to one that does not fit.
    pub(super) fn take_while(&mut self, mut fits: impl FnMut(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some(character) = self.peek().filter(|&character| fits(character)) {
            taken.push(character);
            self.at += 1;
        }
        taken
    }

    /// An error about the character at an index.
    pub(super) fn error(&self, at: usize, message: impl Into<String>) -> Error {
        Error::Pattern { pattern: shown(self.pattern), column: at + 1, message: message.into() }
    }

    /// The character of an escape whose backslash is at `start` and was stepped over already: everything but classes,
    /// anchors and references.
    pub(super) fn escaped(&mut self, start: usize) -> Result<char, Error> {
        let Some(character) = self.next() else {
            return Err(self.error(start, "a backslash at the end"));
        };
        Ok(match character {
            'a' => '\u{7}',
            'e' => '\u{1b}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            'x' => self.hexadecimal(start, 2)?,
            'u' => self.hexadecimal(start, 4)?,
            'c' => self.control(start)?,
            '0'..='7' => {
                self.at -= 1;
                self.octal()
            }
            _ if character.is_alphanumeric() || character == '_' => {
                return Err(self.error(start, format!("unknown escape `\\{character}`")));
            }
            _ => character,
        })
    }

    fn hexadecimal(&mut self, start: usize, digits: usize) -> Result<char, Error> {
        let mut value = 0;
        for _ in 0..digits {
            let digit = self.next().and_then(|character| character.to_digit(16));
            let Some(digit) = digit else {
                return Err(self.error(start, format!("an escape that needs {digits} hexadecimal digits")));
            };
            value = value * 16 + digit;
        }
        char::from_u32(value)
            .ok_or_else(|| self.error(start, "half of a surrogate pair, which is no character here"))
    }

    fn control(&mut self, start: usize) -> Result<char, Error> {
        match self.next().map(|character| character.to_ascii_uppercase()) {
            Some(character @ '@'..='_') => Ok(char::from(u8::try_from(character).unwrap_or(b'@') - b'@')),
            _ => Err(self.error(start, "`\\c` without a control character")),
        }
    }

    /// Up to three octal digits, of which the lowest eight bits count.
    fn octal(&mut self) -> char {
        let mut value = 0;
        for _ in 0..3 {
            let Some(digit) = self.peek().and_then(|character| character.to_digit(8)) else { break };
            value = value * 8 + digit;
            self.at += 1;
        }
        char::from(value.to_le_bytes()[0])
    }
}

/// Writes one character so that it means itself, in and outside of classes.
pub(super) fn push_literal(into: &mut String, character: char) {
    match character {
        '\n' => into.push_str("\\n"),
        '\r' => into.push_str("\\r"),
        '\t' => into.push_str("\\t"),
        _ if character.is_control() => {
            let _ = write!(into, "\\x{{{:x}}}", u32::from(character));
        }
        '\\' | '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' | '#' | '&'
        | '-' | '~' => {
            into.push('\\');
            into.push(character);
        }
        _ => into.push(character),
    }
}
