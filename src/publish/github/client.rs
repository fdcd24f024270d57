//! The connection to GitHub: requests go out through octocrab, answers come back as values. I/O.
//!
//! Requests are made here and handed to `Octocrab::execute`, with whole addresses and the token in a header of ours:
//! octocrab would put the path of an enterprise server's API before the address of its uploads, and would leave the token
//! out where that address has another host. It neither retries (its feature `retry` is off) nor caches.

use std::error::Error as _;
use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, LINK};
use octocrab::{OctoBody, Octocrab};

use super::Service;
use super::answer::{Answer, Reply};
use super::calls::Request;
use super::error::Problem;
use crate::secret::Secret;

/// The longest answer that is read, in bytes: a hundred releases with long notes and many files.
const LONGEST_ANSWER: usize = 128 * 1024 * 1024;
/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(20);

/// A connection to one GitHub.
pub(super) struct Client {
    crab: Octocrab,
    api_url: String,
    token: Secret,
}

impl Client {
    /// A client. Must be made within a runtime.
    pub(super) fn new(service: &Service) -> Result<Self, Problem> {
        let failed =
            |error: octocrab::Error| Problem::Client { url: service.api_url.clone(), reason: chain(&error) };
        // Only scheme and host: the path is in each request.
        let end = service.api_url.find("://").map_or(0, |at| at + 3);
        let origin = end + service.api_url[end..].find('/').unwrap_or(service.api_url.len() - end);
        let crab = Octocrab::builder()
            .base_uri(&service.api_url[..origin])
            .map_err(failed)?
            .set_connect_timeout(Some(CONNECT))
            .build()
            .map_err(failed)?;
        let api_url = service.api_url.trim_end_matches('/').to_owned();
        Ok(Self { crab, api_url, token: service.token.clone() })
    }

    /// The method and whole address of a request, for messages.
    pub(super) fn shown(&self, request: &Request) -> String {
        format!("{} {}{}", request.method, self.api_url, request.path)
    }

    /// Makes a call.
    pub(super) async fn call(&self, request: &Request, limit: Duration) -> Answer {
        let url = format!("{}{}", self.api_url, request.path);
        let body = request.body.as_ref().map(ToString::to_string);
        let mut builder = hyper::Request::builder().method(request.method).uri(url);
        if body.is_some() {
            builder = builder.header(CONTENT_TYPE, "application/json");
        }
        let body = body.map_or_else(OctoBody::empty, OctoBody::from);
        match tokio::time::timeout(limit, self.exchange(builder, body)).await {
            Ok(answer) => answer,
            Err(_) => Answer::Stalled(limit),
        }
    }

    /// Sends the bytes of a file.
    pub(super) async fn upload(
        &self,
        url: &str,
        media_type: &'static str,
        size: u64,
        body: OctoBody,
    ) -> Answer {
        let builder = hyper::Request::builder()
            .method("POST")
            .uri(url)
            .header(CONTENT_TYPE, media_type)
            .header(CONTENT_LENGTH, size);
        self.exchange(builder, body).await
    }

    async fn exchange(&self, builder: hyper::http::request::Builder, body: OctoBody) -> Answer {
        let broken = |reason: String| Answer::Broken { reason };
        let Ok(mut token) = HeaderValue::from_str(&format!("Bearer {}", self.token.reveal())) else {
            return broken("the token cannot stand in a header".to_owned());
        };
        token.set_sensitive(true);
        let builder = builder
            .header(AUTHORIZATION, token)
            .header(ACCEPT, "application/vnd.github+json")
            .header("x-github-api-version", "2022-11-28");
        let request = match builder.body(body) {
            Ok(request) => request,
            Err(error) => return broken(error.to_string()),
        };
        let response = match self.crab.execute(request).await {
            Ok(response) => response,
            Err(error) => return broken(chain(&error)),
        };
        let (parts, body) = response.into_parts();
        match Limited::new(body, LONGEST_ANSWER).collect().await {
            Ok(body) => Answer::Reply(reply(parts.status.as_u16(), &parts.headers, body.to_bytes())),
            Err(error) => broken(format!("the answer broke off: {error}")),
        }
    }
}

/// An answer as a value.
fn reply(status: u16, headers: &HeaderMap, body: Bytes) -> Reply {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let number = |name: &str| text(name).and_then(|text| text.trim().parse().ok());
    Reply {
        status,
        request_id: text("x-github-request-id"),
        retry_after: number("retry-after"),
        remaining: number("x-ratelimit-remaining"),
        reset: number("x-ratelimit-reset"),
        next_page: text(LINK.as_str()).map(|link| link.contains("rel=\"next\"")),
        sso: headers.contains_key("x-github-sso"),
        body: body.into(),
    }
}

/// An error and its causes in one line, each told once.
fn chain(error: &octocrab::Error) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !texts.iter().any(|told| told.contains(&text)) {
            texts.push(text);
        }
        cause = error.source();
    }
    if texts.is_empty() { error.to_string() } else { texts.join(": ") }
}

/// Waits for a future and looks at a flag now and then. None when the flag was set and `grace` has passed since.
pub(super) async fn until<T>(
    future: impl Future<Output = T>,
    mut stopped: impl FnMut() -> bool,
    grace: Duration,
) -> Option<T> {
    let mut future = std::pin::pin!(future);
    let mut since = None;
    loop {
        tokio::select! {
            result = &mut future => return Some(result),
            () = tokio::time::sleep(Duration::from_millis(50)) => {}
        }
        if stopped() && since.get_or_insert_with(std::time::Instant::now).elapsed() >= grace {
            return None;
        }
    }
}
