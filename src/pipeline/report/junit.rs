//! The report as `JUnit` XML, in the form that CI services read: `testsuites`, `testsuite`, `testcase`, `failure`,
//! `skipped`, `properties`, `system-out`. Suites carry all the counts that the strict ones of them ask for.

use super::{Problem, Report, ReportMessage, StageReport};
use crate::event::{Severity, Status};
use crate::xml::Writer;

/// Writes a report.
pub(super) fn junit(report: &Report) -> String {
    let all = Counts::of(report.all_stages(), report.error.as_ref());
    let mut xml = Writer::new();
    xml.open(
        "testsuites",
        &[
            ("name", "iiswsgi"),
            ("tests", &all.tests),
            ("failures", &all.failures),
            ("errors", &all.errors),
            ("skipped", &all.skipped),
            ("time", &time(report.seconds)),
        ],
    );
    for package in &report.packages {
        suite(&mut xml, &package.name, &package.stages, None, |xml| {
            property(xml, "version", &package.version);
            property(xml, "path", &package.path.display().to_string());
            if let Some(archive) = &package.package {
                property(xml, "package", &archive.path.display().to_string());
                property(xml, "sha1", &archive.sha1);
                property(xml, "sha256", &archive.sha256);
            }
        });
    }
    suite(&mut xml, "run", &report.stages, report.error.as_ref(), |xml| {
        property(xml, "iiswsgi", &report.version);
        for step in &report.simulated {
            property(xml, "simulated", step);
        }
    });
    xml.close();
    xml.finish()
}

/// The counts of a suite, as texts.
struct Counts {
    tests: String,
    failures: String,
    errors: String,
    skipped: String,
}

impl Counts {
    fn of<'a>(stages: impl Iterator<Item = &'a StageReport>, error: Option<&Problem>) -> Self {
        let (mut tests, mut failures, mut skipped) = (0, 0, 0);
        for stage in stages {
            tests += 1;
            failures += usize::from(stage.status == Status::Failed);
            skipped += usize::from(stage.status == Status::Skipped);
        }
        let errors = usize::from(error.is_some());
        Self {
            tests: (tests + errors).to_string(),
            failures: failures.to_string(),
            errors: errors.to_string(),
            skipped: skipped.to_string(),
        }
    }
}

/// Writes one suite: properties first, as the `JUnit` schema has it, then a case for each stage.
fn suite(
    xml: &mut Writer,
    name: &str,
    stages: &[StageReport],
    error: Option<&Problem>,
    properties: impl FnOnce(&mut Writer),
) {
    let counts = Counts::of(stages.iter(), error);
    let seconds: f64 = stages.iter().map(|stage| stage.seconds).sum();
    xml.open(
        "testsuite",
        &[
            ("name", name),
            ("tests", &counts.tests),
            ("failures", &counts.failures),
            ("errors", &counts.errors),
            ("skipped", &counts.skipped),
            ("time", &time(seconds)),
        ],
    );
    xml.open("properties", &[]);
    properties(xml);
    for stage in stages.iter().filter(|stage| stage.simulated) {
        property(xml, "simulated-stage", stage.name.name());
    }
    xml.close();
    for stage in stages {
        case(xml, name, stage);
    }
    if let Some(problem) = error {
        xml.open("testcase", &[("classname", name), ("name", "iiswsgi"), ("time", "0.000")]);
        xml.element("error", &[("message", &problem.error), ("type", "error")], &problem.to_string());
        xml.close();
    }
    xml.close();
}

fn property(xml: &mut Writer, name: &str, value: &str) {
    xml.empty("property", &[("name", name), ("value", value)]);
}

fn case(xml: &mut Writer, suite: &str, stage: &StageReport) {
    let time = time(stage.seconds);
    let attributes = [("classname", suite), ("name", stage.name.name()), ("time", time.as_str())];
    let messages: Vec<String> = stage.messages.iter().map(line).collect();
    if stage.status == Status::Passed && messages.is_empty() {
        xml.empty("testcase", &attributes);
        return;
    }
    xml.open("testcase", &attributes);
    match (stage.status, &stage.error) {
        (Status::Passed, _) => {}
        (Status::Skipped, _) => {
            xml.empty("skipped", &[]);
        }
        (Status::Failed, Some(problem)) => {
            xml.element("failure", &[("message", &problem.error), ("type", "failure")], &problem.to_string());
        }
        (Status::Failed, None) => {
            xml.empty("failure", &[("message", "the stage did not end"), ("type", "failure")]);
        }
    }
    if !messages.is_empty() {
        xml.element("system-out", &[], &messages.join("\n"));
    }
    xml.close();
}

fn line(message: &ReportMessage) -> String {
    let severity = match message.severity {
        Severity::Detail | Severity::Info => "",
        Severity::Warning => "warning: ",
        Severity::Error => "error: ",
    };
    let place = message.location.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
    format!("{severity}{place}{}", message.text)
}

fn time(seconds: f64) -> String {
    format!("{seconds:.3}")
}
