//! Small notations inside of values: `{Other Parameter}` in defaults, `line;column;count` in matches.

/// A piece of a default value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'v> {
    /// Text that stays as it is.
    Text(&'v str),
    /// Something in braces, without them: perhaps the name of a parameter.
    Braces(&'v str),
}

/// Cuts a value at its braces. What stands in braces holds no brace; a brace without its partner is text.
pub(crate) fn pieces(value: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = value;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some(inner) = rest.strip_prefix('{')
            && let Some(end) = inner.find(['{', '}'])
            && inner[end..].starts_with('}')
            && end > 0
        {
            rest = &inner[end + 1..];
            return Some(Piece::Braces(&inner[..end]));
        }
        // At least one character, so that a lone brace does not stop the walk.
        let end = rest.char_indices().skip(1).find(|&(_, c)| c == '{').map_or(rest.len(), |(at, _)| at);
        let (text, after) = rest.split_at(end);
        rest = after;
        Some(Piece::Text(text))
    })
}

/// What stands in braces in a value.
pub(crate) fn references(value: &str) -> impl Iterator<Item = &str> {
    pieces(value).filter_map(|piece| match piece {
        Piece::Braces(name) => Some(name),
        Piece::Text(_) => None,
    })
}

/// The `line;column;number of characters` of a `TextFilePosition`, blanks allowed; lines and columns count from 1.
pub(crate) fn text_position(matching: &str) -> Option<(usize, usize, usize)> {
    let mut numbers = matching.split(';').map(|part| part.trim().parse::<usize>().ok());
    let position = (numbers.next()??, numbers.next()??, numbers.next()??);
    (numbers.next().is_none() && position.0 > 0 && position.1 > 0).then_some(position)
}
