//! The integration tests: the command as its users run it, and the rules of the house.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
#![expect(
    clippy::disallowed_methods,
    reason = "tests run the command and are told their data by the environment"
)]
#![expect(clippy::print_stderr, reason = "a test that has nothing to look at says so")]

// What runs on Windows as well.
mod commands;
mod destination;
mod doctor;
mod fastcgi_limits;
mod http_platform;
mod iis_twins;
mod preview;
mod run;
mod server;
mod support;

// What sends signals, changes rights or has programs of a few lines of shell.
#[cfg(unix)]
mod bad_input;
#[cfg(unix)]
mod doctor_machine;
#[cfg(unix)]
mod interruption;
#[cfg(unix)]
mod server_notes;
#[cfg(unix)]
mod supervision;
#[cfg(windows)]
#[path = "supervision_windows.rs"]
mod supervision;

// What is the same on every system: its time is spent on one.
#[cfg(unix)]
mod architecture;
#[cfg(unix)]
mod ci;
#[cfg(unix)]
mod fan_out;
#[cfg(unix)]
mod messages;
#[cfg(unix)]
mod preview_command;
#[cfg(unix)]
mod publish_github;
#[cfg(unix)]
mod publish_pypi;
#[cfg(unix)]
mod secrets;
