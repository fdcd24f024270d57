//! The `<fastCgi>` section: which programs IIS may start as FastCGI applications.

use std::fmt::Write as _;

use super::{ApplicationHost, Change, Error, same};
use crate::package::web_config;
use crate::process::command_line;
use crate::xml::{Editor, Element, escape_attribute};

/// A FastCGI application: `<fastCgi><application>` of the IIS schema.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FastCgiApplication {
    /// The program, as written; IIS expands environment variables in it.
    pub full_path: String,
    /// Its arguments, as written.
    pub arguments: String,
    /// All other attributes that are set, by name, in the order of the file.
    pub attributes: Vec<(String, String)>,
    /// The environment variables that the process gets.
    pub environment: Vec<(String, String)>,
}

impl From<web_config::Application> for FastCgiApplication {
    fn from(written: web_config::Application) -> Self {
        Self {
            full_path: written.full_path,
            arguments: written.arguments,
            attributes: written.attributes,
            environment: written.environment,
        }
    }
}

impl FastCgiApplication {
    /// Reads an `<application>` element of a `<fastCgi>` section.
    pub fn read(element: Element<'_>) -> Self {
        let value = |name| element.attribute_ignore_case(name).unwrap_or_default().to_owned();
        let is_key = |name: &str| ["fullPath", "arguments"].iter().any(|key| name.eq_ignore_ascii_case(key));
        Self {
            full_path: value("fullPath"),
            arguments: value("arguments"),
            attributes: element
                .attributes()
                .iter()
                .filter(|attribute| !is_key(&attribute.name))
                .map(|attribute| (attribute.name.clone(), attribute.value.clone()))
                .collect(),
            environment: element
                .children_named("environmentVariables")
                .flat_map(|variables| variables.children_named("environmentVariable"))
                .map(|variable| {
                    let value = |name| variable.attribute_ignore_case(name).unwrap_or_default().to_owned();
                    (value("name"), value("value"))
                })
                .collect(),
        }
    }

    /// The text that a handler's `scriptProcessor` must hold to mean this application.
    pub fn script_processor(&self) -> String {
        if self.arguments.is_empty() {
            self.full_path.clone()
        } else {
            format!("{}|{}", self.full_path, self.arguments)
        }
    }

    fn to_xml(&self) -> String {
        let mut xml = format!(
            "<application fullPath=\"{}\" arguments=\"{}\"",
            escape_attribute(&self.full_path),
            escape_attribute(&self.arguments)
        );
        for (name, value) in &self.attributes {
            let _ = write!(xml, " {name}=\"{}\"", escape_attribute(value));
        }
        if self.environment.is_empty() {
            return xml + " />";
        }
        format!("{xml}>\n    {}\n</application>", self.environment_xml().replace('\n', "\n    "))
    }

    fn environment_xml(&self) -> String {
        let mut xml = String::from("<environmentVariables>\n");
        for (name, value) in &self.environment {
            let _ = writeln!(
                xml,
                "    <environmentVariable name=\"{}\" value=\"{}\" />",
                escape_attribute(name),
                escape_attribute(value)
            );
        }
        xml + "</environmentVariables>"
    }
}

/// Whether two FastCGI applications have the same key for IIS: program and arguments without regard to case, kinds of
/// slash, doubled slashes and quotes that change nothing.
pub fn same_application(one: &FastCgiApplication, other: &FastCgiApplication) -> bool {
    normal_path(&one.full_path) == normal_path(&other.full_path)
        && normal_arguments(&one.arguments) == normal_arguments(&other.arguments)
}

fn normal_path(path: &str) -> String {
    let path = path.trim().trim_matches('"');
    let mut normal = String::with_capacity(path.len());
    for (index, character) in path.chars().enumerate() {
        let character = if character == '/' { '\\' } else { character };
        // The two at the front are those of a network path.
        if character == '\\' && index > 1 && normal.ends_with('\\') {
            continue;
        }
        normal.extend(character.to_lowercase());
    }
    normal
}

fn normal_arguments(arguments: &str) -> Vec<String> {
    command_line::split_arguments(arguments).iter().map(|argument| normal_path(argument)).collect()
}

impl ApplicationHost {
    /// All FastCGI applications, in the order of the file.
    pub fn fastcgi_applications(&self) -> Vec<FastCgiApplication> {
        self.fastcgi_elements().map(FastCgiApplication::read).collect()
    }

    /// Adds a FastCGI application or gives the one that is there exactly these attributes and variables. Further
    /// entries with the same key, which IIS itself would refuse, are removed.
    ///
    /// # Errors
    /// There is no `system.webServer` section to add it to.
    pub fn set_fastcgi_application(&mut self, wanted: &FastCgiApplication) -> Result<Change, Error> {
        let there: Vec<_> = self
            .fastcgi_elements()
            .filter(|element| same_application(&FastCgiApplication::read(*element), wanted))
            .collect();
        let mut editor = Editor::new(&self.document);
        let change = if let Some((first, further)) = there.split_first() {
            update(&mut editor, *first, wanted);
            for element in further {
                editor.remove(*element);
            }
            if editor.is_empty() { Change::Unchanged } else { Change::Updated }
        } else {
            let server =
                self.document.root().child("system.webServer").ok_or(Error::NoSection("system.webServer"))?;
            if let Some(section) = server.child("fastCgi") {
                editor.append_child(section, &wanted.to_xml());
            } else {
                let xml = wanted.to_xml().replace('\n', "\n    ");
                editor.append_child(server, &format!("<fastCgi>\n    {xml}\n</fastCgi>"));
            }
            Change::Added
        };
        let text = editor.finish();
        self.replace(text, change)
    }

    /// Removes a FastCGI application, all entries of it.
    ///
    /// # Errors
    /// The text would no longer be well-formed.
    pub fn remove_fastcgi_application(&mut self, unwanted: &FastCgiApplication) -> Result<Change, Error> {
        let mut editor = Editor::new(&self.document);
        for element in self.fastcgi_elements() {
            if same_application(&FastCgiApplication::read(element), unwanted) {
                editor.remove(element);
            }
        }
        let change = if editor.is_empty() { Change::Unchanged } else { Change::Removed };
        let text = editor.finish();
        self.replace(text, change)
    }

    /// The file that the section stands in, when that is another.
    pub fn fastcgi_source(&self) -> Option<&str> {
        self.document.root().child("system.webServer")?.child("fastCgi")?.attribute("configSource")
    }

    /// The section stands in the file itself or in a `<location>` for the whole server.
    fn fastcgi_elements(&self) -> impl Iterator<Item = Element<'_>> {
        let root = self.document.root();
        let whole = |location: &Element<'_>| matches!(location.attribute("path"), None | Some("" | "."));
        std::iter::once(root)
            .chain(root.children_named("location").filter(whole))
            .flat_map(|part| part.children_named("system.webServer"))
            .flat_map(|server| server.children_named("fastCgi"))
            .flat_map(|section| section.children_named("application"))
    }
}

/// Gives an element exactly the wanted attributes and variables, and leaves its text alone where it has them.
fn update<'d>(editor: &mut Editor<'d>, element: Element<'d>, wanted: &FastCgiApplication) {
    let is_now = FastCgiApplication::read(element);
    editor.set_attribute(element, "fullPath", &wanted.full_path);
    editor.set_attribute(element, "arguments", &wanted.arguments);
    for (name, _) in &is_now.attributes {
        if !wanted.attributes.iter().any(|(wanted, _)| same(wanted, name)) {
            editor.remove_attribute(element, name);
        }
    }
    for (name, value) in &wanted.attributes {
        editor.set_attribute(element, name, value);
    }
    if is_now.environment == wanted.environment {
        return;
    }
    let mut lists = element.children_named("environmentVariables");
    match (lists.next(), wanted.environment.is_empty()) {
        (Some(list), true) => editor.remove(list),
        (Some(list), false) => {
            let indentation = editor_indentation(list);
            editor.replace(list.span(), wanted.environment_xml().replace('\n', &indentation));
        }
        (None, _) => editor.append_child(element, &wanted.environment_xml()),
    }
    lists.for_each(|further| editor.remove(further));
}

/// The line break and the blanks that stand before an element.
fn editor_indentation(element: Element<'_>) -> String {
    let before = &element.document().text()[..element.span().start];
    let line = &before[before.trim_end_matches([' ', '\t']).len()..];
    let newline = if before.contains("\r\n") { "\r\n" } else { "\n" };
    format!("{newline}{line}")
}
