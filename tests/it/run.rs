//! The main job on small projects: packages that were really built, installed, started and asked.

use std::fs;

use crate::support::{Project, json};

/// The smallest application.
pub(crate) const HELLO: &str = "\
def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'hello from ' + environ['SCRIPT_NAME'].encode()]
";

#[test]
fn a_folder_with_only_a_wsgi_py_becomes_a_tested_package_and_a_feed() {
    let project = Project::new().file("wsgi.py", HELLO);
    project.run(["run", "--report", "report.json", "--junit", "junit.xml"]).success();

    let report = json(&project.read("report.json"));
    let package = &report["packages"][0];
    assert_eq!((package["name"].as_str(), package["version"].as_str()), (Some("project"), Some("0.0.0")));
    let statuses: Vec<_> =
        package["stages"].as_array().unwrap().iter().map(|stage| &stage["status"]).collect();
    assert_eq!(statuses, ["passed", "passed", "passed", "passed"], "build, package, install, test");
    assert_eq!(package["stages"][2]["simulated"], true, "simulated is never silent");
    assert!(!report["simulated"].as_array().unwrap().is_empty());

    let zip = fs::metadata(project.path("dist/project-0.0.0.msdeploy.zip")).unwrap();
    assert_eq!(package["package"]["size"], zip.len());
    let sha1 = package["package"]["sha1"].as_str().unwrap();
    let feed = project.read("dist/project-0.0.0.webpi.xml");
    assert!(feed.contains(&format!("<sha1>{sha1}</sha1>")), "{feed}");
    assert!(feed.contains(&format!("<fileSize>{}</fileSize>", zip.len().div_ceil(1024))), "{feed}");
    assert!(project.read("junit.xml").contains("failures=\"0\""));
    for beside in ["dist/project.SetParameters.xml", "dist/project.deploy.cmd", "dist/site/index.html"] {
        assert!(project.path(beside).is_file(), "{beside}");
    }
    assert_eq!(project.files(), ["wsgi.py"], "the source tree is not written to");
}

#[test]
fn an_application_that_raises_fails_the_test_and_shows_its_traceback() {
    let project =
        Project::new().file("wsgi.py", "def application(environ, start_response):\n    return 1 / 0\n");
    let outcome = project.run(["run"]).code(1);
    let outcome =
        outcome.says("GET /: status 500, expected below 500").says("ZeroDivisionError: division by zero");
    outcome.says("wsgi.py\", line 2, in application").says("-m iiswsgi serve wsgi:application");
    assert!(
        !project.path("dist/project-0.0.0.msdeploy.zip").exists(),
        "a package that failed is not delivered"
    );
}

#[test]
fn a_failed_run_leaves_the_last_good_package_and_feed() {
    let project = Project::new().file("wsgi.py", HELLO);
    project.run(["run"]).success();
    let good =
        (project.bytes("dist/project-0.0.0.msdeploy.zip"), project.bytes("dist/project-0.0.0.webpi.xml"));
    let project = project
        .file("wsgi.py", "def application(environ, start_response):\n    raise RuntimeError('worse')\n");
    project.run(["run"]).code(1).says("RuntimeError: worse");
    let after =
        (project.bytes("dist/project-0.0.0.msdeploy.zip"), project.bytes("dist/project-0.0.0.webpi.xml"));
    assert!(good == after, "package and feed are those of the good run");
    let project = project.file("wsgi.py", HELLO);
    project.run(["run"]).success();
}

#[cfg(unix)]
#[test]
fn two_copies_at_other_paths_times_and_umasks_give_the_same_bytes() {
    use std::os::unix::fs::PermissionsExt as _;

    let files: [(&str, &str); 3] = [("wsgi.py", HELLO), ("sub/data.txt", "data"), ("sub/Ä.txt", "umlaut")];
    let sha1s: Vec<String> = [(0o644, 1_000_000), (0o600, 1_700_000_000)]
        .into_iter()
        .map(|(mode, seconds)| {
            let project = files.iter().fold(Project::new(), |project, (name, text)| project.file(name, text));
            for (name, _) in files {
                let path = project.path(name);
                fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
                let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
                fs::File::options().append(true).open(&path).unwrap().set_modified(time).unwrap();
            }
            project.run(["package", "--report", "report.json"]).success();
            json(&project.read("report.json"))["packages"][0]["package"]["sha1"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(sha1s[0], sha1s[1]);
}

#[test]
fn the_report_of_the_run_before_is_no_part_of_the_package() {
    let project = Project::new().file("wsgi.py", HELLO);
    let sha1s = [(); 2].map(|()| {
        project.run(["package", "--report", "report.json", "--junit", "./junit.xml"]).success();
        json(&project.read("report.json"))["packages"][0]["package"]["sha1"].as_str().unwrap().to_owned()
    });
    assert_eq!(sha1s[0], sha1s[1]);
}

#[test]
fn the_same_time_gives_the_same_feed() {
    let feeds = [(); 2].map(|()| {
        let project = Project::new().file("wsgi.py", HELLO).env("SOURCE_DATE_EPOCH", "1700000000");
        let project = project.file("iiswsgi.yml", "feed:\n  url-template: https://example.org/{file}\n");
        project.run(["run", "--only", "build,package,feed"]).success();
        project.read("dist/project-0.0.0.webpi.xml")
    });
    assert_eq!(feeds[0], feeds[1]);
    assert!(feeds[0].contains("<updated>2023-11-14T22:13:20Z</updated>"), "{}", feeds[0]);
    assert!(feeds[0].contains("https://example.org/project-0.0.0.msdeploy.zip"));
}

#[test]
fn stages_can_be_run_one_after_the_other() {
    let project = Project::new().file("wsgi.py", HELLO);
    project.run(["install"]).code(2).says("there is no package").says("iiswsgi package");
    project.run(["build"]).success();
    assert!(project.read(".iiswsgi/build/project/Manifest.xml").contains("MSDeploy.MSDeployProviderOptions"));
    project.run(["package"]).success();
    project.run(["test"]).code(2).says("is not installed");
    project.run(["install"]).success();
    project.run(["test"]).success();
    project.run(["feed"]).success();
    project.run(["publish", "--folder", "out"]).success();
    assert!(project.path("out/index.html").is_file());
    project.run(["uninstall", "Default Web Site/project"]).success().says("is removed");
    project.run(["test"]).code(2).says("is not installed");
}

#[test]
fn a_virtual_directory_that_a_package_asks_for_is_served_from_its_folder() {
    let manifest = r#"<msDeploy.iisApp><iisApp path="project"/><contentPath path="project/media"/>
        <runCommand path="iiswsgi bootstrap" successReturnCodes="0x0"/></msDeploy.iisApp>"#;
    let configuration = r"
parameters:
  - name: Media
    default: 'D:\media'
    entries: [{kind: DestinationVirtualDirectory, scope: '/project/media$'}]
test:
  requests: [{path: /, contains: hello}, {path: /media/logo.txt, status: 200, contains: a logo}]
";
    let on_disk = r#"<configuration><system.webServer><handlers><clear/>
        <add name="StaticFile" path="*" verb="*" modules="StaticFileModule" resourceType="Either"/>
        </handlers></system.webServer></configuration>"#;
    let project = Project::new()
        .file("wsgi.py", HELLO)
        .file("Manifest.xml.in", manifest)
        .file("iiswsgi.yml", configuration)
        .file("media/web.config", on_disk)
        .file("media/logo.txt", "a logo");
    let folder = r"The folder `D:\media` of the virtual directory `Default Web Site/project/media` is ";
    project.run(["run"]).success().says(folder);
    assert_eq!(project.read(".iiswsgi/iis/drives/D/media/logo.txt"), "a logo");
}

#[test]
fn the_archive_format_goes_the_same_way() {
    let project = Project::new().file("wsgi.py", HELLO);
    project.run(["run", "--format", "archive"]).success();
    let names = project.run(["inspect", "dist/project-0.0.0.msdeploy.zip", "--json"]).success().stdout;
    for name in ["archive.xml", "parameters.xml", "systemInfo.xml"] {
        assert!(names.contains(name), "{name} in {names}");
    }
}

#[test]
fn several_projects_share_one_feed() {
    let project = Project::new().file("one/wsgi.py", HELLO).file("two/wsgi.py", HELLO);
    project.run(["run", "one", "two", "--skip", "install,test"]).success();
    let feed = project.read("dist/project.webpi.xml");
    assert!(
        feed.contains("<productId>one</productId>") && feed.contains("<productId>two</productId>"),
        "{feed}"
    );
}

#[test]
fn parameters_are_filled_in_when_the_package_is_installed() {
    let app = "import pathlib\nTEXT = pathlib.Path(__file__).with_name('greeting.txt').read_text()\n\
               def application(environ, start_response):\n    start_response('200 OK', [])\n    return [TEXT.encode()]\n";
    let config = "parameters:\n  - {name: Greeting, file: greeting.txt, placeholder: __greeting__, default: hi}\n\
                  test:\n  requests:\n    - {path: /, contains: 'good day, Ä & <you>'}\n";
    let project =
        Project::new().file("wsgi.py", app).file("greeting.txt", "__greeting__").file("iiswsgi.yml", config);
    project.run(["run", "--set", "Greeting=good day, Ä & <you>"]).success();
    project.run(["run"]).code(1).says("the body does not contain `good day, Ä & <you>`");
    project.run(["run", "--set", "Greting=x"]).code(2).says("Greting").says("Greeting");
}

#[test]
fn an_application_behind_http_platform_handler_is_asked_by_http_below_its_path() {
    let app = "def application(environ, start_response):\n    start_response('200 OK', [('Content-Type', 'text/plain')])\n    \
               names = ('SCRIPT_NAME', 'PATH_INFO', 'SERVER_SOFTWARE', 'REMOTE_ADDR')\n    \
               return [' '.join(environ[name] for name in names).encode(), environ['wsgi.input'].read()]\n";
    let config = "handler: httpplatform\nhttp-platform: {request-timeout: 90}\ntest:\n  requests:\n    \
                  - {path: /a%20b, contains: /project /a b iiswsgi/}\n    \
                  - {path: /, method: POST, body: sent, contains: 127.0.0.1sent}\n";
    let project = Project::new().file("wsgi.py", app).file("iiswsgi.yml", config);
    project.run(["run"]).success();
    let text = project.read(".iiswsgi/build/project/web.config.in");
    for part in [
        "modules=\"httpPlatformHandler\"",
        "processPath=\"%VENV_PYTHON%\"",
        "serve --http &quot;--script-name=%APPL_VIRTUAL_PATH%&quot; wsgi:application",
        "startupTimeLimit=\"60\" requestTimeout=\"00:02:00\"",
    ] {
        assert!(text.contains(part), "no `{part}` in {text}");
    }
    let broken = project
        .file("wsgi.py", "def application(environ, start_response): pass\nraise SystemExit('not today')\n");
    broken.run(["run"]).code(1).says("not today");
}

#[test]
fn hooks_run_where_they_belong() {
    let config = "hooks:\n  pre-build: echo built > made.txt\n  post-install: python -c \"open('here.txt','w').write('x')\"\n\
                  test:\n  requests: [{path: /, contains: 'made here'}]\n";
    let app = "import os\ndef application(environ, start_response):\n    start_response('200 OK', [])\n    \
               here = os.path.dirname(__file__)\n    \
               return [b' '.join(n.encode() for n in ('made', 'here') if os.path.exists(f'{here}/{n}.txt'))]\n";
    let project = Project::new().file("wsgi.py", app).file("iiswsgi.yml", config);
    project.run(["run"]).success();
    let project = project.file("iiswsgi.yml", "hooks:\n  post-install: python -c \"raise SystemExit(3)\"\n");
    project.run(["run"]).code(1).says("post-install").says("exit code 3");
}

#[test]
fn a_required_iis_that_is_not_there_ends_in_exit_code_3() {
    let project = Project::new().file("wsgi.py", HELLO);
    project.run(["run", "--require-iis"]).code(3).says("--require-iis");
}

#[test]
fn a_vendored_package_is_installed_from_its_own_wheels() {
    let app = "import tiny\ndef application(environ, start_response):\n    start_response('200 OK', [])\n    \
               return [tiny.WORDS.encode()]\n";
    let config = "requirements: [tiny]\nvendor: {options: [--no-index, --find-links=wheels]}\n\
                  files: {exclude: [wheels]}\ntest:\n  requests: [{path: /, contains: from a wheel}]\n";
    let project = Project::new().file("wsgi.py", app).file("iiswsgi.yml", config).file("wheels/.keep", "");
    let script = "import zipfile\nwith zipfile.ZipFile('wheels/tiny-1.0-py3-none-any.whl', 'w') as wheel:\n    \
                  wheel.writestr('tiny.py', \"WORDS = 'from a wheel'\")\n    \
                  wheel.writestr('tiny-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0\\n')\n    \
                  wheel.writestr('tiny-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')\n    \
                  wheel.writestr('tiny-1.0.dist-info/RECORD', '')\n";
    let mut python = std::process::Command::new(crate::support::PYTHON);
    Project::outcome(python.arg("-c").arg(script).current_dir(project.path(""))).success();
    project.run(["run"]).success().says("The wheelhouse has no gateway");
    let inspected = project.run(["inspect", "dist/project-0.0.0.msdeploy.zip"]).success();
    inspected.gives("project/wheelhouse/tiny-1.0-py3-none-any.whl");
}

#[test]
fn a_parameters_file_of_the_project_tells_the_bootstrap_where_the_application_is() {
    let own = "<parameters>\n  <!-- kept -->\n  <parameter name='Where' defaultValue='Default Web Site/shop' tags='IisApp'>\n    \
               <parameterEntry kind='ProviderPath' scope='^iisApp$' match='^project$' />\n  </parameter>\n</parameters>\n";
    let project = Project::new().file("wsgi.py", HELLO).file("Parameters.xml", own);
    project
        .run(["run"])
        .success()
        .says("iiswsgi bootstrap --app-path \"Default Web Site/shop\" --app project");
    let built = project.read(".iiswsgi/build/project/Parameters.xml");
    assert!(built.starts_with(own.trim_end().trim_end_matches("</parameters>")), "{built}");
    assert!(built.contains("--app-path &quot;{Where}&quot;"), "{built}");
}

#[test]
fn a_parameter_without_a_value_is_told_with_the_package_by_its_name() {
    let own = "<parameters>\n  <parameter name='Where' defaultValue='Default Web Site/shop' tags='IisApp'>\n    \
               <parameterEntry kind='ProviderPath' scope='^iisApp$' match='^project$' />\n  </parameter>\n  \
               <parameter name='Key'><parameterEntry kind='TextFile' scope='nowhere' match='__key__' /></parameter>\n</parameters>\n";
    let project = Project::new().file("wsgi.py", HELLO).file("Parameters.xml", own);
    let outcome = project.run(["run"]).code(2);
    let outcome = outcome.says("error: dist/project-0.0.0.msdeploy.zip/Parameters.xml:5:3: cannot install");
    outcome.says("a parameter without a value: `Key`").says("--set");
}

#[test]
fn what_an_application_printed_before_it_died_or_hung_is_shown() {
    let last_words = "import os\nprint('last words')\nprint('and an error', file=__import__('sys').stderr)\nos._exit(9)\n\
                      def application(environ, start_response): ...\n";
    let project = Project::new().file("wsgi.py", last_words);
    let outcome = project.run(["run"]).code(1).says("ended with exit code 9 before it took a request");
    outcome.says("last words").says("and an error").says("-m iiswsgi serve wsgi:application");
    let hangs = "import time\nprint('before the nap')\ntime.sleep(100)\ndef application(environ, start_response): ...\n";
    let project = project.file("wsgi.py", hangs).env("IISWSGI_TEST_STARTUP_TIMEOUT", "2");
    project.run(["test"]).code(1);
    let outcome = project.run(["run"]).code(1).says("did not take a request within 2 s");
    outcome.says("before the nap");
}

#[test]
fn the_traceback_of_a_failed_import_begins_in_the_application() {
    let project =
        Project::new().file("wsgi.py", "import helper\ndef application(environ, start_response): ...\n");
    let project = project.file("helper.py", "import not_there\n");
    let outcome = project.run(["run"]).code(1).says("No module named 'not_there'");
    assert!(!outcome.stderr.contains("importlib"), "{}", outcome.stderr);
    let trace = outcome.stderr.split("Traceback").nth(1).unwrap_or_default();
    assert!(trace.lines().nth(1).unwrap_or_default().contains("wsgi.py\", line 1"), "{}", outcome.stderr);
}

#[test]
fn distributions_of_the_feed_are_described_by_what_is_installed() {
    let config = "feed:\n  eggs: [iiswsgi, pip==1.0, no-such-distribution]\n";
    let project = Project::new().file("wsgi.py", HELLO).file("iiswsgi.yml", config);
    let outcome = project.run(["run"]).success();
    outcome.says("`no-such-distribution` has no version and no summary: it is not installed here");
    let feed = project.read("dist/project-0.0.0.webpi.xml");
    let feed = iiswsgi::feed::read(feed.as_bytes()).unwrap();
    let gateway = feed.entry("iiswsgi").unwrap();
    assert_eq!(gateway.version, env!("CARGO_PKG_VERSION"));
    assert!(gateway.summary.as_ref().is_some_and(|summary| summary.text.contains("IIS")), "{gateway:?}");
    let pip = feed.entry("pip").unwrap();
    assert_eq!(pip.version, "1.0", "what is pinned stands over what is installed");
    assert!(pip.summary.is_some());
    assert_eq!(feed.entry("no-such-distribution").unwrap().version, "");
}

#[test]
fn an_application_that_hangs_is_ended_at_its_time_and_the_line_is_shown() {
    let hangs = "import time\n\n\ndef application(environ, start_response):\n    time.sleep(600)\n";
    let request = "test:\n  requests:\n    - {path: /, max-time: 0.5}\n";
    let project = Project::new().file("wsgi.py", hangs).file("iiswsgi.yml", request);
    project.run(["run"]).code(1).says("did not answer within 0.5 s").says("wsgi.py\", line 5 in application");

    let config = "test:\n  startup-timeout: 1\n";
    let project =
        Project::new().file("wsgi.py", "import time\ntime.sleep(600)\n\ndef application(e, s): pass\n");
    let outcome = project.file("iiswsgi.yml", config).run(["run"]).code(1);
    outcome.says("did not take a request within 1 s").says("wsgi.py\", line 2 in <module>");
}
