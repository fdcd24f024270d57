//! The server's side of HTTP/1.1 must take any bytes, split anywhere, without a panic, without a head beyond its cap, and
//! with the same events and answers however the bytes are split.

#![no_main]

use std::sync::Arc;

use iiswsgi::fastcgi::event::Event;
use iiswsgi::fastcgi::params::Pairs;
use iiswsgi::http1::connection::Connection;
use iiswsgi::http1::{Settings, Trusted};
use libfuzzer_sys::fuzz_target;

const HEAD: usize = 1000;

#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Request(u16, Vec<u8>),
    Stdin(u16, Vec<u8>),
    End(u16),
    Abort(u16),
}

fn answer(connection: &mut Connection, id: u16, out: &mut Vec<u8>) {
    let length = (!id.is_multiple_of(3)).then_some(2);
    connection.push_head(out, b"Status: 200 OK\r\nX-A: b\r\n", 200, length, "Thu, 01 Jan 1970 00:00:00 GMT");
    connection.push_piece_start(out, 2);
    out.extend_from_slice(b"ok");
    connection.push_piece_end(out);
    connection.end(true, out);
}

fn feed(bytes: &[u8], size: usize) -> (Vec<Seen>, Vec<u8>, bool) {
    let mut settings = Settings::new(("server".into(), 80), |token| Some(token.to_owned()));
    (settings.head, settings.trusted) = (HEAD, Trusted::Everybody);
    let mut connection = Connection::new(Arc::new(settings), None);
    let (mut seen, mut out) = (Vec::new(), Vec::new());
    for mut piece in bytes.chunks(size) {
        while let Some(event) = connection.receive(&mut piece, &mut out) {
            match event {
                Event::Request { id, params, .. } => {
                    let pairs = Pairs::new(&params).collect::<Result<Vec<_>, _>>().expect("whole pairs");
                    assert!(pairs.iter().all(|(name, _)| *name != b"HTTP_PROXY"));
                    seen.push(Seen::Request(id, params));
                }
                Event::Stdin { id, bytes } => {
                    assert!(!bytes.is_empty());
                    match seen.last_mut() {
                        Some(Seen::Stdin(last, so_far)) if *last == id => so_far.extend_from_slice(bytes),
                        _ => seen.push(Seen::Stdin(id, bytes.to_vec())),
                    }
                }
                Event::StdinEnd { id } => {
                    seen.push(Seen::End(id));
                    answer(&mut connection, id, &mut out);
                }
                Event::Abort { id } => {
                    seen.push(Seen::Abort(id));
                    connection.end(false, &mut out);
                }
            }
        }
        assert!(piece.is_empty());
    }
    (seen, out, connection.is_finished())
}

fuzz_target!(|data: &[u8]| {
    let Some((size, bytes)) = data.split_first() else { return };
    let whole = feed(bytes, bytes.len().max(1));
    let split = feed(bytes, usize::from(*size).max(1));
    assert_eq!(whole, split);
});
