//! Waiting for many descriptors with Linux' epoll.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;

use super::News;
use super::os::timespec;

/// Bytes and the end of the stream, each told once.
const ARRIVALS: EventFlags = EventFlags::IN.union(EventFlags::RDHUP).union(EventFlags::ET);
/// What tells that the stream has ended or broken.
const ENDED: EventFlags = EventFlags::RDHUP.union(EventFlags::HUP).union(EventFlags::ERR);
/// How many events one call fetches.
const BATCH: usize = 64;

/// Waits for many descriptors; each has a token of the caller's.
#[derive(Debug)]
pub struct Poller {
    epoll: OwnedFd,
}

impl Poller {
    /// A poller that waits for nothing yet.
    ///
    /// # Errors
    /// When the system has no descriptors or no memory left.
    pub fn new() -> io::Result<Self> {
        Ok(Self { epoll: epoll::create(CreateFlags::CLOEXEC)? })
    }

    /// Tells of the descriptor as long as it is readable.
    ///
    /// # Errors
    /// When the system has no memory left, or the descriptor was added before.
    pub fn add_level(&self, descriptor: &impl AsFd, token: u64) -> io::Result<()> {
        Ok(epoll::add(&self.epoll, descriptor, EventData::new_u64(token), EventFlags::IN)?)
    }

    /// Tells of the descriptor when bytes arrive, once for each arrival: it is to be read until it is empty.
    ///
    /// # Errors
    /// As for [`Poller::add_level`].
    pub fn add(&self, descriptor: &impl AsFd, token: u64) -> io::Result<()> {
        Ok(epoll::add(&self.epoll, descriptor, EventData::new_u64(token), ARRIVALS)?)
    }

    /// Tells also, or no longer, when there is room for bytes.
    ///
    /// # Errors
    /// When the descriptor was not added.
    pub fn watch_room(&self, descriptor: &impl AsFd, token: u64, room: bool) -> io::Result<()> {
        let mut flags = ARRIVALS;
        flags.set(EventFlags::OUT, room);
        Ok(epoll::modify(&self.epoll, descriptor, EventData::new_u64(token), flags)?)
    }

    /// Tells of the descriptor no longer. Closing it has the same effect.
    pub fn remove(&self, descriptor: &impl AsFd) {
        // It fails only for a descriptor that was never added.
        let _ = epoll::delete(&self.epoll, descriptor);
    }

    /// Appends the news there are. None when the time is over or a signal arrived.
    ///
    /// # Errors
    /// When the system call fails, which a poller that is open does not see.
    pub fn wait(&self, news: &mut Vec<News>, timeout: Option<Duration>) -> io::Result<()> {
        let mut space = [const { MaybeUninit::<Event>::uninit() }; BATCH];
        let timeout = timeout.map(timespec);
        match epoll::wait(&self.epoll, &mut space[..], timeout.as_ref()) {
            Ok((events, _)) => news.extend(events.iter().map(|event| {
                let flags = event.flags;
                News { token: event.data.u64(), ended: flags.intersects(ENDED) }
            })),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}
