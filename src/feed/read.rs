//! Reads any feed, ours or a stranger's, as far as it can be understood.
//!
//! Prefixes and namespaces do not count, nor does the case of element names. What is missing comes out empty, what is
//! unknown is passed over: the check is the one that complains.

use super::{
    Dependency, DiscoveryHint, Entry, EntryKind, Error, Feed, InstallCommand, Installer, InstallerFile,
    Keyword, Language, Link, MsDeploy, NamedDependency, Person, Resources, Text, Timestamp,
};
use crate::xml::{Document, Element};

/// Reads the bytes of a feed. A document that is a single `entry` is a feed of that entry.
///
/// # Errors
/// The bytes are not well-formed XML, or the document is of another kind.
pub fn read(bytes: &[u8]) -> Result<Feed, Error> {
    let document = Document::parse_bytes(bytes).map_err(Error::NotWellFormed)?;
    read_document(&document)
}

/// Reads a document that is already parsed.
///
/// # Errors
/// The document is of another kind.
pub(crate) fn read_document(document: &Document) -> Result<Feed, Error> {
    let root = document.root();
    if root.is("entry") {
        let mut feed = Feed::new("", "", Timestamp::as_written(""));
        (feed.resources, feed.languages) = (Vec::new(), Vec::new());
        feed.webpi_version.clear();
        feed.entries.push(entry(root));
        return Ok(feed);
    }
    if !root.is("feed") {
        let (line, column) = root.position();
        return Err(Error::NotAFeed { root: root.name().to_owned(), line, column });
    }
    Ok(feed(root))
}

fn feed(root: Element<'_>) -> Feed {
    let webpi_version = root
        .child("webpiFile")
        .and_then(|file| file.attribute_ignore_case("version"))
        .map_or_else(|| value(root, "version"), str::to_owned);
    let mut feed = Feed {
        webpi_version,
        title: text(root, "title").unwrap_or_default(),
        links: links(root),
        updated: Timestamp::as_written(&value(root, "updated")),
        author: person(root),
        id: value(root, "id"),
        resources: Vec::new(),
        languages: Vec::new(),
        entries: root.children_named("entry").map(entry).collect(),
        keywords: Vec::new(),
        dependencies: Vec::new(),
    };
    for resources in within(root, "resourcesList", "resources") {
        feed.resources
            .push(Resources { culture: value(resources, "culture"), url: optional(resources, "url") });
    }
    for language in within(root, "languages", "language") {
        let id = value(language, "languageId");
        let name = text(language, "name").unwrap_or_else(|| Text::plain(id.as_str()));
        let default = language.attribute_ignore_case("default").is_some_and(is_true);
        feed.languages.push(Language { id, name, default });
    }
    for keyword in within(root, "keywords", "keyword") {
        feed.keywords.push(Keyword {
            id: keyword.attribute_ignore_case("id").unwrap_or_default().trim().to_owned(),
            name: text_of(keyword),
        });
    }
    for named in within(root, "dependencies", "dependency") {
        if let (Some(id), Some(dependency)) = (named.attribute_ignore_case("id"), dependency(named)) {
            feed.dependencies.push(NamedDependency { id: id.trim().to_owned(), dependency });
        }
    }
    feed
}

fn entry(element: Element<'_>) -> Entry {
    // Some custom feeds keep the descriptive elements in a `metadata` element.
    let metadata = element.child("metadata").unwrap_or(element);
    let about = |name: &str| if element.child(name).is_some() { element } else { metadata };
    let application = element
        .attribute_ignore_case("type")
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application"));
    let images = about("images").child("images");
    Entry {
        kind: if application { EntryKind::Application } else { EntryKind::Product },
        product_id: value(about("productId"), "productId"),
        id: value(about("id"), "id"),
        title: text(about("title"), "title").unwrap_or_default(),
        summary: text(about("summary"), "summary"),
        long_summary: text(about("longSummary"), "longSummary"),
        version: value(about("version"), "version"),
        updated: optional(about("updated"), "updated").as_deref().map(Timestamp::as_written),
        published: optional(about("published"), "published").as_deref().map(Timestamp::as_written),
        link: links(about("link")).into_iter().next().map(|link| link.href),
        author: person(about("author")),
        icon: images.and_then(|images| optional(images, "icon")),
        screenshots: images.map(|images| values(images, "screenshot")).unwrap_or_default(),
        keywords: all(about("keywords"), "keywords", "keywordId"),
        framework_family: text(about("frameworkFamily"), "frameworkFamily"),
        product_family: text(about("productFamily"), "productFamily"),
        discovery: element.child("discoveryHint").and_then(discovery),
        dependency: element.child("dependency").and_then(dependency),
        related: within(element, "related", "relatedProduct")
            .flat_map(|product| values(product, "productId"))
            .collect(),
        incompatibilities: all(element, "incompatibilities", "productId"),
        installers: within(element, "installers", "installer").map(installer).collect(),
    }
}

fn dependency(element: Element<'_>) -> Option<Dependency> {
    if let Some(id) = element.attribute_ignore_case("idref") {
        return Some(Dependency::Reference(id.trim().to_owned()));
    }
    let mut found: Vec<Dependency> = element
        .children()
        .filter_map(|child| {
            let nested = || child.children_named("dependency").filter_map(dependency).collect();
            match () {
                () if child.is("productId") => Some(Dependency::Product(trimmed(child))),
                () if child.is("and") => Some(Dependency::And(nested())),
                () if child.is("or") => Some(Dependency::Or(nested())),
                () if child.is("dependency") => dependency(child),
                () => None,
            }
        })
        .collect();
    // Several children that nothing joins are all needed.
    if found.len() > 1 { Some(Dependency::And(found)) } else { found.pop() }
}

fn discovery(element: Element<'_>) -> Option<DiscoveryHint> {
    let mut found: Vec<DiscoveryHint> = element
        .children()
        .filter_map(|child| {
            let nested = || child.children_named("discoveryHint").filter_map(discovery).collect();
            match () {
                () if child.is("file") => Some(DiscoveryHint::File {
                    path: value(child, "filePath"),
                    minimum_version: optional(child, "minimumVersion"),
                }),
                () if child.is("registry") => Some(DiscoveryHint::Registry {
                    key: value(child, "keyPath"),
                    name: optional(child, "valueName"),
                    value: optional(child, "valueValue"),
                }),
                () if child.is("msiProductCode") => Some(DiscoveryHint::MsiProductCode(trimmed(child))),
                () if child.is("and") => Some(DiscoveryHint::And(nested())),
                () if child.is("or") => Some(DiscoveryHint::Or(nested())),
                () => None,
            }
        })
        .collect();
    if found.len() > 1 { Some(DiscoveryHint::And(found)) } else { found.pop() }
}

fn installer(element: Element<'_>) -> Installer {
    let commands = element.child("installCommands");
    Installer {
        id: value(element, "id"),
        language: value(element, "languageId"),
        os_list: element
            .child("osList")
            .and_then(|list| list.attribute_ignore_case("idref"))
            .map(|id| id.trim().to_owned()),
        architectures: element
            .child("architectures")
            .map(|list| list.children().map(|child| child.local_name().to_owned()).collect())
            .unwrap_or_default(),
        eula_url: optional(element, "eulaURL"),
        file: element.child("installerFile").map(installer_file),
        commands: commands.map(|list| list.children().filter_map(command).collect()).unwrap_or_default(),
        iis_component: element
            .child("iisComponent")
            .and_then(|component| component.children().last())
            .map(trimmed)
            .filter(|name| !name.is_empty()),
        log_files: all(element, "logFiles", "location"),
        ms_deploy: element
            .child("msDeploy")
            .map(|deploy| MsDeploy { start_page: optional(deploy, "startPage") }),
        help_link: optional(element, "helpLink"),
    }
}

fn installer_file(element: Element<'_>) -> InstallerFile {
    InstallerFile {
        size: value(element, "fileSize").parse().ok(),
        tracking_url: optional(element, "trackingURL"),
        url: value(element, "installerURL"),
        display_url: optional(element, "displayURL"),
        sha1: optional(element, "sha1"),
    }
}

fn command(element: Element<'_>) -> Option<InstallCommand> {
    if element.is("cmdLine") {
        return Some(InstallCommand::CommandLine {
            executable: value(element, "exe"),
            arguments: value(element, "commandLineArguments"),
            ignore_exit_code: is_true(&value(element, "ignoreExitCode")),
        });
    }
    if element.is("msiInstall") {
        let properties =
            optional(element, "properties").or_else(|| optional(element, "commandLineArguments"));
        let properties = properties.unwrap_or_default();
        return Some(InstallCommand::Msi { file: value(element, "msi"), properties });
    }
    if element.is("msuInstall") {
        let arguments = value(element, "commandLineArguments");
        return Some(InstallCommand::Msu { file: value(element, "msu"), arguments });
    }
    element.is("unzip").then(|| InstallCommand::Unzip {
        file: value(element, "zipFile"),
        target: value(element, "targetDirectory"),
    })
}

fn person(element: Element<'_>) -> Option<Person> {
    let author = element.child("author")?;
    Some(Person { name: value(author, "name"), uri: optional(author, "uri") })
}

fn links(element: Element<'_>) -> Vec<Link> {
    element
        .children_named("link")
        .filter_map(|link| {
            Some(Link {
                rel: link.attribute_ignore_case("rel").map(str::to_owned),
                href: link.attribute_ignore_case("href")?.trim().to_owned(),
            })
        })
        .collect()
}

/// The elements of a name in all lists of a name.
fn within<'a>(
    element: Element<'a>,
    outer: &'static str,
    inner: &'static str,
) -> impl Iterator<Item = Element<'a>> {
    element.children().filter(move |child| child.is(outer)).flat_map(move |list| list.children_named(inner))
}

fn all(element: Element<'_>, outer: &'static str, inner: &'static str) -> Vec<String> {
    within(element, outer, inner).map(trimmed).filter(|text| !text.is_empty()).collect()
}

fn values(element: Element<'_>, name: &str) -> Vec<String> {
    element.children_named(name).map(trimmed).filter(|text| !text.is_empty()).collect()
}

fn value(element: Element<'_>, name: &str) -> String {
    element.child(name).map(trimmed).unwrap_or_default()
}

fn optional(element: Element<'_>, name: &str) -> Option<String> {
    element.child(name).map(trimmed).filter(|text| !text.is_empty())
}

fn text(element: Element<'_>, name: &str) -> Option<Text> {
    element.child(name).map(text_of)
}

fn text_of(element: Element<'_>) -> Text {
    let resource_name = element.attribute_ignore_case("resourceName").map(str::to_owned);
    Text { text: trimmed(element), resource_name }
}

fn trimmed(element: Element<'_>) -> String {
    element.text().trim().to_owned()
}

fn is_true(text: &str) -> bool {
    let text = text.trim();
    text.eq_ignore_ascii_case("true") || text == "1"
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shared_feed(name: &str) -> Option<Vec<u8>> {
        Some(std::fs::read(crate::testdata::shared()?.join("feeds").join(name)).unwrap())
    }

    #[test]
    fn reads_the_output_of_the_original() {
        let Some(bytes) = shared_feed("original-iiswsgi-0.4-output.xml") else { return };
        let feed = read(&bytes).unwrap();
        assert_eq!((feed.title.text.as_str(), feed.webpi_version.as_str()), ("WSGI on IIS", "4.0.1.0"));
        assert_eq!(feed.languages, [Language::new("en", true)]);
        let app = feed.entry("wsgisampleiisapp").unwrap();
        assert_eq!(app.kind, EntryKind::Application);
        assert_eq!(app.keywords, ["python IIS FastCGI WSGI"]);
        assert_eq!(app.dependency, Dependency::all_of(["WDeploy", "Python27", "iiswsgi"]));
        let file = app.installers[0].file.as_ref().unwrap();
        assert_eq!((file.size, file.sha1.as_deref()), (Some(3), None));
        let egg = feed.entry("iiswsgi").unwrap();
        assert_eq!(egg.kind, EntryKind::Product);
        assert!(
            matches!(&egg.discovery, Some(DiscoveryHint::File { path, .. }) if path.ends_with("PKG-INFO"))
        );
        assert!(matches!(&egg.installers[0].commands[0], InstallCommand::CommandLine { arguments, .. }
            if arguments.ends_with("install iiswsgi==0.3")));
    }

    #[test]
    fn reads_the_product_list_with_everything_in_it() {
        let Some(bytes) = shared_feed("MicrosoftDocs-iis-docs--WebProductList-2009beta.xml") else { return };
        let feed = read(&bytes).unwrap();
        assert_eq!((feed.entries.len(), feed.languages.len()), (97, 4));
        assert_eq!(feed.entries.iter().map(|entry| entry.installers.len()).sum::<usize>(), 136);
        let hashes = feed
            .entries
            .iter()
            .flat_map(|entry| &entry.installers)
            .filter_map(|installer| installer.file.as_ref()?.sha1.as_ref());
        assert!(hashes.clone().count() == 4 && hashes.clone().all(|sha1| sha1.len() == 32));
        let nested = |entry: &Entry| matches!(&entry.dependency, Some(Dependency::Or(all)) if all.len() > 1);
        assert!(feed.entries.iter().any(nested));
        let components = feed.entries.iter().flat_map(|entry| &entry.installers);
        assert_eq!(components.filter(|installer| installer.iis_component.is_some()).count(), 45);
    }

    #[test]
    fn reads_entries_whose_texts_are_in_a_metadata_element() {
        let Some(bytes) = shared_feed("projectkudu-kudu--KuduSetupCustomWebPiFeed.xml") else { return };
        let feed = read(&bytes).unwrap();
        assert_eq!((feed.entries.len(), feed.webpi_version.as_str()), (8, "1.0.1"));
        let git = feed.entry("msysgit_1_9_5").unwrap();
        assert_eq!((git.title.text.as_str(), git.version.as_str()), ("Git for Windows (x86)", "1.9.5"));
        assert!(matches!(&git.discovery, Some(DiscoveryHint::Or(hints)) if hints.len() == 2));
    }

    #[test]
    fn names_the_place_where_a_feed_is_not_well_formed() {
        let Some(bytes) = shared_feed("MicrosoftDocs-iis-docs--integrate_sample16_fragment.xml") else {
            return;
        };
        let Err(Error::NotWellFormed(error)) = read(&bytes) else { panic!("it was read") };
        assert_eq!((error.line, error.message.as_str()), (2, "element `feed` is not closed"));
    }

    #[test]
    fn a_single_entry_is_a_feed_and_another_document_is_none() {
        let feed = read(b"<a:entry xmlns:a='x' TYPE='Application'><a:ProductID> X </a:ProductID></a:entry>")
            .unwrap();
        assert_eq!(
            (feed.entries[0].product_id.as_str(), feed.entries[0].kind),
            ("X", EntryKind::Application)
        );
        let error = read(b"\n <html/>").unwrap_err();
        assert_eq!(error.to_string(), "not a feed: the document element is `html`");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }

        #[test]
        fn no_elements_make_it_panic(names in proptest::collection::vec(
            "entry|feed|installers|installer|dependency|and|or|discoveryHint|registry|link|keywords|author", 1..40)
        ) {
            let open = format!("<{}>", names.join("><"));
            let close = format!("</{}>", names.iter().rev().map(String::as_str).collect::<Vec<_>>().join("></"));
            let text = format!("<feed>{open}x{close}</feed>");
            prop_assert!(read(text.as_bytes()).is_ok());
        }
    }
}
