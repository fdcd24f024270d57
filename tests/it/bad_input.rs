//! Bad input gets a clear error with its place, and nothing is lost.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use crate::run::HELLO;
use crate::support::{Outcome, Project, iiswsgi};

fn hello() -> Project {
    Project::new().file("wsgi.py", HELLO)
}

#[test]
fn malformed_yaml_is_named_with_its_line() {
    hello()
        .file("iiswsgi.yml", "app: x\nfiles: {include: [a\n")
        .run(["plan"])
        .code(2)
        .says("iiswsgi.yml")
        .says("error:");
}

#[test]
fn an_unknown_key_is_named_with_its_place_and_the_nearest_known_one() {
    let project = hello().file("iiswsgi.yml", "name: shop\nfastcgi:\n  max-instanses: 4\n");
    project.run(["run"]).code(2).says("iiswsgi.yml:3:3").says("max-instanses").says("max-instances");
}

#[test]
fn a_file_that_is_no_mapping_is_told_so() {
    for text in ["- app: x\n", "hello\n"] {
        let outcome = hello().file("iiswsgi.yml", text).env("IISWSGI_NAME", "x").run(["plan"]).code(2);
        outcome.says("iiswsgi.yml:1:1").says("expected a mapping");
    }
    let list = hello().file("iiswsgi.yml", "fastcgi: [1]\n").env("IISWSGI_FASTCGI_MAX_INSTANCES", "4");
    list.run(["plan"]).code(2).says("`fastcgi` is a list, expected a mapping");
}

#[test]
fn a_place_is_named_once() {
    let syntax =
        hello().file("setup.py", "from setuptools import setup\nsetup(name='x'\n").run(["plan"]).code(2);
    assert_eq!(syntax.says("error: setup.py:2:").stderr.matches("setup.py").count(), 1);
}

#[test]
fn a_wrong_type_and_a_doubled_key_are_named_with_their_place() {
    hello()
        .file("iiswsgi.yml", "fastcgi: {max-instances: many}\n")
        .run(["plan"])
        .code(2)
        .says("iiswsgi.yml:1:");
    hello().file("iiswsgi.yml", "name: a\nname: b\n").run(["plan"]).code(2).says("iiswsgi.yml:2:1");
}

#[test]
fn malformed_toml_is_named_with_its_line() {
    hello().file("pyproject.toml", "[project]\nname = \n").run(["plan"]).code(2).says("pyproject.toml:2:");
}

#[test]
fn malformed_setup_cfg_is_named_with_its_line() {
    hello().file("setup.cfg", "[metadata]\nname = x\n[broken\n").run(["plan"]).code(2).says("setup.cfg:3");
}

#[test]
fn malformed_manifest_parameters_and_web_config_are_named_with_their_line() {
    let manifest = "<msDeploy.iisApp>\n  <iisApp path=\"%DIST_NAME%\">\n</msDeploy.iisApp>\n";
    hello().file("Manifest.xml.in", manifest).run(["package"]).code(2).says("Manifest.xml.in:3");
    hello()
        .file("Parameters.xml", "<parameters>\n<parameter\n")
        .run(["package"])
        .code(2)
        .says("Parameters.xml:2");
    hello()
        .file("web.config.in", "<configuration>\n  <a b=1/>\n")
        .run(["package"])
        .code(2)
        .says("web.config.in:2");
}

#[test]
fn an_unknown_variable_of_a_template_is_named_with_its_line() {
    let manifest = "<msDeploy.iisApp>\n  <iisApp path=\"%DIST_NAME%\" />\n  <runCommand path=\"%NOPE%\" />\n</msDeploy.iisApp>\n";
    hello().file("Manifest.xml.in", manifest).run(["package"]).code(2).says("Manifest.xml.in:3").says("NOPE");
    let defined = hello().file("Manifest.xml.in", manifest);
    defined.run(["package", "--define", "nope=cmd.exe"]).success();
}

#[test]
fn a_missing_callable_and_an_import_error_show_what_python_says() {
    let project = hello();
    project.run(["run", "--app", "wsgi:nothing"]).code(1).says("nothing");
    let project =
        Project::new().file("wsgi.py", "import not_there\ndef application(environ, start_response): ...\n");
    project.run(["run"]).code(1).says("No module named 'not_there'");
}

#[test]
fn no_application_and_several_of_them_say_which_line_to_add() {
    Project::new().file("readme.txt", "x").run(["plan"]).code(2).says("app: \"");
    let two = "def app(environ, start_response): ...\n";
    let project = Project::new().file("one.py", two).file("two.py", two);
    project.run(["plan"]).code(2).says("one.py:1").says("two.py:1").says("app: \"one:app\"");
}

#[test]
fn an_unreadable_file_is_named() {
    let project = hello().file("secret.txt", "x");
    let folder = project.path("");
    for path in [folder.parent().unwrap(), &folder] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
    }
    fs::set_permissions(project.path("secret.txt"), fs::Permissions::from_mode(0o000)).unwrap();
    let mut command = project.command(["package"]);
    if fs::metadata(&folder).unwrap().uid() == 0 {
        // Root reads everything, so the command runs as somebody else.
        command.uid(65534);
    }
    Project::outcome(&mut command).code(2).says("secret.txt");
}

#[test]
fn a_disk_that_is_full_leaves_what_was_there() {
    let project = hello();
    project.run(["package"]).success();
    let before = project.bytes("dist/project-0.0.0.msdeploy.zip");
    let mut state = 88_172_645_463_325_252_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    })
    .take(2_000_000)
    .collect();
    let project = project.file("noise.bin", noise);
    let script = format!("trap '' XFSZ; ulimit -f 1024; exec {} package", iiswsgi().display());
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).current_dir(project.path(""));
    Project::outcome(&mut command).code(1).says("cannot write").says("project-0.0.0.msdeploy.zip");
    assert!(project.bytes("dist/project-0.0.0.msdeploy.zip") == before);
    assert!(project.leftovers().is_empty(), "{:?}", project.leftovers());
}

#[test]
fn a_read_only_package_is_not_replaced() {
    let project = hello().file("dist/project-0.0.0.msdeploy.zip", "mine");
    let path = project.path("dist/project-0.0.0.msdeploy.zip");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    project.run(["run"]).code(1).says("project-0.0.0.msdeploy.zip").says("read-only");
    assert_eq!(project.read("dist/project-0.0.0.msdeploy.zip"), "mine");
}

#[test]
fn names_that_windows_refuses_and_links_that_leave_the_tree_are_named() {
    hello().file("aux.txt", "x").run(["package"]).code(2).says("aux.txt");
    hello().file("a/b:c.txt", "x").run(["package"]).code(2).says("b:c.txt");
    hello().file("Read.me", "x").file("read.me", "x").run(["package"]).code(2).says("ead.me");
    let project = hello();
    std::os::unix::fs::symlink("/etc/hostname", project.path("link")).unwrap();
    project.run(["package"]).code(2).says("link");
}

#[test]
fn an_unknown_stage_option_or_folder_is_a_usage_error() {
    let unknown = |outcome: Outcome, text: &str| outcome.code(2).says(text);
    unknown(hello().run(["run", "--only", "pakage"]), "package");
    unknown(hello().run(["run", "--no-such-option"]), "--no-such-option");
    unknown(hello().run(["run", "no/such/folder"]), "no/such/folder");
    unknown(hello().run(["rum"]), "run");
}

#[test]
fn a_test_file_that_is_no_package_is_refused() {
    hello().file("x.zip", "no zip").run(["install", "x.zip"]).code(2).says("x.zip");
}
