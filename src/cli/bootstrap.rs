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
use crate::iis::application_host::{self, ApplicationHost};
use crate::iis::bootstrap::{self, Registry, RegistryError};
use crate::iis::{ApplicationPath, Change, FastCgiApplication, server};
use crate::pipeline::WORK_FOLDER;

/// Sets up an unpacked application: virtual environment, requirements, gateway, web.config, FastCGI registration.
#[derive(Debug, Args)]
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
    /// Looks up sites and registers FastCGI applications in this configuration file, not in IIS by appcmd.exe
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

/// The command of the original, with its options: what it does not know is a command of `setup.py`.
#[derive(Debug, Args)]
pub(super) struct Original {
    #[arg(value_name = "ARGUMENT", trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// What is wrong with the command line or IIS's configuration.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("`--app-path` is no path of an application")]
    Path(#[source] crate::iis::InvalidApplicationPath),
    #[error("IIS's configuration `{}` is not there", .0.display())]
    NoHost(PathBuf),
    #[error("cannot use IIS's configuration `{}`", path.display())]
    Host { path: PathBuf, source: application_host::Error },
    #[error("wrong arguments of `iiswsgi_install`")]
    Original(#[source] bootstrap::InvalidCommand),
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Path(_) => Some("Write the site and the path: `Default Web Site/hello`.".into()),
            Self::NoHost(_) => Some("Name it with `--application-host`.".into()),
            Self::Host { .. } => None,
            Self::Original(_) => {
                Some("It takes -a NAME, -i, -e [SCRIPT], -v, and commands of setup.py.".into())
            }
        }
    }

    fn location(&self) -> Option<Location> {
        match self {
            Self::Path(_) | Self::Original(_) => None,
            Self::NoHost(path) | Self::Host { path, .. } => Some(Location::file(path)),
        }
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

impl Original {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode, AnyFailure> {
        let command = bootstrap::Command { original: true, ..bootstrap::Command::default() };
        let command = command.options(&self.arguments).map_err(Error::Original)?;
        carry_out(&command, &Options::default(), session)
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
        let options = Options { host: self.application_host, gateway: self.gateway, python: self.python };
        carry_out(&command, &options, session)
    }
}

/// What the options say about this machine.
#[derive(Debug, Default)]
struct Options {
    host: Option<PathBuf>,
    gateway: Option<String>,
    python: Option<PathBuf>,
}

fn carry_out(
    command: &bootstrap::Command,
    options: &Options,
    session: &Session,
) -> Result<ExitCode, AnyFailure> {
    let config = config::load(Path::new(""), None, &session.environment, &Overrides::new())?;
    let settings = bootstrap::Settings {
        python: options.python.clone(),
        gateway: options.gateway.clone().or_else(|| config.gateway.clone()),
        folder: std::path::absolute("").unwrap_or_default(),
        ..project::bootstrap_settings(session)
    };
    let simulated = Path::new(WORK_FOLDER).join("iis").join("config").join("applicationHost.config");
    let report = match &options.host {
        Some(file) => in_file(file, command, &settings, session)?,
        None => match on_server(command, &settings, session) {
            Some(report) => report?,
            None => in_file(&simulated, command, &settings, session)?,
        },
    };
    let text = format!("{} is set up with Python {}.", report.folder.display(), report.python_version);
    session.observer.message(Severity::Info, &text);
    Ok(ExitCode::Done)
}

/// Sets up an application of a configuration file, which is changed directly.
fn in_file(
    path: &Path,
    command: &bootstrap::Command,
    settings: &bootstrap::Settings,
    session: &Session,
) -> Result<bootstrap::Report, AnyFailure> {
    if !path.is_file() {
        return Err(Error::NoHost(path.to_owned()).into());
    }
    let failed = |source| Error::Host { path: path.to_owned(), source };
    let mut host = HostFile(ApplicationHost::parse(files::read_text(path)?).map_err(failed)?);
    let found = find(command, &host.0, settings, session)?;
    let runner = session.runner();
    let report = bootstrap::run(&found.target, command, settings, &mut host, &runner, &session.observer)?;
    files::write_atomic(path, host.0.text().as_bytes())?;
    Ok(report)
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
        let (host, _) = server::sites(&settings.variables, &runner, &session.observer)?;
        let found = find(command, &host, settings, session)?;
        let pool = found.target.application.as_ref().map(|path| host.pool(path));
        let records = server::Records::of_machine(&settings.variables);
        let server = server::Server {
            runner: &runner,
            observer: &session.observer,
            records: records.as_ref(),
            icacls: server::acl::Icacls::find(&settings.variables, &runner),
        };
        let mut registry = Appcmd::new(&program, &runner);
        let pool = pool.as_deref().unwrap_or("DefaultAppPool");
        Ok(server.bootstrap(&found, pool, command, settings, &mut registry)?)
    })())
}

fn find(
    command: &bootstrap::Command,
    host: &ApplicationHost,
    settings: &bootstrap::Settings,
    session: &Session,
) -> Result<bootstrap::Found, AnyFailure> {
    let found = bootstrap::find(command, host, settings)?;
    for other in &found.others {
        let text = format!("Another application waits to be set up as well: {}.", other.display());
        session.observer.message(Severity::Warning, &text);
    }
    Ok(found)
}

/// Registers FastCGI applications in IIS's configuration file itself.
struct HostFile(ApplicationHost);

impl Registry for HostFile {
    fn register(&mut self, application: &FastCgiApplication) -> Result<Change, RegistryError> {
        self.0
            .set_fastcgi_application(application)
            .map_err(|error| RegistryError { message: error.to_string(), hint: None })
    }
}
