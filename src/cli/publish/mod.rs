//! `iiswsgi publish`: packages that were made before go where users get them. One file a target; when none is named, all
//! that the configuration names.

mod folder;
mod github;
mod pypi;

use clap::{Args, Subcommand};

use super::session::Session;
use crate::error::{AnyFailure, ExitCode};

/// Publishes packages that were made before, with their feed.
///
/// They go to the target that is named, else to all that the configuration names, and to a folder when it names none.
///
/// A project in a folder that is called as a target is named by its path: `./github`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  iiswsgi publish --folder site\n  iiswsgi publish github --tag v1.0")]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Publish {
    #[command(subcommand)]
    target: Option<Target>,
    #[command(flatten)]
    folder: folder::Folder,
}

/// Where to publish to.
#[derive(Debug, Subcommand)]
enum Target {
    Folder(Box<folder::Folder>),
    #[command(name = "github")]
    GitHub(Box<github::GitHub>),
    #[command(name = "pypi")]
    PyPi(Box<pypi::PyPi>),
}

impl Publish {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode, AnyFailure> {
        match self.target {
            None => self.folder.run_configured(session),
            Some(Target::Folder(folder)) => folder.run(session),
            Some(Target::GitHub(github)) => github.run(session),
            Some(Target::PyPi(pypi)) => pypi.run(session),
        }
    }
}
