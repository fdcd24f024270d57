//! Which files may hold the application, by their names: what Python is asked to look at.

use std::fs;
use std::path::Path;

use super::Error;

/// Modules that are looked at wherever a package is, best first.
const CONVENTIONAL: [&str; 14] = [
    "wsgi",
    "passenger_wsgi",
    "application",
    "app",
    "main",
    "__init__",
    "server",
    "web",
    "webapp",
    "run",
    "api",
    "site",
    "factory",
    "index",
];

/// Modules in the project's folder that are never an application.
const NEVER: [&str; 9] =
    ["setup", "conftest", "manage", "noxfile", "fabfile", "tasks", "dodo", "versioneer", "gunicorn_conf"];

/// Folders that are never a package with the application.
const NOT_PACKAGES: [&str; 14] = [
    "tests",
    "test",
    "docs",
    "doc",
    "examples",
    "scripts",
    "build",
    "dist",
    "node_modules",
    "static",
    "templates",
    "migrations",
    "alembic",
    "venv",
];

/// How many modules of the project's folder are looked at.
const LIMIT: usize = 100;

/// The modules to look at and the folders that have a `manage.py`; relative with forward slashes.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    pub(super) modules: Vec<String>,
    pub(super) django: Vec<String>,
}

impl Candidates {
    /// Looks at the names in a project's folder, in `src`, and in the folders below these.
    ///
    /// # Errors
    /// The project's folder cannot be listed.
    pub(super) fn of(root: &Path) -> Result<Self, Error> {
        let mut candidates = Self::default();
        let top = names(root).map_err(|source| Error::folder(root, source))?;
        candidates.add_root_modules("", &top.files);
        candidates.add_django("", &top.files);
        let mut folders: Vec<String> = top.folders;
        if folders.iter().any(|folder| folder == "src") {
            let inner =
                names(&root.join("src")).map_err(|source| Error::folder(&root.join("src"), source))?;
            candidates.add_root_modules("src/", &inner.files);
            candidates.add_django("src", &inner.files);
            folders.extend(inner.folders.into_iter().map(|folder| format!("src/{folder}")));
        }
        for folder in folders.iter().filter(|folder| is_package_like(folder) && *folder != "src") {
            // A folder that cannot be listed is told by the walk if it ships.
            let Ok(inner) = names(&root.join(folder)) else { continue };
            if inner.files.iter().any(|file| file == "pyvenv.cfg") {
                continue;
            }
            candidates.add_django(folder, &inner.files);
            for stem in CONVENTIONAL {
                let file = format!("{stem}.py");
                if inner.files.contains(&file) {
                    candidates.modules.push(format!("{folder}/{file}"));
                }
            }
        }
        Ok(candidates)
    }

    fn add_root_modules(&mut self, prefix: &str, files: &[String]) {
        let mut stems: Vec<&str> = files.iter().filter_map(|file| file.strip_suffix(".py")).collect();
        stems.retain(|stem| {
            let test = stem.starts_with("test_") || stem.ends_with("_test");
            !test && !NEVER.contains(stem) && !stem.contains(['.', '-', ' '])
        });
        stems.sort_by_key(|stem| {
            (CONVENTIONAL.iter().position(|name| name == stem).unwrap_or(usize::MAX), *stem)
        });
        self.modules.extend(stems.into_iter().take(LIMIT).map(|stem| format!("{prefix}{stem}.py")));
    }

    fn add_django(&mut self, folder: &str, files: &[String]) {
        if files.iter().any(|file| file == "manage.py") {
            self.django.push(folder.to_owned());
        }
    }
}

struct Names {
    files: Vec<String>,
    folders: Vec<String>,
}

/// The names in a folder that are UTF-8, sorted.
fn names(folder: &Path) -> std::io::Result<Names> {
    let mut names = Names { files: Vec::new(), folders: Vec::new() };
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let there = entry.file_type()?;
        // A link to a folder is not followed here: its modules are found under their own name.
        if there.is_dir() {
            names.folders.push(name);
        } else if there.is_file() || entry.path().is_file() {
            names.files.push(name);
        }
    }
    names.files.sort();
    names.folders.sort();
    Ok(names)
}

fn is_package_like(folder: &str) -> bool {
    let name = folder.rsplit('/').next().unwrap_or(folder);
    let identifier = name.chars().all(|character| character.is_alphanumeric() || character == '_');
    identifier && !name.starts_with(|first: char| first.is_ascii_digit()) && !NOT_PACKAGES.contains(&name)
}
