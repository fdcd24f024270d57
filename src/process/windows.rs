//! Processes on Windows. A program's own children are not followed here: that takes a job object.

use std::io;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use super::Ending;

pub(super) fn own_group(command: &mut Command) {
    use std::os::windows::process::CommandExt as _;
    const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;
    command.creation_flags(CREATE_NEW_PROCESS_GROUP);
}

/// Ends a process and its children with the system's own tool.
#[expect(clippy::disallowed_methods, reason = "this is the place where programs are started")]
pub(super) fn end_group(leader: u32, _how: Ending) {
    let _ = Command::new("taskkill")
        .args(["/T", "/F", "/PID", &leader.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
}

pub(super) fn exit_code(status: ExitStatus) -> i32 {
    status.code().unwrap_or(-1)
}

pub(super) fn listening(endpoint: &str) -> io::Result<Stdio> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        format!("no listening socket as STDIN on Windows: `{endpoint}`"),
    ))
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
