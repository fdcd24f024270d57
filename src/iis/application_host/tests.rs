//! What the edits of `applicationHost.config` do to files of our own and of others.

use proptest::prelude::*;

use super::*;

fn gateway() -> FastCgiApplication {
    FastCgiApplication {
        full_path: r"C:\inetpub\wwwroot\hello\.venv\Scripts\python.exe".into(),
        arguments: r#"-m iiswsgi serve "wsgi:application""#.into(),
        attributes: vec![("maxInstances".into(), "4".into()), ("instanceMaxRequests".into(), "10000".into())],
        environment: vec![("WSGI_LOG".into(), "a & b".into())],
    }
}

fn hello() -> ApplicationPath {
    "Default Web Site/hello".parse().unwrap()
}

#[test]
fn a_new_configuration_has_the_default_site_on_the_given_folder() {
    let host = ApplicationHost::new("/srv/a & b");
    let sites = host.sites();
    assert_eq!(sites.len(), 1);
    assert_eq!((sites[0].name.as_str(), sites[0].id), ("Default Web Site", 1));
    assert_eq!(sites[0].applications[0].physical_path(), Some("/srv/a & b"));
    assert!(host.fastcgi_applications().is_empty());
}

#[test]
fn adds_changes_and_removes_an_application() {
    let mut host = ApplicationHost::new("/srv");
    let before = host.text().to_owned();
    assert_eq!(host.set_application(&hello(), "/srv/hello", Some("Hello")), Ok(Change::Added));
    assert_eq!(
        host.set_application(&"default web site/HELLO".parse().unwrap(), "/srv/hello", None),
        Ok(Change::Unchanged)
    );
    assert_eq!(host.set_application(&hello(), "/srv/other", None), Ok(Change::Updated));
    let (site, application) = host.application(&hello()).unwrap();
    assert_eq!(site.id, 1);
    assert_eq!(application.physical_path(), Some("/srv/other"));
    assert_eq!(application.pool.as_deref(), Some("Hello"));
    assert_eq!(host.remove_application(&hello()), Ok(Change::Removed));
    assert_eq!(host.remove_application(&hello()), Ok(Change::Unchanged));
    assert_eq!(host.text(), before);
}

#[test]
fn an_unknown_site_is_an_error_that_names_the_known_ones() {
    let mut host = ApplicationHost::new("/srv");
    let error = host.set_application(&"Intranet/hello".parse().unwrap(), "/x", None).unwrap_err();
    assert_eq!(error.to_string(), "there is no site `Intranet`; sites are: Default Web Site");
}

#[test]
fn a_fastcgi_application_is_registered_once_however_its_path_is_written() {
    let mut host = ApplicationHost::new("/srv");
    let before = host.text().replace("<fastCgi />", "<fastCgi>\n        </fastCgi>");
    assert_eq!(host.set_fastcgi_application(&gateway()), Ok(Change::Added));
    assert_eq!(host.set_fastcgi_application(&gateway()), Ok(Change::Unchanged));
    assert_eq!(host.fastcgi_applications(), [gateway()]);
    let mut other = gateway();
    other.full_path = r"c:/INETPUB//wwwroot/hello\.venv\Scripts\Python.exe".into();
    other.arguments = "-m  iiswsgi serve wsgi:application".into();
    other.attributes = vec![("maxInstances".into(), "8".into())];
    other.environment.clear();
    assert_eq!(host.set_fastcgi_application(&other), Ok(Change::Updated));
    assert_eq!(host.fastcgi_applications(), [other]);
    assert_eq!(host.remove_fastcgi_application(&gateway()), Ok(Change::Removed));
    assert_eq!(host.text(), before);
}

#[test]
fn different_arguments_are_different_applications() {
    let mut host = ApplicationHost::new("/srv");
    let mut second = gateway();
    second.arguments.push_str(" --log x");
    host.set_fastcgi_application(&gateway()).unwrap();
    assert_eq!(host.set_fastcgi_application(&second), Ok(Change::Added));
    assert_eq!(host.fastcgi_applications(), [gateway(), second]);
}

#[test]
fn entries_that_iis_would_call_duplicates_become_one_and_comments_stay() {
    let text = "<configuration>\r\n  <system.webServer>\r\n    <fastCgi>\r\n      <!-- ours -->\r\n      \
                <application fullPath='C:\\py.exe' arguments='a'/>\r\n      \
                <application fullPath='c:/PY.EXE' arguments='\"a\"' maxInstances='2'/>\r\n    </fastCgi>\r\n  \
                </system.webServer>\r\n</configuration>\r\n";
    let mut host = ApplicationHost::parse(text).unwrap();
    let wanted = FastCgiApplication {
        full_path: r"C:\py.exe".into(),
        arguments: "a".into(),
        environment: vec![("A".into(), "1".into())],
        ..Default::default()
    };
    assert_eq!(host.set_fastcgi_application(&wanted), Ok(Change::Updated));
    assert_eq!(
        host.text(),
        "<configuration>\r\n  <system.webServer>\r\n    <fastCgi>\r\n      <!-- ours -->\r\n      \
         <application fullPath='C:\\py.exe' arguments='a'>\r\n        <environmentVariables>\r\n            \
         <environmentVariable name=\"A\" value=\"1\" />\r\n        </environmentVariables>\r\n      \
         </application>\r\n    </fastCgi>\r\n  </system.webServer>\r\n</configuration>\r\n"
    );
}

#[test]
fn environment_variables_are_changed_in_place() {
    let mut host = ApplicationHost::new("/srv");
    host.set_fastcgi_application(&gateway()).unwrap();
    let mut changed = gateway();
    changed.environment = vec![("A".into(), "1".into()), ("B".into(), "2".into())];
    assert_eq!(host.set_fastcgi_application(&changed), Ok(Change::Updated));
    assert_eq!(host.fastcgi_applications(), [changed]);
}

#[test]
fn a_section_in_a_location_for_the_whole_server_counts() {
    let text = "<configuration><location path='' overrideMode='Allow'><system.webServer><fastCgi>\
                <application fullPath='a.exe'/></fastCgi></system.webServer></location>\
                <location path='Site'><system.webServer><fastCgi><application fullPath='b.exe'/></fastCgi>\
                </system.webServer></location></configuration>";
    let host = ApplicationHost::parse(text).unwrap();
    assert_eq!(host.fastcgi_applications().len(), 1);
}

#[test]
fn other_documents_are_refused() {
    assert_eq!(ApplicationHost::parse("<appcmd/>").unwrap_err(), Error::NoSection("configuration"));
    let mut empty = ApplicationHost::parse("<configuration/>").unwrap();
    assert_eq!(empty.set_fastcgi_application(&gateway()), Err(Error::NoSection("system.webServer")));
}

proptest! {
    #[test]
    fn whatever_is_registered_is_listed_and_can_be_removed(
        full_path in "[a-zA-Z:/\\\\ &<>'\"é]{1,12}",
        arguments in "\\PC{0,12}",
        value in "\\PC{0,8}",
    ) {
        let application = FastCgiApplication {
            full_path,
            arguments,
            attributes: vec![("monitorChangesTo".into(), value.clone())],
            environment: vec![("A".into(), value)],
        };
        let mut host = ApplicationHost::new("/srv");
        host.set_fastcgi_application(&gateway()).unwrap();
        let before = host.text().to_owned();
        prop_assert_eq!(host.set_fastcgi_application(&application), Ok(Change::Added));
        prop_assert_eq!(host.set_fastcgi_application(&application), Ok(Change::Unchanged));
        prop_assert_eq!(&host.fastcgi_applications()[1], &application);
        prop_assert_eq!(host.remove_fastcgi_application(&application), Ok(Change::Removed));
        prop_assert_eq!(host.text(), before);
    }
}
