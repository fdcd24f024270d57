//! `iiswsgi completions SHELL`: a script that completes our commands in a shell.

use std::io;

use clap::{Args, CommandFactory};

use super::arguments::CommandLine;

/// Prints a completion script for a shell.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    shell: clap_complete::Shell,
}

impl Completions {
    pub(super) fn run(self, stdout: &mut dyn io::Write) {
        clap_complete::generate(self.shell, &mut CommandLine::command(), "iiswsgi", stdout);
    }
}
