//! Which sections an application's `web.config` may have.
//!
//! A section is defined in `<configSections>`, with `overrideModeDefault`; a `<location>` that has the section may set another
//! `overrideMode` for the whole server (`path=""`), a site or an application. The last one on the way down counts.

use super::{ApplicationHost, same};
use crate::iis::ApplicationPath;
use crate::xml::Element;

impl ApplicationHost {
    /// Whether a section, as `system.webServer/handlers`, is locked for an application. One that is not defined is not.
    pub fn is_locked(&self, section: &str, application: &ApplicationPath) -> bool {
        let steps: Vec<&str> = section.split('/').collect();
        let Some(definition) = self.definition(&steps) else { return false };
        let mut locked = definition.attribute("overrideModeDefault") == Some("Deny")
            || definition.attribute("allowDefinition") == Some("AppHostOnly");
        for (location, _) in self.locations(&steps, application) {
            match location.attribute("overrideMode").or(location.attribute("allowOverride")) {
                Some("Allow" | "true") => locked = false,
                Some("Deny" | "false") => locked = true,
                _ => {}
            }
        }
        locked
    }

    /// Whether the file defines a section, or a group of sections.
    pub fn defines(&self, section: &str) -> Defined {
        let steps: Vec<&str> = section.split('/').collect();
        if self.definition(&steps).is_some() {
            return Defined::Section;
        }
        if self.group(&steps).is_some() { Defined::Group } else { Defined::Not }
    }

    /// What the file says in a section for an application, the nearest last: first what holds for the whole server.
    pub fn sections(&self, section: &str, application: &ApplicationPath) -> Vec<Element<'_>> {
        let steps: Vec<&str> = section.split('/').collect();
        let root = self.document.root();
        let own = steps.iter().try_fold(root, |element, step| element.child(step));
        let nearer = self.locations(&steps, application).into_iter().map(|(_, section)| section);
        own.into_iter().chain(nearer).collect()
    }

    /// The locations that have a section and are the application's or above it, each with the section.
    fn locations(&self, steps: &[&str], application: &ApplicationPath) -> Vec<(Element<'_>, Element<'_>)> {
        let own = application.to_string();
        let mut found: Vec<_> = self
            .document
            .root()
            .children_named("location")
            .filter(|location| is_above(location.attribute("path").unwrap_or_default(), &own))
            .filter_map(|location| {
                let section = steps.iter().try_fold(location, |element, step| element.child(step))?;
                Some((location, section))
            })
            .collect();
        found.sort_by_key(|(location, _)| location.attribute("path").unwrap_or_default().len());
        found
    }

    fn group(&self, steps: &[&str]) -> Option<Element<'_>> {
        let sections = self.document.root().child("configSections")?;
        steps.iter().try_fold(sections, |element, step| {
            element.children_named("sectionGroup").find(|group| is_named(*group, step))
        })
    }

    pub(super) fn definition(&self, steps: &[&str]) -> Option<Element<'_>> {
        let (last, groups) = steps.split_last()?;
        self.group(groups)?.children_named("section").find(|section| is_named(*section, last))
    }
}

/// What the file defines under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Defined {
    /// A section.
    Section,
    /// A group of sections.
    Group,
    /// Nothing.
    Not,
}

fn is_named(element: Element<'_>, name: &str) -> bool {
    element.attribute("name").is_some_and(|known| same(known, name))
}

/// Whether a location is the server, or an application's site, or the application, or one above it.
fn is_above(location: &str, application: &str) -> bool {
    let location = location.trim_matches('/').to_lowercase();
    let application = application.to_lowercase();
    matches!(location.as_str(), "" | ".")
        || application.strip_prefix(&location).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locked(location: &str, section: &str) -> bool {
        let text = format!(
            "<configuration><configSections><sectionGroup name='system.webServer'>\
             <section name='handlers' overrideModeDefault='Deny'/><section name='open' overrideModeDefault='Allow'/>\
             <section name='fastCgi' allowDefinition='AppHostOnly'/></sectionGroup></configSections>{location}</configuration>"
        );
        ApplicationHost::parse(text).unwrap().is_locked(section, &"Default Web Site/a/b".parse().unwrap())
    }

    #[test]
    fn a_section_is_locked_by_its_definition() {
        assert!(locked("", "system.webServer/handlers") && locked("", "system.webServer/fastCgi"));
        assert!(!locked("", "system.webServer/open") && !locked("", "system.webServer/unknown"));
    }

    #[test]
    fn the_nearest_location_counts() {
        let location = |path: &str, mode: &str| {
            format!(
                "<location path='{path}' overrideMode='{mode}'><system.webServer><handlers/></system.webServer></location>"
            )
        };
        let section = "system.webServer/handlers";
        assert!(!locked(&location("", "Allow"), section));
        assert!(!locked(&location("default web site/a", "Allow"), section));
        assert!(locked(&location("Default Web Site/ab", "Allow"), section));
        assert!(locked(&(location("Default Web Site", "Deny") + &location("", "Allow")), section));
        let other = "<location path='' overrideMode='Allow'><system.webServer><modules/></system.webServer></location>";
        assert!(locked(other, section), "it unlocks only what it has");
    }
}
