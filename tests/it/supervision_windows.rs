//! Nothing is left behind on Windows, however the command goes. There the named pipe of a process shows that it is there.

use std::io::ErrorKind;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::doctor::{Server, same};

/// Whether a process has the pipe.
fn is_there(pipe: &str) -> bool {
    // A pipe that somebody else talks through cannot be opened, and is there.
    !matches!(std::fs::File::open(pipe), Err(error) if error.kind() == ErrorKind::NotFound)
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !done() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_a_killed_command_has_started_ends_with_it() {
    let server = Server { mode: "hangs", ..Server::new() };
    let mut command = server.doctor(same, same).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let pipe = format!(r"\\.\pipe\iiswsgi-{}-0", command.id());
    wait_until("the process did not start", || is_there(&pipe));
    command.kill().unwrap();
    command.wait().unwrap();
    wait_until("the process is still there", || !is_there(&pipe));
}
