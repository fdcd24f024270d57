//! One request that runs: its body in, its answer out, over the connection that it came by.
//!
//! The rules of an answer that hold whatever the application does are kept here: the head is sent once and before the
//! body, a body is never longer than its `Content-Length`, and some answers have none.

use std::time::{Duration, Instant};

use super::link::{Link, Pending};
use super::output::Kept;
use super::pause::Pause;
use super::response::Head;
use crate::transport::Interest;

/// Pieces up to this size are copied; larger ones are sent from where they are.
const SMALL: usize = 8 << 10;
/// What is larger is sent while other threads run, and is waited for.
const LARGE: usize = 32 << 10;
/// How much of a streamed answer is collected.
const COLLECTED: usize = 128 << 10;
/// How much may wait of an answer whose pieces are all there.
const MOST: usize = 1 << 20;
/// A piece that comes later than this after the last call of the system is sent at once.
const QUICK: Duration = Duration::from_micros(500);
/// How long one call of the system may wait for room.
const SOON: Duration = Duration::from_millis(2);
/// After so many looks of the flusher at which nothing waited it need not look again.
const QUIET: u32 = 50;
/// How much of a body is taken in while an answer cannot leave: a web server that first sends all of a body before it
/// reads the answer would otherwise wait for us as we wait for it.
const CROSSING: usize = 64 << 20;
/// How long a client that speaks HTTP may neither send nor take a byte.
const STALLED: Duration = Duration::from_secs(60);
/// How often a running answer looks whether the web server still wants it.
const LOOK: Duration = Duration::from_millis(2);

/// Why a body cannot be read to its end, or an answer not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Gone {
    /// The web server does not want the answer any more.
    #[error("the web server aborted the request")]
    Aborted,
    /// The connection is gone.
    #[error("the connection to the web server is gone")]
    Closed,
    /// What [`Pause::attend`] attended to has ended it.
    #[error("the wait was interrupted")]
    Interrupted,
}

/// A request and its answer.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own: no two of them are states of one thing"
)]
pub struct Exchange {
    pub(super) link: Box<Link>,
    id: u16,
    /// What the application may still read, when the length is known.
    pub(super) body_left: Option<u64>,
    is_head_method: bool,
    head: Option<Head>,
    head_sent: bool,
    /// What the answer's body may still have, when its length is known.
    answer_left: Option<u64>,
    answer_length: u64,
    excess: bool,
    stderr_used: bool,
    /// How long a client may keep a request waiting; none for a web server, which looks after that.
    patience: Option<Duration>,
    /// The application failed within its answer.
    cut: bool,
    ended: bool,
    looked: Instant,
    started: Instant,
    /// When a streamed answer was sent last, as far as it was there.
    flushed: Option<Instant>,
    /// The flusher looks after it, and has so many times found that nothing waited.
    watched: Option<u32>,
}

impl Exchange {
    /// None when no request waits on the link.
    pub(super) fn new(mut link: Box<Link>) -> Result<Self, Box<Link>> {
        link.complete_front();
        let patience = link.protocol.phase().map(|_| STALLED);
        let Some(request) = link.queue.front() else { return Err(link) };
        let (id, facts) = (request.id, request.facts);
        let now = Instant::now();
        Ok(Self {
            link,
            id,
            body_left: facts.content_length,
            is_head_method: facts.is_head,
            head: None,
            head_sent: false,
            answer_left: None,
            answer_length: 0,
            excess: false,
            stderr_used: false,
            patience,
            cut: false,
            ended: false,
            looked: now,
            started: now,
            flushed: None,
            watched: None,
        })
    }

    /// None when the request is ended: another may be at the front.
    pub(super) fn request(&mut self) -> Option<&mut Pending> {
        if self.ended { None } else { self.link.queue.front_mut() }
    }

    pub(super) fn front(&self) -> Option<&Pending> {
        self.link.queue.front().filter(|_| !self.ended)
    }

    /// The request's params as they came, checked: a sequence for [`Pairs`](crate::fastcgi::params::Pairs).
    pub fn params(&self) -> &[u8] {
        self.front().map_or(&[], |request| &request.params)
    }

    /// Waits for the web server, or until a signal has come.
    pub(super) fn wait(&mut self, interest: Interest, pause: &dyn Pause) -> Result<(), Gone> {
        let (stream, begun) = (&self.link.stream, Instant::now());
        // A failure shows with the next call on the stream.
        pause.pause(&mut || drop(stream.wait(interest, self.patience)));
        if self.patience.is_some_and(|patience| begun.elapsed() >= patience) {
            self.link.broken = true;
        }
        if pause.attend() { Ok(()) } else { Err(Gone::Interrupted) }
    }

    /// Whether bytes of the head or the body have left for the web server: the head cannot be changed any more.
    pub fn head_sent(&self) -> bool {
        self.head_sent
    }

    /// The application failed within its answer: whoever gets it is to learn that it is not whole.
    pub fn cut(&mut self) {
        self.cut = true;
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
        self.answer_left =
            if self.is_head_method || !head.allows_body() { Some(0) } else { head.content_length };
        self.link.push_head(self.id, head);
    }

    /// Adds a piece of the body to the answer, the head before it. Bytes beyond the `Content-Length` are dropped. It leaves
    /// with the next [`Exchange::flush`] or [`Exchange::stream`], or at the end; `keep` gives an object that holds the
    /// same bytes until then, unless they are few.
    ///
    /// # Errors
    /// When nobody wants the answer any more.
    pub fn send(&mut self, bytes: &[u8], keep: impl FnOnce() -> Kept, pause: &dyn Pause) -> Result<(), Gone> {
        if bytes.is_empty() || self.ended {
            return Ok(());
        }
        if self.link.unsent() >= MOST {
            self.flush(pause)?;
        }
        let allowed = self.count(bytes.len());
        if allowed <= SMALL {
            self.link.push_piece(self.id, &bytes[..allowed]);
        } else {
            self.link.push_kept(self.id, &keep(), allowed);
        }
        self.check()
    }

    /// Counts a piece of the body, and gives how much of it may be sent.
    fn count(&mut self, length: usize) -> usize {
        self.push_head();
        let allowed = match self.answer_left.map(usize::try_from) {
            Some(Ok(left)) if left < length => {
                self.excess |= !self.is_head_method && self.head.as_ref().is_some_and(Head::allows_body);
                left
            }
            _ => length,
        };
        if let Some(left) = &mut self.answer_left {
            *left -= allowed as u64;
        }
        self.answer_length += allowed as u64;
        allowed
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
        let listens = self.peer_listens();
        if !self.send_some(true, listens, pause) {
            loop {
                self.wait_for_room(pause)?;
                if self.link.flush() {
                    break;
                }
            }
        }
        self.check()
    }

    /// Whether all of the request has come: the peer has nothing to do but to take the answer. Nobody needs to know before
    /// much is to be sent.
    fn peer_listens(&mut self) -> bool {
        if self.link.unsent() <= LARGE {
            return false;
        }
        let has_come =
            |link: &Link| link.queue.len() == 1 && link.queue.iter().all(|request| request.body.ended);
        if !self.ended && !has_come(&self.link) && !self.link.ended && self.link.buffered() < CROSSING {
            // The application may have read all that was announced, but nobody the record that ends it.
            self.link.fill();
        }
        !self.ended && has_come(&self.link)
    }

    /// Sends what there is room for; true when nothing is left. What is large is sent while other threads run, and may
    /// wait a moment for room: one call of the system then takes what else needs many.
    fn send_some(&mut self, waits: bool, listens: bool, pause: &dyn Pause) -> bool {
        if self.link.unsent() <= LARGE || !waits {
            return self.link.flush();
        }
        let (link, mut sent) = (&mut self.link, false);
        pause.pause(&mut || sent = link.flush_soon(SOON, listens));
        sent
    }

    /// After a piece of a streamed answer: sends what was collected, or leaves it to wait for more when pieces come
    /// quickly. Looks, now and then, whether the web server still wants the answer.
    ///
    /// # Errors
    /// When nobody wants the answer any more.
    pub fn stream(&mut self, pause: &dyn Pause) -> Result<(), Gone> {
        let now = Instant::now();
        let quick = self.flushed.is_some_and(|flushed| now.duration_since(flushed) < QUICK);
        if !quick || self.link.unsent() >= COLLECTED {
            self.flush(pause)?;
            self.flushed = Some(now);
        }
        self.look_at(now)
    }

    /// Whether something of a streamed answer waits that nobody looks after. The caller is to have
    /// [`Exchange::carry_on`] called every millisecond or so from now on, until it says that it need not.
    pub fn wants_flusher(&mut self) -> bool {
        let wants = self.watched.is_none() && !self.ended && self.link.unsent() > 0;
        if wants {
            self.watched = Some(0);
        }
        wants
    }

    /// Sends what waits, without waiting. False when it need not be called again.
    pub fn carry_on(&mut self) -> bool {
        let quiet = if self.link.unsent() == 0 { self.watched.unwrap_or(0) + 1 } else { 0 };
        if !self.ended && quiet == 0 {
            self.link.flush();
        }
        self.watched = (!self.ended && quiet < QUIET).then_some(quiet);
        self.watched.is_some()
    }

    fn wait_for_room(&mut self, pause: &dyn Pause) -> Result<(), Gone> {
        let reads = !self.link.ended && self.link.buffered() < CROSSING;
        self.wait(if reads { Interest::Either } else { Interest::Write }, pause)?;
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
        self.look_at(Instant::now())
    }

    fn look_at(&mut self, now: Instant) -> Result<(), Gone> {
        if now.duration_since(self.looked) >= LOOK {
            if !self.link.ended && self.link.buffered() < CROSSING {
                self.link.fill();
            }
            self.looked = now;
        }
        self.check()
    }

    /// Sends text to the web server's error log, with the next flush.
    pub fn send_error(&mut self, text: &[u8]) {
        if self.ended {
            return;
        }
        self.stderr_used |= !text.is_empty();
        self.link.push_error(self.id, text);
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
    pub fn finish(&mut self, pause: &dyn Pause) {
        if self.ended {
            return;
        }
        if self.head.is_some() {
            self.push_head();
        }
        let listens = self.peer_listens();
        self.ended = true;
        let complete = !self.cut && self.answer_left.unwrap_or(0) == 0;
        self.link.end_front(complete, self.stderr_used);
        // While other connections may have news, nobody waits for the room that this one needs.
        self.send_some(self.link.alone, listens, pause);
    }

    /// Ends the request and gives the connection back.
    pub(super) fn end(mut self, pause: &dyn Pause) -> Box<Link> {
        self.finish(pause);
        self.link
    }
}
