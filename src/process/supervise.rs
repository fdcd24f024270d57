//! The supervisor: stands between us and a program, and ends the program's whole group when we are gone.
//!
//! Its stdin is a pipe whose other end only we hold. It closes when we let go of it or die, even by SIGKILL, which no
//! handler of ours could answer. A byte in it before says that the program hangs and has no time to end by itself. The supervisor runs in a process group of its own, so that a Ctrl-C at the terminal
//! reaches us alone and we decide what ends when.

use std::ffi::OsString;
use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

use super::{Ending, GRACE, LAST_WORDS, os};

/// Runs a program until it ends or stdin closes. Gives the exit code of the program: 127 when it cannot be started,
/// 128 and the number of the signal when one ended it.
///
/// With `listen` (`unix:PATH` or `tcp:HOST:PORT`) the program's descriptor 0 is a socket that listens there.
///
/// # Errors
/// What could not be done, as text for stderr.
#[expect(clippy::disallowed_methods, reason = "this is the place where programs are started")]
pub fn supervise(listen: Option<&str>, program: &[OsString]) -> Result<i32, String> {
    let [name, arguments @ ..] = program else { return Err("no program to supervise".into()) };
    let stdin = match listen {
        Some(endpoint) => {
            os::listening(endpoint).map_err(|error| format!("cannot listen on {endpoint}: {error}"))?
        }
        None => Stdio::null(),
    };
    let mut command = Command::new(name);
    command.args(arguments).stdin(stdin);
    os::own_group(&mut command);
    let mut child =
        command.spawn().map_err(|error| format!("cannot start {}: {error}", name.to_string_lossy()))?;
    drop(command);
    let group = Arc::new(os::Group::of(&child));
    let ended = Arc::clone(&group);
    thread::spawn(move || {
        let hangs = matches!(std::io::stdin().read(&mut [0]), Ok(1));
        let (how, patience) = if hangs { (Ending::Aborted, LAST_WORDS) } else { (Ending::Asked, GRACE) };
        ended.end(how);
        thread::sleep(patience);
        ended.end(Ending::Killed);
    });
    let code = child.wait().map_or(-1, os::exit_code);
    // What the program started and left behind goes with it.
    group.end(Ending::Killed);
    Ok(code)
}
