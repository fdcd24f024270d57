//! Packages of both shapes: made, read back, and compared with real ones.

use std::io::Cursor;

use super::super::archive::{self, Entry, Limits, Reader, WriteOptions};
use super::super::manifest::{Manifest, Provider};
use super::super::options::ProviderOptions;
use super::*;
use crate::xml::Document;

fn manifest() -> Manifest {
    let mut manifest = Manifest::gallery();
    let settings =
        [("waitAttempts".to_owned(), "5".to_owned()), ("waitInterval".to_owned(), "1000".to_owned())];
    manifest.providers = vec![
        Provider::new("iisApp", "Hello"),
        Provider::new("setAcl", "Hello/App_Data").with_attributes(&[("setAclAccess", "Modify")]),
        Provider::new("runCommand", "iiswsgi bootstrap").with_options(&settings),
    ];
    manifest
}

fn gallery() -> Vec<Entry> {
    vec![
        Entry::bytes("Manifest.xml", manifest().to_xml()),
        Entry::bytes(
            "Parameters.xml",
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<parameters></parameters>",
        ),
        Entry::bytes("Hello/wsgi.py", "application = None"),
        Entry::bytes("Hello/static/a.css", "a {}"),
    ]
}

fn archived() -> Vec<Entry> {
    let manifest = manifest();
    let entries = gallery();
    from_gallery(Description { manifest: &manifest, parameters: Some(b"<parameters/>"), entries }).unwrap()
}

fn packed(entries: &[Entry]) -> Reader<Cursor<Vec<u8>>> {
    let mut out = Vec::new();
    archive::write(entries, &mut out, &WriteOptions::default()).unwrap();
    Reader::open(Cursor::new(out), Limits::default()).unwrap()
}

fn text(reader: &mut Reader<Cursor<Vec<u8>>>, name: &str) -> String {
    String::from_utf8(reader.read(name, 1 << 20).unwrap()).unwrap()
}

#[test]
fn an_archive_has_the_files_of_web_deploy_in_its_order() {
    let mut reader = packed(&archived());
    let names: Vec<_> = reader.entries().iter().map(|entry| &*entry.name).collect();
    assert_eq!(
        names,
        [
            "archive.xml",
            "Content",
            "Content/Hello",
            "Content/Hello/static",
            "Content/Hello/static/a.css",
            "Content/Hello/wsgi.py",
            "parameters.xml",
            "systemInfo.xml"
        ]
    );
    for name in ["archive.xml", "parameters.xml", "systemInfo.xml"] {
        assert!(text(&mut reader, name).starts_with("\u{feff}<"), "{name} begins with a byte order mark");
    }
    assert_eq!(text(&mut reader, "parameters.xml"), "\u{feff}<parameters/>");
}

#[test]
fn archive_xml_has_the_elements_and_attributes_that_web_deploy_writes() {
    let Some(data) = crate::testdata::shared() else { return };
    let real = std::fs::read(data.join("packages/coden4fun+Web-Deploy--archive.xml")).unwrap();
    let real = Document::parse_bytes(&real).unwrap();
    let ours = Document::parse_bytes(text(&mut packed(&archived()), "archive.xml").as_bytes()).unwrap();
    let shape = |document: &Document, path: &[&str]| {
        let mut element = document.root();
        for name in path {
            element = element.children().find(|child| child.is(name)).expect("the element");
        }
        element.attributes().iter().map(|attribute| attribute.name.clone()).collect::<Vec<_>>()
    };
    for path in [
        &[][..],
        &["iisApp"],
        &["iisApp", "createApp"],
        &["iisApp", "contentPath"],
        &["iisApp", "contentPath", "MSDeploy.dirPath"],
        &["setAcl"],
    ] {
        assert_eq!(shape(&ours, path), shape(&real, path), "{path:?}");
    }
}

#[test]
fn nothing_tells_of_the_machine() {
    let mut reader = packed(&archived());
    insta::assert_snapshot!(text(&mut reader, "systemInfo.xml").trim_start_matches('\u{feff}').lines().next().unwrap(), @r#"<systemInfo osVersion="10.0" winDir="C:\Windows" machineName="localhost" processorArchitecture="x64" msdeployVersion="1.0" buildVersion="7.1.1955.0">"#);
}

#[test]
fn settings_come_back_from_the_options() {
    let contents = Contents::read(&mut packed(&archived())).unwrap();
    assert_eq!(contents.shape, Shape::Archive);
    let run = contents.manifest.named("runCommand").next().unwrap();
    let options = ProviderOptions {
        provider: "runCommand".into(),
        path: "iiswsgi bootstrap".into(),
        settings: vec![("waitAttempts".into(), "5".into()), ("waitInterval".into(), "1000".into())],
    };
    assert_eq!(run.options.as_ref(), Some(&options));
    assert_eq!(contents.manifest.named("setAcl").next().unwrap().setting("setAclAccess"), Some("Modify"));
}

#[test]
fn both_shapes_give_the_same_application() {
    for (mut reader, shape, root) in [
        (packed(&gallery()), Shape::Gallery, "Hello"),
        (packed(&archived()), Shape::Archive, "Content/Hello"),
    ] {
        let contents = Contents::read(&mut reader).unwrap();
        assert_eq!(contents.shape, shape);
        assert!(contents.parameters.is_some());
        let application = contents.main_application().unwrap();
        assert_eq!((&*application.path, &*application.root), ("Hello", root));
        let mut files: Vec<_> = application
            .entries
            .iter()
            .filter(|(index, _)| !reader.entries()[*index].folder)
            .map(|(_, name)| &**name)
            .collect();
        files.sort_unstable();
        assert_eq!(files, ["static/a.css", "wsgi.py"], "{shape:?}");
        assert!(contents.findings.iter().all(|finding| finding.rule != "missing-content"));
    }
}

#[test]
fn packages_of_visual_studio_map_a_drive_to_a_folder() {
    assert_eq!(content_root("C:\\FinalTodo\\obj\\PackageTmp"), "Content/C_C/FinalTodo/obj/PackageTmp");
    assert_eq!(content_root("Default Web Site/App/"), "Content/Default Web Site/App");
    let manifest = "<x><contentPath path=\"C:\\Work\\Out\\\" /></x>";
    let mut reader =
        packed(&[Entry::bytes("archive.xml", manifest), Entry::bytes("Content/C_C/work/out/Web.config", "")]);
    let contents = Contents::read(&mut reader).unwrap();
    assert_eq!(contents.main_application().unwrap().entries, [(1, "Web.config".to_owned())]);
}

#[test]
fn lower_case_names_are_found_and_a_missing_folder_is_a_finding() {
    let mut reader = packed(&[
        Entry::bytes("manifest.xml", "<m><iisapp path=\"gone\"/></m>"),
        Entry::bytes("parameters.xml", "<parameters/>"),
    ]);
    let contents = Contents::read(&mut reader).unwrap();
    assert_eq!(
        (&*contents.manifest_name, &*contents.parameters.unwrap().0),
        ("manifest.xml", "parameters.xml")
    );
    assert!(contents.findings.iter().any(|finding| finding.rule == "missing-content"));
    let error = Contents::read(&mut packed(&[Entry::bytes("app/Manifest.xml", "<m/>")])).unwrap_err();
    assert!(matches!(error, Error::NoManifest));
}

#[test]
fn what_has_no_place_in_an_archive_is_refused() {
    let refused = |providers: Vec<Provider>, extra: &str| {
        let mut manifest = Manifest::gallery();
        manifest.providers = providers;
        let mut entries = gallery();
        entries.push(Entry::bytes(extra, ""));
        from_gallery(Description { manifest: &manifest, parameters: None, entries }).unwrap_err().to_string()
    };
    let app = || Provider::new("iisApp", "hello");
    insta::assert_snapshot!(refused(vec![app(), Provider::new("dbFullSql", "a.sql")], "a.sql"), @"the archive format has no place for the provider `dbFullSql` of `a.sql`");
    insta::assert_snapshot!(refused(vec![app()], "README"), @"the archive format has no place for `README`: no provider of the manifest has it");
    insta::assert_snapshot!(refused(vec![app(), Provider::new("contentPath", "data")], "Hello/b"), @"the package has no folder `data`, which the provider `contentPath` names");
}

#[test]
fn parameters_of_another_encoding_become_utf_8() {
    let text = "<?xml version=\"1.0\" encoding=\"utf-16\"?>\r\n<parameters><!-- é --></parameters>";
    let mut bytes = vec![0xFF, 0xFE];
    bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    let manifest = manifest();
    let entries =
        from_gallery(Description { manifest: &manifest, parameters: Some(&bytes), entries: gallery() })
            .unwrap();
    assert_eq!(
        self::text(&mut packed(&entries), "parameters.xml"),
        "\u{feff}<parameters><!-- é --></parameters>"
    );
    let bad = Description { manifest: &manifest, parameters: Some(b"<parameters>"), entries: gallery() };
    assert_eq!(from_gallery(bad).unwrap_err().to_string(), "`Parameters.xml` is not well-formed XML");
}
