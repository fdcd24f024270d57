//! Tests of the manifest, on real files and on small ones.

use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;

fn read(text: &str) -> (Manifest, Vec<Finding>) {
    Manifest::parse(text.as_bytes()).unwrap()
}

/// `line:column rule` of every finding.
fn rules(text: &str) -> Vec<String> {
    read(text).1.iter().map(|f| format!("{}:{} {}", f.line, f.column, f.rule)).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn reads_providers_with_plain_attributes() {
    let (manifest, findings) = read(
        "<MSDeploy.iisApp>\n\t<IISAPP path='tc'/>\n  <dbmysql\n path=\"a.sql\" commandDelimiter='//' \
         removeCommandDelimiter='true'/>\n<alias from='a' to='b'/></MSDeploy.iisApp>",
    );
    assert_eq!(findings, []);
    assert_eq!(manifest.application_folder(), Some("tc"));
    assert_eq!(manifest.providers[1].setting("COMMANDDELIMITER"), Some("//"));
    assert_eq!((manifest.providers[1].line, manifest.providers[1].column), (3, 3));
    assert_eq!(manifest.providers[2].attribute("to"), Some("b"));
}

#[test]
fn settings_in_the_options_win_over_attributes() {
    let options = ProviderOptions {
        settings: pairs(&[("waitAttempts", "7"), ("successReturnCodes", "0x0")]),
        ..ProviderOptions::new("runCommand", "x")
    };
    let text = format!(
        "<m>\n<iisApp path='a'/>\n<runCommand path='x' waitInterval='1' {OPTIONS_ATTRIBUTE}='{}'/></m>",
        options.to_attribute()
    );
    let (manifest, _) = read(&text);
    assert_eq!(manifest.providers[1].settings, options.settings);
    assert_eq!(manifest.providers[1].attributes, pairs(&[("waitInterval", "1")]));
    assert_eq!(rules(&text), ["3:1 setting-beside-options"]);
}

#[test]
fn names_what_is_doubtful_with_its_place() {
    assert_eq!(rules("<msdeploy.iisapp>\n</msdeploy.iisapp>"), ["1:1 no-provider"]);
    assert_eq!(rules("<msdeploy.iisapp>\n <setAcl path='x'/></msdeploy.iisapp>"), ["1:1 no-iis-app"]);
    assert_eq!(rules("<a>\n <iisApp path='x'/>\n <iisapp path='y'/>\n</a>"), ["3:2 several-iis-apps"]);
    assert_eq!(rules("<a>\n <iisApp path='x'/>\n <frobnicate path='y'/></a>"), ["3:2 unknown-provider"]);
    assert_eq!(rules("<a><iisApp/></a>"), ["1:4 no-path"]);
    assert_eq!(rules("<a><iisApp path=''/></a>"), ["1:4 no-path"]);
    assert_eq!(rules("<MSDeploy.iisApp><iisApp path='C:\\x'/></MSDeploy.iisApp>"), ["1:18 local-path"]);
    assert_eq!(rules("<a><iisApp path='x'/><alias from='x'/></a>"), ["1:22 no-path"]);
    assert_eq!(
        rules("<a><iisApp path='x'/>\n<runCommand path='y' waitInterval='soon' successReturnCodes='0'/></a>"),
        ["2:1 setting-value", "2:1 settings-without-options"]
    );
    assert_eq!(rules("<a><iisApp path='x'/>\n<runCommand path='y'/></a>"), ["2:1 no-success-return-codes"]);
    assert_eq!(
        rules("<a><iisApp path='x'/>\n<setAcl path='y' setAclResourceType='Folder'/></a>"),
        ["2:1 setting-value"]
    );
}

#[test]
fn options_that_lie_or_cannot_be_read_are_named() {
    let options = ProviderOptions::new("contentPath", "elsewhere").to_attribute();
    let text = format!("<a>\n  <iisApp path='x' {OPTIONS_ATTRIBUTE}='{options}'/></a>");
    assert_eq!(rules(&text), ["2:3 options-of-another-provider", "2:3 options-path-differs"]);
    let text = format!("<a>\n  <iisApp path='x' {OPTIONS_ATTRIBUTE}='aGVsbG8='/></a>");
    let (manifest, findings) = read(&text);
    assert_eq!(manifest.providers[0].options, None);
    assert_eq!((findings[0].rule, findings[0].line), ("options-unreadable", 2));
    assert_eq!(findings[0].text, "the provider options are not gzip data: unexpected end of file");
}

#[test]
fn settings_of_run_command_are_checked() {
    let good = [
        ("WaitAttempts", "10"),
        ("waitInterval", "2147483647"),
        ("successReturnCodes", "0x0;0x2; 3;-1;0xC0000005"),
        ("dontUseCommandExe", "True"),
        ("dontUseJobObject", "false"),
    ];
    for (name, value) in good {
        assert_eq!(check_run_command_setting(name, value), Ok(()), "{name}");
    }
    let bad = [
        ("waitAttempts", "0"),
        ("waitAttempts", "ten"),
        ("waitInterval", "2147483648"),
        ("waitInterval", "-1"),
        ("successReturnCodes", ""),
        ("successReturnCodes", "0x0,0x2"),
        ("successReturnCodes", "0x+1"),
        ("dontUseCommandExe", "yes"),
    ];
    for (name, value) in bad {
        assert!(check_run_command_setting(name, value).is_err(), "{name}={value}");
    }
    assert_eq!(
        check_run_command_setting("waitAttempt", "1").unwrap_err().to_string(),
        "`runCommand` has no setting `waitAttempt`, did you mean `waitAttempts`?"
    );
    assert_eq!(
        check_run_command_setting("x", "1").unwrap_err().to_string(),
        "`runCommand` has no setting `x`"
    );
}

#[test]
fn files_of_another_kind_and_broken_files_are_errors_with_their_place() {
    let error = Manifest::parse(b"<?xml version='1.0'?>\n  <parameters/>").unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 2, column 3: `<parameters>` is the root element of a parameters file, not of a manifest"
    );
    assert_eq!(error.position(), (2, 3));
    let error = Manifest::parse(b"<MSDeploy.iisApp>\n  <iisApp path='a'\n</MSDeploy.iisApp>").unwrap_err();
    assert_eq!(error.position().0, 2, "{error:?}");
    assert_eq!(error.exit_code(), ExitCode::Usage);
    assert!(Manifest::parse(b"").is_err());
}

#[test]
fn writes_a_manifest_that_is_read_back() {
    let mut manifest = Manifest::gallery();
    manifest.providers = vec![
        Provider::new("iisApp", "My & App"),
        Provider::new("setAcl", "My & App/data").with_attributes(&[("setAclAccess", "Read,Write")]),
        Provider::new("runCommand", "do \"it\"").with_options(&pairs(&[("waitAttempts", "5")])),
    ];
    let options = manifest.providers[2].options.as_ref().unwrap().to_attribute();
    assert_snapshot!(manifest.to_xml().replace(&options, "…"), @r#"
    <?xml version="1.0" encoding="utf-8"?>
    <MSDeploy.iisApp>
      <iisApp path="My &amp; App" />
      <setAcl path="My &amp; App/data" setAclAccess="Read,Write" />
      <runCommand path="do &quot;it&quot;" MSDeploy.MSDeployKeyAttributeName="path" MSDeploy.MSDeployProviderOptions="…" />
    </MSDeploy.iisApp>
    "#);
    let mut read = read(&manifest.to_xml()).0;
    for provider in &mut read.providers {
        (provider.line, provider.column) = (0, 0);
    }
    assert_eq!(read, manifest);
}

#[test]
fn every_real_file_gives_a_manifest_or_a_clear_error() {
    let Some(shared) = crate::testdata::shared() else { return };
    let mut counts = [0, 0];
    for entry in std::fs::read_dir(shared.join("packages")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        match Manifest::parse(&std::fs::read(&path).unwrap()) {
            Ok((manifest, findings)) => {
                counts[0] += 1;
                assert!(!manifest.providers.is_empty(), "{name}");
                let unreadable = findings.iter().any(|finding| finding.rule == "options-unreadable");
                assert!(!unreadable, "{name}: {findings:?}");
                assert_eq!(
                    read(&manifest.to_xml()).0.named("iisApp").count(),
                    manifest.named("iisApp").count()
                );
            }
            Err(error) => {
                counts[1] += 1;
                let (line, column) = error.position();
                assert!(line > 0 && column > 0, "{name}: {error}");
                assert!(!name.to_lowercase().contains("manifest"), "{name}: {error}");
            }
        }
    }
    assert!(counts[0] >= 12 && counts[1] >= 15, "{counts:?}");
}

#[test]
fn the_real_package_with_options_gives_its_setting() {
    let Some(shared) = crate::testdata::shared() else { return };
    let path = shared.join("packages/rpatterson+iiswsgi--39c5722_Manifest_with_blob.xml");
    let (manifest, findings) = Manifest::parse(&std::fs::read(path).unwrap()).unwrap();
    let command = manifest.named("runCommand").next().unwrap();
    assert_eq!(command.settings, pairs(&[("successReturnCodes", "0x0")]));
    assert_eq!(findings.iter().map(|f| f.rule).collect::<Vec<_>>(), ["options-path-differs"]);
    assert_eq!((command.line, command.column), (9, 3));
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        providers in proptest::collection::vec(
            ("[a-zA-Z]{1,12}", "[^\\x00-\\x1f\u{fffe}\u{ffff}]{1,40}", proptest::collection::vec(("[a-z]{3,9}", "\\PC{0,20}"), 0..5)), 1..6)
    ) {
        let manifest = Manifest {
            root: "anything".into(),
            providers: providers
                .into_iter()
                .map(|(name, path, settings)| Provider::new(name, path).with_options(&settings))
                .collect(),
        };
        let (read, _) = Manifest::parse(manifest.to_xml().as_bytes()).unwrap();
        for (read, written) in read.providers.iter().zip(&manifest.providers) {
            prop_assert_eq!(&read.path, &written.path);
            prop_assert_eq!(&read.options, &written.options);
            prop_assert_eq!(&read.settings, &written.settings);
        }
        prop_assert_eq!(read.to_xml(), manifest.to_xml());
    }
}
