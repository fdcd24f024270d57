//! Which Python an application is run with, when it is not said or only half.
//!
//! The order: what was asked for; the environment that this program stands in; an environment beside the application;
//! the active environment; what is registered with Windows (PEP 514); the first on PATH. It starts nothing.

use std::path::{Path, PathBuf};

use super::Error;
use super::registered::{Registered, in_order};

/// Where the interpreter of an environment is.
const INTERPRETER: &str = if cfg!(windows) { r"Scripts\python.exe" } else { "bin/python" };
/// The usual names of an environment's folder.
const ENVIRONMENTS: [&str; 4] = [".venv", "venv", "env", ".env"];

/// What the search may look at.
pub struct Surroundings<'a> {
    /// This program's own file.
    pub program: Option<PathBuf>,
    /// The folders where the application may be.
    pub folders: Vec<PathBuf>,
    /// The active environment.
    pub active: Option<PathBuf>,
    /// The Pythons that are registered.
    pub registered: Vec<Registered>,
    /// Looks for a program on PATH.
    pub on_path: &'a dyn Fn(&str) -> Option<PathBuf>,
}

/// Finds the interpreter.
///
/// # Errors
/// [`Error::Missing`] when what was asked for is not there, [`Error::None`] when nothing was found.
pub fn find(asked: Option<&Path>, surroundings: Surroundings<'_>) -> Result<PathBuf, Error> {
    if let Some(asked) = asked {
        return as_asked(asked, &surroundings).ok_or_else(|| Error::Missing { path: asked.to_owned() });
    }
    let mut looked = Vec::new();
    // `VENV/Scripts/iiswsgi.exe` belongs to the environment `VENV`.
    let own = surroundings.program.as_deref().and_then(Path::parent).and_then(Path::parent);
    let own = own.filter(|folder| folder.join("pyvenv.cfg").is_file()).map(Path::to_owned);
    let beside = surroundings.folders.iter().flat_map(|folder| {
        ENVIRONMENTS.map(|name| if folder.as_os_str().is_empty() { name.into() } else { folder.join(name) })
    });
    for environment in own.into_iter().chain(beside).chain(surroundings.active) {
        let python = environment.join(INTERPRETER);
        if python.is_file() {
            return Ok(python);
        }
        looked.push(format!("{}: not there", python.display()));
    }
    for python in in_order(surroundings.registered) {
        if python.executable.is_file() {
            return Ok(python.executable);
        }
        looked.push(format!(
            "{} (registered as {} {}): not there",
            python.executable.display(),
            python.company,
            python.tag
        ));
    }
    looked.push("`python3` and `python` on PATH: not there".into());
    ["python3", "python"].into_iter().find_map(surroundings.on_path).ok_or(Error::None { looked })
}

/// An interpreter, an environment that has one, or a name on PATH.
fn as_asked(asked: &Path, surroundings: &Surroundings<'_>) -> Option<PathBuf> {
    if asked.is_dir() {
        let interpreters = [INTERPRETER, if cfg!(windows) { "python.exe" } else { "python" }];
        return interpreters.iter().map(|name| asked.join(name)).find(|python| python.is_file());
    }
    if asked.components().count() > 1 {
        // The alias of a Python of the Store cannot be looked at, but is a name that something is to be said about.
        return (asked.is_file() || asked.symlink_metadata().is_ok()).then(|| asked.to_owned());
    }
    (surroundings.on_path)(&asked.to_string_lossy())
        .or_else(|| Some(asked.to_owned()).filter(|path| path.is_file()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn nothing<'a>() -> Surroundings<'a> {
        Surroundings {
            program: None,
            folders: Vec::new(),
            active: None,
            registered: Vec::new(),
            on_path: &|_| None,
        }
    }

    fn environment(folder: &Path) -> PathBuf {
        let python = folder.join(INTERPRETER);
        fs::create_dir_all(python.parent().unwrap()).unwrap();
        fs::write(&python, "").unwrap();
        fs::write(folder.join("pyvenv.cfg"), "").unwrap();
        python
    }

    #[test]
    fn the_order_is_own_environment_application_active_registered_path() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let own = environment(&at("own"));
        let beside = environment(&at("app/venv"));
        let active = environment(&at("active"));
        let registered = at("registered.exe");
        fs::write(&registered, "").unwrap();
        let look = |known: usize| {
            let mut all = nothing();
            let on_path: &dyn Fn(&str) -> Option<PathBuf> = &|name| Some(PathBuf::from(name));
            all.program = (known > 4).then(|| own.parent().unwrap().join("iiswsgi.exe"));
            all.folders = if known > 3 { vec![at("app")] } else { vec![at("elsewhere")] };
            all.active = (known > 2).then(|| at("active"));
            if known > 1 {
                all.registered.push(Registered { executable: registered.clone(), ..Registered::default() });
            }
            all.on_path = if known > 0 { on_path } else { all.on_path };
            find(None, all)
        };
        assert_eq!(look(5).unwrap(), own);
        assert_eq!(look(4).unwrap(), beside);
        assert_eq!(look(3).unwrap(), active);
        assert_eq!(look(2).unwrap(), registered);
        assert_eq!(look(1).unwrap(), Path::new("python3"));
        assert!(look(0).unwrap_err().to_string().contains("elsewhere"), "it says where it has looked");
    }

    #[test]
    fn what_is_asked_for_may_be_an_environment_and_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let python = environment(&folder.path().join("my env"));
        assert_eq!(find(Some(&folder.path().join("my env")), nothing()).unwrap(), python);
        assert_eq!(find(Some(&python), nothing()).unwrap(), python);
        let mut all = nothing();
        all.on_path = &|_| Some("python3".into());
        let gone = folder.path().join("gone/python");
        assert!(matches!(find(Some(&gone), all), Err(Error::Missing { path }) if path == gone));
    }
}
