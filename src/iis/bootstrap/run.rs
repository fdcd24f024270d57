//! The bootstrap itself, one step after the other.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use super::environment::{foreign_platform, is_of_another_version};
use super::hooks::Surroundings;
use super::{
    Command, Error, Gateway, Interpreter, Lock, Plan, Registry, Report, Requirements, Settings, Target,
    VirtualEnvironment, render, setup,
};
use crate::event::{Observer, Severity};
use crate::files;
use crate::iis::FastCgiApplication;
use crate::process::Runner;

/// Sets up an application that was found, see [`super::find`](fn@super::find).
///
/// # Errors
/// A step failed. The stamp is still there; what the steps before it made is made again by the next try.
pub fn run(
    target: &Target,
    command: &Command,
    settings: &Settings,
    registry: &mut dyn Registry,
    runner: &dyn Runner,
    observer: &dyn Observer,
) -> Result<Report, Error> {
    let _lock = Lock::take(&target.folder)?;
    run_locked(target, command, settings, registry, runner, observer)
}

/// The same for somebody who holds the folder's [`Lock`].
///
/// # Errors
/// As [`run`].
pub(in crate::iis) fn run_locked(
    target: &Target,
    command: &Command,
    settings: &Settings,
    registry: &mut dyn Registry,
    runner: &dyn Runner,
    observer: &dyn Observer,
) -> Result<Report, Error> {
    let folder = target.folder.as_path();
    let plan = Plan::read(folder, command)?;
    let settings = &within(settings, plan.timeout);
    let stamp = folder.join(&plan.stamp);
    if !stamp.is_file() && !command.ignore_stamp {
        return Err(Error::NoStamp { folder: folder.to_owned(), stamp: plan.stamp });
    }
    warn_of_differences(command, observer);
    let mut work = Work { folder, plan: &plan, command, settings, runner, observer, timings: Vec::new() };
    let base = work
        .timed("python", |work| Interpreter::find(work.plan.python.as_deref(), work.settings, work.runner))?;
    work.hooks("pre-install", &plan.pre_install, &base, None, &plan.environment)?;
    let gateway = work.timed("gateway", |work| work.gateway(&base))?;
    let environment = work.timed("virtual environment", |work| {
        let place = work.folder.join(&work.plan.virtual_environment);
        // Without the dot of the original's `.`, which would stand in every path.
        let place = place.components().collect::<std::path::PathBuf>();
        // Modules of another Python are none for this one, and pip would take them for what is wanted.
        if place != work.folder && is_of_another_version(&place, &base.version) {
            let failed = |source| files::Error::Write { path: place.clone(), source };
            fs::remove_dir_all(&place).map_err(failed)?;
        }
        VirtualEnvironment::create(&place, &base, work.settings, work.runner)
    })?;
    work.timed("requirements", |work| work.requirements(&environment, gateway.as_deref()))?;
    work.hooks("setup commands", &plan.install, &base, Some(&environment), &plan.environment)?;
    let mut configured = plan.clone();
    configured.environment.extend(work.own_steps(&base, &environment, gateway.is_some())?);
    let applications = work.timed("web.config", |work| {
        render::web_config(target, &environment.python, &configured, work.settings, work.observer)
    })?;
    let variables = application_variables(&configured, &applications);
    work.hooks("post-install", &plan.post_install, &base, Some(&environment), &variables)?;
    let mut registered = Vec::new();
    for application in applications {
        let change = registry
            .register(&application)
            .map_err(|source| Error::Register { application: application.script_processor(), source })?;
        registered.push((application, change));
    }
    match fs::remove_file(&stamp) {
        Err(source) if stamp.is_file() => return Err(files::Error::Write { path: stamp, source }.into()),
        _ => {}
    }
    Ok(Report {
        folder: folder.to_owned(),
        virtual_environment: environment.folder.clone(),
        python: environment.python.clone(),
        python_version: base.version,
        installer: environment.installer().to_owned(),
        gateway,
        registered,
        timings: work.timings,
    })
}

/// What the original's command line asks for and does not get.
fn warn_of_differences(command: &Command, observer: &dyn Observer) {
    if command.original && !command.virtual_environment {
        observer.message(
            Severity::Warning,
            "The package asks for an installation into the machine's Python (`iiswsgi_install` without `-e`); \
             it gets a virtual environment in its own folder.",
        );
    }
    if let Some(script) = &command.script {
        observer.message(
            Severity::Warning,
            &format!("The virtual environment is made by Python's `venv`; the script `{script}` is not run."),
        );
    }
}

/// The settings with the shorter of two time limits.
fn within(settings: &Settings, limit: Option<Duration>) -> Settings {
    Settings { timeout: limit.unwrap_or(settings.timeout).min(settings.timeout), ..settings.clone() }
}

/// The application's variables as its process will see them: those of the description, then those of `web.config`.
fn application_variables(plan: &Plan, applications: &[FastCgiApplication]) -> Vec<(String, String)> {
    let own = applications.first().map(|application| application.environment.clone()).unwrap_or_default();
    plan.environment.iter().cloned().chain(own).collect()
}

struct Work<'a> {
    folder: &'a Path,
    plan: &'a Plan,
    command: &'a Command,
    settings: &'a Settings,
    runner: &'a dyn Runner,
    observer: &'a dyn Observer,
    timings: Vec<(String, Duration)>,
}

impl Work<'_> {
    fn timed<T>(&mut self, name: &str, step: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        let started = Instant::now();
        let result = step(self);
        self.timings.push((name.to_owned(), started.elapsed()));
        result
    }

    fn surroundings<'s>(
        &'s self,
        base: &'s Interpreter,
        environment: Option<&'s VirtualEnvironment>,
        variables: &'s [(String, String)],
    ) -> Surroundings<'s> {
        Surroundings {
            folder: self.folder,
            base,
            environment,
            variables,
            settings: self.settings,
            runner: self.runner,
        }
    }

    fn hooks(
        &mut self,
        step: &'static str,
        commands: &[String],
        base: &Interpreter,
        environment: Option<&VirtualEnvironment>,
        variables: &[(String, String)],
    ) -> Result<(), Error> {
        if commands.is_empty() {
            return Ok(());
        }
        self.timed(step, |work| {
            let surroundings = work.surroundings(base, environment, variables);
            commands.iter().try_for_each(|command| surroundings.run(step, command))
        })
    }

    /// What pip installs as the gateway: that of the settings, else that of the package.
    fn gateway(&self, base: &Interpreter) -> Result<Option<String>, Error> {
        let text = self.settings.gateway.as_ref().or(self.plan.gateway.as_ref());
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else { return Ok(None) };
        // A path in the settings starts from where the user is, a path in the package from its content.
        let start = if self.settings.gateway.is_some() { &self.settings.folder } else { self.folder };
        let gateway = Gateway::read(text, start)?;
        gateway.resolve(base, self.settings, self.runner, self.observer).map(Some)
    }

    fn requirements(&self, environment: &VirtualEnvironment, gateway: Option<&str>) -> Result<(), Error> {
        let wheelhouse = self.plan.wheelhouse.as_ref().map(|name| self.folder.join(name));
        // The package's own commands install what it needs; only the gateway is still ours.
        let own = if self.plan.install.is_empty() { self.plan.requirements.as_slice() } else { &[] };
        let mut items = own.to_vec();
        items.extend(gateway.map(str::to_owned));
        if !setup::foreign_commands(self.folder, &self.plan.setup_commands).is_empty() {
            items.push("setuptools".to_owned());
        }
        let wheelhouse = wheelhouse.filter(|folder| folder.is_dir());
        let foreign = wheelhouse.as_deref().and_then(foreign_platform);
        if let Some(platform) = &foreign {
            self.observer.simulated(&format!(
                "The wheelhouse is for `{platform}`: what it has not for this machine came from the package index.",
            ));
        }
        let requirements = Requirements { items, wheelhouse, index_beside_wheelhouse: foreign.is_some() };
        environment.install(&requirements, self.folder, self.settings, self.runner)?;
        environment.add_module_folder(self.folder)
    }

    /// The project's own steps: the original's commands that are not ours, run by its `setup.py` in one process, and the
    /// entry points `iiswsgi.install`. Gives the variables that they set, for `web.config`.
    fn own_steps(
        &mut self,
        base: &Interpreter,
        environment: &VirtualEnvironment,
        with_gateway: bool,
    ) -> Result<Vec<(String, String)>, Error> {
        let commands = setup::foreign_commands(self.folder, &self.plan.setup_commands);
        if self.command.original {
            self.observer.message(
                Severity::Detail,
                "`install_msdeploy` is done by the bootstrap itself, `test_msdeploy` by the test stage.",
            );
        }
        let words: Vec<&str> = commands.iter().flatten().map(String::as_str).collect();
        let mut variables = Vec::new();
        if !words.is_empty() && with_gateway {
            variables = self.step("setup commands", &words, base, environment)?;
        } else if !words.is_empty() {
            // Without our package in the environment nothing is handed over.
            let command = crate::process::command_line::join(
                ["python", "setup.py"].into_iter().chain(words.iter().copied()),
            );
            self.hooks("setup commands", &[command], base, Some(environment), &self.plan.environment)?;
        }
        if with_gateway
            && environment.module_folder().is_ok_and(|modules| setup::has_installation_hooks(&modules))
        {
            variables.extend(self.step("installation hooks", &[], base, environment)?);
        }
        Ok(variables)
    }

    /// Runs steps in the application's environment and takes the variables that they set.
    fn step(
        &mut self,
        name: &'static str,
        words: &[&str],
        base: &Interpreter,
        environment: &VirtualEnvironment,
    ) -> Result<Vec<(String, String)>, Error> {
        let handed_over = setup::HandedOver::within(self.folder);
        let command = handed_over.command(words);
        self.hooks(name, &[command], base, Some(environment), &self.plan.environment)?;
        handed_over.take()
    }
}
