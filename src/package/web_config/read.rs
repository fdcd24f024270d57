//! From a document to the applications and handlers in it.

use crate::xml::{Document, Element};

use super::{Application, Error, Handler, HttpPlatform, WebConfig};

pub(super) fn read(document: &Document) -> Result<WebConfig, Error> {
    let root = document.root();
    if !root.is("configuration") {
        let (line, column) = root.position();
        return Err(Error::NotAWebConfig { root: root.name().to_owned(), line, column });
    }
    let mut config = WebConfig::default();
    for element in root.descendants() {
        if element.is("application") && parent_is(element, "fastCgi") {
            config.applications.push(application(element));
        } else if element.is("httpPlatform") && parent_is(element, "system.webServer") {
            config.http_platform.push(HttpPlatform::read(element));
        } else if element.is("add") && parent_is(element, "handlers") {
            config.handlers.push(handler(element));
        }
    }
    Ok(config)
}

pub(super) fn parent_is(element: Element<'_>, name: &str) -> bool {
    element.parent().is_some_and(|parent| parent.is(name))
}

/// Names and values of all attributes but some.
pub(super) fn others(element: Element<'_>, taken: &[&str]) -> Vec<(String, String)> {
    element
        .attributes()
        .iter()
        .filter(|attribute| !taken.iter().any(|taken| attribute.name.eq_ignore_ascii_case(taken)))
        .map(|attribute| (attribute.name.clone(), attribute.value.clone()))
        .collect()
}

/// The path of the nearest `<location>` around an element.
fn location(element: Element<'_>) -> Option<String> {
    let mut around = element.parent();
    while let Some(outer) = around {
        if outer.is("location") {
            return outer.attribute_ignore_case("path").map(str::to_owned);
        }
        around = outer.parent();
    }
    None
}

fn application(element: Element<'_>) -> Application {
    let value = |name| element.attribute_ignore_case(name).unwrap_or_default().to_owned();
    let (line, column) = element.position();
    Application {
        full_path: value("fullPath"),
        arguments: value("arguments"),
        attributes: others(element, &["fullPath", "arguments"]),
        environment: environment(element),
        location: location(element),
        line,
        column,
    }
}

/// The variables that the process of an element gets.
pub(super) fn environment(element: Element<'_>) -> Vec<(String, String)> {
    let variables = element.children_named("environmentVariables").flat_map(Element::children);
    variables
        .filter(|variable| variable.is("environmentVariable"))
        .map(|variable| {
            let value = |name| variable.attribute_ignore_case(name).unwrap_or_default().to_owned();
            (value("name"), value("value"))
        })
        .collect()
}

fn handler(element: Element<'_>) -> Handler {
    let value = |name| element.attribute_ignore_case(name).unwrap_or_default().to_owned();
    let (line, column) = element.position();
    Handler {
        name: value("name"),
        path: value("path"),
        verb: value("verb"),
        modules: value("modules"),
        script_processor: element.attribute_ignore_case("scriptProcessor").map(str::to_owned),
        attributes: others(element, &["name", "path", "verb", "modules", "scriptProcessor"]),
        location: location(element),
        line,
        column,
    }
}
