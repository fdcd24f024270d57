//! Whole folders, as users have them.

use std::fs;

use super::*;
use crate::error::Shown;

const WFASTCGI: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<!-- The shop. -->
<configuration>
  <system.webServer>
    <handlers>
      <!-- All of it is Python. -->
      <add name="Python FastCGI" path="*" verb="*" modules="FastCgiModule"
           scriptProcessor="C:\Python312\python.exe|C:\Python312\Lib\site-packages\wfastcgi.py"
           resourceType="Unspecified" requireAccess="Script" />
      <add name="static" path="static/*" verb="GET" modules="StaticFileModule" />
    </handlers>
  </system.webServer>
  <appSettings>
    <add key="WSGI_HANDLER" value="shop.wsgi.application" />
    <add key="WSGI_PTVSD_SECRET" value="x" />
  </appSettings>
</configuration>
"#;
const ORIGINAL: &str = r#"<configuration>
  <system.webServer>
    <fastCgi>
      <!-- one process -->
      <application
          fullPath="%SystemDrive%\Python27\python.exe"
          arguments="-u &quot;%APPL_PHYSICAL_PATH%\Scripts\paster-script.py&quot; serve -s &quot;egg:iiswsgi#iis&quot; -q &quot;%APPL_PHYSICAL_PATH%\development.ini&quot;"
          monitorChangesTo="C:\Python27\Scripts\iiswsgi-script.py" maxInstances="1" />
    </fastCgi>
    <handlers>
      <add name="app" path="*" verb="*" modules="FastCgiModule"
          scriptProcessor="%SystemDrive%\Python27\python.exe|-u &quot;%APPL_PHYSICAL_PATH%\Scripts\paster-script.py&quot; serve -s &quot;egg:iiswsgi#iis&quot; -q &quot;%APPL_PHYSICAL_PATH%\development.ini&quot;" />
    </handlers>
  </system.webServer>
</configuration>
"#;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[test]
fn a_wfastcgi_site_changes_one_value_and_keeps_every_comment() {
    let site = folder(&[("web.config", WFASTCGI), ("requirements.txt", "flask\nwfastcgi==3.0.0\n")]);
    let migration = plan(site.path()).unwrap();
    assert_eq!(migration.origin, Origin::Wfastcgi);
    let expected = WFASTCGI.replace(r"C:\Python312\Lib\site-packages\wfastcgi.py", "-m iiswsgi serve");
    assert_eq!(migration.changes[0].after, expected);
    assert_eq!(migration.changes[1].after, "flask\niiswsgi\n");
    assert!(
        migration.steps.iter().any(|step| step.contains(r"C:\Python312\python.exe -m pip install iiswsgi"))
    );
    assert!(migration.steps.iter().any(|step| step.contains("fullPath='C:\\Python312\\python.exe'")));
    assert!(migration.steps.iter().any(|step| step.contains("WSGI_PTVSD_SECRET")));
    let diff = migration.changes[0].diff(site.path());
    assert!(diff.starts_with("--- a/web.config\n+++ b/web.config\n@@"), "{diff}");
    assert_eq!(diff.lines().filter(|line| line.starts_with('+')).count(), 2, "{diff}");
}

#[test]
fn a_second_migration_finds_nothing_to_change() {
    let site = folder(&[("Web.config", WFASTCGI)]);
    plan(site.path()).unwrap().apply().unwrap();
    assert!(plan(site.path()).unwrap().changes.is_empty());
    let project = folder(&[("web.config.in", ORIGINAL)]);
    plan(project.path()).unwrap().apply().unwrap();
    assert!(plan(project.path()).unwrap().changes.is_empty());
}

#[test]
fn a_project_of_the_original_starts_the_gateway() {
    let manifest = r#"<msDeploy.iisApp>
  <!-- set up -->
  <runCommand path="%SystemDrive%\Python27\Scripts\iiswsgi_install.exe -v -e -a %DIST_NAME% more" waitAttempts="10" />
</msDeploy.iisApp>
"#;
    let setup_cfg = "[global]\ncommand_packages = iiswsgi\n\n[aliases]\nrelease = sdist\n";
    let project = folder(&[
        ("Manifest.xml.in", manifest),
        ("web.config.in", ORIGINAL),
        ("setup.cfg", setup_cfg),
        ("setup.py", "setup(setup_requires=['iiswsgi'])"),
    ]);
    let migration = plan(project.path()).unwrap();
    let after = |name: &str| {
        let change = migration.changes.iter().find(|change| change.path.ends_with(name)).unwrap();
        change.after.clone()
    };
    assert_eq!(
        after("Manifest.xml.in"),
        manifest.replace(r"%SystemDrive%\Python27\Scripts\iiswsgi_install.exe", "iiswsgi_install.exe")
    );
    assert_eq!(after("setup.cfg"), "[aliases]\nrelease = sdist\n");
    let web_config = after("web.config.in");
    let serve = "-u -m iiswsgi serve &quot;paste:%APPL_PHYSICAL_PATH%/development.ini&quot;";
    for expected in [
        "<!-- one process -->",
        "fullPath=\"%VENV_PYTHON%\"",
        &format!("arguments=\"{serve}\""),
        &format!("scriptProcessor=\"%VENV_PYTHON%|{serve}\""),
        r#"monitorChangesTo="%APPL_PHYSICAL_PATH%\web.config" maxInstances="1""#,
    ] {
        assert!(web_config.contains(expected), "{expected} in {web_config}");
    }
    assert!(migration.steps.iter().any(|step| step.contains("[build-system]")));
}

#[test]
fn a_folder_that_is_neither_is_told_apart_from_a_broken_one() {
    let neither = folder(&[("web.config", "<configuration/>")]);
    let error = plan(neither.path()).unwrap_err();
    assert!(Shown::of(&error).hint.unwrap().contains("needs no migration"));
    let broken = folder(&[("web.config", "<configuration>")]);
    assert!(matches!(plan(broken.path()), Err(Error::Xml { .. })));
    let broken = folder(&[("web.config.in", "<wrong/>")]);
    assert!(matches!(plan(broken.path()), Err(Error::WebConfig { .. })));
}
