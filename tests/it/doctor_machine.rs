//! `doctor` on what is around an application: modules, pools, sections of the server, rights in another language, the registry,
//! HttpPlatformHandler; and the form of its answer.

use std::fs;

use crate::doctor::{Server, found, same};
use crate::support::{Outcome, json, path_variable};

/// Examines once more, the server's configuration changed.
fn again(server: &Server, change: impl FnOnce(String) -> String) -> Outcome {
    server.examine(same, same);
    examined_with(server, change)
}

fn examined_with(server: &Server, change: impl FnOnce(String) -> String) -> Outcome {
    let path = server.path("host.config");
    let text = change(fs::read_to_string(&path).unwrap());
    fs::write(&path, text).unwrap();
    server.project.run([
        "doctor",
        "Default Web Site/hello",
        "--application-host",
        "host.config",
        "--json",
        "--no-start",
    ])
}

#[test]
fn a_server_without_the_module_or_the_pool_is_found() {
    let server = Server::new();
    let outcome =
        again(&server, |text| text.replace("<add name=\"FastCgiModule\" image", "<add name=\"x\" image"));
    let module = found(&outcome.code(1), "module");
    assert!(module.contains("no module `FastCgiModule`") && module.contains("Web-CGI"), "{module}");
    let outcome = again(&server, |text| text.replace("<add name=\"pool\" />", ""));
    let pool = found(&outcome.code(1), "application-pool");
    assert!(pool.contains("503") && pool.contains("add apppool /name:\"pool\""), "{pool}");
}

#[test]
fn every_locked_section_is_found_and_the_one_that_iis_never_meets_is_not() {
    let server = Server::new();
    let more = "<fastCgi><application fullPath='x'/></fastCgi><security><requestFiltering/></security></system.webServer>";
    server.examine(same, |text| text.replace("</system.webServer>", more)).code(0);
    let outcome = examined_with(&server, |text| {
        text.replace(
            "\"requestFiltering\" overrideModeDefault=\"Allow\"",
            "\"requestFiltering\" overrideModeDefault=\"Deny\"",
        )
    });
    let locked = found(&outcome.code(1), "locked-sections");
    assert!(locked.contains("unlock config -section:system.webServer/security/requestFiltering"), "{locked}");
    assert!(!locked.contains("fastCgi"), "{locked}");
}

#[test]
fn the_servers_own_limit_of_uploads_counts() {
    let server = Server::new();
    let limit = |path: &str, bytes: u32| {
        format!(
            "<location path=\"{path}\"><system.webServer><security><requestFiltering><requestLimits \
             maxAllowedContentLength=\"{bytes}\"/></requestFiltering></security></system.webServer></location></configuration>"
        )
    };
    let text = limit("Default Web Site/hello", 7_000_000) + &limit("Default Web Site/other", 9);
    let text = text.replacen("</configuration>", "", 1);
    let outcome = again(&server, |host| host.replace("</configuration>", &text));
    let uploads = found(&outcome, "upload-limit");
    assert!(uploads.starts_with("ok") && uploads.contains("7000000"), "{uploads}");
}

#[test]
fn what_a_deployment_left_behind_and_files_that_nobody_watches_are_told() {
    let server = Server::new();
    fs::write(server.path("app/app_offline.htm"), "").unwrap();
    let outcome = server.examine(same, same);
    assert!(found(&outcome, "app-offline").starts_with("warning"));
    let monitored = found(&outcome, "monitor-changes-to");
    assert!(monitored.starts_with("info") && monitored.contains("ERROR_FILE_IN_USE"), "{monitored}");
    assert!(monitored.contains(&format!("monitorChangesTo:{}", server.path("app/web.config").display())));
}

/// A program of a few lines, in the project's folder `bin`, which is the first on PATH.
fn with_program(server: Server, name: &str, script: &str) -> Server {
    let program = server.path("bin").join(name);
    fs::create_dir_all(program.parent().unwrap()).unwrap();
    fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", program.parent().unwrap().display(), path_variable());
    Server { project: server.project.env("PATH", &path), ..server }.with_responder()
}

#[test]
fn rights_are_understood_in_every_language() {
    let icacls = |descriptor: &str| {
        format!(
            "if [ \"$2\" = /save ]; then printf 'app\\r\\n{descriptor}\\r\\n' | iconv -t UTF-16LE > \"$3\"; else \
             echo \"$1 VORDEFINIERT\\\\Benutzer:(OI)(CI)(RX)\"; fi"
        )
    };
    let of = |descriptor: &str| {
        let server = with_program(Server::without_windows(), "icacls", &icacls(descriptor));
        found(&server.examine(same, same), "rights")
    };
    assert!(of("D:AI(A;OICIID;0x1200a9;;;BU)").starts_with("ok"));
    let none = of("D:PAI(A;OICI;FA;;;BA)");
    assert!(none.starts_with("error") && none.contains("icacls \""), "{none}");
}

#[test]
fn what_the_registry_knows_is_told() {
    let reg = r#"case "$4" in
        VersionString) echo "    VersionString    REG_SZ    Version 10.0" ;;
        EnableRemoteManagement) echo "    EnableRemoteManagement    REG_DWORD    0x$ON" ;;
        *) exit 1 ;;
    esac"#;
    let with = |on: &str| {
        let server = with_program(Server::new(), "reg", reg);
        let project = server.project.env("WINDIR", "/windows").env("ON", on);
        Server { project, ..server }.examine(same, same)
    };
    let outcome = with("1");
    assert_eq!(found(&outcome, "iis").trim_end(), "ok: IIS is Version 10.0.");
    let remote = found(&outcome, "remote-deployment");
    assert!(remote.starts_with("ok") && remote.contains("--allow-untrusted"), "{remote}");
    let remote = found(&with("0"), "remote-deployment");
    assert!(remote.starts_with("info") && remote.contains("ERROR_USER_UNAUTHORIZED"), "{remote}");
    assert!(remote.contains("EnableRemoteManagement /t REG_DWORD /d 1"), "{remote}");
}

#[test]
fn the_last_errors_of_the_log_are_shown() {
    let server = Server::new();
    let log = "2026-01-02T03:04:05.678Z [9] INFO started\n2026-01-02T03:04:05.678Z [9] ERROR incident 7: no such table\n";
    fs::create_dir_all(server.path("home/Logs")).unwrap();
    fs::write(server.path("home/Logs/iiswsgi.log"), log).unwrap();
    let home = server.path("home").to_string_lossy().into_owned();
    let Server { project, python, .. } = server;
    let server = Server { project: project.env("IIS_USER_HOME", &home), python, ..Server::new() };
    let logs = found(&server.examine(same, same), "logs");
    assert!(logs.contains("ERROR incident 7: no such table") && !logs.contains("INFO"), "{logs}");
}

const HTTP_PLATFORM: &str = "<configuration><system.webServer><handlers><add name=\"x\" path=\"*\" verb=\"*\" \
    modules=\"httpPlatformHandler\"/></handlers><httpPlatform processPath=\"PYTHON\" arguments=\"SCRIPT\"/></system.webServer></configuration>";
const LISTENER: &str = include_str!("listener.py");

#[test]
fn the_program_of_http_platform_handler_is_examined_and_started() {
    let server = Server::new();
    fs::write(server.path("app/listener.py"), LISTENER).unwrap();
    fs::write(server.path("app/dies.py"), "raise SystemExit('no settings')").unwrap();
    let config = |script: &str| {
        let script = format!("&quot;{}&quot; serves", server.path("app").join(script).display());
        HTTP_PLATFORM.replace("PYTHON", &server.python).replace("SCRIPT", &script)
    };
    let outcome = server.examine(|_| String::new(), |_| config("listener.py"));
    assert_eq!(found(&outcome, "registration"), "", "nothing is to be registered");
    assert!(found(&outcome, "interpreter").contains("is Python 3"));
    assert!(found(&outcome, "start").starts_with("ok"), "{}", outcome.stdout);
    let outcome = server.examine(|_| String::new(), |_| config("dies.py")).code(1);
    let start = found(&outcome, "start");
    assert!(start.contains("no settings") && start.contains("HTTP_PLATFORM_PORT=8000"), "{start}");
    let outcome = examined_with(&server, |text| text.replace("name=\"httpPlatformHandler\"", "name=\"x\""));
    assert!(found(&outcome.code(1), "module").contains("no module `httpPlatformHandler`"));
}

#[test]
fn the_answer_for_machines_has_the_documented_form_and_the_worst_comes_first() {
    let server = Server { mode: "dies", handler: "", ..Server::new() };
    let outcome = server.examine(same, same).code(1);
    let report = json(&outcome.stdout);
    let keys = |value: &serde_json::Value| {
        let mut keys: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys.join(" ")
    };
    assert_eq!(keys(&report), "applications schema version");
    assert_eq!(report["schema"], 1);
    let application = &report["applications"][0];
    assert_eq!(keys(application), "application findings folder pool");
    let findings = application["findings"].as_array().unwrap();
    assert!(findings.iter().all(|finding| keys(finding) == "check command reason severity text"));
    let order = ["error", "warning", "info", "ok"];
    let places: Vec<usize> = findings
        .iter()
        .map(|finding| order.iter().position(|level| finding["severity"] == **level).unwrap())
        .collect();
    assert!(places.is_sorted() && places[0] == 0, "{places:?}");
    let start = found(&outcome, "start");
    assert!(start.contains("To see it by hand: APP_POOL_ID=pool"), "{start}");
    assert!(findings.iter().find(|finding| finding["check"] == "start").unwrap()["command"].is_null());
}
