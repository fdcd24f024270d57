//! Reading, writing and checking parameters: small files, and the real ones of the shared data.

use super::*;
use crate::finding::Finding;
use crate::xml::Document;
use proptest::prelude::*;

fn read(text: &str) -> (Parameters, Vec<Finding>) {
    Parameters::read(&Document::parse(text).unwrap()).unwrap()
}

/// Rule, line and column of every finding.
fn found(text: &str) -> Vec<(&'static str, usize, usize)> {
    read(text).1.iter().map(|finding| (finding.rule, finding.line, finding.column)).collect()
}

const APPLICATION: &str = "<parameter name='IIS Web Application Name' tags='IisApp' defaultValue='Default Web Site/a'><parameterEntry kind='ProviderPath' scope='IisApp' match='a'/></parameter>";

/// The application parameter on the second line, and more from the third line on.
fn with(more: &str) -> String {
    format!("<parameters>\n{APPLICATION}\n{more}\n</parameters>")
}

#[test]
fn reads_all_that_a_parameter_can_have() {
    let (parameters, findings) = read(
        "<Parameters><PARAMETER Name='p' friendlyname='P' description='d' defaultValue='b' Tags=' iisApp , hidden,'>
           <description culture='de'>Ä</description><friendlyName culture='de'>F</friendlyName>
           <parameterValidation Type='enumeration, allowEmpty,None' ValidationString='a, b'/>
           <parameterEntry type='XMLFILE' scope='\\\\x$' match='//a/@b' tags='none'/>
         </PARAMETER></Parameters>",
    );
    let parameter = &parameters.parameters[0];
    assert_eq!(parameter.friendly_name.as_deref(), Some("P"));
    assert_eq!(parameter.tags, ["iisApp", "hidden"]);
    assert!(parameter.has_tag("IISAPP") && parameter.allows_empty());
    assert_eq!(parameter.translations[0].text, "Ä");
    assert_eq!(parameter.translations[1].of, Translated::FriendlyName);
    let validation = parameter.validation.as_ref().unwrap();
    assert_eq!(validation.kinds, [ValidationKind::AllowEmpty, ValidationKind::Enumeration]);
    assert_eq!(validation.values().collect::<Vec<_>>(), ["a", "b"]);
    let entry = &parameter.entries[0];
    assert_eq!((entry.kind.clone(), entry.line, entry.column), (EntryKind::XmlFile, 4, 12));
    assert_eq!(parameters.get("P").unwrap().name, "p");
    assert_eq!(
        findings.iter().map(|finding| finding.rule).collect::<Vec<_>>(),
        ["application-parameter-name"]
    );
}

#[test]
fn every_fault_is_found_at_its_place() {
    let entry =
        |attributes: &str| with(&format!("<parameter name='p'><parameterEntry {attributes}/></parameter>"));
    assert_eq!(found(&entry("kind='TextFil' scope='a' match='b'")), [("unknown-entry-kind", 3, 21)]);
    assert_eq!(found(&entry("scope='a' match='b'")), [("entry-without-kind", 3, 21)]);
    assert_eq!(found(&entry("kind='TextFile' match='b'")), [("entry-without-scope", 3, 21)]);
    assert_eq!(found(&entry("kind='TextFile' scope='a'")), [("entry-without-match", 3, 21)]);
    assert_eq!(found(&entry("kind='TextFile' scope='(' match='b'")), [("invalid-pattern", 3, 21)]);
    assert_eq!(found(&entry("kind='TextFile' scope='a' match='['")), [("invalid-pattern", 3, 21)]);
    assert_eq!(found(&entry("kind='XmlFile' scope='a' match='//a['")), [("invalid-xpath", 3, 21)]);
    assert_eq!(
        found(&entry("kind='TextFilePosition' scope='a' match='1;2'")),
        [("deprecated-kind", 3, 21), ("invalid-text-position", 3, 21)]
    );
    assert_eq!(found(&entry("kind='TextFile' scope='a' match='b' x='1'")), [("unknown-attribute", 3, 73)]);
    let value = |attributes: &str| {
        with(&format!(
            "<parameter name='p' {attributes}<parameterEntry kind='TextFile' scope='a' match='b'/></parameter>"
        ))
    };
    assert_eq!(found(&value("tags='Hiden'>")), [("unknown-tag", 3, 21)]);
    assert_eq!(found(&value("tags='Password' defaultValue='x'>")), [("secret-default", 3, 1)]);
    assert_eq!(found(&value("defaultValue='{q}'>")), [("unknown-reference", 3, 1)]);
    assert_eq!(found(&value("defaultValue='{P}'>")), [("circular-reference", 3, 1)]);
    assert_eq!(
        found(&value("defaultValue='c'>\n<parameterValidation kind='Enumeration' validationString='a,b'/>")),
        [("invalid-default", 4, 1)]
    );
    assert_eq!(
        found(&value("defaultValue='1'>\n<parameterValidation kind='Boolean'/>")),
        [("invalid-default", 4, 1)]
    );
    assert_eq!(
        found(&value(">\n<parameterValidation kind='RegularExpression' validationString='['/>")),
        [("invalid-pattern", 4, 1)]
    );
    assert_eq!(
        found(&value(
            "defaultValue='abc'>\n<parameterValidation kind='RegularExpression' validationString='^.$'/>"
        )),
        [("invalid-default", 4, 1)]
    );
    assert_eq!(
        found(&value(">\n<parameterValidation kind='RegularExpression'/>")),
        [("missing-validation-string", 4, 1)]
    );
    assert_eq!(found(&value(">\n<parameterValidation kind='Bool'/>")), [("unknown-validation", 4, 22)]);
    assert_eq!(found(&value(">\n<description>d</description>")), [("missing-culture", 4, 1)]);
}

#[test]
fn faults_between_parameters_are_found_too() {
    assert_eq!(found(&with("<parameter name='p'/>")), [("parameter-without-entries", 3, 1)]);
    let second = APPLICATION.replace("IIS Web", "iis web");
    assert_eq!(found(&with(&second)), [("duplicate-parameter", 3, 1)]);
    assert_eq!(found(&with("<parameter/>")), [("parameter-without-name", 3, 1)]);
    assert_eq!(found(&with("<setParameter name='a' value='b'/>")), [("unexpected-element", 3, 1)]);
    assert_eq!(found(&with("<other/>")), [("unknown-element", 3, 1)]);
    assert_eq!(found(&with("  \\")), [("stray-text", 3, 3)]);
    assert_eq!(found("<parameters/>"), [("no-application-parameter", 0, 0)]);
    let cycle = "<parameter name='x' defaultValue='{y}'/><parameter name='y' defaultValue='{z}'/><parameter name='z' defaultValue='{x}'/>";
    assert_eq!(found(&with(cycle)), [("circular-reference", 3, 81)]);
}

#[test]
fn messages_name_the_parameter_and_what_is_near() {
    let (_, findings) =
        read(&with("<parameter name='p'><parameterEntry kind='TextFil' scope='a' match='b'/></parameter>"));
    insta::assert_snapshot!(findings[0].text, @"unknown kind `TextFil` of an entry of `p` (did you mean `TextFile`?); the known ones are `DeploymentObjectAttribute`, `DestinationBinding`, `DestinationVirtualDirectory`, `ProviderPath`, `SqlCommandVariable`, `TextFile`, `TextFilePosition`, `XmlFile`");
    let (_, findings) = read(&with(
        "<parameter name='p' defaultValue='{IIS Web Application Nam}/x'><parameterEntry kind='ProviderPath' scope='(' match='a'/></parameter>",
    ));
    insta::assert_snapshot!(findings[0].text, @"`p`: no parameter is called `IIS Web Application Nam` (did you mean `IIS Web Application Name`?), the braces stay as they are");
    insta::assert_snapshot!(findings[1].text, @"the scope of an entry of `p` cannot be used: a parenthesis that is not closed in the pattern `(` at character 1");
}

#[test]
fn another_document_is_an_error_with_its_place() {
    let error = Parameters::read(&Document::parse("\n<feed/>").unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "document element is `feed`, not `parameters`");
    assert_eq!(error.location().unwrap().line, 2);
    assert_eq!(error.exit_code(), ExitCode::Usage);
    let output = "<output><parameters><parameter name='a' tags='IisApp'/></parameters></output>";
    assert_eq!(read(output).0.parameters.len(), 1);
}

#[test]
fn set_parameters_are_read_and_written() {
    let text = "<parameters>\n<setParameter name='a' value='1 &amp; 2'/>\n<setParameter Name='A' Value='3'/>\\\n<setParameter value='4'/>\n<parameter name='b'/></parameters>";
    let (set, findings) = SetParameters::read(&Document::parse(text).unwrap()).unwrap();
    assert_eq!(set.values, [("a".to_owned(), "1 & 2".to_owned()), ("A".to_owned(), "3".to_owned())]);
    let places: Vec<_> =
        findings.iter().map(|finding| (finding.rule, finding.line, finding.column)).collect();
    assert_eq!(
        places,
        [
            ("duplicate-parameter", 3, 1),
            ("stray-text", 3, 35),
            ("parameter-without-name", 4, 1),
            ("unexpected-element", 5, 1)
        ]
    );
    insta::assert_snapshot!(set.to_xml(), @r#"
    <?xml version="1.0" encoding="utf-8"?>
    <parameters>
      <setParameter name="a" value="1 &amp; 2" />
      <setParameter name="A" value="3" />
    </parameters>
    "#);
}

#[test]
fn the_generated_parameters_tell_the_command_where_the_application_is() {
    let command = format!("iiswsgi.exe bootstrap --application \"{APPLICATION_PATH_PLACEHOLDER}\"");
    let application = ApplicationPath {
        folder: "My.App",
        default: "Default Web Site/My.App",
        commands: &["net stop x", &command],
    };
    let key = Parameter {
        tags: vec!["Password".into()],
        entries: vec![
            ParameterEntry::placeholder("conf/settings.py", "$KEY$"),
            ParameterEntry::xml_file("web.config", "//add/@value"),
        ],
        ..Parameter::new("SecretKey")
    };
    let parameters = Parameters::generated(&application, &[key]);
    insta::assert_snapshot!(parameters.to_xml(), @r#"
    <?xml version="1.0" encoding="utf-8"?>
    <parameters>
      <parameter name="IIS Web Application Name" description="Full site path where you want to install the application (for example, Default Web Site/My.App)." defaultValue="Default Web Site/My.App" tags="IisApp">
        <parameterEntry kind="ProviderPath" scope="^iisApp$" match="^My\.App$" />
      </parameter>
      <parameter name="iiswsgi Bootstrap Command" description="Sets up the application on the server; made from the other parameters." defaultValue="iiswsgi.exe bootstrap --application &quot;{IIS Web Application Name}&quot;" tags="Hidden">
        <parameterEntry kind="ProviderPath" scope="^runCommand$" match="^.*__iiswsgi_application_path__.*$" />
      </parameter>
      <parameter name="SecretKey" tags="Password">
        <parameterEntry kind="TextFile" scope="\\conf\\settings\.py$" match="\$KEY\$" />
        <parameterEntry kind="XmlFile" scope="\\web\.config$" match="//add/@value" />
      </parameter>
    </parameters>
    "#);
    let (_, findings) = read(&parameters.to_xml());
    assert_eq!(findings, []);
    let defaults = SetParameters::defaults_of(&parameters);
    assert_eq!(
        defaults.values,
        [("IIS Web Application Name".to_owned(), "Default Web Site/My.App".to_owned())]
    );
}

#[test]
fn real_files_are_read_without_a_fault_of_ours() {
    let Some(folder) = crate::testdata::shared() else { return };
    let mut read = 0;
    for file in std::fs::read_dir(folder.join("packages")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let Ok(document) = Document::parse_bytes(&std::fs::read(&path).unwrap()) else { continue };
        let Ok((parameters, findings)) = Parameters::read(&document) else {
            assert!(!name.to_lowercase().contains("parameters.xml"), "{name} is a parameters file");
            continue;
        };
        if name.contains("_values_set") {
            let (set, findings) = SetParameters::read(&document).unwrap();
            assert_eq!(set.values.len(), 4);
            let places: Vec<_> = findings.iter().map(|f| (f.rule, f.line, f.column)).collect();
            assert_eq!(places, [("stray-text", 4, 82)], "{name}");
            continue;
        }
        read += 1;
        assert!(!parameters.parameters.is_empty(), "{name}");
        let errors: Vec<_> =
            findings.iter().filter(|finding| finding.severity == crate::event::Severity::Error).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
        let again = Parameters::read(&Document::parse(parameters.to_xml()).unwrap()).unwrap().0;
        assert_eq!(without_places(again), without_places(parameters), "{name}");
    }
    assert!(read >= 15, "only {read} parameters files were found");
}

#[test]
fn the_sample_that_is_not_well_formed_names_its_place() {
    let Some(folder) = crate::testdata::shared() else { return };
    let name =
        "MicrosoftDocs+iis-docs--package-an-application-for-the-windows-web-application-gallery_sample2.xml";
    let error =
        Document::parse_bytes(&std::fs::read(folder.join("packages").join(name)).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "line 1, column 1: element `parameters` is not closed");
}

#[test]
fn slips_that_real_files_have_are_faults_of_the_xml() {
    for text in [
        "<parameters>\n<parameter name='a'><parameterEntrytype='x' scope='y'/></parameter></parameters>",
        "<parameters>\n<parameter <!-- a comment --> name='a'/></parameters>",
        "<parameters>\n<parameter name='a'></parameters>",
    ] {
        assert_eq!(Document::parse(text).unwrap_err().line, 2, "{text}");
    }
}

fn without_places(mut parameters: Parameters) -> Parameters {
    for parameter in &mut parameters.parameters {
        (parameter.line, parameter.column) = (0, 0);
        for entry in &mut parameter.entries {
            (entry.line, entry.column) = (0, 0);
        }
        if let Some(validation) = &mut parameter.validation {
            (validation.line, validation.column) = (0, 0);
        }
    }
    parameters
}

fn parameter() -> impl Strategy<Value = Parameter> {
    let text = "[ -~äß\\n\\t]{0,20}";
    let kind = proptest::sample::select(EntryKind::names().map(EntryKind::from_name).collect::<Vec<_>>());
    let entry =
        (kind, text, text).prop_map(|(kind, scope, matching)| ParameterEntry::new(kind, scope, matching));
    let translation = ("[a-z]{2}", text).prop_map(|(culture, text)| Translation {
        of: Translated::Description,
        culture,
        text,
    });
    (
        "[a-zA-Z][ -~]{0,10}",
        proptest::option::of(text),
        proptest::option::of(text),
        proptest::collection::vec(proptest::sample::select(KNOWN_TAGS).prop_map(str::to_owned), 0..3),
        proptest::collection::vec(translation, 0..2),
        proptest::option::of(text),
        proptest::collection::vec(entry, 0..3),
    )
        .prop_map(|(name, description, default_value, tags, translations, pattern, entries)| Parameter {
            description,
            default_value,
            tags,
            translations,
            validation: pattern.map(|pattern| ParameterValidation {
                kinds: vec![ValidationKind::AllowEmpty, ValidationKind::RegularExpression],
                validation_string: Some(pattern),
                ..ParameterValidation::default()
            }),
            entries,
            ..Parameter::new(name)
        })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(parameters in proptest::collection::vec(parameter(), 0..4)) {
        let parameters = Parameters { parameters };
        let (again, _) = read(&parameters.to_xml());
        prop_assert_eq!(without_places(again), parameters);
    }

    #[test]
    fn values_are_cut_at_their_braces_and_nothing_is_lost(value in "[a-c{}]{0,20}") {
        let together: String = pieces(&value)
            .map(|piece| match piece {
                Piece::Text(text) => text.to_owned(),
                Piece::Braces(name) => format!("{{{name}}}"),
            })
            .collect();
        prop_assert_eq!(together, value);
    }
}
