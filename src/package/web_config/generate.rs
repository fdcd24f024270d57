//! A new `web.config`, or its template, for one application.

use crate::xml::Writer;

use super::http_platform::write_http_platform;
use super::{Application, Error, Handler, HttpPlatform, check_attribute};

/// What a `web.config` is made of. Texts go in as they are: in a template, `%NAME%` is filled in on the server and a
/// percent sign is written `%%`.
#[derive(Debug, Clone)]
pub struct Description {
    /// The FastCGI application.
    pub application: Application,
    /// Run it by HttpPlatformHandler in this way, not by FastCGI.
    pub http_platform: Option<HttpPlatform>,
    /// The name of its handler.
    pub handler: String,
    /// How many bytes of a response IIS holds back before it sends; 0 sends at once.
    pub response_buffer_limit: u32,
    /// Whether URLs with a doubly escaped character reach the application, as `%252F`; IIS refuses them otherwise.
    pub allow_double_escaping: bool,
    /// The greatest request body, in bytes; IIS takes 30,000,000 when it is not said.
    pub max_content_length: Option<u32>,
}

impl Description {
    /// A description with nothing but the application.
    pub fn new(application: Application) -> Self {
        Self {
            application,
            http_platform: None,
            handler: "iiswsgi".to_owned(),
            response_buffer_limit: 0,
            allow_double_escaping: false,
            max_content_length: None,
        }
    }
}

/// Writes the file: the same description always gives the same text.
///
/// # Errors
/// `fullPath` is empty or holds a `|`, an attribute is unknown, or its value out of range.
pub fn generate(description: &Description) -> Result<String, Error> {
    if let Some(section) = &description.http_platform {
        return Ok(generate_http_platform(description, section));
    }
    let application = &description.application;
    if application.full_path.trim().is_empty() || application.full_path.contains('|') {
        return Err(Error::FullPath { full_path: application.full_path.clone() });
    }
    for (name, value) in &application.attributes {
        // A value with a variable is checked when it is filled in.
        if value.contains('%') {
            check_attribute(name, value).or_else(unless_value)?;
        } else {
            check_attribute(name, value)?;
        }
    }
    let mut writer = Writer::new();
    writer.open("configuration", &[]).open("system.webServer", &[]);
    writer
        .comment(
            "The process that runs the application. IIS takes this section from applicationHost.config only:",
        )
        .comment("the bootstrap copies it there when the package is installed, and again when it runs again.")
        .open("fastCgi", &[]);
    write_application(&mut writer, application);
    writer.close();
    writer
        .comment("Every request goes to that process: scriptProcessor is its fullPath|arguments.")
        .comment("Where IIS says 500.19 here, run: appcmd unlock config -section:system.webServer/handlers")
        .open("handlers", &[]);
    let mut handler = Handler::new(description.handler.as_str(), application);
    for (name, value) in &mut handler.attributes {
        if name == "responseBufferLimit" {
            *value = description.response_buffer_limit.to_string();
        }
    }
    write_handler(&mut writer, &handler);
    writer.close();
    write_request_filtering(&mut writer, description);
    Ok(writer.finish())
}

fn generate_http_platform(description: &Description, section: &HttpPlatform) -> String {
    let mut writer = Writer::new();
    writer
        .open("configuration", &[])
        .open("system.webServer", &[])
        .comment("Every request goes to the program below. The module HttpPlatformHandler must be installed in IIS.")
        .comment("Where IIS says 500.19 here, run: appcmd unlock config -section:system.webServer/handlers")
        .open("handlers", &[]);
    write_handler(&mut writer, &Handler::of_http_platform(description.handler.as_str()));
    writer.close().comment("The program listens on the port that the module tells in HTTP_PLATFORM_PORT.");
    write_http_platform(&mut writer, section);
    write_request_filtering(&mut writer, description);
    writer.finish()
}

/// Keeps a fault of a name only.
fn unless_value(fault: super::AttributeFault) -> Result<(), super::AttributeFault> {
    if matches!(fault, super::AttributeFault::Value { .. }) { Ok(()) } else { Err(fault) }
}

fn write_request_filtering(writer: &mut Writer, description: &Description) {
    if !description.allow_double_escaping && description.max_content_length.is_none() {
        return;
    }
    writer.comment("What IIS refuses before the application sees it.").open("security", &[]).open(
        "requestFiltering",
        if description.allow_double_escaping { &[("allowDoubleEscaping", "true")] } else { &[] },
    );
    if let Some(length) = description.max_content_length {
        writer.empty("requestLimits", &[("maxAllowedContentLength", &length.to_string())]);
    }
    writer.close().close();
}

/// `<application …>` with its variables.
pub(super) fn write_application(writer: &mut Writer, application: &Application) {
    let mut attributes = vec![("fullPath", application.full_path.as_str())];
    if !application.arguments.is_empty() {
        attributes.push(("arguments", &application.arguments));
    }
    attributes.extend(application.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    write_process(writer, "application", &attributes, &application.environment);
}

/// An element that stands for a process, with the variables that it gets.
pub(super) fn write_process(
    writer: &mut Writer,
    element: &str,
    attributes: &[(&str, &str)],
    environment: &[(String, String)],
) {
    if environment.is_empty() {
        writer.empty(element, attributes);
        return;
    }
    writer.open(element, attributes).open("environmentVariables", &[]);
    for (name, value) in environment {
        writer.empty("environmentVariable", &[("name", name), ("value", value)]);
    }
    writer.close().close();
}

/// `<add …/>` of a handler.
pub(super) fn write_handler(writer: &mut Writer, handler: &Handler) {
    let mut attributes = vec![
        ("name", handler.name.as_str()),
        ("path", &handler.path),
        ("verb", &handler.verb),
        ("modules", &handler.modules),
    ];
    if let Some(script_processor) = &handler.script_processor {
        attributes.push(("scriptProcessor", script_processor));
    }
    attributes.extend(handler.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    writer.empty("add", &attributes);
}

/// One argument as a Windows program reads it back (the rules of `CommandLineToArgvW`): quoted when it is empty or has
/// blanks or quotes in it.
pub fn quote_argument(argument: &str) -> String {
    if !argument.is_empty() && !argument.contains([' ', '\t', '\n', '"']) {
        return argument.to_owned();
    }
    let mut quoted = String::with_capacity(argument.len() + 2);
    quoted.push('"');
    let mut backslashes = 0;
    for character in argument.chars() {
        if character == '\\' {
            backslashes += 1;
        } else {
            if character == '"' {
                // Each back-slash before a quote needs another one, and so does the quote.
                quoted.extend(std::iter::repeat_n('\\', backslashes + 1));
            }
            backslashes = 0;
        }
        quoted.push(character);
    }
    quoted.extend(std::iter::repeat_n('\\', backslashes));
    quoted.push('"');
    quoted
}
