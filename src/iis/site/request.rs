//! A request as the web server has it, and its URL taken apart as `http.sys` does.

use core::net::SocketAddr;

/// The head of a request.
#[derive(Debug, Clone)]
pub struct Request {
    /// `GET`, `POST`, ….
    pub method: String,
    /// Path and query as the client wrote them.
    pub target: String,
    /// The headers in order, names as written.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The length of the body; none when the client did not say (a chunked body).
    pub content_length: Option<u64>,
    /// Who speaks with whom.
    pub endpoints: Endpoints,
    /// `HTTP/1.1` or `HTTP/1.0`.
    pub protocol: &'static str,
}

/// The two ends of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoints {
    /// The server's.
    pub local: SocketAddr,
    /// The client's.
    pub remote: SocketAddr,
}

impl Default for Endpoints {
    /// Those of a client on the server itself, as for requests that come through no socket.
    fn default() -> Self {
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Self { local: at(80), remote: at(50_000) }
    }
}

impl Request {
    /// The value of the first header of a name, as text.
    pub fn header(&self, name: &str) -> Option<String> {
        let found = self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    }
}

/// A URL's path and query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// The path as written.
    pub raw_path: String,
    /// The path decoded, its dots and doubled slashes resolved.
    pub path: Vec<u8>,
    /// The same as text; bytes that are no UTF-8 are replaced.
    pub text: String,
    /// The query as written, without its question mark.
    pub query: String,
}

/// Why `http.sys` takes a target for no URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadTarget;

impl Url {
    /// Takes a target apart. An absolute one is taken by its path.
    ///
    /// # Errors
    /// It has no path, a percent sign without two digits, or a null byte.
    pub fn parse(target: &str) -> Result<Self, BadTarget> {
        let target = match target.split_once("://") {
            Some((scheme, rest)) if !scheme.contains(['/', '?']) => {
                rest.find('/').map_or("/", |slash| &rest[slash..])
            }
            _ => target,
        };
        let (raw_path, query) = target.split_once('?').unwrap_or((target, ""));
        if !raw_path.starts_with('/') {
            return Err(BadTarget);
        }
        let decoded = decoded(raw_path.as_bytes()).ok_or(BadTarget)?;
        if decoded.contains(&0) {
            return Err(BadTarget);
        }
        let path = resolved(&decoded);
        Ok(Self {
            raw_path: raw_path.to_owned(),
            text: String::from_utf8_lossy(&path).into_owned(),
            path,
            query: query.to_owned(),
        })
    }

    /// Path and query as written.
    pub fn target(&self) -> String {
        if self.query.is_empty() {
            self.raw_path.clone()
        } else {
            format!("{}?{}", self.raw_path, self.query)
        }
    }
}

/// The bytes that a percent-encoded path stands for; none when a percent sign begins no pair of digits.
fn decoded(path: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path.iter();
    while let Some(&byte) = rest.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let digit = |digit: Option<&u8>| char::from(*digit?).to_digit(16);
        let value = digit(rest.next())? * 16 + digit(rest.next())?;
        decoded.push(u8::try_from(value).ok()?);
    }
    Some(decoded)
}

/// A path without `.` and `..` steps, doubled slashes and backslashes. It never leaves the root.
fn resolved(path: &[u8]) -> Vec<u8> {
    let mut steps: Vec<&[u8]> = Vec::new();
    let mut ends_in_folder = false;
    for step in path.split(|byte| matches!(byte, b'/' | b'\\')) {
        ends_in_folder = matches!(step, b"" | b"." | b"..");
        match step {
            b"" | b"." => {}
            b".." => {
                steps.pop();
            }
            step => steps.push(step),
        }
    }
    let mut resolved = vec![b'/'];
    resolved.extend(steps.join(&b'/'));
    if ends_in_folder && resolved.len() > 1 {
        resolved.push(b'/');
    }
    resolved
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_are_decoded_and_resolved() {
        for (target, path, query) in [
            ("/", "/", ""),
            ("/a%20b/?x=%20y", "/a b/", "x=%20y"),
            ("/a//b/./c/../d", "/a/b/d", ""),
            ("/../../etc/passwd", "/etc/passwd", ""),
            ("/%2e%2e/%2e%2e/x", "/x", ""),
            (r"/a\..\b", "/b", ""),
            ("/a/..", "/", ""),
            ("http://h:80/p?q", "/p", "q"),
            ("http://h", "/", ""),
            ("/caf%C3%A9", "/café", ""),
        ] {
            let url = Url::parse(target).unwrap();
            assert_eq!((url.text.as_str(), url.query.as_str()), (path, query), "{target}");
        }
        for target in ["", "*", "a", "/%", "/%4", "/%zz", "/a%00b"] {
            assert_eq!(Url::parse(target), Err(BadTarget), "{target}");
        }
    }

    proptest! {
        #[test]
        fn no_path_leaves_the_root(target in "/[./\\\\%2eEfF5cCa]{0,40}") {
            if let Ok(url) = Url::parse(&target) {
                prop_assert!(url.text.starts_with('/'));
                prop_assert!(url.text.split(['/', '\\']).all(|step| step != ".."));
            }
        }
    }
}
