//! What every twin of IIS must do: each test takes one as `&dyn Iis`.

use std::path::Path;
use std::time::{Duration, Instant};

use iiswsgi::error::Shown;
use iiswsgi::event::{Event, Quiet, Recorder};
use iiswsgi::iis::{
    ApplicationPath, HttpRequest, Iis, Installed, Outcome, RunningApplication, StartOptions, TwinKind,
};

use super::package::{PARAMETERS, Package, STAMP};

pub(super) fn start(iis: &dyn Iis, installed: &Installed) -> Box<dyn RunningApplication> {
    iis.start(installed, &StartOptions::default(), &Quiet).unwrap()
}

pub(super) fn text(running: &mut dyn RunningApplication, target: &str) -> String {
    String::from_utf8(running.request(&HttpRequest::get(target)).unwrap().body).unwrap()
}

pub(super) fn hello() -> ApplicationPath {
    "Default Web Site/hello".parse().unwrap()
}

pub(super) fn installs_starts_and_answers(iis: &dyn Iis) {
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

pub(super) fn what_was_not_done_is_told(iis: &dyn Iis) {
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

pub(super) fn the_process_has_the_servers_surroundings(iis: &dyn Iis) {
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

pub(super) fn many_requests_on_one_process_and_large_bodies(iis: &dyn Iis) {
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

pub(super) fn an_install_again_changes_nothing_twice(iis: &dyn Iis) {
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

pub(super) fn a_failed_install_leaves_the_last_good_one(iis: &dyn Iis) {
    let good = Package::new().install(iis).unwrap();
    let bad = Package::new().with("hello/web.config.in", "<configuration>").install(iis).unwrap_err();
    let shown = Shown::of(&bad).to_string();
    assert!(shown.contains("bootstrap") && shown.contains("web.config"), "{shown}");
    assert!(text(start(iis, &good).as_mut(), "/").contains("PATH_INFO=/hello/"));
    let stampless = Package::new().without(STAMP).install(iis).unwrap_err();
    assert!(Shown::of(&stampless).to_string().contains("stamp"), "{stampless}");
    assert!(text(start(iis, &good).as_mut(), "/").contains("PATH_INFO=/hello/"));
}

pub(super) fn a_process_that_dies_at_the_start_shows_its_words_and_how_to_repeat_them(iis: &dyn Iis) {
    let installed = Package::new().mode("dies").install(iis).unwrap();
    let Err(error) = iis.start(&installed, &StartOptions::default(), &Quiet) else { panic!("it started") };
    let shown = Shown::of(&error).to_string();
    assert!(shown.contains("exit code 3") && shown.contains("cannot import name"), "{shown}");
    let variable = if cfg!(windows) { "set \"GREETING=a & b\" && " } else { "GREETING='a & b' " };
    assert!(shown.contains("responder.py") && shown.contains(variable), "{shown}");
}

pub(super) fn a_process_that_hangs_at_the_start_is_given_up(iis: &dyn Iis) {
    let installed = Package::new().mode("hangs").install(iis).unwrap();
    let options = StartOptions { timeout: Duration::from_millis(700), ..StartOptions::default() };
    let begun = Instant::now();
    let Err(error) = iis.start(&installed, &options, &Quiet) else { panic!("it started") };
    assert!(begun.elapsed() < Duration::from_secs(10));
    let shown = Shown::of(&error).to_string();
    assert!(shown.contains("within 0.7 s") && shown.contains("loading a large model"), "{shown}");
}

pub(super) fn a_process_that_dies_or_hangs_in_a_request_is_told(iis: &dyn Iis) {
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

pub(super) fn what_the_application_complains_of_is_kept(iis: &dyn Iis) {
    let installed = Package::new().install(iis).unwrap();
    let mut running = start(iis, &installed);
    let response = running.request(&HttpRequest::get("/complain")).unwrap();
    if iis.describe().simulated {
        assert_eq!(response.stderr, b"this is the traceback");
    }
    assert!(running.stop().text().contains("this is the traceback"));
}

pub(super) fn uninstall_takes_everything_away(iis: &dyn Iis) {
    let installed = Package::new().install(iis).unwrap();
    assert!(iis.uninstall(&hello(), &Quiet).unwrap());
    assert!(!installed.physical_path.exists());
    assert!(!iis.uninstall(&hello(), &Quiet).unwrap());
    assert!(iis.find(&hello()).unwrap().is_none());
    assert!(iis.start(&installed, &StartOptions::default(), &Quiet).is_err());
}

pub(super) fn packages_that_are_none_are_refused(iis: &dyn Iis) {
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
pub(super) fn parameters_are_filled_in_and_say_where_the_application_goes(iis: &dyn Iis) {
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
