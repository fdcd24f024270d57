//! One request on a responder's connection: what has arrived of it and what is still awaited.
//!
//! It knows neither the connection's other requests nor the application.

/// How far a request has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Params arrive.
    Params,
    /// The application may run; its body arrives.
    Body,
    /// The body has ended.
    Complete,
    /// The web server does not want the answer any more.
    Aborted,
}

/// A request between `FCGI_BEGIN_REQUEST` and `FCGI_END_REQUEST`.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) id: u16,
    pub(super) keep_connection: bool,
    pub(super) phase: Phase,
    params: Vec<u8>,
}

/// Why a request is answered without the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The params exceed the cap.
    TooLarge,
    /// The params are no sequence of name-value pairs.
    Malformed,
}

impl Refusal {
    /// The whole answer.
    pub(super) fn answer(self) -> &'static [u8] {
        match self {
            Self::TooLarge => {
                b"Status: 431 Request Header Fields Too Large\r\nContent-Type: text/plain\r\n\r\n\
                  The request's headers are larger than this server accepts.\n"
            }
            Self::Malformed => {
                b"Status: 400 Bad Request\r\nContent-Type: text/plain\r\n\r\n\
                  The web server sent FastCGI params that cannot be read.\n"
            }
        }
    }
}

impl Request {
    /// `params` is empty.
    pub(super) fn new(id: u16, keep_connection: bool, params: Vec<u8>) -> Self {
        Self { id, keep_connection, phase: Phase::Params, params }
    }

    /// Adds a piece of the params stream.
    pub(super) fn receive_params(&mut self, bytes: &[u8], limit: usize) -> Result<(), Refusal> {
        if self.params.len() + bytes.len() > limit {
            return Err(Refusal::TooLarge);
        }
        self.params.extend_from_slice(bytes);
        Ok(())
    }

    /// The params stream has ended: its bytes.
    pub(super) fn end_params(&mut self) -> Vec<u8> {
        self.phase = Phase::Body;
        std::mem::take(&mut self.params)
    }
}
