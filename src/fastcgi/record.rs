//! Records: the eight-byte header (section 3.3), and how streams and fixed bodies become records.
//!
//! It does not know what a request is.

use super::Error;

/// The only version of the protocol.
pub const VERSION: u8 = 1;
/// The length of a record's header in bytes.
pub const HEADER_LENGTH: usize = 8;
/// The largest body of one record that we write: a multiple of 8, so that the next header stays aligned (section 3.3).
pub const MAX_CONTENT: usize = 65_528;

/// `FCGI_BEGIN_REQUEST`.
pub const BEGIN_REQUEST: u8 = 1;
/// `FCGI_ABORT_REQUEST`.
pub const ABORT_REQUEST: u8 = 2;
/// `FCGI_END_REQUEST`.
pub const END_REQUEST: u8 = 3;
/// `FCGI_PARAMS`.
pub const PARAMS: u8 = 4;
/// `FCGI_STDIN`.
pub const STDIN: u8 = 5;
/// `FCGI_STDOUT`.
pub const STDOUT: u8 = 6;
/// `FCGI_STDERR`.
pub const STDERR: u8 = 7;
/// `FCGI_DATA`.
pub const DATA: u8 = 8;
/// `FCGI_GET_VALUES`.
pub const GET_VALUES: u8 = 9;
/// `FCGI_GET_VALUES_RESULT`.
pub const GET_VALUES_RESULT: u8 = 10;
/// `FCGI_UNKNOWN_TYPE`.
pub const UNKNOWN_TYPE: u8 = 11;

/// The role of a responder (section 6.2).
pub const RESPONDER: u16 = 1;
/// The flag of `FCGI_BEGIN_REQUEST` that keeps the connection open (section 5.1).
pub const KEEP_CONNECTION: u8 = 1;

/// `protocolStatus` of `FCGI_END_REQUEST` (section 5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProtocolStatus {
    /// The request ran.
    RequestComplete,
    /// The connection cannot take a second request.
    CannotMultiplex,
    /// A resource ran out.
    Overloaded,
    /// The role is not ours.
    UnknownRole,
    /// A number that the specification does not know.
    Other(u8),
}

impl ProtocolStatus {
    /// The byte on the wire.
    pub fn code(self) -> u8 {
        match self {
            Self::RequestComplete => 0,
            Self::CannotMultiplex => 1,
            Self::Overloaded => 2,
            Self::UnknownRole => 3,
            Self::Other(code) => code,
        }
    }

    /// The meaning of a byte on the wire.
    pub fn from_code(code: u8) -> Self {
        match code {
            0 => Self::RequestComplete,
            1 => Self::CannotMultiplex,
            2 => Self::Overloaded,
            3 => Self::UnknownRole,
            other => Self::Other(other),
        }
    }
}

/// The header of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The record's type, one of the constants of this module or a number that the specification does not know.
    pub kind: u8,
    /// The request's id; 0 is a management record.
    pub id: u16,
    /// The length of the body in bytes.
    pub content_length: u16,
    /// The bytes to skip after the body.
    pub padding_length: u8,
}

impl Header {
    /// Reads a header.
    ///
    /// # Errors
    /// [`Error::Version`] when the first byte is not 1.
    pub fn parse(bytes: [u8; HEADER_LENGTH]) -> Result<Self, Error> {
        let [version, kind, id_high, id_low, length_high, length_low, padding_length, _reserved] = bytes;
        if version != VERSION {
            return Err(Error::Version(version));
        }
        Ok(Self {
            kind,
            id: u16::from_be_bytes([id_high, id_low]),
            content_length: u16::from_be_bytes([length_high, length_low]),
            padding_length,
        })
    }

    /// The bytes of the header.
    pub fn encode(self) -> [u8; HEADER_LENGTH] {
        let [id_high, id_low] = self.id.to_be_bytes();
        let [length_high, length_low] = self.content_length.to_be_bytes();
        [VERSION, self.kind, id_high, id_low, length_high, length_low, self.padding_length, 0]
    }
}

/// Appends the records of a piece of a stream. An empty piece appends nothing: an empty record would end the stream.
pub fn push_stream(out: &mut Vec<u8>, kind: u8, id: u16, content: &[u8]) {
    for piece in content.chunks(MAX_CONTENT) {
        push_record(out, kind, id, piece);
    }
}

/// Appends the empty record that ends a stream.
pub fn push_stream_end(out: &mut Vec<u8>, kind: u8, id: u16) {
    out.extend_from_slice(&Header { kind, id, content_length: 0, padding_length: 0 }.encode());
}

/// Appends one record, padded to a multiple of 8 bytes. The body must not exceed 65,535 bytes; what is beyond is cut.
pub fn push_record(out: &mut Vec<u8>, kind: u8, id: u16, content: &[u8]) {
    let content_length = u16::try_from(content.len()).unwrap_or(u16::MAX);
    let padding_length = padding(content_length);
    out.reserve(HEADER_LENGTH + usize::from(content_length) + usize::from(padding_length));
    out.extend_from_slice(&Header { kind, id, content_length, padding_length }.encode());
    out.extend_from_slice(&content[..usize::from(content_length)]);
    out.extend_from_slice(&[0; 7][..usize::from(padding_length)]);
}

/// The padding that brings a body to a multiple of 8 bytes.
pub fn padding(content_length: u16) -> u8 {
    // Cannot truncate: the value is below 8.
    (content_length.wrapping_neg() & 7) as u8
}

/// Appends `FCGI_BEGIN_REQUEST`.
pub fn push_begin_request(out: &mut Vec<u8>, id: u16, role: u16, flags: u8) {
    let [role_high, role_low] = role.to_be_bytes();
    push_record(out, BEGIN_REQUEST, id, &[role_high, role_low, flags, 0, 0, 0, 0, 0]);
}

/// Appends `FCGI_END_REQUEST`.
pub fn push_end_request(out: &mut Vec<u8>, id: u16, app_status: u32, protocol_status: ProtocolStatus) {
    let [a, b, c, d] = app_status.to_be_bytes();
    push_record(out, END_REQUEST, id, &[a, b, c, d, protocol_status.code(), 0, 0, 0]);
}

/// Appends `FCGI_UNKNOWN_TYPE` (section 4.2).
pub fn push_unknown_type(out: &mut Vec<u8>, kind: u8) {
    push_record(out, UNKNOWN_TYPE, 0, &[kind, 0, 0, 0, 0, 0, 0, 0]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn writes_the_header_that_the_specification_shows() {
        let header = Header { kind: STDOUT, id: 0x0102, content_length: 0x0304, padding_length: 5 };
        assert_eq!(header.encode(), [1, 6, 1, 2, 3, 4, 5, 0]);
        assert_eq!(Header::parse([1, 6, 1, 2, 3, 4, 5, 77]), Ok(header), "the reserved byte is ignored");
        assert_eq!(Header::parse([0, 6, 1, 2, 3, 4, 5, 0]), Err(Error::Version(0)));
    }

    #[test]
    fn never_writes_an_empty_record_for_an_empty_piece() {
        let mut out = Vec::new();
        push_stream(&mut out, STDOUT, 1, b"");
        assert!(out.is_empty());
    }

    #[test]
    fn ends_a_request_with_its_status() {
        let mut out = Vec::new();
        push_end_request(&mut out, 9, 0x0102_0304, ProtocolStatus::UnknownRole);
        assert_eq!(out, [1, 3, 0, 9, 0, 8, 0, 0, 1, 2, 3, 4, 3, 0, 0, 0]);
    }

    proptest! {
        #[test]
        fn a_stream_comes_back_from_its_records(length in 0usize..200_000, id: u16) {
            let content: Vec<u8> = (0..=250).cycle().take(length).collect();
            let mut out = Vec::new();
            push_stream(&mut out, STDIN, id, &content);
            let mut rest = &out[..];
            let mut back = Vec::new();
            while !rest.is_empty() {
                let header = Header::parse(rest[..8].try_into().unwrap()).unwrap();
                prop_assert_eq!((header.kind, header.id), (STDIN, id));
                let length = usize::from(header.content_length);
                prop_assert!(length > 0);
                prop_assert_eq!((length + usize::from(header.padding_length)) % 8, 0);
                back.extend_from_slice(&rest[8..8 + length]);
                rest = &rest[8 + length + usize::from(header.padding_length)..];
            }
            prop_assert_eq!(back, content);
        }
    }
}
