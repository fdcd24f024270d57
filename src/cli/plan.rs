//! `iiswsgi plan`: what `run` would do; with `--matrix`, the plan of a run on many machines.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;

use super::arguments::ProjectOptions;
use super::project;
use super::session::{Session, print, print_json};
use super::stages::{Format, StageOptions};
use crate::config::{self, Overrides};
use crate::error::{AnyFailure, ExitCode, shown};
use crate::event::{Observer as _, Severity, Stage};
use crate::files;
use crate::pipeline::fan_out::{self, Legs, MAX_LEGS, PLAN_NAME, Run};
use crate::pipeline::plan;
use crate::process::{Program, Runner as _};

/// Says what `run` would do, and where each setting comes from.
///
/// Nothing else is done.
/// With `--matrix` it lists the packages for a run on many machines: it prints the matrix of a job of GitHub Actions and
/// writes the plan that `run --plan` and `merge` work by.
#[derive(Debug, Args)]
#[command(after_help = concat!(
    "Examples:",
    "\n  iiswsgi plan",
    "\n  iiswsgi plan --json",
    "\n  iiswsgi plan --matrix --changed-since origin/main  # in a job of GitHub Actions",
))]
pub(super) struct Plan {
    #[command(flatten)]
    project: ProjectOptions,
    #[command(flatten)]
    stages: StageOptions,
    /// Prints JSON
    #[arg(long, conflicts_with = "matrix")]
    json: bool,
    #[command(flatten)]
    fan_out: FanOut,
}

/// How packages are dealt out over machines.
#[derive(Debug, Args)]
#[command(next_help_heading = "Fan-out")]
struct FanOut {
    /// Prints the matrix of a job, for `fromJson`, and writes the plan
    #[arg(long)]
    matrix: bool,
    /// The plan
    #[arg(long, value_name = "FILE", default_value = PLAN_NAME, requires = "matrix")]
    plan_file: PathBuf,
    /// The most legs there may be; several packages share one where there are more
    #[arg(long, value_name = "NUMBER", default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..=MAX_LEGS as i64), requires = "matrix")]
    max_legs: u16,
    /// The runner of packages whose configuration names none
    #[arg(long, value_name = "NAME", default_value = "ubuntu-latest", requires = "matrix")]
    runner: String,
    /// Takes only packages with changes since a Git revision, as `origin/main`
    #[arg(long, value_name = "REVISION", requires = "matrix")]
    changed_since: Option<String>,
}

impl Plan {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode, AnyFailure> {
        let mut overrides = project::overrides(&self.project);
        overrides.set_optional("package.format", "--format", self.stages.format.map(Format::name));
        if self.fan_out.matrix {
            return self.fan_out.run(&self.project, &overrides, session);
        }
        let plan = project::plan(&self.project, &overrides, session)?;
        let stages: Vec<Stage> = self.stages.stages()?.into_iter().collect();
        if self.json {
            print_json(&plan::to_json(&plan, &stages));
        } else {
            print(&plan::describe(&plan, &stages));
        }
        Ok(ExitCode::Done)
    }
}

impl FanOut {
    fn run(
        &self,
        project: &ProjectOptions,
        overrides: &Overrides,
        session: &Session,
    ) -> Result<ExitCode, AnyFailure> {
        let changed = self.changed_since.as_deref().map(|since| changed(since, session)).transpose()?;
        let wanted = |root: &Path| changed.as_ref().is_none_or(|changed| changed.touches(root));
        let legs = Legs { most: usize::from(self.max_legs), runner: &self.runner };
        let plan = project::with_reading(project, overrides, session, |reading| {
            fan_out::planned(reading, this_run(session), &legs, &wanted)
        })?;
        files::write_atomic(&self.plan_file, plan.to_json().as_bytes())?;
        let matrix = plan.matrix().to_string();
        let path = self.plan_file.display().to_string();
        let counts = [plan.packages.len().to_string(), plan.legs.len().to_string()];
        session.set_outputs(&[
            ("matrix", &matrix),
            ("plan-path", &path),
            ("package-count", &counts[0]),
            ("leg-count", &counts[1]),
        ])?;
        let text = match plan.packages.len() {
            0 => "No package has changed: the matrix is empty.".to_owned(),
            _ => format!("{} packages in {} legs, in `{}`.", counts[0], counts[1], shown(&self.plan_file)),
        };
        session.observer.message(Severity::Info, &text);
        print(&matrix);
        Ok(ExitCode::Done)
    }
}

/// What tells this run from all others.
fn this_run(session: &Session) -> Run {
    let get = |name| session.environment.get(name).map(str::to_owned);
    let now = time::OffsetDateTime::now_utc().unix_timestamp_nanos();
    let own = || format!("{now:x}-{:x}", std::process::id());
    Run {
        id: get(config::GITHUB_RUN_ID).unwrap_or_else(own),
        attempt: get(config::GITHUB_RUN_ATTEMPT),
        repository: get(config::GITHUB_REPOSITORY),
        commit: get(config::GITHUB_SHA),
    }
}

/// The files that have changed, from the current folder.
struct Changed(BTreeSet<PathBuf>);

impl Changed {
    /// Whether a change is in a folder. One beside all of them that configures the run changes every package.
    fn touches(&self, root: &Path) -> bool {
        let root = root.strip_prefix(".").unwrap_or(root);
        let configures = |path: &Path| {
            config::FILE_NAMES.iter().any(|name| path == Path::new(name))
                || path == Path::new(config::PYPROJECT)
        };
        self.0.iter().any(|path| path.starts_with(root) || configures(path))
    }
}

/// Asks Git.
fn changed(since: &str, session: &Session) -> Result<Changed, AnyFailure> {
    let git = session.find("git").unwrap_or_else(|| "git".into());
    let range = format!("{since}...HEAD");
    let program = Program::new("asking Git what has changed", git).args([
        "diff",
        "--name-only",
        "--relative",
        "-z",
        range.as_str(),
        "--",
    ]);
    let output = session.runner().run(&program)?;
    let names = output.stdout_text();
    Ok(Changed(names.split('\0').filter(|name| !name.is_empty()).map(PathBuf::from).collect()))
}
