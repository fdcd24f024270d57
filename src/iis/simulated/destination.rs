//! What parameters say about the destination itself: bindings of the site, and physical paths of virtual directories.
//!
//! Web Deploy asks the parameters about each binding of the site that the package goes to (`DestinationBinding`) and each
//! virtual directory (`DestinationVirtualDirectory`): that of the application itself, those that the site has below it, and
//! those that a `contentPath` of the manifest fills. The simulation also makes one that only the scope of an entry names.
//! A path of the server, as `D:\media`, is a folder of the simulation's own: no content leaves it.

use std::path::{Path, PathBuf};

use super::layout::{Layout, failed};
use crate::event::{Observer, Severity};
use crate::iis::application_host::ApplicationHost;
use crate::iis::error::PackageError;
use crate::iis::package::{Package, place_in};
use crate::iis::{ApplicationPath, Change, Error, Outcome, Step};
use crate::package::manifest::Provider;
use crate::template::{Escape, Variables, expand};

/// The changes that are wanted.
pub(super) struct Destination {
    site: String,
    /// Bindings as they are and as they become: `*:80:`.
    bindings: Vec<(String, String)>,
    directories: Vec<VirtualDirectory>,
}

/// A virtual directory that gets another folder.
struct VirtualDirectory {
    /// Its path below the application: `/`, or `/media`.
    path: String,
    /// The physical path as the parameter gives it.
    written: String,
    /// The folder that stands for it here.
    folder: PathBuf,
    /// Whether the site has it already, or the manifest brings it.
    known: bool,
    /// The index of the provider of the manifest that fills it.
    provider: Option<usize>,
}

impl Destination {
    /// Asks the package's parameters about each binding of the site and each virtual directory of the application.
    /// `providers` are those of the manifest, parameters applied.
    ///
    /// # Errors
    /// A search took too many steps, or a physical path is no full path of Windows.
    pub(super) fn of(
        package: &Package<'_>,
        (host, layout): (&ApplicationHost, &Layout),
        application: &ApplicationPath,
        providers: &[Provider],
        variables: &Variables,
    ) -> Result<Self, Error> {
        let (site, values) = (application.site(), package.values());
        let broken = |source: crate::package::apply::Error| package.broken(PackageError::Values(source));
        let mut destination = Self { site: site.to_owned(), bindings: Vec::new(), directories: Vec::new() };
        for binding in host.bindings(site) {
            if let Some(new) = values.destination_binding(site, &binding).map_err(broken)? {
                destination.bindings.push((binding, new));
            }
        }
        for (path, known, provider) in candidates(package, host, application, providers) {
            let name = format!("{site}{}{path}", application.url_prefix());
            let name = if path == "/" { format!("{site}{}", application.path()) } else { name };
            let Some(written) = values.destination_virtual_directory(&name).map_err(broken)? else {
                continue;
            };
            let expanded = expand(&written, variables, Escape::Plain).text;
            let folder = layout
                .server_folder(&expanded)
                .ok_or_else(|| Error::PhysicalPath { directory: name, path: written.clone() })?;
            destination.directories.push(VirtualDirectory { path, written, folder, known, provider });
        }
        Ok(destination)
    }

    /// The folder of the application, when a parameter gives it one.
    pub(super) fn application_folder(&self) -> Option<&Path> {
        let own = self.directories.iter().find(|directory| directory.path == "/");
        own.map(|directory| directory.folder.as_path())
    }

    /// The folders below the application's path that a provider of the manifest fills, with its index.
    pub(super) fn filled(&self) -> impl Iterator<Item = (usize, &Path)> {
        let below = self.directories.iter().filter(|directory| directory.path != "/");
        below.filter_map(|directory| Some((directory.provider?, directory.folder.as_path())))
    }

    /// The places in the application's folder that other `contentPath` providers of the manifest fill, with their indices.
    pub(super) fn places(
        &self,
        application: &ApplicationPath,
        providers: &[Provider],
    ) -> Vec<(usize, String)> {
        let place = |(index, provider): (usize, &Provider)| {
            let elsewhere = self.directories.iter().any(|directory| directory.provider == Some(index));
            let place =
                place_in(application, &provider.path).filter(|_| !elsewhere && provider.is("contentPath"))?;
            Some((index, place.trim_start_matches('/').to_owned()))
        };
        providers.iter().enumerate().filter_map(place).collect()
    }

    /// Makes the folders that are not there, changes the configuration, and says what was done. `content` is the folder of
    /// the application.
    ///
    /// # Errors
    /// A folder cannot be made, or the configuration would no longer be well-formed.
    pub(super) fn set(
        self,
        host: &mut ApplicationHost,
        layout: &Layout,
        (application, content): (&ApplicationPath, &Path),
        observer: &dyn Observer,
    ) -> Result<Vec<Step>, Error> {
        let mut steps = Vec::new();
        for (old, new) in &self.bindings {
            let change = host
                .replace_binding(&self.site, old, new)
                .map_err(|source| Error::Configuration { path: layout.configuration(), source })?;
            steps.push(binding_step(&self.site, (old, new), change));
        }
        for directory in &self.directories {
            steps.push(directory.set(host, layout, application, observer)?);
            directory.warn_of_hidden(content, observer);
        }
        Ok(steps)
    }
}

fn binding_step(site: &str, (old, new): (&str, &str), change: Change) -> Step {
    let detail = match change {
        Change::Unchanged => format!("The binding of `{site}` was `{new}`."),
        _ => format!("The binding `{old}` of `{site}` became `{new}`."),
    };
    Step { provider: "DestinationBinding".to_owned(), path: site.to_owned(), outcome: Outcome::Done, detail }
}

impl VirtualDirectory {
    fn set(
        &self,
        host: &mut ApplicationHost,
        layout: &Layout,
        application: &ApplicationPath,
        observer: &dyn Observer,
    ) -> Result<Step, Error> {
        std::fs::create_dir_all(&self.folder).map_err(|source| failed(&self.folder, source))?;
        let folder = self.folder.to_string_lossy();
        let change = host
            .set_virtual_directory(application, &self.path, &folder)
            .map_err(|source| Error::Configuration { path: layout.configuration(), source })?;
        let name = if self.path == "/" {
            application.to_string()
        } else {
            format!("{}{}{}", application.site(), application.url_prefix(), self.path)
        };
        if change == Change::Added && !self.known {
            observer.simulated(&format!(
                "The virtual directory `{name}` was made; on a server it must be there."
            ));
        }
        observer.simulated(&format!(
            "The folder `{}` of the virtual directory `{name}` is `{folder}` here.",
            self.written
        ));
        let detail = format!("The virtual directory `{name}` leads to `{}`.", self.written);
        let provider = "DestinationVirtualDirectory".to_owned();
        Ok(Step { provider, path: name, outcome: Outcome::Done, detail })
    }

    /// Web Deploy leaves what the application has at the path of a virtual directory where it is, and IIS never looks there.
    fn warn_of_hidden(&self, content: &Path, observer: &dyn Observer) {
        let hidden = content.join(self.path.trim_start_matches('/'));
        if self.path == "/" || self.provider.is_some() || !hidden.is_dir() {
            return;
        }
        let text = format!(
            "`{}` of the package is hidden by the virtual directory of the same path; a `contentPath` provider of the manifest \
             puts files into it.",
            self.path.trim_start_matches('/')
        );
        observer.message(Severity::Warning, &text);
    }
}

/// The virtual directories that parameters are asked about: path below the application, whether it is known to the site or
/// the manifest, and the provider that fills it.
fn candidates(
    package: &Package<'_>,
    host: &ApplicationHost,
    application: &ApplicationPath,
    providers: &[Provider],
) -> Vec<(String, bool, Option<usize>)> {
    let mut candidates = vec![("/".to_owned(), true, None)];
    let mut add = |path: String, known, provider| match candidates
        .iter_mut()
        .find(|(other, ..)| other.to_lowercase() == path.to_lowercase())
    {
        Some((_, other_known, other_provider)) => {
            *other_known |= known;
            *other_provider = other_provider.or(provider);
        }
        None => candidates.push((path, known, provider)),
    };
    let known = host.application(application).map(|(_, known)| known.virtual_directories);
    known.into_iter().flatten().for_each(|(path, _)| add(path, true, None));
    for (index, provider) in providers.iter().enumerate().filter(|(_, provider)| provider.is("contentPath")) {
        if let Some(path) = place_in(application, &provider.path).filter(|path| path != "/") {
            add(path, true, Some(index));
        }
    }
    let named = package.values().named_virtual_directories();
    named.iter().filter_map(|name| application.below(name)).for_each(|path| add(path, false, None));
    candidates
}
