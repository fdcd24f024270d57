//! `iiswsgi bootstrap`: sets up an application that Web Deploy has unpacked. A package's runCommand starts it.

use std::path::{Path, PathBuf};

use clap::Args;

use super::project;
use super::session::Session;
use crate::config::{self, Overrides};
use crate::error::{AnyFailure, ExitCode, Failure, Location};
use crate::event::{Observer, Severity};
use crate::files;
use crate::iis::appcmd::{self, Appcmd, Flavour};
use crate::iis::application_host::ApplicationHost;
use crate::iis::bootstrap::{self, Registry, RegistryError};
use crate::iis::local::acl::Account;
use crate::iis::{ApplicationPath, Change, FastCgiApplication, local};
use crate::pipeline::WORK_FOLDER;

/// Sets up an unpacked application on the server.
///
/// That is: virtual environment, requirements, gateway, hooks, web.config, registration with FastCGI.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  iiswsgi bootstrap --app-path \"Default Web Site/shop\"")]
pub(super) struct Bootstrap {
    /// The site and path of the application, as `Default Web Site/hello`
    #[arg(long, value_name = "SITE/PATH")]
    app_path: Option<String>,
    /// The name of the application, to find it by its stamp when no path is given
    #[arg(short = 'a', long, value_name = "NAME", alias = "app-name")]
    app: Option<String>,
    /// Sets up an application without a stamp as well
    #[arg(short, long)]
    ignore_stamp: bool,
    /// Makes a virtual environment, as is always done; the script of the original is not run
    #[arg(short = 'e', long = "virtualenv", value_name = "SCRIPT", num_args = 0..=1, default_missing_value = "")]
    virtualenv: Option<String>,
    /// IIS's configuration file: sites are looked up and FastCGI applications registered there
    #[arg(long, value_name = "FILE")]
    application_host: Option<PathBuf>,
    /// What pip installs as the gateway, instead of what the package says
    #[arg(long, value_name = "REQUIREMENT")]
    gateway: Option<String>,
    /// The Python to make the virtual environment from
    #[arg(long, value_name = "INTERPRETER")]
    python: Option<PathBuf>,
    /// Commands of setup.py to run, as the original's iiswsgi_install took them
    #[arg(value_name = "COMMAND")]
    setup_commands: Vec<String>,
}

/// What is wrong with the command line or IIS's configuration.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("`--app-path` is no path of an application")]
    Path(#[source] crate::iis::InvalidApplicationPath),
    #[error("IIS's configuration `{}` is not there", .0.display())]
    NoHost(PathBuf),
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Path(_) => Some("Write the site and the path: `Default Web Site/hello`.".into()),
            Self::NoHost(_) => Some("Name the one that is there with `--application-host`.".into()),
        }
    }

    fn location(&self) -> Option<Location> {
        match self {
            Self::Path(_) => None,
            Self::NoHost(path) => Some(Location::file(path)),
        }
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

impl Bootstrap {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode, AnyFailure> {
        let application: Option<ApplicationPath> =
            self.app_path.as_deref().map(str::parse).transpose().map_err(Error::Path)?;
        let command = bootstrap::Command {
            application,
            name: self.app,
            ignore_stamp: self.ignore_stamp,
            virtual_environment: true,
            script: self.virtualenv.filter(|script| !script.is_empty()),
            setup_commands: self.setup_commands,
            ..bootstrap::Command::default()
        };
        let server =
            Server { application_host: self.application_host, gateway: self.gateway, python: self.python };
        server.set_up(&command, session)
    }
}

/// What a bootstrap is told about the machine that it runs on.
#[derive(Debug, Default)]
pub(super) struct Server {
    /// IIS's configuration file; that of the simulation here when none is named.
    pub(super) application_host: Option<PathBuf>,
    /// What pip installs as the gateway.
    pub(super) gateway: Option<String>,
    /// The Python to make the virtual environment from.
    pub(super) python: Option<PathBuf>,
}

impl Server {
    /// Sets up the application that a bootstrap's command line names.
    pub(super) fn set_up(
        self,
        command: &bootstrap::Command,
        session: &Session,
    ) -> Result<ExitCode, AnyFailure> {
        let config = config::load(Path::new(""), None, &session.environment, &Overrides::new())?;
        let settings = bootstrap::Settings {
            python: self.python,
            gateway: self.gateway.or_else(|| config.gateway.clone()),
            folder: std::path::absolute("").unwrap_or_default(),
            ..project::bootstrap_settings(session)
        };
        // A file that is named is all that is changed, with an IIS here or without.
        let here = self.application_host.is_none().then(|| on_server(command, &settings, session));
        if let Some(result) = here.flatten() {
            let report = result?;
            let text =
                format!("{} is set up with Python {}.", report.folder.display(), report.python_version);
            session.observer.message(Severity::Info, &text);
            return Ok(ExitCode::Done);
        }
        let mut host = HostFile::find(self.application_host, &settings)?;
        let found = find(command, &host.content, &settings, session)?;
        let runner = session.runner();
        let report =
            bootstrap::run(&found.target, command, &settings, &mut host, &runner, &session.observer)?;
        let text = format!("{} is set up with Python {}.", report.folder.display(), report.python_version);
        session.observer.message(Severity::Info, &text);
        Ok(ExitCode::Done)
    }
}

/// Sets up an application of the IIS of this machine, by `appcmd.exe`. None when there is none.
fn on_server(
    command: &bootstrap::Command,
    settings: &bootstrap::Settings,
    session: &Session,
) -> Option<Result<bootstrap::Report, AnyFailure>> {
    let program = appcmd::locate(Flavour::Iis, &settings.variables)?;
    Some((|| {
        let runner = session.runner();
        let (host, _) = local::sites(&settings.variables, &runner, &session.observer)?;
        let found = find(command, &host, settings, session)?;
        let pool = found.target.application.as_ref().map(|path| host.pool(path));
        let pool = pool.as_deref().unwrap_or("DefaultAppPool");
        let records = local::Records::of_machine(&settings.variables);
        let server = local::Server {
            runner: &runner,
            observer: &session.observer,
            records: records.as_ref(),
            icacls: local::acl::Icacls::find(&settings.variables, &runner),
        };
        let appcmd = Appcmd::new(&program, &runner);
        // Who may not ask for it may not register either, and is told that by the bootstrap.
        let account = appcmd.account(pool).unwrap_or_else(|_| Account::of_pool(pool));
        Ok(server.bootstrap(&found, &account, command, settings, appcmd)?)
    })())
}

fn find(
    command: &bootstrap::Command,
    host: &ApplicationHost,
    settings: &bootstrap::Settings,
    session: &Session,
) -> Result<bootstrap::Found, AnyFailure> {
    let found = bootstrap::find(command, host, settings)?;
    if let Some(missed) = &found.missed {
        let text = format!(
            "There is no application `{missed}` in IIS; {} waits to be set up under that name.",
            found.target.folder.display()
        );
        session.observer.message(Severity::Warning, &text);
    }
    for other in &found.others {
        let text = format!("Another application waits to be set up as well: {}.", other.display());
        session.observer.message(Severity::Warning, &text);
    }
    Ok(found)
}

/// Registers FastCGI applications in a configuration file itself: one that was named, or that of the simulated IIS.
pub(super) struct HostFile {
    path: PathBuf,
    content: ApplicationHost,
}

impl HostFile {
    /// Reads the file that was named, or that of the simulated IIS here.
    ///
    /// # Errors
    /// There is neither, or it is no configuration.
    pub(super) fn find(named: Option<PathBuf>, settings: &bootstrap::Settings) -> Result<Self, AnyFailure> {
        let simulated = || Path::new(WORK_FOLDER).join("iis").join("config").join("applicationHost.config");
        let is_named = named.is_some();
        let path = named.unwrap_or_else(simulated);
        if !path.is_file() {
            return Err(if is_named {
                Error::NoHost(path).into()
            } else {
                local::Error::no_iis(&settings.variables).into()
            });
        }
        let content = local::read(&path)?;
        Ok(Self { path, content })
    }
}

impl Registry for HostFile {
    /// Reads the file anew: since it was looked at, minutes of installing may have gone by, in which others have changed it.
    fn register(&mut self, application: &FastCgiApplication) -> Result<Change, RegistryError> {
        fn failed(error: &dyn Failure) -> RegistryError {
            RegistryError { message: error.to_string(), hint: error.hint() }
        }
        let mut content = local::read_to_change(&self.path).map_err(|error| failed(&error))?;
        let change = content
            .set_fastcgi_application(application)
            .map_err(|error| RegistryError { message: error.to_string(), hint: None })?;
        if change != Change::Unchanged {
            files::write_atomic(&self.path, content.text().as_bytes()).map_err(|error| failed(&error))?;
        }
        self.content = content;
        Ok(change)
    }
}
