//! Files: read with the path in the error, written beside their place and renamed into it.
//!
//! A reader of an output sees the old file or the new one, never a part. What an interrupted run left behind has a name
//! that begins with [`LEFTOVER`] and is removed by the next run, see [`remove_leftovers`].

#[cfg(unix)]
#[path = "files/unix.rs"]
mod os;
#[cfg(windows)]
#[path = "files/windows.rs"]
mod os;

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::error::{ExitCode, Failure, Location, shown};
use crate::package::archive::Source;

/// How long folders are tried again that a program which is just ending still uses.
const PATIENCE: Duration = Duration::from_secs(10);

/// How the names of files begin that are not finished.
pub const LEFTOVER: &str = ".iiswsgi-unfinished-";

/// Why a file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Reading failed.
    #[error("cannot read `{}`", shown(path))]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Writing failed.
    #[error("cannot write `{}`", shown(path))]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file should be text and is not.
    #[error("`{}` is not UTF-8 text (line {line})", shown(path))]
    NotText {
        /// The file.
        path: PathBuf,
        /// The line of the first byte that is not UTF-8, from 1.
        line: usize,
    },
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        let (path, source) = match self {
            Self::Read { path, source } | Self::Write { path, source } => (path, source),
            Self::NotText { .. } => return Some("Save the file as UTF-8.".into()),
        };
        match source.kind() {
            _ if os::is_open_elsewhere(source) => {
                Some(format!("A program has it open: end that program, then run again: `{}`.", shown(path)))
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Some(format!("Give the user who runs this the right to it{}: `{}`.", os::OR_END, shown(path)))
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Some("Free some space, then run again: what was there before is unchanged.".into())
            }
            io::ErrorKind::NotFound => Some("Check the path: it is seen from the current folder.".into()),
            io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
                Some("A file stands where a folder is needed: move it away, or write elsewhere.".into())
            }
            _ => None,
        }
    }

    fn location(&self) -> Option<Location> {
        Some(match self {
            Self::Read { path, .. } | Self::Write { path, .. } => Location::file(path),
            Self::NotText { path, line } => Location::at(path, *line, 0),
        })
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Read { .. } | Self::NotText { .. } => ExitCode::Usage,
            Self::Write { .. } => ExitCode::Failed,
        }
    }
}

/// Reads a whole file.
///
/// # Errors
/// It cannot be read.
pub fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })
}

/// Reads a whole text file, without its byte order mark.
///
/// # Errors
/// It cannot be read, or is not UTF-8.
pub fn read_text(path: &Path) -> Result<String, Error> {
    let bytes = read(path)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.split(|&byte| byte == b'\n').count();
        Error::NotText { path: path.to_owned(), line }
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// A folder for what nobody else may see, among the user's temporary files. It goes when it is dropped.
///
/// # Errors
/// It cannot be made.
pub fn private_folder(prefix: &str) -> Result<tempfile::TempDir, Error> {
    let folder = os::private(tempfile::Builder::new().prefix(prefix)).tempdir();
    folder.map_err(|source| Error::Write { path: std::env::temp_dir(), source })
}

/// The text of bytes that somebody's tool wrote: UTF-8, or UTF-16 with its byte order mark. What is neither becomes
/// replacement characters.
pub fn text_of(bytes: &[u8]) -> String {
    let encoding = encoding_rs::Encoding::for_bom(bytes).map_or(encoding_rs::UTF_8, |(found, _)| found);
    encoding.decode(bytes).0.into_owned()
}

/// Puts a whole file in its place at once. Its folder is made when it is not there.
///
/// # Errors
/// It cannot be written; what was there before is unchanged.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut file = AtomicFile::create(path)?;
    file.write_all(bytes).map_err(|source| Error::Write { path: path.to_owned(), source })?;
    file.commit()
}

/// Copies a file into a place at once. Its folder is made when it is not there. The copy is not forced onto the disk, for
/// its original is still there.
///
/// # Errors
/// One of them cannot be read or written; what was there before is unchanged.
pub fn copy_atomic(from: &Path, to: &Path) -> Result<(), Error> {
    let failed = |source| Error::Write { path: to.to_owned(), source };
    let mut source = fs::File::open(from).map_err(|source| Error::Read { path: from.to_owned(), source })?;
    let mut copy = AtomicFile::create(to)?;
    io::copy(&mut source, &mut copy.file).map_err(failed)?;
    copy.file.persist(to).map_err(|error| failed(error.error))?;
    Ok(())
}

/// A file that takes its place when it is finished. Dropped before that, it leaves nothing.
#[derive(Debug)]
pub struct AtomicFile {
    path: PathBuf,
    file: tempfile::NamedTempFile,
}

impl AtomicFile {
    /// Begins a file that will stand at `path`. Its folder is made when it is not there.
    ///
    /// # Errors
    /// The folder cannot be written to, or a file that is there is read-only: its owner wants to keep it.
    pub fn create(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::Write { path: path.to_owned(), source };
        if fs::metadata(path).is_ok_and(|there| there.permissions().readonly()) {
            return Err(failed(io::Error::new(
                io::ErrorKind::PermissionDenied,
                "the file that is there is read-only",
            )));
        }
        let folder = folder_of(path);
        fs::create_dir_all(folder).map_err(failed)?;
        let file =
            os::output(&mut tempfile::Builder::new()).prefix(LEFTOVER).tempfile_in(folder).map_err(failed)?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Where it will stand.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where it is until then.
    pub fn unfinished_path(&self) -> &Path {
        self.file.path()
    }

    /// Makes sure that its bytes are on the disk and puts it in its place.
    ///
    /// # Errors
    /// The disk is full or the file cannot be renamed; what was there before is unchanged.
    pub fn commit(mut self) -> Result<(), Error> {
        let path = self.path;
        let failed = |source| Error::Write { path: path.clone(), source };
        self.file.flush().map_err(failed)?;
        self.file.as_file().sync_data().map_err(failed)?;
        self.file.persist(&path).map_err(|error| failed(error.error))?;
        Ok(())
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Removes what interrupted runs left in a folder. A folder that is not there, or a file that resists, is fine.
pub fn remove_leftovers(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(LEFTOVER) {
            let path = entry.path();
            let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        }
    }
}

/// Removes a folder with all that is in it. One that is not there is no error. Where files in use cannot be removed, programs that
/// are just ending get the time to.
///
/// # Errors
/// Something in it cannot be removed.
pub fn remove_folder(folder: &Path) -> Result<(), Error> {
    match patiently(|| fs::remove_dir_all(folder)) {
        Err(source) if folder.exists() => Err(Error::Write { path: folder.to_owned(), source }),
        _ => Ok(()),
    }
}

/// Gives a folder another name. Where a folder in use cannot be renamed, programs that are just ending get the time to.
///
/// # Errors
/// There is no such folder, or it cannot be renamed.
pub fn rename_folder(from: &Path, to: &Path) -> io::Result<()> {
    patiently(|| fs::rename(from, to))
}

fn patiently(mut work: impl FnMut() -> io::Result<()>) -> io::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match work() {
            Err(error) if os::may_be_in_use(&error) && Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(20));
            }
            done => return done,
        }
    }
}

/// The folder that a path stands in: `.` for a bare name.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A file on disk as the content of an archive entry.
#[derive(Debug, Clone)]
pub struct FileSource {
    path: PathBuf,
    size: u64,
}

impl FileSource {
    /// A file of a known size, in bytes.
    pub fn new(path: impl Into<PathBuf>, size: u64) -> Self {
        Self { path: path.into(), size }
    }
}

impl Source for FileSource {
    fn size(&self) -> u64 {
        self.size
    }

    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(fs::File::open(&self.path)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unfinished_file_leaves_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.zip");
        write_atomic(&path, b"old").unwrap();
        let mut file = AtomicFile::create(&path).unwrap();
        file.write_all(b"new").unwrap();
        drop(file);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn leftovers_are_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".iiswsgi-unfinished-abc"), "x").unwrap();
        fs::create_dir_all(folder.path().join(".iiswsgi-unfinished-d/e")).unwrap();
        fs::write(folder.path().join("keep"), "x").unwrap();
        remove_leftovers(folder.path());
        let left: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["keep"]);
    }

    #[test]
    fn a_read_only_file_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.zip");
        fs::write(&path, "old").unwrap();
        let mut permissions = fs::metadata(&path).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&path, permissions).unwrap();
        let error = write_atomic(&path, b"new").unwrap_err();
        assert_eq!(error.to_string(), format!("cannot write `{}`", path.display()));
        assert!(error.hint().unwrap().contains("the right to it"));
        assert_eq!(fs::read(&path).unwrap(), b"old");
    }

    #[test]
    fn text_that_is_not_utf_8_is_refused_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        fs::write(&path, b"one\ntwo \xff\n").unwrap();
        assert!(read_text(&path).unwrap_err().to_string().ends_with("is not UTF-8 text (line 2)"));
        fs::write(&path, "\u{feff}text").unwrap();
        assert_eq!(read_text(&path).unwrap(), "text");
    }
}
