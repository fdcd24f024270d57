//! A FastCGI process on Unix: its descriptor 0 is a listening socket, its output leads nowhere.

use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A process, and the connection that requests go over.
pub(crate) struct Process {
    child: Child,
    socket: PathBuf,
    connection: Option<UnixStream>,
    /// How many requests it got.
    pub(crate) requests: u32,
}

impl Process {
    #[expect(clippy::disallowed_methods, reason = "a program of its own, which starts what it serves")]
    pub(crate) fn start(
        program: &str,
        arguments: &[String],
        environment: &[(String, String)],
    ) -> io::Result<Self> {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let socket = std::env::temp_dir().join(format!("iisexpress-{}-{number}", std::process::id()));
        let listener: OwnedFd = UnixListener::bind(&socket)?.into();
        let child = Command::new(program)
            .args(arguments)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::from(listener))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self { child, socket, connection: None, requests: 0 })
    }

    /// Sends a request and hands on what comes until `receive` has enough.
    pub(crate) fn exchange(
        &mut self,
        bytes: &[u8],
        mut receive: impl FnMut(&[u8]) -> Result<bool, String>,
    ) -> Result<(), String> {
        self.requests += 1;
        if let Some(kept) = self.connection.take().filter(is_open) {
            let mut fresh = true;
            let done = self.converse(kept, bytes, &mut |received| {
                fresh = false;
                receive(received)
            });
            // A process may close a connection just when the next request comes.
            if done.is_ok() || !fresh {
                return done;
            }
        }
        let connection = UnixStream::connect(&self.socket).map_err(|error| error.to_string())?;
        self.converse(connection, bytes, &mut receive)
    }

    fn converse(
        &mut self,
        mut connection: UnixStream,
        bytes: &[u8],
        receive: &mut dyn FnMut(&[u8]) -> Result<bool, String>,
    ) -> Result<(), String> {
        let text = |error: io::Error| error.to_string();
        let mut writer = connection.try_clone().map_err(text)?;
        std::thread::scope(|scope| {
            scope.spawn(move || writer.write_all(bytes));
            let mut buffer = vec![0; 64 << 10];
            loop {
                let length = connection.read(&mut buffer).map_err(text)?;
                if length == 0 {
                    return Err("the connection was closed".to_owned());
                }
                if receive(&buffer[..length])? {
                    return Ok(());
                }
            }
        })?;
        self.connection = Some(connection);
        Ok(())
    }
}

/// A process may close a connection after an answer.
fn is_open(connection: &UnixStream) -> bool {
    let mut connection = connection;
    let quiet = connection
        .set_nonblocking(true)
        .and_then(|()| connection.read(&mut [0]))
        .is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock);
    quiet && connection.set_nonblocking(false).is_ok()
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.socket);
    }
}
