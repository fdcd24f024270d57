//! The hybrid wheel: one file that pip installs as a wheel and Web Deploy as a package.
//!
//! It holds all of the package, all of the app's own wheel when there is one, and a `RECORD` of both. Written as
//! packages are: no data descriptors, deflate or stored, sorted, the same bytes from the same input.
//! What pip does with it: everything outside of `.dist-info` and `.data` goes into site-packages, `Manifest.xml` and
//! `Parameters.xml` too, where those of two hybrid wheels overwrite each other.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use tempfile::TempDir;

use super::distribution::escaped;
use super::version::canonical;
use crate::digest::{Digests, Tee};
use crate::error::{ExitCode, Failure, Location, shown};
use crate::files::{self, AtomicFile, FileSource};
use crate::package::archive::{self, Entry, Limits, Reader, WriteOptions};

/// What a hybrid wheel is made from.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The Web Deploy package.
    pub package: &'a Path,
    /// The app's own wheel.
    pub wheel: Option<&'a Path>,
    /// What the metadata say when there is no wheel.
    pub description: &'a Description,
    /// The time of all entries, in seconds since 1970.
    pub time: Option<u64>,
    /// Ends the work early when it becomes true.
    pub cancel: Option<&'a AtomicBool>,
}

/// The metadata of a wheel that is made for a package alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Description {
    /// The name of the project.
    pub name: String,
    /// Its version.
    pub version: String,
    /// One line about it.
    pub summary: Option<String>,
    /// The Pythons that it runs on.
    pub requires_python: Option<String>,
    /// What it needs.
    pub dependencies: Vec<String>,
}

/// Why there is no hybrid wheel.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] files::Error),
    /// The package or wheel cannot be read, or the new wheel cannot be written.
    #[error("cannot make a hybrid wheel of `{}`", shown(path))]
    Archive {
        /// The archive.
        path: PathBuf,
        /// Why.
        source: archive::Error,
    },
    /// The package is none.
    #[error("`{}` is no Web Deploy package: it has no `Manifest.xml`", shown(path))]
    NotAPackage {
        /// The file.
        path: PathBuf,
    },
    /// The wheel has no metadata folder.
    #[error("`{}` is no wheel: it has no `.dist-info` folder", shown(path))]
    NotAWheel {
        /// The file.
        path: PathBuf,
    },
    /// Package and wheel have different files of one name.
    #[error("the package and the wheel have different files `{name}`")]
    Collision {
        /// The name.
        name: String,
    },
    /// The version is none.
    #[error("`{version}` is no version of PEP 440")]
    Version {
        /// The version.
        version: String,
    },
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::File(error) => error.hint(),
            Self::Archive { source, .. } => source.hint(),
            Self::NotAPackage { .. } => {
                Some("Make one with `iiswsgi package`; it has to be in the format `gallery`.".into())
            }
            Self::NotAWheel { .. } => Some("Build the wheel again.".into()),
            Self::Collision { .. } => Some(
                "Give the package another name than the Python package has, or publish wheel and package apart: \
                 the one to the index, the other to a release."
                    .into(),
            ),
            Self::Version { .. } => Some("Give the project a version such as 1.2.3.".into()),
        }
    }

    fn location(&self) -> Option<Location> {
        match self {
            Self::File(error) => error.location(),
            Self::Archive { path, .. } | Self::NotAPackage { path } | Self::NotAWheel { path } => {
                Some(Location::file(path))
            }
            Self::Collision { .. } | Self::Version { .. } => None,
        }
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::File(error) => error.exit_code(),
            Self::Archive { source, .. } => source.exit_code(),
            _ => ExitCode::Usage,
        }
    }
}

/// Writes the hybrid wheel into a folder and gives its path and digests. It has the name of the app's own wheel.
///
/// # Errors
/// The package or wheel cannot be read, they do not go together, or the folder cannot be written to.
pub fn write(source: Source<'_>, folder: &Path) -> Result<(PathBuf, Digests), Error> {
    let version = &source.description.version;
    let canonical = canonical(version).ok_or_else(|| Error::Version { version: version.clone() })?;
    let stem = format!("{}-{canonical}", escaped(&source.description.name));
    let name = match source.wheel.and_then(Path::file_name) {
        Some(name) => name.to_owned(),
        None => format!("{stem}-py3-none-any.whl").into(),
    };
    let path = folder.join(name);
    let mut file = AtomicFile::create(&path)?;
    let unpacked = |source| files::Error::Write { path: folder.to_owned(), source };
    let scratch = tempfile::Builder::new().prefix(files::LEFTOVER).tempdir_in(folder).map_err(unpacked)?;

    let mut content = Content { scratch, entries: Vec::new(), records: BTreeMap::new() };
    content.unpack(source.package, &|_| true)?;
    if !content.records.keys().any(|name| name.eq_ignore_ascii_case("Manifest.xml")) {
        return Err(Error::NotAPackage { path: source.package.to_owned() });
    }
    let info = if let Some(wheel) = source.wheel {
        content.unpack(wheel, &|name| !is_record(name))?;
        content.dist_info().ok_or_else(|| Error::NotAWheel { path: wheel.to_owned() })?
    } else {
        let info = format!("{stem}.dist-info");
        content.add(format!("{info}/METADATA"), source.description.metadata().into_bytes())?;
        content.add(format!("{info}/WHEEL"), WHEEL.as_bytes().to_vec())?;
        info
    };
    let entries = content.finish(&info);
    let options = WriteOptions { time: source.time, cancel: source.cancel, ..WriteOptions::default() };
    let mut writer = BufWriter::with_capacity(1 << 20, &mut file);
    let archived = |source| Error::Archive { path: path.clone(), source };
    let digests = archive::write(&entries, &mut writer, &options).map_err(archived)?;
    writer.flush().map_err(|source| files::Error::Write { path: path.clone(), source })?;
    drop(writer);
    file.commit()?;
    Ok((path, digests))
}

const WHEEL: &str = concat!(
    "Wheel-Version: 1.0\nGenerator: iiswsgi ",
    env!("CARGO_PKG_VERSION"),
    "\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
);

/// Whether a file is the list of files of a wheel, or a signature of it, which a hybrid wheel cannot keep.
fn is_record(name: &str) -> bool {
    let mut parts = name.split('/');
    let (folder, file) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    parts.next().is_none()
        && folder.ends_with(".dist-info")
        && matches!(file, "RECORD" | "RECORD.jws" | "RECORD.p7s")
}

impl Description {
    /// The text of a `METADATA`.
    fn metadata(&self) -> String {
        let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut text = format!("Metadata-Version: 2.1\nName: {}\nVersion: {}\n", self.name, self.version);
        let mut header = |name: &str, value: &str| {
            // Writing to a text does not fail.
            let _ = writeln!(text, "{name}: {}", line(value));
        };
        if let Some(summary) = &self.summary {
            header("Summary", summary);
        }
        if let Some(python) = &self.requires_python {
            header("Requires-Python", python);
        }
        for dependency in &self.dependencies {
            header("Requires-Dist", dependency);
        }
        text + "Description-Content-Type: text/plain\n\nA Web Deploy package for Microsoft IIS, and a wheel. Give the \
                file the ending `.zip` to\ninstall it with IIS Manager or msdeploy.\n"
    }
}

/// What goes into the wheel.
struct Content {
    scratch: TempDir,
    entries: Vec<Entry>,
    /// The hash and size of each file.
    records: BTreeMap<String, ([u8; 32], u64)>,
}

impl Content {
    /// Takes over what is in an archive. Contents lie on the disk meanwhile.
    fn unpack(&mut self, path: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<(), Error> {
        let unreadable = |source| files::Error::Read { path: path.to_owned(), source };
        let failed = |source| Error::Archive { path: path.to_owned(), source };
        let input = BufReader::new(File::open(path).map_err(unreadable)?);
        let mut reader = Reader::open(input, Limits::default()).map_err(failed)?;
        for index in 0..reader.entries().len() {
            let entry = reader.entries()[index].clone();
            if entry.folder {
                let name = format!("{}/", entry.name);
                if !self.entries.iter().any(|known| known.name == name) {
                    self.entries.push(Entry::folder(name));
                }
                continue;
            }
            if !wanted(&entry.name) {
                continue;
            }
            let place = self.scratch.path().join(self.entries.len().to_string());
            let unwritable = |source: io::Error| files::Error::Write { path: place.clone(), source };
            let mut file = Tee::new(BufWriter::new(File::create(&place).map_err(unwritable)?));
            let size = reader.copy_entry(index, &mut file).map_err(failed)?;
            let (mut file, digests) = file.finish();
            file.flush().map_err(unwritable)?;
            if self.record(&entry.name, &digests)? {
                self.entries.push(Entry::source(entry.name, FileSource::new(place, size)));
            }
        }
        Ok(())
    }

    /// The folder with the metadata of the wheel.
    fn dist_info(&self) -> Option<String> {
        self.records.keys().find_map(|name| {
            let folder = name.strip_suffix("/METADATA")?;
            (folder.ends_with(".dist-info") && !folder.contains('/')).then(|| folder.to_owned())
        })
    }

    /// Adds a file that is in memory.
    fn add(&mut self, name: String, bytes: Vec<u8>) -> Result<(), Error> {
        if self.record(&name, &Digests::of(&bytes))? {
            self.entries.push(Entry::bytes(name, bytes));
        }
        Ok(())
    }

    /// Notes a file; false when the same one is there already.
    fn record(&mut self, name: &str, digests: &Digests) -> Result<bool, Error> {
        let record = (digests.sha256, digests.size);
        let known = self.records.iter().find(|(known, _)| known.to_lowercase() == name.to_lowercase());
        match known {
            Some((known, there)) if *there == record && known == name => Ok(false),
            Some(_) => Err(Error::Collision { name: name.to_owned() }),
            None => {
                self.records.insert(name.to_owned(), record);
                Ok(true)
            }
        }
    }

    /// All entries, with the list of them.
    fn finish(&mut self, info: &str) -> Vec<Entry> {
        let mut record = String::new();
        for (name, (sha256, size)) in &self.records {
            let name = if name.contains([',', '"']) {
                format!("\"{}\"", name.replace('"', "\"\""))
            } else {
                name.clone()
            };
            let _ = writeln!(record, "{name},sha256={},{size}", BASE64_URL_SAFE_NO_PAD.encode(sha256));
        }
        let path = format!("{info}/RECORD");
        let _ = writeln!(record, "{path},,");
        let mut entries = std::mem::take(&mut self.entries);
        entries.push(Entry::bytes(path, record));
        entries
    }
}

#[cfg(test)]
mod tests;
