//! Where the text of a `web.config` that was written for Windows points to on this machine.
//!
//! Templates of packages name programs as Windows does. On another system the simulation reads them so:
//!
//! 1. Environment variables are expanded as IIS does, from those of the simulation.
//! 2. `\` in the program's path is `/`, and in arguments too where that makes them the path of something that is there.
//! 3. A `Scripts` folder is `bin`, `NAME.exe` in it is `NAME`, `NAME-script.py` in it is `NAME`.
//! 4. A Python at `X:\Python…\python.exe`, or in a folder that is not here, is the application's own interpreter.
//!
//! On Windows nothing of this happens. What was read otherwise than written is told to the observer.

use std::path::{Path, PathBuf};

use crate::process::command_line;
use crate::template::{Escape, Variables, expand};

/// A program and its arguments as they are started here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Start {
    pub program: PathBuf,
    pub arguments: Vec<String>,
    /// What was read otherwise than written, as sentences.
    pub changes: Vec<String>,
}

/// Reads a program and its arguments for this machine. `python` is the application's own interpreter, when it has one.
pub(super) fn read(program: &str, arguments: &str, variables: &Variables, python: Option<&Path>) -> Start {
    let expanded = |text: &str| expand(text, variables, Escape::Plain).text;
    let written = expanded(program.trim().trim_matches('"'));
    let arguments = command_line::split_arguments(&expanded(arguments));
    if cfg!(windows) {
        return Start { program: written.into(), arguments, changes: Vec::new() };
    }
    let mut changes = Vec::new();
    let program = here_or_python(&written, python);
    if program != Path::new(&written) {
        changes.push(format!("`{written}` was started as `{}`.", program.display()));
    }
    let arguments = arguments
        .into_iter()
        .map(|argument| match there(&argument) {
            Some(path) => {
                changes.push(format!("The argument `{argument}` was read as `{path}`."));
                path
            }
            None => argument,
        })
        .collect();
    Start { program, arguments, changes }
}

fn here_or_python(written: &str, python: Option<&Path>) -> PathBuf {
    let path = here(written);
    if Path::new(&path).is_file() {
        return path.into();
    }
    let file = path.rsplit('/').next().unwrap_or_default().to_lowercase();
    let stem = file.strip_suffix(".exe").unwrap_or(&file);
    match python {
        Some(python) if stem == "python" || stem == "pythonw" => python.to_owned(),
        _ => path.into(),
    }
}

/// An argument's path on this machine, when it is written for Windows and something is there.
fn there(argument: &str) -> Option<String> {
    if !argument.contains('\\') {
        return None;
    }
    let path = here(argument);
    Path::new(&path).exists().then_some(path)
}

/// Rules 2 and 3.
fn here(path: &str) -> String {
    let path = path.replace('\\', "/");
    let Some((folder, file)) = path.rsplit_once('/') else { return path };
    let (above, last) = folder.rsplit_once('/').unwrap_or(("", folder));
    if !last.eq_ignore_ascii_case("scripts") {
        return path;
    }
    let lower = file.to_lowercase();
    let length = ["-script.py", "-script.pyw", ".exe"]
        .iter()
        .find_map(|ending| lower.strip_suffix(ending))
        .map_or(file.len(), str::len);
    format!("{above}/bin/{}", file.get(..length).unwrap_or(file))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_windows_environment_is_this_machines() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().display().to_string();
        std::fs::create_dir(folder.path().join("bin")).unwrap();
        for name in ["python", "paster"] {
            std::fs::write(folder.path().join("bin").join(name), "").unwrap();
        }
        let (program, arguments) = (
            format!("{at}\\Scripts\\python.exe"),
            format!("-u \"{at}\\Scripts\\paster-script.py\" serve \"a\\b\" C:\\x"),
        );
        let start = read(&program, &arguments, &Variables::new(), None);
        assert_eq!(start.program, folder.path().join("bin/python"));
        assert_eq!(start.arguments, ["-u", &format!("{at}/bin/paster"), "serve", "a\\b", "C:\\x"]);
        assert_eq!(start.changes.len(), 2);
    }

    #[test]
    fn a_python_of_windows_is_the_applications_own() {
        let variables = [("SystemDrive", "C:")].into_iter().collect();
        let own = Path::new("/app/.venv/bin/python");
        let python = r"%SystemDrive%\Python27\python.exe";
        assert_eq!(read(python, "-u x.py", &variables, Some(own)).program, own);
        let other = r"C:\php\php-cgi.exe";
        assert_eq!(read(other, "", &variables, Some(own)).program, Path::new("C:/php/php-cgi.exe"));
    }

    #[test]
    fn what_is_written_for_this_machine_stays() {
        let start = read("/bin/sh", "-c 'x\\y'", &Variables::new(), None);
        assert_eq!(start.program, Path::new("/bin/sh"));
        assert_eq!(start.arguments, ["-c", "'x\\y'"]);
        assert!(start.changes.is_empty());
    }
}
