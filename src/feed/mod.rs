//! WebPI feeds: what they hold, and how they are written, read, checked and extended.
//!
//! A feed is an Atom document with elements of the Web Platform Installer in Atom's own namespace. There is no public
//! schema: the model follows the union of the public feeds. WebPI itself was retired at the end of 2022, so a feed is a
//! compatibility output; everything else works without one.
//!
//! [`Feed`] is the model. [`Application`] and [`PythonProduct`] become its entries, [`write()`] writes it, [`read()`]
//! reads any feed as far as it can be understood, [`check()`] says what is wrong with one, and [`merge()`] puts entries
//! into the text of an existing one. [`url`] fills in the template of a package's address.
//!
//! Not here: files, the network and the clock. The caller brings bytes, sizes, hashes and times.

mod build;
mod check;
mod error;
mod installer;
mod merge;
mod model;
mod read;
mod time;
pub mod url;
mod write;

pub use build::{About, Application, Options, PackageFile, PythonProduct, split_keywords};
pub use check::check;
pub(crate) use check::check_document;
pub use error::Error;
pub use installer::{Dependency, DiscoveryHint, InstallCommand, Installer, InstallerFile, MsDeploy};
pub use merge::{Merged, merge};
pub use model::{Entry, EntryKind, Feed, Keyword, Language, Link, NamedDependency, Person, Resources, Text};
pub use read::read;
pub(crate) use read::read_document;
pub use time::Timestamp;
pub use write::write;

/// The one namespace of WebPI feeds: RFC 4287. Their own elements stand in it as well.
pub const NAMESPACE: &str = "http://www.w3.org/2005/Atom";
