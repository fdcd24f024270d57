//! Tests of inspecting: every kind is recognised by its content, a package gives back what was put into it, every real file
//! has a sensible answer or a clear error, and strangers' files can neither crash nor mislead.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::error::Shown;
use crate::package::archive::{Entry, WriteOptions, write};
use crate::package::archive_format::{Description, from_gallery};
use crate::package::bootstrap::Bootstrap;
use crate::package::build;
use crate::package::options::ProviderOptions;
use crate::template::Variables;

const TEMPLATE: &str = "<msDeploy.iisApp>\n  <iisApp path=\"hello\" />\n  <runCommand path=\"cmd /c setup.cmd\"\n    \
     successReturnCodes=\"0x0\" waitAttempts=\"5\" waitInterval=\"1000\" />\n</msDeploy.iisApp>\n";
const PARAMETERS: &str = "<parameters><parameter name=\"IIS Web Application Name\" defaultValue=\"Default Web Site/hello\" \
     tags=\"IisApp\"><parameterEntry kind=\"ProviderPath\" scope=\"IisApp\" match=\"hello\" /></parameter>\
     <parameter name=\"Key\" defaultValue=\"geheim\" tags=\"Password\"/></parameters>";
const WEB_CONFIG: &str = "<configuration><system.webServer>\
     <handlers><add name=\"h\" path=\"*\" verb=\"*\" modules=\"FastCgiModule\" scriptProcessor=\"C:\\p.exe|-x\" /></handlers>\
     <fastCgi><application fullPath=\"C:\\p.exe\" arguments=\"-y\" /></fastCgi></system.webServer></configuration>";

fn inspect(text: impl AsRef<[u8]>) -> Result<Inspection, Error> {
    inspect_bytes(Path::new("x"), text.as_ref())
}

fn json(inspection: &Inspection) -> Value {
    serde_json::to_value(inspection).unwrap()
}

fn zip(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(entries, &mut bytes, &WriteOptions::default()).unwrap();
    bytes
}

fn gallery() -> (build::Built, Vec<Entry>) {
    let built = build::from_template(TEMPLATE, &Variables::new()).unwrap();
    let entries = vec![
        Entry::bytes("Manifest.xml", built.text.as_bytes()),
        Entry::bytes("Parameters.xml", PARAMETERS),
        Entry::folder("hello"),
        Entry::bytes("hello/app.py", "x = 1\n"),
        Entry::bytes("hello/web.config", WEB_CONFIG),
        Entry::bytes("hello/iiswsgi.bootstrap.json", Bootstrap::new("hello").to_json()),
    ];
    (built, entries)
}

fn rules(inspection: &Inspection) -> Vec<&'static str> {
    inspection.findings.iter().map(|found| found.finding.rule).collect()
}

#[test]
fn our_package_gives_back_provider_path_and_three_settings() {
    let bytes = zip(&gallery().1);
    let inspection = inspect(&bytes).unwrap();
    let json = json(&inspection);
    assert_eq!(json["kind"], "package");
    assert_eq!(json["size"], bytes.len());
    assert_eq!(json["sha1"], Digests::of(&bytes).sha1_hex());
    assert_eq!(json["content"]["shape"], "gallery");
    let command = &json["content"]["manifest"]["providers"][1];
    let settings: Vec<Value> =
        [("successReturnCodes", "0x0"), ("waitAttempts", "5"), ("waitInterval", "1000")]
            .map(|(name, value)| serde_json::json!({"name": name, "value": value}))
            .to_vec();
    assert_eq!((&command["provider"], &command["path"]), (&"runCommand".into(), &"cmd /c setup.cmd".into()));
    assert_eq!(command["settings"], Value::Array(settings.clone()));
    assert_eq!(command["options"]["provider"], "runCommand");
    assert_eq!(command["options"]["path"], "cmd /c setup.cmd");
    assert_eq!(command["options"]["settings"], Value::Array(settings));
    let parameter = &json["content"]["parameters"]["parameters"][0];
    assert_eq!(parameter["name"], "IIS Web Application Name");
    assert_eq!(json["content"]["applications"][0]["files"], 3);
    assert_eq!(json["content"]["bootstrap"]["name"], "hello");
    assert_eq!(json["content"]["entries"].as_array().unwrap().len(), 6);
}

#[test]
fn findings_in_a_package_name_their_file_and_line() {
    let inspection = inspect(zip(&gallery().1)).unwrap();
    let web_config =
        inspection.findings.iter().find(|found| found.file.as_deref() == Some("hello/web.config")).unwrap();
    assert!(web_config.finding.line > 0, "{web_config:?}");
    let json = json(&inspection);
    assert_eq!(json["findings"][0]["rule"], inspection.findings[0].finding.rule);
    assert!(inspection.to_string().contains("hello/web.config:1:"));
}

#[test]
fn a_package_of_the_archive_shape_is_read_as_well() {
    let (built, entries) = gallery();
    let description =
        Description { manifest: &built.manifest, parameters: Some(PARAMETERS.as_bytes()), entries };
    let inspection = inspect(zip(&from_gallery(description).unwrap())).unwrap();
    let json = json(&inspection);
    assert_eq!(json["content"]["shape"], "archive");
    assert_eq!(json["content"]["manifest"]["providers"][1]["settings"][2]["value"], "1000");
    assert_eq!(json["content"]["applications"][0]["files"], 3);
    assert!(!rules(&inspection).contains(&"machine-name"), "ours name no machine");
}

#[test]
fn what_a_package_gives_away_is_found() {
    let manifest = r#"<sitemanifest><iisApp path="C:\Users\carl\app" MSDeploy.MSDeployLinkName="Child1"/></sitemanifest>"#;
    let entries = [
        Entry::bytes("archive.xml", manifest),
        Entry::bytes("systemInfo.xml", r#"<systemInfo machineName="CARLS-PC" osVersion="10.0"/>"#),
        Entry::bytes("Content/C_C/Users/carl/app/x.py", "x"),
    ];
    let inspection = inspect(zip(&entries)).unwrap();
    for rule in ["machine-name", "user-name", "missing-parameters"] {
        assert!(rules(&inspection).contains(&rule), "{rule} is not in {:?}", rules(&inspection));
    }
}

#[test]
fn broken_parts_of_a_package_are_findings_and_the_rest_is_shown() {
    let entries = [
        Entry::bytes("manifest.XML", "<x><iisApp path='a'/></x>"),
        Entry::bytes("parameters.xml", "<parameters>\n <oops"),
        Entry::bytes("a/web.config", "<configuration>"),
        Entry::bytes("a/iiswsgi.bootstrap.json", "{"),
    ];
    let inspection = inspect(zip(&entries)).unwrap();
    let found =
        |file: &str| inspection.findings.iter().find(|found| found.file.as_deref() == Some(file)).unwrap();
    assert_eq!(found("parameters.xml").finding.rule, "not-well-formed");
    assert_eq!(found("parameters.xml").finding.line, 2);
    assert_eq!(found("a/web.config").finding.rule, "not-well-formed");
    assert_eq!(found("a/iiswsgi.bootstrap.json").finding.rule, "broken-bootstrap");
}

#[test]
fn archives_that_are_no_packages_give_a_clear_error() {
    let error = inspect(zip(&[Entry::bytes("a.txt", "x")])).unwrap_err();
    assert!(error.to_string().contains("neither `Manifest.xml` nor `archive.xml`"));
    let mut torn = zip(&gallery().1);
    torn.truncate(torn.len() / 2);
    let shown = Shown::of(&inspect(torn).unwrap_err()).to_string();
    assert!(shown.contains("`x` is broken") && shown.contains("not a whole zip archive"), "{shown}");
    let manifest = zip(&[Entry::bytes("Manifest.xml", "<x>\n<iisApp></x>")]);
    let error = inspect(manifest).unwrap_err();
    assert_eq!(error.location().unwrap().line, 2);
}

#[test]
fn every_kind_is_told_by_its_content() {
    let options =
        ProviderOptions { settings: vec![("a".into(), "b".into())], ..ProviderOptions::new("iisApp", "p") };
    let attribute = options.to_attribute();
    let host = "<configuration><system.applicationHost><sites><site name='S' id='7'><application path='/'>\
                <virtualDirectory path='/' physicalPath='C:\\s'/></application></site></sites></system.applicationHost>\
                </configuration>";
    for (text, kind) in [
        (TEMPLATE, Kind::Manifest),
        ("<sitemanifest><runcommand path='x'/></sitemanifest>", Kind::Manifest),
        ("<a><iisApp path='x' MSDeploy.MSDeployLinkName='C1'/></a>", Kind::ArchiveManifest),
        (PARAMETERS, Kind::Parameters),
        ("<parameters/>", Kind::Parameters),
        ("<parameters><setParameter name='a' value='b'/></parameters>", Kind::SetParameters),
        ("<systemInfo machineName='m'/>", Kind::SystemInfo),
        (WEB_CONFIG, Kind::WebConfig),
        (host, Kind::ApplicationHost),
        ("<feed xmlns='http://www.w3.org/2005/Atom'/>", Kind::Feed),
        (&attribute, Kind::ProviderOptions),
        (&format!("\n  {attribute}\n"), Kind::ProviderOptions),
        (&format!("<iisApp MSDeploy.MSDeployProviderOptions='{attribute}'/>"), Kind::ProviderOptions),
        (&Bootstrap::new("x").to_json(), Kind::Bootstrap),
    ] {
        let inspection = inspect(text).unwrap();
        assert_eq!(inspection.kind, kind, "{text}");
        assert!(inspection.to_string().starts_with(&format!("x: {}, ", kind.description())));
        assert_eq!(json(&inspection)["kind"], serde_json::to_value(kind).unwrap());
    }
}

#[test]
fn what_is_nothing_of_ours_gives_a_clear_error() {
    for (text, found) in [
        (&b""[..], "it is empty"),
        (b"\x7fELF\0\0\xff", "it is no text"),
        (b"hello", "neither XML"),
        (b"<html/>", "its root element is `html`"),
        (b"[1]", "neither XML"),
        (b"{}", "it is JSON"),
    ] {
        let error = inspect(text).unwrap_err();
        assert!(error.to_string().contains(found), "{error}");
        assert!(error.hint().is_some());
    }
    let shown = Shown::of(&inspect("<a>\n<b>\n</a>").unwrap_err());
    assert_eq!(shown.location.unwrap().line, 3);
    assert!(shown.error.starts_with("`x` is broken at line 3"), "{}", shown.error);
    let broken = inspect("H4sIAAAA").unwrap_err();
    assert!(Shown::of(&broken).to_string().contains("not gzip data"));
    let missing = inspect_file(Path::new("does/not/exist")).unwrap_err();
    assert!(Shown::of(&missing).to_string().contains("does/not/exist"));
    let folder = tempfile::tempdir().unwrap();
    assert!(inspect_file(folder.path()).unwrap_err().to_string().contains("it is a folder"));
}

#[test]
fn a_file_and_its_bytes_are_inspected_alike() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in
        [("a.zip", zip(&gallery().1)), ("Manifest.xml.in", TEMPLATE.into()), ("one", b"<".to_vec())]
    {
        let path = folder.path().join(name);
        std::fs::write(&path, &bytes).unwrap();
        let (file, memory) = (inspect_file(&path), inspect_bytes(&path, &bytes));
        match (file, memory) {
            (Ok(file), Ok(memory)) => assert_eq!(json(&file), json(&memory)),
            (Err(file), Err(memory)) => assert_eq!(file.to_string(), memory.to_string()),
            different => panic!("{different:?}"),
        }
    }
}

#[test]
fn the_text_reads_as_documented() {
    let text = inspect(zip(&gallery().1)).unwrap().to_string();
    let hashes = |line: &&str| !line.starts_with("SHA-") && !line.starts_with("x: ");
    let text = text.lines().filter(hashes).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!("package", text);
}

#[test]
fn a_stranger_cannot_drive_the_terminal_and_secrets_are_masked() {
    let manifest = "<x><iisApp path='a\u{9b}31m&#10;error: fake\u{202e}'/></x>";
    let text = inspect(manifest).unwrap().to_string();
    assert!(!text.contains(['\u{9b}', '\u{202e}']) && text.contains("\\u{9b}31m"), "{text}");
    assert!(!text.lines().any(|line| line.starts_with("error: fake")));
    let text = inspect(PARAMETERS).unwrap().to_string();
    assert!(text.contains("Key = ***") && !text.contains("geheim"), "{text}");
}

#[test]
fn every_real_file_has_a_sensible_answer_or_a_clear_error() {
    let Some(shared) = crate::testdata::shared() else { return };
    let mut kinds: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for folder in ["", "packages", "feeds"] {
        for entry in std::fs::read_dir(shared.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                continue;
            }
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let kind = match inspect_file(&path) {
                Ok(inspection) => {
                    assert!(inspection.to_string().len() > 100 && !json(&inspection)["content"].is_null());
                    format!("{:?}", inspection.kind)
                }
                Err(error) => {
                    assert!(error.hint().is_some() && error.location().is_some(), "{error:?}");
                    match error {
                        Error::Malformed { line, .. } => {
                            assert!(line > 0, "{name}");
                            "Malformed".into()
                        }
                        _ => "Unknown".into(),
                    }
                }
            };
            kinds.entry(kind).or_default().push(name);
        }
    }
    let count = |kind: &str| kinds.get(kind).map_or(0, Vec::len);
    assert_eq!((count("Feed"), count("Malformed"), count("Unknown")), (5, 2, 2), "{kinds:#?}");
    assert_eq!(
        (count("SystemInfo"), count("SetParameters"), count("ArchiveManifest")),
        (2, 1, 2),
        "{kinds:#?}"
    );
    assert_eq!((count("Manifest"), count("Parameters")), (14, 16), "{kinds:#?}");
}

#[test]
fn every_real_blob_is_decoded() {
    let Some(shared) = crate::testdata::shared() else { return };
    let samples = std::fs::read(shared.join("provider-options.json")).unwrap();
    let samples: Vec<Value> = serde_json::from_slice(&samples).unwrap();
    for sample in &samples {
        let inspection = inspect(sample["blob"].as_str().unwrap()).unwrap();
        let json = json(&inspection);
        assert_eq!(json["content"]["provider"], sample["providerName"], "{sample}");
        assert_eq!(json["content"]["path"], sample["path"]);
        let settings = json["content"]["settings"].as_array().unwrap();
        assert_eq!(settings.len(), sample["settings"].as_array().unwrap().len());
    }
    assert!(!samples.is_empty());
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = inspect(&bytes);
        let mut zipped = zip(&gallery().1);
        for (at, byte) in bytes.chunks_exact(3).map(|chunk| (usize::from(chunk[0]) << 8 | usize::from(chunk[1]), chunk[2])) {
            let length = zipped.len();
            zipped[at % length] = byte;
        }
        let _ = inspect(&zipped);
    }
}
