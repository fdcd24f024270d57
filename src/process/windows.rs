//! Processes on Windows: a program and what it starts are one job.

use std::io;
use std::os::windows::io::AsHandle as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use super::{Ending, command_line};
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

/// A word as `cmd.exe` and then the program itself take it: in double quotes when it has anything that one of them would touch.
/// What stands between two `%` is expanded there all the same.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || r"_-./\:+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { command_line::in_quotes(word) }
}

/// What goes before a command that is to run in a folder.
pub(super) fn entered(folder: &str) -> String {
    format!("cd /d {} && ", quoted(folder))
}

/// What goes before a command that is to have a variable.
pub(super) fn variable(name: &str, value: &str) -> String {
    format!("set \"{name}={value}\" && ")
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

#[cfg(test)]
mod tests {
    use super::super::Program;

    #[test]
    fn a_command_line_can_be_typed_into_cmd() {
        let program =
            Program::new("x", r"C:\a b\python.exe").args(["-m", "x", "a&b", "", r"C:\a b\"]).arg("say \"x\"");
        let line = r#""C:\a b\python.exe" -m x "a&b" "" "C:\a b\\" "say \"x\"""#;
        assert_eq!(program.to_string(), line);
        let program = program.current_dir(r"C:\inetsrv").env("GREETING", "a & b").env_remove("PYTHONPATH");
        assert_eq!(program.by_hand(), format!(r#"cd /d C:\inetsrv && set "GREETING=a & b" && {line}"#));
    }
}
