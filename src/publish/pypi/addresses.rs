//! The public addresses of PyPI and `TestPyPI`, and what belongs to the address of an index.

use crate::http::Url;

/// The upload address of PyPI.
pub const PYPI: &str = "https://upload.pypi.org/legacy/";
/// The upload address of `TestPyPI`.
pub const TEST_PYPI: &str = "https://test.pypi.org/legacy/";

const PYPI_SITE: &str = "https://pypi.org/";
const PYPI_FILES: &str = "https://files.pythonhosted.org/packages/";
const TEST_PYPI_SITE: &str = "https://test.pypi.org/";
const TEST_PYPI_FILES: &str = "https://test-files.pythonhosted.org/packages/";

/// What is known of a public index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Public {
    upload: &'static str,
    site: &'static str,
    files: &'static str,
}

const ALL: [Public; 2] = [
    Public { upload: PYPI, site: PYPI_SITE, files: PYPI_FILES },
    Public { upload: TEST_PYPI, site: TEST_PYPI_SITE, files: TEST_PYPI_FILES },
];

fn public(upload: &Url) -> Option<Public> {
    ALL.into_iter().find(|known| Url::parse(known.upload).is_ok_and(|known| known.host() == upload.host()))
}

/// The upload address that a name of an index stands for.
pub fn of_name(name: &str) -> Option<&'static str> {
    match name {
        "pypi" => Some(PYPI),
        "testpypi" => Some(TEST_PYPI),
        _ => None,
    }
}

/// The address of the lists of files (PEP 503) that belongs to an upload address, when that is known.
pub(super) fn lists_of(upload: &Url) -> Option<Url> {
    Url::parse(public(upload)?.site).and_then(|site| site.join("simple/")).ok()
}

/// Where PyPI will have a file, by the path that its hash gives.
pub(super) fn file_of(upload: &Url, path: &str) -> Option<String> {
    Some(format!("{}{path}", public(upload)?.files))
}

/// Where an index answers for Trusted Publishing: the site of PyPI, else the host of the upload address.
pub(super) fn oidc_of(upload: &Url, endpoint: &str) -> Option<Url> {
    let site = public(upload).and_then(|known| Url::parse(known.site).ok()).unwrap_or_else(|| upload.clone());
    site.join("/_/oidc/").and_then(|base| base.join(endpoint)).ok()
}

/// Whether an index is one that takes attestations.
pub(super) fn is_public(upload: &Url) -> bool {
    public(upload).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_follow_from_the_upload_address() {
        let pypi = Url::parse(PYPI).unwrap();
        assert_eq!(lists_of(&pypi).unwrap().as_str(), "https://pypi.org/simple/");
        assert_eq!(oidc_of(&pypi, "audience").unwrap().as_str(), "https://pypi.org/_/oidc/audience");
        assert_eq!(file_of(&pypi, "b7/ce/1/a").unwrap(), "https://files.pythonhosted.org/packages/b7/ce/1/a");
        let own = Url::parse("http://127.0.0.1:3141/user/dev/").unwrap();
        assert_eq!((lists_of(&own), file_of(&own, "x")), (None, None));
        assert_eq!(oidc_of(&own, "mint-token").unwrap().as_str(), "http://127.0.0.1:3141/_/oidc/mint-token");
    }
}
