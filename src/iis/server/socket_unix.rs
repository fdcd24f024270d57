//! The sockets of FastCGI processes on Unix: a socket file with a short name in the system's folder for temporary files.

use std::io;

use tokio::net::UnixStream;
use tokio::net::unix::{ReadHalf, WriteHalf};

/// A connection to an application.
pub(super) type Connection = UnixStream;

/// The two directions of a connection.
pub(super) fn split(connection: &mut Connection) -> (ReadHalf<'_>, WriteHalf<'_>) {
    connection.split()
}

/// Whether an error that has no name in the standard library tells of a closed connection.
pub(super) fn is_closed(_: &io::Error) -> bool {
    false
}

/// A place for one socket, removed when it is dropped.
#[derive(Debug)]
pub(super) struct Socket(tempfile::TempDir);

impl Socket {
    /// A new place. Socket names have at most 104 bytes on some systems: an application's own folder may be too long.
    pub(super) fn new() -> io::Result<Self> {
        tempfile::Builder::new().prefix("iiswsgi-").tempdir().map(Self)
    }

    /// Its name for [`crate::process::Runner::start`].
    pub(super) fn endpoint(&self) -> String {
        format!("unix:{}", self.0.path().join("s").display())
    }

    pub(super) async fn connect(&self) -> io::Result<Connection> {
        UnixStream::connect(self.0.path().join("s")).await
    }
}
