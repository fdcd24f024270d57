//! What parameters say about the destination itself: bindings of the site, and folders of virtual directories.
//!
//! Web Deploy looks at the site that the package goes to (`DestinationBinding`, `DestinationVirtualDirectory`). A binding is
//! changed in the configuration of the simulation. A folder of the server is noted and not made: all content stays
//! below the simulation's own folder.

use crate::event::Observer;
use crate::iis::application_host::ApplicationHost;
use crate::iis::error::PackageError;
use crate::iis::package::Package;
use crate::iis::{ApplicationPath, Change, Outcome, Step, application_host};

/// The changes that are wanted.
pub(super) struct Destination {
    site: String,
    /// Bindings as they are and as they become: `*:80:`.
    bindings: Vec<(String, String)>,
    /// Virtual directories as `SITE/PATH` with their folders on the server.
    folders: Vec<(String, String)>,
}

impl Destination {
    /// Asks the package's parameters about each binding of the site and each virtual directory of the application.
    ///
    /// # Errors
    /// A search took too many steps.
    pub(super) fn of(
        package: &Package<'_>,
        host: &ApplicationHost,
        application: &ApplicationPath,
    ) -> Result<Self, PackageError> {
        let (site, values) = (application.site(), package.values());
        let mut destination = Self { site: site.to_owned(), bindings: Vec::new(), folders: Vec::new() };
        for binding in host.bindings(site) {
            if let Some(new) = values.destination_binding(site, &binding)? {
                destination.bindings.push((binding, new));
            }
        }
        let mut directories = vec![format!("{site}{}", application.path())];
        let known = host.application(application).map(|(_, known)| known.virtual_directories);
        let below = known.into_iter().flatten().filter(|(path, _)| path != "/");
        directories.extend(below.map(|(path, _)| format!("{site}{}{path}", application.url_prefix())));
        for directory in directories {
            if let Some(folder) = values.destination_virtual_directory(&directory)? {
                destination.folders.push((directory, folder));
            }
        }
        Ok(destination)
    }

    /// Changes the configuration, and says what was done.
    ///
    /// # Errors
    /// The text would no longer be well-formed.
    pub(super) fn set(
        self,
        host: &mut ApplicationHost,
        observer: &dyn Observer,
    ) -> Result<Vec<Step>, application_host::Error> {
        let mut steps = Vec::new();
        for (old, new) in self.bindings {
            let detail = match host.replace_binding(&self.site, &old, &new)? {
                Change::Unchanged => format!("The binding of `{}` was `{new}`.", self.site),
                _ => format!("The binding `{old}` of `{}` became `{new}`.", self.site),
            };
            let (provider, path) = ("DestinationBinding".to_owned(), self.site.clone());
            steps.push(Step { provider, path, outcome: Outcome::Done, detail });
        }
        for (path, folder) in self.folders {
            let detail =
                format!("The folder `{folder}` of the virtual directory `{path}` was noted, not made.");
            observer.simulated(&detail);
            let provider = "DestinationVirtualDirectory".to_owned();
            steps.push(Step { provider, path, outcome: Outcome::Simulated, detail });
        }
        Ok(steps)
    }
}
