//! Text that is no command, whatever it looks like: what an application, pip or a hook wrote goes to the log between
//! `::stop-commands::TOKEN` and `::TOKEN::`.
//!
//! The runner takes every line for a command that begins with `::NAME` or `##[`, after blanks. A traceback of the user's
//! code could otherwise set outputs or end masks.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::io::{self, Write};

/// A writer of talk for a log that the runner reads. Each call of `write` is taken as a whole: lines are not to be split
/// over calls.
pub struct Guard<W> {
    inner: W,
}

impl<W: Write> Guard<W> {
    /// A guard in front of a writer.
    pub fn new(inner: W) -> Self {
        Self { inner }
    }
}

impl<W: Write> Write for Guard<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if is_harmless(bytes) {
            self.inner.write_all(bytes)?;
        } else {
            // One write, so that nothing of another thread stands between.
            let token = token();
            let mut text = format!("::stop-commands::{token}\n").into_bytes();
            text.extend_from_slice(bytes);
            if !bytes.ends_with(b"\n") {
                text.push(b'\n');
            }
            text.extend_from_slice(format!("::{token}::\n").as_bytes());
            self.inner.write_all(&text)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Whether nothing in a text begins a command.
fn is_harmless(bytes: &[u8]) -> bool {
    // Colours stand at the beginning of lines, and the runner is not told to look behind them; better safe.
    !bytes.windows(2).any(|pair| pair == b"::" || pair == b"##")
}

/// A text that nobody can guess: the standard library takes the keys of its hashes from the system's random numbers.
fn token() -> String {
    let half = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", half(), half())
}
