//! Any bytes as an archive: nothing may panic, hang, or unpack more than was promised.

#![no_main]

use std::io::{Cursor, sink};

use iiswsgi::package::archive::{Limits, Reader};
use iiswsgi::package::archive_format::Contents;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { entries: 1000, total: 16 << 20, ..Limits::default() };
    let Ok(mut reader) = Reader::open(Cursor::new(bytes), limits) else { return };
    for index in 0..reader.entries().len() {
        let size = reader.entries()[index].size;
        let mut plain = Vec::new();
        if let Ok(written) = reader.copy_entry(index, &mut plain) {
            assert_eq!((written, plain.len() as u64), (size, size));
        } else {
            assert!(plain.len() as u64 <= size);
        }
    }
    let _ = Contents::read(&mut reader);
    let _ = reader.copy_to("a", &mut sink());
});
