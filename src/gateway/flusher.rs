//! Sends what waits while an application makes the next piece of its answer.
//!
//! Pieces that come quickly one after the other are collected, because a call of the system for each costs more than
//! the pieces. PEP 3333 ("Buffering and Streaming") wants that a block goes on its way while the next is made: for what
//! has been collected, this thread sees to that within two milliseconds. It sleeps while nobody streams.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// How often it looks.
const TICK: Duration = Duration::from_millis(1);

/// An answer whose pieces are collected.
pub trait CarryOn: Send + Sync {
    /// Sends what waits, without waiting. False: it need not be asked again.
    fn carry_on(&self) -> bool;
}

#[derive(Default)]
struct State {
    answers: Vec<Weak<dyn CarryOn>>,
    has_thread: bool,
    ended: bool,
}

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    news: Condvar,
}

/// Looks after answers. Its thread starts with the first of them and ends when the flusher is dropped.
#[derive(Default)]
pub struct Flusher(Arc<Inner>);

impl std::fmt::Debug for Flusher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Flusher").finish_non_exhaustive()
    }
}

impl Flusher {
    /// Looks after an answer from now on. False when the system has no thread for that: nothing may be left to wait then.
    pub fn watch(&self, answer: Weak<dyn CarryOn>) -> bool {
        let mut state = self.0.state();
        if !state.has_thread {
            let inner = Arc::clone(&self.0);
            let thread = std::thread::Builder::new().name("iiswsgi-flusher".into());
            state.has_thread = thread.spawn(move || inner.run()).is_ok();
        }
        if state.has_thread {
            state.answers.push(answer);
            self.0.news.notify_one();
        }
        state.has_thread
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.0.state().ended = true;
        self.0.news.notify_one();
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that could panic runs while it is locked.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut answers: Vec<Weak<dyn CarryOn>> = Vec::new();
        loop {
            {
                let mut state = self.state();
                while answers.is_empty() && state.answers.is_empty() && !state.ended {
                    state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
                if state.ended {
                    return;
                }
                answers.append(&mut state.answers);
            }
            std::thread::sleep(TICK);
            answers.retain(|answer| answer.upgrade().is_some_and(|answer| answer.carry_on()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use super::*;

    struct Answer(Mutex<(u32, Sender<u32>)>);

    impl CarryOn for Answer {
        fn carry_on(&self) -> bool {
            let mut asked = self.0.lock().unwrap();
            asked.0 += 1;
            asked.1.send(asked.0).unwrap();
            asked.0 < 3
        }
    }

    #[test]
    fn asks_until_nothing_is_left_and_again_when_told_so() {
        let flusher = Flusher::default();
        let (sender, receiver) = channel();
        let answer: Arc<dyn CarryOn> = Arc::new(Answer(Mutex::new((0, sender))));
        assert!(flusher.watch(Arc::downgrade(&answer)));
        assert_eq!((receiver.recv(), receiver.recv(), receiver.recv()), (Ok(1), Ok(2), Ok(3)));
        assert!(flusher.watch(Arc::downgrade(&answer)));
        assert_eq!(receiver.recv(), Ok(4), "not before it was told");
        drop(answer);
        assert!(receiver.recv().is_err(), "the flusher keeps no answer alive");
    }
}
