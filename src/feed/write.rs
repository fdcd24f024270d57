//! Writes a feed. The same feed always gives the same bytes.

use std::collections::HashSet;

use super::{
    Dependency, DiscoveryHint, Entry, EntryKind, Error, Feed, InstallCommand, Installer, InstallerFile,
    Keyword, Language, NAMESPACE, Person, Text, Timestamp,
};
use crate::xml::Writer;

/// Writes a feed as UTF-8 text with two blanks of indentation.
///
/// # Errors
/// An entry has no product id, or two have the same.
pub fn write(feed: &Feed) -> Result<String, Error> {
    check_products(&feed.entries)?;
    let mut to = Writer::new();
    to.open("feed", &[("xmlns", NAMESPACE)]);
    if !feed.webpi_version.is_empty() {
        to.empty("webpiFile", &[("version", &feed.webpi_version)]);
    }
    text(&mut to, "title", &feed.title);
    for link in &feed.links {
        match &link.rel {
            Some(rel) => to.empty("link", &[("rel", rel), ("href", &link.href)]),
            None => to.empty("link", &[("href", &link.href)]),
        };
    }
    to.element("updated", &[], feed.updated.as_str());
    person(&mut to, feed.author.as_ref());
    to.element("id", &[], &feed.id);
    languages(&mut to, feed);
    for entry in &feed.entries {
        write_entry(&mut to, entry, &feed.updated, false);
    }
    if !feed.keywords.is_empty() {
        to.open("keywords", &[]);
        for word in &feed.keywords {
            keyword(&mut to, word);
        }
        to.close();
    }
    if !feed.dependencies.is_empty() {
        to.open("dependencies", &[]);
        for named in &feed.dependencies {
            to.open("dependency", &[("id", &named.id)]);
            requirement(&mut to, &named.dependency);
            to.close();
        }
        to.close();
    }
    to.close();
    Ok(to.finish())
}

/// Every entry needs an id of its own: WebPI and dependencies know it by nothing else.
pub(super) fn check_products(entries: &[Entry]) -> Result<(), Error> {
    let mut seen = HashSet::new();
    for entry in entries {
        if entry.product_id.trim().is_empty() {
            return Err(Error::MissingProduct { title: entry.title.text.clone() });
        }
        if !seen.insert(entry.product_id.to_ascii_lowercase()) {
            return Err(Error::DuplicateProduct { product_id: entry.product_id.clone() });
        }
    }
    Ok(())
}

fn languages(to: &mut Writer, feed: &Feed) {
    if !feed.resources.is_empty() {
        to.open("resourcesList", &[]);
        for resources in &feed.resources {
            to.open("resources", &[]).element("culture", &[], &resources.culture);
            optional(to, "url", resources.url.as_deref());
            to.close();
        }
        to.close();
    }
    if !feed.languages.is_empty() {
        to.open("languages", &[]);
        for one in &feed.languages {
            language(to, one);
        }
        to.close();
    }
}

/// Writes one language of the feed's list.
pub(super) fn language(to: &mut Writer, language: &Language) {
    let default: &[(&str, &str)] = if language.default { &[("default", "true")] } else { &[] };
    to.open("language", default).element("languageId", &[], &language.id);
    text(to, "name", &language.name);
    to.close();
}

/// Writes one keyword of the feed's list.
pub(super) fn keyword(to: &mut Writer, keyword: &Keyword) {
    match &keyword.name.resource_name {
        Some(resource) => {
            to.element("keyword", &[("id", &keyword.id), ("resourceName", resource)], &keyword.name.text)
        }
        None => to.element("keyword", &[("id", &keyword.id)], &keyword.name.text),
    };
}

/// Writes one entry. `updated` is the time of an entry that has none; `namespaced` puts the namespace on the entry
/// itself, for documents where it is not the default one.
pub(super) fn write_entry(to: &mut Writer, entry: &Entry, updated: &Timestamp, namespaced: bool) {
    let mut attributes = Vec::new();
    if namespaced {
        attributes.push(("xmlns", NAMESPACE));
    }
    if entry.kind == EntryKind::Application {
        attributes.push(("type", "application"));
    }
    to.open("entry", &attributes);
    to.element("productId", &[], &entry.product_id);
    text(to, "title", &entry.title);
    to.element("id", &[], &entry.id);
    optional_text(to, "summary", entry.summary.as_ref());
    optional_text(to, "longSummary", entry.long_summary.as_ref());
    optional(to, "version", Some(entry.version.as_str()).filter(|version| !version.is_empty()));
    let updated = entry.updated.as_ref().unwrap_or(updated);
    to.element("updated", &[], updated.as_str());
    to.element("published", &[], entry.published.as_ref().unwrap_or(updated).as_str());
    if let Some(link) = &entry.link {
        to.empty("link", &[("href", link)]);
    }
    person(to, entry.author.as_ref());
    images(to, entry);
    list(to, "keywords", "keywordId", &entry.keywords);
    optional_text(to, "frameworkFamily", entry.framework_family.as_ref());
    optional_text(to, "productFamily", entry.product_family.as_ref());
    if let Some(hint) = &entry.discovery {
        discovery(to, hint);
    }
    if let Some(needed) = &entry.dependency {
        dependency(to, needed);
    }
    list(to, "incompatibilities", "productId", &entry.incompatibilities);
    if !entry.related.is_empty() {
        to.open("related", &[]);
        for product in &entry.related {
            to.open("relatedProduct", &[]).element("productId", &[], product).close();
        }
        to.close();
    }
    if !entry.installers.is_empty() {
        to.open("installers", &[]);
        for one in &entry.installers {
            installer(to, one);
        }
        to.close();
    }
    to.close();
}

fn images(to: &mut Writer, entry: &Entry) {
    if entry.icon.is_some() || !entry.screenshots.is_empty() {
        to.open("images", &[]);
        optional(to, "icon", entry.icon.as_deref());
        for screenshot in &entry.screenshots {
            to.element("screenshot", &[], screenshot);
        }
        to.close();
    }
}

fn discovery(to: &mut Writer, hint: &DiscoveryHint) {
    to.open("discoveryHint", &[]);
    match hint {
        DiscoveryHint::File { path, minimum_version } => {
            to.open("file", &[]).element("filePath", &[], path);
            optional(to, "minimumVersion", minimum_version.as_deref());
            to.close();
        }
        DiscoveryHint::Registry { key, name, value } => {
            to.open("registry", &[]).element("keyPath", &[], key);
            optional(to, "valueName", name.as_deref());
            optional(to, "valueValue", value.as_deref());
            to.close();
        }
        DiscoveryHint::MsiProductCode(code) => {
            to.element("msiProductCode", &[], code);
        }
        DiscoveryHint::And(hints) | DiscoveryHint::Or(hints) => {
            to.open(if matches!(hint, DiscoveryHint::And(_)) { "and" } else { "or" }, &[]);
            for hint in hints {
                discovery(to, hint);
            }
            to.close();
        }
    }
    to.close();
}

fn dependency(to: &mut Writer, needed: &Dependency) {
    if let Dependency::Reference(id) = needed {
        to.empty("dependency", &[("idref", id)]);
    } else {
        to.open("dependency", &[]);
        requirement(to, needed);
        to.close();
    }
}

/// What stands inside of a `dependency` element.
fn requirement(to: &mut Writer, needed: &Dependency) {
    match needed {
        Dependency::Product(id) => {
            to.element("productId", &[], id);
        }
        Dependency::Reference(_) => dependency(to, needed),
        Dependency::And(all) | Dependency::Or(all) => {
            to.open(if matches!(needed, Dependency::And(_)) { "and" } else { "or" }, &[]);
            for one in all {
                dependency(to, one);
            }
            to.close();
        }
    }
}

fn installer(to: &mut Writer, installer: &Installer) {
    to.open("installer", &[]);
    to.element("id", &[], &installer.id).element("languageId", &[], &installer.language);
    if let Some(os_list) = &installer.os_list {
        to.empty("osList", &[("idref", os_list)]);
    }
    if !installer.architectures.is_empty() {
        to.open("architectures", &[]);
        for architecture in installer.architectures.iter().filter(|name| is_element_name(name)) {
            to.empty(architecture, &[]);
        }
        to.close();
    }
    optional(to, "eulaURL", installer.eula_url.as_deref());
    if let Some(file) = &installer.file {
        installer_file(to, file);
    }
    if !installer.commands.is_empty() {
        to.open("installCommands", &[]);
        for one in &installer.commands {
            command(to, one);
        }
        to.close();
    }
    if let Some(component) = &installer.iis_component {
        to.open("iisComponent", &[]).element("iis70ComponentName", &[], component).close();
    }
    list(to, "logFiles", "location", &installer.log_files);
    match &installer.ms_deploy {
        Some(deploy) if deploy.start_page.is_some() => {
            to.open("msDeploy", &[]);
            optional(to, "startPage", deploy.start_page.as_deref());
            to.close();
        }
        Some(_) => {
            to.empty("msDeploy", &[]);
        }
        None => {}
    }
    optional(to, "helpLink", installer.help_link.as_deref());
    to.close();
}

fn installer_file(to: &mut Writer, file: &InstallerFile) {
    to.open("installerFile", &[]);
    if let Some(size) = file.size {
        to.element("fileSize", &[], &size.to_string());
    }
    optional(to, "trackingURL", file.tracking_url.as_deref());
    to.element("installerURL", &[], &file.url);
    optional(to, "displayURL", file.display_url.as_deref());
    optional(to, "sha1", file.sha1.as_deref());
    to.close();
}

fn command(to: &mut Writer, command: &InstallCommand) {
    match command {
        InstallCommand::CommandLine { executable, arguments, ignore_exit_code } => {
            to.open("cmdLine", &[]).element("exe", &[], executable);
            to.element("commandLineArguments", &[], arguments);
            to.element("ignoreExitCode", &[], if *ignore_exit_code { "true" } else { "false" });
        }
        InstallCommand::Msi { file, properties } => {
            to.open("msiInstall", &[]).element("msi", &[], file);
            optional(to, "properties", Some(properties.as_str()).filter(|text| !text.is_empty()));
        }
        InstallCommand::Msu { file, arguments } => {
            to.open("msuInstall", &[]).element("msu", &[], file);
            optional(to, "commandLineArguments", Some(arguments.as_str()).filter(|text| !text.is_empty()));
        }
        InstallCommand::Unzip { file, target } => {
            to.open("unzip", &[]).element("zipFile", &[], file).element("targetDirectory", &[], target);
        }
    }
    to.close();
}

fn person(to: &mut Writer, person: Option<&Person>) {
    if let Some(person) = person {
        to.open("author", &[]).element("name", &[], &person.name);
        optional(to, "uri", person.uri.as_deref());
        to.close();
    }
}

fn list(to: &mut Writer, outer: &str, inner: &str, texts: &[String]) {
    if !texts.is_empty() {
        to.open(outer, &[]);
        for text in texts {
            to.element(inner, &[], text);
        }
        to.close();
    }
}

fn text(to: &mut Writer, name: &str, text: &Text) {
    match &text.resource_name {
        Some(resource) => to.element(name, &[("resourceName", resource)], &text.text),
        None => to.element(name, &[], &text.text),
    };
}

fn optional_text(to: &mut Writer, name: &str, value: Option<&Text>) {
    if let Some(value) = value {
        text(to, name, value);
    }
}

fn optional(to: &mut Writer, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        to.element(name, &[], value);
    }
}

/// Architectures are element names; what cannot be one is left out.
fn is_element_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}
