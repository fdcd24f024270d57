//! One connection of the gateway: a stream, the protocol's state, the requests that have arrived and the output that has
//! not left yet.
//!
//! It never waits; it does not know what an application is.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, IoSlice};

use crate::fastcgi::connection::{Connection, Event, Limits};
use crate::fastcgi::record::{self, HEADER_LENGTH, Header, MAX_CONTENT};
use crate::transport::Stream;

/// What one call of the system reads. Fits the level-2 cache beside the copy of it.
const READ: usize = 128 << 10;

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
    pub(super) protocol: Connection,
    pub(super) queue: VecDeque<Pending>,
    pub(super) token: u64,
    /// The poller knows it.
    pub(super) registered: bool,
    /// The poller was asked to tell when there is room for output.
    pub(super) watches_room: bool,
    /// The last read did not take all that there was.
    pub(super) more: bool,
    /// The peer sends nothing more.
    pub(super) ended: bool,
    /// Nothing can be sent any more.
    pub(super) broken: bool,
    /// All is said; only what the peer still sends is read, so that the answer is not lost to a reset.
    pub(super) lingering: bool,
    output: Vec<u8>,
    written: usize,
}

impl Link {
    pub(super) fn new(stream: Stream, limits: Limits, token: u64) -> Self {
        Self {
            stream,
            protocol: Connection::new(limits),
            queue: VecDeque::new(),
            token,
            registered: false,
            watches_room: false,
            more: false,
            ended: false,
            broken: false,
            lingering: false,
            output: Vec::new(),
            written: 0,
        }
    }

    /// Reads once and sorts what came. Answers of the protocol itself are put into the output.
    pub(super) fn fill(&mut self) -> Filled {
        if self.ended {
            return Filled::Ended;
        }
        let filled = BUFFER.with_borrow_mut(|buffer| match self.stream.read(buffer) {
            Ok(0) => Filled::Ended,
            Ok(length) => {
                if self.lingering || self.sort(&buffer[..length]) {
                    if length == buffer.len() { Filled::More } else { Filled::Some }
                } else {
                    // What is not FastCGI has no one to answer to.
                    self.broken = true;
                    Filled::Ended
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Filled::Nothing,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Filled::More,
            Err(_) => {
                self.broken = true;
                Filled::Ended
            }
        });
        self.ended |= filled == Filled::Ended;
        self.more = filled == Filled::More;
        filled
    }

    /// False when the bytes are not FastCGI.
    fn sort(&mut self, mut bytes: &[u8]) -> bool {
        let Self { protocol, queue, output, .. } = self;
        loop {
            match protocol.receive(&mut bytes, output) {
                Ok(None) => return true,
                Ok(Some(Event::Request { id, params })) => {
                    queue.push_back(Pending { id, params, body: Body::default(), aborted: false });
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
                Err(_) => return false,
            }
        }
    }

    /// The bytes of bodies that wait to be read.
    pub(super) fn buffered(&self) -> usize {
        self.queue.iter().map(|request| request.body.unread().len()).sum()
    }

    /// How much output waits.
    pub(super) fn unsent(&self) -> usize {
        self.output.len() - self.written
    }

    /// Sends what there is room for. True when nothing is left, or nothing can be sent any more.
    pub(super) fn flush(&mut self) -> bool {
        while self.written < self.output.len() {
            if self.broken {
                self.written = self.output.len();
                break;
            }
            match self.stream.write(&self.output[self.written..]) {
                Ok(length) => self.written += length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => self.broken = true,
            }
        }
        self.output.clear();
        self.written = 0;
        if self.output.capacity() > READ {
            self.output = Vec::new();
        }
        true
    }

    /// Sends records of one stream straight from the caller's bytes, after the output that waits, and gives how many of
    /// the bytes were taken. A record that was only sent in part is completed in the output, so that the caller can go
    /// on with the next byte.
    pub(super) fn send_stream(&mut self, kind: u8, id: u16, bytes: &[u8]) -> usize {
        const RECORDS: usize = 32;
        if !self.flush() || self.broken {
            return if self.broken { bytes.len() } else { 0 };
        }
        let bytes = &bytes[..bytes.len().min(RECORDS * MAX_CONTENT)];
        let mut headers = [[0; HEADER_LENGTH]; RECORDS];
        let mut pieces = [IoSlice::new(&[]); 2 * RECORDS];
        for (header, content) in headers.iter_mut().zip(bytes.chunks(MAX_CONTENT)) {
            // A chunk has at most MAX_CONTENT bytes, so that the other value is never taken.
            let content_length = u16::try_from(content.len()).unwrap_or(u16::MAX);
            *header = Header { kind, id, content_length, padding_length: 0 }.encode();
        }
        let mut count = 0;
        for (header, content) in headers.iter().zip(bytes.chunks(MAX_CONTENT)) {
            pieces[count] = IoSlice::new(header);
            pieces[count + 1] = IoSlice::new(content);
            count += 2;
        }
        let sent = match self.stream.write_vectored(&pieces[..count]) {
            Ok(sent) => sent,
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                return 0;
            }
            Err(_) => {
                self.broken = true;
                return bytes.len();
            }
        };
        self.complete_record(&headers, bytes, sent)
    }

    /// After so many sent bytes of headers and contents: keeps the rest of the record that was cut, and gives the
    /// content bytes that are taken care of.
    fn complete_record(&mut self, headers: &[[u8; HEADER_LENGTH]], bytes: &[u8], sent: usize) -> usize {
        const RECORD: usize = HEADER_LENGTH + MAX_CONTENT;
        let (whole, part) = (sent / RECORD, sent % RECORD);
        let start = whole * MAX_CONTENT;
        if part == 0 || start >= bytes.len() {
            return start.min(bytes.len());
        }
        let end = bytes.len().min(start + MAX_CONTENT);
        if part < HEADER_LENGTH {
            self.output.extend_from_slice(&headers[whole][part..]);
        }
        self.output.extend_from_slice(&bytes[start + part.saturating_sub(HEADER_LENGTH)..end]);
        end
    }

    /// Ends the request at the front of the queue.
    pub(super) fn end_front(&mut self, stderr_used: bool) {
        if let Some(request) = self.queue.pop_front() {
            self.protocol.end(request.id, 0, stderr_used, &mut self.output);
        }
    }

    /// Appends a piece of a stream to the output.
    pub(super) fn push_stream(&mut self, kind: u8, id: u16, bytes: &[u8]) {
        record::push_stream(&mut self.output, kind, id, bytes);
    }
}
