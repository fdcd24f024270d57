//! Where connections come in: accepted as long as there is room for more, and no longer once the server stops.

use std::time::{Duration, Instant};

use super::{Core, LISTENER, Slot};
use crate::gateway::Application;
use crate::gateway::link::Link;
use crate::transport::{Endpoint, Listener, News, Stream};

/// How long a connection that was accepted and has not asked yet may still ask when the server stops: its request is on
/// the way.
const PATIENCE: Duration = Duration::from_millis(500);
/// The same for a pipe: its client is IIS on this machine, which writes a request at once, and asks no process to end that it
/// has given one.
const PATIENCE_WITH_A_PIPE: Duration = Duration::from_millis(50);
/// How long no connection is accepted after the system had no room for one.
const PAUSE_ACCEPTING: Duration = Duration::from_millis(100);

impl Core {
    pub(super) fn listen(&mut self, on: bool) {
        let Some(listener) = &self.listener else { return };
        if on && !self.listening {
            self.listening = self.poller.add_level(listener, LISTENER).is_ok();
        } else if !on && self.listening {
            self.poller.remove(listener);
            self.listening = false;
        }
    }

    pub(super) fn accept(&mut self, app: &dyn Application) -> Option<Box<Link>> {
        if self.open >= self.options.connections {
            self.listen(false);
            return None;
        }
        match self.listener.as_ref()?.accept() {
            Ok(Some(stream)) => {
                // There may be more; they come after what is ready already.
                self.ready.push_back(News { token: LISTENER, ended: false });
                let link = self.adopt(stream);
                self.progress(link)
            }
            Ok(None) => None,
            Err(error) => {
                app.trouble(&format!("accepting a connection failed: {error}"));
                self.listen(false);
                self.accept_again = Some(Instant::now() + PAUSE_ACCEPTING);
                None
            }
        }
    }

    pub(super) fn adopt(&mut self, stream: Stream) -> Box<Link> {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push((0, Slot::Free));
            self.slots.len() - 1
        });
        let (generation, slot) = &mut self.slots[index];
        *generation = generation.wrapping_add(1) & 0x7fff_ffff;
        *slot = Slot::Busy(false);
        self.open += 1;
        let token = u64::from(*generation) << 32 | index as u64;
        Box::new(Link::new(stream, &self.options, token))
    }

    /// Takes in what waits already, then listens no more. Connections on which nothing runs are closed.
    pub(super) fn begin_stop(&mut self) {
        let now = Instant::now();
        if let Some(http) = &self.options.http {
            // A signal that came to the poller has not gone through the server.
            http.drain();
        }
        self.deadline = Some(now + self.options.graceful_timeout);
        let patience = match self.listener.as_ref().map(Listener::endpoint) {
            Some(Endpoint::Pipe(_)) => PATIENCE_WITH_A_PIPE,
            _ => PATIENCE,
        };
        self.patience = Some(now + patience.min(self.options.graceful_timeout));
        if let Some(listener) = self.listener.take() {
            while let Ok(Some(stream)) = listener.accept() {
                let link = self.adopt(stream);
                if let Some(slot) = self.slot(link.token) {
                    *slot = Slot::Idle(link);
                }
            }
        }
        let idle: Vec<News> = self
            .slots
            .iter()
            .filter_map(|(_, slot)| match slot {
                Slot::Idle(link) => Some(News { token: link.token, ended: false }),
                _ => None,
            })
            .collect();
        self.ready.extend(idle);
    }
}
