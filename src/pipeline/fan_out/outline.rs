//! Makes the plan of a run on many machines without running anything: a thousand projects are listed in a moment.
//!
//! Looking into a project, for its application and for what only Python can tell, is the leg's work.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::error::Error;
use super::legs::deal;
use super::{PlanFile, PlannedPackage, Run, SCHEMA_VERSION};
use crate::error::{AnyFailure, shown};
use crate::package::names::{self, OutputNames};
use crate::pipeline::plan::{self, Outline, Reading};
use crate::project::{self, Project, ReadOptions};

/// What the user wants of the legs.
#[derive(Debug, Clone)]
pub struct Legs<'a> {
    /// How many there may be.
    pub most: usize,
    /// The runner of packages that name none.
    pub runner: &'a str,
}

/// Lists the packages and deals them out. `wanted` says which of the projects' folders take part.
///
/// # Errors
/// A configuration or a `pyproject.toml` is malformed, two packages would be written to one file, or the runners are
/// more than the legs.
pub fn planned(
    reading: &Reading<'_>,
    run: Run,
    legs: &Legs<'_>,
    wanted: &dyn Fn(&Path) -> bool,
) -> Result<PlanFile, AnyFailure> {
    let outline = plan::outline(reading)?;
    let environment = ReadOptions {
        environment: reading.environment.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
        ..ReadOptions::default()
    };
    let mut ids = Ids::default();
    let mut outputs = BTreeMap::new();
    let mut packages = Vec::new();
    for root in &outline.roots {
        let package = package(reading, root, &environment, &mut ids, legs.runner)?;
        no_output_twice(&mut outputs, &package, root)?;
        // All of them get their IDs, so that an ID does not depend on which packages take part.
        if wanted(root) {
            packages.push(package);
        }
    }
    let runners: BTreeSet<&str> = packages.iter().map(|package| package.runner.as_str()).collect();
    let runners = runners.len();
    let legs = deal(&packages, legs.most).ok_or(Error::TooFewLegs { runners, legs: legs.most })?;
    Ok(PlanFile {
        schema: SCHEMA_VERSION,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        run,
        root: written(&outline.config.root),
        config: reading.config.map(written),
        output: written(&outline.folders.output),
        feed_name: outline.feed_name.clone(),
        packages,
        legs,
    })
}

impl PlanFile {
    /// The run's folders and configuration as one machine would have found them, for the packages that are named.
    ///
    /// # Errors
    /// The configuration of the run cannot be read.
    pub fn outline<'p>(
        &self,
        reading: &Reading<'_>,
        packages: impl IntoIterator<Item = &'p PlannedPackage>,
    ) -> Result<Outline, AnyFailure> {
        let root = PathBuf::from(&self.root);
        let root = if self.root == "." { PathBuf::new() } else { root };
        let config = plan::load(reading, &root)?;
        let folder = |path: &str| if path == "." { PathBuf::new() } else { PathBuf::from(path) };
        let folders = crate::pipeline::Folders {
            output: PathBuf::from(&self.output),
            work: root.join(crate::pipeline::WORK_FOLDER),
        };
        let roots = packages.into_iter().map(|package| folder(&package.path)).collect();
        Ok(Outline { roots, folders, config, feed_name: self.feed_name.clone() })
    }
}

fn package(
    reading: &Reading<'_>,
    root: &Path,
    environment: &ReadOptions,
    ids: &mut Ids,
    runner: &str,
) -> Result<PlannedPackage, AnyFailure> {
    let config = plan::load(reading, root)?;
    let here = if root.as_os_str().is_empty() { Path::new(".") } else { root };
    let options =
        ReadOptions { name: config.name.clone(), version: config.version.clone(), ..environment.clone() };
    let project = match project::read(here, &options, reading.runner) {
        Ok(project) => Some(project),
        // Python or the user can tell; the leg has both.
        Err(project::Error::Unknown { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let known = |field: &str, given: &Option<String>, text: &dyn Fn(&Project) -> &String| {
        let project = project.as_ref()?;
        let certain = given.is_some()
            || project.metadata.places.contains_key(field)
            || project.layout.setup_py.is_none();
        certain.then(|| text(project).clone())
    };
    Ok(PlannedPackage {
        id: ids.of(root),
        path: written(root),
        name: known("name", &config.name, &|project| &project.metadata.name),
        version: known("version", &config.version, &|project| &project.metadata.version),
        runner: config.runner.clone().unwrap_or_else(|| runner.to_owned()),
    })
}

/// IDs that are made of the folders' paths, each once whatever the case of its letters.
#[derive(Default)]
struct Ids(BTreeSet<String>);

impl Ids {
    fn of(&mut self, root: &Path) -> String {
        let own = written(root);
        let folder = if own == "." { plan::folder_name(root) } else { own };
        let mut id = names::safe(&folder);
        id.truncate(150);
        let first = id.clone();
        let mut number = 2;
        while !self.0.insert(id.to_lowercase()) {
            id = format!("{first}-{number}");
            number += 1;
        }
        id
    }
}

/// A path in a plan: forward slashes, `.` for the current folder.
fn written(path: &Path) -> String {
    shown(path).to_string().replace('\\', "/")
}

/// Two packages with one file name would overwrite each other when their files are brought together.
fn no_output_twice(
    outputs: &mut BTreeMap<String, PathBuf>,
    package: &PlannedPackage,
    root: &Path,
) -> Result<(), plan::Error> {
    let (Some(name), Some(version)) = (&package.name, &package.version) else { return Ok(()) };
    let file = OutputNames::new(name, version).package;
    match outputs.insert(file.to_lowercase(), root.to_owned()) {
        Some(first) => Err(plan::Error::SameOutput { first, second: root.to_owned(), file }),
        None => Ok(()),
    }
}
