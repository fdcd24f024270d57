//! `iiswsgi publish github`: packages and feed become the files of a release.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::cli::arguments::{ProjectOptions, ReportOptions};
use crate::cli::project;
use crate::cli::session::Session;
use crate::cli::work::Work;
use crate::config::{self, Overrides};
use crate::error::{AnyFailure, ExitCode};
use crate::event::Stage;
use crate::pipeline::{self, Target, WORK_FOLDER};

/// Publishes packages that were made before, with their feed, as the files of a release on GitHub.
///
/// A PATH is a project, or a finished file that is published as it is. The token is in the environment variable
/// GITHUB_TOKEN or GH_TOKEN, or in a file. Running it again completes what an earlier run began.
#[derive(Debug, Args)]
#[command(after_help = concat!(
    "Examples:",
    "\n  iiswsgi publish github --tag v1.0 --generate-notes",
    "\n  iiswsgi publish github --repository example/shop --draft",
))]
pub(super) struct GitHub {
    #[command(flatten)]
    project: ProjectOptions,
    #[command(flatten)]
    reports: ReportOptions,
    #[command(flatten)]
    release: ReleaseOptions,
    /// Publishes the packages of this plan, which `merge` has put beside it
    #[arg(long, value_name = "FILE", help_heading = "Fan-out")]
    plan: Option<PathBuf>,
}

/// The release.
#[derive(Debug, Args)]
#[command(next_help_heading = "Release")]
struct ReleaseOptions {
    /// The repository; that of the job on GitHub Actions by default
    #[arg(long, value_name = "OWNER/NAME")]
    repository: Option<String>,
    /// The tag, a template with {name}, {version} and {title}; the job's tag, else `v{version}` by default
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    /// The title of the release, a template as --tag, with {tag} too
    #[arg(long, value_name = "TITLE")]
    release_name: Option<String>,
    /// The notes, in Markdown
    #[arg(long, value_name = "TEXT", conflicts_with = "notes_file")]
    notes: Option<String>,
    /// A file with the notes
    #[arg(long, value_name = "FILE")]
    notes_file: Option<PathBuf>,
    /// Lets GitHub add notes made from pull requests
    #[arg(long)]
    generate_notes: bool,
    /// The commit or branch at which the tag is made when it is not there yet
    #[arg(long, value_name = "COMMIT")]
    target: Option<String>,
    /// Leaves the release a draft
    #[arg(long)]
    draft: bool,
    /// Marks the release as a prerelease
    #[arg(long)]
    prerelease: bool,
    /// Whether this becomes the latest release: auto, true, false or legacy
    #[arg(long, value_name = "WHETHER")]
    make_latest: Option<String>,
    /// What becomes of files of the release with the same names and other bytes
    #[arg(long, value_name = "WHAT")]
    if_exists: Option<IfExists>,
    /// The name of the feed in the release
    #[arg(long, value_name = "NAME")]
    feed_name: Option<String>,
    /// How many files go up at the same time, from 1 to 8
    #[arg(long, value_name = "COUNT")]
    parallel: Option<String>,
    /// A file that holds the token alone
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

/// What becomes of files with the same names and other bytes.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum IfExists {
    /// They stay as they are
    Keep,
    /// Ours take their place
    Replace,
    /// That is an error
    Fail,
}

impl IfExists {
    fn name(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Replace => "replace",
            Self::Fail => "fail",
        }
    }
}

impl ReleaseOptions {
    fn add_to(&self, overrides: &mut Overrides) {
        let absolute = |path: &Option<PathBuf>| {
            let path = path.as_deref().map(|path| std::path::absolute(path).unwrap_or_else(|_| path.into()));
            path.map(|path| path.to_string_lossy().into_owned())
        };
        let texts: [(&str, &str, Option<String>); 11] = [
            ("repository", "--repository", self.repository.clone()),
            ("tag", "--tag", self.tag.clone()),
            ("name", "--release-name", self.release_name.clone()),
            ("notes", "--notes", self.notes.clone()),
            ("notes-file", "--notes-file", absolute(&self.notes_file)),
            ("target", "--target", self.target.clone()),
            ("make-latest", "--make-latest", self.make_latest.clone()),
            ("if-exists", "--if-exists", self.if_exists.map(|what| what.name().to_owned())),
            ("feed-name", "--feed-name", self.feed_name.clone()),
            ("parallel", "--parallel", self.parallel.clone()),
            ("token-file", "--token-file", absolute(&self.token_file)),
        ];
        for (key, flag, value) in texts {
            overrides.set_optional(&format!("publish.github.{key}"), flag, value);
        }
        let flags = [
            ("generate-notes", "--generate-notes", self.generate_notes),
            ("draft", "--draft", self.draft),
            ("prerelease", "--prerelease", self.prerelease),
        ];
        for (key, flag, given) in flags {
            overrides.set_flag(&format!("publish.github.{key}"), flag, given);
        }
    }
}

impl GitHub {
    pub(super) fn run(mut self, session: &Session) -> Result<ExitCode, AnyFailure> {
        let mut overrides = project::overrides(&self.project);
        self.release.add_to(&mut overrides);
        let (files, folders): (Vec<PathBuf>, Vec<PathBuf>) =
            self.project.paths.drain(..).partition(|path| path.is_file());
        if !files.is_empty() && folders.is_empty() && self.plan.is_none() {
            return self.files(&files, &overrides, session);
        }
        self.project.paths = folders;
        let files: Vec<String> = files
            .iter()
            .map(|path| {
                std::path::absolute(path).unwrap_or_else(|_| path.clone()).to_string_lossy().into_owned()
            })
            .collect();
        overrides.set_list("publish.github.files", "PATH", &files);
        let stages = [Stage::Feed, Stage::Publish].into();
        let work = Work::with(self.project, self.reports, overrides);
        work.publish_to(Target::GitHub).merged(self.plan).run(stages, session)
    }

    /// Publishes files without any project: the configuration of the current folder still holds.
    fn files(
        &self,
        files: &[PathBuf],
        overrides: &Overrides,
        session: &Session,
    ) -> Result<ExitCode, AnyFailure> {
        let here = Path::new("");
        let named = session.environment.get(config::IISWSGI_CONFIG).map(PathBuf::from);
        let file = self.project.config.as_deref().or(named.as_deref());
        let config = config::load(here, file, &session.environment, overrides)?;
        let outcome = project::carry_out(Path::new(WORK_FOLDER), session, |world| {
            pipeline::publish_files(&config, files, world)
        });
        session.finish(&outcome, &self.reports)
    }
}
