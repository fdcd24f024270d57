//! One process of an application: what is known of it, whether it is still there, and how it ends.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use time::OffsetDateTime;

use super::{Fault, locked, socket};
use crate::iis::Logs;
use crate::process::Running;

/// How often a wait looks whether the process is still there.
pub(super) const GLANCE: Duration = Duration::from_millis(50);
/// How long a process that closed its connection may take to end.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A process, for whoever uses it and whoever looks at it.
pub(super) struct Process {
    /// Its number among those of its application.
    pub(super) number: u32,
    /// When it was started.
    pub(super) since: OffsetDateTime,
    /// Its generation: of an older one than its application's it is no longer wanted.
    pub(super) generation: u64,
    served: AtomicU32,
    active: AtomicU32,
    running: Mutex<Box<dyn Running>>,
}

impl Process {
    /// What is known of a process that was just started.
    pub(super) fn new(running: Box<dyn Running>, number: u32, generation: u64) -> Self {
        Self {
            number,
            since: OffsetDateTime::now_utc(),
            generation,
            served: AtomicU32::new(0),
            active: AtomicU32::new(0),
            running: Mutex::new(running),
        }
    }

    /// It gets a request.
    pub(super) fn begin(&self) {
        self.active.fetch_add(1, Ordering::SeqCst);
    }

    /// It is rid of a request. Gives how many it still has.
    pub(super) fn end(&self) -> u32 {
        self.active.fetch_sub(1, Ordering::SeqCst) - 1
    }

    /// How many requests it answers right now.
    pub(super) fn active(&self) -> u32 {
        self.active.load(Ordering::SeqCst)
    }

    /// It has answered a request.
    pub(super) fn count(&self) {
        self.served.fetch_add(1, Ordering::Relaxed);
    }

    /// How many requests it has answered.
    pub(super) fn served(&self) -> u32 {
        self.served.load(Ordering::Relaxed)
    }

    /// Its exit code, when it has ended.
    pub(super) fn ended(&self) -> Option<i32> {
        locked(&self.running).ended()
    }

    /// What it wrote. None while somebody ends it.
    pub(super) fn output(&self) -> Option<Logs> {
        let output = self.running.try_lock().ok()?.output();
        Some(Logs { stdout: output.stdout, stderr: output.stderr, fastcgi_stderr: Vec::new() })
    }

    /// Ends it and gives its last words. Blocks while it ends.
    pub(super) fn stop(&self) -> Logs {
        let output = locked(&self.running).stop();
        Logs { stdout: output.stdout, stderr: output.stderr, fastcgi_stderr: Vec::new() }
    }

    /// Ends it because it hangs, and gives its last words, which say where when it is Python. Blocks for a moment.
    pub(super) fn abort(&self) -> Logs {
        let output = locked(&self.running).abort();
        Logs { stdout: output.stdout, stderr: output.stderr, fastcgi_stderr: Vec::new() }
    }

    /// The connection is closed: by a process that goes on (none), or by one that has just ended and is not known to have
    /// yet.
    pub(super) async fn last_words(&self) -> Option<Fault> {
        let patience = Instant::now() + LAST_WORDS;
        loop {
            if let Some(code) = self.ended() {
                return Some(Fault::Ended(code));
            }
            if Instant::now() >= patience {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

pub(super) fn is_closed(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionRefused
    ) || socket::is_closed(error)
}
