//! What sockets of macOS need several calls for.

use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::io::{Errno, FdFlags};
use rustix::net::{AddressFamily, SocketType};

/// A new socket that child processes do not inherit.
pub(super) fn socket(family: AddressFamily) -> Result<OwnedFd, Errno> {
    let socket = rustix::net::socket(family, SocketType::STREAM, None)?;
    rustix::io::fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
    Ok(socket)
}

/// A waiting connection that child processes do not inherit and that never blocks.
pub(super) fn accept(listener: &OwnedFd) -> Result<OwnedFd, Errno> {
    let socket = rustix::net::accept(listener)?;
    rustix::io::fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
    rustix::io::ioctl_fionbio(&socket, true)?;
    Ok(socket)
}

/// Whether connections can be accepted from a socket: macOS does not answer `SO_ACCEPTCONN`, but a socket that listens
/// has no peer.
pub(super) fn is_listening(socket: BorrowedFd<'_>) -> bool {
    rustix::net::getpeername(socket) == Err(Errno::NOTCONN)
}
