//! What becomes of a request: the order of IIS's pipeline.

use super::rewrite::Subject;
use super::rewrite::{Outcome, Rewritten};
use super::{Configuration, Files, Handler, Place, Request, Resource, Url, escaped, variables};

/// What becomes of a request.
#[derive(Debug, Clone)]
pub enum Decision {
    /// IIS answers itself.
    Answer(Answer),
    /// The connection is closed without a word.
    Abort,
    /// A handler answers.
    Handle(Box<Handling>),
}

/// An answer of IIS itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The sub-status, which logs and detailed pages show.
    pub sub_status: u16,
    /// The reason phrase, when another than the standard one is wanted.
    pub reason: String,
    /// What the page says beside its title.
    pub description: String,
    /// Where the client is sent.
    pub location: Option<String>,
}

impl Answer {
    /// An answer with IIS's own words.
    pub fn new(status: u16, sub_status: u16) -> Self {
        Self { status, sub_status, reason: String::new(), description: String::new(), location: None }
    }

    /// An answer that sends the client elsewhere.
    pub fn redirect(status: u16, location: impl Into<String>) -> Self {
        Self { location: Some(location.into()), ..Self::new(status, 0) }
    }

    /// The same with a description.
    #[must_use]
    pub fn because(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }
}

/// A request that a handler answers.
#[derive(Debug, Clone)]
pub struct Handling {
    /// The handler.
    pub handler: Handler,
    /// What its modules come to.
    pub module: Module,
    /// The URL that it sees: the request's, or that of a rule or a default document.
    pub url: Url,
    /// The decoded path below the application; it begins with `/`.
    pub below: String,
    /// Variables to add to those of the request, or to set over them.
    pub variables: Vec<(String, String)>,
}

/// The kinds of handlers that are imitated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Module {
    /// A FastCGI process.
    FastCgi,
    /// A process that HttpPlatformHandler passes requests to.
    HttpPlatform,
    /// A file, a folder's default document or its list.
    StaticFile,
    /// `OPTIONS` and `TRACE`.
    Protocol,
}

impl Module {
    /// The module of a handler; none for one that is not imitated.
    pub fn of(handler: &Handler) -> Option<Self> {
        let has = |name: &str| handler.modules.iter().any(|module| module.eq_ignore_ascii_case(name));
        if has("FastCgiModule") {
            Some(Self::FastCgi)
        } else if has("httpPlatformHandler") {
            Some(Self::HttpPlatform)
        } else if has("StaticFileModule") || has("DefaultDocumentModule") || has("DirectoryListingModule") {
            Some(Self::StaticFile)
        } else if has("ProtocolSupportModule") {
            Some(Self::Protocol)
        } else {
            None
        }
    }
}

/// Decides what becomes of a request to an application.
pub fn decide(
    configuration: &Configuration,
    request: &Request,
    place: &Place<'_>,
    files: &dyn Files,
) -> Decision {
    let Ok(url) = Url::parse(&request.target) else { return Decision::Answer(Answer::new(400, 0)) };
    if let Some(sub_status) = configuration.filtering.refusal(request, &url) {
        return Decision::Answer(Answer::new(404, sub_status));
    }
    let rewritten = match rewrite(configuration, request, place, files, &url) {
        Outcome::Goes(rewritten) => rewritten,
        Outcome::Answered(answer) => return Decision::Answer(answer),
        Outcome::Aborted => return Decision::Abort,
    };
    let prefix = place.application.url_prefix();
    let mut led = match led_to(&url, rewritten, prefix) {
        Ok(led) => led,
        Err(answer) => return Decision::Answer(answer),
    };
    if !configuration.rewrite.rules.is_empty() {
        // Rules in the configuration need the module, which tells of itself.
        led.variables.push(("IIS_UrlRewriteModule".to_owned(), "7,1,1993,2336".to_owned()));
    }
    if let Some((status, location)) = configuration.redirect.target(request, &led.url, &led.below) {
        return Decision::Answer(Answer::redirect(status, location));
    }
    handled(configuration, request, led, files)
}

fn rewrite(
    configuration: &Configuration,
    request: &Request,
    place: &Place<'_>,
    files: &dyn Files,
    url: &Url,
) -> Outcome {
    if configuration.rewrite.rules.is_empty() {
        return Outcome::Goes(Rewritten::default());
    }
    let known = variables(request, url, place);
    let variable = |name: &str| {
        let name = name.to_uppercase();
        let found = known.iter().find(|(known, _)| known == name.as_bytes());
        found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    };
    let physical = |below: &str| {
        let (folder, rest) = place.folders.lead(below);
        match rest.trim_start_matches('/') {
            "" => folder.to_string_lossy().into_owned(),
            rest => folder.join(rest).to_string_lossy().into_owned(),
        }
    };
    configuration.rewrite.evaluate(&Subject {
        prefix: place.application.url_prefix(),
        url,
        variable: &variable,
        files,
        physical: &physical,
    })
}

/// Where a request has been led to: by rules, or by a default document.
struct Led {
    url: Url,
    /// The decoded path below the application.
    below: String,
    variables: Vec<(String, String)>,
}

impl Led {
    fn new(url: Url, prefix: &str, variables: Vec<(String, String)>) -> Self {
        let below = url.text.get(prefix.len()..).filter(|below| !below.is_empty()).unwrap_or("/").to_owned();
        Self { url, below, variables }
    }

    fn handled_by(self, handler: &Handler, module: Module) -> Decision {
        let Self { url, below, variables } = self;
        Decision::Handle(Box::new(Handling { handler: handler.clone(), module, url, below, variables }))
    }
}

/// The URL that rules have led to, with the variables that tell of it.
fn led_to(url: &Url, rewritten: Rewritten, prefix: &str) -> Result<Led, Answer> {
    let Some(target) = rewritten.url else {
        return Ok(Led::new(url.clone(), prefix, rewritten.variables));
    };
    if target.contains("://") {
        let text = format!(
            "URL Rewrite forwards this request to {target}; that needs Application Request Routing, which is not imitated."
        );
        return Err(Answer::new(502, 3).because(text));
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    // What a rule makes of a decoded path is a decoded path.
    let escaped = if path.contains('%') { path.to_owned() } else { escaped(path) };
    let target = if query.is_empty() { escaped } else { format!("{escaped}?{query}") };
    let Ok(led) = Url::parse(&target) else { return Err(Answer::new(500, 52)) };
    let text = led.text.to_lowercase();
    let inside = text
        .strip_prefix(&prefix.to_lowercase())
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if !inside {
        let text = format!(
            "URL Rewrite leads this request to {target}, outside of the application; that is not imitated."
        );
        return Err(Answer::new(500, 52).because(text));
    }
    let mut variables = vec![
        ("HTTP_X_ORIGINAL_URL".to_owned(), url.target()),
        ("IIS_WasUrlRewritten".to_owned(), "1".to_owned()),
    ];
    variables.extend(rewritten.variables);
    Ok(Led::new(led, prefix, variables))
}

fn handled(configuration: &Configuration, request: &Request, led: Led, files: &dyn Files) -> Decision {
    let Some(handler) = configuration.handlers.find(&request.method, &led.below, files) else {
        // The handler of files takes everything; only what is on no disk is left.
        let sub_status = if files.resource(&led.below) == Resource::Missing { 0 } else { 4 };
        return Decision::Answer(Answer::new(404, sub_status));
    };
    if !configuration.handlers.allows(handler) {
        return Decision::Answer(Answer::new(403, handler.require_access.refusal()));
    }
    let Some(module) = Module::of(handler) else {
        let text = format!(
            "The handler `{}` wants the modules {}, which are not imitated.",
            handler.name,
            handler.modules.join(", ")
        );
        return Decision::Answer(Answer::new(500, 21).because(text));
    };
    if module == Module::StaticFile && files.resource(&led.below) == Resource::Directory {
        return folder(configuration, request, led, files, handler);
    }
    if module == Module::StaticFile && !matches!(request.method.as_str(), "GET" | "HEAD") {
        return Decision::Answer(Answer::new(405, 0));
    }
    led.handled_by(handler, module)
}

/// A folder: its default document, which is a request of its own, or its list.
fn folder(
    configuration: &Configuration,
    request: &Request,
    mut led: Led,
    files: &dyn Files,
    handler: &Handler,
) -> Decision {
    if !led.url.text.ends_with('/') {
        let query = if led.url.query.is_empty() { String::new() } else { format!("?{}", led.url.query) };
        return Decision::Answer(Answer::redirect(301, format!("{}/{query}", led.url.raw_path)));
    }
    let documents =
        configuration.default_document.files.iter().filter(|_| configuration.default_document.enabled);
    for document in documents {
        let inner = format!("{}{document}", led.below);
        if files.resource(&inner) == Resource::File {
            led.url.raw_path.push_str(&escaped(document));
            led.url.path.extend_from_slice(document.as_bytes());
            led.url.text.push_str(document);
            led.below = inner;
            return handled(configuration, request, led, files);
        }
    }
    if !configuration.directory_browse {
        return Decision::Answer(Answer::new(403, 14));
    }
    led.handled_by(handler, Module::StaticFile)
}
