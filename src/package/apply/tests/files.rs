//! What the entries of parameters do to text and XML files.

use proptest::prelude::*;

use super::super::*;
use super::{CONFIG, applied, entry, resolved, xml};
use crate::error::Failure;

#[test]
fn scopes_match_the_paths_of_files_as_web_deploy_sees_them() {
    let wants = |scope: &str, name: &str| entry("TextFile", scope, "x", "y").wants_file(name);
    assert!(wants(r"\\Web.config$", "App/Web.config"));
    assert!(wants(r"\\WEB\.config$", "App/web.config"));
    assert!(wants(r"\\install\.sql$", "install.sql"));
    assert!(wants("^install.sql$", "install.sql"));
    assert!(wants("install.sql", "scripts/install.sql"));
    assert!(wants(r"gsp\\App_Data\\_SqlMembership.txt", "gsp/App_Data/_SqlMembership.txt"));
    assert!(!wants(r"\\Web.config$", "App/MyWeb.config"));
    assert!(!wants(r"\\Web.config$", "App/Web.config.bak"));
    let packed = r"^C:\\Users\\carl\\Visual\ Studio\\Web\.config$";
    assert!(wants(packed, "Content/C_C/Users/carl/Visual Studio/Web.config"));
    assert!(!wants(packed, "Content/D_D/Users/carl/Visual Studio/Web.config"));
    assert!(!entry("ProviderPath", ".*", "x", "y").wants_file("a"));
}

#[test]
fn text_is_replaced_literally_everywhere_and_the_encoding_stays() {
    let resolved = entry("TextFile", "", "__x__", "$1 ä");
    assert_eq!(applied(&resolved, "a.ini", "__x__\r\n__X__ __x__"), "$1 ä\r\n__X__ $1 ä");
    let utf_16: Vec<u8> = "\u{feff}a __x__\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let expected: Vec<u8> = "\u{feff}a $1 ä\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(resolved.apply_to_file("a", &utf_16).unwrap().unwrap(), expected);
    let latin = resolved.apply_to_file("a", b"\xe9 __x__\x81").unwrap().unwrap();
    assert_eq!(latin, b"\xe9 $1 \xe4\x81");
    assert_eq!(
        resolved.apply_to_file("a", "\u{feff}__x__".as_bytes()).unwrap().unwrap(),
        "\u{feff}$1 ä".as_bytes()
    );
    assert_eq!(resolved.apply_to_file("a", b"nothing").unwrap(), None);
    assert_eq!(resolved.apply_to_file("a", b"").unwrap(), None);
    let error = entry("TextFile", "", "__x__", "\u{4e00}").apply_to_file("a", b"\xe9 __x__").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the parameters cannot be applied to `a`: a value has characters that its encoding windows-1252 lacks"
    );
}

#[test]
fn text_at_a_position_is_replaced() {
    let at = |matching: &str| entry("TextFilePosition", "", matching, "NEW");
    assert_eq!(applied(&at(" 2 ; 3;2"), "a", "one\r\ntwöxyz\r\n"), "one\r\ntwNEWyz\r\n");
    assert_eq!(applied(&at("2;1;0"), "a", "one\ntwo"), "one\nNEWtwo");
    assert_eq!(applied(&at("2;4;0"), "a", "one\rtwo"), "one\rtwoNEW");
    let error = at("5;1;1").apply_to_file("a", b"one\n").unwrap_err();
    assert_eq!(error.to_string(), "the parameter `p` cannot be applied to `a`: it has no line 5");
    let error = at("1;3;2").apply_to_file("a", b"one\n").unwrap_err();
    assert!(error.to_string().ends_with("line 1 has no 2 characters at column 3"));
}

#[test]
fn attributes_and_text_of_xml_files_are_changed_in_place() {
    assert_eq!(
        xml("//appSettings/add[@key='app1']/@value", "it's \"<1>\" & more", CONFIG),
        CONFIG.replace("value='old'", "value='it&apos;s &quot;&lt;1&gt;&quot; &amp; more'")
    );
    assert_eq!(
        xml("//add/@value", "n", CONFIG),
        CONFIG.replace("value='old'", "value='n'").replace("value=\"x\"", "value=\"n\"")
    );
    assert_eq!(xml("//name/text()", "<n>", CONFIG), CONFIG.replace("a<![CDATA[b]]>", "&lt;n&gt;"));
    assert_eq!(xml("//name", "n & m", CONFIG), CONFIG.replace("a<![CDATA[b]]>", "n &amp; m"));
    assert_eq!(xml("//nothing/@x", "n", CONFIG), CONFIG);
}

#[test]
fn elements_of_xml_files_are_added_replaced_and_removed() {
    assert_eq!(
        xml("//appSettings", "<add key='app3'/>", CONFIG),
        CONFIG.replace("value=\"x\"/>\r\n", "value=\"x\"/>\r\n\t\t<add key='app3'/>\r\n")
    );
    assert_eq!(
        xml("//appSettings", "<appSettings/>", "<c><appSettings><add/></appSettings></c>"),
        "<c><appSettings/></c>"
    );
    assert_eq!(
        xml("//add[@key='app2']", "", CONFIG),
        CONFIG.replace("\t\t<add key=\"app2\" value=\"x\"/>\r\n", "")
    );
    // The example of Microsoft's page: a new node in every element, the document element among them.
    assert_eq!(
        xml("//*", "<newNode />", "<a><b/></a>").split_whitespace().collect::<String>(),
        "<a><b><newNode/></b><newNode/></a>"
    );
    let resolved = entry("XmlFile", "", "/configuration", " ");
    assert!(
        resolved.apply_to_file("a", CONFIG.as_bytes()).unwrap_err().to_string().contains("document element")
    );
}

#[test]
fn xml_files_keep_their_encoding_and_say_what_is_wrong() {
    let resolved = entry("XmlFile", "", "//a/@b", "ä€\u{4e00}");
    let latin = b"<?xml version='1.0' encoding='iso-8859-1'?><a b='\xe9' c='\xe9'/>";
    let changed = resolved.apply_to_file("a", latin).unwrap().unwrap();
    assert_eq!(changed, b"<?xml version='1.0' encoding='iso-8859-1'?><a b='\xe4\x80&#19968;' c='\xe9'/>");
    let utf_16: Vec<u8> = "\u{feff}<a b='1'/>".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let expected: Vec<u8> = "\u{feff}<a b='ä€\u{4e00}'/>".encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(resolved.apply_to_file("a", &utf_16).unwrap().unwrap(), expected);
    assert_eq!(resolved.apply_to_file("a.png", b"\x89PNG no xml").unwrap(), None);
    let error = resolved.apply_to_file("App/web.config", b"<a>\n<b></a>").unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the parameter `p` cannot be applied to `App/web.config`: line 2, column"),
        "{error}"
    );
    let comment =
        entry("XmlFile", "", "//comment()", "x").apply_to_file("a", b"<a><!--c--></a>").unwrap_err();
    assert!(comment.to_string().contains("selects a comment"));
    let prefix = entry("XmlFile", "", "//q:a", "x").apply_to_file("a", b"<a/>").unwrap_err();
    assert!(prefix.hint().unwrap().contains("local-name()"));
}

#[test]
fn several_entries_work_on_one_file_one_after_the_other() {
    let resolved = resolved(
        "<parameter name='a' defaultValue='__b__'><parameterEntry kind='XmlFile' scope='web.config' match='//x/@y'/></parameter>
         <parameter name='b' defaultValue='done'><parameterEntry kind='TextFile' scope='web.config' match='__b__'/><parameterEntry kind='TextFile' scope='web.config' match='never'/></parameter>",
        &[],
    );
    assert_eq!(applied(&resolved, "web.config", "<x y=''/>"), "<x y='done'/>");
    let unused = resolved.unused();
    assert_eq!(unused.len(), 1);
    assert_eq!(
        unused[0].text,
        "an entry of `b` found nothing (kind `TextFile`, scope `web.config`, match `never`)"
    );
}

proptest! {
    #[test]
    fn a_file_without_the_placeholder_stays_as_it_is(content in proptest::collection::vec(any::<u8>(), 0..200)) {
        let resolved = entry("TextFile", "", "__placeholder__", "x");
        prop_assert_eq!(resolved.apply_to_file("a", &content).unwrap(), None);
    }

    #[test]
    fn around_a_placeholder_every_byte_stays(before in proptest::collection::vec(any::<u8>(), 0..40), after in proptest::collection::vec(any::<u8>(), 0..40)) {
        // A byte order mark of UTF-16 makes pairs of what follows.
        prop_assume!(!before.starts_with(&[0xff]) && !before.starts_with(&[0xfe]));
        let resolved = entry("TextFile", "", "__placeholder__", "xyz");
        let content = [&before[..], b"__placeholder__", &after[..]].concat();
        let changed = resolved.apply_to_file("a", &content);
        if let Ok(Some(changed)) = changed {
            prop_assert_eq!(changed, [&before[..], b"xyz", &after[..]].concat());
        } else {
            // Only XML may say that its bytes are not what its declaration promises.
            prop_assert!(before.starts_with(b"<?xml") || before.starts_with(&[0xef, 0xbb, 0xbf]));
        }
    }

    #[test]
    fn what_is_put_into_an_attribute_is_read_back(value in "\\PC*") {
        for path in ["/a/@b", "/a/@c"] {
            let document = Document::parse(xml(path, &value, "<a b='' c=\"\"/>")).unwrap();
            prop_assert_eq!(document.root().attribute(&path[4..]).unwrap(), &value);
        }
    }
}
