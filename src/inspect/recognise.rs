//! Tells the kind of a file that is no archive by what is in it, and reads it.

use std::path::Path;

use super::content::{ApplicationHostContent, Content, OptionsContent, Pair, SystemInfoContent};
use super::{Error, Found, Inspection, Kind};
use crate::digest::Digests;
use crate::feed;
use crate::finding::Finding;
use crate::iis::application_host::ApplicationHost;
use crate::package::bootstrap::Bootstrap;
use crate::package::manifest::{self, Manifest, OPTIONS_ATTRIBUTE};
use crate::package::options::ProviderOptions;
use crate::package::parameters::{Parameters, SetParameters};
use crate::package::web_config::WebConfig;
use crate::xml::{self, Document, Element};

/// What was read of a document.
type Read = (Kind, Content, Vec<Finding>);

/// Inspects a file that is no archive.
pub(super) fn inspect(path: &Path, bytes: &[u8]) -> Result<Inspection, Error> {
    let digests = Digests::of(bytes);
    let (kind, content, findings) = read(path, bytes)?;
    Ok(Inspection {
        path: path.to_owned(),
        kind,
        size: digests.size,
        sha1: digests.sha1_hex(),
        sha256: digests.sha256_hex(),
        content,
        findings: findings.into_iter().map(|finding| Found { file: None, finding }).collect(),
    })
}

fn read(path: &Path, bytes: &[u8]) -> Result<Read, Error> {
    let unknown = |found: &str| Err(Error::Unknown { path: path.to_owned(), found: found.to_owned() });
    let text = match xml::decode(bytes) {
        Ok(text) => text,
        Err(_) if !bytes.contains(&b'<') => return unknown("it is no text"),
        Err(error) => return Err(not_well_formed(path, error)),
    };
    let start = text.trim_start();
    if start.is_empty() {
        unknown("it is empty")
    } else if start.starts_with('<') {
        let document = Document::parse(text.as_ref()).map_err(|error| not_well_formed(path, error))?;
        read_xml(path, &document)
    } else if start.starts_with('{') {
        read_json(path, &text)
    } else if start.starts_with("H4sI") {
        // Every gzip member begins so in base64.
        let options =
            ProviderOptions::from_attribute(start).map_err(|error| Error::malformed(path, (0, 0), error))?;
        Ok((Kind::ProviderOptions, Content::Options((&options).into()), Vec::new()))
    } else if text.contains('\0') {
        unknown("it is no text")
    } else {
        unknown("it is neither XML, nor an archive, nor base64 of provider options")
    }
}

fn not_well_formed(path: &Path, error: xml::Error) -> Error {
    Error::Malformed {
        path: path.to_owned(),
        line: error.line,
        column: error.column,
        source: error.message.into(),
        hint: Some("Correct the file at the place that is named.".into()),
    }
}

fn read_json(path: &Path, text: &str) -> Result<Read, Error> {
    // The name of the key that only our own file has.
    if !text.contains("\"schema\"") {
        let found = "it is JSON, but no bootstrap description".to_owned();
        return Err(Error::Unknown { path: path.to_owned(), found });
    }
    let bootstrap =
        Bootstrap::from_json(text).map_err(|error| Error::malformed(path, error.position(), error))?;
    Ok((Kind::Bootstrap, Content::Bootstrap(Box::new(bootstrap)), Vec::new()))
}

fn read_xml(path: &Path, document: &Document) -> Result<Read, Error> {
    let root = document.root();
    let template = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("in"));
    if root.is("feed") || root.is("entry") {
        let feed =
            feed::read_document(document).map_err(|error| Error::malformed(path, root.position(), error))?;
        return Ok((Kind::Feed, Content::Feed(Box::new(feed)), feed::check_document(document)));
    }
    if root.is("parameters") {
        return parameters(path, document);
    }
    if root.is("systemInfo") {
        return Ok((Kind::SystemInfo, Content::SystemInfo(system_info(root)), machine_names(root)));
    }
    if root.is("configuration") {
        return configuration(path, document, template);
    }
    if let Some(value) = root.attribute_ignore_case(OPTIONS_ATTRIBUTE) {
        let options = ProviderOptions::from_attribute(value)
            .map_err(|error| Error::malformed(path, root.position(), error))?;
        return Ok((Kind::ProviderOptions, Content::Options(OptionsContent::from(&options)), Vec::new()));
    }
    let kind = if is_archive_manifest(root) { Kind::ArchiveManifest } else { Kind::Manifest };
    if kind == Kind::Manifest && !is_manifest(root) {
        let found = format!("its root element is `{}`", root.name());
        return Err(Error::Unknown { path: path.to_owned(), found });
    }
    let (manifest, mut findings) =
        Manifest::read(document).map_err(|error| Error::malformed(path, error.position(), error))?;
    if template {
        // The build makes options of them.
        findings.retain(|finding| finding.rule != "settings-without-options");
    }
    Ok((kind, Content::Manifest((&manifest).into()), findings))
}

fn parameters(path: &Path, document: &Document) -> Result<Read, Error> {
    let root = document.root();
    let broken = |error| Error::malformed(path, root.position(), error);
    if root.child("setParameter").is_some() {
        let (values, findings) = SetParameters::read(document).map_err(broken)?;
        return Ok((Kind::SetParameters, Content::SetParameters((&values).into()), findings));
    }
    let (parameters, findings) = Parameters::read(document).map_err(broken)?;
    Ok((Kind::Parameters, Content::Parameters(parameters), findings))
}

fn configuration(path: &Path, document: &Document, template: bool) -> Result<Read, Error> {
    let root = document.root();
    let read = if template { WebConfig::read_template(document) } else { WebConfig::read(document) };
    let (config, findings) = read.map_err(|error| Error::malformed(path, error.position(), error))?;
    if root.child("system.applicationHost").is_none() {
        return Ok((Kind::WebConfig, Content::WebConfig(config), findings));
    }
    let host = ApplicationHost::parse(document.text())
        .map_err(|error| Error::Unknown { path: path.to_owned(), found: error.to_string() })?;
    // Handlers of a whole server lead to modules of all sorts, and locked sections are at home here.
    Ok((Kind::ApplicationHost, Content::ApplicationHost(ApplicationHostContent::from(&host)), Vec::new()))
}

/// The attributes of a `systemInfo` element.
pub(super) fn system_info(root: Element<'_>) -> SystemInfoContent {
    let pair =
        |attribute: &xml::Attribute| Pair { name: attribute.name.clone(), value: attribute.value.clone() };
    SystemInfoContent { attributes: root.attributes().iter().map(pair).collect() }
}

/// What a `systemInfo` tells about the machine that nobody who installs the package needs to know.
pub(super) fn machine_names(root: Element<'_>) -> Vec<Finding> {
    let name = root.attribute_ignore_case("machineName").unwrap_or_default().trim();
    // `localhost` is what our own archives say.
    if name.is_empty() || name.eq_ignore_ascii_case("localhost") {
        return Vec::new();
    }
    let text = format!("the package names the machine that made it: `{name}`");
    vec![Finding::new("machine-name", crate::event::Severity::Info, text).at(root.position())]
}

/// `archive.xml` has attributes that only Web Deploy writes.
fn is_archive_manifest(root: Element<'_>) -> bool {
    let links = |element: Element<'_>| element.attribute_ignore_case("MSDeploy.MSDeployLinkName").is_some();
    let resolver = "MSDeploy.ObjectResolver.";
    root.children().any(links)
        || root.attributes().iter().any(|attribute| attribute.name.starts_with(resolver))
}

/// The root of a manifest may have any name; its children are providers.
fn is_manifest(root: Element<'_>) -> bool {
    root.is(manifest::GALLERY_ROOT)
        || root.children().any(|child| manifest::is_known_provider(child.local_name()))
}
