//! Process groups, signals and listening descriptors on Unix.

use std::io;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};

use super::Ending;

/// The program becomes the leader of a process group of its own.
pub(super) fn own_group(command: &mut Command) {
    command.process_group(0);
}

/// A program and all that it starts: its process group.
#[derive(Debug)]
pub(super) struct Group(Option<Pid>);

impl Group {
    /// That of a program which was started by [`own_group`].
    pub(super) fn of(child: &Child) -> Self {
        Self(i32::try_from(child.id()).ok().and_then(Pid::from_raw))
    }

    /// Ends it by a signal. A group that is gone is fine.
    pub(super) fn end(&self, how: Ending) {
        let signal = match how {
            Ending::Asked => Signal::TERM,
            Ending::Aborted => Signal::ABORT,
            Ending::Killed => Signal::KILL,
        };
        if let Some(pid) = self.0 {
            let _ = kill_process_group(pid, signal);
        }
    }
}

/// The exit code, or 128 and the number of the signal.
pub(super) fn exit_code(status: ExitStatus) -> i32 {
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1)
}

/// A word as a POSIX shell takes it: in single quotes when it has anything that a shell would touch.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-./:=+,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// What goes before a command that is to run in a folder.
pub(super) fn entered(folder: &str) -> String {
    format!("cd {} && ", quoted(folder))
}

/// What goes before a command that is to have a variable.
pub(super) fn variable(name: &str, value: &str) -> String {
    format!("{name}={} ", quoted(value))
}

/// A listening socket as a program's descriptor 0.
pub(super) fn listening(endpoint: &str) -> io::Result<Stdio> {
    let socket: OwnedFd = match endpoint.split_once(':') {
        // The name appears when the socket listens already, so that whoever waits for it can connect at once.
        Some(("unix", path)) => {
            let unfinished = format!("{path}~");
            let listener = UnixListener::bind(&unfinished)?;
            std::fs::rename(unfinished, path)?;
            listener.into()
        }
        Some(("tcp", address)) => TcpListener::bind(address)?.into(),
        _ => {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("`{endpoint}` is no unix:PATH or tcp:HOST:PORT"),
            ));
        }
    };
    Ok(socket.into())
}

/// Whether the socket file is there. A TCP port can only be tried.
pub(super) fn is_bound(endpoint: &str) -> bool {
    endpoint.strip_prefix("unix:").is_none_or(|path| Path::new(path).exists())
}

pub(super) fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// The file names that a program's name may stand for.
pub(super) fn executable_names(name: &str) -> Vec<String> {
    vec![name.to_owned()]
}

#[cfg(test)]
mod tests {
    use super::super::Program;

    #[test]
    fn a_command_line_can_be_typed_into_a_shell() {
        let program = Program::new("x", "/my app/python").args(["-c", "print(\"a b\")"]);
        let program = program.env("A", "it's").current_dir("/b c");
        let line = r#"cd '/b c' && A='it'\''s' '/my app/python' -c 'print("a b")'"#;
        assert_eq!(program.by_hand(), line);
    }
}
