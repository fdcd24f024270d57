//! HttpPlatformHandler in the simulated IIS: processes on ports, asked by HTTP, behind the same server as all else.

use std::io::Write as _;
use std::time::{Duration, Instant};

use iiswsgi::error::Shown;
use iiswsgi::event::Quiet;
use iiswsgi::iis::{HttpRequest, Iis as _, StartOptions};

use crate::iis_twins::{Package, simulated};
use crate::preview::Server;

const LISTENER: &str = include_str!("listener.py");
const WEB_CONFIG: &str = r#"<configuration><system.webServer>
  <httpPlatform processPath="%VENV_PYTHON%" arguments="&quot;%APPL_PHYSICAL_PATH%/listener.py&quot; MODE at=%%HTTP_PLATFORM_PORT%%" SETTINGS>
    <environmentVariables><environmentVariable name="GREETING" value="port %%HTTP_PLATFORM_PORT%%"/></environmentVariables>
    <recycleOnFileChange><file path=".\watched.txt"/></recycleOnFileChange>
  </httpPlatform>
  <handlers><add name="platform" path="app/*" verb="*" modules="httpPlatformHandler" resourceType="Unspecified"/></handlers>
  <security><requestFiltering><requestLimits maxAllowedContentLength="5000000"/></requestFiltering></security>
</system.webServer></configuration>"#;

fn package() -> Package {
    Package::new().with("hello/listener.py", LISTENER)
}

fn config(settings: &str, mode: &str) -> String {
    WEB_CONFIG.replace("SETTINGS", settings).replace("MODE", mode)
}

fn server(settings: &str) -> Server {
    Server::with(package(), &config(settings, "serves"))
}

#[test]
fn a_request_gets_there_with_what_the_module_adds_and_the_answer_comes_back_whole() {
    let server = server("");
    let mut client = server.connect();
    let headers = "X-Forwarded-For: 203.0.113.9\r\nX-IIS-WindowsAuthToken: 1f\r\nCookie: a=1\r\n";
    let answer = client.ask("GET", "/hello/app/a%20b%2Fc?x=%20", headers, b"");
    assert_eq!((answer.status, answer.header("x-a")), (201, Some("1")), "{}", answer.head);
    assert!(answer.head.starts_with("HTTP/1.1 201 Made\r\n"), "{}", answer.head);
    let text = answer.text().to_lowercase();
    assert!(text.starts_with("get /hello/app/a%20b%2fc?x=%20 http/1.1\n"), "{text}");
    let own = client.stream.local_addr().unwrap();
    for line in [
        format!("host: {}", client.host()),
        format!("x-forwarded-for: 203.0.113.9, {own}"),
        "x-forwarded-proto: http".to_owned(),
        "cookie: a=1".to_owned(),
    ] {
        assert!(text.lines().any(|other| other == line), "no `{line}` in {text}");
    }
    assert!(!text.contains("windowsauthtoken"), "only IIS itself may tell a user: {text}");
    let head = client.ask("HEAD", "/hello/app/x", "", b"");
    assert_eq!(head.status, 201);
    let file = client.ask("GET", "/hello/static/site.css", "", b"");
    assert_eq!(
        (file.status, file.text().as_str()),
        (200, "body { color: red }"),
        "files are not its business"
    );
}

#[test]
fn the_port_stands_in_arguments_and_variables_too() {
    let text = server("").get("/hello/app/process").text();
    let port = text.strip_prefix("GREETING=port ").and_then(|rest| rest.lines().next()).unwrap().to_owned();
    assert!(port.parse::<u16>().is_ok(), "{text}");
    assert_eq!(text.lines().last(), Some(format!("at={port}").as_str()));
}

#[test]
fn bodies_stream_both_ways() {
    let server = server("");
    let mut client = server.connect();
    let body: Vec<u8> = (0..3_000_000_u32).map(|byte| byte.to_le_bytes()[0]).collect();
    assert!(client.ask("POST", "/hello/app/echo", "", &body).body == body);
    let head = "POST /hello/app/echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    client.stream.write_all(head.as_bytes()).unwrap();
    client.stream.write_all(b"5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n").unwrap();
    assert_eq!(client.answer("POST", Instant::now()).text(), "hello!");
    let answer = server.get("/hello/app/drip");
    assert_eq!(answer.text(), "first second");
    assert!(answer.whole > answer.first + Duration::from_millis(300), "{:?}", answer.first);
}

#[test]
fn a_body_that_grows_too_large_on_its_way_is_refused() {
    let server = server("");
    let mut client = server.connect();
    let head = "POST /hello/app/echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    client.stream.write_all(head.as_bytes()).unwrap();
    for _ in 0..6 {
        client.stream.write_all(b"f4240\r\n").unwrap();
        client.stream.write_all(&vec![b'x'; 1_000_000]).unwrap();
        if client.stream.write_all(b"\r\n").is_err() {
            break;
        }
    }
    let answer = client.answer("POST", Instant::now());
    assert!(answer.status == 404 && answer.text().contains("HTTP 404.13"), "{}", answer.head);
}

#[test]
fn every_process_has_its_turn_and_takes_any_number_of_requests_at_a_time() {
    let server = server(r#"processesPerApplication="2""#);
    let mut pids: Vec<String> = (0..4).map(|_| server.get("/hello/app/pid").text()).collect();
    assert_eq!((&pids[0], &pids[1]), (&pids[2], &pids[3]));
    pids.sort();
    pids.dedup();
    assert_eq!(pids.len(), 2);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        (0..12).for_each(|_| drop(scope.spawn(|| assert_eq!(server.get("/hello/app/nap").status, 201))));
    });
    assert!(begun.elapsed() < Duration::from_secs(2), "twelve naps of half a second: {:?}", begun.elapsed());
    let pools = &server.status()["applications"][0]["pools"];
    assert_eq!(
        (pools[0]["maxInstances"].as_u64(), pools[0]["processes"].as_array().unwrap().len()),
        (Some(2), 2)
    );
}

#[test]
fn a_change_of_a_watched_file_brings_a_new_process() {
    let server = server("");
    let first = server.get("/hello/app/pid").text();
    assert_eq!(server.get("/hello/app/pid").text(), first);
    server.touch_watched();
    assert_ne!(server.get("/hello/app/pid").text(), first);
}

#[test]
fn what_goes_wrong_is_502_3_with_the_last_words_of_the_process() {
    let server = server(r#"rapidFailsPerMinute="1" requestTimeout="00:00:01""#);
    let slow = server.get("/hello/app/slow");
    assert!(slow.status == 502 && slow.text().contains("HTTP 502.3"), "{}", slow.text());
    assert!(slow.text().contains("within 1 s (requestTimeout)"), "{}", slow.text());
    let garbage = server.get("/hello/app/garbage");
    assert!(garbage.status == 502 && garbage.text().contains("no HTTP response"), "{}", garbage.text());
    for _ in 0..2 {
        let answer = server.get("/hello/app/exit");
        assert_eq!(answer.status, 502);
        assert!(answer.text().contains("exit code 7") && answer.text().contains("leaving in the middle"));
    }
    let off = server.get("/hello/app/pid");
    assert!(off.status == 502 && off.text().contains("rapidFailsPerMinute"), "{}", off.text());
    assert_eq!(server.status()["applications"][0]["pools"][0]["offline"], true);
    assert!(server.status()["errors"][0]["text"].as_str().unwrap().contains("rapidFailsPerMinute"));
}

#[test]
fn what_the_process_prints_goes_to_its_file() {
    let server = server(r#"stdoutLogEnabled="true" stdoutLogFile=".\out""#);
    server.get("/hello/app/exit");
    let folder = server.site.applications()[0].served.folders.own().to_owned();
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let log = names.into_iter().find(|path| path.to_string_lossy().contains("out_1_")).unwrap();
    assert!(std::fs::read_to_string(log).unwrap().contains("leaving in the middle"));
}

#[test]
fn the_test_stage_asks_the_same_server() {
    let package = package().with("hello/web.config.in", &config("", "serves"));
    let (_folder, iis) = simulated();
    let installed = package.install(&iis).unwrap();
    let mut running = iis.start(&installed, &StartOptions::default(), &Quiet).unwrap();
    let response = running.request(&HttpRequest::get("/app/x?y")).unwrap();
    assert_eq!((response.status, response.reason.as_str()), (201, "Made"));
    assert!(response.body.starts_with(b"GET /hello/app/x?y HTTP/1.1"));
    let missing = running.request(&HttpRequest::get("/elsewhere")).unwrap();
    assert_eq!(missing.status, 404, "the handlers of its web.config count");
    let error = running.request(&HttpRequest::get("/app/exit")).unwrap_err();
    let shown = Shown::of(&error);
    assert!(format!("{shown:?}").contains("leaving in the middle"), "{shown:?}");
    assert!(running.command_line().contains("HTTP_PLATFORM_PORT=8000"), "{}", running.command_line());
    running.stop();
}

#[test]
fn a_program_that_does_not_listen_is_told_with_the_setting_that_ended_the_wait() {
    for (settings, mode, expected) in [
        ("", "dies", "ended with exit code 3"),
        (r#"startupTimeLimit="1""#, "hangs", "did not listen on its port within 1 s (startupTimeLimit)"),
    ] {
        let package = package().with("hello/web.config.in", &config(settings, mode));
        let (_folder, iis) = simulated();
        let installed = package.install(&iis).unwrap();
        let error = iis.start(&installed, &StartOptions::default(), &Quiet).map(drop).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}
