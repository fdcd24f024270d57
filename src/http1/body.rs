//! Where the body of a request ends: its length, or its chunks (sections 6 and 7.1).

use super::Refusal;

/// The longest line of a chunk's size, its extensions included.
const LINE: usize = 256;
/// The bytes that all trailers together may have. They are thrown away.
const TRAILERS: usize = 8 << 10;

/// How far a body has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    /// So many bytes are missing.
    Length(u64),
    /// The line with the size of a chunk: what is known of it, the bytes of the line so far, and what they may be next.
    Size { size: u64, length: usize, within: Within },
    /// So many bytes of a chunk are missing.
    Chunk(u64),
    /// The line end after a chunk: so many of its two bytes are here.
    ChunkEnd(u8),
    /// Trailers: the bytes of all, those of the line, and whether its CR is here.
    Trailers { all: usize, line: usize, cr: bool },
    /// Nothing is missing.
    Ended,
}

/// Where in the line of a chunk's size the next byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Within {
    /// Among the digits, of which so many are here.
    Digits(u8),
    /// In an extension, which is not looked at.
    Extension,
    /// After the CR.
    End,
}

/// What a step has brought.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// A piece of the body.
    Piece(&'a [u8]),
    /// All bytes are used up.
    Nothing,
    /// The body has ended.
    Ended,
}

impl Body {
    /// A body in chunks, at its start.
    pub(super) const CHUNKED: Self = Self::Size { size: 0, length: 0, within: Within::Digits(0) };

    /// Takes bytes off the front of `input`.
    pub(super) fn step<'a>(&mut self, input: &mut &'a [u8]) -> Result<Step<'a>, Refusal> {
        loop {
            match self {
                Self::Ended | Self::Length(0) => {
                    *self = Self::Ended;
                    return Ok(Step::Ended);
                }
                _ if input.is_empty() => return Ok(Step::Nothing),
                Self::Length(left) => return Ok(Step::Piece(take(left, input))),
                Self::Chunk(left) => {
                    let piece = take(left, input);
                    if *left == 0 {
                        *self = Self::ChunkEnd(0);
                    }
                    return Ok(Step::Piece(piece));
                }
                Self::Size { .. } => *self = self.size(next(input))?,
                Self::ChunkEnd(known) => {
                    *self = match (*known, next(input)) {
                        (0, b'\r') => Self::ChunkEnd(1),
                        (1, b'\n') => Self::CHUNKED,
                        _ => return Err(Refusal::Malformed),
                    };
                }
                Self::Trailers { .. } => *self = self.trailers(next(input))?,
            }
        }
    }

    fn size(self, byte: u8) -> Result<Self, Refusal> {
        let Self::Size { size, length, within } = self else { return Ok(self) };
        let length = length + 1;
        let on = |size, within| Ok(Self::Size { size, length, within });
        if length > LINE {
            return Err(Refusal::Malformed);
        }
        match (within, byte) {
            (Within::Digits(count @ 0..15), _) if byte.is_ascii_hexdigit() => {
                let digit = char::from(byte).to_digit(16).unwrap_or(0);
                on(size << 4 | u64::from(digit), Within::Digits(count + 1))
            }
            (Within::Digits(1..) | Within::Extension, b'\r') => on(size, Within::End),
            (Within::Digits(1..), b';') | (Within::Extension, b'\t' | b' '..=b'~' | 0x80..) => {
                on(size, Within::Extension)
            }
            (Within::End, b'\n') if size > 0 => Ok(Self::Chunk(size)),
            (Within::End, b'\n') => Ok(Self::Trailers { all: 0, line: 0, cr: false }),
            _ => Err(Refusal::Malformed),
        }
    }

    fn trailers(self, byte: u8) -> Result<Self, Refusal> {
        let Self::Trailers { all, line, cr } = self else { return Ok(self) };
        let all = all + 1;
        match (byte, cr) {
            _ if all > TRAILERS => Err(Refusal::TooLarge),
            (b'\n', true) if line == 0 => Ok(Self::Ended),
            (b'\n', true) => Ok(Self::Trailers { all, line: 0, cr: false }),
            (b'\r', false) => Ok(Self::Trailers { all, line, cr: true }),
            (b'\n' | b'\r' | 0, _) | (_, true) => Err(Refusal::Malformed),
            _ => Ok(Self::Trailers { all, line: line + 1, cr: false }),
        }
    }
}

fn next(input: &mut &[u8]) -> u8 {
    let (first, rest) = input.split_first().unwrap_or((&0, &[]));
    *input = rest;
    *first
}

fn take<'a>(left: &mut u64, input: &mut &'a [u8]) -> &'a [u8] {
    let length = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
    let (piece, rest) = input.split_at(length);
    *input = rest;
    *left -= length as u64;
    piece
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a body in steps of so many bytes: its bytes, and how much follows it.
    fn read(mut body: Body, bytes: &[u8], step: usize) -> Result<(Vec<u8>, usize), Refusal> {
        let (mut content, mut used) = (Vec::new(), 0);
        for part in bytes.chunks(step) {
            let mut input = part;
            loop {
                match body.step(&mut input)? {
                    Step::Piece(piece) => content.extend_from_slice(piece),
                    Step::Nothing => break,
                    Step::Ended => return Ok((content, bytes.len() - used - part.len() + input.len())),
                }
            }
            used += part.len();
        }
        Err(Refusal::TimedOut)
    }

    proptest! {
        #[test]
        fn chunks_are_put_together_however_they_are_cut(
            pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..400), 0..5),
            step in 1usize..50,
        ) {
            let mut bytes = Vec::new();
            for piece in &pieces {
                bytes.extend_from_slice(format!("{:X};a=\"b c\"\r\n", piece.len()).as_bytes());
                bytes.extend_from_slice(piece);
                bytes.extend_from_slice(b"\r\n");
            }
            bytes.extend_from_slice(b"000\r\nTrailer: x\r\n\r\nNEXT");
            let (content, rest) = read(Body::CHUNKED, &bytes, step).unwrap();
            prop_assert_eq!(content, pieces.concat());
            prop_assert!(rest <= 4);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(Body::CHUNKED, &bytes, 7);
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for text in [
            "5\nhello\n0\n\n",
            "5\r\nhello0\r\n\r\n",
            "5\r\nhelloX\n0\r\n\r\n",
            "5 \r\nhello\r\n0\r\n\r\n",
            " 5\r\nhello\r\n0\r\n\r\n",
            "0x5\r\nhello\r\n0\r\n\r\n",
            "+5\r\nhello\r\n0\r\n\r\n",
            "-1\r\n",
            "\r\n",
            ";x\r\n",
            "5;a\nb\r\nhello\r\n0\r\n\r\n",
            "ffffffffffffffff\r\n",
            "10000000000000000\r\n",
            "0\r\nA: b\n\r\n",
            "0\r\n\n",
        ] {
            assert_eq!(read(Body::CHUNKED, text.as_bytes(), 100), Err(Refusal::Malformed), "{text:?}");
        }
        let long = format!("5;{}\r\nhello\r\n0\r\n\r\n", "x".repeat(300));
        assert_eq!(read(Body::CHUNKED, long.as_bytes(), 100), Err(Refusal::Malformed));
    }

    #[test]
    fn a_length_ends_where_it_says() {
        assert_eq!(read(Body::Length(5), b"helloGET /", 3), Ok((b"hello".to_vec(), 5)));
        assert_eq!(read(Body::Length(0), b"GET /", 5), Ok((Vec::new(), 5)));
    }
}
