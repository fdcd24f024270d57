//! The supervisor: nothing is left behind, however the parent goes.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::iiswsgi;

fn alive(pid: &str) -> bool {
    // A zombie has ended; only its parent has not looked yet.
    std::fs::read_to_string(Path::new("/proc").join(pid).join("stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z'))
}

fn wait_until_gone(pid: &str) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while alive(pid) {
        assert!(Instant::now() < deadline, "process {pid} is still there");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn passes_the_exit_code_on() {
    let mut supervisor = Command::new(iiswsgi())
        .args(["supervise", "--", "sh", "-c", "exit 7"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    // `wait` would close the pipe first, and a closed pipe ends the program.
    let lifeline = supervisor.stdin.take();
    assert_eq!(supervisor.wait().unwrap().code(), Some(7));
    drop(lifeline);
}

#[test]
fn ends_the_program_and_its_children_when_the_pipe_closes() {
    let mut supervisor = Command::new(iiswsgi())
        .args(["supervise", "--", "sh", "-c", "sleep 600 & echo $!; trap '' TERM; wait; wait; sleep 600"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = [0; 64];
    let length = supervisor.stdout.as_mut().unwrap().read(&mut said).unwrap();
    let child = String::from_utf8_lossy(&said[..length]).trim().to_owned();
    assert!(alive(&child));
    drop(supervisor.stdin.take());
    wait_until_gone(&child);
    supervisor.wait().unwrap();
}
