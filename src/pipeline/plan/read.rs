//! Reads projects and configurations and decides what will be done.

use std::path::{Path, PathBuf};

use super::super::{Folders, WORK_FOLDER};
use super::{App, Error, Layout, PackagePlan, Plan, packages};
use crate::config::{self, Config, Environment, Overrides, Python};
use crate::error::AnyFailure;
use crate::event::{Event, Message, Observer, Severity};
use crate::iis::bootstrap::{self, Interpreter};
use crate::package::names::{self, OutputNames};
use crate::process::Runner;
use crate::project::{self, FileRules, Project, ReadOptions};

/// What plans are made from.
pub struct Reading<'a> {
    /// The projects' folders; empty for the current one.
    pub paths: &'a [PathBuf],
    /// The configuration file, when the user named one.
    pub config: Option<&'a Path>,
    /// What the command line says about settings.
    pub overrides: &'a Overrides,
    /// The environment.
    pub environment: &'a Environment,
    /// Runs Python.
    pub runner: &'a dyn Runner,
    /// Is told what the user should know.
    pub observer: &'a dyn Observer,
}

/// What a plan will be about, before any project is looked into: the folders, and what speaks for the run as a whole.
#[derive(Debug)]
pub struct Outline {
    /// The projects' folders, in the order in which they were named.
    pub roots: Vec<PathBuf>,
    /// Where outputs go.
    pub folders: Folders,
    /// The configuration that speaks for the run as a whole.
    pub config: Config,
    /// The file name of the feed; none when the only package gives it its own.
    pub feed_name: Option<String>,
}

/// Finds the projects of a run.
///
/// # Errors
/// A path is no folder, or the configuration of the run cannot be read.
pub fn outline(reading: &Reading<'_>) -> Result<Outline, AnyFailure> {
    let here = [PathBuf::new()];
    let paths = if reading.paths.is_empty() { &here[..] } else { reading.paths };
    for path in paths {
        must_be_folder(path)?;
    }
    let config = load(reading, &paths[0])?;
    let listed = packages::listed(&config)?;
    // Several projects that were named share the current folder; those that a configuration lists share its folder.
    let base = if paths.len() > 1 { PathBuf::new() } else { paths[0].clone() };
    let folders = Folders { output: base.join(&config.output), work: base.join(WORK_FOLDER) };
    let roots = if listed.is_empty() { paths.to_vec() } else { listed };
    let own_name = || (roots.len() > 1).then(|| OutputNames::new(&folder_name(&base), "").feed);
    let feed_name = config.feed.file_name.clone().or_else(own_name);
    Ok(Outline { roots, folders, config, feed_name })
}

/// Makes a plan.
///
/// # Errors
/// A project or configuration cannot be read, or says what cannot be done.
pub fn read(reading: &Reading<'_>) -> Result<Plan, AnyFailure> {
    read_projects(reading, outline(reading)?)
}

/// Makes the plan of projects that were found before.
///
/// # Errors
/// A project or its configuration cannot be read, or says what cannot be done.
pub fn read_projects(reading: &Reading<'_>, outline: Outline) -> Result<Plan, AnyFailure> {
    let Outline { roots, folders, config, feed_name } = outline;
    let mut packages = Vec::new();
    for root in &roots {
        must_be_folder(root)?;
        packages.push(package(reading, root, load(reading, root)?, &folders)?);
    }
    no_output_twice(&packages)?;
    let own_name = || packages.first().map(|first| first.names.feed.clone());
    let feed_name = feed_name.or_else(own_name).unwrap_or_else(|| OutputNames::new("", "").feed);
    Ok(Plan { packages, folders, config, feed_name })
}

/// Reads the configuration of one project.
pub(in super::super) fn load(reading: &Reading<'_>, root: &Path) -> Result<Config, AnyFailure> {
    Ok(config::load(root, reading.config, reading.environment, reading.overrides)?)
}

/// A project must be a folder that is there.
pub(in super::super) fn must_be_folder(path: &Path) -> Result<(), Error> {
    let here = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    match std::fs::metadata(here) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(Error::NoFolder { path: path.to_owned(), source: None }),
        Err(source) => Err(Error::NoFolder { path: path.to_owned(), source: Some(source) }),
    }
}

fn package(
    reading: &Reading<'_>,
    root: &Path,
    config: Config,
    folders: &Folders,
) -> Result<PackagePlan, AnyFailure> {
    let python = interpreter(reading, &config)?;
    let options = ReadOptions {
        python: python.as_ref().map(|python| python.executable.clone()),
        allow_setup_py: config.allow_setup_py,
        name: config.name.clone(),
        version: config.version.clone(),
        environment: reading
            .environment
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        ..ReadOptions::default()
    };
    // An empty path is good in front of a name, but is no folder that could be listed.
    let here = if root.as_os_str().is_empty() { Path::new(".") } else { root };
    let project = project::read(here, &options, reading.runner)?;
    for message in &project.messages {
        reading.observer.event(Event::Message(message.clone()));
    }
    let app = app(&config, &project)?;
    let (name, version) = (project.metadata.name.clone(), project.metadata.version.clone());
    let requirements = match &config.requirements {
        Some(configured) => configured.to_vec(),
        None => project.requirements.clone(),
    };
    let files = shipped(here, &config, &project, reading.observer)?;
    let layout = if project.layout.is_classic() { Layout::Classic } else { Layout::Generated };
    // The original's manifests name the folder by %DIST_NAME%, which is the name as it is written.
    let folder = if layout == Layout::Classic { name.clone() } else { names::safe(&name) };
    let mut names = OutputNames::new(&name, &version);
    if let Some(file) = &config.package.file_name {
        names.package = names::with_egg_name(file, &name, &version);
    }
    Ok(PackagePlan {
        name,
        version,
        config,
        project,
        app,
        layout,
        files,
        folder,
        names,
        folders: folders.clone(),
        requirements,
        python,
    })
}

/// The Python that the configuration names, or the first on PATH. None when there is none at all: what can be done
/// without one, is.
fn interpreter(reading: &Reading<'_>, config: &Config) -> Result<Option<Interpreter>, AnyFailure> {
    let mut settings = bootstrap::Settings::default();
    let wanted = match &config.python {
        Some(Python::Version(version)) => Some(version.as_str()),
        Some(Python::Interpreter(path)) => {
            settings.python = Some(path.clone());
            None
        }
        None => None,
    };
    match Interpreter::find(wanted, &settings, reading.runner) {
        Ok(found) => Ok(Some(found)),
        Err(bootstrap::Error::NoPython) if config.python.is_none() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The application: what the configuration says, what the project's own web.config starts, or what was detected.
fn app(config: &Config, project: &Project) -> Result<App, AnyFailure> {
    let detected = |target: &str| project.entry_points.found.iter().find(|found| found.app == target);
    if let Some(target) = &config.app {
        let pythonpath = detected(target).and_then(|found| found.pythonpath.clone());
        let reason = format!("set by {}", config.origin("app"));
        return Ok(App { target: Some(target.clone()), reason, pythonpath });
    }
    let own = project.layout.web_config_template.as_ref().or(project.layout.web_config.as_ref());
    if let Some(own) = own {
        return Ok(App { target: None, reason: format!("started as `{own}` says"), pythonpath: None });
    }
    let chosen = project.entry_points.choose()?;
    Ok(App {
        target: Some(chosen.app.clone()),
        reason: format!("{}: {}", chosen.place, chosen.reason),
        pythonpath: chosen.pythonpath.clone(),
    })
}

/// The files that ship, checked for names that the server would refuse.
///
/// # Errors
/// A file cannot be shipped, or Windows would refuse its name.
pub(in super::super) fn shipped(
    root: &Path,
    config: &Config,
    project: &Project,
    observer: &dyn Observer,
) -> Result<Vec<project::ShippedFile>, AnyFailure> {
    let patterns =
        |patterns: &[config::PathPattern]| patterns.iter().map(|p| p.as_str().to_owned()).collect();
    let rules = FileRules {
        include: patterns(&config.files.include),
        exclude: patterns(&config.files.exclude),
        outputs: vec![config.output.to_string_lossy().replace('\\', "/"), WORK_FOLDER.into()],
        required: project.required_files(project.entry_points.choose().ok()),
    };
    let shipped = project::files(root, &rules)?;
    for message in shipped.messages {
        observer.event(Event::Message(message));
    }
    let mut problems = Vec::new();
    for problem in names::check(shipped.files.iter().map(|file| file.name.as_str())) {
        if problem.severity() == Severity::Error {
            problems.push(problem.to_string());
        } else {
            observer.event(Event::Message(Message::new(problem.severity(), problem.to_string())));
        }
    }
    if problems.is_empty() { Ok(shipped.files) } else { Err(Error::Names { problems }.into()) }
}

fn no_output_twice(packages: &[PackagePlan]) -> Result<(), Error> {
    let mut seen = std::collections::BTreeMap::new();
    for package in packages {
        let file = package.folders.output.join(&package.names.package);
        if let Some(first) = seen.insert(file.to_string_lossy().to_lowercase(), package.root()) {
            let file = package.names.package.clone();
            return Err(Error::SameOutput { first: first.clone(), second: package.root().clone(), file });
        }
    }
    Ok(())
}

/// The name of a folder, for the feed of several packages.
pub(in super::super) fn folder_name(folder: &Path) -> String {
    let absolute = std::path::absolute(if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
    absolute
        .ok()
        .and_then(|path| path.file_name().map(|name| name.to_string_lossy().into_owned()))
        .unwrap_or_else(|| "packages".into())
}
