//! The zip file of a package: written the same from the same entries on every machine, and read with suspicion.
//!
//! The writer keeps to what Web Deploy's own packages use (deflate or stored, version 2.0, sizes in front of the data, no
//! zip64), because its reader is an old .NET one. The reader takes what real tools write, and refuses an archive that
//! would write outside its folder, hide one file behind another, or expand without bound. Neither opens a file: the
//! contents come from [`Source`]s and a reader, the archive goes to a writer.

mod deflate;
mod directory;
mod error;
mod name;
mod read;
mod record;
mod schedule;
mod write;

#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

pub use error::Error;
pub use name::NameProblem;
pub use read::{Limits, ReadEntry, Reader};
pub use write::write;

pub use crate::digest::Digests;

/// The most entries that an archive without zip64 can count. Web Deploy's own limit is one more.
pub const MAX_ENTRIES: usize = 65_535;

/// The most bytes that one file may have: what Web Deploy takes (Microsoft article dd569019).
pub const MAX_FILE: u64 = 2_147_483_647;

/// The most bytes that the whole archive may have: what an offset without zip64 can say.
pub const MAX_ARCHIVE: u64 = 4_294_967_294;

/// The longest name of an entry in bytes. Longer ones cannot be unpacked anywhere.
pub const MAX_NAME: usize = 4096;

/// The content of an archive entry that is too large or too far away to be held in memory.
pub trait Source: Send + Sync {
    /// Its size in bytes. Reading must give exactly as many.
    fn size(&self) -> u64;

    /// Opens it for one reading. It may be opened twice.
    ///
    /// # Errors
    /// It cannot be opened.
    fn open(&self) -> io::Result<Box<dyn io::Read + Send>>;
}

/// One entry of an archive to write.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its name with forward slashes. That of a folder ends in `/`.
    pub name: String,
    /// What is in it.
    pub content: Content,
}

impl Entry {
    /// A folder; its name gets its final `/` here.
    pub fn folder(name: impl Into<String>) -> Self {
        let mut name = name.into();
        if !name.ends_with('/') {
            name.push('/');
        }
        Self { name, content: Content::Folder }
    }

    /// A file whose content is in memory.
    pub fn bytes(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), content: Content::Bytes(bytes.into()) }
    }

    /// A file whose content is read when its turn comes.
    pub fn source(name: impl Into<String>, source: impl Source + 'static) -> Self {
        Self { name: name.into(), content: Content::Source(Arc::new(source)) }
    }
}

/// What is in an entry.
#[derive(Clone)]
pub enum Content {
    /// Nothing: it is a folder.
    Folder,
    /// Bytes in memory.
    Bytes(Vec<u8>),
    /// Bytes that are read when their turn comes.
    Source(Arc<dyn Source>),
}

impl Content {
    /// The number of bytes.
    pub fn size(&self) -> u64 {
        match self {
            Self::Folder => 0,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Source(source) => source.size(),
        }
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder => write!(f, "Folder"),
            Self::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
            Self::Source(source) => write!(f, "Source({})", source.size()),
        }
    }
}

/// Adds the folders that the names of the entries imply and that have no entry of their own.
pub fn add_folders(entries: &mut Vec<Entry>) {
    let mut known: std::collections::HashSet<String> =
        entries.iter().filter(|entry| entry.name.ends_with('/')).map(|entry| entry.name.clone()).collect();
    let mut missing = Vec::new();
    for entry in &*entries {
        let within = entry.name.trim_end_matches('/');
        for (slash, _) in within.match_indices('/') {
            let folder = &within[..=slash];
            if !known.contains(folder) {
                known.insert(folder.to_owned());
                missing.push(Entry { name: folder.to_owned(), content: Content::Folder });
            }
        }
    }
    entries.extend(missing);
}

/// How far the writer has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress<'a> {
    /// The entry that was written last, or is being packed.
    pub name: &'a str,
    /// The entries written.
    pub entries: usize,
    /// All entries.
    pub all_entries: usize,
    /// The bytes of content that were packed.
    pub bytes: u64,
    /// All bytes of content.
    pub all_bytes: u64,
}

/// How an archive is written. The default is right for a package.
#[derive(Clone, Copy, Default)]
pub struct WriteOptions<'a> {
    /// The time of all entries, in seconds since 1970 (`SOURCE_DATE_EPOCH`). Without it, and for times that a zip cannot
    /// hold, 1980-01-01 or the last second of 2107.
    pub time: Option<u64>,
    /// How many entries are packed at once; as many as there are cores when it is not given.
    pub threads: Option<NonZero<usize>>,
    /// The folder for the nameless scratch files that contents over 32 MiB go through; the system's own, which may be
    /// in memory, when it is not given.
    pub scratch: Option<&'a Path>,
    /// Is told about the progress, on the thread that called the writer.
    pub progress: Option<&'a dyn Fn(Progress<'_>)>,
    /// Ends the writing early when it becomes true.
    pub cancel: Option<&'a AtomicBool>,
}

impl fmt::Debug for WriteOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteOptions")
            .field("time", &self.time)
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}
