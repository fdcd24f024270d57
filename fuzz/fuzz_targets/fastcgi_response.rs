//! The web server's side must take any bytes of a responder without a panic, the same however they are split.

#![no_main]

use iiswsgi::fastcgi::client::{Response, ResponseDecoder};
use libfuzzer_sys::fuzz_target;

fn decode(bytes: &[u8], size: usize) -> Option<Response> {
    let mut decoder = ResponseDecoder::new(1);
    for piece in bytes.chunks(size) {
        if decoder.receive(piece).ok()? {
            break;
        }
    }
    decoder.finish().ok()
}

fuzz_target!(|data: &[u8]| {
    let Some((size, bytes)) = data.split_first() else { return };
    assert_eq!(decode(bytes, bytes.len().max(1)), decode(bytes, usize::from(*size).max(1)));
});
