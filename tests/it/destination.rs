//! Parameters that change what the manifest says and where it goes: seen on an installation, not only in a value.

use iiswsgi::error::Shown;
use iiswsgi::event::{Event, Quiet, Recorder};
use iiswsgi::iis::{DEFAULT_SITE, HttpRequest, Iis as _, Installed, Outcome, Simulated, StartOptions};

use crate::iis_twins::{Package, simulated};

const PARAMETERS: &str = r#"<parameters>
  <parameter name="Port" description="p" defaultValue="80">
    <parameterValidation kind="RegularExpression" validationString="^\d+$"/></parameter>
  <parameter name="Binding" defaultValue="*:{Port}:shop.example.org" tags="Hidden">
    <parameterEntry kind="DestinationBinding" scope="^default web site$" match=":80:"/></parameter>
  <parameter name="Folder" defaultValue="D:\sites\hello">
    <parameterEntry kind="DestinationVirtualDirectory" scope="^Default Web Site/hello$" match=""/></parameter>
  <parameter name="Writer" defaultValue="IIS AppPool\shop">
    <parameterEntry kind="DeploymentObjectAttribute" scope="^setAcl$"
      match="setAcl[@path='hello/App_Data']/@setAclUser"/></parameter>
  <parameter name="Right" defaultValue="FullControl">
    <parameterEntry type="DeploymentObjectAttribute" scope="^setAcl$" match="setAcl/@setAclAccess"/></parameter>
  <parameter name="Elsewhere" defaultValue="*:1:">
    <parameterEntry kind="DestinationBinding" scope="^Another Site$" match=":80:"/></parameter>
</parameters>"#;

fn package() -> Package {
    let manifest = r#"<msDeploy.iisApp>
      <iisApp path="hello"/>
      <setAcl path="hello/App_Data" setAclAccess="Modify" setAclUser="anonymousAuthenticationUser"/>
      <runCommand path="iiswsgi bootstrap --app-path &quot;Default Web Site/hello&quot;"/>
    </msDeploy.iisApp>"#;
    Package::new().with("Manifest.xml", manifest).with("Parameters.xml", PARAMETERS)
}

#[test]
fn bindings_folders_and_attributes_of_the_destination_are_set() {
    let (_root, iis) = simulated();
    let recorder = Recorder::new();
    let package = package().set("Port", "8080").set("Writer", r"IIS AppPool\blog");
    let installed = iis.install(&package.request(), &recorder).unwrap();

    let configuration = std::fs::read_to_string(iis.configuration()).unwrap();
    let host = iiswsgi::iis::application_host::ApplicationHost::parse(configuration).unwrap();
    assert_eq!(host.bindings(DEFAULT_SITE), ["*:8080:shop.example.org"]);
    let (_, application) = host.application(&installed.application).unwrap();
    assert_eq!(application.physical_path(), Some(&*installed.physical_path.to_string_lossy()));
    assert!(
        installed.physical_path.ends_with("drives/D/sites/hello"),
        "{}",
        installed.physical_path.display()
    );

    let steps: Vec<_> = installed
        .steps
        .iter()
        .map(|step| (step.provider.as_str(), step.outcome, step.detail.as_str()))
        .filter(|(provider, ..)| !["iisApp", "runCommand"].contains(provider))
        .collect();
    assert_eq!(
        steps,
        [
            (
                "setAcl",
                Outcome::Simulated,
                r"The right FullControl of IIS AppPool\blog on `hello/App_Data` was noted, not set."
            ),
            (
                "DestinationBinding",
                Outcome::Done,
                "The binding `*:80:` of `Default Web Site` became `*:8080:shop.example.org`."
            ),
            (
                "DestinationVirtualDirectory",
                Outcome::Done,
                r"The virtual directory `Default Web Site/hello` leads to `D:\sites\hello`."
            ),
        ]
    );

    let told = recorder.events().into_iter().filter_map(|event| match event {
        Event::Message(message) if message.text.contains("found nothing") => Some(message.text),
        _ => None,
    });
    let told: Vec<String> = told.collect();
    assert!(told.len() == 1 && told[0].contains("`Elsewhere`"), "only what is about another site: {told:?}");
}

#[test]
fn a_binding_that_is_set_already_stays() {
    let (_root, iis) = simulated();
    let package = package().set("Port", "80");
    package.install(&iis).unwrap();
    let before = std::fs::read_to_string(iis.configuration()).unwrap();
    let installed = package.install(&iis).unwrap();
    assert_eq!(installed.steps[3].detail, "The binding of `Default Web Site` was `*:80:shop.example.org`.");
    assert_eq!(std::fs::read_to_string(iis.configuration()).unwrap(), before);
}

/// A handler for what is on the disk, in the place of the application's.
const STATIC: &str = r#"<configuration><system.webServer><handlers><clear/>
  <add name="StaticFile" path="*" verb="*" modules="StaticFileModule,DefaultDocumentModule" resourceType="Either"/>
</handlers></system.webServer></configuration>"#;

/// The package with a virtual directory `media` on `D:\media`, which a folder of its own fills.
fn with_media() -> Package {
    let manifest = r#"<msDeploy.iisApp><iisApp path="hello"/><contentPath path="pictures"/>
      <runCommand path="iiswsgi bootstrap --app-path &quot;Default Web Site/hello&quot;"/></msDeploy.iisApp>"#;
    let parameters = r#"<parameters>
      <parameter name="Place" defaultValue="Default Web Site/hello/media">
        <parameterEntry kind="ProviderPath" scope="^contentPath$" match="^pictures$"/></parameter>
      <parameter name="Media" defaultValue="D:\media">
        <parameterEntry kind="DestinationVirtualDirectory" scope="/hello/media$" match=""/></parameter>
    </parameters>"#;
    Package::new()
        .with("Manifest.xml", manifest)
        .with("Parameters.xml", parameters)
        .with("pictures/web.config", STATIC)
        .with("pictures/logo.txt", "a logo")
}

fn ask(iis: &Simulated, installed: &Installed, targets: &[&str]) -> Vec<(u16, String)> {
    let mut running = iis.start(installed, &StartOptions::default(), &Quiet).unwrap();
    let mut answer = |target: &&str| {
        let response = running.request(&HttpRequest::get(*target)).unwrap();
        (response.status, String::from_utf8(response.body).unwrap())
    };
    let answers = targets.iter().map(&mut answer).collect();
    running.stop();
    answers
}

#[test]
fn a_virtual_directory_is_filled_and_served_from_its_own_folder() {
    let (root, iis) = simulated();
    let installed = with_media().install(&iis).unwrap();
    let folder = root.path().join("iis/drives/D/media");
    assert_eq!(std::fs::read_to_string(folder.join("logo.txt")).unwrap(), "a logo");
    assert!(!installed.physical_path.join("media").exists(), "it is no part of the application's folder");

    let answers = ask(&iis, &installed, &["/media/logo.txt", "/MEDIA/Logo.TXT", "/media/none", "/other"]);
    assert_eq!(answers[0], (200, "a logo".to_owned()));
    assert_eq!(answers[1], answers[0], "as Windows takes names");
    assert_eq!(answers[2].0, 404);
    assert_eq!(answers[3].0, 201, "the application answers everything else");
    let translated = format!("PATH_TRANSLATED={}", installed.physical_path.join("other").display());
    assert!(answers[3].1.contains(&translated), "{}", answers[3].1);
}

#[test]
fn content_without_a_virtual_directory_lies_in_the_applications_folder() {
    let (_root, iis) = simulated();
    let parameters = r#"<parameters><parameter name="Place" defaultValue="Default Web Site/hello/media">
      <parameterEntry kind="ProviderPath" scope="^contentPath$" match="^pictures$"/></parameter></parameters>"#;
    let package = with_media().with("Parameters.xml", parameters).with("hello/media/logo.txt", "before");
    let installed = package.install(&iis).unwrap();
    let logo = installed.physical_path.join("media/logo.txt");
    assert_eq!(std::fs::read_to_string(logo).unwrap(), "a logo", "the later provider counts");
    assert_eq!(ask(&iis, &installed, &["/media/logo.txt"]), [(200, "a logo".to_owned())]);
}

#[test]
fn an_install_that_fails_leaves_the_virtual_directory_as_it_was() {
    let (root, iis) = simulated();
    with_media().install(&iis).unwrap();
    let worse =
        with_media().with("pictures/logo.txt", "worse").with("hello/web.config.in", "<configuration>");
    worse.install(&iis).unwrap_err();
    let logo = root.path().join("iis/drives/D/media/logo.txt");
    assert_eq!(std::fs::read_to_string(logo).unwrap(), "a logo");
}

#[test]
fn a_virtual_directory_that_only_a_scope_names_is_made_and_keeps_what_is_in_it() {
    let (root, iis) = simulated();
    let parameters = r#"<parameters><parameter name="Media" defaultValue="%SystemDrive%\media">
      <parameterEntry kind="DestinationVirtualDirectory" scope="^Default\ Web\ Site/hello/media$" match=""/></parameter>
    </parameters>"#;
    let package =
        Package::new().with("Parameters.xml", parameters).with("hello/media/logo.txt", "of the package");
    let recorder = Recorder::new();
    let installed = iis.install(&package.request(), &recorder).unwrap();
    let told = |text: &str| recorder.events().iter().any(|event| format!("{event:?}").contains(text));
    assert!(told(
        "The virtual directory `Default Web Site/hello/media` was made; on a server it must be there."
    ));
    assert!(told("`media` of the package is hidden by the virtual directory of the same path"));
    let folder = root.path().join("iis/drives/C/media");
    for (name, text) in [("web.config", STATIC), ("logo.txt", "of the server")] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    assert_eq!(ask(&iis, &installed, &["/media/logo.txt"]), [(200, "of the server".to_owned())]);
    let installed = package.install(&iis).unwrap();
    assert_eq!(ask(&iis, &installed, &["/media/logo.txt"]), [(200, "of the server".to_owned())]);

    assert!(iis.uninstall(&installed.application, &Quiet).unwrap());
    assert!(folder.join("logo.txt").is_file(), "what an application does not own stays");
}

#[test]
fn an_application_in_a_folder_of_the_server_goes_with_it() {
    let (_root, iis) = simulated();
    let installed = package().install(&iis).unwrap();
    assert!(installed.physical_path.join("responder.py").is_file());
    assert!(iis.uninstall(&installed.application, &Quiet).unwrap());
    assert!(!installed.physical_path.exists());
}

#[test]
fn a_physical_path_that_is_none_of_windows_is_refused() {
    let (_root, iis) = simulated();
    let error = with_media().set("Media", "/srv/media").install(&iis).unwrap_err();
    let shown = Shown::of(&error).to_string();
    for text in ["`/srv/media`", "`Default Web Site/hello/media`", r"as in `D:\media`"] {
        assert!(shown.contains(text), "{text} in {shown}");
    }
    assert!(iis.find(&"Default Web Site/hello".parse().unwrap()).unwrap().is_none());
}
