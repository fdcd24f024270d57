//! Why `appcmd.exe` did not do what it was asked, as far as its words tell.
//!
//! It answers `ERROR ( message:… )` on stdout, the first word in the system's language, those of the configuration system with `hresult:…` before. Codes are looked at
//! first, since the words are those of the system's language; then the English words, as they stand in reports of users.

use std::path::PathBuf;

use super::Appcmd;
use crate::error::{ExitCode, Failure};
use crate::process::{self, Program};

/// `ERROR_ACCESS_DENIED`.
const ACCESS_DENIED: i32 = 5;
/// `ERROR_LOCK_VIOLATION`.
const LOCK_VIOLATION: i32 = 33;
/// `ERROR_ALREADY_EXISTS`.
const ALREADY_EXISTS: i32 = 183;
/// `ERROR_NOT_FOUND`.
const NOT_FOUND: i32 = 1168;
/// `ERROR_SERVICE_ALREADY_RUNNING`.
const SERVICE_ALREADY_RUNNING: i32 = 1056;
/// `ERROR_SERVICE_NOT_ACTIVE`.
const SERVICE_NOT_ACTIVE: i32 = 1062;

/// Why `appcmd.exe` did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It could not be run.
    #[error(transparent)]
    Process(#[from] process::Error),
    /// It refused.
    #[error("`appcmd.exe` {}{}\n{said}", problem.describe(), code_of(*code))]
    Refused {
        /// What kind of refusal it is.
        problem: Problem,
        /// Its exit code.
        code: i32,
        /// What it said, as it said it.
        said: String,
        /// The command line.
        command: String,
    },
    /// It said what is no answer.
    #[error("`{}` says what cannot be read: {said}", program.display())]
    Output {
        /// The program.
        program: PathBuf,
        /// The beginning of what it said.
        said: String,
    },
}

/// The kinds of refusals that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// It needs an administrator.
    NotElevated,
    /// The section is locked for the place that it would be written to.
    Locked,
    /// The element is there already.
    Duplicate,
    /// The element is not there.
    NoElement,
    /// The indexer of an element cannot be read: a fault of ours.
    MalformedIndexer,
    /// An attribute, or its value, is none that IIS knows.
    Attribute,
    /// IIS has no such section: its module is not installed.
    NoSection,
    /// The site or application is not there.
    NoObject,
    /// It is in the wanted state already.
    AlreadySo,
    /// The configuration file is broken.
    BrokenConfiguration,
    /// Anything else.
    Other,
}

impl Problem {
    /// Finds the kind by the exit code and by what was said.
    pub fn of(code: i32, said: &str) -> Self {
        let said = said.to_lowercase();
        let has = |text: &str| said.contains(text);
        if code == ACCESS_DENIED
            || has("80070005")
            // The one file that only administrators may read, in every language.
            || has("redirection.config")
            || has("insufficient permissions")
            || has("access is denied")
        {
            Self::NotElevated
        } else if code == LOCK_VIOLATION
            || has("80070021")
            || has("section is locked")
            || has("lock violation")
        {
            Self::Locked
        } else if code == ALREADY_EXISTS || has("800700b7") || has("duplicate collection e") {
            Self::Duplicate
        } else if has("malformed collection indexer") {
            Self::MalformedIndexer
        } else if code == NOT_FOUND || has("80070490") || has("cannot find requested collection element") {
            Self::NoElement
        } else if has("unknown config section") {
            Self::NoSection
        } else if has("unknown attribute") || has("can not set attribute") || has("attribute is invalid") {
            Self::Attribute
        } else if code == 50 || has("object with identifier") || has("cannot find site object") {
            Self::NoObject
        } else if matches!(code, SERVICE_ALREADY_RUNNING | SERVICE_NOT_ACTIVE)
            || has("is already running")
            || has("has not been started")
        {
            Self::AlreadySo
        } else if has("configuration error") {
            Self::BrokenConfiguration
        } else {
            Self::Other
        }
    }

    fn describe(self) -> &'static str {
        match self {
            Self::NotElevated => "may not read or change IIS's configuration: this is no elevated prompt",
            Self::Locked => "found the section locked",
            Self::Duplicate => "found the element there already",
            Self::NoElement => "did not find the element",
            Self::MalformedIndexer => "could not read the element's description",
            Self::Attribute => "does not know an attribute or does not take its value",
            Self::NoSection => "does not know the section",
            Self::AlreadySo => "found it in that state already",
            Self::NoObject => "did not find the site or application",
            Self::BrokenConfiguration => "could not read IIS's configuration",
            Self::Other => "refused",
        }
    }
}

fn code_of(code: i32) -> String {
    format!(" (exit code {code})")
}

impl Error {
    pub(super) fn refused(program: &Program, code: i32, said: &str) -> Self {
        Self::Refused {
            problem: Problem::of(code, said),
            code,
            said: said.trim().to_owned(),
            command: program.to_string(),
        }
    }

    /// The kind of refusal, when it is one.
    pub fn problem(&self) -> Option<Problem> {
        match self {
            Self::Refused { problem, .. } => Some(*problem),
            _ => None,
        }
    }
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        let (problem, command) = match self {
            Self::Process(error) => return error.hint(),
            Self::Output { .. } => return None,
            Self::Refused { problem, command, .. } => (*problem, command),
        };
        Some(match problem {
            Problem::NotElevated => "Run this from a prompt that was opened with \"Run as administrator\".".into(),
            Problem::Locked => format!("Unlock it: {}", Appcmd::unlock_command(super::FASTCGI)),
            Problem::NoSection => "The FastCGI module of IIS is not installed. On a server: Install-WindowsFeature Web-CGI; on a \
                 desktop: Enable-WindowsOptionalFeature -Online -FeatureName IIS-CGI."
                .into(),
            Problem::NoObject => "`appcmd.exe list app` shows the sites and applications that are there.".into(),
            Problem::BrokenConfiguration => {
                "Mend the file at the line that is named; IIS itself cannot read it either.".into()
            }
            _ => format!("The command was: {command}"),
        })
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Process(error) => error.exit_code(),
            _ => ExitCode::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_apart() {
        for (code, said, problem) in [
            (5, "ERROR ( message:Zugriff verweigert )", Problem::NotElevated),
            (
                1,
                "ERROR ( hresult:80070005, message:Failed to commit configuration changes. )",
                Problem::NotElevated,
            ),
            (
                1,
                "ERROR ( message:Configuration error\nFilename: redirection.config\nLine Number: 0\nDescription: Cannot read \
                 configuration file due to insufficient permissions\n. )",
                Problem::NotElevated,
            ),
            (
                1,
                "FEHLER ( message:Konfigurationsfehler\nDateiname: redirection.config\nZeilennummer: 0 )",
                Problem::NotElevated,
            ),
            (1, "FEHLER ( hresult:80070021, message:Der Abschnitt ist gesperrt. )", Problem::Locked),
            (1168, "FEHLER ( message:… )", Problem::NoElement),
            (33, "ERROR ( hresult:80070021, message:… )", Problem::Locked),
            (183, "ERROR ( message:… )", Problem::Duplicate),
            (
                1,
                "ERROR ( message:New application object missing required attributes. Cannot add duplicate collection entry of \
                 type 'application' with combined key attributes 'fullPath, arguments' )",
                Problem::Duplicate,
            ),
            (1, "ERROR ( message:Cannot find requested collection element. )", Problem::NoElement),
            (
                1,
                "ERROR ( message:Malformed collection indexer; format is [@position,name='value',…]. )",
                Problem::MalformedIndexer,
            ),
            (1, "ERROR ( message:Unknown config section \"system.webServer/fastCgi\". )", Problem::NoSection),
            (1, "ERROR ( message:Cannot find SITE object with identifier \"x\". )", Problem::NoObject),
            (1, "ERROR ( message:Unknown attribute \"maxInstance\". )", Problem::Attribute),
            (
                13,
                "ERROR ( message:Configuration error\nFilename: x\nLine Number: 7\nDescription: not well-formed )",
                Problem::BrokenConfiguration,
            ),
            (1062, "ERROR ( message:Der Dienst wurde nicht gestartet. )", Problem::AlreadySo),
            (1, "ERROR ( message:An instance of the service is already running. )", Problem::AlreadySo),
            (1, "something else", Problem::Other),
        ] {
            assert_eq!(Problem::of(code, said), problem, "{said}");
        }
    }
}
