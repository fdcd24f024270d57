//! Tests of the configuration as a whole: what is accepted, and who wins. What is refused is in
//! `refusal_tests`.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::error::Shown;

/// A folder with files.
pub(super) fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// The configuration of a folder with these files.
pub(super) fn loaded(files: &[(&str, &str)]) -> Result<Config, Error> {
    load(folder(files).path(), None, &Environment::empty(), &Overrides::new())
}

/// The settings of a YAML text that is right.
pub(super) fn yaml(text: &str) -> FileConfig {
    from_yaml(Path::new("iiswsgi.yml"), text).unwrap_or_else(|error| panic!("{}", Shown::of(&error)))
}

#[test]
fn an_empty_folder_and_an_empty_file_are_all_defaults() {
    let config = loaded(&[]).unwrap();
    assert_eq!(*config, FileConfig::default());
    assert_eq!(config.file, None);
    assert_eq!(config.set(), []);
    assert!(config.gateway().starts_with("iiswsgi=="));
    for empty in ["", "# nothing\n", "---\n", "null\n", "{}\n"] {
        assert_eq!(*loaded(&[("iiswsgi.yml", empty)]).unwrap(), FileConfig::default(), "{empty:?}");
    }
    assert_eq!(*loaded(&[("pyproject.toml", "[tool.iiswsgi]\n")]).unwrap(), FileConfig::default());
    assert_eq!(loaded(&[("pyproject.toml", "[project]\nname = 'x'\n")]).unwrap().file, None);
}

#[test]
fn keys_without_a_value_are_not_set() {
    assert_eq!(
        yaml("app:\nparameters:\nfastcgi:\nvendor:\nrequirements:\ntest:\n  requests:\n"),
        FileConfig::default()
    );
}

#[test]
fn numbers_stay_as_they_were_written_where_a_text_is_wanted() {
    let config =
        yaml("python: 3.10\nversion: 1.0\ndefine: {A: 0x10, B: 007, C: 1_000}\nenvironment: {PORT: 8080}\n");
    assert_eq!(config.python, Some(Python::Version("3.10".into())));
    assert_eq!(config.version.as_deref(), Some("1.0"));
    let values: Vec<&str> = config.define.values().map(String::as_str).collect();
    assert_eq!(values, ["0x10", "007", "1_000"]);
    assert_eq!(config.environment.values().collect::<Vec<_>>(), ["8080"]);
    let config = loaded(&[("pyproject.toml", "[tool.iiswsgi]\npython = 3.10\nversion = '1.0'\n")]).unwrap();
    assert_eq!(config.python, Some(Python::Version("3.10".into())));
}

#[test]
fn an_interpreter_is_told_from_a_version() {
    for version in ["3", "3.11", "3.11.7"] {
        assert_eq!(Python::new(version), Python::Version(version.into()));
    }
    for interpreter in ["python3.11", "/usr/bin/python3", r"C:\Python311\python.exe", "3.x", "3.11.1.1", "."]
    {
        assert_eq!(Python::new(interpreter), Python::Interpreter(interpreter.into()));
    }
}

#[test]
fn short_forms_are_their_long_forms() {
    assert_eq!(yaml("requirements: flask\n"), yaml("requirements: [flask]\n"));
    assert_eq!(yaml("vendor: true\n"), yaml("vendor: {}\n"));
    assert!(yaml("vendor: {python: '3.11'}\n").vendor.enabled);
    assert!(!yaml("vendor: false\n").vendor.enabled);
    let config = yaml("test: {requests: [{status: 200, response-headers: {X-A: 1.0}}]}\n");
    let request = &config.test.requests[0];
    assert!(request.allows(200) && !request.allows(404));
    assert_eq!(request.response_headers["X-A"].equals.as_deref(), Some("1.0"));
    assert!(Request::default().allows(404) && !Request::default().allows(500));
}

#[test]
fn the_same_keys_work_in_both_files() {
    let text = "app: wsgi:app\nfastcgi: {idle-timeout: 60, protocol: Tcp}\nhooks: {pre-build: [a, b]}\nparameters:\n- {name: Key, default: true, tags: [Hidden], file: a.ini, placeholder: __k__}\n";
    let toml = "[tool.iiswsgi]\napp = 'wsgi:app'\nfastcgi = {idle-timeout = 60, protocol = 'Tcp'}\nhooks.pre-build = ['a', 'b']\n[[tool.iiswsgi.parameters]]\nname = 'Key'\ndefault = true\ntags = 'Hidden'\nfile = 'a.ini'\nplaceholder = '__k__'\n";
    let config = loaded(&[("pyproject.toml", toml)]).unwrap();
    assert_eq!(*config, yaml(text));
    assert_eq!(config.parameters[0].default, Some(Scalar("true".into())));
}

/// Texts with values of a wrong type or out of their range, and what a user is told.
#[test]
fn a_named_file_stands_alone() {
    let folder = folder(&[
        ("iiswsgi.yml", "app: a\n"),
        ("other.yml", "\u{feff}app: b\n"),
        ("x.toml", "[tool.iiswsgi]\napp = 'c'\n"),
    ]);
    for (name, app) in [("other.yml", "b"), ("x.toml", "c")] {
        let file = folder.path().join(name);
        let config = load(folder.path(), Some(&file), &Environment::empty(), &Overrides::new()).unwrap();
        assert_eq!(config.app.as_deref(), Some(app));
        assert_eq!(config.file, Some(file));
    }
}

#[test]
fn flags_stand_over_environment_over_file_over_defaults() {
    let folder =
        folder(&[("iiswsgi.yml", "app: file\nname: file\ntitle: file\nfastcgi:\n  idle-timeout: 20\n")]);
    let environment: Environment = [
        ("IISWSGI_APP", "environment"),
        ("IISWSGI_NAME", "environment"),
        ("IISWSGI_TITLE", ""),
        ("IISWSGI_FASTCGI_MAX_INSTANCES", "4"),
        ("IISWSGI_VENDOR", "true"),
        ("SOURCE_DATE_EPOCH", "1700000000"),
    ]
    .into_iter()
    .collect();
    let mut overrides = Overrides::new();
    overrides.set("app", "--app", "flag").set_entry("define", "--define", "A.B", "x");
    overrides.set_list("requirements", "--requirement", ["flask", "django"]).set_flag(
        "iis.require",
        "--require-iis",
        true,
    );
    let config = load(folder.path(), None, &environment, &overrides).unwrap();
    assert_eq!(config.app.as_deref(), Some("flag"));
    assert_eq!(config.name.as_deref(), Some("environment"));
    assert_eq!(config.title.as_deref(), Some("file"), "an empty variable says nothing");
    assert_eq!(
        config.fastcgi.attributes(),
        [("maxInstances", "4".to_owned()), ("idleTimeout", "20".to_owned())]
    );
    assert!(config.vendor.enabled && config.iis.require);
    assert_eq!(config.package.source_date_epoch.map(Bounded::get), Some(1_700_000_000));
    assert_eq!(config.define["A.B"], "x");
    assert_eq!(config.output, Path::new("dist"));
    assert_eq!(config.origin("app"), Origin::Flag("--app".into()));
    assert_eq!(config.origin("name"), Origin::Environment("IISWSGI_NAME".into()));
    assert_eq!(config.location("fastcgi.idle-timeout").map(|place| place.line), Some(5));
    assert_eq!(config.origin("output"), Origin::Default);
    let root = folder.path().display().to_string();
    let lines: Vec<String> =
        config.set().iter().map(|line| line.to_string().replace(&root, "ROOT").replace('\\', "/")).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    app: flag (flag `--app`)
    name: environment (environment `IISWSGI_NAME`)
    title: file (ROOT/iiswsgi.yml:3)
    fastcgi.idle-timeout: 20 (ROOT/iiswsgi.yml:5)
    fastcgi.max-instances: 4 (environment `IISWSGI_FASTCGI_MAX_INSTANCES`)
    package.source-date-epoch: 1700000000 (environment `SOURCE_DATE_EPOCH`)
    vendor.enabled: true (environment `IISWSGI_VENDOR`)
    define.A.B: x (flag `--define`)
    requirements[0]: flask (flag `--requirement`)
    requirements[1]: django (flag `--requirement`)
    iis.require: true (flag `--require-iis`)
    ");
}
