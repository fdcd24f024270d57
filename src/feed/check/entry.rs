//! Checks of entries and their installers.

use std::collections::HashSet;

use super::places::Places;
use super::{Known, Unique, values};
use crate::event::Severity;
use crate::xml::Element;

/// Checks all entries of a feed.
pub(super) fn all<'a>(places: &mut Places, entries: impl Iterator<Item = Element<'a>>, known: &Known) {
    let mut products = Unique::new("duplicate-product-id", Severity::Error, "productId");
    let mut ids = Unique::new("duplicate-id", Severity::Warning, "id");
    for element in entries {
        let entry = Entry::new(element);
        if let Some(product) = entry.child("productId") {
            products.take(places, product, &entry.name, &entry.name);
        }
        if let Some(id) = entry.child("id") {
            ids.take(places, id, id.text().trim(), &entry.name);
        }
        entry.check(places, known);
    }
}

/// An entry and the name that messages call it by.
struct Entry<'a> {
    element: Element<'a>,
    /// Where custom feeds keep the descriptive elements.
    metadata: Option<Element<'a>>,
    name: String,
    application: bool,
}

impl<'a> Entry<'a> {
    fn new(element: Element<'a>) -> Self {
        let metadata = element.child("metadata");
        let text = |name| Some(element.child(name)?.text().trim().to_owned()).filter(|text| !text.is_empty());
        let application = element
            .attribute_ignore_case("type")
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application"));
        let name = text("productId").or_else(|| text("title")).unwrap_or_default();
        Self { element, metadata, name, application }
    }

    /// A child, also one in the `metadata` element.
    fn child(&self, name: &str) -> Option<Element<'a>> {
        self.element.child(name).or_else(|| self.metadata?.child(name))
    }

    fn check(&self, places: &mut Places, known: &Known) {
        let missing = |name| self.child(name).is_none_or(|child| child.text().trim().is_empty());
        if missing("productId") {
            places.error("missing-product-id", self.element, "an entry has no `productId`");
        }
        for (rule, name) in [("missing-title", "title"), ("missing-id", "id"), ("missing-version", "version")]
        {
            if missing(name) {
                places.warning(rule, self.element, format!("`{}` has no `{name}`", self.name));
            }
        }
        for (rule, name) in [("missing-summary", "summary"), ("missing-updated", "updated")] {
            if missing(name) {
                places.info(rule, self.element, format!("`{}` has no `{name}`", self.name));
            }
        }
        for time in ["updated", "published"].into_iter().filter_map(|name| self.child(name)) {
            values::time(places, time);
        }
        if let Some(link) = self.child("link") {
            values::link(places, link);
        }
        for image in self.child("images").into_iter().flat_map(Element::children) {
            values::page_url(places, image);
        }
        self.keywords(places, known);
        self.dependencies(places, known);
        self.installers(places, known);
    }

    fn keywords(&self, places: &mut Places, known: &Known) {
        for keyword in self.child("keywords").into_iter().flat_map(|list| list.children_named("keywordId")) {
            let id = keyword.text();
            let id = id.trim();
            let listed = known.keywords.as_ref().is_none_or(|known| known.contains(&id.to_lowercase()));
            if !listed && id.split_whitespace().count() > 1 || id.contains([',', ';']) {
                let text = format!("`{id}` is one `keywordId` and looks like several keywords");
                places.warning("joined-keywords", keyword, text);
            }
            if !listed {
                let text = format!("the keyword `{id}` is not in the feed's `keywords`, so nobody sees it");
                places.warning("unknown-keyword", keyword, text);
            }
        }
    }

    fn dependencies(&self, places: &mut Places, known: &Known) {
        let Some(dependency) = self.element.child("dependency") else { return };
        for element in dependency.descendants() {
            if let Some(id) = element.attribute_ignore_case("idref").map(str::trim) {
                let listed =
                    known.dependencies.as_ref().is_some_and(|known| known.contains(&id.to_lowercase()));
                if !listed {
                    let text = format!("the dependency `{id}` is not in the feed's `dependencies`");
                    places.warning("unknown-dependency", element, text);
                }
            } else if element.is("productId") {
                let id = element.text();
                if id.trim().is_empty() {
                    places.warning("unknown-dependency", element, "a dependency on nothing");
                } else if id.trim().eq_ignore_ascii_case(&self.name) {
                    let text = format!("`{}` depends on itself", self.name);
                    places.error("depends-on-itself", element, text);
                }
            }
        }
    }

    fn installers(&self, places: &mut Places, known: &Known) {
        let installers: Vec<_> = self
            .element
            .child("installers")
            .into_iter()
            .flat_map(|list| list.children_named("installer"))
            .collect();
        // An entry that only brings its dependencies along, or only discovers, has no installer of its own.
        let bundle =
            self.element.child("dependency").is_some() || self.element.child("discoveryHint").is_some();
        if installers.is_empty() && (self.application || !bundle) {
            places.error("missing-installer", self.element, format!("`{}` has no `installer`", self.name));
        }
        let fetched = |installer: &Element<'_>| {
            ["installerFile", "installCommands"].iter().any(|name| installer.child(name).is_some())
        };
        if !self.application
            && installers.iter().any(fetched)
            && self.element.child("discoveryHint").is_none()
        {
            let text = format!("without a `discoveryHint` WebPI never takes `{}` for installed", self.name);
            places.warning("missing-discovery-hint", self.element, text);
        }
        let mut ids = HashSet::new();
        for element in installers {
            let id = element.child("id").map(|id| id.text().trim().to_owned()).unwrap_or_default();
            if id.is_empty() {
                places.warning("missing-id", element, format!("an installer of `{}` has no `id`", self.name));
            } else if !ids.insert(id.to_lowercase()) {
                let text = format!("two installers of `{}` have the id `{id}`", self.name);
                places.warning("duplicate-id", element, text);
            }
            self.installer(places, known, element);
        }
    }

    fn installer(&self, places: &mut Places, known: &Known, element: Element<'_>) {
        language(places, known, element);
        if let Some(list) = element.child("osList")
            && let Some(id) = list.attribute_ignore_case("idref").map(str::trim)
            && !known.os_lists.as_ref().is_some_and(|known| known.contains(&id.to_lowercase()))
        {
            places.warning(
                "unknown-os-list",
                list,
                format!("the `osList` `{id}` is not in the feed's `osLists`"),
            );
        }
        let component = element.child("iisComponent").is_some();
        match element.child("eulaURL") {
            Some(eula) => values::page_url(places, eula),
            None if component => {}
            None => {
                places.info("missing-eula", element, format!("`{}` shows no licence (`eulaURL`)", self.name));
            }
        }
        match element.child("helpLink") {
            Some(help) => values::page_url(places, help),
            None => places.detail("missing-help-link", element, format!("`{}` has no `helpLink`", self.name)),
        }
        self.action(places, element, component);
        if let Some(file) = element.child("installerFile") {
            self.file(places, file);
        } else if element.child("msDeploy").is_some() && element.child("installCommands").is_none() {
            let text = format!("`{}` has no `installerFile` for Web Deploy to install", self.name);
            places.error("missing-installer-file", element, text);
        }
    }

    /// What the installer does with its file.
    fn action(&self, places: &mut Places, element: Element<'_>, component: bool) {
        let commands = element.child("installCommands");
        let deploy = element.child("msDeploy");
        match (commands, deploy) {
            (Some(_), Some(deploy)) => {
                let text = format!(
                    "`{}` has an `msDeploy` beside its `installCommands`: WebPI looks for a package",
                    self.name
                );
                places.warning("ms-deploy-beside-command", deploy, text);
            }
            (None, None) if !component => {
                let text = format!(
                    "the installer of `{}` does nothing: no `msDeploy`, `installCommands` or `iisComponent`",
                    self.name
                );
                places.warning("nothing-to-install", element, text);
            }
            (_, None) if self.application => {
                let text = format!("the application `{}` is not installed by `msDeploy`", self.name);
                places.warning("nothing-to-install", element, text);
            }
            _ => {}
        }
    }

    fn file(&self, places: &mut Places, file: Element<'_>) {
        let sha1 = file.child("sha1");
        if let Some(sha1) = sha1 {
            values::sha1(places, sha1);
        } else {
            // Application packages are unzipped into the web server: WebPI verifies nothing else about them.
            let severity = if self.application { Severity::Error } else { Severity::Warning };
            places.add("missing-sha1", severity, file, format!("the file of `{}` has no `sha1`", self.name));
        }
        match file.child("installerURL") {
            Some(url) => values::installer_url(places, url, sha1.is_some()),
            None if file.child("relativeInstallerURL").is_some() => {}
            None => places.error(
                "missing-installer-url",
                file,
                format!("the file of `{}` has no `installerURL`", self.name),
            ),
        }
        if let Some(size) = file.child("fileSize") {
            values::file_size(places, size);
        } else {
            let text = format!("the file of `{}` has no `fileSize`", self.name);
            places.warning("missing-file-size", file, text);
        }
    }
}

fn language(places: &mut Places, known: &Known, installer: Element<'_>) {
    let Some(language) = installer.child("languageId") else {
        return places.warning("missing-language", installer, "the installer has no `languageId`");
    };
    let id = language.text();
    let id = id.trim();
    if id.is_empty() {
        places.warning("missing-language", language, "`languageId` is empty");
    } else if let Some(known) = &known.languages
        && !known.contains(&id.to_lowercase())
    {
        places.warning(
            "unlisted-language",
            language,
            format!("the language `{id}` is not in the feed's `languages`"),
        );
    }
}
