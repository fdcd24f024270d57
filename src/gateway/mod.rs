//! The responder: accepts connections, hands requests to an application, and drains when it is told to stop.
//!
//! What the application is, this module does not know: it is the trait [`Application`]. How one thread of it feeds many
//! connections, and how several threads take turns at that, is in [`Server`]. [`response`] and [`environ`] are pure.

mod body;
mod core;
mod date;
pub mod environ;
mod exchange;
mod flusher;
mod link;
pub mod log;
mod output;
mod pause;
pub mod places;
mod protocol;
pub mod response;
mod server;
mod turns;
mod upload;

use std::sync::Arc;
use std::time::Duration;

pub use exchange::{Exchange, Gone};
pub use flusher::{CarryOn, Flusher};
pub use output::Kept;
pub use pause::{Block, Pause};
pub use server::Server;

use crate::fastcgi::connection::Limits;
use crate::http1;

/// How to serve.
#[derive(Debug, Clone)]
pub struct Options {
    /// The caps of a FastCGI connection.
    pub limits: Limits,
    /// Serve HTTP in this way, not FastCGI.
    pub http: Option<Arc<http1::Settings>>,
    /// How many connections may be open; more wait in the system's queue.
    pub connections: usize,
    /// How many threads will call [`Server::run`].
    pub threads: usize,
    /// After so many requests the server drains and returns. None: never.
    pub max_requests: Option<u64>,
    /// How long running requests may take after a stop.
    pub graceful_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            http: None,
            connections: 4096,
            threads: 1,
            max_requests: None,
            graceful_timeout: Duration::from_secs(30),
        }
    }
}

/// What answers requests.
pub trait Application: Pause {
    /// Answers one request. The exchange comes back whatever happens; it is ended by the caller.
    fn respond(&self, exchange: Exchange) -> Exchange;

    /// A signal arrived through [`Server::signal_descriptor`]. True: stop.
    fn signalled(&self, signal: u8) -> bool;

    /// Something went wrong that no request is the reason of.
    fn trouble(&self, text: &str);
}
