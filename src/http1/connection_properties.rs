//! What holds for any bytes that come over a connection, wherever they are cut.

use super::{connection, feed};

/// What was told, pieces of the same body as one.
fn joined(told: Vec<String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for text in told {
        match (all.last_mut(), text.split_once('+')) {
            (Some(last), Some((id, piece))) if last.split('+').next() == Some(id) && last.contains('+') => {
                last.push_str(piece);
            }
            _ => all.push(text),
        }
    }
    all
}

proptest::proptest! {
    #[test]
    fn requests_are_the_same_however_they_are_cut(
        parts in proptest::collection::vec(proptest::sample::select(vec![
            "\r\n", "\r", "\n", "x", ":", "GET /g HTTP/1.1\r\nHost: h\r\n\r\n",
            "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
            "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        ]), 0..8),
        step in 1usize..9,
    ) {
        let bytes = parts.concat().into_bytes();
        let (told, answered) = feed(&mut connection(), &bytes, bytes.len().max(1));
        let (told_in_pieces, answered_in_pieces) = feed(&mut connection(), &bytes, step);
        proptest::prop_assert_eq!(joined(told), joined(told_in_pieces));
        proptest::prop_assert_eq!(answered, answered_in_pieces);
    }

    #[test]
    fn any_bytes_are_requests_or_refused(bytes in proptest::collection::vec(proptest::arbitrary::any::<u8>(), 0..300), step in 1usize..50) {
        let mut any = connection();
        let (_, out) = feed(&mut any, &bytes, step);
        proptest::prop_assert!(out.is_empty() || out.starts_with("HTTP/1.1 "));
    }
}
