//! Interrupted runs: the last good outputs stay, no process is left behind, the next run works.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::run::HELLO;
use crate::support::Project;

/// An application whose start takes for ever and that says so in a file.
const SLOW: &str = "\
import os, pathlib, time
pathlib.Path(os.environ['STARTED']).write_text(str(os.getpid()))
time.sleep(600)
def application(environ, start_response): ...
";

struct Interrupted {
    project: Project,
    child: Child,
    gateway: String,
}

/// A project with good outputs whose second run has come as far as starting the application.
fn started() -> Interrupted {
    let project = Project::new().file("wsgi.py", HELLO);
    project.run(["run"]).success();
    let marker = project.path("../started");
    let project = project.file("wsgi.py", SLOW).env("STARTED", &marker.to_string_lossy());
    let child = project.command(["run"]).stderr(Stdio::piped()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    let gateway = loop {
        if let Ok(text) = std::fs::read_to_string(&marker)
            && !text.is_empty()
        {
            break text;
        }
        assert!(Instant::now() < deadline, "the application did not start");
        std::thread::sleep(Duration::from_millis(20));
    };
    Interrupted { project, child, gateway }
}

fn is_alive(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z'))
}

fn ends(signal: &str, code: Option<i32>) {
    let Interrupted { project, mut child, gateway } = started();
    let before = project.bytes("dist/project-0.0.0.msdeploy.zip");
    let kill = std::process::Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let status = child.wait().unwrap();
    assert_eq!(status.code(), code, "{signal}");
    let deadline = Instant::now() + Duration::from_secs(20);
    while is_alive(&gateway) {
        assert!(Instant::now() < deadline, "the application outlived the run");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(project.bytes("dist/project-0.0.0.msdeploy.zip") == before, "the last good package stays");
    let project = project.file("wsgi.py", HELLO);
    project.run(["run"]).success();
    assert!(project.leftovers().is_empty(), "{:?}", project.leftovers());
}

#[test]
fn ctrl_c_ends_the_run_and_leaves_the_last_good_outputs() {
    ends("-INT", Some(130));
}

#[test]
fn sigterm_ends_the_run_and_leaves_the_last_good_outputs() {
    ends("-TERM", Some(130));
}

#[test]
fn sigkill_leaves_no_process_and_the_next_run_works() {
    ends("-KILL", None);
}
