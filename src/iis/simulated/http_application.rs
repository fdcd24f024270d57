//! A program that HttpPlatformHandler would run: started with the port that it is to listen on, and asked by HTTP.
//!
//! As the module does, it waits until somebody listens, sends the client's address with each request, and knows no more of the
//! application than the port. What is not imitated: several processes, starting again, tokens of Windows.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use super::application::by_hand;
use crate::http::{self, Client, Method, Runtime, Settings, Url};
use crate::iis::{ApplicationPath, Error, HttpRequest, HttpResponse, Logs, RunningApplication, StartOptions};
use crate::process::{Interrupt, Program, Runner, Running};

/// How often it is tried to connect.
const GLANCE: Duration = Duration::from_millis(20);

/// A program that serves HTTP.
pub(super) struct HttpApplication {
    running: Box<dyn Running>,
    address: String,
    client: Client,
    runtime: Runtime,
    command_line: String,
}

impl HttpApplication {
    /// Starts the program and waits until it listens.
    pub(super) fn start(
        path: &ApplicationPath,
        program: Program,
        options: &StartOptions,
        runner: &dyn Runner,
    ) -> Result<Self, Error> {
        let application = path.to_string();
        let refused = |reason: String, output: String, command_line: String| Error::Start {
            application: application.clone(),
            reason,
            output,
            command_line,
        };
        // Whoever is first to ask for the port after it was let go has it; the module of IIS chooses in no other way.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|listener| listener.local_addr())
            .map_err(|error| refused(format!("has no port: {error}"), String::new(), program.to_string()))?
            .port();
        let program = program.env("HTTP_PLATFORM_PORT", port.to_string());
        let command_line = by_hand(&program);
        let runtime = Runtime::new()
            .map_err(|error| refused(error.to_string(), String::new(), command_line.clone()))?;
        let mut running = runner.launch(&program)?;
        let deadline = Instant::now() + options.timeout;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            let reason = match running.ended() {
                Some(code) => format!("ended with exit code {code} before it listened on port {port}"),
                None if Instant::now() > deadline => {
                    running.abort();
                    format!("did not listen on port {port} within {} s", options.timeout.as_secs_f64())
                }
                None => {
                    std::thread::sleep(GLANCE);
                    continue;
                }
            };
            return Err(refused(reason, text_of(&*running), command_line));
        }
        let address = format!("http://127.0.0.1:{port}{}", path.url_prefix());
        Ok(Self { running, address, client: Client::new(Settings::default()), runtime, command_line })
    }

    async fn ask(&self, request: &HttpRequest) -> Result<HttpResponse, http::Error> {
        let unsound = |reason| http::Error::Address { url: request.target.clone(), reason };
        let url = Url::parse(&format!("{}{}", self.address, request.target))
            .map_err(|_| unsound("it is no address"))?;
        let method =
            Method::from_bytes(request.method.as_bytes()).map_err(|_| unsound("its method is none"))?;
        let started = Instant::now();
        let mut sent = self.client.request(method, &url)?.timeout(request.timeout).body(request.body.clone());
        for (name, value) in &request.headers {
            sent = sent.header(name, value);
        }
        let failed = |source| http::Error::transfer(&url, source);
        let response = sent.header("X-Forwarded-For", "127.0.0.1").send().await.map_err(failed)?;
        let status = response.status();
        let headers = response.headers().iter();
        let headers = headers
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
        let headers = headers.collect();
        let body = response.bytes().await.map_err(failed)?.to_vec();
        Ok(HttpResponse {
            status: status.as_u16(),
            reason: status.canonical_reason().unwrap_or_default().to_owned(),
            headers,
            body,
            elapsed: started.elapsed(),
            stderr: Vec::new(),
        })
    }
}

fn text_of(running: &dyn Running) -> String {
    logs_of(running.output()).text()
}

fn logs_of(output: crate::process::Output) -> Logs {
    Logs { stdout: output.stdout, stderr: output.stderr, fastcgi_stderr: Vec::new() }
}

impl RunningApplication for HttpApplication {
    fn request(&mut self, request: &HttpRequest) -> Result<HttpResponse, Error> {
        let started = Instant::now();
        let answer = self.runtime.wait(&Interrupt::new(), &mut || {}, self.ask(request));
        answer.map_err(|error| Error::Request {
            request: format!("{} {}", request.method, request.target),
            reason: match self.running.ended() {
                Some(code) => format!("ended with exit code {code}"),
                None if started.elapsed() >= request.timeout => {
                    self.running.abort();
                    format!("did not answer within {} s", request.timeout.as_secs_f64())
                }
                None => format!("did not answer: {error}"),
            },
            output: text_of(&*self.running),
            command_line: self.command_line.clone(),
            source: None,
        })
    }

    fn logs(&self) -> Logs {
        logs_of(self.running.output())
    }

    fn command_line(&self) -> &str {
        &self.command_line
    }

    fn stop(mut self: Box<Self>) -> Logs {
        logs_of(self.running.stop())
    }
}
