//! Bootstrap and uninstall on a server: what [`bootstrap`](crate::iis::bootstrap) does, the rights of the application
//! pool, and the note that an uninstall works from.

use std::path::{Path, PathBuf};

use super::acl::{Grant, Icacls, grant_command, identity};
use super::record::{Record, Records};
use crate::error::{ExitCode, Failure};
use crate::event::{Observer, Severity};
use crate::files;
use crate::iis::appcmd::{self, Appcmd};
use crate::iis::application_host::same_application;
use crate::iis::bootstrap::{self, Command, Found, Registry, Report, SCRIPTS, Settings};
use crate::iis::{ApplicationPath, Change};
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

/// Why something was not taken away.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// IIS's configuration could not be changed.
    #[error(transparent)]
    Appcmd(#[from] appcmd::Error),
    /// A note could not be read, or a file not be removed.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// There is no `appcmd.exe` to change the configuration with.
    #[error("cannot take `{0}` out of IIS: there is no `appcmd.exe`")]
    NoAppcmd(ApplicationPath),
}

impl Failure for Error {
    fn passed_on(&self) -> Option<&dyn Failure> {
        match self {
            Self::Appcmd(error) => Some(error),
            Self::Files(error) => Some(error),
            Self::NoAppcmd(_) => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self.passed_on() {
            Some(error) => error.hint(),
            None => Some("Name the folder that it is in with the variable IIS_BIN.".into()),
        }
    }

    fn exit_code(&self) -> ExitCode {
        self.passed_on().map_or(ExitCode::MissingTool, Failure::exit_code)
    }
}

impl Server<'_> {
    /// Sets up an application, gives its pool the rights it needs, and notes what was added.
    ///
    /// # Errors
    /// A step of the bootstrap failed. A right that cannot be given is a warning with the command that gives it.
    pub fn bootstrap(
        &self,
        found: &Found,
        pool: &str,
        command: &Command,
        settings: &Settings,
        registry: &mut dyn Registry,
    ) -> Result<Report, bootstrap::Error> {
        let folder = found.target.folder.as_path();
        let before =
            found.target.application.as_ref().and_then(|path| self.records?.find(path).ok().flatten());
        let own_web_config = before.as_ref().is_some_and(|record| record.web_config.is_some())
            || !folder.join("web.config").is_file();
        let stamp = folder.join(STAMP);
        let stamp = std::fs::read_to_string(&stamp).ok().map(|text| (stamp, text));
        let report = bootstrap::run(&found.target, command, settings, registry, self.runner, self.observer)?;
        let mut grants = before.as_ref().map(|record| record.grants.clone()).unwrap_or_default();
        for grant in self.give_rights(folder, &report.virtual_environment, pool) {
            if !grants.contains(&grant) {
                grants.push(grant);
            }
        }
        let (Some(application), Some(records)) = (&found.target.application, self.records) else {
            return Ok(report);
        };
        let known = before.as_ref().map(|record| record.fastcgi.clone()).unwrap_or_default();
        let ours = report.registered.iter().filter(|(application, change)| {
            *change != Change::Unchanged || known.iter().any(|known| same_application(known, application))
        });
        let mut record = Record::new(application.clone(), folder, &report.virtual_environment);
        record.fastcgi = ours.map(|(application, _)| application.clone()).collect();
        record.grants = grants;
        record.web_config = own_web_config.then(|| folder.join("web.config"));
        record.stamp = stamp.or_else(|| before.as_ref().and_then(|record| record.stamp.clone()));
        record.content = before.is_some_and(|record| record.content);
        records.write(&record)?;
        Ok(report)
    }

    /// Gives the pool's identity read and execute on the application, and on its environment when that lies elsewhere.
    fn give_rights(&self, folder: &Path, environment: &Path, pool: &str) -> Vec<Grant> {
        let mut folders = vec![folder.to_owned()];
        if !environment.starts_with(folder) {
            folders.push(environment.to_owned());
        }
        let identity = identity(pool);
        let mut given = Vec::new();
        for folder in folders {
            let by_hand = grant_command(&folder, &identity);
            let Some(icacls) = &self.icacls else {
                self.observer.simulated(&format!("No right was given: `{by_hand}` would be run on Windows."));
                continue;
            };
            let grant = Grant { folder: folder.clone(), identity: identity.clone() };
            match icacls.grant(&grant) {
                Ok(true) => {
                    let text = format!("`{identity}` may read and execute {}.", folder.display());
                    self.observer.message(Severity::Info, &text);
                    given.push(grant);
                }
                Ok(false) => {}
                Err(error) => {
                    let text = format!(
                        "`{identity}` could not be given the right to read and execute {}: {error}. By hand: {by_hand}",
                        folder.display()
                    );
                    self.observer.message(Severity::Warning, &text);
                }
            }
        }
        given
    }

    /// Takes away what a bootstrap of this application added, as its note says. False when there is no note.
    ///
    /// # Errors
    /// A part resists. What is left is still noted, so that it can be tried again.
    pub fn uninstall(
        &self,
        application: &ApplicationPath,
        appcmd: Option<Appcmd<'_>>,
    ) -> Result<bool, Error> {
        let Some(records) = self.records else { return Ok(false) };
        let Some(record) = records.find(application)? else { return Ok(false) };
        let Some(appcmd) = appcmd else { return Err(Error::NoAppcmd(application.clone())) };
        let others: Vec<_> = records
            .all()
            .into_iter()
            .filter(|other| other.application != record.application)
            .flat_map(|other| other.fastcgi)
            .collect();
        for unwanted in &record.fastcgi {
            if others.iter().any(|other| same_application(other, unwanted)) {
                let text = format!("`{}` stays: another application needs it.", unwanted.script_processor());
                self.observer.message(Severity::Detail, &text);
                continue;
            }
            appcmd.remove_fastcgi_application(unwanted)?;
        }
        if record.content {
            appcmd.delete_application(application)?;
        }
        self.take_rights(&record);
        if record.content {
            remove_folder(&record.folder)?;
        } else {
            remove_environment(&record.virtual_environment, &record.folder)?;
            if let Some(path) = record.web_config.as_ref().filter(|path| path.is_file()) {
                std::fs::remove_file(path)
                    .map_err(|source| files::Error::Write { path: path.clone(), source })?;
            }
            if let Some((path, text)) =
                record.stamp.as_ref().filter(|(path, _)| path.parent().is_some_and(Path::is_dir))
            {
                files::write_atomic(path, text.as_bytes())?;
            }
        }
        records.remove(application);
        Ok(true)
    }

    fn take_rights(&self, record: &Record) {
        for grant in record.grants.iter().filter(|grant| grant.folder.is_dir()) {
            let Some(icacls) = &self.icacls else { continue };
            if let Err(error) = icacls.revoke(grant) {
                let text =
                    format!("`{}` keeps its right on {}: {error}", grant.identity, grant.folder.display());
                self.observer.message(Severity::Warning, &text);
            }
        }
    }
}

fn remove_folder(folder: &Path) -> Result<(), files::Error> {
    match std::fs::remove_dir_all(folder) {
        Err(source) if folder.exists() => Err(files::Error::Write { path: folder.to_owned(), source }),
        _ => Ok(()),
    }
}

/// Removes a virtual environment. One that is the application's own folder, as the original had it, is taken apart.
fn remove_environment(environment: &Path, folder: &Path) -> Result<(), files::Error> {
    if environment != folder {
        return remove_folder(environment);
    }
    for part in ["Lib/site-packages", "lib/site-packages", SCRIPTS] {
        remove_folder(&folder.join(part))?;
    }
    let versions: Vec<PathBuf> = std::fs::read_dir(folder.join("lib"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("python3")))
        .collect();
    for version in versions {
        remove_folder(&version)?;
    }
    let _ = std::fs::remove_file(folder.join("lib64"));
    let _ = std::fs::remove_file(folder.join("pyvenv.cfg"));
    Ok(())
}
