//! A FastCGI process with the socket on which it takes requests.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::Fault;
use super::process::{GLANCE, Process, is_closed};
use super::socket::{Connection, Socket};
use crate::fastcgi::record;

/// A process that speaks FastCGI.
pub(super) struct Responder {
    pub(super) process: Arc<Process>,
    socket: Socket,
}

impl Responder {
    pub(super) fn new(process: Arc<Process>, socket: Socket) -> Self {
        Self { process, socket }
    }

    pub(super) async fn connect(&self) -> io::Result<Connection> {
        self.socket.connect().await
    }

    /// Asks for the responder's values (`FCGI_GET_VALUES`, FastCGI 1.0 section 4.1), which is no request: any answer,
    /// or a closed connection, shows that somebody is there. Gives the connection when it is still open: a process on a named
    /// pipe may know but one client.
    pub(super) async fn wait_until_ready(&self, limit: Duration) -> Result<Option<Connection>, Fault> {
        let deadline = Instant::now() + limit;
        let mut question = Vec::new();
        record::push_record(&mut question, record::GET_VALUES, 0, b"\x0f\x00FCGI_MPXS_CONNS");
        let asked = async {
            let mut connection = self.connect().await?;
            connection.write_all(&question).await?;
            Ok(connection)
        };
        let process = &self.process;
        let mut connection = match asked.await {
            Ok(connection) => connection,
            Err(error) => return Err(process.last_words().await.unwrap_or(Fault::Failed(error))),
        };
        let mut answer = [0; 1024];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Fault::TimedOut(limit));
            }
            match tokio::time::timeout(left.min(GLANCE), connection.read(&mut answer)).await {
                Err(_) => {
                    if let Some(code) = process.ended() {
                        return Err(Fault::Ended(code));
                    }
                }
                Ok(Ok(1..)) => return Ok(Some(connection)),
                Ok(Ok(0)) => return process.last_words().await.map_or(Ok(None), Err),
                Ok(Err(error)) if is_closed(&error) => {
                    return process.last_words().await.map_or(Ok(None), Err);
                }
                Ok(Err(error)) => return Err(Fault::Failed(error)),
            }
        }
    }
}
