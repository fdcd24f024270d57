//! The build stage: from a plan to the content of a package.
//!
//! Manifest, parameters, web.config template, stamp and the bootstrap's description are made here, from the project's own
//! files where it has them (the original's layout) and from the configuration where it has none. A copy of what was made
//! goes to the work folder, for eyes; the source tree is only read.

mod error;
mod files;
mod generated;
mod hooks;

use std::path::Path;

pub(super) use error::Error;
pub(super) use generated::published_gateway;
pub(super) use hooks::run_hooks;

use super::plan::{Layout, PackagePlan};
use super::{World, vendor};
use crate::error::{AnyFailure, Location};
use crate::event::{Event, Message, Observer, Severity};
use crate::files::{FileSource, read, read_text, write_atomic};
use crate::finding::Finding;
use crate::package::archive::Entry;
use crate::package::build::{self, Built as BuiltManifest};
use crate::package::manifest::Manifest;
use crate::package::parameters::{Parameters, SetParameters};
use crate::package::{bootstrap, names};
use crate::template::Variables;
use crate::xml::Document;

/// The content of a package.
#[derive(Debug)]
pub(super) struct Built {
    /// What the manifest says.
    pub(super) manifest: Manifest,
    /// Manifest.xml.
    pub(super) manifest_xml: Vec<u8>,
    /// Parameters.xml.
    pub(super) parameters_xml: Vec<u8>,
    /// NAME.SetParameters.xml.
    pub(super) set_parameters: String,
    /// The application's folder.
    pub(super) content: Vec<Entry>,
}

/// Builds the content of a package.
pub(super) fn run(
    plan: &PackagePlan,
    world: &World<'_>,
    observer: &dyn Observer,
) -> Result<Built, AnyFailure> {
    run_hooks("pre-build", &plan.config.hooks.pre_build, plan, world, observer)?;
    let variables = variables(plan);
    let manifest = manifest(plan, &variables, observer)?;
    let parameters = parameters(plan, &manifest.manifest, observer)?;
    run_hooks("post-build", &plan.config.hooks.post_build, plan, world, observer)?;
    let mut content = files::Content::new(plan, observer)?;
    let project = &plan.project.layout;
    let stamp = project.stamp_template.as_ref().map(|name| read(&plan.root().join(name))).transpose()?;
    let stamp_name = plan.project.commands.stamp_filename.as_deref().unwrap_or(bootstrap::STAMP);
    content.put(stamp_name, build::stamp(stamp.as_deref()));
    let template = generated::web_config(plan, observer)?;
    if let Some(template) = &template {
        content.put("web.config.in", template.clone().into_bytes());
    }
    if plan.layout == Layout::Generated {
        let mut description = generated::bootstrap(plan);
        stamp_name.clone_into(&mut description.stamp);
        // A web.config of the project's own that got the application became a template as well.
        if template.is_some() {
            description.web_config_template = Some("web.config.in".to_owned());
        }
        if plan.config.vendor.enabled {
            let wheelhouse = plan.folders.work.join("wheelhouse").join(&plan.folder);
            let wheels = vendor::collect(plan, &wheelhouse, world.runner, observer)?;
            for wheel in wheels {
                content.put_file(&plan.config.vendor.folder, &wheel)?;
            }
            description.wheelhouse = Some(plan.config.vendor.folder.clone());
        }
        content.put(bootstrap::FILE_NAME, description.to_json().into_bytes());
    }
    let set_parameters = SetParameters::defaults_of(&parameters.0).to_xml();
    let built = Built {
        manifest: manifest.manifest,
        manifest_xml: manifest.text.into_bytes(),
        parameters_xml: parameters.1,
        set_parameters,
        content: content.into_entries(),
    };
    keep_a_copy(plan, &built, template.as_deref(), observer)?;
    Ok(built)
}

/// The variables of templates: the project's own, then those of the configuration and of `--define`, which win.
///
/// The environment is not among them: the same project gives the same package on every machine.
fn variables(plan: &PackagePlan) -> Variables {
    let mut variables = Variables::new();
    variables.set("DIST_NAME", &plan.name).set("DIST_VERSION", &plan.version);
    variables.set("NAME", &plan.name).set("VERSION", &plan.version).set("TITLE", plan.title());
    for (name, value) in &plan.config.define {
        variables.set(name, value);
    }
    variables
}

/// The manifest: from the project's template, the project's own, or generated.
fn manifest(
    plan: &PackagePlan,
    variables: &Variables,
    observer: &dyn Observer,
) -> Result<BuiltManifest, AnyFailure> {
    let layout = &plan.project.layout;
    let Some(name) = layout.manifest_template.as_ref().or(layout.manifest.as_ref()) else {
        let built = generated::manifest(plan)?;
        report(&built.findings, Path::new(build::MANIFEST_NAME), observer);
        return Ok(built);
    };
    let path = plan.root().join(name);
    let text = Document::parse_bytes(&read(&path)?).map(|document| document.text().to_owned());
    let failed = |source| Error::Manifest { path: path.clone(), source };
    let text = text.map_err(|error| failed(build::Error::Xml(error)))?;
    let built = build::from_template(&text, variables).map_err(failed)?;
    report(&built.findings, &path, observer);
    match built.manifest.application_folder() {
        Some(folder) if folder == plan.folder => Ok(built),
        found => {
            let found = found.map(str::to_owned);
            Err(Error::ApplicationFolder { path, found, expected: plan.folder.clone() }.into())
        }
    }
}

/// Parameters.xml: the project's own, or generated for the manifest.
fn parameters(
    plan: &PackagePlan,
    manifest: &Manifest,
    observer: &dyn Observer,
) -> Result<(Parameters, Vec<u8>), AnyFailure> {
    let Some(name) = &plan.project.layout.parameters else {
        let parameters = generated::parameters(plan, manifest);
        let text = parameters.to_xml();
        return Ok((parameters, text.into_bytes()));
    };
    let path = plan.root().join(name);
    let bytes = read(&path)?;
    let document =
        Document::parse_bytes(&bytes).map_err(|source| Error::Xml { path: path.clone(), source })?;
    let (parameters, findings) =
        Parameters::read(&document).map_err(|source| Error::Parameters { path: path.clone(), source })?;
    report(&findings, &path, observer);
    no_errors(&path, &findings)?;
    // What is written anew is UTF-8; a file in another encoding stays as it is.
    let extended = std::str::from_utf8(&bytes)
        .ok()
        .and_then(|_| generated::with_command_parameters(plan, manifest, &document, &parameters));
    Ok((parameters, extended.map_or(bytes, String::into_bytes)))
}

/// Ends the build when a file has faults with which the package could not be installed.
fn no_errors(path: &Path, findings: &[Finding]) -> Result<(), Error> {
    let faults: Vec<&Finding> =
        findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
    match faults.first() {
        None => Ok(()),
        Some(first) => Err(Error::Findings {
            path: path.to_owned(),
            line: first.line,
            column: first.column,
            texts: faults.iter().map(|finding| format!("line {}: {}", finding.line, finding.text)).collect(),
        }),
    }
}

/// Findings become messages with the place in the file.
pub(super) fn report(findings: &[Finding], path: &Path, observer: &dyn Observer) {
    for finding in findings {
        let location = Location::at(path, finding.line, finding.column);
        // What is an error stops the build with its own text; here it would stand twice. Advice is for those who ask
        // for it, with `-v` or `inspect`: it would stand in the way on every run.
        if finding.severity != Severity::Error {
            let severity =
                if finding.severity == Severity::Info { Severity::Detail } else { finding.severity };
            let message = Message::new(severity, &finding.text).with_location(location);
            observer.event(Event::Message(message));
        }
    }
}

/// What was generated, in `WORK/build/NAME`, where `iiswsgi build` shows it.
fn keep_a_copy(
    plan: &PackagePlan,
    built: &Built,
    web_config: Option<&str>,
    observer: &dyn Observer,
) -> Result<(), AnyFailure> {
    let folder = plan.folders.work.join("build").join(names::safe(&plan.name));
    let mut copies = vec![
        ("Manifest.xml", built.manifest_xml.as_slice()),
        ("Parameters.xml", built.parameters_xml.as_slice()),
    ];
    copies.extend(web_config.map(|text| ("web.config.in", text.as_bytes())));
    for (name, bytes) in copies {
        write_atomic(&folder.join(name), bytes)?;
    }
    observer.message(Severity::Detail, &format!("Built files are in {}.", folder.display()));
    Ok(())
}

/// Reads a text file of the project.
fn project_text(plan: &PackagePlan, name: &str) -> Result<String, AnyFailure> {
    Ok(read_text(&plan.root().join(name))?)
}

/// A file on disk as an entry.
fn entry_of(name: String, path: &Path, size: u64) -> Entry {
    Entry::source(name, FileSource::new(path, size))
}
