//! The application's folder in the package: the project's files, and those that are made for it, which win.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::plan::{PackagePlan, shipped};
use super::entry_of;
use crate::error::AnyFailure;
use crate::event::Observer;
use crate::files;
use crate::package::archive::Entry;

/// Entries by their names below the application's folder.
pub(super) struct Content {
    folder: String,
    entries: BTreeMap<String, Entry>,
}

impl Content {
    /// The project's files. They are looked up again when a hook may have made some.
    pub(super) fn new(plan: &PackagePlan, observer: &dyn Observer) -> Result<Self, AnyFailure> {
        let hooks = &plan.config.hooks;
        let again = !hooks.pre_build.is_empty() || !hooks.post_build.is_empty();
        let found =
            if again { Some(shipped(plan.root(), &plan.config, &plan.project, observer)?) } else { None };
        let mut content = Self { folder: plan.folder.clone(), entries: BTreeMap::new() };
        // These stand beside the application's folder in the package, not in it.
        let layout = &plan.project.layout;
        let beside =
            [&layout.manifest_template, &layout.manifest, &layout.parameters, &layout.stamp_template];
        let ships = |name: &str| !beside.into_iter().flatten().any(|own| own == name);
        for file in found.as_ref().unwrap_or(&plan.files).iter().filter(|file| ships(&file.name)) {
            let entry = entry_of(content.full(&file.name), &file.path, file.size);
            content.entries.insert(file.name.clone(), entry);
        }
        Ok(content)
    }

    /// A file that is made here.
    pub(super) fn put(&mut self, name: &str, bytes: Vec<u8>) {
        self.entries.insert(name.to_owned(), Entry::bytes(self.full(name), bytes));
    }

    /// A file from elsewhere, in a folder of the content.
    pub(super) fn put_file(&mut self, folder: &str, path: &Path) -> Result<(), files::Error> {
        let size = std::fs::metadata(path)
            .map_err(|source| files::Error::Read { path: path.to_owned(), source })?
            .len();
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{}/{file}", folder.trim_matches('/'));
        self.entries.insert(name.clone(), entry_of(self.full(&name), path, size));
        Ok(())
    }

    pub(super) fn into_entries(self) -> Vec<Entry> {
        self.entries.into_values().collect()
    }

    fn full(&self, name: &str) -> String {
        format!("{}/{name}", self.folder)
    }
}
