//! Versions of PEP 440 in their one normal form, which file names are made of.

use std::fmt::Write as _;
use std::sync::LazyLock;

use regex::Regex;

/// A version in its normal form (PEP 440, "Normalization"); None when it is none.
pub(super) fn canonical(text: &str) -> Option<String> {
    static VERSION: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"(?xi) ^ v? (?:(?<epoch>[0-9]+)!)? (?<release>[0-9]+(?:\.[0-9]+)*)
            (?: [-_.]? (?<pre>alpha|beta|preview|pre|a|b|c|rc) [-_.]? (?<pren>[0-9]*) )?
            (?: -(?<postn1>[0-9]+) | [-_.]? (?<post>post|rev|r) [-_.]? (?<postn2>[0-9]*) )?
            (?: [-_.]? (?<dev>dev) [-_.]? (?<devn>[0-9]*) )?
            (?: \+ (?<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*) )? $",
        )
        .ok()
    });
    let found = VERSION.as_ref()?.captures(text.trim())?;
    let group = |name: &str| found.name(name).map(|group| group.as_str());
    let mut version = String::new();
    if let Some(epoch) = group("epoch").map(number).filter(|epoch| epoch != "0") {
        let _ = write!(version, "{epoch}!");
    }
    version += &group("release")?.split('.').map(number).collect::<Vec<_>>().join(".");
    if let Some(pre) = group("pre") {
        let kind = match pre.to_ascii_lowercase().as_str() {
            "a" | "alpha" => "a",
            "b" | "beta" => "b",
            _ => "rc",
        };
        let _ = write!(version, "{kind}{}", number(group("pren").unwrap_or_default()));
    }
    if let Some(post) = group("postn1").or_else(|| group("post").map(|_| group("postn2").unwrap_or_default()))
    {
        let _ = write!(version, ".post{}", number(post));
    }
    if group("dev").is_some() {
        let _ = write!(version, ".dev{}", number(group("devn").unwrap_or_default()));
    }
    if let Some(local) = group("local") {
        let part = |part: &str| {
            if part.bytes().all(|byte| byte.is_ascii_digit()) {
                number(part)
            } else {
                part.to_ascii_lowercase()
            }
        };
        let _ = write!(version, "+{}", local.split(['-', '_', '.']).map(part).collect::<Vec<_>>().join("."));
    }
    Some(version)
}

/// Whether two texts are the same version: releases are the same with and without zeros at their end.
pub(super) fn same(a: &str, b: &str) -> bool {
    match (canonical(a), canonical(b)) {
        (Some(a), Some(b)) => without_zeros(&a) == without_zeros(&b),
        _ => a == b,
    }
}

/// The normal form without the zeros at the end of the release.
fn without_zeros(version: &str) -> String {
    let start = version.find('!').map_or(0, |at| at + 1);
    let rest = &version[start..];
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    // `.post1` and `.dev1` bring a dot of their own.
    let release = rest[..end].trim_end_matches('.');
    let mut short = release;
    while let Some(shorter) = short.strip_suffix(".0") {
        short = shorter;
    }
    format!("{}{short}{}", &version[..start], &rest[release.len()..])
}

/// A number without the zeros in front of it.
fn number(text: &str) -> String {
    let digits = text.trim_start_matches('0');
    if digits.is_empty() { "0".into() } else { digits.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_a_version_become_one() {
        for (text, expected) in [
            ("1.0", "1.0"),
            ("v01.002", "1.2"),
            ("1.0-Alpha.1", "1.0a1"),
            ("1.0preview", "1.0rc0"),
            ("0!1.0-1", "1.0.post1"),
            ("2!1.0.rev", "2!1.0.post0"),
            ("1.0.DEV_07", "1.0.dev7"),
            ("1.0+Ubuntu-01.x", "1.0+ubuntu.1.x"),
            ("1.0rc1.post2.dev3", "1.0rc1.post2.dev3"),
        ] {
            assert_eq!(canonical(text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(canonical("1.0-x"), None);
        assert_eq!(canonical(""), None);
    }

    #[test]
    fn zeros_at_the_end_make_no_difference() {
        assert!(
            same("1.0", "1")
                && same("1.0.0rc1", "1rc1")
                && same("1.0.post1", "1.post1")
                && same("1!2.0", "1!2")
        );
        assert!(!same("1.0", "1.0.1") && !same("10", "1") && !same("x", "y"));
    }

    proptest! {
        #[test]
        fn the_normal_form_is_its_own(text in "v?[0-9!]{0,3}[0-9][0-9.]{0,6}(-?(a|rc|post|dev)[.]?[0-9]{0,3}){0,3}(\\+[a-z0-9.]{1,5})?") {
            if let Some(version) = canonical(&text) {
                prop_assert_eq!(canonical(&version), Some(version.clone()));
                prop_assert!(same(&version, &text));
            }
        }
    }
}
