//! One request that runs: its body in, its answer out, over the connection that it came by.
//!
//! The rules of an answer that hold whatever the application does are kept here: the head is sent once and before the
//! body, a body is never longer than its `Content-Length`, and some answers have none.

use std::time::{Duration, Instant};

use super::link::{Filled, Link, Pending};
use super::response::Head;
use crate::fastcgi::params::Pairs;
use crate::fastcgi::record;
use crate::transport::Interest;

/// Pieces up to this size are collected and leave with one call; larger ones are sent from where they are.
const SMALL: usize = 16 << 10;
/// How much of a body is taken in while an answer cannot leave: a web server that first sends all of a body before it
/// reads the answer would otherwise wait for us as we wait for it.
const CROSSING: usize = 64 << 20;
/// How often a running answer looks whether the web server still wants it.
const LOOK: Duration = Duration::from_millis(2);

/// Runs what may block the thread. Python lets its lock go meanwhile.
pub trait Pause {
    /// Calls `wait` once.
    fn pause(&self, wait: &mut (dyn FnMut() + Send));
}

/// Nothing to let go.
#[derive(Debug, Clone, Copy, Default)]
pub struct Block;

impl Pause for Block {
    fn pause(&self, wait: &mut (dyn FnMut() + Send)) {
        wait();
    }
}

/// Why a body cannot be read to its end, or an answer not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Gone {
    /// The web server does not want the answer any more.
    #[error("the web server aborted the request")]
    Aborted,
    /// The connection is gone.
    #[error("the connection to the web server is gone")]
    Closed,
}

/// A request and its answer.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own: no two of them are states of one thing"
)]
pub struct Exchange {
    link: Box<Link>,
    id: u16,
    /// What the application may still read, when the length is known.
    body_left: Option<u64>,
    is_head_method: bool,
    head: Option<Head>,
    head_sent: bool,
    /// What the answer's body may still have, when its length is known.
    answer_left: Option<u64>,
    answer_length: u64,
    excess: bool,
    stderr_used: bool,
    ended: bool,
    looked: Instant,
    started: Instant,
}

impl Exchange {
    /// None when no request waits on the link.
    pub(super) fn new(link: Box<Link>) -> Result<Self, Box<Link>> {
        let Some(request) = link.queue.front() else { return Err(link) };
        let (id, mut body_left, mut is_head_method) = (request.id, None, false);
        for (name, value) in Pairs::new(&request.params).map_while(Result::ok) {
            match name {
                b"CONTENT_LENGTH" => {
                    body_left = std::str::from_utf8(value).ok().and_then(|text| text.trim().parse().ok());
                }
                b"REQUEST_METHOD" => is_head_method = value == b"HEAD",
                _ => {}
            }
        }
        let now = Instant::now();
        Ok(Self {
            link,
            id,
            body_left,
            is_head_method,
            head: None,
            head_sent: false,
            answer_left: None,
            answer_length: 0,
            excess: false,
            stderr_used: false,
            ended: false,
            looked: now,
            started: now,
        })
    }

    /// None when the request is ended: another may be at the front.
    fn request(&mut self) -> Option<&mut Pending> {
        if self.ended { None } else { self.link.queue.front_mut() }
    }

    /// The request's params as they came, checked: a sequence for [`Pairs`].
    pub fn params(&self) -> &[u8] {
        self.link.queue.front().filter(|_| !self.ended).map_or(&[], |request| &request.params)
    }

    /// The bytes that the application may still read, when the web server told the length.
    pub fn body_left(&self) -> Option<u64> {
        self.body_left
    }

    /// What of the body is here and may be read.
    pub fn available(&self) -> &[u8] {
        let request = self.link.queue.front().filter(|_| !self.ended);
        let unread = request.map_or(&[][..], |request| request.body.unread());
        match self.body_left.map(usize::try_from) {
            Some(Ok(left)) if left < unread.len() => &unread[..left],
            _ => unread,
        }
    }

    /// Marks bytes of [`Exchange::available`] as read.
    pub fn consume(&mut self, length: usize) {
        if let Some(left) = &mut self.body_left {
            *left = left.saturating_sub(length as u64);
        }
        if let Some(request) = self.request() {
            request.body.consume(length);
        }
    }

    /// Waits until more of the body is available than `known` bytes. False at its end.
    ///
    /// # Errors
    /// When the request was aborted, or the connection ended within the body.
    pub fn wait_for_body(&mut self, known: usize, pause: &dyn Pause) -> Result<bool, Gone> {
        loop {
            if self.body_left.is_some_and(|left| known as u64 >= left) {
                return Ok(false);
            }
            let Some(request) = self.request() else { return Ok(false) };
            if request.aborted {
                return Err(Gone::Aborted);
            }
            let (length, ended) = (request.body.unread().len(), request.body.ended);
            if length > known {
                return Ok(true);
            }
            if ended {
                return Ok(false);
            }
            match self.link.fill() {
                Filled::Ended => return Err(Gone::Closed),
                Filled::Nothing => {
                    // The web server may wait for what we have said so far.
                    self.link.flush();
                    let interest = if self.link.unsent() > 0 { Interest::Either } else { Interest::Read };
                    self.wait(interest, pause);
                }
                Filled::More | Filled::Some => {}
            }
        }
    }

    fn wait(&mut self, interest: Interest, pause: &dyn Pause) {
        let stream = &self.link.stream;
        // A failure shows with the next call on the stream.
        pause.pause(&mut || drop(stream.wait(interest, None)));
    }

    /// Whether bytes of the head or the body have left for the web server: the head cannot be changed any more.
    pub fn head_sent(&self) -> bool {
        self.head_sent
    }

    /// Whether there is a head.
    pub fn has_head(&self) -> bool {
        self.head.is_some()
    }

    /// Sets the head, or replaces one that was not sent.
    pub fn set_head(&mut self, head: Head) {
        if !self.head_sent {
            self.head = Some(head);
        }
    }

    /// Says how long the whole body is, when the application did not.
    pub fn set_length(&mut self, length: u64) {
        if !self.head_sent
            && !self.is_head_method
            && let Some(head) = &mut self.head
        {
            head.complete(length);
        }
    }

    fn push_head(&mut self) {
        if self.head_sent {
            return;
        }
        self.head_sent = true;
        let Some(head) = &mut self.head else { return };
        head.text.extend_from_slice(b"\r\n");
        self.answer_left =
            if self.is_head_method || !head.allows_body() { Some(0) } else { head.content_length };
        let text = std::mem::take(&mut head.text);
        self.link.push_stream(record::STDOUT, self.id, &text);
    }

    /// Sends a piece of the body, the head before it. Bytes beyond the `Content-Length` are dropped. A small piece
    /// leaves with the next [`Exchange::flush`].
    ///
    /// # Errors
    /// When nobody wants the answer any more.
    pub fn send(&mut self, bytes: &[u8], pause: &dyn Pause) -> Result<(), Gone> {
        let Some(allowed) = self.prepare(bytes)? else { return Ok(()) };
        let mut rest = &bytes[..allowed];
        while !rest.is_empty() {
            let sent = self.link.send_stream(record::STDOUT, self.id, rest);
            rest = &rest[sent.min(rest.len())..];
            self.check()?;
            if sent == 0 {
                self.wait_for_room(pause)?;
            }
        }
        Ok(())
    }

    /// As [`Exchange::send`] for the last piece: what the web server does not take at once is left to the event loop.
    /// `keep` gives an object that holds the same bytes until then.
    ///
    /// # Errors
    /// When nobody wants the answer any more.
    pub fn send_last(
        &mut self,
        bytes: &[u8],
        keep: impl FnOnce() -> Box<dyn AsRef<[u8]> + Send + Sync>,
    ) -> Result<(), Gone> {
        let Some(allowed) = self.prepare(bytes)? else { return Ok(()) };
        let mut start = 0;
        while start < allowed {
            let sent = self.link.send_stream(record::STDOUT, self.id, &bytes[start..allowed]);
            start += sent;
            self.check()?;
            if sent == 0 {
                self.link.set_tail(self.id, keep(), start..allowed);
                break;
            }
        }
        Ok(())
    }

    /// Counts a piece of the body. A small one is collected; of a large one it gives what may be sent.
    fn prepare(&mut self, bytes: &[u8]) -> Result<Option<usize>, Gone> {
        if bytes.is_empty() || self.ended {
            return Ok(None);
        }
        self.push_head();
        let allowed = match self.answer_left.map(usize::try_from) {
            Some(Ok(left)) if left < bytes.len() => {
                self.excess |= !self.is_head_method && self.head.as_ref().is_some_and(Head::allows_body);
                left
            }
            _ => bytes.len(),
        };
        if let Some(left) = &mut self.answer_left {
            *left -= allowed as u64;
        }
        self.answer_length += allowed as u64;
        if allowed <= SMALL && self.link.unsent() <= 2 * SMALL {
            self.link.push_stream(record::STDOUT, self.id, &bytes[..allowed]);
            return self.check().map(|()| None);
        }
        Ok(Some(allowed))
    }

    /// Sends what was collected, the head at least.
    ///
    /// # Errors
    /// When nobody wants the answer any more.
    pub fn flush(&mut self, pause: &dyn Pause) -> Result<(), Gone> {
        if self.ended {
            return Ok(());
        }
        self.push_head();
        while !self.link.flush() {
            self.wait_for_room(pause)?;
        }
        self.check()
    }

    fn wait_for_room(&mut self, pause: &dyn Pause) -> Result<(), Gone> {
        let reads = !self.link.ended && self.link.buffered() < CROSSING;
        self.wait(if reads { Interest::Either } else { Interest::Write }, pause);
        if reads {
            self.link.fill();
        }
        self.check()
    }

    fn check(&mut self) -> Result<(), Gone> {
        if self.link.broken {
            return Err(Gone::Closed);
        }
        if self.request().is_some_and(|request| request.aborted) {
            return Err(Gone::Aborted);
        }
        Ok(())
    }

    /// Looks, now and then, whether the web server still wants the answer.
    ///
    /// # Errors
    /// When it does not.
    pub fn look(&mut self) -> Result<(), Gone> {
        if self.looked.elapsed() >= LOOK {
            if !self.link.ended && self.link.buffered() < CROSSING {
                self.link.fill();
            }
            self.looked = Instant::now();
        }
        self.check()
    }

    /// Sends text to the web server's error log, with the next flush.
    pub fn send_error(&mut self, text: &[u8]) {
        if self.ended {
            return;
        }
        self.stderr_used |= !text.is_empty();
        self.link.push_stream(record::STDERR, self.id, text);
    }

    /// Whether the application gave more bytes than its `Content-Length`.
    pub fn exceeded(&self) -> bool {
        self.excess
    }

    /// How many bytes the body is short of its `Content-Length`.
    pub fn missing(&self) -> u64 {
        if self.head_sent { self.answer_left.unwrap_or(0) } else { 0 }
    }

    /// The status and the length of the body that was sent, and the time since the request began.
    pub fn summary(&self) -> (u16, u64, Duration) {
        (self.head.as_ref().map_or(0, |head| head.status), self.answer_length, self.started.elapsed())
    }

    /// Whether the answer is complete by its own `Content-Length`.
    pub fn is_complete(&self) -> bool {
        self.head_sent && self.answer_left == Some(0)
    }

    /// Ends the request as soon as its answer is complete, while the application may still have something to do. What
    /// could not be sent at once leaves later.
    pub fn finish(&mut self) {
        if self.ended {
            return;
        }
        if self.head.is_some() {
            self.push_head();
        }
        self.ended = true;
        self.link.end_front(self.stderr_used);
        self.link.flush();
    }

    /// Ends the request and gives the connection back.
    pub(super) fn end(mut self) -> Box<Link> {
        self.finish();
        self.link
    }
}
