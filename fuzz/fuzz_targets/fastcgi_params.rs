//! Name-value pairs must be read or refused whatever the bytes, and what is read must come back when it is written.

#![no_main]

use iiswsgi::fastcgi::params::{Pairs, push_pair};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(pairs) = Pairs::new(data).collect::<Result<Vec<_>, _>>() else { return };
    let mut written = Vec::new();
    for (name, value) in &pairs {
        push_pair(&mut written, name, value);
    }
    // Lengths of four bytes may have been written where one is enough.
    assert!(written.len() <= data.len());
    let again: Vec<_> =
        Pairs::new(&written).map(|pair| pair.expect("what was written can be read")).collect();
    assert_eq!(again, pairs);
});
