//! The twins of IIS that the tests have. The programs of IIS and Web Deploy are the stand-ins of `tests/server_programs`.

use std::sync::Arc;
use std::time::Duration;

use iiswsgi::iis::application_host::ApplicationHost;
use iiswsgi::iis::{DEFAULT_SITE, Express, FullIis, Simulated};
use iiswsgi::process::{Program, Runner as _, Running, System};

use crate::support::{Windows, iiswsgi, path_variable};

/// Where Web Deploy's program lies.
pub(super) const MSDEPLOY: &str = "programs/IIS/Microsoft Web Deploy V3/msdeploy.exe";

/// Runs programs as the command does.
fn system() -> System {
    System { supervisor: vec![iiswsgi().into()], path: Some(path_variable().into()), ..System::default() }
}

/// A simulated IIS in a folder that goes with it.
pub(crate) fn simulated() -> (tempfile::TempDir, Simulated) {
    let root = tempfile::tempdir().unwrap();
    let iis = Simulated::new(root.path().join("iis"), Arc::new(system()));
    (root, iis)
}

/// An IIS Express whose programs are the stand-ins, with a template like the real one's.
pub(super) fn express() -> (Windows, Express) {
    let windows = Windows::new();
    let program = windows.program("programs/IIS Express/iisexpress.exe");
    windows.program("programs/IIS Express/appcmd.exe");
    let template =
        windows.path("programs/IIS Express/config/templates/PersonalWebServer/applicationhost.config");
    std::fs::create_dir_all(template.parent().unwrap()).unwrap();
    let text = ApplicationHost::new(r"%IIS_SITES_HOME%\WebSite1").text().to_owned();
    let text = text
        .replace("Default Web Site", "WebSite1")
        .replace("DefaultAppPool", "Clr4IntegratedAppPool")
        .replace(
            "name=\"handlers\" overrideModeDefault=\"Allow\"",
            "name=\"handlers\" overrideModeDefault=\"Deny\"",
        );
    std::fs::write(template, text).unwrap();
    let root = windows.path("iis");
    (windows, Express::new(program, root, Arc::new(system())))
}

/// An IIS whose programs are the stand-ins, and the one that answers for its web server.
pub(super) struct Full {
    pub(super) windows: Windows,
    pub(super) iis: FullIis,
    pub(super) _web_server: Box<dyn Running>,
}

/// The IIS, with Web Deploy or without it.
pub(super) fn full(with_web_deploy: bool) -> Full {
    let windows = Windows::new();
    windows.program("windows/System32/icacls.exe");
    if with_web_deploy {
        windows.program(MSDEPLOY);
    }
    let web_server = web_server(&windows);
    let variables = windows.variables().into_iter().collect();
    let iis = FullIis::locate(&variables, windows.path("notes"), Arc::new(system())).unwrap();
    let own = iiswsgi();
    Full { windows, iis: iis.with_own_folder(own.parent().unwrap()), _web_server: web_server }
}

/// The web server of an IIS, on a port of its own.
fn web_server(windows: &Windows) -> Box<dyn Running> {
    let program = windows.program("windows/System32/inetsrv/web/iisexpress.exe");
    let server = Program::new("the web server", program)
        .args([format!("/config:{}", windows.configuration().display()), format!("/site:{DEFAULT_SITE}")])
        .env_remove("PYTHONPATH")
        .current_dir(windows.path(""));
    loop {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut host = windows.host();
        host.set_binding(DEFAULT_SITE, &format!("*:{port}:")).unwrap();
        std::fs::write(windows.configuration(), host.text()).unwrap();
        let mut running = system().launch(&server).unwrap();
        // Another test may have got the port meanwhile.
        while running.ended().is_none() {
            if running.output().stdout_text().contains("is running") {
                return running;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
