//! The exchange of a running request, as the Python objects of that request share it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use iiswsgi::gateway::{CarryOn, Exchange, Flusher, Gone, Pause};
use pyo3::prelude::*;
use pyo3::sync::MutexExt;

/// Lets other Python threads run while this one waits.
pub(crate) struct Detach<'py>(pub(crate) Python<'py>);

impl Pause for Detach<'_> {
    fn pause(&self, wait: &mut (dyn FnMut() + Send)) {
        self.0.detach(wait);
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
    pub(crate) fn look_after(&self, py: Python<'_>) -> Result<(), Gone> {
        let answer: Arc<dyn CarryOn> = self.0.clone();
        if self.0.flusher.watch(Arc::downgrade(&answer)) {
            return Ok(());
        }
        self.with(py, |exchange, pause| exchange.flush(pause)).unwrap_or(Ok(()))
    }

    /// The lock is taken without holding up Python: who has it may wait for the web server.
    fn lock(&self, py: Python<'_>) -> MutexGuard<'_, Option<Exchange>> {
        self.0.exchange.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the exchange. None when the request is over.
    pub(crate) fn with<R>(
        &self,
        py: Python<'_>,
        act: impl FnOnce(&mut Exchange, &Detach<'_>) -> R,
    ) -> Option<R> {
        let mut exchange = self.lock(py);
        exchange.as_mut().map(|exchange| act(exchange, &Detach(py)))
    }

    /// Takes the exchange away: the request is over.
    pub(crate) fn take(&self, py: Python<'_>) -> Option<Exchange> {
        self.lock(py).take()
    }
}
