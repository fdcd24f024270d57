//! TCP on Windows. Nothing here is special: sockets that never block, and `WSAPoll`.

use std::io::{self, IoSlice, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::windows::io::{AsRawSocket as _, RawSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use windows_sys::Win32::Networking::WinSock::{POLLRDNORM, POLLWRNORM, SOCKET_ERROR, WSAPOLLFD, WSAPoll};

use super::super::Interest;
use super::handle::milliseconds;

/// Waits for sockets; their `revents` say what happened. Gives how many have news.
pub(in super::super) fn poll(sockets: &mut [WSAPOLLFD], timeout: Option<Duration>) -> io::Result<usize> {
    let count = u32::try_from(sockets.len()).map_err(io::Error::other)?;
    // -1 is for ever; it is what `INFINITE` becomes.
    let timeout = i32::try_from(milliseconds(timeout)).unwrap_or(-1);
    #[expect(unsafe_code, reason = "a call of Windows")]
    // SAFETY: the pointer and the count are those of one slice, which nobody else has meanwhile.
    let ready = unsafe { WSAPoll(sockets.as_mut_ptr(), count, timeout) };
    if ready == SOCKET_ERROR {
        return Err(io::Error::last_os_error());
    }
    Ok(usize::try_from(ready).unwrap_or(0))
}

/// What to ask `WSAPoll` about a socket.
pub(in super::super) fn asked(socket: RawSocket, interest: Interest) -> WSAPOLLFD {
    let events = match interest {
        Interest::Read => POLLRDNORM,
        Interest::Write => POLLWRNORM,
        Interest::Either => POLLRDNORM | POLLWRNORM,
    };
    // `RawSocket` is as wide as `SOCKET`, whatever the name of its type.
    WSAPOLLFD { fd: usize::try_from(socket).unwrap_or(usize::MAX), events, revents: 0 }
}

/// A connection.
#[derive(Debug)]
pub(in super::super) struct Socket {
    stream: TcpStream,
    /// A poller has told of bytes that have not been read since.
    told: Arc<AtomicBool>,
}

impl Socket {
    fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        // Answers are written in one piece: waiting for more would only delay them. Not vital when refused.
        let _ = stream.set_nodelay(true);
        Ok(Self { stream, told: Arc::default() })
    }

    pub(in super::super) fn told(&self) -> &Arc<AtomicBool> {
        &self.told
    }

    pub(super) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = (&self.stream).read(buffer);
        // `WSAPoll` would tell of the end again and again.
        self.told.store(matches!(read, Ok(0)) && !buffer.is_empty(), Ordering::Release);
        read
    }

    pub(super) fn read_soon(&self, buffer: &mut [u8], patience: Duration) -> io::Result<usize> {
        match self.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.wait(Interest::Read, Some(patience))?;
                self.read(buffer)
            }
            done => done,
        }
    }

    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        (&self.stream).write(bytes)
    }

    pub(super) fn write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        (&self.stream).write_vectored(pieces)
    }

    pub(super) fn wait(&self, interest: Interest, timeout: Option<Duration>) -> io::Result<bool> {
        Ok(poll(&mut [asked(self.raw(), interest)], timeout)? > 0)
    }

    pub(super) fn peer(&self) -> Option<SocketAddr> {
        self.stream.peer_addr().ok()
    }

    pub(super) fn finish(&self) {
        // A peer that is gone already needs no telling.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    pub(in super::super) fn raw(&self) -> RawSocket {
        self.stream.as_raw_socket()
    }
}

/// What connections come from.
#[derive(Debug)]
pub(in super::super) struct SocketListener(TcpListener);

impl SocketListener {
    /// Listens on an address; gives the port too.
    pub(super) fn bind(host: &str, port: u16) -> io::Result<(Self, u16)> {
        let listener = TcpListener::bind((host, port))?;
        let port = listener.local_addr()?.port();
        Ok((Self::new(listener)?, port))
    }

    pub(super) fn new(listener: TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Ok(Self(listener))
    }

    pub(super) fn accept(&self) -> io::Result<Option<Socket>> {
        match self.0.accept() {
            Ok((stream, _)) => Socket::new(stream).map(Some),
            Err(error)
                if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::ConnectionReset) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    pub(in super::super) fn raw(&self) -> RawSocket {
        self.0.as_raw_socket()
    }

    pub(super) fn number(&self) -> i64 {
        i64::try_from(self.raw()).unwrap_or(-1)
    }
}
