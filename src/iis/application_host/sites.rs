//! Edits of a site beside its applications: its bindings and virtual directories, and those that make a configuration of one's
//! own from a template.

use super::{ApplicationHost, Change, Error, application_element, set_virtual_directory};
use crate::iis::ApplicationPath;
use crate::xml::{Editor, escape_attribute};

impl ApplicationHost {
    /// Removes all sites and adds one on a folder.
    ///
    /// # Errors
    /// There is no section for sites.
    pub fn keep_one_site(&mut self, name: &str, folder: &str) -> Result<Change, Error> {
        let mut editor = Editor::new(&self.document);
        for site in self.site_elements() {
            editor.remove(site);
        }
        let text = editor.finish();
        self.replace(text, Change::Removed)?;
        self.add_site(name, folder)
    }

    /// Adds a virtual directory to an application or changes its folder. `path` is below the application, as `/media`. An
    /// application that is not there gets none.
    ///
    /// # Errors
    /// The site is not there.
    pub fn set_virtual_directory(
        &mut self,
        application: &ApplicationPath,
        path: &str,
        folder: &str,
    ) -> Result<Change, Error> {
        let site = self.site_element(application.site())?;
        let Some(application) = application_element(site, application.path()) else {
            return Ok(Change::Unchanged);
        };
        let mut editor = Editor::new(&self.document);
        let change = set_virtual_directory(&mut editor, application, path, folder);
        let text = editor.finish();
        self.replace(text, change)
    }

    /// Gives a site one HTTP binding, as `*:8080:localhost`, in the place of those that it has.
    ///
    /// # Errors
    /// The site is not there.
    pub fn set_binding(&mut self, site: &str, information: &str) -> Result<Change, Error> {
        let element = self.site_element(site)?;
        let xml = format!(
            "<bindings>\n    <binding protocol=\"http\" bindingInformation=\"{}\" />\n</bindings>",
            escape_attribute(information)
        );
        let mut editor = Editor::new(&self.document);
        match element.child("bindings") {
            Some(bindings) => editor.replace(bindings.span(), xml),
            None => editor.append_child(element, &xml),
        }
        let text = editor.finish();
        self.replace(text, Change::Updated)
    }

    /// Changes one HTTP binding of a site, `*:80:` to `*:8080:localhost`, and leaves its others alone.
    ///
    /// # Errors
    /// The site is not there.
    pub fn replace_binding(&mut self, site: &str, old: &str, new: &str) -> Result<Change, Error> {
        let element = self.site_element(site)?;
        let bindings =
            element.children_named("bindings").flat_map(|bindings| bindings.children_named("binding"));
        let mut editor = Editor::new(&self.document);
        for binding in bindings.filter(|binding| binding.attribute("bindingInformation") == Some(old)) {
            editor.set_attribute(binding, "bindingInformation", new);
        }
        let change = if editor.is_empty() { Change::Unchanged } else { Change::Updated };
        let text = editor.finish();
        self.replace(text, change)
    }

    /// The HTTP bindings of a site, as `*:80:`.
    pub fn bindings(&self, site: &str) -> Vec<String> {
        let Ok(element) = self.site_element(site) else { return Vec::new() };
        let bindings =
            element.children_named("bindings").flat_map(|bindings| bindings.children_named("binding"));
        bindings
            .filter(|binding| binding.attribute("protocol").is_none_or(|protocol| protocol == "http"))
            .filter_map(|binding| binding.attribute("bindingInformation").map(str::to_owned))
            .collect()
    }

    /// Lets every `web.config` have a section. One that is not defined, or not locked, stays as it is.
    ///
    /// # Errors
    /// The text would no longer be well-formed.
    pub fn unlock(&mut self, section: &str) -> Result<Change, Error> {
        let steps: Vec<&str> = section.split('/').collect();
        let locked =
            self.definition(&steps).filter(|found| found.attribute("overrideModeDefault") == Some("Deny"));
        let Some(definition) = locked else { return Ok(Change::Unchanged) };
        let mut editor = Editor::new(&self.document);
        editor.set_attribute(definition, "overrideModeDefault", "Allow");
        let text = editor.finish();
        self.replace(text, Change::Updated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_becomes_a_configuration_of_ones_own() {
        let mut host = ApplicationHost::new("/srv/one");
        host.add_site("Two", "/srv/two").unwrap();
        host.keep_one_site("Mine", "/srv/mine").unwrap();
        assert_eq!(host.sites().into_iter().map(|site| site.name).collect::<Vec<_>>(), ["Mine"]);
        host.set_binding("mine", "*:8080:localhost").unwrap();
        assert_eq!(host.bindings("Mine"), ["*:8080:localhost"]);
        let application = "Mine/a".parse().unwrap();
        let section = "system.webServer/modules";
        host.unlock(section).unwrap();
        assert!(!host.is_locked(section, &application));
        assert_eq!(host.unlock(section).unwrap(), Change::Unchanged);
    }
}
