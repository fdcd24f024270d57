//! Name-value pairs (section 3.4): the body of `FCGI_PARAMS` as a whole stream, and of `FCGI_GET_VALUES`.
//!
//! A pair may be split anywhere between records, so the stream is put together before it is read here.

use super::Error;

/// Appends a pair. Lengths up to 127 take one byte, longer ones four.
pub fn push_pair(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    push_length(out, name.len());
    push_length(out, value.len());
    out.extend_from_slice(name);
    out.extend_from_slice(value);
}

fn push_length(out: &mut Vec<u8>, length: usize) {
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            // The format has 31 bits for a length; nothing that fits into memory as a header comes near.
            let long = u32::try_from(length).unwrap_or(u32::MAX) | 0x8000_0000;
            out.extend_from_slice(&long.to_be_bytes());
        }
    }
}

/// What a responder has to know of its params before an application reads them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// `CONTENT_LENGTH`, when it is a number.
    pub content_length: Option<u64>,
    /// The request's method is HEAD: the answer has no body.
    pub is_head: bool,
}

impl Facts {
    /// Reads all pairs once.
    ///
    /// # Errors
    /// [`Error::Truncated`].
    pub fn of(params: &[u8]) -> Result<Self, Error> {
        let mut facts = Self::default();
        for pair in Pairs::new(params) {
            let (name, value) = pair?;
            // Both names have the same length, which few others have.
            if name.len() == 14 {
                match name {
                    b"CONTENT_LENGTH" => {
                        let text = std::str::from_utf8(value).ok();
                        facts.content_length = text.and_then(|text| text.trim().parse().ok());
                    }
                    b"REQUEST_METHOD" => facts.is_head = value == b"HEAD",
                    _ => {}
                }
            }
        }
        Ok(facts)
    }
}

/// Reads pairs out of a complete stream, without copying.
///
/// After an error the iterator ends.
#[derive(Debug, Clone)]
pub struct Pairs<'a> {
    rest: &'a [u8],
    total: usize,
}

impl<'a> Pairs<'a> {
    /// Starts at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, total: bytes.len() }
    }

    #[inline]
    fn length(&mut self) -> Option<usize> {
        match *self.rest {
            [short @ 0..0x80, ref rest @ ..] => {
                self.rest = rest;
                Some(usize::from(short))
            }
            [a, b, c, d, ref rest @ ..] => {
                self.rest = rest;
                usize::try_from(u32::from_be_bytes([a, b, c, d]) & 0x7fff_ffff).ok()
            }
            _ => None,
        }
    }

    #[inline]
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    #[inline]
    fn pair(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        let name = self.length()?;
        let value = self.length()?;
        Some((self.take(name)?, self.take(value)?))
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = Result<(&'a [u8], &'a [u8]), Error>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let start = self.total - self.rest.len();
        let pair = self.pair();
        if pair.is_none() {
            self.rest = &[];
        }
        Some(pair.ok_or(Error::Truncated(start)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Owned = Vec<(Vec<u8>, Vec<u8>)>;

    fn read(bytes: &[u8]) -> Result<Owned, Error> {
        Pairs::new(bytes).map(|pair| pair.map(|(name, value)| (name.to_vec(), value.to_vec()))).collect()
    }

    #[test]
    fn reads_lengths_of_one_and_of_four_bytes() {
        assert_eq!(read(b"\x01\x02nvv").unwrap(), [(b"n".to_vec(), b"vv".to_vec())]);
        assert_eq!(read(b"\x80\0\0\x01\x80\0\0\x02nvv").unwrap(), [(b"n".to_vec(), b"vv".to_vec())]);
        assert_eq!(read(b"\0\0").unwrap(), [(Vec::new(), Vec::new())]);
    }

    #[test]
    fn names_the_pair_that_is_cut_off() {
        assert_eq!(read(b"\x01\x01ab\x05\x01ab"), Err(Error::Truncated(4)));
        assert_eq!(read(b"\xff\xff\xff\xff\x7f"), Err(Error::Truncated(0)));
        assert_eq!(read(b"\x01"), Err(Error::Truncated(0)));
    }

    #[test]
    fn tells_what_a_responder_has_to_know() {
        let facts = |pairs: &[(&str, &str)]| {
            let mut out = Vec::new();
            for (name, value) in pairs {
                push_pair(&mut out, name.as_bytes(), value.as_bytes());
            }
            Facts::of(&out)
        };
        let known = Facts { content_length: Some(12), is_head: true };
        assert_eq!(facts(&[("CONTENT_LENGTH", " 12"), ("X", "y"), ("REQUEST_METHOD", "HEAD")]), Ok(known));
        for value in ["", "-1", "1x"] {
            assert_eq!(facts(&[("CONTENT_LENGTH", value), ("REQUEST_METHOD", "GET")]), Ok(Facts::default()));
        }
        assert_eq!(Facts::of(b"\x01\x01ab\x01"), Err(Error::Truncated(4)));
    }

    proptest! {
        #[test]
        fn pairs_come_back(pairs in proptest::collection::vec(
            (proptest::collection::vec(any::<u8>(), 0..300), proptest::collection::vec(any::<u8>(), 0..300)), 0..20,
        )) {
            let mut out = Vec::new();
            for (name, value) in &pairs {
                push_pair(&mut out, name, value);
            }
            prop_assert_eq!(read(&out).unwrap(), pairs);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&bytes);
        }
    }
}
