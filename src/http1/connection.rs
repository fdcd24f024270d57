//! One connection from a client or a proxy as a machine without I/O: bytes go in, events and bytes come out.
//!
//! ```text
//!       first byte          empty line                      its end
//! Idle ───────────► Head ─────────────► Body (of a request) ───────► Idle, or Closed after the last request
//!                     │ refused                │ refused
//!                     └──────────► Closed ◄────┘        the answer of a refusal comes after those of the requests before it
//! ```
//! Requests may follow each other without waiting (section 9.3.2): they are told as they come, and answered in that order.

use core::net::SocketAddr;
use std::collections::VecDeque;
use std::sync::Arc;

use super::answer::{self, Framing};
use super::body::{Body, Step};
use super::{Refusal, Settings, head};
use crate::fastcgi::event::{Event, Expected};

/// What is left of a body that nobody reads is taken in up to this length; beyond it the connection is closed.
const DISCARDED: u64 = 256 << 10;

/// What a connection is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The next request.
    Idle,
    /// The rest of a head.
    Head,
    /// The rest of a body.
    Body,
    /// Nothing more: it is to be closed.
    Closed,
}

#[derive(Debug)]
enum State {
    /// Within a head, or before one.
    Head,
    /// Within the body of a request.
    Body { id: u16, body: Body },
    /// Nothing more is read.
    Closed,
}

/// A request that is not answered yet.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own: no two of them are states of one thing"
)]
struct Open {
    id: u16,
    is_http11: bool,
    is_head: bool,
    keeps: bool,
    /// The client waits for `100 Continue`.
    expects: bool,
}

/// One connection.
#[derive(Debug)]
pub struct Connection {
    settings: Arc<Settings>,
    peer: Option<SocketAddr>,
    state: State,
    /// The bytes of a head that is not complete.
    head: Vec<u8>,
    /// So many of them have been looked at.
    seen: usize,
    open: VecDeque<Open>,
    next: u16,
    /// The framing of the answer at the front.
    framing: Framing,
    closing: bool,
    /// The answer that comes after those of all open requests.
    refusal: Option<Refusal>,
    /// Bytes came that are not read, or may still come.
    excess: bool,
}

impl Connection {
    /// A fresh connection.
    pub fn new(settings: Arc<Settings>, peer: Option<SocketAddr>) -> Self {
        Self {
            settings,
            peer,
            state: State::Head,
            head: Vec::new(),
            seen: 0,
            open: VecDeque::new(),
            next: 1,
            framing: Framing::Open,
            closing: false,
            refusal: None,
            excess: false,
        }
    }

    /// Takes bytes off the front of `input` until there is an event to tell. None: all bytes are used up.
    pub fn receive<'a>(&mut self, input: &mut &'a [u8], out: &mut Vec<u8>) -> Option<Event<'a>> {
        loop {
            let event = match &mut self.state {
                State::Closed => {
                    self.excess |= !input.is_empty();
                    *input = &[];
                    return None;
                }
                State::Head => match self.head(input) {
                    Ok(Some(event)) => Some(event),
                    Ok(None) => return None,
                    Err(refusal) => {
                        self.refuse(refusal, out);
                        None
                    }
                },
                State::Body { id, body } => {
                    let id = *id;
                    match body.step(input) {
                        Ok(Step::Piece(bytes)) if self.is_open(id) => Some(Event::Stdin { id, bytes }),
                        Ok(Step::Piece(_)) => None,
                        Ok(Step::Nothing) => return None,
                        Ok(Step::Ended) => {
                            self.body_ended(id);
                            self.is_open(id).then_some(Event::StdinEnd { id })
                        }
                        Err(refusal) => {
                            // The application may be reading it: it learns that nothing more comes.
                            let was_open = self.is_open(id);
                            self.refuse(refusal, out);
                            was_open.then_some(Event::Abort { id })
                        }
                    }
                }
            };
            if event.is_some() {
                return event;
            }
        }
    }

    fn is_open(&self, id: u16) -> bool {
        self.open.iter().any(|request| request.id == id)
    }

    fn body_ended(&mut self, id: u16) {
        let last = self.closing || self.open.iter().any(|request| request.id == id && !request.keeps);
        self.state = if last { State::Closed } else { State::Head };
    }

    /// A head, once it is complete. The bytes are kept until then.
    fn head<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Event<'a>>, Refusal> {
        if self.head == b"\r"
            && let [b'\n', rest @ ..] = *input
        {
            (self.seen, *input) = (0, rest);
            self.head.clear();
        }
        if self.head.is_empty() {
            // Section 2.2: an empty line before a request is no harm, wherever it was cut.
            while let [b'\r', b'\n', rest @ ..] = *input {
                *input = rest;
            }
            if input.is_empty() {
                return Ok(None);
            }
            // What comes after the cap is not looked at, so that the refusal does not depend on how the bytes are cut.
            let looked_at = &input[..input.len().min(self.settings.head + 1)];
            let Some(end) = end_of_head(looked_at, &mut self.seen)? else { return self.keep(input) };
            self.seen = 0;
            let (bytes, rest) = input.split_at(end);
            *input = rest;
            return if end > self.settings.head {
                Err(Refusal::TooLarge)
            } else {
                self.begin(bytes).map(Some)
            };
        }
        let before = self.head.len();
        let room = self.settings.head.saturating_sub(before);
        self.head.extend_from_slice(&input[..input.len().min(room + 1)]);
        let Some(end) = end_of_head(&self.head, &mut self.seen)? else {
            self.head.truncate(before);
            return self.keep(input);
        };
        *input = &input[end - before..];
        self.head.truncate(end);
        self.seen = 0;
        let bytes = std::mem::take(&mut self.head);
        if end > self.settings.head { Err(Refusal::TooLarge) } else { self.begin(&bytes).map(Some) }
    }

    fn keep<'a>(&mut self, input: &mut &[u8]) -> Result<Option<Event<'a>>, Refusal> {
        self.head.extend_from_slice(input);
        *input = &[];
        if self.head.len() > self.settings.head { Err(Refusal::TooLarge) } else { Ok(None) }
    }

    fn begin<'a>(&mut self, bytes: &[u8]) -> Result<Event<'a>, Refusal> {
        let head = head::read(bytes, self.peer, &self.settings)?;
        let id = self.next;
        self.next = if id == u16::MAX { 1 } else { id + 1 };
        self.open.push_back(Open {
            id,
            is_http11: head.is_http11,
            is_head: head.facts.is_head,
            keeps: head.keeps,
            expects: head.expects,
        });
        self.state = State::Body { id, body: head.body };
        Ok(Event::Request { id, params: head.params, facts: head.facts })
    }

    fn refuse(&mut self, refusal: Refusal, out: &mut Vec<u8>) {
        (self.head, self.seen) = (Vec::new(), 0);
        (self.state, self.excess) = (State::Closed, true);
        self.refusal = Some(refusal);
        self.answer_refusal(out);
    }

    fn answer_refusal(&mut self, out: &mut Vec<u8>) {
        if self.open.is_empty()
            && let Some(refusal) = self.refusal.take()
        {
            answer::push_refusal(out, refusal.status());
            self.closing = true;
        }
    }

    /// The client was waited for long enough.
    pub fn time_out(&mut self, out: &mut Vec<u8>) {
        match self.phase() {
            Phase::Idle => (self.closing, self.state) = (true, State::Closed),
            Phase::Head | Phase::Body => {
                // A request whose body does not come is not run.
                self.open.clear();
                self.refuse(Refusal::TimedOut, out);
            }
            Phase::Closed => {}
        }
    }

    /// What is waited for.
    pub fn phase(&self) -> Phase {
        match &self.state {
            State::Closed => Phase::Closed,
            State::Head if self.head.is_empty() => Phase::Idle,
            State::Head => Phase::Head,
            State::Body { .. } => Phase::Body,
        }
    }

    /// Whether the client waits to be told that it may send the body of a request.
    pub fn expects(&self, id: u16) -> bool {
        self.open.iter().any(|request| request.id == id && request.expects)
    }

    /// Tells the client at the front that it may send the body, if it waits for that.
    pub fn invite(&mut self, out: &mut Vec<u8>) {
        if self.framing == Framing::Open
            && let Some(request) = self.open.front_mut()
            && std::mem::take(&mut request.expects)
        {
            out.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
    }

    /// Begins the answer of the request at the front: `text` is `Status:` and headers, each line with its end, `date` the
    /// value for `Date`.
    pub fn push_head(
        &mut self,
        out: &mut Vec<u8>,
        text: &[u8],
        status: u16,
        content_length: Option<u64>,
        date: &str,
    ) {
        let Some(request) = self.open.front() else { return };
        let closes = self.closing || !request.keeps || request.expects || self.settings.is_draining();
        let facts = answer::Facts { is_http11: request.is_http11, is_head_method: request.is_head, closes };
        self.framing = answer::push_head(out, text, status, content_length, facts, date);
        if closes || self.framing == Framing::Close {
            self.close_after_this();
        }
    }

    /// What comes before a piece of the answer's body of so many bytes.
    pub fn push_piece_start(&self, out: &mut Vec<u8>, length: usize) {
        if self.framing == Framing::Chunks {
            out.extend_from_slice(format!("{length:x}\r\n").as_bytes());
        }
    }

    /// What comes after it.
    pub fn push_piece_end(&self, out: &mut Vec<u8>) {
        if self.framing == Framing::Chunks {
            out.extend_from_slice(b"\r\n");
        }
    }

    /// Ends the request at the front. An answer that is not `complete` ends the connection, which is how the client learns
    /// of that (section 8). False: what was read of later requests is not to be answered.
    pub fn end(&mut self, complete: bool, out: &mut Vec<u8>) -> bool {
        let Some(request) = self.open.front() else { return true };
        let id = request.id;
        if self.framing == Framing::Open {
            let status = self.refusal.take().map_or("500 Internal Server Error", Refusal::status);
            answer::push_refusal(out, status);
            self.close_after_this();
        } else if !complete {
            self.close_after_this();
        } else if self.framing == Framing::Chunks {
            out.extend_from_slice(b"0\r\n\r\n");
        }
        self.framing = Framing::Open;
        if let State::Body { id: current, body } = &self.state
            && *current == id
        {
            match body {
                Body::Ended | Body::Length(0) => self.body_ended(id),
                Body::Length(..=DISCARDED) => {}
                _ => self.close_after_this(),
            }
        }
        self.open.pop_front();
        if self.closing {
            self.open.clear();
        }
        self.answer_refusal(out);
        !self.closing
    }

    /// No request after the one at the front is answered; its own body may still be read.
    fn close_after_this(&mut self) {
        self.closing = true;
        self.refusal = None;
        let front = self.open.front().map(|request| request.id);
        self.open.truncate(1);
        match &self.state {
            State::Body { id, .. } if Some(*id) == front => {}
            _ => self.state = State::Closed,
        }
    }

    /// Whether the connection is to be closed once the output is written.
    pub fn is_finished(&self) -> bool {
        self.closing && self.open.is_empty()
    }

    /// Whether the body of the last request has ended. A connection that is closed before that may lose the answer to a reset.
    pub fn has_read_all(&self) -> bool {
        !self.excess && !matches!(self.state, State::Body { .. })
    }

    /// Whether no request is open.
    pub fn is_idle(&self) -> bool {
        self.open.is_empty()
    }

    /// Where the body of a request is among the bytes that come next. None when that is not known before they are read.
    pub fn expected(&self, id: u16) -> Option<Expected> {
        match &self.state {
            State::Body { id: current, body: Body::Length(left) | Body::Chunk(left) } if *current == id => {
                let content = usize::try_from(*left).unwrap_or(usize::MAX);
                Some(Expected { frame: 0, content, next_frame: 0, next_content: 0 })
            }
            _ => None,
        }
    }
}

/// Where a head ends; None when that has not come yet. `seen` bytes have been looked at before. Lines end in CR LF alone: a
/// lone LF is one to some programs and none to others.
fn end_of_head(bytes: &[u8], seen: &mut usize) -> Result<Option<usize>, Refusal> {
    while let Some(at) = bytes[*seen..].iter().position(|byte| *byte == b'\n').map(|at| at + *seen) {
        if at == 0 || bytes[at - 1] != b'\r' {
            return Err(Refusal::Malformed);
        }
        *seen = at + 1;
        if at >= 3 && bytes[at - 3..at] == *b"\r\n\r" {
            return Ok(Some(at + 1));
        }
    }
    *seen = bytes.len();
    Ok(None)
}

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
