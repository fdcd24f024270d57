//! Files on their way to an index: read, checked and hashed before the first one is sent.

use std::fs::File;
use std::io::{self, Seek as _};
use std::path::{Path, PathBuf};

use super::attestations::{self, Attestation, ENDING};
use super::digests::UploadDigests;
use super::distribution::FileName;
use super::metadata::Metadata;
use super::{Error, preflight};
use crate::error::Location;
use crate::event::{Event, Message, Observer, Severity};
use crate::files;
use crate::project::normalized_name;
use crate::publish::Artifact;

/// A file that can be sent.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) path: PathBuf,
    pub(super) name: String,
    pub(super) file: FileName,
    pub(super) metadata: Metadata,
    pub(super) digests: UploadDigests,
    pub(super) attestations: Vec<Attestation>,
}

impl Prepared {
    /// The name of its project as indexes compare it.
    pub(super) fn project(&self) -> String {
        normalized_name(self.metadata.get("name").unwrap_or_default())
    }

    /// The fields of the upload form. The name comes before the digests, and all of them before the content.
    pub(super) fn form(&self) -> Vec<(&'static str, String)> {
        let mut form: Vec<(&'static str, String)> =
            vec![(":action", "file_upload".into()), ("protocol_version", "1".into())];
        form.extend(self.metadata.form());
        form.push(("filetype", self.file.filetype().into()));
        form.push(("pyversion", self.file.pyversion().into()));
        form.push(("md5_digest", self.digests.md5.clone()));
        form.push(("sha256_digest", self.digests.sha256.clone()));
        form.push(("blake2_256_digest", self.digests.blake2_256.clone()));
        form
    }
}

/// Prepares all files, wheels first, so that nobody builds from source what a wheel is about to come for.
pub(super) fn all(artifacts: &[Artifact], observer: &dyn Observer) -> Result<Vec<Prepared>, Error> {
    let (mut prepared, mut unfit) = (Vec::new(), Vec::new());
    for artifact in artifacts {
        let failed = |source| files::Error::Read { path: artifact.path.clone(), source };
        let mut file = File::open(&artifact.path).map_err(failed)?;
        let verdict = preflight::check(&artifact.name, io::BufReader::new(&file)).map_err(failed)?;
        let (fit, path) = (verdict.is_fit(), artifact.path.clone());
        let (errors, warnings): (Vec<_>, Vec<_>) =
            verdict.findings.into_iter().partition(|finding| finding.severity == Severity::Error);
        for warning in warnings {
            let text =
                format!("{}: {}. PyPI has said that it will refuse such files.", artifact.name, warning.text);
            let message = Message::new(Severity::Warning, text).with_location(Location::file(&path));
            observer.event(Event::Message(message));
        }
        let (Some(name), Some(metadata)) = (verdict.file, verdict.metadata.filter(|_| fit)) else {
            unfit.push((path, errors));
            continue;
        };
        file.rewind().map_err(failed)?;
        let digests = UploadDigests::of_reader(&mut file).map_err(failed)?;
        if digests.sha256 != artifact.sha256.to_ascii_lowercase() {
            return Err(Error::Changed { path });
        }
        let attestations = attestations_of(&path, &artifact.name, &digests.sha256)?;
        prepared.push(Prepared {
            path,
            name: artifact.name.clone(),
            file: name,
            metadata,
            digests,
            attestations,
        });
    }
    if !unfit.is_empty() {
        return Err(Error::Unfit { files: unfit });
    }
    prepared.sort_by_key(|prepared| (!prepared.file.is_wheel(), prepared.name.clone()));
    Ok(prepared)
}

/// The attestations that lie beside a file.
fn attestations_of(path: &Path, name: &str, sha256: &str) -> Result<Vec<Attestation>, Error> {
    let folder = files::folder_of(path);
    let failed = |source| files::Error::Read { path: folder.to_owned(), source };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let beside = entry.map_err(failed)?.path();
        let other = beside.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let kind = other.strip_prefix(name).and_then(|rest| rest.strip_prefix('.'));
        if kind.is_some_and(|kind| kind.ends_with(ENDING)) {
            found.push(beside);
        }
    }
    found.sort();
    let mut attestations: Vec<Attestation> = Vec::new();
    for path in found {
        let unusable = |reason| Error::Attestation { path: path.clone(), reason };
        attestations.push(attestations::read(&files::read_text(&path)?, name, sha256).map_err(unusable)?);
        attestations::field(&attestations).map_err(unusable)?;
    }
    Ok(attestations)
}
