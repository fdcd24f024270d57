//! Distributions that are installed for a Python, as that Python knows them. What a project itself is, is in the
//! modules beside.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::{Metadata, pkg_info};
use crate::process::{Error, Program, Runner};

/// Prints the metadata (`METADATA` or `PKG-INFO`) of each name that is installed. Nothing of these distributions is run,
/// but for what they let Python run at every start.
const PROGRAM: &str = "\
import importlib.metadata, json, sys
found = {}
for name in sys.argv[1:]:
    try:
        distribution = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        continue
    text = distribution.read_text('METADATA') or distribution.read_text('PKG-INFO')
    if text:
        found[name] = text
print(json.dumps(found))
";

/// The metadata of those of these distributions that are installed for a Python, by the name that was asked for.
///
/// # Errors
/// Python cannot be started, does not end in time, or fails.
pub fn installed(
    python: &Path,
    names: &[&str],
    runner: &dyn Runner,
) -> Result<BTreeMap<String, Metadata>, Error> {
    let program = Program::new("reading what is installed", python)
        .args(["-I", "-B", "-W", "ignore", "-c", PROGRAM])
        .args(names.iter().copied())
        .timeout(Duration::from_secs(60));
    let output = runner.run(&program)?;
    let texts: BTreeMap<String, String> = serde_json::from_str(&output.stdout_text()).unwrap_or_default();
    let metadata = |(name, text): (String, String)| {
        let metadata = pkg_info::read(Path::new("METADATA"), &text).into_metadata();
        (name, metadata)
    };
    Ok(texts.into_iter().map(metadata).collect())
}
