//! Finds the folders that the configuration's `packages` names.

use std::path::{Path, PathBuf};

use super::Error;
use crate::config::Config;

/// The folders that `packages` names, in the order of its patterns, sorted below each; every folder once.
///
/// # Errors
/// A pattern matches no folder.
pub(super) fn listed(config: &Config) -> Result<Vec<PathBuf>, Error> {
    let mut all: Vec<PathBuf> = Vec::new();
    for (number, pattern) in config.packages.iter().enumerate() {
        let found = matching(&config.root, pattern.as_str());
        if found.is_empty() {
            let location =
                config.location(&format!("packages[{number}]")).or_else(|| config.location("packages"));
            let (pattern, root) = (pattern.as_str().to_owned(), config.root.clone());
            return Err(Error::NoPackages { pattern, root, location });
        }
        for folder in found {
            if !all.contains(&folder) {
                all.push(folder);
            }
        }
    }
    Ok(all)
}

/// The folders below a root that a pattern matches, sorted. Hidden ones and what `.gitignore` leaves out never match.
fn matching(root: &Path, pattern: &str) -> Vec<PathBuf> {
    let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
    if !pattern.contains(['*', '?', '[', '{']) {
        let folder = root.join(pattern);
        return if folder.is_dir() { vec![folder] } else { Vec::new() };
    }
    let Ok(glob) = globset::GlobBuilder::new(pattern).literal_separator(true).build() else {
        return Vec::new();
    };
    let matcher = glob.compile_matcher();
    let here = if root.as_os_str().is_empty() { Path::new(".") } else { root };
    let depth = if pattern.contains("**") { None } else { Some(pattern.split('/').count()) };
    let walk = ignore::WalkBuilder::new(here)
        .max_depth(depth)
        .sort_by_file_name(Ord::cmp)
        .require_git(false)
        .build();
    walk.flatten()
        .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_dir()))
        .filter_map(|entry| entry.path().strip_prefix(here).ok().map(Path::to_owned))
        .filter(|relative| !relative.as_os_str().is_empty() && matcher.is_match(relative))
        .map(|relative| root.join(relative))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_find_folders_sorted_and_files_never() {
        let root = tempfile::tempdir().unwrap();
        for folder in ["apps/shop", "apps/blog", "apps/blog/inner", "other", ".hidden/x"] {
            std::fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        std::fs::write(root.path().join("apps/readme"), "").unwrap();
        let names = |pattern: &str| -> Vec<String> {
            let found = matching(root.path(), pattern).into_iter();
            let below =
                |path: PathBuf| path.strip_prefix(root.path()).unwrap().to_string_lossy().replace('\\', "/");
            found.map(below).collect()
        };
        assert_eq!(names("apps/*"), ["apps/blog", "apps/shop"]);
        assert_eq!(names("./other/"), ["other"]);
        assert_eq!(names("**/inner"), ["apps/blog/inner"]);
        assert!(names("missing").is_empty());
    }
}
