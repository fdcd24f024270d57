//! `iiswsgi configure`: an application's web.config, and its registration in IIS, without the rest of a bootstrap.

use std::path::PathBuf;

use clap::Args;

use super::arguments::pair;
use super::bootstrap::HostFile;
use super::project;
use super::session::Session;
use crate::config;
use crate::error::{AnyFailure, ExitCode, Failure};
use crate::event::{Event, Observer, Severity};
use crate::iis::appcmd::{self, Appcmd, Flavour};
use crate::iis::bootstrap::{self, Registry, RegistryError};
use crate::iis::{Change, FastCgiApplication};
use crate::package::web_config::{self, AttributeFault, check_attribute};

/// Writes web.config from its template and registers its FastCGI applications.
///
/// The variables of the environment are filled in. Registration is as in a bootstrap: by `appcmd.exe`. It is what `install_msdeploy` and `iiswsgi_install_fcgi_app` do. A whole installation is `bootstrap`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  iiswsgi configure --skip-registration")]
pub(super) struct Configure {
    /// The application's folder; the current one when none is given
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Writes web.config only
    #[arg(long, conflicts_with = "attribute")]
    skip_registration: bool,
    /// Takes the web.config that is there as it is
    #[arg(long, conflicts_with = "skip_registration")]
    registration_only: bool,
    /// IIS's configuration file, to be changed as a file; without it `appcmd.exe` changes this machine's IIS, and where there is
    /// none, the file of the simulated IIS here is changed
    #[arg(long, value_name = "FILE")]
    application_host: Option<PathBuf>,
    /// The Python that `%VENV_PYTHON%` means in the template
    #[arg(long, value_name = "INTERPRETER")]
    python: Option<PathBuf>,
    /// Sets an attribute of the registered applications, as `maxInstances=4`, `fullPath=…` or `arguments=…`
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    attribute: Vec<(String, String)>,
}

/// IIS would refuse it.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("`--attribute` is wrong")]
    Attribute(#[source] AttributeFault),
    #[error("web.config has no FastCGI application")]
    NoApplication,
    #[error("cannot register `{script_processor}`")]
    Register { script_processor: String, source: RegistryError },
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Attribute(source) => web_config::Error::from(source.clone()).hint(),
            Self::NoApplication => Some(
                "Add `<fastCgi><application fullPath=… arguments=… />` to `<system.webServer>`, or give \
                 `--attribute fullPath=…`."
                    .into(),
            ),
            Self::Register { source, .. } => source.hint.clone(),
        }
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Attribute(_) | Self::NoApplication => ExitCode::Usage,
            Self::Register { .. } => ExitCode::Failed,
        }
    }
}

impl Configure {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode, AnyFailure> {
        // IIS names the folder in the environment.
        let named = session.environment.get(config::APPL_PHYSICAL_PATH).map(PathBuf::from);
        let folder = self.folder.clone().or(named).unwrap_or_default();
        let folder = std::path::absolute(if folder.as_os_str().is_empty() { ".".into() } else { folder })
            .unwrap_or_default();
        let in_environment = if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" };
        let usual = [".venv", "."].map(|environment| folder.join(environment).join(in_environment));
        let python = self.python.clone().or_else(|| usual.into_iter().find(|python| python.is_file()));
        let python = python.or_else(|| session.find("python3")).unwrap_or_else(|| "python".into());
        if self.registration_only {
            self.register(bootstrap::configured(&folder, &session.observer)?, session)?;
            return Ok(ExitCode::Done);
        }
        let settings = project::bootstrap_settings(session);
        let applications = bootstrap::configure(&folder, &python, &settings, &session.observer)?;
        let path = folder.join("web.config");
        let size = std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
        session.observer.event(Event::Written { path, size });
        if !self.skip_registration {
            self.register(applications, session)?;
        }
        Ok(ExitCode::Done)
    }

    fn register(
        &self,
        mut applications: Vec<FastCgiApplication>,
        session: &Session,
    ) -> Result<(), AnyFailure> {
        if applications.is_empty() && self.attribute.iter().any(|(name, _)| name == "fullPath") {
            applications.push(FastCgiApplication::default());
        }
        if applications.is_empty() {
            return Err(Error::NoApplication.into());
        }
        let settings = project::bootstrap_settings(session);
        let server = appcmd::locate(Flavour::Iis, &settings.variables);
        if let (None, Some(program)) = (&self.application_host, server) {
            let runner = session.runner();
            return self.register_in(&mut Appcmd::new(&program, &runner), applications, session);
        }
        let mut host = HostFile::find(self.application_host.clone(), &settings)?;
        self.register_in(&mut host, applications, session)
    }

    fn register_in(
        &self,
        registry: &mut dyn Registry,
        applications: Vec<FastCgiApplication>,
        session: &Session,
    ) -> Result<(), AnyFailure> {
        for mut application in applications {
            for (name, value) in &self.attribute {
                set(&mut application, name, value)?;
            }
            let script_processor = application.script_processor();
            let change = registry
                .register(&application)
                .map_err(|source| Error::Register { script_processor: script_processor.clone(), source })?;
            let what = match change {
                Change::Added => "is registered",
                Change::Updated => "was registered before and is changed",
                Change::Unchanged | Change::Removed => "was registered before",
            };
            session.observer.message(Severity::Info, &format!("`{script_processor}` {what}."));
        }
        Ok(())
    }
}

fn set(application: &mut FastCgiApplication, name: &str, value: &str) -> Result<(), Error> {
    check_attribute(name, value).map_err(Error::Attribute)?;
    match name {
        "fullPath" => value.clone_into(&mut application.full_path),
        "arguments" => value.clone_into(&mut application.arguments),
        _ => match application.attributes.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, known)) => value.clone_into(known),
            None => application.attributes.push((name.to_owned(), value.to_owned())),
        },
    }
    Ok(())
}
