//! Becoming Python where a process can be replaced. No system of this kind registers its Pythons.

use super::registered::Registered;
use super::{Error, Start};
use crate::process::Program;

/// Becomes the interpreter: on success this process is that one, and nothing returns.
///
/// # Errors
/// The interpreter is not there or does not start.
pub fn become_python(start: &Start<'_>) -> Result<i32, Error> {
    let program = Program::new("the gateway", start.executable).args(["-m", "iiswsgi"]).args(start.arguments);
    match start.system.replace(&program)? {}
}

/// The Pythons that are registered with the system: none.
pub fn registered() -> Vec<Registered> {
    Vec::new()
}
