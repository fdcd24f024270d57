//! `web.config` of an application: its FastCGI application and its handler, as values, as a new file, and as changes to
//! a file of the user.
//!
//! IIS starts a FastCGI application's `fullPath` with its `arguments`, and a handler leads requests to it when its
//! `scriptProcessor` is `fullPath|arguments`. Sources: `IIS_schema.xml`, and the pages of `system.webServer/fastCgi`
//! and `system.webServer/handlers` of the IIS configuration reference.
//!
//! Not here: registering the application in `applicationHost.config` (`iis`), where alone IIS looks for it.

mod attributes;
mod check;
mod edit;
mod generate;
mod http_platform;
mod read;
mod template;

pub use attributes::{APPLICATION_ATTRIBUTES, AttributeFault, AttributeRule, Kind, check_attribute};
pub use edit::Edit;
pub use generate::{Description, generate, quote_argument};
pub use http_platform::{HTTP_PLATFORM_MODULE, HttpPlatform};
pub use template::{BOOTSTRAP_VARIABLES, check_template};

use crate::error::{ExitCode, Failure};
use crate::finding::Finding;
use crate::xml::{self, Document};

/// The name of the file in an application's folder.
pub const FILE_NAME: &str = "web.config";
/// The name of its template, as the original has it.
pub const TEMPLATE_NAME: &str = "web.config.in";
/// The IIS module that talks FastCGI.
pub const FAST_CGI_MODULE: &str = "FastCgiModule";

/// What a `web.config` says about how IIS runs the application.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct WebConfig {
    /// The FastCGI applications, wherever they stand.
    pub applications: Vec<Application>,
    /// The sections of HttpPlatformHandler, wherever they stand.
    pub http_platform: Vec<HttpPlatform>,
    /// The handlers, those of other modules too.
    pub handlers: Vec<Handler>,
}

/// A FastCGI application: `system.webServer/fastCgi/application`.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Application {
    /// The program, as written; IIS expands variables in it.
    pub full_path: String,
    /// Its arguments, as written; IIS expands variables in them.
    pub arguments: String,
    /// All other attributes, as written, in their order.
    pub attributes: Vec<(String, String)>,
    /// The variables that the process gets.
    pub environment: Vec<(String, String)>,
    /// The path of the `<location>` around it.
    pub location: Option<String>,
    /// The line in the file; 0 when it was not read.
    pub line: usize,
    /// The column there.
    pub column: usize,
}

impl Application {
    /// An application with IIS's own defaults.
    pub fn new(full_path: impl Into<String>, arguments: impl Into<String>) -> Self {
        Self { full_path: full_path.into(), arguments: arguments.into(), ..Self::default() }
    }

    /// The value that a handler's `scriptProcessor` must have: `fullPath|arguments`, or `fullPath` alone.
    pub fn script_processor(&self) -> String {
        if self.arguments.is_empty() {
            self.full_path.clone()
        } else {
            format!("{}|{}", self.full_path, self.arguments)
        }
    }

    /// The value of an attribute, or its default in IIS. None for an attribute that IIS does not have.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        match name {
            "fullPath" => return Some(&self.full_path),
            "arguments" => return Some(&self.arguments),
            _ => {}
        }
        let given = self.attributes.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        given.map(|(_, value)| value.as_str()).or_else(|| attributes::rule(name).map(|rule| rule.default))
    }

    /// Whether a `scriptProcessor` leads to this application. IIS compares without regard to case.
    pub fn is_led_to_by(&self, script_processor: &str) -> bool {
        let own = self.script_processor().to_lowercase();
        let asked = script_processor.to_lowercase();
        asked == own || (self.arguments.is_empty() && asked.strip_suffix('|') == Some(&own))
    }
}

/// A handler: `system.webServer/handlers/add`.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Handler {
    /// Its name, the key.
    pub name: String,
    /// The paths it takes, as `*`.
    pub path: String,
    /// The verbs it takes, as `*`.
    pub verb: String,
    /// The modules that handle the request, separated by commas.
    pub modules: String,
    /// What the module starts: `fullPath|arguments` for FastCGI.
    pub script_processor: Option<String>,
    /// All other attributes, as written, in their order.
    pub attributes: Vec<(String, String)>,
    /// The path of the `<location>` around it.
    pub location: Option<String>,
    /// The line in the file; 0 when it was not read.
    pub line: usize,
    /// The column there.
    pub column: usize,
}

impl Handler {
    /// The handler that leads every request to an application and sends what it writes at once.
    pub fn new(name: impl Into<String>, application: &Application) -> Self {
        let pairs =
            [("resourceType", "Unspecified"), ("requireAccess", "Script"), ("responseBufferLimit", "0")];
        Self {
            name: name.into(),
            path: "*".into(),
            verb: "*".into(),
            modules: FAST_CGI_MODULE.into(),
            script_processor: Some(application.script_processor()),
            attributes: pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            ..Self::default()
        }
    }

    /// Whether it is handled by FastCGI.
    pub fn is_fast_cgi(&self) -> bool {
        self.modules.split(',').any(|module| module.trim().eq_ignore_ascii_case(FAST_CGI_MODULE))
    }
}

impl WebConfig {
    /// Reads a `web.config`, and lists what is wrong or doubtful in it.
    ///
    /// # Errors
    /// The root element is not `configuration`.
    pub fn read(document: &Document) -> Result<(Self, Vec<Finding>), Error> {
        let config = read::read(document)?;
        let findings = check::check(&config, document, false);
        Ok((config, findings))
    }

    /// Reads a `web.config.in`, whose variables are still to be filled in.
    ///
    /// # Errors
    /// As [`WebConfig::read`].
    pub fn read_template(document: &Document) -> Result<(Self, Vec<Finding>), Error> {
        let config = read::read(document)?;
        let findings = check::check(&config, document, true);
        Ok((config, findings))
    }

    /// [`WebConfig::read`] from the bytes of a file.
    ///
    /// # Errors
    /// The file is not well-formed XML, or see [`WebConfig::read`].
    pub fn parse(bytes: &[u8]) -> Result<(Self, Vec<Finding>), Error> {
        Self::read(&Document::parse_bytes(bytes)?)
    }

    /// The application that a handler leads to.
    pub fn application_of(&self, handler: &Handler) -> Option<&Application> {
        let script_processor = handler.script_processor.as_deref()?;
        self.applications.iter().find(|application| application.is_led_to_by(script_processor))
    }
}

/// Why a `web.config` cannot be read, made or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not well-formed.
    #[error("`web.config` is not well-formed XML")]
    Xml(#[from] xml::Error),
    /// Its root element is another.
    #[error("line {line}, column {column}: the root element is `<{root}>`, not `<configuration>`")]
    NotAWebConfig {
        /// The name of the root element.
        root: String,
        /// The line of the root element.
        line: usize,
        /// Its column.
        column: usize,
    },
    /// An attribute that IIS would refuse.
    #[error(transparent)]
    Attribute(#[from] AttributeFault),
    /// There is no such FastCGI application in the file.
    #[error("no FastCGI application `{script_processor}`")]
    NoApplication {
        /// Its program and arguments.
        script_processor: String,
    },
    /// The program's path would be taken apart.
    #[error("`{full_path}` cannot be the `fullPath` of a FastCGI application")]
    FullPath {
        /// The path.
        full_path: String,
    },
}

impl Error {
    /// The place in the file, line and column from 1; zeros when it is not about a place.
    pub fn position(&self) -> (usize, usize) {
        match self {
            Self::Xml(error) => (error.line, error.column),
            Self::NotAWebConfig { line, column, .. } => (*line, *column),
            Self::Attribute(_) | Self::NoApplication { .. } | Self::FullPath { .. } => (0, 0),
        }
    }
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Xml(_) => "Correct the file at the place that is named.".into(),
            Self::NotAWebConfig { .. } => "A `web.config` begins with `<configuration>`.".into(),
            Self::Attribute(_) => {
                "The attributes and their ranges are in `docs/configuration.md` under `fastcgi`.".into()
            }
            Self::NoApplication { .. } => "Add it first, or name program and arguments as the file does.".into(),
            Self::FullPath { .. } => {
                "IIS takes a `scriptProcessor` apart at its first `|`: the path must not be empty nor hold one.".into()
            }
        })
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

#[cfg(test)]
mod tests;
