//! What a bootstrap notes about a server, and what an uninstall takes away by that: exactly what was added, whatever happened
//! in between. The programs of IIS are the stand-ins of `tests/server_programs`.

use std::fs;
use std::path::PathBuf;

use iiswsgi::iis::appcmd::{Appcmd, Problem};
use iiswsgi::iis::bootstrap::Lock;
use iiswsgi::iis::{Change, FastCgiApplication};
use iiswsgi::process::System;

use crate::support::{Project, Windows};

const SHARED: &str = r#"<configuration><system.webServer>
  <fastCgi><application fullPath="C:\Python\python.exe" arguments="-m iiswsgi serve a:b" maxInstances="2"/></fastCgi>
  <handlers><add name="x" path="*" verb="*" modules="FastCgiModule" scriptProcessor="C:\Python\python.exe|-m iiswsgi serve a:b"/></handlers>
</system.webServer></configuration>"#;

/// A server, and a project to call the command from.
struct Server {
    windows: Windows,
    project: Project,
}

impl Server {
    fn new() -> Self {
        let windows = Windows::new();
        let icacls = windows.path("windows/System32/icacls.exe");
        let notes = windows.path("icacls.log");
        fs::write(&icacls, format!("#!/bin/sh\necho \"$@\" >> '{}'\n", notes.display())).unwrap();
        fs::set_permissions(&icacls, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let project = windows
            .variables()
            .into_iter()
            .fold(Project::new(), |project, (name, value)| project.env(name, &value));
        Self { windows, project }
    }

    /// Adds an application that waits to be set up.
    fn with(self, name: &str, description: &str) -> Self {
        let folder = self.folder(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("web.config.in"), SHARED).unwrap();
        fs::write(folder.join("waits.stamp"), "# not yet").unwrap();
        let text = format!(r#"{{"schema": 1, "name": "{name}", "stamp": "waits.stamp"{description}}}"#);
        fs::write(folder.join("iiswsgi.bootstrap.json"), text).unwrap();
        let mut host = self.windows.host();
        let path = format!("Default Web Site/{name}").parse().unwrap();
        host.set_application(&path, &folder.to_string_lossy(), Some("pool")).unwrap();
        fs::write(self.windows.configuration(), host.text()).unwrap();
        self
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.windows.path("site").join(name)
    }

    fn files(&self, name: &str) -> Vec<String> {
        let entries = fs::read_dir(self.folder(name)).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn bootstrap(&self, name: &str) -> crate::support::Outcome {
        let path = format!("Default Web Site/{name}");
        self.project.run(["bootstrap", "--app-path", &path, "--gateway", "", "--ignore-stamp"])
    }

    fn uninstall(&self, name: &str) -> crate::support::Outcome {
        self.project.run(["uninstall", &format!("Default Web Site/{name}"), "-v"])
    }

    fn registered(&self) -> Vec<FastCgiApplication> {
        self.windows.host().fastcgi_applications()
    }

    fn rights(&self) -> String {
        fs::read_to_string(self.windows.path("icacls.log")).unwrap_or_default()
    }
}

#[test]
fn what_two_applications_need_goes_with_the_last_of_them() {
    let server = Server::new().with("a", "").with("b", "");
    let before = server.files("a");
    server.bootstrap("a").success();
    server.bootstrap("b").success();
    assert_eq!(server.registered().len(), 1, "both lead to one");
    server.uninstall("a").success().says("stays: `Default Web Site/b` needs it");
    assert_eq!((server.registered().len(), server.files("a")), (1, before));
    server.uninstall("b").success();
    assert!(server.registered().is_empty());
}

#[test]
fn what_an_administrator_had_registered_is_there_again_as_it_was() {
    let server = Server::new().with("a", "");
    let own = FastCgiApplication {
        full_path: r"C:\Python\python.exe".into(),
        arguments: "-m iiswsgi serve a:b".into(),
        attributes: vec![("maxInstances".into(), "7".into())],
        environment: vec![("A".into(), "1".into())],
    };
    let mut host = server.windows.host();
    assert_eq!(host.set_fastcgi_application(&own), Ok(Change::Added));
    fs::write(server.windows.configuration(), host.text()).unwrap();
    for _ in 0..2 {
        server.bootstrap("a").success();
        assert_ne!(server.registered(), std::slice::from_ref(&own));
    }
    server.uninstall("a").success();
    let known = server.registered().remove(0);
    assert_eq!(known.environment, own.environment);
    assert!(known.attributes.contains(&own.attributes[0]), "{known:?}");
}

#[test]
fn a_bootstrap_that_failed_can_be_taken_away() {
    let hooks = r#", "hooks": {"post-install": ["python -c \"raise SystemExit(3)\""]}"#;
    let server = Server::new().with("a", hooks);
    let before = server.files("a");
    server.bootstrap("a").code(1).says("post-install");
    assert!(server.folder("a").join(".venv").is_dir() && server.folder("a").join("web.config").is_file());
    server.uninstall("a").success().says("is removed from IIS");
    assert_eq!(server.files("a"), before);
    server.uninstall("a").success().says("Nothing is installed here");
}

#[test]
fn parts_that_are_gone_already_are_no_fault() {
    let server = Server::new().with("a", "");
    server.bootstrap("a").success();
    fs::remove_dir_all(server.folder("a").join(".venv")).unwrap();
    fs::remove_file(server.folder("a").join("web.config")).unwrap();
    fs::write(server.windows.configuration(), iiswsgi_host(&server)).unwrap();
    server.uninstall("a").success();
    let server = Server::new().with("a", "");
    server.bootstrap("a").success();
    fs::remove_dir_all(server.folder("a")).unwrap();
    server.uninstall("a").success();
    assert!(server.registered().is_empty());
}

/// The configuration without the application and without what was registered.
fn iiswsgi_host(server: &Server) -> String {
    let site = server.windows.path("site");
    iiswsgi::iis::application_host::ApplicationHost::new(&site.to_string_lossy()).text().to_owned()
}

#[test]
fn nobody_uninstalls_while_somebody_sets_up() {
    let server = Server::new().with("a", "");
    server.bootstrap("a").success();
    let lock = Lock::take(&server.folder("a")).unwrap();
    server.uninstall("a").code(1).says("another bootstrap is working on");
    server.bootstrap("a").code(1).says("another bootstrap is working on");
    assert_eq!(server.registered().len(), 1);
    drop(lock);
    server.uninstall("a").success();
}

#[test]
fn a_note_that_leads_out_of_the_application_is_not_followed() {
    let server = Server::new().with("a", "");
    server.bootstrap("a").success();
    let note = server.windows.path("data/iiswsgi/installed/default web site+a.json");
    let text = fs::read_to_string(&note).unwrap();
    let elsewhere = server.windows.path("data/precious");
    fs::create_dir_all(&elsewhere).unwrap();
    let environment = server.folder("a").join(".venv").to_string_lossy().into_owned();
    for foreign in [elsewhere.to_string_lossy().into_owned(), format!("{environment}/../../../data/precious")]
    {
        fs::write(&note, text.replace(&environment, &foreign)).unwrap();
        server.uninstall("a").code(1).says("is not to be trusted");
    }
    assert!(elsewhere.is_dir() && server.registered().len() == 1);
    assert!(
        server.rights().contains("/inheritance:r /grant:r *S-1-5-32-544:(OI)(CI)(F)"),
        "{}",
        server.rights()
    );
}

#[test]
fn the_pools_account_gets_the_right_whoever_it_is() {
    let server = Server::new().with("a", "");
    server.bootstrap("a").success().says(r"`IIS AppPool\pool` may read and execute");
    let pool =
        r#"<add name="pool"><processModel identityType="NetworkService" /></add><applicationPoolDefaults>"#;
    let text = server.windows.host().text().replace("<applicationPoolDefaults>", pool);
    fs::write(server.windows.configuration(), text).unwrap();
    server.bootstrap("a").success().says(r"`NT AUTHORITY\NETWORK SERVICE` may read and execute");
    assert!(server.rights().contains("/grant *S-1-5-20:(OI)(CI)(RX)"), "{}", server.rights());
    server.uninstall("a").success();
    for identity in [r"IIS AppPool\pool", "*S-1-5-20"] {
        assert!(server.rights().contains(&format!("/remove:g {identity}")), "{}", server.rights());
    }
}

#[test]
fn who_may_not_change_iis_is_told_so_before_anything_is_made() {
    let server = Server::new().with("a", "");
    fs::write(server.windows.path("windows/System32/inetsrv/not-elevated"), "").unwrap();
    server.bootstrap("a").code(1).says("Run as administrator");
    assert!(!server.folder("a").join(".venv").exists());
}

#[test]
fn a_german_windows_is_understood() {
    let server = Server::new().with("Büro für Öl", "");
    fs::write(server.windows.path("windows/System32/inetsrv/german"), "").unwrap();
    for _ in 0..2 {
        server.bootstrap("Büro für Öl").success();
        assert_eq!(server.registered().len(), 1);
    }
    server.uninstall("Büro für Öl").success();
    assert!(server.registered().is_empty());
    fs::write(server.windows.path("windows/System32/inetsrv/not-elevated"), "").unwrap();
    server.bootstrap("Büro für Öl").code(1).says("Run as administrator").says("FEHLER");
}

#[test]
fn an_application_without_a_folder_and_one_that_is_elsewhere_are_told() {
    let server = Server::new().with("gone", "").with("here", "");
    fs::remove_dir_all(server.folder("gone")).unwrap();
    server.bootstrap("gone").code(1).says("the folder of `Default Web Site/gone` is not there");
    let told = ["bootstrap", "--app-path", "Default Web Site/none", "--gateway", ""];
    server.project.run(told).code(1).says("there is no application `Default Web Site/none`");
    let named = told.into_iter().chain(["--app", "nobody"]);
    server.project.run(named).code(1).says("there is no application `Default Web Site/none`");
    let named = told.into_iter().chain(["--app", "here"]);
    server.project.run(named).success().says("waits to be set up under that name");
    assert!(server.folder("here").join(".venv").is_dir());
}

#[test]
fn what_others_change_in_a_named_file_meanwhile_stays() {
    let change = r#", "hooks": {"post-install": ["python change.py"]}"#;
    let server = Server::new().with("a", change);
    let host = server.windows.path("host.config");
    fs::copy(server.windows.configuration(), &host).unwrap();
    let program = format!(
        "p = r'{}'\ntext = open(p).read().replace('*:80:', '*:8081:')\nopen(p, 'w').write(text)\n",
        host.display()
    );
    fs::write(server.folder("a").join("change.py"), program).unwrap();
    let file = host.to_string_lossy().into_owned();
    let named =
        ["bootstrap", "--app-path", "Default Web Site/a", "--gateway", "", "--application-host", &file];
    server.project.run(named).success();
    let text = fs::read_to_string(&host).unwrap();
    assert!(text.contains("*:8081:") && text.contains("-m iiswsgi serve a:b"), "{text}");
    let elsewhere = text.replace("<fastCgi>", "<fastCgi configSource=\"fastcgi.config\">");
    fs::write(&host, &elsewhere).unwrap();
    let again = named.into_iter().chain(["--ignore-stamp"]);
    server.project.run(again).code(1).says("in another file, `fastcgi.config`");
    assert_eq!(fs::read_to_string(&host).unwrap(), elsewhere);
}

#[test]
fn a_change_that_fails_half_way_is_taken_back() {
    let (windows, runner) = (Windows::new(), System::default());
    let program = windows.path("windows/System32/inetsrv/appcmd.exe");
    let appcmd = Appcmd::new(&program, &runner);
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let before = FastCgiApplication {
        full_path: r"C:\Python\python.exe".into(),
        arguments: "x.py".into(),
        attributes: vec![pair("maxInstances", "4")],
        environment: vec![pair("A", "1")],
    };
    appcmd.set_fastcgi_application(&before).unwrap();
    let wanted = FastCgiApplication {
        attributes: vec![pair("maxInstances", "8")],
        environment: vec![pair("A", "2"), pair("B", "1"), pair("b", "twice")],
        ..before.clone()
    };
    let error = appcmd.set_fastcgi_application(&wanted).unwrap_err();
    assert_eq!(error.problem(), Some(Problem::Duplicate));
    assert_eq!(appcmd.fastcgi_applications().unwrap(), [before]);
}
