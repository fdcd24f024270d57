//! The event loop that requests run on, for callers that know no `async`.

use std::pin::pin;
use std::time::Duration;

use super::Error;
use crate::process::Interrupt;

/// How often the caller is asked whether it wants to go on.
const TICK: Duration = Duration::from_millis(100);

/// An event loop on the thread that waits.
#[derive(Debug)]
pub struct Runtime(tokio::runtime::Runtime);

impl Runtime {
    /// Sets one up.
    ///
    /// # Errors
    /// The system has no descriptors left.
    pub fn new() -> Result<Self, Error> {
        tokio::runtime::Builder::new_current_thread().enable_all().build().map(Self).map_err(Error::Runtime)
    }

    /// Waits for work to be done. It is given up when the user interrupts; `tick` is called ten times a second.
    ///
    /// # Errors
    /// [`Error::Interrupted`], or what the work ends with.
    pub fn wait<T, E: From<Error>>(
        &self,
        interrupt: &Interrupt,
        tick: &mut dyn FnMut(),
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.0.block_on(async {
            let mut work = pin!(work);
            loop {
                tokio::select! {
                    biased;
                    result = &mut work => return result,
                    () = tokio::time::sleep(TICK) => tick(),
                }
                if interrupt.is_requested() {
                    return Err(Error::Interrupted.into());
                }
            }
        })
    }
}
