//! To come: the archive. The trait of its contents is here already.

use std::io;

/// The content of an archive entry that is too large or too far away to be held in memory.
pub trait Source: Send + Sync {
    /// Its size in bytes. Reading must give exactly as many.
    fn size(&self) -> u64;

    /// Opens it for one reading.
    ///
    /// # Errors
    /// It cannot be opened.
    fn open(&self) -> io::Result<Box<dyn io::Read + Send>>;
}
