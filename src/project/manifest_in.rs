//! `MANIFEST.in`: the commands that say what ships, with the meaning that setuptools gives them.
//!
//! The commands stand in order and each adds files or takes files away, so the last one that matches a file decides.

use std::path::Path;

use super::Error;
use super::pattern::Pattern;
use crate::error::Location;

/// The commands of a `MANIFEST.in`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct ManifestIn {
    rules: Vec<Rule>,
}

/// One pattern of one command.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    includes: bool,
    pattern: Pattern,
    line: usize,
    text: String,
}

impl ManifestIn {
    /// Reads the text of the file `path`.
    ///
    /// # Errors
    /// A command is unknown or lacks its arguments.
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, Error> {
        let mut rules = Vec::new();
        for (line, command) in logical_lines(text) {
            let wrong = |problem: String| Error::Syntax { place: Location::at(path, line, 0), problem };
            rules.extend(rules_of(&command, line).map_err(wrong)?);
        }
        Ok(Self { rules })
    }

    /// What the last command that matches says about a file; none when no command matches. Counts the match for
    /// [`ManifestIn::unmatched`].
    pub(super) fn decides(&self, name: &[&str], used: &mut [bool]) -> Option<bool> {
        let mut decision = None;
        for (rule, used) in self.rules.iter().zip(used) {
            if rule.pattern.matches(name) {
                *used = true;
                decision = Some(rule.includes);
            }
        }
        decision
    }

    /// Whether a command may include a file below a folder.
    pub(super) fn may_include_below(&self, folder: &[&str]) -> bool {
        self.rules.iter().any(|rule| rule.includes && rule.pattern.may_match_below(folder))
    }

    /// How many flags [`ManifestIn::decides`] keeps.
    pub(super) fn len(&self) -> usize {
        self.rules.len()
    }

    /// The commands that include and have matched nothing: their line and text.
    pub(super) fn unmatched<'a>(&'a self, used: &'a [bool]) -> impl Iterator<Item = (usize, &'a str)> {
        let rules = self.rules.iter().zip(used);
        rules.filter(|(rule, used)| rule.includes && !**used).map(|(rule, _)| (rule.line, rule.text.as_str()))
    }
}

/// The rules of one command.
fn rules_of(command: &str, line: usize) -> Result<Vec<Rule>, String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let Some((&action, arguments)) = words.split_first() else { return Ok(Vec::new()) };
    let rule = |includes: bool, pattern: Pattern, argument: &str| Rule {
        includes,
        pattern,
        line,
        text: format!("{action} {argument}"),
    };
    let includes = action == "graft" || action.ends_with("include");
    match action {
        "include" | "exclude" | "global-include" | "global-exclude" => {
            if arguments.is_empty() {
                return Err(format!("`{action}` expects at least one pattern"));
            }
            let pattern = |text: &str| match action {
                "include" => Pattern::without_folders(text),
                "exclude" => Pattern::new(text),
                _ => Pattern::folders().join(Pattern::new(text)),
            };
            Ok(arguments.iter().map(|text| rule(includes, pattern(text), text)).collect())
        }
        "recursive-include" | "recursive-exclude" => {
            let [folder, patterns @ ..] = arguments else {
                return Err(format!("`{action}` expects a folder and at least one pattern"));
            };
            if patterns.is_empty() {
                return Err(format!("`{action}` expects a folder and at least one pattern"));
            }
            let below = |text: &str| Pattern::new(folder).join(Pattern::folders()).join(Pattern::new(text));
            let shown = |text: &str| format!("{folder} {text}");
            Ok(patterns.iter().map(|text| rule(includes, below(text), &shown(text))).collect())
        }
        "graft" | "prune" => {
            let [folder] = arguments else { return Err(format!("`{action}` expects one folder")) };
            let top = if includes { Pattern::without_folders(folder) } else { Pattern::new(folder) };
            Ok(vec![rule(includes, top.join(Pattern::folders()), folder)])
        }
        _ => Err(format!(
            "unknown command `{action}`: `include`, `exclude`, `recursive-include`, `recursive-exclude`, \
             `global-include`, `global-exclude`, `graft` and `prune` are known"
        )),
    }
}

/// Lines without comments, those that end in a backslash joined with the next; each with the number of its first line.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut pending: Option<(usize, String)> = None;
    for (at, line) in text.lines().enumerate() {
        let Some(line) = without_comment(line) else { continue };
        let (start, mut joined) = pending.take().unwrap_or((at + 1, String::new()));
        let trimmed = line.trim();
        if let Some(continued) = trimmed.strip_suffix('\\') {
            joined.push_str(continued.trim_end());
            joined.push(' ');
            pending = Some((start, joined));
            continue;
        }
        joined.push_str(trimmed);
        if !joined.trim().is_empty() {
            lines.push((start, joined));
        }
    }
    lines.extend(pending.filter(|(_, joined)| !joined.trim().is_empty()));
    lines
}

/// The line without its comment; none for a line that is nothing else, which does not even end a joined line.
fn without_comment(line: &str) -> Option<String> {
    match line.find('#') {
        Some(at) if at == 0 || !line[..at].ends_with('\\') => {
            let kept = &line[..at];
            (!kept.trim().is_empty()).then(|| kept.to_owned())
        }
        Some(_) => Some(line.replace("\\#", "#")),
        None => Some(line.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Failure as _;

    fn taken(manifest: &str, names: &[&str]) -> Vec<String> {
        let manifest = ManifestIn::parse(Path::new("MANIFEST.in"), manifest).unwrap();
        let mut used = vec![false; manifest.len()];
        let takes =
            |name: &&&str| manifest.decides(&name.split('/').collect::<Vec<_>>(), &mut used) == Some(true);
        names.iter().filter(takes).map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn each_command_means_what_it_means_to_setuptools() {
        let names = ["a.txt", "a.py", "d/a.txt", "d/e/b.txt", "d/e/c.pyc", "f/g.txt"];
        for (manifest, expected) in [
            ("include *.txt", vec!["a.txt"]),
            ("include d/*.txt f/*", vec!["d/a.txt", "f/g.txt"]),
            ("include d/**", vec!["d/a.txt"]),
            ("recursive-include d *.txt", vec!["d/a.txt", "d/e/b.txt"]),
            ("global-include *.txt", vec!["a.txt", "d/a.txt", "d/e/b.txt", "f/g.txt"]),
            ("graft d", vec!["d/a.txt", "d/e/b.txt", "d/e/c.pyc"]),
            ("graft d\nglobal-exclude *.pyc", vec!["d/a.txt", "d/e/b.txt"]),
            ("graft d\nprune d/e", vec!["d/a.txt"]),
            ("graft d\nrecursive-exclude d *.txt", vec!["d/e/c.pyc"]),
            ("global-include *\nexclude a.* d/a.txt", vec!["d/e/b.txt", "d/e/c.pyc", "f/g.txt"]),
            ("prune d\ninclude d/a.txt", vec!["d/a.txt"]),
            ("graft .", names.to_vec()),
            ("recursive-include d\\e *", vec!["d/e/b.txt", "d/e/c.pyc"]),
        ] {
            assert_eq!(taken(manifest, &names), expected, "{manifest}");
        }
    }

    #[test]
    fn comments_blank_lines_and_joined_lines_are_read() {
        let manifest = "# all\n\ninclude a.txt \\\n  # between\n  b.txt\ninclude \\#c # why\n";
        assert_eq!(taken(manifest, &["a.txt", "b.txt", "#c", "c"]), ["a.txt", "b.txt", "#c"]);
    }

    #[test]
    fn a_wrong_command_is_named_with_its_line() {
        for (text, message) in [
            ("include a\ninclued b", "MANIFEST.in:2: unknown command `inclued`"),
            (
                "\nrecursive-include d",
                "MANIFEST.in:2: `recursive-include` expects a folder and at least one pattern",
            ),
            ("graft a b", "MANIFEST.in:1: `graft` expects one folder"),
            ("include", "MANIFEST.in:1: `include` expects at least one pattern"),
        ] {
            let error = ManifestIn::parse(Path::new("MANIFEST.in"), text).unwrap_err();
            let shown = format!("{}: {error}", error.location().unwrap());
            assert!(shown.starts_with(message), "{shown}");
        }
    }
}
