//! A responder's connection must take any bytes, split anywhere, without a panic, without growing beyond its caps, and
//! with the same events however the bytes are split.

#![no_main]

use iiswsgi::fastcgi::connection::{Connection, Limits};
use iiswsgi::fastcgi::event::Event;
use libfuzzer_sys::fuzz_target;

#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Request(u16, Vec<u8>),
    Stdin(u16, Vec<u8>),
    End(u16),
    Abort(u16),
}

fn feed(bytes: &[u8], size: usize) -> (Vec<Seen>, Vec<u8>, bool) {
    let mut connection = Connection::new(Limits { params: 1000, requests: 4, ..Limits::default() });
    let (mut seen, mut out) = (Vec::new(), Vec::new());
    for mut piece in bytes.chunks(size) {
        loop {
            match connection.receive(&mut piece, &mut out) {
                Ok(None) => break,
                Ok(Some(Event::Request { id, params, .. })) => {
                    assert!(params.len() <= 1000);
                    seen.push(Seen::Request(id, params));
                }
                Ok(Some(Event::StdinEnd { id })) => {
                    seen.push(Seen::End(id));
                    // Half of the requests are answered at once, the others stay open.
                    if id % 2 == 0 {
                        connection.end(id, 0, false, &mut out);
                    }
                }
                Ok(Some(Event::Abort { id })) => {
                    seen.push(Seen::Abort(id));
                    connection.end(id, 0, true, &mut out);
                }
                Ok(Some(Event::Stdin { id, bytes })) => {
                    assert!(!bytes.is_empty());
                    match seen.last_mut() {
                        Some(Seen::Stdin(last, so_far)) if *last == id => so_far.extend_from_slice(bytes),
                        _ => seen.push(Seen::Stdin(id, bytes.to_vec())),
                    }
                }
                Err(_) => return (seen, out, false),
            }
        }
        assert!(piece.is_empty());
    }
    (seen, out, true)
}

fuzz_target!(|data: &[u8]| {
    let Some((size, bytes)) = data.split_first() else { return };
    let whole = feed(bytes, bytes.len().max(1));
    let split = feed(bytes, usize::from(*size).max(1));
    assert_eq!(whole, split);
});
