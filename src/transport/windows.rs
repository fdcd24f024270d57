//! Windows: the shape of the transport. Named pipes are not implemented in this version: [`open`] says so for every
//! endpoint, and the types below have no values.

use std::convert::Infallible;
use std::io::{self, IoSlice, IoSliceMut};
use std::time::Duration;

use super::{Endpoint, Error, Inherited, Interest, Opened};

/// A connection. There is none on this system yet.
#[derive(Debug)]
pub struct Stream(Infallible);

impl Stream {
    /// Reads what is there.
    pub fn read(&self, _buffer: &mut [u8]) -> io::Result<usize> {
        match self.0 {}
    }

    /// As [`Stream::read`], to several places.
    pub fn read_vectored(&self, _places: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        match self.0 {}
    }

    /// As [`Stream::read`], but waits for something to come.
    pub fn read_soon(&mut self, _buffer: &mut [u8], _patience: Duration) -> io::Result<usize> {
        match self.0 {}
    }

    /// Writes what there is room for.
    pub fn write(&self, _bytes: &[u8]) -> io::Result<usize> {
        match self.0 {}
    }

    /// As [`Stream::write`], from several pieces.
    pub fn write_vectored(&self, _pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        match self.0 {}
    }

    /// As [`Stream::write_vectored`], but waits for room.
    pub fn write_soon(&mut self, _pieces: &[IoSlice<'_>], _patience: Duration) -> io::Result<usize> {
        match self.0 {}
    }

    /// Waits.
    pub fn wait(&self, _interest: Interest, _timeout: Option<Duration>) -> io::Result<bool> {
        match self.0 {}
    }

    /// Tells the peer that nothing follows.
    pub fn finish(&self) {
        match self.0 {}
    }
}

/// What connections come from. There is none on this system yet.
#[derive(Debug)]
pub struct Listener(Infallible);

impl Listener {
    /// A connection that waits, or none.
    pub fn accept(&self) -> io::Result<Option<Stream>> {
        match self.0 {}
    }

    /// Where it listens.
    pub fn endpoint(&self) -> &Endpoint {
        match self.0 {}
    }

    /// The number of the descriptor, for processes that share it.
    pub fn number(&self) -> i64 {
        match self.0 {}
    }
}

/// Says that this system cannot serve yet.
///
/// # Errors
/// Always.
pub fn open(endpoint: &Endpoint) -> Result<Opened, Error> {
    Err(Error::Unsupported { endpoint: endpoint.clone() })
}

/// What an inherited descriptor is: not known on this system yet.
pub fn inherited(_descriptor: u32) -> Inherited {
    Inherited::Closed
}

/// Makes a file the standard output and the standard error of the process: not done on this system yet.
///
/// # Errors
/// None.
pub fn redirect_output(_file: &std::fs::File) -> io::Result<()> {
    Ok(())
}

/// Wakes a thread that waits with a poller.
#[derive(Debug)]
pub struct Waker(Infallible);

impl Waker {
    /// Says that this system cannot do so yet.
    ///
    /// # Errors
    /// Always.
    pub fn new() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Wakes the thread.
    pub fn wake(&self, _byte: u8) {
        match self.0 {}
    }

    /// The bytes that arrived.
    pub fn take(&self) -> Vec<u8> {
        match self.0 {}
    }

    /// The number of the descriptor that a signal handler may write bytes to.
    pub fn signal_descriptor(&self) -> i64 {
        match self.0 {}
    }
}
