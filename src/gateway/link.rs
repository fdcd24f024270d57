//! One connection of the gateway: a stream, the protocol's state, the requests that have arrived and the output that has
//! not left yet.
//!
//! It waits only where a name says so (`_soon`), and never long; it does not know what an application is.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::time::{Duration, Instant};

use super::Options;
use super::output::{Kept, Output};
use super::protocol::{Arrived, Protocol};
use super::response::Head;
use crate::fastcgi::event::Event;
use crate::fastcgi::params::{Facts, push_pair};
use crate::http1::connection::Phase;
use crate::transport::Stream;

/// What one call of the system reads, unless it is told where a body is wanted.
const READ: usize = 32 << 10;

thread_local! {
    /// One buffer a thread, not one a connection: a thousand idle connections hold no memory for bytes to come.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ]);
}

/// The body of a request as far as it has arrived and has not been read.
#[derive(Debug, Default)]
pub(super) struct Body {
    bytes: Vec<u8>,
    start: usize,
    /// Nothing follows.
    pub(super) ended: bool,
}

impl Body {
    pub(super) fn unread(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    pub(super) fn consume(&mut self, length: usize) {
        self.start += length;
        if self.start >= self.bytes.len() {
            self.bytes.clear();
            self.start = 0;
            // A body that was buffered whole must not keep its memory for the life of the connection.
            if self.bytes.capacity() > 4 * READ {
                self.bytes = Vec::new();
            }
        }
    }

    fn append(&mut self, bytes: &[u8]) {
        if self.start > 0 && self.start >= self.bytes.len() / 2 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }
}

/// A request whose params are complete.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) id: u16,
    pub(super) params: Vec<u8>,
    pub(super) facts: Facts,
    pub(super) body: Body,
    /// The web server does not want the answer any more.
    pub(super) aborted: bool,
}

/// What reading brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filled {
    /// The buffer was filled: there may be more.
    More,
    /// All that there was.
    Some,
    /// Nothing yet.
    Nothing,
    /// The stream has ended or broken.
    Ended,
}

/// A connection.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own: no two of them are states of one thing"
)]
pub(super) struct Link {
    pub(super) stream: Stream,
    pub(super) protocol: Protocol,
    pub(super) queue: VecDeque<Pending>,
    pub(super) token: u64,
    /// The poller knows it.
    pub(super) registered: bool,
    /// The poller was asked to tell when there is room for output.
    pub(super) watches_room: bool,
    /// The last read did not take all that there was.
    pub(super) more: bool,
    /// The poller has told of the stream's end, which it does once: it is still to be read.
    pub(super) ending: bool,
    /// The peer sends nothing more.
    pub(super) ended: bool,
    /// Nothing can be sent any more.
    pub(super) broken: bool,
    /// All is said; only what the peer still sends is read, so that the answer is not lost to a reset.
    pub(super) lingering: bool,
    /// Something has come on it.
    pub(super) asked: bool,
    /// There is no other connection that could have news.
    pub(super) alone: bool,
    /// What the client is waited for, and since when; none when nobody looks at that.
    pub(super) waits: Option<(Phase, Instant)>,
    output: Output,
}

impl Link {
    pub(super) fn new(stream: Stream, options: &Options, token: u64) -> Self {
        let protocol = Protocol::new(options, || stream.peer());
        Self {
            stream,
            protocol,
            queue: VecDeque::new(),
            token,
            registered: false,
            watches_room: false,
            more: false,
            ending: false,
            ended: false,
            broken: false,
            lingering: false,
            asked: false,
            alone: false,
            waits: None,
            output: Output::default(),
        }
    }

    /// Reads once and sorts what came. Answers of the protocol itself are put into the output.
    pub(super) fn fill(&mut self) -> Filled {
        self.fill_with(|stream, buffer| stream.read(buffer))
    }

    /// As [`Link::fill`], but waits a moment for something to come.
    pub(super) fn fill_soon(&mut self, patience: Duration) -> Filled {
        self.fill_with(|stream, buffer| stream.read_soon(buffer, patience))
    }

    fn fill_with(&mut self, read: impl FnOnce(&mut Stream, &mut [u8]) -> io::Result<usize>) -> Filled {
        if self.ended {
            return Filled::Ended;
        }
        BUFFER.with_borrow_mut(|buffer| {
            let read = read(&mut self.stream, buffer);
            let filled = self.note_read(&read, buffer.len());
            if self.lingering || self.sort(&buffer[..read.unwrap_or(0)]) {
                filled
            } else {
                self.note_nonsense()
            }
        })
    }

    /// What a read with so much room has brought.
    pub(super) fn note_read(&mut self, read: &io::Result<usize>, room: usize) -> Filled {
        let filled = match read {
            Ok(0) => Filled::Ended,
            Ok(length) if *length == room => Filled::More,
            Ok(_) => Filled::Some,
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                Filled::Nothing
            }
            Err(_) => {
                self.broken = true;
                Filled::Ended
            }
        };
        self.asked |= matches!(filled, Filled::More | Filled::Some);
        self.ended |= filled == Filled::Ended;
        self.more = filled == Filled::More;
        filled
    }

    /// Nonsense has no one to answer to.
    pub(super) fn note_nonsense(&mut self) -> Filled {
        (self.broken, self.ended, self.more) = (true, true, false);
        Filled::Ended
    }

    /// False when the bytes are nothing that could be answered.
    pub(super) fn sort(&mut self, mut bytes: &[u8]) -> bool {
        let Self { protocol, queue, output, .. } = self;
        loop {
            match protocol.receive(&mut bytes, &mut output.bytes) {
                Ok(None) => return true,
                Ok(Some(Event::Request { id, params, facts })) => {
                    queue.push_back(Pending { id, params, facts, body: Body::default(), aborted: false });
                }
                Ok(Some(Event::Stdin { id, bytes })) => {
                    if let Some(request) = queue.iter_mut().find(|request| request.id == id) {
                        request.body.append(bytes);
                    }
                }
                Ok(Some(Event::StdinEnd { id })) => {
                    if let Some(request) = queue.iter_mut().find(|request| request.id == id) {
                        request.body.ended = true;
                    }
                }
                Ok(Some(Event::Abort { id })) => {
                    if let Some(request) = queue.iter_mut().find(|request| request.id == id) {
                        request.aborted = true;
                    }
                }
                Err(()) => return false,
            }
        }
    }

    /// Takes bytes of a body that are where they are wanted already.
    pub(super) fn skip_body(&mut self, mut bytes: &[u8]) {
        // They are within one record, so that this tells nothing but them.
        let _ = self.protocol.receive(&mut bytes, &mut self.output.bytes);
    }

    /// The bytes of requests that wait.
    pub(super) fn buffered(&self) -> usize {
        self.queue.iter().map(|request| request.params.len() + request.body.unread().len()).sum()
    }

    /// Whether a request waits that can be run.
    pub(super) fn is_ready(&self) -> bool {
        self.queue.front().is_some_and(|request| {
            self.protocol.is_ready(Arrived {
                id: request.id,
                body: request.body.unread().len(),
                body_ended: request.body.ended,
                aborted: request.aborted,
            })
        })
    }

    /// A request is going to be run. One whose body is all there has a length, even if the client did not tell it: many
    /// applications read no body without.
    pub(super) fn complete_front(&mut self) {
        self.waits = None;
        if let Some(request) = self.queue.front_mut()
            && matches!(self.protocol, Protocol::Http(_))
            && request.facts.content_length.is_none()
            && request.body.ended
            && !request.body.unread().is_empty()
        {
            let length = request.body.unread().len();
            push_pair(&mut request.params, b"CONTENT_LENGTH", length.to_string().as_bytes());
            request.facts.content_length = Some(length as u64);
        }
    }

    /// Ends requests that are not to be run since what came of them is no request. Those that run end by themselves.
    pub(super) fn drop_refused(&mut self) {
        while matches!(self.protocol, Protocol::Http(_))
            && self.queue.front().is_some_and(|front| front.aborted)
        {
            self.end_front(false, false);
        }
    }

    /// Notes what the client is waited for from now on.
    pub(super) fn note_waiting(&mut self, progress: bool) {
        let Some(phase) = self.protocol.phase() else { return };
        let same = self.waits.is_some_and(|(known, _)| known == phase && !(progress && phase == Phase::Body));
        if !same {
            self.waits = Some((phase, Instant::now()));
        }
    }

    /// The client was waited for long enough.
    pub(super) fn time_out(&mut self) {
        self.queue.clear();
        self.protocol.time_out(&mut self.output);
    }

    /// Tells the client at the front that its body may come, if it waits for that.
    pub(super) fn invite(&mut self) {
        self.protocol.invite(&mut self.output);
    }

    /// How much output waits.
    pub(super) fn unsent(&self) -> usize {
        self.output.len()
    }

    /// Sends what there is room for. True when nothing is left, or nothing can be sent any more.
    pub(super) fn flush(&mut self) -> bool {
        self.flush_with(|stream, pieces| match pieces {
            [piece] => stream.write(piece),
            _ => stream.write_vectored(pieces),
        })
    }

    /// As [`Link::flush`], but waits a moment for room; longer where that is better, if the peer does nothing but `listens`.
    pub(super) fn flush_soon(&mut self, patience: Duration, listens: bool) -> bool {
        self.flush_with(|stream, pieces| stream.write_soon(pieces, patience, listens))
    }

    fn flush_with(&mut self, write: impl Fn(&mut Stream, &[IoSlice<'_>]) -> io::Result<usize>) -> bool {
        let Self { output, stream, broken, .. } = self;
        while !output.is_empty() && !*broken {
            match output.send(|pieces| write(stream, pieces)) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => *broken = true,
            }
        }
        if *broken {
            output.clear();
        }
        true
    }

    /// The connection waits for its next request: it needs no memory for the last answer.
    pub(super) fn shrink(&mut self) {
        self.output.shrink();
        self.protocol.shrink();
    }

    /// Ends the request at the front of the queue, whose answer is as long as it is said to be if it is `complete`.
    pub(super) fn end_front(&mut self, complete: bool, stderr_used: bool) {
        if let Some(request) = self.queue.pop_front() {
            let goes_on = self.protocol.end(&mut self.output, request.id, complete, stderr_used);
            self.protocol.take_back(request.params, request.facts);
            if !goes_on {
                self.queue.clear();
            }
        }
    }

    /// Appends the head of an answer to the output.
    pub(super) fn push_head(&mut self, id: u16, head: &mut Head) {
        self.protocol.push_head(&mut self.output, id, head);
    }

    /// Appends a piece of an answer's body to the output.
    pub(super) fn push_piece(&mut self, id: u16, bytes: &[u8]) {
        self.protocol.push_piece(&mut self.output, id, bytes);
    }

    /// Appends the first bytes of an object to the output, which keeps the object until they have left.
    pub(super) fn push_kept(&mut self, id: u16, object: &Kept, length: usize) {
        self.protocol.push_kept(&mut self.output, id, object, length);
    }

    /// Appends text for the web server's error log to the output.
    pub(super) fn push_error(&mut self, id: u16, text: &[u8]) {
        self.protocol.push_error(&mut self.output, id, text);
    }
}
