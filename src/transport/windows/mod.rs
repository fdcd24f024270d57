//! Windows: the named pipe that IIS hands over, pipes of our own, and TCP.
//!
//! A pipe has one connection at a time and is waited for by blocking calls (`pipe`); of sockets there may be many, they
//! are polled (`socket`). What wakes either is the [`Waker`]. The two never meet in one server.

mod hand_over;
mod handle;
mod job;
mod pipe;
pub(super) mod socket;
mod standard;
mod token;
mod waker;

use std::io::{self, IoSlice, IoSliceMut};
use std::net::SocketAddr;
use std::time::Duration;

pub use hand_over::{is_listening, listening_handle};
pub use job::Job;
pub use standard::{ShutdownEvent, inherited, redirect_output};
pub use token::token_user;
pub use waker::Waker;

pub(super) use pipe::{Pipe, PipeConnection};
pub(super) use waker::Wakes;

use super::{Endpoint, Error, Inherited, Interest, Opened};

/// A connection.
#[derive(Debug)]
pub struct Stream(pub(super) Kind);

/// What a connection runs over.
#[derive(Debug)]
pub(super) enum Kind {
    Pipe(PipeConnection),
    Socket(socket::Socket),
}

impl Stream {
    /// Reads what is there. 0 is the end of the stream; `WouldBlock` when nothing is there yet.
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match &self.0 {
            Kind::Pipe(pipe) => pipe.read(buffer),
            Kind::Socket(socket) => socket.read(buffer),
        }
    }

    /// As [`Stream::read`], into several pieces.
    pub fn read_vectored(&self, pieces: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        // Neither side gains from a call for several pieces: a pipe has none, and one full piece is much already.
        pieces.iter_mut().find(|piece| !piece.is_empty()).map_or(Ok(0), |piece| self.read(piece))
    }

    /// As [`Stream::read`], but waits for something to come. `WouldBlock` when nothing has come in time. A pipe may wait
    /// longer, since it is never alone in being waited for: a waker ends it.
    pub fn read_soon(&mut self, buffer: &mut [u8], patience: Duration) -> io::Result<usize> {
        match &self.0 {
            Kind::Pipe(pipe) => pipe.read_soon(buffer, patience),
            Kind::Socket(socket) => socket.read_soon(buffer, patience),
        }
    }

    /// Writes what there is room for, at least one byte; `WouldBlock` when there is none.
    pub fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        match &self.0 {
            Kind::Pipe(pipe) => pipe.write(bytes),
            Kind::Socket(socket) => socket.write(bytes),
        }
    }

    /// As [`Stream::write`], from several pieces.
    pub fn write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        match &self.0 {
            Kind::Pipe(pipe) => pipe.write_vectored(pieces),
            Kind::Socket(socket) => socket.write_vectored(pieces),
        }
    }

    /// As [`Stream::write_vectored`], but waits for room. `WouldBlock` when there has been none in time. A pipe, of which room
    /// cannot be waited for, waits until all is taken when the peer `listens`, that is, sends nothing before it has our bytes.
    pub fn write_soon(
        &mut self,
        pieces: &[IoSlice<'_>],
        patience: Duration,
        listens: bool,
    ) -> io::Result<usize> {
        if listens && let Kind::Pipe(pipe) = &self.0 {
            return pipe.write_through(pieces);
        }
        match self.write_vectored(pieces) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.wait(Interest::Write, Some(patience))?;
                self.write_vectored(pieces)
            }
            done => done,
        }
    }

    /// Waits. False when the time is over before anything happened; true may be told too early.
    pub fn wait(&self, interest: Interest, timeout: Option<Duration>) -> io::Result<bool> {
        match &self.0 {
            Kind::Pipe(pipe) => pipe.wait(interest, timeout),
            Kind::Socket(socket) => socket.wait(interest, timeout),
        }
    }

    /// The address of the peer; none for a pipe.
    pub fn peer(&self) -> Option<SocketAddr> {
        match &self.0 {
            Kind::Pipe(_) => None,
            Kind::Socket(socket) => socket.peer(),
        }
    }

    /// Tells the peer that nothing follows. A pipe has no such message: its end is told when it is closed.
    pub fn finish(&self) {
        if let Kind::Socket(socket) = &self.0 {
            socket.finish();
        }
    }
}

/// What connections come from.
#[derive(Debug)]
pub struct Listener {
    pub(super) kind: ListenerKind,
    endpoint: Endpoint,
}

#[derive(Debug)]
pub(super) enum ListenerKind {
    Pipe(pipe::PipeListener),
    Socket(socket::SocketListener),
}

impl Listener {
    /// A connection that waits, or none.
    ///
    /// # Errors
    /// When the pipe is broken, or the system has no sockets left.
    pub fn accept(&self) -> io::Result<Option<Stream>> {
        match &self.kind {
            ListenerKind::Pipe(pipe) => Ok(pipe.accept().map(|pipe| Stream(Kind::Pipe(pipe)))),
            ListenerKind::Socket(socket) => Ok(socket.accept()?.map(|socket| Stream(Kind::Socket(socket)))),
        }
    }

    /// Where it listens; a TCP port of 0 has become the port that the system chose, standard input the pipe that it is.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Takes turns with other processes at accepting, by the mutex of which `_FCGI_MUTEX_` tells the number.
    ///
    /// # Errors
    /// When it is no mutex. Sockets need none.
    pub fn take_turns(&self, number: &str) -> io::Result<()> {
        match &self.kind {
            ListenerKind::Pipe(pipe) => pipe.pipe().take_turns(number),
            ListenerKind::Socket(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// The number of the handle.
    pub fn number(&self) -> i64 {
        match &self.kind {
            ListenerKind::Pipe(pipe) => pipe.number(),
            ListenerKind::Socket(socket) => socket.number(),
        }
    }
}

/// Starts to listen, or takes the inherited standard input.
///
/// # Errors
/// When the address is taken or not ours, or standard input is nothing to serve on.
pub fn open(endpoint: &Endpoint) -> Result<Opened, Error> {
    let failed = |source| Error::Bind { endpoint: endpoint.clone(), source };
    let listener = |kind, endpoint| Opened::Listener(Listener { kind, endpoint });
    match endpoint {
        Endpoint::Tcp(host, port) => {
            let (socket, port) = socket::SocketListener::bind(host, *port).map_err(failed)?;
            Ok(listener(ListenerKind::Socket(socket), Endpoint::Tcp(host.clone(), port)))
        }
        Endpoint::Pipe(name) if !name.is_empty() => {
            let pipe = pipe::PipeListener::create(name).map_err(failed)?;
            Ok(listener(ListenerKind::Pipe(pipe), endpoint.clone()))
        }
        // A pipe without a name is the one that IIS hands over.
        Endpoint::Descriptor(0) | Endpoint::Pipe(_) => match inherited(0) {
            Inherited::Pipe => {
                let pipe = standard::take_input().and_then(pipe::PipeListener::inherited).map_err(failed)?;
                Ok(listener(ListenerKind::Pipe(pipe), Endpoint::Pipe(String::new())))
            }
            Inherited::ListeningSocket => {
                let socket = standard::take_socket().and_then(socket::SocketListener::new).map_err(failed)?;
                Ok(listener(ListenerKind::Socket(socket), endpoint.clone()))
            }
            kind => Err(Error::Inherited { descriptor: 0, kind }),
        },
        Endpoint::Unix(_) | Endpoint::Descriptor(_) => Err(Error::Unsupported { endpoint: endpoint.clone() }),
    }
}

#[cfg(test)]
mod tests;
