//! The configuration: file, environment and flags become one resolved [`Config`].
//!
//! `file` has the types of every key, `read` turns YAML and TOML into a tree with places, `load` lays environment and
//! flags over it, `deserialize` gives it types, `validate` checks what types cannot say. [`Environment`] is read once, in
//! `main`, and declares every variable. This module finds nothing out about the project itself: that is `project`.

mod deserialize;
mod environment;
mod error;
pub mod file;
mod load;
mod read;
pub mod reference;
mod schema;
mod tree;
mod validate;

#[cfg(test)]
mod document_tests;
#[cfg(test)]
mod refusal_tests;
#[cfg(test)]
mod tests;

pub use environment::*;
pub use error::{Error, Problem, SettingError};
pub use file::*;
pub use load::{Config, FILE_NAMES, Overrides, PYPROJECT, Setting, from_yaml, load};
pub(crate) use schema::pretty as pretty_schema;
pub use schema::schema;
pub use tree::Origin;
