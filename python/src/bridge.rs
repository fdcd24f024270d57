//! The WSGI application as the gateway's application: calls it, sends what it gives, and answers when it fails.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use iiswsgi::gateway::log::{Level, Log};
use iiswsgi::gateway::response::Head;
use iiswsgi::gateway::{Application, Exchange, Flusher, Gone, Kept, Pause};
use pyo3::exceptions::{PyConnectionError, PyRuntimeError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::sync::MutexExt;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};

use crate::environ::Builder;
use crate::file_wrapper::FileWrapper;
use crate::kit::Kit;
use crate::shared::Shared;

/// An answer that nobody wants any more is no error of the application.
pub(crate) fn gone(gone: Gone) -> PyErr {
    PyConnectionError::new_err(gone.to_string())
}

/// Why an answer was not completed.
enum Stopped {
    /// The web server went away, or did not want it.
    Gone(Gone),
    /// The application failed.
    Failed(PyErr),
}

impl From<PyErr> for Stopped {
    fn from(error: PyErr) -> Self {
        Self::Failed(error)
    }
}

impl From<Gone> for Stopped {
    fn from(gone: Gone) -> Self {
        Self::Gone(gone)
    }
}

/// A WSGI application.
pub(crate) struct Bridge {
    pub(crate) app: Py<PyAny>,
    pub(crate) environ: Mutex<Builder>,
    pub(crate) log: Arc<Log>,
    /// Called with the number of a signal; true means stop.
    pub(crate) on_signal: Py<PyAny>,
    /// Show tracebacks to whoever asks for a page.
    pub(crate) debug: bool,
    pub(crate) access_log: bool,
    /// The threads that run a request, by Python's number, and since when. None: nobody asks.
    pub(crate) running: Option<Mutex<HashMap<u64, Instant>>>,
    pub(crate) incidents: AtomicU64,
    pub(crate) seed: RandomState,
    pub(crate) flusher: Arc<Flusher>,
}

impl Pause for Bridge {
    fn pause(&self, wait: &mut (dyn FnMut() + Send)) {
        Python::attach(|py| py.detach(wait));
    }
}

impl Application for Bridge {
    fn respond(&self, exchange: Exchange) -> Exchange {
        Python::attach(|py| self.answer(py, exchange))
    }

    fn signalled(&self, signal: u8) -> bool {
        Python::attach(|py| {
            let answer = self.on_signal.call1(py, (signal,)).and_then(|answer| answer.extract::<bool>(py));
            answer.unwrap_or_else(|error| {
                self.log.write(Level::Error, &format!("the handler of signal {signal} failed: {error}"));
                true
            })
        })
    }

    fn trouble(&self, text: &str) {
        self.log.write(Level::Error, text);
    }
}

impl Bridge {
    fn answer(&self, py: Python<'_>, exchange: Exchange) -> Exchange {
        let line = self.access_log.then(|| access_line(exchange.params()));
        let kit = match Kit::new(py, &self.flusher, &self.log) {
            Ok(kit) => kit,
            Err(error) => {
                self.log.write(Level::Error, &format!("a request cannot be served: {error}"));
                return exchange;
            }
        };
        let shared = &kit.shared;
        let environ = self
            .environ
            .lock_py_attached(py)
            .unwrap_or_else(PoisonError::into_inner)
            .build(py, exchange.params());
        shared.put(py, exchange);
        let thread = self.note_begin(py);
        let outcome = environ.map_err(Stopped::Failed).and_then(|environ| self.run(py, &kit, environ));
        self.note_end(thread);
        match &outcome {
            Ok(()) => {}
            Err(Stopped::Gone(gone)) => self.log.write(Level::Debug, &gone.to_string()),
            Err(Stopped::Failed(error)) => self.fail(py, shared, error),
        }
        loop {
            // Nobody else takes it; a thread of the application that waits for the body gives it back soon.
            if let Some(exchange) = shared.take(py) {
                self.close_books(&exchange, line.as_deref());
                drop(outcome);
                kit.give_back(py);
                return exchange;
            }
        }
    }

    fn note_begin(&self, py: Python<'_>) -> Option<u64> {
        let running = self.running.as_ref()?;
        let number = py.import(intern!(py, "threading")).and_then(|module| module.call_method0("get_ident"));
        let number = number.and_then(|number| number.extract()).ok()?;
        running.lock().unwrap_or_else(PoisonError::into_inner).insert(number, Instant::now());
        Some(number)
    }

    fn note_end(&self, thread: Option<u64>) {
        if let (Some(running), Some(thread)) = (&self.running, thread) {
            running.lock().unwrap_or_else(PoisonError::into_inner).remove(&thread);
        }
    }

    /// The threads whose request runs longer than that, and for how many seconds.
    pub(crate) fn overdue(&self, limit: Duration) -> Vec<(u64, f64)> {
        let Some(running) = &self.running else { return Vec::new() };
        let running = running.lock().unwrap_or_else(PoisonError::into_inner);
        let times = running.iter().map(|(thread, since)| (*thread, since.elapsed()));
        times.filter(|(_, time)| *time > limit).map(|(thread, time)| (thread, time.as_secs_f64())).collect()
    }

    fn close_books(&self, exchange: &Exchange, line: Option<&str>) {
        let (status, length, time) = exchange.summary();
        if exchange.missing() > 0 {
            self.log.write(
                Level::Warning,
                &format!(
                    "the body is {} bytes shorter than its Content-Length (status {status})",
                    exchange.missing()
                ),
            );
        }
        if exchange.exceeded() {
            self.log
                .write(Level::Warning, &format!("the body was cut at its Content-Length (status {status})"));
        }
        if let Some(line) = line {
            self.log
                .write(Level::Info, &format!("{line} {status} {length} {:.1}ms", time.as_secs_f64() * 1e3));
        }
    }

    fn run<'py>(&self, py: Python<'py>, kit: &Kit, environ: Bound<'py, PyDict>) -> Result<(), Stopped> {
        let shared = &kit.shared;
        environ.set_item(intern!(py, "wsgi.input"), &kit.input)?;
        environ.set_item(intern!(py, "wsgi.errors"), &kit.errors)?;
        let result = self.app.bind(py).call1((environ, &kit.start_response))?;
        let sent = send(py, shared, &result);
        let closed = close(&result);
        sent?;
        closed?;
        Ok(())
    }

    /// Logs a failure and answers 500 if nothing was sent yet.
    fn fail(&self, py: Python<'_>, shared: &Shared, error: &PyErr) {
        let incident = self.incident();
        let trace = traceback(py, error);
        let text = format!("incident {incident}: the application failed\n{trace}");
        self.log.write(Level::Error, &text);
        let told = shared.waiting(py, |exchange, pause| {
            exchange.send_error(text.as_bytes());
            if exchange.head_sent() {
                exchange.cut();
                return;
            }
            let mut page = format!(
                "Internal Server Error\n\nThe application failed. Its log has the details: incident {incident}.\n"
            );
            if self.debug {
                page.push('\n');
                page.push_str(&trace);
            }
            let Ok(mut head) = Head::new(b"500 Internal Server Error") else { return };
            for (name, value) in [(&b"Content-Type"[..], &b"text/plain; charset=utf-8"[..]), (b"X-Content-Type-Options", b"nosniff")] {
                // These headers are sound, so that this cannot fail.
                let _ = head.push(name, value);
            }
            exchange.set_head(head);
            exchange.set_length(page.len() as u64);
            // A web server that is gone wants no page.
            let _ = exchange.send(page.as_bytes(), || Arc::new(page.clone()), pause);
        });
        if let Err(error) = told {
            self.log.write(
                Level::Error,
                &format!("incident {incident}: a handler of a signal failed\n{}", traceback(py, &error)),
            );
        }
    }

    /// A short name for a failure, by which the page and the log are brought together.
    fn incident(&self) -> String {
        let number = self.incidents.fetch_add(1, Ordering::Relaxed);
        format!("{:08x}", self.seed.hash_one(number) >> 32)
    }
}

fn access_line(params: &[u8]) -> String {
    let (mut method, mut target, mut address) = (&b"-"[..], &b"-"[..], &b"-"[..]);
    for (name, value) in iiswsgi::fastcgi::params::Pairs::new(params).map_while(Result::ok) {
        match name {
            b"REQUEST_METHOD" => method = value,
            b"REQUEST_URI" => target = value,
            b"PATH_INFO" if target == b"-" => target = value,
            b"REMOTE_ADDR" => address = value,
            _ => {}
        }
    }
    let shown = |bytes: &[u8]| bytes.escape_ascii().to_string();
    format!("{} \"{} {}\"", shown(address), shown(method), shown(target))
}

fn traceback(py: Python<'_>, error: &PyErr) -> String {
    let format = || -> PyResult<String> {
        let lines = py
            .import("traceback")?
            .call_method1("format_exception", (error.get_type(py), error.value(py), error.traceback(py)))?;
        PyBytes::new(py, b"").call_method0("decode")?.call_method1("join", (lines,))?.extract()
    };
    format().unwrap_or_else(|_| error.to_string())
}

/// Sends all that the application returned.
fn send(py: Python<'_>, shared: &Shared, result: &Bound<'_, PyAny>) -> Result<(), Stopped> {
    if let Ok(list) = result.cast_exact::<PyList>() {
        if send_sequence(py, shared, list.len(), |index| list.get_item(index))? {
            return Ok(());
        }
    } else if let Ok(tuple) = result.cast_exact::<PyTuple>() {
        if send_sequence(py, shared, tuple.len(), |index| tuple.get_item(index))? {
            return Ok(());
        }
    } else if let Ok(wrapper) = result.cast_exact::<FileWrapper>() {
        let wrapper = wrapper.get();
        loop {
            let block = wrapper.next_block(py)?;
            if block.as_bytes().is_empty() || send_piece(py, shared, &block)? {
                break;
            }
        }
    } else {
        send_pieces(py, shared, result)?;
    }
    let has_head = shared.with(py, |exchange| exchange.has_head());
    if has_head == Some(false) {
        return Err(Stopped::Failed(PyRuntimeError::new_err("the application did not call start_response")));
    }
    Ok(())
}

/// All pieces are there already, so that no code of the application runs between them: they leave together. True when
/// there was a head.
fn send_sequence<'py>(
    py: Python<'py>,
    shared: &Shared,
    length: usize,
    item: impl Fn(usize) -> PyResult<Bound<'py, PyAny>>,
) -> Result<bool, Stopped> {
    let mut has_head = false;
    for index in 0..length {
        let item = item(index)?;
        let object = as_bytes(&item)?;
        let bytes = object.as_bytes();
        let sent = shared.waiting(py, |exchange, pause| {
            if !exchange.has_head() && !bytes.is_empty() {
                return Ok(());
            }
            if length == 1 {
                exchange.set_length(bytes.len() as u64);
            }
            has_head = exchange.has_head();
            exchange.send(bytes, || kept(object), pause)
        });
        sent?.unwrap_or(Ok(()))?;
    }
    Ok(has_head)
}

/// Each piece is on its way before the next is asked for.
fn send_pieces(py: Python<'_>, shared: &Shared, result: &Bound<'_, PyAny>) -> Result<(), Stopped> {
    let single = result.len().is_ok_and(|length| length == 1);
    for item in result.try_iter()? {
        let item = item?;
        let bytes = as_bytes(&item)?;
        if single {
            shared.with(py, |exchange| exchange.set_length(bytes.as_bytes().len() as u64));
        }
        send_piece(py, shared, bytes)?;
    }
    Ok(())
}

/// Sends a piece at once. True when the answer is complete by its length.
fn send_piece(py: Python<'_>, shared: &Shared, object: &Bound<'_, PyBytes>) -> Result<bool, Stopped> {
    let bytes = object.as_bytes();
    let mut wants_flusher = false;
    let sent = shared.waiting(py, |exchange, pause| -> Result<bool, Stopped> {
        if bytes.is_empty() {
            exchange.look()?;
            return Ok(false);
        }
        if !exchange.has_head() {
            return Err(Stopped::Failed(PyRuntimeError::new_err(
                "the application gave a body before it called start_response",
            )));
        }
        exchange.send(bytes, || kept(object), pause)?;
        if exchange.is_complete() {
            exchange.finish(pause);
            return Ok(true);
        }
        exchange.stream(pause)?;
        wants_flusher = exchange.wants_flusher();
        Ok(false)
    });
    let complete = sent?.unwrap_or(Ok(true))?;
    if wants_flusher {
        shared.look_after(py)??;
    }
    Ok(complete)
}

/// The bytes of an object for as long as they are to be sent.
pub(crate) fn kept(object: &Bound<'_, PyBytes>) -> Kept {
    Arc::new(PyBackedBytes::from(object.clone()))
}

fn as_bytes<'a, 'py>(item: &'a Bound<'py, PyAny>) -> PyResult<&'a Bound<'py, PyBytes>> {
    item.cast::<PyBytes>().map_err(|_| {
        let kind = item.get_type().name().map_or_else(|_| "?".into(), |name| name.to_string());
        PyTypeError::new_err(format!("the application must give bytes, not {kind}"))
    })
}

/// Calls the `close` of what the application returned, if it has one.
fn close(result: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = result.py();
    if result.is_exact_instance_of::<PyList>() || result.is_exact_instance_of::<PyTuple>() {
        return Ok(());
    }
    match result.getattr_opt(intern!(py, "close"))? {
        Some(close) => close.call0().map(drop),
        None => Ok(()),
    }
}
