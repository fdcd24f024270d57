//! What is to be sent on a connection: bytes of our own, and large pieces that stay where the application has them.
//!
//! The two alternate (the header of a record, its content, the next header), and one call of the system takes many of
//! them. It sends nothing itself.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, IoSlice};
use std::ops::Range;
use std::sync::Arc;

use crate::fastcgi::record::{self, HEADER_LENGTH, Header, MAX_CONTENT};

/// How many large pieces one call of the system takes: 2 MB.
const PIECES: usize = 31;
/// The memory for bytes of our own that an idle connection may keep.
const KEPT: usize = 4 << 10;

/// An object of the application's that holds bytes.
pub type Kept = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// A large piece.
struct Piece {
    /// So many of our own bytes go before it.
    at: usize,
    object: Kept,
    part: Range<usize>,
}

impl Piece {
    fn bytes(&self) -> &[u8] {
        &(*self.object).as_ref()[self.part.clone()]
    }
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Piece").field("at", &self.at).field("part", &self.part).finish_non_exhaustive()
    }
}

/// Bytes in the order in which they are to be sent.
#[derive(Debug, Default)]
pub(super) struct Output {
    /// Our own bytes, of which the first `sent` have left.
    pub(super) bytes: Vec<u8>,
    sent: usize,
    pieces: VecDeque<Piece>,
    /// The bytes of `pieces`.
    large: usize,
}

impl Output {
    /// How many bytes wait.
    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.sent + self.large
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends the records of a piece of a stream whose bytes stay where they are.
    pub(super) fn push_kept(&mut self, kind: u8, id: u16, object: &Kept, length: usize) {
        let mut start = 0;
        while start < length {
            let end = length.min(start + MAX_CONTENT);
            // At most `MAX_CONTENT`, which fits, so that the other value is never taken.
            let content_length = u16::try_from(end - start).unwrap_or(u16::MAX);
            let padding_length = record::padding(content_length);
            self.bytes.extend_from_slice(&Header { kind, id, content_length, padding_length }.encode());
            self.pieces.push_back(Piece {
                at: self.bytes.len(),
                object: Arc::clone(object),
                part: start..end,
            });
            self.bytes.extend_from_slice(&[0; HEADER_LENGTH][..usize::from(padding_length)]);
            start = end;
        }
        self.large += length;
    }

    /// Appends the first bytes of an object as they are.
    pub(super) fn push_whole(&mut self, object: &Kept, length: usize) {
        self.pieces.push_back(Piece { at: self.bytes.len(), object: Arc::clone(object), part: 0..length });
        self.large += length;
    }

    /// Gives what waits to `write`, which says how much of it has left.
    ///
    /// # Errors
    /// Those of `write`: nothing has left then.
    pub(super) fn send(&mut self, write: impl FnOnce(&[IoSlice<'_>]) -> io::Result<usize>) -> io::Result<()> {
        if self.pieces.is_empty() {
            let length = write(&[IoSlice::new(&self.bytes[self.sent..])])?;
            self.advance(length);
            return Ok(());
        }
        let mut slices = [IoSlice::new(&[]); 2 * PIECES + 1];
        let (mut count, mut position) = (0, self.sent);
        for piece in self.pieces.iter().take(PIECES) {
            if position < piece.at {
                slices[count] = IoSlice::new(&self.bytes[position..piece.at]);
                count += 1;
                position = piece.at;
            }
            slices[count] = IoSlice::new(piece.bytes());
            count += 1;
        }
        if self.pieces.len() <= PIECES && position < self.bytes.len() {
            slices[count] = IoSlice::new(&self.bytes[position..]);
            count += 1;
        }
        let length = write(&slices[..count])?;
        self.advance(length);
        Ok(())
    }

    fn advance(&mut self, mut length: usize) {
        while let Some(piece) = self.pieces.front_mut() {
            let own = length.min(piece.at - self.sent);
            self.sent += own;
            length -= own;
            let large = length.min(piece.part.len());
            piece.part.start += large;
            self.large -= large;
            length -= large;
            if !piece.part.is_empty() {
                return;
            }
            self.pieces.pop_front();
        }
        self.sent += length;
        if self.sent >= self.bytes.len() {
            self.clear();
        }
    }

    /// Forgets what waits.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.pieces.clear();
        (self.sent, self.large) = (0, 0);
    }

    /// Gives back memory that the next answer does not need.
    pub(super) fn shrink(&mut self) {
        if self.is_empty() {
            if self.bytes.capacity() > KEPT {
                self.bytes = Vec::new();
            }
            if self.pieces.capacity() > PIECES {
                self.pieces = VecDeque::new();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Sends all, so many bytes with each call.
    fn drain(output: &mut Output, step: usize) -> Vec<u8> {
        let mut all = Vec::new();
        while !output.is_empty() {
            let sent = |slices: &[IoSlice<'_>]| {
                let joined: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
                assert!(slices.iter().all(|slice| !slice.is_empty()));
                let length = joined.len().min(step);
                all.extend_from_slice(&joined[..length]);
                Ok(length)
            };
            output.send(sent).unwrap();
        }
        all
    }

    proptest! {
        #[test]
        fn large_and_small_pieces_leave_in_order_however_they_are_cut(
            lengths in proptest::collection::vec((any::<bool>(), 1usize..200_000), 1..6),
            step in 1usize..100_000,
        ) {
            let (mut output, mut copied) = (Output::default(), Vec::new());
            for (is_large, length) in lengths {
                let content: Vec<u8> = (0..=250).cycle().take(length).collect();
                record::push_stream(&mut copied, record::STDOUT, 7, &content);
                if is_large {
                    let object: Kept = Arc::new(content);
                    output.push_kept(record::STDOUT, 7, &object, length);
                } else {
                    record::push_stream(&mut output.bytes, record::STDOUT, 7, &content);
                }
            }
            prop_assert_eq!(output.len(), copied.len());
            prop_assert_eq!(drain(&mut output, step.max(copied.len() / 50)), copied);
        }
    }

    #[test]
    fn keeps_what_could_not_be_sent() {
        let mut output = Output::default();
        output.bytes.extend_from_slice(b"head");
        assert!(output.send(|_| Err(io::ErrorKind::WouldBlock.into())).is_err());
        assert_eq!((output.len(), drain(&mut output, 3)), (4, b"head".to_vec()));
    }
}
