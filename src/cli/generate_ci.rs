//! `iiswsgi generate-ci`: the workflow of GitHub Actions that makes, merges and publishes all packages.

use std::path::{Path, PathBuf};

use clap::{Args, Parser};

use super::arguments::{ProjectOptions, pair};
use super::project;
use super::session::{Session, print};
use crate::ci::workflow::{self, HEADER, Publish, Workflow};
use crate::config::{self, Overrides};
use crate::error::{AnyFailure, ExitCode, Failure, Location, shown};
use crate::event::{Event, Observer as _};
use crate::files;

/// Writes the workflow of GitHub Actions for many packages.
///
/// It makes, merges and publishes all packages, each in a job of its own.
/// Which packages there are is found out in each run. Where they are published to comes from the configuration: to a
/// folder, and to GitHub Releases or a package index when `publish.github` or `publish.pypi` is set.
#[derive(Debug, Args)]
#[command(after_help = concat!(
    "Examples:",
    "\n  iiswsgi generate-ci",
    "\n  iiswsgi generate-ci --output -  # only shows it",
    "\n  iiswsgi generate-ci --check     # in CI: is it current?",
))]
pub(super) struct GenerateCi {
    #[command(flatten)]
    options: Options,
    /// Where the workflow stands; `-` prints it
    #[arg(short, long, value_name = "FILE", default_value = ".github/workflows/iiswsgi.yml")]
    output: PathBuf,
    /// Writes nothing and fails when the workflow is not the one that would be written
    #[arg(long)]
    check: bool,
}

/// What the workflow depends on. It stands in the workflow's first line, so that `--check` makes the same again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
struct Options {
    /// The folder whose configuration speaks for the run; the current folder when none is given
    #[arg(value_name = "PATH")]
    path: Option<String>,
    /// The action that the jobs use, best with the full commit of a release: `OWNER/iiswsgi@COMMIT`
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,
    /// An input for every step of the action
    #[arg(long = "with", value_name = "NAME=VALUE", value_parser = pair)]
    inputs: Vec<(String, String)>,
    /// The runner of all jobs whose packages name none
    #[arg(long, value_name = "NAME")]
    runner: Option<String>,
    /// The branch whose pushes are built
    #[arg(long, value_name = "BRANCH")]
    branch: Option<String>,
}

/// The first line of a workflow, as a command line.
#[derive(Debug, Parser)]
#[command(no_binary_name = true, disable_help_flag = true)]
struct Recorded {
    #[command(flatten)]
    options: Options,
}

/// The workflow is another one.
#[derive(Debug, thiserror::Error)]
#[error("`{}` is not the workflow that would be written now{}", shown(path), if *missing { ": it is not there" } else { "" })]
struct Stale {
    path: PathBuf,
    line: usize,
    missing: bool,
    command: String,
}

impl Failure for Stale {
    fn hint(&self) -> Option<String> {
        Some(format!("Write it anew: {}", self.command))
    }

    fn location(&self) -> Option<Location> {
        Some(Location::at(&self.path, self.line, 0))
    }
}

impl GenerateCi {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode, AnyFailure> {
        let there = match files::read_text(&self.output) {
            Ok(text) => Some(text.replace("\r\n", "\n")),
            Err(_) => None,
        };
        let recorded = there.as_deref().and_then(recorded).filter(|_| self.options == Options::default());
        let options = recorded.unwrap_or_else(|| self.options.clone());
        let text = Self::workflow(&options, session)?.text();
        if self.output == Path::new("-") {
            print(&text);
        } else if self.check {
            return self.compare(there.as_deref(), &text, &options);
        } else {
            files::write_atomic(&self.output, text.as_bytes())?;
            session.observer.event(Event::Written { path: self.output, size: text.len() as u64 });
        }
        Ok(ExitCode::Done)
    }

    fn compare(&self, there: Option<&str>, text: &str, options: &Options) -> Result<ExitCode, AnyFailure> {
        let same =
            there.map_or(0, |there| there.lines().zip(text.lines()).take_while(|(a, b)| a == b).count());
        if there == Some(text) {
            return Ok(ExitCode::Done);
        }
        let written = options.written();
        let command = format!("iiswsgi generate-ci{}{written}", if written.is_empty() { "" } else { " " });
        let missing = there.is_none();
        let line = if missing { 0 } else { same + 1 };
        Err(Stale { path: self.output.clone(), line, missing, command }.into())
    }

    fn workflow(options: &Options, session: &Session) -> Result<Workflow, AnyFailure> {
        let root = PathBuf::from(options.path.clone().unwrap_or_default());
        let project = ProjectOptions::default();
        let config = project::with_reading(&project, &Overrides::new(), session, |reading| {
            Ok(config::load(&root, reading.config, reading.environment, reading.overrides)?)
        })?;
        let set = config.set();
        let folder = set.iter().any(|setting| setting.key.starts_with("publish.folder."));
        let mut publish = Vec::new();
        if !config.publish.skip {
            if config.publish.github.is_some() {
                publish.push(Publish::GitHub);
            }
            if config.publish.pypi.is_some() {
                publish.push(Publish::Pypi);
            }
            if publish.is_empty() || folder {
                publish.insert(0, Publish::Folder);
            }
        }
        Ok(Workflow {
            options: options.written(),
            action: options.action.clone().unwrap_or_else(|| workflow::ACTION.to_owned()),
            inputs: options.inputs.clone(),
            path: options.path.clone(),
            runner: options.runner.clone().unwrap_or_else(|| "ubuntu-latest".to_owned()),
            branch: options.branch.clone().unwrap_or_else(|| "main".to_owned()),
            publish,
        })
    }
}

impl Options {
    /// The options on one line, as they would be typed.
    fn written(&self) -> String {
        let one = |name: &str, value: &Option<String>| value.as_ref().map(|value| word(name, value));
        let inputs = self.inputs.iter().map(|(name, value)| word("--with", &format!("{name}={value}")));
        let all = one("--action", &self.action).into_iter().chain(inputs);
        let all = all.chain(one("--runner", &self.runner)).chain(one("--branch", &self.branch));
        let all = all.chain(self.path.as_ref().map(|path| escaped(path)));
        all.collect::<Vec<_>>().join(" ")
    }
}

/// An option in one word, whatever its value.
fn word(name: &str, value: &str) -> String {
    format!("{name}={}", escaped(value))
}

fn escaped(value: &str) -> String {
    value.replace('%', "%25").replace(' ', "%20").replace('`', "%60").replace('\n', "%0A")
}

/// The options in the first line of a workflow; None when it is not one of ours.
fn recorded(text: &str) -> Option<Options> {
    let line = text.lines().next()?.strip_prefix(HEADER)?;
    let (options, _) = line.split_once('`')?;
    let words = options
        .split_whitespace()
        .map(|word| word.replace("%20", " ").replace("%60", "`").replace("%0A", "\n").replace("%25", "%"));
    Recorded::try_parse_from(words).ok().map(|recorded| recorded.options)
}
