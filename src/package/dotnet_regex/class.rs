//! Character classes: `[a-z\d]`, subtraction, and the classes with a letter.

use super::Error;
use super::scan::{Scanner, push_literal};

/// How deep subtractions may stand in each other.
const MAX_DEPTH: usize = 20;

/// What .NET's `\w` matches: letters, non-spacing marks, decimal digits and connectors.
const WORD: &str = "\\p{L}\\p{Mn}\\p{Nd}\\p{Pc}";
/// What .NET's `\s` matches.
const SPACE: &str = "\\f\\n\\r\\t\\x0b\\x{85}\\p{Z}";
/// What .NET's `\d` matches: decimal digits of all scripts.
const DIGIT: &str = "\\p{Nd}";

/// The class of `\w`, `\D`, `\p{Lu}` …, complete with its brackets; None when the letter means no class. The scanner stands
/// behind the letter, the backslash is at `start`.
pub(super) fn letter(scanner: &mut Scanner<'_>, letter: char, start: usize) -> Result<Option<String>, Error> {
    Ok(Some(match letter {
        'd' => format!("[{DIGIT}]"),
        'D' => format!("[^{DIGIT}]"),
        's' => format!("[{SPACE}]"),
        'S' => format!("[^{SPACE}]"),
        'w' => format!("[{WORD}]"),
        'W' => format!("[^{WORD}]"),
        'p' | 'P' => property(scanner, letter == 'P', start)?,
        _ => return Ok(None),
    }))
}

/// `\p{…}`: the general categories of Unicode.
fn property(scanner: &mut Scanner<'_>, negated: bool, start: usize) -> Result<String, Error> {
    const CATEGORIES: &str = " L Lu Ll Lt Lm Lo M Mn Mc Me N Nd Nl No P Pc Pd Ps Pe Pi Pf Po S Sm Sc Sk So Z Zs Zl Zp C Cc Cf Cs Co Cn ";
    if !scanner.eat('{') {
        return Err(scanner.error(start, "`\\p` without a category in braces"));
    }
    let name = scanner.take_while(|character| character != '}');
    if !scanner.eat('}') {
        return Err(scanner.error(start, "`\\p{` without its closing brace"));
    }
    if name.starts_with("Is") {
        return Err(scanner.error(start, format!("the Unicode block `{name}`, which is not supported")));
    }
    if name == "Cs" {
        return Err(scanner.error(start, "surrogates, which are no characters here,"));
    }
    if name.is_empty() || name.contains(' ') || !CATEGORIES.contains(&format!(" {name} ")) {
        return Err(scanner.error(start, format!("unknown Unicode category `{name}`")));
    }
    Ok(format!("[{}p{{{name}}}]", if negated { "^\\" } else { "\\" }))
}

/// A class, its opening bracket at `start` and stepped over already.
pub(super) fn class(scanner: &mut Scanner<'_>, start: usize, depth: usize) -> Result<String, Error> {
    if depth > MAX_DEPTH {
        return Err(scanner.error(start, "classes that stand too deep in each other"));
    }
    let negated = scanner.eat('^');
    let mut items = String::new();
    let mut subtracted = None;
    let mut first = true;
    loop {
        let at = scanner.at();
        let Some(character) = scanner.next() else {
            return Err(scanner.error(start, "a class without its closing bracket"));
        };
        if character == ']' && !first {
            break;
        }
        if character == '-' && !first && scanner.eat('[') {
            subtracted = Some(subtraction(scanner, at, depth)?);
            break;
        }
        first = false;
        if character == '[' && scanner.peek() == Some(':') {
            return Err(scanner.error(at, "a class in `[:` and `:]`, which .NET does not know,"));
        }
        match item(scanner, character, at)? {
            Item::Class(class) => items.push_str(&class),
            Item::Character(from) => range(scanner, &mut items, from, at)?,
        }
    }
    let class = format!("[{}{items}]", if negated { "^" } else { "" });
    Ok(match subtracted {
        Some(subtracted) => format!("[{class}--{subtracted}]"),
        None => class,
    })
}

/// The class that is taken away from another; the brackets of both are closed then.
fn subtraction(scanner: &mut Scanner<'_>, at: usize, depth: usize) -> Result<String, Error> {
    let inner = class(scanner, at + 1, depth + 1)?;
    if !scanner.eat(']') {
        return Err(scanner.error(at, "a subtraction that is not the last part of its class"));
    }
    Ok(inner)
}

enum Item {
    Character(char),
    Class(String),
}

/// One character or class inside of brackets, its first character stepped over.
fn item(scanner: &mut Scanner<'_>, character: char, at: usize) -> Result<Item, Error> {
    if character != '\\' {
        return Ok(Item::Character(character));
    }
    match scanner.peek() {
        // Inside of a class this is a backspace, outside a word boundary.
        Some('b') => {
            scanner.next();
            Ok(Item::Character('\u{8}'))
        }
        Some('-') => {
            scanner.next();
            Ok(Item::Character('-'))
        }
        Some(name @ ('d' | 'D' | 's' | 'S' | 'w' | 'W' | 'p' | 'P')) => {
            scanner.next();
            Ok(letter(scanner, name, at)?.map_or(Item::Character(name), Item::Class))
        }
        _ => scanner.escaped(at).map(Item::Character),
    }
}

/// A character, or a range that begins with it.
fn range(scanner: &mut Scanner<'_>, items: &mut String, from: char, at: usize) -> Result<(), Error> {
    push_literal(items, from);
    if scanner.peek() != Some('-') || matches!(scanner.ahead(1), None | Some(']' | '[')) {
        return Ok(());
    }
    scanner.next();
    let end = scanner.at();
    let Some(character) = scanner.next() else { return Ok(()) };
    match item(scanner, character, end)? {
        Item::Class(_) => Err(scanner.error(end, "a class as the end of a range")),
        Item::Character(to) if to < from => {
            Err(scanner.error(at, format!("the range `{from}-{to}` in reverse order")))
        }
        Item::Character(to) => {
            items.push('-');
            push_literal(items, to);
            Ok(())
        }
    }
}
