//! The states of application pools, between `appcmd.exe` and the web server: a file for each pool, with its state and how often
//! its processes had to end.

use std::path::{Path, PathBuf};

use super::{Refusal, refusal};

/// A pool as the web server sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pool {
    /// Whether it takes requests.
    pub(crate) runs: bool,
    /// Processes of another generation are to end.
    pub(crate) generation: u32,
}

fn file(configuration: &Path, name: &str) -> PathBuf {
    configuration.with_file_name("pools").join(name)
}

/// The state of a pool. One that nobody has touched runs.
pub(crate) fn state(configuration: &Path, name: &str) -> Pool {
    let text = std::fs::read_to_string(file(configuration, name)).unwrap_or_default();
    let mut words = text.split_whitespace();
    let runs = words.next() != Some("stopped");
    Pool { runs, generation: words.next().and_then(|number| number.parse().ok()).unwrap_or(0) }
}

/// Starts, stops or recycles a pool.
pub(super) fn change(configuration: &Path, name: &str, verb: &str) -> Result<(), Refusal> {
    let known = std::fs::read_to_string(configuration).unwrap_or_default();
    if name.is_empty() || !known.contains(&format!("name=\"{name}\"")) {
        return refusal(50, format!("message:Cannot find APPPOOL object with identifier \"{name}\"."));
    }
    let Pool { runs, generation } = state(configuration, name);
    let (runs, generation) = match (verb, runs) {
        ("start", false) => (true, generation),
        ("start", true) => return refusal(1056, "message:An instance of the service is already running."),
        ("stop", true) => (false, generation + 1),
        ("recycle", true) => (true, generation + 1),
        _ => return refusal(1062, "message:The service has not been started."),
    };
    let path = file(configuration, name);
    let _ = std::fs::create_dir_all(path.parent().unwrap_or(&path));
    let word = if runs { "started" } else { "stopped" };
    std::fs::write(&path, format!("{word} {generation}"))
        .map_err(|error| Refusal { message: format!("message:{error}"), code: 5 })
}
