//! The rights of an application pool on folders, by `icacls.exe`.
//!
//! IIS runs an application as `IIS AppPool\NAME`, an account that exists as long as the pool does. Without the right to
//! read and execute the application and its Python, the process ends before it can say a word.
//!
//! See <https://learn.microsoft.com/iis/manage/configuring-security/application-pool-identities>.

mod account;
mod descriptor;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub use account::Account;

use crate::files;
use crate::process::{self, Program, Runner};
use crate::template::Variables;

/// A right that was given.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Grant {
    /// The folder; what is in it inherits the right.
    pub folder: PathBuf,
    /// Who got it, as `icacls` takes it.
    pub identity: String,
}

/// The command that gives the right, for people.
pub fn grant_command(folder: &Path, account: &Account) -> String {
    format!("icacls \"{}\" /grant \"{}:(OI)(CI)(RX)\"", folder.display(), account.for_icacls())
}

/// `icacls.exe` of this machine.
#[derive(Clone)]
pub struct Icacls<'a> {
    program: PathBuf,
    runner: &'a dyn Runner,
}

impl<'a> Icacls<'a> {
    /// Finds it: in the folder of Windows, else on PATH.
    pub fn find(variables: &Variables, runner: &'a dyn Runner) -> Option<Self> {
        let system =
            variables.get("windir").map(|windir| Path::new(windir).join("System32").join("icacls.exe"));
        let program = system.filter(|path| path.is_file()).or_else(|| runner.find("icacls"))?;
        Some(Self { program, runner })
    }

    /// Gives read and execute on a folder and all that is in it. False when the account had them before by its own name: those
    /// of a group may go any day.
    ///
    /// # Errors
    /// `icacls.exe` refuses, as it does to somebody who does not own the folder.
    pub fn grant(&self, folder: &Path, account: &Account) -> Result<bool, process::Error> {
        if self.lets(folder, &account.alone())? {
            return Ok(false);
        }
        self.run(folder, ["/grant".to_owned(), format!("{}:(OI)(CI)(RX)", account.for_icacls())])?;
        Ok(true)
    }

    /// Whether an account, or one of the groups that it is in, may read and execute.
    ///
    /// # Errors
    /// The path is not there or may not be looked at.
    pub fn lets(&self, path: &Path, account: &Account) -> Result<bool, process::Error> {
        // Names of groups are those of the system's language: the security descriptor has numbers.
        match self.descriptor(path) {
            Some(descriptor) if account.has_sid() => Ok(descriptor::allows(&descriptor, account.sids())),
            Some(descriptor) if descriptor::allows(&descriptor, account.sids()) => Ok(true),
            _ => Ok(allows(&self.list(path)?, account.names())),
        }
    }

    /// The security descriptor; none from an `icacls` that saves none.
    fn descriptor(&self, path: &Path) -> Option<String> {
        let folder = tempfile::tempdir().ok()?;
        let file = folder.path().join("acl");
        self.run(path, ["/save".to_owned(), file.to_string_lossy().into_owned()]).ok()?;
        descriptor::of_saved(&files::read(&file).ok()?)
    }

    /// Lets administrators and the system alone change a folder, and everybody else read it.
    ///
    /// # Errors
    /// As [`Icacls::grant`].
    pub fn protect(&self, folder: &Path) -> Result<(), process::Error> {
        let grants = [("S-1-5-32-544", "F"), ("S-1-5-18", "F"), ("S-1-5-32-545", "RX")]
            .map(|(who, right)| ["/grant:r".to_owned(), format!("*{who}:(OI)(CI)({right})")]);
        let words = std::iter::once("/inheritance:r".to_owned()).chain(grants.into_iter().flatten());
        self.run(folder, words).map(drop)
    }

    /// Gives a right as `icacls` writes it (`RX`, `M`, `F`) on a file or folder and all that is in it.
    ///
    /// # Errors
    /// As [`Icacls::grant`].
    pub fn give(&self, path: &Path, identity: &str, right: &str) -> Result<(), process::Error> {
        let inherited = if path.is_dir() { "(OI)(CI)" } else { "" };
        self.run(path, ["/grant".to_owned(), format!("{identity}:{inherited}({right})")])?;
        Ok(())
    }

    /// Takes away what was given.
    ///
    /// # Errors
    /// As [`Icacls::grant`].
    pub fn revoke(&self, grant: &Grant) -> Result<(), process::Error> {
        self.run(&grant.folder, ["/remove:g".to_owned(), grant.identity.clone()])?;
        Ok(())
    }

    fn list(&self, path: &Path) -> Result<String, process::Error> {
        self.run(path, [])
    }

    fn run(
        &self,
        path: &Path,
        arguments: impl IntoIterator<Item = String>,
    ) -> Result<String, process::Error> {
        let program =
            Program::new("icacls", &self.program).arg(path).args(arguments).timeout(Duration::from_secs(300));
        Ok(self.runner.run(&program)?.stdout_text())
    }
}

/// Whether what `icacls` says of a path lets one of these read and execute. A refusal to one of them counts.
fn allows<S: AsRef<str>>(listing: &str, identities: &[S]) -> bool {
    let entry = |line: &str| {
        let lower = line.to_lowercase();
        identities.iter().find_map(|identity| {
            let at = lower.find(&format!("{}:", identity.as_ref().to_lowercase()))?;
            // The path stands before the first entry, and a name may end as another does.
            let before = lower[..at].chars().next_back();
            before
                .is_none_or(char::is_whitespace)
                .then(|| line[at + identity.as_ref().len() + 1..].to_owned())
        })
    };
    let entries: Vec<String> = listing.lines().filter_map(entry).collect();
    let rights = |entry: &str| {
        let words: Vec<String> =
            entry.split(['(', ')', ',']).map(|word| word.trim().to_uppercase()).collect();
        let has = |word: &str| words.iter().any(|other| other == word);
        (has("DENY") || has("N"), has("RX") || has("F") || has("M") || has("GA") || (has("GR") && has("GE")))
    };
    let denied = entries.iter().any(|entry| rights(entry).0);
    !denied && entries.iter().any(|entry| rights(entry).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTING: &str = "C:\\inetpub\\hello IIS AppPool\\hello:(OI)(CI)(RX)\n                  \
                           BUILTIN\\IIS_IUSRS:(I)(RX)\n                  NT AUTHORITY\\SYSTEM:(I)(OI)(CI)(F)\n\n\
                           Successfully processed 1 files; Failed processing 0 files\n";

    #[test]
    fn rights_are_read_from_a_listing() {
        assert!(allows(LISTING, Account::of_pool("HELLO").alone().names()));
        assert!(allows(LISTING, Account::of_pool("other").names()), "by the group");
        assert!(!allows(LISTING, &[r"IIS AppPool\hell", r"Pool\hello"]));
        assert!(allows("x CREATOR:(OI)(CI)(M,DC)", &["CREATOR"]));
    }

    #[test]
    fn a_right_to_write_alone_or_a_refusal_is_none() {
        assert!(!allows("x Everyone:(W)", &["Everyone"]));
        assert!(!allows("x Everyone:(RX)\n  IIS AppPool\\a:(DENY)(RX)", Account::of_pool("a").names()));
    }
}
