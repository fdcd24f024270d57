//! One run on many machines: a plan as a file, a manifest from each machine, and what joins them again.
//!
//! `plan` finds the packages and deals them out to legs ([`PlanFile`]); each leg makes its packages and leaves a
//! [`Manifest`] beside each; [`merge()`] wants every planned package exactly once, compares sizes and hashes with the
//! bytes, and gives the plan and the packages back as if one machine had made them: the feed and the publishing are then
//! those of any run. Nothing here knows GitHub: a leg is whatever runs `iiswsgi run --plan FILE --only ID`.
//!
//! The files hold the machines together, so they are strict: a manifest names its plan by the plan's SHA-256.

mod error;
mod legs;
mod manifest;
mod merge;
mod outline;
mod plan_file;

#[cfg(test)]
mod tests;

pub use error::Error;
pub use legs::{Leg, MAX_LEGS, deal};
pub use manifest::{MANIFEST_SUFFIX, Manifest, ManifestFile, Role, StageResult};
pub use merge::{Merged, merge};
pub use outline::{Legs, planned};
pub use plan_file::{PLAN_NAME, PlanFile, Planned, PlannedPackage, Run};

/// The version of the form of plans and manifests. Both are read by the version that wrote them alone.
pub const SCHEMA_VERSION: u32 = 1;
