//! Long work beside Python: on a thread of its own, with the interpreter free, ended by Ctrl-C.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use iiswsgi::process::Interrupt;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// How often Python is asked whether a signal has come.
const GLANCE: Duration = Duration::from_millis(20);
/// XML and JSON of strangers nest; the main thread has as much.
const STACK: usize = 8 << 20;

/// Does work while Python's other threads run. When a handler of a signal raises, as Ctrl-C does, the work is asked to end
/// and waited for, and then that exception is raised. A second one does not wait any more.
///
/// # Errors
/// The exception of a signal's handler, or `RuntimeError` when the work panicked.
pub(crate) fn run<T: Send + 'static>(
    py: Python<'_>,
    interrupt: &Interrupt,
    work: impl FnOnce() -> T + Send + 'static,
) -> PyResult<T> {
    let (sender, mut receiver) = mpsc::channel();
    thread::Builder::new().name("iiswsgi".into()).stack_size(STACK).spawn(move || {
        // Nobody waits any more after a second Ctrl-C.
        let _ = sender.send(work());
    })?;
    let mut raised = None;
    loop {
        let answer;
        (answer, receiver) = py.detach(move || (receiver.recv_timeout(GLANCE), receiver));
        match (answer, py.check_signals()) {
            (Ok(value), Ok(())) => return raised.map_or(Ok(value), Err),
            (Err(RecvTimeoutError::Disconnected), _) => {
                return Err(PyRuntimeError::new_err(
                    "iiswsgi failed in a way that it should not; see standard error",
                ));
            }
            (_, Err(second)) if raised.is_some() => return Err(second),
            (Ok(_), Err(error)) => return Err(error),
            (Err(RecvTimeoutError::Timeout), Err(error)) => {
                interrupt.request();
                raised = Some(error);
            }
            (Err(RecvTimeoutError::Timeout), Ok(())) => {}
        }
    }
}
