//! Publishing: packages and what belongs to them are brought to where users get them.
//!
//! What is published is a list of [`Artifact`]s, files that are finished and hashed. A [`Publisher`] brings all of them
//! to one target or fails as a whole. This file holds the trait and its plain types; each target has its own module.

pub mod folder;
pub mod github;
pub mod pypi;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::digest::Digests;
use crate::error::{AnyFailure, ExitCode, Failure, Location, shown};
use crate::event::Observer;
use crate::files;

/// A target that artifacts are published to.
pub trait Publisher: Send + Sync {
    /// The name of the target's kind, as users write it: `folder`, `github`, `pypi`.
    fn name(&self) -> &'static str;

    /// Which target it is, for messages: a path or an address.
    fn target(&self) -> String;

    /// Publishes all artifacts. Doing the same again is no error.
    ///
    /// # Errors
    /// An artifact is missing, changed or not accepted, or the target cannot be written to. What was published before
    /// is then as it was.
    fn publish(&self, artifacts: &[Artifact], observer: &dyn Observer) -> Result<Vec<Published>, Error>;
}

/// What an artifact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The Web Deploy package.
    Package,
    /// `NAME.SetParameters.xml`.
    SetParameters,
    /// `NAME.deploy.cmd`.
    DeployCommand,
    /// A Python distribution (wheel or sdist).
    Distribution,
    /// A report of the run.
    Report,
    /// The feed. It names the packages, so it follows them.
    Feed,
}

/// The package that an artifact belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its title; the name when there is none.
    pub title: Option<String>,
    /// One line about it.
    pub summary: Option<String>,
}

/// A finished file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Artifact {
    /// Where it is.
    pub path: PathBuf,
    /// What it is.
    pub kind: Kind,
    /// The file name under which it is published.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-1 in lower-case hexadecimal digits.
    pub sha1: String,
    /// Its SHA-256 in lower-case hexadecimal digits.
    pub sha256: String,
    /// The package it belongs to; a feed belongs to all.
    pub package: Option<Package>,
}

impl Artifact {
    /// A file of known size and hashes, published under its own name.
    pub fn new(path: impl Into<PathBuf>, kind: Kind, digests: &Digests) -> Self {
        let path = path.into();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (sha1, sha256) = (digests.sha1_hex(), digests.sha256_hex());
        Self { path, kind, name, size: digests.size, sha1, sha256, package: None }
    }

    /// A file whose size and hashes are read from it.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn of_file(path: &Path, kind: Kind) -> Result<Self, Error> {
        let failed = |source| files::Error::Read { path: path.to_owned(), source };
        let mut file = File::open(path).map_err(failed)?;
        Ok(Self::new(path, kind, &Digests::of_reader(&mut file).map_err(failed)?))
    }

    /// The same artifact as a part of a package.
    #[must_use]
    pub fn of_package(mut self, package: Package) -> Self {
        self.package = Some(package);
        self
    }
}

/// A file that is where users get it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Published {
    /// The publisher's name.
    pub target: String,
    /// Its address.
    pub url: String,
}

/// Why publishing failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read or written.
    #[error("cannot publish")]
    File(#[from] files::Error),
    /// A name that cannot be that of a published file.
    #[error("`{name}` cannot be published under this name: {reason}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it, as a lower-case fragment.
        reason: &'static str,
    },
    /// An artifact is no longer what it was when it was hashed.
    #[error("`{}` has changed since it was built", shown(path))]
    Changed {
        /// The artifact.
        path: PathBuf,
    },
    /// The target is something else than a folder.
    #[error("`{}` is not a folder", shown(path))]
    NotAFolder {
        /// The target.
        path: PathBuf,
        /// Why it cannot be used as one.
        #[source]
        source: Option<io::Error>,
    },
    /// The last step failed after some files had already taken their place.
    #[error("publishing to `{}` stopped half way: {done} of {all} files are in place", shown(path))]
    Interrupted {
        /// The target.
        path: PathBuf,
        /// How many files are in place.
        done: usize,
        /// How many there are.
        all: usize,
        /// What stopped it.
        source: files::Error,
    },
    /// A target failed in its own words.
    #[error("{}", &**.0)]
    Target(AnyFailure),
    /// A package index.
    #[error(transparent)]
    Pypi(pypi::Error),
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::File(error) => error.hint(),
            Self::Target(failure) => failure.hint(),
            Self::Name { .. } => Some("Give the package another name or version.".into()),
            Self::Changed { .. } => Some("Build it again, and let nothing else write to that folder.".into()),
            Self::NotAFolder { .. } => Some("Choose another folder to publish to.".into()),
            Self::Interrupted { source, .. } => {
                let hint = source.hint().unwrap_or_default();
                Some(format!("{hint} Publishing again completes it.").trim_start().to_owned())
            }
            Self::Pypi(error) => error.hint(),
        }
    }

    fn location(&self) -> Option<Location> {
        match self {
            Self::File(error) => error.location(),
            Self::Target(failure) => failure.location(),
            Self::Changed { path } | Self::NotAFolder { path, .. } | Self::Interrupted { path, .. } => {
                Some(Location::file(path))
            }
            Self::Name { .. } => None,
            Self::Pypi(error) => error.location(),
        }
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Target(failure) => failure.exit_code(),
            Self::Pypi(error) => error.exit_code(),
            _ => ExitCode::Publishing,
        }
    }
}
