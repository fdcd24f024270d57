//! `iisexpress.exe /config:FILE /site:NAME`, as its own help has it (`/systray`, `/trace` are taken and mean nothing here).
//!
//! - It listens on the port of the site's first HTTP binding, on this machine alone, and says so as the real one does.
//! - A request goes to the application with the longest path that the URL begins with. A handler of the module
//!   `FastCgiModule` in its `web.config` must name, without regard to case, `fullPath|arguments` of a FastCGI application
//!   of the configuration file; else the answer is 500.
//! - A pool that `appcmd.exe` has stopped answers 503, one that it has recycled gets new processes; the old ones end within a
//!   moment. So this also stands in for the web server of IIS itself.
//! - The process is started at the first request: with a named pipe as standard input, on Unix with a listening socket,
//!   without output, with the variables of the pool and of the application, in the working
//!   directory of the server. It gets one request at a time, and is ended after `instanceMaxRequests`.
//! - A process that ends, or answers what is no FastCGI, gives 500 with the words of IIS; `FCGI_STDERR` gives 500 with what
//!   was written (`ReturnStdErrIn500`, IIS's default).

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use iiswsgi::fastcgi::client::{Request, Response, ResponseDecoder, encode_request};
use iiswsgi::iis::application_host::{Application, ApplicationHost, Site};
use iiswsgi::iis::{ApplicationPath, FastCgiApplication};
use iiswsgi::package::web_config::WebConfig;
use iiswsgi::process::command_line;
use iiswsgi::template::{Escape, Variables, expand};

use crate::appcmd::pools;
use crate::call::Call;
use crate::process::Process;

/// What a process is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    script_processor: String,
    pool: String,
    generation: u32,
}

/// The server.
struct Server {
    configuration: PathBuf,
    site: String,
    processes: Mutex<HashMap<Key, Arc<Mutex<Process>>>>,
}

/// An HTTP request, its body whole.
struct Asked {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// Runs a call. It ends when it is ended, or when something is wrong at the start.
pub(crate) fn run(call: &Call) -> i32 {
    let begun = begin(call);
    let (server, listener, port) = match begun {
        Ok(begun) => begun,
        Err(message) => return call.finish(&format!("{message}\n"), 2),
    };
    let site = &server.site;
    let _ = call.finish(
        &format!(
            "Starting IIS Express ...\nSuccessfully registered URL \"http://localhost:{port}/\" for site \"{site}\" application \"/\"\n\
             Registration completed for site \"{site}\"\nIIS Express is running.\nEnter 'Q' to stop IIS Express\n"
        ),
        0,
    );
    let server = Arc::new(server);
    let watched = Arc::clone(&server);
    std::thread::spawn(move || watched.watch_pools());
    for stream in listener.incoming().flatten() {
        let server = Arc::clone(&server);
        std::thread::spawn(move || serve(&server, stream));
    }
    0
}

fn begin(call: &Call) -> Result<(Server, TcpListener, u16), String> {
    let known = ["config", "site", "systray", "trace"];
    let name = |argument: &String| {
        argument.get(1..).and_then(|rest| rest.split(':').next()).unwrap_or_default().to_owned()
    };
    if let Some(other) = call.arguments.iter().map(name).find(|name| !known.contains(&name.as_str())) {
        return Err(format!("Invalid switch: {other}"));
    }
    let configuration = PathBuf::from(call.value("config").ok_or("Missing /config")?);
    let site = call.value("site").ok_or("Missing /site")?.to_owned();
    let server = Server { configuration, site, processes: Mutex::default() };
    let host = server.host()?;
    let binding =
        host.bindings(&server.site).into_iter().next().ok_or("The specified site does not exist.")?;
    let port =
        binding.split(':').nth(1).and_then(|port| port.parse().ok()).ok_or("The binding has no port.")?;
    let listener = TcpListener::bind(("127.0.0.1", port))
        .map_err(|error| format!("Failed to register URL \"http://localhost:{port}/\": {error}"))?;
    Ok((server, listener, port))
}

fn serve(server: &Server, mut stream: TcpStream) {
    let Some(asked) = read(&mut stream) else { return };
    let response = server.answer(&asked).unwrap_or_else(|message| failure(&message));
    let mut out = format!("HTTP/1.1 {} {}\r\n", response.status, response.reason).into_bytes();
    for (name, value) in &response.headers {
        out.extend_from_slice(format!("{name}: ").as_bytes());
        out.extend(value.chars().map(|character| u8::try_from(character).unwrap_or(b'?')));
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(
        format!("Content-Length: {}\r\nConnection: close\r\n\r\n", response.body.len()).as_bytes(),
    );
    out.extend_from_slice(&response.body);
    let _ = stream.write_all(&out);
}

fn failure(message: &str) -> Response {
    Response {
        status: 500,
        reason: "Internal Server Error".into(),
        headers: vec![("Content-Type".into(), "text/html".into())],
        body: format!("<h2>HTTP Error 500.0 - Internal Server Error</h2>\n<p>{message}</p>\n").into_bytes(),
        stderr: Vec::new(),
        app_status: 0,
        protocol_status: iiswsgi::fastcgi::record::ProtocolStatus::RequestComplete,
    }
}

fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let length = stream.read(&mut buffer).ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(&buffer[..length]);
        let mut headers = [httparse::EMPTY_HEADER; 100];
        let mut head = httparse::Request::new(&mut headers);
        let Ok(httparse::Status::Complete(end)) = head.parse(&bytes) else { continue };
        let mut asked = Asked {
            method: head.method?.to_owned(),
            target: head.path?.to_owned(),
            headers: head
                .headers
                .iter()
                .map(|header| (header.name.to_owned(), String::from_utf8_lossy(header.value).into_owned()))
                .collect(),
            body: bytes[end..].to_vec(),
        };
        let length = asked.header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
        while asked.body.len() < length {
            let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
            asked.body.extend_from_slice(&buffer[..count]);
        }
        return Some(asked);
    }
}

impl Asked {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    fn path(&self) -> String {
        let path = self.target.split('?').next().unwrap_or_default();
        let bytes = path.as_bytes();
        let mut decoded = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let pair = bytes.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
            if let Some(byte) =
                pair.filter(|_| bytes[at] == b'%').and_then(|pair| u8::from_str_radix(pair, 16).ok())
            {
                decoded.push(byte);
                at += 3;
            } else {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
        String::from_utf8_lossy(&decoded).into_owned()
    }
}

impl Server {
    fn host(&self) -> Result<ApplicationHost, String> {
        let text = std::fs::read_to_string(&self.configuration)
            .map_err(|error| format!("Cannot read configuration file: {error}"))?;
        ApplicationHost::parse(text).map_err(|error| format!("Malformed configuration file: {error}"))
    }

    fn answer(&self, asked: &Asked) -> Result<Response, String> {
        let host = self.host()?;
        let site = host.sites().into_iter().find(|site| site.name.eq_ignore_ascii_case(&self.site));
        let site = site.ok_or("The site is gone.")?;
        let path = asked.path();
        let application = nearest(&site, &path).ok_or("There is no application.")?;
        let folder = PathBuf::from(application.physical_path().unwrap_or_default());
        let fastcgi = handler(&host, &folder)?;
        let params = params(asked, &site, application, &folder, &path);
        let request = Request { params, stdin: asked.body.clone(), keep_connection: true };
        let own = ApplicationPath::new(&site.name, &application.path).map_err(|error| error.to_string())?;
        let response = self.exchange(&fastcgi, &host.pool(&own), &request)?;
        if response.stderr.is_empty() {
            return Ok(response);
        }
        Ok(failure(&String::from_utf8_lossy(&response.stderr)))
    }

    fn exchange(
        &self,
        fastcgi: &FastCgiApplication,
        pool: &str,
        request: &Request,
    ) -> Result<Response, String> {
        let state = pools::state(&self.configuration, pool);
        if !state.runs {
            return Err("HTTP Error 503. The service is unavailable.".into());
        }
        let key = Key {
            script_processor: fastcgi.script_processor(),
            pool: pool.to_owned(),
            generation: state.generation,
        };
        let process = self.process(&key, fastcgi)?;
        let mut process = process.lock().unwrap_or_else(PoisonError::into_inner);
        let most = fastcgi.attributes.iter().find(|(name, _)| name == "instanceMaxRequests");
        let most = most.and_then(|(_, value)| value.parse().ok()).unwrap_or(200);
        let mut bytes = Vec::new();
        encode_request(1, request, &mut bytes);
        let mut decoder = ResponseDecoder::new(1);
        let done =
            process.exchange(&bytes, |received| decoder.receive(received).map_err(|error| error.to_string()));
        if done.is_err() || process.requests >= most {
            self.processes.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
        }
        let closed = "The FastCGI process exited unexpectedly (0x800736b1)";
        done.map_err(|error| format!("{closed}: {error}"))?;
        decoder.finish().map_err(|error| format!("{closed}: {error}"))
    }

    /// The process of a FastCGI application.
    fn process(&self, key: &Key, fastcgi: &FastCgiApplication) -> Result<Arc<Mutex<Process>>, String> {
        let mut processes = self.processes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(process) = processes.get(key) {
            return Ok(Arc::clone(process));
        }
        let process = Arc::new(Mutex::new(start(fastcgi, &key.pool, &self.configuration)?));
        processes.insert(key.clone(), Arc::clone(&process));
        Ok(process)
    }

    /// Ends the processes of pools that were stopped or recycled, once they have answered.
    fn watch_pools(&self) {
        loop {
            std::thread::sleep(Duration::from_millis(50));
            let mut unwanted = Vec::new();
            let mut processes = self.processes.lock().unwrap_or_else(PoisonError::into_inner);
            processes.retain(|key, process| {
                let state = pools::state(&self.configuration, &key.pool);
                let wanted = state.runs && state.generation == key.generation;
                if !wanted {
                    unwanted.push(Arc::clone(process));
                }
                wanted
            });
            drop(processes);
        }
    }
}

fn nearest<'s>(site: &'s Site, path: &str) -> Option<&'s Application> {
    let path = path.to_lowercase();
    let is_above = |application: &&Application| {
        let own = application.path.trim_end_matches('/').to_lowercase();
        path.strip_prefix(&own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    site.applications.iter().filter(is_above).max_by_key(|application| application.path.len())
}

/// The FastCGI application that the application's handler leads to.
fn handler(host: &ApplicationHost, folder: &Path) -> Result<FastCgiApplication, String> {
    let bytes = std::fs::read(folder.join("web.config")).map_err(|error| format!("web.config: {error}"))?;
    let (config, _) = WebConfig::parse(&bytes).map_err(|error| format!("0x8007000d: {error}"))?;
    let handler =
        config.handlers.iter().find(|handler| handler.is_fast_cgi()).ok_or("There is no handler.")?;
    let text = handler.script_processor.clone().unwrap_or_default().to_lowercase();
    let known = host.fastcgi_applications().into_iter();
    known
        .into_iter()
        .find(|known| known.script_processor().to_lowercase() == text)
        .ok_or_else(|| format!("The FastCGI application {text} is not registered."))
}

#[expect(
    clippy::disallowed_methods,
    reason = "a program of its own, which expands what its own environment has"
)]
fn start(fastcgi: &FastCgiApplication, pool: &str, configuration: &Path) -> Result<Process, String> {
    let variables: Variables = std::env::vars().collect();
    let expanded = |text: &str| expand(text, &variables, Escape::Plain).text;
    let mut environment = fastcgi.environment.clone();
    environment.push(("APP_POOL_ID".into(), pool.to_owned()));
    environment.push(("APP_POOL_CONFIG".into(), configuration.to_string_lossy().into_owned()));
    let arguments = command_line::split_arguments(&expanded(&fastcgi.arguments));
    Process::start(&expanded(&fastcgi.full_path), &arguments, &environment)
        .map_err(|error| format!("The FastCGI process could not be started: {error}"))
}

fn params(
    asked: &Asked,
    site: &Site,
    application: &Application,
    folder: &Path,
    path: &str,
) -> Vec<(Vec<u8>, Vec<u8>)> {
    let query = asked.target.split_once('?').map_or("", |(_, query)| query);
    let below = path.get(application.path.trim_end_matches('/').len()..).unwrap_or_default();
    let physical = format!("{}{below}", folder.display());
    let length = asked.body.len().to_string();
    let id = site.id.to_string();
    let own = application.path.trim_end_matches('/');
    let host = asked.header("host").unwrap_or("localhost").to_owned();
    let (name, port) = host.rsplit_once(':').unwrap_or((&host, "80"));
    let mut pairs: Vec<(String, String)> = [
        ("FCGI_ROLE", "RESPONDER"),
        ("SERVER_SOFTWARE", "Microsoft-IIS/10.0"),
        ("SERVER_PROTOCOL", "HTTP/1.1"),
        ("GATEWAY_INTERFACE", "CGI/1.1"),
        ("SERVER_NAME", name),
        ("SERVER_PORT", port),
        ("HTTPS", "off"),
        ("REMOTE_ADDR", "127.0.0.1"),
        ("REQUEST_METHOD", &asked.method),
        ("REQUEST_URI", &asked.target),
        ("QUERY_STRING", query),
        ("URL", path),
        ("SCRIPT_NAME", path),
        ("PATH_INFO", path),
        ("PATH_TRANSLATED", &physical),
        ("SCRIPT_FILENAME", &physical),
        ("APPL_PHYSICAL_PATH", &format!("{}{}", folder.display(), std::path::MAIN_SEPARATOR)),
        ("APPL_MD_PATH", &format!("/LM/W3SVC/{id}/ROOT{own}")),
        ("INSTANCE_ID", &id),
        ("CONTENT_TYPE", asked.header("content-type").unwrap_or_default()),
        ("CONTENT_LENGTH", &length),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    pairs.extend(
        asked
            .headers
            .iter()
            .map(|(name, value)| (format!("HTTP_{}", name.to_uppercase().replace('-', "_")), value.clone())),
    );
    pairs.into_iter().map(|(name, value)| (name.into_bytes(), value.into_bytes())).collect()
}
