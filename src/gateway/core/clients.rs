//! The patience with clients that speak HTTP. A web server that speaks FastCGI needs no such care: it keeps the times of its own
//! clients.

use std::time::{Duration, Instant};

use super::{Core, Slot};
use crate::gateway::link::Link;
use crate::http1::connection::Phase;

/// How often clients that speak HTTP are looked after.
const LOOK_AFTER: Duration = Duration::from_secs(1);
/// How long such a client may take for the head of a request, and for each further piece of its body.
const SLOW: Duration = Duration::from_secs(30);
/// How long such a client may keep a connection without a request.
const KEEP_ALIVE: Duration = Duration::from_secs(120);

impl Core {
    /// Closes the connections of clients that keep a request waiting, or have not asked for long.
    pub(super) fn look_after_clients(&mut self, now: Instant) {
        if self.options.http.is_none() || self.looked_after.is_some_and(|when| when > now) {
            return;
        }
        self.looked_after = Some(now + LOOK_AFTER);
        let late = |link: &Link| match link.waits {
            Some((Phase::Idle, since)) => now.duration_since(since) >= KEEP_ALIVE,
            Some((Phase::Head | Phase::Body, since)) => now.duration_since(since) >= SLOW,
            _ => false,
        };
        let tokens: Vec<u64> = self
            .slots
            .iter()
            .filter_map(|(_, slot)| match slot {
                Slot::Idle(link) if !link.lingering && late(link) => Some(link.token),
                _ => None,
            })
            .collect();
        for token in tokens {
            if let Some(mut link) = self.take_idle(token) {
                link.time_out();
                self.park(link);
            }
        }
    }
}
