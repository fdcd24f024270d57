//! The bootstrap with a runner that only takes notes: what is run in which order, and what is left behind.

mod machine;

use std::fs;
use std::path::Path;

use self::machine::{Machine, PYTHON, plain};
use super::*;
use crate::event::{Quiet, Recorder};
use crate::iis::application_host::ApplicationHost;
use crate::package::bootstrap::{FILE_NAME, STAMP};

/// Takes every application, and says so.
#[derive(Default)]
struct Noted(Vec<FastCgiApplication>);

impl Registry for Noted {
    fn register(&mut self, application: &FastCgiApplication) -> Result<Change, RegistryError> {
        self.0.push(application.clone());
        Ok(Change::Added)
    }
}

const TEMPLATE: &str = "<configuration><system.webServer><fastCgi>\
    <application fullPath=\"%VENV_PYTHON%\" arguments=\"-m iiswsgi serve wsgi\">\
    <environmentVariables><environmentVariable name=\"A\" value=\"%MODE%\"/></environmentVariables></application>\
    <application fullPath=\"%%SystemDrive%%\\x.exe\" arguments=\"\"/></fastCgi></system.webServer></configuration>";

/// An unpacked application whose description has these further keys.
fn application(more: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("web.config.in", TEMPLATE);
    write(STAMP, "# not yet");
    write(
        FILE_NAME,
        &format!(
            "{{\"schema\": 1, \"name\": \"hello\", \"gateway\": \"iiswsgi==0.1.0\", \"environment\": {{\"MODE\": \"a & b\"}}{more}}}"
        ),
    );
    folder
}

fn target(folder: &Path) -> Target {
    Target { folder: folder.to_owned(), application: None }
}

fn bootstrap(folder: &Path, machine: &Machine, registry: &mut Noted) -> Result<Report, Error> {
    run(&target(folder), &Command::default(), &Settings::default(), registry, machine, &Quiet)
}

#[test]
fn makes_the_environment_installs_everything_in_one_call_and_registers_all_applications() {
    let folder = application(", \"requirements\": [\"-r requirements.txt\", \"flask>=3\"]");
    let (machine, mut registry) = (Machine::default(), Noted::default());
    let report = bootstrap(folder.path(), &machine, &mut registry).unwrap();
    let at = folder.path().display().to_string();
    let ran = machine.ran_in(&at);
    assert_eq!(
        ran[1..],
        [
            "/py/python3 -I -m venv --without-pip APP/.venv".to_owned(),
            format!(
                "APP/.venv/{PYTHON} /py/pip/__pip-runner__.py install --quiet --no-input -r requirements.txt \
                 flask>=3 iiswsgi==0.1.0"
            ),
        ]
    );
    assert_eq!(registry.0.len(), 2);
    assert_eq!(registry.0[0].full_path, report.python.to_string_lossy());
    assert_eq!(registry.0[0].environment, [("A".to_owned(), "a & b".to_owned())]);
    assert_eq!(registry.0[1].full_path, "%SystemDrive%\\x.exe");
    assert!(!folder.path().join(STAMP).exists());
    let modules = folder.path().join(".venv/lib/python3.11/site-packages/iiswsgi-application.pth");
    assert_eq!(fs::read_to_string(modules).unwrap(), format!("{at}\n"));
}

#[test]
fn hooks_run_in_the_applications_folder_with_its_own_python() {
    let hooks = ", \"hooks\": {\"pre-install\": [\"python before.py\"], \
                 \"post-install\": [\"python manage.py migrate --noinput\"]}";
    let folder = application(hooks);
    let machine = Machine::default();
    bootstrap(folder.path(), &machine, &mut Noted::default()).unwrap();
    let ran = machine.ran.lock().unwrap();
    assert_eq!(ran[1], ("/py/python3 before.py".into(), Some(folder.path().to_owned())));
    let (last, at) = ran.last().unwrap();
    let last = plain(last, &folder.path().display().to_string());
    assert_eq!(last, format!("APP/.venv/{PYTHON} manage.py migrate --noinput"));
    assert_eq!(at.as_deref(), Some(folder.path()));
}

#[test]
fn a_failed_step_names_itself_and_leaves_the_stamp() {
    let folder = application(", \"hooks\": {\"post-install\": [\"python manage.py migrate\"]}");
    let machine = Machine { fails: Some("migrate"), ..Machine::default() };
    let mut registry = Noted::default();
    let error = bootstrap(folder.path(), &machine, &mut registry).unwrap_err();
    let shown = crate::error::Shown::of(&error).to_string();
    assert!(shown.contains("bootstrap step `post-install` failed"), "{shown}");
    assert!(shown.contains("exit code 3") && shown.contains("ERROR: it went wrong"), "{shown}");
    assert!(folder.path().join(STAMP).exists());
    assert!(registry.0.is_empty());
}

#[test]
fn a_wheelhouse_is_used_instead_of_the_index_and_uv_instead_of_pip() {
    let folder = application(", \"wheelhouse\": \"wheels\"");
    fs::create_dir(folder.path().join("wheels")).unwrap();
    let machine = Machine { uv: true, ..Machine::default() };
    let report = bootstrap(folder.path(), &machine, &mut Noted::default()).unwrap();
    assert_eq!(report.installer, "uv");
    let install = machine.ran().pop().unwrap();
    assert!(install.starts_with("/bin/uv pip install"), "{install}");
    assert!(install.contains("--no-index --find-links"), "{install}");
}

#[test]
fn an_old_pip_is_left_alone_and_the_environment_gets_its_own() {
    let folder = application("");
    let machine = Machine { without_pip: true, ..Machine::default() };
    bootstrap(folder.path(), &machine, &mut Noted::default()).unwrap();
    let ran = machine.ran();
    assert!(!ran[1].contains("--without-pip"), "{ran:?}");
    assert!(ran[2].contains("-m pip install"), "{ran:?}");
}

#[test]
fn without_a_stamp_nothing_is_done_unless_it_is_ignored() {
    let folder = application("");
    fs::remove_file(folder.path().join(STAMP)).unwrap();
    let machine = Machine::default();
    assert!(matches!(bootstrap(folder.path(), &machine, &mut Noted::default()), Err(Error::NoStamp { .. })));
    assert!(machine.ran().is_empty());
    let command = Command { ignore_stamp: true, ..Command::default() };
    run(&target(folder.path()), &command, &Settings::default(), &mut Noted::default(), &machine, &Quiet)
        .unwrap();
}

#[test]
fn two_at_once_are_refused() {
    let folder = application("");
    let held = fs::File::create(folder.path().join(".iiswsgi-bootstrap.lock")).unwrap();
    held.lock().unwrap();
    let machine = Machine::default();
    assert!(matches!(bootstrap(folder.path(), &machine, &mut Noted::default()), Err(Error::Busy { .. })));
    drop(held);
    bootstrap(folder.path(), &machine, &mut Noted::default()).unwrap();
}

#[test]
fn a_web_config_that_is_no_xml_is_refused_and_the_old_one_stays() {
    let folder = application("");
    fs::write(folder.path().join("web.config"), "old").unwrap();
    fs::write(folder.path().join("web.config.in"), "<configuration>\n<a></configuration>").unwrap();
    let error = bootstrap(folder.path(), &Machine::default(), &mut Noted::default()).unwrap_err();
    assert!(matches!(error, Error::WebConfig { .. }), "{error}");
    assert_eq!(fs::read_to_string(folder.path().join("web.config")).unwrap(), "old");
}

#[test]
fn variables_that_nobody_knows_are_reported_with_their_place() {
    let folder = application("");
    fs::write(folder.path().join("web.config.in"), "<configuration>\n<!-- %Nope% --></configuration>")
        .unwrap();
    let recorder = Recorder::new();
    run(
        &target(folder.path()),
        &Command::default(),
        &Settings::default(),
        &mut Noted::default(),
        &Machine::default(),
        &recorder,
    )
    .unwrap();
    let warned = recorder.events().iter().any(|event| {
        matches!(event, crate::event::Event::Message(message)
            if message.text.contains("`Nope`") && message.location.as_ref().is_some_and(|l| l.line == 2))
    });
    assert!(warned);
}

#[test]
fn paths_of_the_description_cannot_leave_the_folder() {
    for path in ["../x", "/x", "C:\\\\x", "a/../../x"] {
        let folder = application(&format!(", \"venv\": \"{path}\""));
        let error = bootstrap(folder.path(), &Machine::default(), &mut Noted::default()).unwrap_err();
        assert!(matches!(error, Error::Description { .. }), "{path}: {error}");
    }
}

#[test]
fn a_broken_description_is_an_error_with_its_place() {
    let folder = application("");
    fs::write(folder.path().join(FILE_NAME), "{\n\"name\": 5}").unwrap();
    let error = bootstrap(folder.path(), &Machine::default(), &mut Noted::default()).unwrap_err();
    assert_eq!(crate::error::Failure::location(&error).unwrap().line, 2);
}

#[test]
fn the_layout_of_the_original_gets_an_environment_in_its_own_folder() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("web.config.in", "<configuration/>");
    write(STAMP, "#");
    write("setup.py", "setup(name='Classic')");
    write("setup.cfg", "[aliases]\nall = develop seed test_msdeploy install_msdeploy\n");
    let command = Command::read("iiswsgi_install.exe -v -e -a Classic all").unwrap().unwrap();
    let machine = Machine::default();
    let settings = Settings { gateway: Some("iiswsgi".into()), ..Settings::default() };
    run(&target(folder.path()), &command, &settings, &mut Noted::default(), &machine, &Quiet).unwrap();
    let at = folder.path().display().to_string();
    let ran = machine.ran_in(&at);
    assert_eq!(ran[1], "/py/python3 -I -m venv --without-pip APP");
    assert!(ran[2].ends_with("-e . iiswsgi setuptools"), "{ran:?}");
    // Not `setup.py` itself: the variables that the project's own steps set are handed over, and the file goes.
    let steps = "-m iiswsgi.installation APP/.iiswsgi-variables.json seed";
    assert_eq!(ran[3], format!("APP/{PYTHON} {steps}"));
    assert!(!folder.path().join(".iiswsgi-variables.json").exists());
}

#[test]
fn a_checkout_is_built_once_per_state_of_its_sources() {
    let (cache, checkout) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let write = |name: &str, text: &str| {
        let path = checkout.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("pyproject.toml", "[project]\nname = \"iiswsgi\"\n");
    write("python/Cargo.toml", "");
    write("src/lib.rs", "// one");
    let settings = Settings {
        gateway: Some(".".into()),
        folder: checkout.path().to_owned(),
        cache: cache.path().to_owned(),
        ..Settings::default()
    };
    let builds = |machine: &Machine| machine.ran().iter().filter(|line| line.contains(" wheel ")).count();
    let machine = Machine::default();
    let again = |machine: &Machine| {
        let folder = application("");
        run(&target(folder.path()), &Command::default(), &settings, &mut Noted::default(), machine, &Quiet)
            .unwrap()
            .gateway
            .unwrap()
    };
    let first = again(&machine);
    assert!(Path::new(&first).extension().is_some_and(|e| e == "whl"), "{first}");
    assert!(Path::new(&first).starts_with(cache.path()), "{first}");
    write("python/iiswsgi/__pycache__/x.pyc", "built");
    write("target/x.rs", "built");
    assert_eq!(again(&machine), first);
    assert_eq!(builds(&machine), 1);
    write("src/lib.rs", "// two");
    assert_ne!(again(&machine), first);
    assert_eq!(builds(&machine), 2);
}

#[test]
fn the_only_wheel_of_a_folder_is_the_gateway_and_of_two_none_is() {
    let folder = tempfile::tempdir().unwrap();
    let wheel = folder.path().join("iiswsgi-1.0-cp39-abi3-linux_x86_64.whl");
    fs::write(&wheel, "").unwrap();
    fs::write(folder.path().join("flask-1.0-py3-none-any.whl"), "").unwrap();
    let read = || Gateway::read(folder.path().to_str().unwrap(), Path::new("")).unwrap();
    assert_eq!(read(), Gateway::Wheel(wheel));
    fs::write(folder.path().join("iiswsgi-2.0-cp39-abi3-linux_x86_64.whl"), "").unwrap();
    assert!(matches!(read(), Gateway::Requirement(_)), "pip says what is wrong with it");
}

#[test]
fn a_gateway_path_that_is_not_there_is_an_error() {
    let folder = application("");
    for (gateway, missing) in
        [("./nope", true), ("nope/x.whl", true), ("iiswsgi>=1", false), ("x @ git+https://e/x", false)]
    {
        let settings =
            Settings { gateway: Some(gateway.into()), folder: folder.path().into(), ..Settings::default() };
        let command = Command { ignore_stamp: true, ..Command::default() };
        let result = run(
            &target(folder.path()),
            &command,
            &settings,
            &mut Noted::default(),
            &Machine::default(),
            &Quiet,
        );
        assert_eq!(matches!(result, Err(Error::NoGateway { .. })), missing, "{gateway}");
    }
}

/// A configuration with these applications, each in a folder of its own that has a stamp when so said.
fn host(applications: &[(&str, bool, &str)]) -> (tempfile::TempDir, ApplicationHost) {
    let root = tempfile::tempdir().unwrap();
    let mut host = ApplicationHost::new(&root.path().to_string_lossy());
    for (name, stamped, setup) in applications {
        let folder = root.path().join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("setup.py"), setup).unwrap();
        if *stamped {
            fs::write(folder.join(STAMP), "#").unwrap();
        }
        let path = ApplicationPath::new("Default Web Site", name).unwrap();
        host.set_application(&path, &folder.to_string_lossy(), None).unwrap();
    }
    (root, host)
}

#[test]
fn an_application_is_found_by_its_path() {
    let (root, host) = host(&[("a", true, ""), ("b", true, "")]);
    let command = Command { application: Some("default web site/A".parse().unwrap()), ..Command::default() };
    let found = find(&command, &host, &Settings::default()).unwrap();
    assert_eq!(found.target.folder, root.path().join("a"));
    let command = Command { application: Some("Default Web Site/c".parse().unwrap()), ..Command::default() };
    let error = find(&command, &host, &Settings::default()).unwrap_err();
    assert!(error.to_string().contains("Default Web Site/a"), "{error}");
}

#[test]
fn an_application_is_found_by_name_and_stamp_without_running_anything() {
    let setup = |name: &str| format!("raise SystemExit\nsetup(\n    name='{name}',\n)");
    let (root, host) = host(&[
        ("a", true, &setup("My.App")),
        ("b", true, &setup("my_app")),
        ("c", false, &setup("my-app")),
        ("d", true, &setup("other")),
    ]);
    let command = Command { name: Some("MY-APP".into()), ..Command::default() };
    let found = find(&command, &host, &Settings::default()).unwrap();
    assert_eq!(found.target.folder, root.path().join("b"), "the newest comes first");
    assert_eq!(found.others, [root.path().join("a")]);
    let command = Command { name: Some("nobody".into()), ..Command::default() };
    let error = find(&command, &host, &Settings::default()).unwrap_err().to_string();
    assert!(error.contains("named `nobody`") && error.contains("(other, stamp)"), "{error}");
}
