//! Writes an archive: checks the entries, packs them on all cores, and puts them down in order.

use std::io::{self, BufWriter, Read, Write};
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::deflate::{self, Body, Packed, Packer, Shared};
use super::name::{self, Names};
use super::record::{self, DosTime, Header};
use super::schedule::{Schedule, StopOnDrop, Taken};
use super::{Content, Entry, Error, MAX_ARCHIVE, MAX_ENTRIES, MAX_FILE, Progress, WriteOptions};
use crate::digest::{Digests, Tee};

/// The memory for contents that are being packed or wait to be written, in bytes.
const BUDGET: u64 = 128 << 20;

/// How much is gathered before it is hashed and written.
const BUFFER: usize = 256 << 10;

/// How often the progress is told and the cancel flag looked at while a large entry is packed.
const PATIENCE: Duration = Duration::from_millis(100);

/// The limits of the format and where pieces begin; smaller in tests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) entries: usize,
    pub(super) file: u64,
    pub(super) archive: u64,
    /// Contents up to this size are packed whole.
    pub(super) whole: u64,
}

impl Bounds {
    pub(super) const FORMAT: Self =
        Self { entries: MAX_ENTRIES, file: MAX_FILE, archive: MAX_ARCHIVE, whole: deflate::WHOLE };
}

/// Writes an archive of the entries and gives its size and hashes. The order of the entries does not matter: they are
/// sorted by name, without case first, as Web Deploy sorts.
///
/// # Errors
/// A name is unfit or there twice, a limit is exceeded (both before anything is written), a content cannot be read or
/// changed meanwhile, the archive cannot be written, or it was cancelled.
pub fn write(entries: &[Entry], out: &mut dyn Write, options: &WriteOptions<'_>) -> Result<Digests, Error> {
    write_within(entries, out, options, Bounds::FORMAT)
}

/// Writes an archive within other limits than those of the format.
pub(super) fn write_within(
    entries: &[Entry],
    out: &mut dyn Write,
    options: &WriteOptions<'_>,
    bounds: Bounds,
) -> Result<Digests, Error> {
    let entries = checked(entries, bounds)?;
    let cores = options.threads.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZero::get);
    let (never, bytes) = (AtomicBool::new(false), AtomicU64::new(0));
    let shared = Shared {
        whole: bounds.whole,
        pieces: cores.clamp(1, deflate::MAX_PIECES),
        scratch: options.scratch,
        cancel: options.cancel.unwrap_or(&never),
        bytes: &bytes,
    };
    let costs = entries.iter().map(|entry| deflate::cost(&entry.content, shared)).collect();
    let schedule = Schedule::new(costs, BUDGET);
    std::thread::scope(|scope| {
        for _ in 0..cores.min(entries.len()) {
            scope.spawn(|| {
                let on_panic = StopOnDrop(&schedule);
                work(&entries, &schedule, &mut Packer::new(shared));
                std::mem::forget(on_panic);
            });
        }
        // Whatever way this ends, the threads must too.
        let _stop = StopOnDrop(&schedule);
        let output = Output::new(out, DosTime::of(options.time), bounds.archive);
        put_down(&entries, &schedule, output, options, shared)
    })
}

/// What packing one entry gives.
type Outcome<'a> = Result<Packed<'a>, Error>;

/// What each packing thread does.
fn work<'a>(entries: &[&'a Entry], schedule: &Schedule<Outcome<'a>>, packer: &mut Packer<'_>) {
    while let Some(run) = schedule.claim() {
        let mut outcomes = Vec::with_capacity(run.len());
        for entry in &entries[run.clone()] {
            let outcome = packer.pack(&entry.name, &entry.content);
            let failed = outcome.is_err();
            outcomes.push(outcome);
            if failed {
                break;
            }
        }
        let held = outcomes.iter().map(held).sum();
        schedule.finish(&run, outcomes, held);
    }
}

/// The memory that a packed entry holds.
fn held(outcome: &Outcome<'_>) -> u64 {
    outcome.as_ref().map_or(0, |packed| packed.body.held())
}

/// Takes the packed entries in order and writes them.
fn put_down<'a>(
    entries: &[&'a Entry],
    schedule: &Schedule<Outcome<'a>>,
    mut output: Output<'_>,
    options: &WriteOptions<'_>,
    shared: Shared<'_>,
) -> Result<Digests, Error> {
    let all_bytes = entries.iter().map(|entry| entry.content.size()).sum();
    let tell = |name: &str, done: usize| {
        if let Some(progress) = options.progress {
            let bytes = shared.bytes.load(Ordering::Relaxed);
            progress(Progress { name, entries: done, all_entries: entries.len(), bytes, all_bytes });
        }
    };
    let mut done = 0;
    while let Some(next) = entries.get(done) {
        if shared.cancel.load(Ordering::Relaxed) {
            return Err(Error::Cancelled);
        }
        let outcomes = match schedule.take(done, PATIENCE) {
            Taken::Results(outcomes) => outcomes,
            Taken::NotYet => {
                tell(&next.name, done);
                continue;
            }
            Taken::Stopped => return Err(Error::Cancelled),
        };
        let freed = outcomes.iter().map(held).sum();
        for (entry, packed) in entries[done..].iter().zip(outcomes) {
            output.entry(entry, packed?, shared.cancel)?;
            done += 1;
            tell(&entry.name, done);
        }
        schedule.release(freed);
    }
    output.finish()
}

/// Sorts the entries and checks all that can be checked before anything is written.
fn checked(entries: &[Entry], bounds: Bounds) -> Result<Vec<&Entry>, Error> {
    let mut sorted: Vec<(String, &Entry)> =
        entries.iter().map(|entry| (name::folded(&entry.name), entry)).collect();
    sorted.sort_by(|a, b| (&a.0, &a.1.name).cmp(&(&b.0, &b.1.name)));
    let sorted: Vec<&Entry> = sorted.into_iter().map(|(_, entry)| entry).collect();
    if let Some(extra) = sorted.get(bounds.entries) {
        let (count, limit) = (sorted.len() as u64, bounds.entries as u64);
        return Err(Error::TooManyEntries { count, limit, name: extra.name.clone() });
    }
    let mut names = Names::with_capacity(sorted.len());
    for (index, entry) in sorted.iter().enumerate() {
        let this = || entry.name.clone();
        let folder = matches!(entry.content, Content::Folder);
        name::check_written(&entry.name, folder).map_err(|problem| Error::Name { name: this(), problem })?;
        names
            .add(clean(entry), index)
            .map_err(|first| Error::Duplicate { first: sorted[first].name.clone(), second: this() })?;
        let size = entry.content.size();
        if size > bounds.file {
            return Err(Error::TooLarge { name: this(), size, limit: bounds.file });
        }
    }
    names.check_folders(
        |index| (clean(sorted[index]), matches!(sorted[index].content, Content::Folder)),
        sorted.len(),
    )?;
    Ok(sorted)
}

fn clean(entry: &Entry) -> &str {
    entry.name.trim_end_matches('/')
}

/// The archive as it grows.
struct Output<'a> {
    out: BufWriter<Tee<&'a mut dyn Write>>,
    directory: Vec<u8>,
    count: u16,
    offset: u64,
    time: DosTime,
    limit: u64,
}

impl<'a> Output<'a> {
    fn new(out: &'a mut dyn Write, time: DosTime, limit: u64) -> Self {
        let out = BufWriter::with_capacity(BUFFER, Tee::new(out));
        Self { out, directory: Vec::new(), count: 0, offset: 0, time, limit }
    }

    /// Writes one entry, after a check that the archive can still take it.
    fn entry(&mut self, entry: &Entry, packed: Packed<'_>, cancel: &AtomicBool) -> Result<(), Error> {
        let too_large = || Error::ArchiveTooLarge { name: entry.name.clone(), limit: self.limit };
        let headers = record::LOCAL_LENGTH + record::CENTRAL_LENGTH + 2 * entry.name.len();
        let after =
            self.offset + packed.length + (headers + self.directory.len() + record::END_LENGTH) as u64;
        if after > self.limit {
            return Err(too_large());
        }
        let header = Header {
            name: &entry.name,
            folder: matches!(entry.content, Content::Folder),
            time: self.time,
            method: packed.method,
            crc: packed.crc,
            packed: u32::try_from(packed.length).map_err(|_| too_large())?,
            size: u32::try_from(entry.content.size()).map_err(|_| too_large())?,
        };
        let offset = u32::try_from(self.offset).map_err(|_| too_large())?;
        header.central(offset, &mut self.directory);
        let mut local = Vec::with_capacity(record::LOCAL_LENGTH + entry.name.len());
        header.local(&mut local);
        self.out.write_all(&local).map_err(Error::Write)?;
        match packed.body {
            Body::Memory(bytes) => self.out.write_all(&bytes).map_err(Error::Write)?,
            Body::Borrowed(bytes) => self.out.write_all(bytes).map_err(Error::Write)?,
            Body::Scratch(mut file) => {
                let failed = |source| Error::Scratch { name: entry.name.clone(), source };
                self.copy(&mut *file, packed.length, cancel, failed)?;
            }
            Body::Again(content) => self.again(entry, content, packed.crc, cancel)?,
        }
        self.offset += local.len() as u64 + packed.length;
        self.count += 1;
        Ok(())
    }

    /// Reads a content for the second time and writes it as it is.
    fn again(
        &mut self,
        entry: &Entry,
        content: &Content,
        crc: u32,
        cancel: &AtomicBool,
    ) -> Result<(), Error> {
        let failed = |source| Error::Content { name: entry.name.clone(), source };
        let mut input = deflate::open(content).map_err(failed)?;
        let found = self.copy(&mut *input, content.size(), cancel, failed)?;
        if found != Some(crc) {
            let (name, expected) = (entry.name.clone(), content.size());
            return Err(Error::Changed { name, expected, found: "a second reading gave others".into() });
        }
        Ok(())
    }

    /// Copies a number of bytes and gives their checksum; None when there were fewer.
    fn copy(
        &mut self,
        input: &mut dyn Read,
        length: u64,
        cancel: &AtomicBool,
        failed: impl Fn(io::Error) -> Error,
    ) -> Result<Option<u32>, Error> {
        let mut buffer = vec![0; BUFFER];
        let mut crc = crc32fast::Hasher::new();
        let mut left = length;
        while left > 0 {
            if cancel.load(Ordering::Relaxed) {
                return Err(Error::Cancelled);
            }
            let most = usize::try_from(left).unwrap_or(BUFFER).min(BUFFER);
            let count = match input.read(&mut buffer[..most]) {
                Ok(0) => return Ok(None),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(failed(error)),
            };
            crc.update(&buffer[..count]);
            self.out.write_all(&buffer[..count]).map_err(Error::Write)?;
            left -= count as u64;
        }
        Ok(Some(crc.finalize()))
    }

    /// Writes the central directory and the end.
    fn finish(mut self) -> Result<Digests, Error> {
        let name = || "the central directory".to_owned();
        let too_large = |_| Error::ArchiveTooLarge { name: name(), limit: self.limit };
        let size = u32::try_from(self.directory.len()).map_err(too_large)?;
        let offset = u32::try_from(self.offset).map_err(too_large)?;
        self.out.write_all(&self.directory).map_err(Error::Write)?;
        self.out.write_all(&record::end(self.count, size, offset)).map_err(Error::Write)?;
        self.out.flush().map_err(Error::Write)?;
        let tee = self.out.into_inner().map_err(|error| Error::Write(error.into_error()))?;
        Ok(tee.finish().1)
    }
}
