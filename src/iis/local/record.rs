//! What a bootstrap added to a server, noted so that an uninstall can take away exactly that.
//!
//! The notes lie in `%ProgramData%\iiswsgi\installed`, one file an application: not in the application's folder, which Web
//! Deploy replaces.

use std::path::{Component, Path, PathBuf};

use super::acl::Grant;
use crate::files;
use crate::iis::application_host::same_application;
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
    /// The FastCGI applications that were registered, for this application or for one that is gone since.
    pub fastcgi: Vec<FastCgiApplication>,
    /// All that it needs, those too that somebody else had registered.
    #[serde(default)]
    pub needed: Vec<FastCgiApplication>,
    /// Those that somebody else had registered with other attributes, as they were.
    #[serde(default)]
    pub replaced: Vec<FastCgiApplication>,
    /// The rights that were given.
    pub grants: Vec<Grant>,
    /// The virtual environment.
    pub virtual_environment: PathBuf,
    /// What stood in the folders of the environment before: it is not ours to remove.
    #[serde(default)]
    pub kept: Vec<PathBuf>,
    /// The `web.config` with the handler, when the bootstrap wrote it.
    pub web_config: Option<PathBuf>,
    /// The stamp that was removed, and what stood in it.
    pub stamp: Option<(PathBuf, String)>,
    /// Whether the application itself and its content were installed by this program too.
    pub content: bool,
}

impl Record {
    /// Whether it needs a FastCGI application.
    pub fn needs(&self, application: &FastCgiApplication) -> bool {
        self.needed.iter().chain(&self.fastcgi).any(|known| same_application(known, application))
    }

    /// Whether a path of it lies where such a path has to lie. The notes are kept where every user of the machine may have put one
    /// before, and nothing outside of the application is to be removed for anybody.
    pub fn is_within(&self, path: &Path) -> bool {
        let climbs = path.components().any(|part| part == Component::ParentDir);
        path.starts_with(&self.folder) && !climbs
    }

    /// Nothing yet.
    pub fn new(application: ApplicationPath, folder: &Path, virtual_environment: &Path) -> Self {
        Self {
            schema: SCHEMA,
            application,
            folder: folder.to_owned(),
            fastcgi: Vec::new(),
            needed: Vec::new(),
            replaced: Vec::new(),
            grants: Vec::new(),
            virtual_environment: virtual_environment.to_owned(),
            kept: Vec::new(),
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

    /// Makes the folder when it is not there yet, with what `protect` does to a new one.
    ///
    /// # Errors
    /// `protect` fails.
    pub fn make_folder<E>(&self, protect: impl FnOnce(&Path) -> Result<(), E>) -> Result<(), E> {
        // What cannot be made is told when a note is written.
        if self.0.is_dir() || std::fs::create_dir_all(&self.0).is_err() {
            return Ok(());
        }
        protect(&self.0)
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

    /// The notes about all applications but one, as far as they can be read.
    pub fn others(&self, application: &ApplicationPath) -> Vec<Record> {
        let entries = std::fs::read_dir(&self.0).into_iter().flatten().flatten();
        let all = entries
            .filter_map(|entry| serde_json::from_slice::<Record>(&std::fs::read(entry.path()).ok()?).ok());
        all.filter(|record| record.application != *application).collect()
    }

    /// Writes a note in the place of the one that is there.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, record: &Record) -> Result<(), files::Error> {
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
