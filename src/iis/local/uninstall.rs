//! Uninstall on a server: what the note of a bootstrap says is taken away, and nothing else.
//!
//! What another application needs stays, and is from then on noted as that one's. Parts that are gone already are no fault.

use std::path::{Path, PathBuf};

use super::record::{Record, Records};
use super::{Server, environment};
use crate::error::{ExitCode, Failure};
use crate::event::Severity;
use crate::files;
use crate::iis::appcmd::{self, Appcmd, PoolAction, Problem};
use crate::iis::application_host::same_application;
use crate::iis::bootstrap::{self, Lock};
use crate::iis::{ApplicationPath, FastCgiApplication};

/// Why something was not taken away.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// IIS's configuration could not be changed.
    #[error(transparent)]
    Appcmd(#[from] appcmd::Error),
    /// A note could not be read, or a file not be removed.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// Somebody works on the application.
    #[error(transparent)]
    Bootstrap(#[from] bootstrap::Error),
    /// There is no `appcmd.exe` to change the configuration with.
    #[error("cannot take `{0}` out of IIS: there is no `appcmd.exe`")]
    NoAppcmd(ApplicationPath),
    /// The note names what cannot be the application's.
    #[error("the note about `{application}` is not to be trusted: `{}` is no part of it", path.display())]
    Foreign {
        /// The application.
        application: ApplicationPath,
        /// What it would remove.
        path: PathBuf,
    },
}

impl Failure for Error {
    fn passed_on(&self) -> Option<&dyn Failure> {
        match self {
            Self::Appcmd(error) => Some(error),
            Self::Files(error) => Some(error),
            Self::Bootstrap(error) => Some(error),
            Self::NoAppcmd(_) | Self::Foreign { .. } => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoAppcmd(_) => Some("Name the folder that it is in with the variable IIS_BIN.".into()),
            Self::Foreign { .. } => Some(
                "Nothing was removed. Look who wrote the note in `%ProgramData%\\iiswsgi\\installed`, and remove it by \
                 hand."
                    .into(),
            ),
            other => other.passed_on().and_then(Failure::hint),
        }
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::NoAppcmd(_) => ExitCode::MissingTool,
            other => other.passed_on().map_or(ExitCode::Failed, Failure::exit_code),
        }
    }
}

impl Server<'_> {
    /// Takes away what a bootstrap of this application added, as its note says. False when there is no note. The application
    /// pool is stopped meanwhile, for files of processes that run cannot be removed.
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
        trusted(&record)?;
        let host = appcmd.sites()?;
        let pool = host.application(application).map(|_| host.pool(application));
        let stopped = pool.filter(|pool| self.stop(appcmd, pool));
        let removed = self.take_away(&record, records, appcmd);
        if let Some(pool) = stopped {
            appcmd.pool(PoolAction::Start, &pool)?;
        }
        removed.map(|()| true)
    }

    /// Stops a pool. False when it did not run; one that cannot be stopped is told of, and shows in what it keeps open.
    fn stop(&self, appcmd: Appcmd<'_>, pool: &str) -> bool {
        appcmd.pool(PoolAction::Stop, pool).unwrap_or_else(|error| {
            if error.problem() != Some(Problem::NoObject) {
                let text = format!("The application pool `{pool}` could not be stopped: {error}");
                self.observer.message(Severity::Warning, &text);
            }
            false
        })
    }

    fn take_away(&self, record: &Record, records: &Records, appcmd: Appcmd<'_>) -> Result<(), Error> {
        let application = &record.application;
        let lock = record.folder.is_dir().then(|| Lock::take(&record.folder)).transpose()?;
        let mut others = records.others(application);
        self.take_registrations(record, &mut others, records, appcmd)?;
        if record.content {
            appcmd.delete_application(application)?;
        }
        let is_shared = others.iter().any(|other| other.folder == record.folder);
        if is_shared {
            let text = format!("{} stays: another application needs it.", record.folder.display());
            self.observer.message(Severity::Detail, &text);
        } else {
            self.take_rights(record);
            take_files(record)?;
        }
        if let Some(lock) = lock {
            lock.remove();
        }
        if record.content && !is_shared {
            files::remove_folder(&record.folder)?;
        }
        records.remove(application);
        Ok(())
    }

    fn take_registrations(
        &self,
        record: &Record,
        others: &mut [Record],
        records: &Records,
        appcmd: Appcmd<'_>,
    ) -> Result<(), Error> {
        for unwanted in &record.fastcgi {
            let is = |known: &&FastCgiApplication| same_application(known, unwanted);
            let replaced = record.replaced.iter().find(is);
            if let Some(other) = others.iter_mut().find(|other| other.needs(unwanted)) {
                let text =
                    format!("`{}` stays: `{}` needs it.", unwanted.script_processor(), other.application);
                self.observer.message(Severity::Detail, &text);
                if !other.fastcgi.iter().any(|known| is(&known)) {
                    other.fastcgi.push(unwanted.clone());
                    other.replaced.extend(replaced.cloned());
                    records.write(other)?;
                }
            } else if let Some(replaced) = replaced {
                appcmd.set_fastcgi_application(replaced)?;
            } else {
                appcmd.remove_fastcgi_application(unwanted)?;
            }
        }
        Ok(())
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

/// All that would be removed is within the application's folder.
fn trusted(record: &Record) -> Result<(), Error> {
    let stamp = record.stamp.as_ref().map(|(path, _)| path);
    let paths = [&record.virtual_environment].into_iter().chain(&record.web_config).chain(stamp);
    match paths.into_iter().find(|path| !record.is_within(path)) {
        Some(path) => Err(Error::Foreign { application: record.application.clone(), path: path.clone() }),
        None => Ok(()),
    }
}

/// What was made within the folder of an application whose content stays.
fn take_files(record: &Record) -> Result<(), Error> {
    if record.content {
        return Ok(());
    }
    environment::remove(&record.virtual_environment, &record.folder, &record.kept)?;
    if let Some(path) = record.web_config.as_ref().filter(|path| path.is_file()) {
        std::fs::remove_file(path).map_err(|source| files::Error::Write { path: path.clone(), source })?;
    }
    if let Some((path, text)) =
        record.stamp.as_ref().filter(|(path, _)| path.parent().is_some_and(Path::is_dir))
    {
        files::write_atomic(path, text.as_bytes())?;
    }
    Ok(())
}
