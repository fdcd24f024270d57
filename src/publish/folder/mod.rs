//! Publishing to a folder, which may be served by any web server or be a share: packages and what belongs to them, the
//! feed, the hashes, and a page that says how to install what is there.
//!
//! All files are first written beside their places. Only when each of them is complete and has the hash that it was built
//! with do they take their places, the page last. Files of earlier versions stay: their hashes stay in the lists, and the
//! page names them.

mod gallery;
mod instructions;
mod page;
mod sums;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};

use self::sums::Sums;
use super::{Artifact, Error, Kind, Published, Publisher};
use crate::digest::Tee;
use crate::event::{Event, Observer, Severity, Unit};
use crate::files::{self, AtomicFile};
use crate::uri;

/// The file with the SHA-256 of every file.
pub const SHA256_SUMS: &str = "SHA256SUMS";
/// The file with the SHA-1 of every file.
pub const SHA1_SUMS: &str = "SHA1SUMS";
/// The page.
pub const INDEX: &str = "index.html";

/// A folder to publish to.
#[derive(Debug, Clone)]
pub struct Folder {
    /// The folder. It is made when it is not there.
    pub path: PathBuf,
    /// Under which address it is served; without one, files have `file:` URLs.
    pub base_url: Option<String>,
    /// The title of the page.
    pub title: String,
}

impl Publisher for Folder {
    fn name(&self) -> &'static str {
        "folder"
    }

    fn target(&self) -> String {
        self.path.display().to_string()
    }

    fn publish(&self, artifacts: &[Artifact], observer: &dyn Observer) -> Result<Vec<Published>, Error> {
        check_names(artifacts)?;
        self.prepare()?;
        let mut artifacts: Vec<&Artifact> = artifacts.iter().collect();
        // The order in which they take their places: nothing names what is not there yet.
        artifacts.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
        let sums = Sums::read(&self.path, &artifacts, observer)?;
        let mut staged = Vec::with_capacity(artifacts.len() + 3);
        for artifact in &artifacts {
            staged.push((self.copy(artifact, observer)?, artifact.size));
        }
        let feed_url = self.feed_url(&artifacts);
        for (name, text) in [
            (SHA1_SUMS, sums.sha1()),
            (SHA256_SUMS, sums.sha256()),
            (INDEX, page::page(&self.title, &artifacts, sums.earlier(), feed_url.as_deref())),
        ] {
            let path = self.path.join(name);
            let mut file = AtomicFile::create(&path)?;
            file.write_all(text.as_bytes()).map_err(|source| files::Error::Write { path, source })?;
            staged.push((file, text.len() as u64));
        }
        self.commit(staged, observer)?;
        let names = artifacts.iter().map(|artifact| artifact.name.as_str());
        Ok(names.chain([SHA1_SUMS, SHA256_SUMS, INDEX]).map(|name| self.published(name)).collect())
    }
}

impl Folder {
    /// Makes the folder and removes what an interrupted run left in it.
    fn prepare(&self) -> Result<(), Error> {
        if let Err(source) = fs::create_dir_all(&self.path) {
            let path = self.path.clone();
            let blocked = self.path.ancestors().any(Path::is_file);
            return Err(if blocked {
                Error::NotAFolder { path, source: Some(source) }
            } else {
                Error::File(files::Error::Write { path, source })
            });
        }
        files::remove_leftovers(&self.path);
        Ok(())
    }

    /// Writes a copy beside the place of an artifact, and makes sure that it is what was built.
    fn copy(&self, artifact: &Artifact, observer: &dyn Observer) -> Result<AtomicFile, Error> {
        let place = self.path.join(&artifact.name);
        if place.is_dir() {
            return Err(Error::Name { name: artifact.name.clone(), reason: "a folder has it" });
        }
        let unreadable = |source| files::Error::Read { path: artifact.path.clone(), source };
        let mut source = File::open(&artifact.path).map_err(unreadable)?;
        let mut copy = Tee::new(AtomicFile::create(&place)?);
        let mut buffer = vec![0; 1 << 18];
        loop {
            let length = source.read(&mut buffer).map_err(unreadable)?;
            if length == 0 {
                break;
            }
            copy.write_all(&buffer[..length])
                .map_err(|source| files::Error::Write { path: place.clone(), source })?;
            observer.event(Event::Progress {
                what: format!("publishing {}", artifact.name),
                done: copy.size(),
                total: artifact.size,
                unit: Unit::Bytes,
            });
        }
        let (file, digests) = copy.finish();
        let same = digests.size == artifact.size
            && digests.sha256_hex().eq_ignore_ascii_case(&artifact.sha256)
            && digests.sha1_hex().eq_ignore_ascii_case(&artifact.sha1);
        if same { Ok(file) } else { Err(Error::Changed { path: artifact.path.clone() }) }
    }

    /// Puts all files into their places.
    fn commit(&self, staged: Vec<(AtomicFile, u64)>, observer: &dyn Observer) -> Result<(), Error> {
        let all = staged.len();
        for (done, (file, size)) in staged.into_iter().enumerate() {
            let path = file.path().to_owned();
            file.commit().map_err(|source| {
                if done == 0 {
                    return Error::File(source);
                }
                Error::Interrupted { path: self.path.clone(), done, all, source }
            })?;
            observer.event(Event::Written { path, size });
        }
        observer.message(Severity::Detail, &format!("{all} files are in `{}`", self.path.display()));
        Ok(())
    }

    fn published(&self, name: &str) -> Published {
        let url = if let Some(base) = &self.base_url {
            format!("{}/{}", base.trim_end_matches('/'), uri::percent_encode(name, ""))
        } else {
            let path = fs::canonicalize(self.path.join(name)).unwrap_or_else(|_| self.path.join(name));
            let path = path.to_string_lossy();
            uri::file_url(&path).unwrap_or_else(|| path.into_owned())
        };
        Published { target: self.name().to_owned(), url }
    }

    /// Where the feed will be, when that is known.
    fn feed_url(&self, artifacts: &[&Artifact]) -> Option<String> {
        let feed = artifacts.iter().find(|artifact| artifact.kind == Kind::Feed)?;
        self.base_url.as_ref().map(|_| self.published(&feed.name).url)
    }
}

/// Names must be plain file names, differ also where case does not count, and leave ours alone.
fn check_names(artifacts: &[Artifact]) -> Result<(), Error> {
    let mut seen: HashSet<String> =
        [SHA256_SUMS, SHA1_SUMS, INDEX].iter().map(|name| name.to_lowercase()).collect();
    for artifact in artifacts {
        let name = &artifact.name;
        let reason = if name.is_empty() || name == "." || name == ".." {
            "it is no file name"
        } else if name.contains(['/', '\\']) || name.chars().any(char::is_control) {
            "it holds a separator or a control character"
        } else if name.starts_with(files::LEFTOVER) {
            "it is that of an unfinished file"
        } else if !seen.insert(name.to_lowercase()) {
            "another published file has it, upper and lower case alike"
        } else {
            continue;
        };
        return Err(Error::Name { name: name.clone(), reason });
    }
    Ok(())
}
