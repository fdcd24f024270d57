//! Small packages for the tests of IIS: an application of one FastCGI responder (`responder.py`) that answers what it is asked.
//!
//! They are built in memory, without the command's own build, so that a test can leave out or spoil what it likes.

use iiswsgi::event::Quiet;
use iiswsgi::iis::{DEFAULT_SITE, Error, Iis, InstallRequest, Installed, bootstrap};
use iiswsgi::package::archive::{self, Entry};

use crate::support::path_variable;

pub(crate) const RESPONDER: &str = include_str!("../responder.py");
pub(super) const STAMP: &str = "hello/iis_install.stamp";
const MANIFEST: &str = r#"<msDeploy.iisApp>
  <iisApp path="hello"/>
  <setAcl path="hello/App_Data" setAclAccess="Modify"/>
  <dbfullsql path="hello.sql"/>
  <runCommand path="iiswsgi bootstrap --app-path &quot;Default Web Site/hello&quot;" waitAttempts="10"
    waitInterval="60000" successReturnCodes="0x0"/>
</msDeploy.iisApp>"#;
const DESCRIPTION: &str = r#"{"schema": 1, "name": "hello"}"#;
const WEB_CONFIG: &str = r#"<configuration><system.webServer>
  <fastCgi><application fullPath="%VENV_PYTHON%" arguments="&quot;%APPL_PHYSICAL_PATH%/responder.py&quot; MODE">
    <environmentVariables><environmentVariable name="GREETING" value="a &amp; b"/></environmentVariables>
  </application></fastCgi>
  <handlers><add name="x" path="*" verb="*" modules="FastCgiModule" resourceType="Unspecified"
    scriptProcessor="%VENV_PYTHON%|&quot;%APPL_PHYSICAL_PATH%/responder.py&quot; MODE"/></handlers>
</system.webServer></configuration>"#;

/// The parameters of a package that asks where it goes and what it says.
pub(super) const PARAMETERS: &str = r#"<parameters>
  <parameter name="IIS Web Application Name" defaultValue="Default Web Site/hello" tags="IisApp">
    <parameterEntry kind="ProviderPath" scope="^iisApp$" match="^hello$"/></parameter>
  <parameter name="Command" defaultValue='iiswsgi bootstrap --app-path "{IIS Web Application Name}"'>
    <parameterEntry kind="ProviderPath" scope="^runCommand$" match="bootstrap"/></parameter>
  <parameter name="Greeting"><parameterEntry kind="TextFile" scope="greeting\.ini$" match="__greeting__"/></parameter>
</parameters>"#;

/// A package in the making.
pub(crate) struct Package {
    folder: tempfile::TempDir,
    files: Vec<(String, String)>,
    parameters: Vec<(String, String)>,
}

impl Package {
    /// One that is right.
    pub(crate) fn new() -> Self {
        let files = [
            ("Manifest.xml", MANIFEST),
            ("hello/responder.py", RESPONDER),
            ("hello/web.config.in", &WEB_CONFIG.replace("MODE", "serves")),
            ("hello/iiswsgi.bootstrap.json", DESCRIPTION),
            (STAMP, "# not set up"),
        ];
        let files = files.map(|(name, text)| (name.to_owned(), text.to_owned())).to_vec();
        Self { folder: tempfile::tempdir().unwrap(), files, parameters: Vec::new() }
    }

    /// Its process is told this: `dies`, `hangs`, or anything else to serve.
    pub(super) fn mode(self, mode: &str) -> Self {
        self.with("hello/web.config.in", &WEB_CONFIG.replace("MODE", mode))
    }

    /// With a file of this text.
    pub(crate) fn with(mut self, name: &str, text: &str) -> Self {
        self.files.retain(|(other, _)| other != name);
        self.files.push((name.to_owned(), text.to_owned()));
        self
    }

    /// Without a file.
    pub(super) fn without(mut self, name: &str) -> Self {
        self.files.retain(|(other, _)| other != name);
        self
    }

    /// With a value for a parameter.
    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Writes it, and gives what an install of it asks for.
    pub(crate) fn request(&self) -> InstallRequest {
        let path = self.folder.path().join("hello.zip");
        let entries: Vec<_> =
            self.files.iter().map(|(name, text)| Entry::bytes(name, text.as_bytes())).collect();
        let mut bytes = Vec::new();
        archive::write(&entries, &mut bytes, &archive::WriteOptions::default()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        InstallRequest {
            package: path,
            parameters: self.parameters.clone(),
            limits: archive::Limits::default(),
            default_site: DEFAULT_SITE.to_owned(),
            // The responder needs no gateway, whatever the environment says.
            bootstrap: bootstrap::Settings {
                path: path_variable(),
                gateway: Some(String::new()),
                ..bootstrap::Settings::default()
            },
        }
    }

    /// Installs it.
    pub(crate) fn install(&self, iis: &dyn Iis) -> Result<Installed, Error> {
        iis.install(&self.request(), &Quiet)
    }
}
