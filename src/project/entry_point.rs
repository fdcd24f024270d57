//! The WSGI applications of a project and the choice among them.
//!
//! Candidates stand in tiers: what was made for a server (`FLASK_APP`, `wsgi.py`) before what a framework serves
//! (Django's project, `production.ini`, `app.py`), before factories, packages and other modules. Candidates that are
//! the same object by another name count once. The best tier must hold one application, or the user decides.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use super::Error;
use crate::error::Location;

/// How an application was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The user's own setting: `FLASK_APP` in `.flaskenv`.
    Configured,
    /// A Django project.
    Django,
    /// A Paste ini file.
    Paste,
    /// A callable of a module.
    Callable,
    /// A factory: called without arguments, it gives the callable.
    Factory,
}

/// A WSGI application that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EntryPoint {
    /// The application as the gateway takes it: `module:callable`, `module:factory()` or `paste:FILE.ini`.
    pub app: String,
    /// How it was found.
    pub kind: Kind,
    /// Where it is.
    pub place: Location,
    /// Why it is one, as a fragment: `built by flask.Flask`.
    pub reason: String,
    /// The folder to put on the module search path beside the root, when it is not there by itself: `src`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pythonpath: Option<String>,
    /// How far it is from the best, from 0.
    pub tier: u8,
    /// The file, relative to the root with forward slashes.
    #[serde(skip)]
    pub(super) file: String,
    /// The object that it is by whatever name, as `FILE:NAME`.
    #[serde(skip)]
    pub(super) origin: String,
}

impl EntryPoint {
    /// The file that defines it, relative to the project with forward slashes; none when it is not in the project.
    pub fn file(&self) -> Option<String> {
        (!self.file.is_empty()).then(|| self.file.clone())
    }

    /// One line for a list: place, application, reason.
    fn line(&self) -> String {
        format!("{}: `{}`, {}", self.place, self.app, self.reason)
    }

    /// Candidates by rank: tier, then the name that the field prefers, then the place.
    fn rank(&self) -> (u8, u8, u8, &str, usize) {
        let name = self.app.rsplit(':').next().unwrap_or_default();
        let factory = u8::from(self.kind == Kind::Factory);
        (self.tier, factory, u8::from(name != "application"), &self.file, self.place.line)
    }
}

/// A module that may hold the application and that Python cannot parse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// Where.
    pub place: Location,
    /// What Python says.
    pub problem: String,
    /// The tier in which its application would stand.
    pub tier: u8,
}

/// All WSGI applications that were found, best first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct EntryPoints {
    /// The folder that was looked through.
    pub root: PathBuf,
    /// The applications, best first; each object once.
    pub found: Vec<EntryPoint>,
    /// Modules that could not be parsed.
    pub broken: Vec<Broken>,
    /// What was looked for, for the message that nothing was found.
    pub looked_for: Vec<String>,
    /// Things that look like an application and are none, as sentences with their place: an ASGI application, a factory
    /// that needs arguments.
    pub notes: Vec<String>,
    /// Whether there was no Python to parse modules with.
    pub without_python: bool,
}

impl EntryPoints {
    /// Keeps each object once, under its best name, and sorts the best first.
    pub(super) fn settle(&mut self) {
        let mut best: BTreeMap<String, EntryPoint> = BTreeMap::new();
        for candidate in self.found.drain(..) {
            match best.get_mut(&candidate.origin) {
                None => {
                    best.insert(candidate.origin.clone(), candidate);
                }
                Some(known) => {
                    // An object comes before the factory that built it, wherever it stands.
                    let tier = known.tier.min(candidate.tier);
                    let better =
                        |point: &EntryPoint| (point.kind == Kind::Factory, point.rank().0, point.rank().2);
                    if better(&candidate) < better(known) {
                        *known = candidate;
                    }
                    known.tier = tier;
                }
            }
        }
        self.found = best.into_values().collect();
        self.found.sort_by(|a, b| a.rank().cmp(&b.rank()));
        self.prefer_one_name_in_each_file();
    }

    /// Two applications of one file and tier are not a question: `application` is the name of PEP 3333, an object comes
    /// before a factory.
    fn prefer_one_name_in_each_file(&mut self) {
        let mut seen: Vec<(u8, String)> = Vec::new();
        self.found.retain(|candidate| {
            let key = (candidate.tier, candidate.file.clone());
            let is_named = candidate.app.ends_with(":application") || candidate.app.ends_with(":app");
            if seen.contains(&key) && candidate.kind != Kind::Paste {
                return false;
            }
            if is_named || candidate.kind != Kind::Callable {
                seen.push(key);
            }
            true
        });
    }

    /// The application to serve.
    ///
    /// # Errors
    /// There is none, none stands out, or a module that would come first cannot be parsed.
    pub fn choose(&self) -> Result<&EntryPoint, Error> {
        let tier = self.found.first().map_or(u8::MAX, |best| best.tier);
        if let Some(broken) = self.broken.iter().filter(|broken| broken.tier <= tier).min_by_key(|b| b.tier) {
            return Err(Error::Syntax { place: broken.place.clone(), problem: broken.problem.clone() });
        }
        let best: Vec<&EntryPoint> = self.found.iter().filter(|found| found.tier == tier).collect();
        match best.as_slice() {
            [] => Err(self.none_found()),
            [only] => Ok(only),
            several => Err(Error::AmbiguousEntryPoint {
                root: self.root.clone(),
                found: several.iter().map(|found| found.line()).collect(),
                apps: several.iter().map(|found| found.app.clone()).collect(),
            }),
        }
    }

    fn none_found(&self) -> Error {
        if self.without_python {
            return Error::NoPython { root: self.root.clone() };
        }
        let hint = "Name the application in iiswsgi.yml:\napp: \"module:callable\"".to_owned();
        let looked_for = self.looked_for.iter().chain(&self.notes).cloned().collect();
        Error::NoEntryPoint { root: self.root.clone(), looked_for, hint }
    }
}
