//! One request over FastCGI: the body goes in while the answer comes out, in the time that IIS gives.
//!
//! A client that breaks off ends nothing: the process is told (`FCGI_ABORT_REQUEST`) when it still waits for the body, and its
//! answer is read to the end, unseen, so that the next request finds it free.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{mpsc, oneshot};

use super::body::{Gone, carries};
use super::pool::{Lease, Pool, StderrMode};
use super::process::{GLANCE, is_closed};
use super::socket::{Connection, split};
use super::{Body, Content, Fault, Patience, Reply, Said};
use crate::fastcgi::client::{AnswerReader, Head, Part, encode_head};
use crate::fastcgi::record::{self, ProtocolStatus};

/// The request's number; a process has one at a time.
const ID: u16 = 1;
/// How much is read at once.
const PIECE: usize = 64 * 1024;
/// How many pieces of a response wait for a slow client.
const AHEAD: usize = 4;
/// How much of a head is read before the process is given up.
const HEAD_LIMIT: usize = 1 << 20;

/// What is asked of a process.
pub(super) struct Exchange {
    pub(super) params: Vec<(Vec<u8>, Vec<u8>)>,
    pub(super) body: Body,
    pub(super) buffer_limit: usize,
    pub(super) patience: Patience,
    pub(super) handler: String,
    pub(super) said: Said,
}

/// Lets a process of the pool answer. Gives the reply when its head is there and may be sent.
pub(super) async fn ask(pool: &Arc<Pool>, exchange: Exchange) -> Result<Reply, Fault> {
    let begun = Instant::now();
    let lease = pool.lease().await?;
    let (head_sender, head) = oneshot::channel();
    let (pieces, content) = mpsc::channel(AHEAD);
    let said = exchange.said.clone();
    let handler = exchange.handler.clone();
    let output = Output {
        said: exchange.said,
        head: Some(head_sender),
        pieces,
        waiting: Vec::new(),
        buffer_limit: exchange.buffer_limit,
        parsed: false,
        unseen: false,
        mode: pool.settings.stderr_mode,
    };
    let limits = Limits {
        begun,
        whole: exchange.patience.whole,
        request: pool.settings.request_timeout,
        activity: pool.settings.activity_timeout,
        last: begun,
    };
    let body = exchange.body;
    let mut run = Run { lease, limits, output, reader: AnswerReader::new(ID), body, gone: false };
    let pool = Arc::clone(pool);
    tokio::spawn(async move {
        let result = run.through(&exchange.params).await;
        run.finish(&pool, result).await;
    });
    let head = head.await.map_err(|_| Fault::Closed)??;
    Ok(Reply {
        status: head.status,
        sub_status: 0,
        reason: head.reason,
        headers: head.headers,
        content: Content::Stream(content),
        said,
        handler,
    })
}

/// How long it may take.
struct Limits {
    begun: Instant,
    whole: Option<Duration>,
    request: Duration,
    activity: Duration,
    last: Instant,
}

impl Limits {
    /// How long one may wait now.
    fn left(&self) -> Result<Duration, Fault> {
        let spent = self.begun.elapsed();
        let quiet = self.last.elapsed();
        if let Some(whole) = self.whole.filter(|whole| spent >= *whole) {
            return Err(Fault::TimedOut(whole));
        }
        if spent >= self.request {
            return Err(Fault::TooLong(self.request));
        }
        if quiet >= self.activity {
            return Err(Fault::Inactive(self.activity));
        }
        let left = self.request.saturating_sub(spent).min(self.activity.saturating_sub(quiet));
        Ok(self.whole.map_or(left, |whole| left.min(whole.saturating_sub(spent))))
    }
}

/// A request on its way.
struct Run {
    lease: Lease,
    limits: Limits,
    output: Output,
    reader: AnswerReader,
    body: Body,
    /// Whether the client has gone.
    gone: bool,
}

impl Run {
    /// Sends the request on the connection that was kept, or on a new one when the process has closed it.
    async fn through(&mut self, params: &[(Vec<u8>, Vec<u8>)]) -> Result<(), Fault> {
        let mut head = Vec::new();
        encode_head(ID, params, true, &mut head);
        loop {
            let kept = self.lease.connection.take().filter(is_open);
            let was_kept = kept.is_some();
            let mut connection = match kept {
                Some(connection) => connection,
                None => match self.lease.responder.connect().await {
                    Ok(connection) => connection,
                    Err(error) => {
                        let words = self.lease.responder.process.last_words().await;
                        return Err(words.unwrap_or(Fault::Failed(error)));
                    }
                },
            };
            let again = match &self.body {
                Body::Whole(bytes) => Some(Body::Whole(bytes.clone())),
                Body::File(..) | Body::Stream(_) => None,
            };
            let result = self.converse(&mut connection, &head).await;
            match (result, again) {
                // A process may close a connection between two requests.
                (Err(Fault::Closed | Fault::Failed(_)), Some(body)) if was_kept && self.is_fresh() => {
                    self.reader = AnswerReader::new(ID);
                    self.body = body;
                }
                (Err(fault), _) => return Err(fault),
                (Ok(()), _) => {
                    if self.reader.trailing().is_empty() {
                        self.lease.connection = Some(connection);
                    }
                    return Ok(());
                }
            }
        }
    }

    /// Whether nothing of an answer has come.
    fn is_fresh(&self) -> bool {
        self.output.waiting.is_empty() && !self.output.parsed
    }

    async fn converse(&mut self, connection: &mut Connection, head: &[u8]) -> Result<(), Fault> {
        let Self { lease, limits, output, reader, body, gone } = self;
        let process = &lease.responder.process;
        let (mut from, mut to) = split(connection);
        let mut sending = std::pin::pin!(send(&mut to, head, body));
        let mut sent = false;
        let mut buffer = vec![0; PIECE];
        loop {
            let wait = limits.left()?.min(GLANCE);
            let length = tokio::select! {
                // An application that does not read to the end tells by its answer.
                result = &mut sending, if !sent => {
                    if result.is_err_and(|error| carries::<Gone>(&error)) {
                        *gone = true;
                        output.unseen();
                    }
                    sent = true;
                    limits.last = Instant::now();
                    continue;
                }
                read = from.read(&mut buffer) => match read {
                    Ok(0) => return Err(process.last_words().await.unwrap_or(Fault::Closed)),
                    Ok(length) => length,
                    Err(error) if is_closed(&error) => {
                        return Err(process.last_words().await.unwrap_or(Fault::Closed));
                    }
                    Err(error) => return Err(Fault::Failed(error)),
                },
                () = tokio::time::sleep(wait) => {
                    if let Some(code) = process.ended() {
                        return Err(Fault::Ended(code));
                    }
                    continue;
                }
            };
            limits.last = Instant::now();
            let complete =
                reader.receive(&buffer[..length], &mut |part| output.take(part)).map_err(Fault::Protocol)?;
            if complete {
                return Ok(());
            }
            match output.forward(false).await {
                Err(Fault::ClientGone) => {
                    *gone = true;
                    output.unseen();
                }
                result => result?,
            }
            // The client's pace is not the process's fault.
            limits.last = Instant::now();
        }
    }

    /// Hands on the rest of the answer, or why there is none, and the process back.
    async fn finish(mut self, pool: &Arc<Pool>, result: Result<(), Fault>) {
        let refused = self.reader.end().is_some_and(|(_, status)| status != ProtocolStatus::RequestComplete);
        let result = match result {
            Ok(()) if refused => Err(Fault::Refused),
            Ok(()) if self.gone => Err(Fault::ClientGone),
            Ok(()) => self.output.forward(true).await,
            Err(fault) => Err(fault),
        };
        let terminated = self.output.mode == StderrMode::TerminateProcess && self.output.has_said();
        match result {
            Ok(()) if !terminated => {
                self.lease.responder.process.count();
                pool.give_back(self.lease);
            }
            Ok(()) => pool.end(&self.lease, true),
            Err(fault) => {
                match &fault {
                    // Whoever has gone is no fault of the process, whose answer was read to its end.
                    Fault::ClientGone => pool.give_back(self.lease),
                    Fault::Refused | Fault::Closed => {
                        self.lease.connection = None;
                        pool.give_back(self.lease);
                    }
                    Fault::TimedOut(_) | Fault::TooLong(_) | Fault::Inactive(_) if !self.gone => {
                        pool.processes.abort(&self.lease.responder.process).await;
                    }
                    _ => pool.end(&self.lease, !self.gone),
                }
                self.output.fail(fault).await;
            }
        }
    }
}

/// Where the answer goes.
struct Output {
    said: Said,
    head: Option<oneshot::Sender<Result<Head, Fault>>>,
    pieces: mpsc::Sender<Result<Bytes, Fault>>,
    /// What is not handed on yet: the head too, until it is parsed.
    waiting: Vec<u8>,
    buffer_limit: usize,
    parsed: bool,
    /// Whether there is nobody to hand it to.
    unseen: bool,
    mode: StderrMode,
}

impl Output {
    fn take(&mut self, part: Part<'_>) {
        match part {
            Part::Stdout(_) if self.unseen => {}
            Part::Stdout(piece) => self.waiting.extend_from_slice(piece),
            Part::Stderr(piece) => self.said.push(piece),
        }
    }

    /// From here on it goes nowhere.
    fn unseen(&mut self) {
        self.unseen = true;
        self.waiting = Vec::new();
    }

    fn has_said(&self) -> bool {
        !self.said.bytes().is_empty()
    }

    /// Hands on what may be: nothing before the buffer is full (`responseBufferLimit`) or the answer is complete.
    async fn forward(&mut self, complete: bool) -> Result<(), Fault> {
        if self.unseen || (!complete && self.waiting.len() <= self.buffer_limit && self.buffer_limit > 0) {
            return Ok(());
        }
        if !self.parsed {
            if !complete && Head::length(&self.waiting).is_none() {
                if self.waiting.len() > HEAD_LIMIT {
                    return Err(Fault::Protocol(crate::fastcgi::Error::Incomplete("no end of the head")));
                }
                return Ok(());
            }
            self.begin()?;
        }
        if self.waiting.is_empty() {
            return Ok(());
        }
        let piece = Bytes::from(std::mem::take(&mut self.waiting));
        self.pieces.send(Ok(piece)).await.map_err(|_| Fault::ClientGone)
    }

    /// Sends the head off.
    fn begin(&mut self) -> Result<(), Fault> {
        self.parsed = true;
        let head = if self.has_said() && self.mode != StderrMode::IgnoreAndReturn200 {
            // IIS puts what was said in the place of the answer.
            let text =
                if self.mode == StderrMode::ReturnStdErrIn500 { self.said.bytes() } else { Vec::new() };
            self.waiting = text;
            let headers = vec![("Content-Type".to_owned(), "text/plain; charset=utf-8".to_owned())];
            Head { status: 500, reason: String::new(), headers }
        } else {
            let (head, length) = Head::parse(&self.waiting).map_err(Fault::Protocol)?;
            self.waiting.drain(..length);
            head
        };
        if let Some(sender) = self.head.take() {
            sender.send(Ok(head)).map_err(|_| Fault::ClientGone)?;
        }
        Ok(())
    }

    async fn fail(self, fault: Fault) {
        match self.head {
            Some(head) => {
                let _ = head.send(Err(fault));
            }
            None => {
                let _ = self.pieces.send(Err(fault)).await;
            }
        }
    }
}

/// Sends a request. The error is [`Gone`] when the client has broken off, which the process was told then.
async fn send(
    to: &mut (impl tokio::io::AsyncWrite + Unpin),
    head: &[u8],
    body: &mut Body,
) -> std::io::Result<()> {
    to.write_all(head).await?;
    let mut records = Vec::new();
    while let Some(piece) = body.next().await {
        records.clear();
        match piece {
            Ok(piece) => record::push_stream(&mut records, record::STDIN, ID, &piece),
            Err(error) => {
                record::push_record(&mut records, record::ABORT_REQUEST, ID, b"");
                to.write_all(&records).await?;
                return Err(error);
            }
        }
        to.write_all(&records).await?;
    }
    records.clear();
    record::push_stream_end(&mut records, record::STDIN, ID);
    to.write_all(&records).await
}

/// Whether a connection that was kept is still open. Bytes that nobody asked for make it useless too.
fn is_open(connection: &Connection) -> bool {
    connection.try_read(&mut [0]).is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
}
