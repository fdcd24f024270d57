//! Tests of publishing to a folder: what is there afterwards, and that a failure leaves what was there before.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::*;
use crate::error::{Failure, Shown};
use crate::event::{Quiet, Recorder};
use crate::publish::Package;
use crate::xml::Document;

struct Fixture {
    root: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap() }
    }

    fn folder(&self) -> Folder {
        Folder {
            path: self.root.path().join("published/apps"),
            base_url: Some("https://example.com/apps/".into()),
            title: "Apps & more".into(),
        }
    }

    fn artifact(&self, name: &str, kind: Kind, content: &str) -> Artifact {
        let dist = self.root.path().join("dist");
        fs::create_dir_all(&dist).unwrap();
        let path = dist.join(name);
        fs::write(&path, content).unwrap();
        let artifact = Artifact::of_file(&path, kind).unwrap();
        if kind == Kind::Feed {
            return artifact;
        }
        artifact.of_package(Package {
            name: "hello".into(),
            version: "1.0".into(),
            title: Some("Hello <world>".into()),
            summary: Some("Says \"hello\" & more.".into()),
        })
    }

    fn hello(&self, version: &str) -> Vec<Artifact> {
        let name = |end: &str| format!("hello-{version}{end}");
        vec![
            self.artifact(&name(".webpi.xml"), Kind::Feed, "<feed/>"),
            self.artifact(&name(".msdeploy.zip"), Kind::Package, &format!("zip {version}")),
            self.artifact("hello.SetParameters.xml", Kind::SetParameters, "<parameters/>"),
            self.artifact("hello.deploy.cmd", Kind::DeployCommand, "@echo off"),
        ]
    }

    /// All files of the published folder with their content.
    fn published(&self) -> Vec<(String, String)> {
        let mut files: Vec<_> = fs::read_dir(self.folder().path)
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().path())
            .map(|path| {
                (
                    path.file_name().unwrap().to_string_lossy().into_owned(),
                    fs::read_to_string(&path).unwrap_or_default(),
                )
            })
            .collect();
        files.sort();
        files
    }
}

#[test]
fn everything_is_there_with_its_hashes_and_its_address() {
    let fixture = Fixture::new();
    let recorder = Recorder::new();
    let published = fixture.folder().publish(&fixture.hello("1.0"), &recorder).unwrap();
    let urls: Vec<&str> = published.iter().map(|one| one.url.as_str()).collect();
    assert_eq!(urls.first(), Some(&"https://example.com/apps/hello-1.0.msdeploy.zip"));
    assert_eq!(urls.last(), Some(&"https://example.com/apps/index.html"));
    assert!(published.iter().all(|one| one.target == "folder"));
    let files = fixture.published();
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "SHA1SUMS",
            "SHA256SUMS",
            "hello-1.0.msdeploy.zip",
            "hello-1.0.webpi.xml",
            "hello.SetParameters.xml",
            "hello.deploy.cmd",
            "index.html"
        ]
    );
    let lines: Vec<&str> = files[1].1.lines().collect();
    assert_eq!(lines[0], format!("{}  hello-1.0.msdeploy.zip", fixture.hello("1.0")[1].sha256));
    assert_eq!(lines.len(), 4);
    assert!(files[0].1.contains(&fixture.hello("1.0")[1].sha1));
    let written = recorder.events().iter().filter(|event| matches!(event, Event::Written { .. })).count();
    assert_eq!(written, 7);
}

#[test]
fn the_page_says_how_to_install_and_runs_only_its_own_script() {
    let fixture = Fixture::new();
    fixture.folder().publish(&fixture.hello("1.0"), &Quiet).unwrap();
    let page = fs::read_to_string(fixture.folder().path.join(INDEX)).unwrap();
    for text in [
        "<title>Apps &amp; more</title>",
        "Hello &lt;world&gt;",
        "hello.deploy.cmd /Y",
        "-verb:sync -source:package=\"hello-1.0.msdeploy.zip\" -dest:auto -setParamFile:\"hello.SetParameters.xml\"",
        "Import Application",
        "https://example.com/apps/hello-1.0.webpi.xml",
        "prefers-color-scheme: dark",
        "<html lang=\"en\">",
        &fixture.hello("1.0")[1].sha256,
        &fixture.hello("1.0")[1].sha1,
    ] {
        assert!(page.contains(text), "{text} is not in {page}");
    }
    assert_eq!(page.matches("<script").count(), 1);
    let script = page.split("<script>").nth(1).and_then(|rest| rest.split("</script>").next()).unwrap();
    let hash = STANDARD.encode(Sha256::digest(script.as_bytes()));
    assert!(page.contains(&format!("script-src 'sha256-{hash}'")), "the policy names the script by its hash");
    insta::assert_snapshot!("page", page);
}

// Windows lets nobody name a file so.
#[cfg(unix)]
#[test]
fn hostile_names_and_texts_are_escaped() {
    let fixture = Fixture::new();
    let name = "\"><script>alert('1')&%2e#?.zip";
    let mut hostile = fixture.artifact(name, Kind::Package, "zip");
    hostile.package = Some(Package {
        name: "<img src=x>".into(),
        version: "1\"><b>".into(),
        title: Some("</title><script>".into()),
        summary: Some("</p><script>alert(1)</script>".into()),
    });
    let schemes = fixture.artifact("javascript:alert(1).zip", Kind::Package, "zip");
    let folder = Folder { title: "</title><script>alert(1)</script>".into(), ..fixture.folder() };
    folder.publish(&[hostile, schemes], &Quiet).unwrap();
    let page = fs::read_to_string(folder.path.join(INDEX)).unwrap();
    assert_eq!(page.matches("<script").count(), 1, "our own: {page}");
    assert!(!page.contains("<img") && !page.contains("<b>"), "{page}");
    assert!(!page.contains("href=\"javascript"));
    assert!(page.contains("href=\"./%22%3E%3Cscript%3Ealert%28%271%27%29%26%252e%23%3F.zip\""), "{page}");
    let sums = fs::read_to_string(folder.path.join(SHA256_SUMS)).unwrap();
    assert!(sums.lines().any(|line| line.ends_with(name)));
}

/// A feed with one entry whose texts are all hostile, for the package `hello-1.0`.
fn hostile_feed() -> String {
    use crate::feed::{
        Dependency, Entry, EntryKind, Feed, Installer, InstallerFile, Person, Text, Timestamp,
    };
    let evil = "\"'><script>alert(1)</script>";
    let time = Timestamp::as_written("2026-01-02T03:04:05Z");
    let mut entry = Entry::new(EntryKind::Application, "evil<b>", "1.0");
    entry.summary = Some(Text::plain(evil));
    entry.long_summary = Some(Text::plain(format!("long {evil}")));
    entry.icon = Some(format!("https://example.com/{evil}"));
    entry.link = Some("javascript:alert(1)".into());
    entry.author = Some(Person { name: evil.into(), uri: None });
    entry.updated = Some(time.clone());
    entry.dependency = Dependency::all_of([evil, "WDeploy"]);
    let url = "https://example.com/apps/hello-1.0.msdeploy.zip".into();
    let file = InstallerFile { url, ..InstallerFile::default() };
    entry.installers =
        vec![Installer { id: "1".into(), language: "en".into(), file: Some(file), ..Installer::default() }];
    let mut feed = Feed::new("https://example.com/feed", "Feed", time);
    feed.entries.push(entry);
    crate::feed::write(&feed).unwrap()
}

#[test]
fn what_the_feed_says_is_shown_as_text() {
    let fixture = Fixture::new();
    let mut artifacts = fixture.hello("1.0");
    artifacts[0] = fixture.artifact("hello-1.0.webpi.xml", Kind::Feed, &hostile_feed());
    fixture.folder().publish(&artifacts, &Quiet).unwrap();
    let page = fs::read_to_string(fixture.folder().path.join(INDEX)).unwrap();
    assert_eq!(page.matches("<script").count(), 1, "our own: {page}");
    assert!(!page.contains("javascript:") && !page.contains("evil<b>"), "{page}");
    for text in
        ["<li>WDeploy</li>", "updated 2026-01-02", "/Products:evil&lt;b&gt;", "long \"'&gt;&lt;script"]
    {
        assert!(page.contains(text), "{text} is not in {page}");
    }
    assert!(page.contains("src=\"https://example.com/&quot;"), "{page}");
}

#[test]
fn the_page_is_well_formed_apart_from_the_void_elements() {
    let fixture = Fixture::new();
    fixture.folder().publish(&fixture.hello("1.0"), &Quiet).unwrap();
    let page = fs::read_to_string(fixture.folder().path.join(INDEX)).unwrap();
    let start = page.find("<body>").unwrap();
    let script = page.find("<script>").unwrap();
    let body = format!("{}</body>", &page[start..script]);
    Document::parse(body).unwrap();
}

#[test]
fn earlier_versions_stay_and_stay_listed() {
    let fixture = Fixture::new();
    fixture.folder().publish(&fixture.hello("1.0"), &Quiet).unwrap();
    fixture.folder().publish(&fixture.hello("1.1"), &Quiet).unwrap();
    let files = fixture.published();
    assert!(files.iter().any(|(name, content)| name == "hello-1.0.msdeploy.zip" && content == "zip 1.0"));
    let sums = &files[1].1;
    assert_eq!(sums.matches("hello-1.0.msdeploy.zip").count(), 1);
    assert_eq!(sums.matches("hello.deploy.cmd").count(), 1);
    let page = &files.last().unwrap().1;
    assert!(page.contains("Earlier files") && page.contains("hello-1.0.msdeploy.zip"));
    fs::remove_file(fixture.folder().path.join("hello-1.0.msdeploy.zip")).unwrap();
    fixture.folder().publish(&fixture.hello("1.1"), &Quiet).unwrap();
    assert!(
        !fixture.published()[1].1.contains("hello-1.0.msdeploy.zip"),
        "a file that is gone is not listed"
    );
}

#[test]
fn publishing_the_same_again_changes_nothing() {
    let fixture = Fixture::new();
    fixture.folder().publish(&fixture.hello("1.0"), &Quiet).unwrap();
    let before = fixture.published();
    fixture.folder().publish(&fixture.hello("1.0"), &Quiet).unwrap();
    assert_eq!(fixture.published(), before);
}

/// Publishes version 1.0, then fails to publish something else, and expects the first as it was.
fn fails(fixture: &Fixture, artifacts: &[Artifact]) -> Error {
    let before = fixture.published();
    let error = fixture.folder().publish(artifacts, &Quiet).unwrap_err();
    assert_eq!(fixture.published(), before);
    assert_eq!(error.exit_code(), crate::error::ExitCode::Publishing);
    error
}

#[test]
fn a_failed_publish_leaves_what_was_there() {
    let fixture = Fixture::new();
    fixture.folder().publish(&fixture.hello("1.0"), &Quiet).unwrap();
    let mut artifacts = fixture.hello("1.1");
    fs::write(&artifacts[0].path, "<feed>changed</feed>").unwrap();
    assert!(fails(&fixture, &artifacts).to_string().contains("has changed since it was built"));
    artifacts = fixture.hello("1.1");
    fs::remove_file(&artifacts[3].path).unwrap();
    assert!(Shown::of(&fails(&fixture, &artifacts)).to_string().contains("cannot read"));
}

#[test]
fn a_read_only_file_that_is_there_is_left_alone() {
    let fixture = Fixture::new();
    fixture.folder().publish(&fixture.hello("1.0"), &Quiet).unwrap();
    set_read_only(&fixture.folder().path.join(INDEX), true);
    let shown = Shown::of(&fails(&fixture, &fixture.hello("1.1"))).to_string();
    assert!(shown.contains("index.html") && shown.contains("read-only"), "{shown}");
    set_read_only(&fixture.folder().path.join(INDEX), false);
}

fn set_read_only(path: &Path, read_only: bool) {
    let mut permissions = fs::metadata(path).unwrap().permissions();
    permissions.set_readonly(read_only);
    fs::set_permissions(path, permissions).unwrap();
}

#[test]
fn a_target_that_is_no_folder_gives_a_clear_error() {
    let fixture = Fixture::new();
    fs::write(fixture.root.path().join("published"), "a file").unwrap();
    let error = fixture.folder().publish(&fixture.hello("1.0"), &Quiet).unwrap_err();
    assert!(error.to_string().ends_with("is not a folder"), "{error}");
    assert!(error.hint().is_some() && error.location().is_some());
}

#[test]
fn names_that_would_leave_the_folder_or_hide_ours_are_refused() {
    let fixture = Fixture::new();
    for name in ["../x.zip", "a\\b.zip", "", "..", "INDEX.html", "sha256sums", "a\nb"] {
        let mut artifact = fixture.artifact("x.zip", Kind::Package, "zip");
        artifact.name = name.into();
        assert!(matches!(fixture.folder().publish(&[artifact], &Quiet), Err(Error::Name { .. })), "{name}");
    }
    let twice =
        [fixture.artifact("a.zip", Kind::Package, "1"), fixture.artifact("A.zip", Kind::Package, "2")];
    assert!(matches!(fixture.folder().publish(&twice, &Quiet), Err(Error::Name { .. })));
    fs::create_dir_all(fixture.folder().path.join("a.zip")).unwrap();
    assert!(matches!(fixture.folder().publish(&twice[..1], &Quiet), Err(Error::Name { .. })));
}

#[test]
fn lists_that_somebody_edited_are_read_with_care() {
    let fixture = Fixture::new();
    let folder = fixture.folder();
    fs::create_dir_all(&folder.path).unwrap();
    let outside = format!("{}  ../outside\nnonsense\n", "0".repeat(64));
    fs::write(folder.path.join(SHA256_SUMS), outside).unwrap();
    fs::write(folder.path.join("../outside"), "x").unwrap();
    let recorder = Recorder::new();
    folder.publish(&fixture.hello("1.0"), &recorder).unwrap();
    assert!(!fixture.published()[1].1.contains("outside"));
    let warned = |event: &Event| matches!(event, Event::Message(message) if message.text.contains("the line is dropped"));
    assert!(recorder.events().iter().any(warned));
}

#[test]
fn without_an_address_the_files_have_file_urls() {
    let fixture = Fixture::new();
    let folder = Folder { base_url: None, ..fixture.folder() };
    let published = folder.publish(&fixture.hello("1.0"), &Quiet).unwrap();
    assert!(published.iter().all(|one| one.url.starts_with("file:///")), "{published:?}");
    let page = fs::read_to_string(folder.path.join(INDEX)).unwrap();
    assert!(page.contains("<p><a href=\"./hello-1.0.webpi.xml\">"));
}
