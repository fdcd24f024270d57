//! One install into full IIS: by Web Deploy, or unpacked here.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::FullIis;
use super::way_back::WayBack;
use crate::event::{Observer, Severity};
use crate::iis::application_host::{ApplicationHost, same_application};
use crate::iis::bootstrap::{self, Command, Interpreter};
use crate::iis::local::acl::Icacls;
use crate::iis::local::{Record, Records};
use crate::iis::msdeploy::{Deployment, Msdeploy};
use crate::iis::package::{Package, is_in};
use crate::iis::simulated::{self, failed_for};
use crate::iis::{
    ApplicationPath, Change, Error, FastCgiApplication, InstallRequest, Installed, Outcome, Step,
};
use crate::package::manifest::Provider;
use crate::process::Runner;

/// Variables by which the programs of a server find IIS and its notes.
const OF_THE_MACHINE: [&str; 6] =
    ["WINDIR", "SYSTEMROOT", "PROGRAMDATA", "PROGRAMFILES", "IIS_BIN", "SYSTEMDRIVE"];

/// An install on its way.
pub(super) struct Install<'a> {
    iis: &'a FullIis,
    request: &'a InstallRequest,
    runner: &'a dyn Runner,
    observer: &'a dyn Observer,
    package: Package<'a>,
    application: ApplicationPath,
    providers: Vec<Provider>,
    host: ApplicationHost,
    folder: PathBuf,
}

impl<'a> Install<'a> {
    /// Reads the package and looks where it goes. Nothing is changed.
    ///
    /// # Errors
    /// The package is at fault, or IIS has no such site.
    pub(super) fn begin(
        iis: &'a FullIis,
        request: &'a InstallRequest,
        runner: &'a dyn Runner,
        observer: &'a dyn Observer,
    ) -> Result<Self, Error> {
        let package = Package::open(request, observer)?;
        let application = package.application(&request.default_site)?;
        let providers = package.providers()?;
        package.require_content()?;
        let host = iis.sites(observer)?;
        let folder = folder(iis, &host, &application)?;
        Ok(Self { iis, request, runner, observer, package, application, providers, host, folder })
    }

    /// Installs.
    ///
    /// # Errors
    /// A step failed; what was there before is there again.
    pub(super) fn run(mut self) -> Result<Installed, Error> {
        let records = Records::of_machine(&self.iis.variables);
        let nested = self.nested();
        let way_back = WayBack::begin(
            self.iis.appcmd(),
            &self.host,
            &self.application,
            (&self.folder, nested),
            records.as_ref(),
        )?;
        let msdeploy = self.iis.msdeploy.as_deref().filter(|_| self.package.names_site());
        let (steps, bootstrap) = match msdeploy {
            Some(program) => self.by_web_deploy(program, records.as_ref(), &way_back)?,
            None => self.here(records.as_ref(), &way_back)?,
        };
        let fastcgi = bootstrap.iter().flat_map(|report| &report.registered);
        let fastcgi = fastcgi.map(|(application, _)| application.clone()).collect();
        self.note_content(records.as_ref())?;
        let parameters = self.package.parameters();
        way_back.leave()?;
        Ok(Installed {
            application: self.application,
            physical_path: self.folder,
            fastcgi,
            parameters,
            steps,
            bootstrap,
        })
    }

    /// The folders of other applications that lie within this one's.
    fn nested(&self) -> Vec<PathBuf> {
        let sites = self.host.sites().into_iter().flat_map(|site| site.applications);
        let folders = sites.filter_map(|other| Some(self.iis.expanded(other.physical_path()?)));
        folders.filter(|folder| folder != &self.folder && folder.starts_with(&self.folder)).collect()
    }

    /// Web Deploy does all of it, the bootstrap by the package's own command.
    fn by_web_deploy(
        &self,
        program: &Path,
        records: Option<&Records>,
        before: &WayBack<'_>,
    ) -> Result<(Vec<Step>, Option<bootstrap::Report>), Error> {
        let path =
            std::path::absolute(&self.request.package).unwrap_or_else(|_| self.request.package.clone());
        let deployment = Deployment { parameters: self.request.parameters.clone(), ..Deployment::new(path) };
        let environment = self.environment();
        let failed =
            |source| Error::Deploy { application: self.application.clone(), source: Box::new(source) };
        let changes = Msdeploy::new(program, self.runner, self.observer)
            .with_environment(&environment)
            .deploy(&deployment)
            .map_err(failed)?;
        self.observer.message(Severity::Detail, &changes.line);
        let done = |provider: &Provider| Step {
            provider: provider.name.clone(),
            path: provider.path.clone(),
            outcome: Outcome::Done,
            detail: "Web Deploy did it.".to_owned(),
        };
        let steps = self.providers.iter().map(done).collect();
        let record = records.map(|records| records.find(&self.application)).transpose()?.flatten();
        let report = record.map(|record| self.report(&record, before.fastcgi())).transpose()?;
        Ok((steps, report))
    }

    /// What the bootstrap did that Web Deploy has started, from the note it left.
    fn report(&self, record: &Record, before: &[FastCgiApplication]) -> Result<bootstrap::Report, Error> {
        let python = bootstrap::python_of(&record.virtual_environment);
        let version = Interpreter::ask(&python, self.runner).map(|found| found.version).unwrap_or_default();
        let config = simulated::web_config_in(&self.folder)?;
        let registered = simulated::led_to(&config, &self.iis.appcmd().fastcgi_applications()?)?;
        let change = |application: &FastCgiApplication| match before
            .iter()
            .find(|known| same_application(known, application))
        {
            None => Change::Added,
            Some(known) if known == application => Change::Unchanged,
            Some(_) => Change::Updated,
        };
        Ok(bootstrap::Report {
            folder: self.folder.clone(),
            virtual_environment: record.virtual_environment.clone(),
            python,
            python_version: version,
            installer: "pip".to_owned(),
            gateway: self.request.bootstrap.gateway.clone().filter(|gateway| !gateway.is_empty()),
            registered: registered
                .into_iter()
                .map(|application| (application.clone(), change(&application)))
                .collect(),
            timings: Vec::new(),
        })
    }

    /// What the package's own command is to find: this program, and the gateway that was asked for.
    fn environment(&self) -> Vec<(String, String)> {
        let settings = &self.request.bootstrap;
        let of_the_machine = OF_THE_MACHINE
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), self.iis.variables.get(name)?.to_owned())));
        let own = self.iis.own_folder.iter().map(PathBuf::from);
        let path = std::env::join_paths(own.chain(std::env::split_paths(&settings.path)));
        let path = path.ok().map(|path| ("PATH".to_owned(), path.to_string_lossy().into_owned()));
        // A path is from where the user is, not from where Web Deploy starts commands.
        let gateway = settings.gateway.as_ref().map(|gateway| {
            let path = settings.folder.join(gateway);
            let is_path = !gateway.is_empty() && path.exists();
            if is_path { path.to_string_lossy().into_owned() } else { gateway.clone() }
        });
        let gateway = gateway.map(|gateway| ("IISWSGI_GATEWAY".to_owned(), gateway));
        of_the_machine.chain(path).chain(gateway).collect()
    }

    /// Without Web Deploy: unpacked here, one provider after the other.
    fn here(
        &mut self,
        records: Option<&Records>,
        way_back: &WayBack<'_>,
    ) -> Result<(Vec<Step>, Option<bootstrap::Report>), Error> {
        let files = self.package.unpack(&self.folder)?;
        self.package.tell_unused();
        way_back.appcmd.set_application(&self.application, &self.folder)?;
        let (mut steps, mut bootstrap) = (Vec::new(), None);
        for provider in &self.providers {
            let (outcome, detail) = match provider.name.to_lowercase().as_str() {
                "iisapp" | "createapp" if is_in(&self.application, &provider.path) => {
                    (Outcome::Done, format!("The application `{}`; {files} files.", self.application))
                }
                "contentpath" | "dirpath" | "filepath" if is_in(&self.application, &provider.path) => {
                    (Outcome::Done, "The content is part of the application.".to_owned())
                }
                "setacl" if is_in(&self.application, &provider.path) => {
                    self.give(provider, way_back.pool())?
                }
                "runcommand" => self.command(provider, records, way_back.pool(), &mut bootstrap)?,
                _ => self.not_run(provider),
            };
            let (provider, path) = (provider.name.clone(), provider.path.clone());
            steps.push(Step { provider, path, outcome, detail });
        }
        Ok((steps, bootstrap))
    }

    fn not_run(&self, provider: &Provider) -> (Outcome, String) {
        let detail = format!(
            "The provider `{}` for `{}` was not run: that takes Web Deploy's own program.",
            provider.name, provider.path
        );
        self.observer.simulated(&detail);
        (Outcome::NotRun, detail)
    }

    /// `setAcl`: a right of the pool's identity, or of a user, on a part of the application.
    fn give(&self, provider: &Provider, pool: &str) -> Result<(Outcome, String), Error> {
        let Some(icacls) = Icacls::find(&self.iis.variables, self.runner) else {
            return Ok(self.not_run(provider));
        };
        let access = provider.setting("setAclAccess").unwrap_or("ReadAndExecute");
        let right = match access.to_lowercase().as_str() {
            "modify" => "M",
            "fullcontrol" => "F",
            "read" => "R",
            "write" => "W",
            _ => "RX",
        };
        let user = match provider.setting("setAclUser") {
            Some(user) => user.to_owned(),
            None => self.iis.appcmd().account(pool)?.for_icacls().to_owned(),
        };
        let below = provider.path.replace('\\', "/");
        let below = below.rsplit_once(&format!("{}/", self.last_step())).map_or("", |(_, below)| below);
        let path = self.folder.join(below);
        std::fs::create_dir_all(&path)
            .map_err(|source| crate::files::Error::Write { path: path.clone(), source })?;
        icacls.give(&path, &user, right)?;
        Ok((Outcome::Done, format!("`{user}` has the right {access} on {}.", path.display())))
    }

    fn last_step(&self) -> String {
        self.application.steps().last().unwrap_or_default().to_owned()
    }

    fn command(
        &self,
        provider: &Provider,
        records: Option<&Records>,
        pool: &str,
        bootstrap: &mut Option<bootstrap::Report>,
    ) -> Result<(Outcome, String), Error> {
        let command = Command::read(&provider.path)
            .map_err(|source| Error::Command { command: provider.path.clone(), source: Box::new(source) })?;
        let Some(command) = command else { return Ok(self.not_run(provider)) };
        let mut settings = self.request.bootstrap.clone();
        settings.variables = self.iis.variables.clone();
        settings.timeout = settings.timeout.max(Duration::from_secs(1));
        let host = self.iis.sites(self.observer)?;
        let found = bootstrap::find(&command, &host, &settings).map_err(failed_for(&self.application))?;
        let server = self.iis.server(records, self.runner, self.observer);
        let report = server
            .bootstrap(&found, &self.iis.appcmd().account(pool)?, &command, &settings, self.iis.appcmd())
            .map_err(failed_for(&self.application))?;
        *bootstrap = Some(report);
        Ok((Outcome::Done, "The application was set up by this program itself.".to_owned()))
    }

    /// The content is ours to take away again.
    fn note_content(&self, records: Option<&Records>) -> Result<(), Error> {
        let Some(records) = records else { return Ok(()) };
        let noted = records.find(&self.application)?;
        let mut record =
            noted.unwrap_or_else(|| Record::new(self.application.clone(), &self.folder, &self.folder));
        record.content = true;
        Ok(records.write(&record)?)
    }
}

/// The folder of an application: the one it has, else one below its site's.
fn folder(iis: &FullIis, host: &ApplicationHost, application: &ApplicationPath) -> Result<PathBuf, Error> {
    if let Some((_, known)) = host.application(application) {
        return Ok(iis.expanded(known.physical_path().unwrap_or_default()));
    }
    let root = ApplicationPath::new(application.site(), "/")?;
    let Some((_, root)) = host.application(&root) else {
        return Err(Error::NoSite {
            site: application.site().to_owned(),
            known: host.sites().into_iter().map(|site| site.name).collect(),
        });
    };
    let mut folder = iis.expanded(root.physical_path().unwrap_or_default());
    folder.extend(application.steps());
    Ok(folder)
}
