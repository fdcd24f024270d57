//! Real programs, run without a supervisor: that one is tested through the command in `tests/it`.

use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use super::*;

fn system() -> System {
    System { path: Some("/usr/bin:/bin".into()), ..System::default() }
}

fn shell(script: &str) -> Program {
    Program::new("the script", "sh").arg("-c").arg(script)
}

#[test]
fn captures_what_a_program_says_and_how_it_ends() {
    let output = system().execute(&shell("echo out; echo err >&2; exit 3")).unwrap();
    assert_eq!(
        (output.code, output.stdout_text().as_str(), output.stderr_text().as_str()),
        (Some(3), "out\n", "err\n")
    );
}

#[test]
fn a_failed_program_shows_its_last_lines() {
    let error = system().run(&shell("for i in $(seq 100); do echo line $i >&2; done; exit 2")).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("the script failed with exit code 2: `sh -c"), "{text}");
    assert!(text.ends_with("line 100") && text.contains("line 71") && !text.contains("line 70\n"), "{text}");
}

#[test]
fn a_missing_program_is_named_with_a_hint() {
    let error = system().run(&Program::new("packing", "no-such-program")).unwrap_err();
    assert_eq!(error.to_string(), "packing: program `no-such-program` not found");
    assert!(error.hint().unwrap().contains("Install `no-such-program`"));
}

#[test]
fn a_program_over_its_time_is_ended_with_its_children() {
    let started = Instant::now();
    let error = system()
        .run(&shell("echo begun; sleep 60 & sleep 60").timeout(Duration::from_millis(100)))
        .unwrap_err();
    assert!(matches!(error, Error::TimedOut { .. }), "{error}");
    assert!(error.to_string().contains("begun"));
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn an_interrupt_ends_the_running_program() {
    let system = system();
    let interrupt = system.interrupt.clone();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        interrupt.request();
    });
    let started = Instant::now();
    let error = system.run(&shell("sleep 60")).unwrap_err();
    assert_eq!(error.exit_code(), ExitCode::Interrupted);
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn secrets_are_passed_on_in_the_environment_and_not_shown() {
    let program = shell("echo got $1 $SECRET").arg("x").arg("it's").env("SECRET", "hunter2");
    assert_eq!(program.to_string(), r"sh -c 'echo got $1 $SECRET' x 'it'\''s'");
    assert_eq!(system().run(&program).unwrap().stdout_text(), "got it's hunter2\n");
}

#[test]
fn a_started_program_has_a_listening_socket_as_descriptor_0() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let mut running = system().start(&shell("sleep 60"), &format!("unix:{}", path.display())).unwrap();
    UnixStream::connect(&path).unwrap();
    assert_eq!(running.ended(), None);
    assert_eq!(running.stop().code, Some(128 + 15));
}

#[test]
fn a_program_that_hangs_is_aborted_at_once_and_its_last_words_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    // It would take its time with SIGTERM, which a gateway does that answers a request.
    let hanging =
        shell("trap '' TERM; trap 'echo it hangs in line 7; exit 134' ABRT; while :; do sleep 0.05; done");
    for lifeline in [true, false] {
        let runner = if lifeline { system() } else { System { supervisor: Vec::new(), ..system() } };
        let _ = std::fs::remove_file(&path);
        let mut running = runner.start(&hanging, &format!("unix:{}", path.display())).unwrap();
        std::thread::sleep(Duration::from_millis(200));
        let output = running.abort();
        assert_eq!(output.stdout_text(), "it hangs in line 7\n", "with a supervisor: {lifeline}");
        assert_eq!(output.code, Some(134));
    }
}
