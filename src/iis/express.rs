//! IIS Express: the web server of IIS as a program of the user, without an administrator.
//!
//! A package is installed as the simulation installs it, into a folder of ours, with one difference: the configuration is made
//! from the template of IIS Express, and FastCGI applications are registered in it by IIS Express's own `appcmd.exe`. To test, the
//! process is first started by hand, since IIS Express shows nothing of why one dies; then `iisexpress.exe` serves the
//! site on a free port of this machine, under our supervision, and requests go to it over HTTP.
//!
//! Tried against a stand-in (`tests/server_programs`), not yet against the real program.

use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::application_host::ApplicationHost;
use super::simulated::Simulated;
use super::web_client::{Application, Place, Server, said};
use super::{
    ApplicationPath, DEFAULT_SITE, Error, Iis, InstallRequest, Installed, RunningApplication, StartOptions,
    Twin, TwinKind, appcmd,
};
use crate::event::Observer;
use crate::files;
use crate::process::{Program, Runner, Running};
use crate::template::Variables;

/// Where the template of a user's configuration lies, below the program's folder.
const TEMPLATE: [&str; 4] = ["config", "templates", "PersonalWebServer", "applicationhost.config"];

/// The IIS Express of this machine, with a configuration in a folder of ours.
pub struct Express {
    program: PathBuf,
    root: PathBuf,
    runner: Arc<dyn Runner>,
    installs: Simulated,
}

/// Finds `iisexpress.exe`: beside its `appcmd.exe`.
pub fn locate(variables: &Variables) -> Option<PathBuf> {
    let places = appcmd::places(appcmd::Flavour::Express, variables);
    places.into_iter().map(|path| path.with_file_name("iisexpress.exe")).find(|path| path.is_file())
}

impl Express {
    /// The program of this path, with its configuration and applications in `root`.
    pub fn new(program: PathBuf, root: PathBuf, runner: Arc<dyn Runner>) -> Self {
        let appcmd = program.with_file_name("appcmd.exe");
        let installs = Simulated::new(&root, Arc::clone(&runner));
        // Without its appcmd the file is changed directly, which comes to the same.
        let installs = if appcmd.is_file() { installs.with_appcmd(appcmd) } else { installs };
        Self { program, root, runner, installs }
    }

    /// Makes the configuration from the template, once.
    fn prepare(&self) -> Result<(), Error> {
        let path = self.installs.configuration();
        if path.is_file() {
            return Ok(());
        }
        let template =
            TEMPLATE.iter().fold(files::folder_of(&self.program).to_owned(), |path, step| path.join(step));
        let site = self.root.join("inetpub").join(DEFAULT_SITE);
        let site = std::path::absolute(&site).unwrap_or(site);
        let configuration = |source| Error::Configuration { path: template.clone(), source };
        let mut host = ApplicationHost::parse(files::read_text(&template)?).map_err(configuration)?;
        host.keep_one_site(DEFAULT_SITE, &site.to_string_lossy()).map_err(configuration)?;
        host.unlock("system.webServer/handlers").map_err(configuration)?;
        for folder in [files::folder_of(&path), &site] {
            std::fs::create_dir_all(folder)
                .map_err(|source| files::Error::Write { path: folder.to_owned(), source })?;
        }
        Ok(files::write_atomic(&path, host.text().as_bytes())?)
    }

    /// Gives the site a free port, and the program that serves it.
    fn listen(&self, site: &str) -> Result<(u16, Program), Error> {
        let path = self.installs.configuration();
        let failed = |source| Error::Configuration { path: path.clone(), source };
        let free = || std::net::TcpListener::bind("127.0.0.1:0")?.local_addr();
        let port = free().map_err(|source| files::Error::Read { path: path.clone(), source })?.port();
        let mut host = ApplicationHost::parse(files::read_text(&path)?).map_err(failed)?;
        // The one form of a binding that needs no administrator.
        host.set_binding(site, &format!("*:{port}:localhost")).map_err(failed)?;
        files::write_atomic(&path, host.text().as_bytes())?;
        let program = Program::new("IIS Express", &self.program)
            .arg(appcmd::arguments::parameter("config", &path.to_string_lossy()))
            .arg(appcmd::arguments::parameter("site", site))
            .args(["/systray:false", "/trace:error"]);
        let program = ["PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"]
            .into_iter()
            .fold(program, Program::env_remove)
            .current_dir(files::folder_of(&self.program));
        Ok((port, program))
    }
}

impl Iis for Express {
    fn describe(&self) -> Twin {
        Twin::new(TwinKind::IisExpress, format!("IIS Express `{}`", self.program.display()))
    }

    fn install(&self, request: &InstallRequest, observer: &dyn Observer) -> Result<Installed, Error> {
        self.prepare()?;
        self.installs.install(request, observer)
    }

    fn find(&self, application: &ApplicationPath) -> Result<Option<Installed>, Error> {
        self.prepare()?;
        self.installs.find(application)
    }

    fn start(
        &self,
        installed: &Installed,
        options: &StartOptions,
        observer: &dyn Observer,
    ) -> Result<Box<dyn RunningApplication>, Error> {
        let by_hand = self.installs.start(installed, options, observer)?;
        let command_line = by_hand.command_line().to_owned();
        by_hand.stop();
        let (port, program) = self.listen(installed.application.site())?;
        let mut running = self.runner.launch(&program)?;
        wait_until_it_listens(running.as_mut(), port, options.timeout).map_err(|reason| Error::Start {
            application: installed.application.to_string(),
            reason,
            output: said(running.as_ref()),
            command_line: program.to_string(),
        })?;
        let application = installed.application.clone();
        let place = Place { port, host: format!("localhost:{port}") };
        Ok(Box::new(Application::new(application, place, command_line, Server::Ours(running))))
    }

    fn uninstall(&self, application: &ApplicationPath, observer: &dyn Observer) -> Result<bool, Error> {
        self.prepare()?;
        self.installs.uninstall(application, observer)
    }
}

fn wait_until_it_listens(running: &mut dyn Running, port: u16, limit: Duration) -> Result<(), String> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(code) = running.ended() {
            return Err(format!("is not served: IIS Express ended with exit code {code}"));
        }
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(format!(
                "is not served: IIS Express did not listen within {} s",
                limit.as_secs_f64()
            ));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_found_beside_its_appcmd() {
        let folder = tempfile::tempdir().unwrap();
        let express = folder.path().join("IIS Express");
        std::fs::create_dir(&express).unwrap();
        let variables: Variables =
            [("ProgramFiles", folder.path().to_string_lossy().into_owned())].into_iter().collect();
        assert_eq!(locate(&variables), None);
        std::fs::write(express.join("iisexpress.exe"), "").unwrap();
        assert_eq!(locate(&variables), Some(express.join("iisexpress.exe")));
    }
}
