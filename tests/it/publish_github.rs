//! Publishing to GitHub Releases, against a GitHub of our own: what is there in the end, whatever happens on the way.

mod command;
mod failures;
mod fake;
mod together;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use iiswsgi::error::{AnyFailure, ExitCode, Shown};
use iiswsgi::event::{Event, Recorder};
use iiswsgi::process::Interrupt;
use iiswsgi::publish::github::{
    Addresses, GitHub, IfExists, NotesSource, Patience, Released, Service, Target,
};
use iiswsgi::publish::{Artifact, Kind};
use iiswsgi::secret::Secret;

use fake::{Fake, REPOSITORY, TOKEN};

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
