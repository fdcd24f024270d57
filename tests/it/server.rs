//! A server with IIS: `appcmd.exe`, the bootstrap, the uninstall. The programs of IIS are the stand-ins of
//! `tests/server_programs`, which read their arguments as the real ones are documented to.

use std::fs;
use std::path::PathBuf;

use iiswsgi::error::{Failure as _, Shown};
use iiswsgi::event::Quiet;
use iiswsgi::iis::appcmd::{Appcmd, Problem};
use iiswsgi::iis::{Change, FastCgiApplication, local};
use iiswsgi::process::{Program, Runner as _, System};
use iiswsgi::template::Variables;

use crate::support::{Project, Windows, iiswsgi, path_variable};

const APPCMD: &str = "windows/System32/inetsrv/appcmd.exe";
const ICACLS: &str = "windows/System32/icacls.exe";

fn difficult() -> FastCgiApplication {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    FastCgiApplication {
        full_path: r"C:\My 'App', [x]\Scripts\python.exe".into(),
        arguments: r#"-u "C:\My 'App'\x.py" --title='a "b" c' %SystemDrive% \\"#.into(),
        attributes: vec![
            pair("maxInstances", "4"),
            pair("monitorChangesTo", r"C:\a b\c.py"),
            pair("stderrMode", "ReturnGeneric500"),
        ],
        environment: vec![
            pair("GREETING", r#"it's "good" <&> day"#),
            pair("EMPTY", ""),
            pair("PYTHONPATH", r"C:\a;C:\b c\"),
        ],
    }
}

#[test]
fn every_value_reaches_the_configuration_as_it_was_written() {
    let (windows, runner) = (Windows::new(), System::default());
    let program = windows.path(APPCMD);
    let appcmd = Appcmd::new(&program, &runner);
    let wanted = difficult();
    assert_eq!(appcmd.set_fastcgi_application(&wanted).unwrap(), Change::Added);
    assert_eq!(windows.host().fastcgi_applications(), std::slice::from_ref(&wanted));
    assert_eq!(appcmd.fastcgi_applications().unwrap(), [wanted]);
    let mut changes = windows.calls(APPCMD).into_iter().filter(|call| call.starts_with("set config"));
    assert!(changes.all(|call| call.contains("/commit:apphost")));
}

#[test]
fn the_stand_in_refuses_edits_that_are_malformed() {
    let (windows, runner) = (Windows::new(), System::default());
    let edits =
        ["+[fullPath=a]", "+[fullPath='a'", "[fullPath='a']", "+fullPath='a'", "+[fullPath='a'] x", "+[]"];
    for edit in edits {
        let arguments =
            ["set", "config", "-section:system.webServer/fastCgi", &format!("/{edit}"), "/commit:apphost"];
        let program = Program::new("appcmd", windows.path(APPCMD)).args(arguments);
        assert_eq!(runner.execute(&program).unwrap().code, Some(87), "{edit}");
    }
}

#[test]
fn the_same_application_again_changes_nothing_whatever_its_case_and_slashes() {
    let (windows, runner) = (Windows::new(), System::default());
    let program = windows.path(APPCMD);
    let appcmd = Appcmd::new(&program, &runner);
    let mut wanted = difficult();
    appcmd.set_fastcgi_application(&wanted).unwrap();
    wanted.full_path = wanted.full_path.to_uppercase();
    wanted.attributes.reverse();
    assert_eq!(appcmd.set_fastcgi_application(&wanted).unwrap(), Change::Unchanged);
    let other = FastCgiApplication { full_path: wanted.full_path.replace('\\', "/"), ..wanted };
    assert_eq!(appcmd.set_fastcgi_application(&other).unwrap(), Change::Updated);
    let known = windows.host().fastcgi_applications();
    assert_eq!(known.len(), 1, "nothing twice: {known:?}");
    assert_eq!(known[0].full_path, other.full_path, "a handler finds it by its text");
}

#[test]
fn only_what_differs_is_changed() {
    let (windows, runner) = (Windows::new(), System::default());
    let program = windows.path(APPCMD);
    let appcmd = Appcmd::new(&program, &runner);
    let mut wanted = difficult();
    appcmd.set_fastcgi_application(&wanted).unwrap();
    let before = windows.calls(APPCMD).len();
    wanted.attributes =
        vec![("maxInstances".into(), "8".into()), ("monitorChangesTo".into(), r"C:\a b\c.py".into())];
    wanted.environment = vec![("greeting".into(), "'new'".into()), ("EMPTY".into(), String::new())];
    assert_eq!(appcmd.set_fastcgi_application(&wanted).unwrap(), Change::Updated);
    let edits: Vec<String> =
        windows.calls(APPCMD)[before..].iter().filter(|call| call.starts_with("set")).cloned().collect();
    assert_eq!(edits.len(), 5, "{edits:#?}");
    let known = windows.host().fastcgi_applications().remove(0);
    assert_eq!(known.environment, [("EMPTY".into(), String::new()), ("greeting".into(), "'new'".into())]);
    assert!(known.attributes.contains(&("maxInstances".into(), "8".into())));
    assert!(known.attributes.contains(&("stderrMode".into(), "ReturnStdErrIn500".into())), "{known:?}");
    assert_eq!(appcmd.remove_fastcgi_application(&wanted).unwrap(), Change::Removed);
    assert_eq!(appcmd.remove_fastcgi_application(&wanted).unwrap(), Change::Unchanged);
    assert!(windows.host().fastcgi_applications().is_empty());
}

#[test]
fn a_value_that_iis_does_not_take_leaves_nothing_behind() {
    let (windows, runner) = (Windows::new(), System::default());
    let program = windows.path(APPCMD);
    let appcmd = Appcmd::new(&program, &runner);
    let mut wanted = difficult();
    wanted.environment.push(("greeting".into(), "twice".into()));
    let error = appcmd.set_fastcgi_application(&wanted).unwrap_err();
    assert_eq!(error.problem(), Some(Problem::Duplicate));
    assert!(windows.host().fastcgi_applications().is_empty(), "half an application answers with riddles");
    wanted.environment.pop();
    wanted.attributes.push(("maxInstance".into(), "4".into()));
    let error = appcmd.set_fastcgi_application(&wanted).unwrap_err();
    assert_eq!(error.problem(), Some(Problem::Attribute));
}

#[test]
fn somebody_who_is_no_administrator_is_told_so() {
    let (windows, runner) = (Windows::new(), System::default());
    fs::write(windows.path("windows/System32/inetsrv/not-elevated"), "").unwrap();
    let program = windows.path(APPCMD);
    let error = Appcmd::new(&program, &runner).fastcgi_applications().unwrap_err();
    assert_eq!(error.problem(), Some(Problem::NotElevated));
    let shown = Shown::of(&error).to_string();
    assert!(shown.contains("exit code 5") && shown.contains("Run as administrator"), "{shown}");
}

#[test]
fn applications_of_a_site_are_made_moved_and_deleted() {
    let (windows, runner) = (Windows::new(), System::default());
    let program = windows.path(APPCMD);
    let appcmd = Appcmd::new(&program, &runner);
    let path = "Default Web Site/a b/c".parse().unwrap();
    for (folder, change) in [("one", Change::Added), ("two", Change::Updated), ("two", Change::Unchanged)] {
        let folder = windows.path(folder);
        assert_eq!(appcmd.set_application(&path, &folder).unwrap(), change);
        let (_, application) = appcmd.sites().unwrap().application(&path).unwrap();
        assert_eq!(application.physical_path().map(PathBuf::from), Some(folder));
    }
    assert_eq!(appcmd.delete_application(&path).unwrap(), Change::Removed);
    assert_eq!(appcmd.delete_application(&path).unwrap(), Change::Unchanged);
    let nowhere = "No Site/x".parse().unwrap();
    let error = appcmd.set_application(&nowhere, &windows.path("x")).unwrap_err();
    assert_eq!(error.problem(), Some(Problem::NoObject));
}

#[test]
fn another_configuration_is_changed_when_it_is_named() {
    let (windows, runner) = (Windows::new(), System::default());
    let private = windows.path("a private.config");
    fs::copy(windows.configuration(), &private).unwrap();
    let program = windows.program("programs/IIS Express/appcmd.exe");
    let appcmd = Appcmd::new(&program, &runner).for_configuration(&private);
    appcmd.set_fastcgi_application(&difficult()).unwrap();
    assert_eq!(appcmd.fastcgi_applications().unwrap(), [difficult()]);
    assert!(windows.host().fastcgi_applications().is_empty());
}

#[test]
fn sites_are_read_from_the_file_when_appcmd_refuses_or_is_not_there() {
    let (windows, runner) = (Windows::new(), System::default());
    let variables: Variables = windows.variables().into_iter().collect();
    let (_, source) = local::sites(&variables, &runner, &Quiet).unwrap();
    assert_eq!(source, local::Source::Appcmd(windows.path(APPCMD)));
    fs::write(windows.path("windows/System32/inetsrv/not-elevated"), "").unwrap();
    let (host, source) = local::sites(&variables, &runner, &Quiet).unwrap();
    assert_eq!(source, local::Source::File(windows.configuration()));
    assert_eq!(host.sites()[0].name, "Default Web Site");
    take_away(&windows, APPCMD);
    assert_eq!(
        local::sites(&variables, &runner, &Quiet).unwrap().1,
        local::Source::File(windows.configuration())
    );
    fs::remove_file(windows.configuration()).unwrap();
    let error = local::sites(&variables, &runner, &Quiet).unwrap_err();
    assert_eq!(error.exit_code(), iiswsgi::error::ExitCode::MissingTool);
}

/// Takes a program away. On Windows one that runs cannot be removed, under none of its names, but renamed.
fn take_away(windows: &Windows, program: &str) {
    let path = windows.path(program);
    fs::rename(&path, path.with_extension("gone")).unwrap();
}

const WEB_CONFIG: &str = r#"<configuration><system.webServer>
  <fastCgi>
    <application fullPath="%VENV_PYTHON%" arguments="-m iiswsgi serve a:b" maxInstances="2"/>
    <application fullPath="%VENV_PYTHON%" arguments="-m iiswsgi serve c:d"/>
  </fastCgi>
  <handlers><add name="x" path="*" verb="*" modules="FastCgiModule" responseBufferLimit="0"
    scriptProcessor="%VENV_PYTHON%|-m iiswsgi serve a:b"/></handlers>
</system.webServer></configuration>"#;

/// An unpacked application in the site, and a project folder to call the command from.
fn unpacked(windows: &Windows) -> Project {
    let folder = windows.path("site/hello");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("web.config.in"), WEB_CONFIG).unwrap();
    fs::write(folder.join("iis_install.stamp"), "# not yet").unwrap();
    fs::write(folder.join("iiswsgi.bootstrap.json"), r#"{"schema": 1, "name": "hello"}"#).unwrap();
    let mut host = windows.host();
    let path = "Default Web Site/hello".parse().unwrap();
    host.set_application(&path, &folder.to_string_lossy(), Some("hello pool")).unwrap();
    fs::write(windows.configuration(), host.text()).unwrap();
    windows.program(ICACLS);
    windows.variables().into_iter().fold(Project::new(), |project, (name, value)| project.env(name, &value))
}

#[test]
fn bootstrap_registers_all_applications_gives_rights_and_uninstall_takes_exactly_that_away() {
    let windows = Windows::new();
    let project = unpacked(&windows);
    let folder = windows.path("site/hello");
    let files = || {
        let mut names: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.retain(|name| !name.contains("bootstrap.lock"));
        names.sort();
        names
    };
    let (before, configuration) = (files(), windows.host().fastcgi_applications());
    let given = r"`IIS AppPool\hello pool` may read and execute";
    for turn in 0..2 {
        let words = ["--ignore-stamp", "--gateway", "", "-e"];
        let outcome =
            project.run(["bootstrap", "--app-path", "default web site/HELLO"].iter().chain(&words)).success();
        assert_eq!(outcome.stderr.contains(given), turn == 0, "rights are given once: {}", outcome.stderr);
        assert_eq!(windows.host().fastcgi_applications().len(), 2, "nothing twice");
        assert!(!folder.join("iis_install.stamp").exists() && folder.join("web.config").is_file());
    }
    let grants =
        || windows.calls(ICACLS).into_iter().filter(|call| call.contains("/grant ")).collect::<Vec<_>>();
    assert_eq!(grants(), [format!(r"{} /grant IIS AppPool\hello pool:(OI)(CI)(RX)", folder.display())]);
    project.run(["uninstall", "Default Web Site/hello"]).success().says("is removed from IIS");
    assert_eq!(windows.host().fastcgi_applications(), configuration);
    assert_eq!(files(), before, "the application is as it was unpacked");
    let calls = windows.calls(ICACLS);
    assert_eq!(calls.last(), Some(&format!(r"{} /remove:g IIS AppPool\hello pool", folder.display())));
    project.run(["uninstall", "Default Web Site/hello"]).success().says("Nothing is installed here");
}

#[test]
fn a_bootstrap_that_cannot_register_keeps_the_stamp() {
    let windows = Windows::new();
    let project = unpacked(&windows);
    fs::write(windows.path("windows/System32/inetsrv/not-elevated"), "").unwrap();
    project
        .run(["bootstrap", "--app-path", "Default Web Site/hello", "--gateway", ""])
        .code(1)
        .says("Run as administrator")
        .says("is read instead");
    assert!(windows.path("site/hello/iis_install.stamp").is_file());
}

#[test]
fn the_command_of_the_original_finds_the_application_by_its_name() {
    let windows = Windows::new();
    let project = unpacked(&windows).env("IISWSGI_GATEWAY", "");
    project.run(["iiswsgi_install", "-v", "-a", "hello", "-e"]).success().says("is set up with Python");
    assert_eq!(windows.host().fastcgi_applications().len(), 2);
}

#[test]
fn configure_registers_by_appcmd_where_there_is_an_iis() {
    let windows = Windows::new();
    let project = unpacked(&windows);
    let folder = windows.path("site/hello").to_string_lossy().into_owned();
    project
        .run(["configure", &folder, "--python", "py"])
        .success()
        .says("`py|-m iiswsgi serve a:b` is registered.");
    let more = ["--registration-only", "--attribute", "instanceMaxRequests=5"];
    project.run(["configure", &folder].iter().chain(&more)).success().says("is changed");
    let known = windows.host().fastcgi_applications();
    assert_eq!(known.len(), 2, "nothing twice: {known:?}");
    assert!(known.iter().all(|known| known.attributes.contains(&("instanceMaxRequests".into(), "5".into()))));
    assert!(windows.calls(APPCMD).iter().any(|call| call.starts_with("set config")));
    fs::write(windows.path("windows/System32/inetsrv/not-elevated"), "").unwrap();
    project.run(["configure", &folder, "--registration-only"]).code(1).says("Run as administrator");
    // A file that is named is changed as a file, with an IIS or without.
    let empty = "<configuration><system.webServer><fastCgi /></system.webServer></configuration>";
    fs::write(project.path("host.config"), empty).unwrap();
    project.run(["configure", &folder, "--registration-only", "--application-host", "host.config"]).success();
    assert_eq!(project.read("host.config").matches("<application ").count(), 2);
}

const MSDEPLOY: &str = "programs/IIS/Microsoft Web Deploy V3/msdeploy.exe";

/// A project whose package can be deployed, and a machine with Web Deploy.
fn deployable() -> (Windows, Project) {
    let windows = Windows::new();
    windows.program(MSDEPLOY);
    windows.program(ICACLS);
    let project =
        Project::new().file("wsgi.py", "def application(environ, start_response):\n    return []\n");
    let project =
        windows.variables().into_iter().fold(project, |project, (name, value)| project.env(name, &value));
    project.run(["package", "--name", "hello", "--package-version", "1"]).success();
    (windows, project)
}

#[test]
fn a_package_is_deployed_elsewhere_and_nothing_secret_is_on_a_command_line() {
    let (windows, project) = deployable();
    fs::write(windows.path(MSDEPLOY).with_file_name("users"), "deployer:not seen \"at\" all's\n").unwrap();
    let project = project.env("IISWSGI_DEPLOY_PASSWORD", "not seen \"at\" all's");
    let words = [
        "deploy",
        "dist/hello-1.msdeploy.zip",
        "--server",
        "web1",
        "--site",
        "My Site",
        "--user",
        "deployer",
    ];
    project.run(words).code(1).says("ERROR_CERTIFICATE_VALIDATION_FAILED").says("--allow-untrusted");
    let trusting = words.into_iter().chain(["--allow-untrusted", "--set", "x=hidden"]);
    let outcome = project.run(trusting).success().says("is deployed to web1").says("Total changes: 1");
    assert!(!outcome.stderr.contains("not seen"));
    let calls = windows.calls(MSDEPLOY).join("\n");
    assert!(!calls.contains("not seen") && !calls.contains("hidden"), "{calls}");
    assert!(calls.contains("computerName='https://web1:8172/msdeploy.axd?site=My%20Site'"), "{calls}");
    for path in calls.split('\'').filter(|part| part.ends_with("login.publishSettings")) {
        assert!(!PathBuf::from(path).exists(), "the login is removed");
    }
    let project = project.env("IISWSGI_DEPLOY_PASSWORD", "wrong");
    let wrong = words.into_iter().chain(["--allow-untrusted"]);
    project.run(wrong).code(1).says("ERROR_USER_UNAUTHORIZED").says("exit code");
}

#[test]
fn a_package_is_deployed_here_and_set_up_by_its_own_command() {
    let (windows, project) = deployable();
    // The package's command finds this program as it does on a server.
    let (own, path) = (iiswsgi().with_file_name(""), path_variable());
    let path = std::env::join_paths(std::iter::once(own).chain(std::env::split_paths(&path))).unwrap();
    let project = project.env("PATH", &path.to_string_lossy());
    let parameter = "IIS Web Application Name=Default Web Site/shop";
    let deploy = ["deploy", "dist/hello-1.msdeploy.zip", "--set", parameter];
    project.run(deploy).success().says("is deployed. Total changes");
    let registered = windows.host().fastcgi_applications();
    assert_eq!(registered.len(), 1);
    assert!(
        registered[0].full_path.starts_with(&*windows.path("site/shop").to_string_lossy()),
        "{registered:?}"
    );
    assert!(!windows.path("site/shop/iis_install.stamp").exists());
    project.run(["uninstall", "Default Web Site/shop"]).success();
    assert!(windows.host().fastcgi_applications().is_empty(), "what the command has noted is taken away");
}

#[test]
fn a_file_in_use_is_tried_again_with_the_application_offline() {
    let (windows, project) = deployable();
    fs::write(windows.path(MSDEPLOY).with_file_name("in-use"), "").unwrap();
    let once = ["deploy", "dist/hello-1.msdeploy.zip", "--what-if", "--attempts", "1"];
    project.run(once).code(1).says("ERROR_FILE_IN_USE");
    project
        .run(["deploy", "dist/hello-1.msdeploy.zip", "--what-if"])
        .success()
        .says("trying again")
        .says("would be deployed");
    let calls = windows.calls(MSDEPLOY);
    assert_eq!(calls.iter().filter(|call| call.contains("-enableRule:AppOffline")).count(), 1);
    assert!(calls.iter().all(|call| call.contains("-whatif") && call.contains("-verb:sync")));
    assert!(!windows.path("site/hello").exists());
}

#[test]
fn without_web_deploy_the_command_says_where_it_looked() {
    let (windows, project) = deployable();
    take_away(&windows, MSDEPLOY);
    project.run(["deploy", "dist/hello-1.msdeploy.zip"]).code(3).says("Microsoft Web Deploy V3");
    project.run(["deploy", "dist/none.zip"]).code(2).says("no package");
}
