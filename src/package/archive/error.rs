//! Why an archive cannot be written or read.

use std::io;

use super::name::NameProblem;
use crate::error::{ExitCode, Failure};

/// Why an archive cannot be written or read. Every error about one entry names it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The name of an entry is one that an archive must not have.
    #[error("the archive entry `{name}` {problem}")]
    Name {
        /// The name as it was found.
        name: String,
        /// What is wrong with it.
        problem: NameProblem,
    },
    /// Two entries have the same name, or names that are the same on Windows.
    #[error("the archive entries `{first}` and `{second}` have the same name on Windows")]
    Duplicate {
        /// The one.
        first: String,
        /// The other; equal, or different in case only.
        second: String,
    },
    /// An entry is a file and a folder at once.
    #[error("the archive has `{file}` as a file and `{inside}` inside it")]
    FileAndFolder {
        /// The file.
        file: String,
        /// The entry that needs it to be a folder.
        inside: String,
    },
    /// There are more entries than the limit.
    #[error("the archive has {count} entries, {limit} are allowed; the first one too many is `{name}`")]
    TooManyEntries {
        /// How many there are.
        count: u64,
        /// How many there may be.
        limit: u64,
        /// The first one that is too many, when its name is known.
        name: String,
    },
    /// One file is larger than the limit.
    #[error("`{name}` has {size} bytes, {limit} are allowed")]
    TooLarge {
        /// The entry.
        name: String,
        /// Its size in bytes.
        size: u64,
        /// The most bytes allowed.
        limit: u64,
    },
    /// The whole archive is larger than the limit.
    #[error("the archive grows over {limit} bytes with `{name}`")]
    ArchiveTooLarge {
        /// The entry that does not fit.
        name: String,
        /// The most bytes allowed.
        limit: u64,
    },
    /// The content of an entry cannot be read.
    #[error("cannot read `{name}` for the archive")]
    Content {
        /// The entry.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// A file had another content when it was read than when it was looked at.
    #[error("`{name}` changed while it was packed: {expected} bytes were expected, {found}")]
    Changed {
        /// The entry.
        name: String,
        /// The size it had.
        expected: u64,
        /// What was read, in words.
        found: String,
    },
    /// The archive cannot be written.
    #[error("cannot write the archive")]
    Write(#[source] io::Error),
    /// The scratch file for a large entry cannot be used.
    #[error("cannot pack `{name}` through a scratch file")]
    Scratch {
        /// The entry.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// The cancel flag was set.
    #[error("packing was interrupted")]
    Cancelled,
    /// The archive cannot be read.
    #[error("cannot read the archive")]
    Read(#[source] io::Error),
    /// The file is no zip archive, or one that was cut off.
    #[error("this is not a whole zip archive: {0}")]
    NotAnArchive(&'static str),
    /// The archive says two different things.
    #[error("the archive is damaged at `{name}`: {problem}")]
    Damaged {
        /// The entry.
        name: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// An entry is encrypted.
    #[error("the archive entry `{name}` is encrypted")]
    Encrypted {
        /// The entry.
        name: String,
    },
    /// An entry is compressed by a method other than deflate.
    #[error("the archive entry `{name}` is compressed with the unsupported method {method}")]
    Method {
        /// The entry.
        name: String,
        /// The number of the method (APPNOTE 4.4.5).
        method: u16,
    },
    /// An entry is a symbolic link, a device or the like.
    #[error("the archive entry `{name}` is a link or device, not a file or folder")]
    NotAFile {
        /// The entry.
        name: String,
    },
    /// The archive expands to far more than its own size.
    #[error("`{name}` takes the archive to {size} bytes unpacked, {limit} are allowed for its size")]
    Bomb {
        /// The entry at which the limit is reached.
        name: String,
        /// The bytes unpacked up to it.
        size: u64,
        /// The most bytes allowed.
        limit: u64,
    },
    /// The content of an entry does not have the checksum that the archive says.
    #[error("the checksum of the archive entry `{name}` is wrong")]
    Checksum {
        /// The entry.
        name: String,
    },
    /// An entry cannot be written to where it is unpacked.
    #[error("cannot unpack `{name}`")]
    Unpack {
        /// The entry.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// There is no such entry.
    #[error("the archive has no entry `{name}`")]
    Missing {
        /// The name that was looked for.
        name: String,
    },
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::TooManyEntries { .. } | Self::TooLarge { .. } | Self::ArchiveTooLarge { .. } => {
                "Web Deploy takes packages of up to 65,535 entries and 2,147,483,647 bytes a file: \
                 leave files out with `files: {exclude: …}`, or ship large data apart from the package."
                    .into()
            }
            Self::Duplicate { .. } => {
                "Windows does not tell upper from lower case: rename one of them.".into()
            }
            Self::Changed { .. } => "Run again when nothing writes to the project any more.".into(),
            Self::NotAnArchive(_) | Self::Damaged { .. } | Self::Checksum { .. } => {
                "The file may be an incomplete download: get or build it again.".into()
            }
            Self::Encrypted { .. } => {
                "Web Deploy packages are not encrypted: pack it again without a password.".into()
            }
            Self::Method { .. } => {
                "Pack it again with the deflate method, as `zip` does without options.".into()
            }
            Self::Bomb { .. } => "Such an archive is made to fill the disk. Do not install it.".into(),
            Self::Write(source) | Self::Scratch { source, .. } | Self::Unpack { source, .. }
                if matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) =>
            {
                "Free some space, then run again: what was there before is unchanged.".into()
            }
            _ => return None,
        })
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Cancelled => ExitCode::Interrupted,
            Self::Write(_) | Self::Scratch { .. } | Self::Unpack { .. } | Self::Changed { .. } => {
                ExitCode::Failed
            }
            _ => ExitCode::Usage,
        }
    }
}
