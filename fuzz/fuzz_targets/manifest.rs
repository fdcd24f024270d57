//! Manifests and their templates: no text makes the readers panic, and a build is what it says it is.
#![no_main]

use iiswsgi::package::build::from_template;
use iiswsgi::package::manifest::Manifest;
use iiswsgi::package::web_config::{Application, Edit, WebConfig};
use iiswsgi::template::Variables;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok((manifest, _)) = Manifest::parse(data) {
        let written = manifest.to_xml();
        if let Ok((again, _)) = Manifest::parse(written.as_bytes()) {
            assert_eq!(again.to_xml(), written);
        }
    }
    let _ = WebConfig::parse(data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    let variables: Variables = [("DIST_NAME", "a<b>\"&'")].into_iter().collect();
    if let Ok(built) = from_template(text, &variables) {
        for command in built.manifest.named("runCommand") {
            assert_eq!(command.options.as_ref().map(|options| &options.path), Some(&command.path));
        }
    }
    if let Ok(mut edit) = Edit::new(text) {
        let added = edit.add_application(&Application::new("fuzz.exe", "-x"));
        assert!(added.is_ok(), "{added:?}");
    }
});
