//! The records of a zip archive as bytes (PKWARE APPNOTE 6.3.10): what stands before an entry, in the central directory and
//! at the end. No checks and no compression here.

use time::OffsetDateTime;

pub(super) const LOCAL: u32 = 0x0403_4b50;
pub(super) const CENTRAL: u32 = 0x0201_4b50;
pub(super) const END: u32 = 0x0605_4b50;
pub(super) const END_64: u32 = 0x0606_4b50;
pub(super) const LOCATOR_64: u32 = 0x0706_4b50;

pub(super) const LOCAL_LENGTH: usize = 30;
pub(super) const CENTRAL_LENGTH: usize = 46;
pub(super) const END_LENGTH: usize = 22;

pub(super) const STORED: u16 = 0;
pub(super) const DEFLATED: u16 = 8;

pub(super) const FLAG_ENCRYPTED: u16 = 1;
pub(super) const FLAG_UTF_8: u16 = 1 << 11;

/// What is needed to unpack: 2.0, deflate and folders.
const VERSION: u16 = 20;
/// Made on FAT, as Web Deploy says: there are then no permissions that could differ between machines.
const SYSTEM_FAT: u16 = 0;
/// The attribute of a folder on FAT.
pub(super) const ATTRIBUTE_FOLDER: u32 = 0x10;

/// The date and time of an entry as MS-DOS keeps them: two seconds are the smallest step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DosTime {
    pub(super) date: u16,
    pub(super) time: u16,
}

impl DosTime {
    /// 1980-01-01 00:00, the earliest.
    const EARLIEST: Self = Self::packed([0, 1, 1], [0, 0, 0]);
    /// 2107-12-31 23:59:58, the last.
    const LATEST: Self = Self::packed([127, 12, 31], [23, 59, 59]);

    /// Years since 1980, month and day; hours, minutes and seconds.
    const fn packed([years, month, day]: [u16; 3], [hour, minute, second]: [u16; 3]) -> Self {
        Self { date: (years << 9) | (month << 5) | day, time: (hour << 11) | (minute << 5) | (second / 2) }
    }

    /// The time, in UTC, that is nearest to some seconds since 1970.
    pub(super) fn of(seconds: Option<u64>) -> Self {
        let Some(seconds) = seconds else { return Self::EARLIEST };
        let Some(moment) =
            i64::try_from(seconds).ok().and_then(|s| OffsetDateTime::from_unix_timestamp(s).ok())
        else {
            return Self::LATEST;
        };
        let Ok(years) = u16::try_from(moment.year() - 1980) else { return Self::EARLIEST };
        if years > 127 {
            return Self::LATEST;
        }
        let [month, day, hour, minute, second] =
            [moment.month().into(), moment.day(), moment.hour(), moment.minute(), moment.second()]
                .map(u16::from);
        Self::packed([years, month, day], [hour, minute, second])
    }
}

/// What both headers of an entry say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header<'a> {
    pub(super) name: &'a str,
    pub(super) folder: bool,
    pub(super) time: DosTime,
    pub(super) method: u16,
    pub(super) crc: u32,
    pub(super) packed: u32,
    pub(super) size: u32,
}

impl Header<'_> {
    fn common(&self, out: &mut Vec<u8>) {
        let flags = if self.name.is_ascii() { 0 } else { FLAG_UTF_8 };
        for field in [VERSION, flags, self.method, self.time.time, self.time.date] {
            out.extend(field.to_le_bytes());
        }
        for field in [self.crc, self.packed, self.size] {
            out.extend(field.to_le_bytes());
        }
        out.extend(short(self.name.len()).to_le_bytes());
        out.extend(0_u16.to_le_bytes());
    }

    /// The header that stands before the data.
    pub(super) fn local(&self, out: &mut Vec<u8>) {
        out.extend(LOCAL.to_le_bytes());
        self.common(out);
        out.extend(self.name.as_bytes());
    }

    /// The header in the central directory. `offset` is where the local one begins.
    pub(super) fn central(&self, offset: u32, out: &mut Vec<u8>) {
        out.extend(CENTRAL.to_le_bytes());
        out.extend((SYSTEM_FAT << 8 | VERSION).to_le_bytes());
        self.common(out);
        // No comment, first disk, binary.
        out.extend([0; 6]);
        let attributes = if self.folder { ATTRIBUTE_FOLDER } else { 0 };
        out.extend(attributes.to_le_bytes());
        out.extend(offset.to_le_bytes());
        out.extend(self.name.as_bytes());
    }
}

/// The record at the end of the archive.
pub(super) fn end(count: u16, directory_size: u32, directory_offset: u32) -> [u8; END_LENGTH] {
    let mut record = [0; END_LENGTH];
    record[..4].copy_from_slice(&END.to_le_bytes());
    record[8..10].copy_from_slice(&count.to_le_bytes());
    record[10..12].copy_from_slice(&count.to_le_bytes());
    record[12..16].copy_from_slice(&directory_size.to_le_bytes());
    record[16..20].copy_from_slice(&directory_offset.to_le_bytes());
    record
}

/// A length that was checked to fit before.
fn short(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

/// Two bytes at a place; 0 where the bytes end.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |&field| u16::from_le_bytes(field))
}

/// Four bytes at a place; 0 where the bytes end.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |&field| u32::from_le_bytes(field))
}

/// Eight bytes at a place; 0 where the bytes end.
pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |&field| u64::from_le_bytes(field))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_a_zip_cannot_hold_become_the_nearest() {
        assert_eq!(DosTime::of(None), DosTime { date: 0x21, time: 0 });
        assert_eq!(DosTime::of(Some(0)), DosTime::EARLIEST);
        assert_eq!(DosTime::of(Some(u64::MAX)), DosTime::LATEST);
        assert_eq!(DosTime::of(Some(4_354_819_200)), DosTime::LATEST);
        // 2026-11-22 19:09:15 UTC.
        let expected = DosTime { date: 0x5D76, time: 0x9927 };
        assert_eq!(DosTime::of(Some(1_795_374_555)), expected);
    }
}
