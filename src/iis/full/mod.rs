//! Full IIS, the feature of Windows, as a place to install and to test in.
//!
//! A package goes in as on any server: by Web Deploy's own program where it is installed, which runs the package's commands as
//! well; else it is unpacked here, set up, and made an application by `appcmd.exe`. Either way what is there afterwards is what an
//! administrator finds on a server: the folder below the site's, FastCGI applications, rights of the application pool, and
//! the note that an uninstall works from. Requests go to the site's own HTTP binding. It needs an administrator.
//!
//! Not here: making sites and pools, starting services. Tried against stand-ins (`tests/server_programs`), not yet against a real
//! IIS.

mod install;
mod way_back;

use std::fs::File;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::appcmd::{self, Appcmd, Flavour, PoolAction};
use super::application_host::ApplicationHost;
use super::local::acl::Icacls;
use super::local::{self, Records};
use super::simulated::{self, Trial};
use super::web_client::{Application, Place, Server};
use super::{
    ApplicationPath, Error, Iis, InstallRequest, Installed, RunningApplication, StartOptions, Twin, TwinKind,
    msdeploy,
};
use crate::event::Observer;
use crate::files;
use crate::package::web_config::Handler;
use crate::process::{Observed, Runner};
use crate::template::{Escape, Variables, expand};

/// How long one install waits for another to end.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// The programs of an IIS on this machine, and where we keep notes about it.
pub struct FullIis {
    appcmd: PathBuf,
    msdeploy: Option<PathBuf>,
    variables: Variables,
    root: PathBuf,
    own_folder: Option<PathBuf>,
    runner: Arc<dyn Runner>,
}

impl FullIis {
    /// The IIS of this machine, when it has one; notes are kept in `root`.
    pub fn locate(variables: &Variables, root: PathBuf, runner: Arc<dyn Runner>) -> Option<Self> {
        let appcmd = appcmd::locate(Flavour::Iis, variables)?;
        let msdeploy = msdeploy::locate(variables, runner.as_ref());
        Some(Self { appcmd, msdeploy, variables: variables.clone(), root, own_folder: None, runner })
    }

    /// The folder of the `iiswsgi` program, which commands of a package find on PATH.
    #[must_use]
    pub fn with_own_folder(self, folder: &Path) -> Self {
        Self { own_folder: Some(folder.to_owned()), ..self }
    }

    fn appcmd(&self) -> Appcmd<'_> {
        Appcmd::new(&self.appcmd, self.runner.as_ref())
    }

    fn sites(&self, observer: &dyn Observer) -> Result<ApplicationHost, Error> {
        Ok(local::sites(&self.variables, self.runner.as_ref(), observer)?.0)
    }

    fn expanded(&self, folder: &str) -> PathBuf {
        expand(folder, &self.variables, Escape::Plain).text.into()
    }

    /// The note of what was installed, beside the server's own, which has no steps and no parameters in it.
    fn note(&self, application: &ApplicationPath) -> PathBuf {
        let name = application.to_string().to_lowercase().replace(['/', '\\'], "+");
        self.root.join(format!("{name}.json"))
    }

    fn write_note(&self, installed: &Installed) -> Result<(), Error> {
        let text = serde_json::to_vec_pretty(installed).unwrap_or_default();
        Ok(files::write_atomic(&self.note(&installed.application), &text)?)
    }

    /// Lets no other process of ours install at the same time.
    fn lock(&self) -> Result<File, Error> {
        let path = self.root.join("lock");
        let failed = |source| files::Error::Write { path: path.clone(), source };
        std::fs::create_dir_all(&self.root).map_err(failed)?;
        let file = File::create(&path).map_err(failed)?;
        let deadline = Instant::now() + PATIENCE;
        while let Err(std::fs::TryLockError::WouldBlock) = file.try_lock() {
            if Instant::now() > deadline {
                return Err(Error::Busy { root: self.root.clone() });
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(file)
    }

    fn server<'a>(
        &'a self,
        records: Option<&'a Records>,
        runner: &'a dyn Runner,
        observer: &'a dyn Observer,
    ) -> local::Server<'a> {
        local::Server { runner, observer, records, icacls: Icacls::find(&self.variables, runner) }
    }

    /// Starts the process once by hand: IIS shows nothing of why one dies. Gives how to repeat that.
    fn try_by_hand(
        &self,
        installed: &Installed,
        pool: &str,
        options: &StartOptions,
        observer: &dyn Observer,
    ) -> Result<String, Error> {
        let not_there = || Error::NoFastCgi { application: installed.application.clone() };
        let config = simulated::web_config(installed)?;
        // What HttpPlatformHandler starts is asked by IIS alone.
        if !config.http_platform.is_empty() && !config.handlers.iter().any(Handler::is_fast_cgi) {
            return Ok(String::new());
        }
        let registered = self.appcmd().fastcgi_applications()?;
        let led_to = simulated::led_to(&config, &registered)?;
        let application = led_to.get(options.application).ok_or_else(not_there)?;
        let host_file = local::configuration_file(&self.variables);
        let trial = Trial {
            application: &installed.application,
            folder: &installed.physical_path,
            pool,
            configuration: host_file.as_deref(),
            variables: &self.variables,
            python: installed.bootstrap.as_ref().map(|report| report.python.as_path()),
        };
        trial.run(application, options, &self.runner, observer)?;
        Ok(trial.command_line(application))
    }
}

impl Iis for FullIis {
    fn describe(&self) -> Twin {
        let by = if self.msdeploy.is_some() { "Web Deploy" } else { "appcmd" };
        Twin {
            kind: TwinKind::Iis,
            simulated: false,
            description: format!("IIS of this machine, by {by} (`{}`)", self.appcmd.display()),
        }
    }

    fn install(&self, request: &InstallRequest, observer: &dyn Observer) -> Result<Installed, Error> {
        let _lock = self.lock()?;
        let runner = Observed { runner: self.runner.as_ref(), observer };
        let installed = install::Install::begin(self, request, &runner, observer)?.run()?;
        self.write_note(&installed)?;
        Ok(installed)
    }

    fn find(&self, application: &ApplicationPath) -> Result<Option<Installed>, Error> {
        let path = self.note(application);
        if !path.is_file() {
            return Ok(None);
        }
        let installed: Installed = serde_json::from_slice(&files::read(&path)?).map_err(|error| {
            files::Error::Read { path, source: std::io::Error::new(std::io::ErrorKind::InvalidData, error) }
        })?;
        Ok(Some(installed).filter(|installed| installed.physical_path.is_dir()))
    }

    fn start(
        &self,
        installed: &Installed,
        options: &StartOptions,
        observer: &dyn Observer,
    ) -> Result<Box<dyn RunningApplication>, Error> {
        let host = self.sites(observer)?;
        let application = &installed.application;
        if host.application(application).is_none() {
            return Err(Error::NoFastCgi { application: application.clone() });
        }
        let pool = host.pool(application);
        let by_hand = self.try_by_hand(installed, &pool, options, observer)?;
        let place = place(&host.bindings(application.site()))
            .ok_or_else(|| Error::NoBinding { site: application.site().to_owned() })?;
        wait_until_it_listens(&place, options.timeout).map_err(|reason| Error::Start {
            application: application.to_string(),
            reason,
            output: String::new(),
            command_line: format!("appcmd start site \"{}\"", application.site()),
        })?;
        let (program, runner) = (self.appcmd.clone(), Arc::clone(&self.runner));
        let end = move || {
            // The processes end with those of the pool; when it is not to be had, they end by their own time limits.
            let _ = Appcmd::new(&program, runner.as_ref()).pool(PoolAction::Recycle, &pool);
        };
        let server = Server::Service(Box::new(end));
        Ok(Box::new(Application::new(application.clone(), place, by_hand, server)))
    }

    fn uninstall(&self, application: &ApplicationPath, observer: &dyn Observer) -> Result<bool, Error> {
        let _lock = self.lock()?;
        let records = Records::of_machine(&self.variables);
        let server = self.server(records.as_ref(), self.runner.as_ref(), observer);
        let removed = server.uninstall(application, Some(self.appcmd()))?;
        let _ = std::fs::remove_file(self.note(application));
        Ok(removed)
    }
}

/// Where a site is asked: the port and the name of the first binding that has a port.
fn place(bindings: &[String]) -> Option<Place> {
    bindings.iter().find_map(|binding| {
        // `ADDRESS:PORT:NAME`; an IPv6 address stands in brackets.
        let (rest, name) = binding.rsplit_once(':')?;
        let port = rest.rsplit_once(':')?.1.parse().ok()?;
        let host = match (name, port) {
            ("" | "*", 80) => "localhost".to_owned(),
            ("" | "*", port) => format!("localhost:{port}"),
            (name, 80) => name.to_owned(),
            (name, port) => format!("{name}:{port}"),
        };
        Some(Place { port, host })
    })
}

fn wait_until_it_listens(place: &Place, limit: Duration) -> Result<(), String> {
    let deadline = Instant::now() + limit.min(Duration::from_secs(10));
    while TcpStream::connect(("127.0.0.1", place.port)).is_err() {
        if Instant::now() > deadline {
            return Err(format!("is not served: nobody listens on port {} of the site", place.port));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_asked_at_its_first_http_binding() {
        let asked = |binding: &str| place(&[binding.to_owned()]).map(|place| (place.port, place.host));
        assert_eq!(asked("*:80:"), Some((80, "localhost".into())));
        assert_eq!(asked("*:8080:"), Some((8080, "localhost:8080".into())));
        assert_eq!(asked("[::1]:81:shop.example"), Some((81, "shop.example:81".into())));
        assert_eq!(asked("*:80:shop.example"), Some((80, "shop.example".into())));
        assert_eq!(asked("*:x:"), None);
        assert_eq!(place(&[]), None);
    }
}
