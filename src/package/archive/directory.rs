//! Reads the central directory of an archive: which entries it says it has, and where. It is read here and not by a zip
//! library because those fold entries of the same name into one, and what one reader hides another one unpacks.

use std::io::{self, Read, Seek, SeekFrom};

use super::Error;
use super::record::{self, u16_at, u32_at, u64_at};

/// The record at the end and the longest comment after it.
const TAIL: u64 = record::END_LENGTH as u64 + 0xFFFF;

/// One entry as the central directory has it.
#[derive(Debug, Clone)]
pub(super) struct Record {
    /// Its name as text, not yet checked.
    pub(super) name: String,
    /// Its name as bytes.
    pub(super) raw_name: Vec<u8>,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc: u32,
    pub(super) packed: u64,
    pub(super) size: u64,
    /// Where its local header begins in the file.
    pub(super) offset: u64,
    /// The system it was made on: 3 is Unix, 19 is macOS.
    pub(super) system: u8,
    pub(super) attributes: u32,
}

/// All entries, and where the directory begins in the file.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) records: Vec<Record>,
    pub(super) start: u64,
}

/// What the end of the archive says.
struct End {
    count: u64,
    size: u64,
    offset: u64,
    /// Where the directory must end.
    position: u64,
}

/// Reads the directory of an archive of `length` bytes.
pub(super) fn read<R: Read + Seek>(
    reader: &mut R,
    length: u64,
    most_entries: u64,
) -> Result<Directory, Error> {
    let end = find_end(reader, length)?;
    if end.count > most_entries {
        return Err(Error::TooManyEntries { count: end.count, limit: most_entries, name: String::new() });
    }
    // Bytes before the archive (a self-extractor) move everything: the directory ends where the end record begins.
    let start = end
        .position
        .checked_sub(end.size)
        .ok_or(Error::NotAnArchive("its central directory is longer than the file"))?;
    let moved = start
        .checked_sub(end.offset)
        .ok_or(Error::NotAnArchive("its central directory is not where its end says"))?;
    // The size is at most the file's; each entry takes 46 bytes of it, so that the count cannot lie about memory.
    if end.count.saturating_mul(record::CENTRAL_LENGTH as u64) > end.size {
        return Err(Error::NotAnArchive("its central directory is too short for its entries"));
    }
    let bytes = read_at(reader, start, end.size)?;
    let mut records = Vec::with_capacity(usize::try_from(end.count).unwrap_or(0));
    let mut rest = &*bytes;
    while !rest.is_empty() && u32_at(rest, 0) == record::CENTRAL {
        let (mut read, after) = read_record(rest)?;
        read.offset = read.offset.checked_add(moved).filter(|&offset| offset < start).ok_or_else(|| {
            Error::Damaged { name: read.name.clone(), problem: "it lies outside of the file" }
        })?;
        records.push(read);
        rest = after;
        if records.len() as u64 > end.count {
            break;
        }
    }
    if records.len() as u64 != end.count {
        return Err(Error::NotAnArchive(
            "its central directory has another number of entries than its end says",
        ));
    }
    Ok(Directory { records, start })
}

fn read_at<R: Read + Seek>(reader: &mut R, offset: u64, length: u64) -> Result<Vec<u8>, Error> {
    reader.seek(SeekFrom::Start(offset)).map_err(Error::Read)?;
    let mut bytes = Vec::new();
    reader.take(length).read_to_end(&mut bytes).map_err(Error::Read)?;
    if bytes.len() as u64 == length {
        return Ok(bytes);
    }
    Err(Error::Read(io::Error::from(io::ErrorKind::UnexpectedEof)))
}

/// Finds the end record: the last one whose comment fits into the file.
fn find_end<R: Read + Seek>(reader: &mut R, length: u64) -> Result<End, Error> {
    let start = length.saturating_sub(TAIL);
    let tail = read_at(reader, start, length - start)?;
    let last = tail.len().checked_sub(record::END_LENGTH).ok_or(Error::NotAnArchive("it is too short"))?;
    let at = (0..=last)
        .rev()
        .find(|&at| {
            u32_at(&tail, at) == record::END
                && at + record::END_LENGTH + usize::from(u16_at(&tail, at + 20)) <= tail.len()
        })
        .ok_or(Error::NotAnArchive("it has no end record"))?;
    let end = &tail[at..];
    let position = start + at as u64;
    let (count, size, offset) = (u16_at(end, 10), u32_at(end, 12), u32_at(end, 16));
    if u16_at(end, 4) != 0 && u16_at(end, 4) != u16::MAX {
        return Err(Error::NotAnArchive("it is one part of several"));
    }
    if (count == u16::MAX || size == u32::MAX || offset == u32::MAX)
        && let Some(end) = find_end_64(reader, position)?
    {
        return Ok(end);
    }
    Ok(End { count: count.into(), size: size.into(), offset: offset.into(), position })
}

/// The end record of a zip64 archive, when there is one before the plain end record.
fn find_end_64<R: Read + Seek>(reader: &mut R, before: u64) -> Result<Option<End>, Error> {
    const LOCATOR: u64 = 20;
    const LENGTH: u64 = 56;
    let Some(locator_at) = before.checked_sub(LOCATOR) else { return Ok(None) };
    let locator = read_at(reader, locator_at, LOCATOR)?;
    if u32_at(&locator, 0) != record::LOCATOR_64 {
        return Ok(None);
    }
    let lost = || Error::NotAnArchive("its zip64 end record is not where its locator says");
    let told = u64_at(&locator, 8);
    // With bytes before the archive the record lies later than told; without extensible data it is right before the locator.
    for position in [Some(told), locator_at.checked_sub(LENGTH)].into_iter().flatten() {
        if position.checked_add(LENGTH).is_none_or(|end| end > locator_at) {
            continue;
        }
        let end = read_at(reader, position, LENGTH)?;
        if u32_at(&end, 0) == record::END_64 {
            let (count, size, offset) = (u64_at(&end, 32), u64_at(&end, 40), u64_at(&end, 48));
            return Ok(Some(End { count, size, offset, position }));
        }
    }
    Err(lost())
}

/// Reads one record and gives what follows it.
fn read_record(bytes: &[u8]) -> Result<(Record, &[u8]), Error> {
    let cut = || Error::NotAnArchive("its central directory is cut off");
    let (name_length, extra_length, comment_length) =
        (usize::from(u16_at(bytes, 28)), usize::from(u16_at(bytes, 30)), usize::from(u16_at(bytes, 32)));
    let extra_at = record::CENTRAL_LENGTH + name_length;
    let raw_name = bytes.get(record::CENTRAL_LENGTH..extra_at).ok_or_else(cut)?;
    let extra = bytes.get(extra_at..extra_at + extra_length).ok_or_else(cut)?;
    let rest = bytes.get(extra_at + extra_length + comment_length..).ok_or_else(cut)?;
    let flags = u16_at(bytes, 8);
    let name = decode(raw_name, flags & record::FLAG_UTF_8 != 0);
    let mut read = Record {
        name,
        raw_name: raw_name.to_vec(),
        flags,
        method: u16_at(bytes, 10),
        crc: u32_at(bytes, 16),
        packed: u32_at(bytes, 20).into(),
        size: u32_at(bytes, 24).into(),
        offset: u32_at(bytes, 42).into(),
        system: (u16_at(bytes, 4) >> 8) as u8,
        attributes: u32_at(bytes, 38),
    };
    widen(&mut read, extra)?;
    Ok((read, rest))
}

/// Takes the sizes that do not fit into 32 bits from the zip64 extra field (APPNOTE 4.5.3).
fn widen(read: &mut Record, extra: &[u8]) -> Result<(), Error> {
    let full = u64::from(u32::MAX);
    if read.size != full && read.packed != full && read.offset != full {
        return Ok(());
    }
    let mut rest = extra;
    while rest.len() >= 4 {
        let length = usize::from(u16_at(rest, 2));
        let Some(data) = rest.get(4..4 + length) else { break };
        if u16_at(rest, 0) == 1 {
            let mut at = 0;
            for field in [&mut read.size, &mut read.packed, &mut read.offset] {
                if *field == full {
                    if data.len() < at + 8 {
                        let (name, problem) = (read.name.clone(), "its zip64 field is too short");
                        return Err(Error::Damaged { name, problem });
                    }
                    *field = u64_at(data, at);
                    at += 8;
                }
            }
            return Ok(());
        }
        rest = &rest[4 + length..];
    }
    Ok(())
}

/// A name as text: UTF-8 when it says so or is so, else the code page of MS-DOS, as all tools do.
fn decode(raw: &[u8], utf_8: bool) -> String {
    match std::str::from_utf8(raw) {
        Ok(name) => name.to_owned(),
        Err(_) if utf_8 => String::from_utf8_lossy(raw).into_owned(),
        Err(_) => raw.iter().map(|&byte| from_code_page_437(byte)).collect(),
    }
}

fn from_code_page_437(byte: u8) -> char {
    const UPPER: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";
    match byte.checked_sub(0x80) {
        None => byte.into(),
        Some(index) => UPPER.chars().nth(index.into()).unwrap_or(char::REPLACEMENT_CHARACTER),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_the_utf_8_flag_are_read_as_dos_wrote_them() {
        assert_eq!(decode(b"caf\x82.txt", false), "café.txt");
        assert_eq!(decode("café.txt".as_bytes(), false), "café.txt");
        assert_eq!(decode(b"caf\x82", true), "caf\u{fffd}");
        assert_eq!(from_code_page_437(0xFE), '■');
        assert_eq!(from_code_page_437(0xFF), '\u{a0}');
    }
}
