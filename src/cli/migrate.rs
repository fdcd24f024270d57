//! `iiswsgi migrate`: from wfastcgi, or from the 2012 iiswsgi, to this one.

use std::path::PathBuf;

use clap::Args;

use super::session::{Session, print};
use crate::error::{AnyFailure, ExitCode};
use crate::event::{Event, Observer as _, Severity};
use crate::migrate::{self, Origin};

/// Moves a wfastcgi site, or a project of the 2012 iiswsgi, to this one.
///
/// Shows what would change, and changes it with `--write`. Files are changed as text, so that comments stay. What has to be done elsewhere is said.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  iiswsgi migrate shop")]
pub(super) struct Migrate {
    /// The folder of the site or project; the current one when none is given
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    /// Writes the changes
    #[arg(long)]
    write: bool,
}

impl Migrate {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode, AnyFailure> {
        let root = self.path.unwrap_or_else(|| PathBuf::from("."));
        let migration = migrate::plan(&root)?;
        let say = |text: &str| session.observer.message(Severity::Info, text);
        say(match migration.origin {
            Origin::Wfastcgi => "This is a wfastcgi site.",
            Origin::Original => "This is a project of the 2012 iiswsgi.",
        });
        if migration.changes.is_empty() {
            say("There is nothing to change.");
            return Ok(ExitCode::Done);
        }
        for change in &migration.changes {
            print(&change.diff(&root));
        }
        if self.write {
            migration.apply()?;
            for change in &migration.changes {
                let (path, size) = (change.path.clone(), change.after.len() as u64);
                session.observer.event(Event::Written { path, size });
            }
        }
        for step in &migration.steps {
            say(step);
        }
        if !self.write {
            say("Nothing is written yet: `--write` does.");
        }
        Ok(ExitCode::Done)
    }
}
