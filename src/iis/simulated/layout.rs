//! The folders of a simulated IIS, its records of what was installed, and its one lock.
//!
//! ```text
//! ROOT/config/applicationHost.config     the configuration, as IIS has it
//! ROOT/config/installed/…                what each install made, for the uninstall
//! ROOT/inetpub/SITE/APPLICATION          the applications
//! ROOT/drives/D/…                        what stands for folders of the server that parameters name
//! ROOT/inetsrv                           the working directory of FastCGI processes
//! ```

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::files;
use crate::iis::application_host::ApplicationHost;
use crate::iis::server::child;
use crate::iis::{ApplicationPath, DEFAULT_SITE, Error, Installed};

/// How long one install waits for another to end.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// The folders of one simulated IIS.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    root: PathBuf,
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

    pub(super) fn sites(&self) -> PathBuf {
        self.root.join("inetpub")
    }

    fn records(&self) -> PathBuf {
        self.root.join("config").join("installed")
    }

    /// The way back of an install that is under way.
    pub(super) fn journal(&self) -> PathBuf {
        self.root.join("config").join("unfinished-install.json")
    }

    /// The folder of an application. No application's folder lies in another's, so that each can be replaced alone;
    /// `+` stands in no application path.
    pub(super) fn folder(&self, application: &ApplicationPath) -> PathBuf {
        let name = application.steps().collect::<Vec<_>>().join("+");
        self.site(application.site()).join(if name.is_empty() { "+root" } else { &name })
    }

    /// The folder that stands for one of the server's, `D:\media` or `\\server\share\media`. None: it is no full path of
    /// Windows. A folder that is there in another case is taken, as Windows takes it.
    pub(super) fn server_folder(&self, path: &str) -> Option<PathBuf> {
        let path = path.trim().replace('/', r"\");
        let (drive, rest) = if let Some(share) = path.strip_prefix(r"\\") {
            ("UNC".to_owned(), share)
        } else {
            let (drive, rest) = path.split_once(r":\")?;
            let is_drive = drive.len() == 1 && drive.starts_with(|drive: char| drive.is_ascii_alphabetic());
            (is_drive.then(|| drive.to_uppercase())?, rest)
        };
        let steps: Vec<&str> = rest.split('\\').filter(|step| !step.is_empty()).collect();
        let refused = |step: &&str| {
            matches!(*step, "." | "..") || step.contains(|c: char| c.is_control() || "<>:\"|?*".contains(c))
        };
        if steps.iter().any(refused) || (drive == "UNC" && steps.len() < 2) {
            return None;
        }
        let drive = self.root.join("drives").join(drive);
        Some(
            steps
                .into_iter()
                .fold(drive, |folder, step| child(&folder, step).unwrap_or_else(|| folder.join(step))),
        )
    }

    /// Whether a folder belongs to this simulation.
    pub(super) fn owns(&self, folder: &Path) -> bool {
        folder.starts_with(&self.root)
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

pub(super) fn failed(path: &Path, source: io::Error) -> Error {
    files::Error::Write { path: path.to_owned(), source }.into()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::iis::simulated) fn open() -> (tempfile::TempDir, Layout) {
        let root = tempfile::tempdir().unwrap();
        let layout = Layout::open(root.path()).unwrap();
        (root, layout)
    }

    #[test]
    fn a_folder_of_the_server_is_one_below_the_root_whatever_its_case() {
        let (_root, layout) = open();
        let drives = layout.root.join("drives");
        fs::create_dir_all(drives.join("D/Sites")).unwrap();
        // Where the system itself does not tell upper and lower case apart, the name stays as it is written.
        let plain = |path: PathBuf| path.to_string_lossy().replace('\\', "/").to_lowercase();
        assert!(layout.server_folder(r"d:\SITES").unwrap().is_dir());
        for (path, folder) in [
            (r"D:\sites\Hello", "D/Sites/Hello"),
            ("d:/new", "D/new"),
            (r"\\server\share\x", "UNC/server/share/x"),
            (r"C:\", "C"),
        ] {
            assert_eq!(layout.server_folder(path).map(plain), Some(plain(drives.join(folder))), "{path}");
        }
        for path in
            ["", "media", r"\media", "/srv/media", r"D:media", r"D:\..\x", r"\\server", r"D:\a|b", r"DD:\x"]
        {
            assert_eq!(layout.server_folder(path), None, "{path}");
        }
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
