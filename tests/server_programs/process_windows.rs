//! A FastCGI process on Windows: not there yet, a named pipe has to be handed over (see `tests/imitation_of_iis`).

use std::io;

/// None.
pub(crate) struct Process {
    pub(crate) requests: u32,
}

impl Process {
    pub(crate) fn start(_: &str, _: &[String], _: &[(String, String)]) -> io::Result<Self> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "this stand-in starts processes on Unix alone"))
    }

    pub(crate) fn exchange(
        &mut self,
        _: &[u8],
        _: impl FnMut(&[u8]) -> Result<bool, String>,
    ) -> Result<(), String> {
        Err("this stand-in starts processes on Unix alone".into())
    }
}
