//! How long a run on many machines takes to plan and to merge, and whether the time grows with the packages alone.
//!
//! `cargo bench --bench fan_out`: the command itself, as a job runs it, on a folder of plain projects. One package is
//! really made; the others are that one under other names, each with files and a manifest of its own. Each row is the
//! best of several runs; the last column is the time per package against that of 1,000, so that 1.0 is linear.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

const SIZES: [usize; 3] = [500, 1_000, 4_000];
const RUNS: usize = 5;
const APP: &str =
    "def application(environ, start_response):\n    start_response('200 OK', [])\n    return [b'x']\n";

#[expect(clippy::print_stdout, reason = "the table is what a benchmark is for")]
fn main() -> Result<(), Box<dyn Error>> {
    println!("{:<8} {:>9} {:>12} {:>12}", "work", "packages", "time", "per package");
    let mut rows = Vec::new();
    for size in SIZES {
        let folder = tempfile::tempdir()?;
        projects(folder.path(), size)?;
        let plan = best(|| run(folder.path(), &["plan", "--matrix"]))?;
        legs(folder.path())?;
        let merge = best(|| run(folder.path(), &["merge", "dist"]))?;
        rows.push((size, plan, merge));
    }
    for (name, index) in [("plan", 0), ("merge", 1)] {
        let time = |row: &(usize, Duration, Duration)| if index == 0 { row.1 } else { row.2 };
        for row in &rows {
            let each = |row: &(usize, Duration, Duration)| {
                time(row).as_secs_f64() / f64::from(u32::try_from(row.0).unwrap_or(1))
            };
            let milliseconds = time(row).as_secs_f64() * 1000.0;
            println!("{name:<8} {:>9} {milliseconds:>9.1} ms {:>12.2}", row.0, each(row) / each(&rows[1]));
        }
    }
    Ok(())
}

/// The command in a folder; it must succeed.
#[expect(clippy::disallowed_methods, reason = "a benchmark of the command runs it")]
fn run(folder: &Path, arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_iiswsgi"));
    command.args(arguments).current_dir(folder).env_remove("GITHUB_ACTIONS");
    let output = command.output()?;
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(()) } else { Err(talk.into()) }
}

fn projects(folder: &Path, count: usize) -> Result<(), Box<dyn Error>> {
    fs::write(folder.join("iiswsgi.yml"), "packages: [apps/*]\n")?;
    for number in 0..count {
        let root = folder.join(format!("apps/app{number:05}"));
        fs::create_dir_all(&root)?;
        fs::write(root.join("wsgi.py"), APP)?;
        let metadata =
            format!("[project]\nname = 'app{number:05}'\nversion = '1.0'\ndescription = 'An application'\n");
        fs::write(root.join("pyproject.toml"), metadata)?;
    }
    Ok(())
}

/// What all legs leave: the first package made, the others copied from it.
fn legs(folder: &Path) -> Result<(), Box<dyn Error>> {
    run(folder, &["run", "--plan", "plan.json", "--only", "apps-app00000", "--skip", "install,test"])?;
    let dist = folder.join("dist");
    let manifest: Value = serde_json::from_slice(&fs::read(dist.join("apps-app00000.manifest.json"))?)?;
    let plan: Value = serde_json::from_slice(&fs::read(folder.join("plan.json"))?)?;
    for package in plan["packages"].as_array().into_iter().flatten().skip(1) {
        let name = package["name"].as_str().unwrap_or_default();
        let text = manifest.to_string().replace("app00000", name);
        fs::write(dist.join(format!("apps-{name}.manifest.json")), text)?;
        for file in manifest["files"].as_array().into_iter().flatten() {
            let file = file["name"].as_str().unwrap_or_default();
            fs::copy(dist.join(file), dist.join(file.replace("app00000", name)))?;
        }
    }
    fs::rename(folder.join("plan.json"), dist.join("plan.json"))?;
    Ok(())
}

fn best(mut work: impl FnMut() -> Result<(), Box<dyn Error>>) -> Result<Duration, Box<dyn Error>> {
    let mut best = Duration::MAX;
    for _ in 0..RUNS {
        let start = Instant::now();
        work()?;
        best = best.min(start.elapsed());
    }
    Ok(best)
}
