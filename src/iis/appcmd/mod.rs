//! `appcmd.exe`, the program that changes the configuration of IIS and of IIS Express.
//!
//! FastCGI applications are listed, added, changed and removed, sites are listed, applications of a site made and deleted.
//! Every change is idempotent: it lists first, compares as IIS does, and touches only what differs. What the program says
//! when it refuses becomes an [`Error`] that says what to do.
//!
//! The command lines are those of the IIS documentation ("Getting Started with AppCmd.exe", "FastCGI" and
//! "environmentVariables" of the configuration reference); how they are written is in [`arguments`]. Where sites are only to
//! be looked up and there is no `appcmd.exe`, or it refuses, the file is read instead: see [`super::local`].

pub mod arguments;
mod error;
mod locate;
mod said;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub use error::{Error, Problem};
pub use locate::{Flavour, locate, places};

use super::application_host::{ApplicationHost, FastCgiApplication, same_application};
use super::bootstrap::{Registry, RegistryError};
use super::local::acl::Account;
use super::{ApplicationPath, Change};
use crate::error::Failure as _;
use crate::files;
use crate::package::web_config::APPLICATION_ATTRIBUTES;
use crate::process::{Program, Runner};
use crate::xml::{Document, Element};
use arguments::{Indexer, parameter};

/// The section that FastCGI applications stand in.
pub const FASTCGI: &str = "system.webServer/fastCgi";
/// The section that application pools stand in.
pub const POOLS: &str = "system.applicationHost/applicationPools";
/// The section that sites stand in.
pub const SITES: &str = "system.applicationHost/sites";

/// How long one call may take. A change makes IIS read its configuration again, which is a matter of a second.
const LIMIT: Duration = Duration::from_secs(60);

/// What becomes of an application pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolAction {
    /// It takes requests.
    Start,
    /// Its processes end and it takes no requests.
    Stop,
    /// Its processes end, new ones take over.
    Recycle,
}

/// An `appcmd.exe` and the configuration that it works on.
#[derive(Clone, Copy)]
pub struct Appcmd<'a> {
    program: &'a Path,
    configuration: Option<&'a Path>,
    runner: &'a dyn Runner,
}

impl<'a> Appcmd<'a> {
    /// The program of this path, for the configuration of IIS itself.
    pub fn new(program: &'a Path, runner: &'a dyn Runner) -> Self {
        Self { program, configuration: None, runner }
    }

    /// The same for another configuration file (`/apphostconfig`), as IIS Express has one for each user.
    #[must_use]
    pub fn for_configuration(self, file: &'a Path) -> Self {
        Self { configuration: Some(file), ..self }
    }

    /// The program.
    pub fn program(&self) -> &Path {
        self.program
    }

    /// All FastCGI applications.
    ///
    /// # Errors
    /// `appcmd.exe` refuses or says what cannot be read.
    pub fn fastcgi_applications(&self) -> Result<Vec<FastCgiApplication>, Error> {
        let document = self.list(FASTCGI)?;
        Ok(section(&document).map_or_else(Vec::new, |section| {
            section.children_named("application").map(FastCgiApplication::read).collect()
        }))
    }

    /// Adds a FastCGI application, or gives the one that is there exactly these attributes and variables.
    ///
    /// # Errors
    /// As [`Appcmd::fastcgi_applications`]. What was added before the fault is taken away again.
    pub fn set_fastcgi_application(&self, wanted: &FastCgiApplication) -> Result<Change, Error> {
        let mut there: Vec<_> = self.fastcgi_applications()?;
        there.retain(|known| same_application(known, wanted));
        let Some((first, further)) = there.split_first() else {
            self.add(wanted)?;
            return Ok(Change::Added);
        };
        let mut change = Change::Unchanged;
        for duplicate in further {
            self.remove(duplicate)?;
            change = Change::Updated;
        }
        // A handler leads to an application by its text: one that is only written otherwise would not be found.
        if first.script_processor().to_lowercase() != wanted.script_processor().to_lowercase() {
            self.remove(first)?;
            if let Err(error) = self.add(wanted) {
                let _ = self.add(first);
                return Err(error);
            }
            return Ok(Change::Updated);
        }
        let edits = differences(first, wanted);
        if let Err(error) = edits.iter().try_for_each(|edit| self.edit(edit)) {
            // A half of each would be what nobody has asked for.
            let _ = self.bring_back(first);
            return Err(error);
        }
        Ok(if edits.is_empty() { change } else { Change::Updated })
    }

    /// Removes a FastCGI application, all entries of it. One that is not there is no fault.
    ///
    /// # Errors
    /// As [`Appcmd::fastcgi_applications`].
    pub fn remove_fastcgi_application(&self, unwanted: &FastCgiApplication) -> Result<Change, Error> {
        let mut change = Change::Unchanged;
        for known in self.fastcgi_applications()?.iter().filter(|known| same_application(known, unwanted)) {
            self.remove(known)?;
            change = Change::Removed;
        }
        Ok(change)
    }

    /// The sites with their applications and virtual directories.
    ///
    /// # Errors
    /// As [`Appcmd::fastcgi_applications`].
    pub fn sites(&self) -> Result<ApplicationHost, Error> {
        self.section_of_host(SITES, "sites")
    }

    /// The account that an application pool runs as.
    ///
    /// # Errors
    /// As [`Appcmd::fastcgi_applications`].
    pub fn account(&self, pool: &str) -> Result<Account, Error> {
        Ok(self.section_of_host(POOLS, "applicationPools")?.account(pool))
    }

    fn section_of_host(&self, name: &str, element: &str) -> Result<ApplicationHost, Error> {
        let document = self.list(name)?;
        let content = section(&document)
            .and_then(|section| section.content_span().map(|span| &document.text()[span]))
            .unwrap_or_default();
        let text = format!(
            "<configuration><system.applicationHost><{element}>{content}</{element}></system.applicationHost></configuration>"
        );
        ApplicationHost::parse(text)
            .map_err(|source| Error::Output { program: self.program.to_owned(), said: source.to_string() })
    }

    /// Makes an application in a site, or changes the folder of the one that is there.
    ///
    /// # Errors
    /// There is no such site, or `appcmd.exe` refuses.
    pub fn set_application(&self, path: &ApplicationPath, folder: &Path) -> Result<Change, Error> {
        let known = self.sites()?.application(path);
        let text = folder.to_string_lossy();
        match known {
            Some((_, known)) if known.physical_path() == Some(&*text) => Ok(Change::Unchanged),
            Some(_) => {
                let name = format!("{path}/");
                let program = self.asked("appcmd set vdir").args(["set", "vdir"]).arg(name);
                self.call(program.arg(parameter("physicalPath", &text)))?;
                Ok(Change::Updated)
            }
            None => {
                let program = self
                    .asked("appcmd add app")
                    .args(["add", "app"])
                    .arg(parameter("site.name", path.site()))
                    .arg(parameter("path", path.path()))
                    .arg(parameter("physicalPath", &text));
                self.call(program)?;
                Ok(Change::Added)
            }
        }
    }

    /// Deletes an application of a site. One that is not there is no fault.
    ///
    /// # Errors
    /// `appcmd.exe` refuses.
    pub fn delete_application(&self, path: &ApplicationPath) -> Result<Change, Error> {
        if self.sites()?.application(path).is_none() {
            return Ok(Change::Unchanged);
        }
        self.call(self.asked("appcmd delete app").args(["delete", "app"]).arg(path.to_string()))?;
        Ok(Change::Removed)
    }

    /// Starts an application pool, stops it, or lets its processes end and new ones take over. Gives whether that changed
    /// anything: a pool that is in the wanted state already is no fault.
    ///
    /// # Errors
    /// There is no such pool, or `appcmd.exe` refuses.
    pub fn pool(&self, action: PoolAction, name: &str) -> Result<bool, Error> {
        let verb = match action {
            PoolAction::Start => "start",
            PoolAction::Stop => "stop",
            PoolAction::Recycle => "recycle",
        };
        let program = self.asked("appcmd apppool").args([verb, "apppool"]);
        match self.call(program.arg(parameter("apppool.name", name))) {
            Ok(_) => Ok(true),
            Err(Error::Refused { problem: Problem::AlreadySo, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The command that unlocks a section, for people.
    pub fn unlock_command(section: &str) -> String {
        format!("%windir%\\System32\\inetsrv\\appcmd.exe unlock config -section:{section}")
    }

    /// Gives an application that is there the attributes and variables that it had.
    fn bring_back(&self, before: &FastCgiApplication) -> Result<(), Error> {
        let there = self.fastcgi_applications()?;
        let now = there.iter().find(|known| same_application(known, before));
        now.map_or(Ok(()), |now| differences(now, before).iter().try_for_each(|edit| self.edit(edit)))
    }

    fn list(&self, section: &str) -> Result<Document, Error> {
        let program = self.asked("appcmd list config").args(["list", "config"]);
        let output = self.call(program.arg(parameter("section", section)).arg("/xml"))?;
        let document = if output.contains(char::REPLACEMENT_CHARACTER) {
            // In a code page of the console, which does not say its name: the file is UTF-8.
            self.section_of_file(section)
        } else {
            Document::parse(output.as_str()).ok()
        };
        document.ok_or_else(|| Error::Output {
            program: self.program.to_owned(),
            said: output.trim().chars().take(500).collect(),
        })
    }

    /// A section of the configuration file, in the form of what `list config /xml` says.
    fn section_of_file(&self, section: &str) -> Option<Document> {
        let beside = || files::folder_of(self.program).join("config").join("applicationHost.config");
        let path = self.configuration.map_or_else(beside, Path::to_owned);
        let document = Document::parse_bytes(&files::read(&path).ok()?).ok()?;
        let element = section.split('/').try_fold(document.root(), Element::child)?;
        let text = &document.text()[element.span()];
        Document::parse(format!("<appcmd><CONFIG>{text}</CONFIG></appcmd>")).ok()
    }

    fn add(&self, wanted: &FastCgiApplication) -> Result<(), Error> {
        let mut whole = Indexer::key(wanted);
        whole.extend(&wanted.attributes);
        self.edit(&format!("/+{whole}"))?;
        let key = Indexer::key(wanted);
        for (name, value) in &wanted.environment {
            if let Err(error) =
                self.edit(&format!("/+{key}.environmentVariables.{}", Indexer::variable(name, value)))
            {
                // Half an application would answer with errors that nobody understands.
                let _ = self.remove(wanted);
                return Err(error);
            }
        }
        Ok(())
    }

    fn remove(&self, unwanted: &FastCgiApplication) -> Result<(), Error> {
        self.edit(&format!("/-{}", Indexer::key(unwanted)))
    }

    fn edit(&self, edit: &str) -> Result<(), Error> {
        let program = self
            .asked("appcmd set config")
            .args(["set", "config"])
            .arg(parameter("section", FASTCGI))
            .arg(edit)
            .arg("/commit:apphost");
        self.call(program).map(drop)
    }

    fn asked(&self, label: &str) -> Program {
        Program::new(label, self.program).timeout(LIMIT)
    }

    fn call(&self, program: Program) -> Result<String, Error> {
        let program = match self.configuration {
            Some(file) => program.arg(parameter("apphostconfig", &file.to_string_lossy())),
            None => program,
        };
        let output = self.runner.execute(&program)?;
        let said = said::text(&output.stdout);
        if output.success() && !said::is_refusal(&said) {
            return Ok(said);
        }
        let said = if said.trim().is_empty() { said::text(&output.stderr) } else { said };
        Err(Error::refused(&program, output.code.unwrap_or(-1), &said))
    }
}

impl Registry for Appcmd<'_> {
    fn register(&mut self, application: &FastCgiApplication) -> Result<Change, RegistryError> {
        self.set_fastcgi_application(application)
            .map_err(|error| RegistryError { hint: error.hint(), message: error.to_string() })
    }
}

/// The element with a section's content in what `list config /xml` says.
fn section(document: &Document) -> Option<Element<'_>> {
    document.root().child("CONFIG").and_then(|config| config.children().next())
}

/// The edits that make one application of another with the same key.
fn differences(now: &FastCgiApplication, wanted: &FastCgiApplication) -> Vec<String> {
    let key = Indexer::key(now);
    let mut edits = Vec::new();
    for rule in &APPLICATION_ATTRIBUTES[2..] {
        let value = |of: &FastCgiApplication| {
            let found = of.attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case(rule.name));
            found.map_or_else(|| rule.default.to_owned(), |(_, value)| value.clone())
        };
        let wanted = value(wanted);
        if !value(now).eq_ignore_ascii_case(&wanted) {
            edits.push(format!("/{key}.{}:{wanted}", rule.name));
        }
    }
    for (name, value) in &now.environment {
        if !wanted.environment.iter().any(|(other, same)| other.eq_ignore_ascii_case(name) && same == value) {
            edits.push(format!("/-{key}.environmentVariables.{}", Indexer::variable_name(name)));
        }
    }
    for (name, value) in &wanted.environment {
        if !now.environment.iter().any(|(other, same)| other.eq_ignore_ascii_case(name) && same == value) {
            edits.push(format!("/+{key}.environmentVariables.{}", Indexer::variable(name, value)));
        }
    }
    edits
}

/// Where the configuration of IIS lies, below the folder of Windows.
pub fn configuration_of_iis(windir: &str) -> PathBuf {
    ["System32", "inetsrv", "config", "applicationHost.config"]
        .iter()
        .fold(PathBuf::from(windir), |path, part| path.join(part))
}
