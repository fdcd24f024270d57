//! A FastCGI application that runs: started as IIS starts it, one request after the other.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::os::{Connection, Socket};
use super::variables::{Place, variables};
use crate::fastcgi::client::{Request, ResponseDecoder, encode_request};
use crate::fastcgi::record;
use crate::iis::{ApplicationPath, Error, HttpRequest, HttpResponse, Logs, RunningApplication, StartOptions};
use crate::process::{Program, Runner, Running, quoted};

/// How often a wait looks whether the process is still there.
const GLANCE: Duration = Duration::from_millis(50);
/// How long a process that closed its connection may take to end.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Requests up to this size go into the socket's buffer at once; larger ones are written beside the reading.
const SMALL: usize = 64 * 1024;

/// An application of the simulation.
pub(super) struct Application {
    place: OwnedPlace,
    running: Box<dyn Running>,
    socket: Socket,
    connection: Option<Connection>,
    command_line: String,
    fastcgi_stderr: Vec<u8>,
}

/// Where the application is, see [`Place`].
pub(super) struct OwnedPlace {
    pub application: ApplicationPath,
    pub site: u32,
    pub site_folder: PathBuf,
    pub folder: PathBuf,
}

impl Application {
    /// Starts the program with a listening socket as descriptor 0, and waits until it answers on it.
    pub(super) fn start(
        place: OwnedPlace,
        program: &Program,
        options: &StartOptions,
        runner: &dyn Runner,
    ) -> Result<Self, Error> {
        let command_line = by_hand(program);
        let failed = |reason: String| Error::Start {
            application: place.application.to_string(),
            reason,
            output: String::new(),
            command_line: command_line.clone(),
        };
        let socket = Socket::new().map_err(|error| failed(format!("has no socket: {error}")))?;
        let running = runner.start(program, &socket.endpoint())?;
        let mut application =
            Self { place, running, socket, connection: None, command_line, fastcgi_stderr: Vec::new() };
        match application.wait_until_ready(Instant::now() + options.timeout) {
            Ok(()) => Ok(application),
            Err(wait) => Err(Error::Start {
                application: application.place.application.to_string(),
                reason: match wait {
                    Wait::Ended(code) => format!("ended with exit code {code} before it took a request"),
                    Wait::TimedOut => {
                        format!("did not take a request within {} s", options.timeout.as_secs_f64())
                    }
                    other => other.reason(options.timeout),
                },
                output: application.output(),
                command_line: application.command_line.clone(),
            }),
        }
    }

    /// Asks for the responder's values (`FCGI_GET_VALUES`, FastCGI 1.0 section 4.1), which is no request: any answer,
    /// or a closed connection, shows that somebody is there.
    fn wait_until_ready(&mut self, deadline: Instant) -> Result<(), Wait> {
        let mut question = Vec::new();
        record::push_record(&mut question, record::GET_VALUES, 0, b"\x0f\x00FCGI_MPXS_CONNS");
        let asked = self.socket.connect().and_then(|mut connection| {
            connection.write_all(&question)?;
            Ok(connection)
        });
        let mut connection = match asked {
            Ok(connection) => connection,
            Err(error) => {
                self.closed()?;
                return Err(Wait::Failed(error));
            }
        };
        let mut answer = [0; 1024];
        self.read(&mut connection, &mut answer, deadline).map(|_| ())
    }

    /// Reads what there is, and gives up when the process or the time is at its end.
    fn read(
        &mut self,
        connection: &mut Connection,
        buffer: &mut [u8],
        deadline: Instant,
    ) -> Result<usize, Wait> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Wait::TimedOut);
            }
            connection.set_read_timeout(Some(left.min(GLANCE))).map_err(Wait::Failed)?;
            match connection.read(buffer) {
                Ok(0) => return self.closed(),
                Ok(length) => return Ok(length),
                Err(error) if is_pause(&error) => {
                    if let Some(code) = self.running.ended() {
                        return Err(Wait::Ended(code));
                    }
                }
                Err(error) if is_closed(&error) => return self.closed(),
                Err(error) => return Err(Wait::Failed(error)),
            }
        }
    }

    /// The connection is closed: by a process that goes on, or by one that has just ended and is not known to have yet.
    fn closed(&mut self) -> Result<usize, Wait> {
        let patience = Instant::now() + LAST_WORDS;
        while Instant::now() < patience {
            if let Some(code) = self.running.ended() {
                return Err(Wait::Ended(code));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(0)
    }

    /// Sends a request on the connection that is there, or on a new one when the application has closed it.
    fn exchange(
        &mut self,
        bytes: &[u8],
        deadline: Instant,
        decoder: &mut ResponseDecoder,
    ) -> Result<(), Fault> {
        loop {
            let kept = self.connection.take().filter(is_open);
            let was_kept = kept.is_some();
            let mut connection = match kept {
                Some(connection) => connection,
                None => self.socket.connect().map_err(Wait::Failed)?,
            };
            let mut received = 0;
            match self.converse(&mut connection, bytes, deadline, decoder, &mut received) {
                // The application may close a connection between two requests.
                Err(Fault::Wait(Wait::Closed | Wait::Failed(_))) if was_kept && received == 0 => {}
                Err(fault) => return Err(fault),
                Ok(()) => {
                    self.connection = Some(connection);
                    return Ok(());
                }
            }
        }
    }

    fn converse(
        &mut self,
        connection: &mut Connection,
        bytes: &[u8],
        deadline: Instant,
        decoder: &mut ResponseDecoder,
        received: &mut usize,
    ) -> Result<(), Fault> {
        connection
            .set_write_timeout(Some(deadline.saturating_duration_since(Instant::now()).max(GLANCE)))
            .map_err(Wait::Failed)?;
        if bytes.len() <= SMALL {
            connection.write_all(bytes).map_err(Wait::Failed)?;
            return self.receive(connection, deadline, decoder, received);
        }
        // An application that answers while it reads must not wait for us.
        let mut writer = connection.try_clone().map_err(Wait::Failed)?;
        std::thread::scope(|scope| {
            // When the application does not read to the end, its answer tells.
            scope.spawn(move || writer.write_all(bytes));
            let result = self.receive(connection, deadline, decoder, received);
            if result.is_err() {
                let _ = connection.shutdown(std::net::Shutdown::Both);
            }
            result
        })
    }

    fn receive(
        &mut self,
        connection: &mut Connection,
        deadline: Instant,
        decoder: &mut ResponseDecoder,
        received: &mut usize,
    ) -> Result<(), Fault> {
        let mut buffer = vec![0; SMALL];
        loop {
            let length = self.read(connection, &mut buffer, deadline)?;
            if length == 0 {
                return Err(Wait::Closed.into());
            }
            *received += length;
            if decoder.receive(&buffer[..length]).map_err(Fault::Protocol)? {
                return Ok(());
            }
        }
    }

    fn output(&self) -> String {
        self.logs().text()
    }

    fn failed(&self, request: &HttpRequest, fault: Fault) -> Error {
        let (reason, source) = match fault {
            Fault::Protocol(error) => {
                ("answered what is no FastCGI response".to_owned(), Some(Box::new(error)))
            }
            Fault::Wait(wait) => (wait.reason(request.timeout), None),
        };
        Error::Request {
            request: format!("{} {}", request.method, request.target),
            reason,
            output: self.output(),
            command_line: self.command_line.clone(),
            source,
        }
    }
}

impl RunningApplication for Application {
    fn request(&mut self, request: &HttpRequest) -> Result<HttpResponse, Error> {
        let place = Place {
            application: &self.place.application,
            site: self.place.site,
            site_folder: &self.place.site_folder,
            folder: &self.place.folder,
        };
        let mut bytes = Vec::new();
        let params = variables(request, &place);
        encode_request(
            1,
            &Request { params, stdin: request.body.clone(), keep_connection: true },
            &mut bytes,
        );
        let started = Instant::now();
        let mut decoder = ResponseDecoder::new(1);
        let result = self.exchange(&bytes, started + request.timeout, &mut decoder);
        let elapsed = started.elapsed();
        if let Err(fault) = result {
            self.fastcgi_stderr.extend_from_slice(decoder.stderr());
            return Err(self.failed(request, fault));
        }
        let said = decoder.stderr().to_vec();
        self.fastcgi_stderr.extend_from_slice(&said);
        let response = decoder.finish().map_err(|error| self.failed(request, Fault::Protocol(error)))?;
        if response.status == 0 {
            return Err(self.failed(request, Fault::Wait(Wait::Refused)));
        }
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
        self.connection = None;
        let output = self.running.stop();
        Logs {
            stdout: output.stdout,
            stderr: output.stderr,
            fastcgi_stderr: std::mem::take(&mut self.fastcgi_stderr),
        }
    }
}

/// Whether a connection that was kept is still open. Bytes that nobody asked for make it useless too.
fn is_open(connection: &Connection) -> bool {
    let mut connection = connection;
    let glance = connection.set_nonblocking(true).and_then(|()| connection.read(&mut [0]));
    let quiet = glance.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock);
    quiet && connection.set_nonblocking(false).is_ok()
}

/// Why there is no answer.
enum Fault {
    Wait(Wait),
    Protocol(crate::fastcgi::Error),
}

impl From<Wait> for Fault {
    fn from(wait: Wait) -> Self {
        Self::Wait(wait)
    }
}

/// Why waiting was in vain.
enum Wait {
    Ended(i32),
    TimedOut,
    Closed,
    Refused,
    Failed(io::Error),
}

impl Wait {
    fn reason(&self, limit: Duration) -> String {
        match self {
            Self::Ended(code) => format!("ended with exit code {code}"),
            Self::TimedOut => format!("did not answer within {} s", limit.as_secs_f64()),
            Self::Closed => "closed the connection without a whole answer".into(),
            Self::Refused => "refused the request".into(),
            Self::Failed(error) if is_pause(error) => {
                format!("did not take the request within {} s", limit.as_secs_f64())
            }
            Self::Failed(error) => format!("cannot be reached: {error}"),
        }
    }
}

fn is_closed(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionRefused
    )
}

fn is_pause(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}

/// The command line with its folder and its own variables, for a POSIX shell.
fn by_hand(program: &Program) -> String {
    let folder =
        program.folder().map(|folder: &Path| format!("cd {} && ", quoted(&folder.to_string_lossy())));
    let set = program.environment().iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    let variables = set.fold(String::new(), |text, (name, value)| format!("{text}{name}={} ", quoted(value)));
    format!("{}{variables}{program}", folder.unwrap_or_default())
}
