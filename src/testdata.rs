//! Where tests find the real files that are not part of this repository.

use std::path::PathBuf;

/// The folder with real packages, feeds and option blobs: `IISWSGI_TEST_DATA`, else `../shared/data` beside the
/// checkout. None, with a line on stderr, when it is not there: the test then has nothing to look at.
#[expect(clippy::print_stderr, reason = "a test that has nothing to look at says so")]
#[expect(clippy::disallowed_methods, reason = "tests are told their data by the environment")]
pub(crate) fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("IISWSGI_TEST_DATA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no shared test data at {}", folder.display());
    None
}
