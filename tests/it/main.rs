//! The integration tests: the command as its users run it.
