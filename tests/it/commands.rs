//! The smaller commands.

use crate::run::HELLO;
use crate::support::{Project, json};

#[test]
fn plan_says_what_run_would_do_and_does_nothing() {
    let project = Project::new().file("wsgi.py", HELLO).file("iiswsgi.yml", "fastcgi: {max-instances: 4}\n");
    let text = project.run(["plan"]).success().stdout;
    assert!(text.contains("wsgi:application (wsgi.py:1"), "{text}");
    assert!(text.contains("fastcgi.max-instances: 4 (iiswsgi.yml:1)"), "{text}");
    let plan = json(&project.run(["plan", "--json"]).success().stdout);
    assert_eq!(plan["packages"][0]["application"]["target"], "wsgi:application");
    assert_eq!(plan["stages"].as_array().unwrap().len(), 6);
    assert_eq!(project.files(), ["iiswsgi.yml", "wsgi.py"]);
    assert!(!project.path("dist").exists());
}

#[test]
fn flags_stand_over_the_environment_and_that_over_the_file() {
    let name = |project: &Project, arguments: &[&str]| {
        let stdout = project.run(["plan", "--json"].iter().chain(arguments)).success().stdout;
        json(&stdout)["packages"][0]["name"].as_str().unwrap().to_owned()
    };
    let project = Project::new().file("wsgi.py", HELLO).file("iiswsgi.yml", "name: from-file\n");
    assert_eq!(name(&project, &[]), "from-file");
    let project = project.env("IISWSGI_NAME", "from-environment");
    assert_eq!(name(&project, &[]), "from-environment");
    assert_eq!(name(&project, &["--name", "from-flag"]), "from-flag");
}

#[test]
fn sha1_prints_both_forms_and_checks_them() {
    let project = Project::new().file("a.txt", "abc");
    let fciv = project.run(["sha1", "a.txt"]).success().stdout;
    assert!(fciv.starts_with("//\n// File Checksum Integrity Verifier"), "{fciv}");
    assert!(fciv.contains("a9993e364706816aba3e25717850c26c9cd0d89d a.txt"), "{fciv}");
    let sum = project.run(["sha1", "--form", "sha1sum", "a.txt"]).success().stdout;
    assert_eq!(sum, "a9993e364706816aba3e25717850c26c9cd0d89d  a.txt\n");
    let project = project.file("list", sum).file("fciv", fciv);
    project.run(["sha1", "--check", "list", "fciv"]).success().gives("a.txt: OK");
    let project = project.file("a.txt", "abd");
    project.run(["sha1", "--check", "list"]).code(1).gives("a.txt: FAILED").says("1 of 1 files");
    project.run(["sha1", "missing"]).code(2).says("cannot read `missing`");
}

#[test]
fn inspect_gives_back_provider_path_and_settings_of_three_run_commands() {
    let manifest = "<msDeploy.iisApp>\n  <!-- kept -->\n  <iisApp path=\"%DIST_NAME%\" />\n  \
                    <runCommand path=\"C:\\one.exe &quot;a b&quot;\" waitAttempts=\"7\" waitInterval=\"3000\" successReturnCodes=\"0x0;0x2\" />\n\
                    </msDeploy.iisApp>\n";
    let project = Project::new().file("wsgi.py", HELLO).file("Manifest.xml.in", manifest);
    project.run(["package"]).success();
    let inspected =
        json(&project.run(["inspect", "--json", "dist/project-0.0.0.msdeploy.zip"]).success().stdout);
    let text = inspected.to_string();
    assert!(text.contains(r#"C:\\one.exe \"a b\""#), "{text}");
    for setting in [
        r#"{"name":"waitAttempts","value":"7"}"#,
        r#"{"name":"waitInterval","value":"3000"}"#,
        r#"{"name":"successReturnCodes","value":"0x0;0x2"}"#,
    ] {
        assert!(text.contains(setting), "{setting} in {text}");
    }
}

#[test]
fn every_file_of_the_shared_data_is_inspected_with_an_answer_or_a_clear_error() {
    let Some(data) = crate::support::shared_data() else { return };
    let project = Project::new();
    for folder in ["packages", "feeds"] {
        for entry in std::fs::read_dir(data.join(folder)).unwrap() {
            let path = entry.unwrap().path().to_string_lossy().into_owned();
            let outcome = project.run(["inspect", &path]);
            match outcome.code {
                Some(0) => assert!(!outcome.stdout.trim().is_empty(), "{path}"),
                Some(2) => assert!(outcome.stderr.starts_with("error: "), "{path}: {}", outcome.stderr),
                code => panic!("{path}: {code:?}\n{}", outcome.stderr),
            }
        }
    }
}

#[test]
fn a_template_of_a_manifest_is_not_blamed_for_what_the_build_does() {
    let manifest = "<a>\n <iisApp path='%DIST_NAME%'/>\n <runCommand path='x' waitInterval='1' successReturnCodes='0x0'/>\n</a>\n";
    let project = Project::new().file("Manifest.xml.in", manifest).file("Manifest.xml", manifest);
    let template = project.run(["inspect", "Manifest.xml.in"]).success().stdout;
    assert!(!template.contains("settings-without-options"), "{template}");
    project.run(["inspect", "Manifest.xml"]).success().gives("settings-without-options");
}

#[test]
fn feed_check_counts_what_it_found() {
    let project = Project::new().file("wsgi.py", HELLO).file("broken.xml", "<feed>");
    project
        .run(["feed", "--check", "broken.xml"])
        .code(1)
        .gives("not-well-formed")
        .says("1 error, 0 warnings");
    project.run(["run", "--only", "build,package,feed"]).success();
    project.run(["feed", "--check", "dist/project-0.0.0.webpi.xml"]).success().says("0 errors, 1 warning");
}

#[test]
fn clean_finds_the_cached_feed_of_a_project_without_a_home_page() {
    let project = Project::new().file("wsgi.py", HELLO);
    project.run(["run", "--only", "build,package,feed"]).success();
    let feed = project.read("dist/project-0.0.0.webpi.xml");
    let project = project.file("cache/1234.xml", feed).file("cache/installers/project/x", "");
    let outcome = project.run(["clean", "--webpi-cache", "cache", "--dry-run"]).success();
    outcome.gives("would remove cache/1234.xml").gives("would remove cache/installers/project");
    assert!(project.path("cache/1234.xml").is_file());
    project.run(["clean", "--webpi-cache", "cache"]).success();
    assert!(!project.path("cache/1234.xml").exists() && !project.path("cache/installers/project").exists());
}

#[test]
fn the_committed_schemas_are_current() {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/");
    let project = Project::new();
    project.run(["schema", "--check", &format!("{docs}configuration.schema.json")]).success();
    project.run(["schema", "--report", "--check", &format!("{docs}report.schema.json")]).success();
    let project = project.file("old.json", "{}");
    project.run(["schema", "--check", "old.json"]).code(1).says("Write it anew");
}

#[test]
fn completions_and_help_know_the_commands() {
    let project = Project::new();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = project.run(["completions", shell]).success().stdout;
        for word in ["generate-ci", "--set-parameters"] {
            assert!(script.contains(word.trim_start_matches('-')), "{word} for {shell}");
        }
        // What a shell that is here does not take is no script of its.
        let project = Project::new().file("script", script);
        let mut check = std::process::Command::new(shell);
        check.args(["-n", "script"]).current_dir(project.path(""));
        let refused = shell != "powershell" && check.status().is_ok_and(|status| !status.success());
        assert!(!refused, "{shell} cannot read its script");
    }
    let help = project.run(["--help"]).success().stdout;
    for command in ["run", "plan", "inspect", "sha1", "clean"] {
        assert!(help.contains(&format!("  {command} ")), "{command} in {help}");
    }
    assert!(!help.contains("supervise"), "{help}");
}

#[test]
fn the_manual_has_a_page_for_every_command() {
    let project = Project::new();
    project.run(["man", "--output", "man1"]).success();
    let page = |name: &str| project.read(&format!("man1/{name}"));
    for section in [".SH NAME", ".SH SYNOPSIS", ".SH OPTIONS", "Examples:"] {
        assert!(page("iiswsgi-run.1").contains(section), "{section}");
    }
    assert!(page("iiswsgi-publish-github.1").contains("generate"), "options that the short help leaves out");
    assert!(page("iiswsgi.1").contains("iiswsgi\\-run(1)"));
    assert!(!project.path("man1/iiswsgi-supervise.1").exists());
    project.run(["man", "publish", "github"]).success().gives(".TH iiswsgi-publish-github 1");
    project.run(["man", "publsh"]).code(2).says("there is no command `publsh`");
}

#[test]
fn init_writes_a_configuration_once_and_names_the_next_command() {
    let project = Project::new().file("wsgi.py", HELLO);
    project
        .run(["init", "--dry-run"])
        .success()
        .gives("==> iiswsgi.yml <==\n")
        .gives("app: wsgi:application\n");
    assert_eq!(project.files(), ["wsgi.py"]);
    project.run(["init", "--runner", "ubuntu-24.04"]).success().says("Next: iiswsgi run\n");
    assert_eq!(project.files(), [".github", "iiswsgi.yml", "wsgi.py"]);
    assert!(project.read(".github/workflows/package.yml").contains("runs-on: ubuntu-24.04"));
    project.run(["init"]).code(2).says("`iiswsgi.yml` is there already").says("--force");
    let project = project.file("iiswsgi.yml", "app: broken: yaml\n");
    project.run(["init", "--force", "--no-workflow", "--name", "shop"]).success();
    assert!(project.read("iiswsgi.yml").contains("\nname: shop\n"));
    project.run(["plan"]).success().gives("shop 0.1.0");
}

#[test]
fn init_changes_nothing_when_a_file_cannot_be_written_or_an_answer_is_wrong() {
    let project = Project::new().file("wsgi.py", HELLO).file(".github", "a file where a folder is needed");
    project.run(["init"]).code(1).says("package.yml").says("A file stands where a folder is needed");
    assert_eq!(project.files(), [".github", "wsgi.py"]);
    project.run(["init", "--python", "three"]).code(2).says("--python");
    project.run(["init", "--name", "a\nb"]).code(2).says("--name");
    let project = project.file("pyproject.toml", "[tool.iiswsgi]\nname = \"shop\"\n");
    project.run(["init", "--no-workflow"]).code(2).says("[tool.iiswsgi]");
    assert_eq!(project.files(), [".github", "pyproject.toml", "wsgi.py"]);
}

#[test]
fn the_log_can_be_json_and_data_goes_to_stdout_alone() {
    let project = Project::new().file("wsgi.py", HELLO);
    let outcome = project.run(["package", "--log-format", "json"]).success();
    assert!(outcome.stdout.is_empty(), "{}", outcome.stdout);
    assert!(outcome.stderr.lines().all(|line| json(line).is_object()), "{}", outcome.stderr);
    assert!(project.run(["package", "--quiet"]).success().stderr.is_empty());
}

#[test]
fn migrate_shows_the_difference_and_writes_when_it_is_told_to() {
    let config = "<configuration><system.webServer><handlers>\n  <!-- ours -->\n  <add name=\"x\" path=\"*\" verb=\"*\" \
                  modules=\"FastCgiModule\" scriptProcessor=\"C:\\py\\python.exe|C:\\py\\wfastcgi.py\" />\n\
                  </handlers></system.webServer></configuration>\n";
    let project = Project::new().file("web.config", config);
    let shown = project.run(["migrate"]).success().says("Nothing is written yet");
    assert!(shown.stdout.contains("+  <add name=\"x\""), "{}", shown.stdout);
    assert_eq!(project.read("web.config"), config);
    project.run(["migrate", "--write"]).success().says(r"C:\py\python.exe -m pip install iiswsgi");
    assert_eq!(project.read("web.config"), config.replace(r"C:\py\wfastcgi.py", "-m iiswsgi serve"));
    project.run(["migrate"]).success().says("nothing to change");
    let other = Project::new().file("wsgi.py", HELLO);
    other.run(["migrate"]).code(2).says("neither").says("hint: ");
}

#[test]
fn a_setting_of_the_configuration_can_be_set_by_its_key() {
    let project = Project::new().file("wsgi.py", HELLO);
    let name = "package.file-name={egg_name}-py3.9-win32.msdeploy.zip";
    project.run(["package", "--name", "a-b", "--package-version", "1.0", "--setting", name]).success();
    assert!(project.path("dist/a_b-1.0-py3.9-win32.msdeploy.zip").is_file());
    project
        .run(["package", "--setting", "package.nme=x"])
        .code(2)
        .says("`nme` in `package`")
        .says("--setting");
}

#[test]
fn configure_writes_and_registers_without_a_bootstrap() {
    let template = "<configuration><system.webServer><fastCgi>\n\
                    <application fullPath=\"%VENV_PYTHON%\" arguments=\"-m a\" />\n\
                    <application fullPath=\"%VENV_PYTHON%\" arguments=\"-m b\" />\n\
                    </fastCgi></system.webServer></configuration>\n";
    let host = "<configuration><system.webServer><fastCgi /></system.webServer></configuration>\n";
    let project = Project::new().file("web.config.in", template).file("host.config", host);
    let arguments = ["configure", "--python", "py & co", "--application-host", "host.config"];
    project.run(arguments).success().says("`py & co|-m a` is registered.");
    assert_eq!(project.read("host.config").matches("fullPath=\"py &amp; co\"").count(), 2);
    let again = ["configure", "--registration-only", "--attribute", "maxInstances=3"];
    project.run(again.iter().chain(&arguments[3..])).success().says("was registered before and is changed");
    assert_eq!(project.read("host.config").matches("maxInstances=\"3\"").count(), 2);
    project.run(["configure", "--attribute", "activityTimeout=5"].iter().chain(&arguments[1..])).code(2);
    project.run(["configure"]).code(3).says("no IIS is here").says("--application-host");
    project.run(["configure", "--application-host", "no.config"]).code(2).says("`no.config` is not there");
}
