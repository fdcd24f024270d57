//! Changes to a user's `web.config` that keep comments, blanks and everything else as it is.

use crate::xml::{Document, Editor, Element, NodeId, Writer, escape_attribute};

use super::generate::{write_application, write_handler};
use super::http_platform::write_http_platform;
use super::read::parent_is;
use super::{Application, Error, Handler, HttpPlatform, WebConfig, check_attribute};

/// The text of a `web.config` while it is changed. Every change leaves a well-formed file.
#[derive(Debug, Clone)]
pub struct Edit {
    document: Document,
}

impl Edit {
    /// Begins with a file's text.
    ///
    /// # Errors
    /// It is not well-formed, or no `web.config`.
    pub fn new(text: impl Into<String>) -> Result<Self, Error> {
        let document = Document::parse(text)?;
        super::read::read(&document)?;
        Ok(Self { document })
    }

    /// What the file says now.
    pub fn config(&self) -> WebConfig {
        // It was read once, and no change touches the root element, the only thing that can be refused.
        super::read::read(&self.document).unwrap_or_default()
    }

    /// The text as it is now.
    pub fn finish(self) -> String {
        self.document.text().to_owned()
    }

    /// Sets an attribute of the application with this program and these arguments. When it is one of the two, the
    /// handlers that lead to the application follow.
    ///
    /// # Errors
    /// There is no such application, IIS has no such attribute, or the value is out of its range.
    pub fn set_attribute(&mut self, key: (&str, &str), name: &str, value: &str) -> Result<(), Error> {
        check_attribute(name, value)?;
        let before = self.application(key)?;
        let mut after = Application::new(key.0, key.1);
        match name {
            "fullPath" => value.clone_into(&mut after.full_path),
            "arguments" => value.clone_into(&mut after.arguments),
            _ => {}
        }
        if after.full_path.trim().is_empty() || after.full_path.contains('|') {
            return Err(Error::FullPath { full_path: after.full_path });
        }
        let was = Application::new(key.0, key.1);
        self.change(|document, editor| {
            if let Some(element) = document.element(before) {
                editor.set_attribute(element, name, value);
            }
            if after == was {
                return;
            }
            for handler in handlers(document) {
                let script_processor = handler.attribute_ignore_case("scriptProcessor").unwrap_or_default();
                if was.is_led_to_by(script_processor) {
                    editor.set_attribute(handler, "scriptProcessor", &after.script_processor());
                }
            }
        })
    }

    /// Sets a variable of the application with this program and these arguments.
    ///
    /// # Errors
    /// There is no such application.
    pub fn set_environment_variable(
        &mut self,
        key: (&str, &str),
        name: &str,
        value: &str,
    ) -> Result<(), Error> {
        let application = self.application(key)?;
        self.change(|document, editor| {
            let Some(application) = document.element(application) else { return };
            let known = application.children_named("environmentVariables").flat_map(Element::children).find(
                |known| {
                    known.attribute_ignore_case("name").is_some_and(|other| other.eq_ignore_ascii_case(name))
                },
            );
            let xml = format!(
                "<environmentVariable name=\"{}\" value=\"{}\" />",
                escape_attribute(name),
                escape_attribute(value)
            );
            match (known, application.child("environmentVariables")) {
                (Some(known), _) => editor.set_attribute(known, "value", value),
                (None, Some(list)) => editor.append_child(list, &xml),
                (None, None) => editor.append_child(
                    application,
                    &format!("<environmentVariables>\n  {xml}\n</environmentVariables>"),
                ),
            }
        })
    }

    /// Adds an application, or sets the attributes and variables of the one with the same program and arguments.
    ///
    /// # Errors
    /// `fullPath` is empty or holds a `|`, an attribute is unknown, or its value out of range.
    pub fn add_application(&mut self, application: &Application) -> Result<(), Error> {
        if application.full_path.trim().is_empty() || application.full_path.contains('|') {
            return Err(Error::FullPath { full_path: application.full_path.clone() });
        }
        for (name, value) in &application.attributes {
            check_attribute(name, value)?;
        }
        let key = (application.full_path.as_str(), application.arguments.as_str());
        if self.application(key).is_ok() {
            for (name, value) in &application.attributes {
                self.set_attribute(key, name, value)?;
            }
            for (name, value) in &application.environment {
                self.set_environment_variable(key, name, value)?;
            }
            return Ok(());
        }
        let mut writer = Writer::fragment();
        write_application(&mut writer, application);
        self.append("fastCgi", &writer.finish())
    }

    /// Adds a handler, or puts it in the place of the one with the same name.
    ///
    /// # Errors
    /// The text cannot be read after the change, which is a fault of ours.
    pub fn add_handler(&mut self, handler: &Handler) -> Result<(), Error> {
        let mut writer = Writer::fragment();
        write_handler(&mut writer, handler);
        let xml = writer.finish();
        let known = handlers(&self.document)
            .find(|known| {
                known
                    .attribute_ignore_case("name")
                    .is_some_and(|name| name.eq_ignore_ascii_case(&handler.name))
            })
            .map(Element::id);
        match known {
            Some(known) => self.change(|document, editor| {
                if let Some(known) = document.element(known) {
                    editor.replace(known.span(), xml.trim_end().to_owned());
                }
            }),
            None => self.append("handlers", &xml),
        }
    }

    /// Adds the section of HttpPlatformHandler, or puts it in the place of the one that is there.
    ///
    /// # Errors
    /// The text cannot be read after the change, which is a fault of ours.
    pub fn set_http_platform(&mut self, section: &HttpPlatform) -> Result<(), Error> {
        let mut writer = Writer::fragment();
        write_http_platform(&mut writer, section);
        let xml = writer.finish();
        let xml = xml.trim_end();
        self.change(|document, editor| {
            let root = document.root();
            let server = root.child("system.webServer");
            match (server.and_then(|server| server.child("httpPlatform")), server) {
                (Some(known), _) => editor.replace(known.span(), xml.to_owned()),
                (None, Some(server)) => editor.append_child(server, xml),
                (None, None) => {
                    editor.append_child(root, &format!("<system.webServer>\n  {xml}\n</system.webServer>"));
                }
            }
        })
    }

    /// Appends to a section of `system.webServer`, which is made when it is not there.
    fn append(&mut self, section: &str, xml: &str) -> Result<(), Error> {
        self.change(|document, editor| {
            let root = document.root();
            let server = root.child("system.webServer");
            let around = |name: &str, inner: &str| {
                let inner: String = inner.lines().fold(String::new(), |all, line| all + "  " + line + "\n");
                format!("<{name}>\n{inner}</{name}>")
            };
            let sections = server.into_iter().flat_map(|server| server.children_named(section));
            match (sections.last(), server) {
                (Some(section), _) => editor.append_child(section, xml),
                (None, Some(server)) => editor.append_child(server, &around(section, xml)),
                (None, None) => editor.append_child(root, &around("system.webServer", &around(section, xml))),
            }
        })
    }

    /// The element of the application with this program and these arguments, upper and lower case alike.
    fn application(&self, key: (&str, &str)) -> Result<NodeId, Error> {
        let wanted = Application::new(key.0, key.1);
        self.document
            .root()
            .descendants()
            .filter(|element| element.is("application") && parent_is(*element, "fastCgi"))
            .find(|element| {
                let value = |name| element.attribute_ignore_case(name).unwrap_or_default();
                wanted
                    .is_led_to_by(&Application::new(value("fullPath"), value("arguments")).script_processor())
            })
            .map(Element::id)
            .ok_or_else(|| Error::NoApplication { script_processor: wanted.script_processor() })
    }

    fn change(&mut self, change: impl for<'d> FnOnce(&'d Document, &mut Editor<'d>)) -> Result<(), Error> {
        let mut editor = Editor::new(&self.document);
        change(&self.document, &mut editor);
        let text = editor.finish();
        self.document = Document::parse(text)?;
        Ok(())
    }
}

fn handlers(document: &Document) -> impl Iterator<Item = Element<'_>> {
    document.root().descendants().filter(|element| element.is("add") && parent_is(*element, "handlers"))
}
