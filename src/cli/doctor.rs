//! `iiswsgi doctor`: what keeps an application from working, on a server or in the simulated IIS.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::project;
use super::session::{Session, print, print_json};
use crate::error::{AnyFailure, ExitCode, Failure, Location};
use crate::iis::appcmd::{self, Appcmd, Flavour};
use crate::iis::application_host::ApplicationHost;
use crate::iis::doctor::{self, Diagnosis, Level, Subject};
use crate::iis::local;
use crate::iis::local::acl::{Account, Icacls};
use crate::iis::{ApplicationPath, FastCgiApplication, StartOptions};
use crate::pipeline::WORK_FOLDER;
use crate::process::Runner;
use crate::template::{Escape, Variables, expand};

/// Looks for what keeps applications from working in IIS, and says what mends it.
#[derive(Debug, Args)]
#[command(after_help = concat!(
    "Examples:",
    "\n  iiswsgi doctor                         # all Python applications",
    "\n  iiswsgi doctor \"Default Web Site/shop\"",
))]
pub(super) struct Doctor {
    /// The site and path of the application, as `Default Web Site/hello`; all Python applications when none is given
    #[arg(value_name = "SITE/PATH")]
    application: Option<ApplicationPath>,
    /// Reads this configuration file instead of that of IIS, or of the simulated IIS of the current folder
    #[arg(long, value_name = "FILE")]
    application_host: Option<PathBuf>,
    /// Starts no process
    #[arg(long)]
    no_start: bool,
    /// How many seconds a process may take until it answers
    #[arg(long, value_name = "SECONDS", default_value = "60")]
    timeout: u32,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("there is no application `{wanted}` in IIS; applications are: {}", known.join(", "))]
    NoApplication { wanted: ApplicationPath, known: Vec<String> },
    #[error("IIS has no application with a `web.config` that leads to FastCGI or HttpPlatformHandler")]
    None,
    #[error(transparent)]
    Server(#[from] local::Error),
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NoApplication { .. } => None,
            Self::None => Some("Name the application: iiswsgi doctor \"Default Web Site/hello\"".into()),
            Self::Server(error) => error.hint(),
        }
    }

    fn location(&self) -> Option<Location> {
        match self {
            Self::Server(error) => error.location(),
            _ => None,
        }
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Server(error) => error.exit_code(),
            _ => ExitCode::Usage,
        }
    }
}

/// What was found about one application.
#[derive(Debug, serde::Serialize)]
struct Examined {
    application: ApplicationPath,
    folder: PathBuf,
    pool: String,
    findings: Vec<Diagnosis>,
}

/// IIS as far as it can be seen.
struct Seen {
    host: ApplicationHost,
    file: Option<PathBuf>,
    registered: Vec<FastCgiApplication>,
}

impl Doctor {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode, AnyFailure> {
        let variables = project::bootstrap_settings(session).variables;
        let runner = session.runner();
        let seen = self.look(&variables, &runner, session)?;
        let program = appcmd::locate(Flavour::Iis, &variables);
        let all = applications(&seen.host, &variables);
        let chosen: Vec<_> = match &self.application {
            Some(wanted) => all.iter().filter(|(path, _)| path == wanted).collect(),
            None => all.iter().filter(|(_, folder)| leads_to_python(folder)).collect(),
        };
        if let (true, Some(wanted)) = (chosen.is_empty(), &self.application) {
            let known = all.iter().map(|(path, _)| format!("`{path}`")).collect();
            return Err(Error::NoApplication { wanted: wanted.clone(), known }.into());
        }
        if chosen.is_empty() {
            return Err(Error::None.into());
        }
        let timeout = Duration::from_secs(self.timeout.into());
        let examined: Vec<Examined> = chosen
            .into_iter()
            .map(|(path, folder)| {
                let pool = seen.host.pool(path);
                let account = match &program {
                    // The file has all of it; what appcmd.exe says of sites has no pools.
                    Some(program) if seen.file.is_none() => Appcmd::new(program, &runner).account(&pool).ok(),
                    _ => Some(seen.host.account(&pool)),
                };
                let findings = doctor::examine(&Subject {
                    application: path.clone(),
                    folder: folder.clone(),
                    account: account.unwrap_or_else(|| Account::of_pool(&pool)),
                    pool: pool.clone(),
                    host: seen.file.is_some().then_some(&seen.host),
                    host_file: seen.file.clone(),
                    registered: seen.registered.clone(),
                    variables: &variables,
                    runner: &runner,
                    icacls: Icacls::find(&variables, &runner),
                    start: (!self.no_start).then(|| {
                        let runner: Arc<dyn Runner> = session.system().clone();
                        (StartOptions { timeout, ..StartOptions::default() }, runner)
                    }),
                    observer: &session.observer,
                });
                Examined { application: path.clone(), folder: folder.clone(), pool, findings }
            })
            .collect();
        if self.json {
            print_json(
                &serde_json::json!({ "schema": 1, "version": env!("CARGO_PKG_VERSION"), "applications": examined }),
            );
        } else {
            for examined in &examined {
                print(&shown(examined));
            }
        }
        let failed =
            examined.iter().flat_map(|examined| &examined.findings).any(|f| f.severity == Level::Error);
        Ok(if failed { ExitCode::Failed } else { ExitCode::Done })
    }

    /// IIS's file when it can be read, else what appcmd.exe says; the simulation of this folder where there is no IIS.
    fn look(&self, variables: &Variables, runner: &dyn Runner, session: &Session) -> Result<Seen, Error> {
        let simulated = Path::new(WORK_FOLDER).join("iis").join("config").join("applicationHost.config");
        let of_iis = local::configuration_file(variables).filter(|file| file.is_file());
        let program = appcmd::locate(Flavour::Iis, variables);
        let file = match (&self.application_host, of_iis, &program) {
            (Some(file), ..) => Some(file.clone()),
            (None, Some(file), _) => Some(file),
            (None, None, Some(_)) => None,
            (None, None, None) => Some(simulated).filter(|file| file.is_file()),
        };
        if let Some(file) = file {
            match local::read(&file) {
                Ok(host) => {
                    return Ok(Seen { registered: host.fastcgi_applications(), host, file: Some(file) });
                }
                Err(error) if program.is_none() || self.application_host.is_some() => {
                    return Err(error.into());
                }
                Err(_) => {}
            }
        }
        let (host, _) = local::sites(variables, runner, &session.observer)?;
        let registered = match &program {
            Some(program) => {
                Appcmd::new(program, runner).fastcgi_applications().map_err(local::Error::from)?
            }
            None => Vec::new(),
        };
        Ok(Seen { host, file: None, registered })
    }
}

/// All applications with their folders.
fn applications(host: &ApplicationHost, variables: &Variables) -> Vec<(ApplicationPath, PathBuf)> {
    let mut found = Vec::new();
    for site in host.sites() {
        for application in &site.applications {
            let path = ApplicationPath::new(&site.name, &application.path);
            if let (Ok(path), Some(folder)) = (path, application.physical_path()) {
                found.push((path, PathBuf::from(expand(folder, variables, Escape::Plain).text)));
            }
        }
    }
    found
}

fn leads_to_python(folder: &Path) -> bool {
    let config = crate::files::read(&folder.join("web.config")).unwrap_or_default();
    let config = crate::files::text_of(&config).to_lowercase();
    config.contains("fastcgimodule") || config.contains("<httpplatform")
}

fn shown(examined: &Examined) -> String {
    let mut text =
        format!("{} ({}, pool {})\n", examined.application, examined.folder.display(), examined.pool);
    let count = |level: Level, one: &str, more: &str| {
        let count = examined.findings.iter().filter(|finding| finding.severity == level).count();
        format!("{count} {}", if count == 1 { one } else { more })
    };
    let (errors, warnings) =
        (count(Level::Error, "error", "errors"), count(Level::Warning, "warning", "warnings"));
    let _ = writeln!(text, "  {errors}, {warnings}");
    for finding in &examined.findings {
        let level = match finding.severity {
            Level::Ok => "ok",
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
        };
        let lines = finding.text.replace('\n', "\n           ");
        let _ = writeln!(text, "  {level:<8} {}: {lines}", finding.check);
        if !finding.reason.is_empty() {
            let _ = writeln!(text, "           {}", finding.reason);
        }
        if let Some(command) = &finding.command {
            let _ = writeln!(text, "           mend: {command}");
        }
    }
    text
}
