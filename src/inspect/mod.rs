//! What is in a file: a package, one of the files in it, a feed, or one options blob. The kind is told by the content, not
//! by the name.
//!
//! [`inspect_file`] reads a file, [`inspect_bytes`] takes bytes. An [`Inspection`] can be shown as text (`Display`) and as
//! JSON (`Serialize`). Nothing is changed, and nothing in the file is run or believed.

mod content;
mod package;
mod recognise;
mod render;
#[cfg(test)]
mod tests;

use std::error::Error as StdError;
use std::fs::File;
use std::io::{Cursor, Read, Seek};
use std::path::{Path, PathBuf};

use serde::Serialize;

pub use self::content::{
    ApplicationHostContent, Content, ManifestContent, OptionsContent, PackageContent, PackageEntry,
    PackageFolder, Pair, ProviderContent, SetParametersContent, SiteContent, SystemInfoContent,
    WebConfigFile,
};
use crate::digest::Digests;
use crate::error::{ExitCode, Failure, Location, shown};
use crate::files;
use crate::finding::Finding;

/// The most bytes of a file that is read as a whole: all but packages.
const MAX_FILE: u64 = 256 << 20;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A Web Deploy package.
    Package,
    /// `Manifest.xml`, its template, or the file of `-source:manifest`.
    Manifest,
    /// `archive.xml`.
    ArchiveManifest,
    /// `Parameters.xml`.
    Parameters,
    /// `NAME.SetParameters.xml`.
    SetParameters,
    /// `systemInfo.xml`.
    SystemInfo,
    /// `web.config` or its template.
    WebConfig,
    /// `applicationHost.config`.
    ApplicationHost,
    /// A WebPI feed.
    Feed,
    /// The value of one `MSDeploy.MSDeployProviderOptions`.
    ProviderOptions,
    /// `iiswsgi.bootstrap.json`.
    Bootstrap,
}

impl Kind {
    /// What it is called in a sentence, without an article.
    pub fn description(self) -> &'static str {
        match self {
            Self::Package => "Web Deploy package",
            Self::Manifest => "manifest of a Web Deploy package",
            Self::ArchiveManifest => "archive manifest of a Web Deploy package",
            Self::Parameters => "parameters of a Web Deploy package",
            Self::SetParameters => "values for the parameters of a Web Deploy package",
            Self::SystemInfo => "description of the machine that made a Web Deploy package",
            Self::WebConfig => "configuration of an IIS application",
            Self::ApplicationHost => "configuration of IIS",
            Self::Feed => "feed of the Web Platform Installer",
            Self::ProviderOptions => "provider options of Web Deploy",
            Self::Bootstrap => "bootstrap description of iiswsgi",
        }
    }
}

/// What is in a file, and what is doubtful in it.
#[derive(Debug, Clone, Serialize)]
pub struct Inspection {
    /// The file, as it was named.
    pub path: PathBuf,
    /// What it is.
    pub kind: Kind,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-1 in lower-case hexadecimal digits.
    pub sha1: String,
    /// Its SHA-256 in lower-case hexadecimal digits.
    pub sha256: String,
    /// What is in it.
    pub content: Content,
    /// What is doubtful in it.
    pub findings: Vec<Found>,
}

/// A finding and the file inside of a package that it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The file in the package; none for the inspected file itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The finding.
    #[serde(flatten)]
    pub finding: Finding,
}

/// Why a file cannot be inspected.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be read.
    #[error("cannot inspect")]
    File(#[from] files::Error),
    /// It is of no kind that is known.
    #[error("`{}` is nothing that can be inspected: {found}", shown(path))]
    Unknown {
        /// The file.
        path: PathBuf,
        /// What it seems to be, as a fragment.
        found: String,
    },
    /// Its kind is known, and it is broken.
    #[error("`{}` is broken{}", shown(path), place(*line, *column))]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, from 1; 0 when it is not known.
        line: usize,
        /// The column, from 1; 0 when it is not known.
        column: usize,
        /// What is wrong.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
        /// What to do.
        hint: Option<String>,
    },
}

/// The place of a fault, for files that are named in a message.
fn place(line: usize, column: usize) -> String {
    if line == 0 { String::new() } else { format!(" at line {line}, column {column}") }
}

impl Error {
    /// A broken file and the error that says so.
    fn malformed(path: &Path, (line, column): (usize, usize), source: impl Failure) -> Self {
        let hint = source.hint();
        Self::Malformed { path: path.to_owned(), line, column, source: Box::new(source), hint }
    }
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::File(error) => error.hint(),
            Self::Unknown { .. } => Some(
                "Packages, manifests, parameters, `web.config`, `applicationHost.config`, feeds and the text of one \
                 `MSDeploy.MSDeployProviderOptions` can be inspected."
                    .into(),
            ),
            Self::Malformed { hint, .. } => hint.clone(),
        }
    }

    fn location(&self) -> Option<Location> {
        match self {
            Self::File(error) => error.location(),
            Self::Unknown { path, .. } => Some(Location::file(path)),
            Self::Malformed { path, line, column, .. } => Some(Location::at(path, *line, *column)),
        }
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

/// Says what is in a file. A package is not read into memory as a whole.
///
/// # Errors
/// The file cannot be read, is broken, or is of no kind that is known.
pub fn inspect_file(path: &Path) -> Result<Inspection, Error> {
    let failed = |source| files::Error::Read { path: path.to_owned(), source };
    // Before it is opened, which Windows refuses for a folder in words that do not say why.
    if path.is_dir() {
        return Err(Error::Unknown { path: path.to_owned(), found: "it is a folder".into() });
    }
    let mut file = File::open(path).map_err(failed)?;
    let mut head = [0; 4];
    let length = read_up_to(&mut file, &mut head).map_err(failed)?;
    file.rewind().map_err(failed)?;
    if is_zip(&head[..length]) {
        let digests = Digests::of_reader(&mut file).map_err(failed)?;
        return package::inspect(path, file, &digests);
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE {
        let found = format!("it has more than {MAX_FILE} bytes and is no zip archive");
        return Err(Error::Unknown { path: path.to_owned(), found });
    }
    recognise::inspect(path, &bytes)
}

/// Says what is in some bytes. The path is only named in errors and decides nothing, but that a name that ends in `.in` is
/// that of a template.
///
/// # Errors
/// They are broken, or of no kind that is known.
pub fn inspect_bytes(path: &Path, bytes: &[u8]) -> Result<Inspection, Error> {
    if is_zip(bytes) {
        return package::inspect(path, Cursor::new(bytes), &Digests::of(bytes));
    }
    recognise::inspect(path, bytes)
}

/// Whether bytes begin as a zip archive does, an empty one included.
fn is_zip(bytes: &[u8]) -> bool {
    [b"PK\x03\x04", b"PK\x05\x06"].iter().any(|magic| bytes.starts_with(*magic))
}

fn read_up_to(file: &mut File, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match file.read(&mut buffer[length..])? {
            0 => break,
            count => length += count,
        }
    }
    Ok(length)
}
