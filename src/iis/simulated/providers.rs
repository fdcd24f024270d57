//! The providers of a manifest, one after the other, as far as they have a meaning here. Those that have none are told.

use std::path::Path;
use std::time::{Duration, Instant};

use super::layout::Layout;
use crate::error::Shown;
use crate::event::{Event, Message, Observer, Severity};
use crate::iis::appcmd::Appcmd;
use crate::iis::application_host::{self, ApplicationHost};
use crate::iis::bootstrap::{self, Command, Registry, RegistryError};
use crate::iis::package::{is_in, place_in};
use crate::iis::{ApplicationPath, Change, Error, FastCgiApplication, Outcome, Step};
use crate::package::manifest::Provider;
use crate::process::Runner;

/// What Web Deploy is said to take for the one of `waitAttempts` and `waitInterval` that a package leaves out.
const WAIT: (u32, Duration) = (5, Duration::from_secs(1));

/// An install between its first and its last provider.
pub(super) struct Providers<'a> {
    pub application: &'a ApplicationPath,
    pub folder: &'a Path,
    pub layout: &'a Layout,
    pub settings: &'a bootstrap::Settings,
    pub runner: &'a dyn Runner,
    pub observer: &'a dyn Observer,
    /// Who registers FastCGI applications; none: they are written into the configuration.
    pub appcmd: Option<&'a Path>,
    pub host: ApplicationHost,
    pub files: usize,
    pub steps: Vec<Step>,
    pub bootstrap: Option<bootstrap::Report>,
}

impl Providers<'_> {
    /// Runs one provider.
    ///
    /// # Errors
    /// What it was to do failed.
    pub(super) fn run(&mut self, provider: &Provider) -> Result<(), Error> {
        let path = provider.path.clone();
        let (outcome, detail) = match provider.name.to_lowercase().as_str() {
            "iisapp" | "createapp" => self.create_application(&path)?,
            "contentpath" | "dirpath" | "filepath" if is_in(self.application, &path) => {
                (Outcome::Done, "The content is part of the application.".to_owned())
            }
            "setacl" => {
                let access = provider.setting("setAclAccess").unwrap_or("ReadAndExecute");
                let user = provider.setting("setAclUser").unwrap_or("the application pool's identity");
                let detail = format!("The right {access} of {user} on `{path}` was noted, not set.");
                self.observer.simulated(&detail);
                (Outcome::Simulated, detail)
            }
            "runcommand" => self.run_command(provider, &path)?,
            name => {
                let database = name.starts_with("db");
                let why = if database { "there is no database here" } else { "it has no meaning here" };
                let detail = format!("The provider `{}` for `{path}` was not run: {why}.", provider.name);
                self.observer.simulated(&detail);
                (Outcome::NotRun, detail)
            }
        };
        self.steps.push(Step { provider: provider.name.clone(), path, outcome, detail });
        Ok(())
    }

    fn create_application(&mut self, path: &str) -> Result<(Outcome, String), Error> {
        if place_in(self.application, path).as_deref() != Some("/") {
            let detail = format!("A second application `{path}` was not installed.");
            self.observer.simulated(&detail);
            return Ok((Outcome::NotRun, detail));
        }
        let folder = self.folder.to_string_lossy().into_owned();
        let change = self
            .host
            .set_application(self.application, &folder, None)
            .map_err(|source| self.configuration_error(source))?;
        let verb = match change {
            Change::Added => "was made",
            Change::Updated => "was changed",
            Change::Unchanged | Change::Removed => "was there",
        };
        Ok((Outcome::Done, format!("The application `{}` {verb}; {} files.", self.application, self.files)))
    }

    fn run_command(&mut self, provider: &Provider, path: &str) -> Result<(Outcome, String), Error> {
        let command = Command::read(path)
            .map_err(|source| Error::Command { command: path.to_owned(), source: Box::new(source) })?;
        let Some(command) = command else {
            let detail = format!("The command `{path}` was not run: it is for the server.");
            self.observer.simulated(&detail);
            return Ok((Outcome::NotRun, detail));
        };
        self.observer.simulated(&format!("The command `{path}` was done by this program itself."));
        let limit = waiting(provider);
        let codes = provider.setting("successReturnCodes").unwrap_or("0");
        let started = Instant::now();
        let (code, detail) = match self.bootstrap(&command, limit) {
            Ok(report) => {
                let own: Duration =
                    report.timings.iter().filter(|(part, _)| part != "gateway").map(|(_, time)| *time).sum();
                self.warn_of_limit(own, limit);
                let detail =
                    format!("The application was set up in {:.1} s.", started.elapsed().as_secs_f64());
                self.bootstrap = Some(report);
                (0, detail)
            }
            Err(error) if accepts(codes, 1) => {
                let shown = Shown::of(&error).to_string();
                let text = format!(
                    "The bootstrap failed, which the package accepts (successReturnCodes `{codes}`)."
                );
                let message = Message::new(Severity::Warning, text).with_hint(shown);
                self.observer.event(Event::Message(message));
                (1, "The bootstrap failed, which the package accepts.".to_owned())
            }
            Err(error) => return Err(error),
        };
        if accepts(codes, code) {
            return Ok((Outcome::Simulated, detail));
        }
        Err(Error::ReturnCode { command: path.to_owned(), code, accepted: codes.to_owned() })
    }

    fn bootstrap(&mut self, command: &Command, limit: Option<Duration>) -> Result<bootstrap::Report, Error> {
        let settings = bootstrap::Settings {
            // Nobody but us runs here, and only once: what is not compiled is compiled when it is needed.
            compile: false,
            timeout: self.settings.timeout.min(limit.unwrap_or(Duration::MAX)),
            ..self.settings.clone()
        };
        self.layout.save(&self.host)?;
        let found = bootstrap::find(command, &self.host, &settings).map_err(failed_for(self.application))?;
        for other in &found.others {
            let text =
                format!("`{}` waits for its bootstrap as well; the newest is set up.", other.display());
            self.observer.message(Severity::Warning, &text);
        }
        if found.target.folder != self.folder {
            let text = format!(
                "The bootstrap sets up `{}`, not the application that was installed.",
                found.target.folder.display()
            );
            self.observer.message(Severity::Warning, &text);
        }
        let Some(program) = self.appcmd else {
            let mut registry = HostRegistry(&mut self.host);
            let report =
                bootstrap::run(&found.target, command, &settings, &mut registry, self.runner, self.observer);
            return report.map_err(failed_for(self.application));
        };
        let configuration = self.layout.configuration();
        let mut registry = Appcmd::new(program, self.runner).for_configuration(&configuration);
        let report =
            bootstrap::run(&found.target, command, &settings, &mut registry, self.runner, self.observer)
                .map_err(failed_for(self.application))?;
        self.host = self.layout.host()?;
        Ok(report)
    }

    fn warn_of_limit(&self, took: Duration, limit: Option<Duration>) {
        if let Some(limit) = limit.filter(|limit| took > *limit) {
            let text = format!(
                "The bootstrap took {:.0} s; Web Deploy would have ended it after {:.0} s (waitAttempts × waitInterval).",
                took.as_secs_f64(),
                limit.as_secs_f64()
            );
            self.observer.message(Severity::Warning, &text);
        }
    }

    fn configuration_error(&self, source: application_host::Error) -> Error {
        Error::Configuration { path: self.layout.configuration(), source }
    }
}

pub(in crate::iis) fn failed_for(application: &ApplicationPath) -> impl Fn(bootstrap::Error) -> Error {
    let application = application.clone();
    move |source| Error::Bootstrap { application: application.clone(), source: Box::new(source) }
}

/// Registers in the configuration that the install will write.
struct HostRegistry<'a>(&'a mut ApplicationHost);

impl Registry for HostRegistry<'_> {
    fn register(&mut self, application: &FastCgiApplication) -> Result<Change, RegistryError> {
        self.0
            .set_fastcgi_application(application)
            .map_err(|error| RegistryError { message: error.to_string(), hint: None })
    }
}

/// How long Web Deploy waits for a command to end: `waitAttempts` times `waitInterval` milliseconds. None when the package
/// says neither: what Web Deploy does then is not documented.
fn waiting(provider: &Provider) -> Option<Duration> {
    let number = |name| provider.setting(name).and_then(|value| value.trim().parse::<u32>().ok());
    let (attempts, interval) = (number("waitAttempts"), number("waitInterval"));
    if attempts.is_none() && interval.is_none() {
        return None;
    }
    let interval = interval.map_or(WAIT.1, |milliseconds| Duration::from_millis(milliseconds.into()));
    Some(interval.saturating_mul(attempts.unwrap_or(WAIT.0).max(1)))
}

/// Whether a list of return codes, as `0x0;0x2`, has one. A list that cannot be read accepts 0 only.
fn accepts(codes: &str, code: i64) -> bool {
    let read = |text: &str| {
        let text = text.trim().to_lowercase();
        match text.strip_prefix("0x") {
            Some(digits) => i64::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        }
    };
    let codes: Vec<i64> = codes.split([';', ',']).filter_map(read).collect();
    if codes.is_empty() { code == 0 } else { codes.contains(&code) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn return_codes_are_read_in_both_bases() {
        assert!(accepts("0x0", 0) && !accepts("0x0", 1));
        assert!(accepts("0x0;0x1F", 31) && accepts(" 0 ; 2", 2));
        assert!(accepts("", 0) && accepts("nonsense", 0) && !accepts("1", 0));
    }

    #[test]
    fn waiting_is_attempts_times_milliseconds() {
        let provider = Provider::new("runCommand", "x")
            .with_attributes(&[("waitAttempts", "10"), ("WaitInterval", "60000")]);
        assert_eq!(waiting(&provider), Some(Duration::from_secs(600)));
        let provider = Provider::new("runCommand", "x").with_attributes(&[("waitInterval", "2000")]);
        assert_eq!(waiting(&provider), Some(Duration::from_secs(10)));
        assert_eq!(waiting(&Provider::new("runCommand", "x")), None);
    }
}
