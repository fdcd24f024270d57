//! Publishing to a GitHub that fails: once, for good, or by its rules.

use std::time::Duration;

use iiswsgi::error::ExitCode;
use iiswsgi::publish::Kind;
use iiswsgi::publish::github::{MakeLatest, NotesSource};
use iiswsgi::secret::Secret;
use serde_json::json;

use super::fake::{Fault, Right, TOKEN};
use super::{PACKAGE, Shop};

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
