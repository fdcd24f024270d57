//! The files of a virtual environment, told from others in the same folders.
//!
//! The original makes the environment in the application's own folder, where `Scripts` or `lib` may be the application's as well.

use std::path::{Path, PathBuf};

use crate::files;
use crate::iis::bootstrap::SCRIPTS;

/// The folders and files of an environment and of what pip builds beside it. What lies elsewhere in the application's folder is never
/// touched: it may be its data.
fn parts(environment: &Path, folder: &Path) -> Vec<PathBuf> {
    let begins =
        |below: &Path, beginning: &'static str| children(below, move |name| name.starts_with(beginning));
    let mut parts = children(folder, |name| name.ends_with(".egg-info"));
    parts.extend(begins(&folder.join("build"), "lib"));
    parts.extend(begins(&folder.join("build"), "bdist"));
    if environment != folder {
        parts.push(environment.to_owned());
        return parts;
    }
    parts.extend([SCRIPTS, "Lib/site-packages", "lib64", "pyvenv.cfg"].map(|part| folder.join(part)));
    parts.extend(["lib", "include", "Include"].iter().flat_map(|part| begins(&folder.join(part), "python")));
    parts
}

/// Folders around those parts, which go when nothing is left in them.
const AROUND: [&str; 5] = ["lib", "Lib", "include", "Include", "build"];

fn children(folder: &Path, is_meant: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter(|entry| is_meant(&entry.file_name().to_string_lossy())).map(|entry| entry.path()).collect()
}

/// What stands in the folders that an environment will use, before it is made.
pub(super) fn files(environment: &Path, folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for part in parts(environment, folder) {
        collect(&part, &mut found);
    }
    found.extend(AROUND.iter().map(|name| folder.join(name)).filter(|path| path.is_dir()));
    found
}

fn collect(path: &Path, into: &mut Vec<PathBuf>) {
    if path.is_symlink() || path.is_file() {
        into.push(path.to_owned());
        return;
    }
    let Ok(entries) = std::fs::read_dir(path) else { return };
    into.push(path.to_owned());
    entries.flatten().for_each(|entry| collect(&entry.path(), into));
}

/// Removes an environment, but for what was there before it.
///
/// # Errors
/// A file resists.
pub(super) fn remove(environment: &Path, folder: &Path, kept: &[PathBuf]) -> Result<(), files::Error> {
    parts(environment, folder).iter().try_for_each(|part| remove_but(part, kept))?;
    for path in AROUND.iter().map(|name| folder.join(name)).filter(|path| !kept.contains(path)) {
        let _ = std::fs::remove_dir(path);
    }
    Ok(())
}

fn remove_but(path: &Path, kept: &[PathBuf]) -> Result<(), files::Error> {
    let is_kept = kept.iter().any(|kept| kept == path);
    let failed = |source| files::Error::Write { path: path.to_owned(), source };
    if path.is_symlink() || path.is_file() {
        return if is_kept { Ok(()) } else { remove_link(path).map_err(failed) };
    }
    if !path.is_dir() {
        return Ok(());
    }
    if !is_kept && !kept.iter().any(|kept| kept.starts_with(path)) {
        return files::remove_folder(path);
    }
    for entry in std::fs::read_dir(path).map_err(failed)?.flatten() {
        remove_but(&entry.path(), kept)?;
    }
    Ok(())
}

/// A link to a folder is removed as a folder on Windows.
fn remove_link(path: &Path) -> std::io::Result<()> {
    std::fs::remove_file(path).or_else(|error| std::fs::remove_dir(path).map_err(|_| error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stood_in_the_folders_of_an_environment_stays() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        let write = |name: &str| {
            std::fs::create_dir_all(at(name).parent().unwrap()).unwrap();
            std::fs::write(at(name), "").unwrap();
        };
        let own = [format!("{SCRIPTS}/mine.sh"), "lib/mine/a.py".to_owned(), "include/mine.h".to_owned()];
        for name in &own {
            write(name);
        }
        let kept = files(root.path(), root.path());
        let made = [format!("{SCRIPTS}/python"), "lib/python3.1/os.py".to_owned()];
        let more = ["pyvenv.cfg", "include/python3.1/a.h", "x.egg-info/PKG-INFO"];
        for name in made.iter().map(String::as_str).chain(more) {
            write(name);
        }
        remove(root.path(), root.path(), &kept).unwrap();
        assert!(own.iter().all(|name| at(name).is_file()), "the application's own");
        assert!(made.iter().all(|name| !at(name).exists()) && !at("pyvenv.cfg").exists());
        assert!(["lib/python3.1", "include/python3.1", "x.egg-info"].iter().all(|name| !at(name).exists()));
    }

    #[test]
    fn an_environment_in_a_folder_of_its_own_goes_as_a_whole() {
        let root = tempfile::tempdir().unwrap();
        let environment = root.path().join(".venv");
        let kept = files(&environment, root.path());
        assert!(kept.is_empty());
        std::fs::create_dir_all(environment.join(SCRIPTS)).unwrap();
        remove(&environment, root.path(), &kept).unwrap();
        assert!(!environment.exists());
        remove(&environment, root.path(), &kept).unwrap();
    }
}
