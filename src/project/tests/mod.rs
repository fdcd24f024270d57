//! Tests of whole projects in temporary folders.

mod bad_input;
mod entry_points;
mod files;
mod metadata;
mod setup_scripts;
mod versions;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use super::{Error, Project, ReadOptions, read};
use crate::error::Failure as _;
use crate::process::{Program, Runner, System};

/// A temporary folder with files: names with forward slashes and their texts.
pub(super) fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("project").tempdir().unwrap();
    for (name, text) in files {
        write(folder.path(), name, text);
    }
    folder
}

/// Writes a file and the folders that it is in.
pub(super) fn write(root: &Path, name: &str, text: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Options with the Python of this machine: the interpreter itself, because what stands for it on PATH may be slow.
fn options() -> ReadOptions {
    static PYTHON: LazyLock<PathBuf> = LazyLock::new(|| {
        let name = if cfg!(windows) { "python" } else { "python3" };
        let program = Program::new("finding Python", name).args(["-c", "import sys; print(sys.executable)"]);
        system().run(&program).unwrap().stdout_text().trim().into()
    });
    ReadOptions { python: Some(PYTHON.clone()), ..ReadOptions::default() }
}

/// The runner of this machine.
#[expect(clippy::disallowed_methods, reason = "tests find Python through the environment")]
fn system() -> System {
    System { path: std::env::var_os("PATH"), ..System::default() }
}

/// The project of a folder.
fn read_folder(root: &Path) -> Result<Project, Error> {
    read(root, &options(), &system())
}

/// The project of some files.
fn project(files: &[(&str, &str)]) -> Project {
    read_folder(tree(files).path()).unwrap()
}

/// The error of some files, the temporary folder taken out of its message.
fn error(files: &[(&str, &str)]) -> (Error, String) {
    let root = tree(files);
    let error = read_folder(root.path()).unwrap_err();
    let place = error.location().map(|place| format!("{place}: ")).unwrap_or_default();
    let message = without_folder(&format!("{place}{error}"), root.path());
    (error, message)
}

fn without_folder(text: &str, root: &Path) -> String {
    let inside = format!("{}{}", root.display(), std::path::MAIN_SEPARATOR);
    text.replace(&inside, "").replace(&root.display().to_string(), "ROOT")
}

/// The texts of a project's messages.
fn texts(project: &Project) -> Vec<&str> {
    project.messages.iter().map(|message| message.text.as_str()).collect()
}
