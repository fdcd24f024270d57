//! The other way in which IIS runs a program: the module HttpPlatformHandler starts it and passes requests on by HTTP, to the
//! port that it tells in `HTTP_PLATFORM_PORT`.
//!
//! The section stands in the application's own `web.config`: nothing has to be registered in `applicationHost.config`. Source:
//! the HttpPlatformHandler configuration reference and `httpPlatform_schema.xml`.

use crate::xml::{Element, Writer};

use super::generate::write_process;
use super::{Application, Handler};

/// The IIS module.
pub const HTTP_PLATFORM_MODULE: &str = "httpPlatformHandler";

/// `system.webServer/httpPlatform`.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct HttpPlatform {
    /// The program, as written; the module expands variables in it.
    pub process_path: String,
    /// Its arguments, as written; the module expands variables in them.
    pub arguments: String,
    /// All other attributes, as written, in their order.
    pub attributes: Vec<(String, String)>,
    /// The variables that the process gets.
    pub environment: Vec<(String, String)>,
    /// The line in the file; 0 when it was not read.
    pub line: usize,
    /// The column there.
    pub column: usize,
}

impl HttpPlatform {
    /// A section that starts the program of an application with its arguments and variables.
    pub fn of(application: &Application) -> Self {
        Self {
            process_path: application.full_path.clone(),
            arguments: application.arguments.clone(),
            environment: application.environment.clone(),
            ..Self::default()
        }
    }

    pub(super) fn read(element: Element<'_>) -> Self {
        let value = |name| element.attribute_ignore_case(name).unwrap_or_default().to_owned();
        let (line, column) = element.position();
        Self {
            process_path: value("processPath"),
            arguments: value("arguments"),
            attributes: super::read::others(element, &["processPath", "arguments"]),
            environment: super::read::environment(element),
            line,
            column,
        }
    }
}

impl Handler {
    /// The handler that leads every request to the program of `httpPlatform`.
    pub fn of_http_platform(name: impl Into<String>) -> Self {
        let pairs = [("resourceType", "Unspecified"), ("requireAccess", "Script")];
        Self {
            name: name.into(),
            path: "*".into(),
            verb: "*".into(),
            modules: HTTP_PLATFORM_MODULE.into(),
            attributes: pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            ..Self::default()
        }
    }

    /// Whether it is handled by HttpPlatformHandler.
    pub fn is_http_platform(&self) -> bool {
        self.modules.split(',').any(|module| module.trim().eq_ignore_ascii_case(HTTP_PLATFORM_MODULE))
    }
}

/// `<httpPlatform …>` with its variables.
pub(super) fn write_http_platform(writer: &mut Writer, section: &HttpPlatform) {
    let mut attributes = vec![("processPath", section.process_path.as_str())];
    if !section.arguments.is_empty() {
        attributes.push(("arguments", &section.arguments));
    }
    attributes.extend(section.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    write_process(writer, "httpPlatform", &attributes, &section.environment);
}

#[cfg(test)]
mod tests {
    use super::super::{Description, Edit, WebConfig, generate};
    use super::*;

    fn section() -> HttpPlatform {
        let mut application = Application::new("%VENV_PYTHON%", "-m iiswsgi serve --http app:a");
        application.environment.push(("KEY".into(), "a & b".into()));
        let attributes = vec![("startupTimeLimit".to_owned(), "60".to_owned())];
        HttpPlatform { attributes, ..HttpPlatform::of(&application) }
    }

    fn unplaced(mut config: WebConfig) -> (Vec<HttpPlatform>, bool) {
        for section in &mut config.http_platform {
            (section.line, section.column) = (0, 0);
        }
        let leads = config.handlers.iter().any(Handler::is_http_platform);
        (config.http_platform, leads && config.applications.is_empty())
    }

    #[test]
    fn a_generated_file_is_read_again_as_it_was_meant() {
        let application = Application::new("unused", "");
        let description = Description { http_platform: Some(section()), ..Description::new(application) };
        let text = generate(&description).unwrap();
        let (config, findings) = WebConfig::parse(text.as_bytes()).unwrap();
        assert_eq!(unplaced(config), (vec![section()], true), "{text}");
        assert!(findings.is_empty(), "{findings:?}");
    }

    #[test]
    fn it_is_added_to_the_file_of_a_user_once() {
        let own = "<configuration>\n  <!-- mine -->\n  <system.webServer>\n  </system.webServer>\n</configuration>\n";
        let mut edit = Edit::new(own).unwrap();
        for _ in 0..2 {
            edit.set_http_platform(&section()).unwrap();
            edit.add_handler(&Handler::of_http_platform("iiswsgi")).unwrap();
        }
        assert_eq!(unplaced(edit.config()), (vec![section()], true));
        assert!(edit.finish().contains("<!-- mine -->"));
    }
}
