//! Whose turn it is to wait for connections.
//!
//! One thread leads: it waits for news and runs requests one after the other, which is what costs least while
//! applications answer at once. When a request takes long, another thread takes the lead and the first finishes its
//! request. A watcher notices that within two milliseconds; after it has happened, the lead is passed on before each
//! request, until requests are quick again.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// How often the watcher looks.
pub(super) const TICK: Duration = Duration::from_millis(1);
/// A request that takes longer is slow.
const SLOW: Duration = Duration::from_micros(500);
/// How many requests long the lead is passed on early after a slow one.
const WARY: u32 = 32;
/// After so many ticks without a request the watcher sleeps.
const DROWSY: u32 = 100;

#[derive(Debug, Default)]
struct State {
    leader: Option<usize>,
    /// The number of the request that the leader runs, 0 for none.
    running: u64,
    requests: u64,
    waiting: usize,
    wary: u32,
    ended: bool,
    asleep: Option<Thread>,
}

/// The turns of several threads.
#[derive(Debug, Default)]
pub(super) struct Turns {
    state: Mutex<State>,
    vacancy: Condvar,
}

impl Turns {
    fn state(&self) -> MutexGuard<'_, State> {
        // The state is sound at every point where a panic could happen: nothing here panics.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the lead. False when all is over.
    pub(super) fn wait(&self, me: usize) -> bool {
        let mut state = self.state();
        state.waiting += 1;
        while state.leader.is_some() && !state.ended {
            state = self.vacancy.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.waiting -= 1;
        if !state.ended {
            state.leader = Some(me);
        }
        !state.ended
    }

    /// The leader begins a request.
    pub(super) fn begin(&self) -> Instant {
        let mut state = self.state();
        state.requests += 1;
        state.running = state.requests;
        if let Some(watcher) = state.asleep.take() {
            watcher.unpark();
        }
        if state.wary > 0 {
            self.pass_on(&mut state);
        }
        Instant::now()
    }

    fn pass_on(&self, state: &mut State) {
        if state.waiting > 0 && state.running > 0 {
            state.leader = None;
            state.running = 0;
            self.vacancy.notify_one();
        }
    }

    /// A thread has run a request. True when it has the lead.
    pub(super) fn end(&self, me: usize, begun: Instant) -> bool {
        let slow = begun.elapsed() > SLOW;
        let mut state = self.state();
        state.wary = if slow { WARY } else { state.wary.saturating_sub(1) };
        if state.leader.is_none() && !state.ended {
            state.leader = Some(me);
        }
        let leads = state.leader == Some(me);
        if leads {
            state.running = 0;
        }
        leads
    }

    /// Ends all turns.
    pub(super) fn finish(&self) {
        let mut state = self.state();
        state.ended = true;
        if let Some(watcher) = state.asleep.take() {
            watcher.unpark();
        }
        self.vacancy.notify_all();
    }

    /// The watcher's life.
    pub(super) fn watch(&self) {
        let (mut seen, mut quiet) = (0, 0);
        loop {
            std::thread::sleep(TICK);
            let mut state = self.state();
            if state.ended {
                return;
            }
            if state.running != 0 && state.running == seen {
                self.pass_on(&mut state);
            }
            quiet = if state.requests == seen && state.running == 0 { quiet + 1 } else { 0 };
            seen = state.requests;
            if quiet > DROWSY {
                state.asleep = Some(std::thread::current());
                drop(state);
                std::thread::park();
                quiet = 0;
            }
        }
    }
}
