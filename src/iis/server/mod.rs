//! The simulated IIS at work: it answers requests to the applications of a site as `site` decides, starts their FastCGI
//! processes and serves their files.
//!
//! All faces of the simulation are this one: the test stage asks [`Served`] directly, the preview lets [`listener`] ask
//! it for browsers. Requests go to processes by FastCGI (`pool`, `exchange`) or by HTTP, as HttpPlatformHandler sends them
//! (`platform`, `forward`); `Workers` is what both have in common. A handler of another module is one more variant of
//! `site::Module` and one more arm in [`Served::answer`].
//!
//! What it cannot show: rights of the application pool's identity, Windows' authentication; off Windows, named pipes.

mod body;
mod configuration;
mod disk;
mod error_page;
mod exchange;
mod forward;
pub mod listener;
mod modules;
mod monitor;
mod page;
mod platform;
mod pool;
mod process;
mod processes;
mod responder;
mod served;
#[cfg(unix)]
#[path = "socket_unix.rs"]
mod socket;
#[cfg(windows)]
#[path = "socket_windows.rs"]
mod socket;
mod workers;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;

pub(super) use disk::child;
pub use monitor::{Access, Monitor};
pub(super) use platform::{PORT, Platform};
pub(super) use pool::{Pool, Started};
pub use served::Served;
pub(super) use workers::Workers;

use super::site::{Endpoints, Request};

/// Headers that are about the connection, which is not the application's.
const HOP_BY_HOP: [&str; 6] =
    ["connection", "keep-alive", "transfer-encoding", "upgrade", "proxy-connection", "te"];

/// The body of a request.
#[derive(Debug)]
pub enum Body {
    /// All of it.
    Whole(Bytes),
    /// A file and its length.
    File(tokio::fs::File, u64),
    /// Piece by piece, as it arrives.
    Stream(mpsc::Receiver<io::Result<Bytes>>),
}

/// The body of a response.
#[derive(Debug)]
pub enum Content {
    /// All of it.
    Whole(Bytes),
    /// A part of a file: where it begins and how long it is.
    File(tokio::fs::File, u64),
    /// Piece by piece, as it is made. It ends with a fault when the handler broke off.
    Stream(mpsc::Receiver<Result<Bytes, Fault>>),
}

/// A response.
#[derive(Debug)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// IIS's sub-status.
    pub sub_status: u16,
    /// The reason phrase, empty for the standard one.
    pub reason: String,
    /// The headers in order; values as ISO 8859-1.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub content: Content,
    /// What the handler's process said on `FCGI_STDERR` for this request, complete when the body is.
    pub said: Said,
    /// Who made it: the handler's name, or that of a part of IIS.
    pub handler: String,
}

impl Reply {
    fn whole(
        status: u16,
        sub_status: u16,
        handler: &str,
        content_type: &str,
        body: impl Into<Bytes>,
    ) -> Self {
        let body = body.into();
        let headers = vec![
            ("Content-Type".to_owned(), content_type.to_owned()),
            ("Content-Length".to_owned(), body.len().to_string()),
        ];
        Self {
            status,
            sub_status,
            reason: String::new(),
            headers,
            content: Content::Whole(body),
            said: Said::default(),
            handler: handler.to_owned(),
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// What was said for a request while it was answered.
#[derive(Debug, Clone, Default)]
pub struct Said(Arc<Mutex<Vec<u8>>>);

impl Said {
    /// So much is kept of it.
    const LIMIT: usize = 1 << 20;

    fn push(&self, bytes: &[u8]) {
        let mut said = locked(&self.0);
        let room = Self::LIMIT.saturating_sub(said.len());
        said.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// All that was said so far.
    pub fn bytes(&self) -> Vec<u8> {
        locked(&self.0).clone()
    }
}

/// How long an answer may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// All of it, beside the limits of IIS itself.
    pub whole: Option<Duration>,
}

/// Why there is no answer, or no whole one.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The process did not start.
    #[error(transparent)]
    Start(#[from] crate::process::Error),
    /// The process does not listen in the time that HttpPlatformHandler gives it.
    #[error("did not listen on its port within {} s (startupTimeLimit)", .0.as_secs_f64())]
    NotListening(Duration),
    /// There is no place for its socket.
    #[error("has no socket: {0}")]
    Socket(io::Error),
    /// The process ended.
    #[error("ended with exit code {0}")]
    Ended(i32),
    /// The process did not answer in time.
    #[error("did not answer within {} s", .0.as_secs_f64())]
    TimedOut(Duration),
    /// The process sent nothing for too long.
    #[error("sent nothing for {} s (activityTimeout)", .0.as_secs_f64())]
    Inactive(Duration),
    /// The process took too long altogether.
    #[error("did not answer within {} s (requestTimeout)", .0.as_secs_f64())]
    TooLong(Duration),
    /// The process closed the connection.
    #[error("closed the connection without a whole answer")]
    Closed,
    /// The process refused the request.
    #[error("refused the request")]
    Refused,
    /// The process cannot be reached.
    #[error("cannot be reached: {0}")]
    Failed(io::Error),
    /// The process answered something else.
    #[error("answered what is no FastCGI response")]
    Protocol(#[source] crate::fastcgi::Error),
    /// The process answered what is no HTTP.
    #[error("answered what is no HTTP response: {0}")]
    Http(String),
    /// A process that HttpPlatformHandler passes requests to has one of these.
    #[error(transparent)]
    Platform(Box<Fault>),
    /// The body is longer than `maxAllowedContentLength`.
    #[error("the body is too large")]
    TooLarge,
    /// The body cannot be kept until it is through.
    #[error("cannot be sent the body, which fits into no temporary file: {0}")]
    Spool(io::Error),
    /// Too many requests wait.
    #[error("{0} requests wait already (queueLength)")]
    QueueFull(usize),
    /// The process failed too often.
    #[error(
        "failed more than {0} times within a minute (rapidFailsPerMinute): IIS starts it no more until a minute is over"
    )]
    Offline(usize),
    /// The connection is to be closed without a word.
    #[error("the request was aborted by a rule")]
    Aborted,
    /// The client has gone.
    #[error("the client has gone")]
    ClientGone,
    /// What the handler leads to is not there.
    #[error("{0}")]
    NotThere(String),
}

/// A request with its body.
#[derive(Debug)]
pub struct Incoming {
    /// The head.
    pub request: Request,
    /// The body.
    pub body: Body,
    /// Whether the client counts as one at the server itself, who sees the details of errors.
    pub local: bool,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The request of a URL of this server's own, as `httpErrors` makes them.
fn inner_request(of: &Request, target: &str) -> Incoming {
    let request = Request {
        method: if of.method == "HEAD" { "HEAD".into() } else { "GET".into() },
        target: target.to_owned(),
        headers: of.headers.clone(),
        content_length: Some(0),
        endpoints: Endpoints { ..of.endpoints },
        protocol: of.protocol,
    };
    Incoming { request, body: Body::Whole(Bytes::new()), local: true }
}
