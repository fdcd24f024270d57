//! What the page about the simulation shows of the past: the last requests, and the last errors with what was said.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::locked;

/// How many requests are remembered.
const ACCESSES: usize = 100;
/// How many errors are remembered.
const FAILURES: usize = 20;

/// A request that was answered.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Access {
    /// When it came.
    #[serde(serialize_with = "rfc3339")]
    pub time: OffsetDateTime,
    /// The client.
    pub client: IpAddr,
    /// The verb.
    pub method: String,
    /// Path and query as the client wrote them.
    pub target: String,
    /// The status; 0 when the connection was closed without an answer.
    pub status: u16,
    /// IIS's sub-status.
    pub sub_status: u16,
    /// How many bytes of a body were sent.
    pub bytes: u64,
    /// How long it took until the last of them.
    pub elapsed: Duration,
    /// Who answered.
    pub handler: String,
    /// Why the answer broke off, or how the process failed.
    pub fault: Option<String>,
}

/// An error, with what was said about it.
#[derive(Debug, Clone, serde::Serialize)]
pub(super) struct Failure {
    #[serde(serialize_with = "rfc3339")]
    pub(super) time: OffsetDateTime,
    pub(super) request: String,
    pub(super) status: u16,
    pub(super) text: String,
}

fn rfc3339<S: serde::Serializer>(time: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time.format(&Rfc3339).unwrap_or_default())
}

type Log = dyn Fn(&Access) + Send + Sync;

/// Remembers and tells.
pub struct Monitor {
    accesses: Mutex<VecDeque<Access>>,
    failures: Mutex<VecDeque<Failure>>,
    log: Box<Log>,
}

impl Monitor {
    /// A monitor that tells of each request.
    pub fn new(log: impl Fn(&Access) + Send + Sync + 'static) -> Self {
        Self { accesses: Mutex::default(), failures: Mutex::default(), log: Box::new(log) }
    }

    pub(super) fn access(&self, access: Access) {
        (self.log)(&access);
        push(&self.accesses, access, ACCESSES);
    }

    pub(super) fn failure(&self, failure: Failure) {
        push(&self.failures, failure, FAILURES);
    }

    /// The last requests, the latest first.
    pub(super) fn accesses(&self) -> Vec<Access> {
        locked(&self.accesses).iter().rev().cloned().collect()
    }

    /// The last errors, the latest first.
    pub(super) fn failures(&self) -> Vec<Failure> {
        locked(&self.failures).iter().rev().cloned().collect()
    }
}

fn push<T>(list: &Mutex<VecDeque<T>>, item: T, limit: usize) {
    let mut list = locked(list);
    list.push_back(item);
    if list.len() > limit {
        list.pop_front();
    }
}

/// The part of a log that is about its last error: from the last traceback on, else the last lines.
pub(super) fn about_the_last_error(log: &str) -> String {
    match log.rfind("Traceback (most recent call last)") {
        Some(traceback) => {
            let line = log[..traceback].rfind('\n').map_or(0, |end| end + 1);
            // The line before says which request it is about.
            let start = log[..line].trim_end().rfind('\n').map_or(0, |end| end + 1);
            super::served::tail(&log[start..])
        }
        None => super::served::tail(log),
    }
}
