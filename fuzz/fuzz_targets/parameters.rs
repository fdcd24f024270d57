//! Any bytes as `Parameters.xml`: read, written again, resolved with their defaults, and applied to a file.
#![no_main]

use iiswsgi::package::apply::resolve;
use iiswsgi::package::parameters::{Parameters, SetParameters};
use iiswsgi::xml::Document;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(document) = Document::parse_bytes(bytes) else { return };
    let _ = SetParameters::read(&document);
    let Ok((parameters, _)) = Parameters::read(&document) else { return };
    let again = Document::parse(parameters.to_xml()).expect("what is written is XML");
    let (again, _) = Parameters::read(&again).expect("what is written is a parameters file");
    assert_eq!(again.parameters.len(), parameters.parameters.len());
    let Ok(resolved) = resolve(&parameters, &[]) else { return };
    let _ = resolved.provider_path("iisApp", "application");
    let _ = resolved.attribute("setAcl", "application", "setAclUser");
    for content in ["<a b='1'><c/>text</a>\r\n", "line one\r\nline two\n"] {
        let _ = resolved.apply_to_file("App/web.config", content.as_bytes());
    }
    let _ = resolved.unused();
});
