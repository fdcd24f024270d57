//! The head of an answer, and how the end of its body is told (sections 4, 6.1 and 9.6).

/// How the client knows where the answer's body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// No head was sent yet.
    Open,
    /// By the head: there is no body, or its length is told.
    Head,
    /// By its last chunk.
    Chunks,
    /// By the end of the connection.
    Close,
}

/// What the head of an answer depends on beside its text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    /// The client speaks HTTP/1.1.
    pub(super) is_http11: bool,
    /// The answer to HEAD has a head alone.
    pub(super) is_head_method: bool,
    /// The connection ends with this answer.
    pub(super) closes: bool,
}

/// Writes a head. `text` is the one of a CGI answer: `Status: 200 OK` and headers, each line with its end. `date` is the value
/// for `Date`. Gives the framing of the body.
pub(super) fn push_head(
    out: &mut Vec<u8>,
    text: &[u8],
    status: u16,
    content_length: Option<u64>,
    facts: Facts,
    date: &str,
) -> Framing {
    // An interim answer is not the application's to give: the client would wait for another.
    let is_interim = status < 200;
    let text: &[u8] =
        if is_interim { b"Status: 500 Internal Server Error\r\nContent-Length: 0\r\n" } else { text };
    let has_no_body = facts.is_head_method || is_interim || matches!(status, 204 | 304);
    let framing = if has_no_body || content_length.is_some() {
        Framing::Head
    } else if facts.is_http11 {
        Framing::Chunks
    } else {
        Framing::Close
    };
    let line_end = text.windows(2).position(|two| two == b"\r\n").map_or(text.len(), |at| at + 2);
    let (status_line, headers) = text.split_at(line_end);
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(status_line.strip_prefix(b"Status: ").unwrap_or(status_line));
    // RFC 9110, section 8.6: an answer of this status must not have a length.
    if status == 204 && content_length.is_some() {
        let lines = headers.split_inclusive(|byte| *byte == b'\n');
        lines.filter(|line| !is_named(line, b"content-length:")).for_each(|line| out.extend_from_slice(line));
    } else {
        out.extend_from_slice(headers);
    }
    if !headers.split_inclusive(|byte| *byte == b'\n').any(|line| is_named(line, b"date:")) {
        for part in [b"Date: ", date.as_bytes(), b"\r\n"] {
            out.extend_from_slice(part);
        }
    }
    if framing == Framing::Chunks {
        out.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
    }
    if facts.closes || framing == Framing::Close {
        out.extend_from_slice(b"Connection: close\r\n");
    } else if !facts.is_http11 {
        out.extend_from_slice(b"Connection: keep-alive\r\n");
    }
    out.extend_from_slice(b"\r\n");
    framing
}

fn is_named(line: &[u8], name: &[u8]) -> bool {
    line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
}

/// A whole answer that no application gave; the connection ends with it.
pub(super) fn push_refusal(out: &mut Vec<u8>, status: &str) {
    let body = format!("{}\n", &status[4..]);
    out.extend_from_slice(
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .as_bytes(),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str, status: u16, length: Option<u64>, facts: Facts) -> (String, Framing) {
        let mut out = Vec::new();
        let framing = push_head(&mut out, text.as_bytes(), status, length, facts, "NOW");
        (String::from_utf8(out).unwrap(), framing)
    }

    const KEPT: Facts = Facts { is_http11: true, is_head_method: false, closes: false };
    const OLD: Facts = Facts { is_http11: false, ..KEPT };

    #[test]
    fn a_body_of_unknown_length_comes_in_chunks_or_ends_with_the_connection() {
        let (text, framing) = head("Status: 200 OK\r\nX: y\r\n", 200, None, KEPT);
        assert_eq!(text, "HTTP/1.1 200 OK\r\nX: y\r\nDate: NOW\r\nTransfer-Encoding: chunked\r\n\r\n");
        assert_eq!(framing, Framing::Chunks);
        let (text, framing) = head("Status: 200 OK\r\n", 200, None, OLD);
        assert!(text.contains("Connection: close") && !text.contains("chunked"), "{text}");
        assert_eq!(framing, Framing::Close);
    }

    #[test]
    fn a_known_length_keeps_the_connection_of_an_old_client_that_asked_for_it() {
        let (text, framing) = head("Status: 200 OK\r\nContent-Length: 5\r\n", 200, Some(5), OLD);
        assert!(text.ends_with("Connection: keep-alive\r\n\r\n"), "{text}");
        assert_eq!(framing, Framing::Head);
    }

    #[test]
    fn an_answer_without_a_body_has_no_coding_and_one_of_204_no_length() {
        for (status, facts) in [(304, KEPT), (200, Facts { is_head_method: true, ..KEPT })] {
            assert!(!head("Status: x\r\n", status, None, facts).0.contains("Transfer"), "{status}");
        }
        let (text, _) = head("Status: 204 No Content\r\ncontent-length: 0\r\nX: y\r\n", 204, Some(0), KEPT);
        assert_eq!(text, "HTTP/1.1 204 No Content\r\nX: y\r\nDate: NOW\r\n\r\n");
    }

    #[test]
    fn the_date_is_told_once_and_an_interim_answer_never() {
        let (text, _) = head("Status: 200 OK\r\ndate: then\r\n", 200, Some(0), KEPT);
        assert_eq!(text.to_lowercase().matches("date:").count(), 1, "{text}");
        assert!(head("Status: 100 Continue\r\n", 100, None, KEPT).0.starts_with("HTTP/1.1 500 "));
    }
}
