//! Whom an application pool runs as.
//!
//! Usually an account of the pool's own, `IIS AppPool\NAME`; `processModel/identityType` may say another. Names of accounts are those
//! of the system's language, numbers (SIDs) are not.
//!
//! See <https://learn.microsoft.com/iis/manage/configuring-security/application-pool-identities> and "Well-known SIDs".

use std::fmt;

use crate::digest::Digests;

/// Groups that every account of a pool is in: `IIS_IUSRS`, `Users`, `Authenticated Users`, `Everyone`.
const GROUPS: [(&str, &str); 4] = [
    (r"BUILTIN\IIS_IUSRS", "S-1-5-32-568"),
    (r"BUILTIN\Users", "S-1-5-32-545"),
    (r"NT AUTHORITY\Authenticated Users", "S-1-5-11"),
    ("Everyone", "S-1-1-0"),
];

/// An account, with the groups that it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    name: String,
    for_icacls: String,
    names: Vec<String>,
    sids: Vec<String>,
}

impl Account {
    /// The account of a pool's own.
    pub fn of_pool(pool: &str) -> Self {
        let name = format!(r"IIS AppPool\{pool}");
        Self::new(name.clone(), name, Some(sid_of_pool(pool)))
    }

    /// What `processModel` of a pool says: `identityType`, and `userName` for a user.
    pub fn of_identity(pool: &str, identity_type: &str, user: &str) -> Self {
        let of_system =
            |name: &str, sid: &str| Self::new(name.to_owned(), format!("*{sid}"), Some(sid.to_owned()));
        match identity_type.to_ascii_lowercase().as_str() {
            "networkservice" | "2" => of_system(r"NT AUTHORITY\NETWORK SERVICE", "S-1-5-20"),
            "localservice" | "1" => of_system(r"NT AUTHORITY\LOCAL SERVICE", "S-1-5-19"),
            "localsystem" | "0" => of_system(r"NT AUTHORITY\SYSTEM", "S-1-5-18"),
            "specificuser" | "3" if !user.is_empty() => Self::new(user.to_owned(), user.to_owned(), None),
            _ => Self::of_pool(pool),
        }
    }

    fn new(name: String, for_icacls: String, sid: Option<String>) -> Self {
        let groups = GROUPS.map(|(name, sid)| (name.to_owned(), sid.to_owned()));
        let names = std::iter::once(name.clone()).chain(groups.iter().map(|(name, _)| name.clone()));
        let sids = sid.into_iter().chain(groups.iter().map(|(_, sid)| sid.clone()));
        Self { names: names.collect(), sids: sids.collect(), name, for_icacls }
    }

    /// The same without its groups.
    #[must_use]
    pub fn alone(&self) -> Self {
        let is_known = self.sids.len() > GROUPS.len();
        let sids = self.sids.iter().take(usize::from(is_known)).cloned().collect();
        Self { names: vec![self.name.clone()], sids, ..self.clone() }
    }

    /// As `icacls` takes it: a name, or a number with an asterisk for those whose name is another in each language.
    pub fn for_icacls(&self) -> &str {
        &self.for_icacls
    }

    /// Its name and those of its groups, in English.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Its number and those of its groups. That of a user is not known.
    pub fn sids(&self) -> &[String] {
        &self.sids
    }

    /// Whether its own number is known.
    pub fn has_sid(&self) -> bool {
        self.sids.len() != GROUPS.len() && !self.sids.is_empty()
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// The number of a pool's account: five 32-bit numbers, the SHA-1 of the pool's name in lower case as UTF-16.
fn sid_of_pool(pool: &str) -> String {
    let bytes: Vec<u8> = pool.to_lowercase().encode_utf16().flat_map(u16::to_le_bytes).collect();
    let digest = Digests::of(&bytes).sha1;
    let (numbers, _) = digest.as_chunks::<4>();
    numbers.iter().fold("S-1-5-82".to_owned(), |sid, number| format!("{sid}-{}", u32::from_le_bytes(*number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_has_the_number_that_windows_gives_it() {
        let sid = "S-1-5-82-3006700770-424185619-1745488364-794895919-4004696415";
        assert_eq!(Account::of_pool("DefaultAppPool").alone().sids(), [sid]);
        assert_eq!(Account::of_pool("defaultapppool").sids()[0], sid);
    }

    #[test]
    fn a_pool_may_run_as_somebody_else() {
        let of = |kind: &str, user: &str| Account::of_identity("shop", kind, user).for_icacls().to_owned();
        assert_eq!(of("ApplicationPoolIdentity", "ignored"), r"IIS AppPool\shop");
        assert_eq!(of("NetworkService", ""), "*S-1-5-20");
        assert_eq!(of("SpecificUser", r"CORP\web"), r"CORP\web");
        let user = Account::of_identity("shop", "SpecificUser", r"CORP\web");
        assert!(!user.has_sid() && !user.alone().has_sid() && Account::of_pool("a").alone().has_sid());
    }
}
