//! The way back from an install into full IIS that fails: what was there before is there again.

use std::path::{Path, PathBuf};

use crate::files;
use crate::iis::appcmd::{Appcmd, PoolAction};
use crate::iis::application_host::ApplicationHost;
use crate::iis::local::{Record, Records};
use crate::iis::{ApplicationPath, Error, FastCgiApplication};

/// What was there before. Dropping it goes back, unless the install was good.
pub(super) struct WayBack<'a> {
    pub(super) appcmd: Appcmd<'a>,
    application: ApplicationPath,
    folder: PathBuf,
    /// Where the folder's old content waits.
    aside: Option<PathBuf>,
    /// Folders of other applications within the folder: they stay where they are.
    nested: Vec<PathBuf>,
    existed: bool,
    fastcgi: Vec<FastCgiApplication>,
    records: Option<&'a Records>,
    record: Option<Record>,
    pool: String,
    /// Whether the pool ran and was stopped for this.
    stopped: bool,
    good: bool,
}

impl<'a> WayBack<'a> {
    /// Stops the pool and puts the old content aside.
    ///
    /// # Errors
    /// The folder has content that no install of ours has made, or it cannot be moved because somebody uses it.
    pub(super) fn begin(
        appcmd: Appcmd<'a>,
        host: &ApplicationHost,
        application: &ApplicationPath,
        (folder, nested): (&Path, Vec<PathBuf>),
        records: Option<&'a Records>,
    ) -> Result<Self, Error> {
        let record = records.map(|records| records.find(application)).transpose()?.flatten();
        let there = std::fs::read_dir(folder).is_ok_and(|mut entries| {
            entries.any(|entry| {
                entry.is_ok_and(|entry| !nested.iter().any(|path| path.starts_with(entry.path())))
            })
        });
        if there && record.is_none() {
            return Err(Error::NotOurs { folder: folder.to_owned() });
        }
        let pool = host.pool(application);
        let mut way_back = Self {
            appcmd,
            application: application.clone(),
            folder: folder.to_owned(),
            aside: None,
            nested,
            existed: host.application(application).is_some(),
            fastcgi: appcmd.fastcgi_applications()?,
            records,
            record,
            pool,
            stopped: false,
            good: false,
        };
        if there {
            way_back.stopped = appcmd.pool(PoolAction::Stop, &way_back.pool)?;
            way_back.put_aside()?;
        }
        Ok(way_back)
    }

    /// The FastCGI applications of before.
    pub(super) fn fastcgi(&self) -> &[FastCgiApplication] {
        &self.fastcgi
    }

    /// The application pool.
    pub(super) fn pool(&self) -> &str {
        &self.pool
    }

    fn put_aside(&mut self) -> Result<(), Error> {
        let name = self.folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let aside = self.folder.with_file_name(format!("{name}.iiswsgi-before"));
        let failed = |source| files::Error::Write { path: self.folder.clone(), source };
        if aside.exists() {
            files::remove_folder(&aside)?;
        }
        files::rename_folder(&self.folder, &aside).map_err(failed)?;
        self.aside = Some(aside.clone());
        self.move_nested(&aside, &self.folder).map_err(failed)?;
        Ok(())
    }

    fn move_nested(&self, from: &Path, to: &Path) -> std::io::Result<()> {
        for path in &self.nested {
            let Ok(below) = path.strip_prefix(&self.folder) else { continue };
            if !from.join(below).is_dir() {
                continue;
            }
            let target = to.join(below);
            std::fs::create_dir_all(files::folder_of(&target))?;
            files::rename_folder(&from.join(below), &target)?;
        }
        Ok(())
    }

    /// The install was good: the old content goes, the pool that was stopped starts.
    ///
    /// # Errors
    /// The pool does not start.
    pub(super) fn leave(mut self) -> Result<(), Error> {
        self.good = true;
        if let Some(aside) = self.aside.take() {
            // What resists is removed by the next install.
            let _ = std::fs::remove_dir_all(aside);
        }
        self.start_pool()
    }

    fn start_pool(&self) -> Result<(), Error> {
        if self.stopped {
            self.appcmd.pool(PoolAction::Start, &self.pool)?;
        }
        Ok(())
    }

    fn go_back(&self) -> Result<(), Error> {
        let now = self.appcmd.fastcgi_applications()?;
        for added in now.iter().filter(|known| !self.fastcgi.contains(known)) {
            self.appcmd.remove_fastcgi_application(added)?;
        }
        for before in self.fastcgi.iter().filter(|known| !now.contains(known)) {
            self.appcmd.set_fastcgi_application(before)?;
        }
        if !self.existed {
            self.appcmd.delete_application(&self.application)?;
        }
        match (self.records, &self.record) {
            (Some(records), Some(record)) => records.write(record)?,
            (Some(records), None) => records.remove(&self.application),
            (None, _) => {}
        }
        Ok(())
    }

    fn restore_folder(&self) -> std::io::Result<()> {
        if let Some(aside) = &self.aside {
            self.move_nested(&self.folder, aside)?;
        } else if self.nested.iter().any(|path| path.is_dir()) {
            // The content is new and stands around other applications.
            return Ok(());
        }
        files::remove_folder(&self.folder).map_err(std::io::Error::other)?;
        if let Some(aside) = &self.aside {
            files::rename_folder(aside, &self.folder)?;
        }
        Ok(())
    }
}

impl Drop for WayBack<'_> {
    fn drop(&mut self) {
        if self.good {
            return;
        }
        // The error that led here is what the user is told.
        let _ = self.go_back();
        let _ = self.restore_folder();
        let _ = self.start_pool();
    }
}
