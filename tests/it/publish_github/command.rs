//! The command `publish github` as its users run it: from projects and from files, killed at every step, interrupted, with
//! a file that does not fit into memory.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::fake::{Fake, Fault, REPOSITORY, TOKEN};
use crate::run::HELLO;
use crate::secrets::assert_none;
use crate::support::{Outcome, Project, json};

const FILES: [&str; 3] = ["dist/shop-1.0.msdeploy.zip", "dist/shop.deploy.cmd", "dist/shop.webpi.xml"];

/// A project with a GitHub to publish to, and nothing of the GitHub that the tests themselves may run on.
fn project(fake: &Fake) -> Project {
    let mut project = Project::new()
        .env("GITHUB_API_URL", &fake.url())
        .env("GITHUB_SERVER_URL", &fake.url())
        .env("GITHUB_REPOSITORY", REPOSITORY)
        .env("GITHUB_TOKEN", TOKEN);
    for name in ["GITHUB_REF_TYPE", "GITHUB_REF_NAME", "GITHUB_SHA", "GH_TOKEN"] {
        project = project.env(name, "");
    }
    project
}

/// A project with finished files. The first is larger than what connections buffer, so that it can break off.
fn with_files(fake: &Fake) -> Project {
    let large: Vec<u8> = (0..8_u32 << 20).map(|at| at.to_le_bytes()[1]).collect();
    project(fake).file(FILES[0], large).file(FILES[1], "the command").file(FILES[2], "<feed/>")
}

fn arguments() -> Vec<&'static str> {
    ["publish", "github", "-v", "--tag", "v1.0"].into_iter().chain(FILES).collect()
}

/// There must be one release, published, with exactly these files.
#[track_caller]
fn assert_released(fake: &Fake, project: &Project) {
    let state = fake.state();
    assert_eq!(state.releases.len(), 1, "{:#?}", state.requests);
    let release = &state.releases[0];
    assert!(!release.draft && !release.body.contains("iiswsgi"), "{:#?}", state.requests);
    let mut there: Vec<_> =
        release.assets.iter().map(|asset| (asset.name.clone(), asset.state, asset.sha256.clone())).collect();
    there.sort();
    let ours = FILES.map(|name| {
        let digests = iiswsgi::digest::Digests::of(&project.bytes(name));
        (name.trim_start_matches("dist/").to_owned(), "uploaded", digests.sha256_hex())
    });
    assert_eq!(there, ours, "{:#?}", state.requests);
}

/// A hook that kills a process that is not there yet when the hook is made.
fn killer(signal: &'static str) -> (Arc<AtomicU32>, Box<dyn FnOnce() + Send>) {
    let process = Arc::new(AtomicU32::new(0));
    let seen = process.clone();
    let kill = Box::new(move || {
        while seen.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        let id = seen.load(Ordering::SeqCst).to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    });
    (process, kill)
}

fn spawn(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// What a run of a job leaves behind beside its log.
const LEFT: [&str; 4] = ["report.json", "junit.xml", "summary", "outputs"];

/// The command as a job runs it, with everything that can be written.
fn job(project: &Project) -> Command {
    let mut command = project.command(arguments());
    command.args(["--report", LEFT[0], "--junit", LEFT[1]]).env("GITHUB_ACTIONS", "true");
    command.env("GITHUB_STEP_SUMMARY", project.path(LEFT[2])).env("GITHUB_OUTPUT", project.path(LEFT[3]));
    command
}

/// What a process said that may have been killed.
fn outcome_of(child: Child) -> Outcome {
    let output = child.wait_with_output().unwrap();
    Outcome {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[test]
fn a_kill_at_every_step_and_a_second_run_give_exactly_the_wanted_release() {
    let fake = Fake::start();
    let project = with_files(&fake);
    project.run(arguments()).success().says("Published 3 files in the release v1.0 of octo/shop");
    assert_released(&fake, &project);
    let count = fake.state().requests.len();
    assert!(count >= 14, "{count}");
    for at in 0..count {
        for after in [false, true] {
            eprintln!("killed at request {at}, after the work: {after}");
            let fake = Fake::start();
            let project = with_files(&fake);
            let (process, kill) = killer("-KILL");
            fake.fault("", at, if after { Fault::After(kill) } else { Fault::Before(kill) });
            let child = spawn(&mut job(&project));
            process.store(child.id(), Ordering::SeqCst);
            let killed = outcome_of(child);
            assert_eq!(killed.code, None, "{}", killed.stderr);
            assert_none(&[TOKEN], &killed, &project);
            let again = Project::outcome(&mut job(&project)).success();
            assert_released(&fake, &project);
            assert_none(&[TOKEN], &again, &project);
        }
    }
}

#[test]
fn ctrl_c_leaves_a_draft_says_so_and_the_next_run_completes_it() {
    let fake = Fake::start();
    let project = with_files(&fake);
    let (process, interrupt) = killer("-INT");
    fake.fault("name=shop-1.0", 0, Fault::Before(interrupt));
    fake.fault("name=shop-1.0", 0, Fault::Silence);
    let child = spawn(&mut project.command(arguments()));
    process.store(child.id(), Ordering::SeqCst);
    let interrupted = outcome_of(child);
    assert_none(&[TOKEN], &interrupted, &project);
    let said = interrupted.stderr.as_str();
    assert_eq!(interrupted.code, Some(130), "{said}");
    assert!(said.contains("error: interrupted while publishing to GitHub"), "{said}");
    assert!(said.contains("/releases/tag/untagged-"), "{said}");
    assert!(said.contains("running the same again completes it"), "{said}");
    fake.state().rules.clear();
    project.run(arguments()).success();
    assert_released(&fake, &project);
}

/// What GitHub gives a cancelled job before it ends it.
const CANCELLATION: Duration = Duration::from_secs(7);

#[test]
fn an_interrupt_at_any_step_ends_in_time_and_the_next_run_completes_it() {
    let fake = Fake::start();
    let project = with_files(&fake);
    project.run(arguments()).success();
    let count = fake.state().requests.len();
    std::thread::scope(|scope| {
        for at in 0..count {
            scope.spawn(move || {
                let fake = Fake::start();
                let project = with_files(&fake);
                let (process, interrupt) = killer("-INT");
                let since = Arc::new(std::sync::OnceLock::new());
                let begun = since.clone();
                let act = Box::new(move || {
                    begun.set(Instant::now()).unwrap();
                    interrupt();
                });
                fake.fault("", at, Fault::SilenceAfter(act));
                let child = spawn(&mut job(&project));
                process.store(child.id(), Ordering::SeqCst);
                let interrupted = outcome_of(child);
                let took = since.get().unwrap().elapsed();
                let said = interrupted.stderr.as_str();
                assert_eq!(interrupted.code, Some(130), "at {at}: {said}");
                assert!(took < CANCELLATION, "at {at}: {took:?}");
                let drafts = fake.state().releases.iter().filter(|release| release.draft).count();
                // The draft itself may have been made by the request that was never answered.
                if drafts > 0 && !fake.state().requests.last().unwrap().starts_with("POST /repos") {
                    assert!(said.contains("running the same again completes it"), "at {at}: {said}");
                }
                assert_none(&[TOKEN], &interrupted, &project);
                fake.state().rules.clear();
                project.run(arguments()).success();
                assert_released(&fake, &project);
            });
        }
    });
}

/// The most memory that a process had, in KiB.
fn peak(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_of_almost_two_gigabytes_goes_up_in_less_than_64_megabytes() {
    const SIZE: u64 = 1_900_000_000;
    let fake = Fake::start();
    let project = project(&fake).file("large.zip", "");
    fs::OpenOptions::new().write(true).open(project.path("large.zip")).unwrap().set_len(SIZE).unwrap();
    let mut child = spawn(&mut project.command(["publish", "github", "--tag", "v1.0", "large.zip"]));
    let mut most = 0;
    let status = loop {
        most = most.max(peak(child.id()).unwrap_or_default());
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(status.success());
    eprintln!("at most {most} KiB resident");
    assert!(most > 0 && most < 64 * 1024, "{most} KiB");
    assert_eq!(fake.state().releases[0].assets[0].size, SIZE);
    assert_eq!(fake.state().releases[0].assets[0].state, "uploaded");
}

fn shop(fake: &Fake) -> Project {
    let project = project(fake).file("wsgi.py", HELLO).file(
        "iiswsgi.yml",
        "name: shop\nversion: '1.0'\ntitle: The shop\npublish: {github: {notes: Hello.}}\n",
    );
    project.run(["package"]).success();
    project
}

#[test]
fn a_project_is_published_with_a_feed_that_names_the_final_addresses() {
    let fake = Fake::start();
    let project = shop(&fake).env("GITHUB_ACTIONS", "true").env("GITHUB_OUTPUT", "outputs");
    let project = project.env("GITHUB_STEP_SUMMARY", "summary").file("outputs", "").file("summary", "");
    let published = project
        .run(["publish", "github", "--release-name", "{title} {version}", "--report", "report.json"])
        .success()
        .says("Published 4 files in the release v1.0 of octo/shop");
    let base = format!("{}/{REPOSITORY}/releases", fake.url());
    let feed = project.read("dist/shop-1.0.webpi.xml");
    assert!(
        feed.contains(&format!("<installerURL>{base}/download/v1.0/shop-1.0.msdeploy.zip</installerURL>")),
        "{feed}"
    );
    assert!(feed.contains(&format!("{base}/latest/download/shop.webpi.xml")), "{feed}");
    {
        let state = fake.state();
        let release = &state.releases[0];
        assert_eq!((&*release.name, &*release.body, release.draft), ("The shop 1.0", "Hello.", false));
        let last = release.assets.last().unwrap();
        assert_eq!((last.name.as_str(), last.bytes.as_slice()), ("shop.webpi.xml", feed.as_bytes()));
    }
    let outputs = project.read("outputs");
    assert!(outputs.contains(&format!("{base}/tag/v1.0\n")), "{outputs}");
    assert!(outputs.contains(&format!("{base}/latest/download/shop.webpi.xml\n")), "{outputs}");
    let report = project.read("report.json");
    assert_eq!(json(&report)["published"][0]["target"], "github");
    assert_none(&[TOKEN], &published, &project);
    assert!(!project.path("dist/site").exists(), "the folder was not asked for");

    let writes = |fake: &Fake| fake.state().requests.iter().filter(|line| !line.starts_with("GET ")).count();
    let before = writes(&fake);
    project.run(["publish", "github"]).success();
    assert_eq!(writes(&fake), before, "a second run changes nothing");
}

#[test]
fn the_publish_stage_goes_where_the_configuration_says() {
    let fake = Fake::start();
    let project = shop(&fake);
    let planned = project.run(["plan"]).success();
    assert!(planned.stdout.contains("to a release on GitHub") && !planned.stdout.contains("to the folder"));
    project.run(["run", "--only", "feed,publish"]).success().says("in the release v1.0 of octo/shop");
    assert_eq!(fake.state().releases.len(), 1);
    let count = fake.state().requests.len();
    project.run(["publish"]).success().says("in the release v1.0 of octo/shop");
    let count = count.max(fake.state().requests.len());
    assert!(!project.path("dist/site").exists(), "the configuration names no folder");
    project.run(["publish", "folder"]).success();
    assert_eq!(fake.state().requests.len(), count, "the folder alone");
    assert!(project.path("dist/site/index.html").exists());
}

#[test]
fn a_missing_token_is_told_before_anything_is_built() {
    let fake = Fake::start();
    let project = shop(&fake).env("GITHUB_TOKEN", "");
    fs::remove_dir_all(project.path("dist")).unwrap();
    let Outcome { stderr, .. } = project.run(["run"]).code(2);
    assert!(stderr.contains("error: there is no token for GitHub"), "{stderr}");
    assert!(stderr.contains("hint: Set GITHUB_TOKEN"), "{stderr}");
    assert!(!project.path("dist").exists());
    let project = project.file("token", format!("{TOKEN}\n"));
    project.run(["package"]).success();
    project.run(["publish", "github", "--token-file", "token"]).success();
    assert!(fake.state().requests.iter().any(|line| line.starts_with("PATCH")));
}

#[test]
fn flags_that_cannot_be_right_are_refused() {
    let fake = Fake::start();
    let project = shop(&fake);
    for (arguments, error) in [
        (vec!["--tag", "{nmae}"], "names `nmae`, which nobody knows"),
        (vec!["--repository", "shop"], "`shop` is not a repository"),
        (vec!["--make-latest", "maybe"], "one of `auto`, `true`, `false` and `legacy`"),
        (vec!["--parallel", "9"], "from 1 to 8"),
        (vec!["--prerelease", "--make-latest", "true"], "a prerelease cannot be the latest release"),
    ] {
        project.run(["publish", "github"].into_iter().chain(arguments)).code(2).says(error);
    }
    assert!(fake.state().requests.is_empty());
}
