//! Packs the content of one entry: whole in memory, or in pieces through a scratch file when it is large.
//!
//! The bytes depend on the content alone, never on the number of threads: pieces have a fixed length.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use flate2::{Compress, Compression, FlushCompress, Status};
use libdeflater::{CompressionLvl, Compressor};

use super::record::{DEFLATED, STORED};
use super::{Content, Error};

/// Contents up to this size are packed whole: libdeflate is a third faster than zlib and packs better, but has no streams.
pub(super) const WHOLE: u64 = 32 << 20;

/// How much of a large content is packed at once. What lies before it is known to the next piece, so little is lost.
const PIECE: usize = 4 << 20;

/// How far back a deflate stream can refer.
const DICTIONARY: usize = 32 << 10;

/// How many pieces are packed at the same time: more would cost memory that a 64-core machine multiplies.
pub(super) const MAX_PIECES: usize = 8;

/// The level of libdeflate for whole contents: smaller than zlib's level 6 in less time; see docs/benchmarks.md.
const LEVEL: i32 = 6;

/// The level of zlib for pieces: the lowest one at which they are no larger than what `zip -6` makes of the whole.
const PIECE_LEVEL: u32 = 7;

/// A packing buffer larger than this is not kept for the next content.
const KEEP: usize = 4 << 20;

/// An entry that is ready to be written.
pub(super) struct Packed<'a> {
    pub(super) method: u16,
    pub(super) crc: u32,
    /// The packed size in bytes.
    pub(super) length: u64,
    pub(super) body: Body<'a>,
}

/// Where the packed bytes of an entry are.
pub(super) enum Body<'a> {
    Memory(Vec<u8>),
    Borrowed(&'a [u8]),
    /// In a scratch file, from its beginning.
    Scratch(Box<dyn Read + Send>),
    /// Not kept: they are read once more.
    Again(&'a Content),
}

impl Body<'_> {
    /// How much memory it holds.
    pub(super) fn held(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            _ => 0,
        }
    }
}

/// What all packing threads share.
#[derive(Clone, Copy)]
pub(super) struct Shared<'a> {
    /// Contents up to this size in bytes are packed whole.
    pub(super) whole: u64,
    /// How many pieces of a larger one are packed at once.
    pub(super) pieces: usize,
    /// The folder for scratch files, when it is not the system's.
    pub(super) scratch: Option<&'a Path>,
    /// Ends the packing when it becomes true.
    pub(super) cancel: &'a AtomicBool,
    /// Counts the bytes that were packed.
    pub(super) bytes: &'a AtomicU64,
}

/// The most memory that packing a content takes, in bytes.
pub(super) fn cost(content: &Content, shared: Shared<'_>) -> u64 {
    const LEAST: u64 = 4096;
    match content.size() {
        size if size <= shared.whole => LEAST + 2 * size,
        _ => (shared.pieces * 2 * PIECE) as u64,
    }
}

/// Packs contents, one after the other, on one thread (and for large ones on some more).
pub(super) struct Packer<'a> {
    compressor: Compressor,
    buffer: Vec<u8>,
    shared: Shared<'a>,
}

impl<'a> Packer<'a> {
    pub(super) fn new(shared: Shared<'a>) -> Self {
        let level = CompressionLvl::new(LEVEL).unwrap_or_default();
        Self { compressor: Compressor::new(level), buffer: Vec::new(), shared }
    }

    /// Packs one content. `name` is for errors.
    pub(super) fn pack<'e>(&mut self, name: &str, content: &'e Content) -> Result<Packed<'e>, Error> {
        let size = content.size();
        let packed = match content {
            Content::Folder => Packed { method: STORED, crc: 0, length: 0, body: Body::Borrowed(&[]) },
            _ if size > self.shared.whole => return self.pack_large(name, content),
            Content::Bytes(bytes) => self.pack_whole(bytes).unwrap_or_else(|crc| Packed {
                method: STORED,
                crc,
                length: size,
                body: Body::Borrowed(bytes),
            }),
            Content::Source(source) => {
                let failed = |source| Error::Content { name: name.to_owned(), source };
                let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
                source.open().map_err(failed)?.take(size + 1).read_to_end(&mut bytes).map_err(failed)?;
                check_size(name, size, bytes.len() as u64)?;
                match self.pack_whole(&bytes) {
                    Ok(packed) => packed,
                    Err(crc) => Packed { method: STORED, crc, length: size, body: Body::Memory(bytes) },
                }
            }
        };
        self.shared.bytes.fetch_add(size, Ordering::Relaxed);
        Ok(packed)
    }

    /// Deflates bytes in memory, or gives their checksum when that makes them no smaller.
    fn pack_whole(&mut self, bytes: &[u8]) -> Result<Packed<'static>, u32> {
        let crc = crc32fast::hash(bytes);
        // A buffer one byte short: libdeflate gives up as soon as the content would not become smaller.
        let room = bytes.len().saturating_sub(1);
        if room == 0 {
            return Err(crc);
        }
        if self.buffer.len() < room {
            self.buffer.resize(room, 0);
        }
        let packed = self.compressor.deflate_compress(bytes, &mut self.buffer[..room]);
        // A large buffer is handed on, not copied, so that a content never takes more than twice its size.
        let mut large = if self.buffer.len() > KEEP { std::mem::take(&mut self.buffer) } else { Vec::new() };
        let length = packed.map_err(|_| crc)?;
        let bytes = if large.is_empty() {
            self.buffer[..length].to_vec()
        } else {
            large.truncate(length);
            large.shrink_to_fit();
            large
        };
        Ok(Packed { method: DEFLATED, crc, length: bytes.len() as u64, body: Body::Memory(bytes) })
    }

    /// Packs a content in pieces into a scratch file, so that its packed size is known before its header is written.
    fn pack_large<'e>(&mut self, name: &str, content: &'e Content) -> Result<Packed<'e>, Error> {
        let size = content.size();
        let failed = |source| Error::Content { name: name.to_owned(), source };
        let scratch_failed = |source| Error::Scratch { name: name.to_owned(), source };
        let mut input = open(content).map_err(failed)?;
        let scratch = self.shared.scratch.map_or_else(tempfile::tempfile, tempfile::tempfile_in);
        let mut scratch = scratch.map_err(scratch_failed)?;
        let mut crc = crc32fast::Hasher::new();
        let (mut read, mut length) = (0, 0);
        let mut before = Vec::new();
        loop {
            if self.shared.cancel.load(Ordering::Relaxed) {
                return Err(Error::Cancelled);
            }
            let mut pieces = Vec::with_capacity(self.shared.pieces);
            while pieces.len() < self.shared.pieces && read < size {
                let piece = read_piece(&mut *input).map_err(failed)?;
                read += piece.len() as u64;
                crc.update(&piece);
                self.shared.bytes.fetch_add(piece.len() as u64, Ordering::Relaxed);
                let ended = piece.len() < PIECE;
                pieces.push(piece);
                if ended {
                    break;
                }
            }
            let last = read >= size || pieces.last().is_none_or(|piece| piece.len() < PIECE);
            for packed in deflate_pieces(&before, &pieces, last).map_err(scratch_failed)? {
                scratch.write_all(&packed).map_err(scratch_failed)?;
                length += packed.len() as u64;
            }
            if last {
                break;
            }
            before = pieces.pop().unwrap_or_default();
        }
        check_size(name, size, read + at_end(&mut *input).map_err(failed)?)?;
        let crc = crc.finalize();
        if length >= size {
            return Ok(Packed { method: STORED, crc, length: size, body: Body::Again(content) });
        }
        scratch.seek(SeekFrom::Start(0)).map_err(scratch_failed)?;
        Ok(Packed { method: DEFLATED, crc, length, body: Body::Scratch(Box::new(scratch)) })
    }
}

/// Opens a content for reading.
pub(super) fn open(content: &Content) -> io::Result<Box<dyn Read + Send + '_>> {
    Ok(match content {
        Content::Folder => Box::new(io::empty()),
        Content::Bytes(bytes) => Box::new(&**bytes),
        Content::Source(source) => source.open()?,
    })
}

fn check_size(name: &str, expected: u64, read: u64) -> Result<(), Error> {
    if read == expected {
        return Ok(());
    }
    let found = if read > expected { "there were more".to_owned() } else { format!("{read} were read") };
    Err(Error::Changed { name: name.to_owned(), expected, found })
}

/// 1 when there is another byte to read.
fn at_end(input: &mut dyn Read) -> io::Result<u64> {
    io::copy(&mut input.take(1), &mut io::sink())
}

fn read_piece(input: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut piece = Vec::with_capacity(PIECE);
    input.take(PIECE as u64).read_to_end(&mut piece)?;
    Ok(piece)
}

/// Deflates pieces that follow each other, each on its own thread, into one stream. `before` is the piece before them.
fn deflate_pieces(before: &[u8], pieces: &[Vec<u8>], last: bool) -> io::Result<Vec<Vec<u8>>> {
    let dictionary = |index: usize| {
        let before = if index == 0 { before } else { &pieces[index - 1] };
        &before[before.len().saturating_sub(DICTIONARY)..]
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = pieces
            .iter()
            .enumerate()
            .map(|(index, piece)| {
                let flush = if last && index + 1 == pieces.len() {
                    FlushCompress::Finish
                } else {
                    FlushCompress::Sync
                };
                scope.spawn(move || deflate_piece(dictionary(index), piece, flush))
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().map_err(|_| io::Error::other("packing a piece failed"))?)
            .collect()
    })
}

fn deflate_piece(dictionary: &[u8], piece: &[u8], flush: FlushCompress) -> io::Result<Vec<u8>> {
    let mut compress = Compress::new(Compression::new(PIECE_LEVEL), false);
    if !dictionary.is_empty() {
        compress.set_dictionary(dictionary).map_err(io::Error::other)?;
    }
    let mut packed = Vec::with_capacity(piece.len() / 2 + 1024);
    loop {
        let used = usize::try_from(compress.total_in()).unwrap_or(usize::MAX).min(piece.len());
        let status = compress.compress_vec(&piece[used..], &mut packed, flush).map_err(io::Error::other)?;
        let all_in = compress.total_in() == piece.len() as u64;
        let room = packed.capacity() > packed.len();
        match status {
            Status::StreamEnd => return Ok(packed),
            // A flush is complete when it leaves room in the output.
            Status::Ok | Status::BufError if flush != FlushCompress::Finish && all_in && room => {
                return Ok(packed);
            }
            _ => packed.reserve(piece.len() / 4 + 1024),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text-like bytes that do not repeat exactly.
    fn words(length: usize) -> Vec<u8> {
        let mut state = 1_u32;
        let mut bytes = Vec::with_capacity(length + 8);
        while bytes.len() < length {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            bytes.extend([&b"import "[..], b"return ", b"self.", b"None\n"][(state >> 30) as usize]);
            bytes.push(b'a' + state.to_be_bytes()[1] % 26);
        }
        bytes.truncate(length);
        bytes
    }

    fn inflate(pieces: &[Vec<u8>]) -> Vec<u8> {
        let mut plain = Vec::new();
        flate2::read::DeflateDecoder::new(&*pieces.concat()).read_to_end(&mut plain).unwrap();
        plain
    }

    #[test]
    fn pieces_are_one_stream_and_know_what_was_before() {
        let plain = words(300_000);
        let pieces: Vec<Vec<u8>> = plain.chunks(100_000).map(<[u8]>::to_vec).collect();
        let first = deflate_pieces(&[], &pieces[..2], false).unwrap();
        let second = deflate_pieces(&pieces[1], &pieces[2..], true).unwrap();
        assert_eq!(inflate(&[&*first, &*second].concat()), plain);
        let alone = deflate_pieces(&[], &pieces[2..], true).unwrap();
        assert!(second[0].len() < alone[0].len(), "the dictionary is used");
    }

    #[test]
    fn pieces_that_do_not_shrink_and_empty_pieces_end_as_well() {
        let mut state = 7_u64;
        let noise: Vec<u8> = (0..70_000)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 56) as u8
            })
            .collect();
        let packed = deflate_pieces(&[], std::slice::from_ref(&noise), false).unwrap();
        let end = deflate_pieces(&noise, &[Vec::new()], true).unwrap();
        assert_eq!(inflate(&[packed, end].concat()), noise);
    }
}
