//! The virtual environment: made, and filled in one call.
//!
//! Measured with Python 3.11 and pip 23.2 on two cores, a small local wheel being installed: `venv` with ensurepip
//! 6.0 s, `venv --without-pip` 0.07 s and the base Python's pip run by the new interpreter 0.55 s (`pip --python`, which
//! starts pip twice for the same, 0.95 s). So the pip of the base Python is used where it can be, and ensurepip
//! only where it is too old or not there.

use std::path::{Path, PathBuf};

use super::{Error, Interpreter, ProgramExt as _, Settings};
use crate::files;
use crate::process::{Program, Runner};

/// The folder of programs in a virtual environment.
pub const SCRIPTS: &str = if cfg!(windows) { "Scripts" } else { "bin" };

/// The interpreter of a virtual environment.
pub fn python_of(environment: &Path) -> PathBuf {
    environment.join(SCRIPTS).join(if cfg!(windows) { "python.exe" } else { "python" })
}

/// A virtual environment and the way to install into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualEnvironment {
    /// Its folder.
    pub folder: PathBuf,
    /// Its interpreter.
    pub python: PathBuf,
    installer: Installer,
}

/// Who installs.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Installer {
    /// uv, from PATH.
    Uv(PathBuf),
    /// The base Python's pip, run by the environment's interpreter.
    BasePip(PathBuf),
    /// The environment's own pip.
    OwnPip,
}

/// What to install, as pip takes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Requirements {
    /// Requirements and options: `flask>=3`, `.`, `-r requirements.txt`.
    pub items: Vec<String>,
    /// A folder of wheels. When there is one, nothing is fetched from an index.
    pub wheelhouse: Option<PathBuf>,
    /// Whether an index may help out where the wheelhouse has nothing for this machine: in the simulation only.
    pub index_beside_wheelhouse: bool,
}

/// The platform tag of a wheelhouse that is meant for Windows, on a machine that is not: its compiled wheels are of no use
/// here. None when all wheels fit, and on Windows always.
pub(super) fn foreign_platform(wheelhouse: &Path) -> Option<String> {
    if cfg!(windows) {
        return None;
    }
    let wheels = std::fs::read_dir(wheelhouse).ok()?.flatten();
    // NAME-VERSION-PYTHON-ABI-PLATFORM.whl (binary distribution format).
    wheels
        .filter_map(|wheel| wheel.file_name().into_string().ok())
        .filter_map(|name| Some(name.strip_suffix(".whl")?.rsplit('-').next()?.to_owned()))
        .find(|platform| platform.starts_with("win"))
}

impl VirtualEnvironment {
    /// Makes the environment. One that is there already is kept and completed.
    ///
    /// # Errors
    /// The base Python cannot make one.
    pub fn create(
        folder: &Path,
        base: &Interpreter,
        settings: &Settings,
        runner: &dyn Runner,
    ) -> Result<Self, Error> {
        if !base.venv {
            return Err(Error::NoVenv { python: base.executable.clone() });
        }
        let installer = match (settings.use_uv.then(|| runner.find("uv")).flatten(), &base.pip_runner) {
            (Some(uv), _) => Installer::Uv(uv),
            (None, Some(pip)) => Installer::BasePip(pip.clone()),
            (None, None) if base.ensurepip => Installer::OwnPip,
            (None, None) => return Err(Error::NoPip { python: base.executable.clone() }),
        };
        let mut program =
            Program::new("making the virtual environment", &base.executable).args(["-I", "-m", "venv"]);
        if installer != Installer::OwnPip {
            program = program.arg("--without-pip");
        }
        let program = program.arg(folder).without_python_variables().timeout(settings.timeout);
        runner.run(&program).map_err(|source| Error::Step { step: "virtual environment", source })?;
        let python = python_of(folder);
        Ok(Self { folder: folder.to_owned(), python, installer })
    }

    /// The folder of its programs.
    pub fn scripts(&self) -> PathBuf {
        self.folder.join(SCRIPTS)
    }

    /// What installs into it, for people: `uv` or `pip`.
    pub fn installer(&self) -> &'static str {
        if matches!(self.installer, Installer::Uv(_)) { "uv" } else { "pip" }
    }

    /// Installs everything in one call, run in `folder`, which relative paths and requirement files start from.
    ///
    /// # Errors
    /// The installer failed; its last lines are in the error.
    pub fn install(
        &self,
        requirements: &Requirements,
        folder: &Path,
        settings: &Settings,
        runner: &dyn Runner,
    ) -> Result<(), Error> {
        if requirements.items.is_empty() {
            return Ok(());
        }
        let mut program = self.install_program(settings.compile);
        if let Some(wheelhouse) = &requirements.wheelhouse {
            if !requirements.index_beside_wheelhouse {
                program = program.arg("--no-index");
            }
            program = program.arg("--find-links").arg(wheelhouse);
        }
        let program = program
            .args(requirements.items.iter().flat_map(|item| words(item)))
            .without_python_variables()
            .env("VIRTUAL_ENV", self.folder.to_string_lossy())
            .current_dir(folder)
            .timeout(settings.timeout);
        runner.run(&program).map_err(|source| Error::Step { step: "requirements", source })?;
        Ok(())
    }

    fn install_program(&self, compile: bool) -> Program {
        match &self.installer {
            Installer::Uv(uv) => {
                let program = Program::new("uv pip install", uv)
                    .args(["pip", "install", "--quiet", "--python"])
                    .arg(&self.python)
                    .env("UV_NO_PROGRESS", "1");
                if compile { program.arg("--compile-bytecode") } else { program }
            }
            pip => {
                let program = Program::new("pip install", &self.python);
                let program = match pip {
                    Installer::BasePip(file) => program.arg(file),
                    _ => program.args(["-m", "pip"]),
                };
                let program = program.args(["install", "--quiet", "--no-input"]).pip_variables();
                if compile { program } else { program.arg("--no-compile") }
            }
        }
    }

    /// Makes the modules in a folder importable, whatever the working directory: IIS does not start FastCGI processes
    /// in the application's folder.
    ///
    /// # Errors
    /// The environment has no folder for modules, or it cannot be written to.
    pub fn add_module_folder(&self, folder: &Path) -> Result<(), Error> {
        let modules = self.module_folder()?;
        let line = format!("{}\n", folder.display());
        files::write_atomic(&modules.join("iiswsgi-application.pth"), line.as_bytes())?;
        Ok(())
    }

    /// `Lib\site-packages`, or `lib/pythonX.Y/site-packages`.
    pub(super) fn module_folder(&self) -> Result<PathBuf, Error> {
        let windows = self.folder.join("Lib").join("site-packages");
        if windows.is_dir() {
            return Ok(windows);
        }
        let library = self.folder.join("lib");
        let versions = std::fs::read_dir(&library)
            .map_err(|source| files::Error::Read { path: library.clone(), source })?;
        let found = versions
            .flatten()
            .map(|version| version.path().join("site-packages"))
            .find(|modules| modules.is_dir());
        found.ok_or_else(|| {
            files::Error::Read { path: library, source: std::io::ErrorKind::NotFound.into() }.into()
        })
    }
}

/// Whether the environment that is there was made by a Python of another version: `version` in its `pyvenv.cfg`, the first
/// two numbers.
pub(super) fn is_of_another_version(folder: &Path, version: &str) -> bool {
    let text = std::fs::read_to_string(folder.join("pyvenv.cfg")).unwrap_or_default();
    let value = |line: &str| {
        let (name, value) = line.split_once('=')?;
        (name.trim() == "version").then(|| value.trim().to_owned())
    };
    let minor = |version: &str| version.split('.').take(2).map(str::to_owned).collect::<Vec<_>>();
    text.lines().find_map(value).is_some_and(|known| minor(&known) != minor(version))
}

/// An item as pip's arguments: an option and its value are two words, anything else is one.
fn words(item: &str) -> Vec<String> {
    let item = item.trim();
    match item.split_once([' ', '\t']) {
        Some((option, value)) if option.starts_with('-') => vec![option.to_owned(), value.trim().to_owned()],
        _ => vec![item.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_of_another_python_is_known() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_of_another_version(folder.path(), "3.12.1"));
        std::fs::write(folder.path().join("pyvenv.cfg"), "home = x\nversion = 3.11.7\n").unwrap();
        assert!(is_of_another_version(folder.path(), "3.12.1"));
        assert!(!is_of_another_version(folder.path(), "3.11.9"));
    }

    #[test]
    fn options_and_their_values_are_two_words() {
        assert_eq!(words("-r requirements.txt"), ["-r", "requirements.txt"]);
        assert_eq!(words("-r  a folder/requirements.txt "), ["-r", "a folder/requirements.txt"]);
        assert_eq!(words("flask >= 3 ; python_version > '3'"), ["flask >= 3 ; python_version > '3'"]);
        assert_eq!(words("--pre"), ["--pre"]);
    }
}
