//! The integration tests: the command as its users run it, and the rules of the house.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
#![expect(
    clippy::disallowed_methods,
    reason = "tests run the command and are told their data by the environment"
)]
#![expect(clippy::print_stderr, reason = "a test that has nothing to look at says so")]

mod architecture;
mod bad_input;
mod ci;
mod commands;
mod destination;
mod doctor;
mod doctor_machine;
mod fan_out;
mod fastcgi_limits;
mod http_platform;
mod iis_twins;
mod interruption;
mod messages;
mod preview;
mod preview_command;
mod publish_github;
mod publish_pypi;
mod run;
mod secrets;
mod server;
#[cfg(unix)]
mod server_notes;
mod supervision;
mod support;
