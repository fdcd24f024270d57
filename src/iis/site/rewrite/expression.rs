//! The texts of rules: `{R:1}`, `{C:0}`, `{HTTP_HOST}`, `{ToLower:{R:1}}`, `{MapName:{R:1}}`.

use super::Rewrite;
use crate::uri::percent_encode;

/// What the parts of a text stand for.
pub(super) struct Scope<'a> {
    /// What the rule's pattern captured.
    pub(super) rule: &'a [String],
    /// What the conditions captured.
    pub(super) conditions: &'a [String],
    /// The value of a server variable.
    pub(super) variable: &'a dyn Fn(&str) -> Option<String>,
}

impl Rewrite {
    /// Fills in the parts of a text. A brace that nothing closes is text.
    pub(super) fn fill(&self, text: &str, scope: &Scope<'_>) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            filled.push_str(&rest[..open]);
            let Some(length) = closing(&rest[open..]) else {
                filled.push_str(&rest[open..]);
                return filled;
            };
            filled.push_str(&self.value(&rest[open + 1..open + length], scope));
            rest = &rest[open + length + 1..];
        }
        filled + rest
    }

    fn value(&self, name: &str, scope: &Scope<'_>) -> String {
        let Some((kind, inner)) = name.split_once(':') else {
            return (scope.variable)(name).unwrap_or_default();
        };
        let group = |groups: &[String]| {
            inner
                .trim()
                .parse::<usize>()
                .ok()
                .and_then(|number| groups.get(number).cloned())
                .unwrap_or_default()
        };
        match kind {
            "R" => return group(scope.rule),
            "C" => return group(scope.conditions),
            _ => {}
        }
        let inner = self.fill(inner, scope);
        match kind {
            "ToLower" => inner.to_lowercase(),
            "UrlEncode" => percent_encode(&inner, ""),
            "UrlDecode" => decoded(&inner),
            map => {
                let found = self.maps.iter().find(|known| known.name.eq_ignore_ascii_case(map));
                found.map(|map| map.get(&inner).to_owned()).unwrap_or_default()
            }
        }
    }
}

/// The place of the brace that closes the one at the front.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, character) in text.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digit = |at: usize| after.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        if let (b'%', Some(high), Some(low)) = (first, digit(0), digit(1)) {
            bytes.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Fills in `$0` to `$9`, as the wildcards of HTTP redirection have them.
pub(in super::super) fn substituted(text: &str, sign: char, captures: &[String]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let number = characters.peek().filter(|_| character == sign).and_then(|next| next.to_digit(10));
        match number {
            Some(number) => {
                characters.next();
                filled.push_str(captures.get(number as usize).map_or("", String::as_str));
            }
            None => filled.push(character),
        }
    }
    filled
}
