//! `--watch`: the project is built and installed again when one of its files changes.
//!
//! Files are looked at by their times and sizes, twice a second: that works on every file system, in containers and on
//! shares too, where notifications do not. What version control ignores does not count, nor what we write ourselves.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::runtime::Runtime;

use super::source::Source;
use crate::cli::session::{Session, print};
use crate::event::{Observer as _, Severity};
use crate::iis::server::listener::Site;

/// How often the files are looked at.
const GLANCE: Duration = Duration::from_millis(500);
/// How long they must have been left alone before anything is built.
const QUIET: Duration = Duration::from_millis(300);
/// Folders that are nobody's sources.
const IGNORED: [&str; 8] =
    [".git", ".hg", ".iiswsgi", ".venv", "venv", "node_modules", "__pycache__", "dist"];

type Snapshot = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

/// Watches until the user wants it to end.
pub(super) fn watch(source: &Source, site: &Arc<Site>, runtime: &Runtime, session: &Session) {
    let roots = source.roots();
    let mut known = snapshot(&roots);
    session.observer.message(Severity::Info, "Watching for changes.");
    while !session.interrupt.is_requested() {
        std::thread::sleep(GLANCE);
        let mut now = snapshot(&roots);
        if now == known {
            continue;
        }
        // An editor or `git checkout` writes more than one file.
        loop {
            std::thread::sleep(QUIET);
            let later = snapshot(&roots);
            if later == now || session.interrupt.is_requested() {
                break;
            }
            now = later;
        }
        print(&format!("Changed: {}", changed(&known, &now)));
        known = now;
        again(source, site, runtime, session);
    }
}

/// Builds and installs again; what was served stays when that fails.
fn again(source: &Source, site: &Site, runtime: &Runtime, session: &Session) {
    let begun = Instant::now();
    // The time of waiting is no time of work, and an error that was told for the last change is told for this one too.
    session.start_over();
    let ready = match source.install(session) {
        Ok(Ok(ready)) => ready,
        Ok(Err(_)) => {
            print("The last good version stays.");
            return;
        }
        Err(failure) => {
            session.tell(&*failure);
            print("The last good version stays.");
            return;
        }
    };
    for hosted in ready.applications {
        // Requests that are on their way end with the old processes.
        if let Some(old) = site.host(hosted) {
            runtime.spawn_blocking(move || {
                old.served.recycle();
                std::thread::sleep(Duration::from_secs(5));
                old.served.stop();
            });
        }
    }
    runtime.block_on(super::warm_up(site, session));
    print(&format!("Installed again in {:.1} s.", begun.elapsed().as_secs_f64()));
}

fn snapshot(roots: &[PathBuf]) -> Snapshot {
    let mut files = Snapshot::new();
    for root in roots {
        let walk = ignore::WalkBuilder::new(root)
            .hidden(false)
            .require_git(false)
            .filter_entry(|entry| !is_ignored(entry.path()))
            .build();
        for entry in walk.flatten().filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file())) {
            if let Ok(data) = entry.metadata() {
                files.insert(entry.into_path(), (data.modified().ok(), data.len()));
            }
        }
    }
    files
}

fn is_ignored(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    IGNORED.contains(&&*name) || name.ends_with(".egg-info") || name.ends_with(".pyc")
}

/// The files that differ, as few as are worth naming.
fn changed(before: &Snapshot, after: &Snapshot) -> String {
    let differs = |path: &&PathBuf| before.get(*path) != after.get(*path);
    let mut names: Vec<String> =
        before.keys().chain(after.keys()).filter(differs).map(|path| path.display().to_string()).collect();
    names.sort();
    names.dedup();
    match names.as_slice() {
        [first, second, third, _, ..] => format!("{first}, {second}, {third} and {} more", names.len() - 3),
        few => few.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_count_and_what_is_made_from_them_does_not() {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("app.py", "1");
        write(".gitignore", "*.log\n");
        let roots = [root.path().to_owned()];
        let before = snapshot(&roots);
        for made in [".iiswsgi/x", "dist/x.zip", "a/__pycache__/b.pyc", "x.log", ".venv/bin/python"] {
            write(made, "made");
        }
        assert_eq!(snapshot(&roots), before);
        write("app.py", "22");
        write("templates/new.html", "");
        let after = snapshot(&roots);
        let text = changed(&before, &after);
        assert!(text.contains("app.py, ") && text.ends_with("new.html"), "{text}");
    }
}
