//! A request's body on its way from the socket straight to where the application wants it.
//!
//! The bytes of a body come in records, with headers in between. Records of one body are usually of one length, so that
//! one call of the system can put the headers aside and the contents together. When the guess was wrong, the bytes take
//! the usual way.

use std::io::IoSliceMut;

use super::link::{Filled, Link};
use crate::fastcgi::event::Expected;
use crate::fastcgi::record::HEADER_LENGTH;

/// How many records one call takes at most.
const RECORDS: usize = 16;
/// The longest padding and the header that follows it.
const FRAME: usize = 255 + HEADER_LENGTH;

/// How the bytes of one call are expected to lie: so many of padding and header, then so many of the body.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Part {
    frame: usize,
    content: usize,
}

/// The parts that together hold so much of a body, the last with the frame behind it: the end of the body may be there.
fn parts(expected: Expected, wanted: usize) -> ([Part; RECORDS], usize) {
    let mut parts = [Part::default(); RECORDS];
    let (mut frame, mut content, mut left) = (expected.frame, expected.content, wanted);
    let mut count = 0;
    for part in &mut parts {
        *part = Part { frame, content: content.min(left) };
        count += 1;
        left -= part.content;
        // Within a record no frame follows.
        if part.content < content || part.content == 0 {
            break;
        }
        (frame, content) = (expected.next_frame, expected.next_content);
    }
    (parts, count)
}

impl Link {
    /// Reads once, the body of the request at the front of the queue to `into`. Gives how many bytes of it are there now.
    /// Nothing of that body may wait already.
    pub(super) fn read_body(&mut self, into: &mut [u8]) -> (Filled, usize) {
        let expected = self.queue.front().and_then(|request| self.protocol.expected(request.id));
        let Some(expected) = expected else { return (self.fill(), 0) };
        let (parts, count) = parts(expected, into.len());
        let mut frames = [[0; FRAME]; RECORDS];
        let read = {
            let mut pieces: [IoSliceMut<'_>; 2 * RECORDS] = std::array::from_fn(|_| IoSliceMut::new(&mut []));
            let mut rest = &mut *into;
            for ((pair, frame), part) in pieces.chunks_exact_mut(2).zip(&mut frames).zip(&parts[..count]) {
                let (content, after) = rest.split_at_mut(part.content);
                rest = after;
                pair[0] = IoSliceMut::new(&mut frame[..part.frame]);
                pair[1] = IoSliceMut::new(content);
            }
            self.stream.read_vectored(&mut pieces[..2 * count])
        };
        let room = parts[..count].iter().map(|part| part.frame + part.content).sum::<usize>();
        let filled = self.note_read(&read, room);
        let mut left = read.unwrap_or(0);
        let mut placed = 0;
        let mut rest = &*into;
        for (part, frame) in parts[..count].iter().zip(&frames) {
            let frame = &frame[..part.frame.min(left)];
            left -= frame.len();
            let (content, after) = rest.split_at(part.content);
            rest = after;
            let content = &content[..content.len().min(left)];
            left -= content.len();
            if !self.sort(frame) {
                return (self.note_nonsense(), placed);
            }
            if self.is_in_place(content.len()) {
                placed += content.len();
                self.skip_body(content);
            } else if !self.sort(content) {
                return (self.note_nonsense(), placed);
            }
        }
        (filled, placed)
    }

    /// Whether the next bytes are of the body that is read, and none of it waits elsewhere.
    fn is_in_place(&self, length: usize) -> bool {
        self.queue.front().is_some_and(|request| {
            request.body.unread().is_empty()
                && self
                    .protocol
                    .expected(request.id)
                    .is_some_and(|expected| expected.frame == 0 && expected.content >= length)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: fn(usize, usize) -> Part = |frame, content| Part { frame, content };

    fn planned(frame: usize, content: usize, wanted: usize) -> Vec<Part> {
        let (parts, count) = parts(Expected { frame, content, next_frame: 8, next_content: 100 }, wanted);
        parts[..count].to_vec()
    }

    #[test]
    fn alternates_frames_and_contents() {
        assert_eq!(planned(0, 30, 250), [PART(0, 30), PART(8, 100), PART(8, 100), PART(8, 20)]);
        assert_eq!(planned(5, 100, 40), [PART(5, 40)]);
    }

    #[test]
    fn reads_the_frame_behind_the_last_content() {
        assert_eq!(planned(8, 100, 200), [PART(8, 100), PART(8, 100), PART(8, 0)]);
        assert_eq!(planned(8, 100, 0), [PART(8, 0)]);
    }

    #[test]
    fn stops_when_one_call_is_full() {
        assert_eq!(planned(8, 100, 1 << 20).len(), RECORDS);
    }
}
