//! Tests of the report in its three forms.

use super::*;
use crate::error::Shown;
use crate::event::{Event, Message, Observer};
use crate::xml::Document;

/// A run with two packages: one passes, one fails its test.
fn collected() -> Collector {
    let collector = Collector::new();
    let start =
        |package: &str, stage| collector.event(Event::StageStarted { package: package.into(), stage });
    let end = |package: &str, stage, status, simulated, error| {
        collector.event(Event::StageEnded {
            package: package.into(),
            stage,
            status,
            simulated,
            elapsed: Duration::from_millis(1500),
            error,
        });
    };
    collector.package("hello", "1.0", "examples/hello");
    collector.package("a|b", "2", "b");
    start("hello", Stage::Build);
    collector.event(Event::ProgramRan {
        label: "ast".into(),
        command: "python -c ast".into(),
        elapsed: Duration::from_millis(250),
        success: true,
    });
    collector.event(Event::Message(
        Message::new(Severity::Warning, "no <version> & such").with_location(Location::at("setup.cfg", 2, 1)),
    ));
    end("hello", Stage::Build, Status::Passed, false, None);
    collector.archive(
        "hello",
        ArchiveReport { path: "dist/hello.zip".into(), size: 12, sha1: "ab".into(), sha256: "cd".into() },
    );
    start("hello", Stage::Install);
    end("hello", Stage::Install, Status::Passed, true, None);
    start("a|b", Stage::Test);
    let error = Shown {
        error: "it answered `500`".into(),
        caused_by: vec!["Traceback\n```\u{1b}[31m\u{0}".into()],
        hint: Some("Look.".into()),
        location: Some(Location::at("b/wsgi.py", 3, 0)),
    };
    end("a|b", Stage::Test, Status::Failed, false, Some(error.clone()));
    end("", Stage::Feed, Status::Passed, false, None);
    end("", Stage::Publish, Status::Skipped, false, None);
    collector.simulated("IIS is simulated.");
    collector.simulated("IIS is simulated.");
    collector.feed("dist/hello.webpi.xml");
    collector.published("folder", "file:///site");
    collector.event(Event::Written { path: "dist/hello.zip".into(), size: 12 });
    collector.failed(&error);
    collector
}

/// The report with the times of this machine taken out.
fn report() -> Report {
    Report { seconds: 3.0, own_seconds: 2.75, version: "0.0.0".into(), ..collected().report() }
}

#[test]
fn the_json_has_what_a_program_needs() {
    insta::assert_snapshot!("report", report().to_json());
}

#[test]
fn the_junit_form_has_a_suite_for_each_package_and_one_for_the_run() {
    insta::assert_snapshot!(report().to_junit(), @r#"
    <?xml version="1.0" encoding="utf-8"?>
    <testsuites name="iiswsgi" tests="5" failures="1" errors="0" skipped="1" time="3.000">
      <testsuite name="hello" tests="2" failures="0" errors="0" skipped="0" time="3.000">
        <properties>
          <property name="version" value="1.0" />
          <property name="path" value="examples/hello" />
          <property name="package" value="dist/hello.zip" />
          <property name="sha1" value="ab" />
          <property name="sha256" value="cd" />
          <property name="simulated-stage" value="install" />
        </properties>
        <testcase classname="hello" name="build" time="1.500">
          <system-out>warning: setup.cfg:2:1: no &lt;version&gt; &amp; such</system-out>
        </testcase>
        <testcase classname="hello" name="install" time="1.500" />
      </testsuite>
      <testsuite name="a|b" tests="1" failures="1" errors="0" skipped="0" time="1.500">
        <properties>
          <property name="version" value="2" />
          <property name="path" value="b" />
        </properties>
        <testcase classname="a|b" name="test" time="1.500">
          <failure message="it answered `500`" type="failure">error: b/wsgi.py:3: it answered `500`
    caused by: Traceback
    ```
    hint: Look.</failure>
        </testcase>
      </testsuite>
      <testsuite name="run" tests="2" failures="0" errors="0" skipped="1" time="3.000">
        <properties>
          <property name="iiswsgi" value="0.0.0" />
          <property name="simulated" value="IIS is simulated." />
        </properties>
        <testcase classname="run" name="feed" time="1.500" />
        <testcase classname="run" name="publish" time="1.500">
          <skipped />
        </testcase>
      </testsuite>
    </testsuites>
    "#);
}

#[test]
fn the_junit_form_is_well_formed_and_its_counts_are_true() {
    let xml = report().to_junit();
    let document = Document::parse(xml.as_str()).unwrap();
    let suites: Vec<_> = document.root().children().collect();
    assert_eq!(suites.len(), 3);
    let count = |name: &str| {
        suites.iter().map(|suite| suite.attribute(name).unwrap().parse::<usize>().unwrap()).sum::<usize>()
    };
    for (name, expected) in [("tests", 5), ("failures", 1), ("errors", 0), ("skipped", 1)] {
        assert_eq!(count(name), expected, "{name}");
        assert_eq!(document.root().attribute(name), Some(expected.to_string().as_str()));
    }
    let cases =
        suites.iter().flat_map(|suite| suite.children()).filter(|element| element.name() == "testcase");
    assert_eq!(cases.count(), 5);
}

#[test]
fn the_summary_is_a_table_that_no_text_can_break() {
    insta::assert_snapshot!(report().to_markdown(), @r#"
    ### iiswsgi: ❌ failed

    | | build | install | test | feed | publish |
    |---|---|---|---|---|---|
    | hello | ✅ 1.50 s | ✅ 1.50 s (simulated) |  |  |  |
    | a\|b |  |  | ❌ 1.50 s |  |  |
    | whole run |  |  |  | ✅ 1.50 s | skipped |

    | package | version | file | bytes | SHA-1 | SHA-256 |
    |---|---|---|---:|---|---|
    | hello | 1.0 | `hello.zip` | 12 | `ab` | `cd` |

    Feed: `dist/hello.webpi.xml`

    Published to folder: `file:///site`

    ````text
    error: b/wsgi.py:3: it answered `500`
    caused by: Traceback
    ```
    hint: Look.
    ````

    - ⚠️ `setup.cfg:2:1`: no &lt;version> &amp; such

    **Simulated, because the real tool is not here:**

    - IIS is simulated.

    3.00 s, 2.75 s of it iiswsgi's own.
    "#);
}

#[test]
fn an_error_of_a_stage_is_not_told_twice_and_one_of_the_run_is_told() {
    assert_eq!(collected().report().error, None);
    let collector = Collector::new();
    let error = Shown { error: "no configuration".into(), caused_by: Vec::new(), hint: None, location: None };
    collector.failed(&error);
    let report = collector.report();
    assert_eq!(report.status, Status::Failed);
    assert_eq!(report.error.as_ref().unwrap().error, "no configuration");
    assert!(
        report.to_junit().contains(r#"<error message="no configuration" type="error">"#),
        "{}",
        report.to_junit()
    );
    assert!(report.to_markdown().contains("error: no configuration"));
}

#[test]
fn a_stage_that_was_interrupted_has_failed() {
    let collector = Collector::new();
    collector.event(Event::StageStarted { package: "hello".into(), stage: Stage::Test });
    collector.message(Severity::Info, "waiting");
    let report = collector.report();
    assert_eq!(report.status, Status::Failed);
    let stage = &report.packages[0].stages[0];
    assert_eq!((stage.name, stage.status), (Stage::Test, Status::Failed));
    assert_eq!(stage.messages[0].text, "waiting");
    assert!(report.to_junit().contains(r#"<failure message="the stage did not end" type="failure" />"#));
}

#[test]
fn a_run_of_nothing_passes() {
    let report = Collector::new().report();
    assert_eq!(report.status, Status::Passed);
    assert!(Document::parse(report.to_junit()).is_ok());
}

#[cfg(unix)]
#[test]
fn a_path_that_is_not_unicode_spoils_no_report() {
    use std::os::unix::ffi::OsStrExt as _;

    let collector = Collector::new();
    collector.feed(std::ffi::OsStr::from_bytes(b"a\xff.xml"));
    assert!(collector.report().to_json().contains("a\u{fffd}.xml"));
}
