//! The WebPI cache.
