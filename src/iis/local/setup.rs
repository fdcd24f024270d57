//! Bootstrap on a server: what [`bootstrap`](crate::iis::bootstrap) does, the rights of the application pool, and the note that
//! an uninstall works from.

use std::path::{Path, PathBuf};

use super::acl::{Account, Grant, Icacls, grant_command};
use super::environment;
use super::record::{Record, Records};
use crate::error::Failure as _;
use crate::event::{Observer, Severity};
use crate::files;
use crate::iis::appcmd::Appcmd;
use crate::iis::application_host::same_application;
use crate::iis::bootstrap::{self, Command, Found, Lock, Plan, Registry, RegistryError, Report, Settings};
use crate::iis::{Change, FastCgiApplication};
use crate::package::bootstrap::STAMP;
use crate::process::Runner;

/// What setting up and taking away need of a server.
pub struct Server<'a> {
    /// Runs programs.
    pub runner: &'a dyn Runner,
    /// Is told what happens.
    pub observer: &'a dyn Observer,
    /// Where notes are kept; none: nothing is noted.
    pub records: Option<&'a Records>,
    /// Gives rights; none: nobody does.
    pub icacls: Option<Icacls<'a>>,
}

impl Server<'_> {
    /// Sets up an application, gives its pool the rights it needs, and notes what was added, also when a later step fails.
    ///
    /// # Errors
    /// A step of the bootstrap failed. A right that cannot be given is a warning with the command that gives it.
    pub fn bootstrap(
        &self,
        found: &Found,
        account: &Account,
        command: &Command,
        settings: &Settings,
        appcmd: Appcmd<'_>,
    ) -> Result<Report, bootstrap::Error> {
        let folder = found.target.folder.as_path();
        let _lock = Lock::take(folder)?;
        // Who may not change IIS is told so now, and not after minutes of installing.
        let registered = appcmd.fastcgi_applications().map_err(|error| bootstrap::Error::Registered {
            source: RegistryError { hint: error.hint(), message: error.to_string() },
        })?;
        self.protect_records();
        let mut note = Note::begin(found, command, self.records, registered)?;
        let mut registry = Noting { appcmd, note: &mut note };
        let done = bootstrap::run_locked(
            &found.target,
            command,
            settings,
            &mut registry,
            self.runner,
            self.observer,
        );
        if let Ok(report) = &done {
            let given = self.give_rights(folder, &report.virtual_environment, account);
            note.done(report, given);
        }
        let noted = note.finish();
        let report = done?;
        noted?;
        Ok(report)
    }

    /// Makes the folder of the notes one that administrators alone write to. Every user may make one where it lies.
    fn protect_records(&self) {
        let (Some(records), Some(icacls)) = (self.records, &self.icacls) else { return };
        if let Err(error) = records.make_folder(|folder| icacls.protect(folder)) {
            let text = format!("The notes for an uninstall are not protected from other users: {error}");
            self.observer.message(Severity::Warning, &text);
        }
    }

    /// Gives the pool's account read and execute on the application, and on its environment when that lies elsewhere.
    fn give_rights(&self, folder: &Path, environment: &Path, account: &Account) -> Vec<Grant> {
        let mut folders = vec![folder.to_owned()];
        if !environment.starts_with(folder) {
            folders.push(environment.to_owned());
        }
        let mut given = Vec::new();
        for folder in folders {
            let by_hand = grant_command(&folder, account);
            let Some(icacls) = &self.icacls else {
                self.observer.simulated(&format!("No right was given: `{by_hand}` would be run on Windows."));
                continue;
            };
            match icacls.grant(&folder, account) {
                Ok(true) => {
                    let text = format!("`{account}` may read and execute {}.", folder.display());
                    self.observer.message(Severity::Info, &text);
                    given.push(Grant { folder: folder.clone(), identity: account.for_icacls().to_owned() });
                }
                Ok(false) => {
                    let text = format!("`{account}` could read and execute {} before.", folder.display());
                    self.observer.message(Severity::Detail, &text);
                }
                Err(error) => {
                    let text = format!(
                        "`{account}` could not be given the right to read and execute {}: {error}. By hand: {by_hand}",
                        folder.display()
                    );
                    self.observer.message(Severity::Warning, &text);
                }
            }
        }
        given
    }
}

/// Registers, and notes what that has changed.
struct Noting<'a, 'n, 'r> {
    appcmd: Appcmd<'a>,
    note: &'n mut Note<'r>,
}

impl Registry for Noting<'_, '_, '_> {
    fn register(&mut self, application: &FastCgiApplication) -> Result<Change, RegistryError> {
        let change = self.appcmd.register(application)?;
        self.note.registered(application, change);
        Ok(change)
    }
}

/// What a bootstrap adds, as it goes on. It is on the disk from the beginning: Web Deploy kills commands that take too long.
struct Note<'a> {
    records: Option<&'a Records>,
    /// None where nobody knows the application's path in IIS.
    record: Option<Record>,
    /// What was noted before.
    before: Option<Record>,
    /// What IIS knew before.
    known: Vec<FastCgiApplication>,
    /// What other applications of ours have registered.
    others: Vec<FastCgiApplication>,
}

impl<'a> Note<'a> {
    fn begin(
        found: &Found,
        command: &Command,
        records: Option<&'a Records>,
        known: Vec<FastCgiApplication>,
    ) -> Result<Self, files::Error> {
        let folder = found.target.folder.as_path();
        let path = found.target.application.as_ref();
        let before = path.and_then(|path| records?.find(path).ok().flatten());
        let others = path.zip(records).map(|(path, records)| records.others(path)).unwrap_or_default();
        let web_config = folder.join("web.config");
        // A description that cannot be read is the bootstrap's to complain about.
        let plan = Plan::read(folder, command).ok();
        let place = plan.as_ref().map_or(folder.to_owned(), |plan| folder.join(&plan.virtual_environment));
        let place: PathBuf = place.components().collect();
        let record = path.map(|path| {
            let mut record = Record::new(path.clone(), folder, &place);
            if let Some(before) = &before {
                record.grants.clone_from(&before.grants);
                record.replaced.clone_from(&before.replaced);
                record.fastcgi.clone_from(&before.fastcgi);
                record.kept.clone_from(&before.kept);
                record.content = before.content;
            } else {
                record.kept = environment::files(&place, folder);
            }
            let stamp = folder.join(plan.as_ref().map_or(Path::new(STAMP), |plan| &plan.stamp));
            let stamp = std::fs::read_to_string(&stamp).ok().map(|text| (stamp, text));
            record.stamp = stamp.or_else(|| before.as_ref()?.stamp.clone());
            let own =
                !web_config.is_file() || before.as_ref().is_some_and(|before| before.web_config.is_some());
            record.web_config = own.then(|| web_config.clone());
            record
        });
        let others = others.into_iter().flat_map(|other| other.fastcgi).collect();
        let note = Self { records, record, before, known, others };
        note.write()?;
        Ok(note)
    }

    fn registered(&mut self, application: &FastCgiApplication, change: Change) {
        let Some(record) = &mut self.record else { return };
        let is = |known: &&FastCgiApplication| same_application(known, application);
        let ours = record.fastcgi.iter().any(|known| is(&known));
        record.needed.push(application.clone());
        if change == Change::Unchanged && !ours {
            return;
        }
        record.fastcgi.retain(|known| !is(&known));
        record.fastcgi.push(application.clone());
        let of_others = self.others.iter().any(|known| is(&known));
        if let Some(known) = self.known.iter().find(is).filter(|_| !ours && !of_others) {
            record.replaced.push(known.clone());
        }
        // The end tells when it cannot be written.
        let _ = self.write();
    }

    fn done(&mut self, report: &Report, grants: Vec<Grant>) {
        let Some(record) = &mut self.record else { return };
        record.virtual_environment.clone_from(&report.virtual_environment);
        for grant in grants {
            if !record.grants.contains(&grant) {
                record.grants.push(grant);
            }
        }
    }

    fn write(&self) -> Result<(), files::Error> {
        match (&self.record, self.records) {
            (Some(record), Some(records)) => records.write(record),
            _ => Ok(()),
        }
    }

    /// Leaves the note as it is to stay; none, when there is nothing to take away.
    fn finish(mut self) -> Result<(), files::Error> {
        let (Some(record), Some(records)) = (&mut self.record, self.records) else { return Ok(()) };
        record.web_config = record.web_config.take().filter(|path| path.is_file());
        let made_something = record.virtual_environment.join("pyvenv.cfg").is_file()
            || record.web_config.is_some()
            || !record.fastcgi.is_empty();
        if self.before.is_none() && !made_something {
            records.remove(&record.application);
            return Ok(());
        }
        records.write(record)
    }
}
