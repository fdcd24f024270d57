//! The connection as a client and a proxy see it.

#[path = "connection_properties.rs"]
mod properties;

use super::*;
use crate::fastcgi::params::Pairs;
use crate::http1::Trusted;

fn connection_with(change: impl FnOnce(&mut Settings)) -> Connection {
    let mut settings = Settings::new(("server".into(), 8000), |token| Some(format!("DOMAIN\\{token}")));
    change(&mut settings);
    Connection::new(Arc::new(settings), Some("127.0.0.1:4000".parse().unwrap()))
}

fn connection() -> Connection {
    connection_with(|_| {})
}

/// What was told, in words, and what was answered.
fn feed(connection: &mut Connection, bytes: &[u8], step: usize) -> (Vec<String>, String) {
    let (mut told, mut out) = (Vec::new(), Vec::new());
    for part in bytes.chunks(step) {
        let mut input = part;
        while let Some(event) = connection.receive(&mut input, &mut out) {
            told.push(match event {
                Event::Request { id, params, .. } => format!("{id} {}", path(&params)),
                Event::Stdin { id, bytes } => format!("{id}+{}", String::from_utf8_lossy(bytes)),
                Event::StdinEnd { id } => format!("{id} end"),
                Event::Abort { id } => format!("{id} abort"),
            });
        }
    }
    (told, String::from_utf8(out).unwrap())
}

fn variable(params: &[u8], name: &str) -> Option<String> {
    let mut found = Pairs::new(params).map(Result::unwrap).filter(|(known, _)| *known == name.as_bytes());
    let value = found.next().map(|(_, value)| String::from_utf8_lossy(value).into_owned());
    assert_eq!(found.next(), None, "{name} comes once");
    value
}

fn path(params: &[u8]) -> String {
    variable(params, "PATH_INFO").unwrap()
}

/// The variables of a request.
fn params_with(change: impl FnOnce(&mut Settings), head: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let text = head.replace('\n', "\r\n") + "\r\n\r\n";
    match connection_with(change).receive(&mut text.as_bytes(), &mut out) {
        Some(Event::Request { params, .. }) => params,
        event => panic!("{event:?} {}", String::from_utf8_lossy(&out)),
    }
}

fn params(head: &str) -> Vec<u8> {
    params_with(|_| {}, head)
}

/// The status of the answer to a text that is refused; empty when it is not.
fn refused(text: &str) -> String {
    let (_, answer) = feed(&mut connection(), text.as_bytes(), 10_000);
    answer.lines().next().unwrap_or_default().to_owned()
}

fn answer(connection: &mut Connection, text: &str, length: Option<u64>, body: &str) -> String {
    let mut out = Vec::new();
    let text =
        text.to_owned() + &length.map_or(String::new(), |length| format!("Content-Length: {length}\r\n"));
    connection.push_head(&mut out, text.as_bytes(), 200, length, "NOW");
    connection.push_piece_start(&mut out, body.len());
    out.extend_from_slice(body.as_bytes());
    connection.push_piece_end(&mut out);
    let complete = length.is_none_or(|length| length == body.len() as u64);
    connection.end(complete, &mut out);
    String::from_utf8(out).unwrap()
}

const OK: &str = "Status: 200 OK\r\n";

#[test]
fn a_request_becomes_variables() {
    let params = params(
        "GET /a%20b/%C3%A9?q=%20 HTTP/1.1\nHost: example.org:8080\nCookie: a=1\nX-A: one\nContent-Type: text/x\n\
         Cookie: b=2\nx-a: two\nX_A: three\nConnection: X-Secret\nX-Secret: s\nKeep-Alive: 5",
    );
    for (name, value) in [
        ("REQUEST_METHOD", "GET"),
        ("REQUEST_URI", "/a%20b/%C3%A9?q=%20"),
        ("SCRIPT_NAME", ""),
        ("PATH_INFO", "/a b/é"),
        ("QUERY_STRING", "q=%20"),
        ("SERVER_PROTOCOL", "HTTP/1.1"),
        ("SERVER_NAME", "example.org"),
        ("SERVER_PORT", "8080"),
        ("REMOTE_ADDR", "127.0.0.1"),
        ("CONTENT_TYPE", "text/x"),
        ("HTTP_HOST", "example.org:8080"),
        ("HTTP_COOKIE", "a=1; b=2"),
        ("HTTP_X_A", "one, two"),
    ] {
        assert_eq!(variable(&params, name).as_deref(), Some(value), "{name}");
    }
    for name in
        ["HTTP_X_SECRET", "HTTP_KEEP_ALIVE", "HTTP_CONNECTION", "HTTP_CONTENT_TYPE", "HTTPS", "REMOTE_USER"]
    {
        assert_eq!(variable(&params, name), None, "{name}");
    }
}

#[test]
fn requests_are_told_in_order_however_the_bytes_are_cut() {
    let bytes = b"POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello\
        \r\nPOST /2 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n\
        GET /3 HTTP/1.1\r\nHost: h\r\n\r\n";
    let (told, out) = feed(&mut connection(), bytes, 10_000);
    assert_eq!(told, ["1 /1", "1+hello", "1 end", "2 /2", "2+abc", "2 end", "3 /3", "3 end"]);
    assert_eq!(out, "");
    for step in [1, 2, 3, 7, 20] {
        let (told, _) = feed(&mut connection(), bytes, step);
        let whole = |id: &str| {
            let pieces = told.iter().filter_map(|text| text.strip_prefix(id)?.strip_prefix('+'));
            pieces.collect::<String>()
        };
        assert_eq!((whole("1"), whole("2")), ("hello".into(), "abc".into()), "{step}");
        assert_eq!(told.last().unwrap(), "3 end");
    }
}

#[test]
fn answers_keep_the_connection_and_tell_where_they_end() {
    let mut both = connection();
    feed(&mut both, b"GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n", 100);
    let first = answer(&mut both, OK, Some(2), "hi");
    assert_eq!(first, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nDate: NOW\r\n\r\nhi");
    assert!(answer(&mut both, OK, None, "hi").ends_with("chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"));
    assert!(both.is_idle() && !both.is_finished() && both.phase() == Phase::Idle);
}

#[test]
fn an_answer_that_is_not_whole_ends_the_connection_without_its_end() {
    let mut cut = connection();
    feed(&mut cut, b"GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n", 100);
    assert!(answer(&mut cut, OK, Some(5), "hi").ends_with("\r\n\r\nhi"));
    assert!(
        cut.is_finished(),
        "the second is not answered: its answer would be taken for the rest of the first"
    );
    let mut cut = connection();
    feed(&mut cut, b"GET /1 HTTP/1.1\r\nHost: h\r\n\r\n", 100);
    let mut out = Vec::new();
    cut.push_head(&mut out, OK.as_bytes(), 200, None, "NOW");
    assert!(!cut.end(false, &mut out) && cut.is_finished());
    assert!(!out.ends_with(b"0\r\n\r\n"));
}

#[test]
fn what_a_proxy_may_understand_in_another_way_is_refused() {
    let post = "POST / HTTP/1.1\r\nHost: h\r\n";
    for (headers, status) in [
        ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "400"),
        ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "400"),
        ("Content-Length: 5\r\nContent-Length: 6\r\n", "400"),
        ("Content-Length: 5\r\nContent-Length: 5\r\n", "400"),
        ("Content-Length: 5, 5\r\n", "400"),
        ("Content-Length: +5\r\n", "400"),
        ("Content-Length: -5\r\n", "400"),
        ("Content-Length: 0x5\r\n", "400"),
        ("Content-Length: \r\n", "400"),
        ("Content-Length: 99999999999999999999\r\n", "400"),
        ("Content-Length : 5\r\n", "400"),
        (" Content-Length: 5\r\n", "400"),
        ("X: y\r\n Content-Length: 5\r\n", "400"),
        ("X: y\nContent-Length: 5\r\n", "400"),
        ("X: y\rContent-Length: 5\r\n", "400"),
        ("X: \0\r\n", "400"),
        ("Host: g\r\n", "400"),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "400"),
        ("Transfer-Encoding: chunked, chunked\r\n", "501"),
        ("Transfer-Encoding: xchunked\r\n", "501"),
        ("Transfer-Encoding: gzip, chunked\r\n", "501"),
        ("Transfer-Encoding: identity\r\n", "501"),
        ("Transfer-Encoding: \u{b}chunked\r\n", "400"),
        ("Expect: the best\r\n", "417"),
    ] {
        let first = refused(&format!("{post}{headers}\r\nhello"));
        assert!(first.starts_with(&format!("HTTP/1.1 {status} ")), "{headers:?}: {first}");
    }
    for (text, status) in [
        ("GET / HTTP/1.1\r\n\r\n", "400"),
        ("GET / HTTP/1.1\nHost: h\n\n", "400"),
        ("GET /\r\n\r\n", "400"),
        ("GET  / HTTP/1.1\r\nHost: h\r\n\r\n", "400"),
        ("GET http:/// HTTP/1.1\r\nHost: h\r\n\r\n", "400"),
        ("GET http://a@b/ HTTP/1.1\r\nHost: h\r\n\r\n", "400"),
        ("GET file.txt HTTP/1.1\r\nHost: h\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "400"),
        ("CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n", "405"),
        ("GET / HTTP/2.0\r\nHost: h\r\n\r\n", "505"),
        ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"),
        ("\u{1}\u{2}\r\n\r\n", "400"),
    ] {
        let first = refused(text);
        assert!(first.starts_with(&format!("HTTP/1.1 {status} ")), "{text:?}: {first}");
    }
    let long = format!("GET / HTTP/1.1\r\nHost: h\r\nX: {}\r\n\r\n", "x".repeat(70_000));
    assert!(refused(&long).contains(" 431 "));
    let many = format!("GET / HTTP/1.1\r\nHost: h\r\n{}\r\n", "X: y\r\n".repeat(200));
    assert!(refused(&many).contains(" 431 "));
}

#[test]
fn what_follows_a_refused_request_is_never_a_request() {
    let mut smuggled = connection();
    let bytes =
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\
        GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n";
    let (told, _) = feed(&mut smuggled, bytes, 10_000);
    assert_eq!(told, [] as [&str; 0]);
    assert!(smuggled.is_finished() && !smuggled.has_read_all());
}

#[test]
fn a_refusal_is_answered_after_the_requests_before_it() {
    let mut both = connection();
    let (told, out) = feed(&mut both, b"GET /1 HTTP/1.1\r\nHost: h\r\n\r\nnonsense\r\n\r\n", 100);
    assert_eq!((told, out.as_str()), (vec!["1 /1".into(), "1 end".into()], ""));
    let all = answer(&mut both, OK, Some(2), "hi");
    assert!(all.starts_with("HTTP/1.1 200 OK") && all.contains("hiHTTP/1.1 400 Bad Request"), "{all}");
    assert!(both.is_finished());
}

#[test]
fn a_body_that_breaks_off_ends_its_request_with_400() {
    let mut broken = connection();
    let bytes = b"POST /1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX";
    assert_eq!(feed(&mut broken, bytes, 100).0, ["1 /1", "1+abc", "1 abort"]);
    let mut out = Vec::new();
    broken.end(false, &mut out);
    assert!(out.starts_with(b"HTTP/1.1 400 Bad Request"), "{}", String::from_utf8_lossy(&out));
    assert!(broken.is_finished());
}

#[test]
fn connections_end_when_the_client_or_its_version_says_so() {
    for (head, ends) in [
        ("GET / HTTP/1.1\r\nHost: h\r\n", false),
        ("GET / HTTP/1.1\r\nHost: h\r\nConnection: Close\r\n", true),
        ("GET / HTTP/1.1\r\nHost: h\r\nConnection: x, close\r\n", true),
        ("GET / HTTP/1.0\r\n", true),
        ("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n", false),
    ] {
        let mut one = connection();
        let (told, _) =
            feed(&mut one, format!("{head}\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes(), 999);
        assert_eq!(told.len(), if ends { 2 } else { 4 }, "{head:?}: nothing is read after the last request");
        let text = answer(&mut one, OK, Some(0), "");
        assert_eq!((text.contains("Connection: close"), one.is_finished()), (ends, ends), "{head:?}");
    }
}

#[test]
fn the_client_is_told_to_go_on_when_its_body_is_wanted() {
    let head = b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n";
    let mut waiting = connection();
    assert_eq!(feed(&mut waiting, head, 100).0, ["1 /"]);
    assert!(waiting.expects(1));
    let mut out = Vec::new();
    waiting.invite(&mut out);
    waiting.invite(&mut out);
    assert_eq!(out, b"HTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!(feed(&mut waiting, b"hi", 10).0, ["1+hi", "1 end"]);
    assert!(!answer(&mut waiting, OK, Some(0), "").contains("close"));
    // Without having been told, nobody knows whether the client sends its body.
    let mut refused = connection();
    feed(&mut refused, head, 100);
    assert!(answer(&mut refused, OK, Some(0), "").contains("Connection: close") && refused.is_finished());
}

#[test]
fn a_body_that_nobody_reads_is_taken_in_unless_it_is_long() {
    for (length, kept) in [(100_000, true), (10_000_000, false)] {
        let mut unread = connection();
        feed(
            &mut unread,
            format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\nx").as_bytes(),
            999,
        );
        answer(&mut unread, OK, Some(0), "");
        assert_eq!((unread.is_finished(), unread.has_read_all()), (!kept, false), "{length}");
        let mut rest = vec![b'x'; 99_999];
        rest.extend_from_slice(b"GET /next HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_eq!(feed(&mut unread, &rest, 4096).0.len(), if kept { 2 } else { 0 }, "{length}");
    }
}

#[test]
fn only_a_trusted_proxy_is_believed() {
    let head = "GET / HTTP/1.1\nHost: h\nX-Forwarded-For: 6.6.6.6, 10.0.0.7:5123\nX-Forwarded-Proto: https\n\
                X-IIS-WindowsAuthToken: 1f4\nMS-ASPNETCORE-CLIENTCERT: c";
    let believed = params_with(|settings| settings.trusted = Trusted::read("127.0.0.1, ::1").unwrap(), head);
    let doubted = params_with(|settings| settings.trusted = Trusted::read("10.1.1.1").unwrap(), head);
    for (name, yes, no) in [
        ("REMOTE_ADDR", Some("10.0.0.7"), Some("127.0.0.1")),
        ("HTTPS", Some("on"), None),
        ("SERVER_PORT", Some("443"), Some("80")),
        ("REMOTE_USER", Some("DOMAIN\\1f4"), None),
        ("HTTP_X_IIS_WINDOWSAUTHTOKEN", None, None),
        ("HTTP_MS_ASPNETCORE_CLIENTCERT", Some("c"), None),
        ("HTTP_X_FORWARDED_PROTO", Some("https"), Some("https")),
    ] {
        assert_eq!(variable(&believed, name).as_deref(), yes, "{name} of a trusted proxy");
        assert_eq!(variable(&doubted, name).as_deref(), no, "{name} of anybody");
    }
    assert_eq!((Trusted::read("x"), Trusted::read("*")), (None, Some(Trusted::Everybody)));
}

#[test]
fn a_proxy_without_the_token_of_its_pair_is_turned_away() {
    let ask = |token: &str| {
        let mut paired = connection_with(|settings| settings.pairing = Some("secret".into()));
        feed(&mut paired, format!("GET / HTTP/1.1\r\nHost: h\r\n{token}\r\n").as_bytes(), 999)
    };
    assert!(ask("").1.contains("403") && ask("MS-ASPNETCORE-TOKEN: other\r\n").1.contains("403"));
    assert_eq!(ask("MS-ASPNETCORE-TOKEN: secret\r\n").0, ["1 /", "1 end"]);
}

#[test]
fn a_target_with_a_host_counts_more_than_the_header() {
    let params = params("GET HTTP://other:81?x=/y HTTP/1.1\nHost: h");
    for (name, value) in
        [("HTTP_HOST", "other:81"), ("SERVER_PORT", "81"), ("PATH_INFO", "/"), ("QUERY_STRING", "x=/y")]
    {
        assert_eq!(variable(&params, name).as_deref(), Some(value), "{name}");
    }
    let star = self::params("OPTIONS * HTTP/1.1\nHost: [::1]:82");
    assert_eq!((path(&star), variable(&star, "SERVER_NAME").unwrap()), ("*".into(), "[::1]".into()));
}

#[test]
fn a_client_that_is_too_slow_is_told_so_unless_it_has_not_asked() {
    for (bytes, phase, answered) in [
        (&b""[..], Phase::Idle, false),
        (b"GET / HT", Phase::Head, true),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc", Phase::Body, true),
    ] {
        let mut slow = connection();
        feed(&mut slow, bytes, 100);
        assert_eq!(slow.phase(), phase);
        let mut out = Vec::new();
        slow.time_out(&mut out);
        assert_eq!((out.starts_with(b"HTTP/1.1 408 "), slow.is_finished()), (answered, true), "{phase:?}");
    }
}

#[test]
fn a_server_that_drains_says_so() {
    let mut draining = connection();
    feed(&mut draining, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", 100);
    draining.settings.drain();
    assert!(answer(&mut draining, OK, Some(0), "").contains("Connection: close") && draining.is_finished());
}

#[test]
fn empty_lines_before_a_request_are_no_harm_wherever_they_are_cut() {
    let text = b"\r\n\r\nGET /a HTTP/1.1\r\nHost: h\r\n\r\n\r\n";
    for step in 1..text.len() {
        assert_eq!(
            feed(&mut connection(), text, step),
            (vec!["1 /a".into(), "1 end".into()], String::new()),
            "{step}"
        );
    }
}
