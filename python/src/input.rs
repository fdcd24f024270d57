//! `wsgi.input`: the request's body as a file that is read while it arrives (PEP 3333, "Input and Error Streams").

#![expect(clippy::unused_self, reason = "the methods of a Python object have one")]

use iiswsgi::gateway::Gone;
use pyo3::exceptions::{PyConnectionAbortedError, PyConnectionResetError, PyEOFError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use crate::shared::Shared;

/// Fewer bytes are copied out of what has arrived.
const LEAST: usize = 8 << 10;
/// More bytes than these are not believed in before they have come.
const MOST: usize = 16 << 20;

/// The body of a request. It ends at `CONTENT_LENGTH`, or where the web server ended it.
#[pyclass(frozen, module = "iiswsgi")]
pub(crate) struct Input(Shared);

impl Input {
    pub(crate) fn new(shared: Shared) -> Self {
        Self(shared)
    }

    /// Waits until `enough` says how many of the available bytes to take, or the body ends.
    fn take<'py>(
        &self,
        py: Python<'py>,
        mut enough: impl FnMut(&[u8]) -> Option<usize>,
        most: usize,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let taken = self.0.waiting(py, |exchange, pause| {
            loop {
                let available = exchange.available();
                let length = available.len();
                let taken = if length >= most { Some(most) } else { None };
                if let Some(taken) = enough(&available[..length.min(most)]).or(taken) {
                    let bytes = PyBytes::new(py, &available[..taken]);
                    exchange.consume(taken);
                    return Ok(bytes);
                }
                if !exchange.wait_for_body(length, pause).map_err(raised)? {
                    let bytes = PyBytes::new(py, exchange.available());
                    exchange.consume(length);
                    return Ok(bytes);
                }
            }
        });
        taken?.unwrap_or_else(|| Ok(PyBytes::new(py, b"")))
    }

    /// Reads so many bytes straight into the object that the application gets. None when that is not worth it: few are
    /// wanted, or it is not known whether so many come.
    fn read_into<'py>(&self, py: Python<'py>, most: usize) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let left = self.0.with(py, |exchange| exchange.body_left()).flatten();
        let Some(left) = left.and_then(|left| usize::try_from(left).ok()) else { return Ok(None) };
        let length = most.min(left);
        if !(LEAST..=MOST).contains(&length) {
            return Ok(None);
        }
        let mut short = None;
        let bytes = PyBytes::new_with(py, length, |buffer| {
            let read = self.0.waiting(py, |exchange, pause| exchange.read_body(buffer, pause))?;
            let filled = read.unwrap_or(Ok(0)).map_err(raised)?;
            if filled < length {
                // The object has the length that was announced: what has come is put into another.
                short = Some(PyBytes::new(py, &buffer[..filled]));
                return Err(PyEOFError::new_err(()));
            }
            Ok(())
        });
        match short {
            Some(short) => Ok(Some(short)),
            None => bytes.map(Some),
        }
    }

    fn line<'py>(&self, py: Python<'py>, most: usize) -> PyResult<Bound<'py, PyBytes>> {
        let mut searched = 0;
        let newline = |available: &[u8]| {
            let found = available[searched..].iter().position(|byte| *byte == b'\n');
            let end = found.map(|index| searched + index + 1);
            searched = available.len();
            end
        };
        self.take(py, newline, most)
    }
}

fn raised(gone: Gone) -> PyErr {
    match gone {
        Gone::Aborted => PyConnectionAbortedError::new_err(gone.to_string()),
        Gone::Closed | Gone::Interrupted => PyConnectionResetError::new_err(gone.to_string()),
    }
}

/// None and negative numbers mean: no limit.
fn limit(size: Option<isize>) -> usize {
    size.and_then(|size| usize::try_from(size).ok()).unwrap_or(usize::MAX)
}

#[pymethods]
impl Input {
    /// Reads so many bytes, or fewer only at the end of the body.
    #[pyo3(signature = (size = -1, /))]
    fn read<'py>(&self, py: Python<'py>, size: Option<isize>) -> PyResult<Bound<'py, PyBytes>> {
        match self.read_into(py, limit(size))? {
            Some(bytes) => Ok(bytes),
            None => self.take(py, |_| None, limit(size)),
        }
    }

    /// Reads a line, or so many bytes of it.
    #[pyo3(signature = (size = -1, /))]
    fn readline<'py>(&self, py: Python<'py>, size: Option<isize>) -> PyResult<Bound<'py, PyBytes>> {
        self.line(py, limit(size))
    }

    /// Reads lines until their bytes are as many as the hint says.
    #[pyo3(signature = (hint = -1, /))]
    fn readlines<'py>(&self, py: Python<'py>, hint: Option<isize>) -> PyResult<Bound<'py, PyList>> {
        let enough = match hint {
            None | Some(..=0) => usize::MAX,
            hint => limit(hint),
        };
        let lines = PyList::empty(py);
        let mut total = 0;
        while total < enough {
            let line = self.line(py, usize::MAX)?;
            if line.as_bytes().is_empty() {
                break;
            }
            total += line.as_bytes().len();
            lines.append(line)?;
        }
        Ok(lines)
    }

    fn __iter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let line = self.line(py, usize::MAX)?;
        Ok(Some(line).filter(|line| !line.as_bytes().is_empty()))
    }

    /// True: `io` wrappers ask.
    fn readable(&self) -> bool {
        true
    }
}
