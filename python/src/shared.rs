//! The exchange of a running request, as the Python objects of that request share it.

use std::cell::Cell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use iiswsgi::gateway::{CarryOn, Exchange, Flusher, Gone, Pause};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;

thread_local! {
    /// This thread runs handlers of signals within a wait, and has the exchange's lock.
    static IN_HANDLER: Cell<bool> = const { Cell::new(false) };
}

/// Lets other Python threads run while this one waits. Handlers of signals run in between (PEP 475).
pub(crate) struct Detach<'py> {
    py: Python<'py>,
    /// What a handler has raised.
    raised: Cell<Option<PyErr>>,
}

impl Pause for Detach<'_> {
    fn pause(&self, wait: &mut (dyn FnMut() + Send)) {
        self.py.detach(wait);
    }

    fn attend(&self) -> bool {
        IN_HANDLER.set(true);
        let handled = self.py.check_signals();
        IN_HANDLER.set(false);
        let goes_on = handled.is_ok();
        self.raised.set(handled.err());
        goes_on
    }
}

struct Inner {
    exchange: Mutex<Option<Exchange>>,
    flusher: Arc<Flusher>,
}

impl CarryOn for Inner {
    fn carry_on(&self) -> bool {
        // Whoever has the lock is sending.
        let Ok(mut exchange) = self.exchange.try_lock() else { return true };
        exchange.as_mut().is_some_and(Exchange::carry_on)
    }
}

/// The exchange, until the request is over. Objects that outlive their request find nothing.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Inner>);

impl Shared {
    /// Without an exchange yet.
    pub(crate) fn new(flusher: &Arc<Flusher>) -> Self {
        Self(Arc::new(Inner { exchange: Mutex::default(), flusher: Arc::clone(flusher) }))
    }

    /// A request begins.
    pub(crate) fn put(&self, py: Python<'_>, exchange: Exchange) {
        *self.lock(py) = Some(exchange);
    }

    /// Whether so many share the exchange and nobody looks after it.
    pub(crate) fn is_shared_by(&self, count: usize) -> bool {
        Arc::strong_count(&self.0) == count && Arc::weak_count(&self.0) == 0
    }

    /// Has what waits sent while the application makes its next piece.
    pub(crate) fn look_after(&self, py: Python<'_>) -> PyResult<Result<(), Gone>> {
        let answer: Arc<dyn CarryOn> = self.0.clone();
        if self.0.flusher.watch(Arc::downgrade(&answer)) {
            return Ok(Ok(()));
        }
        Ok(self.waiting(py, |exchange, pause| exchange.flush(pause))?.unwrap_or(Ok(())))
    }

    /// The lock is taken without holding up Python: who has it may wait for the web server.
    fn lock(&self, py: Python<'_>) -> MutexGuard<'_, Option<Exchange>> {
        self.0.exchange.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the exchange. None when the request is over, or for a handler of a signal that has come within a
    /// wait of this thread.
    pub(crate) fn with<R>(&self, py: Python<'_>, act: impl FnOnce(&mut Exchange) -> R) -> Option<R> {
        if IN_HANDLER.get() {
            return None;
        }
        self.lock(py).as_mut().map(act)
    }

    /// Does something with the exchange that may wait. None when the request is over.
    ///
    /// # Errors
    /// What a handler of a signal has raised meanwhile, or that it is such a handler which asks.
    pub(crate) fn waiting<R>(
        &self,
        py: Python<'_>,
        act: impl FnOnce(&mut Exchange, &Detach<'_>) -> R,
    ) -> PyResult<Option<R>> {
        if IN_HANDLER.get() {
            return Err(PyRuntimeError::new_err(
                "a handler of a signal cannot use the request that it interrupts",
            ));
        }
        let detach = Detach { py, raised: Cell::default() };
        let done = self.lock(py).as_mut().map(|exchange| act(exchange, &detach));
        detach.raised.take().map_or(Ok(done), Err)
    }

    /// Takes the exchange away: the request is over.
    pub(crate) fn take(&self, py: Python<'_>) -> Option<Exchange> {
        self.lock(py).take()
    }
}
