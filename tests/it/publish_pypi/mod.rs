//! `publish pypi` against devpi-server, pypiserver, and an index in this process that answers as PyPI does.
//!
//! Whatever a command says, reports or leaves behind is searched for the secrets that it was given.

mod fake;
mod servers;
mod trusted_publishing;

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use iiswsgi::package::archive::{self, Entry, WriteOptions};

use self::fake::{Fake, JWT_END, MINTED, REQUEST_TOKEN, Step, TOKEN, Trouble};
use self::servers::{DEVPI_PASSWORD, devpi_index, devpi_server, programs, pypiserver, ran};
use crate::secrets;
use crate::support::{Outcome, Project, json};

const WHEEL: &str = "my_app-1.0-py3-none-any.whl";
const SDIST: &str = "my_app-1.0.tar.gz";
const METADATA: &str = "Metadata-Version: 2.1\nName: my.app\nVersion: 1.0\nSummary: An app\nDescription-Content-Type: text/plain\nClassifier: Framework :: Flask\n\
                        Classifier: Topic :: Internet\n\nLong.\n";

/// All that must not be seen.
const SECRETS: [&str; 7] =
    [TOKEN, REQUEST_TOKEN, JWT_END, MINTED, DEVPI_PASSWORD, "wrong-secret", "keyring-secret"];

/// A project with a wheel and a source distribution in `dist/`.
fn project() -> Project {
    Project::new()
        .file("pyproject.toml", "[project]\nname = \"my.app\"\nversion = \"1.0\"\nsummary = \"x\"\n")
        .file(
            "wsgi.py",
            "def application(environ, start_response):\n    start_response('200 OK', [])\n    return [b'']\n",
        )
        .file(&format!("dist/{WHEEL}"), wheel("x = 1\n"))
        .file(&format!("dist/{SDIST}"), sdist())
}

fn wheel(code: &str) -> Vec<u8> {
    let info = "my_app-1.0.dist-info";
    let wheel = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
    let files =
        [("my_app.py", code), (&format!("{info}/METADATA"), METADATA), (&format!("{info}/WHEEL"), wheel)];
    let record: Vec<String> = files.iter().map(|(name, _)| format!("{name},,\n")).collect();
    let record = record.concat();
    let mut entries: Vec<Entry> = files.iter().map(|(name, text)| Entry::bytes(*name, *text)).collect();
    entries.push(Entry::bytes(format!("{info}/RECORD"), format!("{record}{info}/RECORD,,\n")));
    let mut bytes = Vec::new();
    archive::write(&entries, &mut bytes, &WriteOptions::default()).unwrap();
    bytes
}

/// A gzipped tar, made by Python: the library under test reads such files and writes none.
fn sdist() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("my_app-1.0")).unwrap();
    fs::write(folder.path().join("my_app-1.0/PKG-INFO"), METADATA).unwrap();
    fs::write(
        folder.path().join("my_app-1.0/setup.py"),
        "from setuptools import setup\nsetup(py_modules=[])\n",
    )
    .unwrap();
    let script = "import tarfile; t = tarfile.open('x.tar.gz', 'w:gz'); t.add('my_app-1.0'); t.close()";
    ran(Command::new(programs().join("python")).args(["-c", script]).current_dir(folder.path()));
    fs::read(folder.path().join("x.tar.gz")).unwrap()
}

/// The command with nobody's settings but the test's.
fn command(project: &Project, arguments: &[&str]) -> Command {
    let mut command = project.command(["publish", "pypi"].iter().chain(arguments));
    for name in ["IISWSGI_PYPI_TOKEN", "IISWSGI_PYPI_PASSWORD", "ACTIONS_ID_TOKEN_REQUEST_URL"] {
        command.env_remove(name);
    }
    // No proxy is asked for what is on this machine: this one answers nothing.
    command.env("HTTP_PROXY", "http://127.0.0.1:9/").env("HOME", project.path("home"));
    command.env("USERPROFILE", project.path("home"));
    command
}

/// Runs it in a job of GitHub Actions, with a report, and looks for secrets in all that came of it.
#[track_caller]
fn run(project: &Project, environment: &[(&str, &str)], arguments: &[&str]) -> Outcome {
    let mut command = command(project, arguments);
    command.args(["--report", "report.json", "-v"]).env("GITHUB_ACTIONS", "true");
    command
        .env("GITHUB_STEP_SUMMARY", project.path("summary.md"))
        .env("GITHUB_OUTPUT", project.path("output.txt"));
    command.envs(environment.iter().copied());
    let outcome = Project::outcome(&mut command);
    secrets::assert_none(&SECRETS, &outcome, project);
    outcome
}

/// The arguments for the fake index.
fn to(fake: &Fake) -> [String; 4] {
    let (upload, lists) = (format!("{}/legacy/", fake.url), format!("{}/simple/", fake.url));
    ["--repository".into(), upload, "--index-url".into(), lists]
}

#[track_caller]
fn publish(project: &Project, fake: &Fake, environment: &[(&str, &str)], more: &[&str]) -> Outcome {
    let to = to(fake);
    let arguments: Vec<&str> = to.iter().map(String::as_str).chain(more.iter().copied()).collect();
    run(project, environment, &arguments)
}

const LOGIN: (&str, &str) = ("IISWSGI_PYPI_TOKEN", TOKEN);

/// What GitHub gives a job.
fn job(fake: &Fake) -> [(&'static str, String); 2] {
    [
        ("ACTIONS_ID_TOKEN_REQUEST_URL", format!("{}/github?api-version=2", fake.url)),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", REQUEST_TOKEN.to_owned()),
    ]
}

#[track_caller]
fn trusted(project: &Project, fake: &Fake) -> Outcome {
    let job = job(fake);
    let job: Vec<(&str, &str)> = job.iter().map(|(name, value)| (*name, value.as_str())).collect();
    publish(project, fake, &job, &["--trusted-publishing", "always"])
}

#[test]
fn a_project_goes_to_pypiserver_and_pip_installs_it() {
    let server = pypiserver();
    let lists = format!("{}simple/", server.url);
    let arguments = ["--repository", &server.url, "--index-url", &lists];
    let project = project();
    let outcome = run(&project, &[], &arguments).success();
    assert_eq!(
        outcome.stdout.lines().filter(|line| line.starts_with("http")).count(),
        2,
        "{}",
        outcome.stdout
    );
    let report = json(&project.read("report.json"));
    assert_eq!(report["published"].as_array().unwrap().len(), 2, "{report}");
    for name in [WHEEL, SDIST] {
        assert_eq!(
            fs::read(server.folder.path().join("files").join(name)).unwrap(),
            project.bytes(&format!("dist/{name}"))
        );
    }
    let pip = |arguments: &[&str]| {
        let mut command = Command::new(programs().join("python"));
        command.args(["-m", "pip", "install", "-q", "--no-deps", "--index-url", &lists, "--target"]);
        ran(command.arg(project.path("site")).args(arguments))
    };
    pip(&["my.app==1.0"]);
    assert_eq!(project.read("site/my_app.py"), "x = 1\n");

    run(&project, &[], &arguments).success().says("is on the index already");
    let project = project.file(&format!("dist/{WHEEL}"), wheel("x = 2\n"));
    run(&project, &[], &arguments).code(4).says("already, with other content").says("raise the version");
    run(&project, &[], &[&arguments[..], &["--skip-existing"]].concat()).success();
    // Without the lists of files its own answer, 409, has to do.
    run(&project, &[], &arguments[..2]).code(4).says("with other content");
}

#[test]
fn a_project_goes_to_devpi_with_a_login_from_anywhere() {
    let server = devpi_server();
    let index = devpi_index(&server, "dev");
    let lists = format!("{index}+simple/");
    let project = project();
    let arguments = ["--repository", &index, "--index-url", &lists];
    let user = [&arguments[..], &["--username", "root"]].concat();
    let right = [("IISWSGI_PYPI_PASSWORD", DEVPI_PASSWORD)];

    run(&project, &[], &arguments).code(4).says("IISWSGI_PYPI_TOKEN");
    run(&project, &[("IISWSGI_PYPI_PASSWORD", "wrong-secret")], &user).code(4).says("refused");
    run(&project, &right, &arguments).code(2).says("no user name");
    run(&project, &right, &user).success().says("is uploaded");
    run(&project, &right, &user).success().says("is on the index already");
    // Its own words: the same file is fine, another one is not.
    run(&project, &right, &[&user[..2], &user[4..]].concat()).success();
    let changed = project.file(&format!("dist/{WHEEL}"), wheel("x = 2\n"));
    run(&changed, &right, &[&user[..2], &user[4..]].concat()).code(4).says("already exists");

    let host = server.url.trim_start_matches("http://").trim_end_matches('/');
    let pip_url = format!("http://{host}/root/dev/+simple/");
    let mut pip = Command::new(programs().join("python"));
    pip.args(["-m", "pip", "install", "-q", "--no-deps", "--index-url", &pip_url, "my.app", "--target"]);
    ran(pip.arg(changed.path("site")));
    assert_eq!(changed.read("site/my_app.py"), "x = 1\n");

    let other = devpi_index(&server, "second");
    let pypirc = format!("[own]\nrepository = {other}\nusername = root\npassword = {DEVPI_PASSWORD}\n");
    let by_file = changed.file("home/.pypirc", pypirc);
    run(&by_file, &[], &["--repository", "own"]).success();
    by_keyring(&by_file, &devpi_index(&server, "third"));
}

/// The keyring is a program that prints the password.
#[cfg(unix)]
fn by_keyring(project: &Project, index: &str) {
    use std::os::unix::fs::PermissionsExt as _;

    let program = project.path("home/keyring.sh");
    let script = format!("#!/bin/sh\n[ \"$1 $3\" = 'get root' ] || exit 1\necho {DEVPI_PASSWORD}\n");
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let program = program.to_string_lossy().into_owned();
    let arguments = ["--repository", index, "--keyring", &program, "--username"];
    run(project, &[], &[&arguments[..], &["root"]].concat()).success();
    run(project, &[], &[&arguments[..], &["nobody"]].concat()).code(4).says("has no password of `nobody`");
}

#[cfg(not(unix))]
fn by_keyring(_: &Project, _: &str) {}

#[test]
fn a_hybrid_wheel_is_a_wheel_for_pip_and_a_package_for_us() {
    let server = pypiserver();
    let lists = format!("{}simple/", server.url);
    let project = project();
    project.run(["package"]).success();
    run(&project, &[], &["--repository", &server.url, "--index-url", &lists, "--hybrid-wheel"]).success();
    assert_eq!(project.bytes(&format!("dist/{WHEEL}")), wheel("x = 1\n"), "the own wheel stays as it is");
    let hybrid = project.path(&format!("dist/hybrid-wheel/{WHEEL}"));
    let uploaded = server.folder.path().join("files").join(WHEEL);
    assert_eq!(fs::read(&hybrid).unwrap(), fs::read(uploaded).unwrap());

    let checked = ran(Command::new(programs().join("twine")).args(["check", "--strict"]).arg(&hybrid));
    assert!(checked.contains("PASSED"), "{checked}");
    let mut pip = Command::new(programs().join("python"));
    pip.args(["-m", "pip", "install", "-q", "--no-deps", "--index-url", &lists, "my.app", "--target"]);
    ran(pip.arg(project.path("site")));
    assert_eq!(project.read("site/my_app.py"), "x = 1\n");
    assert!(project.path("site/Manifest.xml").is_file(), "pip puts all of the package into site-packages");
    // Web Deploy goes by what is in a file: so does the inspection of packages.
    let inspected = project.run(["inspect", "--json", &hybrid.to_string_lossy()]).success();
    assert!(inspected.stdout.contains("\"package\""), "{}", inspected.stdout);
}

#[test]
fn packages_and_feeds_are_refused_before_anything_is_sent() {
    let fake = Fake::new();
    let project = project().file("dist/app.msdeploy.zip", {
        let mut bytes = Vec::new();
        archive::write(&[Entry::bytes("Manifest.xml", "<x/>")], &mut bytes, &WriteOptions::default())
            .unwrap();
        bytes
    });
    let project =
        project.file("dist/app.webpi.xml", "<feed/>").file("dist/my_app-2.0-py3-none-any.whl", "no zip");
    let outcome =
        publish(&project, &fake, &[LOGIN], &["dist/app.msdeploy.zip", "dist/app.webpi.xml"]).code(2);
    let outcome = outcome.says("is a Web Deploy package").says("`--hybrid-wheel`").says("is a feed");
    assert!(outcome.stderr.contains("Nothing was sent"), "{}", outcome.stderr);
    let both = [&format!("dist/{WHEEL}")[..], "dist/my_app-2.0-py3-none-any.whl"];
    publish(&project, &fake, &[LOGIN], &both).code(2).says("[zip]");
    assert_eq!(fake.names(), [""; 0]);
    publish(&project, &fake, &[LOGIN], &["--dry-run"]).success().says("would be uploaded");
    assert_eq!(fake.uploads(), 0);
}

#[test]
fn the_form_says_what_the_metadata_say() {
    let (fake, project) = (Fake::new(), project());
    publish(&project, &fake, &[LOGIN], &[]).success();
    assert_eq!(fake.names(), [WHEEL, SDIST]);
    let field = |name: &str| fake.field(WHEEL, name);
    assert_eq!(field("classifiers"), ["Framework :: Flask", "Topic :: Internet"]);
    assert_eq!(field("description"), ["Long.\n"]);
    assert_eq!((field("filetype"), field("pyversion")), (vec!["bdist_wheel".into()], vec!["py3".into()]));
    assert_eq!(fake.field(SDIST, "pyversion"), ["source"]);
    for (name, length) in [("md5_digest", 32), ("sha256_digest", 64), ("blake2_256_digest", 64)] {
        assert_eq!(field(name)[0].len(), length, "{name}");
    }
}

#[test]
fn what_may_pass_is_tried_again_and_what_does_not_is_told() {
    let (fake, project) = (Fake::new(), project());
    fake.trouble([Trouble::Status(503, "busy"), Trouble::Reset, Trouble::ResetAfterKeeping]);
    publish(&project, &fake, &[LOGIN], &[]).success().says("trying again");
    assert_eq!(fake.names(), [WHEEL, SDIST]);
    assert_eq!(fake.uploads(), 2, "what was kept is not sent a second time");

    let fake = Fake::new();
    for (trouble, code, text) in [
        (Trouble::Status(400, "Only one sdist may be uploaded per release."), 4, "raise the version"),
        (Trouble::Status(403, "The user 'x' isn't allowed to upload to project 'my.app'."), 4, "no right"),
        (
            Trouble::Redirect("https://elsewhere.example/legacy/?x=y".into()),
            4,
            "`https://elsewhere.example/legacy/`",
        ),
    ] {
        fake.trouble([trouble]);
        publish(&project, &fake, &[LOGIN], &[]).code(code).says(text);
    }
    publish(&project, &fake, &[("IISWSGI_PYPI_TOKEN", "wrong-secret")], &[]).code(4).says("Check the token");
    fake.put(WHEEL, b"another");
    publish(&project, &fake, &[LOGIN], &[]).code(4).says("with other content");
    publish(&project, &fake, &[LOGIN], &["--skip-existing"]).success();
    let plain = ["--repository", "http://index.example/legacy/"];
    run(&project, &[LOGIN], &plain).code(2).says("in the clear").says("--allow-http");
    let secret = format!("https://u:{TOKEN}@index.example/legacy/");
    run(&project, &[LOGIN], &["--repository", &secret]).code(2).says("carries a user name or a password");
}

#[test]
fn a_publish_that_is_killed_at_any_step_is_completed_by_the_next() {
    for step in Step::ALL {
        let (fake, project) = (Fake::new(), project());
        let reached = fake.hang_at(step);
        let to = to(&fake);
        let arguments: Vec<&str> =
            to.iter().map(String::as_str).chain(["--trusted-publishing", "always"]).collect();
        let mut child = command(&project, &arguments)
            .envs(job(&fake))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        reached.recv_timeout(Duration::from_secs(240)).unwrap_or_else(|_| panic!("{step:?} is not reached"));
        child.kill().unwrap();
        child.wait().unwrap();
        trusted(&project, &fake).success();
        assert_eq!(fake.names(), [WHEEL, SDIST], "{step:?}");
        assert_eq!(fake.uploads(), 2, "killed at {step:?}: nothing is kept twice");
    }
}

#[test]
fn the_distributions_beside_a_merged_plan_are_published() {
    let (fake, project) = (Fake::new(), project());
    project.run(["plan", "--matrix"]).success();
    let leg = ["run", "--plan", "plan.json", "--skip", "install,test", "--dist-dir", "legs/one"];
    project.run(leg).success();
    project.run(["merge", "legs", "--plan", "plan.json", "--dist-dir", "merged"]).success();
    let plan = ["--plan", "merged/plan.json"];
    publish(&project, &fake, &[LOGIN], &plan).code(2).says("Build them first");
    let project =
        project.file(&format!("merged/{WHEEL}"), wheel("x = 1\n")).file(&format!("merged/{SDIST}"), sdist());
    publish(&project, &fake, &[LOGIN], &plan).success();
    assert_eq!(fake.names(), [WHEEL, SDIST]);
    // The package of the plan makes the hybrid wheel: it is where `merge` has put it.
    let hybrid = Fake::new();
    publish(&project, &hybrid, &[LOGIN], &[plan[0], plan[1], "--hybrid-wheel"]).success();
    assert_eq!(hybrid.names(), [WHEEL, SDIST]);
    assert!(project.path(&format!("merged/hybrid-wheel/{WHEEL}")).is_file());
}

#[test]
fn the_pipeline_publishes_to_the_index_of_its_configuration() {
    let fake = Fake::new();
    let [_, upload, _, lists] = to(&fake);
    let settings = format!("publish:\n  pypi:\n    repository: {upload}\n    index-url: {lists}\n");
    let project = project().file("iiswsgi.yml", settings);
    project.run(["package"]).success();
    let mut command = project.command(["run", "--only", "feed,publish"]);
    command.env("IISWSGI_PYPI_TOKEN", TOKEN).env("HOME", project.path("home"));
    let outcome = Project::outcome(&mut command).success();
    secrets::assert_none(&SECRETS, &outcome, &project);
    assert_eq!(fake.names(), [WHEEL, SDIST]);
}
