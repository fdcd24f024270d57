//! What keeps an application from working on a server, found before or after a user does.
//!
//! Each check looks at one thing that people ask for help with, and gives findings: how bad it is, what it is, why that
//! matters, and the command that mends it. Nothing is changed. The checks are those complaints about Python on IIS that can
//! be seen from the machine: `configuration` and `attributes` look at IIS's files, `machine` at Python and rights, `programs` at
//! Web Deploy, logs and the registry, `start` starts the process by hand as IIS would and listens to it.

mod attributes;
mod configuration;
mod machine;
mod programs;
mod start;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::application_host::{ApplicationHost, FastCgiApplication};
use super::local::acl::{Account, Icacls};
use super::simulated::{read_here, read_process_path_here};
use super::{ApplicationPath, StartOptions};
use crate::event::Observer;
use crate::files;
use crate::package::web_config::{self, FILE_NAME, WebConfig};
use crate::process::Runner;
use crate::template::Variables;
use crate::xml::Document;

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
    /// Whom the pool runs as.
    pub account: Account,
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

/// Examines an application. The worst findings come first; those of one severity in the order in which IIS would meet their causes.
pub fn examine(subject: &Subject<'_>) -> Vec<Diagnosis> {
    let mut findings = Findings::default();
    let path = subject.folder.join(FILE_NAME);
    match read(&path) {
        Ok((document, config, faults)) => {
            for fault in faults {
                findings.add("web-config", Level::Error, fault, "IIS refuses the whole file.", None);
            }
            look(subject, &document, &config, &mut findings);
        }
        Err(text) => {
            let waits = subject.folder.join(crate::package::bootstrap::STAMP).is_file();
            let command = waits.then(|| bootstrap_command(&subject.application));
            findings.add("web-config", Level::Error, text, "Without it no request reaches Python.", command);
        }
    }
    findings.0.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings.0
}

fn look(subject: &Subject<'_>, document: &Document, config: &WebConfig, findings: &mut Findings) {
    configuration::stamp(subject, findings);
    configuration::offline(subject, findings);
    configuration::server(subject, config, findings);
    configuration::locks(subject, document, findings);
    let applications = configuration::registrations(subject, config, findings);
    configuration::handlers(subject, config, findings);
    configuration::uploads(subject, document, findings);
    for application in &applications {
        attributes::attributes(subject, application, findings);
        attributes::urls(subject, application, findings);
        let program = read_here(application, subject.variables);
        let python = machine::process(subject, &program, &application.arguments, findings);
        start::by_hand(subject, application, python.as_deref(), findings);
    }
    for section in &config.http_platform {
        let program = read_process_path_here(&subject.folder, &section.process_path, subject.variables);
        let python = machine::process(subject, &program, &section.arguments, findings);
        start::http_platform_by_hand(subject, python.as_deref(), findings);
    }
    programs::logs(subject, findings);
    programs::web_deploy(subject, findings);
    programs::of_the_registry(subject, findings);
}

fn bootstrap_command(application: &ApplicationPath) -> String {
    format!("iiswsgi bootstrap --app-path \"{application}\"")
}

/// The configuration, and what is wrong in it.
fn read(path: &Path) -> Result<(Document, WebConfig, Vec<String>), String> {
    let bytes = files::read(path).map_err(|_| format!("There is no `{}`.", path.display()))?;
    let broken = |error: web_config::Error| format!("`{}` cannot be read: {error}.", path.display());
    let document = Document::parse_bytes(&bytes).map_err(|error| broken(error.into()))?;
    let (config, findings) = WebConfig::read(&document).map_err(broken)?;
    let faults = findings.into_iter().filter(|finding| finding.severity == crate::event::Severity::Error);
    let faults =
        faults.map(|finding| format!("{}:{}: {}.", path.display(), finding.line, finding.text)).collect();
    Ok((document, config, faults))
}
