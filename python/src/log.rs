//! The gateway's log, for Python.

#![expect(clippy::needless_pass_by_value, reason = "arguments that come from Python are owned")]

use std::path::PathBuf;
use std::sync::Arc;

use iiswsgi::gateway::log::{self, Level};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;

/// A log to standard error or to a file.
#[pyclass(frozen, module = "iiswsgi")]
pub(crate) struct Log(pub(crate) Arc<log::Log>);

fn level(name: &str) -> PyResult<Level> {
    Level::from_name(name).ok_or_else(|| {
        PyValueError::new_err(format!("unknown log level `{name}`: debug, info, warning or error"))
    })
}

#[pymethods]
impl Log {
    /// A log to the first of the files that can be written, else to standard error. Beyond `limit` bytes a file is rotated.
    #[new]
    #[pyo3(signature = (places = Vec::new(), level_name = "info", limit = 0, captures = false))]
    fn new(places: Vec<PathBuf>, level_name: &str, limit: u64, captures: bool) -> PyResult<Self> {
        let level = level(level_name)?;
        let file = log::Log::to_first(&places, level, limit, captures);
        Ok(Self(Arc::new(file.unwrap_or_else(|| log::Log::to_standard_error(level)))))
    }

    /// A log to one file.
    #[staticmethod]
    fn to_file(path: PathBuf, level_name: &str, limit: u64, captures: bool) -> PyResult<Self> {
        let opened = log::Log::to_file(&path, level(level_name)?, limit, captures);
        let log = opened.map_err(|error| {
            PyOSError::new_err(format!("cannot write the log `{}`: {error}", path.display()))
        })?;
        Ok(Self(Arc::new(log)))
    }

    /// Goes on in another file.
    fn move_to(&self, path: PathBuf, captures: bool) -> PyResult<()> {
        self.0.move_to(&path, captures).map_err(|error| {
            PyOSError::new_err(format!("cannot write the log `{}`: {error}", path.display()))
        })
    }

    /// Writes a line.
    fn write(&self, level_name: &str, text: &str) -> PyResult<()> {
        self.0.write(level(level_name)?, text);
        Ok(())
    }

    /// The file, if it is one.
    #[getter]
    fn path(&self) -> Option<PathBuf> {
        self.0.path()
    }
}
