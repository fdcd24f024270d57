//! The integration tests: the command as its users run it, and the rules of the house.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that cannot go on should stop")]

mod architecture;
mod bad_input;
mod commands;
mod iis_twins;
mod interruption;
mod run;
mod supervision;
mod support;
