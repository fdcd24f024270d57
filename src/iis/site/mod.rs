//! A site of IIS as values: what its configuration says, and what becomes of a request by it.
//!
//! [`Configuration`] is `system.webServer` of the configuration files that count for a URL, on top of the defaults that
//! IIS comes with. [`decide`] takes a request through it in the order of IIS's pipeline: request filtering, URL Rewrite,
//! HTTP redirection, handler mapping. Its answer says who handles the request; handling it is the server's work.
//!
//! Everything here is data in, data out: no file, socket or clock is touched, what is on the disk is asked through
//! [`Files`]. Sources: `IIS_schema.xml`, the IIS configuration reference (`system.webServer`) and the URL Rewrite module's
//! configuration reference. What a file asks for that is not imitated is listed, see [`NotSimulated`].

mod decide;
mod defaults;
mod errors;
mod filtering;
mod folders;
mod handlers;
mod http_platform;
mod pattern;
mod read;
mod redirect;
mod request;
mod rewrite;
mod static_content;
#[cfg(test)]
mod tests;
mod variables;

pub use decide::{Answer, Decision, Handling, Module, decide};
pub use errors::{ErrorAction, HttpErrors, description};
pub use filtering::RequestFiltering;
pub use folders::Folders;
pub use handlers::{Handler, Handlers, ResourceType};
pub use http_platform::HttpPlatform;
pub use read::{Fault, Layer, NotSimulated};
pub use redirect::HttpRedirect;
pub use request::{BadTarget, Endpoints, Request, Url};
pub use rewrite::{Rewrite, Rule};
pub use static_content::{ByteRange, DefaultDocument, StaticContent, entity_tag, range_of};
pub use variables::{Place, escaped, variables};

/// `system.webServer` as it counts for one URL.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// The documents that stand for a folder.
    pub default_document: DefaultDocument,
    /// Whether a folder without one is listed.
    pub directory_browse: bool,
    /// Who handles which requests.
    pub handlers: Handlers,
    /// How files are served.
    pub static_content: StaticContent,
    /// What is refused at once.
    pub filtering: RequestFiltering,
    /// What errors look like.
    pub errors: HttpErrors,
    /// The program of HttpPlatformHandler.
    pub http_platform: HttpPlatform,
    /// Where the whole site has moved.
    pub redirect: HttpRedirect,
    /// The rules of URL Rewrite.
    pub rewrite: Rewrite,
    /// Headers that every response gets.
    pub custom_headers: Vec<(String, String)>,
    /// What the files ask for and is not imitated.
    pub not_simulated: Vec<NotSimulated>,
}

/// What a path of the URL is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// Nothing.
    Missing,
    /// A file.
    File,
    /// A folder.
    Directory,
}

/// What is on the disk.
pub trait Files {
    /// What a decoded path below the application is; it begins with `/`.
    fn resource(&self, path: &str) -> Resource;
}
