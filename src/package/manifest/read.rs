//! From a document to a manifest.

use crate::error::in_one_line;
use crate::event::Severity;
use crate::finding::Finding;
use crate::xml::{Document, Element};

use super::super::options::ProviderOptions;
use super::{Error, Manifest, OPTIONS_ATTRIBUTE, Provider, check, is_reserved_attribute};

/// Root elements of files that are often mistaken for manifests.
const OTHER_FILES: [(&str, &str); 6] = [
    ("parameters", "a parameters file"),
    ("systemInfo", "a `systemInfo.xml`"),
    ("feed", "a feed"),
    ("configuration", "a `web.config`"),
    ("output", "Web Deploy's own output"),
    ("html", "a web page"),
];

/// Reads a document. `place` gives the line and column of a byte of the document, which may differ from the document's
/// own when it was made from a template.
pub(in super::super) fn read(
    document: &Document,
    place: &mut dyn FnMut(usize) -> (usize, usize),
) -> Result<(Manifest, Vec<Finding>), Error> {
    let root = document.root();
    if let Some((_, kind)) = OTHER_FILES.into_iter().find(|(name, _)| root.is(name)) {
        let (line, column) = place(root.span().start);
        return Err(Error::NotAManifest { root: root.name().to_owned(), kind, line, column });
    }
    let mut findings = Vec::new();
    let providers = root
        .children()
        .map(|element| {
            let at = place(element.span().start);
            provider(element, at, &mut findings)
        })
        .collect();
    let manifest = Manifest { root: root.name().to_owned(), providers };
    check::manifest(&manifest, place(root.span().start), &mut findings);
    Ok((manifest, findings))
}

fn provider(element: Element<'_>, at: (usize, usize), findings: &mut Vec<Finding>) -> Provider {
    let mut provider =
        Provider { name: element.name().to_owned(), line: at.0, column: at.1, ..Provider::default() };
    for attribute in element.attributes() {
        if attribute.name.eq_ignore_ascii_case("path") {
            provider.path.clone_from(&attribute.value);
        } else if attribute.name.eq_ignore_ascii_case(OPTIONS_ATTRIBUTE) {
            match ProviderOptions::from_attribute(&attribute.value) {
                Ok(options) => provider.options = Some(options),
                Err(error) => {
                    findings.push(
                        Finding::new("options-unreadable", Severity::Error, in_one_line(&error)).at(at),
                    );
                }
            }
        } else {
            provider.attributes.push((attribute.name.clone(), attribute.value.clone()));
        }
    }
    provider.settings = match &provider.options {
        Some(options) => options.settings.clone(),
        None => {
            provider.attributes.iter().filter(|(name, _)| !is_reserved_attribute(name)).cloned().collect()
        }
    };
    check::provider(&provider, element.attribute_ignore_case("path").is_some(), findings);
    provider
}
