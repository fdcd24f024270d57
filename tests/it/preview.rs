//! The simulated IIS as a web server: a package is installed, served on a socket, and asked as a browser asks.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use iiswsgi::event::Quiet;
use iiswsgi::iis::Simulated;
use iiswsgi::iis::server::Monitor;
use iiswsgi::iis::server::listener::{self, Hosted, Site};

use crate::iis_twins::{Package, simulated};
use crate::support::json;

const WEB_CONFIG: &str = r#"<configuration><system.webServer>
  <fastCgi><application fullPath="%VENV_PYTHON%" arguments="&quot;%APPL_PHYSICAL_PATH%/responder.py&quot; serves" SETTINGS/></fastCgi>
  <handlers><add name="app" path="app/*" verb="*" modules="FastCgiModule" responseBufferLimit="BUFFER"
    scriptProcessor="%VENV_PYTHON%|&quot;%APPL_PHYSICAL_PATH%/responder.py&quot; serves"/></handlers>
  <webSocket enabled="true"/>
</system.webServer></configuration>"#;

/// A server on a port of its own, for as long as it is there.
pub(crate) struct Server {
    address: SocketAddr,
    pub(crate) site: Arc<Site>,
    _runtime: tokio::runtime::Runtime,
    _iis: (tempfile::TempDir, Simulated),
    _package: Package,
}

impl Server {
    /// One whose FastCGI application has these settings and whose handler holds back so many bytes.
    pub(crate) fn new(settings: &str, buffer: &str) -> Self {
        Self::with(Package::new(), &WEB_CONFIG.replace("SETTINGS", settings).replace("BUFFER", buffer))
    }

    /// One of a package with this template of `web.config`.
    pub(crate) fn with(package: Package, config: &str) -> Self {
        let package = package
            .with("hello/web.config.in", config)
            .with("hello/static/Site.css", "body { color: red }")
            .with("hello/data.odd", "?")
            .with("hello/watched.txt", "1");
        let iis = simulated();
        let installed = package.install(&iis.1).unwrap();
        shorten(&iis.1.configuration());
        let served = iis.1.serve(&installed, &Quiet).unwrap();
        let site = Arc::new(Site::new("Default Web Site", Monitor::new(|_| {})));
        site.host(Hosted {
            served,
            package: "hello.zip".into(),
            parameters: installed.parameters,
            simulated: Vec::new(),
        });
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let socket = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = socket.local_addr().unwrap();
        runtime.spawn(listener::serve(socket, Arc::clone(&site), std::future::pending()));
        Self { address, site, _runtime: runtime, _iis: iis, _package: package }
    }

    pub(crate) fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Client { stream, buffer: Vec::new() }
    }

    pub(crate) fn get(&self, target: &str) -> Answer {
        self.connect().ask("GET", target, "", b"")
    }

    /// Changes the time of `watched.txt` in the application's folder.
    pub(crate) fn touch_watched(&self) {
        let folder = self.site.applications()[0].served.folders.own().to_owned();
        let file = std::fs::File::options().write(true).open(folder.join("watched.txt")).unwrap();
        file.set_modified(std::time::SystemTime::now() + Duration::from_secs(5)).unwrap();
    }

    pub(crate) fn status(&self) -> serde_json::Value {
        json(&self.get("/.iiswsgi/status.json").text())
    }
}

/// IIS takes no timeout below 10 seconds; where a test wants that, it wants to wait for 1.
fn shorten(configuration: &std::path::Path) {
    let text = std::fs::read_to_string(configuration).unwrap();
    std::fs::write(configuration, text.replace("Timeout=\"10\"", "Timeout=\"1\"")).unwrap();
}

impl Drop for Server {
    fn drop(&mut self) {
        self.site.applications().iter().for_each(|hosted| drop(hosted.served.stop()));
    }
}

/// A client that keeps its connection.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    buffer: Vec<u8>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    pub(crate) first: Duration,
    pub(crate) whole: Duration,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            line.split_once(": ")
                .filter(|(known, _)| known.eq_ignore_ascii_case(name))
                .map(|(_, value)| value)
        })
    }
}

impl Client {
    pub(crate) fn ask(&mut self, method: &str, target: &str, headers: &str, body: &[u8]) -> Answer {
        let length =
            if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let head = format!("{method} {target} HTTP/1.1\r\nHost: {}\r\n{headers}{length}\r\n", self.host());
        let begun = Instant::now();
        self.stream.write_all(head.as_bytes()).unwrap();
        self.stream.write_all(body).unwrap();
        self.answer(method, begun)
    }

    pub(crate) fn host(&self) -> String {
        self.stream.peer_addr().unwrap().to_string()
    }

    fn until(&mut self, mark: &[u8]) -> Vec<u8> {
        loop {
            if let Some(at) = self.buffer.windows(mark.len()).position(|window| window == mark) {
                return self.buffer.drain(..at + mark.len()).collect();
            }
            self.more();
        }
    }

    fn exactly(&mut self, length: usize) -> Vec<u8> {
        while self.buffer.len() < length {
            self.more();
        }
        self.buffer.drain(..length).collect()
    }

    fn more(&mut self) {
        let mut piece = [0; 8192];
        let length = self.stream.read(&mut piece).unwrap();
        assert!(length > 0, "closed after {:?}", String::from_utf8_lossy(&self.buffer));
        self.buffer.extend_from_slice(&piece[..length]);
    }

    pub(crate) fn answer(&mut self, method: &str, begun: Instant) -> Answer {
        let head = String::from_utf8(self.until(b"\r\n\r\n")).unwrap();
        let status = head[9..12].parse().unwrap();
        let mut answer =
            Answer { status, head, body: Vec::new(), first: Duration::ZERO, whole: Duration::ZERO };
        if method == "HEAD" || status == 304 {
            return answer;
        }
        if let Some(length) = answer.header("content-length") {
            let length = length.parse().unwrap();
            answer.body = self.exactly(length);
            answer.first = begun.elapsed();
        } else {
            loop {
                let line = String::from_utf8(self.until(b"\r\n")).unwrap();
                let length = usize::from_str_radix(line.trim(), 16).unwrap();
                let piece = self.exactly(length + 2);
                if length == 0 {
                    break;
                }
                if answer.body.is_empty() {
                    answer.first = begun.elapsed();
                }
                answer.body.extend_from_slice(&piece[..length]);
            }
        }
        answer.whole = begun.elapsed();
        answer
    }
}

#[test]
fn one_connection_carries_requests_to_the_application_and_to_files() {
    let server = Server::new("", "0");
    let mut client = server.connect();
    let answer = client.ask("GET", "/hello/app/a%20b?x=1", "Cookie: a=1\r\n", b"");
    assert_eq!((answer.status, answer.header("x-a")), (201, Some("1")), "{}", answer.head);
    assert!(answer.head.starts_with("HTTP/1.1 201 Made\r\n"), "{}", answer.head);
    for line in ["PATH_INFO=/hello/app/a b", "QUERY_STRING=x=1", "HTTP_COOKIE=a=1", "REMOTE_ADDR=127.0.0.1"] {
        assert!(answer.text().lines().any(|other| other == line), "{line} in {}", answer.text());
    }
    let file = client.ask("GET", "/HELLO/static/site.CSS", "", b"");
    assert_eq!((file.status, file.text().as_str()), (200, "body { color: red }"));
    assert_eq!(file.header("content-type"), Some("text/css"));
    let tag = file.header("etag").unwrap();
    let known = client.ask("GET", "/hello/static/Site.css", &format!("If-None-Match: {tag}\r\n"), b"");
    assert_eq!(known.status, 304);
    let part = client.ask("GET", "/hello/static/Site.css", "Range: bytes=5-8\r\n", b"");
    assert_eq!((part.status, part.text().as_str()), (206, "{ co"));
    assert_eq!(part.header("content-range"), Some("bytes 5-8/19"));
    let head = client.ask("HEAD", "/hello/static/Site.css", "", b"");
    assert_eq!((head.status, head.header("content-length")), (200, Some("19")));
    let odd = client.ask("GET", "/hello/data.odd", "", b"");
    assert!(odd.status == 404 && odd.text().contains("HTTP 404.3"), "{}", odd.text());
    let hidden = client.ask("GET", "/hello/web.config", "", b"");
    assert!(hidden.status == 404 && hidden.text().contains("HTTP 404.7"), "{}", hidden.text());
    let elsewhere = client.ask("GET", "/", "", b"");
    assert!(elsewhere.status == 403 && elsewhere.text().contains("/hello/"), "{}", elsewhere.text());
}

#[test]
fn bodies_of_any_size_go_in_and_come_back_also_when_their_length_is_not_said() {
    let server = Server::new("", "0");
    let mut client = server.connect();
    let body: Vec<u8> = (0..3_000_000_u32).map(|byte| byte.to_le_bytes()[0]).collect();
    assert!(client.ask("POST", "/hello/app/echo", "", &body).body == body);
    let head = format!(
        "POST /hello/app/echo HTTP/1.1\r\nHost: {}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n",
        client.host()
    );
    client.stream.write_all(head.as_bytes()).unwrap();
    assert_eq!(client.answer("POST", Instant::now()).text(), "hello!");
    // Refused by its length alone: nothing of it is waited for.
    let head = format!(
        "POST /hello/app/echo HTTP/1.1\r\nHost: {}\r\nContent-Length: 30000001\r\n\r\n",
        client.host()
    );
    client.stream.write_all(head.as_bytes()).unwrap();
    let large = client.answer("POST", Instant::now());
    assert!(large.status == 404 && large.text().contains("HTTP 404.13"), "{}", large.head);
}

#[test]
fn a_response_streams_unless_the_handler_buffers_it() {
    let streaming = Server::new("", "0").get("/hello/app/drip");
    assert_eq!(streaming.text(), "first second");
    assert!(streaming.whole > streaming.first + Duration::from_millis(300), "{:?}", streaming.first);
    let buffered = Server::new("", "4194304").get("/hello/app/drip");
    assert!(buffered.first > Duration::from_millis(300), "{:?}", buffered.first);
}

#[test]
fn processes_work_side_by_side_and_are_recycled() {
    let server = Server::new(r#"maxInstances="2" instanceMaxRequests="3""#, "0");
    let pids: Vec<String> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..4).map(|_| scope.spawn(|| server.get("/hello/app/nap").text())).collect();
        asked.into_iter().map(|asked| asked.join().unwrap()).collect()
    });
    let mut different = pids.clone();
    different.sort();
    different.dedup();
    assert_eq!(different.len(), 2, "{pids:?}");
    for _ in 0..6 {
        different.push(server.get("/hello/app/pid").text());
    }
    different.sort();
    different.dedup();
    assert!(different.len() >= 4, "after three requests a process gives way to a new one: {different:?}");
}

#[test]
fn a_change_of_the_watched_file_brings_a_new_process() {
    let server = Server::new(r#"monitorChangesTo="%APPL_PHYSICAL_PATH%/watched.txt""#, "0");
    let first = server.get("/hello/app/pid").text();
    assert_eq!(server.get("/hello/app/pid").text(), first);
    server.touch_watched();
    assert_ne!(server.get("/hello/app/pid").text(), first);
}

#[test]
fn a_process_that_fails_again_and_again_is_switched_off() {
    let server = Server::new(r#"rapidFailsPerMinute="1""#, "0");
    for _ in 0..2 {
        let answer = server.get("/hello/app/exit");
        assert_eq!(answer.status, 500);
        assert!(answer.text().contains("exit code 7") && answer.text().contains("leaving in the middle"));
    }
    let off = server.get("/hello/app/pid");
    assert!(off.status == 503 && off.text().contains("rapidFailsPerMinute"), "{}", off.text());
    assert_eq!(server.status()["applications"][0]["pools"][0]["offline"], true);
}

#[test]
fn what_the_process_says_on_the_error_stream_takes_the_place_of_its_answer() {
    let answer = Server::new("", "0").get("/hello/app/complain");
    assert_eq!((answer.status, answer.text().as_str()), (500, "this is the traceback"));
    let ignoring = Server::new(r#"stderrMode="IgnoreAndReturn200""#, "0").get("/hello/app/complain");
    assert_eq!(ignoring.status, 201);
}

#[test]
fn the_page_about_it_tells_what_there_is_and_only_to_this_machine() {
    let server = Server::new("", "0");
    server.get("/hello/app/pid");
    server.get("/hello/app/exit");
    let status = server.status();
    let application = &status["applications"][0];
    assert_eq!(application["path"], "/hello/");
    assert!(application["notes"][0].as_str().unwrap().contains("webSocket"), "{status}");
    assert_eq!(status["requests"][1]["target"], "/hello/app/pid");
    assert!(status["errors"][0]["text"].as_str().unwrap().contains("exit code 7"), "{status}");
    let mut client = server.connect();
    let foreign = "GET /.iiswsgi/ HTTP/1.1\r\nHost: evil.example\r\n\r\n";
    client.stream.write_all(foreign.as_bytes()).unwrap();
    assert_eq!(client.answer("GET", Instant::now()).status, 403);
    assert_eq!(client.ask("POST", "/.iiswsgi/recycle", "Origin: http://evil.example\r\n", b"").status, 403);
    let own = format!("Origin: http://{}\r\n", client.host());
    assert_eq!(client.ask("POST", "/.iiswsgi/recycle", &own, b"").status, 303);
}
