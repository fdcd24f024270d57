//! FastCGI 1.0 without I/O: bytes in, events and bytes out.
//!
//! Nothing here opens a socket, reads a clock or knows of Python. [`record`] and [`params`] are the two codecs,
//! [`client`] is the web server's side (the simulated IIS and the tests), [`connection`] is the responder's.
//! Section numbers in the comments are those of the FastCGI Specification 1.0 (29 April 1996).

pub mod client;
pub mod connection;
pub mod event;
pub mod params;
pub mod record;
mod request;

use crate::error::{ExitCode, Failure};

/// What a peer can send that is not FastCGI.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The first byte of a record is not the protocol's version.
    #[error("FastCGI record of unsupported version `{0}`")]
    Version(u8),
    /// A name-value pair is longer than the bytes that hold it.
    #[error("FastCGI name-value pair is cut off at byte `{0}`")]
    Truncated(usize),
    /// A record that must have a fixed body has another.
    #[error("FastCGI record of type `{kind}` with a body of `{length}` bytes")]
    Body {
        /// The type of the record.
        kind: u8,
        /// The length of its body in bytes.
        length: usize,
    },
    /// A request begins with the id of one that still runs.
    #[error("FastCGI request `{0}` begins a second time")]
    Duplicate(u16),
    /// The answer ended, or its connection did, before it was complete.
    #[error("the FastCGI answer is incomplete: {0}")]
    Incomplete(&'static str),
    /// The head of the answer is not a CGI head (RFC 3875, section 6).
    #[error("the answer has no valid CGI head: `{0}`")]
    Head(String),
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Version(b'G' | b'P' | b'H' | b'D' | b'O') => Some(
                "The peer seems to speak HTTP. Point a FastCGI web server at this address instead.".into(),
            ),
            _ => None,
        }
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Failed
    }
}
