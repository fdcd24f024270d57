//! What sockets of macOS need several calls for.

use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::io::{Errno, FdFlags};
use rustix::net::{AddressFamily, SendFlags, SocketType};

/// Sends what there is room for. A peer that is gone is a signal as well, which Rust programs and Python ignore.
pub(super) const SEND: SendFlags = SendFlags::DONTWAIT;

/// A new socket that child processes do not inherit.
pub(super) fn socket(family: AddressFamily) -> Result<OwnedFd, Errno> {
    let socket = rustix::net::socket(family, SocketType::STREAM, None)?;
    rustix::io::fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
    Ok(socket)
}

/// A waiting connection that child processes do not inherit.
pub(super) fn accept(listener: &OwnedFd) -> Result<OwnedFd, Errno> {
    let socket = rustix::net::accept(listener)?;
    rustix::io::fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
    // It has inherited the listener's setting.
    rustix::io::ioctl_fionbio(&socket, false)?;
    Ok(socket)
}

/// Whether connections can be accepted from a socket: macOS does not answer `SO_ACCEPTCONN`, but a socket that listens
/// has no peer.
pub(super) fn is_listening(socket: BorrowedFd<'_>) -> bool {
    rustix::net::getpeername(socket) == Err(Errno::NOTCONN)
}
