//! Archives that other tools write, and those that somebody with bad intent would make.

use std::io::{self, Cursor, Write};

use super::super::record::{DosTime, Header};
use super::super::*;
use super::{content, open};

/// An archive as another tool, or somebody with bad intent, would make it: all fields are free.
#[derive(Clone)]
struct Raw {
    name: Vec<u8>,
    local_name: Option<Vec<u8>>,
    flags: u16,
    method: u16,
    system: u8,
    attributes: u32,
    size: u32,
    crc: Option<u32>,
    data: Vec<u8>,
}

impl Raw {
    fn new(name: &str, data: &[u8]) -> Self {
        Self {
            name: name.into(),
            local_name: None,
            flags: 0,
            method: 0,
            system: 0,
            attributes: 0,
            size: u32::try_from(data.len()).unwrap(),
            crc: None,
            data: data.to_vec(),
        }
    }

    fn deflated(name: &str, plain: &[u8]) -> Self {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(9));
        encoder.write_all(plain).unwrap();
        let (size, crc) = (u32::try_from(plain.len()).unwrap(), Some(crc32fast::hash(plain)));
        Self { method: 8, size, crc, ..Self::new(name, &encoder.finish().unwrap()) }
    }

    /// Both headers, with name and flags put over those of the writer.
    fn headers(&self, offset: u32) -> (Vec<u8>, Vec<u8>) {
        let crc = self.crc.unwrap_or_else(|| crc32fast::hash(&self.data));
        let packed = u32::try_from(self.data.len()).unwrap();
        let header = |name: &[u8], central: bool| {
            let blank = "x".repeat(name.len());
            let (folder, time) = (false, DosTime::of(None));
            let header =
                Header { name: &blank, folder, time, method: self.method, crc, packed, size: self.size };
            let mut out = Vec::new();
            if central {
                header.central(offset, &mut out);
            } else {
                header.local(&mut out);
            }
            let length = out.len();
            out[length - name.len()..].copy_from_slice(name);
            let flags_at = if central { 8 } else { 6 };
            out[flags_at..flags_at + 2].copy_from_slice(&self.flags.to_le_bytes());
            out
        };
        let mut central = header(&self.name, true);
        central[5] = self.system;
        central[38..42].copy_from_slice(&self.attributes.to_le_bytes());
        (header(self.local_name.as_ref().unwrap_or(&self.name), false), central)
    }
}

fn raw(entries: &[Raw]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let (local, central) = entry.headers(u32::try_from(out.len()).unwrap());
        out.extend(local);
        out.extend(&entry.data);
        directory.extend(central);
    }
    let (size, offset) = (u32::try_from(directory.len()).unwrap(), u32::try_from(out.len()).unwrap());
    out.extend(directory);
    out.extend(record::end(u16::try_from(entries.len()).unwrap(), size, offset));
    out
}

fn refusal(entries: &[Raw]) -> String {
    open(&raw(entries)).expect_err("refused").to_string()
}

#[test]
fn what_real_tools_write_is_read() {
    let entries = [
        Raw { attributes: 0x10, ..Raw::new("app\\", b"") },
        Raw::new("app\\Web.config", b"<configuration/>"),
        Raw { system: 3, attributes: 0o100_644 << 16, ..Raw::deflated("./app/b.py", b"print(1)") },
        Raw { flags: 8, ..Raw::new("caf\u{e9}.txt", b"x") },
    ];
    let mut bytes = b"#!/bin/sh in front\n".to_vec();
    bytes.extend(raw(&entries));
    // A comment of three bytes, and one byte after the end.
    let length = bytes.len();
    bytes[length - 2] = 3;
    bytes.extend(b"hey\n");
    let mut reader = open(&bytes).unwrap();
    let names: Vec<_> = reader.entries().iter().map(|entry| (&*entry.name, entry.folder)).collect();
    assert_eq!(names, [("app", true), ("app/Web.config", false), ("app/b.py", false), ("café.txt", false)]);
    assert_eq!(reader.read("APP\\web.CONFIG", 100).unwrap(), b"<configuration/>");
    assert_eq!(reader.read("app/b.py", 100).unwrap(), b"print(1)");
    assert!(matches!(reader.read("app/b.py", 7), Err(Error::TooLarge { size: 8, limit: 7, .. })));
    assert!(matches!(reader.read("nothing", 7), Err(Error::Missing { .. })));
}

#[test]
fn archives_that_do_harm_are_refused() {
    let file = |name: &str| Raw::new(name, b"x");
    insta::assert_snapshot!(refusal(&[file("../a")]), @"the archive entry `../a` leads out of its folder");
    insta::assert_snapshot!(refusal(&[file("a\\..\\..\\b")]), @r"the archive entry `a\..\..\b` leads out of its folder");
    insta::assert_snapshot!(refusal(&[file("/etc/passwd")]), @"the archive entry `/etc/passwd` is an absolute path");
    insta::assert_snapshot!(refusal(&[file("C:\\a")]), @r"the archive entry `C:\a` has a colon, which is a drive or a stream on Windows");
    insta::assert_snapshot!(refusal(&[file("Web.config"), file("web.config")]), @"the archive entries `Web.config` and `web.config` have the same name on Windows");
    insta::assert_snapshot!(refusal(&[file("a/b"), file("a\\b")]), @r"the archive entries `a/b` and `a\b` have the same name on Windows");
    insta::assert_snapshot!(refusal(&[file("a/b"), file("a")]), @"the archive has `a` as a file and `a/b` inside it");
    insta::assert_snapshot!(refusal(&[Raw { flags: 1, ..file("a") }]), @"the archive entry `a` is encrypted");
    insta::assert_snapshot!(refusal(&[Raw { method: 14, ..file("a") }]), @"the archive entry `a` is compressed with the unsupported method 14");
    let link = Raw { system: 3, attributes: 0o120_777 << 16, ..file("a") };
    insta::assert_snapshot!(refusal(&[link]), @"the archive entry `a` is a link or device, not a file or folder");
}

#[test]
fn bombs_are_refused() {
    let zeros = Raw::deflated("zeros", &vec![0; 20 << 20]);
    let copies: Vec<Raw> = (0..20).map(|at| Raw { name: format!("{at}").into(), ..zeros.clone() }).collect();
    let error = refusal(&copies);
    assert_eq!(
        error,
        "`12` takes the archive to 272629760 bytes unpacked, 268435456 are allowed for its size"
    );
    assert!(Reader::open(Cursor::new(raw(&copies)), Limits::own()).is_ok());
    let limits = Limits { entries: 19, ..Limits::default() };
    assert!(matches!(
        Reader::open(Cursor::new(raw(&copies)), limits),
        Err(Error::TooManyEntries { count: 20, .. })
    ));
    // It says that it is small.
    let mut reader_bytes = raw(&[Raw { size: 10, ..zeros }]);
    let mut reader = open(&reader_bytes).unwrap();
    let error = reader.copy_to("zeros", &mut io::sink()).unwrap_err().to_string();
    assert_eq!(error, "the archive is damaged at `zeros`: it unpacks to more bytes than it says");
    // Two entries that share their data.
    reader_bytes = raw(&[Raw::new("a", b"12345"), Raw::new("b", b"12345")]);
    let second = reader_bytes.windows(4).rposition(|bytes| bytes == b"PK\x01\x02").unwrap();
    reader_bytes[second + 42] = 0;
    let error = open(&reader_bytes).unwrap_err().to_string();
    assert_eq!(error, "the archive is damaged at `a`: it overlaps the next entry");
}

#[test]
fn damage_is_found() {
    let bytes = raw(&[Raw { crc: Some(7), ..Raw::new("a", b"12345") }]);
    let error = open(&bytes).unwrap().read("a", 100).unwrap_err().to_string();
    assert_eq!(error, "the checksum of the archive entry `a` is wrong");
    let bytes = raw(&[Raw { local_name: Some(b"b".into()), ..Raw::new("a", b"12345") }]);
    let error = open(&bytes).unwrap().read("a", 100).unwrap_err().to_string();
    assert_eq!(error, "the archive is damaged at `a`: its own header has another name than the directory");
    let whole = raw(&[Raw::deflated("a", &content(1, 5000, false)), Raw::new("b", b"12345")]);
    for length in 0..whole.len() {
        let error = open(&whole[..length]).expect_err("cut off").to_string();
        assert!(error.starts_with("this is not a whole zip archive: "), "{error}");
    }
    insta::assert_snapshot!(
        open(b"<html>404</html> is no archive").unwrap_err(),
        @"this is not a whole zip archive: it has no end record"
    );
}
