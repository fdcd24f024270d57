//! What errors look like (`system.webServer/httpErrors`), and IIS's words for them.

use super::read::{Fault, Keyed, collection, take_choice, take_number, text};
use crate::xml::Element;

/// Which errors are shown how.
#[derive(Debug, Clone)]
pub struct HttpErrors {
    /// Who sees details.
    pub mode: ErrorMode,
    /// What becomes of a response that an application made.
    pub existing: Existing,
    /// Pages by status.
    pub pages: Vec<ErrorPage>,
    /// Where a page without a way of its own is taken from.
    pub default_action: ActionKind,
}

/// Who sees details.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorMode {
    /// Who sits at the server.
    DetailedLocalOnly,
    /// Nobody.
    Custom,
    /// Everybody.
    Detailed,
}

/// What becomes of a response that an application made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It stays where details are shown, and is replaced where they are not.
    Auto,
    /// It is replaced.
    Replace,
    /// It stays.
    PassThrough,
}

/// How a page is brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionKind {
    /// A file.
    File,
    /// A URL of this server, whose handler answers.
    ExecuteUrl,
    /// The client is sent there.
    Redirect,
}

/// A page of a status.
#[derive(Debug, Clone)]
pub struct ErrorPage {
    /// The status code.
    pub status: u16,
    /// The sub-status; none for all.
    pub sub_status: Option<u16>,
    /// The file or URL.
    pub path: String,
    /// How it is brought.
    pub kind: ActionKind,
}

impl Keyed for ErrorPage {
    fn key(&self) -> String {
        let sub = self.sub_status.map_or_else(|| "-1".to_owned(), |sub| sub.to_string());
        format!("{},{sub}", self.status)
    }
}

/// What is done about an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorAction {
    /// The response stays as it is.
    Keep,
    /// The details are shown.
    Detailed,
    /// IIS's own short page is shown.
    Short,
    /// A file is shown.
    File(String),
    /// A URL of this server answers.
    ExecuteUrl(String),
    /// The client is sent to a URL.
    Redirect(String),
}

impl HttpErrors {
    pub(super) fn read(&mut self, element: Element<'_>) -> Result<(), Fault> {
        let modes = [
            ("DetailedLocalOnly", ErrorMode::DetailedLocalOnly),
            ("Custom", ErrorMode::Custom),
            ("Detailed", ErrorMode::Detailed),
        ];
        take_choice(element, "errorMode", &modes, &mut self.mode)?;
        let existing = [
            ("Auto", Existing::Auto),
            ("Replace", Existing::Replace),
            ("PassThrough", Existing::PassThrough),
        ];
        take_choice(element, "existingResponse", &existing, &mut self.existing)?;
        let kinds = [
            ("File", ActionKind::File),
            ("ExecuteURL", ActionKind::ExecuteUrl),
            ("Redirect", ActionKind::Redirect),
        ];
        take_choice(element, "defaultResponseMode", &kinds, &mut self.default_action)?;
        // An absent sub-status is -1, in keys too.
        for remove in element.children_named("remove") {
            let (mut status, mut sub) = (0, -1_i32);
            take_number(remove, "statusCode", &mut status)?;
            take_number(remove, "subStatusCode", &mut sub)?;
            let sub = u16::try_from(sub).ok();
            self.pages.retain(|page| !(page.status == status && page.sub_status == sub));
        }
        let default_action = self.default_action;
        collection(element, &mut self.pages, &["statusCode", "subStatusCode"], |error| {
            let (mut status, mut sub, mut kind) = (0, -1_i32, default_action);
            take_number(error, "statusCode", &mut status)?;
            take_number(error, "subStatusCode", &mut sub)?;
            take_choice(error, "responseMode", &kinds, &mut kind)?;
            let prefix = text(error, "prefixLanguageFilePath");
            let path = text(error, "path");
            let path = if prefix.is_empty() { path } else { format!("{prefix}/en-US/{path}") };
            Ok(ErrorPage { status, sub_status: u16::try_from(sub).ok(), path, kind })
        })
    }

    /// What is done about a response with an error's status. `has_body` tells that an application made it.
    pub fn action(&self, status: u16, sub_status: u16, has_body: bool, local: bool) -> ErrorAction {
        let detailed = match self.mode {
            ErrorMode::DetailedLocalOnly => local,
            ErrorMode::Detailed => true,
            ErrorMode::Custom => false,
        };
        match self.existing {
            Existing::PassThrough if has_body => return ErrorAction::Keep,
            Existing::Auto if has_body && detailed => return ErrorAction::Keep,
            _ => {}
        }
        if detailed {
            return ErrorAction::Detailed;
        }
        let of = |sub: Option<u16>| {
            self.pages.iter().rev().find(move |page| page.status == status && page.sub_status == sub)
        };
        match of(Some(sub_status)).or_else(|| of(None)) {
            None => ErrorAction::Short,
            Some(page) => match page.kind {
                ActionKind::File => ErrorAction::File(page.path.clone()),
                ActionKind::ExecuteUrl => ErrorAction::ExecuteUrl(page.path.clone()),
                ActionKind::Redirect => ErrorAction::Redirect(page.path.clone()),
            },
        }
    }
}

/// IIS's words for a status and what to do about it: the title of its page, and one sentence.
pub fn description(status: u16, sub_status: u16) -> (&'static str, &'static str) {
    match (status, sub_status) {
        (400, _) => ("Bad Request", "The request's URL is none that `http.sys` takes."),
        (403, 1) => ("Execute access is denied", "The handlers' accessPolicy does not have Script."),
        (403, 2) => ("Read access is denied", "The handlers' accessPolicy does not have Read."),
        (403, 14) => (
            "Directory listing denied",
            "The folder has none of the default documents, and directory browsing is off.",
        ),
        (403, _) => ("Forbidden", "You do not have permission to see this."),
        (404, 3) => (
            "MIME type restriction",
            "IIS serves no file whose extension has no type: add a mimeMap to staticContent.",
        ),
        (404, 4) => ("No handler configured", "No handler takes this path and verb."),
        (404, 5) => ("URL sequence denied", "requestFiltering denies a part of this URL (denyUrlSequences)."),
        (404, 6) => ("Verb denied", "requestFiltering denies this verb (verbs)."),
        (404, 7) => ("File extension denied", "requestFiltering denies this extension (fileExtensions)."),
        (404, 8) => (
            "Hidden segment",
            "requestFiltering hides a step of this path (hiddenSegments): web.config, bin and App_Data are among them.",
        ),
        (404, 10) => ("Request header too long", "A header is longer than its limit (headerLimits)."),
        (404, 11) => (
            "Double-escape sequence denied",
            "The path has a plus sign or is escaped twice: requestFiltering allowDoubleEscaping=\"true\" lets it pass.",
        ),
        (404, 12) => ("High-bit characters denied", "requestFiltering allows ASCII paths only."),
        (404, 13) => (
            "Content length too large",
            "The body is longer than maxAllowedContentLength (30 000 000 bytes unless it is set).",
        ),
        (404, 14) => ("URL too long", "The path is longer than maxUrl (4096 bytes unless it is set)."),
        (404, 15) => (
            "Query string too long",
            "The query is longer than maxQueryString (2048 bytes unless it is set).",
        ),
        (404, 18) => ("Query string sequence denied", "requestFiltering denies a part of this query."),
        (404, _) => ("Not Found", "There is no such file, or nobody takes this path."),
        (405, _) => ("Method Not Allowed", "Files take GET, HEAD and OPTIONS only."),
        (416, _) => ("Range Not Satisfiable", "The file does not have the range that was asked for."),
        (500, 19) => (
            "Configuration data is invalid",
            "A web.config has an error; IIS serves nothing until it is corrected.",
        ),
        (500, 21) => ("Module not recognized", "The handler's module is not there."),
        (500, _) => ("Internal Server Error", "The application did not answer as it should."),
        (501, _) => ("Not Implemented", "Nobody here does this."),
        (502, _) => ("Bad Gateway", "The application's process did not answer as it should."),
        (503, _) => ("Service Unavailable", "The application is switched off or too busy."),
        (504, _) => ("Gateway Timeout", "The application's process did not answer in time."),
        _ => ("Error", "The request was not served."),
    }
}
