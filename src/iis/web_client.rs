//! Requests to a web server of this machine over HTTP, with the target exactly as it was asked for: IIS Express and IIS alike.

use std::time::Instant;

use http_body_util::{BodyExt as _, Full};
use hyper::ext::ReasonPhrase;
use hyper_util::rt::TokioIo;

use super::{ApplicationPath, Error, HttpRequest, HttpResponse, Logs, RunningApplication};
use crate::process::Running;

/// Where a site is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The port on this machine.
    pub(super) port: u16,
    /// What stands in the header `Host`, when the request has none.
    pub(super) host: String,
}

/// Who serves.
pub(super) enum Server {
    /// A program that we started and end.
    Ours(Box<dyn Running>),
    /// A service of the machine, and what ends the processes of the application there.
    Service(Box<dyn Fn() + Send>),
}

/// An application that a web server of this machine serves.
pub(super) struct Application {
    path: ApplicationPath,
    place: Place,
    command_line: String,
    server: Server,
    /// The bodies of answers that tell of a failure: what an application writes to `FCGI_STDERR` stands there.
    failures: Vec<u8>,
}

impl Application {
    pub(super) fn new(path: ApplicationPath, place: Place, command_line: String, server: Server) -> Self {
        Self { path, place, command_line, server, failures: Vec::new() }
    }

    fn output(&self) -> String {
        match &self.server {
            Server::Ours(running) => said(running.as_ref()),
            Server::Service(_) => String::from_utf8_lossy(&self.failures).into_owned(),
        }
    }
}

/// What a program has said.
pub(super) fn said(running: &dyn Running) -> String {
    let output = running.output();
    format!("{}{}", output.stderr_text(), output.stdout_text())
}

impl RunningApplication for Application {
    fn request(&mut self, request: &HttpRequest) -> Result<HttpResponse, Error> {
        let failed = |reason: String| Error::Request {
            request: format!("{} {}", request.method, request.target),
            reason,
            output: self.output(),
            command_line: self.command_line.clone(),
            source: None,
        };
        match send(&self.place, &self.path, request) {
            Ok(response) => {
                if response.status >= 500 {
                    self.failures.extend_from_slice(&response.body);
                    self.failures.push(b'\n');
                }
                Ok(response)
            }
            Err(Fault::TimedOut) => {
                Err(failed(format!("did not answer within {} s", request.timeout.as_secs_f64())))
            }
            Err(Fault::Failed(text)) => Err(failed(format!("cannot be reached: {text}"))),
        }
    }

    fn logs(&self) -> Logs {
        let fastcgi_stderr = self.failures.clone();
        match &self.server {
            Server::Ours(running) => {
                let output = running.output();
                Logs { stdout: output.stdout, stderr: output.stderr, fastcgi_stderr }
            }
            Server::Service(_) => Logs { fastcgi_stderr, ..Logs::default() },
        }
    }

    fn command_line(&self) -> &str {
        &self.command_line
    }

    fn stop(mut self: Box<Self>) -> Logs {
        let fastcgi_stderr = std::mem::take(&mut self.failures);
        match &mut self.server {
            Server::Ours(running) => {
                let output = running.stop();
                Logs { stdout: output.stdout, stderr: output.stderr, fastcgi_stderr }
            }
            // Dropping it ends the processes.
            Server::Service(_) => Logs { fastcgi_stderr, ..Logs::default() },
        }
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        if let Server::Service(end) = &self.server {
            end();
        }
    }
}

/// Why there is no answer.
#[derive(Debug)]
enum Fault {
    /// It did not come in time.
    TimedOut,
    /// The connection or the answer is broken.
    Failed(String),
}

fn failed(error: impl std::fmt::Display) -> Fault {
    Fault::Failed(error.to_string())
}

/// Sends one request on a connection of its own.
fn send(place: &Place, application: &ApplicationPath, request: &HttpRequest) -> Result<HttpResponse, Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let started = Instant::now();
    let result = runtime.block_on(async {
        match tokio::time::timeout(request.timeout, exchange(place, application, request)).await {
            Ok(result) => result,
            Err(_) => Err(Fault::TimedOut),
        }
    });
    // A request that was given up must not be waited for.
    runtime.shutdown_background();
    result.map(|response| HttpResponse { elapsed: started.elapsed(), ..response })
}

async fn exchange(
    place: &Place,
    application: &ApplicationPath,
    request: &HttpRequest,
) -> Result<HttpResponse, Fault> {
    let stream = tokio::net::TcpStream::connect(("127.0.0.1", place.port)).await.map_err(failed)?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
    tokio::spawn(connection);
    let slash = if request.target.starts_with('/') { "" } else { "/" };
    let prefix = application.url_prefix().replace('%', "%25").replace(' ', "%20");
    let mut asked = hyper::Request::builder()
        .method(request.method.as_str())
        .uri(format!("{prefix}{slash}{}", request.target))
        .header("Connection", "close");
    if !request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("Host")) {
        asked = asked.header("Host", place.host.as_str());
    }
    for (name, value) in &request.headers {
        asked = asked.header(name, value);
    }
    let asked = asked.body(Full::new(bytes::Bytes::from(request.body.clone()))).map_err(failed)?;
    let response = sender.send_request(asked).await.map_err(failed)?;
    let (status, reason, headers) = head_of(&response);
    let body = response.into_body().collect().await.map_err(failed)?.to_bytes().to_vec();
    Ok(HttpResponse { status, reason, headers, body, elapsed: std::time::Duration::ZERO, stderr: Vec::new() })
}

/// The status, its phrase, and the headers with their values as ISO 8859-1.
pub(super) fn head_of<B>(response: &hyper::Response<B>) -> (u16, String, Vec<(String, String)>) {
    let reason = match response.extensions().get::<ReasonPhrase>() {
        Some(phrase) => String::from_utf8_lossy(phrase.as_bytes()).into_owned(),
        None => response.status().canonical_reason().unwrap_or_default().to_owned(),
    };
    let text =
        |value: &hyper::header::HeaderValue| value.as_bytes().iter().map(|&byte| char::from(byte)).collect();
    let headers = response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    (response.status().as_u16(), reason, headers)
}
