//! A package as the install sees it: its manifest with the parameters' values, and its content.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write as _};
use std::path::Path;

use super::error::PackageError;
use super::{ApplicationPath, Error, InstallRequest};
use crate::error::Location;
use crate::event::{Event, Message, Observer, Unit};
use crate::files;
use crate::finding::Finding;
use crate::package::apply::{self, Resolved};
use crate::package::archive::Reader;
use crate::package::archive_format::{Application, Contents};
use crate::package::manifest::Provider;
use crate::package::parameters::Parameters;
use crate::xml::Document;

/// No file that parameters are filled into is larger.
const MAX_FILLED: u64 = 64 * 1024 * 1024;

/// What a file is that stands already where one is unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Already {
    /// A sign that the archive is damaged.
    Damage,
    /// What an earlier provider brought; the later one counts, as in Web Deploy.
    GivesWay,
}

/// An open package whose parameters have values.
pub(super) struct Package<'a> {
    path: &'a Path,
    reader: Reader<BufReader<File>>,
    contents: Contents,
    values: Resolved,
    observer: &'a dyn Observer,
}

impl<'a> Package<'a> {
    /// Opens a package of either shape and resolves its parameters.
    ///
    /// # Errors
    /// It is no package, or a value is missing or wrong.
    pub(super) fn open(request: &'a InstallRequest, observer: &'a dyn Observer) -> Result<Self, Error> {
        let path = request.package.as_path();
        let file = File::open(path).map_err(|source| files::Error::Read { path: path.to_owned(), source })?;
        let broken = |source| Error::Package { path: path.to_owned(), source: Box::new(source) };
        let (reader, contents, values) = read(file, request).map_err(broken)?;
        let mut package = Self { path, reader, contents, values, observer };
        package.tell(package.values.findings());
        package.supply_sources()?;
        Ok(package)
    }

    /// The providers of the manifest in their order, with the values of the parameters.
    ///
    /// # Errors
    /// A value cannot be put in.
    pub(super) fn providers(&self) -> Result<Vec<Provider>, Error> {
        let filled = |provider: &Provider| {
            let mut filled = provider.clone();
            filled.path = self.provider_path(provider)?;
            for (name, value) in &mut filled.settings {
                if let Some(given) = self.values.attribute(&provider.name, &provider.path, name)? {
                    *value = given;
                }
            }
            Ok(filled)
        };
        let providers = &self.contents.manifest.providers;
        providers
            .iter()
            .map(filled)
            .collect::<Result<_, PackageError>>()
            .map_err(|source| self.broken(source))
    }

    fn provider_path(&self, provider: &Provider) -> Result<String, PackageError> {
        Ok(self
            .values
            .provider_path(&provider.name, &provider.path)?
            .unwrap_or_else(|| provider.path.clone()))
    }

    /// Where the application goes. A path without a site, which no parameter has given, is one in the default site.
    ///
    /// # Errors
    /// The path, parameters applied, is none that IIS takes.
    pub(super) fn application(&self, default_site: &str) -> Result<ApplicationPath, Error> {
        let main = self
            .contents
            .main_application()
            .and_then(|main| self.contents.manifest.providers.get(main.provider));
        let provider = main.ok_or_else(|| self.broken(PackageError::NoApplication))?;
        let target = self.provider_path(provider).map_err(|source| self.broken(source))?;
        if target != provider.path || target.contains(['/', '\\']) {
            return Ok(target.parse()?);
        }
        Ok(ApplicationPath::new(default_site, &target)?)
    }

    /// Whether the package itself says the site, in its manifest or by a parameter, as Web Deploy wants it.
    pub(super) fn names_site(&self) -> bool {
        let main = self
            .contents
            .main_application()
            .and_then(|main| self.contents.manifest.providers.get(main.provider));
        let target = main.and_then(|provider| self.provider_path(provider).ok());
        target.is_some_and(|target| target.contains(['/', '\\']))
    }

    /// Refuses a package without the folder that its manifest names.
    ///
    /// # Errors
    /// It has none.
    pub(super) fn require_content(&self) -> Result<(), Error> {
        let main =
            self.contents.main_application().ok_or_else(|| self.broken(PackageError::NoApplication))?;
        if main.entries.is_empty() {
            return Err(self.broken(PackageError::NoContent { folder: main.root.clone() }));
        }
        Ok(())
    }

    /// Unpacks the application into an empty folder, parameters filled in. Gives the number of files.
    ///
    /// # Errors
    /// The archive is damaged, a value does not fit into a file, or a file cannot be written.
    pub(super) fn unpack(&mut self, into: &Path) -> Result<usize, Error> {
        self.require_content()?;
        let main = self.contents.main_application().cloned();
        let main = main.ok_or_else(|| self.broken(PackageError::NoApplication))?;
        self.unpack_content(&main, into, Already::Damage)
    }

    /// The same for what one provider of the manifest brings, which may be nothing.
    ///
    /// # Errors
    /// As for [`Package::unpack`].
    pub(super) fn unpack_provider(&mut self, provider: usize, into: &Path) -> Result<usize, Error> {
        let found = self.contents.applications.iter().find(|content| content.provider == provider).cloned();
        found.map_or(Ok(0), |content| self.unpack_content(&content, into, Already::GivesWay))
    }

    /// Whether the files of a provider are among those of the application, which [`Package::unpack`] takes.
    pub(super) fn is_of_application(&self, provider: usize) -> bool {
        let folder = |content: &Application| format!("{}/", content.root.to_lowercase());
        let main = self.contents.main_application().map(folder);
        let content = self.contents.applications.iter().find(|content| content.provider == provider);
        content.zip(main).is_none_or(|(content, main)| folder(content).starts_with(&main))
    }

    fn unpack_content(
        &mut self,
        content: &Application,
        into: &Path,
        already: Already,
    ) -> Result<usize, Error> {
        let total = content.entries.iter().map(|(index, _)| self.reader.entries()[*index].size).sum();
        let (mut count, mut done) = (0, 0);
        for (index, name) in &content.entries {
            let target = into.join(name);
            let entry = &self.reader.entries()[*index];
            done += entry.size;
            if entry.folder {
                fs::create_dir_all(&target).map_err(|source| failed(&target, source))?;
                continue;
            }
            if already == Already::GivesWay && target.is_file() {
                fs::remove_file(&target).map_err(|source| failed(&target, source))?;
            }
            // A scope may be about the whole name in the package, or the end of it.
            self.unpack_file(*index, &format!("{}/{name}", content.root), &target)?;
            count += 1;
            self.observer.event(Event::Progress { what: "unpacking".into(), done, total, unit: Unit::Bytes });
        }
        Ok(count)
    }

    /// Its parameters with their values.
    pub(super) fn values(&self) -> &Resolved {
        &self.values
    }

    /// The values of its parameters as they may be shown.
    pub(super) fn parameters(&self) -> Vec<(String, String)> {
        self.values.values().map(|shown| (shown.name.to_owned(), shown.value.to_owned())).collect()
    }

    /// Tells of entries that found nothing in all of the package: their placeholder is most often misspelt.
    pub(super) fn tell_unused(&self) {
        self.tell(&self.values.unused());
    }

    fn tell(&self, findings: &[Finding]) {
        let file = self.contents.parameters.as_ref().map_or("Parameters.xml", |(name, _)| name);
        for finding in findings {
            let place = Location::at(self.path.join(file), finding.line, finding.column);
            let message = Message::new(finding.severity, finding.text.as_str()).with_location(place);
            self.observer.event(Event::Message(message));
        }
    }

    /// Values that stand in files of the package are read before any of these files is changed.
    fn supply_sources(&mut self) -> Result<(), Error> {
        let Some(main) = self.contents.main_application() else { return Ok(()) };
        let wanted = |(index, name): &(usize, String)| {
            let known_as = format!("{}/{name}", main.root);
            self.values.wants_source(&known_as).then_some((*index, known_as))
        };
        let wanted: Vec<(usize, String)> = main.entries.iter().filter_map(wanted).collect();
        for (index, known_as) in wanted {
            let bytes = self.read(index).map_err(|source| self.broken(source))?;
            self.values.supply_source(&known_as, &bytes).map_err(|source| self.broken(source.into()))?;
        }
        Ok(())
    }

    fn unpack_file(&mut self, index: usize, known_as: &str, target: &Path) -> Result<(), Error> {
        let parent = files::folder_of(target);
        fs::create_dir_all(parent).map_err(|source| failed(parent, source))?;
        if self.values.wants_file(known_as) {
            let bytes = self.read(index).map_err(|source| self.broken(source))?;
            let filled = self.values.apply_to_file(known_as, &bytes);
            let filled = filled.map_err(|source| self.broken(source.into()))?;
            return fs::write(target, filled.unwrap_or(bytes)).map_err(|source| failed(target, source));
        }
        let file = File::create_new(target).map_err(|source| failed(target, source))?;
        let mut file = BufWriter::new(file);
        self.reader.copy_entry(index, &mut file).map_err(|error| self.broken(error.into()))?;
        file.flush().map_err(|source| failed(target, source))
    }

    fn read(&mut self, index: usize) -> Result<Vec<u8>, PackageError> {
        let name = self.reader.entries()[index].name.clone();
        Ok(self.reader.read(&name, MAX_FILLED)?)
    }

    pub(super) fn broken(&self, source: PackageError) -> Error {
        Error::Package { path: self.path.to_owned(), source: Box::new(source) }
    }
}

/// Whether a provider's path means the application that is installed, or something in it.
pub(super) fn is_in(application: &ApplicationPath, path: &str) -> bool {
    place_in(application, path).is_some()
}

/// The path below the application, as `/media`, that a provider's path means; `/` is the application itself. None: it means
/// something else.
pub(super) fn place_in(application: &ApplicationPath, path: &str) -> Option<String> {
    // Without a parameter for the site, the package has the application's own name.
    let own_name = || {
        let (above, name) = application.path().rsplit_once('/')?;
        if name.is_empty() {
            return None;
        }
        application.below(&format!("{}{above}/{path}", application.site()))
    };
    application.below(path).or_else(own_name)
}

fn failed(path: &Path, source: std::io::Error) -> Error {
    files::Error::Write { path: path.to_owned(), source }.into()
}

type Parts = (Reader<BufReader<File>>, Contents, Resolved);

fn read(file: File, request: &InstallRequest) -> Result<Parts, PackageError> {
    let mut reader = Reader::open(BufReader::with_capacity(128 * 1024, file), request.limits)?;
    let contents = Contents::read(&mut reader)?;
    let parameters = match &contents.parameters {
        Some((name, bytes)) => {
            let wrong = |source| PackageError::Parameters { name: name.clone(), source };
            let document = Document::parse_bytes(bytes)
                .map_err(|source| PackageError::ParametersXml { name: name.clone(), source })?;
            Parameters::read(&document).map_err(wrong)?.0
        }
        None => Parameters::default(),
    };
    let values = apply::resolve(&parameters, &request.parameters)?;
    Ok((reader, contents, values))
}
