//! The bytes of files on their way: read as they are sent, a piece at a time, and hashed on the way. I/O.
//!
//! A file that is no longer what was built is noticed before its last piece is sent, so that no whole asset comes of it.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::StreamBody;
use hyper::body::Frame;
use octocrab::OctoBody;
use sha2::{Digest as _, Sha256};

use super::answer::{Answer, Patience};
use super::calls::media_type;
use super::client::Client;
use super::error::Problem;
use crate::digest::hex;
use crate::files;
use crate::publish::Artifact;

/// How much is read at once, in bytes. A connection holds two pieces at most.
const PIECE: usize = 256 * 1024;

/// How far an upload is.
#[derive(Debug, Default)]
pub(super) struct Progress {
    bytes: AtomicU64,
    changed: AtomicBool,
}

impl Progress {
    /// How many bytes were handed to the connection.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

/// Sends one file.
pub(super) async fn upload(
    client: &Client,
    url: &str,
    artifact: &Artifact,
    progress: &Arc<Progress>,
    patience: &Patience,
) -> Result<Answer, Problem> {
    progress.bytes.store(0, Ordering::Relaxed);
    let pieces = Pieces::open(&artifact.path, artifact, progress.clone())?;
    let body = OctoBody::new(StreamBody::new(futures_util::stream::iter(pieces)));
    let sending = client.upload(url, media_type(&artifact.name), artifact.size, body);
    let answer = watched(sending, progress, artifact.size, patience).await;
    if progress.changed.load(Ordering::Relaxed) {
        return Err(Problem::Changed { path: artifact.path.clone() });
    }
    Ok(answer)
}

/// Waits for the answer as long as something moves.
async fn watched(
    sending: impl Future<Output = Answer>,
    progress: &Progress,
    size: u64,
    patience: &Patience,
) -> Answer {
    let mut sending = std::pin::pin!(sending);
    let mut moved = (0, Instant::now());
    let pulse = (patience.stall / 4).clamp(Duration::from_millis(10), Duration::from_secs(1));
    loop {
        tokio::select! {
            answer = &mut sending => return answer,
            () = tokio::time::sleep(pulse) => {}
        }
        let bytes = progress.bytes();
        if bytes != moved.0 {
            moved = (bytes, Instant::now());
        }
        let limit = if bytes >= size { patience.response } else { patience.stall };
        if moved.1.elapsed() >= limit {
            return Answer::Stalled(limit);
        }
    }
}

/// The pieces of a file.
struct Pieces {
    file: File,
    left: u64,
    hasher: Option<Sha256>,
    sha256: String,
    progress: Arc<Progress>,
}

impl Pieces {
    fn open(path: &Path, artifact: &Artifact, progress: Arc<Progress>) -> Result<Self, Problem> {
        let failed = |source| files::Error::Read { path: path.to_owned(), source };
        let file = File::open(path).map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        if size != artifact.size {
            return Err(Problem::Changed { path: path.to_owned() });
        }
        let sha256 = artifact.sha256.to_lowercase();
        Ok(Self { file, left: size, hasher: Some(Sha256::new()), sha256, progress })
    }

    fn piece(&mut self) -> io::Result<Bytes> {
        let length = usize::try_from(self.left).unwrap_or(PIECE).min(PIECE);
        let mut piece = vec![0; length];
        let read = self.file.read_exact(&mut piece);
        let Some(mut hasher) = self.hasher.take() else { return Err(io::ErrorKind::InvalidData.into()) };
        hasher.update(&piece);
        self.left -= length as u64;
        let whole = if self.left > 0 {
            self.hasher = Some(hasher);
            true
        } else {
            hex(&hasher.finalize()) == self.sha256
        };
        if read.is_err() || !whole {
            self.left = 0;
            self.progress.changed.store(true, Ordering::Relaxed);
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the file changed while it was sent"));
        }
        self.progress.bytes.fetch_add(length as u64, Ordering::Relaxed);
        Ok(piece.into())
    }
}

impl Iterator for Pieces {
    type Item = io::Result<Frame<Bytes>>;

    fn next(&mut self) -> Option<Self::Item> {
        (self.left > 0).then(|| self.piece().map(Frame::data))
    }
}
