//! Waiting for one pipe, or for many sockets with `WSAPoll`.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use windows_sys::Win32::Networking::WinSock::{POLLERR, POLLHUP, POLLNVAL};

use super::os::{Kind, Listener, ListenerKind, Pipe, Stream, Waker, Wakes, socket};
use super::{Interest, News};

/// What a poller can wait for.
pub trait Source {
    /// What it is.
    fn origin(&self) -> Origin;
}

/// What a source is to a poller.
#[derive(Debug)]
pub struct Origin(Is);

#[derive(Debug)]
enum Is {
    Waker(Arc<Wakes>, u64),
    Pipe(Arc<Pipe>),
    Socket(u64, Arc<AtomicBool>),
}

impl Source for Waker {
    fn origin(&self) -> Origin {
        Origin(Is::Waker(Arc::clone(self.wakes()), self.polled()))
    }
}

impl Source for Listener {
    fn origin(&self) -> Origin {
        match &self.kind {
            ListenerKind::Pipe(pipe) => Origin(Is::Pipe(Arc::clone(pipe.pipe()))),
            ListenerKind::Socket(socket) => Origin(Is::Socket(socket.raw(), Arc::default())),
        }
    }
}

impl Source for Stream {
    fn origin(&self) -> Origin {
        match &self.0 {
            Kind::Pipe(pipe) => Origin(Is::Pipe(Arc::clone(pipe.pipe()))),
            Kind::Socket(socket) => Origin(Is::Socket(socket.raw(), Arc::clone(socket.told()))),
        }
    }
}

/// A socket that is waited for.
#[derive(Debug)]
struct Watched {
    socket: u64,
    token: u64,
    level: bool,
    room: bool,
    /// Its news have been told, and it has not been read since.
    told: Arc<AtomicBool>,
}

#[derive(Debug, Default)]
struct State {
    waker: Option<(Arc<Wakes>, u64, u64)>,
    pipe: Option<Arc<Pipe>>,
    /// The tokens of the pipe's listener and of its connection.
    listener: Option<u64>,
    connection: Option<u64>,
    /// The pipe's connection has output that waits for room.
    room: bool,
    sockets: Vec<Watched>,
}

/// Waits for connections; each has a token of the caller's.
#[derive(Debug, Default)]
pub struct Poller(Mutex<State>);

impl Poller {
    fn state(&self) -> MutexGuard<'_, State> {
        // What a panic leaves is sound: each change is one assignment.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A poller that waits for nothing yet.
    ///
    /// # Errors
    /// None on this system.
    pub fn new() -> io::Result<Self> {
        Ok(Self::default())
    }

    /// Tells of a source as long as there is something to take.
    ///
    /// # Errors
    /// None on this system.
    pub fn add_level(&self, source: &impl Source, token: u64) -> io::Result<()> {
        let mut state = self.state();
        match source.origin().0 {
            Is::Waker(wakes, polled) => state.waker = Some((wakes, polled, token)),
            Is::Pipe(pipe) => {
                state.pipe = Some(pipe);
                state.listener = Some(token);
            }
            Is::Socket(socket, told) => {
                state.watch(Watched { socket, token, level: true, room: false, told });
            }
        }
        Ok(())
    }

    /// Tells of a connection when bytes arrive, once for each arrival: it is to be read until it is empty.
    ///
    /// # Errors
    /// None on this system.
    pub fn add(&self, source: &impl Source, token: u64) -> io::Result<()> {
        let mut state = self.state();
        match source.origin().0 {
            Is::Pipe(pipe) => {
                state.pipe = Some(pipe);
                state.connection = Some(token);
                state.room = false;
            }
            Is::Socket(socket, told) => {
                state.watch(Watched { socket, token, level: false, room: false, told });
            }
            Is::Waker(..) => {}
        }
        Ok(())
    }

    /// Tells also, or no longer, when there is room for bytes.
    ///
    /// # Errors
    /// None on this system.
    pub fn watch_room(&self, source: &impl Source, _token: u64, room: bool) -> io::Result<()> {
        let mut state = self.state();
        match source.origin().0 {
            Is::Pipe(_) => state.room = room,
            Is::Socket(socket, _) => {
                for watched in state.sockets.iter_mut().filter(|watched| watched.socket == socket) {
                    watched.room = room;
                }
            }
            Is::Waker(..) => {}
        }
        Ok(())
    }

    /// Tells of a source no longer. Closing it has the same effect.
    pub fn remove(&self, source: &impl Source) {
        let mut state = self.state();
        match source.origin().0 {
            Is::Pipe(_) => state.listener = None,
            Is::Socket(socket, _) => state.sockets.retain(|watched| watched.socket != socket),
            Is::Waker(..) => {}
        }
    }

    /// Appends the news there are. None when the time is over.
    ///
    /// # Errors
    /// When the system cannot wait.
    pub fn wait(&self, news: &mut Vec<News>, timeout: Option<Duration>) -> io::Result<()> {
        let mut state = self.state();
        match (&state.pipe, &state.waker) {
            (Some(pipe), Some((wakes, ..))) => {
                pipe.know(wakes);
                state.wait_for_pipe(pipe, wakes, news, timeout)
            }
            _ => state.wait_for_sockets(news, timeout),
        }
    }
}

impl State {
    fn watch(&mut self, watched: Watched) {
        // The system gives the number of a closed socket to a new one.
        self.sockets.retain(|other| other.socket != watched.socket);
        self.sockets.push(watched);
    }

    fn wait_for_pipe(
        &self,
        pipe: &Pipe,
        wakes: &Wakes,
        news: &mut Vec<News>,
        timeout: Option<Duration>,
    ) -> io::Result<()> {
        let told = |token: Option<u64>, news: &mut Vec<News>| {
            news.extend(token.map(|token| News { token, ended: false }));
        };
        let waits_for_room = self.room && pipe.is_taken();
        let token = |taken| if taken { self.connection } else { self.listener };
        let timeout = if waits_for_room { Some(Duration::from_millis(1)) } else { timeout };
        if token(pipe.is_taken()).is_none() {
            pipe.rest(timeout)?;
        } else if !wakes.is_set() && pipe.wait(timeout)? || waits_for_room {
            told(token(pipe.is_taken()), news);
        }
        if wakes.is_set() {
            told(self.waker.as_ref().map(|(_, _, token)| *token), news);
        }
        Ok(())
    }

    fn wait_for_sockets(&mut self, news: &mut Vec<News>, timeout: Option<Duration>) -> io::Result<()> {
        let mut tokens = Vec::with_capacity(self.sockets.len() + 1);
        let mut asked = Vec::with_capacity(self.sockets.len() + 1);
        if let Some((_, polled, token)) = &self.waker {
            asked.push(socket::asked(*polled, Interest::Read));
            tokens.push((*token, None));
        }
        for (index, watched) in self.sockets.iter().enumerate() {
            let interest = match (watched.told.load(Ordering::Acquire), watched.room) {
                (true, false) => continue,
                (true, true) => Interest::Write,
                (false, true) => Interest::Either,
                (false, false) => Interest::Read,
            };
            asked.push(socket::asked(watched.socket, interest));
            tokens.push((watched.token, Some(index)));
        }
        socket::poll(&mut asked, timeout)?;
        let mut closed = Vec::new();
        for (asked, (token, index)) in asked.iter().zip(tokens).filter(|(asked, _)| asked.revents != 0) {
            let watched = index.map(|index| &self.sockets[index]);
            if asked.revents & POLLNVAL != 0 {
                closed.extend(watched.map(|watched| watched.socket));
                continue;
            }
            if let Some(watched) = watched.filter(|watched| !watched.level) {
                watched.told.store(true, Ordering::Release);
            }
            news.push(News { token, ended: asked.revents & (POLLHUP | POLLERR) != 0 });
        }
        self.sockets.retain(|watched| !closed.contains(&watched.socket));
        Ok(())
    }
}
