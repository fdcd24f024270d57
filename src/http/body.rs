//! Bodies: files that are sent a piece at a time, and answers that are read only so far.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use reqwest::{Body, Response};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, Take};

use super::Error;
use crate::files;

/// How much of a file is in memory at once, in bytes.
const PIECE: usize = 128 << 10;

/// How many bytes were handed to the connection; shared with whoever wants to know.
#[derive(Debug, Clone, Default)]
pub struct Sent(Arc<AtomicU64>);

impl Sent {
    /// So many.
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Waits until nothing was sent for so long.
    pub async fn stalled(&self, patience: Duration) {
        let mut last = self.bytes();
        loop {
            tokio::time::sleep(patience).await;
            let now = self.bytes();
            if now == last {
                return;
            }
            last = now;
        }
    }
}

/// The first `size` bytes of a file as a body, read as they are sent. A file that has fewer breaks the request off.
///
/// # Errors
/// The file cannot be opened.
pub async fn file_body(path: &Path, size: u64, sent: &Sent) -> Result<Body, files::Error> {
    let file = File::open(path).await;
    let file = file.map_err(|source| files::Error::Read { path: path.to_owned(), source })?;
    sent.0.store(0, Ordering::Relaxed);
    let pieces = stream::try_unfold((file.take(size), sent.clone()), piece);
    Ok(Body::wrap_stream(pieces))
}

/// The next piece of a file; none at its end.
async fn piece((mut file, sent): (Take<File>, Sent)) -> std::io::Result<Option<(Bytes, (Take<File>, Sent))>> {
    let mut buffer = Vec::with_capacity(PIECE);
    while buffer.len() < PIECE && file.read_buf(&mut buffer).await? > 0 {}
    if buffer.is_empty() {
        return Ok(None);
    }
    sent.0.fetch_add(buffer.len() as u64, Ordering::Relaxed);
    Ok(Some((Bytes::from(buffer), (file, sent))))
}

/// The text of an answer that has at most `most` bytes.
///
/// # Errors
/// The connection broke, or there is more.
pub async fn read_text(mut response: Response, most: usize) -> Result<String, Error> {
    let url = response.url().clone();
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|source| Error::transfer(&url, source))? {
        if bytes.len() + chunk.len() > most {
            return Err(Error::Endless { url: super::shown(&url), most });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
