//! What a connection speaks: FastCGI, or HTTP. Everything else of the gateway asks this file and knows no difference.

use std::net::SocketAddr;

use super::output::{Kept, Output};
use super::response::Head;
use super::{Options, date};
use crate::fastcgi::connection::Connection;
use crate::fastcgi::event::{Event, Expected};
use crate::fastcgi::params::Facts;
use crate::fastcgi::record;
use crate::http1;
use crate::http1::connection::Phase;

/// How much of a body is waited for before its request is run, when it comes by HTTP: a web server that speaks FastCGI has
/// taken in what slow clients send, and a client that speaks HTTP may be slow itself.
const AWAITED: usize = 128 << 10;

/// The state of one connection's protocol.
#[derive(Debug)]
pub(super) enum Protocol {
    FastCgi(Connection),
    Http(Box<http1::connection::Connection>),
}

/// What of a request is here, for the question whether it can be run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrived {
    pub(super) id: u16,
    pub(super) body: usize,
    pub(super) body_ended: bool,
    pub(super) aborted: bool,
}

impl Protocol {
    pub(super) fn new(options: &Options, peer: impl FnOnce() -> Option<SocketAddr>) -> Self {
        match &options.http {
            None => Self::FastCgi(Connection::new(options.limits)),
            Some(settings) => {
                Self::Http(Box::new(http1::connection::Connection::new(settings.clone(), peer())))
            }
        }
    }

    /// Takes bytes off the front of `input` until there is an event to tell. Err: the bytes are nothing to answer to.
    pub(super) fn receive<'a>(
        &mut self,
        input: &mut &'a [u8],
        out: &mut Vec<u8>,
    ) -> Result<Option<Event<'a>>, ()> {
        match self {
            Self::FastCgi(connection) => connection.receive(input, out).map_err(drop),
            Self::Http(connection) => Ok(connection.receive(input, out)),
        }
    }

    /// Whether a request can be run, or more of it is worth waiting for.
    pub(super) fn is_ready(&self, request: Arrived) -> bool {
        match self {
            Self::FastCgi(_) => true,
            Self::Http(connection) => {
                request.body_ended
                    || request.aborted
                    || request.body >= AWAITED
                    || connection.expects(request.id)
            }
        }
    }

    /// Tells the client that the body may come, if it waits for that.
    pub(super) fn invite(&mut self, output: &mut Output) {
        if let Self::Http(connection) = self {
            connection.invite(&mut output.bytes);
        }
    }

    /// Begins an answer.
    pub(super) fn push_head(&mut self, output: &mut Output, id: u16, head: &mut Head) {
        match self {
            Self::FastCgi(_) => {
                head.text.extend_from_slice(b"\r\n");
                let text = std::mem::take(&mut head.text);
                record::push_stream(&mut output.bytes, record::STDOUT, id, &text);
            }
            Self::Http(connection) => {
                let text = std::mem::take(&mut head.text);
                date::with_now(|now| {
                    connection.push_head(&mut output.bytes, &text, head.status, head.content_length, now);
                });
            }
        }
    }

    /// Appends a piece of the answer's body to the output.
    pub(super) fn push_piece(&self, output: &mut Output, id: u16, bytes: &[u8]) {
        match self {
            Self::FastCgi(_) => record::push_stream(&mut output.bytes, record::STDOUT, id, bytes),
            Self::Http(_) if bytes.is_empty() => {}
            Self::Http(connection) => {
                connection.push_piece_start(&mut output.bytes, bytes.len());
                output.bytes.extend_from_slice(bytes);
                connection.push_piece_end(&mut output.bytes);
            }
        }
    }

    /// Appends the first bytes of an object, which is kept until they have left.
    pub(super) fn push_kept(&self, output: &mut Output, id: u16, object: &Kept, length: usize) {
        match self {
            Self::FastCgi(_) => output.push_kept(record::STDOUT, id, object, length),
            Self::Http(_) if length == 0 => {}
            Self::Http(connection) => {
                connection.push_piece_start(&mut output.bytes, length);
                output.push_whole(object, length);
                connection.push_piece_end(&mut output.bytes);
            }
        }
    }

    /// Appends text for the web server's error log. HTTP has no place for that.
    pub(super) fn push_error(&self, output: &mut Output, id: u16, text: &[u8]) {
        if let Self::FastCgi(_) = self {
            record::push_stream(&mut output.bytes, record::STDERR, id, text);
        }
    }

    /// Ends a request. False: what was read of later requests is not to be answered.
    pub(super) fn end(&mut self, output: &mut Output, id: u16, complete: bool, stderr_used: bool) -> bool {
        match self {
            Self::FastCgi(connection) => {
                connection.end(id, 0, stderr_used, &mut output.bytes);
                true
            }
            Self::Http(connection) => connection.end(complete, &mut output.bytes),
        }
    }

    /// Takes the params of a request back that is over.
    pub(super) fn take_back(&mut self, params: Vec<u8>, facts: Facts) {
        if let Self::FastCgi(connection) = self {
            connection.take_back(params, facts);
        }
    }

    /// Gives memory back that is of use only when the next request comes at once.
    pub(super) fn shrink(&mut self) {
        if let Self::FastCgi(connection) = self {
            connection.shrink();
        }
    }

    /// Whether the connection is to be closed once the output is written.
    pub(super) fn is_finished(&self) -> bool {
        match self {
            Self::FastCgi(connection) => connection.is_finished(),
            Self::Http(connection) => connection.is_finished(),
        }
    }

    /// Whether closing it cannot lose the answer to a reset.
    pub(super) fn has_read_all(&self) -> bool {
        match self {
            Self::FastCgi(connection) => connection.has_read_all(),
            Self::Http(connection) => connection.has_read_all(),
        }
    }

    /// Whether no request is open.
    pub(super) fn is_idle(&self) -> bool {
        match self {
            Self::FastCgi(connection) => connection.is_idle(),
            Self::Http(connection) => connection.is_idle(),
        }
    }

    /// Where the body of a request is expected among the bytes that come next.
    pub(super) fn expected(&self, id: u16) -> Option<Expected> {
        match self {
            Self::FastCgi(connection) => connection.expected(id),
            Self::Http(connection) => connection.expected(id),
        }
    }

    /// What a client is waited for; none when it is a web server, which needs no watching.
    pub(super) fn phase(&self) -> Option<Phase> {
        match self {
            Self::FastCgi(_) => None,
            Self::Http(connection) => Some(connection.phase()),
        }
    }

    /// The client was waited for long enough.
    pub(super) fn time_out(&mut self, output: &mut Output) {
        if let Self::Http(connection) = self {
            connection.time_out(&mut output.bytes);
        }
    }
}
