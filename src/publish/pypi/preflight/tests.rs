//! The rules, by files that break one of them each.

use std::io::{Cursor, Write as _};

use ::zip::write::{SimpleFileOptions, ZipWriter};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::*;
use crate::package::archive::{self, Entry, WriteOptions};

const NAME: &str = "my_app-1.0-py3-none-any.whl";
const INFO: &str = "my_app-1.0.dist-info";
const METADATA: &str = "Metadata-Version: 2.1\nName: My.App\nVersion: 1.0\n";

/// The bytes of a wheel with more files and a complete record.
fn wheel_with(metadata: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let mut files = vec![
        (format!("{INFO}/METADATA"), metadata.to_owned()),
        (format!("{INFO}/WHEEL"), "Wheel-Version: 1.0\n".to_owned()),
    ];
    files.extend(more.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
    let record: Vec<String> = files.iter().map(|(name, _)| format!("{name},,\n")).collect();
    let record = record.concat();
    files.push((format!("{INFO}/RECORD"), record));
    packed(&files)
}

fn packed(files: &[(String, String)]) -> Vec<u8> {
    let entries: Vec<Entry> = files.iter().map(|(name, text)| Entry::bytes(name, text.as_str())).collect();
    let mut bytes = Vec::new();
    archive::write(&entries, &mut bytes, &WriteOptions::default()).unwrap();
    bytes
}

fn sdist(files: &[(&str, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_cksum();
        tar.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

fn findings(name: &str, bytes: &[u8]) -> Vec<Finding> {
    check(name, Cursor::new(bytes)).unwrap().findings
}

/// There must be this finding, and with it nothing that is fit.
#[track_caller]
fn refused(name: &str, bytes: &[u8], rule: &str, part: &str) {
    let verdict = check(name, Cursor::new(bytes)).unwrap();
    let found = verdict.findings.iter().any(|finding| finding.rule == rule && finding.text.contains(part));
    assert!(found, "{name}: {:?}", verdict.findings);
    assert!(!verdict.is_fit());
}

#[test]
fn a_good_wheel_and_a_good_source_distribution_pass() {
    let wheel = wheel_with(METADATA, &[("my_app/__init__.py", "x = 1\n")]);
    assert_eq!(findings(NAME, &wheel), []);
    let sdist = sdist(&[("my_app-1.0/PKG-INFO", METADATA), ("my_app-1.0/setup.py", "")]);
    let verdict = check("my_app-1.0.tar.gz", Cursor::new(sdist)).unwrap();
    assert_eq!(verdict.findings, []);
    assert!(verdict.is_fit());
}

#[test]
fn packages_and_feeds_are_told_where_they_belong() {
    let package = packed(&[("Manifest.xml".into(), "<m/>".into()), ("app/web.config".into(), "<c/>".into())]);
    refused("app-1.0.msdeploy.zip", &package, "sdist-format", "--hybrid-wheel");
    refused("app-1.0.zip", &package, "sdist-format", "`publish.github`");
    refused("package.zip", &package, "file-name", "Web Deploy package");
    refused("app-1.0.webpi.xml", b"<feed/>", "file-name", "is a feed");
    refused("SetParameters.xml", b"<parameters/>", "file-name", "an XML file");
    refused("app.exe", b"MZ", "file-name", "neither a wheel");
    let source = packed(&[("app-1.0/PKG-INFO".into(), METADATA.into())]);
    refused("app-1.0.zip", &source, "sdist-format", "PEP 625");
}

#[test]
fn zips_that_two_readers_understand_differently_are_refused() {
    let good = wheel_with(METADATA, &[("a.py", "x")]);
    let mut stream = ZipWriter::new_stream(Vec::new());
    stream.start_file(format!("{INFO}/METADATA"), SimpleFileOptions::default()).unwrap();
    stream.write_all(METADATA.as_bytes()).unwrap();
    let streamed = stream.finish().unwrap().into_inner();
    refused(NAME, &streamed, "zip", "data descriptor");
    refused(NAME, &[&good[..], b"x"].concat(), "zip", "something follows its end");
    refused(NAME, &[b"x", &good[..]].concat(), "zip", "does not begin with an entry");
    refused(NAME, &good[..good.len() - 3], "zip", "ends in the middle");
    refused(NAME, b"", "zip", "ends in the middle");
    let changed = |from: &[u8], to: &[u8], nth: usize| {
        let mut bytes = good.clone();
        let mut places =
            bytes.windows(from.len()).enumerate().filter(|(_, part)| *part == from).map(|(at, _)| at);
        let at = places.nth(nth).unwrap();
        bytes[at..at + to.len()].copy_from_slice(to);
        bytes
    };
    refused(NAME, &changed(b"a.py", b"b.py", 0), "zip", "lists `a.py`, which is not in it");
    refused(NAME, &changed(b"a.py", b"a\x01py", 0), "zip", "control character");
    refused(NAME, &changed(b"a.py", b"a\xFFpy", 0), "zip", "not UTF-8");
    // The method is the fourth field of the header of an entry, after its signature, version and flags.
    refused(
        NAME,
        &changed(b"PK\x03\x04\x14\x00\x00\x00", b"PK\x03\x04\x14\x00\x00\x00\x0c", 0),
        "zip",
        "method 12",
    );
}

#[test]
fn every_cut_and_every_flip_of_a_wheel_is_seen_or_harmless() {
    let good = wheel_with(METADATA, &[("a.py", "x")]);
    for length in 0..good.len() {
        assert!(!check(NAME, Cursor::new(&good[..length])).unwrap().is_fit(), "{length}");
    }
}

#[test]
fn a_wheel_has_its_three_files_and_its_own_name() {
    let without = |gone: &str| {
        let files = ["METADATA", "WHEEL", "RECORD"].into_iter().filter(|file| *file != gone);
        packed(&files.map(|file| (format!("{INFO}/{file}"), METADATA.to_owned())).collect::<Vec<_>>())
    };
    for gone in ["METADATA", "WHEEL", "RECORD"] {
        refused(NAME, &without(gone), "wheel-files", gone);
    }
    refused("other-1.0-py3-none-any.whl", &wheel_with(METADATA, &[]), "dist-info", "my_app-1.0.dist-info");
    refused("my_app-2.0-py3-none-any.whl", &wheel_with(METADATA, &[]), "dist-info", "my_app-2.0.dist-info");
    refused(
        "My.App-1.0-py3-none-any.whl",
        &wheel_with(METADATA, &[]),
        "file-name",
        "must begin with `my_app-`",
    );
    refused(
        "my_app-1.0-py3-none-linux_x86_64.whl",
        &wheel_with(METADATA, &[]),
        "wheel-platform",
        "manylinux",
    );
    let version = METADATA.replace("1.0\n", "1.1\n");
    refused(NAME, &wheel_with(&version, &[]), "file-name", "the version `1.1`");
    let entry_points = (format!("{INFO}/entry_points.txt"), "[x]\nbroken\n");
    refused(NAME, &wheel_with(METADATA, &[(&entry_points.0, entry_points.1)]), "entry-points", "line 2");
    refused(
        NAME,
        &wheel_with(&METADATA.replace("2.1\n", "2.4\nLicense-File: L\n"), &[]),
        "license-file",
        "`L`",
    );
}

#[test]
fn a_record_that_lies_is_a_warning() {
    let files = |record: &str| {
        let files = [("METADATA", METADATA), ("WHEEL", ""), ("RECORD", record)];
        let mut files: Vec<_> =
            files.iter().map(|(name, text)| (format!("{INFO}/{name}"), (*text).to_owned())).collect();
        files.push(("Manifest.xml".into(), "<m/>".into()));
        packed(&files)
    };
    let all = format!("{INFO}/METADATA,,\n{INFO}/WHEEL,,\n");
    for (record, part) in [
        (all.clone(), "does not list `Manifest.xml`"),
        (format!("{all}Manifest.xml,,\ngone.py,,\n"), "lists `gone.py`"),
        (format!("{all}Manifest.xml,sha256=AAAA,4\n"), "is not what"),
    ] {
        let findings = findings(NAME, &files(&record));
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].severity == Severity::Warning && findings[0].text.contains(part), "{findings:?}");
    }
}

#[test]
fn a_source_distribution_is_one_folder_in_a_gzipped_tar() {
    let name = "my_app-1.0.tar.gz";
    let info = ("my_app-1.0/PKG-INFO", METADATA);
    refused(name, &sdist(&[info, ("other/x", "")]), "sdist-folder", "`my_app-1.0`, `other`");
    refused(name, &sdist(&[("my_app-1.0/setup.py", "")]), "sdist-metadata", "PKG-INFO");
    refused(name, &sdist(&[("my_app-1.0/a/PKG-INFO", METADATA)]), "sdist-metadata", "PKG-INFO");
    refused(name, b"no gzip at all", "tar", "can be read");
    refused("My.App-1.0.tar.gz", &sdist(&[info]), "file-name", "`my_app-1.0.tar.gz`");
    refused("my_app-1.00.tar.gz", &sdist(&[info]), "file-name", "`my_app-1.0.tar.gz`");
    let bomb = "\0".repeat(70 << 20);
    refused(name, &sdist(&[info, ("my_app-1.0/zeros", &bomb)]), "expansion", "50 times");
}

#[test]
fn fields_are_held_to_their_rules() {
    let long = "x".repeat(513);
    for (lines, rule, part) in [
        ("Metadata-Version: 2.0\nName: My.App\nVersion: 1.0", "metadata-version", "not one of"),
        ("Name: My.App\nVersion: 1.0", "metadata-version", "missing"),
        ("Metadata-Version: 2.1\nVersion: 1.0", "name", "missing"),
        ("Metadata-Version: 2.1\nName: -x\nVersion: 1.0", "name", "letter or digit"),
        ("Metadata-Version: 2.1\nName: My.App", "version", "missing"),
        ("Metadata-Version: 2.1\nName: My.App\nVersion: one", "version", "PEP 440"),
        ("Metadata-Version: 2.1\nName: My.App\nVersion: 1.0+local", "local-version", "local version"),
        ("+Summary: LONG", "summary", "513 characters"),
        ("+Summary: a\n  b", "summary", "more than one line"),
        ("+Name: Other", "metadata", "2 times"),
        ("+License-Expression: MIT", "metadata-version", "came with metadata 2.4"),
        ("+Classifier: Private :: Do Not Upload", "classifier", "as it is meant to"),
        ("+Classifier: Nonsense :: X", "classifier", "not one that PyPI knows"),
        ("+Description-Content-Type: text/html", "description", "none of"),
        ("+Requires-Dist: a @ https://a.example/a.zip", "direct-reference", "an address"),
        ("+Requires-Dist: ?", "requirement", "no requirement"),
        ("+Requires-Python: three", "requires-python", "no version specifier"),
        ("+Project-URL: https://a.example/", "project-url", "a.example"),
        ("+Project-URL: x, ftp://a.example/", "project-url", "no http or https"),
        ("+Home-page: a.example", "url", "no http or https"),
        ("+Author-email: A <a@b>", "email", "no mail address"),
    ] {
        let lines = lines.replace("LONG", &long);
        let text = match lines.strip_prefix('+') {
            Some(more) => format!("{METADATA}{more}\n"),
            None => format!("{lines}\n"),
        };
        refused(NAME, &wheel_with(&text, &[]), rule, part);
    }
    let modern = "Metadata-Version: 2.4\nName: My.App\nVersion: 1.0\nLicense-Expression: MIT OR Apache-2.0\nDynamic: summary\n";
    assert_eq!(findings(NAME, &wheel_with(modern, &[])), []);
    for (more, part) in [
        ("License: MIT", "exclude"),
        ("Classifier: License :: OSI Approved", "exclude"),
        ("Dynamic: Name", "cannot be"),
        ("License-File: ../x", "below the project"),
    ] {
        let text = format!("{modern}{more}\n");
        let findings = findings(NAME, &wheel_with(&text, &[]));
        assert!(findings.iter().any(|finding| finding.text.contains(part)), "{more}: {findings:?}");
    }
    let good = format!(
        "{METADATA}Requires-Python: >=3.9, !=3.10.*\nRequires-Dist: flask[async]>=3 ; extra == 'x'\n\
         Project-URL: Source, https://a.example/x\nAuthor-email: A B <a@b.example>\nClassifier: Framework :: Flask\n\
         Description-Content-Type: text/markdown; charset=UTF-8; variant=GFM\nHome-page: UNKNOWN\n"
    );
    assert_eq!(findings(NAME, &wheel_with(&good, &[])), []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_under_any_name_end_in_findings(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        name in "(my_app-1.0-py3-none-any.whl|my_app-1.0.tar.gz|a-1.zip|x.xml|\\PC{0,9})",
    ) {
        let verdict = check(&name, Cursor::new(bytes)).unwrap();
        prop_assert!(!verdict.is_fit());
        prop_assert!(!verdict.findings.is_empty());
    }

    #[test]
    fn one_wrong_byte_never_panics(at in any::<proptest::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = wheel_with(METADATA, &[("a.py", "x")]);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = check(NAME, Cursor::new(bytes)).unwrap();
    }
}
