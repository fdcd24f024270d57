//! Processes on Windows: a program and what it starts are one job.

use std::io;
use std::os::windows::io::AsHandle as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use super::Ending;
use crate::transport::{self, Endpoint, Job};

pub(super) fn own_group(command: &mut Command) {
    use std::os::windows::process::CommandExt as _;
    const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;
    command.creation_flags(CREATE_NEW_PROCESS_GROUP);
}

/// A program and all that it starts.
#[derive(Debug)]
pub(super) struct Group(Option<Job>);

impl Group {
    /// That of a program which has just been started.
    pub(super) fn of(child: &Child) -> Self {
        Self(Job::of(child.as_handle()).ok())
    }

    /// Ends it. Nobody can be asked here: whoever has no console and no window is ended at once.
    pub(super) fn end(&self, _how: Ending) {
        if let Some(job) = &self.0 {
            job.end();
        }
    }
}

pub(super) fn exit_code(status: ExitStatus) -> i32 {
    status.code().unwrap_or(-1)
}

/// The server's end of a named pipe, or a listening socket, as a program's standard input.
pub(super) fn listening(endpoint: &str) -> io::Result<Stdio> {
    transport::listening_handle(&read(endpoint)?).map(Stdio::from)
}

/// Whether the pipe is there. It goes with the last process that has it.
pub(super) fn is_bound(endpoint: &str) -> bool {
    read(endpoint).is_ok_and(|endpoint| transport::is_listening(&endpoint))
}

fn read(endpoint: &str) -> io::Result<Endpoint> {
    endpoint.parse().map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
}

pub(super) fn is_executable(path: &Path) -> bool {
    path.is_file()
}

pub(super) fn executable_names(name: &str) -> Vec<String> {
    if Path::new(name).extension().is_some() {
        return vec![name.to_owned()];
    }
    [".exe", ".cmd", ".bat"].iter().map(|extension| format!("{name}{extension}")).collect()
}
