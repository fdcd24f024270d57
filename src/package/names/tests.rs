//! Tests of file names and of the rules of Windows.

use proptest::prelude::*;

use super::*;
use crate::error::Failure as _;
use crate::event::Severity;

fn said(names: &[&str]) -> Vec<String> {
    check(names.iter().copied()).iter().map(ToString::to_string).collect()
}

fn rules(names: &[&str]) -> Vec<&'static str> {
    check(names.iter().copied()).iter().map(Problem::rule).collect()
}

#[test]
fn a_plain_name_stays_as_it_is() {
    let names = OutputNames::new("My.App_x-1", "1.0.dev3");
    assert_eq!(names.stem, "My.App_x-1-1.0.dev3");
    assert_eq!(names.package, "My.App_x-1-1.0.dev3.msdeploy.zip");
    assert_eq!(names.feed, "My.App_x-1-1.0.dev3.webpi.xml");
    assert_eq!(names.set_parameters, "My.App_x-1.SetParameters.xml");
    assert_eq!(names.deploy_command, "My.App_x-1.deploy.cmd");
}

#[test]
fn foreign_characters_become_one_hyphen() {
    assert_eq!(OutputNames::new("My App & Söhne", "1.0+local").stem, "My-App-S-hne-1.0-local");
    assert_eq!(OutputNames::new("../../etc/passwd", "").stem, "etc-passwd");
    assert_eq!(OutputNames::new("%COMSPEC%!^", "").deploy_command, "COMSPEC.deploy.cmd");
}

#[test]
fn a_name_of_which_nothing_is_left_and_a_device_get_a_name() {
    assert_eq!(OutputNames::new("日本", "1").package, "package-1.msdeploy.zip");
    assert_eq!(OutputNames::new("Con", "1").deploy_command, "_Con.deploy.cmd");
    assert_eq!(OutputNames::new("com1.x", "1").set_parameters, "_com1.x.SetParameters.xml");
}

#[test]
fn ordinary_entries_have_no_problem() {
    let names = [
        "Manifest.xml",
        "app/",
        "app/auxiliary.py",
        "app/com10.txt",
        "app/.gitignore",
        "app/a b/ü.py",
        "app/com",
    ];
    assert_eq!(said(&names), [""; 0]);
}

#[test]
fn device_names_are_refused_in_every_form() {
    for name in
        ["aux", "a/AUX.py", "con.tar.gz/x", "a/nul ", "x/Com1.txt", "lpt9", "com².x", "CONIN$", "prn .txt"]
    {
        assert_eq!(check([name]).len(), 1, "{name}");
    }
    assert_eq!(said(&["app/aux.py"]), ["`app/aux.py`: `aux.py` is the name of a device on Windows"]);
}

#[test]
fn trailing_dots_and_blanks_are_refused() {
    assert_eq!(
        said(&["app/a.", "app/b /c.py"]),
        ["`app/a.`: the name `a.` ends in a dot", "`app/b /c.py`: the name `b ` ends in a blank"]
    );
}

#[test]
fn forbidden_characters_are_named() {
    assert_eq!(said(&["a/b:c"]), ["`a/b:c`: Windows refuses the character `:` in a name"]);
    assert_eq!(said(&["a/b\u{7}c"]), ["`a/b\\u{7}c`: Windows refuses the character U+0007 in a name"]);
    for character in ['<', '>', '"', '|', '?', '*', '\\', '\n', '\0'] {
        assert_eq!(rules(&[&format!("x{character}y")]), ["windows-character"], "{character:?}");
    }
}

#[test]
fn parts_that_are_no_names_are_refused() {
    assert_eq!(rules(&["a//b", "/a", "../x", "./y", ""]), ["not-a-name"; 5]);
}

#[test]
fn names_that_differ_only_in_case_collide() {
    assert_eq!(
        said(&["app/Readme", "app/README"]),
        ["`app/README` and `app/Readme` are the same name on Windows"]
    );
    assert_eq!(said(&["ä.txt", "Ä.TXT"]), ["`Ä.TXT` and `ä.txt` are the same name on Windows"]);
    assert_eq!(said(&["a/straße", "a/strasse", "a/STRASSE2"]), [""; 0]);
}

#[test]
fn folders_on_the_way_collide_once() {
    let names = ["app/Lib/a.py", "app/lib/b.py", "app/lib/c.py", "app/Lib/d.py", "app/lib/e.py"];
    assert_eq!(said(&names), ["`app/lib` and `app/Lib` are the same name on Windows"]);
    assert_eq!(said(&["app/x", "app/X/y"]), ["`app/X` and `app/x` are the same name on Windows"]);
    assert_eq!(said(&["app/X/y", "app/x"]), ["`app/x` and `app/X` are the same name on Windows"]);
}

#[test]
fn the_same_entry_twice_collides_with_itself() {
    assert_eq!(rules(&["a", "a"]), ["windows-name-collision"]);
    assert_eq!(rules(&["a/", "a/"]), ["windows-name-collision"]);
    assert_eq!(rules(&["a/", "a/b", "a/c"]), [""; 0]);
    assert_eq!(rules(&["a/b", "a/"]), [""; 0]);
    assert_eq!(rules(&["a/b", "a/", "a/"]), ["windows-name-collision"]);
}

#[test]
fn long_paths_are_a_warning_and_long_names_an_error() {
    let path = format!("{}/x.py", "d/".repeat(100));
    let problems = check([path.as_str()]);
    assert_eq!(problems[0].severity(), Severity::Error, "an empty part");
    let path = format!("{}x.py", "dd/".repeat(70));
    let problems = check([path.as_str()]);
    assert_eq!((problems.len(), problems[0].severity()), (1, Severity::Warning));
    assert!(problems[0].to_string().contains("a path of 214 characters"));
    let name = "ü".repeat(256);
    assert_eq!(rules(&[&name]), ["windows-long-name", "windows-long-path"]);
}

#[test]
fn the_hint_names_the_file_to_leave_out() {
    assert!(check(["app/aux"])[0].hint().unwrap().contains("`app/aux`"));
}

#[test]
fn the_names_of_eggs_have_no_hyphens_in_their_parts() {
    let name = with_egg_name("{egg_name}-py3.9-win32.msdeploy.zip", "my-app web", "1.0-1");
    assert_eq!(name, "my_app_web-1.0_1-py3.9-win32.msdeploy.zip");
    assert_eq!(with_egg_name("shop.zip", "my-app", "1.0"), "shop.zip");
}

proptest! {
    #[test]
    fn an_output_name_is_always_safe(name in "\\PC*", version in "\\PC*") {
        let names = OutputNames::new(&name, &version);
        for file in [&names.package, &names.feed, &names.set_parameters, &names.deploy_command] {
            prop_assert!(file.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)), "{}", file);
            prop_assert!(check([file.as_str()]).iter().all(|problem| problem.severity() < Severity::Error), "{}", file);
        }
        prop_assert_eq!(safe(&safe(&name)), safe(&name));
    }

    #[test]
    fn no_names_make_it_panic(names in proptest::collection::vec(".*|[aA./ ]{0,9}|[äÄßſ/K]{0,6}", 0..20)) {
        let _ = check(names.iter().map(String::as_str));
    }
}
