//! Tests of cleaning. Those of the first part are named after faults of the original's `clean_webpi`.

use super::*;
use crate::event::{Event, Quiet, Recorder};

const FEED_ID: &str = "https://example.com/feed.xml?a=1&b=2";

struct Cache {
    root: tempfile::TempDir,
}

impl Cache {
    fn new() -> Self {
        let cache = Self { root: tempfile::tempdir().unwrap() };
        cache.write("cache/installers/MyApp/1.0/MyApp.zip", "zip");
        cache.write("cache/installers/Other/x", "kept");
        cache.write("cache/100.xml", &feed(FEED_ID));
        cache.write("cache/200.xml", &feed("https://example.com/other.xml"));
        cache
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn has(&self, path: &str) -> bool {
        self.root.path().join(path).exists()
    }

    fn request(&self) -> Request {
        Request {
            cache: self.root.path().join("cache"),
            cache_required: true,
            applications: vec!["MyApp".into()],
            feed_ids: vec![FEED_ID.into()],
            ..Request::default()
        }
    }

    fn clean(&self) -> Report {
        clean(&self.request(), &Quiet).unwrap()
    }
}

fn feed(id: &str) -> String {
    let id = crate::xml::escape_text(id);
    format!(
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>T</title><id> {id}\n</id><entry><id>{FEED_ID}</id></entry></feed>"
    )
    .replace(&format!("<entry><id>{FEED_ID}"), "<entry><id>of an entry")
}

#[test]
fn an_application_is_given_by_its_name_not_letter_by_letter() {
    let cache = Cache::new();
    cache.write("cache/installers/M/x", "one letter");
    let report = cache.clean();
    assert!(!cache.has("cache/installers/MyApp") && cache.has("cache/installers/M/x"));
    assert!(cache.has("cache/installers/Other/x"));
    assert_eq!(report.actions[0].kind, Kind::Installer);
    assert_eq!(report.actions.len(), 2);
}

#[test]
fn every_copy_of_the_feed_goes_not_only_the_first() {
    let cache = Cache::new();
    cache.write("cache/101.xml", &feed(FEED_ID));
    cache.write("cache/preprocessor102.xml", &feed(FEED_ID));
    cache.clean();
    for name in ["100.xml", "101.xml", "preprocessor102.xml"] {
        assert!(!cache.has(&format!("cache/{name}")), "{name}");
    }
    assert!(cache.has("cache/200.xml"));
}

#[test]
fn a_malformed_file_does_not_stop_it_and_a_malformed_copy_goes() {
    let cache = Cache::new();
    cache.write("cache/001.xml", "<feed><id>somebody else's</id>");
    cache.write("cache/002.xml", "nothing at all");
    cache.write("cache/003.xml", &feed(FEED_ID).replace("</feed>", ""));
    cache.write("cache/004.xml", &format!("<feed><entry><id>{FEED_ID}</id></entry>"));
    cache.clean();
    assert!(cache.has("cache/001.xml") && cache.has("cache/002.xml") && cache.has("cache/004.xml"));
    assert!(!cache.has("cache/003.xml") && !cache.has("cache/100.xml"));
}

#[test]
fn extensions_in_upper_case_and_temporary_copies_are_found() {
    let cache = Cache::new();
    cache.write("cache/300.XML", &feed(FEED_ID));
    cache.write("cache/301.xml.temp", &feed(FEED_ID));
    cache.write("cache/302.txt", &feed(FEED_ID));
    cache.clean();
    assert!(!cache.has("cache/300.XML") && !cache.has("cache/301.xml.temp"));
    assert!(cache.has("cache/302.txt"));
}

#[test]
fn a_dry_run_removes_nothing_and_says_what_it_would() {
    let cache = Cache::new();
    cache.write("site/iis_install.stamp", "");
    let request = Request {
        dry_run: true,
        virtual_directories: vec![cache.root.path().join("site")],
        ..cache.request()
    };
    let recorder = Recorder::new();
    let report = clean(&request, &recorder).unwrap();
    assert_eq!(report.actions.len(), 3);
    assert!(
        report.actions.iter().all(|action| action.outcome == Outcome::WouldRemove && action.path.exists())
    );
    let told = recorder.events().iter().filter(|event| matches!(event, Event::Message(_))).count();
    assert_eq!(told, 3);
    assert!(!report.failed());
}

#[test]
fn a_machine_without_a_cache_is_clean_unless_the_cache_was_named() {
    let cache = Cache::new();
    cache.write("site/IIS_Install.Stamp", "");
    let mut request = Request {
        cache: cache.root.path().join("nowhere"),
        cache_required: false,
        virtual_directories: vec![cache.root.path().join("site")],
        ..cache.request()
    };
    let report = clean(&request, &Quiet).unwrap();
    assert_eq!(report.actions[0].kind, Kind::Stamp, "stamps are not in the cache");
    assert!(!cache.has("site/IIS_Install.Stamp"));
    request.cache_required = true;
    let error = clean(&request, &Quiet).unwrap_err();
    assert!(error.to_string().starts_with("there is no Web Platform Installer cache at"));
    assert!(error.hint().unwrap().contains("%LOCALAPPDATA%"));
    request.cache = cache.root.path().join("cache/100.xml");
    request.cache_required = false;
    assert!(clean(&request, &Quiet).is_err(), "a file is no cache");
}

#[test]
fn a_manifest_with_none_or_several_applications_is_a_clear_error() {
    let one = b"<MSDeploy.iisApp><iisapp path='MyApp'/></MSDeploy.iisApp>";
    assert_eq!(application_of(one).unwrap(), "MyApp");
    let none = application_of(b"<x/>").unwrap_err();
    assert_eq!(none.to_string(), "the manifest has 0 `iisApp` elements instead of one");
    assert!(application_of(b"<x><iisApp path='a'/><iisApp path='b'/></x>").is_err());
    assert!(matches!(application_of(b"<x>"), Err(Error::Manifest(_))));
}

#[test]
fn names_that_lead_elsewhere_are_refused_before_anything_is_removed() {
    let cache = Cache::new();
    for name in ["..", ".", "", " ", "a/b", r"a\b", "C:", "../100.xml"] {
        let request = Request { applications: vec!["MyApp".into(), name.into()], ..cache.request() };
        assert!(matches!(clean(&request, &Quiet), Err(Error::Name { .. })), "{name}");
    }
    assert!(cache.has("cache/installers/MyApp") && cache.has("cache/100.xml"));
}

#[test]
fn names_are_found_in_any_case_as_on_windows() {
    let cache = Cache::new();
    cache.write("cache/Installers/myapp/x", "");
    cache.clean();
    assert!(!cache.has("cache/Installers/myapp"));
}

#[test]
fn only_the_stamps_of_the_given_folders_go() {
    let cache = Cache::new();
    cache.write("a/iis_install.stamp", "");
    cache.write("a/web.config", "");
    cache.write("b/iis_install.stamp", "");
    let request = Request {
        virtual_directories: vec![cache.root.path().join("a"), cache.root.path().join("missing")],
        ..cache.request()
    };
    clean(&request, &Quiet).unwrap();
    assert!(
        !cache.has("a/iis_install.stamp") && cache.has("a/web.config") && cache.has("b/iis_install.stamp")
    );
}

#[test]
fn what_cannot_be_removed_is_told_and_the_rest_goes() {
    let cache = Cache::new();
    let report = Report {
        actions: vec![Action {
            kind: Kind::Stamp,
            path: "x".into(),
            outcome: Outcome::Failed("denied".into()),
        }],
    };
    assert!(report.failed());
    let mut report = Report::default();
    let missing = cache.root.path().join("gone");
    remove_all(
        &cache.request(),
        Kind::Feed,
        vec![missing, cache.root.path().join("cache/100.xml")],
        &mut report,
    );
    assert!(matches!(report.actions[0].outcome, Outcome::Failed(_)));
    assert_eq!(report.actions[1].outcome, Outcome::Removed);
}

#[test]
fn the_id_is_the_feeds_own() {
    assert_eq!(feeds::id_in(b"<feed><author><id>a</id></author><id> x </id></feed>").as_deref(), Some("x"));
    assert_eq!(feeds::id_in(b"<html><id>x</id></html>"), None);
    assert_eq!(feeds::id_in(b"<feed><ident>a</ident><ID a='1'>x&amp;y</ID>").as_deref(), Some("x&y"));
    assert_eq!(feeds::id_in(b"<feed><id"), None);
    assert_eq!(feeds::id_in(b"\xff\xfe<"), None);
}

#[cfg(unix)]
#[test]
fn a_link_goes_and_what_it_leads_to_stays() {
    let cache = Cache::new();
    cache.write("elsewhere/precious", "kept");
    fs::remove_dir_all(cache.root.path().join("cache/installers/MyApp")).unwrap();
    let link = cache.root.path().join("cache/installers/MyApp");
    std::os::unix::fs::symlink(cache.root.path().join("elsewhere"), link).unwrap();
    cache.clean();
    assert!(!cache.has("cache/installers/MyApp") && cache.has("elsewhere/precious"));
}
