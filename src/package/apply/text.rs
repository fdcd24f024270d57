//! Replacing text at a line and column.

/// Puts a text in the place of some characters at a line and column, both from 1. Line ends may be of any kind, and are not
/// replaced.
pub(super) fn replace_at(
    text: &str,
    (line, column, count): (usize, usize, usize),
    value: &str,
) -> Result<String, String> {
    let Some((start, content)) = lines(text).nth(line - 1) else {
        return Err(format!("it has no line {line}"));
    };
    let offset = |characters: usize| {
        content.char_indices().map(|(at, _)| at).chain([content.len()]).nth(characters).map(|at| start + at)
    };
    let (Some(from), Some(to)) = (offset(column - 1), offset((column - 1).saturating_add(count))) else {
        return Err(format!("line {line} has no {count} characters at column {column}"));
    };
    Ok(format!("{}{value}{}", &text[..from], &text[to..]))
}

/// Where each line begins, and what is in it without its end.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut next = Some(0);
    std::iter::from_fn(move || {
        let start = next?;
        let rest = &text[start..];
        let end = rest.find(['\r', '\n']);
        next = end.map(|end| start + end + if rest[end..].starts_with("\r\n") { 2 } else { 1 });
        Some((start, &rest[..end.unwrap_or(rest.len())]))
    })
}
