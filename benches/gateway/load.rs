//! The web server's side of the bench: requests on one or many connections from one thread. Every answer is checked for
//! its length.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use iiswsgi::fastcgi::client::{Request, encode_request};
use iiswsgi::fastcgi::record;
use iiswsgi::transport::Poller;

/// What is asked for, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) path: &'static str,
    pub(crate) connections: usize,
    pub(crate) keep: bool,
    /// The bytes of the request's body.
    pub(crate) upload: usize,
    /// The bytes that the answer's body must have.
    pub(crate) answer: u64,
    /// As many variables as IIS sends.
    pub(crate) iis: bool,
}

/// What one run has found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome {
    pub(crate) requests: u32,
    pub(crate) time: Duration,
    pub(crate) median: Duration,
}

/// Counts the bytes of an answer without keeping them.
#[derive(Debug, Default)]
struct Answer {
    header: [u8; 8],
    have: usize,
    content: usize,
    padding: usize,
    head: Vec<u8>,
    head_ended: bool,
    body: u64,
}

impl Answer {
    /// True when the answer is complete.
    fn take(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            if self.have < 8 {
                let taken = bytes.len().min(8 - self.have);
                self.header[self.have..self.have + taken].copy_from_slice(&bytes[..taken]);
                self.have += taken;
                bytes = &bytes[taken..];
                if self.have < 8 {
                    return false;
                }
                self.content = usize::from(u16::from_be_bytes([self.header[4], self.header[5]]));
                self.padding = usize::from(self.header[6]);
            }
            let (content, rest) = bytes.split_at(self.content.min(bytes.len()));
            self.content -= content.len();
            let padding = self.padding.min(rest.len());
            self.padding -= padding;
            bytes = &rest[padding..];
            if self.header[1] == record::STDOUT {
                self.count(content);
            }
            if self.content == 0 && self.padding == 0 {
                self.have = 0;
                if self.header[1] == record::END_REQUEST {
                    assert!(bytes.is_empty(), "bytes after the end of the request");
                    return true;
                }
            }
        }
        false
    }

    fn count(&mut self, content: &[u8]) {
        if self.head_ended {
            self.body += content.len() as u64;
            return;
        }
        self.head.extend_from_slice(content);
        if let Some(end) = self.head.windows(4).position(|four| four == b"\r\n\r\n") {
            self.head_ended = true;
            self.body = (self.head.len() - end - 4) as u64;
            assert!(self.head.starts_with(b"Status: 200 "), "an answer that is no success");
        }
    }

    fn check(&mut self, scenario: &Scenario) {
        assert!(
            self.head_ended && self.body == scenario.answer,
            "{}: a body of {} bytes",
            scenario.name,
            self.body
        );
        let mut head = std::mem::take(&mut self.head);
        head.clear();
        *self = Self { head, ..Self::default() };
    }
}

/// The bytes of a request, with the variables that a browser and a web server cause.
pub(crate) fn request(scenario: &Scenario) -> Vec<u8> {
    let length = if scenario.upload > 0 { scenario.upload.to_string() } else { String::new() };
    let mut params = vec![
        ("REQUEST_METHOD", if scenario.upload > 0 { "POST" } else { "GET" }),
        ("SCRIPT_NAME", ""),
        ("PATH_INFO", scenario.path),
        ("REQUEST_URI", scenario.path),
        ("QUERY_STRING", ""),
        ("CONTENT_TYPE", ""),
        ("CONTENT_LENGTH", &length),
        ("SERVER_NAME", "intranet.example.com"),
        ("SERVER_PORT", "443"),
        ("SERVER_PROTOCOL", "HTTP/1.1"),
        ("REMOTE_ADDR", "192.0.2.33"),
        ("REMOTE_PORT", "50123"),
        ("HTTPS", "on"),
        ("GATEWAY_INTERFACE", "CGI/1.1"),
        ("DOCUMENT_ROOT", "/srv/app"),
        ("HTTP_HOST", "intranet.example.com"),
        ("HTTP_USER_AGENT", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Gecko/20100101 Firefox/128.0"),
        ("HTTP_ACCEPT", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        ("HTTP_ACCEPT_LANGUAGE", "en-US,en;q=0.9,fr;q=0.7"),
        ("HTTP_ACCEPT_ENCODING", "gzip, deflate, br, zstd"),
        ("HTTP_CONNECTION", "keep-alive"),
        ("HTTP_COOKIE", "sessionid=u8a7s6d5f4g3h2j1k0l9q8w7e6r5t4y3; theme=dark"),
        ("HTTP_REFERER", "https://intranet.example.com/index"),
        ("HTTP_UPGRADE_INSECURE_REQUESTS", "1"),
        ("HTTP_SEC_FETCH_DEST", "document"),
        ("HTTP_SEC_FETCH_MODE", "navigate"),
        ("HTTP_SEC_FETCH_SITE", "same-origin"),
    ];
    if scenario.iis {
        params.extend([
            ("SERVER_SOFTWARE", "Microsoft-IIS/10.0"),
            ("APP_POOL_ID", "DefaultAppPool"),
            ("APPL_MD_PATH", "/LM/W3SVC/1/ROOT"),
            ("APPL_PHYSICAL_PATH", "C:\\inetpub\\wwwroot\\"),
            ("UNENCODED_URL", scenario.path),
            ("URL", scenario.path),
            ("PATH_TRANSLATED", "C:\\inetpub\\wwwroot\\hello"),
            ("HTTPS_KEYSIZE", "256"),
            ("HTTPS_SERVER_ISSUER", "C=US, O=Example Corp, CN=Example Issuing CA 3"),
            ("HTTPS_SERVER_SUBJECT", "CN=intranet.example.com"),
            ("INSTANCE_ID", "1"),
            ("INSTANCE_META_PATH", "/LM/W3SVC/1"),
            ("INSTANCE_NAME", "Default Web Site"),
            ("LOCAL_ADDR", "192.0.2.10"),
            ("REMOTE_HOST", "192.0.2.33"),
            ("SERVER_PORT_SECURE", "1"),
        ]);
        for name in [
            "AUTH_TYPE",
            "AUTH_USER",
            "AUTH_PASSWORD",
            "LOGON_USER",
            "REMOTE_USER",
            "CERT_COOKIE",
            "CERT_FLAGS",
        ] {
            params.push((name, ""));
        }
    }
    let params = params.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    let mut bytes = Vec::new();
    let stdin = vec![b'x'; scenario.upload];
    encode_request(1, &Request { params, stdin, keep_connection: scenario.keep }, &mut bytes);
    bytes
}

/// Sends requests for so long, at least two.
pub(crate) fn run(path: &Path, scenario: &Scenario, time: Duration) -> std::io::Result<Outcome> {
    let request = request(scenario);
    let mut times = Vec::with_capacity(1 << 20);
    let started = Instant::now();
    if scenario.connections == 1 {
        one(path, scenario, &request, time, &mut times)?;
    } else {
        many(path, scenario, &request, time, &mut times)?;
    }
    let time = started.elapsed();
    times.sort_unstable();
    let requests = u32::try_from(times.len()).unwrap_or(u32::MAX);
    Ok(Outcome { requests, time, median: times[times.len() / 2] })
}

/// A connection that has been through a request and is left open.
pub(crate) fn idle(path: &Path, scenario: &Scenario) -> std::io::Result<UnixStream> {
    let (mut stream, mut buffer, mut answer) =
        (UnixStream::connect(path)?, vec![0; 1 << 12], Answer::default());
    stream.write_all(&request(scenario))?;
    loop {
        let length = stream.read(&mut buffer)?;
        assert!(length > 0, "the connection was closed");
        if answer.take(&buffer[..length]) {
            return Ok(stream);
        }
    }
}

fn one(
    path: &Path,
    scenario: &Scenario,
    request: &[u8],
    time: Duration,
    times: &mut Vec<Duration>,
) -> std::io::Result<()> {
    let (mut stream, mut buffer, mut answer) =
        (UnixStream::connect(path)?, vec![0; 1 << 18], Answer::default());
    let started = Instant::now();
    while started.elapsed() < time || times.len() < 2 {
        let begun = Instant::now();
        if !scenario.keep && !times.is_empty() {
            stream = UnixStream::connect(path)?;
        }
        stream.write_all(request)?;
        loop {
            let length = stream.read(&mut buffer)?;
            assert!(length > 0, "the connection was closed");
            if answer.take(&buffer[..length]) {
                break;
            }
        }
        answer.check(scenario);
        times.push(begun.elapsed());
    }
    Ok(())
}

fn many(
    path: &Path,
    scenario: &Scenario,
    request: &[u8],
    time: Duration,
    times: &mut Vec<Duration>,
) -> std::io::Result<()> {
    let poller = Poller::new()?;
    let mut buffer = vec![0; 1 << 18];
    let connect = |token: usize| -> std::io::Result<UnixStream> {
        let stream = UnixStream::connect(path)?;
        poller.add_level(&stream, token as u64)?;
        Ok(stream)
    };
    let mut connections = Vec::new();
    for token in 0..scenario.connections {
        let mut stream = connect(token)?;
        stream.write_all(request)?;
        connections.push((stream, Answer::default(), Instant::now()));
    }
    let (started, mut news) = (Instant::now(), Vec::new());
    while started.elapsed() < time {
        poller.wait(&mut news, Some(Duration::from_secs(1)))?;
        for news in news.drain(..) {
            let token = usize::try_from(news.token).unwrap_or_default();
            let (stream, answer, begun) = &mut connections[token];
            // A request fits into the socket, so that writing it does not wait; a read is told of.
            let length = stream.read(&mut buffer)?;
            assert!(length > 0, "the connection was closed");
            if answer.take(&buffer[..length]) {
                answer.check(scenario);
                times.push(begun.elapsed());
                if !scenario.keep {
                    *stream = connect(token)?;
                }
                *begun = Instant::now();
                stream.write_all(request)?;
            }
        }
    }
    Ok(())
}
