//! `iiswsgi deploy`: a package into IIS by Web Deploy's own program, here or on another machine.

use std::io::Read as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args};

use super::arguments::InstallParameters;
use super::project;
use super::session::Session;
use crate::config;
use crate::error::{AnyFailure, ExitCode, Failure};
use crate::event::{Observer as _, Severity};
use crate::iis::msdeploy::{self, Deployment, Destination, Login, Msdeploy, Remote};
use crate::secret::Secret;

/// Deploys a package with msdeploy.exe, into the IIS of this machine or of another.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("remote").args(["server", "publish_settings"]).multiple(true))]
#[command(after_help = concat!(
    "Examples:",
    "\n  iiswsgi deploy dist/shop-1.0.msdeploy.zip --what-if",
    "\n  iiswsgi deploy dist/shop-1.0.msdeploy.zip --server web1 --site shop --user deployer",
))]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Deploy {
    /// The package: a zip in gallery or archive format
    #[arg(value_name = "PACKAGE")]
    package: PathBuf,
    /// The other machine: its name, NAME:PORT, or the URL of its Web Deploy service
    #[arg(long, value_name = "ADDRESS", help_heading = "Another machine")]
    server: Option<String>,
    /// The site that the user may deploy to, which the Web Management Service asks for
    #[arg(long, value_name = "SITE", requires = "remote", help_heading = "Another machine")]
    site: Option<String>,
    /// The user there; the password comes from IISWSGI_DEPLOY_PASSWORD or from standard input
    #[arg(long, value_name = "NAME", requires = "server", help_heading = "Another machine")]
    user: Option<String>,
    /// Reads the password from standard input
    #[arg(long, requires = "user", help_heading = "Another machine")]
    password_stdin: bool,
    /// How the user proves who he is: Basic or NTLM
    #[arg(long, value_name = "TYPE", requires = "remote", help_heading = "Another machine")]
    auth_type: Option<String>,
    /// Takes server and user from a publish settings file, as hosters and Azure give them out
    #[arg(long, value_name = "FILE", conflicts_with = "user", help_heading = "Another machine")]
    publish_settings: Option<PathBuf>,
    /// Trusts any certificate of the server
    #[arg(long, requires = "remote", help_heading = "Another machine")]
    allow_untrusted: bool,
    #[command(flatten)]
    parameters: InstallParameters,
    /// Says what would be done, and does nothing
    #[arg(long, visible_alias = "whatif")]
    what_if: bool,
    /// Takes the application offline while it is changed
    #[arg(long)]
    app_offline: bool,
    /// Leaves files that the package has not
    #[arg(long)]
    keep_files: bool,
    /// How often it is tried when files are in use
    #[arg(long, value_name = "NUMBER", default_value = "3", value_parser = clap::value_parser!(u32).range(1..=100))]
    attempts: u32,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("there is no `msdeploy.exe`, without which nothing can be deployed")]
    NoMsdeploy { looked: Vec<PathBuf> },
    #[error("there is no package `{}`", .0.display())]
    NoPackage(PathBuf),
    #[error("user `{0}` has no password")]
    NoPassword(String),
    #[error("cannot read the password from standard input")]
    Password(#[source] std::io::Error),
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoMsdeploy { looked } => {
                let places: Vec<String> = looked.iter().map(|path| format!("`{}`", path.display())).collect();
                format!(
                    "Web Deploy is a program for Windows. Install it there, or name its folder with MSDeployPath. Looked at: {}.",
                    if places.is_empty() { "PATH".to_owned() } else { places.join(", ") }
                )
            }
            Self::NoPackage(_) => "Make it first: iiswsgi package".into(),
            Self::NoPassword(_) => "Set IISWSGI_DEPLOY_PASSWORD, or use --password-stdin.".into(),
            Self::Password(_) => {
                "Write the password into the command: … | iiswsgi deploy --password-stdin …".into()
            }
        })
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::NoMsdeploy { .. } => ExitCode::MissingTool,
            _ => ExitCode::Usage,
        }
    }
}

impl Deploy {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode, AnyFailure> {
        if !self.package.is_file() {
            return Err(Error::NoPackage(self.package).into());
        }
        let variables = project::bootstrap_settings(session).variables;
        let runner = session.runner();
        let program = msdeploy::locate(&variables, &runner)
            .ok_or_else(|| Error::NoMsdeploy { looked: msdeploy::places(&variables) })?;
        let deployment = Deployment {
            destination: self.destination(session)?,
            parameters: project::parameters(&self.parameters)?,
            what_if: self.what_if,
            app_offline: self.app_offline,
            keep_files: self.keep_files,
            attempts: self.attempts,
            interval: Duration::from_secs(2),
            ..Deployment::new(std::path::absolute(&self.package).unwrap_or(self.package.clone()))
        };
        let changes = Msdeploy::new(&program, &runner, &session.observer).deploy(&deployment)?;
        let what = if self.what_if { "would be deployed" } else { "is deployed" };
        let place = self.server.as_deref().map(|server| format!(" to {server}")).unwrap_or_default();
        let text = format!("{} {what}{place}. {}", self.package.display(), changes.line);
        session.observer.message(Severity::Info, text.trim_end());
        Ok(ExitCode::Done)
    }

    fn destination(&self, session: &Session) -> Result<Destination, Error> {
        let login = match (&self.user, &self.publish_settings) {
            (_, Some(file)) => {
                Login::PublishSettings(std::path::absolute(file).unwrap_or_else(|_| file.clone()))
            }
            (Some(user), None) => {
                let password = self.password(user, session)?;
                session.observer.secret(&password);
                Login::Password { user: user.clone(), password }
            }
            (None, None) => Login::Integrated,
        };
        match (&self.server, &login) {
            (None, Login::Integrated) => Ok(Destination::Local),
            (server, _) => Ok(Destination::Remote(Remote {
                address: server.clone().unwrap_or_default(),
                site: self.site.clone(),
                login,
                auth_type: self.auth_type.clone(),
                allow_untrusted: self.allow_untrusted,
            })),
        }
    }

    fn password(&self, user: &str, session: &Session) -> Result<Secret, Error> {
        let text = if self.password_stdin {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map_err(Error::Password)?;
            text.trim_end_matches(['\r', '\n']).to_owned()
        } else {
            session.environment.get(config::IISWSGI_DEPLOY_PASSWORD).unwrap_or_default().to_owned()
        };
        if text.is_empty() {
            return Err(Error::NoPassword(user.to_owned()));
        }
        Ok(Secret::new(text))
    }
}
