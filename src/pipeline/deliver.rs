//! Puts finished packages into their place, and finds those that an earlier run put there.

use std::path::{Path, PathBuf};

use super::package::Unfinished;
use super::plan::PackagePlan;
use crate::digest::Digests;
use crate::error::{AnyFailure, ExitCode, Failure, Location};
use crate::event::{Event, Observer};
use crate::files;

/// A file in its place.
#[derive(Debug, Clone)]
pub struct Delivered {
    /// Where.
    pub path: PathBuf,
    /// Its size and hashes.
    pub digests: Digests,
}

/// A package and what stands beside it.
#[derive(Debug, Clone)]
pub struct Finished {
    /// The zip.
    pub package: Delivered,
    /// The values of its parameters.
    pub set_parameters: Delivered,
    /// The command that installs it.
    pub deploy_command: Delivered,
}

/// There is no package yet.
#[derive(Debug, thiserror::Error)]
#[error("there is no package `{}`", path.display())]
pub(super) struct NoPackage {
    path: PathBuf,
    project: PathBuf,
}

impl Failure for NoPackage {
    fn hint(&self) -> Option<String> {
        Some(format!("Make it first: iiswsgi package {}", crate::error::shown(&self.project)))
    }

    fn location(&self) -> Option<Location> {
        Some(Location::file(&self.path))
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

/// Renames a package into its place and writes what stands beside it.
pub(super) fn run(
    plan: &PackagePlan,
    unfinished: Unfinished,
    observer: &dyn Observer,
) -> Result<Finished, AnyFailure> {
    let beside = |name: &str, text: &str| -> Result<Delivered, AnyFailure> {
        let path = plan.folders.output.join(name);
        files::write_atomic(&path, text.as_bytes())?;
        Ok(Delivered { path, digests: Digests::of(text.as_bytes()) })
    };
    let set_parameters = beside(&plan.names.set_parameters, &unfinished.set_parameters)?;
    let deploy_command = beside(&plan.names.deploy_command, &unfinished.deploy_command)?;
    let package = Delivered { path: unfinished.file.path().to_owned(), digests: unfinished.digests };
    unfinished.file.commit()?;
    let finished = Finished { package, set_parameters, deploy_command };
    for file in [&finished.package, &finished.set_parameters, &finished.deploy_command] {
        observer.event(Event::Written { path: file.path.clone(), size: file.digests.size });
    }
    Ok(finished)
}

/// The package that an earlier run left.
///
/// # Errors
/// There is none, or it cannot be read.
pub(super) fn find(plan: &PackagePlan) -> Result<Finished, AnyFailure> {
    let path = plan.folders.output.join(&plan.names.package);
    if !path.is_file() {
        return Err(NoPackage { path, project: plan.root().clone() }.into());
    }
    Ok(Finished {
        package: digested(path)?,
        set_parameters: digested(plan.folders.output.join(&plan.names.set_parameters))?,
        deploy_command: digested(plan.folders.output.join(&plan.names.deploy_command))?,
    })
}

fn digested(path: PathBuf) -> Result<Delivered, files::Error> {
    let digests = digests_of(&path)?;
    Ok(Delivered { path, digests })
}

/// The size and hashes of a file.
pub(super) fn digests_of(path: &Path) -> Result<Digests, files::Error> {
    let failed = |source| files::Error::Read { path: path.to_owned(), source };
    let mut file = std::fs::File::open(path).map_err(failed)?;
    Digests::of_reader(&mut file).map_err(failed)
}
