//! Windows: the shape of the poller. See `windows.rs`.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use super::News;

/// Waits for many connections. There is none on this system yet.
#[derive(Debug)]
pub struct Poller(Infallible);

impl Poller {
    /// Says that this system cannot do so yet.
    ///
    /// # Errors
    /// Always.
    pub fn new() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Tells of something as long as it is readable.
    pub fn add_level<T>(&self, _connection: &T, _token: u64) -> io::Result<()> {
        match self.0 {}
    }

    /// Tells of something when bytes arrive.
    pub fn add<T>(&self, _connection: &T, _token: u64) -> io::Result<()> {
        match self.0 {}
    }

    /// Tells also, or no longer, when there is room for bytes.
    pub fn watch_room<T>(&self, _connection: &T, _token: u64, _room: bool) -> io::Result<()> {
        match self.0 {}
    }

    /// Tells of it no longer.
    pub fn remove<T>(&self, _connection: &T) {
        match self.0 {}
    }

    /// Appends the news there are.
    pub fn wait(&self, _news: &mut Vec<News>, _timeout: Option<Duration>) -> io::Result<()> {
        match self.0 {}
    }
}
