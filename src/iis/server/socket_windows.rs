//! The connections of FastCGI processes on Windows: a named pipe, as IIS hands it over, with one client at a time.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{ReadHalf, WriteHalf};
use tokio::net::windows::named_pipe::{ClientOptions, NamedPipeClient};

/// `ERROR_PIPE_BUSY`: the process is between two clients.
const BUSY: i32 = 231;
/// `ERROR_PIPE_NOT_CONNECTED`: the process has let the client go.
const NOT_CONNECTED: i32 = 233;
/// How long a process may take between two clients.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection to an application.
pub(super) type Connection = NamedPipeClient;

/// The two directions of a connection.
pub(super) fn split(connection: &mut Connection) -> (ReadHalf<&mut Connection>, WriteHalf<&mut Connection>) {
    tokio::io::split(connection)
}

/// Whether an error that has no name in the standard library tells of a closed connection.
pub(super) fn is_closed(error: &io::Error) -> bool {
    error.raw_os_error() == Some(NOT_CONNECTED)
}

/// The name of a pipe that nobody else uses.
#[derive(Debug)]
pub(super) struct Socket(String);

impl Socket {
    /// A new name.
    #[expect(clippy::unnecessary_wraps, reason = "its twin on Unix makes a folder")]
    pub(super) fn new() -> io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Ok(Self(format!("iiswsgi-{}-{number}", std::process::id())))
    }

    /// Its name for [`crate::process::Runner::start`].
    pub(super) fn endpoint(&self) -> String {
        format!("pipe:{}", self.0)
    }

    /// Connects. A pipe that is not there belongs to a process that has ended.
    pub(super) async fn connect(&self) -> io::Result<Connection> {
        let begun = Instant::now();
        loop {
            match ClientOptions::new().open(format!(r"\\.\pipe\{}", self.0)) {
                Err(error) if error.raw_os_error() == Some(BUSY) && begun.elapsed() < PATIENCE => {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                opened => return opened,
            }
        }
    }
}
