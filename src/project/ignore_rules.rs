//! What `.gitignore` files and the patterns of the configuration say about a name.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::Error;
use crate::error::Location;
use crate::event::{Message, Severity};

/// The `.gitignore` files that hold for a folder: its own and those above it. The nearest that matches decides.
#[derive(Debug)]
pub(super) struct Ignores {
    own: Gitignore,
    above: Option<Rc<Ignores>>,
}

impl Ignores {
    /// The rules above the root of the project: `.gitignore` files up to the top of the Git repository that it is part
    /// of, and that repository's `.git/info/exclude`. A project that its repository ignores stands alone.
    pub(super) fn above(root: &Path, messages: &mut Vec<Message>) -> Option<Rc<Self>> {
        let top = root.ancestors().find(|folder| folder.join(".git").exists());
        let mut rules = None;
        let excludes = top.unwrap_or(root).join(".git/info/exclude");
        if excludes.is_file() {
            rules = Some(Self::from_file(top.unwrap_or(root), &excludes, rules, messages));
        }
        let between: Vec<&Path> = top.map_or(Vec::new(), |top| {
            root.ancestors().skip(1).take_while(|folder| folder.starts_with(top)).collect()
        });
        for folder in between.into_iter().rev() {
            let file = folder.join(".gitignore");
            if file.is_file() {
                rules = Some(Self::from_file(folder, &file, rules, messages));
            }
        }
        let ignored = |rules: &Rc<Self>| {
            let top = top.unwrap_or(root);
            root.ancestors().take_while(|folder| *folder != top).any(|folder| rules.ignore(folder, true))
        };
        rules.filter(|rules| !ignored(rules))
    }

    /// The rules of a folder that has a `.gitignore`.
    pub(super) fn below(folder: &Path, above: Option<Rc<Self>>, messages: &mut Vec<Message>) -> Rc<Self> {
        Self::from_file(folder, &folder.join(".gitignore"), above, messages)
    }

    fn from_file(
        folder: &Path,
        file: &Path,
        above: Option<Rc<Self>>,
        messages: &mut Vec<Message>,
    ) -> Rc<Self> {
        let mut builder = GitignoreBuilder::new(folder);
        if let Some(error) = builder.add(file) {
            let text = format!("A pattern is not valid and was skipped, as Git does: {error}");
            messages.push(
                Message::new(Severity::Warning, text).with_location(Location::file(PathBuf::from(file))),
            );
        }
        Rc::new(Self { own: builder.build().unwrap_or_else(|_| Gitignore::empty()), above })
    }

    /// Whether a path is ignored. The path begins with the folder that the rules were made for.
    pub(super) fn ignore(&self, path: &Path, is_folder: bool) -> bool {
        let mut rules = Some(self);
        while let Some(here) = rules {
            match here.own.matched(path, is_folder) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => rules = here.above.as_deref(),
            }
        }
        false
    }
}

/// Patterns of the configuration, written as in .gitignore.
#[derive(Debug)]
pub(super) struct Patterns {
    matcher: Gitignore,
    /// The folders before the first wildcard of each anchored pattern.
    prefixes: Vec<Vec<String>>,
    /// Whether a pattern matches at any depth.
    floating: bool,
}

impl Patterns {
    /// Reads patterns.
    ///
    /// # Errors
    /// A pattern is not well-formed.
    pub(super) fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Self, Error> {
        let mut builder = GitignoreBuilder::new("");
        let mut prefixes = Vec::new();
        let mut floating = false;
        for pattern in patterns {
            let wrong = |problem: String| Error::Pattern { pattern: pattern.to_owned(), problem };
            // On Windows people write the other slash; in a pattern it would be an escape for a letter.
            let text = with_forward_slashes(pattern);
            builder.add_line(None, &text).map_err(|error| wrong(error.to_string()))?;
            let bare = text.trim_start_matches('!').trim_end_matches('/');
            if bare.contains('/') {
                let fixed = bare.split('/').filter(|segment| !segment.is_empty());
                prefixes.push(fixed.take_while(|segment| !is_wild(segment)).map(unescaped).collect());
            } else {
                floating = true;
            }
        }
        let matcher = builder
            .build()
            .map_err(|error| Error::Pattern { pattern: String::new(), problem: error.to_string() })?;
        Ok(Self { matcher, prefixes, floating })
    }

    /// A pattern for exactly one name.
    pub(super) fn exactly(name: &str) -> String {
        let mut pattern = String::from("/");
        for character in name.chars() {
            if "*?[]\\{}! ".contains(character) {
                pattern.push('\\');
            }
            pattern.push(character);
        }
        pattern
    }

    /// What the last pattern that matches says: true for a match, false for one with `!`.
    pub(super) fn decides(&self, name: &str, is_folder: bool) -> Option<bool> {
        match self.matcher.matched(name, is_folder) {
            Match::Ignore(_) => Some(true),
            Match::Whitelist(_) => Some(false),
            Match::None => None,
        }
    }

    /// Whether an anchored pattern may match below a folder.
    pub(super) fn may_match_below(&self, folder: &[&str]) -> bool {
        self.prefixes.iter().any(|prefix| prefix.iter().zip(folder).all(|(a, b)| a == b))
    }

    /// Whether a pattern matches at any depth.
    pub(super) fn is_floating(&self) -> bool {
        self.floating
    }
}

fn is_wild(segment: &str) -> bool {
    let mut escaped = false;
    segment.chars().any(|character| {
        let wild = !escaped && matches!(character, '*' | '?' | '[' | '{');
        escaped = !escaped && character == '\\';
        wild
    })
}

fn unescaped(segment: &str) -> String {
    let mut text = String::new();
    let mut characters = segment.chars();
    while let Some(character) = characters.next() {
        text.push(if character == '\\' { characters.next().unwrap_or('\\') } else { character });
    }
    text
}

/// A backslash before a letter or digit separates; before anything else it escapes, as in .gitignore.
fn with_forward_slashes(pattern: &str) -> String {
    let mut text = String::with_capacity(pattern.len());
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        let separates = character == '\\'
            && characters.peek().is_some_and(|next| next.is_alphanumeric() || matches!(next, '_' | '.'));
        text.push(if separates { '/' } else { character });
        if character == '\\' && !separates {
            text.extend(characters.next());
        }
    }
    text
}
