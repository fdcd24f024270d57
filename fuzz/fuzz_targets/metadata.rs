//! Core metadata, file names, `.pypirc` and whole distributions: no bytes make the readers panic.

#![no_main]

use std::io::Cursor;

use iiswsgi::publish::pypi::distribution::FileName;
use iiswsgi::publish::pypi::metadata::Metadata;
use iiswsgi::publish::pypi::{preflight, pypirc};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(metadata) = Metadata::read(bytes) {
        let form = metadata.form();
        assert!(form.iter().all(|(name, _)| !name.is_empty()));
    }
    for name in ["a-1.0-py3-none-any.whl", "a-1.0.tar.gz", "a-1.0.zip", "a.xml"] {
        let _ = preflight::check(name, Cursor::new(bytes));
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = FileName::parse(text).map(|file| file.belongs_to(text, text));
        let _ = pypirc::read(text);
    }
});
