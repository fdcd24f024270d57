//! What the commands that work on projects share: flags become overrides, overrides a plan, a plan an outcome.

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use super::arguments::{InstallOptions, InstallParameters, ProjectOptions, ReportOptions};
use super::session::Session;
use crate::config::{self, Environment, IisMode, Overrides};
use crate::error::{AnyFailure, ExitCode, Failure, shown};
use crate::event::{Event, Observer, Severity, Stage};
use crate::files;
use crate::iis::simulated::Simulated;
use crate::iis::{Express, FullIis, Iis, InstallRequest, Installed, appcmd, bootstrap, express};
use crate::package::archive::Limits;
use crate::pipeline::plan::{self, Plan, Reading};
use crate::pipeline::{Folders, IndexAccess, Outcome, Release, WORK_FOLDER, World, read_set_parameters};
use crate::process::Runner;
use crate::publish::pypi::Notice;
use crate::publish::pypi::trusted::Oidc;
use crate::secret::Secret;
use crate::template::Variables;

/// Another run works in the same folder.
#[derive(Debug, thiserror::Error)]
#[error("another iiswsgi works in `{}`", shown(folder))]
struct Busy {
    folder: PathBuf,
}

impl Failure for Busy {
    fn hint(&self) -> Option<String> {
        Some("Wait until it has ended, then run again.".into())
    }
}

/// The settings that the flags change.
pub(super) fn overrides(options: &ProjectOptions) -> Overrides {
    let mut overrides = Overrides::new();
    overrides
        .set_optional("app", "--app", options.app.as_deref())
        .set_optional("name", "--name", options.name.as_deref())
        .set_optional("version", "--package-version", options.package_version.as_deref())
        .set_optional("python", "--python", options.python.as_deref())
        .set_optional("gateway", "--gateway", options.gateway.as_deref())
        .set_optional("output", "--dist-dir", options.dist_dir.as_deref().map(Path::to_string_lossy))
        .set_optional("iis.mode", "--iis", options.iis.map(super::arguments::IisName::name))
        .set_flag("allow-setup-py", "--allow-setup-py", options.allow_setup_py);
    for (name, value) in &options.define {
        overrides.set_entry("define", "--define", name, value);
    }
    for (key, value) in &options.setting {
        overrides.set(key, "--setting", value);
    }
    overrides
}

/// The values of parameters from the command line: those of `--set` stand over those of `--set-parameters`.
pub(super) fn parameters(options: &InstallParameters) -> Result<Vec<(String, String)>, AnyFailure> {
    let mut values = match &options.set_parameters {
        Some(path) => read_set_parameters(path)?,
        None => Vec::new(),
    };
    values.extend(options.set.iter().cloned());
    Ok(values)
}

/// Makes the plan for the projects that were named.
pub(super) fn plan(
    options: &ProjectOptions,
    overrides: &Overrides,
    session: &Session,
) -> Result<Plan, AnyFailure> {
    with_reading(options, overrides, session, plan::read)
}

/// Hands what plans are made from to `make`.
pub(super) fn with_reading<T>(
    options: &ProjectOptions,
    overrides: &Overrides,
    session: &Session,
    make: impl FnOnce(&Reading<'_>) -> Result<T, AnyFailure>,
) -> Result<T, AnyFailure> {
    let named = session.environment.get(config::IISWSGI_CONFIG).map(PathBuf::from);
    let runner = session.runner();
    make(&Reading {
        paths: &options.paths,
        config: options.config.as_deref().or(named.as_deref()),
        overrides,
        environment: &session.environment,
        runner: &runner,
        observer: &session.observer,
    })
}

/// Takes the work folder for this run alone and clears away what killed runs left.
pub(super) fn lock(folders: &Folders) -> Result<File, AnyFailure> {
    let path = folders.work.join("lock");
    let failed = |source| files::Error::Write { path: path.clone(), source };
    std::fs::create_dir_all(&folders.work).map_err(failed)?;
    let ignore = folders.work.join(".gitignore");
    if !ignore.exists() {
        files::write_atomic(&ignore, b"# Made by iiswsgi: nothing here belongs into a repository.\n*\n")?;
    }
    let file = File::create(&path).map_err(failed)?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => return Err(Busy { folder: folders.work.clone() }.into()),
        // A file system without locks: two runs at once are then the user's own affair.
        Ok(()) | Err(TryLockError::Error(_)) => {}
    }
    files::remove_leftovers(&folders.output);
    Ok(file)
}

/// Carries out a plan with the IIS that its configuration asks for, when there is something to install or to test.
pub(super) fn carry_out_plan(
    plan: &Plan,
    stages: &BTreeSet<Stage>,
    session: &Session,
    work: impl FnOnce(&World<'_>) -> Outcome,
) -> Result<Outcome, AnyFailure> {
    if !stages.contains(&Stage::Install) && !stages.contains(&Stage::Test) {
        return Ok(carry_out(&plan.folders.work, session, work));
    }
    let iis = twin(plan.config.iis.mode, &plan.folders.work, session)?;
    let twin = iis.describe();
    let kind = twin.kind.name();
    let (simulated, description) = (twin.simulated, twin.description);
    session.observer.event(Event::Iis { kind, simulated, description });
    Ok(with_iis(iis.as_ref(), session, work))
}

/// Hands the outside world to the pipeline, for work that needs no IIS: the simulated one is in the work folder.
pub(super) fn carry_out(
    work_folder: &Path,
    session: &Session,
    work: impl FnOnce(&World<'_>) -> Outcome,
) -> Outcome {
    with_iis(&simulated(work_folder, session), session, work)
}

fn with_iis(iis: &dyn Iis, session: &Session, work: impl FnOnce(&World<'_>) -> Outcome) -> Outcome {
    let runner = session.runner();
    let servers: Arc<dyn Runner> = Arc::clone(session.system()) as _;
    let index = IndexLogin::of(&session.environment);
    let notify = |notice: Notice<'_>| session.notice(notice);
    let bootstrap = bootstrap_settings(session);
    let release = release(session);
    work(&World {
        runner: &runner,
        servers: &servers,
        iis,
        observer: &session.observer,
        interrupt: &session.interrupt,
        now: time::OffsetDateTime::now_utc(),
        threads: thread::available_parallelism().map_or(1, std::num::NonZero::get),
        bootstrap: &bootstrap,
        release: &release,
        index: index.access(&notify),
    })
}

/// What the environment gives for logging in to a package index.
struct IndexLogin {
    token: Option<Secret>,
    password: Option<Secret>,
    home: Option<PathBuf>,
    oidc: Option<Oidc>,
}

impl IndexLogin {
    fn of(environment: &Environment) -> Self {
        let secret = |name| environment.get(name).map(Secret::new);
        let home = if cfg!(windows) { config::USERPROFILE } else { config::HOME };
        let url = environment.get(config::ACTIONS_ID_TOKEN_REQUEST_URL);
        let oidc = url.zip(secret(config::ACTIONS_ID_TOKEN_REQUEST_TOKEN));
        Self {
            token: secret(config::IISWSGI_PYPI_TOKEN),
            password: secret(config::IISWSGI_PYPI_PASSWORD),
            home: environment.get(home).map(PathBuf::from),
            oidc: oidc.map(|(url, token)| Oidc { url: url.to_owned(), token }),
        }
    }

    fn access<'a>(&'a self, notify: &'a (dyn Fn(Notice<'_>) + Send + Sync)) -> IndexAccess<'a> {
        IndexAccess {
            token: self.token.as_ref(),
            password: self.password.as_ref(),
            home: self.home.as_deref(),
            oidc: self.oidc.as_ref(),
            notify,
        }
    }
}

/// Installs a package file as it is, whoever made it.
pub(super) fn install_file(
    file: &Path,
    project: &ProjectOptions,
    install: &InstallOptions,
    reports: &ReportOptions,
    session: &Session,
) -> Result<ExitCode, AnyFailure> {
    let choose = |mode: IisMode, work: &Path| twin(mode, work, session);
    let (_, installed) = installed_in(file, project, install, session, choose, |iis| iis.as_ref())?;
    let text = format!("{} is installed in {}.", installed.application, installed.physical_path.display());
    session.observer.message(Severity::Info, &text);
    session.finish(&Outcome::default(), reports)
}

/// Installs a package file, and gives the simulated IIS that it is in.
pub(super) fn installed_file(
    file: &Path,
    project: &ProjectOptions,
    install: &InstallOptions,
    session: &Session,
) -> Result<(Simulated, Installed), AnyFailure> {
    let choose = |_: IisMode, work: &Path| Ok(simulated(work, session));
    installed_in(file, project, install, session, choose, |iis| iis)
}

/// Installs a package file into an IIS that is chosen by what the configuration says.
fn installed_in<I>(
    file: &Path,
    project: &ProjectOptions,
    install: &InstallOptions,
    session: &Session,
    choose: impl FnOnce(IisMode, &Path) -> Result<I, AnyFailure>,
    as_iis: impl Fn(&I) -> &dyn Iis,
) -> Result<(I, Installed), AnyFailure> {
    let overrides = overrides(project);
    let config = config::load(Path::new(""), project.config.as_deref(), &session.environment, &overrides)?;
    let folders = Folders { output: config.output.clone(), work: PathBuf::from(WORK_FOLDER) };
    let _lock = lock(&folders)?;
    let iis = choose(config.iis.mode, &folders.work)?;
    let mut settings = bootstrap_settings(session);
    settings.gateway = Some(config.gateway().to_owned());
    settings.folder = std::path::absolute("").unwrap_or_default();
    settings.compile = false;
    let request = InstallRequest {
        package: file.to_owned(),
        parameters: parameters(&install.parameters)?,
        limits: Limits::default(),
        default_site: config.iis.site.clone(),
        bootstrap: settings,
    };
    let installed = as_iis(&iis).install(&request, &session.observer)?;
    Ok((iis, installed))
}

/// The IIS that was asked for is not here.
#[derive(Debug, thiserror::Error)]
#[error("there is no {name} here")]
struct NoIis {
    name: &'static str,
    install: &'static str,
    looked: Vec<PathBuf>,
}

impl Failure for NoIis {
    fn hint(&self) -> Option<String> {
        let places: Vec<String> = self.looked.iter().map(|path| format!("`{}`", path.display())).collect();
        let looked =
            if places.is_empty() { String::new() } else { format!(" Looked for {}.", places.join(", ")) };
        Some(format!("{}, or use `--iis simulated`.{looked}", self.install))
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::MissingTool
    }
}

/// The IIS that was asked for.
fn twin(mode: IisMode, work: &Path, session: &Session) -> Result<Box<dyn Iis>, AnyFailure> {
    let variables = bootstrap_settings(session).variables;
    let iis: Box<dyn Iis> = match mode {
        IisMode::Iis => Box::new(full(&variables, work, session)?),
        IisMode::Express => Box::new(express(&variables, work, session)?),
        IisMode::Auto if cfg!(windows) && express::locate(&variables).is_some() => {
            Box::new(express(&variables, work, session)?)
        }
        IisMode::Auto | IisMode::Simulated => Box::new(simulated(work, session)),
    };
    let twin = iis.describe();
    if !twin.simulated {
        session.observer.message(Severity::Info, &format!("{} is used.", twin.description));
    }
    Ok(iis)
}

fn full(variables: &Variables, work: &Path, session: &Session) -> Result<FullIis, NoIis> {
    let iis = FullIis::locate(variables, absolute(work.join("full-iis")), session.system().clone());
    let iis = iis.ok_or_else(|| NoIis {
        name: "IIS",
        install: "Enable it (Enable-WindowsOptionalFeature -Online -All -FeatureName IIS-CGI, IIS-ManagementScriptingTools)",
        looked: appcmd::places(appcmd::Flavour::Iis, variables),
    })?;
    let own = std::env::current_exe().ok();
    Ok(match own.as_deref().and_then(Path::parent) {
        Some(folder) => iis.with_own_folder(folder),
        None => iis,
    })
}

fn express(variables: &Variables, work: &Path, session: &Session) -> Result<Express, NoIis> {
    let program = express::locate(variables).ok_or_else(|| {
        let appcmds = appcmd::places(appcmd::Flavour::Express, variables).into_iter();
        NoIis {
            name: "IIS Express",
            install: "Install it (winget install Microsoft.IISExpress)",
            looked: appcmds.map(|path| path.with_file_name("iisexpress.exe")).collect(),
        }
    })?;
    Ok(Express::new(program, absolute(work.join("iis-express")), session.system().clone()))
}

fn absolute(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}

/// The simulated IIS of a work folder.
pub(super) fn simulated(work: &Path, session: &Session) -> Simulated {
    Simulated::new(absolute(work.join("iis")), session.system().clone())
}

/// How a bootstrap goes about on this machine.
pub(super) fn bootstrap_settings(session: &Session) -> bootstrap::Settings {
    let variables: Variables = session.environment.iter().collect();
    bootstrap::Settings {
        cache: session.cache(),
        path: session.environment.get(config::PATH).unwrap_or_default().to_owned(),
        variables,
        ..bootstrap::Settings::default()
    }
}

/// What GitHub says about the release: the repository, and the tag when the job runs for one.
fn release(session: &Session) -> Release {
    let get = |name| session.environment.get(name).map(str::to_owned);
    let is_tag = get(config::GITHUB_REF_TYPE).is_some_and(|kind| kind == "tag");
    Release {
        repository: get(config::GITHUB_REPOSITORY),
        tag: get(config::GITHUB_REF_NAME).filter(|_| is_tag),
        commit: get(config::GITHUB_SHA),
        api_url: get(config::GITHUB_API_URL),
        server_url: get(config::GITHUB_SERVER_URL),
        token: get(config::GITHUB_TOKEN)
            .or_else(|| get(config::GH_TOKEN))
            .map(|text| Secret::new(text.trim())),
    }
}
