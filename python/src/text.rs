//! Strings of WSGI: text whose characters are bytes (PEP 3333, "A Note On String Types").

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

/// A string of the characters that the bytes are in ISO 8859-1.
pub(crate) fn decode<'py>(py: Python<'py>, bytes: &[u8]) -> Bound<'py, PyString> {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => PyString::new(py, text),
        _ => PyString::new(py, &bytes.iter().map(|byte| char::from(*byte)).collect::<String>()),
    }
}

/// The bytes of a string of ISO 8859-1.
///
/// # Errors
/// `TypeError` when it is no string, `UnicodeEncodeError` when a character is none of ISO 8859-1.
pub(crate) fn encode<'py>(value: &Bound<'py, PyAny>, what: &str) -> PyResult<Bound<'py, PyBytes>> {
    if !value.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err(format!("{what} must be str, not {}", value.get_type().name()?)));
    }
    #[expect(unsafe_code, reason = "pyo3 has no safe call for this codec")]
    // SAFETY: `value` is a str, and the call gives a new reference to bytes, or null with an exception set.
    unsafe {
        Ok(Bound::from_owned_ptr_or_err(value.py(), ffi::PyUnicode_AsLatin1String(value.as_ptr()))?
            .cast_into_unchecked())
    }
}
