//! Reads a package: its manifest, its parameters, the configuration of its applications, and what it gives away.

use std::io::{Read, Seek};
use std::path::Path;

use super::content::{
    Content, PackageContent, PackageEntry, PackageFolder, SystemInfoContent, WebConfigFile,
};
use super::{Error, Found, Inspection, Kind, recognise};
use crate::digest::Digests;
use crate::error::in_one_line;
use crate::event::Severity;
use crate::finding::Finding;
use crate::package::archive::{Limits, Reader};
use crate::package::archive_format::{self, Contents};
use crate::package::bootstrap::{self, Bootstrap};
use crate::package::parameters::Parameters;
use crate::package::web_config::{self, WebConfig};
use crate::xml::Document;

/// The most bytes of one of the files that are read.
const MAX_PART: u64 = 16 << 20;

/// Inspects an archive.
pub(super) fn inspect<R: Read + Seek>(path: &Path, input: R, digests: &Digests) -> Result<Inspection, Error> {
    let mut reader = Reader::open(input, Limits::default())
        .map_err(|error| Error::malformed(path, (0, 0), archive_format::Error::from(error)))?;
    let contents = Contents::read(&mut reader).map_err(|error| not_a_package(path, error))?;
    let mut part = Parts { path, reader, findings: Vec::new() };
    let manifest_name = contents.manifest_name.clone();
    part.add(&manifest_name, contents.findings.clone());
    let content = PackageContent {
        shape: contents.shape,
        manifest: (&contents.manifest).into(),
        parameters: part.parameters(&contents)?,
        system_info: part.system_info(&contents),
        applications: part.applications(&contents),
        web_configs: part.web_configs(&contents)?,
        bootstrap: part.bootstrap(&contents)?,
        unpacked: part.reader.entries().iter().map(|entry| entry.size).sum(),
        entries: part
            .reader
            .entries()
            .iter()
            .map(|entry| PackageEntry {
                name: entry.name.clone(),
                folder: entry.folder,
                size: entry.size,
                packed: entry.packed,
            })
            .collect(),
        manifest_name,
    };
    part.user_folders(&contents);
    Ok(Inspection {
        path: path.to_owned(),
        kind: Kind::Package,
        size: digests.size,
        sha1: digests.sha1_hex(),
        sha256: digests.sha256_hex(),
        content: Content::Package(Box::new(content)),
        findings: part.findings,
    })
}

fn not_a_package(path: &Path, error: archive_format::Error) -> Error {
    match &error {
        archive_format::Error::NoManifest => {
            let found = "it is an archive with neither `Manifest.xml` nor `archive.xml` at its root";
            Error::Unknown { path: path.to_owned(), found: found.into() }
        }
        archive_format::Error::Manifest { source, .. } => {
            let place = source.position();
            Error::malformed(path, place, error)
        }
        _ => Error::malformed(path, (0, 0), error),
    }
}

/// The parts of a package while they are read.
struct Parts<'p, R> {
    path: &'p Path,
    reader: Reader<R>,
    findings: Vec<Found>,
}

impl<R: Read + Seek> Parts<'_, R> {
    fn add(&mut self, file: &str, findings: Vec<Finding>) {
        let found = findings.into_iter().map(|finding| Found { file: Some(file.to_owned()), finding });
        self.findings.extend(found);
    }

    /// A broken file of the package is a finding: the rest is still worth seeing.
    fn document(&mut self, name: &str, bytes: &[u8]) -> Option<Document> {
        match Document::parse_bytes(bytes) {
            Ok(document) => Some(document),
            Err(error) => {
                let finding = Finding::new("not-well-formed", Severity::Error, error.message);
                self.add(name, vec![finding.at((error.line, error.column))]);
                None
            }
        }
    }

    fn parameters(&mut self, contents: &Contents) -> Result<Option<Parameters>, Error> {
        let Some((name, bytes)) = &contents.parameters else {
            let text = "the package has no `Parameters.xml`, so nobody is asked where to install it";
            let finding = Finding::new("missing-parameters", Severity::Warning, text);
            self.findings.push(Found { file: None, finding });
            return Ok(None);
        };
        let Some(document) = self.document(name, bytes) else { return Ok(None) };
        let (parameters, findings) = Parameters::read(&document)
            .map_err(|error| Error::malformed(self.path, document.root().position(), error))?;
        self.add(name, findings);
        Ok(Some(parameters))
    }

    fn system_info(&mut self, contents: &Contents) -> Option<SystemInfoContent> {
        let (name, bytes) = contents.system_info.as_ref()?;
        let document = self.document(name, bytes)?;
        self.add(name, recognise::machine_names(document.root()));
        Some(recognise::system_info(document.root()))
    }

    fn applications(&self, contents: &Contents) -> Vec<PackageFolder> {
        contents
            .applications
            .iter()
            .map(|application| {
                let entries =
                    application.entries.iter().filter_map(|(index, _)| self.reader.entries().get(*index));
                let files = entries.filter(|entry| !entry.folder);
                let (count, size) = files.fold((0, 0), |(count, size), entry| (count + 1, size + entry.size));
                PackageFolder {
                    path: application.path.clone(),
                    root: application.root.clone(),
                    files: count,
                    size,
                }
            })
            .collect()
    }

    fn web_configs(&mut self, contents: &Contents) -> Result<Vec<WebConfigFile>, Error> {
        let mut configs = Vec::new();
        for application in &contents.applications {
            for name in [web_config::FILE_NAME, web_config::TEMPLATE_NAME] {
                let file = format!("{}/{name}", application.root);
                let Some(bytes) = self.read(&file)? else { continue };
                let Some(document) = self.document(&file, &bytes) else { continue };
                let template = name == web_config::TEMPLATE_NAME;
                let read =
                    if template { WebConfig::read_template(&document) } else { WebConfig::read(&document) };
                match read {
                    Ok((config, findings)) => {
                        self.add(&file, findings);
                        configs.push(WebConfigFile { file, config });
                    }
                    Err(error) => {
                        let finding = Finding::new("not-a-web-config", Severity::Error, error.to_string());
                        self.add(&file, vec![finding.at(error.position())]);
                    }
                }
            }
        }
        Ok(configs)
    }

    fn bootstrap(&mut self, contents: &Contents) -> Result<Option<Bootstrap>, Error> {
        let Some(application) = contents.main_application() else { return Ok(None) };
        let file = format!("{}/{}", application.root, bootstrap::FILE_NAME);
        let Some(bytes) = self.read(&file)? else { return Ok(None) };
        match Bootstrap::from_json(&String::from_utf8_lossy(&bytes)) {
            Ok(bootstrap) => Ok(Some(bootstrap)),
            Err(error) => {
                let finding = Finding::new("broken-bootstrap", Severity::Error, in_one_line(&error));
                self.add(&file, vec![finding.at(error.position())]);
                Ok(None)
            }
        }
    }

    /// A file of the package, if it is there and no longer than such a file can sensibly be.
    fn read(&mut self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let Some(entry) = self.reader.find(name) else { return Ok(None) };
        if entry.folder {
            return Ok(None);
        }
        let bytes = self.reader.read(name, MAX_PART);
        bytes
            .map(Some)
            .map_err(|error| Error::malformed(self.path, (0, 0), archive_format::Error::from(error)))
    }

    /// Paths below the folder of a user of the machine that made the package.
    fn user_folders(&mut self, contents: &Contents) {
        let user = contents.manifest.providers.iter().find_map(|provider| {
            let path = provider.path.replace('\\', "/");
            let at = path.to_lowercase().find("/users/").map(|at| at + "/users/".len())?;
            let name = path.get(at..)?.split('/').next()?.to_owned();
            (!name.is_empty()).then_some((name, (provider.line, provider.column)))
        });
        if let Some((name, place)) = user {
            let text = format!("the package names a user of the machine that made it: `{name}`");
            let finding = Finding::new("user-name", Severity::Info, text).at(place);
            self.add(&contents.manifest_name, vec![finding]);
        }
    }
}
