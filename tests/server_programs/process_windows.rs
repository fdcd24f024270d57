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
        let kept = self.connection.take();
        let pipe = &self.pipe;
        let done = self.runtime.block_on(async {
            let mut connection = match kept.filter(is_open) {
                Some(connection) => connection,
                None => connect(pipe).await.map_err(|error| error.to_string())?,
            };
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
                    break;
                }
            }
            Ok(connection)
        });
        self.connection = Some(done?);
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

/// A process may close a connection after an answer.
fn is_open(connection: &NamedPipeClient) -> bool {
    connection.try_read(&mut [0]).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
}

impl Drop for Process {
    fn drop(&mut self) {
        self.running.stop();
    }
}
