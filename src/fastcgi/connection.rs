//! The responder's side of one connection as a machine without I/O: bytes go in, events and bytes come out.
//!
//! ```text
//!                 PARAMS…             PARAMS end            STDIN…  STDIN end
//! BEGIN_REQUEST ──────────► Params ───────────────► Body ───────────────────► Complete
//!       │                     │ ABORT: answered       │ ABORT: Event::Abort      │ ABORT: Event::Abort
//!       └ not a responder,    ▼ at once               ▼                          ▼
//!         too many: answered  gone                    Aborted ──── end() ──► gone (closed, unless kept)
//! ```
//! Everything that the protocol answers by itself (`GET_VALUES`, `UNKNOWN_TYPE`, refusals) is appended to the output.
//! The caller writes the output, runs the application, and calls [`Connection::end`].

use super::Error;
use super::event::{Event, Expected};
use super::params::{self, Facts, Pairs};
use super::record::{self, HEADER_LENGTH, Header, ProtocolStatus};
use super::request::{Phase, Refusal, Request};

/// The caps of a connection, and what it tells of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The bytes that the params of one request may have. Apache and nginx stop at some 8 to 64 KB, IIS at 16 KB;
    /// a client certificate or a big token in a variable is what needs more.
    pub params: usize,
    /// The requests that may be open on one connection at once.
    pub requests: usize,
    /// The answer to `FCGI_MAX_CONNS`.
    pub max_connections: usize,
    /// The answer to `FCGI_MAX_REQS`.
    pub max_requests: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { params: 4 << 20, requests: 64, max_connections: 1024, max_requests: 1024 }
    }
}

#[derive(Debug)]
enum State {
    /// Within a header, of which so many bytes are here.
    Header { bytes: [u8; HEADER_LENGTH], length: usize },
    /// Within a record's body.
    Content { header: Header, left: usize },
    /// Within the bytes after it.
    Padding { left: usize },
}

/// One connection from a web server.
#[derive(Debug)]
pub struct Connection {
    limits: Limits,
    state: State,
    requests: Vec<Request>,
    /// The body of a record that is only understood as a whole.
    body: Vec<u8>,
    closing: bool,
    /// The id of the request that was ended last while its body still came.
    unread: Option<u16>,
    /// The last header of a piece of a body.
    stdin: Option<Header>,
    /// The last params, and what is known of them: the same ones often come again.
    known: (Vec<u8>, Facts),
    /// Memory for the next params.
    spare: Vec<u8>,
}

/// Longer params are not kept for the life of a connection.
const KEPT: usize = 4 << 10;

impl Connection {
    /// A fresh connection.
    pub fn new(limits: Limits) -> Self {
        let state = State::Header { bytes: [0; HEADER_LENGTH], length: 0 };
        Self {
            limits,
            state,
            requests: Vec::new(),
            body: Vec::new(),
            closing: false,
            unread: None,
            stdin: None,
            known: (Vec::new(), Facts::default()),
            spare: Vec::new(),
        }
    }

    /// Takes bytes off the front of `input` until there is an event to tell. None: all bytes are used up.
    ///
    /// # Errors
    /// When the bytes are not FastCGI. The connection can then only be closed.
    pub fn receive<'a>(
        &mut self,
        input: &mut &'a [u8],
        out: &mut Vec<u8>,
    ) -> Result<Option<Event<'a>>, Error> {
        loop {
            match &mut self.state {
                State::Header { bytes, length } => {
                    let missing = HEADER_LENGTH - *length;
                    let (taken, rest) = input.split_at(missing.min(input.len()));
                    bytes[*length..*length + taken.len()].copy_from_slice(taken);
                    *length += taken.len();
                    *input = rest;
                    if *length < HEADER_LENGTH {
                        return Ok(None);
                    }
                    let header = Header::parse(*bytes)?;
                    if header.kind == record::STDIN && header.content_length > 0 {
                        self.stdin = Some(header);
                    }
                    self.body.clear();
                    self.state = State::Content { header, left: usize::from(header.content_length) };
                    if header.content_length == 0 {
                        self.content_ended(header);
                        if let Some(event) = self.end_of_record(header, out)? {
                            return Ok(Some(event));
                        }
                    }
                }
                State::Content { header, left } => {
                    if input.is_empty() {
                        return Ok(None);
                    }
                    let (taken, rest) = input.split_at((*left).min(input.len()));
                    *input = rest;
                    *left -= taken.len();
                    let (header, ended) = (*header, *left == 0);
                    if ended {
                        self.content_ended(header);
                    }
                    if let Some(event) = self.content(header, taken, ended, out)? {
                        return Ok(Some(event));
                    }
                }
                State::Padding { left } => {
                    if input.is_empty() {
                        return Ok(None);
                    }
                    let skipped = (*left).min(input.len());
                    *input = &input[skipped..];
                    *left -= skipped;
                    if *left == 0 {
                        self.state = State::Header { bytes: [0; HEADER_LENGTH], length: 0 };
                    }
                }
            }
        }
    }

    fn content_ended(&mut self, header: Header) {
        self.state = match usize::from(header.padding_length) {
            0 => State::Header { bytes: [0; HEADER_LENGTH], length: 0 },
            left => State::Padding { left },
        };
    }

    /// A piece of a record's body. Streams pass through, everything else is collected first.
    fn content<'a>(
        &mut self,
        header: Header,
        bytes: &'a [u8],
        ended: bool,
        out: &mut Vec<u8>,
    ) -> Result<Option<Event<'a>>, Error> {
        match header.kind {
            record::STDIN if header.id != 0 => {
                let wanted = self.request(header.id).is_some_and(|request| request.phase == Phase::Body);
                Ok(wanted.then_some(Event::Stdin { id: header.id, bytes }))
            }
            record::PARAMS if header.id != 0 => {
                let limit = self.limits.params;
                if let Some(request) = self.request(header.id)
                    && request.phase == Phase::Params
                    && let Err(refusal) = request.receive_params(bytes, limit)
                {
                    self.refuse(header.id, refusal, out);
                }
                Ok(None)
            }
            record::BEGIN_REQUEST | record::GET_VALUES | record::ABORT_REQUEST => {
                self.body.extend_from_slice(bytes);
                if ended { self.end_of_record(header, out) } else { Ok(None) }
            }
            _ if ended => self.end_of_record(header, out),
            _ => Ok(None),
        }
    }

    /// A record that is complete and whose meaning is more than its bytes.
    fn end_of_record<'a>(&mut self, header: Header, out: &mut Vec<u8>) -> Result<Option<Event<'a>>, Error> {
        let Header { kind, id, .. } = header;
        match kind {
            record::GET_VALUES if id == 0 => self.get_values(out),
            _ if id == 0 => record::push_unknown_type(out, kind),
            record::BEGIN_REQUEST => self.begin(id, out)?,
            record::ABORT_REQUEST => return Ok(self.abort(id, out)),
            record::PARAMS => return Ok(self.end_params(id, out)),
            record::STDIN => {
                if self.unread == Some(id) {
                    self.unread = None;
                }
                if let Some(request) = self.request(id)
                    && request.phase == Phase::Body
                {
                    request.phase = Phase::Complete;
                    return Ok(Some(Event::StdinEnd { id }));
                }
            }
            // FCGI_DATA belongs to filters, and unknown application records are not ours to answer.
            _ => {}
        }
        Ok(None)
    }

    fn begin(&mut self, id: u16, out: &mut Vec<u8>) -> Result<(), Error> {
        let [role_high, role_low, flags, ..] = self.body[..] else {
            return Err(Error::Body { kind: record::BEGIN_REQUEST, length: self.body.len() });
        };
        let keep_connection = flags & record::KEEP_CONNECTION != 0;
        if self.request(id).is_some() {
            return Err(Error::Duplicate(id));
        }
        let refused = if u16::from_be_bytes([role_high, role_low]) != record::RESPONDER {
            Some(ProtocolStatus::UnknownRole)
        } else if self.requests.len() < self.limits.requests {
            None
        } else if self.limits.requests == 1 {
            Some(ProtocolStatus::CannotMultiplex)
        } else {
            Some(ProtocolStatus::Overloaded)
        };
        if let Some(status) = refused {
            record::push_end_request(out, id, 0, status);
            self.closing |= !keep_connection;
        } else {
            let params = std::mem::take(&mut self.spare);
            self.requests.push(Request::new(id, keep_connection, params));
        }
        Ok(())
    }

    fn end_params<'a>(&mut self, id: u16, out: &mut Vec<u8>) -> Option<Event<'a>> {
        let request = self.requests.iter_mut().find(|request| request.id == id)?;
        if request.phase != Phase::Params {
            return None;
        }
        let params = request.end_params();
        if params == self.known.0 {
            return Some(Event::Request { id, params, facts: self.known.1 });
        }
        let Ok(facts) = Facts::of(&params) else {
            self.refuse(id, Refusal::Malformed, out);
            return None;
        };
        Some(Event::Request { id, params, facts })
    }

    fn refuse(&mut self, id: u16, refusal: Refusal, out: &mut Vec<u8>) {
        record::push_stream(out, record::STDOUT, id, refusal.answer());
        self.end(id, 0, false, out);
    }

    fn abort<'a>(&mut self, id: u16, out: &mut Vec<u8>) -> Option<Event<'a>> {
        let request = self.request(id)?;
        match request.phase {
            Phase::Params => {
                self.end(id, 0, false, out);
                None
            }
            Phase::Aborted => None,
            Phase::Body | Phase::Complete => {
                request.phase = Phase::Aborted;
                Some(Event::Abort { id })
            }
        }
    }

    fn get_values(&self, out: &mut Vec<u8>) {
        let mut known = Vec::new();
        // A cut-off pair ends the list: what was readable is answered, as for names that nobody knows.
        for (name, _) in Pairs::new(&self.body).map_while(Result::ok) {
            let value = match name {
                b"FCGI_MAX_CONNS" => self.limits.max_connections,
                b"FCGI_MAX_REQS" => self.limits.max_requests,
                b"FCGI_MPXS_CONNS" => usize::from(self.limits.requests > 1),
                _ => continue,
            };
            params::push_pair(&mut known, name, value.to_string().as_bytes());
        }
        record::push_record(out, record::GET_VALUES_RESULT, 0, &known);
    }

    /// Ends a request: the ends of its streams and `FCGI_END_REQUEST` are appended. Nothing happens when it is gone.
    pub fn end(&mut self, id: u16, app_status: u32, stderr_used: bool, out: &mut Vec<u8>) {
        let Some(index) = self.requests.iter().position(|request| request.id == id) else { return };
        let request = self.requests.swap_remove(index);
        if matches!(request.phase, Phase::Params | Phase::Body) {
            self.unread = Some(id);
        }
        if stderr_used {
            record::push_stream_end(out, record::STDERR, id);
        }
        record::push_stream_end(out, record::STDOUT, id);
        record::push_end_request(out, id, app_status, ProtocolStatus::RequestComplete);
        self.closing |= !request.keep_connection;
    }

    /// Takes the params of a request back that is over, as [`Event::Request`] gave them.
    pub fn take_back(&mut self, params: Vec<u8>, facts: Facts) {
        if params.capacity() > KEPT {
            return;
        }
        (self.spare, _) = std::mem::replace(&mut self.known, (params, facts));
        self.spare.clear();
    }

    /// Gives memory back that is of use only when the next request comes at once.
    pub fn shrink(&mut self) {
        self.spare = Vec::new();
    }

    /// Whether the connection is to be closed once the output is written (section 5.1, `FCGI_KEEP_CONN`).
    pub fn is_finished(&self) -> bool {
        self.closing && self.requests.is_empty()
    }

    /// Whether the bodies of all requests have ended, as far as the last that was ended tells. A connection that is
    /// closed before that may lose the answer to a reset.
    pub fn has_read_all(&self) -> bool {
        self.unread.is_none()
    }

    /// Where the body of a request is expected. None when nothing is known of it. It is a guess: the bytes are to be given
    /// to [`Connection::receive`] all the same.
    pub fn expected(&self, id: u16) -> Option<Expected> {
        let last = self.stdin.filter(|last| last.id == id)?;
        self.requests.iter().find(|request| request.id == id && request.phase == Phase::Body)?;
        let next_content = usize::from(last.content_length);
        let next_frame = usize::from(last.padding_length) + HEADER_LENGTH;
        let (frame, content) = match &self.state {
            State::Header { length, .. } => (HEADER_LENGTH - length, next_content),
            State::Content { header, left } if *header == last => (0, *left),
            State::Content { .. } => return None,
            State::Padding { left } => (left + HEADER_LENGTH, next_content),
        };
        Some(Expected { frame, content, next_frame, next_content })
    }

    /// Whether no request is open.
    pub fn is_idle(&self) -> bool {
        self.requests.is_empty()
    }

    fn request(&mut self, id: u16) -> Option<&mut Request> {
        self.requests.iter_mut().find(|request| request.id == id)
    }
}

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
