//! `iiswsgi init`: looks at a project, asks what it cannot see, and writes its configuration and workflow.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use super::questions::{Declined, Questions};
use super::session::{Session, print};
use crate::ci::workflow::{self, PackageWorkflow};
use crate::config::{self, Overrides};
use crate::error::{AnyFailure, ExitCode, Failure, Location, shown};
use crate::event::{Event, Observer as _, Severity};
use crate::files;
use crate::iis::bootstrap::{self, Interpreter};
use crate::init::{Answers, ProposedFile, Survey, propose};
use crate::pipeline::WORK_FOLDER;
use crate::project::{self, ReadOptions};

/// Looks at a project and writes its configuration and workflow.
///
/// That is: iiswsgi.yml, a workflow of GitHub Actions, and a web.config where the defaults do not do.
/// Nothing of the project is run and no file of it is changed. What cannot be seen is asked for on a terminal; elsewhere, and
/// with `--yes`, the defaults and the options below are the answers.
#[derive(Debug, Args)]
#[command(after_help = concat!(
    "Examples:",
    "\n  iiswsgi init            # looks, asks, writes",
    "\n  iiswsgi init --dry-run  # only shows the files",
    "\n  iiswsgi init --yes --app shop.wsgi:application --python 3.12 shop",
))]
pub(super) struct Init {
    /// The project's folder [default: the current one]
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    #[command(flatten)]
    answers: AnswerOptions,
    #[command(flatten)]
    workflow: WorkflowOptions,
    /// Asks nothing
    #[arg(short, long)]
    yes: bool,
    /// Overwrites files that are there
    #[arg(long)]
    force: bool,
    /// Prints the files and writes none
    #[arg(long)]
    dry_run: bool,
}

/// Answers to what would be asked.
#[derive(Debug, Args)]
#[command(next_help_heading = "Answers")]
struct AnswerOptions {
    /// The WSGI application, as `module:callable` or `paste:FILE.ini`
    #[arg(long, value_name = "APP")]
    app: Option<String>,
    /// The name of the package [default: the project's, or the folder's]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The version of the package [default: the project's, or 0.1.0]
    #[arg(long, value_name = "VERSION")]
    package_version: Option<String>,
    /// The Python of the server, as 3.12
    #[arg(long, value_name = "VERSION", value_parser = python_version)]
    python: Option<String>,
    /// What pip installs, as `flask>=3` or `-r requirements.txt`; may be repeated
    #[arg(long = "requirement", value_name = "REQUIREMENT", allow_hyphen_values = true)]
    requirements: Vec<String>,
}

/// The workflow of GitHub Actions.
#[derive(Debug, Args)]
#[command(next_help_heading = "Workflow")]
struct WorkflowOptions {
    /// Writes no workflow
    #[arg(long)]
    no_workflow: bool,
    /// Leaves out the job that makes a release of a tag
    #[arg(long)]
    no_release: bool,
    /// The runner; IIS is enabled on windows-…
    #[arg(long, value_name = "NAME", default_value = "windows-2025")]
    runner: String,
    /// The branch whose pushes are built [default: the checkout's main one]
    #[arg(long, value_name = "BRANCH")]
    branch: Option<String>,
    /// The action, best with the full commit of a release: `OWNER/iiswsgi@COMMIT`
    #[arg(long, value_name = "ACTION", default_value = workflow::ACTION)]
    action: String,
}

/// Why nothing is written.
#[derive(Debug, thiserror::Error)]
enum Error {
    /// Files are there already.
    #[error("{} there already", are(paths))]
    Exists { paths: Vec<PathBuf> },
    /// The configuration stands in pyproject.toml, and must not stand in two places.
    #[error("`{}` has a table `[tool.iiswsgi]` already", shown(path))]
    InPyproject { path: PathBuf },
    /// The application is not seen, and nobody is there to name it.
    #[error("{source}")]
    Unanswered { source: project::Error },
    /// The answers make no configuration. What it would have been is checked before it is written.
    #[error("the answers make no valid configuration")]
    Answers { source: config::Error },
}

/// A version of Python with its minor number.
fn python_version(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.split('.').collect();
    let is_version = parts.len() > 1 && parts.iter().all(|part| part.parse::<u16>().is_ok());
    if is_version { Ok(text.to_owned()) } else { Err("expected a version such as 3.12".to_owned()) }
}

/// `` `a` is`` or `` `a` and `b` are``.
fn are(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths.iter().map(|path| format!("`{}`", shown(path))).collect();
    format!("{} {}", names.join(" and "), if names.len() == 1 { "is" } else { "are" })
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Exists { .. } => {
                "`--dry-run` shows what would be written, `--force` overwrites. `iiswsgi run` works \
                                    with what is there."
                    .into()
            }
            Self::InPyproject { .. } => {
                "The project is configured: type `iiswsgi run`. Or remove the table, and run this again."
                    .into()
            }
            Self::Unanswered { source: project::Error::AmbiguousEntryPoint { apps, .. } } => {
                let first = apps.first().map_or("module:callable", String::as_str);
                format!("Name the one that is meant: iiswsgi init --app {first}")
            }
            Self::Unanswered { source: project::Error::NoEntryPoint { .. } } => {
                "Name it: iiswsgi init --app module:callable".into()
            }
            Self::Unanswered { source } => return source.hint(),
            Self::Answers { source } => return source.hint(),
        })
    }

    fn location(&self) -> Option<Location> {
        match self {
            Self::InPyproject { path } => Some(Location::file(path)),
            Self::Unanswered { source } => source.location(),
            Self::Exists { .. } | Self::Answers { .. } => None,
        }
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

impl Init {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode, AnyFailure> {
        let root = self.path.clone().unwrap_or_default();
        self.check_flags(&root, session)?;
        let survey = self.survey(&root, session)?;
        if !self.dry_run && !self.force {
            refuse(&root, &[survey.configuration_path()], session)?;
        }
        session.observer.message(Severity::Info, &list("Seen in the project:", survey.lines()));
        let (mut input, mut output) = (io::stdin().lock(), io::stderr());
        let mut questions = Questions::new(&mut input, &mut output, self.yes);
        let answers = self.answers(&survey, &mut questions)?;
        let files = propose(&survey, &answers);
        if self.dry_run {
            for file in &files {
                print(&format!("==> {} <==\n{}", shown(&file.path), file.text));
            }
            return Ok(ExitCode::Done);
        }
        if !self.force {
            let paths: Vec<PathBuf> = files.iter().map(|file| file.path.clone()).collect();
            refuse(&root, &paths, session)?;
        }
        Self::show(&files, &questions, session);
        if !questions.confirm(if files.len() == 1 { "Write it?" } else { "Write them?" })? {
            return Err(Declined.into());
        }
        write_all(&files, session)?;
        let folder = if root.as_os_str().is_empty() { String::new() } else { format!(" {}", word(&root)) };
        let next = format!("Next: iiswsgi run{folder}\n(builds the package, installs it, and tests it)");
        session.observer.message(Severity::Info, &next);
        Ok(ExitCode::Done)
    }

    /// What flags say must be right before anything else is looked at.
    fn check_flags(&self, root: &Path, session: &Session) -> Result<(), Error> {
        let mut overrides = Overrides::new();
        overrides
            .set_optional("app", "--app", self.answers.app.as_deref())
            .set_optional("name", "--name", self.answers.name.as_deref())
            .set_optional("version", "--package-version", self.answers.package_version.as_deref())
            .set_optional("python", "--python", self.answers.python.as_deref());
        // There is no configuration in the work folder: the one that may stand in the project is not asked.
        config::load(&root.join(WORK_FOLDER), None, &session.environment, &overrides)
            .map(|_| ())
            .map_err(|source| Error::Answers { source })
    }

    fn survey(&self, root: &Path, session: &Session) -> Result<Survey, AnyFailure> {
        let runner = session.runner();
        let settings = bootstrap::Settings::default();
        let interpreter = Interpreter::find(self.answers.python.as_deref(), &settings, &runner)
            .or_else(|_| Interpreter::find(None, &settings, &runner))
            .ok();
        let options = ReadOptions {
            python: interpreter.as_ref().map(|python| python.executable.clone()),
            name: self.answers.name.clone(),
            version: self.answers.package_version.clone(),
            ..ReadOptions::default()
        };
        let here = if root.as_os_str().is_empty() { Path::new(".") } else { root };
        let project = project::read(here, &options, &runner)?;
        let survey = Survey::of(root, project, interpreter.as_ref().map(|python| python.version.as_str()));
        Ok(survey)
    }

    fn answers(&self, survey: &Survey, questions: &mut Questions<'_>) -> Result<Answers, AnyFailure> {
        let app = self.app(survey, questions)?;
        let declares = |field| survey.declares(field);
        let folder_name = || Some(survey.project.metadata.name.clone());
        let name = self.answers.name.clone().or_else(|| folder_name().filter(|_| !declares("name")));
        let own_version = || (!declares("version")).then(|| "0.1.0".to_owned());
        let version = self.answers.package_version.clone().or_else(own_version);
        let python = self.python(survey, questions)?;
        let requirements = self.requirements(survey, questions)?;
        let workflow = self.workflow(survey, python.as_deref(), questions)?;
        // `requires-python` says enough, unless the user says more.
        let says_enough = survey.project.metadata.requires_python.is_some() && self.answers.python.is_none();
        Ok(Answers { app, name, version, python: python.filter(|_| !says_enough), requirements, workflow })
    }

    /// The application: told, seen, or asked for.
    fn app(&self, survey: &Survey, questions: &mut Questions<'_>) -> Result<Option<String>, AnyFailure> {
        if self.answers.app.is_some() || survey.starts_itself() {
            return Ok(self.answers.app.clone());
        }
        let chosen = match survey.project.entry_points.choose() {
            Ok(chosen) => return Ok(Some(chosen.app.clone())),
            Err(error @ project::Error::AmbiguousEntryPoint { .. }) => {
                let choices: Vec<String> = survey
                    .applications
                    .iter()
                    .map(|found| format!("{}  ({}: {})", found.app, found.place, found.reason))
                    .collect();
                let number = questions.choice("Which of these is the application?", &choices)?;
                number.map(|number| survey.applications[number].app.clone()).ok_or(error)
            }
            Err(error @ project::Error::NoEntryPoint { .. }) => {
                let question = "No application was found. Which is it, as module:callable?";
                questions.text(question, None)?.ok_or(error)
            }
            Err(error) => Err(error),
        };
        Ok(Some(chosen.map_err(|source| Error::Unanswered { source })?))
    }

    /// The Python of the server: told, named by the project, or asked for with this machine's as the default.
    fn python(&self, survey: &Survey, questions: &mut Questions<'_>) -> Result<Option<String>, Declined> {
        if self.answers.python.is_some() {
            return Ok(self.answers.python.clone());
        }
        let seen = survey.python.as_ref().map(|python| python.version.as_str());
        let named = survey.python.as_ref().is_some_and(|python| python.source.starts_with(['.', 'r']));
        if named || survey.project.metadata.requires_python.is_some() {
            return Ok(seen.map(str::to_owned));
        }
        questions.text("Python of the server", seen)
    }

    fn requirements(&self, survey: &Survey, questions: &mut Questions<'_>) -> Result<Vec<String>, Declined> {
        if !self.answers.requirements.is_empty() || !survey.project.requirements.is_empty() {
            return Ok(self.answers.requirements.clone());
        }
        let assumed = survey.assumed_requirements.join(", ");
        let default = if assumed.is_empty() { "nothing" } else { assumed.as_str() };
        let answer = questions.text("What shall pip install for it, with commas between", Some(default))?;
        let answer = answer.filter(|answer| answer != "nothing").unwrap_or_default();
        Ok(answer.split(',').map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned).collect())
    }

    fn workflow(
        &self,
        survey: &Survey,
        python: Option<&str>,
        questions: &mut Questions<'_>,
    ) -> Result<Option<(PathBuf, PackageWorkflow)>, Declined> {
        let options = &self.workflow;
        if options.no_workflow {
            return Ok(None);
        }
        if survey.checkout.is_none()
            && !questions
                .confirm("This is no Git checkout. Write a workflow of GitHub Actions all the same?")?
        {
            return Ok(None);
        }
        let absolute: PathBuf = std::path::absolute(&survey.root).unwrap_or_default().components().collect();
        let below = survey.checkout.as_ref().and_then(|top| absolute.strip_prefix(top).ok());
        let folder = below.map(|below| below.to_string_lossy().replace('\\', "/")).unwrap_or_default();
        // The top of the checkout as seen from the project, so that the path is one that the user would type.
        let up: PathBuf = folder.split('/').filter(|part| !part.is_empty()).map(|_| "..").collect();
        let workflow = PackageWorkflow {
            action: options.action.clone(),
            runner: options.runner.clone(),
            branch: options.branch.clone().unwrap_or_else(|| survey.branch.clone()),
            python: python.map(str::to_owned),
            folder,
            release: !options.no_release,
        };
        Ok(Some((survey.root.join(up).join(".github/workflows/package.yml"), workflow)))
    }

    /// Shows what will be written: the configuration in full, of the others what they are for.
    fn show(files: &[ProposedFile], questions: &Questions<'_>, session: &Session) {
        if let Some(configuration) = files.first().filter(|_| questions.are_asked()) {
            let text = format!("{}:\n\n{}", shown(&configuration.path), configuration.text);
            session.observer.message(Severity::Info, &text);
        }
        let is_new = |file: &ProposedFile| if file.path.exists() { " (overwritten)" } else { "" };
        let lines =
            files.iter().map(|file| format!("{}{}  {}", shown(&file.path), is_new(file), file.purpose));
        session.observer.message(Severity::Info, &list("To be written:", lines.collect()));
    }
}

fn list(title: &str, lines: Vec<String>) -> String {
    lines.into_iter().fold(title.to_owned(), |text, line| format!("{text}\n{line}"))
}

/// A path as a word of a command line.
fn word(path: &Path) -> String {
    let text = path.display().to_string();
    if text.contains(' ') { format!("\"{text}\"") } else { text }
}

/// Says no when the project has a configuration, or one of the files is there.
fn refuse(root: &Path, paths: &[PathBuf], session: &Session) -> Result<(), Error> {
    let there: Vec<PathBuf> = paths.iter().filter(|path| path.exists()).cloned().collect();
    if !there.is_empty() {
        return Err(Error::Exists { paths: there });
    }
    // A file that cannot be read says so when it is used.
    match config::load(root, None, &session.environment, &Overrides::new()) {
        Ok(config) if config.file.is_some() => {
            Err(Error::InPyproject { path: config.file.unwrap_or_default() })
        }
        _ => Ok(()),
    }
}

/// Writes all files, or leaves everything as it was.
fn write_all(files: &[ProposedFile], session: &Session) -> Result<(), AnyFailure> {
    let before: Vec<Option<Vec<u8>>> = files.iter().map(|file| files::read(&file.path).ok()).collect();
    for (at, file) in files.iter().enumerate() {
        if let Err(error) = files::write_atomic(&file.path, file.text.as_bytes()) {
            for (file, before) in files[..at].iter().zip(&before) {
                // What cannot be put back is told by the error that stands for all of it.
                let _ = match before {
                    Some(bytes) => files::write_atomic(&file.path, bytes),
                    None => std::fs::remove_file(&file.path)
                        .map_err(|source| files::Error::Write { path: file.path.clone(), source }),
                };
            }
            return Err(error.into());
        }
    }
    for file in files {
        session.observer.event(Event::Written { path: file.path.clone(), size: file.text.len() as u64 });
    }
    Ok(())
}
