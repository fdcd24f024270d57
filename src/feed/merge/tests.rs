//! Tests of merging: what is replaced, what is added, and that all else stays.

use super::*;
use crate::event::Severity;
use crate::feed::{About, Application, Keyword, Options, PackageFile, Text, check, read, write};
use proptest::prelude::*;

const EXISTING: &str = "\u{feff}<?xml version='1.0' encoding='UTF-8'?>\r\n<!-- ours -->\r\n<feed xmlns='http://www.w3.org/2005/Atom'>\r\n\t<title>T</title>\r\n\t<updated >2020-01-01</updated>\r\n\t<entry   type=\"application\"><!-- stay -->\r\n\t\t<productId>Other</productId>\r\n\t</entry>\r\n\t<!-- old -->\r\n\t<entry>\r\n\t\t<productId> hello </productId><published>2019-05-06T07:08:09Z</published>\r\n\t</entry> <!-- after -->\r\n\t<keywords>\r\n\t\t<keyword id=\"WSGI\">W</keyword>\r\n\t</keywords>\r\n</feed>\r\n";

fn new_feed(names: &[&str]) -> Feed {
    let updated = Timestamp::as_written("2026-11-22T17:00:00Z");
    let mut feed = Feed::new("https://example.com/f", "New", updated);
    for name in names {
        let about = About {
            name: (*name).into(),
            version: "2".into(),
            description: Some("One.\n  <two>\n<three>".into()),
            keywords: vec!["wsgi".into(), "Blog".into()],
            ..About::default()
        };
        let sha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709".into();
        let file = PackageFile { url: "https://example.com/x.zip".into(), size: 1, sha1 };
        feed.entries.push(Application { about, file, ..Application::default() }.entry(&Options::default()));
    }
    feed.complete_lists();
    feed
}

#[test]
fn replaces_by_product_id_and_keeps_everything_else_byte_for_byte() {
    let merged = merge(EXISTING.as_bytes(), &new_feed(&["Hello"])).unwrap();
    assert_eq!((merged.replaced, merged.added.len()), (vec!["Hello".to_owned()], 0));
    let text = merged.text;
    let (start, end) = (text.find("\t<entry type").unwrap(), text.rfind("</entry>").unwrap());
    let entry = &text[start..end];
    assert!(entry.starts_with("\t<entry type=\"application\">\r\n\t\t<productId>Hello</productId>\r\n"));
    assert!(entry.contains("\r\n\t\t\t\t\t<fileSize>1</fileSize>\r\n"));
    assert!(entry.contains("<published>2019-05-06T07:08:09Z</published>"), "the first publication stays");
    assert!(
        entry.contains(">One.\r\n  &lt;two&gt;\r\n&lt;three&gt;</longSummary>"),
        "texts keep their blanks"
    );
    let rest = format!("{}{}", &text[..start], &text[end..]);
    let old_start = EXISTING.find("\t<entry>\r\n").unwrap();
    let old_end = EXISTING.rfind("</entry>").unwrap();
    let expected = format!("{}{}", &EXISTING[..old_start], &EXISTING[old_end..])
        .replace("2020-01-01", "2026-11-22T17:00:00Z")
        .replace(
            "W</keyword>",
            "W</keyword>\r\n\t\t<keyword id=\"Blog\" resourceName=\"Keyword_Blog\">Blog</keyword>",
        );
    assert_eq!(rest, expected);
}

#[test]
fn adds_new_entries_after_the_last_one() {
    let merged = merge(EXISTING.as_bytes(), &new_feed(&["A", "hello", "B"])).unwrap();
    assert_eq!((merged.replaced, merged.added), (vec!["hello".into()], vec!["A".into(), "B".into()]));
    let feed = read(merged.text.as_bytes()).unwrap();
    let ids: Vec<&str> = feed.entries.iter().map(|entry| entry.product_id.as_str()).collect();
    assert_eq!(ids, ["Other", "hello", "A", "B"]);
    assert!(merged.text.contains("</entry>\r\n\t<entry type=\"application\">\r\n\t\t<productId>B<"));
}

#[test]
fn later_entries_with_the_same_id_go() {
    let text =
        "<feed>\n <entry><productId>A</productId></entry>\n <entry><productId>a</productId></entry>\n</feed>";
    let merged = merge(text.as_bytes(), &new_feed(&["A", "B"])).unwrap();
    assert_eq!(merged.text.matches("<entry").count(), 2);
    assert_eq!(read(merged.text.as_bytes()).unwrap().entries[1].product_id, "B");
}

#[test]
fn a_feed_without_anything_gets_all_of_it() {
    for empty in
        ["<feed xmlns='http://www.w3.org/2005/Atom'/>", "<feed xmlns='http://www.w3.org/2005/Atom'>\n</feed>"]
    {
        let merged = merge(empty.as_bytes(), &new_feed(&["A"])).unwrap();
        let feed = read(merged.text.as_bytes()).unwrap();
        assert_eq!((feed.entries.len(), feed.keywords.len()), (1, 2), "{}", merged.text);
        assert_eq!(feed.updated.as_str(), "2026-11-22T17:00:00Z");
    }
}

#[test]
fn a_second_merge_of_the_same_changes_nothing() {
    let once = merge(EXISTING.as_bytes(), &new_feed(&["A", "hello"])).unwrap();
    let twice = merge(once.text.as_bytes(), &new_feed(&["A", "hello"])).unwrap();
    assert_eq!(once.text, twice.text);
    assert_eq!(twice.replaced.len(), 2);
}

#[test]
fn prefixed_and_differently_encoded_feeds_stay_right() {
    let prefixed = "<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:title>ä</a:title></a:feed>";
    let text = merge(prefixed.as_bytes(), &new_feed(&["A"])).unwrap().text;
    assert!(text.contains("<entry xmlns=\"http://www.w3.org/2005/Atom\" type=\"application\">"));
    let latin = b"<?xml version='1.0' encoding='iso-8859-1'?><feed><title>\xe4</title></feed>";
    let text = merge(latin, &new_feed(&["A"])).unwrap().text;
    assert!(text.starts_with("<?xml version='1.0' encoding='utf-8'?><feed><title>ä</title>"));
}

#[test]
fn languages_that_are_not_listed_are_added() {
    let text =
        "<feed><languages><language default='true'><languageId>en</languageId></language></languages></feed>";
    let mut new = new_feed(&["A"]);
    new.languages.push(Language::new("de", true));
    let feed = read(merge(text.as_bytes(), &new).unwrap().text.as_bytes()).unwrap();
    let languages: Vec<_> = feed.languages.iter().map(|one| (one.id.as_str(), one.default)).collect();
    assert_eq!(languages, [("en", true), ("de", false)]);
}

#[test]
fn what_is_no_feed_is_refused() {
    assert!(matches!(merge(b"<feed>", &new_feed(&["A"])), Err(Error::NotWellFormed(_))));
    assert!(matches!(merge(b"<html/>", &new_feed(&["A"])), Err(Error::NotAFeed { .. })));
    assert!(matches!(merge(b"<feed/>", &new_feed(&["A", "a"])), Err(Error::DuplicateProduct { .. })));
}

#[test]
fn real_feeds_keep_all_but_the_merged_entry() {
    let Some(shared) = crate::testdata::shared() else { return };
    for file in std::fs::read_dir(shared.join("feeds")).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let Ok(before) = read(&bytes) else { continue };
        let merged = merge(&bytes, &new_feed(&["New"])).unwrap();
        let after = read(merged.text.as_bytes()).unwrap();
        assert_eq!(before.entries, after.entries[..before.entries.len()]);
        assert_eq!((before.title, before.languages), (after.title, after.languages));
        let of_ours = |finding: &crate::finding::Finding| {
            finding.severity >= Severity::Warning && finding.text.contains("`New`")
        };
        assert!(!check(merged.text.as_bytes()).iter().any(of_ours));
    }
}

proptest! {
    #[test]
    fn merging_into_our_own_feed_is_the_feed_with_the_entries(names in proptest::collection::btree_set("[a-z]{1,4}", 1..8), text in "[ -~\\n<>&]{0,40}") {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (old, all) = names.split_at(names.len() / 2);
        let mut feed = new_feed(old);
        feed.keywords.push(Keyword { id: "Own".into(), name: Text::plain("Own") });
        let mut new = new_feed(all);
        for entry in &mut new.entries {
            entry.long_summary = Some(Text::plain(text.trim()));
        }
        let merged = merge(write(&feed).unwrap().as_bytes(), &new).unwrap();
        feed.entries.extend(new.entries);
        feed.complete_lists();
        let expected = read(write(&feed).unwrap().as_bytes()).unwrap();
        let mut found = read(merged.text.as_bytes()).unwrap();
        found.keywords.sort_by(|a, b| a.id.cmp(&b.id));
        let mut keywords = expected.keywords.clone();
        keywords.sort_by(|a, b| a.id.cmp(&b.id));
        prop_assert_eq!(found.keywords, keywords);
        prop_assert_eq!(found.entries, expected.entries);
    }
}
