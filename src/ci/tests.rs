//! Tests of the workflow commands, against what the runner's documentation says.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;
use crate::error::Shown;
use crate::event::{Event, Message, Observer as _, Severity, Stage, Status};
use crate::secret::Secret;

/// A writer that keeps what was written.
#[derive(Clone, Default)]
pub(crate) struct Kept(pub(crate) Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn job(variables: &[(&str, &str)]) -> GitHub {
    let on = [("GITHUB_ACTIONS", "true")].iter().chain(variables).copied().collect();
    GitHub::detect(&on).unwrap()
}

/// What the runner is told about some events, in a job whose checkout is `/repo` and that runs in `/repo/web`.
fn told(events: impl IntoIterator<Item = Event>) -> String {
    let kept = Kept::default();
    let annotations = job(&[("GITHUB_WORKSPACE", "/repo")]).annotations(Box::new(kept.clone()), "/repo/web");
    events.into_iter().for_each(|event| annotations.event(event));
    annotations.finish();
    String::from_utf8(kept.0.lock().unwrap().clone()).unwrap()
}

fn warning(path: &str, text: &str) -> Event {
    Event::Message(Message::new(Severity::Warning, text).with_location(Location::at(path, 3, 7)))
}

#[test]
fn a_job_is_known_by_its_environment() {
    assert!(GitHub::detect(&Environment::empty()).is_none());
    assert!(GitHub::detect(&[("GITHUB_ACTIONS", "false")].into_iter().collect()).is_none());
    assert!(GitHub::detect(&[("CI", "true")].into_iter().collect()).is_none());
}

#[test]
fn annotations_name_files_below_the_checkout_and_escape_what_would_end_them() {
    assert_eq!(
        told([warning("a.yml", "50%\nof it")]),
        "::warning file=web/a.yml,line=3,col=7::50%25%0Aof it\n"
    );
    assert_eq!(told([warning("../x,y:z.yml", "t")]), "::warning file=x%2Cy%3Az.yml,line=3,col=7::t\n");
    assert_eq!(told([warning("/elsewhere/a.yml", "t")]), "::warning file=/elsewhere/a.yml,line=3,col=7::t\n");
    let hinted = Message::new(Severity::Error, "no").with_hint("Do it.");
    assert_eq!(told([Event::Message(hinted)]), "::error::no%0Ahint: Do it.\n");
    assert_eq!(told([Event::Message(Message::new(Severity::Info, "quiet"))]), "");
}

#[test]
fn a_stage_is_a_group_and_its_error_stands_after_it() {
    let error = Shown {
        error: "no".into(),
        caused_by: vec!["that".into()],
        hint: None,
        location: Some(Location::at("a.py", 2, 0)),
    };
    let ended = |error| Event::StageEnded {
        package: "hello".into(),
        stage: Stage::Build,
        status: Status::Passed,
        simulated: false,
        elapsed: Duration::ZERO,
        error,
    };
    let started = |stage| Event::StageStarted { package: "hello".into(), stage };
    let told = told([
        started(Stage::Build),
        ended(None),
        started(Stage::Test),
        started(Stage::Feed),
        ended(Some(error)),
    ]);
    assert_eq!(
        told,
        "::group::build hello\n::endgroup::\n::group::test hello\n::endgroup::\n::group::feed hello\n::endgroup::\n\
         ::error file=web/a.py,line=2::no%0Acaused by: that\n"
    );
}

#[test]
fn outputs_and_summary_are_added_to_the_files_of_the_runner() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("output"), "before=1\n").unwrap();
    let job = job(&[("GITHUB_OUTPUT", &path("output")), ("GITHUB_STEP_SUMMARY", &path("summary"))]);
    job.set_outputs(&[("package", "dist/a.zip"), ("notes", "a\nEND_OF_VALUE\nb")]).unwrap();
    job.add_summary("# a\n\n").unwrap();
    job.add_summary("# b").unwrap();
    assert_eq!(
        std::fs::read_to_string(path("output")).unwrap(),
        "before=1\npackage<<END_OF_VALUE\ndist/a.zip\nEND_OF_VALUE\nnotes<<END_OF_VALUE_\na\nEND_OF_VALUE\nb\nEND_OF_VALUE_\n"
    );
    assert_eq!(std::fs::read_to_string(path("summary")).unwrap(), "# a\n# b\n");
}

#[test]
fn without_files_of_the_runner_nothing_is_written_and_a_missing_folder_is_an_error() {
    job(&[]).set_outputs(&[("a", "b")]).unwrap();
    let error = job(&[("GITHUB_OUTPUT", "/nowhere/at/all")]).set_outputs(&[("a", "b")]).unwrap_err();
    assert_eq!(error.to_string(), "cannot write to `/nowhere/at/all`");
}

#[test]
fn at_most_ten_of_a_kind_are_said_and_those_with_a_place_go_first() {
    let vague =
        (0..8).map(|number| Event::Message(Message::new(Severity::Warning, format!("vague {number}"))));
    let placed = (0..8).map(|number| warning("a.yml", &format!("placed {number}")));
    let twice = warning("a.yml", "placed 1");
    let told = told(vague.chain(placed).chain([twice]));
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 10, "{told}");
    assert!(lines[..8].iter().all(|line| line.contains("placed")), "{told}");
    assert_eq!(lines[8], "::warning::vague 0");
    assert_eq!(lines[9], "::notice::7 more warnings: see the summary and the report");
}

#[test]
fn errors_are_said_at_once_and_the_tenth_counts_the_rest() {
    let ended = |number: usize| Event::StageEnded {
        package: format!("p{number}"),
        stage: Stage::Test,
        status: Status::Failed,
        simulated: false,
        elapsed: Duration::ZERO,
        error: Some(Shown { error: format!("e{number}"), caused_by: vec![], hint: None, location: None }),
    };
    let told = told((0..30).map(ended));
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!((lines[0], lines[8], lines.len()), ("::error::e0", "::error::e8", 10));
    assert_eq!(lines[9], "::notice::21 more errors: see the summary and the report");
}

#[test]
fn a_secret_is_masked_once_and_line_by_line() {
    let secret = |text: &str| Event::Secret(Secret::new(text));
    let told = told([secret("one%\n  two\n"), secret("one%\n  two\n"), secret("")]);
    assert_eq!(told, "::add-mask::one%25\n::add-mask::two\n");
}

#[test]
fn what_looks_like_a_command_is_put_where_the_runner_takes_none() {
    let kept = Kept::default();
    let mut guard = Guard::new(kept.clone());
    guard.write_all(b"plain: text\n").unwrap();
    guard.write_all(b"  ::set-output name=a::b\n").unwrap();
    guard.write_all(b"##[error]x").unwrap();
    let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "plain: text");
    let token = lines[1].strip_prefix("::stop-commands::").unwrap();
    assert_eq!(token.len(), 32);
    assert_eq!(lines[2], "  ::set-output name=a::b");
    assert_eq!(lines[3], format!("::{token}::"));
    assert_ne!(lines[4], lines[1], "each time another token");
    assert_eq!((lines[5], lines.len()), ("##[error]x", 7));
}

#[test]
fn a_summary_is_cut_at_a_line_and_its_code_block_closed() {
    let line = "0123456789\n";
    let text = format!("# a\n\n````text\n{}", line.repeat(1000));
    let cut = summary::cut(&text, 2000);
    assert!(cut.len() <= 2000 && cut.len() > 1700, "{}", cut.len());
    assert!(cut.contains("0123456789\n````\n\n_There is more"), "{cut}");
    assert_eq!(summary::cut("# a\n\n", 5), "# a\n");
    assert_eq!(summary::cut(&text, 0), "");
}

#[test]
fn all_summaries_of_a_step_together_are_small_enough() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("summary");
    let job = job(&[("GITHUB_STEP_SUMMARY", path.to_str().unwrap())]);
    for _ in 0..3 {
        job.add_summary(&"a line of half a summary\n".repeat(20_000)).unwrap();
    }
    let size = std::fs::metadata(path).unwrap().len();
    assert!((1_000_000..=1024 * 1024).contains(&size), "{size}");
}
