//! Python distributions that the feed offers as products of their own (`feed.eggs`, the original's extra `webpi_eggs`).
//!
//! A requirement says the name, and the version when it is pinned. The rest is what the distribution says of itself where
//! it is installed: in the environment of the application that was installed for the test, else in the Python that builds.

use std::collections::BTreeMap;

use super::plan::PackagePlan;
use super::{World, install};
use crate::event::{Message, Observer, Severity};
use crate::feed::{About, PythonProduct};
use crate::project::{self, Metadata};

/// The products of a package, in the order in which they are written.
pub(super) fn products(
    package: &PackagePlan,
    world: &World<'_>,
    observer: &dyn Observer,
) -> Vec<PythonProduct> {
    let own = package.project.metadata.webpi_eggs();
    let requirements: Vec<&str> =
        package.config.feed.eggs.iter().chain(own).map(|requirement| requirement.trim()).collect();
    if requirements.is_empty() {
        return Vec::new();
    }
    let known = installed(package, &requirements, world);
    requirements
        .into_iter()
        .map(|requirement| {
            let name = name_of(requirement);
            if !known.contains_key(name) {
                observer.event(crate::event::Event::Message(unknown(name, pinned(requirement))));
            }
            product(requirement, known.get(name))
        })
        .collect()
}

/// What the distributions say of themselves. A Python that does not answer knows nothing.
fn installed(package: &PackagePlan, requirements: &[&str], world: &World<'_>) -> BTreeMap<String, Metadata> {
    let application = install::find(package, world).ok().and_then(|installed| installed.bootstrap);
    let environment = application.map(|report| report.python).filter(|python| python.is_file());
    let builds = package.python.as_ref().map(|python| python.executable.clone());
    let mut known = BTreeMap::new();
    for python in [environment, builds].into_iter().flatten() {
        let missing: Vec<&str> = requirements
            .iter()
            .map(|requirement| name_of(requirement))
            .filter(|name| !known.contains_key(*name))
            .collect();
        if !missing.is_empty() {
            known.extend(project::installed(&python, &missing, world.runner).unwrap_or_default());
        }
    }
    known
}

fn product(requirement: &str, known: Option<&Metadata>) -> PythonProduct {
    let known = known.cloned().unwrap_or_default();
    let about = About {
        name: Some(known.name)
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| name_of(requirement).to_owned()),
        version: pinned(requirement).map_or(known.version, str::to_owned),
        summary: known.summary,
        description: known.long_description,
        url: known.url,
        author: known.author,
        keywords: known.keywords,
        ..About::default()
    };
    PythonProduct { about, discovery_file: None }
}

/// The name in a requirement (PEP 508): `virtualenv` of `virtualenv[x] >= 20; python_version > "3"`.
fn name_of(requirement: &str) -> &str {
    let end = requirement.find(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c)));
    &requirement[..end.unwrap_or(requirement.len())]
}

/// The version that a requirement allows alone.
fn pinned(requirement: &str) -> Option<&str> {
    let specifier = requirement.split(';').next().unwrap_or_default();
    let (_, version) = specifier.split_once("==")?;
    let version = version.trim_start_matches('=').trim();
    (!version.is_empty() && !version.contains(['*', ','])).then_some(version)
}

fn unknown(name: &str, version: Option<&str>) -> Message {
    let missing = if version.is_some() { "no summary" } else { "no version and no summary" };
    let text = format!("The feed's product `{name}` has {missing}: it is not installed here.");
    let hint = format!(
        "Install `{name}` into the Python that builds, or name it in the application's requirements."
    );
    Message::new(Severity::Warning, text).with_hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_give_name_and_pinned_version() {
        for (requirement, name, version) in [
            ("virtualenv", "virtualenv", None),
            ("virtualenv==20.1", "virtualenv", Some("20.1")),
            ("zope.interface === 5.0 ; python_version > '3.8'", "zope.interface", Some("5.0")),
            ("x[y] >= 1, < 2", "x", None),
            ("x ==1.*", "x", None),
            ("x >=1; platform_python_implementation == 'CPython'", "x", None),
        ] {
            assert_eq!((name_of(requirement), pinned(requirement)), (name, version), "{requirement}");
        }
    }

    #[test]
    fn a_pinned_version_stands_over_the_installed_one() {
        let known = Metadata {
            name: "VirtualEnv".into(),
            version: "21.0".into(),
            summary: Some("Environments".into()),
            url: Some("https://example.org/".into()),
            ..Metadata::default()
        };
        let about = product("virtualenv==20.1", Some(&known)).about;
        assert_eq!((about.name.as_str(), about.version.as_str()), ("VirtualEnv", "20.1"));
        assert_eq!(about.summary.as_deref(), Some("Environments"));
        let about = product("virtualenv", Some(&known)).about;
        assert_eq!(about.version, "21.0");
        let about = product("virtualenv", None).about;
        assert_eq!((about.name.as_str(), about.version.as_str()), ("virtualenv", ""));
    }
}
