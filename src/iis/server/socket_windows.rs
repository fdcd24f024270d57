//! The sockets of FastCGI processes on Windows: TCP on the loopback address.

use std::io;
use std::net::TcpListener;

use tokio::net::TcpStream;

/// A connection to an application.
pub(super) type Connection = TcpStream;

/// A port that was free a moment ago.
#[derive(Debug)]
pub(super) struct Socket(u16);

impl Socket {
    /// A free port.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port()))
    }

    /// Its name for [`crate::process::Runner::start`].
    pub(super) fn endpoint(&self) -> String {
        format!("tcp:127.0.0.1:{}", self.0)
    }

    pub(super) async fn connect(&self) -> io::Result<Connection> {
        TcpStream::connect(("127.0.0.1", self.0)).await
    }
}
