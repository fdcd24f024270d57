//! The numbers of capturing groups by .NET's rule, which is not the order in which they stand.

/// How a group is referred to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    /// A name that is no number.
    Name(String),
    /// A number.
    Number(usize),
}

/// The number of each group by .NET's rule: first those without a name in their order, then the names, each name once. A group
/// whose name is a number has that number.
pub(super) fn numbers(groups: &[Option<Key>]) -> Vec<usize> {
    let taken: Vec<usize> = groups
        .iter()
        .filter_map(|key| match key {
            Some(Key::Number(number)) => Some(*number),
            _ => None,
        })
        .collect();
    let mut next = 1;
    let mut free = || {
        while taken.contains(&next) {
            next += 1;
        }
        next += 1;
        next - 1
    };
    let mut numbers: Vec<Option<usize>> = groups
        .iter()
        .map(|key| match key {
            None => Some(free()),
            Some(Key::Number(number)) => Some(*number),
            Some(Key::Name(_)) => None,
        })
        .collect();
    for at in 0..groups.len() {
        if numbers[at].is_none() {
            let same = groups[..at].iter().position(|key| *key == groups[at]);
            numbers[at] = same.map_or_else(|| Some(free()), |same| numbers[same]);
        }
    }
    numbers.into_iter().flatten().collect()
}

/// The group that a name or number refers to.
pub(super) fn target(groups: &[Option<Key>], numbers: &[usize], key: &Key) -> Result<usize, String> {
    let mut same = (0..groups.len()).filter(|&group| match key {
        Key::Name(_) => groups[group].as_ref() == Some(key),
        Key::Number(number) => numbers[group] == *number,
    });
    let name = match key {
        Key::Name(name) => name.clone(),
        Key::Number(number) => number.to_string(),
    };
    match (same.next(), same.next()) {
        (Some(group), None) => Ok(group),
        (None, _) => Err(format!("a reference to group `{name}`, which is not there,")),
        _ => Err(format!("a reference to group `{name}`, of which there are several,")),
    }
}

/// A name, or the number that it is.
pub(super) fn key(name: String) -> Key {
    match name.parse() {
        Ok(number) => Key::Number(number),
        Err(_) => Key::Name(name),
    }
}
