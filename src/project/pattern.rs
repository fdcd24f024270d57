//! The patterns of `MANIFEST.in`, as setuptools reads them.
//!
//! Names are compared segment by segment: `*`, `?` and `[…]` stay within a segment, and a segment `**` stands for any
//! number of folders, at the end for anything below. Both slashes separate, as on the machines that the original's
//! files were written on. Names are compared with regard to case on every system: the same tree gives the same package.

/// A pattern for whole relative names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    /// `**`.
    Folders,
    Name(Vec<Token>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Literal(char),
    One,
    Many,
    Class { negated: bool, ranges: Vec<(char, char)> },
}

impl Pattern {
    /// Reads a pattern in which `**` stands for folders. Every text is a pattern: an unclosed `[` is itself.
    pub(super) fn new(text: &str) -> Self {
        Self { segments: segments_of(text).map(Segment::new).collect() }
    }

    /// Reads a pattern in which `**` is no more than `*`: what `include` and `graft` take.
    pub(super) fn without_folders(text: &str) -> Self {
        Self { segments: segments_of(text).map(|segment| Segment::Name(tokens_of(segment))).collect() }
    }

    /// The pattern with another below it.
    pub(super) fn join(mut self, below: Self) -> Self {
        self.segments.extend(below.segments);
        self
    }

    /// `**` alone.
    pub(super) fn folders() -> Self {
        Self { segments: vec![Segment::Folders] }
    }

    /// Whether it matches a whole name with forward slashes.
    pub(super) fn matches(&self, name: &[&str]) -> bool {
        let pattern = &self.segments;
        let (mut at, mut from) = (0, 0);
        let mut retry: Option<(usize, usize)> = None;
        while from < name.len() {
            match pattern.get(at) {
                Some(Segment::Folders) if at + 1 == pattern.len() => return true,
                Some(Segment::Folders) => {
                    retry = Some((at, from));
                    at += 1;
                }
                Some(Segment::Name(tokens)) if tokens_match(tokens, name[from]) => {
                    at += 1;
                    from += 1;
                }
                _ => match retry.as_mut() {
                    None => return false,
                    Some((folders, taken)) => {
                        *taken += 1;
                        (at, from) = (*folders + 1, *taken);
                    }
                },
            }
        }
        at == pattern.len()
    }

    /// Whether it may match a name below a folder.
    pub(super) fn may_match_below(&self, folder: &[&str]) -> bool {
        for (at, name) in folder.iter().enumerate() {
            match self.segments.get(at) {
                Some(Segment::Folders) => return true,
                Some(Segment::Name(tokens)) if tokens_match(tokens, name) => {}
                _ => return false,
            }
        }
        self.segments.len() > folder.len()
    }
}

impl Segment {
    fn new(text: &str) -> Self {
        if text == "**" { Self::Folders } else { Self::Name(tokens_of(text)) }
    }
}

/// The segments of a pattern; `.` and empty ones say nothing.
fn segments_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(['/', '\\']).filter(|segment| !matches!(*segment, "" | "."))
}

fn tokens_of(segment: &str) -> Vec<Token> {
    let characters: Vec<char> = segment.chars().collect();
    let mut tokens = Vec::with_capacity(characters.len());
    let mut at = 0;
    while let Some(&character) = characters.get(at) {
        at += 1;
        match character {
            '*' if tokens.last() == Some(&Token::Many) => {}
            '*' => tokens.push(Token::Many),
            '?' => tokens.push(Token::One),
            '[' => match class_of(&characters, at) {
                Some((class, end)) => {
                    tokens.push(class);
                    at = end;
                }
                None => tokens.push(Token::Literal('[')),
            },
            _ => tokens.push(Token::Literal(character)),
        }
    }
    tokens
}

/// The class whose content begins at `from`, and where the text goes on after it. A `]` that stands first is a member.
fn class_of(characters: &[char], from: usize) -> Option<(Token, usize)> {
    let negated = characters.get(from) == Some(&'!');
    let first = from + usize::from(negated);
    let length = characters.get(first + 1..)?.iter().position(|&character| character == ']')?;
    let end = first + 1 + length;
    let members = &characters[first..end];
    let mut ranges = Vec::new();
    let mut at = 0;
    while at < members.len() {
        if let [low, '-', high, ..] = members[at..] {
            ranges.push((low, high));
            at += 3;
        } else {
            ranges.push((members[at], members[at]));
            at += 1;
        }
    }
    Some((Token::Class { negated, ranges }, end + 1))
}

/// Compares from the left; after a mismatch only the last `*` takes one more, so that the time is bounded by the
/// product of the lengths.
fn tokens_match(tokens: &[Token], name: &str) -> bool {
    let mut rest = name.chars();
    let mut at = 0;
    let mut retry: Option<(usize, std::str::Chars<'_>)> = None;
    loop {
        if tokens.get(at) == Some(&Token::Many) {
            if at + 1 == tokens.len() {
                return true;
            }
            retry = Some((at + 1, rest.clone()));
            at += 1;
            continue;
        }
        let mut ahead = rest.clone();
        match (tokens.get(at), ahead.next()) {
            (None, None) => return true,
            (Some(token), Some(character)) if token.takes(character) => {
                at += 1;
                rest = ahead;
            }
            _ => match retry.as_mut() {
                None => return false,
                Some((after, skipped)) => {
                    if skipped.next().is_none() {
                        return false;
                    }
                    (at, rest) = (*after, skipped.clone());
                }
            },
        }
    }
}

impl Token {
    fn takes(&self, character: char) -> bool {
        match self {
            Self::Literal(literal) => *literal == character,
            Self::One => true,
            Self::Many => false,
            Self::Class { negated, ranges } => {
                ranges.iter().any(|&(low, high)| (low..=high).contains(&character)) != *negated
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(pattern: &str, name: &str) -> bool {
        Pattern::new(pattern).matches(&name.split('/').collect::<Vec<_>>())
    }

    #[test]
    fn patterns_match_as_setuptools_has_it() {
        for (pattern, name, expected) in [
            ("*.py", "a.py", true),
            ("*.py", "a/b.py", false),
            ("*.py", ".py", true),
            ("a/**/b", "a/b", true),
            ("a/**/b", "a/x/y/b", true),
            ("a/**", "a/b/c", true),
            ("a/**", "a", false),
            ("**", "a", true),
            ("**/*.txt", "x.txt", true),
            ("**/*.txt", "a/b/x.txt", true),
            ("a**b", "aXXb", true),
            ("a**b", "aX/Xb", false),
            ("[abc].txt", "b.txt", true),
            ("[!abc].txt", "b.txt", false),
            ("[a-c]", "b", true),
            ("[]a]", "]", true),
            ("[a", "[a", true),
            ("?", "é", true),
            (r"Lib\site-packages\*", "Lib/site-packages/x", true),
            ("./docs/", "docs", true),
            ("a/../b", "b", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} on {name}");
        }
    }

    #[test]
    fn a_folder_is_entered_only_where_a_match_is_possible() {
        let may = |pattern: &str, folder: &str| {
            Pattern::new(pattern).may_match_below(&folder.split('/').collect::<Vec<_>>())
        };
        assert!(may("docs/**/*.txt", "docs"));
        assert!(may("docs/**/*.txt", "docs/a/b"));
        assert!(may("d*/x", "docs"));
        assert!(!may("docs/*", "docs/a"));
        assert!(!may("docs/*", "other"));
        assert!(may("**/*.txt", "anything/at/all"));
    }

    /// The pattern as a regular expression, the way setuptools' `translate_pattern` builds it, ranges honoured.
    fn as_regex(pattern: &str) -> regex::Regex {
        let chunks: Vec<&str> = pattern.split('/').collect();
        let mut text = String::from(r"\A(?s)");
        for (at, chunk) in chunks.iter().enumerate() {
            let last = at + 1 == chunks.len();
            if *chunk == "**" {
                text += if last { ".+" } else { "(?:[^/]+/)*" };
                continue;
            }
            for character in chunk.chars() {
                text += &match character {
                    '*' => "[^/]*".to_owned(),
                    '?' => "[^/]".to_owned(),
                    other => regex::escape(&other.to_string()),
                };
            }
            if !last {
                text += "/";
            }
        }
        regex::Regex::new(&(text + r"\z")).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn matching_agrees_with_the_regular_expression(
            pattern in prop::collection::vec(prop_oneof![Just("**".to_owned()), "[ab*?]{1,4}"], 1..5),
            name in prop::collection::vec("[ab]{1,3}", 1..6),
        ) {
            let (pattern, name) = (pattern.join("/"), name.join("/"));
            prop_assert_eq!(matches(&pattern, &name), as_regex(&pattern).is_match(&name), "{} on {}", pattern, name);
        }

        #[test]
        fn what_matches_below_a_folder_is_announced_there(
            pattern in prop::collection::vec(prop_oneof![Just("**".to_owned()), "[ab*?]{1,3}"], 1..5),
            name in prop::collection::vec("[ab]{1,2}", 2..6),
        ) {
            let pattern = Pattern::new(&pattern.join("/"));
            let name: Vec<&str> = name.iter().map(String::as_str).collect();
            if pattern.matches(&name) {
                for length in 1..name.len() {
                    prop_assert!(pattern.may_match_below(&name[..length]));
                }
            }
        }

        #[test]
        fn any_text_is_a_pattern(pattern in ".{0,20}", name in "[^/]{1,10}") {
            let _ = matches(&pattern, &name);
        }
    }
}
