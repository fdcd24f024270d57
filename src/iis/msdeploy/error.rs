//! Why Web Deploy did not do what it was asked. Its faults have names, `ERROR_…`, which stand in its output whatever the
//! system's language.

use crate::error::{ExitCode, Failure};
use crate::{files, process};

/// How a line begins that tells of an error, in the languages that Web Deploy speaks.
const ERRORS: [&str; 9] = ["Error", "Fehler", "Erreur", "Errore", "Erro", "Ошибка", "エラー", "错误", "오류"];

/// Why a deployment failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of ours could not be written.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// `msdeploy.exe` could not be run.
    #[error(transparent)]
    Process(#[from] process::Error),
    /// A value cannot be written into its command line.
    #[error("`{value}` has both kinds of quotes in it, which the command line of `msdeploy.exe` cannot hold")]
    Quotes {
        /// The value.
        value: String,
    },
    /// It failed.
    #[error("Web Deploy failed{} (exit code {code})\n{said}", fault.named())]
    Failed {
        /// What kind of fault it is.
        fault: Fault,
        /// The exit code of `msdeploy.exe`; 0 when it told of errors and called that success.
        code: i32,
        /// What it said.
        said: String,
        /// The command line.
        command: String,
    },
}

macro_rules! faults {
    ($($(#[doc = $doc:literal])+ $fault:ident = $name:literal => $hint:literal;)*) => {
        /// The kinds of faults that have a name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Fault {
            $($(#[doc = $doc])+ $fault,)*
            /// Anything else.
            Other,
        }

        impl Fault {
            /// All names, as Web Deploy writes them.
            const NAMES: &[(Self, &'static str)] = &[$((Self::$fault, $name),)*];

            fn hint(self) -> Option<&'static str> {
                match self {
                    $(Self::$fault => Some($hint),)*
                    Self::Other => None,
                }
            }
        }
    };
}

faults! {
    /// A file at the destination is open.
    FileInUse = "ERROR_FILE_IN_USE" =>
        "Something holds a file open for longer than all tries took. Stop the application pool, deploy, and start it again.";
    /// The name or the password is wrong, or the user may not deploy to the site.
    Unauthorized = "ERROR_USER_UNAUTHORIZED" =>
        "Check the user and IISWSGI_DEPLOY_PASSWORD, and that the user may deploy to the site (IIS Manager Permissions); a \
         Windows user may need --auth-type NTLM.";
    /// The user is no administrator where one is needed.
    NotAdmin = "ERROR_USER_NOT_ADMIN" =>
        "A change of the whole server needs an administrator: use an elevated prompt, or deploy to a site with its own user.";
    /// The server's certificate is not trusted.
    Certificate = "ERROR_CERTIFICATE_VALIDATION_FAILED" =>
        "The certificate of the Web Management Service is its own by default. Give the server a real one, or use \
         --allow-untrusted when you know the network.";
    /// Nobody answers.
    NotReachable = "ERROR_DESTINATION_NOT_REACHABLE" =>
        "Check the name, the firewall (port 8172), and that the Web Management Service runs on the server.";
    /// Nobody answers.
    NoService = "ERROR_COULD_NOT_CONNECT_TO_REMOTESVC" =>
        "Check the name, the firewall (port 8172), and that the Web Management Service runs on the server.";
    /// There is no such site.
    NoSite = "ERROR_SITE_DOES_NOT_EXIST" =>
        "Make the site first, or correct the parameter `IIS Web Application Name`.";
    /// The user of the service may not write the site's folder.
    SiteFolder = "ERROR_INSUFFICIENT_ACCESS_TO_SITE_FOLDER" =>
        "The account of the Web Management Service (or its delegation rule) needs the right to modify the site's folder.";
    /// The rules of the server forbid the provider.
    Delegation = "ERROR_PROVIDER_NOT_ALLOWED" =>
        "The server's delegation rules do not allow a provider of this package, often `runCommand`. The server's \
         administrator can add a rule for it in IIS Manager (Management Service Delegation).";
    /// The server has no Web Deploy of this version.
    Version = "ERROR_VERSION_NOT_SUPPORTED" =>
        "Client and server have versions of Web Deploy that do not know each other: install the same on both.";
    /// The command of the package failed.
    RunCommand = "ERROR_RUNCOMMAND" =>
        "The package's command failed on the server; its output stands above. It can be run again there by hand.";
}

impl Fault {
    /// The fault in what `msdeploy.exe` left behind; none when it succeeded. It has been seen to end with 0 after errors.
    pub fn of(code: i32, said: &str) -> Option<Self> {
        let has_errors = said.lines().any(|line| {
            let line = line.trim_start();
            ERRORS
                .iter()
                .any(|word| line.strip_prefix(word).is_some_and(|rest| rest.trim_start().starts_with(':')))
                || line.starts_with("Error Code:")
                || line.starts_with("Error count:") && !line.ends_with(" 0.")
        });
        if code == 0 && !has_errors {
            return None;
        }
        // One name may be the beginning of another.
        let named =
            Self::NAMES.iter().filter(|(_, name)| said.contains(name)).max_by_key(|(_, name)| name.len());
        let in_use = || {
            let said = said.to_lowercase();
            said.contains("being used by another process") || said.contains("locked by an external process")
        };
        Some(named.map_or_else(|| if in_use() { Self::FileInUse } else { Self::Other }, |(fault, _)| *fault))
    }

    fn named(self) -> String {
        let name = Self::NAMES.iter().find(|(fault, _)| *fault == self);
        name.map(|(_, name)| format!(" with {name}")).unwrap_or_default()
    }
}

impl Failure for Error {
    fn passed_on(&self) -> Option<&dyn Failure> {
        match self {
            Self::Files(error) => Some(error),
            Self::Process(error) => Some(error),
            Self::Quotes { .. } | Self::Failed { .. } => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Quotes { .. } => Some("Use another name for the file or folder.".into()),
            Self::Failed { fault, command, .. } => {
                Some(fault.hint().map_or_else(|| format!("The command was: {command}"), str::to_owned))
            }
            other => other.passed_on().and_then(Failure::hint),
        }
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Quotes { .. } => ExitCode::Usage,
            other => other.passed_on().map_or(ExitCode::Failed, Failure::exit_code),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_is_believed_only_without_errors() {
        assert_eq!(Fault::of(0, "Info: Adding x\nTotal changes: 1 (1 added)"), None);
        assert_eq!(
            Fault::of(0, "Error: The process terminated with code 1\nTotal changes: 1"),
            Some(Fault::Other)
        );
        assert_eq!(Fault::of(0, "Fehler: x\nÄnderungen insgesamt: 1"), Some(Fault::Other));
        assert_eq!(Fault::of(0, "Erreur : x"), Some(Fault::Other));
        assert_eq!(Fault::of(0, "Info: Adding file (x\\Error).\nTotal changes: 1"), None);
        assert_eq!(Fault::of(-1, ""), Some(Fault::Other));
        assert_eq!(
            Fault::of(-1, "Error Code: ERROR_USER_UNAUTHORIZED\nMore Information: …"),
            Some(Fault::Unauthorized)
        );
        assert_eq!(
            Fault::of(-1, "Error: the file x is being used by another process."),
            Some(Fault::FileInUse)
        );
    }
}
