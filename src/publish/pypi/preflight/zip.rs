//! The framing of a zip file as PyPI wants it: read from front to back it is the same as read by its directory.
//!
//! PyPI refuses what two readers could understand differently: data descriptors, names that stand twice, sizes that
//! disagree, comments of entries, bytes before, between or after (PKWARE APPNOTE 4.3 for the records).

use std::collections::{HashMap, HashSet};
use std::io::{self, Read, Seek, SeekFrom};

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const END_64: u32 = 0x0606_4b50;
const LOCATOR_64: u32 = 0x0706_4b50;

/// The extra fields that must not stand twice: zip64 sizes and the Unicode path.
const SINGLE_EXTRAS: [u16; 2] = [0x0001, 0x7075];

/// What keeps PyPI from taking a zip, as a lower-case fragment; None for a good one.
///
/// # Errors
/// Reading fails otherwise than at the end.
pub(super) fn fault<R: Read + Seek>(reader: R) -> io::Result<Option<String>> {
    let mut walk = Walk { reader, at: 0, length: 0, local: HashMap::new(), central: HashSet::new() };
    walk.length = walk.reader.seek(SeekFrom::End(0))?;
    match walk.all() {
        Ok(()) => Ok(None),
        Err(Stop::Fault(fault)) => Ok(Some(fault)),
        Err(Stop::Read(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Ok(Some("it ends in the middle of a record".into()))
        }
        Err(Stop::Read(error)) => Err(error),
    }
}

/// Why the walk ends.
enum Stop {
    Fault(String),
    Read(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

fn stop<T>(fault: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Fault(fault.into()))
}

struct Walk<R> {
    reader: R,
    at: u64,
    length: u64,
    /// The packed and plain sizes of the entries as their own headers have them.
    local: HashMap<Vec<u8>, (u64, u64)>,
    central: HashSet<Vec<u8>>,
}

/// The directory as it was met and as its end says it is.
#[derive(Default)]
struct Directory {
    start: Option<u64>,
    size: u64,
    count: u64,
    told: Option<(u64, u64, u64)>,
}

impl<R: Read + Seek> Walk<R> {
    fn all(&mut self) -> Result<(), Stop> {
        let mut directory = Directory::default();
        let (mut end_64_at, mut located_64) = (None, None);
        loop {
            let here = self.at;
            self.reader.seek(SeekFrom::Start(here))?;
            match u32_at(&self.take(4)?, 0) {
                LOCAL => {
                    if directory.start.is_some() {
                        return stop("an entry stands behind the directory");
                    }
                    self.local_header()?;
                }
                CENTRAL => {
                    directory.start.get_or_insert(here);
                    directory.count += 1;
                    self.central_header()?;
                    directory.size += self.at - here;
                }
                END_64 => {
                    end_64_at = Some(here);
                    let end = self.take(52)?;
                    if u64_at(&end, 0) != 44 {
                        return stop("its zip64 end has extensible data");
                    }
                    if u64_at(&end, 20) != u64_at(&end, 28) {
                        return stop("it is one part of several");
                    }
                    directory.told = Some((u64_at(&end, 28), u64_at(&end, 36), u64_at(&end, 44)));
                }
                LOCATOR_64 => located_64 = Some(u64_at(&self.take(16)?, 4)),
                END => {
                    directory.start.get_or_insert(here);
                    if end_64_at != located_64 {
                        return stop("its zip64 end is not where its locator says");
                    }
                    self.end(&directory)?;
                    break;
                }
                _ if here == 0 => return stop("it does not begin with an entry"),
                _ => return stop("there is something between its records"),
            }
        }
        if self.at != self.length {
            return stop("something follows its end");
        }
        if self.central.len() != self.local.len() {
            return stop("it has an entry that its directory does not list");
        }
        Ok(())
    }

    fn local_header(&mut self) -> Result<(), Stop> {
        let header = self.take(26)?;
        let (flags, method) = (u16_at(&header, 2), u16_at(&header, 4));
        let (mut packed, mut size) = (u64::from(u32_at(&header, 14)), u64::from(u32_at(&header, 18)));
        let name = self.take(u16_at(&header, 22).into())?;
        let extra = self.take(u16_at(&header, 24).into())?;
        let shown = check_name(&name)?;
        sizes_of_64(&extra, &mut packed, &mut size)?;
        if flags & 8 != 0 {
            return stop(format!(
                "`{shown}` has a data descriptor, as zips have that were written to a stream"
            ));
        }
        if flags & 1 != 0 {
            return stop(format!("`{shown}` is encrypted"));
        }
        if !matches!(method, 0 | 8) {
            return stop(format!(
                "`{shown}` is compressed with method {method}: only stored and deflate are taken"
            ));
        }
        if self.local.insert(name, (packed, size)).is_some() {
            return stop(format!("`{shown}` stands in it twice"));
        }
        match self.at.checked_add(packed).filter(|end| *end <= self.length) {
            Some(end) => self.at = end,
            None => return stop(format!("`{shown}` is cut off")),
        }
        Ok(())
    }

    fn central_header(&mut self) -> Result<(), Stop> {
        let header = self.take(42)?;
        let (mut packed, mut size) = (u64::from(u32_at(&header, 16)), u64::from(u32_at(&header, 20)));
        let name = self.take(u16_at(&header, 24).into())?;
        let extra = self.take(u16_at(&header, 26).into())?;
        let shown = check_name(&name)?;
        if u16_at(&header, 28) != 0 {
            return stop(format!("`{shown}` has a comment"));
        }
        sizes_of_64(&extra, &mut packed, &mut size)?;
        match self.local.get(&name) {
            None => return stop(format!("its directory lists `{shown}`, which is not in it")),
            Some(local) if *local != (packed, size) => {
                return stop(format!("`{shown}` has another size in the directory than in its own header"));
            }
            Some(_) => {}
        }
        if !self.central.insert(name) {
            return stop(format!("its directory lists `{shown}` twice"));
        }
        Ok(())
    }

    fn end(&mut self, directory: &Directory) -> Result<(), Stop> {
        let end = self.take(18)?;
        if u16_at(&end, 4) != u16_at(&end, 6) {
            return stop("it is one part of several");
        }
        let plain = (u16_at(&end, 6).into(), u32_at(&end, 8).into(), u32_at(&end, 12).into());
        let (count, size, offset) = directory.told.unwrap_or(plain);
        if count != directory.count || size != directory.size || Some(offset) != directory.start {
            return stop("its end describes another directory than it has");
        }
        self.take(u16_at(&end, 16).into())?;
        Ok(())
    }

    fn take(&mut self, count: usize) -> Result<Vec<u8>, Stop> {
        let mut bytes = vec![0; count];
        self.reader.read_exact(&mut bytes)?;
        self.at += count as u64;
        Ok(bytes)
    }
}

/// The name as text, after a check that it is UTF-8 without control characters.
fn check_name(name: &[u8]) -> Result<String, Stop> {
    let shown = String::from_utf8_lossy(name).escape_debug().to_string();
    if name.iter().any(u8::is_ascii_control) {
        return stop(format!("the name `{shown}` has a control character"));
    }
    if std::str::from_utf8(name).is_err() {
        return stop(format!("the name `{shown}` is not UTF-8"));
    }
    Ok(shown)
}

/// Takes the sizes that do not fit into 32 bits from the zip64 extra field (APPNOTE 4.5.3).
fn sizes_of_64(extra: &[u8], packed: &mut u64, size: &mut u64) -> Result<(), Stop> {
    const FULL: u64 = 0xFFFF_FFFF;
    let mut seen = Vec::new();
    let mut rest = extra;
    while !rest.is_empty() {
        let (kind, length) = (u16_at(rest, 0), usize::from(u16_at(rest, 2)));
        let Some(data) = rest.get(4..4 + length) else { return stop("one of its extra fields is cut off") };
        if SINGLE_EXTRAS.contains(&kind) && seen.contains(&kind) {
            return stop("one of its entries has an extra field twice");
        }
        seen.push(kind);
        if kind == 1 {
            let mut fields = data.chunks_exact(8).map(|field| u64_at(field, 0));
            for wide in [&mut *size, &mut *packed] {
                if *wide == FULL {
                    let Some(value) = fields.next() else { return stop("a zip64 size is missing") };
                    *wide = value;
                }
            }
        }
        rest = &rest[4 + length..];
    }
    Ok(())
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |&field| u16::from_le_bytes(field))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |&field| u32::from_le_bytes(field))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |&field| u64::from_le_bytes(field))
}
