//! One FastCGI process: how it is started, asked whether it is there, and ended.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::socket::{Connection, Socket};
use super::{Fault, locked};
use crate::fastcgi::record;
use crate::iis::Logs;
use crate::process::{Program, Runner, Running};

/// How often a wait looks whether the process is still there.
pub(super) const GLANCE: Duration = Duration::from_millis(50);
/// How long a process that closed its connection may take to end.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A process, for whoever uses it and whoever looks at it.
pub(super) struct Process {
    /// Its number among those of its pool.
    pub(super) number: u32,
    /// When it was started.
    pub(super) since: OffsetDateTime,
    /// How many requests it has answered.
    pub(super) served: AtomicU32,
    /// Whether it answers one right now.
    pub(super) busy: AtomicBool,
    /// Its generation: of an older one than its pool's it is no longer wanted.
    pub(super) generation: u64,
    socket: Socket,
    running: Mutex<Box<dyn Running>>,
}

impl Process {
    /// Starts one with a listening socket as descriptor 0. Blocks for a moment.
    pub(super) fn start(
        program: &Program,
        runner: &dyn Runner,
        number: u32,
        generation: u64,
    ) -> Result<Self, Fault> {
        let socket = Socket::new().map_err(Fault::Socket)?;
        let running = runner.start(program, &socket.endpoint())?;
        Ok(Self {
            number,
            since: OffsetDateTime::now_utc(),
            served: AtomicU32::new(0),
            busy: AtomicBool::new(false),
            generation,
            socket,
            running: Mutex::new(running),
        })
    }

    pub(super) async fn connect(&self) -> io::Result<Connection> {
        self.socket.connect().await
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

    pub(super) fn count(&self) -> u32 {
        self.served.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Asks for the responder's values (`FCGI_GET_VALUES`, FastCGI 1.0 section 4.1), which is no request: any answer,
    /// or a closed connection, shows that somebody is there.
    pub(super) async fn wait_until_ready(&self, limit: Duration) -> Result<(), Fault> {
        let deadline = Instant::now() + limit;
        let mut question = Vec::new();
        record::push_record(&mut question, record::GET_VALUES, 0, b"\x0f\x00FCGI_MPXS_CONNS");
        let asked = async {
            let mut connection = self.connect().await?;
            connection.write_all(&question).await?;
            Ok(connection)
        };
        let mut connection = match asked.await {
            Ok(connection) => connection,
            Err(error) => return Err(self.last_words().await.unwrap_or(Fault::Failed(error))),
        };
        let mut answer = [0; 1024];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Fault::TimedOut(limit));
            }
            match tokio::time::timeout(left.min(GLANCE), connection.read(&mut answer)).await {
                Err(_) => {
                    if let Some(code) = self.ended() {
                        return Err(Fault::Ended(code));
                    }
                }
                Ok(Ok(1..)) => return Ok(()),
                Ok(Ok(0)) => return self.last_words().await.map_or(Ok(()), Err),
                Ok(Err(error)) if is_closed(&error) => return self.last_words().await.map_or(Ok(()), Err),
                Ok(Err(error)) => return Err(Fault::Failed(error)),
            }
        }
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
    )
}
