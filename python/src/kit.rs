//! The objects that an application gets with each request, used again for the next one when it has kept none of them.
//!
//! They are empty without the exchange that they share, so that nothing of a request is left in them.

use std::cell::Cell;
use std::sync::Arc;

use iiswsgi::gateway::Flusher;
use iiswsgi::gateway::log::Log;
use pyo3::prelude::*;

use crate::errors::Errors;
use crate::input::Input;
use crate::shared::Shared;
use crate::start_response::StartResponse;

thread_local! {
    static SPARE: Cell<Option<Kit>> = const { Cell::new(None) };
}

/// What an application gets beside its environ, and what is in it.
pub(crate) struct Kit {
    pub(crate) shared: Shared,
    pub(crate) input: Py<Input>,
    pub(crate) errors: Py<Errors>,
    pub(crate) start_response: Py<StartResponse>,
    flusher: Arc<Flusher>,
}

impl Kit {
    /// Objects for a request, which is still to be put into what they share.
    pub(crate) fn new(py: Python<'_>, flusher: &Arc<Flusher>, log: &Arc<Log>) -> PyResult<Self> {
        // Another server of this process has a log of its own.
        if let Some(kit) = SPARE.take().filter(|kit| Arc::ptr_eq(&kit.flusher, flusher)) {
            return Ok(kit);
        }
        let shared = Shared::new(flusher);
        Ok(Self {
            input: Py::new(py, Input::new(shared.clone()))?,
            errors: Py::new(py, Errors::new(shared.clone(), Arc::clone(log)))?,
            start_response: Py::new(py, StartResponse::new(py, shared.clone())?)?,
            flusher: Arc::clone(flusher),
            shared,
        })
    }

    /// The request is over. What nobody else has is kept.
    pub(crate) fn give_back(self, py: Python<'_>) {
        // The four objects and this one share it.
        let is_free = is_only(py, &self.input)
            && is_only(py, &self.errors)
            && is_only(py, &self.start_response)
            && is_only(py, self.start_response.get().write())
            && self.shared.is_shared_by(5);
        if is_free {
            SPARE.set(Some(self));
        }
    }
}

/// Whether there is no other reference to an object.
fn is_only<T>(_: Python<'_>, object: &Py<T>) -> bool {
    #[expect(unsafe_code, reason = "pyo3 has no safe call for this")]
    // SAFETY: the object is alive, and the interpreter is attached.
    let count = unsafe { pyo3::ffi::Py_REFCNT(object.as_ptr()) };
    count == 1
}
