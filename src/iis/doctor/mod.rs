//! What keeps an application from working on a server, found before or after a user does.
//!
//! Each check looks at one thing that people ask for help with, and gives findings: how bad it is, what it is, why that
//! matters, and the command that mends it. Nothing is changed. The checks are those complaints about Python on IIS that can
//! be seen from the machine: `configuration` looks at IIS's files, `machine` at Python, rights and programs, `start`
//! starts the process by hand as IIS would and listens to it.

mod configuration;
mod machine;
mod start;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::application_host::{ApplicationHost, FastCgiApplication};
use super::local::acl::Icacls;
use super::{ApplicationPath, StartOptions};
use crate::event::Observer;
use crate::files;
use crate::package::web_config::{FILE_NAME, WebConfig};
use crate::process::Runner;
use crate::template::Variables;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// Good to know.
    Info,
    /// It works, until something happens that will.
    Warning,
    /// It does not work.
    Error,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Diagnosis {
    /// The check that found it.
    pub check: &'static str,
    /// How bad it is.
    pub severity: Level,
    /// What it is, as a sentence.
    pub text: String,
    /// Why that matters, as a sentence. Empty where all is well.
    pub reason: String,
    /// The command that mends it, when one does.
    pub command: Option<String>,
}

/// One application and where it runs.
pub struct Subject<'a> {
    /// Where it is in IIS.
    pub application: ApplicationPath,
    /// Its folder.
    pub folder: PathBuf,
    /// Its application pool.
    pub pool: String,
    /// IIS's configuration, when the whole file could be read: it shows which sections are locked.
    pub host: Option<&'a ApplicationHost>,
    /// The file that it was read from.
    pub host_file: Option<PathBuf>,
    /// The FastCGI applications of IIS.
    pub registered: Vec<FastCgiApplication>,
    /// The variables that IIS expands.
    pub variables: &'a Variables,
    /// Runs programs.
    pub runner: &'a dyn Runner,
    /// Looks at rights; none where there are no such rights.
    pub icacls: Option<Icacls<'a>>,
    /// How to start the process by hand. None: it is not started.
    pub start: Option<(StartOptions, Arc<dyn Runner>)>,
    /// Is told what the start had to read otherwise than written.
    pub observer: &'a dyn Observer,
}

/// Where findings are collected.
#[derive(Default)]
struct Findings(Vec<Diagnosis>);

impl Findings {
    fn ok(&mut self, check: &'static str, text: impl Into<String>) {
        self.add(check, Level::Ok, text, "", None);
    }

    fn add(
        &mut self,
        check: &'static str,
        severity: Level,
        text: impl Into<String>,
        reason: impl Into<String>,
        command: Option<String>,
    ) {
        self.0.push(Diagnosis { check, severity, text: text.into(), reason: reason.into(), command });
    }
}

/// Examines an application. The findings are in the order in which IIS would meet their causes.
pub fn examine(subject: &Subject<'_>) -> Vec<Diagnosis> {
    let mut findings = Findings::default();
    let path = subject.folder.join(FILE_NAME);
    let config = match read(&path) {
        Ok((config, faults)) => {
            for fault in faults {
                findings.add("web-config", Level::Error, fault, "IIS refuses the whole file.", None);
            }
            config
        }
        Err(text) => {
            let waits = subject.folder.join(crate::package::bootstrap::STAMP).is_file();
            let command = waits.then(|| bootstrap_command(&subject.application));
            findings.add("web-config", Level::Error, text, "Without it no request reaches Python.", command);
            return findings.0;
        }
    };
    configuration::stamp(subject, &mut findings);
    configuration::locks(subject, &config, &mut findings);
    let applications = configuration::registrations(subject, &config, &mut findings);
    configuration::handlers(subject, &config, &mut findings);
    configuration::uploads(subject, &path, &mut findings);
    for application in &applications {
        configuration::attributes(application, &mut findings);
        configuration::urls(subject, application, &mut findings);
        let python = machine::interpreter(subject, application, &mut findings);
        if let Some(python) = &python {
            machine::rights(subject, python, &mut findings);
            machine::gateway(subject, application, python, &mut findings);
        }
        if let Some((options, runner)) = &subject.start {
            start::by_hand(subject, application, python.as_deref(), (options, runner), &mut findings);
        }
    }
    machine::logs(subject, &mut findings);
    machine::web_deploy(subject, &mut findings);
    findings.0
}

fn bootstrap_command(application: &ApplicationPath) -> String {
    format!("iiswsgi bootstrap --app-path \"{application}\"")
}

/// The configuration, and what is wrong in it.
fn read(path: &Path) -> Result<(WebConfig, Vec<String>), String> {
    let bytes = files::read(path).map_err(|_| format!("There is no `{}`.", path.display()))?;
    let (config, findings) =
        WebConfig::parse(&bytes).map_err(|error| format!("`{}` cannot be read: {error}.", path.display()))?;
    let faults = findings.into_iter().filter(|finding| finding.severity == crate::event::Severity::Error);
    Ok((
        config,
        faults.map(|finding| format!("{}:{}: {}.", path.display(), finding.line, finding.text)).collect(),
    ))
}
