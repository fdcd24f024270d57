//! What is refused before anything is sent: names that GitHub would rewrite, sizes it does not take, tags that git does
//! not take. Pure.

use std::collections::HashSet;

use super::error::{Problem, Rule};
use crate::publish::Artifact;
use crate::secret::Secret;

/// The size, in bytes, that an asset must stay under: 2 GiB.
pub const MAX_ASSET_SIZE: u64 = 2 * 1024 * 1024 * 1024;
/// How many assets a release can have.
pub const MAX_ASSETS: usize = 1000;
/// How many characters the notes of a release can have.
pub const MAX_NOTES: usize = 125_000;

/// Checks the files of a release.
pub(super) fn artifacts(artifacts: &[Artifact]) -> Result<(), Problem> {
    let refused = |name: &str, rule| Problem::Asset { name: name.to_owned(), rule };
    let mut seen = HashSet::new();
    for artifact in artifacts {
        let name = artifact.name.as_str();
        if let Some(rule) = name_fault(name) {
            return Err(refused(name, rule));
        }
        if !seen.insert(name.to_lowercase()) {
            return Err(refused(name, Rule::Twice));
        }
        if artifact.size >= MAX_ASSET_SIZE {
            return Err(refused(name, Rule::TooLarge { size: artifact.size }));
        }
        if artifact.size == 0 {
            return Err(refused(name, Rule::Empty));
        }
    }
    if artifacts.len() > MAX_ASSETS {
        return Err(Problem::TooMany { count: artifacts.len() });
    }
    Ok(())
}

/// What keeps a name from being that of an asset, as it is.
pub(super) fn name_fault(name: &str) -> Option<Rule> {
    let foreign = name.chars().find(|&c| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')));
    if let Some(character) = foreign {
        return Some(Rule::Character { character });
    }
    (name.is_empty() || name.starts_with('.') || name.ends_with('.')).then_some(Rule::Period)
}

/// Checks `OWNER/NAME`.
pub(super) fn repository(repository: &str) -> Result<(), Problem> {
    let plain = |part: &str| {
        !part.is_empty()
            && part != "."
            && part != ".."
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
    };
    match repository.split_once('/') {
        Some((owner, name)) if plain(owner) && plain(name) => Ok(()),
        _ => Err(Problem::Repository { repository: repository.to_owned() }),
    }
}

/// Checks a tag by the rules of `git check-ref-format`.
pub(super) fn tag(tag: &str) -> Result<(), Problem> {
    let reason = if tag.is_empty() {
        "it is empty"
    } else if tag.chars().any(|c| c.is_control() || c.is_whitespace() || "~^:?*[\\".contains(c)) {
        "it holds a blank or one of `~^:?*[\\`"
    } else if tag.contains("..") || tag.contains("@{") || tag == "@" {
        "it holds `..` or `@{`"
    } else if tag
        .split('/')
        .any(|part| part.is_empty() || part.starts_with('.') || part.strip_suffix(".lock").is_some())
    {
        "a part of it is empty, begins with a period or ends with `.lock`"
    } else if tag.ends_with('.') || tag.starts_with('-') {
        "it ends with a period or begins with `-`"
    } else {
        return Ok(());
    };
    Err(Problem::Tag { tag: tag.to_owned(), reason })
}

/// Checks that a token can stand in a header. The token itself is in no message.
pub(super) fn token(token: &Secret) -> Result<(), Problem> {
    if token.is_empty() {
        return Err(Problem::TokenMissing);
    }
    if token.reveal().chars().all(|c| c.is_ascii_graphic()) {
        return Ok(());
    }
    let origin = "the environment or its file".to_owned();
    Err(Problem::Token { origin, reason: "it holds a blank, a line break or a character outside of ASCII" })
}

/// Checks the address of the API: a token goes there, so it is encrypted unless it stays on this machine.
pub(super) fn api_url(url: &str) -> Result<(), Problem> {
    let reason = match crate::uri::fault(url) {
        Some(reason) => reason,
        None if url.contains(['?', '#']) => "it has a query or a fragment",
        None if is_safe(url) => return Ok(()),
        None => "a token would travel to another machine without encryption",
    };
    Err(Problem::ApiUrl { url: url.to_owned(), reason })
}

/// Whether a token may be sent to this address.
pub(super) fn is_safe(url: &str) -> bool {
    let lower = url.to_ascii_lowercase();
    if lower.starts_with("https://") {
        return true;
    }
    let Some(rest) = lower.strip_prefix("http://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, _)) if !authority.ends_with(']') => host,
        _ => authority,
    };
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_github_would_rewrite_are_refused() {
        for name in ["shop-1.0.msdeploy.zip", "A_b-c.D"] {
            assert_eq!(name_fault(name), None, "{name}");
        }
        for name in ["a b", "a+b", "a~b", "a(b)", "ä", "a:b", "a/b", "a&b", ".a", "a.", ""] {
            assert!(name_fault(name).is_some(), "{name}");
        }
    }

    #[test]
    fn tags_follow_git() {
        for good in ["v1.0", "shop/v1.0", "1.0-rc.1", "v1+local"] {
            assert!(tag(good).is_ok(), "{good}");
        }
        for bad in ["", "a b", "a..b", "a~1", "x.lock", "a//b", "/a", "a/", "-x", "a.", "a:b", "@", ".a"] {
            assert!(tag(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_token_travels_encrypted_or_stays_here() {
        for good in [
            "https://api.github.com",
            "https://ghe.example/api/v3",
            "http://127.0.0.1:4100",
            "http://[::1]:1",
        ] {
            assert!(api_url(good).is_ok(), "{good}");
        }
        for bad in [
            "http://ghe.example/api/v3",
            "http://localhost.example",
            "http://127.0.0.1.example",
            "ftp://x",
            "api.github.com",
            "https://user@x",
            "https://x/?a",
        ] {
            assert!(api_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_repository_has_an_owner_and_a_name() {
        assert!(repository("o/n.x_-1").is_ok());
        for bad in ["", "o", "o/", "/n", "o/n/x", "o/..", "o/n?x", "https://github.com/o/n"] {
            assert!(repository(bad).is_err(), "{bad}");
        }
    }
}
