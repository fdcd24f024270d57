//! Waiting for many descriptors with kqueue: macOS and the BSDs.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::Duration;

use rustix::event::kqueue::{Event, EventFilter, EventFlags, kevent, kqueue};
use rustix::io::Errno;

use super::News;

/// How many events one call fetches.
const BATCH: usize = 64;

/// Waits for many descriptors; each has a token of the caller's.
#[derive(Debug)]
pub struct Poller {
    queue: OwnedFd,
}

impl Poller {
    /// A poller that waits for nothing yet.
    ///
    /// # Errors
    /// When the system has no descriptors or no memory left.
    pub fn new() -> io::Result<Self> {
        let queue = kqueue()?;
        rustix::io::fcntl_setfd(&queue, rustix::io::FdFlags::CLOEXEC)?;
        Ok(Self { queue })
    }

    /// Tells of the descriptor as long as it is readable.
    ///
    /// # Errors
    /// When the system has no memory left.
    pub fn add_level(&self, descriptor: &impl AsFd, token: u64) -> io::Result<()> {
        self.change(EventFilter::Read(descriptor.as_fd().as_raw_fd()), EventFlags::ADD, token)
    }

    /// Tells of the descriptor when bytes arrive, once for each arrival: it is to be read until it is empty.
    ///
    /// # Errors
    /// As for [`Poller::add_level`].
    pub fn add(&self, descriptor: &impl AsFd, token: u64) -> io::Result<()> {
        self.change(
            EventFilter::Read(descriptor.as_fd().as_raw_fd()),
            EventFlags::ADD | EventFlags::CLEAR,
            token,
        )
    }

    /// Tells also, or no longer, when there is room for bytes.
    ///
    /// # Errors
    /// When there is no memory left, or room was not watched that is to be watched no longer.
    pub fn watch_room(&self, descriptor: &impl AsFd, token: u64, room: bool) -> io::Result<()> {
        let flags = if room { EventFlags::ADD | EventFlags::CLEAR } else { EventFlags::DELETE };
        self.change(EventFilter::Write(descriptor.as_fd().as_raw_fd()), flags, token)
    }

    /// Tells of the descriptor no longer. Closing it has the same effect.
    pub fn remove(&self, descriptor: &impl AsFd) {
        let raw = descriptor.as_fd().as_raw_fd();
        // They fail only for what was never added.
        let _ = self.change(EventFilter::Read(raw), EventFlags::DELETE, 0);
        let _ = self.change(EventFilter::Write(raw), EventFlags::DELETE, 0);
    }

    fn change(&self, filter: EventFilter, flags: EventFlags, token: u64) -> io::Result<()> {
        let address = usize::try_from(token).map_err(|_| io::ErrorKind::InvalidInput)?;
        let change = Event::new(filter, flags, std::ptr::without_provenance_mut(address));
        let mut none: [Event; 0] = [];
        #[expect(unsafe_code, reason = "kevent takes descriptors by number")]
        // SAFETY: the descriptors of the changes are open: their owners are borrowed by the callers.
        unsafe { kevent(&self.queue, &[change], &mut none[..], None) }?;
        Ok(())
    }

    /// Appends the news there are. None when the time is over or a signal arrived.
    ///
    /// # Errors
    /// When the system call fails, which a poller that is open does not see.
    pub fn wait(&self, news: &mut Vec<News>, timeout: Option<Duration>) -> io::Result<()> {
        let mut events: Vec<Event> = Vec::with_capacity(BATCH);
        #[expect(unsafe_code, reason = "kevent takes descriptors by number")]
        // SAFETY: there are no changes, so no descriptor but the queue's own is named.
        let result =
            unsafe { kevent(&self.queue, &[], rustix::buffer::spare_capacity(&mut events), timeout) };
        match result {
            Ok(_) => news.extend(events.iter().map(|event| News {
                token: event.udata().addr() as u64,
                ended: event.flags().contains(EventFlags::EOF),
            })),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}
