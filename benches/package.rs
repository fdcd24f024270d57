//! Packing a site-packages tree, against Python's `zipfile` and Info-ZIP's `zip -6`.
//!
//! `cargo bench --bench package [-- FOLDER] [--rounds N] [--alone]`. Without a folder, a virtual environment with Django,
//! Pyramid, `SQLAlchemy` and Babel is made once under `target/bench`, about 120 MB. Ours walks the tree, packs it on all
//! cores, writes the file and gives its SHA-1 and SHA-256; the others walk, pack and write. `--alone` leaves the others out,
//! and so does a tool that is missing.

mod harness;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use harness::{Contender, compare};
use iiswsgi::files::FileSource;
use iiswsgi::package::archive::{self, Entry, WriteOptions};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let work = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench");
    fs::create_dir_all(&work)?;
    let Some(tree) = harness::path().or_else(|| site_packages(&work)) else {
        say("skipped: python3 with venv and pip is needed to make the tree, or give a folder as an argument");
        return Ok(());
    };
    let (files, bytes) = measure(&entries(&tree)?);
    say(&format!("{}: {files} files, {bytes} bytes", tree.display()));
    let out = work.join("out.zip");
    let mut contenders = vec![
        Contender::new("iiswsgi, with both hashes", || pack(&tree, &out, None).unwrap_or(0)),
        Contender::new("iiswsgi, one thread", || pack(&tree, &out, std::num::NonZero::new(1)).unwrap_or(0)),
    ];
    let script = "import os, sys, zipfile\n\
        with zipfile.ZipFile(sys.argv[2], 'w', zipfile.ZIP_DEFLATED, compresslevel=6) as z:\n    \
        for folder, _, names in os.walk(sys.argv[1]):\n        for name in names:\n            \
        path = os.path.join(folder, name)\n            z.write(path, os.path.relpath(path, sys.argv[1]))\n";
    let alone = harness::flag("--alone");
    if !alone && runs(tool("python3").arg("--version")) {
        contenders.push(Contender::new("python zipfile", || {
            let _ = fs::remove_file(&out);
            runs(tool("python3").args(["-c", script]).arg(&tree).arg(&out));
            size(&out)
        }));
    } else if !alone {
        say("skipped: no python3");
    }
    if !alone && runs(tool("zip").arg("-v")) {
        contenders.push(Contender::new("zip -6 -r -D", || {
            let _ = fs::remove_file(&out);
            runs(tool("zip").args(["-6", "-r", "-q", "-D"]).arg(&out).arg(".").current_dir(&tree));
            size(&out)
        }));
    } else if !alone {
        say("skipped: no zip");
    }
    compare("packing", harness::rounds(7), &mut contenders);
    if let Some(memory) = harness::peak_memory() {
        say(&format!("peak resident memory of iiswsgi: {memory} MB"));
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a benchmark talks to who started it")]
fn say(line: &str) {
    println!("{line}");
}

#[expect(clippy::disallowed_methods, reason = "other tools are what is compared with")]
fn tool(name: &str) -> Command {
    Command::new(name)
}

fn runs(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

fn pack(tree: &Path, out: &Path, threads: Option<std::num::NonZero<usize>>) -> Result<u64, Failure> {
    let _ = fs::remove_file(out);
    let entries = entries(tree)?;
    let options = WriteOptions { threads, ..WriteOptions::default() };
    Ok(archive::write(&entries, &mut File::create(out)?, &options)?.size)
}

/// All files of a tree, as the packer gets them.
fn entries(tree: &Path) -> Result<Vec<Entry>, Failure> {
    let mut entries = Vec::new();
    let mut folders = vec![(tree.to_owned(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let metadata = entry.metadata()?;
            if metadata.is_dir() {
                folders.push((entry.path(), format!("{name}/")));
            } else if metadata.is_file() {
                entries.push(Entry::source(name, FileSource::new(entry.path(), metadata.len())));
            }
        }
    }
    Ok(entries)
}

fn measure(entries: &[Entry]) -> (usize, u64) {
    (entries.len(), entries.iter().map(|entry| entry.content.size()).sum())
}

/// Makes the tree when it is not there. None when that cannot be done here.
fn site_packages(work: &Path) -> Option<PathBuf> {
    let venv = work.join("tree");
    let marker = venv.join("complete");
    if !marker.is_file() {
        let _ = fs::remove_dir_all(&venv);
        let python = venv.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
        let made = runs(tool("python3").args(["-m", "venv"]).arg(&venv))
            && runs(
                tool(python.to_str()?)
                    .args(["-m", "pip", "install", "--quiet"])
                    .args(["Django", "pyramid", "Babel"]),
            );
        if !made {
            return None;
        }
        fs::write(&marker, "").ok()?;
    }
    let lib = if cfg!(windows) {
        venv.join("Lib")
    } else {
        fs::read_dir(venv.join("lib")).ok()?.next()?.ok()?.path()
    };
    Some(lib.join("site-packages"))
}
