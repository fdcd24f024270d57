//! The head of an answer: what PEP 3333 and RFC 9110 allow, as CGI text (RFC 3875, section 6).
//!
//! Pure: status and headers in, bytes out. Strings arrive as ISO 8859-1 bytes, as PEP 3333 has them.

/// A checked head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The status code.
    pub status: u16,
    /// `Status:` and headers, each line with its end, without the empty line that ends the head.
    pub text: Vec<u8>,
    /// The value of `Content-Length`.
    pub content_length: Option<u64>,
}

/// A head that is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// The status is not three digits, a blank and a phrase.
    #[error("invalid status `{0}`: three digits, a blank and a phrase are expected")]
    Status(String),
    /// A header's name is not a token (RFC 9110, section 5.1).
    #[error("invalid header name `{0}`")]
    Name(String),
    /// A header's value holds a control character, such as the end of a line.
    #[error("control character in the value of the header `{0}`")]
    Value(String),
    /// A header that concerns the connection, which belongs to the web server (PEP 3333, "Other HTTP Features").
    #[error("hop-by-hop header `{0}` is the web server's to send")]
    HopByHop(String),
    /// `Status` as a header would be a second status line in CGI.
    #[error("header `Status` is not allowed: the status is the first argument of start_response")]
    StatusHeader,
    /// `Content-Length` is no number, or two of them differ.
    #[error("invalid `Content-Length`: `{0}`")]
    ContentLength(String),
}

const HOP_BY_HOP: [&[u8]; 8] = [
    b"connection",
    b"keep-alive",
    b"proxy-authenticate",
    b"proxy-authorization",
    b"te",
    b"trailers",
    b"transfer-encoding",
    b"upgrade",
];

/// The name of a header that an application may send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderName {
    bytes: Box<[u8]>,
    is_content_length: bool,
}

impl HeaderName {
    /// Checks a name.
    ///
    /// # Errors
    /// [`HeadError::Name`], [`HeadError::StatusHeader`] and [`HeadError::HopByHop`].
    pub fn new(name: &[u8]) -> Result<Self, HeadError> {
        if name.is_empty() || !name.iter().copied().all(is_token) {
            return Err(HeadError::Name(shown(name)));
        }
        if name.eq_ignore_ascii_case(b"status") {
            return Err(HeadError::StatusHeader);
        }
        if HOP_BY_HOP.iter().any(|known| name.eq_ignore_ascii_case(known)) {
            return Err(HeadError::HopByHop(shown(name)));
        }
        Ok(Self { bytes: name.into(), is_content_length: name.eq_ignore_ascii_case(b"content-length") })
    }
}

/// A header that an application may send: its line, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderLine {
    text: Box<[u8]>,
    content_length: Option<u64>,
}

impl HeaderLine {
    /// Checks a value and puts the line together.
    ///
    /// # Errors
    /// [`HeadError::Value`] and [`HeadError::ContentLength`].
    pub fn new(name: &HeaderName, value: &[u8]) -> Result<Self, HeadError> {
        if value.iter().copied().any(is_control) {
            return Err(HeadError::Value(shown(&name.bytes)));
        }
        let content_length = if name.is_content_length { Some(content_length(value)?) } else { None };
        Ok(Self { text: [&name.bytes, &b": "[..], value, b"\r\n"].concat().into(), content_length })
    }

    /// The bytes of the line, its end included.
    pub fn text(&self) -> &[u8] {
        &self.text
    }
}

/// The value of `Content-Length` (RFC 9110, section 8.6).
fn content_length(value: &[u8]) -> Result<u64, HeadError> {
    let digits = value.trim_ascii();
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let number =
        std::str::from_utf8(digits).ok().filter(|_| is_number).and_then(|digits| digits.parse().ok());
    number.ok_or_else(|| HeadError::ContentLength(shown(value)))
}

/// A checked status: its line, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusLine {
    code: u16,
    text: Box<[u8]>,
}

impl StatusLine {
    /// Checks a status.
    ///
    /// # Errors
    /// [`HeadError::Status`].
    pub fn new(status: &[u8]) -> Result<Self, HeadError> {
        let code = match status {
            [a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', b' ', reason @ ..]
                if !reason.iter().copied().any(is_control) =>
            {
                u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0')
            }
            _ => return Err(HeadError::Status(shown(status))),
        };
        Ok(Self { code, text: [b"Status: ", status, b"\r\n"].concat().into() })
    }
}

impl Head {
    /// Starts a head with its status line.
    ///
    /// # Errors
    /// [`HeadError::Status`].
    pub fn new(status: &[u8]) -> Result<Self, HeadError> {
        Ok(Self::start(&StatusLine::new(status)?))
    }

    /// Starts a head with a status line that has been checked.
    pub fn start(status: &StatusLine) -> Self {
        let mut text = Vec::with_capacity(256);
        text.extend_from_slice(&status.text);
        Self { status: status.code, text, content_length: None }
    }

    /// Adds a header.
    ///
    /// # Errors
    /// What [`HeadError`] lists.
    pub fn push(&mut self, name: &[u8], value: &[u8]) -> Result<(), HeadError> {
        self.push_line(&HeaderLine::new(&HeaderName::new(name)?, value)?)
    }

    /// Adds a header that has been checked.
    ///
    /// # Errors
    /// [`HeadError::ContentLength`] when there was another before.
    pub fn push_line(&mut self, line: &HeaderLine) -> Result<(), HeadError> {
        if let Some(length) = line.content_length {
            if self.content_length.is_some_and(|known| known != length) {
                return Err(HeadError::ContentLength(length.to_string()));
            }
            self.content_length = Some(length);
        }
        self.text.extend_from_slice(&line.text);
        Ok(())
    }

    /// Adds `Content-Length` when the application left it to us and the length is known.
    pub fn complete(&mut self, content_length: u64) {
        if self.content_length.is_none() && self.allows_body() {
            self.content_length = Some(content_length);
            self.text.extend_from_slice(format!("Content-Length: {content_length}\r\n").as_bytes());
        }
    }

    /// Whether an answer of this status has a body (RFC 9110, section 6.4.1).
    pub fn allows_body(&self) -> bool {
        !matches!(self.status, 100..200 | 204 | 304)
    }
}

/// Control characters, but for the tab, which a header's value may hold.
fn is_control(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\t') || byte == 0x7f
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// At most 100 characters of a text that is wrong, its control characters escaped.
fn shown(bytes: &[u8]) -> String {
    bytes.iter().take(100).flat_map(|byte| char::from(*byte).escape_default()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn head(status: &str, headers: &[(&str, &str)]) -> Result<Head, HeadError> {
        let mut head = Head::new(status.as_bytes())?;
        for (name, value) in headers {
            head.push(name.as_bytes(), value.as_bytes())?;
        }
        Ok(head)
    }

    #[test]
    fn keeps_headers_in_order_and_duplicates() {
        let head = head("200 OK", &[("Set-Cookie", "a"), ("X", "\u{e9}"), ("set-cookie", "b")]).unwrap();
        assert_eq!(head.text, "Status: 200 OK\r\nSet-Cookie: a\r\nX: \u{e9}\r\nset-cookie: b\r\n".as_bytes());
        assert_eq!((head.status, head.content_length), (200, None));
    }

    #[test]
    fn refuses_a_status_that_is_none() {
        for status in ["", "200", "OK", "2000 OK", "20 OK", "099 X", "200 O\nK", "200\tOK", "\u{ff12}00 OK"] {
            assert!(matches!(head(status, &[]), Err(HeadError::Status(_))), "{status:?}");
        }
        assert!(head("200 ", &[]).is_ok() && head("599 Whatever it is", &[]).is_ok());
    }

    #[test]
    fn refuses_what_would_add_a_header_or_end_the_head() {
        for value in ["a\r\nX: y", "a\n\nbody", "a\rb", "a\0", "\x7f"] {
            assert_eq!(head("200 OK", &[("X", value)]), Err(HeadError::Value("X".into())), "{value:?}");
        }
        for name in ["", "X Y", "X:", "X\r\nY", "\u{e9}", "X\0"] {
            assert!(matches!(head("200 OK", &[(name, "v")]), Err(HeadError::Name(_))), "{name:?}");
        }
        assert!(head("200 OK", &[("X", "tab\tis fine")]).is_ok());
    }

    #[test]
    fn refuses_headers_that_are_not_the_applications() {
        assert_eq!(head("200 OK", &[("status", "500")]), Err(HeadError::StatusHeader));
        for name in ["Connection", "Transfer-Encoding", "TE", "keep-alive", "Proxy-Authenticate"] {
            assert_eq!(head("200 OK", &[(name, "x")]), Err(HeadError::HopByHop(name.into())));
        }
    }

    #[test]
    fn reads_the_content_length() {
        assert_eq!(head("200 OK", &[("content-length", "12")]).unwrap().content_length, Some(12));
        for value in ["", "-1", "+1", "1,2", "x", "99999999999999999999"] {
            assert!(head("200 OK", &[("Content-Length", value)]).is_err(), "{value:?}");
        }
        assert!(head("200 OK", &[("Content-Length", "1"), ("Content-Length", "2")]).is_err());
    }

    #[test]
    fn adds_a_content_length_only_where_it_belongs() {
        let mut plain = head("200 OK", &[]).unwrap();
        plain.complete(5);
        assert!(plain.text.ends_with(b"Content-Length: 5\r\n"));
        let mut none = head("304 Not Modified", &[]).unwrap();
        none.complete(5);
        assert_eq!(none.text, b"Status: 304 Not Modified\r\n");
    }

    proptest! {
        #[test]
        fn a_head_that_is_accepted_has_one_line_for_each_header(
            status in proptest::collection::vec(any::<u8>(), 0..9),
            headers in proptest::collection::vec(
                (proptest::collection::vec(any::<u8>(), 0..6), proptest::collection::vec(any::<u8>(), 0..6)), 0..4),
        ) {
            let mut all = b"200 ".to_vec();
            all.extend(status);
            let Ok(mut head) = Head::new(&all) else { return Ok(()) };
            let mut lines = 1;
            for (name, value) in &headers {
                lines += usize::from(head.push(name, value).is_ok());
            }
            prop_assert_eq!(head.text.split(|byte| *byte == b'\n').count() - 1, lines);
            prop_assert_eq!(head.text.split(|byte| *byte == b'\r').count() - 1, lines);
        }
    }
}
