//! The rights of an application pool on folders, by `icacls.exe`.
//!
//! IIS runs an application as `IIS AppPool\NAME`, an account that exists as long as the pool does. Without the right to
//! read and execute the application and its Python, the process ends before it can say a word.
//!
//! See <https://learn.microsoft.com/iis/manage/configuring-security/application-pool-identities>.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::process::{self, Program, Runner};
use crate::template::Variables;

/// A right that was given.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Grant {
    /// The folder; what is in it inherits the right.
    pub folder: PathBuf,
    /// Who got it.
    pub identity: String,
}

/// The account that an application pool runs as, unless somebody has given it another.
pub fn identity(pool: &str) -> String {
    format!(r"IIS AppPool\{pool}")
}

/// The command that gives the right, for people.
pub fn grant_command(folder: &Path, identity: &str) -> String {
    format!("icacls \"{}\" /grant \"{identity}:(OI)(CI)(RX)\"", folder.display())
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

    /// Gives read and execute on a folder and all that is in it. False when it was given before.
    ///
    /// # Errors
    /// `icacls.exe` refuses, as it does to somebody who does not own the folder.
    pub fn grant(&self, grant: &Grant) -> Result<bool, process::Error> {
        if allows(&self.list(&grant.folder)?, &[&grant.identity]) {
            return Ok(false);
        }
        self.run(&grant.folder, ["/grant".to_owned(), format!("{}:(OI)(CI)(RX)", grant.identity)])?;
        Ok(true)
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

    /// What it says of a folder or file.
    ///
    /// # Errors
    /// The file is not there or may not be looked at.
    pub fn list(&self, path: &Path) -> Result<String, process::Error> {
        self.run(path, [])
    }

    fn run<const N: usize>(&self, path: &Path, arguments: [String; N]) -> Result<String, process::Error> {
        let program =
            Program::new("icacls", &self.program).arg(path).args(arguments).timeout(Duration::from_secs(300));
        Ok(self.runner.run(&program)?.stdout_text())
    }
}

/// Everybody whose rights an application pool's identity has as well.
pub fn groups_of(pool: &str) -> Vec<String> {
    [
        identity(pool),
        r"BUILTIN\IIS_IUSRS".into(),
        r"BUILTIN\Users".into(),
        r"NT AUTHORITY\Authenticated Users".into(),
        "Everyone".into(),
    ]
    .into()
}

/// Whether what `icacls` says of a path lets one of these read and execute. A refusal to one of them counts.
pub fn allows<S: AsRef<str>>(listing: &str, identities: &[S]) -> bool {
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
        assert!(allows(LISTING, &[r"iis apppool\HELLO"]));
        assert!(allows(LISTING, &groups_of("other")), "by the group");
        assert!(!allows(LISTING, &[r"IIS AppPool\hell", r"Pool\hello"]));
        assert!(allows("x CREATOR:(OI)(CI)(M,DC)", &["CREATOR"]));
    }

    #[test]
    fn a_right_to_write_alone_or_a_refusal_is_none() {
        assert!(!allows("x Everyone:(W)", &["Everyone"]));
        assert!(!allows("x Everyone:(RX)\n  IIS AppPool\\a:(DENY)(RX)", &groups_of("a")));
    }
}
