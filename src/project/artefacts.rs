//! What never belongs into a package by itself: what tools leave behind, and secrets.

/// Why a name is left out unless the configuration includes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// Tools make it again.
    Artefact,
    /// It would give a secret to everybody who has the package.
    Secret,
}

/// Folders that tools fill, wherever they are.
const FOLDERS: [&str; 21] = [
    "__pycache__",
    "__pypackages__",
    "node_modules",
    "bower_components",
    ".tox",
    ".nox",
    ".eggs",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".pytype",
    ".hypothesis",
    ".ipynb_checkpoints",
    ".cache",
    ".direnv",
    ".idea",
    ".vscode",
    ".vs",
    ".bzr",
    "CVS",
    "htmlcov",
];

/// Files that tools leave, wherever they are.
const FILES: [&str; 9] = [
    ".DS_Store",
    "Thumbs.db",
    "desktop.ini",
    ".coverage",
    ".gitignore",
    ".gitattributes",
    ".gitmodules",
    ".hgignore",
    ".hgtags",
];

/// How the names of files end that tools leave.
const ENDINGS: [&str; 6] = [".pyc", ".pyo", ".swp", ".swo", "~", ".egg-link"];

/// Files that hold nothing but secrets.
const SECRETS: [&str; 9] = [
    ".pypirc",
    ".netrc",
    "_netrc",
    ".git-credentials",
    ".htpasswd",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
];

/// Whether a name never ships, whatever the configuration says: the data of version control.
pub(super) fn is_version_control(name: &str) -> bool {
    matches!(name, ".git" | ".hg" | ".svn")
}

/// Why a folder is left out, by its name and whether it stands in the project's folder or in `src`.
pub(super) fn of_folder(name: &str, at_top: bool) -> Option<Reason> {
    let artefact = FOLDERS.contains(&name) || (at_top && name.ends_with(".egg-info"));
    artefact.then_some(Reason::Artefact)
}

/// Why a file is left out, by its name.
pub(super) fn of_file(name: &str) -> Option<Reason> {
    if FILES.contains(&name) || ENDINGS.iter().any(|ending| name.ends_with(ending)) {
        return Some(Reason::Artefact);
    }
    is_secret(name).then_some(Reason::Secret)
}

/// Whether a folder is what a tool fills, by the names in it: a virtual environment, a cache (CACHEDIR.TAG).
pub(super) fn is_marked(has: impl Fn(&str) -> bool) -> bool {
    ["pyvenv.cfg", "conda-meta", "CACHEDIR.TAG"].into_iter().any(has)
}

/// Whether a file may hold a private key, so that it is worth a look.
pub(super) fn may_hold_key(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".pem", ".key"].iter().any(|ending| name.ends_with(ending))
}

/// Whether the beginning of a file is that of a private key (RFC 7468).
pub(super) fn holds_key(beginning: &[u8]) -> bool {
    let text = String::from_utf8_lossy(beginning);
    text.contains("-----BEGIN ") && text.contains("PRIVATE KEY-----")
}

fn is_secret(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let environment = lower == ".env"
        || lower.strip_prefix(".env.").is_some_and(|kind| {
            !["example", "sample", "template", "dist", "default", "defaults"].contains(&kind)
        });
    environment
        || SECRETS.contains(&lower.as_str())
        || [".pfx", ".p12"].iter().any(|ending| lower.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_from_their_examples() {
        for name in [".env", ".env.production", "ID_RSA", "site.pfx", ".pypirc"] {
            assert_eq!(of_file(name), Some(Reason::Secret), "{name}");
        }
        for name in [".env.example", ".envrc.py", "env", ".flaskenv", "key.py"] {
            assert_eq!(of_file(name), None, "{name}");
        }
        assert!(holds_key(b"-----BEGIN RSA PRIVATE KEY-----\nMII"));
        assert!(!holds_key(b"-----BEGIN CERTIFICATE-----\nMII"));
    }

    #[test]
    fn egg_info_of_bundled_eggs_stays() {
        assert_eq!(of_folder("app.egg-info", true), Some(Reason::Artefact));
        assert_eq!(of_folder("app.egg-info", false), None);
    }
}
