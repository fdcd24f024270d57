//! Parameters resolved and applied: values, kinds of entries, and what is refused.

mod files;

use super::*;
use crate::error::{ExitCode, Failure};
use crate::package::parameters::Parameters;

/// A file as people write it: everything that is not changed stays.
const CONFIG: &str = "<!-- mine -->\r\n<configuration>\r\n\t<appSettings>\r\n\t\t<add  key='app1' value='old' /><!-- keep -->\r\n\t\t<add key=\"app2\" value=\"x\"/>\r\n\t</appSettings>\r\n\t<name>a<![CDATA[b]]></name>\r\n</configuration>\r\n";

fn parameters(inner: &str) -> Parameters {
    Parameters::read(&Document::parse(format!("<parameters>\n{inner}\n</parameters>")).unwrap()).unwrap().0
}

fn given(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn resolved(inner: &str, pairs: &[(&str, &str)]) -> Resolved {
    resolve(&parameters(inner), &given(pairs)).unwrap()
}

fn refused(inner: &str, pairs: &[(&str, &str)]) -> Error {
    resolve(&parameters(inner), &given(pairs)).unwrap_err()
}

/// One parameter `p` with one entry, and the value `v`.
fn entry(kind: &str, scope: &str, matching: &str, value: &str) -> Resolved {
    let inner = format!(
        "<parameter name='p'><parameterValidation kind='AllowEmpty'/><parameterEntry kind='{kind}' scope='{scope}' match=\"{matching}\"/></parameter>"
    );
    resolved(&inner, &[("p", value)])
}

fn applied(resolved: &Resolved, name: &str, content: &str) -> String {
    let changed = resolved.apply_to_file(name, content.as_bytes()).unwrap();
    changed.map_or_else(|| content.to_owned(), |bytes| String::from_utf8(bytes).unwrap())
}

fn xml(matching: &str, value: &str, content: &str) -> String {
    applied(&entry("XmlFile", r"\\web\.config$", matching, value), "App/Web.config", content)
}

#[test]
fn values_come_from_what_is_given_else_from_defaults_with_others_in_them() {
    let resolved = resolved(
        "<parameter name='Site' defaultValue='Default Web Site'/>
         <parameter name='Path' defaultValue='{site}/{Name}' tags='IisApp'/>
         <parameter name='Name' defaultValue='app'/>
         <parameter name='Css' defaultValue='a{b:1}{Nobody}'/>",
        &[("NAME", "first"), ("Name", "{Site}")],
    );
    assert_eq!(resolved.application_path(), Some("Default Web Site/{Site}"));
    assert_eq!(resolved.value("PATH"), resolved.application_path());
    assert_eq!(resolved.value("css"), Some("a{b:1}{Nobody}"));
    assert_eq!(
        resolved.findings().iter().map(|finding| finding.rule).collect::<Vec<_>>(),
        ["braces-in-value"]
    );
}

#[test]
fn unknown_names_are_refused_with_the_nearest_one() {
    let error = refused(
        "<parameter name='IIS Web Application Name' defaultValue='a'/>",
        &[("IIS Web Applicaton Name", "b")],
    );
    assert_eq!(error.to_string(), "the package has no parameter `IIS Web Applicaton Name`");
    assert_eq!(error.hint().unwrap(), "Did you mean `IIS Web Application Name`?");
    assert_eq!(error.exit_code(), ExitCode::Usage);
    let error = refused("<parameter name='a' defaultValue=''/>", &[("other", "b")]);
    assert_eq!(error.hint().unwrap(), "Its parameters are `a`.");
}

#[test]
fn all_missing_values_are_named_at_once() {
    let inner = "<parameter name='a' defaultValue=''/>
         <parameter name='b'/>
         <parameter name='c'><parameterValidation type='allowempty'/></parameter>
         <parameter name='d' defaultValue='{b}'/>
         <parameter name='e'/>";
    let error = refused(inner, &[]);
    assert_eq!(error.to_string(), "parameters without a value: `b`, `e`");
    assert_eq!(error.location().unwrap().line, 3);
    assert_eq!(refused(inner, &[("b", "x"), ("e", "")]).to_string(), "a parameter without a value: `e`");
    assert_eq!(resolved(inner, &[("b", "x"), ("e", "y")]).value("d"), Some("x"));
}

#[test]
fn values_are_held_against_their_validation() {
    let with = |validation: &str, value: &str| {
        resolve(
            &parameters(&format!("<parameter name='p'><parameterValidation {validation}/></parameter>")),
            &given(&[("p", value)]),
        )
        .err()
        .map(|error| error.to_string())
    };
    assert_eq!(with("kind='Boolean'", "TRUE"), None);
    assert_eq!(
        with("kind='Boolean'", "1").unwrap(),
        "the value `1` of the parameter `p` is neither `true` nor `false`"
    );
    assert_eq!(with("kind='Enumeration' validationString='a, b'", "b"), None);
    assert_eq!(
        with("kind='Enumeration' validationString='a, b'", "B").unwrap(),
        "the value `B` of the parameter `p` is none of `a`, `b`"
    );
    assert_eq!(with("kind='RegularExpression' validationString='^[0-9]+$'", "12"), None);
    assert!(
        with("kind='RegularExpression' validationString='^[0-9]+$'", "x").unwrap().contains("does not match")
    );
    assert_eq!(with("kind='RegularExpression,AllowEmpty' validationString='^[0-9]+$'", ""), None);
    assert!(with("kind='RegularExpression' validationString='('", "x").unwrap().contains("validation"));
}

#[test]
fn defaults_that_need_each_other_are_refused() {
    let inner = "<parameter name='a' defaultValue='{b}'/>
         <parameter name='b' defaultValue='x{c}'/>
         <parameter name='c' defaultValue='{b}'/>";
    assert_eq!(refused(inner, &[]).to_string(), "the default values of `b`, `c` need each other");
    assert_eq!(resolved(inner, &[("c", "1")]).value("a"), Some("x1"));
}

#[test]
fn long_chains_are_fine_and_growing_ones_are_bounded() {
    let link = |at: usize, of: &str| format!("<parameter name='p{at}' defaultValue='{of}'/>");
    let chain: String = (0..5_000).map(|at| link(at, &format!("{{p{}}}", at + 1))).collect();
    assert_eq!(resolved(&format!("{chain}{}", link(5_000, "end")), &[]).value("p0"), Some("end"));
    let growing: String = (0..60).map(|at| link(at, &format!("{{p{0}}}{{p{0}}}", at + 1))).collect();
    assert!(refused(&format!("{growing}{}", link(60, "x")), &[]).to_string().contains("too long"));
}

#[test]
fn secrets_and_what_is_made_of_them_are_not_shown() {
    let inner = "<parameter name='pw' tags='Password'><parameterValidation kind='Boolean'/></parameter>
         <parameter name='con' defaultValue='Pwd={pw};'><parameterEntry kind='XmlFile' scope='x' match='//a/@b'/></parameter>";
    let error = refused(inner, &[("pw", "hunter2")]);
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    let resolved = resolved(inner, &[("pw", "true")]);
    assert!(resolved.values().all(|shown| shown.value == "***"));
    assert!(!format!("{resolved:?}").contains("Pwd=true"));
    assert_eq!(resolved.value("con"), Some("Pwd=true;"));
}

#[test]
fn entries_that_cannot_be_used_name_their_parameter_line_and_pattern() {
    let with =
        |entry: &str| refused(&format!("<parameter name='p' defaultValue='v'>\n{entry}</parameter>"), &[]);
    let error = with("<parameterEntry kind='TextFile' scope='a(?&lt;-b&gt;c)' match='x'/>");
    assert_eq!(error.to_string(), "the scope of an entry of the parameter `p` cannot be used");
    assert_eq!(error.location().unwrap().to_string(), "Parameters.xml:3:1");
    assert_eq!(
        std::error::Error::source(&error).unwrap().to_string(),
        "a balancing group, which is not supported, in the pattern `a(?<-b>c)` at character 2"
    );
    assert!(with("<parameterEntry kind='XmlFile' scope='a' match='//['/>").location().is_some());
    assert!(
        with("<parameterEntry kind='Magic' scope='a' match='b'/>")
            .to_string()
            .contains("kind `Magic` is unknown")
    );
    assert!(with("<parameterEntry scope='a' match='b'/>").to_string().contains("no kind"));
    assert!(with("<parameterEntry kind='TextFile' scope='a'/>").to_string().contains("no match"));
    assert!(
        with("<parameterEntry kind='TextFilePosition' scope='a' match='0;1;1'/>")
            .to_string()
            .contains("`0;1;1`")
    );
}

#[test]
fn provider_paths_are_replaced_as_a_whole_by_the_first_entry_that_matches() {
    let resolved = resolved(
        "<parameter name='App' defaultValue='Default Web Site/crm' tags='IisApp'><parameterEntry type='ProviderPath' scope='iisapp' match='CRM'/></parameter>
         <parameter name='Acl0' defaultValue='{App}'><parameterEntry type='ProviderPath' scope='setAcl' match='CRM$'/></parameter>
         <parameter name='Acl1' defaultValue='{App}/App_Data'><parameterEntry type='ProviderPath' scope='setAcl' match='CRM/App_Data'/></parameter>
         <parameter name='Con' defaultValue='Server=x'><parameterEntry type='ProviderPath' scope='dbFullSql|dbMySql' match='sql'/></parameter>
         <parameter name='Late' defaultValue='never'><parameterEntry type='ProviderPath' scope='iisApp' match='.'/></parameter>",
        &[],
    );
    let path = |provider, path| resolved.provider_path(provider, path).unwrap();
    assert_eq!(path("iisApp", "CRM").as_deref(), Some("Default Web Site/crm"));
    assert_eq!(path("setAcl", "crm").as_deref(), Some("Default Web Site/crm"));
    assert_eq!(path("setAcl", "CRM/App_Data").as_deref(), Some("Default Web Site/crm/App_Data"));
    assert_eq!(path("dbmysql", "scripts/install.sql").as_deref(), Some("Server=x"));
    assert_eq!(path("runCommand", "CRM"), None);
    let unused: Vec<_> = resolved.unused().iter().map(|finding| finding.line).collect();
    assert_eq!(unused, [6]);
}

#[test]
fn the_generated_command_is_told_where_the_application_is() {
    use crate::package::parameters::{APPLICATION_PARAMETER, APPLICATION_PATH_PLACEHOLDER, ApplicationPath};
    let command = format!("iiswsgi bootstrap --app-path \"{APPLICATION_PATH_PLACEHOLDER}\"");
    let application =
        ApplicationPath { folder: "a+b", default: "Default Web Site/a+b", commands: &[&command] };
    let parameters = Parameters::generated(&application, &[]);
    let resolved = resolve(&parameters, &given(&[(APPLICATION_PARAMETER, "Other Site/here")])).unwrap();
    assert_eq!(resolved.provider_path("iisApp", "a+b").unwrap().as_deref(), Some("Other Site/here"));
    assert_eq!(resolved.provider_path("iisApp", "aab").unwrap(), None);
    assert_eq!(
        resolved.provider_path("runCommand", &command).unwrap().as_deref(),
        Some("iiswsgi bootstrap --app-path \"Other Site/here\"")
    );
}

#[test]
fn attributes_bindings_and_virtual_directories_are_found() {
    let resolved = resolved(
        r"<parameter name='rt' defaultValue='v4.0'><parameterEntry kind='DeploymentObjectAttribute' scope='iisApp' match='iisApp/@managedRuntimeVersion'/></parameter>
          <parameter name='user' defaultValue='me'><parameterEntry kind='DeploymentObjectAttribute' scope='setAcl' match='//setAcl[@path=&quot;a/b&quot;]/@setAclUser'/></parameter>
          <parameter name='bind' defaultValue='*:8080:'><parameterEntry kind='DestinationBinding' scope='^Default Web Site$' match=':80:'/></parameter>
          <parameter name='dir' defaultValue='D:\sites'><parameterEntry kind='DestinationVirtualDirectory' scope='Default\ Web\ Site/$' match=''/></parameter>",
        &[],
    );
    assert_eq!(resolved.attribute("iisApp", "x", "managedRuntimeVersion").unwrap().as_deref(), Some("v4.0"));
    assert_eq!(resolved.attribute("iisApp", "x", "other").unwrap(), None);
    assert_eq!(resolved.attribute("setAcl", "a/b", "setAclUser").unwrap().as_deref(), Some("me"));
    assert_eq!(resolved.attribute("setAcl", "a/c", "setAclUser").unwrap(), None);
    assert_eq!(
        resolved.destination_binding("default web site", "*:80:").unwrap().as_deref(),
        Some("*:8080:")
    );
    assert_eq!(resolved.destination_binding("Default Web Site", "*:443:").unwrap(), None);
    assert_eq!(
        resolved.destination_virtual_directory("Default Web Site/").unwrap().as_deref(),
        Some(r"D:\sites")
    );
    assert_eq!(resolved.destination_virtual_directory("Default Web Site/app").unwrap(), None);
}

#[test]
fn a_value_can_be_a_part_of_a_file_in_the_package() {
    let inner = r"<parameter name='p' defaultValue='\prod\web.config:://connectionStrings'><parameterEntry kind='XMLFILE' scope='\\web\.config$' match='//connectionStrings'/></parameter>";
    let mut resolved = resolved(inner, &[]);
    assert!(resolved.wants_source("App/prod/Web.config") && !resolved.wants_source("App/web.config"));
    let config = b"<c><connectionStrings/></c>";
    let error = resolved.apply_to_file("App/web.config", config).unwrap_err();
    assert_eq!(
        error.to_string(),
        r"the value of the parameter `p` is in `\prod\web.config`, which the package does not have"
    );
    resolved
        .supply_source("App/prod/Web.config", b"<c><connectionStrings><add a='1'/></connectionStrings></c>")
        .unwrap();
    assert!(!resolved.wants_source("App/prod/Web.config"));
    assert_eq!(
        applied(&resolved, "App/web.config", "<c><connectionStrings/></c>"),
        "<c><connectionStrings><add a='1'/></connectionStrings></c>"
    );
    let share = inner.replace(r"'\prod", r"'\\server\prod");
    assert!(refused(&share, &[]).to_string().contains("network shares"));
    let empty =
        resolve(&parameters(inner), &[]).unwrap().supply_source("prod/web.config", b"<c/>").unwrap_err();
    assert!(empty.to_string().contains("has nothing at the XPath `//connectionStrings`"), "{empty}");
}

#[test]
fn real_packages_are_resolved_with_their_defaults() {
    let Some(folder) = crate::testdata::shared() else { return };
    let mut count = 0;
    for file in std::fs::read_dir(folder.join("packages")).unwrap() {
        let path = file.unwrap().path();
        let Ok(document) = Document::parse_bytes(&std::fs::read(&path).unwrap()) else { continue };
        let Ok((parameters, _)) = Parameters::read(&document) else { continue };
        let missing = match resolve(&parameters, &[]) {
            Ok(_) => Vec::new(),
            Err(Error::Missing { names, .. }) => names,
            Err(error) => panic!("{}: {error}", path.display()),
        };
        let values: Vec<_> = missing.into_iter().map(|name| (name, "Pass-word1".to_owned())).collect();
        let resolved = resolve(&parameters, &values).unwrap();
        count += usize::from(resolved.application_path().is_some());
        let _ = resolved.apply_to_file("App/Web.config", CONFIG.as_bytes()).unwrap();
    }
    assert!(count >= 12, "only {count} packages say where they go");
}

#[test]
fn the_original_examples_are_filled_in() {
    let Some(folder) = crate::testdata::shared() else { return };
    let read = |name: &str| {
        let bytes = std::fs::read(folder.join("packages").join(name)).unwrap();
        Parameters::read(&Document::parse_bytes(&bytes).unwrap()).unwrap().0
    };
    let pyramid = read("rpatterson+iiswsgi--examples_pyramid.msdeploy_Parameters.xml");
    let resolved = resolve(&pyramid, &given(&[("Scaffold", "alchemy")])).unwrap();
    assert_eq!(
        applied(
            &resolved,
            "PyramidIISApp/setup.cfg",
            "scaffold = __msdeploy_scaffold__\nproject = __msdeploy_project__\n"
        ),
        "scaffold = alchemy\nproject = MyProject\n"
    );
    assert_eq!(
        resolved.provider_path("iisApp", "PyramidIISApp").unwrap().as_deref(),
        Some("Default Web Site/PyramidIISApp")
    );
    let robin = resolve(&read("RobinHerbots+learn-msdeploy--parameters.xml"), &[]).unwrap();
    let web = "<configuration><connectionStrings><add name='cnn1' connectionString=''/></connectionStrings></configuration>";
    assert!(applied(&robin, "app/web.config", web).contains("Initial Catalog={Default_Catalog};"));
}
