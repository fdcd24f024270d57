//! `msdeploy.exe`, Web Deploy's own program: a package into the IIS of this machine or of another.
//!
//! One call of `-verb:sync` from the package to `-dest:auto`. What nobody else may see never stands on its command line,
//! which every user of a Windows machine can read: values of parameters go through a `-setParamFile`, user and password
//! through a `publishSettings` file, both in a folder of their own that is removed afterwards. Files that are in use are tried
//! again, with `app_offline.htm` in place. An exit code of 0 is not believed when the program has told of errors.
//!
//! Sources: "Web Deploy Command Line Reference", "Web Deploy error codes" (ERROR_… names), the template of Visual Studio's
//! `deploy.cmd`; that `publishSettings` is a setting of every provider, from projects that use it. None of it has been tried
//! with a real `msdeploy.exe` yet.

pub mod arguments;
mod error;
mod locate;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub use error::{Error, Fault};
pub use locate::{from_registry, locate, places};

use crate::event::{Observer, Severity};
use crate::files;
use crate::package::parameters::SetParameters;
use crate::process::{Program, Runner};
use crate::secret::Secret;
use crate::xml::Writer;

/// What is to be done.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// The package.
    pub package: PathBuf,
    /// Where it goes.
    pub destination: Destination,
    /// Values of its parameters, by name.
    pub parameters: Vec<(String, String)>,
    /// Only says what would be done.
    pub what_if: bool,
    /// Puts `app_offline.htm` into the application while it is changed.
    pub app_offline: bool,
    /// Leaves files at the destination that the package has not.
    pub keep_files: bool,
    /// How often it is tried when files are in use, at least once.
    pub attempts: u32,
    /// How long to wait between two tries.
    pub interval: Duration,
    /// How long one try may take.
    pub limit: Duration,
}

impl Deployment {
    /// A package into the IIS of this machine.
    pub fn new(package: impl Into<PathBuf>) -> Self {
        Self {
            package: package.into(),
            destination: Destination::Local,
            parameters: Vec::new(),
            what_if: false,
            app_offline: false,
            keep_files: false,
            attempts: 3,
            interval: Duration::from_secs(2),
            limit: Duration::from_secs(30 * 60),
        }
    }
}

/// Where a package goes.
#[derive(Debug, Clone)]
pub enum Destination {
    /// The IIS of this machine.
    Local,
    /// That of another, by its Web Management Service or Web Deploy's agent.
    Remote(Remote),
}

/// Another machine.
#[derive(Debug, Clone)]
pub struct Remote {
    /// Its name, with a port or not, or the whole URL of the service.
    pub address: String,
    /// The site that the user may deploy to; the Web Management Service wants to know it.
    pub site: Option<String>,
    /// Who asks.
    pub login: Login,
    /// `Basic` or `NTLM`. None: `Basic` with a password, Web Deploy's own default without.
    pub auth_type: Option<String>,
    /// Whether the server's certificate may be anybody's.
    pub allow_untrusted: bool,
}

/// Who asks another machine.
#[derive(Debug, Clone)]
pub enum Login {
    /// The user who runs this.
    Integrated,
    /// A user with a password.
    Password {
        /// The user's name.
        user: String,
        /// The password.
        password: Secret,
    },
    /// Whoever stands in a file that a hoster or Azure gives out.
    PublishSettings(PathBuf),
}

/// What was changed, as `msdeploy.exe` counts.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Changes {
    /// Its last line.
    pub line: String,
    /// How often it was tried.
    pub attempts: u32,
}

/// An `msdeploy.exe`.
#[derive(Clone, Copy)]
pub struct Msdeploy<'a> {
    program: &'a Path,
    runner: &'a dyn Runner,
    observer: &'a dyn Observer,
    environment: &'a [(String, String)],
}

impl<'a> Msdeploy<'a> {
    /// The program of this path.
    pub fn new(program: &'a Path, runner: &'a dyn Runner, observer: &'a dyn Observer) -> Self {
        Self { program, runner, observer, environment: &[] }
    }

    /// Variables for it and for what the package's `runCommand` starts.
    #[must_use]
    pub fn with_environment(self, environment: &'a [(String, String)]) -> Self {
        Self { environment, ..self }
    }

    /// Carries a deployment out.
    ///
    /// # Errors
    /// Web Deploy failed; the error holds its own code and the name of the fault.
    pub fn deploy(&self, deployment: &Deployment) -> Result<Changes, Error> {
        let private = Private::new()?;
        let parameters = private.parameters(&deployment.parameters)?;
        let login = match &deployment.destination {
            Destination::Remote(remote) => private.login(remote)?,
            Destination::Local => None,
        };
        let attempts = deployment.attempts.max(1);
        let mut deployment = deployment.clone();
        for attempt in 1..=attempts {
            let words = arguments::sync(&deployment, parameters.as_deref(), login.as_deref())?;
            let program = Program::new("msdeploy", self.program).args(words).timeout(deployment.limit);
            let program =
                self.environment.iter().fold(program, |program, (name, value)| program.env(name, value));
            let output = self.runner.execute(&program)?;
            let said = format!("{}\n{}", output.stdout_text(), output.stderr_text());
            let code = output.code.unwrap_or(-1);
            let Some(fault) = Fault::of(code, &said) else {
                return Ok(Changes { line: last_line(&said), attempts: attempt });
            };
            if fault != Fault::FileInUse || attempt == attempts {
                return Err(Error::Failed { fault, code, said: told(&said), command: program.to_string() });
            }
            let text = format!(
                "A file at the destination is in use; trying again ({} of {attempts}) with app_offline.htm in place.",
                attempt + 1
            );
            self.observer.message(Severity::Warning, &text);
            deployment.app_offline = true;
            std::thread::sleep(deployment.interval);
        }
        unreachable!("the last attempt returns")
    }
}

/// The line that counts the changes, or the last one that there is.
fn last_line(said: &str) -> String {
    let lines = || said.lines().map(str::trim).filter(|line| !line.is_empty());
    let counted = lines().rfind(|line| line.starts_with("Total changes:"));
    counted.or_else(|| lines().next_back()).unwrap_or_default().to_owned()
}

/// The lines that matter: errors, those of the package's command too, and what follows them, else the last ones.
fn told(said: &str) -> String {
    let lines: Vec<&str> = said.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let is_error = |line: &&str| line.trim_start_matches("Info: ").to_lowercase().starts_with("error");
    let first = lines.iter().position(is_error).unwrap_or(lines.len().saturating_sub(20));
    lines[first..].iter().take(40).copied().collect::<Vec<_>>().join("\n")
}

/// Files that only this user may read, removed in the end.
struct Private(tempfile::TempDir);

impl Private {
    fn new() -> Result<Self, Error> {
        // On Unix nobody else may enter it, on Windows nobody but administrators that of the user around it.
        Ok(Self(files::private_folder("iiswsgi-")?))
    }

    fn write(&self, name: &str, text: &str) -> Result<PathBuf, Error> {
        let path = self.0.path().join(name);
        files::write_atomic(&path, text.as_bytes())?;
        Ok(path)
    }

    fn parameters(&self, values: &[(String, String)]) -> Result<Option<PathBuf>, Error> {
        if values.is_empty() {
            return Ok(None);
        }
        let set = SetParameters { values: values.to_vec() };
        self.write("SetParameters.xml", &set.to_xml()).map(Some)
    }

    fn login(&self, remote: &Remote) -> Result<Option<PathBuf>, Error> {
        let (user, password) = match &remote.login {
            Login::Integrated => return Ok(None),
            Login::PublishSettings(path) => return Ok(Some(path.clone())),
            Login::Password { user, password } => (user, password),
        };
        let url = arguments::service(remote);
        let mut writer = Writer::new();
        writer.open("publishData", &[]).empty(
            "publishProfile",
            &[
                ("profileName", "iiswsgi"),
                ("publishMethod", "MSDeploy"),
                ("publishUrl", &url),
                ("msdeploySite", remote.site.as_deref().unwrap_or_default()),
                ("userName", user),
                ("userPWD", password.reveal()),
            ],
        );
        self.write("login.publishSettings", &writer.finish()).map(Some)
    }
}
