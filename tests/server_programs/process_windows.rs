//! A FastCGI process on Windows: its standard input is the server's end of a named pipe, as IIS hands it over, its output leads
//! nowhere. The pipe has one client for the life of the process.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};

use iiswsgi::process::{Program, Runner as _, Running, System};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::windows::named_pipe::{ClientOptions, NamedPipeClient};
use tokio::runtime::Runtime;

/// `ERROR_PIPE_BUSY`: the process is between two clients.
const BUSY: i32 = 231;

/// A process, and the connection that requests go over.
pub(crate) struct Process {
    running: Box<dyn Running>,
    pipe: String,
    runtime: Runtime,
    connection: Option<NamedPipeClient>,
    /// How many requests it got.
    pub(crate) requests: u32,
}

impl Process {
    pub(crate) fn start(
        program: &str,
        arguments: &[String],
        environment: &[(String, String)],
    ) -> io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("w3wp-{}-{number}", std::process::id());
        let pipe = format!(r"\\.\pipe\{name}");
        let program =
            Program::new("the FastCGI process", program).args(arguments).env("_FCGI_X_PIPE_", &pipe);
        let program = environment.iter().fold(program, |program, (name, value)| program.env(name, value));
        let running = System::default().start(&program, &format!("pipe:{name}"));
        let running = running.map_err(|error| io::Error::other(error.to_string()))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { running, pipe, runtime, connection: None, requests: 0 })
    }

    /// Sends a request and hands on what comes until `receive` has enough.
    pub(crate) fn exchange(
        &mut self,
        bytes: &[u8],
        mut receive: impl FnMut(&[u8]) -> Result<bool, String>,
    ) -> Result<(), String> {
        self.requests += 1;
        if let Some(kept) = self.connection.take() {
            let mut fresh = true;
            let done = self.converse(kept, bytes, &mut |received| {
                fresh = false;
                receive(received)
            });
            // A process may close a connection after an answer, which is seen only now.
            if done.is_ok() || !fresh {
                return done;
            }
        }
        let connection = self.runtime.block_on(connect(&self.pipe)).map_err(|error| error.to_string())?;
        self.converse(connection, bytes, &mut receive)
    }

    fn converse(
        &mut self,
        mut connection: NamedPipeClient,
        bytes: &[u8],
        receive: &mut dyn FnMut(&[u8]) -> Result<bool, String>,
    ) -> Result<(), String> {
        self.runtime.block_on(async {
            let (mut from, mut to) = tokio::io::split(&mut connection);
            let mut sending = std::pin::pin!(to.write_all(bytes));
            let (mut sent, mut buffer) = (false, vec![0; 64 << 10]);
            loop {
                let length = tokio::select! {
                    result = &mut sending, if !sent => {
                        // A process that does not read to the end tells by its answer.
                        let _ = result;
                        sent = true;
                        continue;
                    }
                    read = from.read(&mut buffer) => read.map_err(|error| error.to_string())?,
                };
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

async fn connect(pipe: &str) -> io::Result<NamedPipeClient> {
    loop {
        match ClientOptions::new().open(pipe) {
            Err(error) if error.raw_os_error() == Some(BUSY) => {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
            opened => return opened,
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.running.stop();
    }
}
