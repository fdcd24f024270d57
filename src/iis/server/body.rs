//! The bodies of requests and responses on their way: collected, spooled, limited.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;

use super::{Body, Content, Fault, locked};
use crate::iis::site::Request;

/// How much of a file is read at once.
const PIECE: usize = 64 * 1024;
/// How much of a body whose length is not known is held in memory; the rest goes to a temporary file.
const IN_MEMORY: usize = 256 * 1024;

/// The client broke off before its body was through.
#[derive(Debug, thiserror::Error)]
#[error("the client has gone")]
pub(super) struct Gone;

/// The body is longer than `maxAllowedContentLength`.
#[derive(Debug, thiserror::Error)]
#[error("the body is too large")]
pub(super) struct TooLarge;

/// Whether an error is one of these in an I/O error's dress.
pub(super) fn carries<E: std::error::Error + 'static>(error: &io::Error) -> bool {
    error.get_ref().and_then(|inner| inner.downcast_ref::<E>()).is_some()
}

/// Finds out how long a body is, whose client did not say: FastCGI has no way to say that the length is not known. False
/// when it is longer than the limit.
pub(super) async fn sized(request: &mut Request, body: &mut Body, limit: u64) -> Result<bool, Fault> {
    if request.content_length.is_some() {
        return Ok(true);
    }
    let Body::Stream(pieces) = body else {
        request.content_length = Some(body.known_length());
        return Ok(body.known_length() <= limit);
    };
    let mut held = BytesMut::new();
    let mut spool: Option<File> = None;
    let mut length = 0_u64;
    while let Some(piece) = pieces.recv().await {
        let piece = piece.map_err(|_| Fault::ClientGone)?;
        length += piece.len() as u64;
        if length > limit {
            return Ok(false);
        }
        if spool.is_none() && held.len() + piece.len() <= IN_MEMORY {
            held.extend_from_slice(&piece);
            continue;
        }
        if spool.is_none() {
            // It has no name: nothing is left of it, however this program ends.
            let mut file = File::from_std(tempfile::tempfile().map_err(Fault::Spool)?);
            file.write_all(&held).await.map_err(Fault::Spool)?;
            held.clear();
            spool = Some(file);
        }
        if let Some(file) = &mut spool {
            file.write_all(&piece).await.map_err(Fault::Spool)?;
        }
    }
    request.content_length = Some(length);
    *body = match spool {
        Some(mut file) => {
            file.flush().await.map_err(Fault::Spool)?;
            file.rewind().await.map_err(Fault::Spool)?;
            Body::File(file, length)
        }
        None => Body::Whole(held.freeze()),
    };
    Ok(true)
}

impl Body {
    /// The length of what is here already.
    fn known_length(&self) -> u64 {
        match self {
            Self::Whole(bytes) => bytes.len() as u64,
            Self::File(_, length) => *length,
            Self::Stream(_) => 0,
        }
    }

    /// The next piece; none at its end.
    pub(super) async fn next(&mut self) -> Option<io::Result<Bytes>> {
        match self {
            Self::Whole(bytes) if bytes.is_empty() => None,
            Self::Whole(bytes) => Some(Ok(bytes.split_to(bytes.len().min(PIECE)))),
            Self::File(file, _) => {
                let mut piece = BytesMut::with_capacity(PIECE);
                match file.read_buf(&mut piece).await {
                    Ok(0) => None,
                    Ok(_) => Some(Ok(piece.freeze())),
                    Err(error) => Some(Err(error)),
                }
            }
            Self::Stream(pieces) => {
                let piece = pieces.recv().await?;
                Some(piece.map_err(|_| io::Error::other(Gone)))
            }
        }
    }

    /// As the body of a request of ours. It breaks off with [`TooLarge`] behind the limit, and notes when a piece was sent.
    pub(super) fn limited(self, limit: u64, sent: Arc<Mutex<Instant>>) -> UnsyncBoxBody<Bytes, io::Error> {
        let pieces: BoxStream<'static, io::Result<Frame<Bytes>>> =
            stream::unfold((self, limit, sent), |(mut body, left, sent)| async move {
                let piece = body.next().await?.and_then(|piece| {
                    let left =
                        left.checked_sub(piece.len() as u64).ok_or_else(|| io::Error::other(TooLarge))?;
                    Ok((piece, left))
                });
                *locked(&sent) = Instant::now();
                Some(match piece {
                    Ok((piece, left)) => (Ok(Frame::data(piece)), (body, left, sent)),
                    Err(error) => (Err(error), (body, left, sent)),
                })
            })
            .boxed();
        StreamBody::new(pieces).boxed_unsync()
    }
}

impl Content {
    /// All of it.
    ///
    /// # Errors
    /// The handler broke off, or the file cannot be read.
    pub async fn whole(self) -> Result<Vec<u8>, Fault> {
        match self {
            Self::Whole(bytes) => Ok(bytes.to_vec()),
            Self::File(file, length) => {
                let mut all = Vec::new();
                file.take(length).read_to_end(&mut all).await.map_err(Fault::Failed)?;
                Ok(all)
            }
            Self::Stream(mut pieces) => collected(&mut pieces).await,
        }
    }
}

async fn collected(pieces: &mut mpsc::Receiver<Result<Bytes, Fault>>) -> Result<Vec<u8>, Fault> {
    let mut all = Vec::new();
    while let Some(piece) = pieces.recv().await {
        all.extend_from_slice(&piece?);
    }
    Ok(all)
}
