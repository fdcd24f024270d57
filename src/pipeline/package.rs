//! The package stage: the zip and its hashes, written beside their place and held back until the tests have passed.

use std::io::{BufWriter, Write as _};
use std::num::NonZero;
use std::path::Path;

use super::World;
use super::build::Built;
use super::plan::PackagePlan;
use crate::config::Format;
use crate::digest::Digests;
use crate::error::AnyFailure;
use crate::event::{Event, Observer, Unit};
use crate::files::{self, AtomicFile};
use crate::package::archive::{self, Entry, Progress, WriteOptions};
use crate::package::{archive_format, deploy_command};

/// A package that is complete and not yet in its place.
#[derive(Debug)]
pub(super) struct Unfinished {
    pub(super) file: AtomicFile,
    pub(super) digests: Digests,
    pub(super) set_parameters: String,
    pub(super) deploy_command: String,
}

impl Unfinished {
    /// Where the package is until it gets its place.
    pub(super) fn path(&self) -> &Path {
        self.file.unfinished_path()
    }
}

/// Writes the package of what was built.
pub(super) fn run(
    plan: &PackagePlan,
    mut built: Built,
    world: &World<'_>,
    observer: &dyn Observer,
) -> Result<Unfinished, AnyFailure> {
    let path = plan.folders.output.join(&plan.names.package);
    let mut file = AtomicFile::create(&path)?;
    let entries = arrange(plan, &mut built)?;
    let progress = |progress: Progress<'_>| {
        observer.event(Event::Progress {
            what: "packing".into(),
            done: progress.bytes,
            total: progress.all_bytes,
            unit: Unit::Bytes,
        });
    };
    let options = WriteOptions {
        time: plan.config.package.source_date_epoch.map(|seconds| u64::from(seconds.get())),
        threads: NonZero::new(world.threads),
        scratch: Some(&plan.folders.work),
        progress: Some(&progress),
        cancel: Some(world.interrupt.flag()),
    };
    let mut writer = BufWriter::with_capacity(1 << 20, &mut file);
    let failed = |source| files::Error::Write { path: path.clone(), source };
    let digests = match archive::write(&entries, &mut writer, &options) {
        Err(archive::Error::Write(source)) => return Err(failed(source).into()),
        written => written?,
    };
    writer.flush().map_err(failed)?;
    drop(writer);
    let deploy_command = deploy_command::text(&plan.names);
    Ok(Unfinished { file, digests, set_parameters: built.set_parameters, deploy_command })
}

/// The entries of the zip in the format that is wanted.
fn arrange(plan: &PackagePlan, built: &mut Built) -> Result<Vec<Entry>, AnyFailure> {
    let mut entries = std::mem::take(&mut built.content);
    match plan.config.package.format {
        Format::Gallery => {
            entries.push(Entry::bytes("Manifest.xml", built.manifest_xml.as_slice()));
            entries.push(Entry::bytes("Parameters.xml", built.parameters_xml.as_slice()));
            archive::add_folders(&mut entries);
            Ok(entries)
        }
        Format::Archive => {
            let parameters = Some(built.parameters_xml.as_slice());
            let description = archive_format::Description { manifest: &built.manifest, parameters, entries };
            Ok(archive_format::from_gallery(description)?)
        }
    }
}
