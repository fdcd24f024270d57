//! The rules of Windows for the names of a package's entries.

use std::collections::{HashMap, HashSet};

use crate::error::{ExitCode, Failure};
use crate::event::Severity;
use crate::finding::Finding;

/// From how many UTF-16 units on a path in a package is called long. Web Deploy runs on the .NET Framework, which stops
/// at 259 for the whole path; the rest is for the folder of the site on the server.
pub const LONG_PATH: usize = 180;
/// The longest name of one file or folder that NTFS keeps, in UTF-16 units.
const LONGEST_NAME: usize = 255;
const FORBIDDEN: [char; 8] = ['<', '>', ':', '"', '|', '?', '*', '\\'];

/// Why an entry of a package cannot stand on Windows under its name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A part of the path is the name of a device, with or without an extension.
    #[error("`{path}`: `{part}` is the name of a device on Windows")]
    Device {
        /// The entry.
        path: String,
        /// The part of its path.
        part: String,
    },
    /// A part of the path ends in a dot or a blank, which Windows takes away.
    #[error("`{path}`: the name `{part}` ends in a {}", if part.ends_with('.') { "dot" } else { "blank" })]
    TrailingDotOrBlank {
        /// The entry.
        path: String,
        /// The part of its path.
        part: String,
    },
    /// A character that Windows refuses.
    #[error("`{}`: Windows refuses the character {} in a name", path.escape_debug(), shown(*character))]
    Character {
        /// The entry.
        path: String,
        /// The character.
        character: char,
    },
    /// A part that is no name: nothing, `.` or `..`.
    #[error("`{path}`: `{part}` is no name of a file or folder")]
    NoName {
        /// The entry.
        path: String,
        /// The part of its path.
        part: String,
    },
    /// Two entries, or folders on their way, whose names differ only in upper and lower case, or not at all.
    #[error("`{path}` and `{other}` are the same name on Windows")]
    Collision {
        /// The later of the two.
        path: String,
        /// The earlier of the two.
        other: String,
    },
    /// The name of one file or folder is longer than NTFS keeps.
    #[error("`{path}`: a name of {length} characters, Windows keeps {LONGEST_NAME}")]
    LongName {
        /// The entry.
        path: String,
        /// Its length in UTF-16 units.
        length: usize,
    },
    /// The whole path may be too long once the folder on the server stands before it. A warning.
    #[error("`{path}`: a path of {length} characters may be too long below the folder of a site")]
    LongPath {
        /// The entry.
        path: String,
        /// Its length in UTF-16 units.
        length: usize,
    },
}

impl Problem {
    /// Whether the package can be installed all the same.
    pub fn severity(&self) -> Severity {
        if matches!(self, Self::LongPath { .. }) { Severity::Warning } else { Severity::Error }
    }

    /// The entry it is about.
    pub fn path(&self) -> &str {
        match self {
            Self::Device { path, .. }
            | Self::TrailingDotOrBlank { path, .. }
            | Self::Character { path, .. }
            | Self::NoName { path, .. }
            | Self::Collision { path, .. }
            | Self::LongName { path, .. }
            | Self::LongPath { path, .. } => path,
        }
    }

    /// The stable name of the rule.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Device { .. } => "windows-device-name",
            Self::TrailingDotOrBlank { .. } => "windows-trailing-dot",
            Self::Character { .. } => "windows-character",
            Self::NoName { .. } => "not-a-name",
            Self::Collision { .. } => "windows-name-collision",
            Self::LongName { .. } => "windows-long-name",
            Self::LongPath { .. } => "windows-long-path",
        }
    }

    /// The same as a finding about the whole package.
    pub fn finding(&self) -> Finding {
        Finding::new(self.rule(), self.severity(), self.to_string())
    }
}

impl Failure for Problem {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::LongPath { .. } => {
                "Web Deploy stops at 259 characters for the whole path. Shorten the names, or leave the file out \
                 with `files: exclude`."
                    .into()
            }
            _ => format!(
                "Rename it, or leave it out: add `{}` to `files: exclude` in the configuration.",
                self.path().escape_debug()
            ),
        })
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

/// A character as a message shows it.
fn shown(character: char) -> String {
    if character.is_control() { format!("U+{:04X}", u32::from(character)) } else { format!("`{character}`") }
}

/// Looks at the names of a package's entries: forward slashes, a folder ends in one. Gives every problem, in the order
/// of the names. Time is linear in the length of all names.
pub fn check<'n>(names: impl IntoIterator<Item = &'n str>) -> Vec<Problem> {
    let mut checker = Checker::default();
    for name in names {
        checker.entry(name);
    }
    checker.problems
}

#[derive(Default)]
struct Checker<'n> {
    problems: Vec<Problem>,
    /// Every file, and every folder on the way to one, under its name in upper case.
    seen: HashMap<String, Seen<'n>>,
    /// Collisions that were reported: many files below two folders that collide are one problem, not many.
    collided: HashSet<&'n str>,
}

#[derive(Clone, Copy)]
struct Seen<'n> {
    path: &'n str,
    folder: bool,
    /// Folders come up again and again as the parents of files; as entries of their own only once.
    entry: bool,
}

impl<'n> Checker<'n> {
    fn entry(&mut self, name: &'n str) {
        let path = name.strip_suffix('/').unwrap_or(name);
        if let Some(problem) = path.split('/').find_map(|part| part_problem(name, part)) {
            let named = !matches!(problem, Problem::NoName { .. });
            self.problems.push(problem);
            if !named {
                return;
            }
        }
        let length = path.encode_utf16().count();
        if length > LONG_PATH {
            self.problems.push(Problem::LongPath { path: name.to_owned(), length });
        }
        self.collisions(path, path.len() < name.len());
    }

    /// Enters the path and its folders, from the whole path up to the first folder that is known as it is written.
    fn collisions(&mut self, path: &'n str, folder: bool) {
        let upper: String = path.chars().map(upper_case).collect();
        // Upper case may have more bytes than lower case: both are cut at the same number of slashes from the end.
        let (mut path, mut key, mut folder, mut entry) = (path, upper.as_str(), folder, true);
        loop {
            match self.seen.get_mut(key) {
                None => {
                    self.seen.insert(key.to_owned(), Seen { path, folder, entry });
                }
                Some(seen) if seen.path == path && seen.folder && folder => {
                    if seen.entry && entry {
                        self.collide(path, path);
                    } else if entry {
                        seen.entry = true;
                    }
                    return;
                }
                Some(seen) => {
                    let other = seen.path;
                    self.collide(path, other);
                    return;
                }
            }
            match (path.rfind('/'), key.rfind('/')) {
                (Some(at), Some(key_at)) => (path, key) = (&path[..at], &key[..key_at]),
                _ => return,
            }
            (folder, entry) = (true, false);
        }
    }

    fn collide(&mut self, path: &'n str, other: &str) {
        if self.collided.insert(path) {
            self.problems.push(Problem::Collision { path: path.to_owned(), other: other.to_owned() });
        }
    }
}

/// Upper case as NTFS has it: one character for one.
fn upper_case(character: char) -> char {
    let mut upper = character.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(single), None) => single,
        _ => character,
    }
}

fn part_problem(name: &str, part: &str) -> Option<Problem> {
    let (path, part_owned) = (|| name.to_owned(), || part.to_owned());
    if part.is_empty() || part == "." || part == ".." {
        return Some(Problem::NoName { path: path(), part: part_owned() });
    }
    if let Some(character) = part.chars().find(|c| c.is_ascii_control() || FORBIDDEN.contains(c)) {
        return Some(Problem::Character { path: path(), character });
    }
    if part.ends_with(['.', ' ']) {
        return Some(Problem::TrailingDotOrBlank { path: path(), part: part_owned() });
    }
    if is_device(part) {
        return Some(Problem::Device { path: path(), part: part_owned() });
    }
    let length = part.encode_utf16().count();
    (length > LONGEST_NAME).then(|| Problem::LongName { path: path(), length })
}

/// Whether a name, up to its first dot or colon and without blanks at the end, is that of a device.
pub(super) fn is_device(name: &str) -> bool {
    let base = name.split(['.', ':']).next().unwrap_or_default().trim_end_matches(' ');
    let base = base.to_ascii_uppercase();
    if matches!(base.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$") {
        return true;
    }
    let mut rest = match base.strip_prefix("COM").or_else(|| base.strip_prefix("LPT")) {
        Some(rest) => rest.chars(),
        None => return false,
    };
    // The superscript digits count as digits in device names.
    matches!((rest.next(), rest.next()), (Some('1'..='9' | '¹' | '²' | '³'), None))
}
