//! Finds the parts of a package of either shape: its manifest, its parameters, and the files of each application.

use std::io::{Read, Seek};

use crate::event::Severity;
use crate::finding::Finding;

use super::super::archive::{ReadEntry, Reader};
use super::super::manifest::Manifest;
use super::{Error, Shape, content_root};

/// The most bytes of a manifest or of parameters. The largest public ones have some ten thousand.
const MAX_XML: u64 = 16 << 20;

/// What a package has in it.
#[derive(Debug, Clone)]
pub struct Contents {
    /// Its shape.
    pub shape: Shape,
    /// The name of its manifest in the zip.
    pub manifest_name: String,
    /// The manifest, or the top level of `archive.xml`, which has the same form.
    pub manifest: Manifest,
    /// What is doubtful in the manifest, and folders that are missing.
    pub findings: Vec<Finding>,
    /// The name and the bytes of the parameters.
    pub parameters: Option<(String, Vec<u8>)>,
    /// The name and the bytes of the description of the machine that made it.
    pub system_info: Option<(String, Vec<u8>)>,
    /// The applications in the order of the manifest.
    pub applications: Vec<Application>,
}

/// One `iisApp` or `contentPath` of a package and its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// The index of its provider in [`Manifest::providers`].
    pub provider: usize,
    /// The path of the provider as written.
    pub path: String,
    /// Its folder in the zip, without a final slash.
    pub root: String,
    /// Its files and folders: the index in [`Reader::entries`] and the name inside the folder.
    pub entries: Vec<(usize, String)>,
}

impl Contents {
    /// Reads the parts of a package.
    ///
    /// # Errors
    /// The archive has no manifest at its root, or one that cannot be read.
    pub fn read<R: Read + Seek>(reader: &mut Reader<R>) -> Result<Self, Error> {
        let (shape, manifest_name) = if let Some(entry) = reader.find("Manifest.xml") {
            (Shape::Gallery, entry.name.clone())
        } else if let Some(entry) = reader.find("archive.xml") {
            (Shape::Archive, entry.name.clone())
        } else {
            return Err(Error::NoManifest);
        };
        let bytes = reader.read(&manifest_name, MAX_XML)?;
        let (manifest, mut findings) = Manifest::parse(&bytes)
            .map_err(|source| Error::Manifest { name: manifest_name.clone(), source })?;
        let mut optional = |name: &str| match reader.find(name).map(|entry| entry.name.clone()) {
            Some(name) => reader.read(&name, MAX_XML).map(|bytes| Some((name, bytes))),
            None => Ok(None),
        };
        let parameters = optional("Parameters.xml")?;
        let system_info = optional("systemInfo.xml")?;
        let mut applications = Vec::new();
        for (index, provider) in manifest.providers.iter().enumerate() {
            if !provider.is("iisApp") && !provider.is("contentPath") {
                continue;
            }
            let root = match shape {
                Shape::Archive => content_root(&provider.path),
                Shape::Gallery => content_root(&provider.path).split_off("Content/".len()),
            };
            let entries = inside(reader.entries(), &root);
            if entries.is_empty() && reader.find(&root).is_none_or(|entry| !entry.folder) {
                let text = format!("the package has no folder `{root}` for `{}`", provider.name);
                let finding = Finding::new("missing-content", Severity::Error, text);
                findings.push(finding.at((provider.line, provider.column)));
            }
            applications.push(Application { provider: index, path: provider.path.clone(), root, entries });
        }
        Ok(Self { shape, manifest_name, manifest, findings, parameters, system_info, applications })
    }

    /// The application that is installed: that of the first `iisApp`, else of the first `contentPath`.
    pub fn main_application(&self) -> Option<&Application> {
        let is_app = |app: &&Application| {
            self.manifest.providers.get(app.provider).is_some_and(|provider| provider.is("iisApp"))
        };
        self.applications.iter().find(is_app).or_else(|| self.applications.first())
    }
}

/// The entries in a folder with their names inside it. Upper and lower case are alike, as on the server.
fn inside(entries: &[ReadEntry], root: &str) -> Vec<(usize, String)> {
    let wanted = root.to_lowercase();
    let mut inside = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let Some((head, rest)) = split_at_part(&entry.name, root) else { continue };
        if head.eq_ignore_ascii_case(root) || head.to_lowercase() == wanted {
            inside.push((index, rest.to_owned()));
        }
    }
    inside
}

/// Divides a name after as many parts as the folder has. None when it has no more.
fn split_at_part<'n>(name: &'n str, folder: &str) -> Option<(&'n str, &'n str)> {
    let parts = folder.matches('/').count();
    let (slash, _) = name.match_indices('/').nth(parts)?;
    Some((&name[..slash], &name[slash + 1..]))
}
