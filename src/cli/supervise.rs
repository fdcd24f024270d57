//! `iiswsgi supervise`: hidden; the process between a run and the programs it starts.

use std::ffi::OsString;

use clap::Args;

/// Runs a program until it ends or stdin closes.
#[derive(Debug, Args)]
pub(super) struct Supervise {
    /// Gives the program a socket that listens here as its descriptor 0
    #[arg(long, value_name = "ENDPOINT")]
    listen: Option<String>,
    /// The program and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    program: Vec<OsString>,
}

impl Supervise {
    /// Gives the program's own exit code, or 127 when it did not start, as shells do.
    pub(super) fn run(self) -> i32 {
        crate::process::supervise(self.listen.as_deref(), &self.program).unwrap_or_else(|message| {
            anstream::eprintln!("{message}");
            127
        })
    }
}
