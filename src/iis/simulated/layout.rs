//! The folders of a simulated IIS, its one lock, and installs that happen whole or not at all.
//!
//! ```text
//! ROOT/config/applicationHost.config     the configuration, as IIS has it
//! ROOT/config/installed/…                what each install made, for the uninstall
//! ROOT/inetpub/SITE/APPLICATION          the applications
//! ROOT/inetsrv                           the working directory of FastCGI processes
//! ```
//!
//! An environment knows its own place, so an application must be set up where it will stay. Therefore a new one takes
//! the old one's place first and a journal says how to go back: when the install fails, and at the next start
//! when this process was killed.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};

use crate::files::{self, LEFTOVER};
use crate::iis::application_host::ApplicationHost;
use crate::iis::{ApplicationPath, DEFAULT_SITE, Error, Installed};

/// How long one install waits for another to end.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// How many folders may wait to be removed.
const MAX_LEFTOVERS: usize = 3;

/// The folders of one simulated IIS.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    root: PathBuf,
}

/// How to go back to where an install began.
#[derive(Debug, Serialize, Deserialize)]
struct Journal {
    folder: PathBuf,
    previous: Option<PathBuf>,
    configuration: String,
}

impl Layout {
    /// Makes the folders that are not there, and a configuration when there is none.
    pub(super) fn open(root: &Path) -> Result<Self, Error> {
        let root = std::path::absolute(root).map_err(|source| failed(root, source))?;
        let layout = Self { root };
        for folder in [layout.records(), layout.site(DEFAULT_SITE), layout.working_directory()] {
            fs::create_dir_all(&folder).map_err(|source| failed(&folder, source))?;
        }
        let configuration = layout.configuration();
        if !configuration.is_file() {
            let host = ApplicationHost::new(&layout.site(DEFAULT_SITE).to_string_lossy());
            files::write_atomic(&configuration, host.text().as_bytes())?;
        }
        Ok(layout)
    }

    pub(super) fn configuration(&self) -> PathBuf {
        self.root.join("config").join("applicationHost.config")
    }

    /// The working directory of FastCGI processes: a folder with nothing in it, as that of the server's own programs
    /// has nothing of an application.
    pub(super) fn working_directory(&self) -> PathBuf {
        self.root.join("inetsrv")
    }

    pub(super) fn site(&self, name: &str) -> PathBuf {
        self.sites().join(name.replace(['/', '\\'], "_"))
    }

    fn sites(&self) -> PathBuf {
        self.root.join("inetpub")
    }

    fn records(&self) -> PathBuf {
        self.root.join("config").join("installed")
    }

    fn journal(&self) -> PathBuf {
        self.root.join("config").join("unfinished-install.json")
    }

    /// The folder of an application. No application's folder lies in another's, so that each can be replaced alone;
    /// `+` stands in no application path.
    pub(super) fn folder(&self, application: &ApplicationPath) -> PathBuf {
        let name = application.steps().collect::<Vec<_>>().join("+");
        self.site(application.site()).join(if name.is_empty() { "+root" } else { &name })
    }

    /// Waits until nobody else changes this IIS.
    pub(super) fn lock(&self) -> Result<File, Error> {
        let path = self.lock_file();
        let file = File::create(&path).map_err(|source| failed(&path, source))?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                    return Ok(file);
                }
                Err(TryLockError::Error(source)) => return Err(failed(&path, source)),
                Err(TryLockError::WouldBlock) if Instant::now() > deadline => {
                    return Err(Error::Busy { root: self.root.clone() });
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }

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

    /// Opens the folders for somebody who only looks: after an install that was killed, but not during one.
    pub(super) fn settled(root: &Path) -> Result<Self, Error> {
        let layout = Self::open(root)?;
        if layout.journal().is_file() {
            let path = layout.lock_file();
            let file = File::create(&path).map_err(|source| failed(&path, source))?;
            if file.try_lock().is_ok() {
                layout.recover()?;
            }
        }
        Ok(layout)
    }

    fn lock_file(&self) -> PathBuf {
        self.root.join("config").join("lock")
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
    fn leftover(&self) -> PathBuf {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        self.sites().join(format!("{LEFTOVER}{}-{}", std::process::id(), since.as_nanos()))
    }

    fn roll_back(&self, journal: &Journal) -> Result<(), Error> {
        match &journal.previous {
            Some(previous) if previous.is_dir() => {
                self.put_away(&journal.folder)?;
                fs::rename(previous, &journal.folder).map_err(|source| failed(&journal.folder, source))?;
            }
            // The exchange had not begun.
            Some(_) => {}
            None => self.put_away(&journal.folder)?,
        }
        files::write_atomic(&self.configuration(), journal.configuration.as_bytes())?;
        let path = self.journal();
        fs::remove_file(&path).map_err(|source| failed(&path, source))
    }

    /// Takes a folder, which may not be there, out of the way and removes it in the background.
    pub(super) fn put_away(&self, folder: &Path) -> Result<(), Error> {
        let leftover = self.leftover();
        match fs::rename(folder, &leftover) {
            Ok(()) => discard(vec![leftover]),
            Err(source) if source.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(failed(folder, source)),
        }
        Ok(())
    }

    /// Reads the configuration.
    pub(super) fn host(&self) -> Result<ApplicationHost, Error> {
        let path = self.configuration();
        let text = files::read_text(&path)?;
        ApplicationHost::parse(text).map_err(|source| Error::Configuration { path, source })
    }

    /// Writes the configuration.
    pub(super) fn save(&self, host: &ApplicationHost) -> Result<(), Error> {
        Ok(files::write_atomic(&self.configuration(), host.text().as_bytes())?)
    }

    /// A new folder beside the applications, removed when it is dropped.
    pub(super) fn unfinished(&self) -> Result<tempfile::TempDir, Error> {
        let sites = self.sites();
        tempfile::Builder::new().prefix(LEFTOVER).tempdir_in(&sites).map_err(|source| failed(&sites, source))
    }

    /// What was installed under a path, as [`Layout::write_record`] noted it.
    pub(super) fn record(&self, application: &ApplicationPath) -> Option<Installed> {
        serde_json::from_slice(&fs::read(self.record_file(application)).ok()?).ok()
    }

    pub(super) fn all_records(&self) -> Vec<Installed> {
        let Ok(entries) = fs::read_dir(self.records()) else { return Vec::new() };
        let read = |entry: fs::DirEntry| serde_json::from_slice(&fs::read(entry.path()).ok()?).ok();
        entries.flatten().filter_map(read).collect()
    }

    pub(super) fn write_record(&self, installed: &Installed) -> Result<(), Error> {
        let text = serde_json::to_vec_pretty(installed).unwrap_or_default();
        Ok(files::write_atomic(&self.record_file(&installed.application), &text)?)
    }

    pub(super) fn remove_record(&self, application: &ApplicationPath) {
        let _ = fs::remove_file(self.record_file(application));
    }

    fn record_file(&self, application: &ApplicationPath) -> PathBuf {
        let name = application.to_string().to_lowercase().replace(['/', '\\'], "+");
        self.records().join(format!("{name}.json"))
    }
}

/// An install under way. Dropped before [`Transaction::commit`], it goes back to where it began.
pub(super) struct Transaction<'a> {
    layout: &'a Layout,
    journal: Option<Journal>,
}

impl<'a> Transaction<'a> {
    /// Puts the new application in the place of the old one.
    pub(super) fn begin(
        layout: &'a Layout,
        unpacked: tempfile::TempDir,
        folder: &Path,
        host: &ApplicationHost,
    ) -> Result<Self, Error> {
        let previous = folder.is_dir().then(|| layout.leftover());
        let journal = Journal { folder: folder.to_owned(), previous, configuration: host.text().to_owned() };
        files::write_atomic(&layout.journal(), &serde_json::to_vec(&journal).unwrap_or_default())?;
        let transaction = Self { layout, journal: Some(journal) };
        if let Some(previous) = transaction.journal.as_ref().and_then(|journal| journal.previous.as_ref()) {
            fs::rename(folder, previous).map_err(|source| failed(folder, source))?;
        }
        let parent = files::folder_of(folder);
        fs::create_dir_all(parent).map_err(|source| failed(parent, source))?;
        let unpacked = unpacked.keep();
        fs::rename(&unpacked, folder).map_err(|source| failed(folder, source))?;
        Ok(transaction)
    }

    /// Makes it last: the new application and configuration are the good ones from here on.
    pub(super) fn commit(mut self, host: &ApplicationHost) -> Result<(), Error> {
        self.layout.save(host)?;
        let path = self.layout.journal();
        fs::remove_file(&path).map_err(|source| failed(&path, source))?;
        if let Some(previous) = self.journal.take().and_then(|journal| journal.previous) {
            discard(vec![previous]);
        }
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

pub(super) fn failed(path: &Path, source: io::Error) -> Error {
    files::Error::Write { path: path.to_owned(), source }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> (tempfile::TempDir, Layout) {
        let root = tempfile::tempdir().unwrap();
        let layout = Layout::open(root.path()).unwrap();
        (root, layout)
    }

    fn unpacked(layout: &Layout, text: &str) -> tempfile::TempDir {
        let folder = layout.unfinished().unwrap();
        fs::write(folder.path().join("a"), text).unwrap();
        folder
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
        drop(Transaction::begin(&layout, unpacked(&layout, "zero"), &folder, &host).unwrap());
        assert_eq!(content(&folder), None, "there was nothing before");
        let first = Transaction::begin(&layout, unpacked(&layout, "one"), &folder, &host).unwrap();
        host.set_application(&application, &folder.to_string_lossy(), None).unwrap();
        first.commit(&host).unwrap();
        let second = Transaction::begin(&layout, unpacked(&layout, "two"), &folder, &host).unwrap();
        assert_eq!(content(&folder).as_deref(), Some("two"));
        layout.save(&ApplicationHost::new("/nowhere")).unwrap();
        drop(second);
        assert_eq!(content(&folder).as_deref(), Some("one"));
        assert_eq!(layout.host().unwrap().text(), host.text());
        assert!(!layout.journal().exists());
    }

    #[test]
    fn an_install_that_was_killed_is_undone_at_the_next_start() {
        let (_root, layout) = open();
        let folder = layout.folder(&"Default Web Site/x".parse().unwrap());
        let host = layout.host().unwrap();
        Transaction::begin(&layout, unpacked(&layout, "one"), &folder, &host).unwrap().commit(&host).unwrap();
        // Killed: neither committed nor dropped.
        std::mem::forget(Transaction::begin(&layout, unpacked(&layout, "two"), &folder, &host).unwrap());
        Layout::settled(&layout.root).unwrap();
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
    fn no_folder_of_an_application_lies_in_that_of_another() {
        let (_root, layout) = open();
        let paths = ["Default Web Site", "Default Web Site/a", "Default Web Site/a/b", "Default Web Site/b"];
        let folders: Vec<_> = paths.iter().map(|path| layout.folder(&path.parse().unwrap())).collect();
        for (at, one) in folders.iter().enumerate() {
            assert!(
                folders.iter().enumerate().all(|(other, folder)| other == at || !folder.starts_with(one))
            );
        }
    }
}
