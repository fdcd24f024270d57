//! Becoming another program, on systems that can replace a process.

use std::convert::Infallible;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use super::system::{failed_to_start, surroundings};
use super::{Error, Program, System};

impl System {
    /// Becomes a program, with this process's own streams: on success this process is that one, and nothing returns.
    ///
    /// # Errors
    /// The program is not there or does not start.
    #[expect(clippy::disallowed_methods, reason = "this is the place where programs are started")]
    pub fn replace(&self, program: &Program) -> Result<Infallible, Error> {
        let mut command = Command::new(self.locate(program)?);
        command.args(program.arguments());
        surroundings(&mut command, program);
        Err(failed_to_start(program, command.exec()))
    }
}
