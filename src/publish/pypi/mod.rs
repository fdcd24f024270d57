//! PyPI and other package indexes: the app's own wheels and source distributions, uploaded by the legacy API.
//!
//! Everything is checked before anything is sent ([`preflight`]). What the index has already is left alone when it is
//! the same, so that a run that was killed is completed by the next one. Not here: building distributions, and signing.

pub mod addresses;
mod answers;
mod attestations;
pub mod credentials;
mod digests;
pub mod distribution;
mod error;
pub mod hybrid;
pub mod metadata;
pub mod preflight;
mod prepare;
pub mod pypirc;
mod simple;
pub mod trusted;
mod upload;
mod version;

use std::path::{Path, PathBuf};

pub use error::Error;

use self::distribution::FileName;
use super::{Artifact, Published, Publisher};
use crate::event::Observer;
use crate::http::{self, Client, Runtime, Url};
use crate::process::{Interrupt, Runner};
use crate::secret::Secret;

/// Which index, and how it is dealt with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the user's")]
pub struct Settings {
    /// The address that uploads go to.
    pub upload: Url,
    /// The address of the lists of files (PEP 503). That of PyPI is known.
    pub lists: Option<Url>,
    /// Whether a file of the same name and other content is left as it is.
    pub skip_existing: bool,
    /// Whether attestations that lie beside files are passed on.
    pub attestations: bool,
    /// Whether `http:` is allowed to other machines.
    pub allow_http: bool,
    /// Whether everything but the upload is done.
    pub dry_run: bool,
}

impl Settings {
    /// The settings for an upload address or the name of a public index.
    ///
    /// # Errors
    /// It is neither.
    pub fn new(repository: &str) -> Result<Self, Error> {
        let text = addresses::of_name(repository).unwrap_or(repository);
        let upload = address(text)?;
        let lists = addresses::lists_of(&upload);
        let (skip_existing, allow_http, dry_run) = (false, false, false);
        Ok(Self { upload, lists, skip_existing, attestations: true, allow_http, dry_run })
    }
}

/// Reads the address of an index.
///
/// # Errors
/// It is no `http:` or `https:` address.
pub fn address(text: &str) -> Result<Url, Error> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    // What was given may have a password in it.
    url.ok_or_else(|| Error::Repository { text: text.rsplit('@').next().unwrap_or_default().to_owned() })
}

/// What whoever runs a job's log should know.
#[derive(Debug, Clone, Copy)]
pub enum Notice<'a> {
    /// This must not be shown: it is told before its first use.
    Mask(&'a Secret),
    /// This belongs into the summary of the job, as Markdown.
    Explain(&'a str),
}

/// An index to publish to.
pub struct Index<'a> {
    /// Which, and how.
    pub settings: Settings,
    /// Where the login comes from.
    pub sources: credentials::Sources,
    /// Runs the keyring.
    pub runner: &'a dyn Runner,
    /// Is set when the user wants the run to end.
    pub interrupt: Interrupt,
    /// Takes notices.
    pub notify: &'a (dyn Fn(Notice<'_>) + Send + Sync),
}

impl Publisher for Index<'_> {
    fn name(&self) -> &'static str {
        "pypi"
    }

    fn target(&self) -> String {
        http::shown(&self.settings.upload)
    }

    fn publish(
        &self,
        artifacts: &[Artifact],
        observer: &dyn Observer,
    ) -> Result<Vec<Published>, super::Error> {
        let published = self.publish_all(artifacts, observer);
        if let Err(error) = &published
            && let Some(text) = error.explanation()
        {
            (self.notify)(Notice::Explain(&text));
        }
        published.map_err(super::Error::Pypi)
    }
}

impl Index<'_> {
    fn publish_all(&self, artifacts: &[Artifact], observer: &dyn Observer) -> Result<Vec<Published>, Error> {
        let client = Client::new(http::Settings { allow_http: self.settings.allow_http });
        for url in std::iter::once(&self.settings.upload).chain(&self.settings.lists) {
            if let Some(reason) = client.fault(url) {
                return Err(http::Error::Address { url: http::shown(url), reason }.into());
            }
        }
        let files = prepare::all(artifacts, observer)?;
        let credentials = self.sources.choose(&self.settings.upload, self.runner)?;
        if let credentials::Credentials::Login(login) = &credentials {
            (self.notify)(Notice::Mask(&login.password));
        }
        let session = upload::Session::new(self, &client, credentials, observer);
        let runtime = Runtime::new()?;
        runtime.wait(&self.interrupt, &mut || session.tell(), session.all(&files))
    }
}

/// The wheels and source distributions of a version of a project in a folder, wheels first, each by name.
///
/// # Errors
/// A file cannot be read.
pub fn find(folder: &Path, project: &str, version: &str) -> Result<Vec<PathBuf>, Error> {
    let failed = |source| crate::files::Error::Read { path: folder.to_owned(), source };
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // A zip in `dist/` is the Web Deploy package.
        let Ok(file) = FileName::parse(&name) else { continue };
        let package = matches!(&file, FileName::Sdist(sdist) if sdist.extension == ".zip");
        if !package && path.is_file() && file.belongs_to(project, version) {
            found.push((!file.is_wheel(), name, path));
        }
    }
    found.sort();
    Ok(found.into_iter().map(|(_, _, path)| path).collect())
}
