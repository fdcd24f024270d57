//! The install stage: a package goes into the IIS that was handed in.

use std::path::Path;

use super::World;
use super::plan::PackagePlan;
use crate::config::Python;
use crate::error::{AnyFailure, ExitCode, Failure, Location};
use crate::event::{Event, Message, Observer};
use crate::files;
use crate::iis::{self, ApplicationPath, InstallRequest, Installed, bootstrap};
use crate::package::archive::Limits;
use crate::package::parameters::{APPLICATION_PARAMETER, SetParameters};
use crate::secret::Secret;
use crate::xml;

/// What is wrong with what the user gave for the install.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The SetParameters.xml cannot be read.
    #[error("cannot read the parameters' values in `{}`", path.display())]
    SetParameters {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: crate::package::parameters::Error,
    },
    /// The SetParameters.xml is not well-formed.
    #[error("`{}` is not well-formed XML", path.display())]
    Malformed {
        /// The file.
        path: std::path::PathBuf,
        /// Where and why.
        source: xml::Error,
    },
    /// The test runs without an install, and there was none before.
    #[error("`{application}` is not installed")]
    NotInstalled {
        /// The application.
        application: ApplicationPath,
        /// The project.
        root: std::path::PathBuf,
    },
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::SetParameters { .. } | Self::Malformed { .. } => Some(
                "The file looks like this:\n<parameters><setParameter name=\"…\" value=\"…\" /></parameters>"
                    .into(),
            ),
            Self::NotInstalled { root, .. } => {
                Some(format!("Install it first: iiswsgi install {}", crate::error::shown(root)))
            }
        }
    }

    fn location(&self) -> Option<Location> {
        match self {
            Self::Malformed { path, source } => Some(Location::at(path, source.line, source.column)),
            Self::SetParameters { path, source } => {
                source.location().map(|location| Location { path: path.clone(), ..location })
            }
            Self::NotInstalled { .. } => None,
        }
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

/// Installs a package with the values of the configuration and of the command line, which win.
pub(super) fn run(
    plan: &PackagePlan,
    package: &Path,
    given: &[(String, String)],
    world: &World<'_>,
    observer: &dyn Observer,
) -> Result<Installed, AnyFailure> {
    let mut parameters = Vec::new();
    if let Some(file) = &plan.config.iis.set_parameters {
        parameters.extend(read_set_parameters(&plan.config.path(file))?);
    }
    let configured = plan.config.iis.parameters.iter();
    parameters.extend(configured.map(|(name, value)| (name.clone(), value.0.clone())));
    if let Some(path) = &plan.config.iis.application {
        let path = format!("{}/{}", plan.config.iis.site, path.trim_start_matches('/'));
        parameters.push((APPLICATION_PARAMETER.to_owned(), path));
    }
    parameters.extend(given.iter().cloned());
    let parameters = last_wins(parameters);
    mask_passwords(plan, &parameters, observer);
    let request = InstallRequest {
        package: package.to_owned(),
        parameters,
        limits: Limits::own(),
        default_site: plan.config.iis.site.clone(),
        bootstrap: settings(plan, world),
    };
    let name = plan.folders.output.join(&plan.names.package);
    let renamed = Renamed { unfinished: package, name: &name, observer };
    Ok(world.iis.install(&request, &renamed).map_err(|error| error.of_package(package, &name))?)
}

/// Calls a package by the name that it will have: until the tests have passed it lies under a name that nobody knows.
struct Renamed<'a> {
    unfinished: &'a Path,
    name: &'a Path,
    observer: &'a dyn Observer,
}

impl Observer for Renamed<'_> {
    fn event(&self, mut event: Event) {
        if let Event::Message(Message { location: Some(location), .. }) = &mut event
            && let Ok(inside) = location.path.strip_prefix(self.unfinished)
        {
            location.path = self.name.join(inside);
        }
        self.observer.event(event);
    }
}

/// The application that is installed knows its passwords, and a traceback of its may show them.
fn mask_passwords(plan: &PackagePlan, values: &[(String, String)], observer: &dyn Observer) {
    let is_password = |name: &str| {
        let parameter = plan.config.parameters.iter().find(|parameter| parameter.name == name);
        parameter.is_some_and(|found| found.tags.iter().any(|tag| tag.eq_ignore_ascii_case("Password")))
    };
    for (_, value) in values.iter().filter(|(name, _)| is_password(name)) {
        observer.secret(&Secret::new(value));
    }
}

/// The values in a SetParameters.xml.
///
/// # Errors
/// The file cannot be read, is not well-formed, or is no SetParameters.xml.
pub fn read_set_parameters(path: &Path) -> Result<Vec<(String, String)>, AnyFailure> {
    let bytes = files::read(path)?;
    let document = xml::Document::parse_bytes(&bytes)
        .map_err(|source| Error::Malformed { path: path.to_owned(), source })?;
    let (set, _) = SetParameters::read(&document)
        .map_err(|source| Error::SetParameters { path: path.to_owned(), source })?;
    Ok(set.values)
}

/// What was installed under the plan's application path before.
///
/// # Errors
/// Nothing was.
pub(super) fn find(plan: &PackagePlan, world: &World<'_>) -> Result<Installed, AnyFailure> {
    let path = plan.config.iis.application.as_deref().unwrap_or(&plan.folder);
    let application = ApplicationPath::new(&plan.config.iis.site, path).map_err(iis::Error::from)?;
    match world.iis.find(&application)? {
        Some(installed) => Ok(installed),
        None => Err(Error::NotInstalled { application, root: plan.root().clone() }.into()),
    }
}

/// How the bootstrap goes about here: with this run's Python and gateway, and the user's cache.
fn settings(plan: &PackagePlan, world: &World<'_>) -> bootstrap::Settings {
    let python = match &plan.config.python {
        Some(Python::Interpreter(path)) => Some(path.clone()),
        _ => plan.python.as_ref().map(|python| python.executable.clone()),
    };
    bootstrap::Settings {
        python,
        gateway: Some(plan.config.gateway().to_owned()),
        folder: std::path::absolute(plan.root()).unwrap_or_else(|_| plan.root().clone()),
        timeout: plan.config.bootstrap.timeout.duration(),
        // Nobody serves from here twice: compiling every module would only cost time.
        compile: false,
        ..world.bootstrap.clone()
    }
}

/// Each parameter once, names compared without regard to case, the last value in the place of the first.
fn last_wins(parameters: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut kept: Vec<(String, String)> = Vec::new();
    for (name, value) in parameters {
        match kept.iter_mut().find(|(known, _)| known.to_lowercase() == name.to_lowercase()) {
            Some((_, before)) => *before = value,
            None => kept.push((name, value)),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_value_stands_over_an_earlier_one_whatever_its_case() {
        let pairs = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect::<Vec<_>>()
        };
        assert_eq!(
            last_wins(pairs(&[("Key", "1"), ("Other", "2"), ("key", "3")])),
            pairs(&[("Key", "3"), ("Other", "2")])
        );
    }
}
