//! One at a time: a bootstrap or an uninstall has an application's folder for itself.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use super::Error;
use crate::files;

/// The file that is locked while somebody works on a folder.
const NAME: &str = ".iiswsgi-bootstrap.lock";

/// A folder that nobody else works on. It goes with the process, also when that is killed.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// Takes a folder. Nobody waits: what another one does is done, or is to be repeated.
    ///
    /// # Errors
    /// Somebody works on it, or nothing can be written there.
    pub fn take(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(NAME);
        let failed = |source| files::Error::Write { path: path.clone(), source };
        loop {
            let file = File::create(&path).map_err(failed)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(Error::Busy { folder: folder.to_owned() }),
                // A file system without locks: two at once are unlikely enough there to go on.
                Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => {}
                Err(TryLockError::Error(source)) => return Err(failed(source).into()),
            }
            // An uninstall may have removed the file between the two calls; a lock on a file that is gone keeps nobody out.
            if path.exists() {
                return Ok(Self { path, _file: file });
            }
        }
    }

    /// Lets others in and leaves nothing behind. Otherwise the file stays, for the next one.
    pub fn remove(self) {
        // What cannot be removed is an empty file.
        let _ = std::fs::remove_file(&self.path);
    }
}
