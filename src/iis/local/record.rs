//! What a bootstrap added to a server, noted so that an uninstall can take away exactly that.
//!
//! The notes lie in `%ProgramData%\iiswsgi\installed`, one file an application: not in the application's folder, which Web
//! Deploy replaces.

use std::path::{Path, PathBuf};

use super::acl::Grant;
use crate::files;
use crate::iis::{ApplicationPath, FastCgiApplication};
use crate::template::Variables;

/// The version of the notes' form.
const SCHEMA: u32 = 1;

/// What was added for one application.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Record {
    /// The version of this form.
    pub schema: u32,
    /// Where the application is in IIS.
    pub application: ApplicationPath,
    /// Its folder.
    pub folder: PathBuf,
    /// The FastCGI applications that were registered.
    pub fastcgi: Vec<FastCgiApplication>,
    /// The rights that were given.
    pub grants: Vec<Grant>,
    /// The virtual environment.
    pub virtual_environment: PathBuf,
    /// The `web.config` with the handler, when the bootstrap wrote it.
    pub web_config: Option<PathBuf>,
    /// The stamp that was removed, and what stood in it.
    pub stamp: Option<(PathBuf, String)>,
    /// Whether the application itself and its content were installed by this program too.
    pub content: bool,
}

impl Record {
    /// Nothing yet.
    pub fn new(application: ApplicationPath, folder: &Path, virtual_environment: &Path) -> Self {
        Self {
            schema: SCHEMA,
            application,
            folder: folder.to_owned(),
            fastcgi: Vec::new(),
            grants: Vec::new(),
            virtual_environment: virtual_environment.to_owned(),
            web_config: None,
            stamp: None,
            content: false,
        }
    }
}

/// The folder with the notes of a server.
#[derive(Debug, Clone)]
pub struct Records(PathBuf);

impl Records {
    /// That of this machine; none where no folder for such data is known, as on other systems than Windows.
    pub fn of_machine(variables: &Variables) -> Option<Self> {
        let data = variables.get("ProgramData").filter(|folder| !folder.is_empty())?;
        Some(Self(Path::new(data).join("iiswsgi").join("installed")))
    }

    /// The note about an application.
    ///
    /// # Errors
    /// It is there and cannot be read.
    pub fn find(&self, application: &ApplicationPath) -> Result<Option<Record>, files::Error> {
        let path = self.file(application);
        if !path.is_file() {
            return Ok(None);
        }
        let bytes = files::read(&path)?;
        let record = serde_json::from_slice(&bytes).map_err(|error| files::Error::Read {
            path,
            source: std::io::Error::new(std::io::ErrorKind::InvalidData, error),
        })?;
        Ok(Some(record))
    }

    /// All notes that can be read.
    pub fn all(&self) -> Vec<Record> {
        let entries = std::fs::read_dir(&self.0).into_iter().flatten().flatten();
        entries.filter_map(|entry| serde_json::from_slice(&std::fs::read(entry.path()).ok()?).ok()).collect()
    }

    /// Writes a note in the place of the one that is there.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, record: &Record) -> Result<(), files::Error> {
        std::fs::create_dir_all(&self.0)
            .map_err(|source| files::Error::Write { path: self.0.clone(), source })?;
        let text = serde_json::to_vec_pretty(record).unwrap_or_default();
        files::write_atomic(&self.file(&record.application), &text)
    }

    /// Removes a note.
    pub fn remove(&self, application: &ApplicationPath) {
        let _ = std::fs::remove_file(self.file(application));
    }

    fn file(&self, application: &ApplicationPath) -> PathBuf {
        // `+` stands in no application path.
        self.0.join(format!("{}.json", application.to_string().to_lowercase().replace(['/', '\\'], "+")))
    }
}
