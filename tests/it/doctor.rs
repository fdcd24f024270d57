//! `doctor`: each complaint about Python on IIS that can be seen from the machine, made on purpose, and found.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use iiswsgi::iis::application_host::ApplicationHost;

use crate::iis_twins::RESPONDER;
use crate::support::{Outcome, PYTHON, Project, json, path_variable, stand_in};

/// A configuration with one application, a Python of this machine, and a `web.config` that is right.
pub(crate) struct Server {
    pub(crate) project: Project,
    pub(crate) python: String,
    pub(crate) attributes: &'static str,
    pub(crate) handler: &'static str,
    pub(crate) mode: &'static str,
}

impl Server {
    /// One whose pool has all the rights that it needs.
    pub(crate) fn new() -> Self {
        let server = Self::without_windows();
        let icacls = server.path("windows/System32/icacls.exe");
        stand_in(&icacls);
        let own = serde_json::json!([[r"BUILTIN\IIS_IUSRS", "(OI)(CI)(RX)"]]);
        let environment = Path::new(&server.python).parent().and_then(Path::parent).unwrap().to_owned();
        let rights: serde_json::Map<_, _> = [server.path("app"), environment]
            .into_iter()
            .map(|folder| (folder.to_string_lossy().to_lowercase(), own.clone()))
            .collect();
        let rights = serde_json::Value::from(rights).to_string();
        fs::write(icacls.with_file_name("rights.json"), rights).unwrap();
        let windows = server.path("windows").to_string_lossy().into_owned();
        Self { project: server.project.env("WINDIR", &windows), ..server }
    }

    /// One that has nothing of Windows but its configuration.
    pub(crate) fn without_windows() -> Self {
        let python = Project::outcome(Command::new(PYTHON).args(["-c", "import sys; print(sys.executable)"]));
        Self {
            project: Project::new().file("app/responder.py", RESPONDER),
            python: python.stdout.trim().to_owned(),
            attributes: r#"activityTimeout="600" requestTimeout="600" signalBeforeTerminateSeconds="30""#,
            handler: r#"responseBufferLimit="0""#,
            mode: "serves",
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.project.path(name)
    }

    fn arguments(&self) -> String {
        format!("&quot;{}&quot; {}", self.path("app/responder.py").display(), self.mode)
    }

    fn web_config(&self) -> String {
        let (python, arguments, handler) = (&self.python, self.arguments(), self.handler);
        format!(
            "<configuration><system.webServer><handlers><add name=\"x\" path=\"*\" verb=\"*\" modules=\"FastCgiModule\" {handler} \
             scriptProcessor=\"{python}|{arguments}\"/></handlers></system.webServer></configuration>"
        )
    }

    fn registration(&self) -> String {
        format!(
            "<application fullPath=\"{}\" arguments=\"{}\" {} />",
            self.python,
            self.arguments(),
            self.attributes
        )
    }

    /// Runs the doctor on the whole, its registrations and `web.config` changed by these.
    pub(crate) fn examine(
        &self,
        register: impl FnOnce(String) -> String,
        configure: impl FnOnce(String) -> String,
    ) -> Outcome {
        Project::outcome(&mut self.doctor(register, configure))
    }

    /// The same, to be run.
    pub(crate) fn doctor(
        &self,
        register: impl FnOnce(String) -> String,
        configure: impl FnOnce(String) -> String,
    ) -> Command {
        let folder = self.path("app");
        let mut host = ApplicationHost::new(&self.path("").to_string_lossy());
        host.set_application(
            &"Default Web Site/hello".parse().unwrap(),
            &folder.to_string_lossy(),
            Some("pool"),
        )
        .unwrap();
        let registered = register(self.registration());
        let text = host
            .text()
            .replace("<fastCgi />", &format!("<fastCgi>{registered}</fastCgi>"))
            .replace("<applicationPoolDefaults>", "<add name=\"pool\" /><applicationPoolDefaults>");
        fs::write(self.path("host.config"), text).unwrap();
        fs::write(folder.join("web.config"), configure(self.web_config())).unwrap();
        self.project.command([
            "doctor",
            "Default Web Site/hello",
            "--application-host",
            "host.config",
            "--json",
            "--timeout",
            "20",
        ])
    }
}

/// The findings of a check, as `severity: text reason command`.
#[track_caller]
pub(crate) fn found(outcome: &Outcome, check: &str) -> String {
    let report = json(&outcome.stdout);
    let findings = report["applications"][0]["findings"]
        .as_array()
        .unwrap_or_else(|| panic!("{}", outcome.stderr))
        .clone();
    let text = |finding: &serde_json::Value| {
        let part = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
        format!("{}: {} {} {}", part("severity"), part("text"), part("reason"), part("command"))
    };
    findings.iter().filter(|finding| finding["check"] == check).map(text).collect::<Vec<_>>().join("\n")
}

pub(crate) fn same(text: String) -> String {
    text
}

#[test]
fn an_application_that_is_right_has_no_errors_and_its_process_answers() {
    let outcome = Server::new().examine(same, same).code(0);
    assert!(found(&outcome, "registration").starts_with("ok"), "{}", outcome.stdout);
    assert!(found(&outcome, "start").starts_with("ok: Started by hand"), "{}", outcome.stdout);
    assert!(found(&outcome, "interpreter").contains("is Python 3"));
    assert!(found(&outcome, "upload-limit").contains("404.13"));
}

#[test]
fn a_process_that_dies_is_heard() {
    let outcome = Server { mode: "dies", ..Server::new() }.examine(same, same).code(1);
    let start = found(&outcome, "start");
    assert!(
        start.starts_with("error")
            && start.contains("cannot import name 'nothing'")
            && start.contains("exit code 3"),
        "{start}"
    );
}

#[test]
fn what_is_not_registered_or_registered_otherwise_is_found_with_the_command_that_mends_it() {
    let server = Server::new();
    let nothing = found(&server.examine(|_| String::new(), same).code(1), "registration");
    assert!(nothing.contains("is not registered") && nothing.contains("appcmd.exe set config"), "{nothing}");
    let otherwise = found(&server.examine(|text| written_otherwise(&text), same).code(1), "registration");
    assert!(otherwise.contains("IIS knows"), "{otherwise}");
    let twice = |text: String| format!("{text}{}", written_otherwise(&text));
    assert!(found(&server.examine(twice, same).code(1), "duplicates").contains("2 times"));
}

/// The same Python by another text.
fn written_otherwise(text: &str) -> String {
    if cfg!(windows) {
        text.replace("\\python.exe", "/python.exe")
    } else {
        text.replace("/python3", "//python3")
    }
}

#[test]
fn attributes_that_bite_later_are_found() {
    let server = Server {
        attributes: "maxInstances=\"1\" requestTimeout=\"60\" monitorChangesTo=\"%SystemDrive%\\x\"",
        handler: "",
        ..Server::new()
    };
    let outcome = server.examine(same, same).code(1);
    for (check, part) in [
        ("monitor-changes-to", "expands no variables"),
        ("activity-timeout", "silent for 70 s"),
        ("request-timeout", "less than the 70 s"),
        ("shutdown", "signalBeforeTerminateSeconds:30"),
        ("instances", "one request at a time"),
        ("response-buffer", "responseBufferLimit:0"),
    ] {
        let text = found(&outcome, check);
        assert!(text.contains(part), "{check}: {text}");
    }
    let relative = Server { attributes: "monitorChangesTo=\"web.config\"", ..Server::new() };
    assert!(found(&relative.examine(same, same), "monitor-changes-to").contains("a whole path"));
}

#[test]
fn locked_sections_missing_files_and_a_stamp_are_found() {
    let server = Server::new();
    let outcome = server.examine(same, same);
    assert!(found(&outcome, "locked-sections").starts_with("ok"));
    let text = fs::read_to_string(server.path("host.config")).unwrap();
    let locked = text
        .replace(
            "name=\"handlers\" overrideModeDefault=\"Allow\"",
            "name=\"handlers\" overrideModeDefault=\"Deny\"",
        )
        .replace("overrideMode=\"Allow\"", "overrideMode=\"Inherit\"");
    fs::write(server.path("host.config"), locked).unwrap();
    fs::write(server.path("app/iis_install.stamp"), "").unwrap();
    let again =
        ["doctor", "Default Web Site/hello", "--application-host", "host.config", "--json", "--no-start"];
    let outcome = server.project.run(again).code(1);
    let section = found(&outcome, "locked-sections");
    assert!(section.contains("500.19") && section.contains("unlock config"), "{section}");
    assert!(found(&outcome, "stamp").contains("iiswsgi bootstrap"));
    assert_eq!(found(&outcome, "start"), "", "nothing is started");
    let broken = server.examine(same, |_| "<configuration>".into()).code(1);
    assert!(found(&broken, "web-config").contains("cannot be read"));
    let handlerless = server.examine(same, |_| "<configuration/>".into()).code(1);
    assert!(found(&handlerless, "registration").contains("no FastCGI handler"));
}

#[test]
fn an_interpreter_that_is_gone_and_a_gateway_that_is_not_there_are_found() {
    let gone = |text: String| text.replace(&Server::new().python, "/no/such/python.exe");
    let outcome = Server::new().examine(gone, gone).code(1);
    assert!(found(&outcome, "interpreter").contains("0x80070002"), "{}", outcome.stdout);
    let old = |text: String| text.replace("responder.py", "wfastcgi.py");
    let outcome = Server::new().examine(old, old);
    assert!(found(&outcome, "gateway").contains("no longer maintained"), "{}", outcome.stdout);
    let wrong = |text: String| {
        text.replace(" />", "><environmentVariables><environmentVariable name=\"SCRIPT_NAME\" value=\"/other\"/></environmentVariables></application>")
    };
    assert!(found(&Server::new().examine(wrong, same), "script-name").contains("`/other`"));
}

#[test]
fn rights_that_the_pool_has_not_are_found() {
    let server = Server::new();
    fs::remove_file(server.path("windows/System32/rights.json")).unwrap();
    let rights = found(&server.examine(same, same).code(1), "rights");
    assert!(rights.contains(r"`IIS AppPool\pool` has no right") && rights.contains("icacls \""), "{rights}");
}

/// A stand-in for a program, in the project's folder `bin`, which is the first on PATH. Gives where it lies.
fn with_stand_in(server: Server, name: &str) -> (Server, PathBuf) {
    let program = server.path("bin").join(name).with_extension(std::env::consts::EXE_EXTENSION);
    stand_in(&program);
    let folders = std::env::split_paths(&path_variable()).collect::<Vec<_>>();
    let path = std::env::join_paths(std::iter::once(server.path("bin")).chain(folders)).unwrap();
    let project = server.project.env("PATH", &path.to_string_lossy());
    (Server { project, ..server }.with_responder(), program)
}

/// A server with a program that answers everything in the same way.
fn with_program_that_says(name: &str, stdout: &str, stderr: &str, code: i32) -> (Server, PathBuf) {
    let (server, program) = with_stand_in(Server::new(), name);
    let answers = serde_json::json!({ "stdout": stdout, "stderr": stderr, "code": code });
    fs::write(program.with_extension("json"), answers.to_string()).unwrap();
    (server, program)
}

/// A server with such a Python.
fn with_python(stdout: &str, stderr: &str, code: i32) -> Server {
    let (server, program) = with_program_that_says("python", stdout, stderr, code);
    Server { python: program.to_string_lossy().into_owned(), ..server }
}

/// A server whose Python answers these lines: its version, its base, the version of its gateway.
fn with_python_that_says(lines: [&str; 3]) -> Server {
    with_python(&(lines.join("\n") + "\n"), "", 0)
}

#[test]
fn a_python_that_serves_everybody_or_belongs_to_a_user_is_found() {
    let outcome = Server::new().examine(same, same).code(0);
    let environment = found(&outcome, "virtual-environment");
    assert!(environment.starts_with("info") && environment.contains("changes all others"), "{environment}");
    assert_eq!(found(&outcome, "base-python"), "");
    let of_user =
        with_python_that_says(["3.12.1", "C:/Users/joe/AppData/Local/Programs/Python/Python312", ""]);
    fs::write(of_user.path("pyvenv.cfg"), "home = x\n").unwrap();
    let outcome = of_user.examine(same, same);
    let environment = found(&outcome, "virtual-environment");
    assert!(environment.starts_with("ok") && environment.contains("Users/joe"), "{environment}");
    let base = found(&outcome, "base-python");
    assert!(base.starts_with("warning") && base.contains("for all users"), "{base}");
    let store = with_python_that_says([
        "3.12.1",
        r"C:\Program Files\WindowsApps\PythonSoftwareFoundation.Python.3.12",
        "",
    ]);
    assert!(found(&store.examine(same, same), "base-python").contains("WindowsApps"));
}

#[test]
fn a_python_that_is_too_old_or_does_not_run_is_found() {
    let old = with_python_that_says(["3.7.9", "/usr", ""]).examine(same, same).code(1);
    let interpreter = found(&old, "interpreter");
    assert!(interpreter.starts_with("error") && interpreter.contains("3.9 or later"), "{interpreter}");
    let broken = with_python("", "No Python at C:\\Python39\n", 103);
    let interpreter = found(&broken.examine(same, same).code(1), "interpreter");
    assert!(
        interpreter.contains("does not run: No Python at") && interpreter.contains("--ignore-stamp"),
        "{interpreter}"
    );
}

#[test]
fn a_gateway_that_is_missing_or_of_another_version_is_found() {
    let serves = |text: String| text.replace("&quot; serves", "&quot; -m iiswsgi serve app");
    let missing = found(&with_python_that_says(["3.12.1", "/usr", ""]).examine(serves, serves), "gateway");
    assert!(missing.starts_with("error") && missing.contains("-m pip install iiswsgi=="), "{missing}");
    let other = found(&with_python_that_says(["3.12.1", "/usr", "0.0.1"]).examine(same, same), "gateway");
    assert!(other.starts_with("info") && other.contains("0.0.1"), "{other}");
    let own = env!("CARGO_PKG_VERSION");
    let same_version = with_python_that_says(["3.12.1", "/usr", own]).examine(same, same);
    assert!(found(&same_version, "gateway").starts_with("ok"));
}

#[test]
fn places_of_the_log_web_deploy_and_what_the_registry_says_are_told() {
    let none = Server::without_windows().examine(same, same);
    let missing = found(&none, "web-deploy");
    assert!(missing.starts_with("info") && missing.contains("winget install"), "{missing}");
    if cfg!(unix) {
        assert_eq!(found(&none, "logs"), "", "no place is known off Windows");
        assert_eq!(found(&none, "utf8-variables"), "");
    }
    let windows = |code: i32| {
        let (server, _) = with_program_that_says("reg", "", "", code);
        let msdeploy = server.path("Web Deploy/msdeploy.exe");
        fs::create_dir_all(msdeploy.parent().unwrap()).unwrap();
        fs::write(&msdeploy, "").unwrap();
        let project = server.project;
        let folder = project.path("Web Deploy").to_string_lossy().into_owned();
        let project = project.env("WINDIR", "/windows").env("IIS_USER_HOME", "/home/iis");
        Server { project: project.env("MSDeployPath", &folder), ..server }
    };
    let outcome = windows(1).examine(same, same);
    let logs = found(&outcome, "logs");
    let places = [["/home/iis", "Logs", "iiswsgi.log"], ["/windows", "Temp", "iiswsgi.log"]];
    let places = places.map(|steps| format!("`{}`", PathBuf::from_iter(steps).display())).join(", ");
    assert!(logs.contains(&places), "{logs}");
    assert!(found(&outcome, "web-deploy").starts_with("ok"), "{}", outcome.stdout);
    assert!(found(&outcome, "utf8-variables").contains("FastCGIUtf8ServerVariables is not set"));
    assert_eq!(found(&windows(0).examine(same, same), "utf8-variables"), "");
}

impl Server {
    /// Its files again, in the project that it has now.
    pub(crate) fn with_responder(self) -> Self {
        let project = self.project.file("app/responder.py", RESPONDER);
        Self { project, ..self }
    }
}

#[test]
fn people_read_the_same_as_machines() {
    let server = Server { handler: "", ..Server::new() };
    server.examine(same, same);
    server
        .project
        .run(["doctor", "--application-host", "host.config", "--no-start"])
        .success()
        .gives("Default Web Site/hello (")
        .gives("warning  response-buffer:")
        .gives("mend: %windir%");
    server
        .project
        .run(["doctor", "Default Web Site/none", "--application-host", "host.config"])
        .code(2)
        .says("no application");
}
