//! The integration tests: the command as its users run it, and the rules of the house.

mod architecture;
mod iis_twins;
