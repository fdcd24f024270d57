//! What the pipeline asks of IIS: install a package, run what it installed, send requests to it, take it away again.
//!
//! [`Iis`] is that as one trait. Its twins are IIS ([`full`]), IIS Express ([`express`]) and the simulation ([`simulated`]), which
//! needs no Windows; all of them pass one test suite. This file holds the trait and its plain types; what the twins share is in
//! [`application_host`] (IIS's configuration file), [`appcmd`] (the program that changes it), [`msdeploy`] (Web Deploy's own program), [`local`] (where the machine's
//! own is found) and [`bootstrap`] (what a package's `runCommand` does on a server). [`doctor`] looks for what keeps an application from working.

pub mod appcmd;
pub mod application_host;
mod application_path;
pub mod bootstrap;
pub mod doctor;
mod error;
pub mod express;
pub mod full;
pub mod local;
pub mod msdeploy;
mod package;
pub mod server;
pub mod simulated;
pub mod site;
mod web_client;

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

pub use application_host::{Change, FastCgiApplication};
pub use application_path::{ApplicationPath, InvalidApplicationPath};
pub use error::{Error, PackageError};
pub use express::Express;
pub use full::FullIis;
pub use simulated::Simulated;

use crate::event::Observer;
use crate::package::archive::Limits;

/// The site that applications go to when nobody says another: the one that IIS makes itself.
pub const DEFAULT_SITE: &str = "Default Web Site";

/// Somebody who installs packages as Web Deploy does and runs them as IIS does.
pub trait Iis: Send + Sync {
    /// Which twin this is.
    fn describe(&self) -> Twin;

    /// Installs a package: content, parameters, providers in the manifest's order, bootstrap. When it fails, what was
    /// installed under the same path before is as it was.
    ///
    /// # Errors
    /// The package, a parameter value or a step of it is at fault.
    fn install(&self, request: &InstallRequest, observer: &dyn Observer) -> Result<Installed, Error>;

    /// What was installed under a path before; none when nothing was.
    ///
    /// # Errors
    /// What was noted about it cannot be read.
    fn find(&self, application: &ApplicationPath) -> Result<Option<Installed>, Error>;

    /// Starts what was installed, as its `web.config` says, and waits until it accepts requests.
    ///
    /// # Errors
    /// It does not start, ends, or does not accept in time; the error holds what it said and how to start it by hand.
    fn start(
        &self,
        installed: &Installed,
        options: &StartOptions,
        observer: &dyn Observer,
    ) -> Result<Box<dyn RunningApplication>, Error>;

    /// Removes an application with all that [`Iis::install`] made for it. One that is not there is no error: gives
    /// whether there was one.
    ///
    /// # Errors
    /// Something of it cannot be removed.
    fn uninstall(&self, application: &ApplicationPath, observer: &dyn Observer) -> Result<bool, Error>;
}

/// An application that runs. Dropping it ends its processes.
pub trait RunningApplication: Send {
    /// Sends one request and waits for the whole response.
    ///
    /// # Errors
    /// The process is gone, did not answer in time, or answered what is no FastCGI or HTTP.
    fn request(&mut self, request: &HttpRequest) -> Result<HttpResponse, Error>;

    /// What the process wrote so far.
    fn logs(&self) -> Logs;

    /// The command line to start the same process by hand.
    fn command_line(&self) -> &str;

    /// Ends its processes and gives their last words.
    fn stop(self: Box<Self>) -> Logs;
}

/// Which IIS stands behind the trait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TwinKind {
    /// Internet Information Services, the Windows feature.
    Iis,
    /// IIS Express, which needs no administrator.
    IisExpress,
    /// Folders and processes of ours.
    Simulated,
}

impl TwinKind {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Iis => "iis",
            Self::IisExpress => "iis-express",
            Self::Simulated => "simulated",
        }
    }
}

/// A twin as it is shown and reported.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Twin {
    /// Which one.
    pub kind: TwinKind,
    /// Whether it only imitates IIS.
    pub simulated: bool,
    /// One line for people: version and place.
    pub description: String,
}

impl Twin {
    /// A twin of a kind, described by a line.
    pub fn new(kind: TwinKind, description: String) -> Self {
        Self { kind, simulated: kind == TwinKind::Simulated, description }
    }
}

/// What to install and where.
#[derive(Debug, Clone)]
pub struct InstallRequest {
    /// The package: a zip in gallery or archive format.
    pub package: PathBuf,
    /// Values for its parameters, by name. The others take their defaults.
    pub parameters: Vec<(String, String)>,
    /// What the package may ask of this machine: [`Limits::own`] for one that this program has just written.
    pub limits: Limits,
    /// The site for a package whose application path names none.
    pub default_site: String,
    /// How the bootstrap goes about on this machine.
    pub bootstrap: bootstrap::Settings,
}

/// What an install made.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Installed {
    /// Where it is in IIS.
    pub application: ApplicationPath,
    /// The folder of the application.
    pub physical_path: PathBuf,
    /// The FastCGI applications of its `web.config`, as they stand there.
    pub fastcgi: Vec<FastCgiApplication>,
    /// The values of its parameters, by name; secrets are masked.
    #[serde(default)]
    pub parameters: Vec<(String, String)>,
    /// What became of each provider of the manifest.
    pub steps: Vec<Step>,
    /// What the bootstrap did, when the package has one.
    pub bootstrap: Option<bootstrap::Report>,
}

/// What became of one provider of the manifest.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Step {
    /// The provider's name as written.
    pub provider: String,
    /// Its path, parameters applied.
    pub path: String,
    /// Whether it was done here, imitated or left out.
    pub outcome: Outcome,
    /// One line that says what was done.
    pub detail: String,
}

/// Whether a provider did its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It did.
    Done,
    /// The simulation took note of it and did what has a meaning here.
    Simulated,
    /// It was not done: it needs what is not here.
    NotRun,
}

/// How to start an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartOptions {
    /// How long it may take until it accepts a request.
    pub timeout: Duration,
    /// Which of the FastCGI applications to start, counted from 0.
    pub application: usize,
}

impl Default for StartOptions {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(60), application: 0 }
    }
}

/// A request as a client of IIS sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// `GET`, `POST`, ….
    pub method: String,
    /// The path with its query below the application: `/` is the application itself, wherever it is installed.
    pub target: String,
    /// The headers in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How long the whole response may take.
    pub timeout: Duration,
}

impl HttpRequest {
    /// A `GET` with 30 s for the response.
    pub fn get(target: impl Into<String>) -> Self {
        Self {
            method: "GET".into(),
            target: target.into(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout: Duration::from_secs(30),
        }
    }
}

/// A whole response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// The reason phrase, when the application gave one.
    pub reason: String,
    /// The headers in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How long it took from the first byte sent to the last byte got.
    pub elapsed: Duration,
    /// What the application wrote to `FCGI_STDERR` for this request. Empty for twins that speak HTTP.
    pub stderr: Vec<u8>,
}

impl HttpResponse {
    /// The value of the first header of a name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// What an application's processes wrote.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Logs {
    /// To stdout.
    pub stdout: Vec<u8>,
    /// To stderr.
    pub stderr: Vec<u8>,
    /// To `FCGI_STDERR`, over all requests.
    pub fastcgi_stderr: Vec<u8>,
}

impl Logs {
    /// All of it as one text, whatever its bytes.
    pub fn text(&self) -> String {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        let (stderr, mut fastcgi_stderr) = (text(&self.stderr), text(&self.fastcgi_stderr));
        // Our gateway logs what it sends to the web server as well; one of the two is enough.
        let lines = stderr.lines().flat_map(|line| [line.trim(), without_head(line)]);
        let logged: HashSet<&str> = lines.collect();
        if fastcgi_stderr.lines().all(|line| logged.contains(line.trim())) {
            fastcgi_stderr.clear();
        }
        let texts = [stderr.as_str(), &fastcgi_stderr, &text(&self.stdout)].map(str::to_owned);
        texts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
    }
}

/// A line of our gateway's log without its time, process and level: `2026-01-02T03:04:05.678Z [9] ERROR what it says`.
fn without_head(line: &str) -> &str {
    let after = line.split_once("] ").and_then(|(_, rest)| rest.split_once(' '));
    after.map_or("", |(_, text)| text.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_the_log_and_in_fastcgis_stderr_is_told_once() {
        let logs = Logs {
            stdout: b"printed\n".to_vec(),
            stderr: b"2026-01-02T03:04:05.678Z [9] ERROR incident 1: it failed\n    Traceback:\n      File \"a.py\"\n"
                .to_vec(),
            fastcgi_stderr: b"incident 1: it failed\nTraceback:\n  File \"a.py\"\n".to_vec(),
        };
        assert_eq!(logs.text().matches("it failed").count(), 1, "{}", logs.text());
        assert!(logs.text().ends_with("\nprinted"), "{}", logs.text());
        let own = Logs { stderr: b"started\n".to_vec(), ..logs };
        assert!(own.text().starts_with("started\nincident 1: it failed\nTraceback:"), "{}", own.text());
    }
}
