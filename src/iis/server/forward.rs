//! One request over HTTP to a process of HttpPlatformHandler, streaming both ways.
//!
//! What the module does to headers follows its open-source successor, the ASP.NET Core module: `Host` stays, the client's
//! address and port are added to `X-Forwarded-For`, the scheme to `X-Forwarded-Proto`, and headers of the connection stay
//! behind. Upgrades to web sockets are not passed on. Answers go out as they come; version 1.2 of the module holds back up to 8 KB.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, HOST, HeaderName, HeaderValue};
use hyper::{Method, Uri};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::TokioExecutor;
use tokio::sync::mpsc;

use super::body::{Gone, TooLarge, carries};
use super::platform::{InUse, Platform};
use super::{Body, Content, Fault, HOP_BY_HOP, Patience, Reply, Said, locked};
use crate::iis::site::{Request, Url, escaped};
use crate::iis::web_client;

/// How many pieces of a response wait for a slow client.
const AHEAD: usize = 4;
/// The header that tells the user of Windows; only the module may send it.
const TOKEN: &str = "x-iis-windowsauthtoken";

/// Sends requests, over connections that are kept.
pub(super) struct Sender(Client<HttpConnector, UnsyncBoxBody<Bytes, io::Error>>);

impl Sender {
    pub(super) fn new() -> Self {
        let mut client = Client::builder(TokioExecutor::new());
        client.http1_title_case_headers(true).set_host(false);
        Self(client.build(HttpConnector::new()))
    }
}

/// What is asked of a process.
pub(super) struct Forwarded<'a> {
    pub(super) request: &'a Request,
    pub(super) url: &'a Url,
    pub(super) body: Body,
    /// How long the body may be.
    pub(super) limit: u64,
    pub(super) patience: Patience,
    pub(super) handler: String,
}

/// Lets a process of the platform answer. Gives the reply when its head is there.
pub(super) async fn forward(platform: &Arc<Platform>, forwarded: Forwarded<'_>) -> Result<Reply, Fault> {
    let begun = Instant::now();
    let in_use = platform.take().await?;
    let Forwarded { request, url, body, limit, patience, handler } = forwarded;
    let sent = Arc::new(Mutex::new(begun));
    let quiet = platform.settings.request_timeout;
    let limits = Limits { begun, whole: patience.whole, quiet, sent: Arc::clone(&sent) };
    let has_body = request.content_length != Some(0);
    let body = if has_body {
        body.limited(limit, sent)
    } else {
        Empty::new().map_err(|never| match never {}).boxed_unsync()
    };
    let outgoing = outgoing(request, url, in_use.port, body)?;
    let response = match limits.within(platform.sender.0.request(outgoing)).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => return Err(fault_of(&error, platform, &in_use).await),
        Err(fault) => {
            // Beyond its own time the module lets the process go on; who wants no more than this answer wants to know
            // where it hangs.
            if matches!(fault, Fault::TimedOut(_)) {
                platform.abort(&in_use.process).await;
            }
            return Err(fault);
        }
    };
    let (status, reason, headers) = web_client::head_of(&response);
    let (pieces, content) = mpsc::channel(AHEAD);
    tokio::spawn(async move {
        let mut body = response.into_body();
        if let Err(fault) = hand_on(&mut body, &pieces, &limits, &in_use).await {
            let _ = pieces.send(Err(fault)).await;
        }
    });
    Ok(Reply {
        status,
        sub_status: 0,
        reason,
        headers,
        content: Content::Stream(content),
        said: Said::default(),
        handler,
    })
}

async fn hand_on(
    body: &mut Incoming,
    pieces: &mpsc::Sender<Result<Bytes, Fault>>,
    limits: &Limits,
    in_use: &InUse,
) -> Result<(), Fault> {
    while let Some(frame) = limits.within(body.frame()).await? {
        let Ok(frame) = frame else {
            return Err(in_use.process.last_words().await.unwrap_or(Fault::Closed));
        };
        // Trailers are not handed on.
        if let Ok(piece) = frame.into_data()
            && pieces.send(Ok(piece)).await.is_err()
        {
            return Ok(());
        }
    }
    in_use.process.count();
    Ok(())
}

/// How long it may take.
struct Limits {
    begun: Instant,
    whole: Option<Duration>,
    /// How long nothing may happen; zero is for ever.
    quiet: Duration,
    /// When the last piece of the body was sent.
    sent: Arc<Mutex<Instant>>,
}

impl Limits {
    async fn within<T>(&self, wait: impl Future<Output = T>) -> Result<T, Fault> {
        let since = Instant::now();
        let mut wait = std::pin::pin!(wait);
        loop {
            if let Some(whole) = self.whole.filter(|whole| self.begun.elapsed() >= *whole) {
                return Err(Fault::TimedOut(whole));
            }
            let quiet = since.max(*locked(&self.sent)).elapsed();
            if !self.quiet.is_zero() && quiet >= self.quiet {
                return Err(Fault::TooLong(self.quiet));
            }
            let whole = self.whole.map_or(Duration::MAX, |whole| whole.saturating_sub(self.begun.elapsed()));
            let quiet = if self.quiet.is_zero() { Duration::MAX } else { self.quiet.saturating_sub(quiet) };
            if let Ok(value) = tokio::time::timeout(whole.min(quiet), &mut wait).await {
                return Ok(value);
            }
        }
    }
}

/// Why there is no head of an answer. A process that has ended is a failure.
async fn fault_of(error: &Error, platform: &Platform, in_use: &InUse) -> Fault {
    let fault = read_fault(error);
    if matches!(fault, Fault::Http(_))
        && let Some(ended) = in_use.process.last_words().await
    {
        platform.retire(&in_use.process, true);
        return ended;
    }
    fault
}

fn read_fault(error: &Error) -> Fault {
    let mut cause: &(dyn std::error::Error + 'static) = error;
    loop {
        let io = cause.downcast_ref::<io::Error>();
        if io.is_some_and(carries::<Gone>) {
            return Fault::ClientGone;
        }
        if io.is_some_and(carries::<TooLarge>) {
            return Fault::TooLarge;
        }
        match cause.source() {
            Some(inner) => cause = inner,
            None => return Fault::Http(cause.to_string()),
        }
    }
}

/// The request as the process gets it.
fn outgoing(
    request: &Request,
    url: &Url,
    port: u16,
    body: UnsyncBoxBody<Bytes, io::Error>,
) -> Result<hyper::Request<UnsyncBoxBody<Bytes, io::Error>>, Fault> {
    let unsound = |what: &str| Fault::NotThere(format!("cannot be asked: {what} is none of HTTP"));
    let query = if url.query.is_empty() { String::new() } else { format!("?{}", url.query) };
    let uri = |path: &str| format!("http://127.0.0.1:{port}{path}{query}").parse::<Uri>();
    let uri = uri(&url.raw_path).or_else(|_| uri(&escaped(&url.text))).map_err(|_| unsound("the URL"))?;
    let method = Method::from_bytes(request.method.as_bytes()).map_err(|_| unsound("the method"))?;
    let mut outgoing = hyper::Request::new(body);
    *outgoing.method_mut() = method;
    *outgoing.uri_mut() = uri;
    let headers = outgoing.headers_mut();
    let own = |name: &str| {
        HOP_BY_HOP.contains(&name) || matches!(name, "content-length" | "expect" | "x-forwarded-for" | TOKEN)
    };
    for (name, value) in &request.headers {
        let known = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_bytes(value).ok());
        if let Some((name, value)) = known.filter(|(name, _)| !own(name.as_str())) {
            headers.append(name, value);
        }
    }
    headers.entry(HOST).or_insert(HeaderValue::from_static("localhost"));
    if let Some(length) = request.content_length.filter(|length| *length > 0) {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    let remote = request.endpoints.remote.to_string();
    let known = request.header("X-Forwarded-For");
    let addresses = known.map_or(remote.clone(), |known| format!("{known}, {remote}"));
    if let Ok(addresses) = HeaderValue::from_str(&addresses) {
        headers.insert("x-forwarded-for", addresses);
    }
    let known = request.header("X-Forwarded-Proto");
    let schemes = known.map_or("http".to_owned(), |known| format!("{known}, http"));
    if let Ok(schemes) = HeaderValue::from_str(&schemes) {
        headers.insert("x-forwarded-proto", schemes);
    }
    Ok(outgoing)
}
