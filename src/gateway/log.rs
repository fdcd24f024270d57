//! The gateway's log: lines with time, process and level, to standard error or to a file that is kept small.
//!
//! It must work before anything else does: a gateway that dies at its start is seen by nobody but this file.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::transport;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Of use only to who looks for a fault in the gateway.
    Debug,
    /// What happens.
    Info,
    /// What should not happen.
    Warning,
    /// What a user has noticed.
    Error,
}

impl Level {
    /// The name in a log line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
        }
    }

    /// Reads a name, whatever its case.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Debug, Self::Info, Self::Warning, Self::Error]
            .into_iter()
            .find(|level| level.name().eq_ignore_ascii_case(name))
    }
}

/// How many rotated files are kept: `iiswsgi.log.1` is the newest.
const KEPT: u32 = 3;
/// How often a file is looked at, which other processes write to and rotate as well.
const LOOK: Duration = Duration::from_secs(1);

#[derive(Debug)]
enum Sink {
    StandardError,
    /// With `captures` standard output and standard error end in the file as well.
    File {
        file: File,
        path: PathBuf,
        size: u64,
        captures: bool,
        looked: Instant,
    },
}

impl Sink {
    /// Appends a line. A file that would grow beyond the limit is rotated before.
    fn append(&mut self, line: &[u8], limit: u64) {
        self.look(line.len() as u64, limit);
        match self {
            Self::StandardError => drop(io::stderr().write_all(line)),
            Self::File { file, size, .. } => {
                *size += line.len() as u64;
                drop(file.write_all(line));
            }
        }
    }

    /// Looks, now and then and before the file seems full, how large it is with what others have written, and whether
    /// another process has rotated it. Rotates it when it is full.
    fn look(&mut self, more: u64, limit: u64) {
        let Self::File { file, path, size, captures, looked } = self else { return };
        let is_full = |size: u64| limit > 0 && size > 0 && size + more > limit;
        if !is_full(*size) && looked.elapsed() < LOOK {
            return;
        }
        *looked = Instant::now();
        let (path, captures) = (path.clone(), *captures);
        *size = file.metadata().map_or(*size, |file| file.len());
        // A fresh file is smaller than the one that was full.
        let is_ours = fs::metadata(&path).is_ok_and(|there| there.len() >= *size);
        if is_ours && !is_full(*size) {
            return;
        }
        if is_ours {
            rotate(&path);
        }
        if let Ok(fresh) = open(&path, captures) {
            *self = fresh;
        }
    }
}

/// A log. Threads may share it.
#[derive(Debug)]
pub struct Log {
    level: Level,
    limit: u64,
    sink: Mutex<Sink>,
}

impl Log {
    /// A log on standard error.
    pub fn to_standard_error(level: Level) -> Self {
        Self { level, limit: 0, sink: Mutex::new(Sink::StandardError) }
    }

    /// A log in a file, whose folder is made. Beyond `limit` bytes the file is renamed and a new one begun. With
    /// `captures` whatever the process prints ends in the file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn to_file(path: &Path, level: Level, limit: u64, captures: bool) -> io::Result<Self> {
        Ok(Self { level, limit, sink: Mutex::new(begin(path, captures)?) })
    }

    /// Goes on in another file, as [`Log::to_file`] begins one.
    ///
    /// # Errors
    /// When that file cannot be written: the log stays where it was.
    pub fn move_to(&self, path: &Path, captures: bool) -> io::Result<()> {
        let fresh = begin(path, captures)?;
        *self.sink.lock().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// A log in the first of the places that can be written.
    pub fn to_first(places: &[PathBuf], level: Level, limit: u64, captures: bool) -> Option<Self> {
        places.iter().find_map(|path| Self::to_file(path, level, limit, captures).ok())
    }

    /// The file, when there is one.
    pub fn path(&self) -> Option<PathBuf> {
        match &*self.sink.lock().unwrap_or_else(PoisonError::into_inner) {
            Sink::StandardError => None,
            Sink::File { path, .. } => Some(path.clone()),
        }
    }

    /// Whether lines of this level are written.
    pub fn is_enabled(&self, level: Level) -> bool {
        level >= self.level
    }

    /// Writes a line, or several of which the later ones stand four blanks in. A log that fails stays silent: there is
    /// nobody left to tell.
    pub fn write(&self, level: Level, text: &str) {
        if !self.is_enabled(level) {
            return;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let line = line(now, std::process::id(), level, text);
        self.sink.lock().unwrap_or_else(PoisonError::into_inner).append(line.as_bytes(), self.limit);
    }
}

fn begin(path: &Path, captures: bool) -> io::Result<Sink> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    open(path, captures)
}

fn open(path: &Path, captures: bool) -> io::Result<Sink> {
    let file = OpenOptions::new().create(true).append(true).open(path)?;
    let size = file.metadata()?.len();
    if captures {
        transport::redirect_output(&file)?;
    }
    Ok(Sink::File { file, path: path.to_owned(), size, captures, looked: Instant::now() })
}

/// `x.log` becomes `x.log.1`, and so on. A file that cannot be renamed goes on growing.
fn rotate(path: &Path) {
    let numbered = |number: u32| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{number}"));
        PathBuf::from(name)
    };
    for number in (1..KEPT).rev() {
        let _ = fs::rename(numbered(number), numbered(number + 1));
    }
    let _ = fs::rename(path, numbered(1));
}

fn line(since_epoch: Duration, process: u32, level: Level, text: &str) -> String {
    let mut line = String::with_capacity(text.len() + 64);
    push_time(&mut line, since_epoch);
    let _ = write!(line, " [{process}] {} ", level.name());
    for (index, part) in text.trim_end().lines().enumerate() {
        if index > 0 {
            line.push_str("\n    ");
        }
        line.push_str(part);
    }
    line.push('\n');
    line
}

/// UTC, as RFC 3339 writes it, with milliseconds.
fn push_time(line: &mut String, since_epoch: Duration) {
    let seconds = since_epoch.as_secs();
    let (year, month, day) = civil(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let _ = write!(
        line,
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z",
        since_epoch.subsec_millis()
    );
}

/// The date of a day since 1970-01-01 in the proleptic Gregorian calendar, by counting from the 1st of March of year 0.
pub(super) fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let (day, month) =
        (of_year - (153 * shifted + 2) / 5 + 1, if shifted < 10 { shifted + 3 } else { shifted - 9 });
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("iiswsgi-log-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        path
    }

    #[test]
    fn a_line_tells_time_process_and_level_and_later_lines_are_indented() {
        let text = line(Duration::from_millis(1_709_210_096_007), 42, Level::Error, "one\ntwo\r\n");
        assert_eq!(text, "2024-02-29T12:34:56.007Z [42] ERROR one\n    two\n");
    }

    #[test]
    fn knows_the_calendar() {
        for (days, date) in [
            (0, (1970, 1, 1)),
            (59, (1970, 3, 1)),
            (11_016, (2000, 2, 29)),
            (47_541, (2100, 3, 1)),
            (20_779, (2026, 11, 22)),
        ] {
            assert_eq!(civil(days), date);
        }
    }

    #[test]
    fn goes_on_to_the_next_place_when_one_cannot_be_written() {
        let folder = folder("next");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("file"), "").unwrap();
        let places = [folder.join("file/iiswsgi.log"), folder.join("deep/er/iiswsgi.log")];
        let log = Log::to_first(&places, Level::Info, 0, false).unwrap();
        assert_eq!(log.path().unwrap(), places[1]);
        log.write(Level::Debug, "not this");
        log.write(Level::Info, "but this");
        let text = fs::read_to_string(&places[1]).unwrap();
        assert!(text.ends_with("INFO but this\n") && !text.contains("not this"), "{text}");
        drop(log);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn moves_to_another_file_and_stays_when_that_cannot_be_written() {
        let folder = folder("move");
        let log = Log::to_file(&folder.join("first"), Level::Info, 0, false).unwrap();
        log.write(Level::Info, "one");
        assert!(log.move_to(&folder.join("first/below/a/file"), false).is_err());
        log.write(Level::Info, "two");
        log.move_to(&folder.join("deep/second"), false).unwrap();
        log.write(Level::Info, "three");
        let lines = |name: &str| fs::read_to_string(folder.join(name)).unwrap().lines().count();
        assert_eq!((lines("first"), lines("deep/second")), (2, 1));
        assert_eq!(log.path().unwrap(), folder.join("deep/second"));
        drop(log);
        fs::remove_dir_all(folder).unwrap();
    }

    /// As if the last look were long ago.
    fn let_time_pass(log: &Log) {
        if let Sink::File { looked, .. } = &mut *log.sink.lock().unwrap() {
            *looked = Instant::now().checked_sub(LOOK).unwrap();
        }
    }

    #[test]
    fn processes_that_share_a_file_rotate_it_once_and_all_go_on_in_the_new_one() {
        let folder = folder("shared");
        let path = folder.join("iiswsgi.log");
        let open = || Log::to_file(&path, Level::Info, 1000, false).unwrap();
        let (one, other) = (open(), open());
        for number in 0..20 {
            one.write(Level::Info, &format!("one {number}"));
            other.write(Level::Info, &format!("other {number}"));
            let_time_pass(&one);
            let_time_pass(&other);
        }
        one.write(Level::Info, "the last of one");
        other.write(Level::Info, "the last of the other");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("the last of one") && text.contains("the last of the other"), "{text}");
        // 42 lines of 41 bytes and more: one full file, and what did not fit.
        let full = fs::read_to_string(folder.join("iiswsgi.log.1")).unwrap();
        assert!((900..=1000).contains(&full.len()), "{}", full.len());
        assert_eq!(full.lines().count() + text.lines().count(), 42);
        assert!(!folder.join("iiswsgi.log.2").exists());
        drop((one, other));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_that_was_moved_away_is_begun_again() {
        let folder = folder("moved");
        let path = folder.join("iiswsgi.log");
        let log = Log::to_file(&path, Level::Info, 100, false).unwrap();
        log.write(Level::Info, "before");
        fs::rename(&path, folder.join("elsewhere")).unwrap();
        log.write(Level::Info, &"x".repeat(90));
        assert!(fs::read_to_string(&path).unwrap().ends_with("xxx\n"));
        assert!(fs::read_to_string(folder.join("elsewhere")).unwrap().ends_with("before\n"));
        drop(log);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn rotates_by_size_and_keeps_a_few() {
        let folder = folder("rotate");
        let path = folder.join("iiswsgi.log");
        let log = Log::to_file(&path, Level::Info, 100, false).unwrap();
        for number in 0..20 {
            log.write(Level::Info, &format!("line {number}"));
        }
        let mut names: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["iiswsgi.log", "iiswsgi.log.1", "iiswsgi.log.2", "iiswsgi.log.3"]);
        assert!(fs::read_to_string(&path).unwrap().contains("line 19"));
        assert!(fs::metadata(&path).unwrap().len() <= 100);
        drop(log);
        fs::remove_dir_all(folder).unwrap();
    }
}
