//! `wsgi.errors`: text for the web server's error log and our own.

#![expect(clippy::unused_self, reason = "the methods of a Python object have one")]

use std::sync::Arc;

use iiswsgi::gateway::log::{self, Level};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::shared::Shared;

/// The error stream of a request.
#[pyclass(frozen, module = "iiswsgi")]
pub(crate) struct Errors {
    shared: Shared,
    log: Arc<log::Log>,
}

impl Errors {
    pub(crate) fn new(shared: Shared, log: Arc<log::Log>) -> Self {
        Self { shared, log }
    }
}

#[pymethods]
impl Errors {
    /// Writes text. Lone surrogates are written as escapes.
    #[pyo3(signature = (text, /))]
    fn write(&self, py: Python<'_>, text: &Bound<'_, PyAny>) -> PyResult<usize> {
        let Ok(text) = text.cast::<PyString>() else {
            return Err(PyTypeError::new_err(format!(
                "wsgi.errors takes str, not {}",
                text.get_type().name()?
            )));
        };
        let encoded = text.call_method1("encode", ("utf-8", "backslashreplace"))?;
        let bytes = encoded.cast::<PyBytes>()?.as_bytes();
        self.shared.with(py, |exchange| exchange.send_error(bytes));
        let shown = String::from_utf8_lossy(bytes);
        if !shown.trim().is_empty() {
            self.log.write(Level::Error, &shown);
        }
        text.len()
    }

    /// Writes several texts.
    #[pyo3(signature = (lines, /))]
    fn writelines(&self, py: Python<'_>, lines: &Bound<'_, PyAny>) -> PyResult<()> {
        for line in lines.try_iter()? {
            self.write(py, &line?)?;
        }
        Ok(())
    }

    /// Does nothing: text is logged as it is written, and leaves for the web server with the answer.
    fn flush(&self) {}
}
