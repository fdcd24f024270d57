//! A package as the install sees it: its manifest with the parameters' values, and its content.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write as _};
use std::path::Path;

use super::layout::failed;
use super::values::Values;
use crate::event::{Event, Observer, Unit};
use crate::files;
use crate::iis::error::PackageError;
use crate::iis::{ApplicationPath, Error};
use crate::package::archive::{Limits, Reader};
use crate::package::manifest::{Manifest, Provider};

/// No manifest or parameters file is larger.
const MAX_XML: u64 = 16 * 1024 * 1024;
/// No file that parameters are filled into is larger.
const MAX_FILLED: u64 = 64 * 1024 * 1024;

/// An open package.
pub(super) struct Package {
    reader: Reader<BufReader<File>>,
    pub manifest: Manifest,
    pub values: Values,
    /// The folder of the application in the archive, with a slash at its end.
    content: String,
    /// The same as the manifest names it: what the scopes of parameters are matched with.
    name: String,
}

impl Package {
    /// Opens a package of either shape and resolves its parameters.
    ///
    /// # Errors
    /// It is no package, or a value is missing or wrong.
    pub(super) fn open(path: &Path, given: &[(String, String)]) -> Result<Self, Error> {
        let file = File::open(path).map_err(|source| files::Error::Read { path: path.to_owned(), source })?;
        Self::read(file, given)
            .map_err(|source| Error::Package { path: path.to_owned(), source: Box::new(source) })
    }

    fn read(file: File, given: &[(String, String)]) -> Result<Self, PackageError> {
        let mut reader = Reader::open(BufReader::with_capacity(128 * 1024, file), Limits::default())?;
        let found = |reader: &Reader<_>, name: &str| reader.find(name).map(|entry| entry.name.clone());
        let gallery = found(&reader, "Manifest.xml");
        let name =
            gallery.clone().or_else(|| found(&reader, "archive.xml")).ok_or(PackageError::NoManifest)?;
        let (manifest, _) = Manifest::parse(&reader.read(&name, MAX_XML)?)
            .map_err(|source| PackageError::Manifest { name: name.clone(), source })?;
        let parameters = found(&reader, "Parameters.xml");
        let parameters = parameters.map(|name| reader.read(&name, MAX_XML)).transpose()?;
        let values = Values::resolve(parameters, given)?;
        let provider = application_provider(&manifest).ok_or(PackageError::NoApplication)?;
        let folder = provider.path.replace('\\', "/").trim_matches('/').to_owned();
        let content = content_folder(&reader, &folder, gallery.is_some())
            .ok_or_else(|| PackageError::NoContent { folder: folder.clone() })?;
        Ok(Self { reader, manifest, values, content, name: folder })
    }

    /// Where the application goes. A path without a site is one in the default site.
    ///
    /// # Errors
    /// The path, parameters applied, is none that IIS takes.
    pub(super) fn application(&self, path: &Path, default_site: &str) -> Result<ApplicationPath, Error> {
        let provider = application_provider(&self.manifest);
        let (name, written) =
            provider.map_or(("iisApp", ""), |provider| (&provider.name, provider.path.as_str()));
        let target = self
            .values
            .provider_path(name, written)
            .map_err(|source| Error::Package { path: path.to_owned(), source: Box::new(source) })?;
        let given = target != written || written.contains(['/', '\\']);
        if given { Ok(target.parse()?) } else { Ok(ApplicationPath::new(default_site, &target)?) }
    }

    /// Unpacks the application into an empty folder, parameters filled in. Gives the number of files.
    ///
    /// # Errors
    /// The archive is damaged, a value does not fit into a file, or a file cannot be written.
    pub(super) fn unpack(
        &mut self,
        path: &Path,
        into: &Path,
        observer: &dyn Observer,
    ) -> Result<usize, Error> {
        let total = self.reader.entries().iter().map(|entry| entry.size).sum();
        let mut count = 0;
        let mut done = 0;
        for index in 0..self.reader.entries().len() {
            let entry = &self.reader.entries()[index];
            done += entry.size;
            let Some(below) = below(&entry.name, &self.content) else { continue };
            let target = into.join(below);
            if entry.folder {
                fs::create_dir_all(&target).map_err(|source| failed(&target, source))?;
                continue;
            }
            let known_as = format!("{}/{below}", self.name);
            self.unpack_file(path, index, &known_as, &target)?;
            count += 1;
            observer.event(Event::Progress { what: "unpacking".into(), done, total, unit: Unit::Bytes });
        }
        Ok(count)
    }

    fn unpack_file(&mut self, path: &Path, index: usize, known_as: &str, target: &Path) -> Result<(), Error> {
        let broken =
            |source: PackageError| Error::Package { path: path.to_owned(), source: Box::new(source) };
        let parent = files::folder_of(target);
        fs::create_dir_all(parent).map_err(|source| failed(parent, source))?;
        if self.values.wants_file(known_as) {
            let name = self.reader.entries()[index].name.clone();
            let bytes = self.reader.read(&name, MAX_FILLED).map_err(|error| broken(error.into()))?;
            let filled = self.values.apply_to_file(known_as, &bytes).map_err(broken)?;
            return fs::write(target, filled.unwrap_or(bytes)).map_err(|source| failed(target, source));
        }
        let file = File::create_new(target).map_err(|source| failed(target, source))?;
        let mut file = BufWriter::new(file);
        self.reader.copy_entry(index, &mut file).map_err(|error| broken(error.into()))?;
        file.flush().map_err(|source| failed(target, source))
    }
}

/// The provider that brings the application: the first `iisApp`, else the first `contentPath`.
pub(super) fn application_provider(manifest: &Manifest) -> Option<&Provider> {
    manifest.named("iisApp").next().or_else(|| manifest.named("contentPath").next())
}

/// The folder of the archive that holds the application. In the archive shape it is in `Content`, and a path of a file
/// system has its drive as `C_C` there.
fn content_folder(reader: &Reader<BufReader<File>>, folder: &str, gallery: bool) -> Option<String> {
    let drive = folder.split_once(":/").map(|(drive, rest)| format!("{drive}_{drive}/{rest}"));
    let inner = drive.unwrap_or_else(|| folder.to_owned());
    let candidates = if gallery {
        [format!("{folder}/"), format!("Content/{inner}/")]
    } else {
        [format!("Content/{inner}/"), format!("{folder}/")]
    };
    candidates.into_iter().find(|candidate| {
        let bare = candidate.trim_end_matches('/');
        reader.entries().iter().any(|entry| {
            below(&entry.name, candidate).is_some() || (entry.folder && entry.name.eq_ignore_ascii_case(bare))
        })
    })
}

/// The rest of a name below a folder that is written with a slash at its end, upper and lower case alike.
fn below<'n>(name: &'n str, folder: &str) -> Option<&'n str> {
    let (head, rest) = (name.get(..folder.len())?, name.get(folder.len()..)?);
    (head.eq_ignore_ascii_case(folder) && !rest.is_empty()).then_some(rest)
}
