//! The server, for Python.

use std::hash::RandomState;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use iiswsgi::error::Failure;
use iiswsgi::fastcgi::connection::Limits;
use iiswsgi::gateway::environ::Rules;
use iiswsgi::gateway::log::Level;
use iiswsgi::gateway::{self, Options};
use iiswsgi::http1::{Settings, Trusted};
use iiswsgi::transport::{self, Endpoint, Opened};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::PyDict;

use crate::bridge::Bridge;
use crate::environ::Builder;
use crate::log::Log;

/// A server of one WSGI application, by FastCGI or HTTP.
#[pyclass(frozen, module = "iiswsgi")]
pub(crate) struct Server {
    server: Arc<gateway::Server>,
    bridge: Bridge,
}

fn rules(script_name: Option<&str>, path_info_for_script_mappings: bool) -> Rules {
    Rules { script_name: script_name.map(|name| name.as_bytes().to_vec()), path_info_for_script_mappings }
}

/// What a request that names no host was sent to.
fn name_and_port(opened: &Opened) -> (String, u16) {
    match opened {
        Opened::Listener(listener) => match listener.endpoint() {
            Endpoint::Tcp(host, port) => (host.clone(), *port),
            _ => ("localhost".to_owned(), 80),
        },
        Opened::Connected(_) => ("localhost".to_owned(), 80),
    }
}

fn failed(failure: &dyn Failure) -> String {
    iiswsgi::error::Shown::of(failure).to_string()
}

#[pymethods]
impl Server {
    /// Starts to listen. The names are those of the options of `iiswsgi serve`.
    #[new]
    #[pyo3(signature = (
        app, bind, *, environ, log, on_signal, threads = 1, max_requests = None, graceful_timeout = 30.0,
        max_params = 4 << 20, connections = 4096, script_name = None, path_info_for_script_mappings = false,
        debug = false, access_log = false, watches_time = false, http = false, trusted_proxies = "", pairing = None,
        accept_mutex = None,
    ))]
    #[expect(
        clippy::too_many_arguments,
        clippy::fn_params_excessive_bools,
        reason = "they are keyword arguments in Python"
    )]
    fn new(
        app: Py<PyAny>,
        bind: &str,
        environ: Py<PyDict>,
        log: &Bound<'_, Log>,
        on_signal: Py<PyAny>,
        threads: usize,
        max_requests: Option<u64>,
        graceful_timeout: f64,
        max_params: usize,
        connections: usize,
        script_name: Option<&str>,
        path_info_for_script_mappings: bool,
        debug: bool,
        access_log: bool,
        watches_time: bool,
        http: bool,
        trusted_proxies: &str,
        pairing: Option<String>,
        accept_mutex: Option<&str>,
    ) -> PyResult<Self> {
        let endpoint: Endpoint = bind.parse().map_err(|error| PyValueError::new_err(failed(&error)))?;
        let graceful_timeout = Duration::try_from_secs_f64(graceful_timeout)
            .map_err(|error| PyValueError::new_err(format!("graceful_timeout: {error}")))?;
        let limits = Limits {
            params: max_params,
            max_connections: connections,
            max_requests: connections,
            ..Limits::default()
        };
        let trusted = Trusted::read(trusted_proxies).ok_or_else(|| {
            PyValueError::new_err(format!(
                "error: `{trusted_proxies}` is no list of addresses\nhint: Write addresses with commas in between, or `*`."
            ))
        })?;
        let opened = transport::open(&endpoint).map_err(|error| PyOSError::new_err(failed(&error)))?;
        if let (Some(number), Opened::Listener(listener)) = (accept_mutex, &opened)
            && let Err(error) = listener.take_turns(number)
        {
            log.get().0.write(
                Level::Warning,
                &format!("the mutex {number} of _FCGI_MUTEX_ is not waited for: {error}"),
            );
        }
        let http = http.then(|| {
            let mut settings = Settings::new(name_and_port(&opened), transport::token_user);
            (settings.head, settings.trusted, settings.pairing) =
                (max_params.min(Settings::HEAD), trusted, pairing);
            Arc::new(settings)
        });
        let options =
            Options { limits, http, connections, threads: threads.max(1), max_requests, graceful_timeout };
        let server = gateway::Server::new(opened, options)?;
        let rules = rules(script_name, path_info_for_script_mappings);
        let bridge = Bridge {
            app,
            environ: Mutex::new(Builder::new(rules, environ)),
            log: Arc::clone(&log.get().0),
            on_signal,
            debug,
            access_log,
            running: watches_time.then(Mutex::default),
            incidents: AtomicU64::new(0),
            seed: RandomState::new(),
            flusher: Arc::default(),
        };
        Ok(Self { server, bridge })
    }

    /// Serves until the server stops. Each of the threads calls it once.
    fn run(&self) {
        self.server.run(&self.bridge);
    }

    /// Finishes the running requests, then all `run` return. Any thread may call it.
    fn stop(&self) {
        self.server.stop();
    }

    /// Other rules for `SCRIPT_NAME` and `PATH_INFO` from now on, and in the environ of the request that came last.
    fn set_rules(
        &self,
        py: Python<'_>,
        environ: &Bound<'_, PyDict>,
        script_name: Option<&str>,
        path_info_for_script_mappings: bool,
    ) -> PyResult<()> {
        self.bridge.environ.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner).set_rules(
            py,
            rules(script_name, path_info_for_script_mappings),
            environ,
        )
    }

    /// Where the server listens, as the option `--bind` is written; None for an inherited connection.
    #[getter]
    fn address(&self) -> Option<String> {
        self.server.endpoint().map(ToString::to_string)
    }

    /// How many requests have been answered.
    #[getter]
    fn served(&self) -> u64 {
        self.server.served()
    }

    /// The threads, by Python's number, whose request runs longer than so many seconds, and for how long.
    fn overdue(&self, seconds: f64) -> Vec<(u64, f64)> {
        Duration::try_from_secs_f64(seconds).map_or_else(|_| Vec::new(), |limit| self.bridge.overdue(limit))
    }

    /// A descriptor for `signal.set_wakeup_fd`.
    #[getter]
    fn signal_descriptor(&self) -> i64 {
        self.server.signal_descriptor()
    }
}

/// A listening socket that other processes serve on.
#[pyclass(frozen, module = "iiswsgi")]
pub(crate) struct Listener(transport::Listener);

#[pymethods]
impl Listener {
    /// Starts to listen.
    #[new]
    fn new(bind: &str) -> PyResult<Self> {
        let endpoint: Endpoint = bind.parse().map_err(|error| PyValueError::new_err(failed(&error)))?;
        match transport::open(&endpoint).map_err(|error| PyOSError::new_err(failed(&error)))? {
            Opened::Listener(listener) => Ok(Self(listener)),
            Opened::Connected(_) => Err(PyValueError::new_err(format!(
                "error: `{bind}` is one connection: several processes cannot serve on it"
            ))),
        }
    }

    /// The number of the socket's descriptor.
    fn fileno(&self) -> i64 {
        self.0.number()
    }

    /// Where it listens, as the option `--bind` is written.
    #[getter]
    fn address(&self) -> String {
        self.0.endpoint().to_string()
    }
}

/// Waits, without the interpreter's lock, for the event by which IIS asks a process to stop; `number` is what
/// `_FCGI_SHUTDOWN_EVENT_` says.
#[pyfunction]
pub(crate) fn wait_for_shutdown_event(py: Python<'_>, number: &str) -> PyResult<()> {
    let event = transport::ShutdownEvent::inherited(number)?;
    Ok(py.detach(|| event.wait())?)
}

/// What an inherited descriptor is: `listening-socket`, `connected-socket`, `pipe`, `terminal`, `file` or `closed`.
#[pyfunction]
pub(crate) fn inherited(descriptor: u32) -> &'static str {
    match transport::inherited(descriptor) {
        transport::Inherited::ListeningSocket => "listening-socket",
        transport::Inherited::ConnectedSocket => "connected-socket",
        transport::Inherited::Pipe => "pipe",
        transport::Inherited::Terminal => "terminal",
        transport::Inherited::File => "file",
        transport::Inherited::Closed => "closed",
    }
}

/// The version of the package.
#[pyfunction]
pub(crate) fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
