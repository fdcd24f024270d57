//! `start_response` and the `write` that it gives (PEP 3333, "The `start_response()` Callable").

use iiswsgi::gateway::Exchange;
use iiswsgi::gateway::response::{Head, HeadError, HeaderLine, HeaderName, StatusLine};
use pyo3::exceptions::{PyAssertionError, PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};

use crate::bridge::{gone, kept};
use crate::memory::Memory;
use crate::shared::Shared;
use crate::text::encode;

/// Starts the answer of one request.
#[pyclass(frozen, module = "iiswsgi")]
pub(crate) struct StartResponse {
    shared: Shared,
    write: Py<Write>,
}

impl StartResponse {
    pub(crate) fn new(py: Python<'_>, shared: Shared) -> PyResult<Self> {
        Ok(Self { write: Py::new(py, Write(shared.clone()))?, shared })
    }

    /// What the application gets from each call.
    pub(crate) fn write(&self) -> &Py<Write> {
        &self.write
    }
}

fn refused(error: &HeadError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

fn over() -> PyErr {
    PyRuntimeError::new_err("the request is over")
}

/// Longer lines are the answer of one request, such as a cookie, more often than a constant.
const REMEMBERED: usize = 128;

thread_local! {
    static STATUSES: Memory<StatusLine> = Memory::default();
    static NAMES: Memory<HeaderName> = Memory::default();
    static LINES: Memory<HeaderLine> = Memory::default();
}

fn head(status: &Bound<'_, PyAny>, headers: &Bound<'_, PyAny>) -> PyResult<Head> {
    let line = || {
        let bytes = encode(status, "the status")?;
        StatusLine::new(bytes.as_bytes()).map_err(|error| refused(&error))
    };
    let mut head = STATUSES.with(|lines| lines.with(status, line, |_| true, |line| Ok(Head::start(line))))?;
    if let Ok(list) = headers.cast_exact::<PyList>() {
        let mut index = 0;
        while index < list.len() {
            push(&mut head, &list.get_item(index)?)?;
            index += 1;
        }
    } else {
        for header in headers.try_iter()? {
            push(&mut head, &header?)?;
        }
    }
    Ok(head)
}

fn push(head: &mut Head, header: &Bound<'_, PyAny>) -> PyResult<()> {
    let make = || line(header);
    let fits = |line: &HeaderLine| line.text().len() <= REMEMBERED;
    let push = |line: &HeaderLine| head.push_line(line).map_err(|error| refused(&error));
    LINES.with(|lines| lines.with(header, make, fits, push))
}

fn line(header: &Bound<'_, PyAny>) -> PyResult<HeaderLine> {
    let pair = header.cast::<PyTuple>().ok().filter(|pair| pair.len() == 2);
    let Some(pair) = pair else {
        return Err(PyTypeError::new_err(format!(
            "a header must be a tuple of two strings, not {}",
            header.repr()?
        )));
    };
    let name = pair.get_item(0)?;
    let checked = || {
        let bytes = encode(&name, "a header's name")?;
        HeaderName::new(bytes.as_bytes()).map_err(|error| refused(&error))
    };
    let value = encode(&pair.get_item(1)?, "a header's value")?;
    let line = |name: &HeaderName| HeaderLine::new(name, value.as_bytes()).map_err(|error| refused(&error));
    NAMES.with(|names| names.with(&name, checked, |_| true, line))
}

/// An error while the answer is under way is the application's own again; before that it may replace the head.
fn check_order(py: Python<'_>, exchange: &Exchange, exc_info: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
    match exc_info {
        None if exchange.has_head() => {
            Err(PyAssertionError::new_err("start_response was called a second time without exc_info"))
        }
        Some(exc_info) if exchange.head_sent() => {
            let exception = exc_info.get_item(1)?;
            let traceback = exc_info.get_item(2)?;
            let exception = exception.call_method1("with_traceback", (traceback,))?;
            let _ = py;
            Err(PyErr::from_value(exception))
        }
        _ => Ok(()),
    }
}

#[pymethods]
impl StartResponse {
    #[pyo3(signature = (status, headers, exc_info = None, /))]
    fn __call__(
        &self,
        py: Python<'_>,
        status: &Bound<'_, PyAny>,
        headers: &Bound<'_, PyAny>,
        exc_info: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<Write>> {
        if exc_info.is_some() {
            self.shared.with(py, |exchange| check_order(py, exchange, exc_info)).ok_or_else(over)??;
        }
        // The lock is not held here: headers may be an object that runs code.
        let head = head(status, headers)?;
        let set = |exchange: &mut Exchange| -> PyResult<()> {
            check_order(py, exchange, exc_info)?;
            exchange.set_head(head);
            Ok(())
        };
        self.shared.with(py, set).ok_or_else(over)??;
        Ok(self.write.clone_ref(py))
    }
}

/// Sends a piece of the body at once. For applications that cannot return an iterable.
#[pyclass(frozen, module = "iiswsgi")]
pub(crate) struct Write(Shared);

#[pymethods]
impl Write {
    #[pyo3(signature = (data, /))]
    fn __call__(&self, py: Python<'_>, data: &Bound<'_, PyAny>) -> PyResult<()> {
        let Ok(data) = data.cast::<PyBytes>() else {
            return Err(PyTypeError::new_err(format!(
                "write() takes bytes, not {}",
                data.get_type().name()?
            )));
        };
        let sent = self.0.waiting(py, |exchange, pause| {
            exchange.send(data.as_bytes(), || kept(data), pause)?;
            exchange.stream(pause)?;
            Ok(exchange.wants_flusher())
        });
        let wants_flusher = sent?.ok_or_else(over)?.map_err(gone)?;
        if wants_flusher { self.0.look_after(py)?.map_err(gone) } else { Ok(()) }
    }
}
