//! SHA-1 of a file, against `openssl sha1` and `sha1sum`.
//!
//! `cargo bench --bench digest [-- FILE] [--rounds N]`. Without a file, one of 512 MiB is made under `target/bench`. Ours
//! is timed in this process, the others with their start, which such a file makes small. A tool that is missing is left
//! out.

mod harness;

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use harness::{Contender, compare};
use iiswsgi::digest;

const SIZE: usize = 512 << 20;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let path = harness::path().map_or_else(sample, Ok)?;
    let size = fs::metadata(&path)?.len();
    let mut contenders = vec![
        Contender::new("iiswsgi, SHA-1", || {
            File::open(&path).and_then(|mut file| digest::sha1(&mut file)).map_or(0, |_| size)
        }),
        Contender::new("iiswsgi, SHA-1 and SHA-256", || {
            File::open(&path).and_then(|mut file| digest::Digests::of_reader(&mut file)).map_or(0, |_| size)
        }),
    ];
    for arguments in [&["openssl", "sha1"][..], &["sha1sum"]] {
        let name = if arguments.len() == 2 { "openssl sha1" } else { "sha1sum" };
        if runs(tool(arguments, Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml").as_path())) {
            let path = &path;
            contenders.push(Contender::new(name, move || if runs(tool(arguments, path)) { size } else { 0 }));
        } else {
            say(&format!("skipped: no {name}"));
        }
    }
    compare("SHA-1", harness::rounds(9), &mut contenders);
    if harness::flag("--memory") {
        say(&format!("peak resident memory: {} MB", harness::peak_memory().unwrap_or(0)));
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a benchmark talks to who started it")]
fn say(line: &str) {
    println!("{line}");
}

#[expect(clippy::disallowed_methods, reason = "other tools are what is compared with")]
fn tool(arguments: &[&str], path: &Path) -> Command {
    let mut command = Command::new(arguments[0]);
    command.args(&arguments[1..]).arg(path);
    command
}

fn runs(mut command: Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// A file with bytes that hash like any others.
fn sample() -> Result<PathBuf, Failure> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench");
    fs::create_dir_all(&folder)?;
    let path = folder.join("sample.bin");
    if fs::metadata(&path).is_ok_and(|metadata| metadata.len() == SIZE as u64) {
        return Ok(path);
    }
    let piece: Vec<u8> = (0..1_u32 << 20).map(|at| at.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    let mut file = File::create(&path)?;
    for _ in 0..SIZE >> 20 {
        file.write_all(&piece)?;
    }
    Ok(path)
}
