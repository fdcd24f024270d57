//! Any text as `iiswsgi.yml`: read, or refused at a place that is in the file.

#![no_main]

use std::path::Path;

use iiswsgi::config::{self, Error};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Err(error) = config::from_yaml(Path::new("iiswsgi.yml"), text) else { return };
    assert!(!error.to_string().is_empty());
    let location = match &error {
        Error::Syntax { location, .. } => Some(location),
        Error::Setting(setting) => setting.origin.location(),
        _ => None,
    };
    // The end of a text that breaks off is on the line after its last.
    assert!(location.is_none_or(|location| location.line <= text.split(['\n', '\r']).count() + 1), "{error}");
});
