//! What the server's side of a connection tells its caller, whether it speaks FastCGI or HTTP.

use super::params::Facts;

/// What has arrived.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// All params of a request are here: the application can start.
    Request {
        /// Its id.
        id: u16,
        /// The name-value pairs, checked, for [`Pairs`](super::params::Pairs).
        params: Vec<u8>,
        /// What they say that is needed before an application reads them.
        facts: Facts,
    },
    /// A piece of a request's body, never empty.
    Stdin {
        /// The request's id.
        id: u16,
        /// The piece, out of the bytes that were received.
        bytes: &'a [u8],
    },
    /// A request's body has ended.
    StdinEnd {
        /// The request's id.
        id: u16,
    },
    /// The web server does not want the answer any more. The request is still to be ended.
    Abort {
        /// The request's id.
        id: u16,
    },
}

/// Where a request's body will be among the bytes that come next, if its records go on as they have begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// So many bytes of padding and header come first.
    pub frame: usize,
    /// Then so many of the body.
    pub content: usize,
    /// Then, again and again, so many of padding and header,
    pub next_frame: usize,
    /// and so many of the body.
    pub next_content: usize,
}
