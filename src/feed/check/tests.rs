//! Tests of the checks, on small feeds with one fault each and on the real ones.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::check;
use crate::event::Severity;
use crate::feed::{About, Application, Feed, Options, PackageFile, PythonProduct, Timestamp, write};

fn good() -> String {
    let about = |name: &str| About {
        name: name.into(),
        version: "1.0".into(),
        summary: Some("Says hello.".into()),
        url: Some("https://example.com/".into()),
        license_url: Some("https://example.com/license".into()),
        keywords: vec!["wsgi".into()],
        ..About::default()
    };
    let options = Options::default();
    let mut feed =
        Feed::new("https://example.com/f.xml", "Apps", Timestamp::as_written("2026-11-22T17:00:00Z"));
    feed.links.push(crate::feed::Link { rel: Some("self".into()), href: feed.id.clone() });
    let file = PackageFile {
        url: "https://example.com/Hello-1.0.msdeploy.zip".into(),
        size: 5000,
        sha1: "da39a3ee5e6b4b0d3255bfef95601890afd80709".into(),
    };
    feed.entries.push(Application { about: about("Hello"), file, ..Application::default() }.entry(&options));
    feed.entries.push(PythonProduct { about: about("venv"), discovery_file: None }.entry(&options));
    feed.complete_lists();
    write(&feed).unwrap()
}

/// The rules that find something, with the lines.
fn found(text: &str) -> Vec<(&'static str, usize)> {
    check(text.as_bytes()).into_iter().map(|finding| (finding.rule, finding.line)).collect()
}

/// The one rule that a change of the good feed calls up.
fn after(from: &str, to: &str) -> &'static str {
    let text = good();
    assert!(text.contains(from), "{from} is not in {text}");
    let rules = found(&text.replacen(from, to, 1));
    assert!(rules.len() == 1 && rules[0].1 > 0, "{rules:?} after {to}");
    rules[0].0
}

#[test]
fn our_own_feeds_have_no_findings() {
    assert_eq!(found(&good()), []);
}

#[test]
fn every_rule_finds_its_fault() {
    let sha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
    let file = "<installerURL>https://example.com/Hello-1.0.msdeploy.zip</installerURL>";
    for (rule, from, to) in [
        ("wrong-namespace", " xmlns=\"http://www.w3.org/2005/Atom\"", ""),
        ("wrong-namespace", "2005/Atom", "2005/Atoms"),
        ("missing-title", "<title>Apps</title>", ""),
        ("missing-id", "<id>https://example.com/f.xml</id>", "<id/>"),
        ("missing-updated", "  <updated>2026-11-22T17:00:00Z</updated>\n", ""),
        ("missing-self-link", "rel=\"self\"", "rel=\"alternate\""),
        ("time-not-rfc3339", "2026-11-22T17:00:00Z", "2026-11-22T17:00:00.5"),
        ("missing-product-id", "<productId>Hello</productId>", ""),
        ("duplicate-product-id", "<productId>venv<", "<productId>HELLO<"),
        ("duplicate-id", "#venv<", "#Hello<"),
        ("missing-version", "<version>1.0</version>", ""),
        ("missing-summary", "<summary resourceName=\"Entry_Hello_Summary\">Says hello.</summary>", ""),
        ("missing-sha1", &format!("<sha1>{sha1}</sha1>"), ""),
        ("missing-sha1", sha1, ""),
        ("malformed-sha1", sha1, &sha1[..32]),
        ("malformed-sha1", sha1, "{templateSha1Hash}"),
        ("upper-case-sha1", sha1, &sha1.to_uppercase()),
        ("missing-file-size", "<fileSize>5</fileSize>", ""),
        ("file-size-not-kilobytes", "<fileSize>5<", "<fileSize>5 KB<"),
        ("file-size-not-kilobytes", "<fileSize>5<", "<fileSize>500000000<"),
        ("file-size-not-kilobytes", "<fileSize>5<", "<fileSize>0<"),
        ("missing-installer-url", file, ""),
        ("malformed-url", file, "<installerURL>Hello-1.0.zip</installerURL>"),
        ("insecure-url", file, "<installerURL>http://example.com/a.zip</installerURL>"),
        ("local-url", file, "<installerURL>file:///C:/build/a.zip</installerURL>"),
        ("unknown-keyword", "<keywordId>wsgi<", "<keywordId>gateway<"),
        (
            "unlisted-language",
            "<languageId>en</languageId>\n        <eulaURL>",
            "<languageId>de</languageId><eulaURL>",
        ),
        ("missing-language", "<languageId>en</languageId>\n        <eulaURL>", "<eulaURL>"),
        ("missing-eula", "<eulaURL>https://example.com/license</eulaURL>", ""),
        ("missing-help-link", "<helpLink>https://example.com/</helpLink>", ""),
        ("depends-on-itself", "<productId>WDeploy<", "<productId>Hello<"),
        ("unknown-dependency", "<dependency>", "<dependency idref=\"ASPNETApp\"/><dependency>"),
        ("unknown-os-list", "<eulaURL>", "<osList idref=\"SupportedAppPlatforms\"/><eulaURL>"),
        ("ms-deploy-beside-command", "</installCommands>", "</installCommands><msDeploy/>"),
        ("nothing-to-install", "<msDeploy />", ""),
        ("malformed-url", "<link href=\"https://example.com/\" />", "<link />"),
    ] {
        assert_eq!(after(from, to), rule, "{from} -> {to}");
    }
}

#[test]
fn entries_without_installers_or_hints_are_found() {
    let text = good();
    let start = text.find("    <installers>").unwrap();
    let end = text.find("</installers>\n").unwrap() + "</installers>\n".len();
    assert_eq!(found(&format!("{}{}", &text[..start], &text[end..]))[0].0, "missing-installer");
    let start = text.find("    <discoveryHint>").unwrap();
    let end = text.find("</discoveryHint>\n").unwrap() + "</discoveryHint>\n".len();
    assert_eq!(found(&format!("{}{}", &text[..start], &text[end..]))[0].0, "missing-discovery-hint");
}

#[test]
fn a_finding_names_its_line_and_column() {
    let text = good().replace("<sha1>da39", "<sha1>zz");
    let finding = &check(text.as_bytes())[0];
    let line = text.lines().position(|line| line.contains("<sha1>")).unwrap() + 1;
    assert_eq!((finding.line, finding.column, finding.severity), (line, 11, Severity::Error));
    assert!(finding.text.contains("40 hexadecimal digits"));
}

#[test]
fn what_is_no_feed_gives_one_finding() {
    assert_eq!(found("<feed>\n<entry>"), [("not-well-formed", 2)]);
    assert_eq!(found("<html/>"), [("not-a-feed", 1)]);
    assert_eq!(found("<feed xmlns='http://www.w3.org/2005/Atom'/>").last().unwrap().0, "no-entries");
}

/// How often each rule finds something in a real feed, or nothing when the data is not here.
fn real(name: &str) -> Option<BTreeMap<&'static str, usize>> {
    let bytes = std::fs::read(crate::testdata::shared()?.join("feeds").join(name)).unwrap();
    let mut counts = BTreeMap::new();
    for finding in check(&bytes) {
        assert!(finding.line > 0 && finding.column > 0, "{finding:?}");
        *counts.entry(finding.rule).or_default() += 1;
    }
    Some(counts)
}

#[test]
fn the_faults_of_the_original_are_found() {
    let Some(counts) = real("original-iiswsgi-0.4-output.xml") else { return };
    assert_eq!(counts["time-not-rfc3339"], 5);
    assert_eq!(counts["joined-keywords"], 2);
    assert_eq!(counts["unknown-keyword"], 2);
    assert_eq!(counts["missing-sha1"], 1);
    assert_eq!(counts["local-url"], 1);
    assert_eq!(counts["ms-deploy-beside-command"], 1);
}

#[test]
fn the_faults_of_strangers_are_found() {
    let Some(counts) = real("MicrosoftDocs-iis-docs--WebProductList-2009beta.xml") else { return };
    assert_eq!(counts["malformed-sha1"], 4);
    assert!(!counts.contains_key("unknown-keyword") && counts["time-not-rfc3339"] > 90);
    let Some(counts) = real("MicrosoftDocs-iis-docs--integrate_sample16_fragment.xml") else { return };
    assert_eq!(counts, BTreeMap::from([("not-well-formed", 1)]));
    let Some(counts) = real("MicrosoftWebMatrix-ExpressStarter--TemplateFeedEntry.xml") else { return };
    assert_eq!((counts["malformed-sha1"], counts["local-url"]), (1, 1));
    let Some(counts) = real("rpatterson-iiswsgi--web-pi.xml") else { return };
    assert_eq!((counts["unknown-keyword"], counts.get("joined-keywords")), (2, None));
    let Some(counts) = real("projectkudu-kudu--KuduSetupCustomWebPiFeed.xml") else { return };
    assert!(counts["missing-sha1"] >= 2, "{counts:?}");
}

#[test]
fn every_rule_is_documented() {
    let documented = include_str!("../../../docs/feed.md");
    let code = [include_str!("mod.rs"), include_str!("entry.rs"), include_str!("values.rs")].concat();
    let rule = |text: &&str| {
        text.contains('-') && text.bytes().all(|b| b.is_ascii_lowercase() || b"-139".contains(&b))
    };
    let rules = code.split('"').filter(rule);
    let mut count = 0;
    for rule in rules {
        assert!(documented.contains(&format!("| `{rule}` |")), "{rule} is not in docs/feed.md");
        count += 1;
    }
    assert!(count > 30);
}

proptest! {
    #[test]
    fn no_change_of_a_feed_makes_it_panic(at in 0usize..3000, text in "\\PC{0,9}") {
        let mut feed = good();
        let at = (0..=at.min(feed.len())).rev().find(|&at| feed.is_char_boundary(at)).unwrap();
        feed.insert_str(at, &text);
        let _ = check(feed.as_bytes());
    }
}
