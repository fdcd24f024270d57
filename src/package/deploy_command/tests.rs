//! Tests of the batch file: of its parts, and of what cannot be seen by reading them one by one.

use std::collections::BTreeSet;

use super::*;

fn script() -> String {
    text(&OutputNames::new("My App", "1.0"))
}

/// The lines that do something, without the text that is only shown.
fn commands(script: &str) -> Vec<&str> {
    script.lines().filter(|line| !line.starts_with("rem ") && !line.starts_with("echo")).collect()
}

fn labels(script: &str) -> BTreeSet<String> {
    let labels = script.lines().filter_map(|line| line.strip_prefix(':'));
    labels.map(str::to_ascii_lowercase).collect()
}

#[test]
fn names_the_two_files_beside_it() {
    assert!(script().contains("set \"_Package=%_Root%My-App-1.0.msdeploy.zip\"\r\n"));
    assert!(script().contains("\"_DeploySetParametersFile=%_Root%My-App.SetParameters.xml\"\r\n"));
    assert!(!script().contains('@') || script().matches('@').count() == 1, "{}", script());
}

#[test]
fn every_line_ends_as_windows_wants_and_is_ascii() {
    let script = script();
    assert!(script.is_ascii());
    assert!(script.ends_with("\r\n"));
    assert_eq!(script.matches('\n').count(), script.matches("\r\n").count());
    assert!(
        script.lines().all(|line| line == line.trim_end()),
        "no blanks at the ends: `set` would keep them"
    );
}

#[test]
fn every_option_of_visual_studios_file_is_taken_and_reaches_msdeploy() {
    let script = script();
    let options = [
        ("/M:", "_Computer", "computerName"),
        ("/U:", "_User", "userName"),
        ("/P:", "_Password", "password"),
        ("/E:", "_EncryptPassword", "encryptPassword"),
        ("/I:", "_IncludeAcls", "includeAcls"),
        ("/A:", "_AuthType", "authType"),
        ("/G:", "_TempAgent", "tempAgent"),
    ];
    for (option, variable, key) in options {
        let taken =
            format!("if /I \"%_Option%\" == \"{option}\" set \"{variable}=%_Value%\" & goto Taken\r\n");
        assert!(script.contains(&taken), "{option}");
        let used =
            format!("if defined {variable} set _Destination=%_Destination%,{key}=\"%{variable}%\"\r\n");
        assert!(script.contains(&used), "{option}");
        assert!(
            script.contains(&format!("set \"{variable}=")),
            "{variable} of the environment is not taken over"
        );
    }
    for option in ["/T", "/Y", "/L"] {
        assert!(script.contains(&format!("if /I \"%_Argument%\" == \"{option}\" set ")), "{option}");
        assert!(script.contains(&format!("\r\necho   {option} ")), "{option} is explained");
    }
    for name in [
        "MSDeployPath",
        "_DeploySetParametersFile",
        "_MsDeployAdditionalFlags",
        "IISExpressPath",
        "IISExpressManifest",
        "PersonalDocumentFolder",
        "_echo",
    ] {
        assert!(commands(&script).join("\n").contains(name), "{name}");
    }
}

#[test]
fn every_jump_has_its_label_and_every_label_is_jumped_to() {
    let script = script();
    let mut used = BTreeSet::new();
    for line in commands(&script) {
        for word in ["goto ", "call :"] {
            for (at, _) in line.match_indices(word) {
                let target = line[at + word.len()..].split_whitespace().next().unwrap();
                used.insert(target.to_ascii_lowercase());
            }
        }
    }
    // Two labels are only run into.
    used.insert("run".into());
    used.insert("finddocuments".into());
    assert_eq!(labels(&script), used);
}

#[test]
fn no_block_of_parentheses_can_be_closed_by_a_value() {
    let allowed = ["(V3 V4)", "%ProgramFiles(x86)%"];
    for line in commands(&script()) {
        // `for … in (…) do` and `for /F … in ('…') do` are closed before any variable of the user's is filled in.
        let mut rest = line.to_owned();
        for known in allowed {
            rest = rest.replace(known, "");
        }
        let opens = rest.matches('(').count();
        assert_eq!(opens, rest.matches(" in (").count(), "{line}");
    }
    assert!(!script().contains("EnableDelayedExpansion"), "an exclamation mark in a value means nothing");
}

#[test]
fn the_password_is_never_shown() {
    for line in script().lines().filter(|line| line.starts_with("echo")) {
        assert!(!line.contains("%_Password%") && !line.contains("%_Destination%"), "{line}");
    }
}

#[test]
fn percent_signs_of_a_name_are_doubled_and_other_signs_stay() {
    let text = filled("100% a&b!.zip", "x y.SetParameters.xml");
    assert!(text.contains("set \"_Package=%_Root%100%% a&b!.zip\"\r\n"));
    assert!(text.contains("%_Root%x y.SetParameters.xml\""));
}
