//! What a thread does with all others while it waits: the one thing that the gateway asks of the language that the
//! application is written in.

/// Runs what may block the thread. Python lets its lock go meanwhile.
pub trait Pause {
    /// Calls `wait` once.
    fn pause(&self, wait: &mut (dyn FnMut() + Send));

    /// Attends to what came for this thread while it waited, a signal for instance. False: nothing more is to be waited for.
    fn attend(&self) -> bool {
        true
    }
}

/// Nothing to let go.
#[derive(Debug, Clone, Copy, Default)]
pub struct Block;

impl Pause for Block {
    fn pause(&self, wait: &mut (dyn FnMut() + Send)) {
        wait();
    }
}
