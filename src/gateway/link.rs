//! One connection of the gateway: a stream, the protocol's state, the requests that have arrived and the output that has
//! not left yet.
//!
//! It never waits; it does not know what an application is.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::io::{self, IoSlice};
use std::ops::Range;
use std::time::Duration;

use crate::fastcgi::connection::{Connection, Event, Limits};
use crate::fastcgi::record::{self, HEADER_LENGTH, Header};
use crate::transport::Stream;

/// What one call of the system reads. Fits the level-2 cache beside the copy of it.
const READ: usize = 128 << 10;

/// The body of a record of a large answer. A record that the system takes only in part is completed from a copy, which
/// is to stay small.
const PIECE: usize = 32_760;

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
    output: Vec<u8>,
    written: usize,
    tail: Option<Tail>,
}

/// The rest of a large body, kept as the object that the application gave.
struct Tail {
    id: u16,
    bytes: Box<dyn AsRef<[u8]> + Send + Sync>,
    start: usize,
    end: usize,
    /// What follows it.
    after: Vec<u8>,
}

impl fmt::Debug for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tail")
            .field("id", &self.id)
            .field("left", &(self.end - self.start))
            .finish_non_exhaustive()
    }
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
            ending: false,
            ended: false,
            broken: false,
            lingering: false,
            asked: false,
            output: Vec::new(),
            written: 0,
            tail: None,
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
        let filled = BUFFER.with_borrow_mut(|buffer| match read(&mut self.stream, buffer) {
            Ok(0) => Filled::Ended,
            Ok(length) => {
                self.asked = true;
                if self.lingering || self.sort(&buffer[..length]) {
                    if length == buffer.len() { Filled::More } else { Filled::Some }
                } else {
                    // What is not FastCGI has no one to answer to.
                    self.broken = true;
                    Filled::Ended
                }
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                Filled::Nothing
            }
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
        let tail = self.tail.as_ref().map_or(0, |tail| tail.end - tail.start);
        self.output.len() - self.written + tail
    }

    /// Sends what there is room for. True when nothing is left, or nothing can be sent any more.
    pub(super) fn flush(&mut self) -> bool {
        loop {
            if !self.flush_output() {
                return false;
            }
            let Some(mut tail) = self.tail.take() else { return true };
            if self.broken {
                continue;
            }
            let sent =
                self.send_records(record::STDOUT, tail.id, &(*tail.bytes).as_ref()[tail.start..tail.end]);
            tail.start += sent;
            if tail.start >= tail.end {
                self.output.append(&mut tail.after);
            } else {
                self.tail = Some(tail);
                if sent == 0 {
                    return false;
                }
            }
        }
    }

    fn flush_output(&mut self) -> bool {
        while self.written < self.output.len() && !self.broken {
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
        if !self.flush() {
            return 0;
        }
        self.send_records(kind, id, bytes)
    }

    /// Leaves the rest of an answer's body to be sent when there is room. Records of the same request that follow, such
    /// as its end, follow it.
    pub(super) fn set_tail(
        &mut self,
        id: u16,
        bytes: Box<dyn AsRef<[u8]> + Send + Sync>,
        part: Range<usize>,
    ) {
        self.tail = Some(Tail { id, bytes, start: part.start, end: part.end, after: Vec::new() });
    }

    fn send_records(&mut self, kind: u8, id: u16, bytes: &[u8]) -> usize {
        const RECORDS: usize = 32;
        if self.broken {
            return bytes.len();
        }
        let bytes = &bytes[..bytes.len().min(RECORDS * PIECE)];
        let mut headers = [[0; HEADER_LENGTH]; RECORDS];
        for (header, content) in headers.iter_mut().zip(bytes.chunks(PIECE)) {
            // A piece is far smaller than a record may be, so that the other value is never taken.
            let content_length = u16::try_from(content.len()).unwrap_or(u16::MAX);
            *header = Header { kind, id, content_length, padding_length: 0 }.encode();
        }
        let mut pieces = [IoSlice::new(&[]); 2 * RECORDS];
        let mut count = 0;
        for (header, content) in headers.iter().zip(bytes.chunks(PIECE)) {
            pieces[count] = IoSlice::new(header);
            pieces[count + 1] = IoSlice::new(content);
            count += 2;
        }
        match self.stream.write_vectored(&pieces[..count]) {
            Ok(sent) => self.complete_record(&headers, bytes, sent),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => 0,
            Err(_) => {
                self.broken = true;
                bytes.len()
            }
        }
    }

    /// After so many sent bytes of headers and contents: keeps the rest of the record that was cut, and gives the
    /// content bytes that are taken care of.
    fn complete_record(&mut self, headers: &[[u8; HEADER_LENGTH]], bytes: &[u8], sent: usize) -> usize {
        const RECORD: usize = HEADER_LENGTH + PIECE;
        let (whole, part) = (sent / RECORD, sent % RECORD);
        let start = whole * PIECE;
        if part == 0 || start >= bytes.len() {
            return start.min(bytes.len());
        }
        let end = bytes.len().min(start + PIECE);
        if part < HEADER_LENGTH {
            self.output.extend_from_slice(&headers[whole][part..]);
        }
        self.output.extend_from_slice(&bytes[start + part.saturating_sub(HEADER_LENGTH)..end]);
        end
    }

    /// Ends the request at the front of the queue.
    pub(super) fn end_front(&mut self, stderr_used: bool) {
        if let Some(request) = self.queue.pop_front() {
            let out = match &mut self.tail {
                Some(tail) if tail.id == request.id => &mut tail.after,
                _ => &mut self.output,
            };
            self.protocol.end(request.id, 0, stderr_used, out);
        }
    }

    /// Appends a piece of a stream to the output.
    pub(super) fn push_stream(&mut self, kind: u8, id: u16, bytes: &[u8]) {
        record::push_stream(&mut self.output, kind, id, bytes);
    }
}
