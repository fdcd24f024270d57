//! Bytes in and out: the sockets and inherited descriptors that a gateway serves on, and waiting for many of them.
//!
//! It knows nothing of FastCGI. What differs between systems is behind one name, `os`; all unsafe code of the crate is
//! in this folder.

mod endpoint;
#[cfg(unix)]
#[path = "unix.rs"]
mod os;
#[cfg(windows)]
#[path = "windows/mod.rs"]
mod os;
#[cfg(any(target_os = "linux", target_os = "android"))]
#[path = "poller_epoll.rs"]
mod poller;
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
#[path = "poller_kqueue.rs"]
mod poller;
#[cfg(windows)]
#[path = "windows/poller.rs"]
mod poller;

#[cfg(all(unix, not(target_vendor = "apple")))]
#[path = "sockets_flags.rs"]
mod sockets;
#[cfg(target_vendor = "apple")]
#[path = "sockets_apple.rs"]
mod sockets;

use std::io;
use std::path::PathBuf;

pub use endpoint::{Endpoint, EndpointError};
#[cfg(windows)]
pub use os::{Job, is_listening, listening_handle};
pub use os::{Listener, ShutdownEvent, Stream, Waker, inherited, open, redirect_output, token_user};
pub use poller::Poller;

use crate::error::{ExitCode, Failure};

/// What a descriptor is that another program handed to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inherited {
    /// A socket that connections can be accepted from, as IIS-like process managers and systemd hand it over.
    ListeningSocket,
    /// A socket with a peer: one connection.
    ConnectedSocket,
    /// A pipe, which has one direction on Unix.
    Pipe,
    /// A terminal: somebody started the program by hand.
    Terminal,
    /// A file, or a device such as `/dev/null`.
    File,
    /// Nothing.
    Closed,
}

impl Inherited {
    /// In words, for a message.
    pub fn name(self) -> &'static str {
        match self {
            Self::ListeningSocket => "a listening socket",
            Self::ConnectedSocket => "a connected socket",
            Self::Pipe => "a pipe",
            Self::Terminal => "a terminal",
            Self::File => "a file or device",
            Self::Closed => "closed",
        }
    }
}

/// What [`open`] found at an endpoint.
#[derive(Debug)]
pub enum Opened {
    /// Connections can be accepted.
    Listener(Listener),
    /// One connection is there already; when it ends, all is done.
    Connected(Stream),
}

/// What to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interest {
    /// Bytes, or the end of the stream.
    Read,
    /// Room for bytes.
    Write,
    /// Whichever comes first.
    Either,
}

/// What a poller tells of one descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct News {
    /// The caller's token of it.
    pub token: u64,
    /// The stream has ended or broken. Its last bytes may still be unread, and the end is not told a second time.
    pub ended: bool,
}

/// Why an endpoint cannot be served on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The inherited descriptor is nothing to serve on.
    #[error("descriptor `{descriptor}` is {}, not a socket to serve on", kind.name())]
    Inherited {
        /// The number of the descriptor.
        descriptor: u32,
        /// What it is.
        kind: Inherited,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on `{endpoint}`")]
    Bind {
        /// The endpoint, as the user writes it.
        endpoint: Endpoint,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Another program answers on the socket file.
    #[error("another program serves on `{}`", path.display())]
    InUse {
        /// The socket file.
        path: PathBuf,
    },
    /// Something that is no socket has the name of the socket file.
    #[error("`{}` is no socket", path.display())]
    NoSocket {
        /// The file.
        path: PathBuf,
    },
    /// This system does not have such endpoints.
    #[error("`{endpoint}` cannot be served on with this system")]
    Unsupported {
        /// The endpoint.
        endpoint: Endpoint,
    },
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Inherited { .. } => Some(
                "A web server's process manager starts this command with a socket as descriptor 0. \
                 To serve on an address of your own, give `--bind unix:PATH` or `--bind tcp:HOST:PORT`."
                    .into(),
            ),
            Self::InUse { .. } => Some("Stop that program, or choose another path.".into()),
            Self::NoSocket { .. } => Some("Remove it, or choose another path.".into()),
            Self::Unsupported { endpoint: Endpoint::Pipe(_) } => Some(
                "Named pipes belong to Windows, where IIS starts a gateway with one. Give `--bind unix:PATH` or \
                 `--bind tcp:HOST:PORT`."
                    .into(),
            ),
            _ => None,
        }
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Usage
    }
}
