//! What only one of the twins does: the programs that IIS Express and full IIS are driven by, and what is left alone.

use iiswsgi::error::Shown;
use iiswsgi::event::Quiet;
use iiswsgi::iis::appcmd::{Appcmd, PoolAction};
use iiswsgi::iis::{Iis as _, Outcome};
use iiswsgi::process::System;

use super::package::{PARAMETERS, Package};
use super::suite::{hello, start, text};
use super::twins::{Full, MSDEPLOY, express, full};
use crate::support::{Project, Windows, json};

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

#[test]
fn full_iis_gets_its_package_from_web_deploy_which_runs_the_packages_command() {
    let Full { windows, iis, _web_server } = full(true);
    let package = Package::new().with("Parameters.xml", PARAMETERS).set("Greeting", "good day");
    let installed = package.install(&iis).unwrap();
    assert_eq!(windows.calls(MSDEPLOY).len(), 1);
    assert!(installed.steps.iter().all(|step| step.outcome == Outcome::Done), "{:?}", installed.steps);
    assert_eq!(installed.fastcgi, windows.host().fastcgi_applications());
    assert!(text(start(&iis, &installed).as_mut(), "/x").contains("PATH_INFO=/hello/x"));
    let pools = pool_calls(&windows);
    assert!(pools.iter().any(|call| call == "recycle apppool /apppool.name:DefaultAppPool"), "{pools:?}");
    let before = windows.host().text().to_owned();
    let bad = package.with("hello/web.config.in", "<configuration>").install(&iis).unwrap_err();
    let shown = Shown::of(&bad).to_string();
    assert!(shown.contains("Web Deploy cannot install") && shown.contains("web.config"), "{shown}");
    assert_eq!(windows.host().text(), before, "what was there before is there again");
    assert!(text(start(&iis, &installed).as_mut(), "/x").contains("PATH_INFO=/hello/x"));
}

#[test]
fn the_command_installs_into_full_iis_and_its_report_says_so() {
    let Full { windows, _web_server, .. } = full(true);
    let page = "def application(environ, start):\n    start('200 OK', [])\n    return [b'shipped']\n";
    let project = Project::new().file("wsgi.py", page);
    let project = windows.variables().iter().fold(project, |project, (name, value)| project.env(name, value));
    project
        .run(["run", ".", "--iis", "iis", "--report", "report.json"])
        .success()
        .says("IIS of this machine, by Web Deploy");
    let report = json(&project.read("report.json"));
    assert_eq!((&report["iis"]["kind"], &report["iis"]["simulated"]), (&"iis".into(), &false.into()));
    let stages = report["packages"][0]["stages"].as_array().unwrap();
    let passed = |name: &str| stages.iter().any(|stage| stage["name"] == name && stage["status"] == "passed");
    assert!(passed("install") && passed("test"), "{stages:?}");
    assert_eq!(windows.calls(MSDEPLOY).len(), 1);
    assert_eq!(windows.host().fastcgi_applications().len(), 1);
    // It is served still: on Windows nothing of it could be removed while its process runs.
    project.run(["uninstall", "Default Web Site/project"]).success();
    let pool = |verb: &str| format!("{verb} apppool /apppool.name:DefaultAppPool");
    assert!(pool_calls(&windows).ends_with(&[pool("stop"), pool("start")]), "{:?}", pool_calls(&windows));
    assert!(windows.host().fastcgi_applications().is_empty());
    assert!(!windows.path("site/project").exists());
}

#[test]
fn an_iis_that_is_asked_for_and_not_here_is_told_with_exit_code_3() {
    let page = "def application(environ, start): ...\n";
    for (name, hint) in [("iis", "IIS-CGI"), ("express", "winget install Microsoft.IISExpress")] {
        let project = Project::new().file("wsgi.py", page);
        for command in ["run", "install"] {
            let outcome = project.run([command, ".", "--iis", name]).code(3);
            assert!(
                outcome.stderr.contains(hint) && outcome.stderr.contains("--iis simulated"),
                "{}",
                outcome.stderr
            );
        }
    }
    let project = Project::new().file("wsgi.py", page);
    project.run(["run", ".", "--report", "report.json"]);
    assert_eq!(json(&project.read("report.json"))["iis"]["kind"], "simulated");
}

/// What `appcmd.exe` was told about application pools.
fn pool_calls(windows: &Windows) -> Vec<String> {
    let calls = windows.calls("windows/System32/inetsrv/appcmd.exe");
    calls.into_iter().filter(|call| call.contains("apppool")).collect()
}

#[test]
fn an_application_pool_that_somebody_has_stopped_stays_so() {
    let Full { windows, iis, _web_server } = full(false);
    let package = Package::new();
    package.install(&iis).unwrap();
    let (program, runner) = (windows.path("windows/System32/inetsrv/appcmd.exe"), System::default());
    assert!(Appcmd::new(&program, &runner).pool(PoolAction::Stop, "DefaultAppPool").unwrap());
    package.install(&iis).unwrap();
    assert!(iis.uninstall(&hello(), &Quiet).unwrap());
    assert!(pool_calls(&windows).iter().all(|call| !call.starts_with("start")), "{:?}", pool_calls(&windows));
}

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
