//! Which names an archive may have. The rules of Windows for file names beyond what is dangerous are not here but in
//! `package::names`.

use std::collections::HashMap;

use super::{Error, MAX_NAME};

/// What is wrong with the name of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameProblem {
    /// It has no characters, or only slashes and dots.
    #[error("has an empty name")]
    Empty,
    /// It begins with a slash.
    #[error("is an absolute path")]
    Absolute,
    /// It has a colon: a drive letter or the stream of another file.
    #[error("has a colon, which is a drive or a stream on Windows")]
    Colon,
    /// A part of it leads out of the folder, or is read so by Windows (`..`, `.. `, `...`).
    #[error("leads out of its folder")]
    Outside,
    /// It has a backslash.
    #[error("has a backslash in its name")]
    Backslash,
    /// It has a NUL or another control character.
    #[error("has a control character in its name")]
    Control,
    /// It has an empty part or the part `.`.
    #[error("has an empty part in its name")]
    EmptyPart,
    /// A folder without a final slash, or a file with one.
    #[error("is a folder without a final slash or a file with one")]
    Slash,
    /// It is longer than any system can unpack.
    #[error("has a name of more than 4,096 bytes")]
    Long,
}

/// Checks a name that is to be written.
pub(super) fn check_written(name: &str, folder: bool) -> Result<(), NameProblem> {
    if name.contains('\\') {
        return Err(NameProblem::Backslash);
    }
    let clean = normalise(name)?;
    if name.ends_with('/') != folder {
        return Err(NameProblem::Slash);
    }
    if clean.len() != name.trim_end_matches('/').len() || name.ends_with("//") {
        return Err(NameProblem::EmptyPart);
    }
    Ok(())
}

/// The name of an entry that was read, in the one form that everything else sees: forward slashes, no empty or `.`
/// parts, no final slash. Windows tools write backslashes, others a leading `./`.
pub(super) fn normalise(name: &str) -> Result<String, NameProblem> {
    if name.len() > MAX_NAME {
        return Err(NameProblem::Long);
    }
    if name.chars().any(char::is_control) {
        return Err(NameProblem::Control);
    }
    if name.starts_with(['/', '\\']) {
        return Err(NameProblem::Absolute);
    }
    if name.contains(':') {
        return Err(NameProblem::Colon);
    }
    let mut clean = String::with_capacity(name.len());
    for part in name.split(['/', '\\']) {
        if part.is_empty() || part == "." {
            continue;
        }
        // Windows drops blanks and dots from the end of a name, so `.. ` and `...` are more than they look.
        if part.trim_end_matches([' ', '.']).is_empty() {
            return Err(NameProblem::Outside);
        }
        if !clean.is_empty() {
            clean.push('/');
        }
        clean.push_str(part);
    }
    if clean.is_empty() { Err(NameProblem::Empty) } else { Ok(clean) }
}

/// The names of an archive as Windows compares them, to find those that are there twice.
#[derive(Debug, Default)]
pub(super) struct Names {
    seen: HashMap<String, usize>,
}

impl Names {
    pub(super) fn with_capacity(count: usize) -> Self {
        Self { seen: HashMap::with_capacity(count) }
    }

    /// Notes a normalised name; gives the index of the entry that has it already.
    pub(super) fn add(&mut self, clean: &str, index: usize) -> Result<(), usize> {
        match self.seen.insert(folded(clean), index) {
            None => Ok(()),
            Some(first) => Err(first),
        }
    }

    /// The index of the entry with a name, whatever its case.
    pub(super) fn find(&self, clean: &str) -> Option<usize> {
        self.seen.get(&folded(clean)).copied()
    }

    /// Checks that no file stands where another entry needs a folder. `all` gives the normalised name of each entry, as
    /// it was added, and whether it is a folder.
    pub(super) fn check_folders<'a>(
        &self,
        all: impl Fn(usize) -> (&'a str, bool) + Copy,
        count: usize,
    ) -> Result<(), Error> {
        let mut last = String::new();
        for index in 0..count {
            let (name, _) = all(index);
            let name = folded(name);
            let Some(slash) = name.rfind('/') else { continue };
            if name[..slash] == last {
                continue;
            }
            for (slash, _) in name.match_indices('/') {
                if let Some(&parent) = self.seen.get(&name[..slash]) {
                    let (file, folder) = all(parent);
                    if !folder {
                        return Err(Error::FileAndFolder {
                            file: file.to_owned(),
                            inside: all(index).0.to_owned(),
                        });
                    }
                }
            }
            name[..slash].clone_into(&mut last);
        }
        Ok(())
    }
}

/// A name without its case. Windows compares by upper case of single characters; for the names that occur, this agrees.
pub(super) fn folded(name: &str) -> String {
    if name.is_ascii() { name.to_ascii_lowercase() } else { name.to_lowercase() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_windows_tools_become_plain() {
        assert_eq!(normalise("Content\\C_C\\a.txt").as_deref(), Ok("Content/C_C/a.txt"));
        assert_eq!(normalise("./a//b/./c/").as_deref(), Ok("a/b/c"));
        assert_eq!(normalise(".hidden/..b/c..d").as_deref(), Ok(".hidden/..b/c..d"));
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        use NameProblem::{Absolute, Colon, Control, Empty, Outside};
        for (name, problem) in [
            ("", Empty),
            ("./", Empty),
            ("/etc/passwd", Absolute),
            ("\\\\server\\share", Absolute),
            ("C:\\Windows\\a", Colon),
            ("a/b.txt:stream", Colon),
            ("../a", Outside),
            ("a/..", Outside),
            ("a\\..\\..\\b", Outside),
            ("a/.. /b", Outside),
            ("a/.../b", Outside),
            ("a\0b", Control),
        ] {
            assert_eq!(normalise(name), Err(problem), "{name:?}");
        }
    }

    #[test]
    fn written_names_must_be_plain_already() {
        use NameProblem::{Backslash, EmptyPart, Slash};
        assert_eq!(check_written("a/b", false), Ok(()));
        assert_eq!(check_written("a/b/", true), Ok(()));
        assert_eq!(check_written("a\\b", false), Err(Backslash));
        assert_eq!(check_written("a//b", false), Err(EmptyPart));
        assert_eq!(check_written("./b", false), Err(EmptyPart));
        assert_eq!(check_written("a//", true), Err(EmptyPart));
        assert_eq!(check_written("a", true), Err(Slash));
        assert_eq!(check_written("a/", false), Err(Slash));
    }
}
