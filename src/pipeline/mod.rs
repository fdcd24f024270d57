//! The pipeline.

pub mod report;
