//! applicationHost.config, as far as the stand-in knows it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use iiswsgi::iis::application_host::ApplicationHost;
use iiswsgi::package::web_config::check_attribute;
use iiswsgi::xml::{Document, Editor, Element, escape_attribute};

use super::indexer::{Edit, Operation};
use super::{Refusal, refusal};

/// The configuration with its text as edited so far.
pub(super) struct Configuration {
    path: PathBuf,
    document: Document,
}

const DUPLICATE: i32 = 183;

impl Configuration {
    pub(super) fn open(path: &Path) -> Result<Self, Refusal> {
        let broken = |line: usize, description: String| Refusal {
            message: format!(
                "message:Configuration error\nFilename: \\\\?\\{}\nLine Number: {line}\nDescription: {description}\n.",
                path.display()
            ),
            code: 13,
        };
        let text = std::fs::read_to_string(path)
            .map_err(|error| broken(0, format!("Cannot read configuration file: {error}")))?;
        let document = Document::parse(text)
            .map_err(|error| broken(error.line, "Configuration file is not well-formed XML".into()))?;
        Ok(Self { path: path.to_owned(), document })
    }

    pub(super) fn save(&self) -> Result<(), Refusal> {
        match std::fs::write(&self.path, self.document.text()) {
            Ok(()) => Ok(()),
            Err(_) => refusal(
                5,
                "hresult:80070005, message:Failed to commit configuration changes.\nAccess is denied.\n",
            ),
        }
    }

    fn replace(&mut self, text: String) -> Result<(), Refusal> {
        match Document::parse(text) {
            Ok(document) => {
                self.document = document;
                Ok(())
            }
            Err(error) => {
                refusal(13, format!("message:the stand-in made a file that is not well-formed: {error}"))
            }
        }
    }

    fn section(&self, name: &str) -> Result<Element<'_>, Refusal> {
        let known = [
            "system.webServer/fastCgi",
            "system.applicationHost/sites",
            "system.applicationHost/applicationPools",
        ];
        if !known.contains(&name) {
            return refusal(
                87,
                format!("message:Unknown config section \"{name}\".  Replace with -? for help."),
            );
        }
        let found = name.split('/').try_fold(self.document.root(), Element::child);
        found.ok_or_else(|| Refusal { message: format!("message:no section {name} in the file"), code: 13 })
    }

    /// `list config /xml`.
    pub(super) fn list(&self, name: &str) -> Result<String, Refusal> {
        let section = self.section(name)?;
        let content = section.content_span().map_or("", |span| &self.document.text()[span]);
        let element = name.replace('/', "-");
        Ok(format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<appcmd>\n    <CONFIG CONFIG.SECTION=\"{name}\" \
             path=\"MACHINE/WEBROOT/APPHOST\" overrideMode=\"Inherit\" locked=\"false\">\n<{element}>{content}</{element}>\n    </CONFIG>\n</appcmd>\n"
        ))
    }

    fn definition(&self, name: &str) -> Option<Element<'_>> {
        let sections = self.document.root().child("configSections")?;
        let mut steps = name.split('/').collect::<Vec<_>>();
        let last = steps.pop()?;
        let group = steps.into_iter().try_fold(sections, |element, step| {
            element.children_named("sectionGroup").find(|group| group.attribute("name") == Some(step))
        })?;
        group.children_named("section").find(|section| section.attribute("name") == Some(last))
    }

    /// What is not committed to the whole server needs a section that is not locked.
    pub(super) fn refuse_if_locked(&self, name: &str) -> Result<(), Refusal> {
        let locked =
            self.definition(name).is_some_and(|found| found.attribute("overrideModeDefault") == Some("Deny"));
        if !locked {
            return Ok(());
        }
        refusal(
            33,
            "hresult:80070021, message:Failed to commit configuration changes.\nThis configuration section cannot be used at this \
             path. This happens when the section is locked at a parent level. Locking is either by default \
             (overrideModeDefault=\"Deny\"), or set explicitly by a location tag with overrideMode=\"Deny\" or the legacy \
             allowOverride=\"false\".\n",
        )
    }

    pub(super) fn unlock(&mut self, name: &str) -> Result<(), Refusal> {
        let Some(definition) = self.definition(name) else {
            return refusal(
                87,
                format!("message:Unknown config section \"{name}\".  Replace with -? for help."),
            );
        };
        let mut editor = Editor::new(&self.document);
        editor.set_attribute(definition, "overrideModeDefault", "Allow");
        let text = editor.finish();
        self.replace(text)
    }

    /// One edit of `set config`.
    pub(super) fn edit(&mut self, section: &str, text: &str) -> Result<(), Refusal> {
        let edit = Edit::read(text)?;
        if section != "system.webServer/fastCgi" {
            return refusal(87, format!("message:this stand-in edits no section {section}"));
        }
        let element = self.section(section)?;
        let found =
            element.children_named("application").find(|application| matches(*application, &edit.element));
        let mut editor = Editor::new(&self.document);
        match (edit.operation, found, &edit.below) {
            (Operation::Add, _, None) => {
                let key = |pairs: &[(String, String)]| {
                    ["fullPath", "arguments"].map(|key| value(pairs, key).to_lowercase())
                };
                let there = element.children_named("application").any(|known| {
                    ["fullPath", "arguments"]
                        .map(|name| known.attribute(name).unwrap_or_default().to_lowercase())
                        == key(&edit.element)
                });
                if there {
                    return refusal(
                        DUPLICATE,
                        format!(
                            "message:New application object missing required attributes. Cannot add duplicate collection entry of \
                             type 'application' with combined key attributes 'fullPath, arguments' respectively set to '{}, {}'\n",
                            value(&edit.element, "fullPath"),
                            value(&edit.element, "arguments")
                        ),
                    );
                }
                editor.append_child(element, &xml("application", &edit.element)?);
            }
            (_, None, _) => return refusal(1168, "message:Cannot find requested collection element."),
            (Operation::Remove, Some(application), None) => editor.remove(application),
            (Operation::Set, Some(application), _) => {
                let (name, value) = edit.attribute.unwrap_or_default();
                check(&name, &value)?;
                editor.set_attribute(application, &name, &value);
            }
            (operation, Some(application), Some((list, pairs))) => {
                variable(&mut editor, operation, application, list, pairs)?;
            }
        }
        let text = editor.finish();
        self.replace(text)
    }

    pub(super) fn add_application(
        &mut self,
        site: &str,
        path: &str,
        folder: &str,
        pool: Option<&str>,
    ) -> Result<(), Refusal> {
        self.with_host(&format!("{site}{path}"), |host, application| {
            if host.application(application).is_some() {
                return refusal(
                    DUPLICATE,
                    format!("message:Failed to add duplicate collection element \"{path}\"."),
                );
            }
            host.set_application(application, folder, pool).map_err(no_site)?;
            Ok(())
        })
    }

    pub(super) fn set_directory(&mut self, name: &str, folder: &str) -> Result<(), Refusal> {
        self.with_host(name, |host, application| {
            if host.application(application).is_none() {
                return refusal(50, format!("message:Cannot find VDIR object with identifier \"{name}\"."));
            }
            host.set_application(application, folder, None).map_err(no_site)?;
            Ok(())
        })
    }

    pub(super) fn delete_application(&mut self, name: &str) -> Result<(), Refusal> {
        self.with_host(name, |host, application| {
            if host.application(application).is_none() {
                return refusal(50, format!("message:Cannot find APP object with identifier \"{name}\"."));
            }
            host.remove_application(application).map_err(no_site)?;
            Ok(())
        })
    }

    fn with_host(
        &mut self,
        name: &str,
        change: impl FnOnce(&mut ApplicationHost, &iiswsgi::iis::ApplicationPath) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let wrong = |error: String| Refusal { message: format!("message:{error}"), code: 87 };
        let mut host =
            ApplicationHost::parse(self.document.text()).map_err(|error| wrong(error.to_string()))?;
        let application =
            name.parse().map_err(|error: iiswsgi::iis::InvalidApplicationPath| wrong(error.to_string()))?;
        change(&mut host, &application)?;
        self.replace(host.text().to_owned())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the form that `map_err` takes")]
fn no_site(error: iiswsgi::iis::application_host::Error) -> Refusal {
    Refusal { message: format!("message:Cannot find SITE object: {error}"), code: 50 }
}

fn variable<'d>(
    editor: &mut Editor<'d>,
    operation: Operation,
    application: Element<'d>,
    list: &str,
    pairs: &[(String, String)],
) -> Result<(), Refusal> {
    if list != "environmentVariables" {
        return refusal(87, format!("message:Unknown attribute \"{list}\".  Replace with -? for help."));
    }
    let variables = application.child("environmentVariables");
    let found = variables.and_then(|variables| {
        let name = value(pairs, "name").to_lowercase();
        variables
            .children_named("environmentVariable")
            .find(|known| known.attribute("name").unwrap_or_default().to_lowercase() == name)
    });
    match (operation, found, variables) {
        (Operation::Add, Some(_), _) => {
            return refusal(
                DUPLICATE,
                format!(
                    "message:New environmentVariable object missing required attributes. Cannot add duplicate collection entry of type \
                     'environmentVariable' with unique key attribute 'name' set to '{}'\n",
                    value(pairs, "name")
                ),
            );
        }
        (Operation::Add, None, Some(variables)) => {
            editor.append_child(variables, &xml("environmentVariable", pairs)?);
        }
        (Operation::Add, None, None) => {
            let inner = xml("environmentVariable", pairs)?;
            editor.append_child(
                application,
                &format!("<environmentVariables>\n    {inner}\n</environmentVariables>"),
            );
        }
        (_, Some(found), _) => editor.remove(found),
        (_, None, _) => return refusal(1168, "message:Cannot find requested collection element."),
    }
    Ok(())
}

fn value<'p>(pairs: &'p [(String, String)], name: &str) -> &'p str {
    pairs.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

/// An indexer finds the element that has all its values; IIS compares them without regard to case.
fn matches(element: Element<'_>, pairs: &[(String, String)]) -> bool {
    pairs.iter().all(|(name, value)| {
        element.attribute(name).unwrap_or_default().to_lowercase() == value.to_lowercase()
    })
}

fn check(name: &str, value: &str) -> Result<(), Refusal> {
    match check_attribute(name, value) {
        Ok(()) => Ok(()),
        Err(fault) => refusal(87, format!("message:Unknown attribute \"{name}\" or value.. Reason: {fault}")),
    }
}

fn xml(name: &str, pairs: &[(String, String)]) -> Result<String, Refusal> {
    let mut text = format!("<{name}");
    for (attribute, value) in pairs {
        if name == "application" {
            check(attribute, value)?;
        } else if !["name", "value"].contains(&attribute.as_str()) {
            return refusal(
                87,
                format!("message:Unknown attribute \"{attribute}\".  Replace with -? for help."),
            );
        }
        let _ = write!(text, " {attribute}=\"{}\"", escape_attribute(value));
    }
    Ok(text + " />")
}
