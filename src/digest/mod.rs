//! SHA-1 and SHA-256 of what flows by, and the lists of hashes that `fciv` and `sha1sum` write.
//!
//! SHA-1 is what WebPI feeds carry (`<sha1>`) and what their client checks; it protects against a broken download, not
//! against an attacker. SHA-256 stands beside it for everybody else. No file is opened here.

mod list;

use std::fmt::Write as _;
use std::io::{self, Read, Write};

use sha1::Sha1;
use sha2::{Digest as _, Sha256};

pub use list::{Algorithm, Form, Line, List, Listed, Malformed};

/// How much is read at once.
const CHUNK: usize = 256 * 1024;

/// The size and the hashes of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digests {
    /// The number of bytes.
    pub size: u64,
    /// Their SHA-1.
    pub sha1: [u8; 20],
    /// Their SHA-256.
    pub sha256: [u8; 32],
}

impl Digests {
    /// The digests of bytes in memory.
    pub fn of(bytes: &[u8]) -> Self {
        let mut hasher = Hasher::new();
        hasher.update(bytes);
        hasher.finish()
    }

    /// The digests of all that a reader gives.
    ///
    /// # Errors
    /// Reading fails.
    pub fn of_reader(reader: &mut dyn Read) -> io::Result<Self> {
        let mut hasher = Hasher::new();
        each_chunk(reader, |chunk| hasher.update(chunk))?;
        Ok(hasher.finish())
    }

    /// The SHA-1 in lower-case hexadecimal digits, as feeds carry it.
    pub fn sha1_hex(&self) -> String {
        hex(&self.sha1)
    }

    /// The SHA-256 in lower-case hexadecimal digits.
    pub fn sha256_hex(&self) -> String {
        hex(&self.sha256)
    }
}

/// Takes bytes in and gives their digests at the end.
#[derive(Debug, Clone, Default)]
pub struct Hasher {
    size: u64,
    sha1: Sha1,
    sha256: Sha256,
}

impl Hasher {
    /// A hasher that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        self.sha1.update(bytes);
        self.sha256.update(bytes);
    }

    /// The digests of all bytes so far.
    pub fn finish(self) -> Digests {
        Digests { size: self.size, sha1: self.sha1.finalize().into(), sha256: self.sha256.finalize().into() }
    }
}

impl Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A writer that hashes what it hands on.
#[derive(Debug)]
pub struct Tee<W> {
    inner: W,
    hasher: Hasher,
}

impl<W: Write> Tee<W> {
    /// A writer in front of `inner`.
    pub fn new(inner: W) -> Self {
        Self { inner, hasher: Hasher::new() }
    }

    /// How many bytes have gone through.
    pub fn size(&self) -> u64 {
        self.hasher.size
    }

    /// The writer behind it and the digests of what it was given.
    pub fn finish(self) -> (W, Digests) {
        (self.inner, self.hasher.finish())
    }
}

impl<W: Write> Write for Tee<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// The SHA-1 of all that a reader gives, without the cost of a second hash.
///
/// # Errors
/// Reading fails.
pub fn sha1(reader: &mut dyn Read) -> io::Result<[u8; 20]> {
    let mut hasher = Sha1::new();
    each_chunk(reader, |chunk| hasher.update(chunk))?;
    Ok(hasher.finalize().into())
}

/// The SHA-256 of all that a reader gives.
///
/// # Errors
/// Reading fails.
pub fn sha256(reader: &mut dyn Read) -> io::Result<[u8; 32]> {
    let mut hasher = Sha256::new();
    each_chunk(reader, |chunk| hasher.update(chunk))?;
    Ok(hasher.finalize().into())
}

fn each_chunk(reader: &mut dyn Read, mut take: impl FnMut(&[u8])) -> io::Result<()> {
    let mut buffer = vec![0; CHUNK];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => take(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABC_SHA1: &str = "a9993e364706816aba3e25717850c26c9cd0d89d";
    const ABC_SHA256: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn hashes_the_vectors_of_fips_180() {
        let digests = Digests::of(b"abc");
        assert_eq!((digests.size, &*digests.sha1_hex(), &*digests.sha256_hex()), (3, ABC_SHA1, ABC_SHA256));
        assert_eq!(Digests::of(b"").sha1_hex(), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    }

    #[test]
    fn a_reader_and_a_writer_give_the_same_as_memory() {
        let bytes: Vec<u8> = (0..CHUNK * 2 + 5).map(|at| at.to_le_bytes()[0]).collect();
        let expected = Digests::of(&bytes);
        assert_eq!(Digests::of_reader(&mut &*bytes).unwrap(), expected);
        assert_eq!(sha1(&mut &*bytes).unwrap(), expected.sha1);
        assert_eq!(sha256(&mut &*bytes).unwrap(), expected.sha256);
        let mut tee = Tee::new(Vec::new());
        tee.write_all(&bytes).unwrap();
        assert_eq!(tee.size(), bytes.len() as u64);
        assert_eq!(tee.finish(), (bytes, expected));
    }

    #[test]
    fn only_what_was_written_is_hashed() {
        /// Takes one byte at a time.
        struct Slow(Vec<u8>);
        impl Write for Slow {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.extend(bytes.first());
                Ok(bytes.len().min(1))
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut tee = Tee::new(Slow(Vec::new()));
        tee.write_all(b"abc").unwrap();
        let (inner, digests) = tee.finish();
        assert_eq!((&*inner.0, &*digests.sha1_hex()), (&b"abc"[..], ABC_SHA1));
    }
}
