//! `wsgi.file_wrapper`: a file as an iterable of its blocks (PEP 3333, "Optional Platform-Specific File Handling").

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// Reads a file-like object from where it stands, block by block.
#[pyclass(frozen, module = "iiswsgi")]
pub(crate) struct FileWrapper {
    file: Py<PyAny>,
    block_size: usize,
}

/// FastCGI cuts what is sent into records of 64 KB anyway: smaller blocks only cost calls.
const LEAST: usize = 64 << 10;

impl FileWrapper {
    /// The next block for the server itself, empty at the end.
    pub(crate) fn next_block<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.read(py, self.block_size.max(LEAST))
    }

    fn read<'py>(&self, py: Python<'py>, size: usize) -> PyResult<Bound<'py, PyBytes>> {
        let block = self.file.bind(py).call_method1("read", (size,))?;
        block.cast_into::<PyBytes>().map_err(|error| {
            PyTypeError::new_err(format!("a file for wsgi.file_wrapper must give bytes: {error}"))
        })
    }
}

#[pymethods]
impl FileWrapper {
    #[new]
    #[pyo3(signature = (file, block_size = 8192, /))]
    fn new(file: Py<PyAny>, block_size: usize) -> Self {
        Self { file, block_size: block_size.max(1) }
    }

    fn __iter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let block = self.read(py, self.block_size)?;
        Ok(Some(block).filter(|block| !block.as_bytes().is_empty()))
    }

    /// Closes the file, if it can be closed.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let file = self.file.bind(py);
        if file.hasattr("close")? {
            file.call_method0("close")?;
        }
        Ok(())
    }
}
