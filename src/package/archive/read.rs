//! Reads an archive that may come from anybody. All entries are checked before the first one is unpacked.

use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};

use super::directory::{self, Record};
use super::name::{self, Names};
use super::record::{self, DEFLATED, STORED, u16_at, u32_at};
use super::{Error, MAX_FILE};

/// What an archive may ask of the machine that reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most entries.
    pub entries: u64,
    /// The most bytes of one entry, unpacked.
    pub file: u64,
    /// The most bytes of all entries, unpacked.
    pub total: u64,
    /// How many times its own size the archive may have unpacked, …
    pub ratio: u64,
    /// … as soon as that is more than so many bytes.
    pub free: u64,
}

impl Default for Limits {
    /// What Web Deploy takes; 16 GiB in all, and 200 times its own size once that is more than 256 MiB.
    fn default() -> Self {
        Self { entries: 65_536, file: MAX_FILE, total: 16 << 30, ratio: 200, free: 256 << 20 }
    }
}

impl Limits {
    /// For an archive that this program has just written: whatever it packed, it unpacks.
    pub fn own() -> Self {
        Self { total: u64::MAX, ratio: u64::MAX, ..Self::default() }
    }
}

/// One entry of an archive that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadEntry {
    /// Its name with forward slashes and without a final one, whatever the archive has.
    pub name: String,
    /// Whether it is a folder.
    pub folder: bool,
    /// Its size in bytes.
    pub size: u64,
    /// Its size in the archive in bytes.
    pub packed: u64,
    /// The CRC-32 of its content.
    pub crc: u32,
}

/// An archive whose entries were checked.
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    entries: Vec<ReadEntry>,
    places: Vec<Place>,
    names: Names,
}

/// Where an entry lies.
#[derive(Debug)]
struct Place {
    raw_name: Vec<u8>,
    method: u16,
    offset: u64,
    /// Where the next entry, or the directory, begins.
    end: u64,
}

impl<R: Read + Seek> Reader<R> {
    /// Reads the directory of an archive and checks all entries.
    ///
    /// # Errors
    /// It is no archive, or one that is damaged, larger than the limits, or made to do harm: each with its own error.
    pub fn open(mut input: R, limits: Limits) -> Result<Self, Error> {
        let length = input.seek(SeekFrom::End(0)).map_err(Error::Read)?;
        let directory = directory::read(&mut input, length, limits.entries)?;
        let mut names = Names::with_capacity(directory.records.len());
        let mut entries: Vec<ReadEntry> = Vec::with_capacity(directory.records.len());
        let mut total = 0_u64;
        for (index, record) in directory.records.iter().enumerate() {
            let entry = check(record)?;
            names.add(&entry.name, index).map_err(|first| Error::Duplicate {
                first: directory.records[first].name.clone(),
                second: record.name.clone(),
            })?;
            if entry.size > limits.file {
                return Err(Error::TooLarge { name: entry.name, size: entry.size, limit: limits.file });
            }
            total = total.saturating_add(entry.size);
            let limit = limits.total.min(length.saturating_mul(limits.ratio).max(limits.free));
            if total > limit {
                return Err(Error::Bomb { name: entry.name, size: total, limit });
            }
            entries.push(entry);
        }
        names.check_folders(|index| (&*entries[index].name, entries[index].folder), entries.len())?;
        let places = places(directory)?;
        Ok(Self { input, entries, places, names })
    }

    /// The entries in the order of the archive's directory.
    pub fn entries(&self) -> &[ReadEntry] {
        &self.entries
    }

    /// The entry with a name. Case does not matter, and slashes may be either.
    pub fn find(&self, name: &str) -> Option<&ReadEntry> {
        self.index_of(name).map(|index| &self.entries[index])
    }

    fn index_of(&self, name: &str) -> Option<usize> {
        self.names.find(&name::normalise(name).ok()?)
    }

    /// The content of an entry that has at most `most` bytes.
    ///
    /// # Errors
    /// There is no such entry, it is larger, or it is damaged.
    pub fn read(&mut self, name: &str, most: u64) -> Result<Vec<u8>, Error> {
        let entry = self.find(name).ok_or_else(|| Error::Missing { name: name.to_owned() })?;
        if entry.size > most {
            return Err(Error::TooLarge { name: entry.name.clone(), size: entry.size, limit: most });
        }
        let mut bytes = Vec::with_capacity(usize::try_from(entry.size.min(1 << 20)).unwrap_or(0));
        self.copy_to(name, &mut bytes)?;
        Ok(bytes)
    }

    /// Unpacks an entry and gives its size. What was written is worthless when this fails.
    ///
    /// # Errors
    /// There is no such entry, it is damaged, or `out` fails.
    pub fn copy_to(&mut self, name: &str, out: &mut dyn Write) -> Result<u64, Error> {
        let index = self.index_of(name).ok_or_else(|| Error::Missing { name: name.to_owned() })?;
        self.copy_entry(index, out)
    }

    /// Unpacks the entry at an index of [`Self::entries`].
    ///
    /// # Errors
    /// As [`Self::copy_to`].
    pub fn copy_entry(&mut self, index: usize, out: &mut dyn Write) -> Result<u64, Error> {
        let (Some(entry), Some(place)) = (self.entries.get(index), self.places.get(index)) else {
            return Err(Error::Missing { name: index.to_string() });
        };
        if entry.folder {
            return Ok(0);
        }
        let damaged = |problem| Error::Damaged { name: entry.name.clone(), problem };
        go_to_data(&mut self.input, entry, place)?;
        let data = BufReader::with_capacity(64 << 10, (&mut self.input).take(entry.packed));
        let mut data: Box<dyn Read + '_> = match place.method {
            DEFLATED => Box::new(flate2::bufread::DeflateDecoder::new(data)),
            _ => Box::new(data),
        };
        let mut buffer = vec![0; 64 << 10];
        let mut crc = crc32fast::Hasher::new();
        let mut size = 0_u64;
        loop {
            let count = match data.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // What the decoder cannot make sense of comes as one of these two.
                Err(error)
                    if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) =>
                {
                    return Err(damaged("its compressed data is invalid"));
                }
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Err(damaged("its compressed data is cut off"));
                }
                Err(error) => return Err(Error::Read(error)),
            };
            size += count as u64;
            if size > entry.size {
                return Err(damaged("it unpacks to more bytes than it says"));
            }
            crc.update(&buffer[..count]);
            out.write_all(&buffer[..count])
                .map_err(|source| Error::Unpack { name: entry.name.clone(), source })?;
        }
        if size < entry.size {
            return Err(damaged("it unpacks to fewer bytes than it says"));
        }
        if crc.finalize() != entry.crc {
            return Err(Error::Checksum { name: entry.name.clone() });
        }
        Ok(size)
    }

    /// Gives back what it reads from.
    pub fn into_inner(self) -> R {
        self.input
    }
}

/// Checks one record by itself.
fn check(record: &Record) -> Result<ReadEntry, Error> {
    let named = || record.name.clone();
    let name = name::normalise(&record.name).map_err(|problem| Error::Name { name: named(), problem })?;
    let folder = record.name.ends_with(['/', '\\']) || record.attributes & record::ATTRIBUTE_FOLDER != 0;
    if record.flags & record::FLAG_ENCRYPTED != 0 {
        return Err(Error::Encrypted { name: named() });
    }
    if !matches!(record.method, STORED | DEFLATED) {
        return Err(Error::Method { name: named(), method: record.method });
    }
    // Unix and macOS keep the mode in the upper half: type 0 (none said), 4 (folder) and 8 (file) are harmless.
    let kind = record.attributes >> 28;
    if matches!(record.system, 3 | 19) && !matches!(kind, 0 | 4 | 8) {
        return Err(Error::NotAFile { name: named() });
    }
    let damaged = |problem| Err(Error::Damaged { name: named(), problem });
    if record.method == STORED && record.packed != record.size {
        return damaged("it is stored with two different sizes");
    }
    if folder && record.size != 0 {
        return damaged("it is a folder with content");
    }
    Ok(ReadEntry { name, folder, size: record.size, packed: record.packed, crc: record.crc })
}

/// Where the entries lie. Two that share bytes are refused: archives that expand without bound are made of such.
fn places(directory: directory::Directory) -> Result<Vec<Place>, Error> {
    let mut order: Vec<usize> = (0..directory.records.len()).collect();
    order.sort_by_key(|&index| directory.records[index].offset);
    let mut ends = vec![directory.start; order.len()];
    for pair in order.windows(2) {
        ends[pair[0]] = directory.records[pair[1]].offset;
    }
    let mut places = Vec::with_capacity(ends.len());
    for (record, end) in directory.records.into_iter().zip(ends) {
        let least = (record::LOCAL_LENGTH + record.raw_name.len()) as u64;
        let needed = record.packed.saturating_add(least);
        if end - record.offset < needed {
            let problem = "it overlaps the next entry";
            return Err(Error::Damaged { name: record.name, problem });
        }
        let Record { raw_name, method, offset, .. } = record;
        places.push(Place { raw_name, method, offset, end });
    }
    Ok(places)
}

/// Goes to the first byte of data of an entry, after a look at its own header.
fn go_to_data<R: Read + Seek>(reader: &mut R, entry: &ReadEntry, place: &Place) -> Result<(), Error> {
    let damaged = |problem| Error::Damaged { name: entry.name.clone(), problem };
    reader.seek(SeekFrom::Start(place.offset)).map_err(Error::Read)?;
    let mut header = vec![0; record::LOCAL_LENGTH + place.raw_name.len()];
    reader.read_exact(&mut header).map_err(Error::Read)?;
    if u32_at(&header, 0) != record::LOCAL {
        return Err(damaged("there is no entry where the directory says"));
    }
    let name_length = usize::from(u16_at(&header, 26));
    // A reader that goes by these headers would unpack another file than one that goes by the directory.
    if name_length != place.raw_name.len() || header[record::LOCAL_LENGTH..] != place.raw_name {
        return Err(damaged("its own header has another name than the directory"));
    }
    if u16_at(&header, 8) != place.method {
        return Err(damaged("its own header has another method than the directory"));
    }
    let extra_length = u64::from(u16_at(&header, 28));
    let data = place.offset + header.len() as u64 + extra_length;
    if data.saturating_add(entry.packed) > place.end {
        return Err(damaged("it overlaps the next entry"));
    }
    reader.seek(SeekFrom::Start(data)).map_err(Error::Read)?;
    Ok(())
}
