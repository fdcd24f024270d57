//! `iiswsgi feed`: writes the feed of packages that were made before, or checks any feed.

use std::path::PathBuf;

use clap::Args;

use super::arguments::{ProjectOptions, ReportOptions};
use super::project;
use super::session::{Session, print};
use super::work::Work;
use crate::error::{AnyFailure, ExitCode, shown};
use crate::event::{Observer as _, Severity, Stage};
use crate::{feed, files};

/// Writes the WebPI feed of packages, or checks any feed.
#[derive(Debug, Args)]
#[command(after_help = concat!(
    "Examples:",
    "\n  iiswsgi feed --url-template \"https://example.org/{file}\"",
    "\n  iiswsgi feed --check dist/shop-1.0.webpi.xml",
))]
pub(super) struct Feed {
    #[command(flatten)]
    project: ProjectOptions,
    #[command(flatten)]
    reports: ReportOptions,
    /// Checks these feeds, ours or a stranger's, and lists what is wrong in them
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["paths", "merge_into", "url_template"], help_heading = "Feed")]
    check: Vec<PathBuf>,
    /// Extends this feed: entries are replaced by product id, everything else is kept
    #[arg(long, value_name = "FILE", help_heading = "Feed")]
    merge_into: Option<PathBuf>,
    /// Where users get the package, as `https://github.com/{repository}/releases/download/{tag}/{file}`
    #[arg(long, value_name = "TEMPLATE", help_heading = "Feed")]
    url_template: Option<String>,
}

impl Feed {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode, AnyFailure> {
        if !self.check.is_empty() {
            return self.check(session);
        }
        let mut overrides = project::overrides(&self.project);
        let merge_into = self.merge_into.as_deref().and_then(|path| std::path::absolute(path).ok());
        overrides
            .set_optional(
                "feed.merge-into",
                "--merge-into",
                merge_into.as_deref().map(std::path::Path::to_string_lossy),
            )
            .set_optional("feed.url-template", "--url-template", self.url_template.as_deref());
        Work::with(self.project, self.reports, overrides).run([Stage::Feed].into(), session)
    }

    /// One line for each finding, as compilers write them; the exit code says whether there was an error.
    fn check(&self, session: &Session) -> Result<ExitCode, AnyFailure> {
        let mut faulty = false;
        for path in &self.check {
            let (mut errors, mut warnings, mut notes) = (0, 0, 0);
            for finding in feed::check(&files::read(path)?) {
                let (severity, count) = match finding.severity {
                    Severity::Error => ("error", &mut errors),
                    Severity::Warning => ("warning", &mut warnings),
                    Severity::Info | Severity::Detail => ("note", &mut notes),
                };
                *count += 1;
                let place = format!("{}:{}:{}", path.display(), finding.line, finding.column);
                print(&format!("{place}: {severity}: {} [{}]", finding.text, finding.rule));
            }
            let counts = [(errors, "error"), (warnings, "warning"), (notes, "note")];
            let counts = counts.map(|(count, what)| match count {
                1 => format!("1 {what}"),
                _ => format!("{count} {what}s"),
            });
            session.observer.message(Severity::Info, &format!("{}: {}.", shown(path), counts.join(", ")));
            faulty |= errors > 0;
        }
        Ok(if faulty { ExitCode::Failed } else { ExitCode::Done })
    }
}
