//! A FastCGI program in a folder, without any installation and without a site's rules: every request reaches it.
//!
//! It listens on a port of the loopback interface, and one request goes over one connection. Rules of a `web.config`,
//! static files and pools are the business of the installed application.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use super::application::by_hand;
use crate::fastcgi::client::{Request, ResponseDecoder, encode_request};
use crate::iis::{Error, HttpRequest, HttpResponse, Logs, RunningApplication, StartOptions};
use crate::process::{Program, Runner, Running};

/// How often a wait looks whether the process is still there.
const GLANCE: Duration = Duration::from_millis(50);

struct InPlace {
    running: Box<dyn Running>,
    address: SocketAddr,
    folder: String,
    command_line: String,
    fastcgi_stderr: Vec<u8>,
}

/// Starts a FastCGI program in a folder and waits until it accepts connections.
///
/// # Errors
/// It does not start, ends, or does not accept in time.
pub fn start_in_place(
    program: &Program,
    folder: &Path,
    options: &StartOptions,
    runner: &dyn Runner,
) -> Result<Box<dyn RunningApplication>, Error> {
    let command_line = by_hand(program);
    let failed = |reason: String, output: String| Error::Start {
        application: folder.display().to_string(),
        reason,
        output,
        command_line: command_line.clone(),
    };
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    let address = free.map_err(|error| failed(format!("has no port: {error}"), String::new()))?;
    let running = runner.start(program, &format!("tcp:{address}"))?;
    let mut started = InPlace {
        running,
        address,
        folder: folder.to_string_lossy().into_owned(),
        command_line: command_line.clone(),
        fastcgi_stderr: Vec::new(),
    };
    let deadline = Instant::now() + options.timeout;
    while TcpStream::connect(address).is_err() {
        let reason = match started.running.ended() {
            Some(code) => format!("ended with exit code {code} before it took a request"),
            None if Instant::now() > deadline => {
                started.running.abort();
                format!("did not take a request within {} s", options.timeout.as_secs_f64())
            }
            None => {
                std::thread::sleep(GLANCE);
                continue;
            }
        };
        return Err(failed(reason, started.logs().text()));
    }
    Ok(Box::new(started))
}

impl InPlace {
    /// The variables as IIS sends them for an application at the root of a site.
    fn params(&self, request: &HttpRequest) -> Vec<(Vec<u8>, Vec<u8>)> {
        let (path, query) = request.target.split_once('?').unwrap_or((request.target.as_str(), ""));
        let (port, length) = (self.address.port().to_string(), request.body.len().to_string());
        let root = format!("{}{}", self.folder, std::path::MAIN_SEPARATOR);
        let mut params: Vec<(String, &str)> = [
            ("SERVER_SOFTWARE", "Microsoft-IIS/10.0"),
            ("GATEWAY_INTERFACE", "CGI/1.1"),
            ("SERVER_PROTOCOL", "HTTP/1.1"),
            ("SERVER_NAME", "localhost"),
            ("SERVER_PORT", port.as_str()),
            ("REMOTE_ADDR", "127.0.0.1"),
            ("HTTPS", "off"),
            ("REQUEST_METHOD", request.method.as_str()),
            ("REQUEST_URI", request.target.as_str()),
            ("SCRIPT_NAME", path),
            ("PATH_INFO", path),
            ("QUERY_STRING", query),
            ("CONTENT_LENGTH", length.as_str()),
            ("HTTP_HOST", "localhost"),
            ("APPL_PHYSICAL_PATH", root.as_str()),
            ("APPL_MD_PATH", "/LM/W3SVC/1/ROOT"),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec();
        for (name, value) in &request.headers {
            let name = name.to_uppercase().replace('-', "_");
            let name = if name == "CONTENT_TYPE" { name } else { format!("HTTP_{name}") };
            params.push((name, value));
        }
        params.into_iter().map(|(name, value)| (name.into_bytes(), value.as_bytes().to_vec())).collect()
    }

    /// Sends the request and reads the answer, until it is whole or the time is over.
    fn exchange(
        &mut self,
        bytes: &[u8],
        deadline: Instant,
        decoder: &mut ResponseDecoder,
    ) -> Result<(), String> {
        let limit = deadline.saturating_duration_since(Instant::now());
        let unreachable = |error: std::io::Error| format!("cannot be reached: {error}");
        let mut connection = TcpStream::connect(self.address).map_err(unreachable)?;
        connection.set_read_timeout(Some(GLANCE)).map_err(unreachable)?;
        connection.write_all(bytes).map_err(unreachable)?;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match connection.read(&mut buffer) {
                Ok(0) => return Err("closed the connection without a whole answer".into()),
                Ok(length) => {
                    let whole = decoder.receive(&buffer[..length]);
                    if whole.map_err(|error| format!("answered what is no FastCGI response: {error}"))? {
                        return Ok(());
                    }
                }
                Err(error) if is_pause(&error) => {
                    if let Some(code) = self.running.ended() {
                        return Err(format!("ended with exit code {code}"));
                    }
                    if Instant::now() > deadline {
                        self.running.abort();
                        return Err(format!("did not answer within {} s", limit.as_secs_f64()));
                    }
                }
                Err(error) => return Err(unreachable(error)),
            }
        }
    }

    fn failed(&self, request: &HttpRequest, reason: String) -> Error {
        Error::Request {
            request: format!("{} {}", request.method, request.target),
            reason,
            output: self.logs().text(),
            command_line: self.command_line.clone(),
            source: None,
        }
    }
}

fn is_pause(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

impl RunningApplication for InPlace {
    fn request(&mut self, request: &HttpRequest) -> Result<HttpResponse, Error> {
        let mut bytes = Vec::new();
        let params = self.params(request);
        encode_request(
            1,
            &Request { params, stdin: request.body.clone(), keep_connection: false },
            &mut bytes,
        );
        let started = Instant::now();
        let mut decoder = ResponseDecoder::new(1);
        let exchanged = self.exchange(&bytes, started + request.timeout, &mut decoder);
        let elapsed = started.elapsed();
        self.fastcgi_stderr.extend_from_slice(decoder.stderr());
        exchanged.map_err(|reason| self.failed(request, reason))?;
        let response = decoder.finish().map_err(|error| {
            self.failed(request, format!("answered what is no FastCGI response: {error}"))
        })?;
        Ok(HttpResponse {
            status: response.status,
            reason: response.reason,
            headers: response.headers,
            body: response.body,
            elapsed,
            stderr: response.stderr,
        })
    }

    fn logs(&self) -> Logs {
        let output = self.running.output();
        Logs { stdout: output.stdout, stderr: output.stderr, fastcgi_stderr: self.fastcgi_stderr.clone() }
    }

    fn command_line(&self) -> &str {
        &self.command_line
    }

    fn stop(mut self: Box<Self>) -> Logs {
        let output = self.running.stop();
        let fastcgi_stderr = std::mem::take(&mut self.fastcgi_stderr);
        Logs { stdout: output.stdout, stderr: output.stderr, fastcgi_stderr }
    }
}
