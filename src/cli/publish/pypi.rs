//! `iiswsgi publish pypi`: the app's wheels and source distributions go to a package index.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::cli::arguments::{ProjectOptions, ReportOptions};
use crate::cli::session::Session;
use crate::cli::{merge, project};
use crate::config::{self, Overrides};
use crate::error::{AnyFailure, ExitCode};
use crate::files;
use crate::pipeline::{self, WORK_FOLDER};

/// Publishes the wheels and source distributions of a project, which were built before, to PyPI or another index.
///
/// A PATH is a project, whose distributions are in its output folder, or a wheel or source distribution. All of them are
/// checked before the first one is sent. The token is in the environment variable IISWSGI_PYPI_TOKEN; a job on GitHub
/// Actions with `id-token: write` needs none. Running it again completes what an earlier run began.
#[derive(Debug, Args)]
#[command(after_help = concat!(
    "Examples:",
    "\n  iiswsgi publish pypi --dry-run              # checks everything, sends nothing",
    "\n  iiswsgi publish pypi --repository testpypi",
))]
pub(super) struct PyPi {
    #[command(flatten)]
    project: ProjectOptions,
    #[command(flatten)]
    reports: ReportOptions,
    #[command(flatten)]
    index: IndexOptions,
    /// Publishes the distributions of the packages of this plan, which lie beside it with what `merge` has put there
    #[arg(long, value_name = "FILE", conflicts_with = "paths", help_heading = "Fan-out")]
    plan: Option<PathBuf>,
}

/// The index.
#[derive(Debug, Args)]
#[command(next_help_heading = "Index")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
struct IndexOptions {
    /// The index: pypi, testpypi, a section of .pypirc, or the address that uploads go to
    #[arg(long, value_name = "INDEX")]
    repository: Option<String>,
    /// The address of the lists of files, as `https://index.example/simple/`; that of PyPI is known
    #[arg(long, value_name = "URL")]
    index_url: Option<String>,
    /// The user, whose password is in the environment variable IISWSGI_PYPI_PASSWORD, .pypirc or the keyring
    #[arg(long, value_name = "USER")]
    username: Option<String>,
    /// The program that is asked for the password
    #[arg(long, value_name = "PROGRAM", num_args = 0..=1, default_missing_value = "keyring")]
    keyring: Option<String>,
    /// The file that names indexes and logins
    #[arg(long, value_name = "FILE")]
    pypirc: Option<PathBuf>,
    /// When the identity of the job on GitHub Actions is used to log in
    #[arg(long, value_name = "WHEN")]
    trusted_publishing: Option<When>,
    /// Makes the app's wheel one that is a Web Deploy package at the same time
    #[arg(long)]
    hybrid_wheel: bool,
    /// Leaves attestations that lie beside files out
    #[arg(long)]
    no_attestations: bool,
    /// Leaves files alone that the index has with other content
    #[arg(long)]
    skip_existing: bool,
    /// Allows an `http:` address on another machine
    #[arg(long)]
    allow_http: bool,
    /// Checks everything and sends nothing
    #[arg(long)]
    dry_run: bool,
}

/// When Trusted Publishing is used.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum When {
    /// When the job may, and there is no token or password
    Automatic,
    /// Always
    Always,
    /// Never
    Never,
}

impl IndexOptions {
    fn add_to(&self, overrides: &mut Overrides) {
        let pypirc =
            self.pypirc.as_deref().map(|path| std::path::absolute(path).unwrap_or_else(|_| path.into()));
        let when = self.trusted_publishing.map(|when| match when {
            When::Automatic => "automatic",
            When::Always => "always",
            When::Never => "never",
        });
        overrides
            .set_optional("publish.pypi.repository", "--repository", self.repository.as_deref())
            .set_optional("publish.pypi.index-url", "--index-url", self.index_url.as_deref())
            .set_optional("publish.pypi.username", "--username", self.username.as_deref())
            .set_optional("publish.pypi.keyring", "--keyring", self.keyring.as_deref())
            .set_optional("publish.pypi.pypirc", "--pypirc", pypirc.as_deref().map(Path::to_string_lossy))
            .set_optional("publish.pypi.trusted-publishing", "--trusted-publishing", when)
            .set_flag("publish.pypi.hybrid-wheel", "--hybrid-wheel", self.hybrid_wheel)
            .set_flag("publish.pypi.skip-existing", "--skip-existing", self.skip_existing)
            .set_flag("publish.pypi.allow-http", "--allow-http", self.allow_http)
            .set_optional(
                "publish.pypi.attestations",
                "--no-attestations",
                self.no_attestations.then_some("false"),
            );
    }
}

impl PyPi {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode, AnyFailure> {
        let mut overrides = project::overrides(&self.project);
        self.index.add_to(&mut overrides);
        let dry_run = self.index.dry_run;
        let outcome = if let Some(path) = &self.plan {
            let folder = files::folder_of(path);
            let merged =
                merge::merged(path, folder, Some(folder.to_owned()), self.project, &overrides, session)?;
            let _lock = project::lock(&merged.plan.folders)?;
            project::carry_out(&merged.plan.folders.work, session, |world| {
                pipeline::publish_distributions(&merged.plan, dry_run, world)
            })
        } else if !self.project.paths.is_empty() && self.project.paths.iter().all(|path| path.is_file()) {
            let named = session.environment.get(config::IISWSGI_CONFIG).map(PathBuf::from);
            let file = self.project.config.as_deref().or(named.as_deref());
            let config = config::load(Path::new(""), file, &session.environment, &overrides)?;
            let paths = &self.project.paths;
            project::carry_out(Path::new(WORK_FOLDER), session, |world| {
                pipeline::publish_distribution_files(&config, paths, dry_run, world)
            })
        } else {
            let plan = project::plan(&self.project, &overrides, session)?;
            let _lock = project::lock(&plan.folders)?;
            project::carry_out(&plan.folders.work, session, |world| {
                pipeline::publish_distributions(&plan, dry_run, world)
            })
        };
        for published in &outcome.published {
            crate::cli::session::print(&published.url);
        }
        session.finish(&outcome, &self.reports)
    }
}
