//! The original's setup commands: which of them are ours to do, and which belong to the project's `setup.py`.

use std::path::Path;

/// The commands that are left for `setup.py` after ours are taken out, each with its options.
///
/// `install_msdeploy` (develop, web.config, registration) and `develop` are what the bootstrap does anyway;
/// `test_msdeploy` is what a test stage does through FastCGI. Aliases of `setup.cfg` are followed.
pub(super) fn foreign_commands(folder: &Path, commands: &[String]) -> Vec<Vec<String>> {
    const OURS: [&str; 5] = ["install_msdeploy", "test_msdeploy", "build_msdeploy", "develop", "install"];
    let aliases = aliases(&std::fs::read_to_string(folder.join("setup.cfg")).unwrap_or_default());
    let mut words = Vec::new();
    for command in commands {
        follow(command, &aliases, &mut Vec::new(), &mut words);
    }
    let mut found: Vec<Vec<String>> = Vec::new();
    for word in words {
        match found.last_mut() {
            Some(last) if word.starts_with('-') => last.push(word),
            _ => found.push(vec![word]),
        }
    }
    found.retain(|command| !OURS.contains(&command[0].as_str()) && !command[0].starts_with('-'));
    found
}

/// Puts an alias' words in its place. An alias may use the name that it stands for, once.
fn follow(word: &str, aliases: &[(String, Vec<String>)], open: &mut Vec<String>, words: &mut Vec<String>) {
    match aliases.iter().find(|(name, _)| name == word) {
        Some((name, meaning)) if !open.contains(name) => {
            open.push(name.clone());
            for word in meaning {
                follow(word, aliases, open, words);
            }
            open.pop();
        }
        _ => words.push(word.to_owned()),
    }
}

/// The section `[aliases]` of a `setup.cfg`.
fn aliases(text: &str) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.starts_with('[') {
            inside = trimmed == "[aliases]";
        } else if !inside || trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, words)) = found.last_mut() {
                words.extend(trimmed.split_whitespace().map(str::to_owned));
            }
        } else if let Some((name, value)) = trimmed.split_once(['=', ':']) {
            found.push((name.trim().to_owned(), value.split_whitespace().map(str::to_owned).collect()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn foreign(setup_cfg: &str, commands: &[&str]) -> Vec<Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("setup.cfg"), setup_cfg).unwrap();
        let commands: Vec<String> = commands.iter().map(ToString::to_string).collect();
        foreign_commands(folder.path(), &commands)
    }

    #[test]
    fn the_pyramid_example_of_the_original_leaves_its_own_command() {
        let cfg = "[global]\ncommand_packages = iiswsgi\n[aliases]\nrelease = sdist\n\
                   install_pyramid_msdeploy = develop install_pyramid test_msdeploy install_msdeploy\n";
        assert_eq!(foreign(cfg, &["install_pyramid_msdeploy"]), [["install_pyramid"]]);
    }

    #[test]
    fn options_stay_with_their_command_and_aliases_end() {
        let cfg = "[aliases]\na = -v a --fast\n  b\nb = a\n[other]\nc = d\n";
        assert_eq!(foreign(cfg, &["a", "c", "develop", "--x"]), [vec!["a", "--fast"], vec!["a"], vec!["c"]]);
    }

    #[test]
    fn no_commands_leave_nothing() {
        assert!(foreign("", &[]).is_empty());
    }
}
