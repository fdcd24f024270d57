//! Hybrid wheels, made of small packages and wheels.

use std::fs;

use super::*;
use crate::publish::pypi::preflight;

fn zip(path: &Path, files: &[(&str, &str)]) {
    let mut entries: Vec<Entry> = files.iter().map(|(name, text)| Entry::bytes(*name, *text)).collect();
    archive::add_folders(&mut entries);
    let mut bytes = Vec::new();
    archive::write(&entries, &mut bytes, &WriteOptions::default()).unwrap();
    fs::write(path, bytes).unwrap();
}

const METADATA: &str = "Metadata-Version: 2.1\nName: My.App\nVersion: 1.0\n";

fn description() -> Description {
    Description {
        name: "My.App".into(),
        version: "1.0".into(),
        summary: Some("An\napp".into()),
        requires_python: Some(">=3.9".into()),
        dependencies: vec!["flask>=3".into()],
    }
}

fn made(package: &[(&str, &str)], wheel: Option<&[(&str, &str)]>) -> Result<(TempDir, PathBuf), Error> {
    let folder = tempfile::tempdir().unwrap();
    let (package_path, wheel_path) =
        (folder.path().join("p.zip"), folder.path().join("my_app-1.0-py3-none-any.whl"));
    zip(&package_path, package);
    if let Some(wheel) = wheel {
        zip(&wheel_path, wheel);
    }
    let description = description();
    let wheel = wheel.map(|_| wheel_path.as_path());
    let source =
        Source { package: &package_path, wheel, description: &description, time: None, cancel: None };
    let out = folder.path().join("out");
    let (path, digests) = write(source, &out)?;
    assert_eq!(write(source, &out).unwrap().1, digests, "the same bytes again");
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1, "nothing is left beside it");
    Ok((folder, path))
}

#[test]
fn a_package_alone_becomes_a_wheel_that_an_index_takes() {
    let (_folder, path) = made(
        &[
            ("Manifest.xml", "<m/>"),
            ("Parameters.xml", "<p/>"),
            ("app/web.config", "<c/>"),
            ("app/a,b.py", "x"),
        ],
        None,
    )
    .unwrap();
    let name = path.file_name().unwrap().to_str().unwrap();
    assert_eq!(name, "my_app-1.0-py3-none-any.whl");
    let verdict = preflight::check(name, File::open(&path).unwrap()).unwrap();
    assert_eq!(verdict.findings, []);
    let metadata = verdict.metadata.unwrap();
    assert_eq!((metadata.get("summary"), metadata.get("requires-dist")), (Some("An app"), Some("flask>=3")));
    let mut reader = Reader::open(File::open(&path).unwrap(), Limits::default()).unwrap();
    let record = String::from_utf8(reader.read("my_app-1.0.dist-info/RECORD", 9999).unwrap()).unwrap();
    assert!(record.contains("\"app/a,b.py\",sha256="), "{record}");
    assert!(record.ends_with("my_app-1.0.dist-info/RECORD,,\n"), "{record}");
    assert_eq!(reader.read("Manifest.xml", 99).unwrap(), b"<m/>");
}

#[test]
fn the_own_wheel_is_kept_and_its_record_made_anew() {
    let wheel = [
        ("my_app/__init__.py", "code"),
        ("my_app/same.txt", "same"),
        ("my_app-1.0.dist-info/METADATA", METADATA),
        ("my_app-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n"),
        ("my_app-1.0.dist-info/RECORD", "old"),
        ("my_app-1.0.dist-info/RECORD.jws", "signature"),
    ];
    let package = [("Manifest.xml", "<m/>"), ("my_app/same.txt", "same"), ("my_app/web.config", "<c/>")];
    let (_folder, path) = made(&package, Some(&wheel)).unwrap();
    let verdict = preflight::check("my_app-1.0-py3-none-any.whl", File::open(&path).unwrap()).unwrap();
    assert_eq!(verdict.findings, []);
    let reader = Reader::open(File::open(&path).unwrap(), Limits::default()).unwrap();
    assert!(reader.find("my_app/__init__.py").is_some() && reader.find("my_app/web.config").is_some());
    assert!(reader.find("my_app-1.0.dist-info/RECORD.jws").is_none());
}

#[test]
fn what_does_not_go_together_is_refused() {
    let info = [("my_app-1.0.dist-info/METADATA", METADATA), ("My_App/x.txt", "one")];
    let collision = made(&[("Manifest.xml", ""), ("my_app/x.txt", "one")], Some(&info)).unwrap_err();
    assert!(matches!(collision, Error::Collision { .. }), "{collision}");
    assert!(collision.hint().is_some());
    assert!(matches!(made(&[("a.txt", "")], None), Err(Error::NotAPackage { .. })));
    assert!(matches!(made(&[("Manifest.xml", "")], Some(&[("a.py", "")])), Err(Error::NotAWheel { .. })));
}
