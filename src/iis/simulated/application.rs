//! An application for the test stage: the server's own code, asked without a socket between.

use std::time::Instant;

use bytes::Bytes;

use crate::iis::server::{Body, Fault, Incoming, Patience, Served};
use crate::iis::site::{Endpoints, Request, escaped};
use crate::iis::{Error, HttpRequest, HttpResponse, Logs, RunningApplication, StartOptions};

/// An application of the simulation.
pub(super) struct Application {
    served: Served,
    command_line: String,
    runtime: tokio::runtime::Runtime,
    fastcgi_stderr: Vec<u8>,
}

impl Application {
    /// Starts a process of one of its programs and waits until it answers. Errors call it by the name.
    pub(super) fn start(served: Served, name: &str, options: &StartOptions) -> Result<Self, Error> {
        let Some(workers) = served.workers().get(options.application).cloned() else {
            return Err(Error::NoFastCgi { application: served.application });
        };
        let command_line = workers.command_line().to_owned();
        let failed = |reason: String, output: String| Error::Start {
            application: name.to_owned(),
            reason,
            output,
            command_line: command_line.clone(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| failed(format!("has no event loop: {error}"), String::new()))?;
        match runtime.block_on(workers.warm_up(options.timeout)) {
            Ok(()) => Ok(Self { command_line, runtime, fastcgi_stderr: Vec::new(), served }),
            Err(Fault::Start(error)) => Err(error.into()),
            Err(fault) => {
                let reason = match &fault {
                    Fault::Ended(code) => format!("ended with exit code {code} before it took a request"),
                    Fault::TimedOut(limit) => {
                        format!("did not take a request within {} s", limit.as_secs_f64())
                    }
                    other => other.to_string(),
                };
                Err(failed(reason, served.logs().text()))
            }
        }
    }

    fn failed(&self, request: &HttpRequest, fault: Fault) -> Error {
        let reason = fault.to_string();
        let source = match fault {
            Fault::Platform(fault) => return self.failed(request, *fault),
            Fault::Protocol(error) => Some(Box::new(error)),
            _ => None,
        };
        Error::Request {
            request: format!("{} {}", request.method, request.target),
            reason,
            output: self.logs().text(),
            command_line: self.command_line.clone(),
            source,
        }
    }

    fn incoming(&self, request: &HttpRequest) -> Incoming {
        let slash = if request.target.starts_with('/') { "" } else { "/" };
        let target = format!("{}{slash}{}", escaped(self.served.application.url_prefix()), request.target);
        let headers = request.headers.iter();
        Incoming {
            request: Request {
                method: request.method.clone(),
                target,
                headers: headers.map(|(name, value)| (name.clone(), value.clone().into_bytes())).collect(),
                content_length: Some(request.body.len() as u64),
                endpoints: Endpoints::default(),
                protocol: "HTTP/1.1",
            },
            body: Body::Whole(Bytes::from(request.body.clone())),
            local: true,
        }
    }
}

impl RunningApplication for Application {
    fn request(&mut self, request: &HttpRequest) -> Result<HttpResponse, Error> {
        let incoming = self.incoming(request);
        let started = Instant::now();
        let result = self.runtime.block_on(async {
            let reply = self.served.answer(incoming, Patience { whole: Some(request.timeout) }).await?;
            let said = reply.said.clone();
            let body = reply.content.whole().await;
            Ok((reply.status, reply.reason, reply.headers, said, body))
        });
        let elapsed = started.elapsed();
        let (status, reason, headers, said, body) = result.map_err(|fault| self.failed(request, fault))?;
        let stderr = said.bytes();
        self.fastcgi_stderr.extend_from_slice(&stderr);
        let body = body.map_err(|fault| self.failed(request, fault))?;
        Ok(HttpResponse { status, reason, headers, body, elapsed, stderr })
    }

    fn logs(&self) -> Logs {
        Logs { fastcgi_stderr: self.fastcgi_stderr.clone(), ..self.served.logs() }
    }

    fn command_line(&self) -> &str {
        &self.command_line
    }

    fn stop(mut self: Box<Self>) -> Logs {
        let fastcgi_stderr = std::mem::take(&mut self.fastcgi_stderr);
        Logs { fastcgi_stderr, ..self.served.stop() }
    }
}
