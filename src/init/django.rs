//! What Django's settings say about static files and databases, as far as their text tells.

use std::fs;
use std::path::Path;

use regex::Regex;

use crate::files;

/// A Django project as its settings show it. They are read as text: nothing of the project is run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Django {
    /// `manage.py`, relative to the project with forward slashes.
    pub manage: String,
    /// The file of the settings, likewise, when it was found.
    pub settings: Option<String>,
    /// Whether the database is a file of `SQLite`, so that migrations run anywhere.
    pub sqlite: bool,
    /// Whether there is a database at all.
    pub database: bool,
    /// Who serves static files.
    pub static_files: StaticFiles,
    /// Whether `collectstatic` works: `django.contrib.staticfiles` and `STATIC_ROOT` are there.
    pub collects: bool,
    /// Whether DEBUG is on.
    pub debug: bool,
    /// Whether `SECRET_KEY` stands in the settings.
    pub literal_secret: bool,
}

/// Who serves static files on the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StaticFiles {
    /// There are none, or they come from elsewhere.
    None,
    /// The application itself, by `WhiteNoise`.
    Whitenoise,
    /// IIS can: this folder of the application is where its URL says.
    Iis(String),
    /// Nobody, unless something is changed.
    Nobody,
}

impl StaticFiles {
    /// A line for the user.
    pub(super) fn described(&self) -> String {
        match self {
            Self::None => "none".to_owned(),
            Self::Whitenoise => "served by the application (WhiteNoise)".to_owned(),
            Self::Iis(folder) => format!("served by IIS from `{folder}`"),
            Self::Nobody => "served by nobody once DEBUG is off, see iiswsgi.yml".to_owned(),
        }
    }
}

impl Django {
    /// Reads the settings that `manage.py` names. `folder` is the folder of `manage.py` below the project.
    pub(super) fn read(root: &Path, folder: Option<&str>) -> Self {
        let prefix = folder.map(|folder| format!("{folder}/")).unwrap_or_default();
        let manage = format!("{prefix}manage.py");
        let module = files::read_text(&root.join(&manage)).ok().and_then(|text| settings_module(&text));
        let (settings, text) = match &module {
            Some(module) => settings_text(root, &prefix, module),
            None => (None, String::new()),
        };
        let root_folder = static_root(&text);
        let staticfiles = text.contains("django.contrib.staticfiles");
        Self {
            manage,
            settings,
            sqlite: text.contains("sqlite3"),
            database: assigned(&text, "DATABASES").is_some(),
            static_files: static_files(&text, root_folder.as_deref(), prefix.is_empty()),
            collects: staticfiles && assigned(&text, "STATIC_ROOT").is_some(),
            debug: assigned(&text, "DEBUG").is_some_and(|value| value.starts_with("True")),
            literal_secret: assigned(&text, "SECRET_KEY").is_some_and(|value| value.starts_with(['"', '\''])),
        }
    }
}

/// The module in `os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")`.
fn settings_module(manage: &str) -> Option<String> {
    let pattern = Regex::new(r#"DJANGO_SETTINGS_MODULE['"]\s*[,\]]\s*=?\s*['"]([\w.]+)['"]"#).ok()?;
    Some(pattern.captures(manage)?[1].to_owned())
}

/// The settings' file, and its text with that of its neighbours when settings are a package.
fn settings_text(root: &Path, prefix: &str, module: &str) -> (Option<String>, String) {
    let path = format!("{prefix}{}", module.replace('.', "/"));
    let file = [format!("{path}.py"), format!("{path}/__init__.py")]
        .into_iter()
        .find(|file| root.join(file).is_file());
    let mut text = file.as_ref().and_then(|file| files::read_text(&root.join(file)).ok()).unwrap_or_default();
    let folder = file.as_ref().and_then(|file| file.rsplit_once('/')).map(|(folder, _)| folder);
    if let Some(folder) = folder.filter(|folder| folder.ends_with("settings")) {
        let mut neighbours: Vec<_> = fs::read_dir(root.join(folder))
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .collect();
        neighbours.sort();
        for path in
            neighbours.iter().filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        {
            text.push('\n');
            text.push_str(&files::read_text(path).unwrap_or_default());
        }
    }
    (file, text)
}

/// What stands behind `NAME =` on the line that assigns it last.
fn assigned<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut values = text.lines().filter_map(|line| {
        let rest = line.strip_prefix(name)?.trim_start();
        rest.strip_prefix('=').map(str::trim)
    });
    values.next_back()
}

/// The texts between quotes on a line.
fn literals(line: &str) -> Vec<String> {
    let Ok(pattern) = Regex::new(r#"['"]([^'"]*)['"]"#) else { return Vec::new() };
    pattern.captures_iter(line).map(|found| found[1].to_owned()).collect()
}

/// `STATIC_ROOT` relative to the project, when it is below it.
fn static_root(text: &str) -> Option<String> {
    let value = assigned(text, "STATIC_ROOT")?;
    let path = literals(value).join("/").replace('\\', "/");
    let below = !path.is_empty() && !path.starts_with('/') && !path.contains(':') && !path.contains("..");
    below.then(|| path.trim_matches('/').to_owned())
}

fn static_files(text: &str, root: Option<&str>, at_top: bool) -> StaticFiles {
    if text.contains("whitenoise") {
        return StaticFiles::Whitenoise;
    }
    if !text.contains("django.contrib.staticfiles") {
        return StaticFiles::None;
    }
    let url = assigned(text, "STATIC_URL").and_then(|value| literals(value).into_iter().next());
    let url = url.unwrap_or_else(|| "static/".to_owned());
    if url.contains("://") {
        return StaticFiles::None;
    }
    match root {
        Some(root) if at_top && url.trim_matches('/') == root => StaticFiles::Iis(root.to_owned()),
        _ => StaticFiles::Nobody,
    }
}
