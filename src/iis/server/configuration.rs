//! The configuration files of an application on the disk, read again when they change.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use super::locked;
use crate::iis::site::{Configuration, Folders, Layer};
use crate::package::web_config::FILE_NAME;
use crate::xml::Document;

/// How many configurations are kept.
const KEPT: usize = 256;

/// Why there is no configuration.
#[derive(Debug, Clone)]
pub(super) struct Invalid {
    pub(super) path: PathBuf,
    pub(super) text: String,
}

/// Where the configuration of an application comes from.
pub(super) enum Source {
    /// From its files.
    Files(Files),
    /// From nowhere: it is the same for all URLs, always.
    Fixed(Arc<Configuration>),
}

impl Source {
    /// The configuration of a decoded path below the application.
    pub(super) fn of(&self, below: &str) -> Result<Arc<Configuration>, Invalid> {
        match self {
            Self::Files(files) => files.of(below),
            Self::Fixed(configuration) => Ok(Arc::clone(configuration)),
        }
    }
}

/// The files that count for the URLs of an application.
pub(super) struct Files {
    /// The folder of the root application when that is another one.
    outer: Option<PathBuf>,
    folders: Folders,
    prefix: String,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    files: HashMap<PathBuf, (Stamp, Arc<Read>)>,
    configurations: HashMap<String, (Vec<Stamp>, Arc<Configuration>)>,
}

type Stamp = Option<(SystemTime, u64)>;
type Read = Result<Document, String>;

/// A file that is there: the path of its folder in URLs, its time, and what is in it.
type Layered = (String, Stamp, PathBuf, Arc<Read>, bool);

impl Files {
    pub(super) fn new(outer: Option<PathBuf>, folders: Folders, prefix: &str) -> Self {
        Self { outer, folders, prefix: prefix.to_owned(), known: Mutex::default() }
    }

    fn of(&self, below: &str) -> Result<Arc<Configuration>, Invalid> {
        let layers = self.layers(below);
        let stamps: Vec<Stamp> = layers.iter().map(|(_, stamp, ..)| *stamp).collect();
        let path = format!("{}{below}", self.prefix);
        // Only a `<location>` tells the files of a folder apart.
        let locates = |read: &Read| read.as_ref().is_ok_and(|document| document.text().contains("<location"));
        let key = if layers.iter().any(|(_, _, _, read, _)| locates(read)) {
            path.clone()
        } else {
            path.rsplit_once('/').map_or_else(String::new, |(folder, _)| folder.to_owned())
        };
        if let Some((known, configuration)) = locked(&self.known).configurations.get(&key)
            && *known == stamps
        {
            return Ok(Arc::clone(configuration));
        }
        let mut documents = Vec::new();
        for (base, _, file, read, inherited) in &layers {
            match read.as_ref() {
                Ok(document) => documents.push(Layer { document, base, inherited: *inherited }),
                Err(text) => return Err(Invalid { path: file.clone(), text: text.clone() }),
            }
        }
        // The innermost file is the one that is at fault nearly always.
        let innermost =
            || layers.last().map_or_else(|| self.folders.own().join(FILE_NAME), |layer| layer.2.clone());
        let configuration = Configuration::of(&documents, &path)
            .map_err(|fault| Invalid { path: innermost(), text: fault.to_string() })?;
        let configuration = Arc::new(configuration);
        let mut known = locked(&self.known);
        if known.configurations.len() >= KEPT {
            known.configurations.clear();
        }
        known.configurations.insert(key, (stamps, Arc::clone(&configuration)));
        Ok(configuration)
    }

    /// The files of the site's root, of the application, and of the folders down to the path.
    fn layers(&self, below: &str) -> Vec<Layered> {
        let mut layers = Vec::new();
        if let Some(outer) = &self.outer {
            self.read(&outer.join(FILE_NAME), String::new(), true, &mut layers);
        }
        self.read(&self.folders.own().join(FILE_NAME), self.prefix.clone(), false, &mut layers);
        let mut path = String::new();
        let steps = below.rsplit_once('/').map_or("", |(folders, _)| folders);
        for step in steps.split('/').filter(|step| !step.is_empty()) {
            path = format!("{path}/{step}");
            let (folder, rest) = self.folders.lead(&path);
            let folder = folder.join(rest.trim_start_matches('/'));
            // A virtual directory may lie below a path that is no folder.
            if !folder.is_dir() && self.folders.is_single() {
                break;
            }
            self.read(&folder.join(FILE_NAME), format!("{}{path}", self.prefix), false, &mut layers);
        }
        layers
    }

    fn read(&self, file: &Path, base: String, inherited: bool, into: &mut Vec<Layered>) {
        let stamp = fs::metadata(file).ok().and_then(|data| Some((data.modified().ok()?, data.len())));
        if stamp.is_none() {
            return;
        }
        let mut known = locked(&self.known);
        let read = match known.files.get(file) {
            Some((known, read)) if *known == stamp => Arc::clone(read),
            _ => {
                let bytes = fs::read(file).map_err(|error| error.to_string());
                let read =
                    bytes.and_then(|bytes| Document::parse_bytes(&bytes).map_err(|error| error.to_string()));
                let read = Arc::new(read);
                known.files.insert(file.to_owned(), (stamp, Arc::clone(&read)));
                read
            }
        };
        into.push((base, stamp, file.to_owned(), read, inherited));
    }
}
