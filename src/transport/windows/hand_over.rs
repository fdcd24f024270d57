//! What a process gets as standard input when we stand in the place of IIS: the server's end of a named pipe, or a socket that
//! listens (`protocol="Tcp"`). How such a thing is taken is in `standard.rs`.

use std::io;
use std::net::TcpListener;
use std::os::windows::io::{FromRawHandle as _, IntoRawSocket as _, OwnedHandle, RawHandle};

use super::super::Endpoint;
use super::pipe;

/// A handle that connections to this endpoint come from, for another process.
///
/// # Errors
/// The name or the port is taken, or the endpoint is of no kind that can be handed over.
pub fn listening_handle(endpoint: &Endpoint) -> io::Result<OwnedHandle> {
    match endpoint {
        Endpoint::Pipe(name) if !name.is_empty() => pipe::server_end(name),
        Endpoint::Tcp(host, port) => {
            let socket = TcpListener::bind((host.as_str(), *port))?.into_raw_socket();
            #[expect(unsafe_code, reason = "a socket is handed over as a handle")]
            // SAFETY: the socket is ours alone from here on. It is closed as a handle, as the end of a process does it too.
            Ok(unsafe { OwnedHandle::from_raw_handle(socket as RawHandle) })
        }
        other => Err(io::Error::new(io::ErrorKind::Unsupported, format!("`{other}` cannot be handed over"))),
    }
}

/// Whether somebody has made the pipe of an endpoint. Of others it is not known before a connection is tried.
pub fn is_listening(endpoint: &Endpoint) -> bool {
    match endpoint {
        Endpoint::Pipe(name) => pipe::is_there(name),
        _ => true,
    }
}
