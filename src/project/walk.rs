//! The walk over a project's tree: each folder once, links followed inside the tree only.
//!
//! Every rule that says whether a folder is entered or a file ships is asked here, from the top down, so that the time
//! is linear in what is entered.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::Error;
use super::artefacts::{self, Reason};
use super::files::{FileRules, ShippedFile, ShippedFiles};
use super::ignore_rules::{Ignores, Patterns};
use super::manifest_in::ManifestIn;
use crate::error::Location;
use crate::event::{Message, Severity};

/// More files than this are a mistake: a package holds 65,536.
const LIMIT: usize = 1_000_000;

/// The walk: its rules and what it has found.
pub(super) struct Walk<'a> {
    root: &'a Path,
    real_root: PathBuf,
    include: Patterns,
    exclude: Patterns,
    outputs: BTreeSet<String>,
    manifest: Option<ManifestIn>,
    used: Vec<bool>,
    found: ShippedFiles,
}

/// A folder that is being walked.
struct Folder {
    /// As the user would name it.
    path: PathBuf,
    /// Below the root with forward slashes; empty for the root.
    name: String,
    /// Where it really is, and its parents on the way that we came.
    real: Rc<Real>,
    ignores: Option<Rc<Ignores>>,
    /// It is a Python package, the root or `src`: its modules belong to the distribution.
    package: bool,
    /// The configuration includes all that is in it.
    forced: bool,
    /// Only what the configuration includes ships from it.
    only_forced: bool,
}

struct Real {
    path: PathBuf,
    parent: Option<Rc<Real>>,
}

/// One name in a folder.
struct Item {
    name: String,
    /// The name below the root.
    full: String,
    path: PathBuf,
    is_text: bool,
    is_link: bool,
    kind: Kind,
}

/// What a name is, behind a link if it is one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Folder,
    File,
    Other,
}

impl Kind {
    fn of(there: fs::FileType) -> Self {
        if there.is_dir() {
            Self::Folder
        } else if there.is_file() {
            Self::File
        } else {
            Self::Other
        }
    }
}

impl<'a> Walk<'a> {
    /// Prepares a walk over a project with a `MANIFEST.in`, or over one where `.gitignore` decides.
    pub(super) fn new(
        root: &'a Path,
        rules: &FileRules,
        manifest: Option<ManifestIn>,
    ) -> Result<Self, Error> {
        let real_root = root.canonicalize().map_err(|source| Error::folder(root, source))?;
        let required: Vec<String> = rules.required.iter().map(|name| Patterns::exactly(name)).collect();
        let include = rules.include.iter().chain(&required).map(String::as_str);
        Ok(Self {
            root,
            real_root,
            include: Patterns::new(include)?,
            exclude: Patterns::new(rules.exclude.iter().map(String::as_str))?,
            outputs: rules.outputs.iter().map(|name| name.trim_matches('/').to_owned()).collect(),
            used: vec![false; manifest.as_ref().map_or(0, ManifestIn::len)],
            manifest,
            found: ShippedFiles::default(),
        })
    }

    /// Walks.
    pub(super) fn run(mut self) -> Result<ShippedFiles, Error> {
        let ignores = match self.manifest {
            Some(_) => None,
            None => Ignores::above(&self.real_root, &mut self.found.messages),
        };
        let mut folders = vec![Folder {
            path: self.root.to_owned(),
            name: String::new(),
            real: Rc::new(Real { path: self.real_root.clone(), parent: None }),
            ignores,
            package: true,
            forced: false,
            only_forced: false,
        }];
        while let Some(folder) = folders.pop() {
            self.folder(folder, &mut folders)?;
        }
        self.found.files.sort();
        self.report_unmatched();
        Ok(self.found)
    }

    fn folder(&mut self, mut folder: Folder, folders: &mut Vec<Folder>) -> Result<(), Error> {
        let items = items_of(&folder)?;
        let has = |name: &str| items.iter().any(|item| item.name == name);
        if !folder.name.is_empty() {
            if artefacts::is_marked(has) && !folder.forced {
                folder.only_forced = true;
            }
            folder.package = folder.package && (has("__init__.py") || folder.name == "src");
        }
        if self.manifest.is_none() && has(".gitignore") {
            let real = self.real_root.join(&folder.name);
            let above = folder.ignores.take();
            folder.ignores = Some(Ignores::below(&real, above, &mut self.found.messages));
        }
        for item in items {
            if artefacts::is_version_control(&item.name) || self.outputs.contains(&item.full) {
                continue;
            }
            let excluded = self.exclude.decides(&item.full, item.kind == Kind::Folder) == Some(true);
            if excluded {
                continue;
            }
            let forced = self.include.decides(&item.full, item.kind == Kind::Folder).unwrap_or(folder.forced);
            if item.kind == Kind::Folder {
                folders.extend(self.subfolder(&folder, item, forced)?);
            } else if self.takes(&folder, &item, forced)? {
                self.take(item)?;
            }
        }
        Ok(())
    }

    /// The folder to walk for an item, unless nothing in it can ship.
    fn subfolder(&self, above: &Folder, item: Item, forced: bool) -> Result<Option<Folder>, Error> {
        let segments: Vec<&str> = item.full.split('/').collect();
        let reached = self.include.may_match_below(&segments);
        let mut only_forced = above.only_forced;
        if !forced {
            let at_top = above.name.is_empty() || above.name == "src";
            let artefact = artefacts::of_folder(&item.name, at_top).is_some()
                || (above.name.is_empty() && item.name == "build" && is_build_folder(&item.path));
            let left_out = self.leaves_out(above, &item, &segments);
            let floating = !artefact && !above.only_forced && self.include.is_floating();
            only_forced |= artefact || left_out;
            if only_forced && !reached && !floating {
                return Ok(None);
            }
        }
        if !item.is_text {
            return Err(Error::NameNotText { path: item.path });
        }
        let real = match self.real_of(above, &item) {
            // A pattern for any depth does not ask for this very link.
            Err(_) if only_forced && !forced && !reached => return Ok(None),
            real => real?,
        };
        Ok(Some(Folder {
            path: item.path,
            name: item.full,
            real,
            ignores: above.ignores.clone(),
            package: above.package,
            forced,
            only_forced,
        }))
    }

    /// Whether `MANIFEST.in` or `.gitignore` lets nothing of a folder ship. With `MANIFEST.in`, a folder in a package may
    /// be a package itself, which only its content tells; behind a link that is looked up first.
    fn leaves_out(&self, above: &Folder, item: &Item, segments: &[&str]) -> bool {
        let Some(manifest) = &self.manifest else { return self.is_ignored(above, item) };
        let package = above.package && (!item.is_link || item.path.join("__init__.py").is_file());
        !package && !manifest.may_include_below(segments)
    }

    /// Where a folder really is. A link must stay in the tree and must not lead to a folder that it is in.
    fn real_of(&self, above: &Folder, item: &Item) -> Result<Rc<Real>, Error> {
        if !item.is_link {
            let path = above.real.path.join(&item.name);
            return Ok(Rc::new(Real { path, parent: Some(Rc::clone(&above.real)) }));
        }
        let target = self.target_of(item)?;
        let mut parent = Some(&above.real);
        while let Some(real) = parent {
            if real.path == target {
                return Err(Error::LinkLoop { path: item.path.clone(), target });
            }
            parent = real.parent.as_ref();
        }
        Ok(Rc::new(Real { path: target, parent: Some(Rc::clone(&above.real)) }))
    }

    fn target_of(&self, item: &Item) -> Result<PathBuf, Error> {
        let target = item
            .path
            .canonicalize()
            .map_err(|source| Error::LinkBroken { path: item.path.clone(), source })?;
        if target.starts_with(&self.real_root) {
            Ok(target)
        } else {
            Err(Error::LinkLeavesTree { path: item.path.clone(), target })
        }
    }

    fn is_ignored(&self, folder: &Folder, item: &Item) -> bool {
        let path = self.real_root.join(&item.full);
        folder.ignores.as_ref().is_some_and(|ignores| ignores.ignore(&path, item.kind == Kind::Folder))
    }

    /// Whether a file ships.
    fn takes(&mut self, folder: &Folder, item: &Item, forced: bool) -> Result<bool, Error> {
        if forced {
            return Ok(true);
        }
        if folder.only_forced {
            return Ok(false);
        }
        let wanted = match &self.manifest {
            Some(manifest) => {
                let segments: Vec<&str> = item.full.split('/').collect();
                manifest.decides(&segments, &mut self.used).unwrap_or_else(|| is_default(folder, &item.name))
            }
            None => !self.is_ignored(folder, item),
        };
        if !wanted {
            return Ok(false);
        }
        match artefacts::of_file(&item.name) {
            Some(Reason::Artefact) => Ok(false),
            Some(Reason::Secret) => {
                self.leave_secret(item);
                Ok(false)
            }
            None if artefacts::may_hold_key(&item.name)
                && item.kind == Kind::File
                && holds_key(&item.path)? =>
            {
                self.leave_secret(item);
                Ok(false)
            }
            None => Ok(true),
        }
    }

    fn take(&mut self, item: Item) -> Result<(), Error> {
        if !item.is_text {
            return Err(Error::NameNotText { path: item.path });
        }
        if item.is_link {
            self.target_of(&item)?;
        }
        if item.kind != Kind::File {
            return Err(Error::NotRegular { path: item.path });
        }
        if self.found.files.len() == LIMIT {
            return Err(Error::TooMany { root: self.root.to_owned(), limit: LIMIT });
        }
        // Opened, so that a file that cannot be read is told before anything is written.
        let opened = File::open(&item.path).and_then(|file| file.metadata());
        let size = opened.map_err(|source| Error::unreadable(&item.path, source))?.len();
        self.found.files.push(ShippedFile { name: item.full, path: item.path, size });
        Ok(())
    }

    fn leave_secret(&mut self, item: &Item) {
        let text = format!("`{}` looks like a secret and does not ship", item.full);
        let hint = format!(
            "Let Web Deploy parameters or the server's environment bring it in, or ship it with `files.include: \
             [\"{}\"]`.",
            item.full
        );
        let message = Message::new(Severity::Warning, text).with_location(Location::file(&item.path));
        self.found.messages.push(message.with_hint(hint));
    }

    fn report_unmatched(&mut self) {
        let Some(manifest) = &self.manifest else { return };
        for (line, text) in manifest.unmatched(&self.used) {
            let place = Location::at(self.root.join("MANIFEST.in"), line, 0);
            let text = format!("`{text}` matches no file");
            self.found.messages.push(Message::new(Severity::Detail, text).with_location(place));
        }
    }
}

/// The names in a folder, sorted, with what they are behind links.
fn items_of(folder: &Folder) -> Result<Vec<Item>, Error> {
    let failed = |source| Error::folder(&folder.path, source);
    let mut items = Vec::new();
    for entry in fs::read_dir(&folder.path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        let path = folder.path.join(entry.file_name());
        let is_link = kind.is_symlink();
        // A link to nothing counts as a file, so that it is refused if it would ship.
        let kind = if is_link {
            fs::metadata(&path).map_or(Kind::File, |there| Kind::of(there.file_type()))
        } else {
            Kind::of(kind)
        };
        let (name, is_text) = match entry.file_name().into_string() {
            Ok(name) => (name, true),
            Err(name) => (name.to_string_lossy().into_owned(), false),
        };
        let full = if folder.name.is_empty() { name.clone() } else { format!("{}/{name}", folder.name) };
        items.push(Item { name, full, path, is_text, is_link, kind });
    }
    items.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(items)
}

/// Whether `build` is what distutils leaves: it holds `lib…` or `bdist.…`.
fn is_build_folder(path: &Path) -> bool {
    let Ok(mut entries) = fs::read_dir(path) else { return false };
    entries.any(|entry| {
        entry.is_ok_and(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name == "lib" || name.starts_with("lib.") || name.starts_with("bdist.")
        })
    })
}

/// Whether a file ships with a `MANIFEST.in` that does not name it: Python modules and what describes the distribution.
fn is_default(folder: &Folder, name: &str) -> bool {
    if folder.package && Path::new(name).extension().is_some_and(|extension| extension == "py") {
        return true;
    }
    if !folder.name.is_empty() {
        return false;
    }
    let described =
        ["README", "README.txt", "README.rst", "README.md", "setup.cfg", "pyproject.toml", "py.typed"];
    let legal = ["LICENSE", "LICENCE", "COPYING", "NOTICE", "AUTHORS"];
    described.contains(&name) || legal.iter().any(|start| name.starts_with(start))
}

fn holds_key(path: &Path) -> Result<bool, Error> {
    let mut beginning = Vec::new();
    File::open(path)
        .and_then(|file| file.take(4096).read_to_end(&mut beginning))
        .map_err(|source| Error::unreadable(path, source))?;
    Ok(artefacts::holds_key(&beginning))
}
