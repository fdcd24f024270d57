//! Parameters that change what the manifest says and where it goes: seen on an installation, not only in a value.

use iiswsgi::event::{Event, Recorder};
use iiswsgi::iis::{DEFAULT_SITE, Iis as _, Outcome};

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
                Outcome::Simulated,
                r"The folder `D:\sites\hello` of the virtual directory `Default Web Site/hello` was noted, not made."
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
