//! What IIS does with FastCGI processes that take too long, are too many or have nothing to do, and with clients that leave.
//!
//! A timeout of 10 seconds is one of 1 here, see `preview::Server`.

use std::io::Write as _;
use std::net::Shutdown;
use std::time::{Duration, Instant};

use crate::preview::Server;

/// The handler gives out nothing before the answer is whole.
const BUFFERED: &str = "4194304";

#[test]
fn an_idle_process_ends_after_its_time() {
    let server = Server::new(r#"idleTimeout="10""#, "0");
    let first = server.get("/hello/app/pid").text();
    let deadline = Instant::now() + Duration::from_secs(20);
    let processes = || server.status()["applications"][0]["pools"][0]["processes"].as_array().unwrap().len();
    while processes() > 0 {
        assert!(Instant::now() < deadline, "it is still there");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_ne!(server.get("/hello/app/pid").text(), first);
}

#[test]
fn a_process_that_says_nothing_for_too_long_is_ended() {
    let server = Server::new(r#"activityTimeout="10""#, "0");
    let first = server.get("/hello/app/pid").text();
    let slow = server.get("/hello/app/slow");
    assert!(slow.status == 500 && slow.text().contains("1 s (activityTimeout)"), "{}", slow.text());
    assert_ne!(server.get("/hello/app/pid").text(), first);
}

#[test]
fn a_request_that_takes_too_long_is_ended_however_busy_its_process_is() {
    let server = Server::new(r#"activityTimeout="20" requestTimeout="10""#, BUFFERED);
    let first = server.get("/hello/app/pid").text();
    let slow = server.get("/hello/app/trickle");
    assert!(slow.status == 500 && slow.text().contains("1 s (requestTimeout)"), "{}", slow.text());
    assert_ne!(server.get("/hello/app/pid").text(), first);
}

#[test]
fn requests_beyond_the_queue_are_503() {
    let server = Server::new(r#"maxInstances="1" queueLength="1""#, "0");
    server.get("/hello/app/pid");
    std::thread::scope(|scope| {
        let later = |delay| {
            let server = &server;
            scope.spawn(move || {
                std::thread::sleep(Duration::from_millis(delay));
                server.get("/hello/app/sleep")
            })
        };
        let (busy, waiting, refused) = (later(0), later(300), later(600));
        let refused = refused.join().unwrap();
        assert!(refused.status == 503 && refused.text().contains("queueLength"), "{}", refused.text());
        assert_eq!(busy.join().unwrap().status, 201);
        assert_eq!(waiting.join().unwrap().status, 201);
    });
}

#[test]
fn a_process_whose_client_has_left_takes_no_request_before_it_has_ended_its_answer() {
    let server = Server::new(r#"maxInstances="1""#, "0");
    let pid = server.get("/hello/app/pid").text();
    let mut client = server.connect();
    client.stream.write_all(b"GET /hello/app/sleep HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    std::thread::sleep(Duration::from_millis(300));
    client.stream.shutdown(Shutdown::Both).unwrap();
    let begun = Instant::now();
    let next = server.get("/hello/app/pid");
    assert_eq!((next.status, next.text()), (201, pid.clone()));
    assert!(begun.elapsed() > Duration::from_millis(800), "it slept on: {:?}", begun.elapsed());
    // In the middle of a body the process is told, and is free at once.
    let mut client = server.connect();
    let head = "POST /hello/app/echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nonly this";
    client.stream.write_all(head.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    client.stream.shutdown(Shutdown::Both).unwrap();
    let next = server.get("/hello/app/pid");
    assert_eq!((next.status, next.text()), (201, pid));
}

#[test]
fn a_body_of_unknown_length_is_taken_up_to_its_limit_whatever_its_size() {
    let server = Server::new("", "0");
    let mut client = server.connect();
    let piece = vec![b'x'; 1_000_000];
    let mut send = |pieces: usize| {
        let head = "POST /hello/app/echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
        client.stream.write_all(head.as_bytes()).unwrap();
        for _ in 0..pieces {
            // Who refuses it may close before all is sent.
            let _ = client.stream.write_all(b"f4240\r\n");
            let _ = client.stream.write_all(&piece);
            let _ = client.stream.write_all(b"\r\n");
        }
        let _ = client.stream.write_all(b"0\r\n\r\n");
        client.answer("POST", Instant::now())
    };
    let three = send(3);
    assert_eq!((three.status, three.body.len()), (201, 3_000_000));
    let large = send(31);
    assert!(large.status == 404 && large.text().contains("HTTP 404.13"), "{}", large.head);
}
