//! One run of the command: its environment, its console, its runner, and the dispatch to the command that was asked for.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::arguments::{self, Command, CommandLine, OutputOptions, ReportOptions};
use super::console::{self, Console, Verbosity};
use super::{Host, outputs};
use crate::ci::{Annotations, GitHub};
use crate::config::{self, Environment};
use crate::error::{AnyFailure, ExitCode, Failure, Location, Shown};
use crate::event::{Event, Observer};
use crate::files;
use crate::pipeline::fan_out::StageResult;
use crate::pipeline::report::{ArchiveReport, Collector, Report, StageReport};
use crate::pipeline::{Outcome, WORK_FOLDER};
use crate::process::{Interrupt, Observed, Runner as _, System};
use crate::publish::pypi::Notice;

/// Everything that a command works with.
pub(super) struct Session {
    pub(super) environment: Environment,
    pub(super) interrupt: Interrupt,
    pub(super) observer: Observers,
    system: Arc<System>,
    github: Option<GitHub>,
}

/// Whoever is told what happens: the console, the collector of reports, and GitHub when this is one of its jobs.
pub(super) struct Observers {
    console: Console,
    collector: Collector,
    annotations: Option<Annotations>,
    /// The errors of stages, which are not told a second time at the end.
    told: Mutex<Vec<Shown>>,
    /// The failures for the caller of [`super::call`], who shows them himself; none when the console shows them.
    failures: Option<Mutex<Vec<Shown>>>,
}

impl Observer for Observers {
    fn event(&self, event: Event) {
        if let Event::StageEnded { error: Some(error), .. } = &event {
            self.told.lock().unwrap_or_else(PoisonError::into_inner).push(error.clone());
        }
        if let Some(annotations) = &self.annotations {
            annotations.event(event.clone());
        }
        self.collector.event(event.clone());
        self.console.event(match event {
            Event::StageEnded { package, stage, status, simulated, elapsed, .. }
                if self.failures.is_some() =>
            {
                Event::StageEnded { package, stage, status, simulated, elapsed, error: None }
            }
            event => event,
        });
    }
}

/// Does what a command line says.
pub(super) fn run(line: CommandLine, host: Host) -> i32 {
    let environment = Environment::of_process();
    match line.command {
        // These two are other processes' stand-ins: nothing of ours may come between.
        Command::Supervise(supervise) => return supervise.run(),
        Command::Completions(completions) => {
            completions.run(&mut anstream::stdout());
            return ExitCode::Done as i32;
        }
        _ => {}
    }
    let session = Session::new(environment, &line.output, host, None);
    for (name, meant) in session.environment.misspelt() {
        session.observer.warning(&format!("`{name}` is not read by anything; `{meant}` would be."), None);
    }
    let code = match session.dispatch(line.command) {
        Ok(code) => code as i32,
        Err(failure) => {
            session.tell(&*failure);
            failure.exit_code() as i32
        }
    };
    if let Some(annotations) = &session.observer.annotations {
        annotations.finish();
    }
    code
}

impl Session {
    /// A session. With `silent` somebody calls who shows failures himself; then it also says whether the console stays
    /// silent altogether.
    pub(super) fn new(
        environment: Environment,
        output: &OutputOptions,
        host: Host,
        silent: Option<bool>,
    ) -> Self {
        let settings = console_settings(output, &environment);
        // A caller's job is not ours to annotate.
        let github = if silent.is_none() { GitHub::detect(&environment) } else { None };
        let console = if silent == Some(true) {
            Console::new(Box::new(std::io::sink()), console::Settings::default())
        } else {
            Console::of_process(settings, github.is_some())
        };
        let Host { supervisor, interrupt, answers_interrupts } = host;
        let path = environment.get(config::PATH).map(Into::into);
        let system = Arc::new(System { supervisor, path, interrupt: interrupt.clone() });
        let here = std::env::current_dir().unwrap_or_default();
        let annotations = github.as_ref().map(|github| github.annotations(Box::new(std::io::stderr()), here));
        if let Some(annotations) = &annotations {
            environment.secrets().iter().for_each(|secret| annotations.mask(secret));
        }
        let observer = Observers {
            console,
            collector: Collector::new(),
            annotations,
            told: Mutex::default(),
            failures: silent.map(|_| Mutex::default()),
        };
        let session = Self { environment, interrupt, observer, system, github };
        if answers_interrupts {
            session.handle_interrupts();
        }
        session
    }

    /// The first Ctrl-C (or SIGTERM, or the closing of the console) lets the work end in good order, the second ends it
    /// at once. Programs end with us either way.
    fn handle_interrupts(&self) {
        let interrupt = self.interrupt.clone();
        let handler = move || {
            if interrupt.is_requested() {
                std::process::exit(ExitCode::Interrupted as i32);
            }
            interrupt.request();
        };
        if let Err(error) = ctrlc::set_handler(handler) {
            self.observer.warning(&format!("Ctrl-C will end this at once: {error}."), None);
        }
    }

    pub(super) fn dispatch(&self, command: Command) -> Result<ExitCode, AnyFailure> {
        match command {
            Command::Init(command) => command.run(self),
            Command::Run(command) => command.run(self),
            Command::Plan(command) => command.run(self),
            Command::Build(command) => command.run(self),
            Command::Package(command) => command.run(self),
            Command::Install(command) => command.run(self),
            Command::Test(command) => command.run(self),
            Command::Preview(command) => command.run(self),
            Command::Feed(command) => command.run(self),
            Command::Merge(command) => command.run(self),
            Command::Migrate(command) => command.run(self),
            Command::GenerateCi(command) => command.run(self),
            Command::Publish(command) => command.run(self),
            Command::Deploy(command) => command.run(self),
            Command::Doctor(command) => command.run(self),
            Command::Uninstall(command) => command.run(self),
            Command::Bootstrap(command) => command.run(self),
            Command::Configure(command) => command.run(self),
            Command::OriginalInstall(command) => command.run(self),
            Command::Serve(command) => command.run(self),
            Command::Inspect(command) => command.run(),
            Command::Sha1(command) => command.run(self),
            Command::Clean(command) => command.run(self),
            Command::Schema(command) => command.run(),
            Command::Man(command) => command.run(self),
            Command::Completions(_) | Command::Supervise(_) => Ok(ExitCode::Done),
        }
    }

    /// The runner of programs; what they do is told to the observers.
    pub(super) fn runner(&self) -> Observed<'_> {
        Observed { runner: &*self.system, observer: &self.observer }
    }

    /// The runner itself.
    pub(super) fn system(&self) -> &Arc<System> {
        &self.system
    }

    /// Where a program is.
    pub(super) fn find(&self, name: &str) -> Option<PathBuf> {
        self.system.find(name)
    }

    /// Warns about a place in a file.
    pub(super) fn warn(&self, text: &str, location: Location) {
        self.observer.warning(text, Some(location));
    }

    /// What was told to nobody because the caller shows it, and the report of what was done.
    pub(super) fn into_results(self) -> (Vec<Shown>, Report) {
        let report = self.observer.collector.report();
        let failures = self.observer.failures.unwrap_or_default();
        (failures.into_inner().unwrap_or_else(PoisonError::into_inner), report)
    }

    /// Shows why the command fails, unless a stage has told it.
    pub(super) fn tell(&self, failure: &dyn Failure) {
        if let Some(failures) = &self.observer.failures {
            failures.lock().unwrap_or_else(PoisonError::into_inner).push(Shown::of(failure));
            return;
        }
        let told =
            self.observer.told.lock().unwrap_or_else(PoisonError::into_inner).contains(&Shown::of(failure));
        if told {
            return;
        }
        if let Some(annotations) = &self.observer.annotations {
            annotations.failure(failure);
        }
        self.observer.console.failure(failure);
    }

    /// The user's cache folder of ours: `IISWSGI_CACHE`, else `iiswsgi` where the system keeps caches.
    pub(super) fn cache(&self) -> PathBuf {
        let get = |name| self.environment.get(name).map(PathBuf::from);
        let system = if cfg!(windows) {
            get(config::LOCALAPPDATA)
        } else {
            get(config::XDG_CACHE_HOME).or_else(|| get(config::HOME).map(|home| home.join(".cache")))
        };
        let cache = get(config::IISWSGI_CACHE).or_else(|| system.map(|folder| folder.join("iiswsgi")));
        cache.unwrap_or_else(|| PathBuf::from(WORK_FOLDER).join("cache"))
    }

    /// How the stages of a package went, and what was simulated.
    pub(super) fn results_of(&self, package: &str) -> (Vec<StageResult>, Vec<String>) {
        let report = self.observer.collector.report();
        let stages = report.packages.iter().find(|reported| reported.name == package);
        let stages = stages.map(|reported| reported.stages.iter().map(StageResult::from).collect());
        (stages.unwrap_or_default(), report.simulated)
    }

    /// Takes over how the stages of a package went on another machine.
    pub(super) fn take_results(&self, package: &str, stages: &[StageResult], simulated: &[String]) {
        self.observer.collector.stages(package, stages.iter().map(StageReport::from));
        for step in simulated {
            self.observer.simulated(step);
        }
    }

    /// Sets outputs of the step on GitHub Actions; does nothing elsewhere.
    pub(super) fn set_outputs(&self, outputs: &[(&str, &str)]) -> Result<(), AnyFailure> {
        match &self.github {
            Some(github) => Ok(github.set_outputs(outputs)?),
            None => Ok(()),
        }
    }

    /// Tells the job's log of a secret before its first use, and its summary what has to be said at length.
    pub(super) fn notice(&self, notice: Notice<'_>) {
        match notice {
            Notice::Mask(secret) => {
                if let Some(annotations) = &self.observer.annotations {
                    annotations.mask(secret);
                }
            }
            Notice::Explain(markdown) => {
                // The error itself is told all the same.
                let _ = self.github.as_ref().map(|github| github.add_summary(markdown));
            }
        }
    }

    /// Begins another run: nothing of the last one counts any more.
    pub(super) fn start_over(&self) {
        self.observer.console.start_over();
        self.observer.collector.start_over();
        self.observer.told.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Ends a run: the console's last lines, reports, GitHub's outputs and summary.
    pub(super) fn finish(&self, outcome: &Outcome, reports: &ReportOptions) -> Result<ExitCode, AnyFailure> {
        let collector = &self.observer.collector;
        for package in &outcome.packages {
            collector.package(&package.name, &package.version, &package.root);
            if let Some(finished) = &package.finished {
                let (path, digests) = (finished.package.path.clone(), finished.package.digests);
                let (sha1, sha256) = (digests.sha1_hex(), digests.sha256_hex());
                collector.archive(&package.name, ArchiveReport { path, size: digests.size, sha1, sha256 });
            }
        }
        if let Some(feed) = &outcome.feed {
            collector.feed(&feed.path);
        }
        for published in &outcome.published {
            collector.published(&published.target, &published.url);
        }
        for failure in &outcome.failures {
            self.tell(&**failure);
            collector.failed(&Shown::of(&**failure));
        }
        let report = collector.report();
        if let Some(path) = &reports.report {
            files::write_atomic(path, report.to_json().as_bytes())?;
        }
        if let Some(path) = &reports.junit {
            files::write_atomic(path, report.to_junit().as_bytes())?;
        }
        if let Some(github) = &self.github {
            github.add_summary(&report.to_markdown())?;
            let path = reports.report.as_deref().map(Path::to_string_lossy);
            let release = outcome.release.as_ref();
            let release = release.map(|release| (release.url.as_str(), release.feed_url.as_deref()));
            let outputs = outputs::of(&report, release, path.as_deref());
            let outputs: Vec<(&str, &str)> =
                outputs.iter().map(|(name, value)| (*name, value.as_str())).collect();
            github.set_outputs(&outputs)?;
        }
        self.observer.console.finish();
        Ok(outcome.exit_code())
    }
}

/// Prints data.
pub(super) fn print(text: &str) {
    let mut stdout = std::io::stdout().lock();
    // A reader that has seen enough, as `head`, is no failure.
    let _ = stdout.write_all(text.as_bytes());
    if !text.ends_with('\n') {
        let _ = stdout.write_all(b"\n");
    }
}

/// Prints a value as JSON.
pub(super) fn print_json(value: &impl serde::Serialize) {
    // Only maps with keys that are no texts cannot be written, and no type of ours has one.
    print(&serde_json::to_string_pretty(value).unwrap_or_default());
}

fn console_settings(output: &OutputOptions, environment: &Environment) -> console::Settings {
    let verbosity = match (output.quiet, output.verbose) {
        (true, _) => Verbosity::Quiet,
        (false, 0) => Verbosity::Normal,
        (false, _) => Verbosity::Verbose,
    };
    let format = match output.log_format {
        arguments::LogFormat::Text => console::LogFormat::Text,
        arguments::LogFormat::Json => console::LogFormat::Json,
    };
    let color = match output.color {
        None | Some(arguments::Color::Auto) => console::Color::Auto,
        Some(arguments::Color::Always) => console::Color::Always,
        Some(arguments::Color::Never) => console::Color::Never,
    };
    console::Settings::new(verbosity, format, color, environment, std::io::stderr().is_terminal())
}
