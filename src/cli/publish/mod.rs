//! `iiswsgi publish`: packages that were made before go where users get them. One file a target; a folder when no target
//! is named.

mod folder;
mod github;
mod pypi;

use clap::{Args, Subcommand};

use super::session::Session;
use crate::error::{AnyFailure, ExitCode};

/// Publishes packages that were made before, with their feed; to a folder unless another target is named.
///
/// A project in a folder that is called as a target is named by its path: `./github`.
#[derive(Debug, Args)]
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
            None => self.folder.run(session),
            Some(Target::Folder(folder)) => folder.run(session),
            Some(Target::GitHub(github)) => github.run(session),
            Some(Target::PyPi(pypi)) => pypi.run(session),
        }
    }
}
