//! Names and versions of distributions: how they are compared (PEP 503), and whether they are well-formed (PEP 440).

use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

/// A name as package indexes compare it (PEP 503): lower case, runs of `-`, `_` and `.` as one hyphen.
pub fn normalized_name(name: &str) -> String {
    let mut normalized = String::with_capacity(name.len());
    let mut separated = false;
    for character in name.chars() {
        if matches!(character, '-' | '_' | '.') {
            if !separated {
                normalized.push('-');
            }
            separated = true;
        } else {
            normalized.extend(character.to_lowercase());
            separated = false;
        }
    }
    normalized
}

/// Whether a name is one that package indexes take (core metadata, `Name`).
pub fn is_valid_name(name: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    edge(bytes.first()) && edge(bytes.last()) && bytes.iter().all(|&byte| inside(byte))
}

/// Whether a version is one of PEP 440, in any spelling that it accepts (its appendix B).
pub fn is_valid_version(version: &str) -> bool {
    static VERSION: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"(?xi) ^\s* v? (?:[0-9]+!)? [0-9]+(?:\.[0-9]+)*
            (?: [-_.]? (?:alpha|beta|preview|pre|a|b|c|rc) [-_.]? [0-9]* )?
            (?: -[0-9]+ | [-_.]? (?:post|rev|r) [-_.]? [0-9]* )?
            (?: [-_.]? dev [-_.]? [0-9]* )?
            (?: \+ [a-z0-9]+(?:[-_.][a-z0-9]+)* )? \s*$",
        )
        .ok()
    });
    VERSION.as_ref().is_some_and(|pattern| pattern.is_match(version))
}

/// The name of a project that has no metadata: that of its folder, as a name that package indexes take.
pub(super) fn name_from_folder(root: &Path) -> String {
    let folder = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let text = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mapped: String = text
        .chars()
        .map(|character| if character.is_ascii_alphanumeric() { character } else { '-' })
        .collect();
    let name = normalized_name(mapped.trim_matches('-'));
    if name.is_empty() { "app".into() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_compared_as_package_indexes_do() {
        for (name, normalized) in [
            ("Flask", "flask"),
            ("zope.interface", "zope-interface"),
            ("a-_.-b", "a-b"),
            ("My_App", "my-app"),
        ] {
            assert_eq!(normalized_name(name), normalized);
        }
    }

    #[test]
    fn versions_of_pep_440_are_valid_in_every_spelling() {
        for version in [
            "1",
            "0.0.0",
            "v1.0",
            "1.0a1",
            "1.0-alpha.1",
            "1!2.3.post4.dev5",
            "1.0-1",
            "2.0rc1+local.7",
            "1.0.DEV",
        ] {
            assert!(is_valid_version(version), "{version}");
        }
        for version in ["", "one", "1.0.", "1..0", "1.0+", "1.0-x", "%VERSION%", "1.0 beta two"] {
            assert!(!is_valid_version(version), "{version}");
        }
    }

    #[test]
    fn a_folder_without_metadata_gives_its_name() {
        assert_eq!(name_from_folder(Path::new("/no/such/My Web_App (old)")), "my-web-app-old");
        assert_eq!(name_from_folder(Path::new("/no/such/***")), "app");
    }

    proptest! {
        #[test]
        fn a_folder_always_gives_a_valid_name(folder in "[^/\0]{1,20}") {
            let name = name_from_folder(&Path::new("/no/such").join(folder));
            prop_assert!(is_valid_name(&name), "{}", name);
            prop_assert_eq!(normalized_name(&name), name);
        }
    }
}
