//! The lists of hashes: those of the artifacts, and those of earlier files that are still there.

use std::collections::BTreeMap;
use std::path::Path;

use crate::digest::{Algorithm, List};
use crate::event::{Observer, Severity};
use crate::files;
use crate::publish::{Artifact, Error};

use super::{SHA1_SUMS, SHA256_SUMS};

/// An earlier file that is still there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Earlier {
    /// Its size in bytes.
    pub(super) size: u64,
    /// Its SHA-1, when the list has it.
    pub(super) sha1: Option<String>,
    /// Its SHA-256, when the list has it.
    pub(super) sha256: Option<String>,
}

/// All hashes of a folder, by file name.
#[derive(Debug, Default)]
pub(super) struct Sums {
    sha1: BTreeMap<String, String>,
    sha256: BTreeMap<String, String>,
    earlier: BTreeMap<String, Earlier>,
}

impl Sums {
    /// Reads the lists of the folder, drops files that are gone, and adds the artifacts.
    pub(super) fn read(
        folder: &Path,
        artifacts: &[&Artifact],
        observer: &dyn Observer,
    ) -> Result<Self, Error> {
        let mut sums = Self::default();
        for name in [SHA256_SUMS, SHA1_SUMS] {
            let path = folder.join(name);
            if !path.is_file() {
                continue;
            }
            let bytes = files::read(&path)?;
            let list = List::read(&String::from_utf8_lossy(&bytes));
            for malformed in &list.malformed {
                observer.message(
                    Severity::Warning,
                    &format!("`{}`: {malformed}; the line is dropped", path.display()),
                );
            }
            for listed in list.files {
                sums.keep(folder, artifacts, listed.file, listed.algorithm, listed.hash);
            }
        }
        for artifact in artifacts {
            sums.sha1.insert(artifact.name.clone(), artifact.sha1.to_ascii_lowercase());
            sums.sha256.insert(artifact.name.clone(), artifact.sha256.to_ascii_lowercase());
        }
        Ok(sums)
    }

    fn keep(
        &mut self,
        folder: &Path,
        artifacts: &[&Artifact],
        file: String,
        algorithm: Algorithm,
        hash: String,
    ) {
        let replaced = artifacts.iter().any(|artifact| artifact.name.to_lowercase() == file.to_lowercase());
        // A list that somebody edited must not make the page link out of the folder.
        if replaced || file.contains(['/', '\\']) {
            return;
        }
        let Ok(metadata) = folder.join(&file).metadata() else { return };
        if !metadata.is_file() {
            return;
        }
        let earlier = self.earlier.entry(file.clone()).or_default();
        earlier.size = metadata.len();
        match algorithm {
            Algorithm::Sha1 => {
                earlier.sha1 = Some(hash.clone());
                self.sha1.insert(file, hash);
            }
            Algorithm::Sha256 => {
                earlier.sha256 = Some(hash.clone());
                self.sha256.insert(file, hash);
            }
        }
    }

    /// The earlier files that are still there, by name.
    pub(super) fn earlier(&self) -> &BTreeMap<String, Earlier> {
        &self.earlier
    }

    /// The text of `SHA1SUMS`.
    pub(super) fn sha1(&self) -> String {
        list(&self.sha1)
    }

    /// The text of `SHA256SUMS`.
    pub(super) fn sha256(&self) -> String {
        list(&self.sha256)
    }
}

/// The form of `sha256sum`: the hash, two blanks and the name. A backslash cannot be in a name here.
fn list(hashes: &BTreeMap<String, String>) -> String {
    hashes.iter().map(|(name, hash)| format!("{hash}  {name}\n")).collect::<Vec<_>>().concat()
}
