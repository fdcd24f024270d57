//! The client against small servers on this machine.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use super::*;
use crate::error::Failure as _;
use crate::process::Interrupt;

/// A server that gives each connection the next answer, and hands out what it was asked.
fn server(answers: Vec<String>) -> (Url, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let asked = thread::spawn(move || {
        let mut asked = Vec::new();
        for answer in answers {
            let (mut connection, _) = listener.accept().unwrap();
            asked.push(head(&mut connection));
            let answer = answer.replacen("\r\n", "\r\nConnection: close\r\n", 1);
            connection.write_all(answer.as_bytes()).unwrap();
        }
        asked
    });
    (url, asked)
}

fn head(connection: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && connection.read(&mut byte).unwrap() > 0 {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
}

fn get(url: &Url, login: Option<&Login>) -> Result<String, Error> {
    let client = Client::new(Settings::default());
    Runtime::new()?.wait(&Interrupt::new(), &mut || {}, async {
        let response = client.get(url, "application/json", login, Duration::from_secs(60)).await?;
        read_text(response, 1000).await
    })
}

fn login() -> Login {
    Login { user: "__token__".into(), password: Secret::new("pypi-secret") }
}

#[test]
fn a_login_follows_a_redirect_on_its_host_and_to_no_other() {
    let (other, asked_other) = server(vec![answer("200 OK", "", "there")]);
    let (url, asked) = server(vec![
        answer("301 Moved Permanently", "Location: /next\r\n", ""),
        answer("302 Found", &format!("Location: {other}\r\n"), ""),
    ]);
    assert_eq!(get(&url, Some(&login())).unwrap(), "there");
    let asked = asked.join().unwrap();
    for head in &asked {
        assert!(head.contains("authorization: Basic"), "{head}");
        assert!(head.contains(&format!("user-agent: {USER_AGENT}")), "{head}");
    }
    assert!(asked[1].starts_with("GET /next "), "{}", asked[1]);
    assert!(!asked_other.join().unwrap()[0].to_lowercase().contains("authorization"));
}

#[test]
fn a_redirect_never_leaves_https_and_always_leads_somewhere() {
    let from = Url::parse("https://a.example/simple/x/").unwrap();
    let reason = |to| redirected(&from, to).unwrap_err().to_string();
    assert!(reason(Some("http://a.example/")).contains("from `https` to `http`"));
    assert!(reason(None).contains("it names no address"));
    assert!(reason(Some("https://[")).contains("its address is none"));
    assert_eq!(redirected(&from, Some("../y/")).unwrap().as_str(), "https://a.example/simple/y/");
}

#[test]
fn redirects_that_go_round_end() {
    let (url, asked) = server(vec![answer("302 Found", "Location: /\r\n", ""); REDIRECTS + 1]);
    assert!(get(&url, None).unwrap_err().to_string().contains("there are too many"));
    asked.join().unwrap();
}

#[test]
fn http_is_for_this_machine_unless_allowed() {
    let fault = |url: &str, allow_http| Client::new(Settings { allow_http }).fault(&Url::parse(url).unwrap());
    for url in ["http://127.0.0.1:3141/x", "http://[::1]/", "http://localhost/", "https://pypi.example/"] {
        assert_eq!(fault(url, false), None, "{url}");
    }
    for url in ["http://pypi.example/", "http://127.0.0.1.example/", "http://10.0.0.1/"] {
        assert!(fault(url, false).is_some(), "{url}");
        assert_eq!(fault(url, true), None, "{url}");
    }
    for url in ["ftp://a.example/", "https://u@a.example/", "https://:p@a.example/"] {
        assert!(fault(url, true).is_some(), "{url}");
    }
}

#[test]
fn what_is_shown_of_an_address_has_no_secret() {
    let url = Url::parse("https://user:word@a.example/x?token=t#f").unwrap();
    assert_eq!(shown(&url), "https://a.example/x");
}

#[test]
fn an_answer_without_end_is_cut_and_a_closed_port_is_transient() {
    let (url, asked) = server(vec![answer("200 OK", "", &"x".repeat(1001))]);
    assert!(matches!(get(&url, None), Err(Error::Endless { .. })));
    asked.join().unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = get(&Url::parse(&format!("http://{closed}/")).unwrap(), None).unwrap_err();
    assert!(error.is_transient());
    assert!(error.hint().unwrap().contains("then run again"));
}

#[test]
fn an_interrupt_ends_the_waiting() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let (client, interrupt) = (Client::new(Settings::default()), Interrupt::new());
    let mut ticks = 0;
    let mut tick = || {
        ticks += 1;
        if ticks == 2 {
            interrupt.request();
        }
    };
    let result = Runtime::new()
        .unwrap()
        .wait(&interrupt, &mut tick, async { client.get(&url, "*/*", None, Duration::from_secs(600)).await });
    assert!(matches!(result, Err(Error::Interrupted)));
}
