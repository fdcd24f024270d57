//! Joins what the legs of a run left: every planned package exactly once, with the very bytes that its leg wrote.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::error::Error;
use super::manifest::{Manifest, ManifestFile, Role};
use super::{MANIFEST_SUFFIX, Planned, PlannedPackage};
use crate::digest::Digests;
use crate::error::{AnyFailure, shown};
use crate::files;
use crate::pipeline::deliver::{Delivered, Finished, digests_of};
use crate::pipeline::plan::{self, Outline, PackagePlan, Plan, Reading};
use crate::project::{EntryPoints, Layout, Project};

/// How deep manifests are looked for: an artifact of each leg in a folder of its own, and one level for luck.
const DEPTH: usize = 3;

/// The packages of all legs, as if one machine had made them.
#[derive(Debug)]
pub struct Merged {
    /// The plan, with what the legs found out about the projects.
    pub plan: Plan,
    /// The files of each package, in the order of the plan.
    pub finished: Vec<Finished>,
    /// What each leg said, in the same order.
    pub manifests: Vec<Manifest>,
}

/// Joins what lies in a folder, directly or in folders below it, and puts it into the output folder: there are then the
/// packages, what stands beside them, the manifests and the plan. Nothing is put anywhere unless everything is right.
///
/// # Errors
/// A planned package is missing, came twice or from another run, a file is not the one that its leg wrote, or a
/// project's folder is not here.
pub fn merge(
    planned: &Planned,
    folder: &Path,
    output: &Path,
    reading: &Reading<'_>,
) -> Result<Merged, AnyFailure> {
    let arrived = arrived(planned, folder)?;
    let mut outline = planned.plan.outline(reading, &planned.plan.packages)?;
    output.clone_into(&mut outline.folders.output);
    let mut packages = Vec::with_capacity(arrived.len());
    for (package, root) in arrived.iter().zip(&outline.roots) {
        packages.push(package_plan(reading, root, &package.manifest, &outline)?);
    }
    let mut finished = Vec::with_capacity(arrived.len());
    for package in &arrived {
        finished.push(place(package, output)?);
    }
    keep_plan(planned, output)?;
    let Outline { folders, config, feed_name, .. } = outline;
    let own_name = || packages.first().map(|first| first.names.feed.clone());
    let feed_name = feed_name.or_else(own_name).unwrap_or_else(|| "packages.webpi.xml".into());
    let plan = Plan { packages, folders, config, feed_name };
    Ok(Merged { plan, finished, manifests: arrived.into_iter().map(|package| package.manifest).collect() })
}

/// A package that arrived, with the hashes of its files as they are.
struct Arrived {
    path: PathBuf,
    manifest: Manifest,
    digests: Vec<Digests>,
}

/// Looks through a folder and compares with the plan. The result is in the order of the plan.
fn arrived(planned: &Planned, folder: &Path) -> Result<Vec<Arrived>, Error> {
    let known: BTreeMap<&str, &PlannedPackage> =
        planned.plan.packages.iter().map(|package| (package.id.as_str(), package)).collect();
    let mut problems = Vec::new();
    let mut by_id: BTreeMap<String, Arrived> = BTreeMap::new();
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    for path in manifests(folder)? {
        let manifest = Manifest::parse(&path, &files::read(&path)?)?;
        let id = manifest.id.clone();
        if manifest.plan != planned.digest {
            let run = if manifest.run == planned.plan.run.id { "an earlier plan" } else { "another run" };
            problems.push(format!("`{}` belongs to {run} ({})", shown(&path), manifest.run));
        } else if !known.contains_key(id.as_str()) {
            problems.push(format!("`{}` is of `{id}`, which was not planned", shown(&path)));
        } else if let Some(first) = by_id.get(&id) {
            problems.push(format!("`{id}` came twice: `{}` and `{}`", shown(&first.path), shown(&path)));
        } else {
            let digests = verified(&path, &manifest, &mut problems)?;
            for file in &manifest.files {
                if let Some(first) = owners.insert(file.name.to_lowercase(), id.clone()) {
                    problems.push(format!("`{first}` and `{id}` both bring `{}`", file.name));
                }
            }
            by_id.insert(id, Arrived { path, manifest, digests });
        }
    }
    let mut all = Vec::with_capacity(known.len());
    for package in &planned.plan.packages {
        match by_id.remove(&package.id) {
            Some(arrived) => all.push(arrived),
            None => problems.push(format!("`{}` (`{}`) is missing", package.id, package.path)),
        }
    }
    if problems.is_empty() { Ok(all) } else { Err(Error::Merge { folder: folder.to_owned(), problems }) }
}

/// Compares the files of a manifest with their bytes; what is wrong becomes a line.
fn verified(path: &Path, manifest: &Manifest, problems: &mut Vec<String>) -> Result<Vec<Digests>, Error> {
    let mut all = Vec::new();
    for role in [Role::Package, Role::SetParameters, Role::DeployCommand] {
        let Some(file) = manifest.file(role) else {
            problems.push(format!("`{}` names no file for `{role:?}`", shown(path)));
            continue;
        };
        if !is_plain_name(&file.name) {
            problems.push(format!(
                "`{}` names `{}`, which is no file beside it",
                shown(path),
                file.name.escape_debug()
            ));
            continue;
        }
        let place = files::folder_of(path).join(&file.name);
        if !place.is_file() {
            problems.push(format!("`{}` of `{}` is missing", shown(&place), manifest.id));
            continue;
        }
        let digests = digests_of(&place)?;
        if !is_of(file, &digests) {
            problems.push(format!(
                "`{}` of `{}` is not what its leg wrote: {} bytes with the SHA-256 {}, and it should be {} bytes with {}",
                shown(&place),
                manifest.id,
                digests.size,
                digests.sha256_hex(),
                file.size,
                file.sha256
            ));
        }
        all.push(digests);
    }
    Ok(all)
}

fn is_of(file: &ManifestFile, digests: &Digests) -> bool {
    file.size == digests.size && file.sha1 == digests.sha1_hex() && file.sha256 == digests.sha256_hex()
}

/// A manifest comes from another machine: its names lead nowhere else.
fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\\', ':', '\0'])
}

/// The manifests in a folder and below it, sorted.
fn manifests(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    let mut folders = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let failed = |source| files::Error::Read { path: folder.clone(), source };
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = entry.path();
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_dir() && depth < DEPTH {
                folders.push((path, depth + 1));
            } else if kind.is_file() && entry.file_name().to_string_lossy().ends_with(MANIFEST_SUFFIX) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The plan of a package as its leg had it, as far as feed and publishing need it. Settings come from the
/// configuration, which must be here: the folder of the project is looked for, and nothing in it but that.
fn package_plan(
    reading: &Reading<'_>,
    root: &Path,
    manifest: &Manifest,
    outline: &Outline,
) -> Result<PackagePlan, AnyFailure> {
    plan::must_be_folder(root)?;
    let config = plan::load(reading, root)?;
    let project = &manifest.project;
    let here = if root.as_os_str().is_empty() { Path::new(".") } else { root };
    Ok(PackagePlan {
        name: manifest.name.clone(),
        version: manifest.package_version.clone(),
        config,
        project: Project {
            root: here.to_owned(),
            metadata: project.metadata.clone(),
            entry_points: EntryPoints::default(),
            layout: Layout::of(here)?,
            requirements: project.requirements.clone(),
            commands: project.commands.clone(),
            messages: Vec::new(),
        },
        app: project.app.clone(),
        layout: project.layout,
        files: Vec::new(),
        folder: project.folder.clone(),
        names: manifest.names(),
        folders: outline.folders.clone(),
        requirements: project.requirements.clone(),
        python: manifest.python(),
    })
}

/// Brings a package's files and its manifest into the output folder.
fn place(package: &Arrived, output: &Path) -> Result<Finished, files::Error> {
    let from = files::folder_of(&package.path);
    let mut delivered = Vec::new();
    for (role, digests) in
        [Role::Package, Role::SetParameters, Role::DeployCommand].into_iter().zip(&package.digests)
    {
        let name = package.manifest.file(role).map_or("", |file| file.name.as_str());
        let path = output.join(name);
        bring(&from.join(name), &path)?;
        delivered.push(Delivered { path, digests: *digests });
    }
    bring(&package.path, &output.join(package.manifest.file_name()))?;
    let mut delivered = delivered.into_iter();
    // There are three: `verified` has found each role.
    let mut next = || {
        delivered.next().unwrap_or_else(|| Delivered { path: output.to_owned(), digests: Digests::of(b"") })
    };
    Ok(Finished { package: next(), set_parameters: next(), deploy_command: next() })
}

/// Copies a file into its place unless it is there already.
fn bring(from: &Path, to: &Path) -> Result<(), files::Error> {
    let same = || Some(fs::canonicalize(from).ok()? == fs::canonicalize(to).ok()?);
    if same() == Some(true) {
        return Ok(());
    }
    files::copy_atomic(from, to)
}

/// The plan lies beside the manifests, so that what was merged can be published from there.
fn keep_plan(planned: &Planned, output: &Path) -> Result<(), files::Error> {
    bring(&planned.path, &output.join(super::PLAN_NAME))
}
