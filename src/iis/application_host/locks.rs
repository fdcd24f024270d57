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
        let own = application.to_string();
        let mut locations: Vec<Element<'_>> = self
            .document
            .root()
            .children_named("location")
            .filter(|location| is_above(location.attribute("path").unwrap_or_default(), &own))
            .filter(|location| {
                steps.iter().try_fold(*location, |element, step| element.child(step)).is_some()
            })
            .collect();
        locations.sort_by_key(|location| location.attribute("path").unwrap_or_default().len());
        for location in locations {
            match location.attribute("overrideMode").or(location.attribute("allowOverride")) {
                Some("Allow" | "true") => locked = false,
                Some("Deny" | "false") => locked = true,
                _ => {}
            }
        }
        locked
    }

    pub(super) fn definition(&self, steps: &[&str]) -> Option<Element<'_>> {
        let (last, groups) = steps.split_last()?;
        let named = |element: Element<'_>, name: &str| {
            element.attribute("name").is_some_and(|known| same(known, name))
        };
        let sections = self.document.root().child("configSections")?;
        let group = groups.iter().try_fold(sections, |element, step| {
            element.children_named("sectionGroup").find(|group| named(*group, step))
        })?;
        group.children_named("section").find(|section| named(*section, last))
    }
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
