//! Installs into a simulated IIS that happen whole or not at all.
//!
//! An environment knows its own place, so an application must be set up where it will stay. Therefore what is new first takes
//! the place of what was there, and a journal says how to go back: when the install fails, and at the next start
//! when this process was killed. One lock, which `layout` has, keeps two installs apart.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::layout::{Layout, failed};
use crate::files::{self, LEFTOVER};
use crate::iis::Error;
use crate::iis::application_host::ApplicationHost;

/// How many folders may wait to be removed.
const MAX_LEFTOVERS: usize = 3;

/// How to go back to where an install began.
#[derive(Debug, Serialize, Deserialize)]
struct Journal {
    exchanges: Vec<Exchange>,
    configuration: String,
}

/// A folder that gives its place to a new one.
#[derive(Debug, Serialize, Deserialize)]
struct Exchange {
    folder: PathBuf,
    /// Where it waits until the install is good; none when there was no such folder.
    previous: Option<PathBuf>,
}

impl Layout {
    /// Goes back to before an install that was killed, and clears what it left. Needs the lock.
    pub(super) fn recover(&self) -> Result<(), Error> {
        if let Ok(text) = fs::read(self.journal()) {
            // The journal is written whole before anything is done: one that cannot be read is none of ours.
            if let Ok(journal) = serde_json::from_slice::<Journal>(&text) {
                self.roll_back(&journal)?;
            }
        }
        self.discard_leftovers();
        Ok(())
    }

    /// Clears what earlier installs left, beside the work that is waiting: removing the thousands of files of an old
    /// environment can take longer than making a new one. This process may end before it is done; the next one goes on.
    fn discard_leftovers(&self) {
        let entries = fs::read_dir(self.sites()).into_iter().flatten().flatten();
        let leftovers: Vec<PathBuf> = entries
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(LEFTOVER))
            .map(|entry| entry.path())
            .collect();
        // When they become more nevertheless, the disk is worth more than the time.
        let (now, later) = leftovers.split_at(leftovers.len().saturating_sub(MAX_LEFTOVERS));
        for folder in now {
            let _ = fs::remove_dir_all(folder);
        }
        discard(later.to_vec());
    }

    /// A name for something that is to go.
    fn leftover(&self, number: usize) -> PathBuf {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        self.sites().join(format!("{LEFTOVER}{}-{}-{number}", std::process::id(), since.as_nanos()))
    }

    fn roll_back(&self, journal: &Journal) -> Result<(), Error> {
        for Exchange { folder, previous } in journal.exchanges.iter().rev() {
            match previous {
                Some(previous) if previous.is_dir() => {
                    self.put_away(folder)?;
                    files::rename_folder(previous, folder).map_err(|source| failed(folder, source))?;
                }
                // The exchange had not begun.
                Some(_) => {}
                None => self.put_away(folder)?,
            }
        }
        files::write_atomic(&self.configuration(), journal.configuration.as_bytes())?;
        let path = self.journal();
        fs::remove_file(&path).map_err(|source| failed(&path, source))
    }

    /// Takes a folder, which may not be there, out of the way and removes it in the background.
    pub(super) fn put_away(&self, folder: &Path) -> Result<(), Error> {
        let leftover = self.leftover(0);
        match files::rename_folder(folder, &leftover) {
            Ok(()) => discard(vec![leftover]),
            Err(source) if source.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(failed(folder, source)),
        }
        Ok(())
    }

    /// A new folder beside the applications, removed when it is dropped.
    pub(super) fn unfinished(&self) -> Result<tempfile::TempDir, Error> {
        let sites = self.sites();
        tempfile::Builder::new().prefix(LEFTOVER).tempdir_in(&sites).map_err(|source| failed(&sites, source))
    }
}

/// An install under way. Dropped before [`Transaction::commit`], it goes back to where it began.
pub(super) struct Transaction<'a> {
    layout: &'a Layout,
    journal: Option<Journal>,
}

impl<'a> Transaction<'a> {
    /// Puts what was unpacked, each with its folder, in the place of what was there.
    pub(super) fn begin(
        layout: &'a Layout,
        mut unpacked: Vec<(tempfile::TempDir, PathBuf)>,
        host: &ApplicationHost,
    ) -> Result<Self, Error> {
        // A folder in another one comes after it, and into what has taken the place of that.
        unpacked.sort_by_key(|(_, folder)| folder.components().count());
        let exchange = |(at, (_, folder)): (usize, &(tempfile::TempDir, PathBuf))| {
            let renewed = unpacked[..at].iter().any(|(_, outer)| folder.starts_with(outer));
            let previous = (!renewed && folder.is_dir()).then(|| layout.leftover(at));
            Exchange { folder: folder.clone(), previous }
        };
        let exchanges = unpacked.iter().enumerate().map(exchange).collect();
        let journal = Journal { exchanges, configuration: host.text().to_owned() };
        files::write_atomic(&layout.journal(), &serde_json::to_vec(&journal).unwrap_or_default())?;
        let transaction = Self { layout, journal: Some(journal) };
        for (at, (unpacked, folder)) in unpacked.into_iter().enumerate() {
            transaction.exchange(at, unpacked, &folder)?;
        }
        Ok(transaction)
    }

    fn exchange(&self, at: usize, unpacked: tempfile::TempDir, folder: &Path) -> Result<(), Error> {
        match self.journal.as_ref().and_then(|journal| journal.exchanges[at].previous.as_ref()) {
            Some(previous) => {
                files::rename_folder(folder, previous).map_err(|source| failed(folder, source))?;
            }
            // What came with an outer folder at this place gives way.
            None => self.layout.put_away(folder)?,
        }
        let parent = files::folder_of(folder);
        fs::create_dir_all(parent).map_err(|source| failed(parent, source))?;
        files::rename_folder(&unpacked.keep(), folder).map_err(|source| failed(folder, source))
    }

    /// Makes it last: the new application and configuration are the good ones from here on.
    pub(super) fn commit(mut self, host: &ApplicationHost) -> Result<(), Error> {
        self.layout.save(host)?;
        let path = self.layout.journal();
        fs::remove_file(&path).map_err(|source| failed(&path, source))?;
        let exchanges = self.journal.take().map(|journal| journal.exchanges).unwrap_or_default();
        discard(exchanges.into_iter().filter_map(|exchange| exchange.previous).collect());
        Ok(())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if let Some(journal) = self.journal.take() {
            // The journal stays when this fails, so the next start tries again.
            let _ = self.layout.roll_back(&journal);
        }
    }
}

/// Removes folders on a thread of its own. What resists, or is not done when this process ends, is a leftover.
fn discard(folders: Vec<PathBuf>) {
    if folders.is_empty() {
        return;
    }
    std::thread::spawn(move || {
        for folder in folders {
            let _ = fs::remove_dir_all(folder);
        }
    });
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::super::layout::tests::open;
    use super::*;
    use crate::iis::{ApplicationPath, DEFAULT_SITE};

    fn unpacked(layout: &Layout, text: &str) -> tempfile::TempDir {
        let folder = layout.unfinished().unwrap();
        fs::write(folder.path().join("a"), text).unwrap();
        folder
    }

    fn begin<'a>(layout: &'a Layout, text: &str, folder: &Path, host: &ApplicationHost) -> Transaction<'a> {
        Transaction::begin(layout, vec![(unpacked(layout, text), folder.to_owned())], host).unwrap()
    }

    fn content(folder: &Path) -> Option<String> {
        fs::read_to_string(folder.join("a")).ok()
    }

    #[test]
    fn a_committed_install_stays_and_one_that_is_given_up_does_not() {
        let (_root, layout) = open();
        let application: ApplicationPath = "Default Web Site/x".parse().unwrap();
        let folder = layout.folder(&application);
        let mut host = layout.host().unwrap();
        drop(begin(&layout, "zero", &folder, &host));
        assert_eq!(content(&folder), None, "there was nothing before");
        let first = begin(&layout, "one", &folder, &host);
        host.set_application(&application, &folder.to_string_lossy(), None).unwrap();
        first.commit(&host).unwrap();
        let second = begin(&layout, "two", &folder, &host);
        assert_eq!(content(&folder).as_deref(), Some("two"));
        layout.save(&ApplicationHost::new("/nowhere")).unwrap();
        drop(second);
        assert_eq!(content(&folder).as_deref(), Some("one"));
        assert_eq!(layout.host().unwrap().text(), host.text());
        assert!(!layout.journal().exists());
    }

    #[test]
    fn an_install_that_was_killed_is_undone_at_the_next_start() {
        let (root, layout) = open();
        let folder = layout.folder(&"Default Web Site/x".parse().unwrap());
        let host = layout.host().unwrap();
        begin(&layout, "one", &folder, &host).commit(&host).unwrap();
        // Killed: neither committed nor dropped.
        std::mem::forget(begin(&layout, "two", &folder, &host));
        Layout::settled(root.path()).unwrap();
        assert_eq!(content(&folder).as_deref(), Some("one"));
        layout.recover().unwrap();
        assert_eq!(content(&folder).as_deref(), Some("one"));
        let left =
            || fs::read_dir(layout.sites()).unwrap().flatten().map(|e| e.file_name()).collect::<Vec<_>>();
        let patience = Instant::now() + Duration::from_secs(10);
        while left().len() > 1 && Instant::now() < patience {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(left(), [DEFAULT_SITE]);
    }

    #[test]
    fn folders_in_one_another_are_exchanged_together() {
        let (_root, layout) = open();
        let host = layout.host().unwrap();
        let outer = layout.server_folder(r"D:\sites").unwrap();
        let inner = layout.server_folder(r"d:/sites/media").unwrap();
        let both = |outer_text, inner_text| {
            vec![
                (unpacked(&layout, inner_text), inner.clone()),
                (unpacked(&layout, outer_text), outer.clone()),
            ]
        };
        Transaction::begin(&layout, both("one", "two"), &host).unwrap().commit(&host).unwrap();
        assert_eq!((content(&outer).as_deref(), content(&inner).as_deref()), (Some("one"), Some("two")));
        drop(Transaction::begin(&layout, both("three", "four"), &host).unwrap());
        assert_eq!((content(&outer).as_deref(), content(&inner).as_deref()), (Some("one"), Some("two")));
    }
}
