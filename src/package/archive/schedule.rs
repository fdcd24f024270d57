//! Hands out work in order to several threads and takes the results in the same order, within a budget of memory.
//!
//! Who waits for memory waits for what comes before it in the archive, never for what comes after: there is no deadlock.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Results `T` of numbered pieces of work.
pub(super) struct Schedule<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    count: usize,
    budget: u64,
}

struct State<T> {
    next: usize,
    used: u64,
    stopped: bool,
    done: HashMap<usize, T>,
}

/// What the taker finds.
pub(super) enum Taken<T> {
    /// The result it waited for.
    Result(T),
    /// Nothing yet; it may look at other things and come back.
    NotYet,
    /// There will be none.
    Stopped,
}

impl<T> Schedule<T> {
    /// Work numbered from 0 to `count`, with `budget` bytes of memory for what is under way.
    pub(super) fn new(count: usize, budget: u64) -> Self {
        let state = State { next: 0, used: 0, stopped: false, done: HashMap::new() };
        Self { state: Mutex::new(state), changed: Condvar::new(), count, budget }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // Nothing panics while the lock is held, and the state is sound after each line if something did.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next piece of work, when there is memory for it. None at the end.
    pub(super) fn claim(&self, cost: impl Fn(usize) -> u64) -> Option<usize> {
        let mut state = self.lock();
        loop {
            if state.stopped || state.next == self.count {
                return None;
            }
            let cost = cost(state.next);
            if state.used == 0 || state.used + cost <= self.budget {
                state.used += cost;
                state.next += 1;
                return Some(state.next - 1);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Hands in a result that holds `held` bytes of the `cost` that were claimed.
    pub(super) fn finish(&self, index: usize, result: T, cost: u64, held: u64) {
        let mut state = self.lock();
        state.done.insert(index, result);
        state.used = state.used.saturating_sub(cost) + held;
        self.changed.notify_all();
    }

    /// Takes one result, waiting a moment for it.
    pub(super) fn take(&self, index: usize, patience: Duration) -> Taken<T> {
        let mut state = self.lock();
        if let Some(result) = state.done.remove(&index) {
            return Taken::Result(result);
        }
        if state.stopped {
            return Taken::Stopped;
        }
        state = self.changed.wait_timeout(state, patience).unwrap_or_else(PoisonError::into_inner).0;
        state.done.remove(&index).map_or(Taken::NotYet, Taken::Result)
    }

    /// Gives back the memory of a result that was taken.
    pub(super) fn release(&self, held: u64) {
        let mut state = self.lock();
        state.used = state.used.saturating_sub(held);
        self.changed.notify_all();
    }

    /// Ends the work: nothing more is handed out.
    pub(super) fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }
}

/// Stops the schedule when it is dropped, so that a thread that panics keeps no other one waiting.
pub(super) struct StopOnDrop<'a, T>(pub(super) &'a Schedule<T>);

impl<T> Drop for StopOnDrop<'_, T> {
    fn drop(&mut self) {
        self.0.stop();
    }
}
