//! Any text as an XPath expression and as a .NET pattern, evaluated on a small document.
#![no_main]

use iiswsgi::package::dotnet_regex::{Options, Regex};
use iiswsgi::package::xpath::XPath;
use iiswsgi::xml::Document;
use libfuzzer_sys::fuzz_target;

const DOCUMENT: &str = "<a b='1' xmlns:p='u'>x<p:b p:c='2'/><!--c--><?p i?><![CDATA[d]]><a><b/><b b='3'/></a></a>";

fuzz_target!(|text: &str| {
    if let Ok(xpath) = XPath::parse(text) {
        let document = Document::parse(DOCUMENT).expect("the document is well-formed");
        let _ = xpath.evaluate(&document);
    }
    if let Ok(regex) = Regex::new(text, Options::ignoring_case()) {
        let _ = regex.is_match("App\\web.config");
        let _ = regex.replace_all(DOCUMENT, "$0");
    }
});
