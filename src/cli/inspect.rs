//! `iiswsgi inspect`: what is in a package, a manifest, a parameters file, a feed or an options blob.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use clap::Args;

use super::session::{print, print_json};
use crate::error::{AnyFailure, ExitCode};
use crate::event::Severity;
use crate::{files, inspect};

/// Shows what is in a package, manifest, parameters file, feed or web.config.
///
/// An options blob of a manifest can be shown, too.
#[derive(Debug, Args)]
#[command(after_help = concat!(
    "Examples:",
    "\n  iiswsgi inspect dist/shop-1.0.msdeploy.zip",
    "\n  iiswsgi inspect --strict --json web.config",
))]
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
    pub(super) fn run(self) -> Result<ExitCode, AnyFailure> {
        let inspection = if self.file == Path::new("-") {
            let mut bytes = Vec::new();
            let read = io::stdin().lock().read_to_end(&mut bytes);
            read.map_err(|source| files::Error::Read { path: self.file.clone(), source })?;
            inspect::inspect_bytes(&self.file, &bytes)?
        } else {
            inspect::inspect_file(&self.file)?
        };
        if self.json {
            print_json(&inspection);
        } else {
            print(&inspection.to_string());
        }
        let faulty = inspection.findings.iter().any(|found| found.finding.severity == Severity::Error);
        Ok(if self.strict && faulty { ExitCode::Failed } else { ExitCode::Done })
    }
}
