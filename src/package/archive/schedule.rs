//! Hands out work in order to several threads and takes the results in the same order, within a budget of memory.
//!
//! Work comes in runs of neighbours, because most files are small and waking a thread for each costs more than to read
//! it. Who waits for memory waits for what comes before it in the archive, never for what comes after: there is no
//! deadlock.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A run ends before the cost of its work exceeds this, if it has more than one piece.
const RUN_COST: u64 = 1 << 20;

/// Results `T` of numbered pieces of work.
pub(super) struct Schedule<T> {
    state: Mutex<State<T>>,
    /// A result that is waited for is there, or there will be none.
    ready: Condvar,
    /// Memory was given back, or none is needed any more.
    freed: Condvar,
    /// What each piece of work costs, in bytes of memory.
    costs: Vec<u64>,
    budget: u64,
}

struct State<T> {
    next: usize,
    used: u64,
    /// How many threads wait for memory.
    starved: usize,
    /// The run that the taker waits for.
    awaited: usize,
    stopped: bool,
    done: HashMap<usize, Vec<T>>,
}

/// What the taker finds.
pub(super) enum Taken<T> {
    /// The results of the run that begins where it said.
    Results(Vec<T>),
    /// Nothing yet; it may look at other things and come back.
    NotYet,
    /// There will be none.
    Stopped,
}

impl<T> Schedule<T> {
    /// Work with these costs, and `budget` bytes of memory for what is under way.
    pub(super) fn new(costs: Vec<u64>, budget: u64) -> Self {
        let state = State { next: 0, used: 0, starved: 0, awaited: 0, stopped: false, done: HashMap::new() };
        Self { state: Mutex::new(state), ready: Condvar::new(), freed: Condvar::new(), costs, budget }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // Nothing panics while the lock is held, and the state is sound after each line if something did.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next run of work, when there is memory for it. None at the end.
    pub(super) fn claim(&self) -> Option<Range<usize>> {
        let mut state = self.lock();
        loop {
            if state.stopped || state.next == self.costs.len() {
                return None;
            }
            let run = self.run(state.next);
            let cost = self.cost(&run);
            if state.used == 0 || state.used + cost <= self.budget {
                state.used += cost;
                state.next = run.end;
                return Some(run);
            }
            state.starved += 1;
            state = self.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.starved -= 1;
        }
    }

    /// The run that begins at an index: always the same one.
    fn run(&self, start: usize) -> Range<usize> {
        let mut cost = 0;
        let fitting = self.costs[start..].iter().take_while(|&&next| {
            cost += next;
            cost <= RUN_COST
        });
        start..start + fitting.count().max(1)
    }

    fn cost(&self, run: &Range<usize>) -> u64 {
        self.costs[run.clone()].iter().sum()
    }

    /// Hands in the results of a run, which hold so many bytes.
    pub(super) fn finish(&self, run: &Range<usize>, results: Vec<T>, held: u64) {
        let mut state = self.lock();
        state.done.insert(run.start, results);
        state.used = state.used.saturating_sub(self.cost(run)) + held;
        if state.awaited == run.start {
            self.ready.notify_one();
        }
        self.feed(&state);
    }

    /// Takes the results of the run that begins at an index, waiting a moment for them.
    pub(super) fn take(&self, start: usize, patience: Duration) -> Taken<T> {
        let mut state = self.lock();
        if let Some(results) = state.done.remove(&start) {
            return Taken::Results(results);
        }
        if state.stopped {
            return Taken::Stopped;
        }
        state.awaited = start;
        state = self.ready.wait_timeout(state, patience).unwrap_or_else(PoisonError::into_inner).0;
        state.done.remove(&start).map_or(Taken::NotYet, Taken::Results)
    }

    /// Gives back the memory of results that were taken.
    pub(super) fn release(&self, held: u64) {
        let mut state = self.lock();
        state.used = state.used.saturating_sub(held);
        self.feed(&state);
    }

    /// Wakes those that wait for memory.
    fn feed(&self, state: &State<T>) {
        if state.starved > 0 {
            self.freed.notify_all();
        }
    }

    /// Ends the work: nothing more is handed out.
    pub(super) fn stop(&self) {
        self.lock().stopped = true;
        self.ready.notify_all();
        self.freed.notify_all();
    }
}

/// Stops the schedule when it is dropped, so that a thread that panics keeps no other one waiting.
pub(super) struct StopOnDrop<'a, T>(pub(super) &'a Schedule<T>);

impl<T> Drop for StopOnDrop<'_, T> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: Duration = Duration::from_millis(1);

    #[test]
    fn small_work_comes_in_runs_and_large_work_alone() {
        let schedule: Schedule<()> =
            Schedule::new(vec![RUN_COST / 2, RUN_COST / 2, 1, RUN_COST * 3, 1, 1], u64::MAX);
        let runs: Vec<_> = std::iter::from_fn(|| schedule.claim()).collect();
        assert_eq!(runs, [0..2, 2..3, 3..4, 4..6]);
    }

    #[test]
    fn results_are_taken_in_order_whatever_order_they_come_in() {
        let schedule = Schedule::new(vec![RUN_COST; 2], u64::MAX);
        let (first, second) = (schedule.claim().unwrap(), schedule.claim().unwrap());
        schedule.finish(&second, vec!['b'], 0);
        assert!(matches!(schedule.take(0, MOMENT), Taken::NotYet));
        schedule.finish(&first, vec!['a'], 0);
        assert!(matches!(schedule.take(0, MOMENT), Taken::Results(results) if results == ['a']));
        assert!(matches!(schedule.take(1, MOMENT), Taken::Results(results) if results == ['b']));
    }

    #[test]
    fn work_over_the_budget_waits_until_memory_is_given_back() {
        let schedule = Schedule::new(vec![RUN_COST; 3], RUN_COST * 2);
        let first = schedule.claim().unwrap();
        let _second = schedule.claim().unwrap();
        std::thread::scope(|scope| {
            let third = scope.spawn(|| schedule.claim());
            schedule.finish(&first, vec![()], RUN_COST / 2);
            std::thread::sleep(MOMENT * 20);
            assert!(!third.is_finished(), "the result still holds memory");
            schedule.release(RUN_COST / 2);
            assert_eq!(third.join().unwrap(), Some(2..3));
        });
    }

    #[test]
    fn work_that_is_larger_than_the_budget_is_done_alone() {
        let schedule: Schedule<()> = Schedule::new(vec![RUN_COST * 5], RUN_COST);
        assert_eq!(schedule.claim(), Some(0..1));
    }

    #[test]
    fn stopping_wakes_all() {
        let schedule: Schedule<()> = Schedule::new(vec![RUN_COST; 2], RUN_COST);
        let _first = schedule.claim();
        std::thread::scope(|scope| {
            let starved = scope.spawn(|| schedule.claim());
            let taker = scope.spawn(|| {
                loop {
                    match schedule.take(0, Duration::from_secs(60)) {
                        Taken::NotYet => {}
                        other => return matches!(other, Taken::Stopped),
                    }
                }
            });
            schedule.stop();
            assert_eq!(starved.join().unwrap(), None);
            assert!(taker.join().unwrap());
        });
    }
}
