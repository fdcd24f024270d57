//! From a .NET pattern to one of `fancy-regex`.

use std::fmt::Write as _;

use super::groups::{Key, key, numbers, target};
use super::scan::{Scanner, push_literal};
use super::{Error, MAX_LENGTH, class};

/// How deep groups may stand in each other.
const MAX_DEPTH: usize = 50;

/// The pattern in the other dialect.
pub(super) fn translate(pattern: &str) -> Result<String, Error> {
    let mut translator = Translator {
        scanner: Scanner::new(pattern),
        pieces: vec![Piece::Text(String::new())],
        groups: Vec::new(),
        open: Vec::new(),
        options: Inline::default(),
        quantifiable: false,
    };
    if pattern.chars().count() > MAX_LENGTH {
        return Err(translator.scanner.error(MAX_LENGTH, format!("more than {MAX_LENGTH} characters")));
    }
    translator.run()?;
    translator.finish()
}

/// What options in the pattern can switch. Upper and lower case are left to the engine, which has the same option.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "these are the four independent options of .NET")]
struct Inline {
    multiline: bool,
    single_line: bool,
    explicit_capture: bool,
    ignore_white_space: bool,
}

/// A part of the result. Groups are written when it is known which of them is referred to.
enum Piece {
    Text(String),
    /// The beginning of a capturing group.
    Group(usize),
    /// What a group captured, by its name or number, and where that is said.
    Reference(Key, usize),
    /// The beginning of a condition on a group.
    Condition(Key, usize),
}

struct Translator<'p> {
    scanner: Scanner<'p>,
    pieces: Vec<Piece>,
    /// The capturing groups in their order: a name, a number of its own, or none.
    groups: Vec<Option<Key>>,
    /// The open groups: where they begin, and the options to go back to.
    open: Vec<(usize, Inline)>,
    options: Inline,
    /// Whether a quantifier may follow.
    quantifiable: bool,
}

impl Translator<'_> {
    fn run(&mut self) -> Result<(), Error> {
        loop {
            let at = self.scanner.at();
            let Some(character) = self.scanner.next() else { break };
            if self.options.ignore_white_space && self.is_space(character) {
                continue;
            }
            match character {
                '\\' => self.escape(at)?,
                '[' => {
                    let class = class::class(&mut self.scanner, at, 0)?;
                    self.atom(&class);
                }
                '(' => self.group(at)?,
                ')' => {
                    let Some((_, options)) = self.open.pop() else {
                        return Err(self.scanner.error(at, "a closing parenthesis too many"));
                    };
                    self.options = options;
                    self.atom(")");
                }
                '|' => {
                    self.text("|");
                    self.quantifiable = false;
                }
                '.' => self.atom(if self.options.single_line { "(?s:.)" } else { "[^\\n]" }),
                '^' => self.atom(if self.options.multiline { "(?m:^)" } else { "\\A" }),
                '$' => self.atom(if self.options.multiline { "(?m:$)" } else { "(?=\\n?\\z)" }),
                '*' | '+' | '?' => self.quantifier(at, &character.to_string())?,
                '{' => match self.counts(at)? {
                    Some(counts) => self.quantifier(at, &counts)?,
                    None => self.literal('{'),
                },
                _ => self.literal(character),
            }
        }
        match self.open.last() {
            Some(&(at, _)) => Err(self.scanner.error(at, "a parenthesis that is not closed")),
            None => Ok(()),
        }
    }

    /// Blanks and comments, which mean nothing under `(?x)`.
    fn is_space(&mut self, character: char) -> bool {
        if character == '#' {
            self.scanner.take_while(|character| character != '\n');
        }
        character == '#' || matches!(character, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}')
    }

    fn text(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Text(last)) => last.push_str(text),
            _ => self.pieces.push(Piece::Text(text.to_owned())),
        }
    }

    fn atom(&mut self, text: &str) {
        self.text(text);
        self.quantifiable = true;
    }

    fn literal(&mut self, character: char) {
        let mut text = String::new();
        push_literal(&mut text, character);
        self.atom(&text);
    }

    /// `*`, `+`, `?` or counts, with a `?` behind them.
    fn quantifier(&mut self, at: usize, written: &str) -> Result<(), Error> {
        if !self.quantifiable {
            return Err(self.scanner.error(at, format!("`{written}` with nothing before it to repeat")));
        }
        self.text(written);
        if self.scanner.eat('?') {
            self.text("?");
        }
        // .NET has no possessive quantifiers, and refuses one behind the other.
        self.quantifiable = false;
        Ok(())
    }

    /// `{2}`, `{2,}`, `{2,3}`, the opening brace stepped over. Anything else in braces is text.
    fn counts(&mut self, at: usize) -> Result<Option<String>, Error> {
        let start = self.scanner.at();
        let least = self.scanner.take_while(|character| character.is_ascii_digit());
        let comma = self.scanner.eat(',');
        let most = if comma {
            self.scanner.take_while(|character| character.is_ascii_digit())
        } else {
            String::new()
        };
        if least.is_empty() || !self.scanner.eat('}') {
            self.scanner.back_to(start);
            return Ok(None);
        }
        let number =
            |digits: &str| digits.parse::<u32>().ok().filter(|&number| i32::try_from(number).is_ok());
        let (Some(from), Some(to)) =
            (number(&least), if most.is_empty() { Some(u32::MAX) } else { number(&most) })
        else {
            return Err(self.scanner.error(at, "a count that is too large"));
        };
        if from > to {
            return Err(self.scanner.error(at, "counts in reverse order"));
        }
        Ok(Some(match (comma, most.is_empty()) {
            (false, _) => format!("{{{from}}}"),
            (true, true) => format!("{{{from},}}"),
            (true, false) => format!("{{{from},{to}}}"),
        }))
    }

    /// What a backslash begins, outside of classes.
    fn escape(&mut self, at: usize) -> Result<(), Error> {
        match self.scanner.peek() {
            Some(anchor @ ('A' | 'z' | 'G' | 'b' | 'B')) => {
                self.scanner.next();
                self.atom(&format!("\\{anchor}"));
            }
            Some('Z') => {
                self.scanner.next();
                self.atom("(?=\\n?\\z)");
            }
            Some('k') => {
                self.scanner.next();
                self.named_reference(at)?;
            }
            Some('1'..='9') => self.numbered_reference(at)?,
            Some(letter @ ('d' | 'D' | 's' | 'S' | 'w' | 'W' | 'p' | 'P')) => {
                self.scanner.next();
                if let Some(class) = class::letter(&mut self.scanner, letter, at)? {
                    self.atom(&class);
                }
            }
            _ => {
                let character = self.scanner.escaped(at)?;
                self.literal(character);
            }
        }
        Ok(())
    }

    fn named_reference(&mut self, at: usize) -> Result<(), Error> {
        let close = if self.scanner.eat('<') {
            '>'
        } else if self.scanner.eat('\'') {
            '\''
        } else {
            return Err(self.scanner.error(at, "`\\k` without a name in `<>` or `''`"));
        };
        let name = self.scanner.take_while(is_word);
        if name.is_empty() || !self.scanner.eat(close) {
            return Err(self.scanner.error(at, "`\\k` without a name in `<>` or `''`"));
        }
        self.pieces.push(Piece::Reference(key(name), at));
        self.quantifiable = true;
        Ok(())
    }

    /// One digit is always a reference; more digits are one if there are so many groups, else a character in octal.
    fn numbered_reference(&mut self, at: usize) -> Result<(), Error> {
        let start = self.scanner.at();
        let digits = self.scanner.take_while(|character| character.is_ascii_digit());
        let number: usize = digits.parse().unwrap_or(usize::MAX);
        if digits.len() == 1 || number <= self.groups.len() {
            self.pieces.push(Piece::Reference(Key::Number(number), at));
            self.quantifiable = true;
            return Ok(());
        }
        if digits.starts_with(['8', '9']) {
            return Err(self
                .scanner
                .error(at, format!("a reference to group {digits}, which is not there,")));
        }
        self.scanner.back_to(start);
        let character = self.scanner.escaped(at)?;
        self.literal(character);
        Ok(())
    }

    /// What an opening parenthesis begins.
    fn group(&mut self, at: usize) -> Result<(), Error> {
        if !self.scanner.eat('?') {
            if self.options.explicit_capture {
                return self.enter(at, "(?:");
            }
            return self.capture(at, None);
        }
        for plain in ["=", "!", "<=", "<!", ">", ":"] {
            if self.scanner.eat_all(plain) {
                return self.enter(at, &format!("(?{plain}"));
            }
        }
        match self.scanner.peek() {
            Some('#') => {
                self.scanner.take_while(|character| character != ')');
                if self.scanner.eat(')') {
                    Ok(())
                } else {
                    Err(self.scanner.error(at, "a comment that is not closed"))
                }
            }
            Some('<' | '\'') => self.named_group(at),
            Some('(') => self.condition(at),
            _ => self.inline_options(at),
        }
    }

    fn enter(&mut self, at: usize, text: &str) -> Result<(), Error> {
        self.text(text);
        self.enter_quietly(at)
    }

    fn enter_quietly(&mut self, at: usize) -> Result<(), Error> {
        if self.open.len() >= MAX_DEPTH {
            return Err(self.scanner.error(at, "groups that stand too deep in each other"));
        }
        self.open.push((at, self.options));
        self.quantifiable = false;
        Ok(())
    }

    fn capture(&mut self, at: usize, key: Option<Key>) -> Result<(), Error> {
        self.pieces.push(Piece::Group(self.groups.len()));
        self.groups.push(key);
        self.enter_quietly(at)
    }

    fn named_group(&mut self, at: usize) -> Result<(), Error> {
        let close = if self.scanner.next() == Some('<') { '>' } else { '\'' };
        let name = self.scanner.take_while(is_word);
        if self.scanner.peek() == Some('-') {
            return Err(self.scanner.error(at, "a balancing group, which is not supported,"));
        }
        if name.is_empty() || !self.scanner.eat(close) {
            return Err(self.scanner.error(at, "a group whose name is wrong"));
        }
        self.capture(at, Some(key(name)))
    }

    /// `(?(1)yes|no)` and `(?(name)yes|no)`.
    fn condition(&mut self, at: usize) -> Result<(), Error> {
        self.scanner.next();
        let name = self.scanner.take_while(is_word);
        if name.is_empty() || !self.scanner.eat(')') {
            return Err(self.scanner.error(at, "a condition that is an expression, which is not supported,"));
        }
        self.pieces.push(Piece::Condition(key(name), at));
        self.enter_quietly(at)
    }

    /// `(?i)`, `(?s-x)`, `(?n:…)`.
    fn inline_options(&mut self, at: usize) -> Result<(), Error> {
        let mut options = self.options;
        let mut ignore_case = None;
        let mut on = true;
        loop {
            match self.scanner.next() {
                Some('-') => on = false,
                Some('+') => on = true,
                Some('i' | 'I') => ignore_case = Some(on),
                Some('m' | 'M') => options.multiline = on,
                Some('s' | 'S') => options.single_line = on,
                Some('n' | 'N') => options.explicit_capture = on,
                Some('x' | 'X') => options.ignore_white_space = on,
                Some(end @ (')' | ':')) => {
                    let flag = match ignore_case {
                        Some(true) => "i",
                        Some(false) => "-i",
                        None => "",
                    };
                    if end == ':' {
                        self.enter(at, &format!("(?{flag}:"))?;
                    } else if !flag.is_empty() {
                        self.text(&format!("(?{flag})"));
                    }
                    self.quantifiable = false;
                    self.options = options;
                    return Ok(());
                }
                _ => return Err(self.scanner.error(at, "a group of an unknown kind")),
            }
        }
    }

    /// Puts the pieces together. Only groups that something refers to capture.
    fn finish(self) -> Result<String, Error> {
        let numbers = numbers(&self.groups);
        let mut used = vec![false; self.groups.len()];
        let mut targets = Vec::new();
        for piece in &self.pieces {
            if let Piece::Reference(key, at) | Piece::Condition(key, at) = piece {
                let group = target(&self.groups, &numbers, key)
                    .map_err(|message| self.scanner.error(*at, message))?;
                used[group] = true;
                targets.push(group);
            }
        }
        let mut targets = targets.into_iter();
        let mut result = String::new();
        for piece in &self.pieces {
            // Writing to a string cannot fail.
            let _ = match piece {
                Piece::Text(text) => result.write_str(text),
                Piece::Group(group) if used[*group] => write!(result, "(?<g{group}>"),
                Piece::Group(_) => result.write_str("(?:"),
                Piece::Reference(..) => write!(result, "\\k<g{}>", targets.next().unwrap_or_default()),
                Piece::Condition(..) => write!(result, "(?(<g{}>)", targets.next().unwrap_or_default()),
            };
        }
        Ok(result)
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}
