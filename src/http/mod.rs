//! HTTP as a client: one way to make requests, with our name, the system's proxies and certificates, and time limits.
//!
//! Secrets are sent by `https` only, or to this machine, unless the user says otherwise, and a redirect never takes them
//! to another host. [`Backoff`] is the one rule about trying again. Not here: what is asked and what answers mean.

mod body;
mod error;
mod retry;
mod runtime;

use std::net::IpAddr;
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::header::{ACCEPT, LOCATION};
use reqwest::redirect::Policy;
pub use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};

pub use body::{Sent, file_body, read_text};
pub use error::Error;
pub use retry::{Backoff, chance, is_transient, retry_after};
pub use runtime::Runtime;

use crate::secret::Secret;

/// How we introduce ourselves.
pub const USER_AGENT: &str = concat!("iiswsgi/", env!("CARGO_PKG_VERSION"));

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(30);

/// The most redirects of one request.
const REDIRECTS: usize = 10;

/// What the user allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settings {
    /// Whether `http:` is allowed to other machines than this one.
    pub allow_http: bool,
}

/// A user name and a password or token, for basic authentication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The password or token.
    pub password: Secret,
}

/// Makes requests. What it needs of the system is read when the first request to another machine is made.
#[derive(Debug, Default)]
pub struct Client {
    settings: Settings,
    /// For this machine: no proxy, and no certificates, which small containers do not have.
    local: OnceLock<reqwest::Client>,
    remote: OnceLock<reqwest::Client>,
}

impl Client {
    /// A client that has made no request.
    pub fn new(settings: Settings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// Begins a request. It follows no redirect: the answer says where to.
    ///
    /// # Errors
    /// The address is `http:` to another machine and that is not allowed, or the system's certificates cannot be read.
    pub fn request(&self, method: Method, url: &Url) -> Result<RequestBuilder, Error> {
        if let Some(reason) = self.fault(url) {
            return Err(Error::Address { url: shown(url), reason });
        }
        let (cell, local) = if is_loopback(url) { (&self.local, true) } else { (&self.remote, false) };
        let client = if let Some(client) = cell.get() {
            client
        } else {
            let client = build(local)?;
            cell.get_or_init(|| client)
        };
        Ok(client.request(method, url.clone()))
    }

    /// Gets something, following redirects. The login goes only to the host that it is for, and a redirect does not
    /// lead from `https` to `http`.
    ///
    /// # Errors
    /// There is no answer within `patience`, or a redirect leads nowhere.
    pub async fn get(
        &self,
        url: &Url,
        accept: &str,
        login: Option<&Login>,
        patience: Duration,
    ) -> Result<Response, Error> {
        let mut current = url.clone();
        for _ in 0..=REDIRECTS {
            let mut request = self.request(Method::GET, &current)?.header(ACCEPT, accept).timeout(patience);
            if let Some(login) = login.filter(|_| current.origin() == url.origin()) {
                request = request.basic_auth(&login.user, Some(login.password.reveal()));
            }
            let response = request.send().await.map_err(|source| Error::transfer(&current, source))?;
            if !response.status().is_redirection() || response.status() == StatusCode::NOT_MODIFIED {
                return Ok(response);
            }
            current = redirected(&current, response.headers().get(LOCATION).and_then(|to| to.to_str().ok()))?;
        }
        Err(Error::Redirect { url: shown(url), reason: "there are too many" })
    }

    /// What keeps an address from being asked, as a lower-case fragment.
    pub fn fault(&self, url: &Url) -> Option<&'static str> {
        match url.scheme() {
            _ if !url.username().is_empty() || url.password().is_some() => {
                Some("it carries a user name or a password")
            }
            "https" => None,
            "http" if is_loopback(url) || self.settings.allow_http => None,
            "http" => Some("`http:` sends everything in the clear"),
            _ => Some("its scheme is neither `https` nor `http`"),
        }
    }
}

fn build(local: bool) -> Result<reqwest::Client, Error> {
    // Another part of the program may have chosen it before: it is the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(CONNECT)
        .redirect(Policy::none())
        .referer(false);
    if local {
        builder = builder.no_proxy().tls_certs_only([]);
    }
    builder.build().map_err(Error::Setup)
}

/// Where a redirect leads.
fn redirected(from: &Url, location: Option<&str>) -> Result<Url, Error> {
    let failed = |reason| Error::Redirect { url: shown(from), reason };
    let to = location.ok_or_else(|| failed("it names no address"))?;
    let to = from.join(to).map_err(|_| failed("its address is none"))?;
    if from.scheme() == "https" && to.scheme() != "https" {
        return Err(failed("it leads from `https` to `http`"));
    }
    Ok(to)
}

/// Whether an address is one of this machine itself.
pub fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// An address as it may be shown: without user, password, query and fragment.
pub fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // These fail for addresses that cannot have them.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

#[cfg(test)]
mod tests;
