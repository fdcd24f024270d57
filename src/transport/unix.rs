//! Unix: socket files, TCP and inherited descriptors.

#[path = "unix_waker.rs"]
mod waker;

use std::fs;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{SocketAddr, ToSocketAddrs};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{FileType, OFlags};
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvAncillaryBuffer, RecvFlags, SendAncillaryBuffer, SendFlags, sockopt};

pub use waker::Waker;

use super::{Endpoint, Error, Inherited, Interest, Opened, sockets};

/// How many connections the system may hold for us. More than usual: a web server that is turned away shows errors.
const BACKLOG: i32 = 1024;

/// A connection. All calls return at once, but for [`Stream::wait`] and those whose names end in `_soon`.
#[derive(Debug)]
pub struct Stream {
    descriptor: OwnedFd,
    patience_to_read: Option<Duration>,
    patience_to_write: Option<Duration>,
}

impl Stream {
    /// The descriptor itself may block: what does not is said with each call. One that is inherited shares its settings
    /// with the process that it came from.
    fn new(descriptor: OwnedFd) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&descriptor, false)?;
        Ok(Self::of(descriptor))
    }

    fn of(descriptor: OwnedFd) -> Self {
        Self { descriptor, patience_to_read: None, patience_to_write: None }
    }

    /// Reads what is there. 0 is the end of the stream; `WouldBlock` when nothing is there yet.
    ///
    /// # Errors
    /// Also when the peer has reset the connection.
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::net::recv(&self.descriptor, buffer, RecvFlags::DONTWAIT)?.0)
    }

    /// As [`Stream::read`], to several places, one after the other.
    ///
    /// # Errors
    /// As for [`Stream::read`].
    pub fn read_vectored(&self, places: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let mut nothing = RecvAncillaryBuffer::default();
        Ok(rustix::net::recvmsg(&self.descriptor, places, &mut nothing, RecvFlags::DONTWAIT)?.bytes)
    }

    /// As [`Stream::read`], but waits for something to come: one call of the system instead of two for a connection
    /// that is busy. `WouldBlock` when nothing has come in time.
    ///
    /// # Errors
    /// As for [`Stream::read`].
    pub fn read_soon(&mut self, buffer: &mut [u8], patience: Duration) -> io::Result<usize> {
        if self.patience_to_read != Some(patience) {
            sockopt::set_socket_timeout(&self.descriptor, sockopt::Timeout::Recv, Some(patience))?;
            self.patience_to_read = Some(patience);
        }
        Ok(rustix::net::recv(&self.descriptor, buffer, RecvFlags::empty())?.0)
    }

    /// Writes what there is room for, at least one byte; `WouldBlock` when there is none.
    ///
    /// # Errors
    /// Also when the peer takes nothing any more.
    pub fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::net::send(&self.descriptor, bytes, sockets::SEND)?)
    }

    /// As [`Stream::write`], from several pieces.
    ///
    /// # Errors
    /// As for [`Stream::write`].
    pub fn write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut nothing = SendAncillaryBuffer::default();
        Ok(rustix::net::sendmsg(&self.descriptor, pieces, &mut nothing, sockets::SEND)?)
    }

    /// As [`Stream::write_vectored`], but waits for room: while the peer reads, one call takes more than the system can
    /// hold. `WouldBlock` when there has been no room in time. Whether the peer `listens` makes no difference to a socket.
    ///
    /// # Errors
    /// As for [`Stream::write`].
    pub fn write_soon(
        &mut self,
        pieces: &[IoSlice<'_>],
        patience: Duration,
        _listens: bool,
    ) -> io::Result<usize> {
        if self.patience_to_write != Some(patience) {
            sockopt::set_socket_timeout(&self.descriptor, sockopt::Timeout::Send, Some(patience))?;
            self.patience_to_write = Some(patience);
        }
        let mut nothing = SendAncillaryBuffer::default();
        let flags = sockets::SEND.difference(SendFlags::DONTWAIT);
        Ok(rustix::net::sendmsg(&self.descriptor, pieces, &mut nothing, flags)?)
    }

    /// Waits. False when the time is over, or a signal arrived, before anything happened.
    ///
    /// # Errors
    /// When the system call fails; the end of a stream is no failure.
    pub fn wait(&self, interest: Interest, timeout: Option<Duration>) -> io::Result<bool> {
        let flags = match interest {
            Interest::Read => PollFlags::IN,
            Interest::Write => PollFlags::OUT,
            Interest::Either => PollFlags::IN | PollFlags::OUT,
        };
        wait_for(self.descriptor.as_fd(), flags, timeout)
    }

    /// The address of the peer; none for a socket file.
    pub fn peer(&self) -> Option<SocketAddr> {
        SocketAddr::try_from(rustix::net::getpeername(&self.descriptor).ok()??).ok()
    }

    /// Tells the peer that nothing follows.
    pub fn finish(&self) {
        // A peer that is gone already needs no telling.
        let _ = rustix::net::shutdown(&self.descriptor, rustix::net::Shutdown::Write);
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

pub(super) fn wait_for(
    descriptor: BorrowedFd<'_>,
    flags: PollFlags,
    timeout: Option<Duration>,
) -> io::Result<bool> {
    let timeout = timeout.map(timespec);
    match rustix::event::poll(&mut [PollFd::from_borrowed_fd(descriptor, flags)], timeout.as_ref()) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: duration.subsec_nanos().into(),
    }
}

/// A socket that connections come from.
#[derive(Debug)]
pub struct Listener {
    descriptor: OwnedFd,
    endpoint: Endpoint,
    is_tcp: bool,
    /// The socket file, with its device and inode so that nobody else's file is removed.
    file: Option<(PathBuf, u64, u64)>,
}

impl Listener {
    fn new(descriptor: OwnedFd, endpoint: Endpoint) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&descriptor, true)?;
        let is_tcp = rustix::net::getsockname(&descriptor)
            .is_ok_and(|address| address.address_family() != AddressFamily::UNIX);
        Ok(Self { descriptor, endpoint, is_tcp, file: None })
    }

    /// A connection that waits, or none.
    ///
    /// # Errors
    /// When the system has no descriptors or no memory left.
    pub fn accept(&self) -> io::Result<Option<Stream>> {
        match sockets::accept(&self.descriptor) {
            Ok(descriptor) => {
                if self.is_tcp {
                    // Answers are written in one piece: waiting for more would only delay them. Not vital when refused.
                    let _ = sockopt::set_tcp_nodelay(&descriptor, true);
                }
                Ok(Some(Stream::of(descriptor)))
            }
            // A peer that gave up while it waited is no error of ours.
            Err(Errno::AGAIN | Errno::INTR | Errno::CONNABORTED) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Where it listens; a TCP port of 0 has become the port that the system chose.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Says that there is no such mutex: the system itself lets processes take turns.
    ///
    /// # Errors
    /// Always.
    pub fn take_turns(&self, _number: &str) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// The number of the descriptor, for processes that share it.
    pub fn number(&self) -> i64 {
        self.descriptor.as_raw_fd().into()
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some((path, device, inode)) = self.file.take()
            && fs::symlink_metadata(&path).is_ok_and(|file| (file.dev(), file.ino()) == (device, inode))
        {
            // A file that stays is taken over by the next start.
            let _ = fs::remove_file(path);
        }
    }
}

/// Starts to listen, or takes an inherited descriptor.
///
/// # Errors
/// When the address is taken or not ours, or the descriptor is no socket.
pub fn open(endpoint: &Endpoint) -> Result<Opened, Error> {
    let failed = |source| Error::Bind { endpoint: endpoint.clone(), source };
    match endpoint {
        Endpoint::Unix(path) => listen_unix(path, endpoint).map(Opened::Listener),
        Endpoint::Tcp(host, port) => listen_tcp(host, *port).map(Opened::Listener).map_err(failed),
        Endpoint::Descriptor(number) => take(*number),
        Endpoint::Pipe(_) => Err(Error::Unsupported { endpoint: endpoint.clone() }),
    }
}

fn listen_unix(path: &Path, endpoint: &Endpoint) -> Result<Listener, Error> {
    let failed = |source: io::Error| Error::Bind { endpoint: endpoint.clone(), source };
    if let Ok(file) = fs::symlink_metadata(path) {
        if !file.file_type().is_socket() {
            return Err(Error::NoSocket { path: path.to_owned() });
        }
        if UnixStream::connect(path).is_ok() {
            return Err(Error::InUse { path: path.to_owned() });
        }
        fs::remove_file(path).map_err(failed)?;
    }
    let address = rustix::net::SocketAddrUnix::new(path).map_err(|error| failed(error.into()))?;
    let listening = || -> Result<(OwnedFd, fs::Metadata), io::Error> {
        let socket = sockets::socket(AddressFamily::UNIX)?;
        rustix::net::bind(&socket, &address)?;
        rustix::net::listen(&socket, BACKLOG)?;
        Ok((socket, fs::symlink_metadata(path)?))
    };
    let (socket, file) = listening().map_err(failed)?;
    let mut listener = Listener::new(socket, endpoint.clone()).map_err(failed)?;
    listener.file = Some((path.to_owned(), file.dev(), file.ino()));
    Ok(listener)
}

fn listen_tcp(host: &str, port: u16) -> io::Result<Listener> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in (host, port).to_socket_addrs()? {
        let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let attempt = || -> io::Result<Listener> {
            let socket = sockets::socket(family)?;
            sockopt::set_socket_reuseaddr(&socket, true)?;
            rustix::net::bind(&socket, &address)?;
            rustix::net::listen(&socket, BACKLOG)?;
            let port = SocketAddr::try_from(rustix::net::getsockname(&socket)?)?.port();
            Listener::new(socket, Endpoint::Tcp(host.to_owned(), port))
        };
        match attempt() {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn borrowed(descriptor: u32) -> Option<BorrowedFd<'static>> {
    let raw = RawFd::try_from(descriptor).ok()?;
    if raw == RawFd::MAX {
        return None;
    }
    #[expect(unsafe_code, reason = "an inherited descriptor is only known by its number")]
    // SAFETY: the number is not -1. Whether it is open is what the callers find out by harmless calls that fail with
    // EBADF; it is inherited, so nobody in this process owns and closes it meanwhile.
    Some(unsafe { BorrowedFd::borrow_raw(raw) })
}

/// What an inherited descriptor is.
pub fn inherited(descriptor: u32) -> Inherited {
    let Some(borrowed) = borrowed(descriptor) else { return Inherited::Closed };
    let Ok(status) = rustix::fs::fstat(borrowed) else { return Inherited::Closed };
    match FileType::from_raw_mode(status.st_mode) {
        FileType::Socket if sockets::is_listening(borrowed) => Inherited::ListeningSocket,
        FileType::Socket => Inherited::ConnectedSocket,
        FileType::Fifo => Inherited::Pipe,
        _ if rustix::termios::isatty(borrowed) => Inherited::Terminal,
        _ => Inherited::File,
    }
}

/// Takes an inherited descriptor over. Descriptor 0 is `/dev/null` afterwards, so that an application that reads its
/// standard input does not read the web server's bytes.
fn take(number: u32) -> Result<Opened, Error> {
    let endpoint = Endpoint::Descriptor(number);
    let kind = inherited(number);
    let taken = || -> io::Result<Opened> {
        let borrowed = borrowed(number).ok_or(Errno::BADF)?;
        let own = rustix::io::fcntl_dupfd_cloexec(borrowed, 3)?;
        if number == 0 {
            let null =
                rustix::fs::open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, rustix::fs::Mode::empty())?;
            rustix::stdio::dup2_stdin(&null)?;
        }
        if kind == Inherited::ListeningSocket {
            Ok(Opened::Listener(Listener::new(own, endpoint.clone())?))
        } else {
            Ok(Opened::Connected(Stream::new(own)?))
        }
    };
    match kind {
        Inherited::ListeningSocket | Inherited::ConnectedSocket => {
            taken().map_err(|source| Error::Bind { endpoint: endpoint.clone(), source })
        }
        _ => Err(Error::Inherited { descriptor: number, kind }),
    }
}

/// Makes a file the standard output and the standard error of the process.
///
/// # Errors
/// When the system has no descriptors left.
pub fn redirect_output(file: &fs::File) -> io::Result<()> {
    rustix::stdio::dup2_stdout(file)?;
    rustix::stdio::dup2_stderr(file)?;
    Ok(())
}

/// The event by which IIS asks a process to stop. Other systems have signals for that, and no such event.
#[derive(Debug)]
pub struct ShutdownEvent(std::convert::Infallible);

impl ShutdownEvent {
    /// Says that there is no such event.
    ///
    /// # Errors
    /// Always.
    pub fn inherited(_number: &str) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Waits for the event.
    ///
    /// # Errors
    /// None: there is nothing to wait for.
    pub fn wait(&self) -> io::Result<()> {
        match self.0 {}
    }
}

/// The user whom a token of Windows stands for. Other systems have none.
pub fn token_user(_number: &str) -> Option<String> {
    None
}

#[cfg(test)]
#[path = "unix_tests.rs"]
mod tests;
