//! `iiswsgi schema`: the JSON schema of the configuration, or of the report.

use std::path::PathBuf;

use clap::Args;

use super::session::print;
use crate::error::{AnyFailure, ExitCode, Failure, Location};
use crate::{config, files, pipeline};

/// Prints the JSON schema of the configuration or of the report.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  iiswsgi schema > iiswsgi.schema.json")]
pub(super) struct Schema {
    /// The schema of `--report` files instead
    #[arg(long)]
    report: bool,
    /// Prints nothing and fails when this file is another one
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
}

/// The file is not what would be printed.
#[derive(Debug, thiserror::Error)]
#[error("`{}` is not the schema of this version", path.display())]
struct Stale {
    path: PathBuf,
    report: bool,
}

impl Failure for Stale {
    fn hint(&self) -> Option<String> {
        let flag = if self.report { " --report" } else { "" };
        Some(format!("Write it anew: iiswsgi schema{flag} > {}", self.path.display()))
    }

    fn location(&self) -> Option<Location> {
        Some(Location::file(&self.path))
    }
}

impl Schema {
    pub(super) fn run(self) -> Result<ExitCode, AnyFailure> {
        let schema = if self.report { pipeline::report::schema() } else { config::schema() };
        match self.check {
            None => print(&schema),
            Some(path) if files::read_text(&path)?.replace("\r\n", "\n").trim_end() != schema.trim_end() => {
                return Err(Stale { path, report: self.report }.into());
            }
            Some(_) => {}
        }
        Ok(ExitCode::Done)
    }
}
