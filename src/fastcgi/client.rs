//! The web server's side: a request as bytes, and the answer from bytes.
//!
//! The simulated IIS and the tests speak to a gateway with it. It follows one request at a time, keeping the whole answer
//! ([`ResponseDecoder`]) or handing it on ([`AnswerReader`]).

use super::Error;
use super::record::{self, HEADER_LENGTH, Header, ProtocolStatus};

/// A request to a responder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The CGI variables, in the order in which they are sent.
    pub params: Vec<(Vec<u8>, Vec<u8>)>,
    /// The request's body.
    pub stdin: Vec<u8>,
    /// Whether the responder shall leave the connection open.
    pub keep_connection: bool,
}

/// An answer, its CGI head taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code: from `Status:`, else 302 when there is a `Location:`, else 200.
    pub status: u16,
    /// The reason phrase of `Status:`, empty when there is none.
    pub reason: String,
    /// The headers in their order, without `Status`; names as they were sent, values as ISO 8859-1.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// What was written to `FCGI_STDERR`.
    pub stderr: Vec<u8>,
    /// The application's exit status.
    pub app_status: u32,
    /// What became of the request.
    pub protocol_status: ProtocolStatus,
}

impl Response {
    /// The first value of a header; the case of the name does not matter.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// Appends a whole request: begin, params, stdin and their ends.
pub fn encode_request(id: u16, request: &Request, out: &mut Vec<u8>) {
    encode_head(id, &request.params, request.keep_connection, out);
    record::push_stream(out, record::STDIN, id, &request.stdin);
    record::push_stream_end(out, record::STDIN, id);
}

/// Appends what comes before a request's body: begin and params with their end.
pub fn encode_head(id: u16, params: &[(Vec<u8>, Vec<u8>)], keep_connection: bool, out: &mut Vec<u8>) {
    let flags = if keep_connection { record::KEEP_CONNECTION } else { 0 };
    record::push_begin_request(out, id, record::RESPONDER, flags);
    let mut pairs = Vec::new();
    for (name, value) in params {
        super::params::push_pair(&mut pairs, name, value);
    }
    record::push_stream(out, record::PARAMS, id, &pairs);
    record::push_stream_end(out, record::PARAMS, id);
}

/// What arrives of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// A piece of `FCGI_STDOUT`.
    Stdout(&'a [u8]),
    /// A piece of `FCGI_STDERR`.
    Stderr(&'a [u8]),
}

/// Reads the answer to one request piece by piece and keeps none of them. Records of other ids and management records are
/// skipped.
#[derive(Debug)]
pub struct AnswerReader {
    id: u16,
    buffer: Vec<u8>,
    end: Option<(u32, ProtocolStatus)>,
}

impl AnswerReader {
    /// Waits for the answer to the request of this id.
    pub fn new(id: u16) -> Self {
        Self { id, buffer: Vec::new(), end: None }
    }

    /// Takes bytes as they arrive, split anywhere, and hands the pieces on. True when the answer is complete.
    ///
    /// # Errors
    /// When the bytes are not FastCGI.
    pub fn receive(&mut self, bytes: &[u8], take: &mut dyn FnMut(Part<'_>)) -> Result<bool, Error> {
        self.buffer.extend_from_slice(bytes);
        let mut read = 0;
        while self.end.is_none() {
            let rest = &self.buffer[read..];
            let Some(head) = rest.first_chunk::<HEADER_LENGTH>() else { break };
            let header = Header::parse(*head)?;
            let length = usize::from(header.content_length);
            let total = HEADER_LENGTH + length + usize::from(header.padding_length);
            if rest.len() < total {
                break;
            }
            let content = &rest[HEADER_LENGTH..HEADER_LENGTH + length];
            if header.id == self.id {
                match header.kind {
                    record::STDOUT => take(Part::Stdout(content)),
                    record::STDERR => take(Part::Stderr(content)),
                    record::END_REQUEST => self.end = Some(end_of(content)?),
                    _ => {}
                }
            }
            read += total;
        }
        self.buffer.drain(..read);
        Ok(self.end.is_some())
    }

    /// The application's exit status and what became of the request, when the answer is complete.
    pub fn end(&self) -> Option<(u32, ProtocolStatus)> {
        self.end
    }

    /// The bytes that followed the end of the answer. A sound responder sends none.
    pub fn trailing(&self) -> &[u8] {
        if self.end.is_some() { &self.buffer } else { &[] }
    }
}

/// Puts the answer to one request together.
#[derive(Debug)]
pub struct ResponseDecoder {
    reader: AnswerReader,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Default for ResponseDecoder {
    fn default() -> Self {
        Self::new(1)
    }
}

impl ResponseDecoder {
    /// Waits for the answer to the request of this id.
    pub fn new(id: u16) -> Self {
        Self { reader: AnswerReader::new(id), stdout: Vec::new(), stderr: Vec::new() }
    }

    /// Takes bytes as they arrive, split anywhere. True when the answer is complete.
    ///
    /// # Errors
    /// When the bytes are not FastCGI.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<bool, Error> {
        let Self { reader, stdout, stderr } = self;
        reader.receive(bytes, &mut |part| match part {
            Part::Stdout(piece) => stdout.extend_from_slice(piece),
            Part::Stderr(piece) => stderr.extend_from_slice(piece),
        })
    }

    /// What has arrived on `FCGI_STDERR` so far, for the message when the answer never completes.
    pub fn stderr(&self) -> &[u8] {
        &self.stderr
    }

    /// The bytes that followed the end of the answer. A sound responder sends none.
    pub fn trailing(&self) -> &[u8] {
        self.reader.trailing()
    }

    /// The answer.
    ///
    /// # Errors
    /// [`Error::Incomplete`] when the request was not ended, [`Error::Head`] when a completed request has an answer
    /// that is no CGI answer. A request that was refused (`protocol_status`) has an empty answer with status 0.
    pub fn finish(self) -> Result<Response, Error> {
        let Some((app_status, protocol_status)) = self.reader.end() else {
            return Err(Error::Incomplete("no FCGI_END_REQUEST"));
        };
        let mut response = Response {
            status: 0,
            reason: String::new(),
            headers: Vec::new(),
            body: Vec::new(),
            stderr: self.stderr,
            app_status,
            protocol_status,
        };
        if protocol_status == ProtocolStatus::RequestComplete {
            let (head, length) = Head::parse(&self.stdout)?;
            (response.status, response.reason, response.headers) = (head.status, head.reason, head.headers);
            response.body = self.stdout;
            response.body.drain(..length);
        }
        Ok(response)
    }
}

/// The head of a CGI answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// See [`Response::status`].
    pub status: u16,
    /// See [`Response::reason`].
    pub reason: String,
    /// See [`Response::headers`].
    pub headers: Vec<(String, String)>,
}

impl Head {
    /// The length of the head that bytes begin with, the empty line included. None when it is not all there.
    pub fn length(stdout: &[u8]) -> Option<usize> {
        let mut at = 0;
        loop {
            let end = at + stdout[at..].iter().position(|byte| *byte == b'\n')? + 1;
            if matches!(&stdout[at..end], b"\n" | b"\r\n") {
                return Some(end);
            }
            at = end;
        }
    }

    /// Reads the head (lines ended by CRLF or LF, RFC 3875 section 6) and gives the body's first byte.
    ///
    /// # Errors
    /// The bytes begin with no whole head.
    pub fn parse(stdout: &[u8]) -> Result<(Self, usize), Error> {
        parse_head(stdout)
    }

    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

fn end_of(content: &[u8]) -> Result<(u32, ProtocolStatus), Error> {
    match *content {
        [a, b, c, d, protocol_status, _, _, _] => {
            Ok((u32::from_be_bytes([a, b, c, d]), ProtocolStatus::from_code(protocol_status)))
        }
        _ => Err(Error::Body { kind: record::END_REQUEST, length: content.len() }),
    }
}

fn parse_head(stdout: &[u8]) -> Result<(Head, usize), Error> {
    let mut response = Head::default();
    let mut position = 0;
    let mut status = None;
    loop {
        let rest = &stdout[position..];
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            return Err(Error::Head(latin1(&rest[..rest.len().min(200)])));
        };
        position += end + 1;
        let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
        if line.is_empty() {
            break;
        }
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            return Err(Error::Head(latin1(line)));
        };
        let (name, value) = (latin1(&line[..colon]), latin1(line[colon + 1..].trim_ascii()));
        if name.eq_ignore_ascii_case("Status") {
            let (code, reason) = value.split_once(' ').unwrap_or((&value, ""));
            status = Some(code.parse().map_err(|_| Error::Head(latin1(line)))?);
            reason.trim().clone_into(&mut response.reason);
        } else {
            response.headers.push((name, value));
        }
    }
    if status.is_none() && response.headers.is_empty() {
        return Err(Error::Head(String::new()));
    }
    response.status = status.unwrap_or(if response.header("Location").is_some() { 302 } else { 200 });
    Ok((response, position))
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answer(stdout: &[u8], stderr: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        record::push_stream(&mut out, record::STDERR, 1, stderr);
        record::push_stream(&mut out, record::STDOUT, 1, stdout);
        record::push_stream_end(&mut out, record::STDOUT, 1);
        record::push_end_request(&mut out, 1, 3, ProtocolStatus::RequestComplete);
        out
    }

    fn decode(bytes: &[u8]) -> Result<Response, Error> {
        let mut decoder = ResponseDecoder::default();
        decoder.receive(bytes)?;
        decoder.finish()
    }

    #[test]
    fn takes_a_cgi_answer_apart() {
        let response =
            decode(&answer(b"Status: 404 Not Found\r\nSet-Cookie: a\r\nset-cookie: b\r\n\r\nbody", b"oops"))
                .unwrap();
        assert_eq!((response.status, response.reason.as_str()), (404, "Not Found"));
        assert_eq!(response.headers, [("Set-Cookie".into(), "a".into()), ("set-cookie".into(), "b".into())]);
        assert_eq!((&response.body[..], &response.stderr[..]), (&b"body"[..], &b"oops"[..]));
        assert_eq!(response.app_status, 3);
    }

    #[test]
    fn a_location_without_a_status_is_a_redirect() {
        assert_eq!(decode(&answer(b"Location: /x\n\n", b"")).unwrap().status, 302);
        assert_eq!(decode(&answer(b"Content-Type: text/plain\n\n", b"")).unwrap().status, 200);
    }

    #[test]
    fn an_answer_that_stops_early_is_incomplete() {
        let bytes = answer(b"Status: 200 OK\r\n\r\nbody", b"");
        for end in 0..bytes.len() - 8 {
            assert!(matches!(decode(&bytes[..end]), Err(Error::Incomplete(_))), "at byte {end}");
        }
    }

    #[test]
    fn an_answer_without_a_head_is_refused() {
        assert!(matches!(decode(&answer(b"", b"traceback")), Err(Error::Head(_))));
        assert!(matches!(decode(&answer(b"Hello", b"")), Err(Error::Head(_))));
    }

    #[test]
    fn a_request_that_was_refused_has_no_head() {
        let mut out = Vec::new();
        record::push_end_request(&mut out, 1, 0, ProtocolStatus::Overloaded);
        let response = decode(&out).unwrap();
        assert_eq!((response.status, response.protocol_status), (0, ProtocolStatus::Overloaded));
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_the_bytes_are_split(
            body in proptest::collection::vec(any::<u8>(), 0..2000), sizes in proptest::collection::vec(1usize..50, 1..20),
        ) {
            let mut stdout = b"Status: 200 OK\r\n\r\n".to_vec();
            stdout.extend_from_slice(&body);
            let bytes = answer(&stdout, b"e");
            let mut decoder = ResponseDecoder::default();
            let (mut rest, mut sizes) = (&bytes[..], sizes.iter().cycle());
            while !rest.is_empty() {
                let (piece, after) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
                let complete = decoder.receive(piece).unwrap();
                rest = after;
                prop_assert!(!complete || rest.len() < 8);
            }
            prop_assert_eq!(decoder.finish().unwrap().body, body);
        }
    }
}
