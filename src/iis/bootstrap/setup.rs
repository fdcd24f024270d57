//! The original's setup commands: which of them are ours to do, and which belong to the project's `setup.py`; and the
//! variables that a project's own steps hand over to `web.config`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Command, Error};
use crate::files;

/// The commands that a bootstrap was given. A project with an `install_msdeploy` of its own gets that one when nothing was
/// said, as with the original.
pub(super) fn commands(folder: &Path, command: &Command) -> Vec<String> {
    if command.setup_commands.is_empty() && has_own_installation(folder) {
        return vec!["install_msdeploy".into()];
    }
    command.setup_commands.clone()
}

/// Whether `setup.py` puts a command of its own in the place of `install_msdeploy`. Read, not run.
fn has_own_installation(folder: &Path) -> bool {
    let text = std::fs::read_to_string(folder.join("setup.py")).unwrap_or_default();
    text.contains("cmdclass")
        && ["iiswsgi.install_msdeploy", "iiswsgi import install_msdeploy"]
            .iter()
            .any(|name| text.contains(name))
}

/// Whether a distribution among these modules registers something for the entry point group `iiswsgi.install`.
pub(super) fn has_installation_hooks(modules: &Path) -> bool {
    let distributions = std::fs::read_dir(modules).into_iter().flatten().flatten();
    distributions
        .map(|distribution| distribution.path().join("entry_points.txt"))
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .any(|text| text.lines().any(|line| line.trim() == "[iiswsgi.install]"))
}

/// The file that `python -m iiswsgi.installation` leaves the variables in which its steps have set.
pub(super) struct HandedOver(PathBuf);

impl HandedOver {
    /// A file in the application's folder.
    pub(super) fn within(folder: &Path) -> Self {
        Self(folder.join(".iiswsgi-variables.json"))
    }

    /// The command line that does the steps: those of `setup.py`, or the hooks of entry points when there are none.
    pub(super) fn command(&self, steps: &[&str]) -> String {
        let file = self.0.to_string_lossy();
        let words = ["python", "-m", "iiswsgi.installation", &*file];
        crate::process::command_line::join(words.into_iter().chain(steps.iter().copied()))
    }

    /// The variables; the file goes.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(super) fn take(self) -> Result<Vec<(String, String)>, Error> {
        let text = files::read_text(&self.0)?;
        let _ = std::fs::remove_file(&self.0);
        let variables: BTreeMap<String, String> = serde_json::from_str(&text)
            .map_err(|source| files::Error::Read { path: self.0.clone(), source: source.into() })?;
        Ok(variables.into_iter().collect())
    }
}

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
    let own = has_own_installation(folder);
    found.retain(|command| {
        let name = command[0].as_str();
        (own && name == "install_msdeploy") || (!OURS.contains(&name) && !name.starts_with('-'))
    });
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
    fn an_install_msdeploy_of_the_projects_own_is_its_own_to_run() {
        let folder = tempfile::tempdir().unwrap();
        let text = "from iiswsgi import install_msdeploy\nsetup(cmdclass={'install_msdeploy': Mine})\n";
        std::fs::write(folder.path().join("setup.py"), text).unwrap();
        assert_eq!(commands(folder.path(), &Command::default()), ["install_msdeploy"]);
        let found = foreign_commands(folder.path(), &["test_msdeploy".into(), "install_msdeploy".into()]);
        assert_eq!(found, [["install_msdeploy"]]);
        std::fs::write(folder.path().join("setup.py"), "setup(install_msdeploy=['iiswsgi'])").unwrap();
        assert!(commands(folder.path(), &Command::default()).is_empty());
    }

    #[test]
    fn hooks_are_seen_in_the_metadata_of_distributions() {
        let modules = tempfile::tempdir().unwrap();
        assert!(!has_installation_hooks(modules.path()));
        let metadata = modules.path().join("shop-1.0.dist-info");
        std::fs::create_dir(&metadata).unwrap();
        std::fs::write(metadata.join("entry_points.txt"), "[iiswsgi.install]\nshop = shop:install\n")
            .unwrap();
        assert!(has_installation_hooks(modules.path()));
        assert!(!has_installation_hooks(&modules.path().join("missing")));
    }

    #[test]
    fn variables_are_handed_over_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = HandedOver::within(folder.path());
        assert!(file.command(&["a"]).ends_with(" a"));
        std::fs::write(&file.0, r#"{"B": "2", "A": "1"}"#).unwrap();
        let path = file.0.clone();
        assert_eq!(file.take().unwrap(), [("A".into(), "1".into()), ("B".into(), "2".into())]);
        assert!(!path.exists() && HandedOver(path).take().is_err());
    }

    #[test]
    fn no_commands_leave_nothing() {
        assert!(foreign("", &[]).is_empty());
    }
}
