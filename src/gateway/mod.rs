//! The responder.
