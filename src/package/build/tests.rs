//! Tests of the build of manifests.

use std::fmt::Write as _;

use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::package::options::ProviderOptions;
use crate::template::Variables;

const TEMPLATE: &str = r#"<?xml version="1.0" encoding="utf-8" ?>
<msDeploy.iisApp>
  <!-- %NOBODY% knows this one, and need not -->
  <iisApp   path='%DIST_NAME%' />
  <runCommand
      path="%SystemDrive%\Python27\iiswsgi_install.exe -v -e -a %DIST_NAME%"
      waitAttempts="10" waitInterval="60000" successReturnCodes="0x0"
      MSDeploy.MSDeployKeyAttributeName="path" /> <!-- kept -->
</msDeploy.iisApp>
"#;

fn variables() -> Variables {
    [("dist_name", "My & App"), ("COMMAND", "run \"it\"")].into_iter().collect()
}

fn build(template: &str) -> Built {
    from_template(template, &variables()).unwrap()
}

fn fault(template: &str) -> Error {
    from_template(template, &variables()).unwrap_err()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn attributes_become_options_and_everything_else_stays() {
    let built = build(TEMPLATE);
    let options = ProviderOptions {
        settings: pairs(&[("waitAttempts", "10"), ("waitInterval", "60000"), ("successReturnCodes", "0x0")]),
        ..ProviderOptions::new("runCommand", r"%SystemDrive%\Python27\iiswsgi_install.exe -v -e -a My & App")
    };
    assert_eq!(built.manifest.providers[1].options.as_ref(), Some(&options));
    assert_snapshot!(built.text.replace(&options.to_attribute(), "…"), @r#"
    <?xml version="1.0" encoding="utf-8" ?>
    <msDeploy.iisApp>
      <!-- %NOBODY% knows this one, and need not -->
      <iisApp   path='My &amp; App' />
      <runCommand
          path="%SystemDrive%\Python27\iiswsgi_install.exe -v -e -a My &amp; App"
          MSDeploy.MSDeployKeyAttributeName="path" MSDeploy.MSDeployProviderOptions="…" /> <!-- kept -->
    </msDeploy.iisApp>
    "#);
}

#[test]
fn building_again_changes_nothing() {
    let once = build(TEMPLATE);
    assert_eq!(build(&once.text).text, once.text);
}

#[test]
fn variables_of_the_server_are_a_warning_with_the_place_in_the_template() {
    let findings = build(TEMPLATE).findings;
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!((findings[0].rule, findings[0].line, findings[0].column), ("server-variable", 6, 13));
    assert_eq!(findings[0].severity, Severity::Warning);
}

#[test]
fn unknown_variables_are_an_error_with_their_places() {
    let error = fault("<a>\n  <iisApp path='%NOBODY%'/>\n  <runCommand path='ä ${SystemDrive}'/></a>");
    assert_eq!(
        error.to_string(),
        "line 2, column 17: unknown variable `NOBODY`; line 3, column 23: unknown variable `SystemDrive`"
    );
    assert_eq!(error.position(), (2, 17));
    assert_eq!(error.exit_code(), ExitCode::Usage);
    assert!(error.hint().unwrap().contains("--define NOBODY=VALUE"));
}

#[test]
fn a_command_without_a_path_is_an_error_at_its_place_in_the_template() {
    let template = "<a>\n  <iisApp path='%COMMAND%%COMMAND%'/><x><RunCommand waitAttempts='1'/></x></a>";
    let error = fault(template);
    assert_eq!(error.to_string(), "line 2, column 41: `<runCommand>` has no attribute `path`");
    assert_eq!(template.lines().nth(1).unwrap().find("<RunCommand"), Some(40));
}

#[test]
fn findings_after_removed_lines_still_name_the_line_of_the_template() {
    let built = build(
        "<a>\n<iisApp path='a'/>\n<runCommand path='x'\n  waitAttempts='1'\n  waitInterval='1'\n successReturnCodes='0'/>\n\
         <runCommand path='y'/>\n</a>",
    );
    let places: Vec<_> = built.findings.iter().map(|f| (f.rule, f.line)).collect();
    assert_eq!(places, [("no-success-return-codes", 7)]);
    assert_eq!(built.manifest.providers[2].line, 7);
}

#[test]
fn templates_that_are_not_well_formed_are_named_with_line_and_column() {
    let error = fault("<msDeploy.iisApp>\n  <iisApp path='a'>\n</msDeploy.iisApp>");
    assert_eq!(error.position().0, 3, "{error:?}");
    assert_eq!(fault("").position(), (1, 1));
    assert!(matches!(fault("<parameters>\n</parameters>"), Error::Manifest(_)));
}

#[test]
fn no_setting_is_ever_dropped() {
    let before = ProviderOptions {
        settings: pairs(&[("waitAttempts", "3"), ("dontUseJobObject", "true")]),
        ..ProviderOptions::new("runCommand", "elsewhere")
    };
    let template = format!(
        "<a><iisApp path='a'/><runCommand path='x' WaitAttempts='5' strange='&lt;1&gt;' \
         MSDeploy.MSDeployProviderOptions='{}'/></a>",
        before.to_attribute()
    );
    let built = build(&template);
    let options = built.manifest.providers[1].options.clone().unwrap();
    assert_eq!(options.path, "x");
    assert_eq!(
        options.settings,
        pairs(&[("dontUseJobObject", "true"), ("WaitAttempts", "5"), ("strange", "<1>")])
    );
    let rules: Vec<_> = built.findings.iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, ["setting-value", "no-success-return-codes"]);
}

#[test]
fn options_in_the_template_that_cannot_be_read_are_an_error() {
    let error =
        fault("<a>\n<iisApp path='a'/>\n <runCommand path='x' MSDeploy.MSDeployProviderOptions='AAAA'/></a>");
    assert_eq!(error.position(), (3, 2));
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("gzip"));
}

#[test]
fn values_are_escaped_and_may_hold_a_whole_command() {
    let built =
        build("<a><iisApp path=\"a\"/><runCommand path='%COMMAND% 100%%' successReturnCodes='0'/></a>");
    assert_eq!(built.manifest.providers[1].path, "run \"it\" 100%");
    assert!(built.text.contains("path='run &quot;it&quot; 100%'"), "{}", built.text);
}

#[test]
fn the_declaration_names_the_encoding_that_is_written() {
    let built =
        build("<?xml version='1.0' encoding='iso-8859-1' standalone='yes'?><a><iisApp path='ä'/></a>");
    assert!(
        built.text.starts_with("<?xml version='1.0' encoding='utf-8' standalone='yes'?>"),
        "{}",
        built.text
    );
}

#[test]
fn the_templates_of_the_original_are_built() {
    let Some(shared) = crate::testdata::shared() else { return };
    for (name, attempts, interval) in [("pyramid", "10", Some("60000")), ("sample", "10", None)] {
        let path =
            shared.join(format!("packages/rpatterson+iiswsgi--examples_{name}.msdeploy_Manifest.xml.in"));
        let built = build(&std::fs::read_to_string(path).unwrap());
        let command = built.manifest.named("runCommand").next().unwrap();
        assert_eq!(command.setting("waitAttempts"), Some(attempts), "{name}");
        assert_eq!(command.setting("waitInterval"), interval, "{name}");
        assert_eq!(command.setting("successReturnCodes"), Some("0x0"), "{name}");
        assert_eq!(command.options.as_ref().unwrap().path, command.path, "{name}");
        assert_eq!(built.manifest.application_folder(), Some("My & App"), "{name}");
    }
}

#[test]
fn the_classic_example_is_built() {
    let built = build(include_str!("../../../examples/classic/Manifest.xml.in"));
    let rules: Vec<_> = built.findings.iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, ["server-variable"]);
    assert_eq!(built.manifest.named("runCommand").next().unwrap().settings.len(), 3);
}

#[test]
fn the_documentation_lists_every_variable_of_the_server() {
    let page = include_str!("../../../docs/package-format.md");
    for name in SERVER_VARIABLES {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn a_generated_manifest_holds_application_acls_and_command() {
    let acl = [Provider::new("setAcl", "app/data").with_attributes(&[("setAclAccess", "Modify")])];
    let command = bootstrap_command("My App");
    let settings = pairs(&[("waitAttempts", "10"), ("waitInterval", "60000"), ("successReturnCodes", "0x0")]);
    let description =
        Description { folder: "app", providers: &acl, command: Some(&command), settings: &settings };
    let built = generate(&description).unwrap();
    assert_eq!(built.findings, []);
    let blob = built.manifest.providers[2].options.as_ref().unwrap().to_attribute();
    assert_snapshot!(built.text.replace(&blob, "…"), @r#"
    <?xml version="1.0" encoding="utf-8"?>
    <MSDeploy.iisApp>
      <iisApp path="app" />
      <setAcl path="app/data" setAclAccess="Modify" />
      <runCommand path="iiswsgi bootstrap --app-path &quot;__iiswsgi_application_path__&quot; --app My-App" MSDeploy.MSDeployKeyAttributeName="path" MSDeploy.MSDeployProviderOptions="…" />
    </MSDeploy.iisApp>
    "#);
    assert_eq!(built.manifest.providers[2].settings, settings);
    assert_eq!(generate(&description).unwrap(), built, "the same every time");
}

#[test]
fn a_wrong_description_is_refused() {
    let made = |folder, command, settings: &[(&str, &str)]| {
        let settings = pairs(settings);
        generate(&Description { folder, command, settings: &settings, providers: &[] })
    };
    assert!(matches!(made("aux", None, &[]), Err(Error::Folder(_))));
    assert!(matches!(made("", None, &[]), Err(Error::Folder(_))));
    assert!(matches!(made("a", Some(" "), &[]), Err(Error::Command { .. })));
    assert!(matches!(made("a", Some("a\nb"), &[]), Err(Error::Command { .. })));
    assert!(matches!(made("a", Some("b"), &[("waitattempt", "1")]), Err(Error::Setting(_))));
    assert!(matches!(made("a", Some("b"), &[("waitAttempts", "0")]), Err(Error::Setting(_))));
    let twice = made("a", Some("b"), &[("waitAttempts", "1"), ("WAITATTEMPTS", "2")]);
    assert!(matches!(twice, Err(Error::DoubledSetting { .. })));
    assert_eq!(made("a", None, &[]).unwrap().manifest.providers.len(), 1);
}

#[test]
fn the_stamp_is_the_template_as_it_is() {
    assert_eq!(stamp(Some(b"# %NOT% expanded\r\n")), b"# %NOT% expanded\r\n");
    assert!(stamp(None).starts_with(b"# "));
}

proptest! {
    #[test]
    fn settings_of_any_kind_come_back(
        settings in proptest::collection::btree_map("[a-z][a-zA-Z]{2,9}", "[^\\x00-\\x1f\u{fffe}\u{ffff}%$]{0,20}", 0..6),
        path in "[^\\x00-\\x1f\u{fffe}\u{ffff}%$]{1,30}",
    ) {
        prop_assume!(!settings.contains_key("path") && !settings.keys().any(|name| name.starts_with("xml")));
        let unique: std::collections::BTreeSet<_> = settings.keys().map(|name| name.to_lowercase()).collect();
        prop_assume!(unique.len() == settings.len() && !unique.contains("path"));
        let mut attributes = String::new();
        for (name, value) in &settings {
            let _ = write!(attributes, " {name}=\"{}\"", xml::escape_attribute(value));
        }
        let template = format!("<a><runCommand path=\"{}\"{attributes}/></a>", xml::escape_attribute(&path));
        let built = build(&template);
        let options = built.manifest.providers[0].options.clone().unwrap();
        prop_assert_eq!(options.settings, settings.into_iter().collect::<Vec<_>>());
        prop_assert_eq!(options.path, path);
    }

    #[test]
    fn no_template_makes_it_panic(text in ".*", inner in "[<>/a!\\-% ='\"]*") {
        let _ = from_template(&text, &variables());
        let _ = from_template(&format!("<a><runCommand path='x' {inner}/>{inner}</a>"), &variables());
    }
}
