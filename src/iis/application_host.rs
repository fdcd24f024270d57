//! `applicationHost.config`, the one file that IIS keeps its sites and FastCGI applications in, as values and as edits
//! of its text.
//!
//! The elements are those of the IIS schema (`IIS_schema.xml`: `system.applicationHost/sites`,
//! `system.webServer/fastCgi`); comments, spacing and everything that is not asked for stay as they are. All edits are
//! idempotent. Nothing here reads or writes a file: the simulation, IIS Express and `appcmd`'s stand-in do.

mod fastcgi;
mod locks;
mod sites;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

pub use fastcgi::{FastCgiApplication, same_application};
pub use locks::Defined;

use super::ApplicationPath;
use super::local::acl::Account;
use crate::xml::{self, Document, Editor, Element, escape_attribute};

/// The configuration of one IIS, with its text.
#[derive(Debug, Clone)]
pub struct ApplicationHost {
    document: Document,
}

/// A site with its applications.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Its name.
    pub name: String,
    /// Its number, as `APPL_MD_PATH` shows it.
    pub id: u32,
    /// Its applications in the order of the file.
    pub applications: Vec<Application>,
}

/// An application of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Its path in the site: `/` or `/a/b`.
    pub path: String,
    /// Its application pool, when it names one.
    pub pool: Option<String>,
    /// Its virtual directories: path below the application, and folder as written (it may hold `%SystemDrive%`).
    pub virtual_directories: Vec<(String, String)>,
}

impl Application {
    /// The folder of the application itself, as written in the file.
    pub fn physical_path(&self) -> Option<&str> {
        self.virtual_directories.iter().find(|(path, _)| path == "/").map(|(_, folder)| folder.as_str())
    }
}

/// What an edit did to the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// Everything was so already.
    Unchanged,
    /// It was not there and is now.
    Added,
    /// It was there with other values.
    Updated,
    /// It was there and is gone.
    Removed,
}

/// Why an edit cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text is no XML, or an edit would make it so.
    #[error("the application host configuration is not well-formed")]
    Xml(#[from] xml::Error),
    /// The document element is not `configuration`, or a section that the edit needs is not there.
    #[error("the application host configuration has no `{0}` element")]
    NoSection(&'static str),
    /// The site is not there.
    #[error("there is no site `{name}`; sites are: {}", list(.known))]
    NoSite {
        /// The name that was asked for.
        name: String,
        /// The names that are there.
        known: Vec<String>,
    },
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

impl ApplicationHost {
    /// Reads the text of the file.
    ///
    /// # Errors
    /// It is not well-formed or its document element is not `configuration`.
    pub fn parse(text: impl Into<String>) -> Result<Self, Error> {
        let document = Document::parse(text)?;
        if !document.root().is("configuration") {
            return Err(Error::NoSection("configuration"));
        }
        Ok(Self { document })
    }

    /// The file of a new IIS: one site, `Default Web Site`, on the given folder, one application pool, no FastCGI
    /// application, and the sections locked as they are on a fresh Windows.
    pub fn new(site_folder: &str) -> Self {
        let text = include_str!("application_host/template.config")
            .replace("SITE_FOLDER", &escape_attribute(site_folder));
        let document = Document::parse(text).unwrap_or_else(|error| {
            unreachable!("the template is well-formed and the folder is escaped: {error}")
        });
        Self { document }
    }

    /// The text of the file.
    pub fn text(&self) -> &str {
        self.document.text()
    }

    /// All sites in the order of the file.
    pub fn sites(&self) -> Vec<Site> {
        self.site_elements().map(site).collect()
    }

    /// The application of exactly this path, compared as IIS does.
    pub fn application(&self, path: &ApplicationPath) -> Option<(Site, Application)> {
        let site = self.sites().into_iter().find(|site| same(&site.name, path.site()))?;
        let application =
            site.applications.iter().find(|application| same(&application.path, path.path()))?.clone();
        Some((site, application))
    }

    /// The application pool that an application runs in: its own, else that of the site's or of all sites' defaults.
    pub fn pool(&self, path: &ApplicationPath) -> String {
        let site = self.site_element(path.site()).ok();
        // A virtual directory is part of the application above it.
        let mut above = path.path();
        let mut application = None;
        while let (Some(site), None) = (site, application) {
            application = application_element(site, above);
            let Some((shorter, _)) = above.rsplit_once('/').filter(|_| above != "/") else { break };
            above = if shorter.is_empty() { "/" } else { shorter };
        }
        let own = application.and_then(|application| application.attribute("applicationPool"));
        let sites = self.document.root().child("system.applicationHost").and_then(|host| host.child("sites"));
        let default = |element: Option<Element<'_>>| {
            element?.child("applicationDefaults")?.attribute("applicationPool").map(str::to_owned)
        };
        own.map(str::to_owned)
            .or_else(|| default(site))
            .or_else(|| default(sites))
            .unwrap_or_else(|| "DefaultAppPool".to_owned())
    }

    /// The account that a pool runs as: what its `processModel` says, else that of all pools' defaults, else one of its own.
    pub fn account(&self, pool: &str) -> Account {
        let root = self.document.root().child("system.applicationHost");
        let pools = root.and_then(|host| host.child("applicationPools"));
        let own = pools.and_then(|pools| {
            pools.children_named("add").find(|known| same(known.attribute("name").unwrap_or_default(), pool))
        });
        let defaults = pools.and_then(|pools| pools.child("applicationPoolDefaults"));
        let value = |name| {
            [own, defaults]
                .into_iter()
                .flatten()
                .find_map(|element| element.child("processModel")?.attribute(name))
        };
        let kind = value("identityType").unwrap_or_default();
        Account::of_identity(pool, kind, value("userName").unwrap_or_default())
    }

    /// Whether a native module is there; none where the file says nothing of modules.
    pub fn has_module(&self, name: &str) -> Option<bool> {
        let modules = self.document.root().child("system.webServer")?.child("globalModules")?;
        let mut names = modules.children_named("add").filter_map(|known| known.attribute("name"));
        Some(names.any(|known| same(known, name)))
    }

    /// Whether there is a pool of this name; none where the file says nothing of pools.
    pub fn has_pool(&self, pool: &str) -> Option<bool> {
        let pools = self.document.root().child("system.applicationHost")?.child("applicationPools")?;
        let mut names = pools.children_named("add").filter_map(|known| known.attribute("name"));
        Some(names.any(|name| same(name, pool)))
    }

    /// Adds a site with a root application on a folder, answering on the site's own name. One that is there stays as it
    /// is.
    ///
    /// # Errors
    /// There is no section for sites.
    pub fn add_site(&mut self, name: &str, folder: &str) -> Result<Change, Error> {
        if self.site_element(name).is_ok() {
            return Ok(Change::Unchanged);
        }
        let root = self.document.root();
        let sites = root.child("system.applicationHost").and_then(|section| section.child("sites"));
        let sites = sites.ok_or(Error::NoSection("sites"))?;
        let id = self.sites().iter().map(|site| site.id).max().unwrap_or(0) + 1;
        let binding = format!("*:80:{}", name.replace(' ', "-").to_lowercase());
        let xml = format!(
            "<site name=\"{}\" id=\"{id}\">\n    {}\n    <bindings>\n        \
             <binding protocol=\"http\" bindingInformation=\"{}\" />\n    </bindings>\n</site>",
            escape_attribute(name),
            new_application("/", folder, None).replace('\n', "\n    "),
            escape_attribute(&binding)
        );
        let mut editor = Editor::new(&self.document);
        editor.append_child(sites, &xml);
        let text = editor.finish();
        self.replace(text, Change::Added)
    }

    /// Adds an application or changes its folder and pool. Without a pool, a new application takes the default and an
    /// old one keeps its own.
    ///
    /// # Errors
    /// The site is not there.
    pub fn set_application(
        &mut self,
        path: &ApplicationPath,
        folder: &str,
        pool: Option<&str>,
    ) -> Result<Change, Error> {
        let site = self.site_element(path.site())?;
        let mut editor = Editor::new(&self.document);
        let change = if let Some(application) = application_element(site, path.path()) {
            if let Some(pool) = pool {
                editor.set_attribute(application, "applicationPool", pool);
            }
            set_virtual_directory(&mut editor, application, "/", folder);
            if editor.is_empty() { Change::Unchanged } else { Change::Updated }
        } else {
            editor.append_child(site, &new_application(path.path(), folder, pool));
            Change::Added
        };
        let text = editor.finish();
        self.replace(text, change)
    }

    /// Removes an application. Applications below its path stay, as in IIS.
    ///
    /// # Errors
    /// The site is not there.
    pub fn remove_application(&mut self, path: &ApplicationPath) -> Result<Change, Error> {
        let site = self.site_element(path.site())?;
        let Some(application) = application_element(site, path.path()) else { return Ok(Change::Unchanged) };
        let mut editor = Editor::new(&self.document);
        editor.remove(application);
        let text = editor.finish();
        self.replace(text, Change::Removed)
    }

    fn replace(&mut self, text: String, change: Change) -> Result<Change, Error> {
        if change != Change::Unchanged {
            self.document = Document::parse(text)?;
        }
        Ok(change)
    }

    fn site_elements(&self) -> impl Iterator<Item = Element<'_>> {
        self.document
            .root()
            .children_named("system.applicationHost")
            .flat_map(|section| section.children_named("sites"))
            .flat_map(|sites| sites.children_named("site"))
    }

    fn site_element(&self, name: &str) -> Result<Element<'_>, Error> {
        self.site_elements().find(|site| same(site.attribute("name").unwrap_or_default(), name)).ok_or_else(
            || Error::NoSite {
                name: name.to_owned(),
                known: self.sites().into_iter().map(|site| site.name).collect(),
            },
        )
    }
}

fn site(element: Element<'_>) -> Site {
    Site {
        name: element.attribute("name").unwrap_or_default().to_owned(),
        id: element.attribute("id").and_then(|id| id.trim().parse().ok()).unwrap_or(0),
        applications: element.children_named("application").map(application).collect(),
    }
}

fn application(element: Element<'_>) -> Application {
    Application {
        path: element.attribute("path").unwrap_or("/").to_owned(),
        pool: element.attribute("applicationPool").map(str::to_owned),
        virtual_directories: element
            .children_named("virtualDirectory")
            .map(|directory| {
                let value = |name| directory.attribute(name).unwrap_or_default().to_owned();
                (value("path"), value("physicalPath"))
            })
            .collect(),
    }
}

fn application_element<'d>(site: Element<'d>, path: &str) -> Option<Element<'d>> {
    site.children_named("application")
        .find(|application| same(application.attribute("path").unwrap_or("/"), path))
}

fn new_application(path: &str, folder: &str, pool: Option<&str>) -> String {
    let mut xml = format!("<application path=\"{}\"", escape_attribute(path));
    if let Some(pool) = pool {
        let _ = write!(xml, " applicationPool=\"{}\"", escape_attribute(pool));
    }
    format!("{xml}>\n    {}\n</application>", virtual_directory("/", folder))
}

fn virtual_directory(path: &str, folder: &str) -> String {
    let (path, folder) = (escape_attribute(path), escape_attribute(folder));
    format!("<virtualDirectory path=\"{path}\" physicalPath=\"{folder}\" />")
}

fn set_virtual_directory<'d>(
    editor: &mut Editor<'d>,
    application: Element<'d>,
    path: &str,
    folder: &str,
) -> Change {
    let mut known = application.children_named("virtualDirectory");
    match known.find(|known| same(known.attribute("path").unwrap_or_default(), path)) {
        Some(known) if known.attribute("physicalPath") == Some(folder) => Change::Unchanged,
        Some(known) => {
            editor.set_attribute(known, "physicalPath", folder);
            Change::Updated
        }
        None => {
            editor.append_child(application, &virtual_directory(path, folder));
            Change::Added
        }
    }
}

/// Names and paths of IIS are compared without regard to case.
fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || one.to_lowercase() == other.to_lowercase()
}
