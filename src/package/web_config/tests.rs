//! Tests of `web.config`: generated, read with its faults, and changed in place.

use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;

const CONFIG: &str = "<?xml version=\"1.0\"?>\r\n<configuration>\r\n\t<!-- mine -->\r\n\t<system.webServer>\r\n\t\t<fastCgi>\r\n\t\t\t\
    <application fullPath='C:\\py\\python.exe'  arguments='-m app' maxInstances='4' /> <!-- four -->\r\n\t\t</fastCgi>\r\n\t\t\
    <handlers>\r\n\t\t\t<add name=\"x\" path=\"*\" verb=\"*\" modules=\"FastCgiModule\" responseBufferLimit=\"0\"\r\n\t\t\t\t\
    scriptProcessor=\"C:\\py\\python.exe|-m app\" />\r\n\t\t</handlers>\r\n\t</system.webServer>\r\n</configuration>\r\n";
const KEY: (&str, &str) = (r"C:\py\python.exe", "-m app");

fn read(text: &str) -> (WebConfig, Vec<Finding>) {
    WebConfig::parse(text.as_bytes()).unwrap()
}

/// `line:column rule` of the findings about one application element and one handler element on lines 3 and 4.
fn rules(application: &str, handler: &str) -> Vec<String> {
    let text = format!(
        "<configuration><system.webServer><fastCgi>\n<!-- -->\n  {application}\n</fastCgi><handlers>{handler}</handlers>\
         </system.webServer></configuration>"
    );
    let findings = read(&text).1;
    let named = findings.iter().filter(|finding| finding.rule != "fastcgi-section");
    named.map(|finding| format!("{}:{} {}", finding.line, finding.column, finding.rule)).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn application() -> Application {
    Application {
        attributes: pairs(&[("maxInstances", "4"), ("signalBeforeTerminateSeconds", "15")]),
        environment: pairs(&[("APP_MODE", "a & b")]),
        ..Application::new(
            r"%APPL_PHYSICAL_PATH%\.venv\Scripts\python.exe",
            format!("-u -m iiswsgi serve {}", quote_argument("my app:application")),
        )
    }
}

#[test]
fn a_generated_file_explains_itself_and_has_no_faults() {
    let text = generate(&Description {
        allow_double_escaping: true,
        max_content_length: Some(1_000_000_000),
        ..Description::new(application())
    })
    .unwrap();
    assert_snapshot!(text, @r#"
    <?xml version="1.0" encoding="utf-8"?>
    <configuration>
      <system.webServer>
        <!-- The process that runs the application. IIS takes this section from applicationHost.config only: -->
        <!-- the bootstrap copies it there when the package is installed, and again when it runs again. -->
        <fastCgi>
          <application fullPath="%APPL_PHYSICAL_PATH%\.venv\Scripts\python.exe" arguments="-u -m iiswsgi serve &quot;my app:application&quot;" maxInstances="4" signalBeforeTerminateSeconds="15">
            <environmentVariables>
              <environmentVariable name="APP_MODE" value="a &amp; b" />
            </environmentVariables>
          </application>
        </fastCgi>
        <!-- Every request goes to that process: scriptProcessor is its fullPath|arguments. -->
        <!-- Where IIS says 500.19 here, run: appcmd unlock config -section:system.webServer/handlers -->
        <handlers>
          <add name="iiswsgi" path="*" verb="*" modules="FastCgiModule" scriptProcessor="%APPL_PHYSICAL_PATH%\.venv\Scripts\python.exe|-u -m iiswsgi serve &quot;my app:application&quot;" resourceType="Unspecified" requireAccess="Script" responseBufferLimit="0" />
        </handlers>
        <!-- What IIS refuses before the application sees it. -->
        <security>
          <requestFiltering allowDoubleEscaping="true">
            <requestLimits maxAllowedContentLength="1000000000" />
          </requestFiltering>
        </security>
      </system.webServer>
    </configuration>
    "#);
    let (config, findings) = read(&text);
    assert_eq!(findings.iter().map(|finding| finding.rule).collect::<Vec<_>>(), ["fastcgi-section"]);
    assert_eq!(config.applications[0].environment, application().environment);
    assert_eq!(config.application_of(&config.handlers[0]), Some(&config.applications[0]));
}

#[test]
fn a_plain_description_has_no_request_filtering() {
    let text = generate(&Description::new(Application::new("p", ""))).unwrap();
    assert!(!text.contains("security") && text.contains("scriptProcessor=\"p\""), "{text}");
}

#[test]
fn wrong_descriptions_are_refused() {
    let with = |name: &str, value: &str| {
        let attributes = pairs(&[(name, value)]);
        generate(&Description::new(Application { attributes, ..Application::new("p", "a") }))
    };
    assert!(with("maxInstances", "%INSTANCES%").is_ok());
    assert_eq!(
        with("maxInstances", "10001").unwrap_err().to_string(),
        "`maxInstances` must be a whole number from 0 to 10000, not `10001`"
    );
    assert_eq!(
        with("maxInstance", "%X%").unwrap_err().to_string(),
        "a FastCGI application has no attribute `maxInstance`, did you mean `maxInstances`?"
    );
    assert!(matches!(generate(&Description::new(Application::new("a|b", ""))), Err(Error::FullPath { .. })));
    assert!(matches!(generate(&Description::new(Application::new(" ", ""))), Err(Error::FullPath { .. })));
}

#[test]
fn every_attribute_of_the_schema_is_known_with_its_default_and_range() {
    let bounds = [
        ("maxInstances", "0", 0, 10_000),
        ("idleTimeout", "300", 10, 2_592_000),
        ("activityTimeout", "70", 10, 2_592_000),
        ("requestTimeout", "90", 10, 2_592_000),
        ("instanceMaxRequests", "200", 1, 10_000_000),
        ("signalBeforeTerminateSeconds", "0", 0, 60),
        ("queueLength", "1000", 1, 100_000_000),
        ("rapidFailsPerMinute", "10", 0, 1_000),
    ];
    for (name, default, min, max) in bounds {
        assert_eq!(Application::new("p", "").attribute(name), Some(default));
        for (value, good) in [(min, true), (max, true), (min - 1, false), (max + 1, false)] {
            assert_eq!(check_attribute(name, &value.to_string()).is_ok(), good, "{name}={value}");
        }
        for value in ["", "+20", "20 ", "0x20", "twenty"] {
            assert!(check_attribute(name, value).is_err(), "{name}={value}");
        }
    }
    assert_eq!(Application::new("p", "").attribute("protocol"), Some("NamedPipe"));
    assert!(check_attribute("protocol", "Tcp").is_ok() && check_attribute("protocol", "udp").is_err());
    assert!(check_attribute("stderrMode", "TerminateProcess").is_ok());
    assert!(check_attribute("stderrMode", "Ignore").unwrap_err().to_string().contains("IgnoreAndReturn200"));
    assert!(
        check_attribute("flushNamedPipe", "True").is_ok() && check_attribute("flushNamedPipe", "1").is_err()
    );
    assert!(check_attribute("fullpath", "x").is_err(), "names count with their case");
    assert_eq!(Application::new("p", "").attribute("nothing"), None);
}

#[test]
fn faults_of_applications_are_named_with_their_place() {
    let about = |application: &str| rules(application, "");
    assert_eq!(about("<application fullPath='p' idleTimeout='5'/>"), ["3:3 attribute-value"]);
    assert_eq!(about("<application fullPath='p' idleTime='50'/>"), ["3:3 unknown-attribute"]);
    assert_eq!(about("<application arguments='p'/>"), ["3:3 no-full-path"]);
    assert_eq!(about("<application fullPath='a|b'/>"), ["3:3 bar-in-full-path"]);
    assert_eq!(
        about("<application fullPath='p' monitorChangesTo='%SystemDrive%\\x'/>"),
        ["3:3 variable-in-monitor"]
    );
    assert_eq!(
        about("<application fullPath='p'/> <application fullPath='P'/>"),
        ["3:31 duplicate-application"]
    );
    let variables = "<environmentVariables><environmentVariable name='A' value='1'/><environmentVariable name='a' \
                     value='2'/><environmentVariable value='3'/></environmentVariables>";
    assert_eq!(
        about(&format!("<application fullPath='p'>{variables}</application>")),
        ["3:3 duplicate-variable", "3:3 environment-name"]
    );
    assert_eq!(about("<application fullPath='p' arguments='%SystemDrive%\\x'/>"), [""; 0]);
}

#[test]
fn faults_of_handlers_are_named_with_their_place() {
    let about = |handler: &str| rules("<application fullPath='p' arguments='a'/>", handler);
    let add = |rest: &str| format!("<add name='h' modules='FastCgiModule' responseBufferLimit='0' {rest}/>");
    assert_eq!(about(&add("scriptProcessor='P|A'")), [""; 0]);
    assert_eq!(about(&add("scriptProcessor='p|b'")), ["4:21 handler-without-application"]);
    assert_eq!(about(&add("")), ["4:21 no-script-processor"]);
    assert_eq!(about("<add name='static' modules='StaticFileModule'/>"), [""; 0]);
    assert_eq!(
        about("<add name='h' modules='FastCgiModule,Other' scriptProcessor='p|a'/>"),
        ["4:21 handler-modules", "4:21 response-buffer"]
    );
    assert_eq!(
        about(&format!("{}{}", add("scriptProcessor='p|a'"), add("scriptProcessor='p|a'"))),
        ["4:106 duplicate-handler"]
    );
    let alone = "<configuration><system.webServer><handlers><add name='h' modules='FastCgiModule' \
                 responseBufferLimit='0' scriptProcessor='p'/></handlers></system.webServer></configuration>";
    assert_eq!(read(alone).1[0].severity, crate::event::Severity::Info);
}

#[test]
fn the_section_that_iis_ignores_is_told_once_and_only_when_it_says_something() {
    let findings = read(CONFIG).1;
    assert_eq!(findings.len(), 1);
    assert_eq!((findings[0].rule, findings[0].line, findings[0].column), ("fastcgi-section", 5, 3));
    assert_eq!(read("<configuration><x><fastCgi/></x></configuration>").1, []);
}

#[test]
fn locations_are_kept_apart() {
    let text = "<configuration><location path='Site/a'><system.webServer><fastCgi><application fullPath='p'/></fastCgi>\
                </system.webServer></location><system.webServer><fastCgi><application fullPath='p'/></fastCgi>\
                </system.webServer></configuration>";
    let (config, findings) = read(text);
    assert_eq!(config.applications[0].location.as_deref(), Some("Site/a"));
    assert_eq!(config.applications[1].location, None);
    assert!(findings.iter().all(|finding| finding.rule == "fastcgi-section"), "{findings:?}");
}

#[test]
fn templates_are_read_before_their_variables_are_known() {
    let text = "<configuration><system.webServer><fastCgi><application fullPath='%APPL_PHYSICAL_PATH%\\p' \
                monitorChangesTo='%APPL_PHYSICAL_PATH%\\x' maxInstances='${N}'/><application fullPath='q' \
                monitorChangesTo='%%SystemDrive%%\\x' idleTimeout='1'/></fastCgi></system.webServer></configuration>";
    let (_, findings) = WebConfig::read_template(&Document::parse(text).unwrap()).unwrap();
    let rules: Vec<_> = findings.iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, ["fastcgi-section", "attribute-value", "variable-in-monitor"]);
}

#[test]
fn a_template_may_name_what_the_bootstrap_the_package_and_a_server_know() {
    let known = [("MODE", "x")].into_iter().collect();
    let text = "<configuration>\n<!-- %ANYTHING% --><a b='%APPL_PHYSICAL_PATH%%venv_python%${DIST_NAME}%MODE%'/>\n  \
                <c d='%SystemDrive%'/></configuration>";
    let (_, findings) = check_template(text, &known).unwrap();
    assert_eq!(findings.len(), 1);
    assert_eq!((findings[0].rule, findings[0].line, findings[0].column), ("server-variable", 3, 9));
    let error = check_template("<configuration>\n  <a b='%NOBODY%'/></configuration>", &known).unwrap_err();
    assert_eq!(
        (error.position(), error.to_string()),
        ((2, 9), "line 2, column 9: unknown variable `NOBODY`".into())
    );
    assert_eq!(check_template("<a>\n<b></a>", &known).unwrap_err().position().0, 2);
    assert_eq!(check_template("\n<a/>", &known).unwrap_err().position(), (2, 1));
}

#[test]
fn the_classic_example_is_a_good_template() {
    let text = include_str!("../../../examples/classic/web.config.in");
    let (config, findings) = check_template(text, &crate::template::Variables::new()).unwrap();
    assert_eq!(config.application_of(&config.handlers[0]), Some(&config.applications[0]));
    let worst = findings.iter().map(|finding| finding.severity).max();
    assert_eq!(worst, Some(crate::event::Severity::Info), "{findings:?}");
}

#[test]
fn broken_files_and_other_files_are_errors_with_their_place() {
    let error = WebConfig::parse(b"<configuration>\n  <a>\n</configuration>").unwrap_err();
    assert_eq!(error.position().0, 3);
    let error = WebConfig::parse(b"<?xml version='1.0'?>\n<MSDeploy.iisApp/>").unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 2, column 1: the root element is `<MSDeploy.iisApp>`, not `<configuration>`"
    );
    assert_eq!((error.position(), error.exit_code()), ((2, 1), ExitCode::Usage));
}

#[test]
fn no_real_file_makes_it_panic() {
    let Some(shared) = crate::testdata::shared() else { return };
    for entry in std::fs::read_dir(shared.join("packages")).unwrap() {
        let path = entry.unwrap().path();
        let error = WebConfig::parse(&std::fs::read(&path).unwrap()).unwrap_err();
        assert!(error.position().0 > 0, "{}: {error}", path.display());
    }
}

#[test]
fn arguments_are_quoted_as_windows_reads_them_back() {
    assert_eq!(quote_argument("plain"), "plain");
    assert_eq!(quote_argument(""), "\"\"");
    assert_eq!(quote_argument("a b"), "\"a b\"");
    assert_eq!(quote_argument(r"C:\my app\"), r#""C:\my app\\""#);
    assert_eq!(quote_argument(r#"say "hi""#), r#""say \"hi\"""#);
    assert_eq!(quote_argument(r#"a\" b"#), r#""a\\\" b""#);
    assert_eq!(quote_argument(r"a\b"), r"a\b");
}

#[test]
fn an_attribute_is_set_and_nothing_else_changes() {
    let mut edit = Edit::new(CONFIG).unwrap();
    edit.set_attribute(KEY, "maxInstances", "8").unwrap();
    edit.set_attribute(KEY, "idleTimeout", "60").unwrap();
    assert_eq!(edit.finish(), CONFIG.replace("maxInstances='4' ", "maxInstances='8' idleTimeout=\"60\" "));
}

#[test]
fn handlers_follow_the_application_they_lead_to() {
    let mut edit = Edit::new(CONFIG).unwrap();
    edit.set_attribute(KEY, "arguments", "-m \"other app\"").unwrap();
    let expected = CONFIG
        .replace("arguments='-m app'", "arguments='-m &quot;other app&quot;'")
        .replace("python.exe|-m app\"", "python.exe|-m &quot;other app&quot;\"");
    assert_eq!(edit.finish(), expected);
}

#[test]
fn an_application_and_a_handler_are_added_with_the_indentation_of_the_file() {
    let added = Application { environment: pairs(&[("A", "1")]), ..Application::new("q", "") };
    let mut edit = Edit::new(CONFIG).unwrap();
    edit.add_application(&added).unwrap();
    edit.add_handler(&Handler::new("q", &added)).unwrap();
    assert!(edit.config().applications[1].is_led_to_by("Q"));
    let text = edit.finish();
    assert!(text.contains("/> <!-- four -->") && !text.replace("\r\n", "").contains('\n'), "{text}");
    assert!(text.contains("\r\n\t\t\t<application fullPath=\"q\">\r\n"), "{text}");
    assert!(text.contains("\r\n\t\t\t<add name=\"q\" path=\"*\""), "{text}");
    assert_eq!(read(&text).1.len(), 1);
}

#[test]
fn adding_what_is_there_changes_it_in_place() {
    let again = Application { attributes: pairs(&[("maxInstances", "2")]), ..Application::new(KEY.0, KEY.1) };
    let mut edit = Edit::new(CONFIG).unwrap();
    edit.add_application(&again).unwrap();
    edit.add_application(&again).unwrap();
    edit.add_handler(&Handler::new("X", &again)).unwrap();
    let config = edit.config();
    assert_eq!((config.applications.len(), config.handlers.len()), (1, 1));
    assert_eq!(config.applications[0].attribute("maxInstances"), Some("2"));
    assert_eq!(config.handlers[0].name, "X");
}

#[test]
fn sections_that_are_missing_are_made() {
    for text in ["<configuration/>", "<configuration>\n  <system.webServer />\n</configuration>\n"] {
        let mut edit = Edit::new(text).unwrap();
        edit.add_application(&application()).unwrap();
        edit.add_handler(&Handler::new("h", &application())).unwrap();
        let (config, findings) = read(&edit.finish());
        assert_eq!(config.applications[0].attributes, application().attributes);
        assert_eq!(findings.len(), 1, "{findings:?}");
    }
    let mut edit = Edit::new("<configuration/>").unwrap();
    edit.add_application(&Application::new("p", "")).unwrap();
    assert_snapshot!(edit.finish(), @r#"
    <configuration>
      <system.webServer>
        <fastCgi>
          <application fullPath="p" />
        </fastCgi>
      </system.webServer>
    </configuration>
    "#);
}

#[test]
fn variables_are_added_to_a_new_list_and_to_one_that_is_there() {
    let mut edit = Edit::new(CONFIG).unwrap();
    edit.set_environment_variable(KEY, "A", "1 < 2").unwrap();
    edit.set_environment_variable(KEY, "B", "b").unwrap();
    edit.set_environment_variable(KEY, "a", "\"3\"").unwrap();
    assert_eq!(edit.config().applications[0].environment, pairs(&[("A", "\"3\""), ("B", "b")]));
    assert!(edit.finish().contains("\r\n\t\t\t\t<environmentVariables>\r\n"));
}

#[test]
fn changes_that_cannot_be_made_leave_the_text_as_it_is() {
    let mut edit = Edit::new(CONFIG).unwrap();
    assert!(matches!(edit.set_attribute(("q", ""), "maxInstances", "1"), Err(Error::NoApplication { .. })));
    assert!(matches!(edit.set_attribute(KEY, "maxInstances", "-1"), Err(Error::Attribute(_))));
    assert!(matches!(edit.set_attribute(KEY, "fullPath", "a|b"), Err(Error::FullPath { .. })));
    assert!(matches!(edit.set_environment_variable(("q", ""), "A", "1"), Err(Error::NoApplication { .. })));
    assert_eq!(edit.finish(), CONFIG);
    assert!(matches!(Edit::new("<configuration>"), Err(Error::Xml(_))));
    assert!(matches!(Edit::new("<feed/>"), Err(Error::NotAWebConfig { .. })));
}

proptest! {
    #[test]
    fn what_is_generated_is_read_back(
        full_path in "[a-zA-Z:\\\\ .&'é]{1,30}",
        arguments in "[^\\x00-\\x1f\u{fffe}\u{ffff}]{0,40}",
        environment in proptest::collection::btree_map("[A-Z_]{1,8}", "[^\\x00-\\x1f\u{fffe}\u{ffff}]{0,20}", 0..4),
    ) {
        prop_assume!(!full_path.trim().is_empty());
        let environment: Vec<_> = environment.into_iter().collect();
        let written = Application { environment, ..Application::new(full_path, arguments) };
        let (config, findings) = read(&generate(&Description::new(written.clone())).unwrap());
        let read = Application { line: 0, column: 0, ..config.applications[0].clone() };
        prop_assert_eq!(&read, &written);
        prop_assert!(findings.iter().all(|finding| finding.rule == "fastcgi-section"), "{:?}", findings);
        let mut edit = Edit::new("<configuration/>").unwrap();
        edit.add_application(&written).unwrap();
        let read = Application { line: 0, column: 0, ..edit.config().applications[0].clone() };
        prop_assert_eq!(&read, &written);
    }

    #[test]
    fn no_text_makes_it_panic(text in "(<configuration>|<fastCgi>|<application |fullPath='p'|/>|</fastCgi>|</configuration>|<add|\\PC){0,20}") {
        let _ = WebConfig::parse(text.as_bytes());
        if let Ok(mut edit) = Edit::new(text.as_str()) {
            let _ = edit.add_application(&application());
        }
    }
}
