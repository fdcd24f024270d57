//! Publishing to GitHub Releases, against a GitHub of our own: what is there in the end, whatever happens on the way.

mod command;
mod fake;

use std::fs;
use std::path::PathBuf;
use std::sync::Barrier;
use std::time::Duration;

use iiswsgi::error::{AnyFailure, ExitCode, Shown};
use iiswsgi::event::{Event, Recorder};
use iiswsgi::process::Interrupt;
use iiswsgi::publish::github::{
    Addresses, GitHub, IfExists, MakeLatest, NotesSource, Patience, Released, Service, Target,
};
use iiswsgi::publish::{Artifact, Kind};
use iiswsgi::secret::Secret;
use serde_json::json;

use fake::{Fake, Fault, REPOSITORY, Right, TOKEN};

const PACKAGE: &str = "shop-1.0.msdeploy.zip";
const COMMAND: &str = "shop.deploy.cmd";
const FEED: &str = "shop.webpi.xml";

/// Files to publish, and the GitHub to publish to.
struct Shop {
    fake: Fake,
    folder: tempfile::TempDir,
    github: GitHub,
    recorder: Recorder,
}

impl Shop {
    fn new() -> Self {
        let fake = Fake::start();
        let folder = tempfile::tempdir().unwrap();
        let github = github(&fake);
        let shop = Self { fake, folder, github, recorder: Recorder::new() };
        shop.write(PACKAGE, b"the package").write(COMMAND, b"the command").write(FEED, b"the feed");
        shop
    }

    fn write(&self, name: &str, bytes: &[u8]) -> &Self {
        fs::write(self.path(name), bytes).unwrap();
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn artifact(&self, name: &str, kind: Kind) -> Artifact {
        Artifact::of_file(&self.path(name), kind).unwrap()
    }

    fn files(&self) -> Vec<Artifact> {
        vec![self.artifact(PACKAGE, Kind::Package), self.artifact(COMMAND, Kind::DeployCommand)]
    }

    fn publish(&self) -> Result<Released, AnyFailure> {
        self.publish_files(&self.files())
    }

    fn publish_files(&self, files: &[Artifact]) -> Result<Released, AnyFailure> {
        let mut feed = |_: &Addresses| Ok(Some(self.artifact(FEED, Kind::Feed)));
        self.github.release(files, &mut feed, &self.recorder)
    }

    /// What it says when it cannot be published: message, hint and exit code.
    #[track_caller]
    fn refused(&self) -> (String, String, ExitCode) {
        let failure = self.publish().unwrap_err();
        let shown = Shown::of(&*failure);
        (shown.error, shown.hint.unwrap_or_default(), failure.exit_code())
    }

    /// There must be one release for the tag, published, with exactly our three files.
    #[track_caller]
    fn assert_released(&self) {
        let state = self.fake.state();
        let all: Vec<_> = state.releases.iter().filter(|release| release.tag == "v1.0").collect();
        assert_eq!(all.len(), 1, "{all:#?}\n{:#?}", state.requests);
        assert!(!all[0].draft);
        assert!(!all[0].body.contains("iiswsgi-draft"), "{}", all[0].body);
        let mut there: Vec<_> = all[0]
            .assets
            .iter()
            .map(|asset| (asset.name.as_str(), asset.state, asset.bytes.clone()))
            .collect();
        there.sort();
        let ours =
            [PACKAGE, COMMAND, FEED].map(|name| (name, "uploaded", fs::read(self.path(name)).unwrap()));
        assert_eq!(there, ours, "{:#?}", state.requests);
    }

    /// The requests so far, without the repository; forgets them.
    fn requests(&self) -> Vec<String> {
        let requests = std::mem::take(&mut self.fake.state().requests);
        let base = format!("/repos/{REPOSITORY}");
        requests.iter().map(|line| line.replace(&base, "")).collect()
    }

    fn log(&self) -> String {
        format!("{:?}", self.recorder.events())
    }
}

fn github(fake: &Fake) -> GitHub {
    GitHub {
        service: Service { api_url: fake.url(), server_url: fake.url(), token: Secret::new(TOKEN) },
        repository: REPOSITORY.into(),
        target: Target { tag: "v1.0".into(), ..Target::default() },
        parallel: 1,
        patience: Patience {
            tries: 5,
            first: Duration::from_millis(1),
            burst: Duration::from_millis(1),
            longest: Duration::from_secs(60),
            stall: Duration::from_secs(20),
            response: Duration::from_secs(20),
        },
        interrupt: Interrupt::new(),
    }
}

#[test]
fn a_release_is_drafted_filled_verified_and_then_published() {
    let mut shop = Shop::new();
    shop.github.target.name = Some("Shop 1.0".into());
    shop.github.target.notes = NotesSource::Text("What is new.".into());
    shop.github.target.commit = Some("c0ffee".into());
    let released = shop.publish().unwrap();
    shop.assert_released();
    let base = shop.fake.url();
    assert_eq!(released.url, format!("{base}/{REPOSITORY}/releases/tag/v1.0"));
    assert_eq!(released.files[2].url, format!("{base}/{REPOSITORY}/releases/download/v1.0/{FEED}"));
    assert_eq!(
        shop.requests(),
        [
            "GET ",
            "GET /releases/tags/v1.0",
            "GET /releases?per_page=100&page=1",
            "POST /releases",
            "GET /releases?per_page=100&page=1",
            "GET /releases/1/assets?per_page=100&page=1",
            "POST /uploads/releases/1/assets?name=shop-1.0.msdeploy.zip",
            "POST /uploads/releases/1/assets?name=shop.deploy.cmd",
            "GET /releases/1/assets?per_page=100&page=1",
            "GET /releases/1/assets?per_page=100&page=1",
            "POST /uploads/releases/1/assets?name=shop.webpi.xml",
            "GET /releases/1/assets?per_page=100&page=1",
            "GET /releases?per_page=100&page=1",
            "PATCH /releases/1",
        ]
    );
    let state = shop.fake.state();
    let release = &state.releases[0];
    assert_eq!((&*release.name, &*release.body, &*release.latest), ("Shop 1.0", "What is new.", "true"));
    assert_eq!(release.commit, "c0ffee");
    assert_eq!(release.assets[0].media_type, "application/zip");
}

#[test]
fn a_second_run_changes_nothing() {
    let shop = Shop::new();
    shop.publish().unwrap();
    shop.requests();
    // A feed tells the time at which it was written.
    shop.write(FEED, b"the feed, an hour later");
    shop.publish().unwrap();
    assert!(shop.requests().iter().all(|line| line.starts_with("GET ")));
    shop.write(FEED, b"the feed");
    shop.assert_released();
}

#[test]
fn the_feed_is_written_when_the_packages_are_there() {
    let shop = Shop::new();
    let mut feed = |addresses: &Addresses| {
        let state = shop.fake.state();
        let names: Vec<_> =
            state.releases[0].assets.iter().map(|asset| (&*asset.name, asset.state)).collect();
        assert_eq!(names, [(PACKAGE, "uploaded"), (COMMAND, "uploaded")]);
        assert!(state.releases[0].draft);
        let base = format!("{}/{REPOSITORY}/releases", shop.fake.url());
        assert_eq!(addresses.file(PACKAGE), format!("{base}/download/v1.0/{PACKAGE}"));
        assert_eq!(addresses.latest(FEED), format!("{base}/latest/download/{FEED}"));
        Ok(Some(shop.artifact(FEED, Kind::Feed)))
    };
    shop.github.release(&shop.files(), &mut feed, &shop.recorder).unwrap();
    shop.assert_released();
}

#[test]
fn a_draft_that_somebody_prepared_is_filled_and_keeps_its_notes() {
    let shop = Shop::new();
    shop.fake.state().add(
        "v1.0",
        true,
        "Written by hand.",
        &[(PACKAGE, b"the package"), (COMMAND, b"other")],
    );
    shop.publish().unwrap();
    shop.assert_released();
    assert_eq!(shop.fake.state().releases[0].body, "Written by hand.");
    let uploads: Vec<_> = shop.requests().into_iter().filter(|line| line.contains("/uploads")).collect();
    assert_eq!(uploads.len(), 2, "the package is there already: {uploads:?}");
}

#[test]
fn other_bytes_in_a_published_release_are_refused_kept_or_replaced() {
    let mut shop = Shop::new();
    shop.fake.state().add(
        "v1.0",
        false,
        "",
        &[(PACKAGE, b"other"), (COMMAND, b"the command"), (FEED, b"old")],
    );
    let (error, hint, code) = shop.refused();
    assert!(error.contains("has other files under the names `shop-1.0.msdeploy.zip`"), "{error}");
    assert!(hint.contains("--if-exists replace"), "{hint}");
    assert_eq!(code, ExitCode::Publishing);
    assert!(shop.requests().iter().all(|line| line.starts_with("GET ")), "nothing was touched");

    shop.github.target.if_exists = Some(IfExists::Keep);
    shop.publish().unwrap();
    assert!(shop.requests().iter().all(|line| line.starts_with("GET ")), "nothing was touched");
    assert!(shop.log().contains("was left as it is"), "{}", shop.log());

    shop.github.target.if_exists = Some(IfExists::Replace);
    shop.publish().unwrap();
    shop.assert_released();
}

#[test]
fn a_file_that_a_published_release_lacks_is_added_with_the_feed_that_names_it() {
    let shop = Shop::new();
    shop.fake.state().add("v1.0", false, "", &[(COMMAND, b"the command"), (FEED, b"old")]);
    shop.publish().unwrap();
    shop.assert_released();
}

#[test]
fn uploads_that_broke_off_are_removed() {
    let shop = Shop::new();
    shop.fake.state().add("v1.0", true, "", &[(PACKAGE, b"the package"), (COMMAND, b"the command")]);
    for asset in &mut shop.fake.state().releases[0].assets {
        asset.state = "starter";
    }
    shop.publish().unwrap();
    shop.assert_released();
}

/// Every single request may fail in every way that goes away again: there is always one release in the end.
#[test]
fn whatever_fails_once_is_done_again() {
    let count = {
        let shop = Shop::new();
        shop.publish().unwrap();
        shop.requests().len()
    };
    let bad_gateway = || Fault::Answer(502, vec![], json!({ "message": "Server Error" }));
    let limit = || {
        let headers = vec![("retry-after", "0".to_owned()), ("x-ratelimit-remaining", "100".to_owned())];
        Fault::Answer(403, headers, json!({ "message": "You have exceeded a secondary rate limit" }))
    };
    let used_up = || {
        let headers = vec![("x-ratelimit-remaining", "0".to_owned()), ("x-ratelimit-reset", "1".to_owned())];
        Fault::Answer(429, headers, json!({ "message": "API rate limit exceeded" }))
    };
    let faults: [(&str, &dyn Fn() -> Fault); 7] = [
        ("502", &bad_gateway),
        ("502 after the work", &|| Fault::DoneBut(502)),
        ("reset at once", &|| Fault::Reset(0)),
        ("reset in the midst", &|| Fault::Reset(5)),
        ("reset after the work", &|| Fault::DoneAndReset),
        ("secondary limit", &limit),
        ("limit", &used_up),
    ];
    for (name, fault) in faults {
        for at in 0..count {
            // The limit resets a second after it is over: once is enough.
            if name == "limit" && at != 3 {
                continue;
            }
            eprintln!("{name} at request {at}");
            let shop = Shop::new();
            shop.fake.fault("", at, fault());
            shop.publish().unwrap();
            shop.assert_released();
        }
    }
}

#[test]
fn a_server_that_stays_broken_is_an_error_that_names_the_call() {
    let shop = Shop::new();
    for _ in 0..8 {
        shop.fake.fault("name=shop.deploy.cmd", 0, Fault::Reset(3));
    }
    let (error, hint, code) = shop.refused();
    assert!(error.starts_with("cannot upload `shop.deploy.cmd`: "), "{error}");
    assert!(error.contains("/assets?name=shop.deploy.cmd") && error.contains("connection"), "{error}");
    assert!(
        hint.contains("githubstatus.com") && hint.contains("running the same again completes it"),
        "{hint}"
    );
    assert_eq!(code, ExitCode::Publishing);
    shop.fake.state().rules.clear();
    shop.publish().unwrap();
    shop.assert_released();
}

#[test]
fn a_limit_that_lasts_is_an_error_that_says_how_long() {
    let shop = Shop::new();
    let headers = vec![("retry-after", "3600".to_owned())];
    shop.fake.fault("POST", 0, Fault::Answer(429, headers, json!({ "message": "API rate limit exceeded" })));
    let (error, hint, _) = shop.refused();
    assert!(error.contains("GitHub answered 429, API rate limit exceeded"), "{error}");
    assert!(error.contains("request F00D:1234:5678"), "{error}");
    assert!(hint.contains("in 3600 s"), "{hint}");
}

#[test]
fn an_answer_that_never_comes_is_asked_for_again() {
    let mut shop = Shop::new();
    shop.github.patience.stall = Duration::from_millis(300);
    shop.github.patience.response = Duration::from_millis(300);
    shop.fake.fault("GET", 1, Fault::Silence);
    shop.fake.fault("name=", 1, Fault::Silence);
    shop.publish().unwrap();
    shop.assert_released();
    assert!(shop.log().contains("Nothing moved"), "{}", shop.log());
}

#[test]
fn an_immutable_release_is_left_alone() {
    let shop = Shop::new();
    shop.fake.state().immutable_releases = true;
    shop.publish().unwrap();
    shop.assert_released();
    shop.requests();
    shop.publish().unwrap();
    assert!(shop.requests().iter().all(|line| line.starts_with("GET ")));
    shop.fake.state().releases[0].assets.remove(0);
    let (error, hint, _) = shop.refused();
    assert!(error.contains("is immutable and cannot get `shop-1.0.msdeploy.zip`"), "{error}");
    assert!(hint.contains("raise the version"), "{hint}");
    shop.fake.state().releases.clear();
    shop.fake.state().burned.insert("v1.0".into());
    let (error, hint, _) = shop.refused();
    assert!(error.contains("tag_name was used by an immutable release"), "{error}");
    assert!(hint.contains("can never have a release again"), "{hint}");
}

type Prepare = fn(&mut Shop);

/// What is done to GitHub or the settings, a part of the error, a part of the hint.
const REFUSALS: &[(Prepare, &str, &str)] = &[
    (
        |shop| shop.github.service.token = Secret::new("ghp_Other"),
        "401, Bad credentials",
        "wrong, expired or revoked",
    ),
    (|shop| shop.github.service.token = Secret::default(), "there is no token", "GITHUB_TOKEN"),
    (|shop| shop.github.service.token = Secret::new("a b"), "is no token", "on one line"),
    (
        |shop| shop.github.repository = "octo/none".into(),
        "look at the repository: GitHub answered 404",
        "may not see it",
    ),
    (|shop| shop.github.repository = "none".into(), "`none` is not a repository", "OWNER/NAME"),
    (|shop| shop.fake.state().right = Some(Right::Read), "403, Resource not accessible", "contents: write"),
    (
        |shop| shop.fake.state().right = Some(Right::HiddenRead),
        "create the draft for `v1.0`: GitHub answered 404",
        "contents: write",
    ),
    (
        |shop| {
            let mut state = shop.fake.state();
            state.right = Some(Right::HiddenRead);
            state.add("v1.0", false, "", &[]);
        },
        "upload `shop-1.0.msdeploy.zip`: GitHub answered 404",
        "contents: write",
    ),
    (|shop| shop.fake.state().archived = true, "look at the repository", "unarchive it"),
    (|shop| shop.fake.state().restricted_tags = true, "creations being restricted", "ruleset"),
    (|shop| shop.github.target.tag = "v 1".into(), "`v 1` cannot be a tag", "--tag"),
    (
        |shop| shop.github.service.api_url = "http://ghe.example/api/v3".into(),
        "without encryption",
        "GITHUB_API_URL",
    ),
    (|shop| shop.fake.state().upload_elsewhere = true, "not encrypted", "proxy"),
    (
        |shop| shop.fake.fault("GET", 0, Fault::Answer(200, vec![], json!("<html>Sign in</html>"))),
        "something that is not GitHub's",
        "sign-in page",
    ),
    (
        |shop| {
            let sso = vec![("x-github-sso", "required; url=https://x".to_owned())];
            shop.fake.fault("GET", 0, Fault::Answer(403, sso, json!({ "message": "Forbidden" })));
        },
        "403, Forbidden",
        "single sign-on",
    ),
    (
        |shop| {
            let error = json!({ "resource": "Release", "code": "invalid", "field": "target_commitish" });
            let body = json!({ "message": "Validation Failed", "errors": [error] });
            shop.fake.fault("PATCH", 0, Fault::Answer(422, vec![], body));
        },
        "422, Validation Failed: target_commitish invalid",
        "push it first",
    ),
    (
        |shop| shop.fake.fault("GET", 0, Fault::Answer(451, vec![], json!({ "message": "Blocked" }))),
        "451, Blocked",
        "legal reasons",
    ),
    (
        |shop| {
            shop.github.target.prerelease = true;
            shop.github.target.make_latest = MakeLatest::True;
        },
        "a prerelease cannot be the latest release",
        "make-latest",
    ),
    (
        |shop| shop.github.target.notes = NotesSource::Text("x".repeat(125_000)),
        "the notes have 125000",
        "Shorten",
    ),
];

#[test]
fn every_refusal_has_its_error_and_its_hint() {
    for (prepare, error, hint) in REFUSALS {
        let mut shop = Shop::new();
        prepare(&mut shop);
        let (said, hinted, _) = shop.refused();
        assert!(said.contains(error), "no `{error}` in: {said}");
        assert!(hinted.contains(hint), "no `{hint}` in: {hinted}\n{said}");
    }
}

#[test]
fn the_token_is_in_no_error_and_no_message_even_when_github_repeats_it() {
    let count = REFUSALS.len();
    for at in 0..count + 12 {
        let mut shop = Shop::new();
        shop.fake.state().echo = true;
        if let Some((prepare, ..)) = REFUSALS.get(at) {
            prepare(&mut shop);
        } else {
            let body = json!({ "message": "No.", "errors": [{ "message": format!("Bearer {TOKEN}") }] });
            shop.fake.fault("", at - count, Fault::Answer(422, vec![("x-github-sso", TOKEN.into())], body));
        }
        let failure = shop.publish().err();
        let shown = failure.map(|failure| format!("{failure} {failure:?} {:?}", failure.hint()));
        let all = format!("{shown:?} {} {:?} {:?}", shop.log(), shop.github, shop.github.service);
        assert!(!all.contains(TOKEN), "{all}");
    }
}

#[test]
fn a_name_that_github_would_rewrite_is_refused_before_anything_is_sent() {
    let shop = Shop::new();
    for name in ["a b.zip", "a+b.zip", ".a.zip", "ä.zip", "a~1.zip", "a(1).zip"] {
        shop.write(name, b"x");
        let failure = shop.publish_files(&[shop.artifact(name, Kind::Package)]).unwrap_err();
        assert!(failure.to_string().contains("GitHub would rewrite"), "{failure}");
        assert_eq!(failure.exit_code(), ExitCode::Usage);
    }
    shop.write("empty.zip", b"");
    let failure = shop.publish_files(&[shop.artifact("empty.zip", Kind::Package)]).unwrap_err();
    assert!(failure.to_string().contains("is empty"), "{failure}");
    let mut large = shop.artifact(PACKAGE, Kind::Package);
    large.size = 1 << 31;
    let failure = shop.publish_files(&[large]).unwrap_err();
    assert!(failure.to_string().contains("less than 2 GiB"), "{failure}");
    assert!(shop.requests().is_empty());
}

#[test]
fn drafts_and_files_are_found_on_later_pages() {
    let shop = Shop::new();
    let id = {
        let mut state = shop.fake.state();
        let id = state.add("v1.0", true, "", &[]);
        for number in 0..230 {
            state.add(&format!("v0.{number}"), number % 7 == 0, "", &[]);
        }
        id
    };
    let many: Vec<String> = (0..130).map(|number| format!("f{number}.zip")).collect();
    for name in &many {
        shop.write(name, name.as_bytes());
    }
    let files: Vec<Artifact> = many.iter().map(|name| shop.artifact(name, Kind::Package)).collect();
    shop.publish_files(&files).unwrap();
    assert_eq!(shop.fake.state().releases.iter().filter(|release| release.tag == "v1.0").count(), 1);
    let state = shop.fake.state();
    let release = state.releases.iter().find(|release| release.id == id).unwrap();
    assert!(!release.draft && release.assets.len() == 131, "{}", release.assets.len());
}

#[test]
fn lists_that_are_behind_make_no_second_release() {
    for behind in 1..4 {
        let shop = Shop::new();
        shop.fake.state().lists_behind = behind;
        shop.fake.state().assets_behind = behind;
        shop.publish().unwrap();
        shop.assert_released();
    }
}

/// A draft as another run of ours makes it.
const OTHER_RUN: &str = "<!-- iiswsgi-draft 00000000deadbeef -->";

#[test]
fn of_two_drafts_made_at_once_the_older_one_wins() {
    for newer in [false, true] {
        let shop = Shop::new();
        let shared = shop.fake.shared();
        let add = Box::new(move || {
            shared.lock().unwrap().add("v1.0", true, OTHER_RUN, &[]);
        });
        shop.fake.fault("POST", 0, if newer { Fault::After(add) } else { Fault::Before(add) });
        shop.publish().unwrap();
        shop.assert_released();
        assert_eq!(shop.fake.state().releases[0].id, 1);
    }
}

#[test]
fn a_draft_without_our_marker_is_never_deleted() {
    let shop = Shop::new();
    shop.fake.state().add("v1.0", true, "By hand.", &[]);
    shop.fake.state().add("v1.0", true, "By hand, too.", &[]);
    shop.publish().unwrap();
    let state = shop.fake.state();
    assert_eq!(state.releases.iter().map(|release| release.draft).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn a_release_that_another_run_published_first_is_the_one() {
    let shop = Shop::new();
    let shared = shop.fake.shared();
    let publish = Box::new(move || {
        let files: [(&str, &[u8]); 1] = [(PACKAGE, b"the package")];
        shared.lock().unwrap().add("v1.0", false, "", &files);
    });
    shop.fake.fault("PATCH", 0, Fault::Before(publish));
    shop.publish().unwrap();
    shop.assert_released();
}

#[test]
fn a_release_that_is_deleted_in_the_midst_is_made_again() {
    for part in ["name=shop.deploy.cmd", "PATCH", "GET /repos/octo/shop/releases/1/assets"] {
        let shop = Shop::new();
        let shared = shop.fake.shared();
        shop.fake.fault(part, 0, Fault::Before(Box::new(move || shared.lock().unwrap().releases.clear())));
        shop.publish().unwrap();
        shop.assert_released();
    }
}

#[test]
fn runs_at_the_same_time_make_one_release() {
    for round in 0..8 {
        let shop = Shop::new();
        let together = Barrier::new(5);
        std::thread::scope(|scope| {
            let runs: Vec<_> = (0..5)
                .map(|_| {
                    scope.spawn(|| {
                        together.wait();
                        shop.publish().map(drop)
                    })
                })
                .collect();
            for run in runs {
                let result = run.join().unwrap();
                assert!(result.is_ok(), "round {round}: {result:?}\n{:#?}", shop.fake.state().requests);
            }
        });
        shop.assert_released();
    }
}

#[test]
fn bytes_that_do_not_arrive_whole_are_sent_again() {
    let shop = Shop::new();
    shop.fake.fault("name=shop-1.0", 0, Fault::Damage);
    shop.publish().unwrap();
    shop.assert_released();
    let shop = Shop::new();
    for _ in 0..5 {
        shop.fake.fault("name=shop-1.0", 0, Fault::Damage);
    }
    let (error, _, _) = shop.refused();
    assert!(error.starts_with("`shop-1.0.msdeploy.zip` did not arrive whole, 5 times: 11 bytes"), "{error}");
}

#[test]
fn a_file_that_changed_since_it_was_built_is_not_published() {
    let shop = Shop::new();
    let files = shop.files();
    shop.write(PACKAGE, b"THE PACKAGE");
    let failure = shop.publish_files(&files).unwrap_err();
    assert!(failure.to_string().contains("has changed since it was built"), "{failure}");
    assert!(shop.fake.state().releases[0].assets.iter().all(|asset| asset.state == "starter"));
    shop.publish().unwrap();
    shop.assert_released();
}

#[test]
fn an_interrupted_run_leaves_a_draft_that_the_next_one_completes() {
    for part in ["POST", "name=shop-1.0", "name=shop.webpi.xml", "PATCH"] {
        let mut shop = Shop::new();
        let interrupt = shop.github.interrupt.clone();
        // The answer never comes: only the interruption ends it.
        let silent = part.contains("name=");
        let act = Box::new(move || interrupt.request());
        if silent {
            shop.fake.fault(part, 0, Fault::Before(act));
            shop.fake.fault(part, 0, Fault::Silence);
        } else {
            shop.fake.fault(part, 0, Fault::Before(act));
        }
        let result = shop.publish();
        if part == "PATCH" {
            // What was sent is waited for, and that was the end.
            result.unwrap();
        } else {
            let failure = result.unwrap_err();
            assert_eq!(failure.exit_code(), ExitCode::Interrupted, "{part}: {failure}");
            let hint = failure.hint().unwrap();
            assert!(
                hint.contains("/releases/tag/untagged-") && hint.contains("running the same again"),
                "{hint}"
            );
        }
        shop.github.interrupt = Interrupt::new();
        shop.fake.state().rules.clear();
        shop.publish().unwrap();
        shop.assert_released();
    }
}

#[test]
fn a_draft_can_stay_one() {
    let mut shop = Shop::new();
    shop.github.target.draft = true;
    for _ in 0..2 {
        let released = shop.publish().unwrap();
        assert!(released.draft && released.url.contains("untagged-"), "{released:?}");
        let state = shop.fake.state();
        assert_eq!((state.releases.len(), state.releases[0].assets.len()), (1, 3));
    }
    shop.github.target.draft = false;
    shop.publish().unwrap();
    shop.assert_released();
}

#[test]
fn github_writes_notes_for_a_prerelease() {
    let mut shop = Shop::new();
    shop.github.target.prerelease = true;
    shop.github.target.notes = NotesSource::Generated("Read this.".into());
    shop.publish().unwrap();
    shop.assert_released();
    let state = shop.fake.state();
    assert_eq!(state.releases[0].body, "Read this.\n\n## What's changed\n\n**v1.0**");
    assert_eq!((state.releases[0].prerelease, &*state.releases[0].latest), (true, "false"));
}

#[test]
fn an_enterprise_server_without_digests_is_served_by_sizes() {
    let mut shop = Shop::new();
    shop.fake.state().no_digests = true;
    shop.github.service.api_url = format!("{}/api/v3", shop.fake.url());
    shop.publish().unwrap();
    shop.publish().unwrap();
    shop.assert_released();
}

#[test]
fn tags_with_slashes_are_one_tag() {
    let mut shop = Shop::new();
    shop.github.target.tag = "shop/v1.0".into();
    let released = shop.publish().unwrap();
    assert!(released.files[0].url.ends_with("/releases/download/shop/v1.0/shop-1.0.msdeploy.zip"));
    shop.requests();
    shop.publish().unwrap();
    assert!(shop.requests().iter().all(|line| line.starts_with("GET ")));
}

#[test]
fn several_files_go_up_at_the_same_time_and_tell_how_far_they_are() {
    let mut shop = Shop::new();
    shop.github.parallel = 4;
    let names: Vec<String> = (0..9).map(|number| format!("f{number}.zip")).collect();
    for name in &names {
        shop.write(name, &vec![7; 300_000]);
    }
    let files: Vec<Artifact> = names.iter().map(|name| shop.artifact(name, Kind::Package)).collect();
    shop.publish_files(&files).unwrap();
    assert_eq!(shop.fake.state().releases[0].assets.len(), 10);
    let mut last = shop.recorder.events().into_iter().filter_map(|event| match event {
        Event::Progress { what, done, total, .. } if what.contains("9 files") => Some((done, total)),
        _ => None,
    });
    assert_eq!(last.next_back(), Some((2_700_000, 2_700_000)));
}
