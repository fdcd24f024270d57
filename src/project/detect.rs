//! From what was found in modules, ini files and `.flaskenv` to ranked entry points.

use std::fs;
use std::path::Path;

use super::Error;
use super::candidates::Candidates;
use super::entry_point::{Broken, EntryPoint, EntryPoints, Kind};
use super::ini::{Duplicates, Ini};
use super::inspector::{Answer, Django, Entry, Module};
use super::layout::Layout;
use super::paste;
use crate::error::Location;
use crate::files;

/// What an application is ranked by, best first.
mod tier {
    pub(super) const CONFIGURED: u8 = 0;
    pub(super) const SERVER_FILE: u8 = 1;
    pub(super) const FRAMEWORK: u8 = 2;
    pub(super) const FACTORY: u8 = 3;
    pub(super) const PACKAGE: u8 = 4;
    pub(super) const OTHER: u8 = 5;
    pub(super) const DEVELOPMENT: u8 = 6;
}

/// Collects entry points.
struct Detector<'a> {
    root: &'a Path,
    points: EntryPoints,
}

/// Ranks all that was found.
///
/// # Errors
/// `.flaskenv` or an ini file cannot be read.
pub(super) fn entry_points(
    root: &Path,
    layout: &Layout,
    candidates: &Candidates,
    answer: &Answer,
    tested_ini: Option<&str>,
    without_python: bool,
) -> Result<EntryPoints, Error> {
    let points = EntryPoints { root: root.to_owned(), without_python, ..EntryPoints::default() };
    let mut detector = Detector { root, points };
    for (file, module) in &answer.modules {
        for entry in &module.entries {
            detector.module_entry(file, module, entry);
        }
    }
    for django in &answer.django {
        detector.django(django);
    }
    for malformed in &answer.malformed {
        let tier = tier_of(&malformed.module, false);
        let place = Location::at(root.join(&malformed.module), malformed.line, malformed.column);
        detector.points.broken.push(Broken { place, problem: malformed.message.clone(), tier });
    }
    detector.ini_files(tested_ini)?;
    if let Some(flaskenv) = &layout.flaskenv {
        detector.flaskenv(flaskenv, answer)?;
    }
    detector.points.settle();
    detector.points.looked_for = looked_for(candidates);
    Ok(detector.points)
}

impl Detector<'_> {
    fn module_entry(&mut self, file: &str, module: &Module, entry: &Entry) {
        let place = Location::at(self.root.join(file), entry.line, 0);
        let name = &entry.name;
        match entry.kind.as_str() {
            "asgi" => self.points.notes.push(format!(
                "{place}: `{name}` is an ASGI application, {}, and IIS speaks WSGI here: wrap it, as \
                 `a2wsgi.ASGIMiddleware({name})` does",
                entry.reason
            )),
            "partial" => self.points.notes.push(format!(
                "{place}: `{name}` is {}: write a module that calls it, `application = {name}(…)`",
                entry.reason
            )),
            kind => {
                let factory = kind == "factory";
                let call = if factory { "()" } else { "" };
                self.points.found.push(EntryPoint {
                    app: format!("{}:{name}{call}", module.dotted),
                    kind: if factory { Kind::Factory } else { Kind::Callable },
                    place,
                    reason: entry.reason.clone(),
                    pythonpath: (!module.base.is_empty()).then(|| module.base.clone()),
                    tier: tier_of(file, factory),
                    file: file.to_owned(),
                    origin: entry.origin.clone(),
                });
            }
        }
    }

    fn django(&mut self, django: &Django) {
        let manage = Location::at(self.root.join(&django.manage), django.line, 0);
        let (Some(settings), Some(application)) = (&django.settings, &django.application) else {
            let note =
                format!("{manage}: no DJANGO_SETTINGS_MODULE, so that the Django project is not known");
            self.points.notes.push(note);
            return;
        };
        let Some((module, variable)) = application.rsplit_once('.') else { return };
        let Some(file) = django.file.as_ref().filter(|_| django.bound) else {
            let place = django.application_file.as_ref().map_or(manage, |file| {
                Location::at(self.root.join(file), django.application_line.unwrap_or(0), 0)
            });
            let note = format!(
                "{place}: Django's `{application}` is not there; write it as `django-admin startproject` does"
            );
            self.points.notes.push(note);
            return;
        };
        let said = if django.application_file.is_some() { "WSGI_APPLICATION of" } else { "the project of" };
        self.points.found.push(EntryPoint {
            app: format!("{module}:{variable}"),
            kind: Kind::Django,
            place: Location::at(self.root.join(file), django.file_line, 0),
            reason: format!("{said} the Django settings `{settings}`, which `{}` names", django.manage),
            pythonpath: (!django.folder.is_empty()).then(|| django.folder.clone()),
            tier: tier::FRAMEWORK,
            file: file.clone(),
            origin: format!("{file}:{variable}"),
        });
    }

    /// Paste ini files in the project's folder, and the one that the original's test used.
    fn ini_files(&mut self, tested: Option<&str>) -> Result<(), Error> {
        let mut names: Vec<String> = fs::read_dir(self.root)
            .map_err(|source| Error::folder(self.root, source))?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| {
                Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("ini"))
            })
            .collect();
        let tested = tested.map(|name| name.replace('\\', "/")).filter(|name| self.root.join(name).is_file());
        names.extend(tested.clone());
        names.sort();
        names.dedup();
        for name in names {
            self.ini_file(&name, tested.as_deref() == Some(&name))?;
        }
        Ok(())
    }

    fn ini_file(&mut self, name: &str, tested: bool) -> Result<(), Error> {
        let path = self.root.join(name);
        if !path.is_file() {
            return Ok(());
        }
        let tier = match name {
            _ if tested => tier::FRAMEWORK,
            "production.ini" => tier::FRAMEWORK,
            "development.ini" | "test.ini" | "testing.ini" => tier::DEVELOPMENT,
            _ => tier::FACTORY,
        };
        let text = String::from_utf8_lossy(&files::read(&path)?).into_owned();
        // Other programs have other rules for their ini files: only one that speaks of an application is judged.
        let ini = match Ini::parse(&path, &text, Duplicates::LastWins) {
            Ok(ini) => ini,
            Err(Error::Syntax { place, problem })
                if text.contains("app:main") || text.contains("composite:main") =>
            {
                self.points.broken.push(Broken { place, problem, tier });
                return Ok(());
            }
            Err(_) => return Ok(()),
        };
        if let Some((section, line)) = paste::application(&ini) {
            self.points.found.push(EntryPoint {
                app: format!("paste:{name}"),
                kind: Kind::Paste,
                place: Location::at(&path, line, 0),
                reason: format!("a Paste ini file with `[{section}]`"),
                pythonpath: None,
                tier,
                file: name.to_owned(),
                origin: format!("{name}:{section}"),
            });
        }
        Ok(())
    }

    /// `FLASK_APP=module:callable`, as Flask reads it.
    fn flaskenv(&mut self, name: &str, answer: &Answer) -> Result<(), Error> {
        let path = self.root.join(name);
        let text = files::read_text(&path)?;
        for (at, line) in text.lines().enumerate() {
            let line = line.trim().trim_start_matches("export ").trim_start();
            let Some((variable, value)) = line.split_once('=') else { continue };
            if variable.trim() == "FLASK_APP" {
                let value = value.split(" #").next().unwrap_or_default().trim().trim_matches(['"', '\'']);
                self.flask_app(value, Location::at(&path, at + 1, 0), answer);
            }
        }
        Ok(())
    }

    fn flask_app(&mut self, value: &str, place: Location, answer: &Answer) {
        let (module, name) = match value.rsplit_once(':') {
            Some((module, name)) => (module, Some(name.trim())),
            None => (value, None),
        };
        let dotted = module.trim().trim_start_matches("./").trim_end_matches(".py").replace(['/', '\\'], ".");
        let dotted = dotted.strip_prefix("src.").unwrap_or(&dotted).to_owned();
        let known = answer.modules.iter().find(|(_, candidate)| candidate.dotted == dotted);
        let usable = |entry: &&Entry| entry.kind == "application" || entry.kind == "factory";
        let entry = known.and_then(|(_, module)| match name {
            Some(name) => module.entries.iter().find(|entry| entry.name == name),
            None => module.entries.iter().filter(usable).min_by_key(|entry| entry.kind != "application"),
        });
        let callable = match (name, entry) {
            (_, Some(entry)) if entry.kind == "factory" => format!("{}()", entry.name),
            (_, Some(entry)) => entry.name.clone(),
            (Some(name), None) if !name.is_empty() => name.to_owned(),
            _ => {
                self.points
                    .notes
                    .push(format!("{place}: `FLASK_APP={value}` names no application that was found"));
                return;
            }
        };
        let (file, base) = known
            .map_or((String::new(), String::new()), |(file, module)| (file.clone(), module.base.clone()));
        self.points.found.push(EntryPoint {
            app: format!("{dotted}:{callable}"),
            kind: Kind::Configured,
            reason: format!("FLASK_APP in `{}`", place.path.file_name().unwrap_or_default().display()),
            place,
            pythonpath: (!base.is_empty()).then_some(base),
            tier: tier::CONFIGURED,
            origin: entry.map_or_else(|| format!("{dotted}:{callable}"), |entry| entry.origin.clone()),
            file,
        });
    }
}

/// The tier of a module by its name and place, and of factories, which stand behind objects.
fn tier_of(file: &str, factory: bool) -> u8 {
    let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
    let stem = name.trim_end_matches(".py");
    let at_top = folder.is_empty() || folder == "src";
    let server = matches!(stem, "wsgi" | "passenger_wsgi");
    let tier = match (at_top, stem) {
        (true, _) if server => tier::SERVER_FILE,
        (true, "app" | "application" | "main") => tier::FRAMEWORK,
        (true, _) => tier::OTHER,
        (false, _) if server => tier::FACTORY,
        (false, _) => tier::PACKAGE,
    };
    if factory && tier <= tier::FRAMEWORK { tier::FACTORY } else { tier }
}

fn looked_for(candidates: &Candidates) -> Vec<String> {
    const SHOWN: usize = 20;
    let mut modules =
        candidates.modules.iter().take(SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>();
    if candidates.modules.len() > SHOWN {
        modules.push(format!("{} more", candidates.modules.len() - SHOWN));
    }
    let modules = if modules.is_empty() { "none is there".to_owned() } else { modules.join(", ") };
    vec![
        format!(
            "a callable `application` or `app`, an object of a WSGI framework, or a factory like `create_app` in a \
             module: {modules}"
        ),
        "a Django project: `manage.py` with DJANGO_SETTINGS_MODULE".into(),
        "a Paste ini file with `[app:main]` or `[composite:main]`: `production.ini`, `development.ini`"
            .into(),
        "`FLASK_APP` in `.flaskenv`".into(),
    ]
}
