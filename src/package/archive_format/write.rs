//! Makes the entries of the archive's shape from those of the gallery's.

use crate::xml::{self, Writer};

use super::super::archive::{Content, Entry, add_folders};
use super::super::manifest::{KEY_ATTRIBUTE, Manifest, OPTIONS_ATTRIBUTE, Provider};
use super::super::options::ProviderOptions;
use super::{Error, content_root};

/// Begins all three XML files of an archive, as Web Deploy writes them.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The root element of `archive.xml` and the classes that Web Deploy reads its parts with.
const ROOT: &str = "sitemanifest";
const RESOLVERS: [(&str, &str); 3] = [
    ("MSDeploy.ObjectResolver.createApp", "Microsoft.Web.Deployment.CreateApplicationObjectResolver"),
    ("MSDeploy.ObjectResolver.dirPath", "Microsoft.Web.Deployment.DirPathObjectResolver"),
    ("MSDeploy.ObjectResolver.filePath", "Microsoft.Web.Deployment.FilePathObjectResolver"),
];

const LINK_ATTRIBUTE: &str = "MSDeploy.MSDeployLinkName";
const BOOLEAN: &str = "Microsoft.Web.Deployment.DeploymentObjectBooleanAttributeValue";
/// base64 of one zero byte: false.
const FALSE: &str = "AA==";

/// Describes the machine that a package was made on. The values are those of any Windows Server 2016 or later with
/// Web Deploy 3.6, and of no machine.
const SYSTEM_INFO: &str = r#"<systemInfo osVersion="10.0" winDir="C:\Windows" machineName="localhost" processorArchitecture="x64" msdeployVersion="1.0" buildVersion="7.1.1955.0">
  <iisSystemInfo iisMajorVersion="10" iisMinorVersion="0">
    <aspNetVersionInfo>
      <aspNetVersion version="4.0.30319.0" />
    </aspNetVersionInfo>
  </iisSystemInfo>
</systemInfo>
"#;

/// The providers that own files of the package.
const WITH_FILES: [&str; 2] = ["iisApp", "contentPath"];
/// The providers that own none and whose form in an archive is known.
const WITHOUT_FILES: [&str; 4] = ["setAcl", "createApp", "runCommand", "recycleApp"];

/// What an archive is made from: a package in the gallery's shape.
#[derive(Debug, Clone)]
pub struct Description<'a> {
    /// Its manifest.
    pub manifest: &'a Manifest,
    /// The bytes of its `Parameters.xml`.
    pub parameters: Option<&'a [u8]>,
    /// Its files, with or without `Manifest.xml` and `Parameters.xml`.
    pub entries: Vec<Entry>,
}

/// The entries of the archive's shape. Paths stay as they are in the manifest, so that the parameters fit as before.
///
/// # Errors
/// A provider has no known form in an archive, its folder is missing, a file belongs to no provider, or the parameters are
/// not well-formed.
pub fn from_gallery(description: Description<'_>) -> Result<Vec<Entry>, Error> {
    let manifest = description.manifest;
    let roots = roots(manifest)?;
    let mut found = vec![false; roots.len()];
    let mut entries = Vec::with_capacity(description.entries.len() + 3);
    for entry in description.entries {
        if ["Manifest.xml", "Parameters.xml"].iter().any(|name| entry.name.eq_ignore_ascii_case(name)) {
            continue;
        }
        let home = roots.iter().position(|root| is_inside(&entry.name, root));
        let Some(home) = home else { return Err(Error::Homeless { name: entry.name }) };
        for (found, root) in found.iter_mut().zip(&roots) {
            *found |= is_inside(&entry.name, root);
        }
        // The folder as the manifest spells it: Web Deploy looks for that one.
        let root = &roots[home];
        let rest = entry.name.get(root.len()..).unwrap_or_default();
        entries.push(Entry { name: format!("{}{rest}", content_root(root)), content: entry.content });
    }
    if let Some(missing) = found.iter().position(|found| !found) {
        let provider = manifest.providers.iter().find(|provider| folder(provider) == roots[missing]);
        let provider = provider.map(|provider| provider.name.clone()).unwrap_or_default();
        return Err(Error::NoFolder { provider, path: roots[missing].clone() });
    }
    add_folders(&mut entries);
    let parameters = parameters(description.parameters)?;
    for (name, text) in [
        ("archive.xml", archive_xml(manifest)),
        ("parameters.xml", parameters),
        ("systemInfo.xml", SYSTEM_INFO.into()),
    ] {
        let bytes = format!("{BYTE_ORDER_MARK}{text}").into_bytes();
        entries.push(Entry { name: name.to_owned(), content: Content::Bytes(bytes) });
    }
    Ok(entries)
}

/// The folder of a provider with forward slashes and without a final one.
fn folder(provider: &Provider) -> String {
    provider.path.replace('\\', "/").trim_start_matches("./").trim_end_matches('/').to_owned()
}

fn is_one_of(provider: &Provider, names: &[&str]) -> bool {
    names.iter().any(|name| provider.is(name))
}

/// The folders that the providers own, each once, the longest first so that a file finds its nearest.
fn roots(manifest: &Manifest) -> Result<Vec<String>, Error> {
    let mut roots: Vec<String> = Vec::new();
    for provider in &manifest.providers {
        let unfit = !is_one_of(provider, &WITH_FILES) && !is_one_of(provider, &WITHOUT_FILES);
        if unfit || provider.path.is_empty() {
            return Err(Error::Provider { provider: provider.name.clone(), path: provider.path.clone() });
        }
        let folder = folder(provider);
        if is_one_of(provider, &WITH_FILES) && !roots.iter().any(|root| root.eq_ignore_ascii_case(&folder)) {
            roots.push(folder);
        }
    }
    roots.sort_by_key(|root| std::cmp::Reverse(root.len()));
    Ok(roots)
}

/// Whether an entry is a folder or lies in it. The case of ASCII letters does not matter.
fn is_inside(name: &str, root: &str) -> bool {
    let (Some(head), Some(rest)) = (name.get(..root.len()), name.get(root.len()..)) else { return false };
    head.eq_ignore_ascii_case(root) && rest.starts_with('/')
}

/// The parameters without a declaration, which may name another encoding than the UTF-8 they are in now.
fn parameters(bytes: Option<&[u8]>) -> Result<String, Error> {
    let Some(bytes) = bytes else { return Ok("<parameters />\n".to_owned()) };
    let failed = |source| Error::Xml { name: "Parameters.xml".to_owned(), source };
    let text = xml::decode(bytes).map_err(failed)?.into_owned();
    xml::Document::parse(text.as_str()).map_err(failed)?;
    let rest = match text.strip_prefix("<?xml ").and_then(|rest| rest.split_once("?>")) {
        Some((_, rest)) => rest.trim_start().to_owned(),
        None => text,
    };
    Ok(rest)
}

fn archive_xml(manifest: &Manifest) -> String {
    let mut writer = Writer::new();
    writer.open(ROOT, &RESOLVERS);
    for (index, provider) in manifest.providers.iter().enumerate() {
        let link = format!("Child{}", index + 1);
        if provider.is("iisApp") {
            iis_app(&mut writer, provider, &link);
        } else if provider.is("contentPath") {
            content_path(&mut writer, &provider.path, &link, &provider.settings);
        } else if provider.is("setAcl") {
            set_acl(&mut writer, provider, &link);
        } else if provider.is("createApp") {
            create_app(&mut writer, provider, &link);
        } else {
            plain(&mut writer, provider, &link);
        }
    }
    writer.finish()
}

/// The options of a provider as an attribute.
fn options(provider: &str, path: &str, settings: &[(String, String)]) -> String {
    let settings = settings.to_vec();
    ProviderOptions { provider: provider.to_owned(), path: path.to_owned(), settings }.to_attribute()
}

fn plain(writer: &mut Writer, provider: &Provider, link: &str) {
    let options = options(&provider.name, &provider.path, &provider.settings);
    writer.empty(
        &provider.name,
        &[
            ("path", &provider.path),
            ("MSDeploy.path", "2"),
            (LINK_ATTRIBUTE, link),
            (KEY_ATTRIBUTE, "path"),
            (OPTIONS_ATTRIBUTE, &options),
        ],
    );
}

fn iis_app(writer: &mut Writer, provider: &Provider, link: &str) {
    let path = provider.path.as_str();
    let options = options("iisApp", path, &provider.settings);
    writer.open(
        "iisApp",
        &[
            ("path", path),
            ("MSDeploy.path", "2"),
            (LINK_ATTRIBUTE, link),
            (KEY_ATTRIBUTE, "path"),
            (OPTIONS_ATTRIBUTE, &options),
        ],
    );
    create_app(writer, provider, "createApp");
    content_path(writer, path, "contentPath", &[]);
    writer.close();
}

/// The application itself: what the server is to make of the folder.
fn create_app(writer: &mut Writer, provider: &Provider, link: &str) {
    let setting = |name: &str| provider.setting(name).unwrap_or_default();
    let (runtime, bits) = (setting("managedRuntimeVersion"), setting("enable32BitAppOnWin64"));
    let (mode, pool) = (setting("managedPipelineMode"), setting("applicationPool"));
    writer.empty(
        "createApp",
        &[
            ("path", &provider.path),
            ("MSDeploy.path", "2"),
            ("isDest", FALSE),
            ("MSDeploy.isDest.Type", BOOLEAN),
            ("managedRuntimeVersion", runtime),
            ("MSDeploy.managedRuntimeVersion", "2"),
            ("enable32BitAppOnWin64", bits),
            ("MSDeploy.enable32BitAppOnWin64", "2"),
            ("managedPipelineMode", mode),
            ("MSDeploy.managedPipelineMode", "2"),
            ("applicationPool", pool),
            ("MSDeploy.applicationPool", "1"),
            ("appExists", "True"),
            ("MSDeploy.appExists", "1"),
            (LINK_ATTRIBUTE, link),
            (KEY_ATTRIBUTE, "path"),
        ],
    );
}

/// The files. Web Deploy lists them here only for a folder; in a zip, it goes by the entries.
fn content_path(writer: &mut Writer, path: &str, link: &str, settings: &[(String, String)]) {
    let options = options("contentPath", path, settings);
    writer.open(
        "contentPath",
        &[
            ("path", path),
            ("MSDeploy.path", "2"),
            (LINK_ATTRIBUTE, link),
            (KEY_ATTRIBUTE, "path"),
            (OPTIONS_ATTRIBUTE, &options),
        ],
    );
    writer.empty("MSDeploy.dirPath", &[("path", path), (LINK_ATTRIBUTE, "contentPath")]);
    writer.close();
}

fn set_acl(writer: &mut Writer, provider: &Provider, link: &str) {
    let options = options("setAcl", &provider.path, &provider.settings);
    writer.empty(
        "setAcl",
        &[
            ("path", &provider.path),
            ("MSDeploy.path", "2"),
            ("isDest", FALSE),
            ("MSDeploy.isDest.Type", BOOLEAN),
            ("setAclUser", provider.setting("setAclUser").unwrap_or_default()),
            ("MSDeploy.setAclUser", "1"),
            ("setAclAccess", provider.setting("setAclAccess").unwrap_or("Read")),
            ("MSDeploy.setAclAccess", "1"),
            (LINK_ATTRIBUTE, link),
            (KEY_ATTRIBUTE, "path"),
            (OPTIONS_ATTRIBUTE, &options),
        ],
    );
}
