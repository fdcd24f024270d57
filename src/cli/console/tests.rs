//! Tests of the console, by the text that it writes.

use std::io;
use std::path::PathBuf;

use super::*;
use crate::ci::tests::Kept;
use crate::error::{ExitCode, Location};
use crate::event::{Stage, Unit};

#[derive(Debug, thiserror::Error)]
#[error("the application answered `500`")]
struct Broken(#[source] io::Error);

impl Failure for Broken {
    fn hint(&self) -> Option<String> {
        Some("Look at the traceback.".into())
    }

    fn location(&self) -> Option<Location> {
        Some(Location::at("wsgi.py", 3, 0))
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Failed
    }
}

fn broken() -> Broken {
    Broken(io::Error::other("Traceback\nValueError"))
}

#[test]
fn what_was_told_of_a_run_is_told_again_of_the_next() {
    let kept = Kept::default();
    let console = Console::new(Box::new(kept.clone()), Settings::default());
    for _ in 0..2 {
        console.start_over();
        console.event(Event::Written { path: "a.zip".into(), size: 1 });
        console.failure(&broken());
        console.failure(&broken());
        console.finish();
    }
    let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text.matches("the application answered").count(), 2, "{text}");
    assert_eq!(text.matches("a.zip").count(), 2, "{text}");
}

#[cfg(unix)]
#[test]
fn a_path_that_is_not_unicode_spoils_no_log() {
    use std::os::unix::ffi::OsStrExt as _;

    let path = PathBuf::from(std::ffi::OsStr::from_bytes(b"a\xff.zip"));
    let kept = Kept::default();
    let json = Settings { format: LogFormat::Json, ..Settings::default() };
    let console = Console::new(Box::new(kept.clone()), json);
    console.event(Event::Written { path: path.clone(), size: 1 });
    console.warning("odd", Some(Location::file(path)));
    let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text.matches("a\u{fffd}.zip").count(), 2, "{text}");
}

/// A short run with one of everything.
fn run(console: &Console) {
    let started = |stage| Event::StageStarted { package: "hello".into(), stage };
    let ended = |stage, status, simulated, error| Event::StageEnded {
        package: "hello".into(),
        stage,
        status,
        simulated,
        elapsed: Duration::from_millis(1234),
        error,
    };
    console.event(started(Stage::Build));
    console.message(Severity::Detail, "Looking around");
    console.message(Severity::Info, "Found a Flask application");
    console.event(Event::Message(
        Message::new(Severity::Warning, "no version")
            .with_location(Location::at("setup.cfg", 2, 1))
            .with_hint("Set `version`."),
    ));
    console.event(ended(Stage::Build, Status::Passed, false, None));
    console.event(Event::Progress { what: "packing".into(), done: 1, total: 2, unit: Unit::Items });
    console.event(Event::ProgramRan {
        label: "pip install".into(),
        command: "pip install flask".into(),
        elapsed: Duration::from_secs(3600),
        success: true,
    });
    console.simulated("IIS is simulated: `appcmd.exe` is not here.");
    console.simulated("IIS is simulated: `appcmd.exe` is not here.");
    console.event(ended(Stage::Install, Status::Passed, true, None));
    console.event(ended(Stage::Test, Status::Failed, false, Some(Shown::of(&broken()))));
    console.event(ended(Stage::Feed, Status::Skipped, false, None));
    console.event(Event::Written { path: PathBuf::from("dist/hello-1.0.msdeploy.zip"), size: 4096 });
    console.event(Event::Written { path: PathBuf::from("dist/a.xml"), size: 12 });
    console.failure(&broken());
    console.finish();
}

/// What a run looks like, with its times taken out of the last line.
fn shown(settings: Settings) -> String {
    let kept = Kept::default();
    run(&Console::new(Box::new(kept.clone()), settings));
    let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    regex::Regex::new("in 0\\.\\d\\d s").unwrap().replace(&text, "in 0.00 s").into_owned()
}

#[test]
fn a_run_in_a_pipe_is_plain_lines() {
    insta::assert_snapshot!(shown(Settings::default()), @"
    Found a Flask application
    warning: setup.cfg:2:1: no version
    hint: Set `version`.
    ✓ build    hello  1.23 s
    ✓ install  hello  1.23 s  (simulated)
    ✗ test     hello  1.23 s
    error: wsgi.py:3: the application answered `500`
    caused by: Traceback
      ValueError
    hint: Look at the traceback.
    - feed     hello  skipped
    Simulated, because the real tool is not here:
      - IIS is simulated: `appcmd.exe` is not here.
    Written:
      dist/hello-1.0.msdeploy.zip  4.00 KiB
      dist/a.xml                   12 B
    Failed in 0.00 s, 0.00 s of it iiswsgi's own, 1 warning: hello: test
    ");
}

#[test]
fn a_quiet_run_shows_what_went_wrong_and_what_was_simulated() {
    insta::assert_snapshot!(shown(Settings { verbosity: Verbosity::Quiet, ..Settings::default() }), @"
    warning: setup.cfg:2:1: no version
    hint: Set `version`.
    ✗ test     hello  1.23 s
    error: wsgi.py:3: the application answered `500`
    caused by: Traceback
      ValueError
    hint: Look at the traceback.
    Simulated, because the real tool is not here:
      - IIS is simulated: `appcmd.exe` is not here.
    ");
}

#[test]
fn a_verbose_run_shows_details_and_programs_as_well() {
    let verbose = shown(Settings { verbosity: Verbosity::Verbose, ..Settings::default() });
    let plain = shown(Settings::default());
    let more: Vec<&str> = verbose.lines().filter(|line| !plain.contains(line)).collect();
    assert_eq!(
        more,
        ["> build    hello", "Looking around", "$ pip install flask  (pip install, 60 min 00 s)"]
    );
}

#[test]
fn colours_change_nothing_but_the_colours() {
    let colored = shown(Settings { color: true, ..Settings::default() });
    assert!(colored.contains("\u{1b}[32m✓\u{1b}[0m build"), "{colored:?}");
    assert_eq!(anstream::adapter::strip_str(&colored).to_string(), shown(Settings::default()));
}

#[test]
fn a_json_log_is_one_object_a_line() {
    let log =
        shown(Settings { format: LogFormat::Json, verbosity: Verbosity::Verbose, ..Settings::default() });
    let names: Vec<String> = log
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["event"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(
        names.join(" "),
        "stage-started message message message stage-ended program-ran simulated simulated stage-ended stage-ended \
         error stage-ended written written end"
    );
    let stage = log.lines().nth(4).unwrap();
    assert_eq!(
        stage,
        r#"{"event":"stage-ended","package":"hello","stage":"build","status":"passed","simulated":false,"seconds":1.234,"error":null}"#
    );
}

#[test]
fn an_error_that_no_stage_had_is_shown_once() {
    let kept = Kept::default();
    let console = Console::new(Box::new(kept.clone()), Settings::default());
    console.failure(&broken());
    console.failure(&broken());
    let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    assert_eq!(
        text,
        "error: wsgi.py:3: the application answered `500`\ncaused by: Traceback\n  ValueError\n\
         hint: Look at the traceback.\n"
    );
}

#[test]
fn colours_and_bars_are_for_terminals_that_have_them() {
    let settings = |color, variables: &[(&str, &str)], terminal| {
        let environment = variables.iter().copied().collect();
        let settings = Settings::new(Verbosity::Normal, LogFormat::Text, color, &environment, terminal);
        (settings.color, settings.progress)
    };
    assert_eq!(settings(Color::Auto, &[], true), (true, true));
    assert_eq!(settings(Color::Auto, &[], false), (false, false));
    assert_eq!(settings(Color::Auto, &[("NO_COLOR", "1")], true), (false, true));
    assert_eq!(settings(Color::Auto, &[("TERM", "dumb")], true), (false, false));
    assert_eq!(settings(Color::Auto, &[("CI", "true")], true), (true, false));
    assert_eq!(settings(Color::Auto, &[("CLICOLOR_FORCE", "1")], false), (true, false));
    assert_eq!(settings(Color::Auto, &[("FORCE_COLOR", "1")], false), (true, false));
    assert_eq!(settings(Color::Auto, &[("GITHUB_ACTIONS", "true")], false), (true, false));
    assert_eq!(
        settings(Color::Auto, &[("GITHUB_ACTIONS", "true"), ("NO_COLOR", "1")], false),
        (false, false)
    );
    assert_eq!(settings(Color::Always, &[("NO_COLOR", "1")], false), (true, false));
    assert_eq!(settings(Color::Never, &[], true), (false, true));
    let json = Settings::new(Verbosity::Normal, LogFormat::Json, Color::Always, &Environment::empty(), true);
    assert_eq!((json.color, json.progress), (false, false));
    let debug = [("RUNNER_DEBUG", "1")].into_iter().collect();
    let debug = Settings::new(Verbosity::Normal, LogFormat::Text, Color::Auto, &debug, false);
    assert_eq!(debug.verbosity, Verbosity::Verbose);
}

#[test]
fn a_bar_does_not_disturb_the_lines() {
    assert_eq!(shown(Settings { progress: true, ..Settings::default() }), shown(Settings::default()));
}

#[test]
fn a_console_that_is_gone_stops_nothing() {
    struct Gone;

    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    run(&Console::new(Box::new(Gone), Settings::default()));
}

#[test]
fn times_read_well() {
    assert_eq!(text::seconds(Duration::from_millis(5)), "0.01 s");
    assert_eq!(text::seconds(Duration::from_secs(59)), "59.00 s");
    assert_eq!(text::seconds(Duration::from_secs(65)), "1 min 05 s");
}
