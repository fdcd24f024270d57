//! From a project's files to a package's: `Manifest.xml` from its template or from a description, and the stamp.
//!
//! A template is filled in and its commands get their options, and nothing else of it changes: comments, blanks and
//! quotes stay as the user wrote them. The original did the same with `msdeploy.exe` on Windows; here no setting is
//! lost on any system, because the options are written natively.

mod server_variables;
mod template;

pub use server_variables::{SERVER_VARIABLES, is_server_variable};
pub use template::{Checked, expand_checked, from_template};

use crate::error::{ExitCode, Failure};
use crate::event::Severity;
use crate::finding::Finding;
use crate::template::Unresolved;
use crate::xml;

use super::manifest::{self, Manifest, Provider, SettingFault, check_run_command_setting};
use super::parameters::APPLICATION_PATH_PLACEHOLDER;
use super::{names, options, web_config};

/// The template's file name, as the original has it.
pub const TEMPLATE_NAME: &str = "Manifest.xml.in";
/// The manifest's file name in a package.
pub const MANIFEST_NAME: &str = "Manifest.xml";

const STAMP_TEXT: &str =
    "# This application is not set up on this server yet: the bootstrap removes this file when it is.\n";

/// A manifest that is ready for the package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The file's text.
    pub text: String,
    /// What it says.
    pub manifest: Manifest,
    /// What is doubtful in it, with places in the template when there is one.
    pub findings: Vec<Finding>,
}

/// What a manifest is generated from.
#[derive(Debug, Clone, Copy, Default)]
pub struct Description<'a> {
    /// The folder of the application in the package.
    pub folder: &'a str,
    /// Providers that run after the application is there and before the command, as `setAcl`.
    pub providers: &'a [Provider],
    /// What runs on the server at the end of the installation, see [`bootstrap_command`].
    pub command: Option<&'a str>,
    /// The command's settings, as `waitAttempts` and `10`.
    pub settings: &'a [(String, String)],
}

/// The command that sets an application up on the server: `iiswsgi` must be on its PATH. The application's path is a
/// placeholder that a parameter of the package fills in (see [`super::parameters`]); the name is there for the search
/// by stamp, should the placeholder stay.
pub fn bootstrap_command(name: &str) -> String {
    format!("iiswsgi bootstrap --app-path \"{APPLICATION_PATH_PLACEHOLDER}\" --app {}", names::safe(name))
}

/// Makes a manifest without a template.
///
/// # Errors
/// The folder is no good name for one, the command is empty or has several lines, or a setting is unknown, doubled, or
/// has a wrong value.
pub fn generate(description: &Description<'_>) -> Result<Built, Error> {
    let folder = description.folder;
    let problem = names::check([folder]).into_iter().find(|problem| problem.severity() == Severity::Error);
    if let Some(problem) = problem {
        return Err(Error::Folder(problem));
    }
    let mut manifest = Manifest::gallery();
    manifest.providers.push(Provider::new("iisApp", folder));
    manifest.providers.extend_from_slice(description.providers);
    if let Some(command) = description.command {
        if command.trim().is_empty() || command.contains(['\n', '\r', '\0']) {
            return Err(Error::Command { command: command.to_owned() });
        }
        for (at, (name, value)) in description.settings.iter().enumerate() {
            check_run_command_setting(name, value).map_err(Error::Setting)?;
            if description.settings[..at].iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
                return Err(Error::DoubledSetting { name: name.clone() });
            }
        }
        manifest.providers.push(Provider::new("runCommand", command).with_options(description.settings));
    }
    let text = manifest.to_xml();
    let (manifest, findings) = Manifest::parse(text.as_bytes())?;
    Ok(Built { text, manifest, findings })
}

/// The stamp: the template as it is, or a line of our own.
pub fn stamp(template: Option<&[u8]>) -> Vec<u8> {
    template.unwrap_or(STAMP_TEXT.as_bytes()).to_vec()
}

/// Why a manifest cannot be built. Lines and columns are those of the template, from 1.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The template is not well-formed.
    #[error("the template is not well-formed XML")]
    Xml(#[source] xml::Error),
    /// The template is that of another file.
    #[error(transparent)]
    Manifest(#[from] manifest::Error),
    /// The template of `web.config` is that of another file.
    #[error(transparent)]
    WebConfig(web_config::Error),
    /// Variables that nobody knows, neither here nor on the server.
    #[error("{}", unresolved_message(.0))]
    Unresolved(Vec<Unresolved>),
    /// A runCommand without a command.
    #[error("line {line}, column {column}: `<runCommand>` has no attribute `path`")]
    NoPath {
        /// The line of the element.
        line: usize,
        /// Its column.
        column: usize,
    },
    /// The options that stand in the template cannot be read.
    #[error("line {line}, column {column}: the options of `<runCommand>` cannot be read")]
    Options {
        /// The line of the element.
        line: usize,
        /// Its column.
        column: usize,
        /// Why.
        #[source]
        source: options::Error,
    },
    /// The folder of the application is no name that Windows takes.
    #[error("the application's folder cannot be created on Windows")]
    Folder(#[source] names::Problem),
    /// The command is empty or has several lines.
    #[error("`{}` is no command line", command.escape_debug())]
    Command {
        /// The command.
        command: String,
    },
    /// A setting of the command is wrong.
    #[error("a setting of the bootstrap command is wrong")]
    Setting(#[source] SettingFault),
    /// A setting is given twice.
    #[error("the setting `{name}` is given twice")]
    DoubledSetting {
        /// Its name.
        name: String,
    },
}

fn unresolved_message(unresolved: &[Unresolved]) -> String {
    let each: Vec<String> = unresolved
        .iter()
        .map(|variable| {
            format!(
                "line {}, column {}: unknown variable `{}`",
                variable.line, variable.column, variable.name
            )
        })
        .collect();
    each.join("; ")
}

impl Error {
    /// The place in the template, line and column from 1; zeros when it is not about a place.
    pub fn position(&self) -> (usize, usize) {
        match self {
            Self::Xml(error) => (error.line, error.column),
            Self::Manifest(error) => error.position(),
            Self::WebConfig(error) => error.position(),
            Self::Unresolved(variables) => {
                variables.first().map_or((0, 0), |first| (first.line, first.column))
            }
            Self::NoPath { line, column } | Self::Options { line, column, .. } => (*line, *column),
            Self::Folder(_) | Self::Command { .. } | Self::Setting(_) | Self::DoubledSetting { .. } => (0, 0),
        }
    }
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Manifest(error) => error.hint(),
            Self::WebConfig(error) => error.hint(),
            Self::Options { source, .. } => source.hint(),
            Self::Folder(problem) => problem.hint(),
            Self::Unresolved(variables) => variables.first().map(|first| {
                format!(
                    "Give it a value with `--define {}=VALUE`, or write `%%` for a percent sign.",
                    first.name
                )
            }),
            Self::NoPath { .. } => Some("The command line that runs on the server goes into `path`.".into()),
            Self::Setting(_) | Self::DoubledSetting { .. } => {
                Some(format!("The settings are {}.", manifest::RUN_COMMAND_SETTINGS.join(", ")))
            }
            Self::Xml(_) => Some("Correct the file at the place that is named.".into()),
            Self::Command { .. } => None,
        }
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

#[cfg(test)]
mod tests;
