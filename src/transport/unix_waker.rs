//! Unix: what wakes a thread that waits for news of connections, from another thread or a signal handler.

use std::io;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};
use std::os::unix::net::UnixStream;

/// Wakes a thread that waits with a poller. It has a descriptor that a signal handler may write to.
#[derive(Debug)]
pub struct Waker {
    reader: UnixStream,
    writer: UnixStream,
}

impl Waker {
    /// A pair of sockets.
    ///
    /// # Errors
    /// When the system has no descriptors left.
    pub fn new() -> io::Result<Self> {
        let (reader, writer) = UnixStream::pair()?;
        reader.set_nonblocking(true)?;
        writer.set_nonblocking(true)?;
        Ok(Self { reader, writer })
    }

    /// Wakes the thread, with a byte for it: 0, or the number of a signal.
    pub fn wake(&self, byte: u8) {
        // A full buffer means that the thread is going to wake up anyway.
        let _ = rustix::io::write(&self.writer, &[byte]);
    }

    /// The bytes that arrived.
    pub fn take(&self) -> Vec<u8> {
        let mut buffer = [0; 64];
        let length = rustix::io::read(&self.reader, &mut buffer).unwrap_or(0);
        buffer[..length].to_vec()
    }

    /// The number of the descriptor that a signal handler may write bytes to.
    pub fn signal_descriptor(&self) -> i64 {
        self.writer.as_raw_fd().into()
    }
}

impl AsFd for Waker {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}
