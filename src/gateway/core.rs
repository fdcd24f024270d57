//! The connections and who of them has news. Only the thread whose turn it is touches this.
//!
//! It waits for news; it never runs an application.

mod accept;
mod clients;

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use super::link::{Filled, Link};
use super::{Application, Options};
use crate::transport::{Listener, News, Opened, Poller, Waker};

const LISTENER: u64 = u64::MAX;
const WAKER: u64 = u64::MAX - 1;
/// How long a connection that we have closed may go on sending before it is cut.
const LINGER: Duration = Duration::from_secs(2);

/// How long a single connection may be waited for without looking whether others come.
const SOON: Duration = Duration::from_millis(1);

/// What there is to do.
#[derive(Debug)]
pub(super) enum Next {
    /// A request waits on this connection.
    Serve(Box<Link>),
    /// Nothing more: the server is drained, or its time is over.
    Stop,
}

#[derive(Debug)]
enum Slot {
    Free,
    Idle(Box<Link>),
    /// With a thread that runs a request. True: news came meanwhile.
    Busy(bool),
}

/// Reads what is there, until there is a request: its body is read when the application wants it. A read that does not
/// fill the buffer has emptied the stream, unless its end is to follow.
fn take_in(link: &mut Link) {
    while !link.ended && !link.is_ready() {
        match link.fill() {
            Filled::More => {}
            Filled::Some if link.ending => {}
            Filled::Nothing => {
                link.ending = false;
                break;
            }
            Filled::Some | Filled::Ended => break,
        }
    }
}

/// All connections of a server.
#[derive(Debug)]
pub(super) struct Core {
    poller: Poller,
    listener: Option<Listener>,
    listening: bool,
    accept_again: Option<Instant>,
    slots: Vec<(u32, Slot)>,
    free: Vec<usize>,
    open: usize,
    /// The only connection, when it has just been served: the next request will come on it.
    hot: Option<Box<Link>>,
    looked: Instant,
    ready: VecDeque<News>,
    news: Vec<News>,
    lingering: VecDeque<(Instant, u64)>,
    /// When clients are to be looked after again.
    looked_after: Option<Instant>,
    options: Options,
    /// After the only connection there is nothing to wait for.
    single: bool,
    deadline: Option<Instant>,
    /// Until when connections that have not asked yet are kept open although the server stops.
    patience: Option<Instant>,
}

impl Core {
    pub(super) fn new(opened: Opened, waker: &Waker, options: Options) -> io::Result<Self> {
        let poller = Poller::new()?;
        poller.add_level(waker, WAKER)?;
        let mut core = Self {
            poller,
            listener: None,
            listening: false,
            accept_again: None,
            slots: Vec::new(),
            free: Vec::new(),
            open: 0,
            hot: None,
            looked: Instant::now(),
            ready: VecDeque::new(),
            news: Vec::new(),
            lingering: VecDeque::new(),
            looked_after: None,
            options,
            single: false,
            deadline: None,
            patience: None,
        };
        match opened {
            Opened::Listener(listener) => {
                core.poller.add_level(&listener, LISTENER)?;
                core.listening = true;
                core.listener = Some(listener);
            }
            Opened::Connected(stream) => {
                core.single = true;
                let link = core.adopt(stream);
                core.give_back(link);
            }
        }
        Ok(core)
    }

    /// Waits for a request. `returned` brings connections back that other threads had.
    pub(super) fn next(
        &mut self,
        app: &dyn Application,
        waker: &Waker,
        returned: &dyn Fn() -> Vec<Box<Link>>,
        stop: &dyn Fn() -> bool,
    ) -> Next {
        'news: loop {
            for link in returned() {
                self.give_back(link);
            }
            if self.deadline.is_none() && stop() {
                self.begin_stop();
            }
            while let Some(news) = self.ready.pop_front() {
                if let Some(link) = self.attend(news, app, waker) {
                    return Next::Serve(link);
                }
                if news.token == WAKER {
                    // It may have been woken for a connection that came back, or to stop.
                    continue 'news;
                }
            }
            if let Some(link) = self.hot.take()
                && let Some(link) = self.wait_for_only(link, app)
            {
                return Next::Serve(link);
            }
            let now = Instant::now();
            self.looked = now;
            // It may close the last one.
            self.expire(now);
            if self.deadline.is_some_and(|deadline| self.open == 0 || deadline <= now)
                || self.single && self.open == 0
            {
                return Next::Stop;
            }
            let timeout = if self.hot.is_some() { Some(Duration::ZERO) } else { self.timeout(now) };
            let Self { poller, news, .. } = self;
            let mut result = Ok(());
            app.pause(&mut || result = poller.wait(news, timeout));
            if let Err(error) = result {
                app.trouble(&format!("waiting for connections failed: {error}"));
                return Next::Stop;
            }
            self.ready.extend(self.news.drain(..));
        }
    }

    /// While there is one busy connection, as IIS has it, waiting for that one alone saves a call of the system for each
    /// request. Now and then the others are looked at.
    fn wait_for_only(&mut self, mut link: Box<Link>, app: &dyn Application) -> Option<Box<Link>> {
        if self.open == 1 && self.deadline.is_none() {
            if self.looked.elapsed() > SOON {
                self.hot = Some(link);
                return None;
            }
            let mut filled = Filled::Nothing;
            app.pause(&mut || filled = link.fill_soon(SOON));
            if filled == Filled::Nothing {
                self.park(link);
                return None;
            }
            if filled == Filled::Some {
                return self.serve_or_park(link);
            }
        }
        // The poller may have told of it while it was not among the idle ones.
        link.ending = true;
        self.progress(link)
    }

    fn timeout(&self, now: Instant) -> Option<Duration> {
        let clients = self.looked_after.filter(|_| self.open > 0);
        [self.deadline, self.accept_again, clients, self.lingering.front().map(|(when, _)| *when)]
            .into_iter()
            .flatten()
            .min()
            .map(|when| when.saturating_duration_since(now))
    }

    fn expire(&mut self, now: Instant) {
        while let Some((when, token)) = self.lingering.front().copied() {
            if when > now {
                break;
            }
            self.lingering.pop_front();
            if let Some(link) = self.take_idle(token) {
                if link.lingering {
                    self.close(link);
                } else {
                    self.park(link);
                }
            }
        }
        self.look_after_clients(now);
        if self.accept_again.is_some_and(|when| when <= now) {
            self.accept_again = None;
            self.listen(true);
        }
    }

    /// Looks after one source of news. Gives a connection on which a request waits.
    fn attend(&mut self, news: News, app: &dyn Application, waker: &Waker) -> Option<Box<Link>> {
        match news.token {
            LISTENER => self.accept(app),
            WAKER => {
                for byte in waker.take() {
                    if byte != 0 && app.signalled(byte) && self.deadline.is_none() {
                        self.begin_stop();
                    }
                }
                None
            }
            token => {
                let mut link = self.take_idle(token)?;
                link.ending |= news.ended;
                self.progress(link)
            }
        }
    }

    /// The slot of a token, unless the token is of a connection that is gone.
    fn slot(&mut self, token: u64) -> Option<&mut Slot> {
        let index = usize::try_from(token & 0xffff_ffff).ok()?;
        let (generation, slot) = self.slots.get_mut(index)?;
        (u64::from(*generation) == token >> 32).then_some(slot)
    }

    fn take_idle(&mut self, token: u64) -> Option<Box<Link>> {
        let slot = self.slot(token)?;
        match std::mem::replace(slot, Slot::Busy(true)) {
            Slot::Idle(link) => {
                *slot = Slot::Busy(false);
                Some(link)
            }
            Slot::Busy(_) => None,
            Slot::Free => {
                *slot = Slot::Free;
                None
            }
        }
    }

    /// Reads and writes what is possible. The connection is given back when a request waits on it, else it is parked.
    fn progress(&mut self, mut link: Box<Link>) -> Option<Box<Link>> {
        link.flush();
        take_in(&mut link);
        self.serve_or_park(link)
    }

    fn serve_or_park(&mut self, mut link: Box<Link>) -> Option<Box<Link>> {
        link.drop_refused();
        if !link.is_ready() || link.broken || link.lingering {
            self.park(link);
            return None;
        }
        link.alone = self.open == 1;
        Some(link)
    }

    /// A thread is done with a connection.
    pub(super) fn give_back(&mut self, mut link: Box<Link>) {
        let news = matches!(self.slot(link.token), Some(Slot::Busy(true)));
        // The end of the stream may have been among the news.
        link.ending |= news;
        if link.ending || link.more {
            take_in(&mut link);
        }
        link.drop_refused();
        if link.is_ready() && !link.broken {
            self.ready.push_back(News { token: link.token, ended: false });
        } else if self.open == 1
            && link.unsent() == 0
            && !link.ended
            && !link.broken
            && !link.protocol.is_finished()
        {
            if let Some(slot) = self.slot(link.token) {
                *slot = Slot::Busy(false);
            }
            self.hot = Some(link);
            return;
        }
        self.park(link);
    }

    /// Puts a connection to where it belongs now: away, lingering, or waiting.
    fn park(&mut self, mut link: Box<Link>) {
        if link.ended && !link.is_ready() {
            // A client that has gone within its request wants no answer.
            link.queue.clear();
        }
        let sent = link.flush();
        link.shrink();
        link.note_waiting(true);
        let token = link.token;
        if link.broken || (link.ended && link.queue.is_empty() && sent) {
            return self.close(link);
        }
        let patience = self.patience.filter(|&until| !link.asked && Instant::now() < until);
        if let Some(until) = patience {
            self.lingering.push_back((until, token));
        }
        let stopping = self.deadline.is_some() && patience.is_none();
        let done = link.protocol.is_finished() || (stopping && link.protocol.is_idle());
        if done && sent && !link.lingering {
            if link.protocol.has_read_all() {
                return self.close(link);
            }
            link.stream.finish();
            link.lingering = true;
            self.lingering.push_back((Instant::now() + LINGER, token));
        }
        let Self { poller, .. } = self;
        let mut known = Ok(());
        if !link.registered {
            known = poller.add(&link.stream, token);
            link.registered = known.is_ok();
        }
        if known.is_ok() && link.watches_room == sent {
            known = poller.watch_room(&link.stream, token, !sent);
            link.watches_room = !sent;
        }
        match (known, self.slot(token)) {
            (Ok(()), Some(slot)) => *slot = Slot::Idle(link),
            (_, _) => self.close(link),
        }
    }

    fn close(&mut self, link: Box<Link>) {
        let token = link.token;
        drop(link);
        if let Some(slot) = self.slot(token) {
            *slot = Slot::Free;
            if let Ok(index) = usize::try_from(token & 0xffff_ffff) {
                self.free.push(index);
            }
            self.open -= 1;
            if self.accept_again.is_none() {
                self.listen(true);
            }
        }
    }
}
