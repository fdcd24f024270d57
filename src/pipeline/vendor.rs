//! The wheelhouse: wheels for the server's Python and platform, shipped in the package, so that the server needs no
//! network.
//!
//! pip collects them (`pip download --platform … --only-binary=:all:`). What pip cannot download for another platform is
//! made here: the project itself and a gateway that is a checkout become wheels of this machine, which is right for the
//! project when it is pure Python, and is checked for the gateway.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::plan::PackagePlan;
use crate::config::Vendor;
use crate::error::{AnyFailure, Failure};
use crate::event::Observer;
use crate::files;
use crate::iis::bootstrap::Gateway;
use crate::process::{Program, Runner};

/// Why there is no wheelhouse.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// Wheels are collected by Python's pip.
    #[error("no Python with pip was found to collect the wheelhouse with")]
    NoPython,
    /// The requirements are there, but not as wheels of the wanted platform.
    #[error("cannot collect the wheelhouse for Python {python} on {platform}")]
    Collect {
        /// The Python version.
        python: String,
        /// The platform tags.
        platform: String,
        /// What pip said.
        source: crate::process::Error,
    },
    /// The wheelhouse's folder cannot be used.
    #[error("cannot use the folder `{}`", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NoPython => Some("Install Python 3.9 or later with pip, or set `python`.".into()),
            Self::Collect { .. } => Some(
                "A requirement without a wheel for that Python and platform cannot be shipped: pin a version that has \
                 one, change `vendor.python` or `vendor.platform`, or set `vendor: false`."
                    .into(),
            ),
            Self::Folder { .. } => None,
        }
    }
}

/// Collects the wheelhouse of a package in a fresh folder and gives its wheels, sorted by name.
pub(super) fn collect(
    plan: &PackagePlan,
    folder: &Path,
    runner: &dyn Runner,
    observer: &dyn Observer,
) -> Result<Vec<PathBuf>, AnyFailure> {
    let vendor = &plan.config.vendor;
    let python = plan.python.as_ref().filter(|python| python.pip).ok_or(Error::NoPython)?;
    let failed = |source| Error::Folder { path: folder.to_owned(), source };
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(failed)?;
    }
    std::fs::create_dir_all(folder).map_err(failed)?;
    let version = vendor.python.clone().unwrap_or_else(|| short(&python.version));
    let (local, others): (Vec<&String>, Vec<&String>) = plan.requirements.iter().partition(|r| is_local(r));
    let mut wanted: Vec<String> = others.into_iter().cloned().collect();
    if !local.is_empty() {
        // Its dependencies are collected for the server, it itself is made here.
        wanted.extend(plan.project.metadata.dependencies.iter().cloned());
    }
    match Gateway::read(plan.config.gateway(), plan.root())? {
        Gateway::Requirement(requirement) => wanted.push(requirement),
        _ => observer.warning(
            &format!(
                "The wheelhouse has no gateway: `{}` is no requirement that pip can download for {}. The server takes \
                 `{}` from its own sources.",
                plan.config.gateway(),
                vendor.platform.join(", "),
                super::build::published_gateway(plan.config.gateway()),
            ),
            plan.config.location("vendor"),
        ),
    }
    let collect = |program: Program| {
        let platform = vendor.platform.join(", ");
        runner.run(&program).map_err(|source| Error::Collect { python: version.clone(), platform, source })
    };
    if !wanted.is_empty() {
        collect(download(plan, vendor, &version, &wanted, folder, &python.executable))?;
    }
    if !local.is_empty() {
        let copy = copy_of(plan)?;
        for requirement in local {
            collect(wheel(&copy, requirement, folder, &python.executable))?;
        }
    }
    let mut wheels: Vec<PathBuf> =
        std::fs::read_dir(folder).map_err(failed)?.flatten().map(|entry| entry.path()).collect();
    wheels.retain(|path| path.extension().is_some_and(|extension| extension == "whl"));
    wheels.sort();
    files::remove_leftovers(folder);
    Ok(wheels)
}

fn download(
    plan: &PackagePlan,
    vendor: &Vendor,
    version: &str,
    wanted: &[String],
    folder: &Path,
    python: &Path,
) -> Program {
    let mut program = pip("collecting the wheelhouse", python, plan.root())
        .args(["download", "--quiet", "--only-binary=:all:", "--python-version", version])
        .args(["--implementation", vendor.implementation.as_str()]);
    for platform in vendor.platform.iter() {
        program = program.args(["--platform", platform.as_str()]);
    }
    for abi in vendor.abi.iter() {
        program = program.args(["--abi", abi.as_str()]);
    }
    program = program.arg("--dest").arg(absolute(folder));
    for option in vendor.options.iter() {
        program = program.args(words(option));
    }
    wanted.iter().fold(program, |program, requirement| program.args(words(requirement)))
}

/// A copy of the files that ship: build backends write into the folder that they build from.
fn copy_of(plan: &PackagePlan) -> Result<PathBuf, Error> {
    let copy = plan.folders.work.join("source").join(&plan.folder);
    let failed = |source| Error::Folder { path: copy.clone(), source };
    if copy.exists() {
        std::fs::remove_dir_all(&copy).map_err(failed)?;
    }
    for file in &plan.files {
        let to = copy.join(&file.name);
        std::fs::create_dir_all(files::folder_of(&to)).map_err(failed)?;
        std::fs::copy(&file.path, &to).map_err(failed)?;
    }
    Ok(copy)
}

/// The project as a wheel.
fn wheel(project: &Path, requirement: &str, folder: &Path, python: &Path) -> Program {
    pip("building the project's wheel", python, project)
        .args(["wheel", "--quiet", "--no-deps", "--wheel-dir"])
        .arg(absolute(folder))
        .args(words(requirement).into_iter().filter(|word| word != "-e" && word != "--editable"))
}

fn pip(label: &str, python: &Path, folder: &Path) -> Program {
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    Program::new(label, python)
        .args(["-m", "pip", "--disable-pip-version-check", "--no-input"])
        .current_dir(here)
        .timeout(Duration::from_secs(1800))
}

/// Whether a requirement is a folder or file of the project rather than something that pip downloads.
fn is_local(requirement: &str) -> bool {
    let target = target(requirement);
    target.starts_with("./") || local_extras(requirement).is_some()
}

/// The extras of a requirement that is the project itself: nothing of `.` and `-e .`, `[web]` of `.[web]`. None for all
/// others.
pub(super) fn local_extras(requirement: &str) -> Option<String> {
    let target = target(requirement);
    let extras = target.strip_prefix('.')?;
    (extras.is_empty() || extras.starts_with('[')).then(|| extras.to_owned())
}

/// What a requirement is about, without the options before it. Files of requirements are about others.
fn target(requirement: &str) -> String {
    if requirement.starts_with("-r") || requirement.starts_with("-c") {
        return String::new();
    }
    words(requirement).into_iter().find(|word| !word.starts_with('-')).unwrap_or_default()
}

/// `-r requirements.txt` is two words for pip; a requirement with blanks, `flask >= 3`, is one.
fn words(requirement: &str) -> Vec<String> {
    if requirement.starts_with('-') {
        requirement.splitn(2, [' ', '=']).map(|word| word.trim().to_owned()).collect()
    } else {
        vec![requirement.to_owned()]
    }
}

/// `3.11` of `3.11.7`.
fn short(version: &str) -> String {
    version.split('.').take(2).collect::<Vec<_>>().join(".")
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_become_the_words_that_pip_takes() {
        assert_eq!(words("-r requirements.txt"), ["-r", "requirements.txt"]);
        assert_eq!(words("flask >= 3"), ["flask >= 3"]);
        assert_eq!(words("--find-links=wheels and more"), ["--find-links", "wheels and more"]);
    }

    #[test]
    fn the_project_itself_is_told_from_what_pip_downloads() {
        assert!(is_local(".") && is_local("-e .") && is_local("./sub") && is_local(".[extra]"));
        assert_eq!(local_extras("-e .[web]").as_deref(), Some("[web]"));
        assert_eq!(local_extras("./sub"), None);
        assert!(!is_local("flask>=3") && !is_local("-r requirements.txt"));
    }
}
