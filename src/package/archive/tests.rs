//! Archives written and read back, here and by other tools. Those of others, and those that must be refused, are in `foreign`.

mod foreign;

use std::io::{self, Cursor, Read, Write};
use std::num::NonZero;
use std::sync::atomic::AtomicBool;

use proptest::prelude::*;

use super::record::DosTime;
use super::write::{Bounds, write_within};
use super::*;

/// Bytes that come out of a seed: noise when `noisy`, else text-like.
fn content(seed: u64, length: usize, noisy: bool) -> Vec<u8> {
    let mut state = seed | 1;
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let byte = state.to_be_bytes()[0];
            if noisy { byte } else { b'a' + byte % 5 }
        })
        .collect()
}

/// A source that says one size and gives another number of bytes.
struct Lying {
    said: u64,
    given: usize,
}

impl Source for Lying {
    fn size(&self) -> u64 {
        self.said
    }

    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(Cursor::new(content(3, self.given, true))))
    }
}

fn packed(entries: &[Entry]) -> Vec<u8> {
    let mut out = Vec::new();
    let digests = write(entries, &mut out, &WriteOptions::default()).unwrap();
    assert_eq!(digests, Digests::of(&out));
    out
}

fn open(bytes: &[u8]) -> Result<Reader<Cursor<&[u8]>>, Error> {
    Reader::open(Cursor::new(bytes), Limits::default())
}

fn refused(entries: &[Entry]) -> String {
    let mut out = Vec::new();
    let error = write(entries, &mut out, &WriteOptions::default()).unwrap_err();
    assert!(out.is_empty(), "nothing is written");
    error.to_string()
}

#[test]
fn an_archive_is_sorted_and_plain() {
    let out = packed(&[
        Entry::bytes("parameters.xml", "<parameters/>"),
        Entry::bytes("Content/a.txt", vec![b'a'; 1000]),
        Entry::bytes("archive.xml", ""),
        Entry::folder("Content"),
    ]);
    let reader = open(&out).unwrap();
    let names: Vec<_> =
        reader.entries().iter().map(|entry| (&*entry.name, entry.folder, entry.size)).collect();
    assert_eq!(
        names,
        [
            ("archive.xml", false, 0),
            ("Content", true, 0),
            ("Content/a.txt", false, 1000),
            ("parameters.xml", false, 13)
        ]
    );
    assert!(reader.entries()[2].packed < 50, "deflated");
    assert_eq!(reader.entries()[3].packed, 13, "stored, because deflate does not help");
    // Version 2.0, no flags, deflated or stored, 1980-01-01: what Web Deploy writes.
    assert_eq!(out[..14], *b"PK\x03\x04\x14\0\0\0\0\0\0\0\x21\0");
}

#[test]
fn the_same_entries_give_the_same_bytes_in_any_order_on_any_number_of_threads() {
    let mut entries: Vec<Entry> = (0_u64..200)
        .map(|seed| Entry::bytes(format!("f/{seed}"), content(seed, 5000, seed % 3 == 0)))
        .collect();
    let first = packed(&entries);
    entries.reverse();
    for threads in [1, 2, 7] {
        let mut out = Vec::new();
        let options = WriteOptions { threads: NonZero::new(threads), ..WriteOptions::default() };
        write(&entries, &mut out, &options).unwrap();
        assert!(out == first, "{threads} threads");
    }
}

#[test]
fn the_time_is_that_of_source_date_epoch() {
    let mut out = Vec::new();
    let options = WriteOptions { time: Some(1_795_374_555), ..WriteOptions::default() };
    write(&[Entry::bytes("a", "b")], &mut out, &options).unwrap();
    let time = DosTime::of(Some(1_795_374_555));
    assert_eq!(out[10..14], [time.time.to_le_bytes(), time.date.to_le_bytes()].concat());
}

#[test]
fn missing_folders_are_added_once() {
    let mut entries = vec![
        Entry::bytes("a/b/c", "1"),
        Entry::bytes("a/b/d", "2"),
        Entry::folder("a"),
        Entry::folder("e/f"),
    ];
    add_folders(&mut entries);
    let mut names: Vec<_> = entries.iter().map(|entry| &*entry.name).collect();
    names.sort_unstable();
    assert_eq!(names, ["a/", "a/b/", "a/b/c", "a/b/d", "e/", "e/f/"]);
}

#[test]
fn unfit_names_are_refused_before_anything_is_written() {
    let file = |name: &str| Entry::bytes(name, "x");
    insta::assert_snapshot!(refused(&[file("a\\b")]), @r"the archive entry `a\b` has a backslash in its name");
    insta::assert_snapshot!(refused(&[file("/a")]), @"the archive entry `/a` is an absolute path");
    insta::assert_snapshot!(refused(&[file("a/../b")]), @"the archive entry `a/../b` leads out of its folder");
    insta::assert_snapshot!(refused(&[file("")]), @"the archive entry `` has an empty name");
    insta::assert_snapshot!(refused(&[file("a"), file("A")]), @"the archive entries `A` and `a` have the same name on Windows");
    insta::assert_snapshot!(refused(&[file("É"), file("é")]), @"the archive entries `É` and `é` have the same name on Windows");
    insta::assert_snapshot!(refused(&[file("a"), file("a/b")]), @"the archive has `a` as a file and `a/b` inside it");
}

#[test]
fn limits_are_checked_before_anything_is_written_and_name_the_file() {
    insta::assert_snapshot!(
        refused(&[Entry::bytes("a", "x"), Entry::source("big.bin", Lying { said: MAX_FILE + 1, given: 0 })]),
        @"`big.bin` has 2147483648 bytes, 2147483647 are allowed"
    );
    let many: Vec<Entry> = (0..=MAX_ENTRIES).map(|at| Entry::bytes(format!("{at:05}"), "")).collect();
    insta::assert_snapshot!(
        refused(&many),
        @"the archive has 65536 entries, 65535 are allowed; the first one too many is `65535`"
    );
    assert_eq!(open(&packed(&many[1..])).unwrap().entries().len(), MAX_ENTRIES);
}

#[test]
fn an_archive_that_grows_over_the_limit_is_given_up_at_that_file() {
    let entries: Vec<Entry> =
        (0..10).map(|at| Entry::bytes(format!("{at}"), content(at, 100, true))).collect();
    let exact = packed(&entries).len() as u64;
    let with = |archive| {
        let bounds = Bounds { archive, ..Bounds::FORMAT };
        write_within(&entries, &mut io::sink(), &WriteOptions::default(), bounds)
    };
    assert!(with(exact).is_ok());
    assert_eq!(
        with(exact - 1).unwrap_err().to_string(),
        format!("the archive grows over {} bytes with `9`", exact - 1)
    );
}

#[test]
fn a_file_that_changes_meanwhile_is_named() {
    let changed = |said, given| {
        let entries = [Entry::source("log.txt", Lying { said, given })];
        write(&entries, &mut io::sink(), &WriteOptions::default()).unwrap_err().to_string()
    };
    insta::assert_snapshot!(changed(10, 9), @"`log.txt` changed while it was packed: 10 bytes were expected, 9 were read");
    insta::assert_snapshot!(changed(10, 11), @"`log.txt` changed while it was packed: 10 bytes were expected, there were more");
    insta::assert_snapshot!(changed(0, 1), @"`log.txt` changed while it was packed: 0 bytes were expected, there were more");
}

#[test]
fn a_source_that_fails_and_a_full_disk_are_told() {
    struct Locked;
    impl Source for Locked {
        fn size(&self) -> u64 {
            1
        }
        fn open(&self) -> io::Result<Box<dyn Read + Send>> {
            Err(io::Error::from(io::ErrorKind::PermissionDenied))
        }
    }
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::from(io::ErrorKind::StorageFull))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let error = write(&[Entry::source("a", Locked)], &mut io::sink(), &WriteOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), "cannot read `a` for the archive");
    let error = write(&[Entry::bytes("a", "x")], &mut Full, &WriteOptions::default()).unwrap_err();
    assert!(matches!(error, Error::Write(_)));
}

#[test]
fn progress_is_told_and_cancelling_ends_it() {
    let entries: Vec<Entry> = (0..9).map(|at| Entry::bytes(format!("{at}"), "12345")).collect();
    let told = std::cell::RefCell::new(Vec::new());
    let progress = |now: Progress<'_>| {
        if now.entries == 9 {
            told.borrow_mut().push((now.name.to_owned(), now.bytes, now.all_bytes));
        }
    };
    let options = WriteOptions { progress: Some(&progress), ..WriteOptions::default() };
    write(&entries, &mut io::sink(), &options).unwrap();
    assert_eq!(*told.borrow(), [("8".to_owned(), 45, 45)]);
    let cancel = AtomicBool::new(true);
    let options = WriteOptions { cancel: Some(&cancel), ..WriteOptions::default() };
    assert!(matches!(write(&entries, &mut io::sink(), &options), Err(Error::Cancelled)));
}

#[test]
fn a_large_file_goes_through_pieces_and_comes_back() {
    let bounds = Bounds { whole: 1 << 20, ..Bounds::FORMAT };
    let text = content(5, 9_000_000, false);
    let noise = content(5, 1_048_577, true);
    let entries = [Entry::bytes("noise", noise.clone()), Entry::bytes("text", text.clone())];
    let mut outs = [1, 2, 3].map(|threads| {
        let mut out = Vec::new();
        let options = WriteOptions { threads: NonZero::new(threads), ..WriteOptions::default() };
        write_within(&entries, &mut out, &options, bounds).unwrap();
        out
    });
    assert!(outs[0] == outs[1] && outs[0] == outs[2], "the same on any number of threads");
    let mut reader = open(&outs[0]).unwrap();
    assert!(reader.entries()[1].packed < text.len() as u64 / 2);
    assert_eq!(reader.entries()[0].packed, noise.len() as u64, "stored");
    assert!(reader.read("text", MAX_FILE).unwrap() == text);
    assert!(reader.read("noise", MAX_FILE).unwrap() == noise);
    // Wrong sizes are noticed here as well.
    outs[0].clear();
    for (said, given, end) in
        [(2 << 20, (2 << 20) + 1, "there were more"), (5 << 20, 4 << 20, "4194304 were read")]
    {
        let entry = Entry::source("grown", Lying { said, given });
        let error = write_within(&[entry], &mut outs[0], &WriteOptions::default(), bounds).unwrap_err();
        assert!(error.to_string().ends_with(end), "{error}");
    }
}

#[test]
fn a_python_reads_what_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zip");
    std::fs::write(
        &path,
        packed(&[
            Entry::folder("naïve"),
            Entry::bytes("naïve/日本.txt", content(1, 9000, false)),
            Entry::bytes("empty", ""),
            Entry::bytes("noise", content(2, 9000, true)),
        ]),
    )
    .unwrap();
    let script = "import sys, zipfile\n\
        with zipfile.ZipFile(sys.argv[1]) as z:\n    assert z.testzip() is None\n    \
        print([(ascii(i.filename), i.file_size, i.compress_type, i.date_time[:3], i.is_dir()) for i in z.infolist()])";
    #[expect(clippy::disallowed_methods, reason = "a test that asks another implementation")]
    let ran = std::process::Command::new("python3").args(["-c", script]).arg(&path).output();
    let Ok(ran) = ran else {
        eprintln!("skipped: no python3");
        return;
    };
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    insta::assert_snapshot!(
        String::from_utf8_lossy(&ran.stdout).trim().replace("), (", "),\n("),
        @r#"
    [("'empty'", 0, 0, (1980, 1, 1), False),
    ("'na\\xefve/'", 0, 0, (1980, 1, 1), True),
    ("'na\\xefve/\\u65e5\\u672c.txt'", 9000, 8, (1980, 1, 1), False),
    ("'noise'", 9000, 0, (1980, 1, 1), False)]
    "#
    );
}

/// Entry names that fit, without two that are one on Windows or a file inside a file.
fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let file = ("[a-z0-9é日 ._-]{0,12}", any::<u64>(), 0_usize..3000, any::<bool>());
    prop::collection::vec((0_usize..3, file), 0..20).prop_map(|files| {
        let mut entries: Vec<Entry> = files
            .into_iter()
            .enumerate()
            .map(|(at, (depth, (name, seed, length, noisy)))| {
                Entry::bytes(format!("{}{at}x{name}x", "d/".repeat(depth)), content(seed, length, noisy))
            })
            .collect();
        add_folders(&mut entries);
        entries
    })
}

proptest! {
    #[test]
    fn any_entries_come_back_equal(entries in entries(), threads in 1_usize..4) {
        let mut out = Vec::new();
        let options = WriteOptions { threads: NonZero::new(threads), ..WriteOptions::default() };
        write(&entries, &mut out, &options).unwrap();
        let mut reader = open(&out).unwrap();
        prop_assert_eq!(reader.entries().len(), entries.len());
        for entry in &entries {
            match &entry.content {
                Content::Bytes(bytes) => prop_assert_eq!(&reader.read(&entry.name, 10_000).unwrap(), bytes),
                _ => prop_assert!(reader.find(&entry.name).unwrap().folder),
            }
        }
    }

    #[test]
    fn another_reader_agrees(entries in entries()) {
        let mut theirs = zip::ZipArchive::new(Cursor::new(packed(&entries))).unwrap();
        prop_assert_eq!(theirs.len(), entries.len());
        for entry in &entries {
            let mut read = Vec::new();
            theirs.by_name(&entry.name).unwrap().read_to_end(&mut read).unwrap();
            prop_assert_eq!(read.len() as u64, entry.content.size());
        }
    }

    #[test]
    fn changed_bytes_never_make_the_reader_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        seed: u64,
    ) {
        let mut bytes = packed(&[
            Entry::folder("a"),
            Entry::bytes("a/b", content(seed, 500, false)),
            Entry::bytes("c", content(seed, 50, true)),
        ]);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(mut reader) = open(&bytes) {
            for index in 0..reader.entries().len() {
                let _ = reader.copy_entry(index, &mut io::sink());
            }
        }
    }
}
