//! What every twin of IIS must do, shown with a small package and a FastCGI responder of a few lines.
//!
//! Each test takes an IIS as `&dyn Iis`; the module at the end runs all of them with each twin that this machine has.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use iiswsgi::error::Shown;
use iiswsgi::event::{Event, Quiet, Recorder};
use iiswsgi::iis::{
    ApplicationPath, DEFAULT_SITE, Error, HttpRequest, Iis, InstallRequest, Installed, Outcome,
    RunningApplication, Simulated, StartOptions, TwinKind, bootstrap,
};
use iiswsgi::package::archive::{self, Entry};
use iiswsgi::process::System;

const RESPONDER: &str = include_str!("responder.py");
const STAMP: &str = "hello/iis_install.stamp";
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

/// A package in the making.
pub(crate) struct Package {
    folder: tempfile::TempDir,
    files: Vec<(String, String)>,
    parameters: Vec<(String, String)>,
}

impl Package {
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

    fn mode(self, mode: &str) -> Self {
        self.with("hello/web.config.in", &WEB_CONFIG.replace("MODE", mode))
    }

    pub(crate) fn with(mut self, name: &str, text: &str) -> Self {
        self.files.retain(|(other, _)| other != name);
        self.files.push((name.to_owned(), text.to_owned()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.files.retain(|(other, _)| other != name);
        self
    }

    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

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
            bootstrap: bootstrap::Settings { path: path_variable(), ..bootstrap::Settings::default() },
        }
    }

    pub(crate) fn install(&self, iis: &dyn Iis) -> Result<Installed, Error> {
        iis.install(&self.request(), &Quiet)
    }
}

fn path_variable() -> String {
    std::env::var("PATH").unwrap()
}

fn start(iis: &dyn Iis, installed: &Installed) -> Box<dyn RunningApplication> {
    iis.start(installed, &StartOptions::default(), &Quiet).unwrap()
}

fn text(running: &mut dyn RunningApplication, target: &str) -> String {
    String::from_utf8(running.request(&HttpRequest::get(target)).unwrap().body).unwrap()
}

fn hello() -> ApplicationPath {
    "Default Web Site/hello".parse().unwrap()
}

fn installs_starts_and_answers(iis: &dyn Iis) {
    let package = Package::new();
    let recorder = Recorder::new();
    let installed = iis.install(&package.request(), &recorder).unwrap();
    assert_eq!(installed.application, hello());
    assert!(!installed.physical_path.join("iis_install.stamp").exists(), "the stamp goes after success");
    assert_eq!(installed.fastcgi.len(), 1);
    let mut running = start(iis, &installed);
    let response = running.request(&HttpRequest::get("/a%20b?x=1")).unwrap();
    assert_eq!((response.status, response.reason.as_str()), (201, "Made"));
    assert_eq!(response.header("x-a"), Some("1"));
    let body = String::from_utf8(response.body).unwrap();
    for line in ["PATH_INFO=/hello/a b", "QUERY_STRING=x=1", "REQUEST_URI=/hello/a%20b?x=1", "HTTPS=off"] {
        assert!(body.lines().any(|other| other == line), "{line} in {body}");
    }
    running.stop();
}

fn what_was_not_done_is_told(iis: &dyn Iis) {
    let recorder = Recorder::new();
    let installed = iis.install(&Package::new().request(), &recorder).unwrap();
    let outcomes: Vec<_> =
        installed.steps.iter().map(|step| (step.provider.as_str(), step.outcome)).collect();
    if !iis.describe().simulated {
        return;
    }
    assert_eq!(
        outcomes,
        [
            ("iisApp", Outcome::Done),
            ("setAcl", Outcome::Simulated),
            ("dbfullsql", Outcome::NotRun),
            ("runCommand", Outcome::Simulated),
        ]
    );
    let told = recorder.events().into_iter().filter(|event| matches!(event, Event::Simulated { .. })).count();
    assert_eq!(told, 3);
}

fn the_process_has_the_servers_surroundings(iis: &dyn Iis) {
    let installed = Package::new().install(iis).unwrap();
    let mut running = start(iis, &installed);
    let process = text(running.as_mut(), "/process");
    let lines: Vec<&str> = process.lines().collect();
    assert!(!Path::new(lines[0]).starts_with(&installed.physical_path), "{process}");
    assert!(Path::new(lines[1]).starts_with(&installed.physical_path), "{process}");
    let express = iis.describe().kind == TwinKind::IisExpress;
    let pool = if express { "Clr4IntegratedAppPool" } else { "DefaultAppPool" };
    assert_eq!(lines[2..], [&format!("APP_POOL_ID={pool}"), "GREETING=a & b", "PYTHONPATH=None"]);
}

fn many_requests_on_one_process_and_large_bodies(iis: &dyn Iis) {
    let installed = Package::new().install(iis).unwrap();
    let mut running = start(iis, &installed);
    for turn in 0..20 {
        let target = if turn % 3 == 0 { "/close" } else { "/x" };
        assert!(text(running.as_mut(), target).contains("GATEWAY_INTERFACE=CGI/1.1"), "{turn}");
    }
    let mut post = HttpRequest::get("/echo");
    post.method = "POST".into();
    post.body = (0..3_000_000_u32).map(|byte| byte.to_le_bytes()[0]).collect();
    assert_eq!(running.request(&post).unwrap().body, post.body);
}

fn an_install_again_changes_nothing_twice(iis: &dyn Iis) {
    let package = Package::new();
    package.install(iis).unwrap();
    let again = package.install(iis).unwrap();
    let found = iis.find(&"default web site/HELLO".parse().unwrap()).unwrap().unwrap();
    assert_eq!((&found.physical_path, &found.fastcgi), (&again.physical_path, &again.fastcgi));
    assert!(iis.find(&"Default Web Site/other".parse().unwrap()).unwrap().is_none());
    let changes: Vec<_> =
        again.bootstrap.iter().flat_map(|report| &report.registered).map(|(_, c)| *c).collect();
    assert_eq!(changes, [iiswsgi::iis::Change::Unchanged]);
    assert!(text(start(iis, &again).as_mut(), "/").contains("PATH_INFO=/hello/"));
}

fn a_failed_install_leaves_the_last_good_one(iis: &dyn Iis) {
    let good = Package::new().install(iis).unwrap();
    let bad = Package::new().with("hello/web.config.in", "<configuration>").install(iis).unwrap_err();
    let shown = Shown::of(&bad).to_string();
    assert!(shown.contains("bootstrap") && shown.contains("web.config"), "{shown}");
    assert!(text(start(iis, &good).as_mut(), "/").contains("PATH_INFO=/hello/"));
    let stampless = Package::new().without(STAMP).install(iis).unwrap_err();
    assert!(Shown::of(&stampless).to_string().contains("stamp"), "{stampless}");
    assert!(text(start(iis, &good).as_mut(), "/").contains("PATH_INFO=/hello/"));
}

fn a_process_that_dies_at_the_start_shows_its_words_and_how_to_repeat_them(iis: &dyn Iis) {
    let installed = Package::new().mode("dies").install(iis).unwrap();
    let Err(error) = iis.start(&installed, &StartOptions::default(), &Quiet) else { panic!("it started") };
    let shown = Shown::of(&error).to_string();
    assert!(shown.contains("exit code 3") && shown.contains("cannot import name"), "{shown}");
    assert!(shown.contains("responder.py") && shown.contains("GREETING='a & b'"), "{shown}");
}

fn a_process_that_hangs_at_the_start_is_given_up(iis: &dyn Iis) {
    let installed = Package::new().mode("hangs").install(iis).unwrap();
    let options = StartOptions { timeout: Duration::from_millis(700), ..StartOptions::default() };
    let begun = Instant::now();
    let Err(error) = iis.start(&installed, &options, &Quiet) else { panic!("it started") };
    assert!(begun.elapsed() < Duration::from_secs(10));
    let shown = Shown::of(&error).to_string();
    assert!(shown.contains("within 0.7 s") && shown.contains("loading a large model"), "{shown}");
}

fn a_process_that_dies_or_hangs_in_a_request_is_told(iis: &dyn Iis) {
    let installed = Package::new().install(iis).unwrap();
    let mut running = start(iis, &installed);
    let mut slow = HttpRequest::get("/slow");
    slow.timeout = Duration::from_millis(300);
    let shown = Shown::of(&running.request(&slow).unwrap_err()).to_string();
    assert!(shown.contains("GET /slow") && shown.contains("within 0.3 s"), "{shown}");
    let mut running = start(iis, &installed);
    if !iis.describe().simulated {
        // Over HTTP nobody sees more than the page of IIS.
        let response = running.request(&HttpRequest::get("/exit")).unwrap();
        let body = String::from_utf8(response.body).unwrap();
        assert!(response.status == 500 && body.contains("exited unexpectedly"), "{body}");
        assert!(
            text(running.as_mut(), "/x").contains("PATH_INFO=/hello/x"),
            "the next request gets a new process"
        );
        return;
    }
    let shown = Shown::of(&running.request(&HttpRequest::get("/exit")).unwrap_err()).to_string();
    assert!(shown.contains("exit code 7") && shown.contains("leaving in the middle"), "{shown}");
}

fn what_the_application_complains_of_is_kept(iis: &dyn Iis) {
    let installed = Package::new().install(iis).unwrap();
    let mut running = start(iis, &installed);
    let response = running.request(&HttpRequest::get("/complain")).unwrap();
    if iis.describe().simulated {
        assert_eq!(response.stderr, b"this is the traceback");
    }
    assert!(running.stop().text().contains("this is the traceback"));
}

fn uninstall_takes_everything_away(iis: &dyn Iis) {
    let installed = Package::new().install(iis).unwrap();
    assert!(iis.uninstall(&hello(), &Quiet).unwrap());
    assert!(!installed.physical_path.exists());
    assert!(!iis.uninstall(&hello(), &Quiet).unwrap());
    assert!(iis.find(&hello()).unwrap().is_none());
    assert!(iis.start(&installed, &StartOptions::default(), &Quiet).is_err());
}

fn packages_that_are_none_are_refused(iis: &dyn Iis) {
    for (package, part) in [
        (Package::new().without("Manifest.xml"), "Manifest.xml"),
        (Package::new().with("Manifest.xml", "<a><iisApp path='other'/></a>"), "`other`"),
        (Package::new().with("Manifest.xml", "<a><iisApp"), "Manifest.xml"),
        (Package::new().with("Manifest.xml", "<a/>"), "iisApp"),
    ] {
        let error = package.install(iis).unwrap_err();
        let shown = Shown::of(&error).to_string();
        assert!(shown.contains(part), "{part} in {shown}");
        assert_eq!(iiswsgi::error::Failure::exit_code(&error), iiswsgi::error::ExitCode::Usage);
    }
}

const PARAMETERS: &str = r#"<parameters>
  <parameter name="IIS Web Application Name" defaultValue="Default Web Site/hello" tags="IisApp">
    <parameterEntry kind="ProviderPath" scope="^iisApp$" match="^hello$"/></parameter>
  <parameter name="Command" defaultValue='iiswsgi bootstrap --app-path "{IIS Web Application Name}"'>
    <parameterEntry kind="ProviderPath" scope="^runCommand$" match="bootstrap"/></parameter>
  <parameter name="Greeting"><parameterEntry kind="TextFile" scope="greeting\.ini$" match="__greeting__"/></parameter>
</parameters>"#;

fn parameters_are_filled_in_and_say_where_the_application_goes(iis: &dyn Iis) {
    let package =
        Package::new().with("Parameters.xml", PARAMETERS).with("hello/a/greeting.ini", "x = __greeting__\n");
    let missing = Shown::of(&package.install(iis).unwrap_err()).to_string();
    assert!(missing.contains("Greeting"), "{missing}");
    let package =
        package.set("Greeting", "good day").set("iis web application name", "Default Web Site/shop/api");
    let installed = package.install(iis).unwrap();
    assert_eq!(installed.application, "Default Web Site/shop/api".parse().unwrap());
    let greeting = std::fs::read_to_string(installed.physical_path.join("a/greeting.ini")).unwrap();
    assert_eq!(greeting, "x = good day\n");
    assert!(text(start(iis, &installed).as_mut(), "/x").contains("APPL_MD_PATH=/LM/W3SVC/1/ROOT/shop/api"));
}

/// A simulated IIS in a folder that goes with it.
pub(crate) fn simulated() -> (tempfile::TempDir, Simulated) {
    let root = tempfile::tempdir().unwrap();
    let runner = System {
        supervisor: vec![crate::support::IISWSGI.into()],
        path: Some(path_variable().into()),
        ..System::default()
    };
    let iis = Simulated::new(root.path().join("iis"), Arc::new(runner));
    (root, iis)
}

/// An IIS Express whose programs are the stand-ins, with a template like the real one's.
#[cfg(unix)]
fn express() -> (crate::support::Windows, iiswsgi::iis::Express) {
    let windows = crate::support::Windows::new();
    let program = windows.program("programs/IIS Express/iisexpress.exe");
    windows.program("programs/IIS Express/appcmd.exe");
    let template =
        windows.path("programs/IIS Express/config/templates/PersonalWebServer/applicationhost.config");
    std::fs::create_dir_all(template.parent().unwrap()).unwrap();
    let text =
        iiswsgi::iis::application_host::ApplicationHost::new(r"%IIS_SITES_HOME%\WebSite1").text().to_owned();
    let text = text
        .replace("Default Web Site", "WebSite1")
        .replace("DefaultAppPool", "Clr4IntegratedAppPool")
        .replace(
            "name=\"handlers\" overrideModeDefault=\"Allow\"",
            "name=\"handlers\" overrideModeDefault=\"Deny\"",
        );
    std::fs::write(template, text).unwrap();
    let runner = System {
        supervisor: vec![crate::support::IISWSGI.into()],
        path: Some(path_variable().into()),
        ..System::default()
    };
    let root = windows.path("iis");
    (windows, iiswsgi::iis::Express::new(program, root, Arc::new(runner)))
}

#[cfg(unix)]
#[test]
fn iis_express_gets_its_own_configuration_and_its_appcmd_registers() {
    let (windows, iis) = express();
    let installed = Package::new().install(&iis).unwrap();
    start(&iis, &installed).stop();
    let calls = windows.calls("programs/IIS Express/appcmd.exe");
    assert!(
        calls.iter().any(|call| call.contains("/+[fullPath=") && call.contains("/apphostconfig:")),
        "{calls:?}"
    );
    let calls = windows.calls("programs/IIS Express/iisexpress.exe");
    assert!(
        calls.iter().any(|call| call.starts_with("/config:") && call.contains("/site:Default Web Site")),
        "{calls:?}"
    );
    assert!(windows.host().fastcgi_applications().is_empty(), "that of IIS stays as it is");
}

/// An IIS whose programs are the stand-ins, and the one that answers for its web server.
#[cfg(unix)]
struct Full {
    windows: crate::support::Windows,
    iis: iiswsgi::iis::FullIis,
    _web_server: Box<dyn iiswsgi::process::Running>,
}

#[cfg(unix)]
const MSDEPLOY: &str = "programs/IIS/Microsoft Web Deploy V3/msdeploy.exe";

#[cfg(unix)]
fn full(with_web_deploy: bool) -> Full {
    use iiswsgi::process::{Program, Runner as _};
    let windows = crate::support::Windows::new();
    if with_web_deploy {
        windows.program(MSDEPLOY);
    }
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut host = windows.host();
    host.set_binding(DEFAULT_SITE, &format!("*:{port}:")).unwrap();
    std::fs::write(windows.configuration(), host.text()).unwrap();
    let runner = System {
        supervisor: vec![crate::support::IISWSGI.into()],
        path: Some(path_variable().into()),
        ..System::default()
    };
    let server =
        Program::new("the web server", windows.program("windows/System32/inetsrv/web/iisexpress.exe"))
            .args([format!("/config:{}", windows.configuration().display()), format!("/site:{DEFAULT_SITE}")])
            .env_remove("PYTHONPATH")
            .current_dir(windows.path(""));
    let web_server = runner.launch(&server).unwrap();
    let variables = windows.variables().into_iter().collect();
    let iis = iiswsgi::iis::FullIis::locate(&variables, windows.path("notes"), Arc::new(runner)).unwrap();
    let own = Path::new(crate::support::IISWSGI).parent().unwrap();
    Full { windows, iis: iis.with_own_folder(own), _web_server: web_server }
}

#[cfg(unix)]
#[test]
fn full_iis_gets_its_package_from_web_deploy_which_runs_the_packages_command() {
    let Full { windows, iis, _web_server } = full(true);
    let package = Package::new().with("Parameters.xml", PARAMETERS).set("Greeting", "good day");
    let installed = package.install(&iis).unwrap();
    assert_eq!(windows.calls(MSDEPLOY).len(), 1);
    assert!(installed.steps.iter().all(|step| step.outcome == Outcome::Done), "{:?}", installed.steps);
    assert_eq!(installed.fastcgi, windows.host().fastcgi_applications());
    assert!(text(start(&iis, &installed).as_mut(), "/x").contains("PATH_INFO=/hello/x"));
    let pools = windows.calls("windows/System32/inetsrv/appcmd.exe");
    assert!(pools.iter().any(|call| call == "recycle apppool /apppool.name:DefaultAppPool"), "{pools:?}");
    let before = windows.host().text().to_owned();
    let bad = package.with("hello/web.config.in", "<configuration>").install(&iis).unwrap_err();
    let shown = Shown::of(&bad).to_string();
    assert!(shown.contains("Web Deploy cannot install") && shown.contains("web.config"), "{shown}");
    assert_eq!(windows.host().text(), before, "what was there before is there again");
    assert!(text(start(&iis, &installed).as_mut(), "/x").contains("PATH_INFO=/hello/x"));
}

#[cfg(unix)]
#[test]
fn the_command_installs_into_full_iis_and_its_report_says_so() {
    let Full { windows, _web_server, .. } = full(true);
    let page = "def application(environ, start):\n    start('200 OK', [])\n    return [b'shipped']\n";
    let project = crate::support::Project::new().file("wsgi.py", page);
    let project = windows.variables().iter().fold(project, |project, (name, value)| project.env(name, value));
    project
        .run(["run", ".", "--iis", "iis", "--report", "report.json"])
        .success()
        .says("IIS of this machine, by Web Deploy");
    let report = crate::support::json(&project.read("report.json"));
    assert_eq!((&report["iis"]["kind"], &report["iis"]["simulated"]), (&"iis".into(), &false.into()));
    let stages = report["packages"][0]["stages"].as_array().unwrap();
    let passed = |name: &str| stages.iter().any(|stage| stage["name"] == name && stage["status"] == "passed");
    assert!(passed("install") && passed("test"), "{stages:?}");
    assert_eq!(windows.calls(MSDEPLOY).len(), 1);
    assert_eq!(windows.host().fastcgi_applications().len(), 1);
    project.run(["uninstall", "Default Web Site/project"]).success();
    assert!(windows.host().fastcgi_applications().is_empty());
    assert!(!windows.path("site/project").exists());
}

#[test]
fn an_iis_that_is_asked_for_and_not_here_is_told_with_exit_code_3() {
    let page = "def application(environ, start): ...\n";
    for (name, hint) in [("iis", "IIS-CGI"), ("express", "winget install Microsoft.IISExpress")] {
        let project = crate::support::Project::new().file("wsgi.py", page);
        for command in ["run", "install"] {
            let outcome = project.run([command, ".", "--iis", name]).code(3);
            assert!(
                outcome.stderr.contains(hint) && outcome.stderr.contains("--iis simulated"),
                "{}",
                outcome.stderr
            );
        }
    }
    let project = crate::support::Project::new().file("wsgi.py", page);
    project.run(["run", ".", "--report", "report.json"]);
    assert_eq!(crate::support::json(&project.read("report.json"))["iis"]["kind"], "simulated");
}

#[cfg(unix)]
#[test]
fn full_iis_replaces_no_content_that_it_has_not_installed() {
    let Full { windows, iis, _web_server } = full(false);
    std::fs::create_dir(windows.path("site/hello")).unwrap();
    std::fs::write(windows.path("site/hello/index.html"), "somebody's page").unwrap();
    let error = Package::new().install(&iis).unwrap_err();
    let shown = Shown::of(&error).to_string();
    assert!(shown.contains("holds what was not installed by this program"), "{shown}");
    assert_eq!(std::fs::read_to_string(windows.path("site/hello/index.html")).unwrap(), "somebody's page");
    let elsewhere = Package::new().with("Parameters.xml", PARAMETERS).set("Greeting", "x");
    let elsewhere = elsewhere.set("IIS Web Application Name", "Other/hello");
    let shown = Shown::of(&elsewhere.install(&iis).unwrap_err()).to_string();
    assert!(shown.contains("no site `Other`") && shown.contains("Default Web Site"), "{shown}");
}

#[cfg(unix)]
#[test]
fn full_iis_leaves_applications_within_another_where_they_are() {
    let Full { windows, iis, _web_server } = full(false);
    let outer = Package::new().install(&iis).unwrap();
    let inner = Package::new().with("Parameters.xml", PARAMETERS).set("Greeting", "x");
    let inner = inner.set("IIS Web Application Name", "Default Web Site/hello/inner").install(&iis).unwrap();
    assert!(inner.physical_path.starts_with(&outer.physical_path));
    Package::new().with("hello/new.txt", "new").install(&iis).unwrap();
    assert!(outer.physical_path.join("new.txt").is_file());
    assert!(text(start(&iis, &inner).as_mut(), "/x").contains("PATH_INFO=/hello/inner/x"));
    Package::new().with("hello/web.config.in", "<configuration>").install(&iis).unwrap_err();
    assert!(outer.physical_path.join("new.txt").is_file(), "the last good one");
    assert!(text(start(&iis, &inner).as_mut(), "/x").contains("PATH_INFO=/hello/inner/x"));
    let left: Vec<_> =
        std::fs::read_dir(windows.path("site")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["hello"], "nothing is left beside");
}

macro_rules! for_each_twin {
    ($($test:ident)*) => {
        mod with_the_simulation {
            $(#[test] fn $test() {
                let (_root, iis) = super::simulated();
                super::$test(&iis);
            })*
        }

        #[cfg(unix)]
        mod with_iis_express {
            $(#[test] fn $test() {
                let (_windows, iis) = super::express();
                super::$test(&iis);
            })*
        }

        #[cfg(unix)]
        mod with_full_iis {
            $(#[test] fn $test() {
                let full = super::full(false);
                super::$test(&full.iis);
            })*
        }

        #[cfg(unix)]
        mod with_full_iis_and_web_deploy {
            $(#[test] fn $test() {
                let full = super::full(true);
                super::$test(&full.iis);
            })*
        }
    };
}

for_each_twin! {
    installs_starts_and_answers
    what_was_not_done_is_told
    the_process_has_the_servers_surroundings
    many_requests_on_one_process_and_large_bodies
    an_install_again_changes_nothing_twice
    a_failed_install_leaves_the_last_good_one
    a_process_that_dies_at_the_start_shows_its_words_and_how_to_repeat_them
    a_process_that_hangs_at_the_start_is_given_up
    a_process_that_dies_or_hangs_in_a_request_is_told
    what_the_application_complains_of_is_kept
    uninstall_takes_everything_away
    parameters_are_filled_in_and_say_where_the_application_goes
    packages_that_are_none_are_refused
}
