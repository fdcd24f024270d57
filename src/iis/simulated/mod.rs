//! The simulated IIS: folders and processes of this machine in the place of Windows, so that a package can be
//! installed and tested anywhere.
//!
//! It takes the package that was just written, not the sources: unpacks it, fills in its parameters, runs the providers
//! of its manifest, and starts the very `fullPath` and `arguments` that its `web.config` leads requests to, as a FastCGI
//! process with a listening socket as descriptor 0, or on Windows a named pipe. What it only imitates or leaves out is told
//! to the observer, always. How requests are answered is in `site` and `server`, for the test stage and the preview alike.
//!
//! What it cannot show: rights of the application pool's identity; off Windows, named pipes.

mod application;
mod destination;
mod host_paths;
mod in_place;
mod layout;
mod providers;
mod transaction;
mod trial;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use trial::{Trial, read_here, read_process_path_here};

use application::Application;
use destination::Destination;
pub use in_place::start_in_place;
pub(super) use providers::failed_for;

use layout::Layout;
use providers::Providers;
use transaction::Transaction;

use super::application_host::{ApplicationHost, same_application};
use super::package::Package;
use super::server::{PORT, Platform, Pool, Served, Started};
use super::site::{Folders, HttpPlatform};
use super::{
    ApplicationPath, Error, FastCgiApplication, Iis, InstallRequest, Installed, RunningApplication,
    StartOptions, Twin, TwinKind,
};
use crate::event::{Observer, Severity};
use crate::files;
use crate::package::web_config::WebConfig;
use crate::process::{Observed, Program, Runner};
use crate::template::Variables;

/// A simulated IIS in a folder of its own.
pub struct Simulated {
    root: PathBuf,
    runner: Arc<dyn Runner>,
    variables: Variables,
    appcmd: Option<PathBuf>,
}

impl Simulated {
    /// The IIS in this folder; it is made by the first install.
    pub fn new(root: impl Into<PathBuf>, runner: Arc<dyn Runner>) -> Self {
        // Those that templates for Windows use, with the values that they have on nearly every server.
        let variables = [
            ("SystemDrive", "C:"),
            ("SystemRoot", r"C:\Windows"),
            ("windir", r"C:\Windows"),
            ("ProgramFiles", r"C:\Program Files"),
            ("ProgramFiles(x86)", r"C:\Program Files (x86)"),
            ("ProgramData", r"C:\ProgramData"),
            ("TEMP", r"C:\Windows\Temp"),
        ];
        Self { root: root.into(), runner, variables: variables.into_iter().collect(), appcmd: None }
    }

    /// Registers FastCGI applications by this `appcmd.exe`: the configuration is that of an IIS Express.
    #[must_use]
    pub(super) fn with_appcmd(mut self, program: PathBuf) -> Self {
        self.appcmd = Some(program);
        self
    }

    /// The configuration file of this IIS.
    pub fn configuration(&self) -> PathBuf {
        self.root.join("config").join("applicationHost.config")
    }

    /// Makes what was installed ready to be served. Its processes start with the first requests.
    ///
    /// # Errors
    /// Its `web.config` cannot be read or leads to what is not registered, or the application is not there.
    pub fn serve(&self, installed: &Installed, observer: &dyn Observer) -> Result<Served, Error> {
        let layout = Layout::settled(&self.root)?;
        let host = layout.host()?;
        let not_there = || Error::NoFastCgi { application: installed.application.clone() };
        let (site, application) = host.application(&installed.application).ok_or_else(not_there)?;
        let pool = application.pool.as_deref().unwrap_or("DefaultAppPool");
        let pools =
            led_to(&web_config(installed)?, &host.fastcgi_applications())?.into_iter().map(|fastcgi| {
                let written = (fastcgi.full_path.as_str(), fastcgi.arguments.as_str());
                let program =
                    self.program(installed, written, &fastcgi.environment, (&layout, pool), observer);
                let started = Started { command_line: program.by_hand(), program, application: fastcgi };
                Pool::new(started, Arc::clone(&self.runner))
            });
        let pools = pools.collect();
        let root = site.applications.iter().find(|application| application.path == "/");
        let site_folder = root.and_then(|root| root.physical_path()).map(PathBuf::from);
        let site_folder = site_folder.filter(|folder| folder.is_dir());
        let site_folder = site_folder.unwrap_or_else(|| layout.site(&site.name));
        let directories = application.virtual_directories.into_iter();
        let directories = directories.map(|(path, folder)| (path, PathBuf::from(folder)));
        let mut served = Served::new(
            installed.application.clone(),
            Folders::new(installed.physical_path.clone(), directories),
            (site.id, site_folder),
            pools,
        );
        if let Some(settings) = served.http_platform() {
            served.add(self.platform(installed, settings, (&layout, pool), observer));
        }
        served.notes().iter().for_each(|note| observer.simulated(note));
        Ok(served)
    }

    /// The program of HttpPlatformHandler, whose path may be relative to the application's folder.
    fn platform(
        &self,
        installed: &Installed,
        settings: HttpPlatform,
        place: (&Layout, &str),
        observer: &dyn Observer,
    ) -> Platform {
        let folder = &installed.physical_path;
        let path = trial::process_path(folder, &settings.process_path);
        let written = (path.as_str(), settings.arguments.as_str());
        let program = self.program(installed, written, &settings.environment, place, observer);
        observer.simulated("The program was started and asked as HttpPlatformHandler would do it.");
        // Any port will do for whoever starts it by hand.
        let shown = program.clone().replaced(&format!("%{PORT}%"), "8000").env(PORT, "8000");
        Platform::new(settings, program, shown.by_hand(), folder, Arc::clone(&self.runner))
    }

    fn program(
        &self,
        installed: &Installed,
        (program, arguments): (&str, &str),
        environment: &[(String, String)],
        (layout, pool): (&Layout, &str),
        observer: &dyn Observer,
    ) -> Program {
        let python = installed.bootstrap.as_ref().map(|report| report.python.as_path());
        let start = host_paths::read(program, arguments, &self.variables, python);
        for change in &start.changes {
            observer.simulated(change);
        }
        trial::program(start, environment, pool, &layout.configuration())
            .current_dir(layout.working_directory())
    }
}

impl Iis for Simulated {
    fn describe(&self) -> Twin {
        Twin::new(TwinKind::Simulated, format!("simulated IIS in `{}`", self.root.display()))
    }

    fn install(&self, request: &InstallRequest, observer: &dyn Observer) -> Result<Installed, Error> {
        let layout = Layout::open(&self.root)?;
        let _lock = layout.lock()?;
        layout.recover()?;
        let mut package = Package::open(request, observer)?;
        let application = package.application(&request.default_site)?;
        let to_run = package.providers()?;
        let mut host = layout.host()?;
        self.make_site(&mut host, &layout, &application, observer)?;
        let settings = self.settings(request);
        let destination =
            Destination::of(&package, (&host, &layout), &application, &to_run, &settings.variables)?;
        let folder =
            destination.application_folder().map_or_else(|| layout.folder(&application), Path::to_owned);
        let places = destination.places(&application, &to_run);
        let (unpacked, files) = unpack(&mut package, &layout, (&destination, &places), &folder)?;
        package.tell_unused();
        let transaction = Transaction::begin(&layout, unpacked, &layout.host()?)?;
        let runner = Observed { runner: self.runner.as_ref(), observer };
        let mut providers = Providers {
            application: &application,
            folder: &folder,
            layout: &layout,
            settings: &settings,
            runner: &runner,
            observer,
            appcmd: self.appcmd.as_deref(),
            host,
            files,
            steps: Vec::new(),
            bootstrap: None,
        };
        to_run.iter().try_for_each(|provider| providers.run(provider))?;
        let Providers { mut host, mut steps, bootstrap, .. } = providers;
        steps.extend(destination.set(&mut host, &layout, (&application, &folder), observer)?);
        let registered = bootstrap.as_ref().map(|report| report.registered.as_slice()).unwrap_or_default();
        let fastcgi: Vec<_> = registered.iter().map(|(application, _)| application.clone()).collect();
        forget(&mut host, &layout, &application, &fastcgi)?;
        transaction.commit(&host)?;
        let parameters = package.parameters();
        let installed =
            Installed { application, physical_path: folder, fastcgi, parameters, steps, bootstrap };
        layout.write_record(&installed)?;
        Ok(installed)
    }

    fn start(
        &self,
        installed: &Installed,
        options: &StartOptions,
        observer: &dyn Observer,
    ) -> Result<Box<dyn RunningApplication>, Error> {
        let name = installed.application.to_string();
        Ok(Box::new(Application::start(self.serve(installed, observer)?, &name, options)?))
    }

    fn find(&self, application: &ApplicationPath) -> Result<Option<Installed>, Error> {
        let layout = Layout::settled(&self.root)?;
        Ok(layout.record(application).filter(|installed| installed.physical_path.is_dir()))
    }

    fn uninstall(&self, application: &ApplicationPath, _observer: &dyn Observer) -> Result<bool, Error> {
        let layout = Layout::open(&self.root)?;
        let _lock = layout.lock()?;
        layout.recover()?;
        let mut host = layout.host()?;
        let recorded = layout.record(application).map(|installed| installed.physical_path);
        let folder =
            recorded.filter(|folder| layout.owns(folder)).unwrap_or_else(|| layout.folder(application));
        let there = host.application(application).is_some_and(|(_, known)| {
            application.path() != "/" || known.physical_path() == Some(&*folder.to_string_lossy())
        });
        if !there {
            return Ok(false);
        }
        forget(&mut host, &layout, application, &[])?;
        let changed = if application.path() == "/" {
            // A site keeps its root: it goes back to the site's own folder.
            host.set_application(application, &layout.site(application.site()).to_string_lossy(), None)
        } else {
            host.remove_application(application)
        };
        changed.map_err(|source| Error::Configuration { path: layout.configuration(), source })?;
        layout.save(&host)?;
        layout.put_away(&folder)?;
        layout.remove_record(application);
        Ok(true)
    }
}

impl Simulated {
    fn settings(&self, request: &InstallRequest) -> super::bootstrap::Settings {
        let mut settings = request.bootstrap.clone();
        let mut variables = self.variables.clone();
        for (name, value) in settings.variables.iter() {
            variables.set(name, value);
        }
        settings.variables = variables;
        settings
    }

    /// Web Deploy wants the site to be there. Here a site costs nothing, so it is made, and that is told.
    fn make_site(
        &self,
        host: &mut ApplicationHost,
        layout: &Layout,
        application: &ApplicationPath,
        observer: &dyn Observer,
    ) -> Result<(), Error> {
        let name = application.site();
        if host.sites().iter().any(|site| site.name.eq_ignore_ascii_case(name)) {
            return Ok(());
        }
        let folder = layout.site(name);
        std::fs::create_dir_all(&folder).map_err(|source| layout::failed(&folder, source))?;
        host.add_site(name, &folder.to_string_lossy())
            .map_err(|source| Error::Configuration { path: layout.configuration(), source })?;
        observer
            .message(Severity::Detail, &format!("{} has no site `{name}` yet.", self.describe().description));
        observer.simulated(&format!("The site `{name}` was made; on a server it must be there."));
        Ok(())
    }
}

/// Unpacks the application and what fills its virtual directories, each beside the folder that it is for. Gives the number
/// of the application's files.
fn unpack(
    package: &mut Package<'_>,
    layout: &Layout,
    (destination, places): (&Destination, &[(usize, String)]),
    folder: &Path,
) -> Result<(Vec<(tempfile::TempDir, PathBuf)>, usize), Error> {
    let unfinished = layout.unfinished()?;
    let mut files = package.unpack(unfinished.path())?;
    for (provider, place) in places {
        if !package.is_of_application(*provider) {
            files += package.unpack_provider(*provider, &unfinished.path().join(place))?;
        }
    }
    let mut unpacked = vec![(unfinished, folder.to_owned())];
    for (provider, folder) in destination.filled() {
        let unfinished = layout.unfinished()?;
        package.unpack_provider(provider, unfinished.path())?;
        unpacked.push((unfinished, folder.to_owned()));
    }
    Ok((unpacked, files))
}

/// Takes away what the last install of an application registered and this one did not, unless another needs it.
fn forget(
    host: &mut ApplicationHost,
    layout: &Layout,
    application: &ApplicationPath,
    still: &[FastCgiApplication],
) -> Result<(), Error> {
    let Some(record) = layout.record(application) else { return Ok(()) };
    let others: Vec<_> = layout
        .all_records()
        .into_iter()
        .filter(|other| other.application != record.application)
        .flat_map(|other| other.fastcgi)
        .collect();
    let needed = |old: &FastCgiApplication| still.iter().chain(&others).any(|new| same_application(old, new));
    for old in record.fastcgi.iter().filter(|old| !needed(old)) {
        host.remove_fastcgi_application(old)
            .map_err(|source| Error::Configuration { path: layout.configuration(), source })?;
    }
    Ok(())
}

/// The `web.config` of an application.
pub(super) fn web_config(installed: &Installed) -> Result<WebConfig, Error> {
    web_config_in(&installed.physical_path)
}

/// The `web.config` in a folder.
pub(super) fn web_config_in(folder: &Path) -> Result<WebConfig, Error> {
    let path = folder.join("web.config");
    let (config, _) = WebConfig::parse(&files::read(&path)?)
        .map_err(|source| Error::WebConfig { path: path.clone(), source: Box::new(source) })?;
    Ok(config)
}

/// The FastCGI applications that the handlers of a `web.config` lead to, as they are registered.
pub(super) fn led_to(
    config: &WebConfig,
    registered: &[FastCgiApplication],
) -> Result<Vec<FastCgiApplication>, Error> {
    let handlers = config.handlers.iter().filter(|handler| handler.is_fast_cgi());
    handlers
        .filter_map(|handler| handler.script_processor.as_deref())
        .map(|script_processor| {
            let (full_path, arguments) = script_processor.split_once('|').unwrap_or((script_processor, ""));
            let wanted = FastCgiApplication {
                full_path: full_path.to_owned(),
                arguments: arguments.to_owned(),
                ..FastCgiApplication::default()
            };
            registered
                .iter()
                .find(|known| same_application(known, &wanted))
                .cloned()
                .ok_or_else(|| Error::NotRegistered { script_processor: script_processor.to_owned() })
        })
        .collect()
}
