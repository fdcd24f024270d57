//! Feeds from anywhere: reading, checking, extending and inspecting them never panics, what can be read can be extended,
//! and what was extended can be read again.

#![no_main]

use iiswsgi::feed::{self, EntryKind, Feed, Timestamp};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let findings = feed::check(bytes);
    let _ = iiswsgi::inspect::inspect_bytes("feed.xml".as_ref(), bytes);
    let mut new = Feed::new("urn:new", "New", Timestamp::as_written("2026-11-22T17:00:00Z"));
    new.entries.push(feed::Entry::new(EntryKind::Application, "Product", "1.0"));
    match feed::read(bytes) {
        Ok(read) => {
            let _ = feed::write(&read);
            // A lone `entry` can be read and has nothing around it to be extended.
            if let Ok(merged) = feed::merge(bytes, &new) {
                let again = feed::read(merged.text.as_bytes()).expect("a merged feed is well-formed");
                assert!(again.entry("Product").is_some_and(|entry| entry.version == "1.0"));
            }
        }
        Err(_) => assert!(!findings.is_empty(), "what cannot be read has a finding"),
    }
});
