//! The gateway that goes into an application's environment: a requirement, a wheel, or a checkout of this project.
//!
//! A checkout is built once per state of its sources. The wheel is kept in the user's cache under the hash of
//! those sources, so that the next run finds it and a changed source makes another one.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::{Error, Interpreter, ProgramExt as _, Settings};
use crate::event::{Observer, Severity};
use crate::files;
use crate::process::{Program, Runner};

/// Building the extension module from nothing compiles everything it depends on.
const BUILD_LIMIT: Duration = Duration::from_secs(30 * 60);

/// Where the gateway comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gateway {
    /// Something that pip finds itself: `iiswsgi==0.5.0`.
    Requirement(String),
    /// A wheel file, named itself or the only one of its folder.
    Wheel(PathBuf),
    /// A checkout of this project.
    Checkout(PathBuf),
}

impl Gateway {
    /// Reads a requirement; a path is taken from `folder` when it is relative.
    ///
    /// # Errors
    /// It looks like a path and nothing is there.
    pub fn read(text: &str, folder: &Path) -> Result<Self, Error> {
        let text = text.trim();
        let path = folder.join(text);
        if path.is_dir() && is_checkout(&path) {
            return Ok(Self::Checkout(path));
        }
        if let Some(wheel) = only_wheel(&path) {
            return Ok(Self::Wheel(wheel));
        }
        if path.is_file() && is_wheel(&path) {
            return Ok(Self::Wheel(path));
        }
        let is_url = text.contains("://");
        let looks_like_path =
            text.starts_with('.') || (text.contains(['/', '\\']) && !is_url && !text.contains('@'));
        if path.is_dir() && looks_like_path {
            return Ok(Self::Requirement(path.to_string_lossy().into_owned()));
        }
        if looks_like_path {
            return Err(Error::NoGateway { path });
        }
        Ok(Self::Requirement(text.to_owned()))
    }

    /// What pip is to install: the requirement, or the path of a wheel, built now when it has to be.
    ///
    /// # Errors
    /// The checkout cannot be read or built.
    pub fn resolve(
        &self,
        base: &Interpreter,
        settings: &Settings,
        runner: &dyn Runner,
        observer: &dyn Observer,
    ) -> Result<String, Error> {
        match self {
            Self::Requirement(text) => Ok(text.clone()),
            Self::Wheel(path) => Ok(path.to_string_lossy().into_owned()),
            Self::Checkout(folder) => {
                let wheel = built_wheel(folder, base, settings, runner, observer)?;
                Ok(wheel.to_string_lossy().into_owned())
            }
        }
    }
}

fn is_wheel(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("whl"))
}

/// The gateway's wheel in a folder that has one, and no other: containers keep it under a name that does not change.
fn only_wheel(folder: &Path) -> Option<PathBuf> {
    let names = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let is_ours = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        name.starts_with("iiswsgi-") && is_wheel(path)
    };
    let mut wheels = names.filter(is_ours);
    wheels.next().filter(|_| wheels.next().is_none())
}

/// Whether a folder holds this project: its wheel's description and the crate of the extension module.
fn is_checkout(folder: &Path) -> bool {
    let names_us = |text: String| {
        text.lines().any(|line| line.replace(' ', "").replace('\'', "\"").starts_with("name=\"iiswsgi\""))
    };
    folder.join("python").join("Cargo.toml").is_file()
        && fs::read_to_string(folder.join("pyproject.toml")).is_ok_and(names_us)
}

fn built_wheel(
    checkout: &Path,
    base: &Interpreter,
    settings: &Settings,
    runner: &dyn Runner,
    observer: &dyn Observer,
) -> Result<PathBuf, Error> {
    let state = source_state(checkout)?;
    let wheels = settings.cache.join("wheels");
    let place = wheels.join(&state);
    if let Some(wheel) = wheel_in(&place) {
        return Ok(wheel);
    }
    let failed = |source| files::Error::Write { path: wheels.clone(), source };
    fs::create_dir_all(&wheels).map_err(failed)?;
    // Two runs at once want the same wheel: the second waits and finds it.
    let lock = File::create(wheels.join(format!("{state}.lock"))).map_err(failed)?;
    lock.lock().map_err(failed)?;
    if let Some(wheel) = wheel_in(&place) {
        return Ok(wheel);
    }
    files::remove_leftovers(&wheels);
    observer.message(
        Severity::Info,
        &format!(
            "Building the gateway's wheel from `{}`; this is done once per state of its sources.",
            checkout.display()
        ),
    );
    let beside = tempfile::Builder::new().prefix(files::LEFTOVER).tempdir_in(&wheels).map_err(failed)?;
    build(checkout, beside.path(), base, settings, runner)?;
    if wheel_in(beside.path()).is_none() {
        return Err(Error::NoWheel { checkout: checkout.to_owned() });
    }
    let _ = fs::remove_dir_all(&place);
    fs::rename(beside.keep(), &place).map_err(failed)?;
    wheel_in(&place).ok_or_else(|| Error::NoWheel { checkout: checkout.to_owned() })
}

/// Runs the build with the base Python's pip, or with that of a passing environment when it has none.
fn build(
    checkout: &Path,
    into: &Path,
    base: &Interpreter,
    settings: &Settings,
    runner: &dyn Runner,
) -> Result<(), Error> {
    let passing = into.join("build-environment");
    let python = if base.pip {
        base.executable.clone()
    } else {
        let made = super::VirtualEnvironment::create(
            &passing,
            base,
            &Settings { use_uv: false, ..settings.clone() },
            runner,
        )?;
        made.python
    };
    let program = Program::new("building the gateway's wheel", python)
        .args(["-m", "pip", "wheel", "--quiet", "--no-input", "--no-deps", "--wheel-dir"])
        .arg(into)
        .arg(checkout)
        .pip_variables()
        // The gateway alone: with the command in it the build would take minutes.
        .env("MATURIN_PEP517_ARGS", "--no-default-features --features extension-module")
        .without_python_variables()
        .current_dir(into)
        .timeout(BUILD_LIMIT);
    runner.run(&program).map_err(|source| Error::Step { step: "gateway", source })?;
    let _ = fs::remove_dir_all(passing);
    Ok(())
}

fn wheel_in(folder: &Path) -> Option<PathBuf> {
    let mut wheels: Vec<PathBuf> = fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .collect();
    wheels.sort();
    wheels.pop()
}

/// The hash of everything that the wheel is made of: path, length and bytes of each file, in the order of the paths,
/// and the platform that it is built for.
fn source_state(checkout: &Path) -> Result<String, Error> {
    let mut names: Vec<PathBuf> =
        ["Cargo.toml", "Cargo.lock", "pyproject.toml", "README.md", ".cargo/config.toml"]
            .iter()
            .map(PathBuf::from)
            .filter(|name| checkout.join(name).is_file())
            .collect();
    collect(checkout, Path::new("src"), &mut names)?;
    collect(checkout, Path::new("python"), &mut names)?;
    names.sort();
    let mut hash = Sha256::new();
    hash.update(format!("{} {}\n", std::env::consts::OS, std::env::consts::ARCH));
    let mut bytes = Vec::new();
    for name in names {
        let path = checkout.join(&name);
        bytes.clear();
        File::open(&path)
            .and_then(|mut file| file.read_to_end(&mut bytes))
            .map_err(|source| files::Error::Read { path, source })?;
        hash.update(format!("{} {}\n", name.to_string_lossy().replace('\\', "/"), bytes.len()));
        hash.update(&bytes);
    }
    Ok(hash.finalize().iter().take(16).fold(String::new(), |text, byte| format!("{text}{byte:02x}")))
}

/// All source files below a folder of the checkout. What builds and tests leave behind is no source.
fn collect(checkout: &Path, folder: &Path, names: &mut Vec<PathBuf>) -> Result<(), Error> {
    const BUILT: [&str; 5] = ["pyc", "pyo", "so", "pyd", "dll"];
    let failed = |source| files::Error::Read { path: checkout.join(folder), source };
    if !checkout.join(folder).is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(checkout.join(folder)).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let file_name = entry.file_name().to_string_lossy().into_owned();
        let name = folder.join(&file_name);
        let kind = entry.file_type().map_err(failed)?;
        let skipped =
            file_name.starts_with('.') || ["target", "__pycache__", "tests"].contains(&file_name.as_str());
        if kind.is_dir() && !skipped {
            collect(checkout, &name, names)?;
        } else if kind.is_file() && !name.extension().is_some_and(|e| BUILT.iter().any(|built| e == *built)) {
            names.push(name);
        }
    }
    Ok(())
}
