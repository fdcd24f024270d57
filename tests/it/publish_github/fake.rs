//! A GitHub of our own, in this process, with the semantics that publishing depends on.
//!
//! What it does as GitHub does (documentation of the REST API, and what users met):
//!
//! - `GET /repos/O/N`, `GET …/releases/tags/TAG` (published releases only), `GET …/releases` (drafts too, for a token that
//!   may write; newest first; `per_page`, `page`, and the header `link`), `POST …/releases`, `PATCH` and `DELETE
//!   …/releases/ID`, `GET …/releases/ID/assets`, `DELETE …/releases/assets/ID`, `POST …/releases/generate-notes`.
//! - Uploads go to another path, which the release names with a template. They need a media type and a length. The asset is
//!   there as `starter` from the first byte, and becomes `uploaded`, with a `sha256:` digest, with the last one: an upload
//!   that breaks off leaves a `starter`.
//! - A name that is there is refused (422 `already_exists`). Names are rewritten: all but `[A-Za-z0-9._-]` becomes `.`, and
//!   periods at the ends go. Empty files are refused, and so is the 1001st.
//! - Any number of drafts may have one tag. Publishing a second release of a tag is refused (422, `tag_name`
//!   `already_exists`). A draft has an address with `untagged-…`, which changes when it is published.
//! - With immutable releases switched on, a published one takes no more files (422), and a tag that one had is never free
//!   again, also when it is deleted. A ruleset may forbid that the publishing makes the tag (422, `pre_receive`).
//! - `make_latest` must not be `true` for a prerelease. A missing right is 403, or 404 where GitHub hides things. A wrong
//!   token is 401. Every answer has a request id and the rate limit.
//! - On demand: lists that are behind, any status with any header, answers that never come, connections that are reset
//!   before, in the midst of or after the work, and something done at a certain request (a process killed).
//!
//! Files over a mebibyte are hashed and not kept.

mod api;
mod state;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::{Request, Response};
use iiswsgi::digest::hex;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use api::{Answer, not_found, query};
pub(crate) use state::{Right, State};

/// The token that may write.
pub(crate) const TOKEN: &str = "ghp_TheTokenOfTheseTests0123456789abcdef";
/// The repository.
pub(crate) const REPOSITORY: &str = "octo/shop";

/// What happens at a request in place of, before or after the work.
pub(crate) enum Fault {
    /// This answer, and nothing is done.
    Answer(u16, Vec<(&'static str, String)>, Value),
    /// It is done, but this answer is given.
    DoneBut(u16),
    /// The connection is reset after so many bytes of the body, before anything is done.
    Reset(u64),
    /// It is done, and then the connection is reset.
    DoneAndReset,
    /// There is never an answer.
    Silence,
    /// This is done, and there is never an answer.
    SilenceAfter(Box<dyn FnOnce() + Send>),
    /// This is done before the work.
    Before(Box<dyn FnOnce() + Send>),
    /// This is done after the work, before the answer.
    After(Box<dyn FnOnce() + Send>),
    /// The bytes that arrive are not those that were sent.
    Damage,
}

/// Which requests a fault is for.
pub(crate) struct Rule {
    /// `POST /repos/…` must contain this; empty for all.
    pub(crate) part: &'static str,
    /// So many that match are let through first.
    pub(crate) skip: usize,
    pub(crate) fault: Fault,
}

/// The server. It stops when it is dropped.
pub(crate) struct Fake {
    state: Arc<Mutex<State>>,
    address: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Fake {
    /// Starts it on a free port.
    pub(crate) fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let served = state.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                tokio::select! {
                    () = accept(listener, served) => {}
                    _ = stopped => {}
                }
            });
        });
        let address = told.recv().unwrap();
        let fake = Self { state, address, stop: Some(stop), thread: Some(thread) };
        fake.state().base = fake.url();
        fake
    }

    /// Its address, which is that of the API and of the pages.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it knows, for faults that change it.
    pub(crate) fn shared(&self) -> Arc<Mutex<State>> {
        self.state.clone()
    }

    /// Sets a fault for the next request that contains a text, after so many others.
    pub(crate) fn fault(&self, part: &'static str, skip: usize, fault: Fault) {
        self.state().rules.push(Rule { part, skip, fault });
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(listener: tokio::net::TcpListener, state: Arc<Mutex<State>>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let state = state.clone();
        tokio::spawn(async move {
            let service = hyper::service::service_fn(move |request| serve(request, state.clone()));
            let io = hyper_util::rt::TokioIo::new(stream);
            // A client that goes away is no matter.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(io, service).await;
        });
    }
}

/// Answers a request. An error resets the connection.
async fn serve(request: Request<Incoming>, state: Arc<Mutex<State>>) -> io::Result<Response<Full<Bytes>>> {
    let lock = || state.lock().unwrap_or_else(PoisonError::into_inner);
    let line = format!("{} {}", request.method(), request.uri());
    let authorization =
        request.headers().get("authorization").map(|value| value.to_str().unwrap().to_owned());
    let fault = {
        let mut state = lock();
        state.requests.push(line.clone());
        state.due(&line)
    };
    let (mut damage, mut after, mut limit) = (false, None, None);
    match fault {
        None => {}
        Some(Fault::Answer(status, headers, body)) => {
            drop(request);
            let echo = authorization.filter(|_| lock().echo);
            return Ok(response((status, headers, echoed(body, echo.as_deref()))));
        }
        Some(Fault::Silence) => std::future::pending().await,
        Some(Fault::SilenceAfter(act)) => {
            act();
            std::future::pending::<()>().await;
        }
        Some(Fault::Before(act)) => act(),
        Some(Fault::Damage) => damage = true,
        Some(Fault::Reset(bytes)) => limit = Some(bytes),
        Some(fault) => after = Some(fault),
    }
    if let Some(refusal) = unauthorized(authorization.as_deref(), &line, &lock()) {
        return Ok(response(refusal));
    }
    let answer = if request.uri().path().starts_with("/uploads/") {
        upload(request, &state, damage, limit).await?
    } else {
        let (method, uri) = (request.method().to_string(), request.uri().clone());
        let body = request.into_body().collect().await.map_err(io::Error::other)?.to_bytes();
        if limit.is_some() {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        let body: Value = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
        lock().answer(&method, uri.path(), uri.query().unwrap_or_default(), &body)
    };
    match after {
        Some(Fault::DoneBut(status)) => {
            let echo = authorization.filter(|_| lock().echo);
            Ok(response((status, vec![], echoed(json!({ "message": "Server Error" }), echo.as_deref()))))
        }
        Some(Fault::DoneAndReset) => Err(io::ErrorKind::ConnectionReset.into()),
        Some(Fault::After(act)) => {
            act();
            Ok(response(answer))
        }
        _ => Ok(response(answer)),
    }
}

fn echoed(mut body: Value, authorization: Option<&str>) -> Value {
    if let Some(authorization) = authorization.filter(|_| body.is_object()) {
        let message = body["message"].as_str().unwrap_or_default();
        body["message"] = json!(format!("{message} [authorization: {authorization}]"));
    }
    body
}

fn response((status, headers, body): Answer) -> Response<Full<Bytes>> {
    let mut builder = Response::builder()
        .status(status)
        .header("content-type", "application/json; charset=utf-8")
        .header("x-github-request-id", "F00D:1234:5678")
        .header("x-ratelimit-limit", "5000");
    if !headers.iter().any(|(name, _)| *name == "x-ratelimit-remaining") {
        builder = builder.header("x-ratelimit-remaining", "4999");
    }
    for (name, value) in headers {
        builder = builder.header(name, value);
    }
    let body = if body.is_null() { String::new() } else { body.to_string() };
    builder.body(Full::new(body.into())).unwrap()
}

fn unauthorized(authorization: Option<&str>, line: &str, state: &State) -> Option<Answer> {
    if authorization != Some(&format!("Bearer {TOKEN}")) {
        return Some((401, vec![], json!({ "message": "Bad credentials" })));
    }
    if line.starts_with("GET ") {
        return None;
    }
    match state.right.unwrap_or(Right::Write) {
        Right::Write => None,
        Right::Read => Some((403, vec![], json!({ "message": "Resource not accessible by integration" }))),
        Right::HiddenRead => Some(not_found()),
    }
}

/// The name that GitHub gives a file.
fn rewritten(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let name: String = name.chars().map(|c| if plain(c) { c } else { '.' }).collect();
    name.trim_matches('.').to_owned()
}

async fn upload(
    request: Request<Incoming>,
    state: &Mutex<State>,
    damage: bool,
    limit: Option<u64>,
) -> io::Result<Answer> {
    let lock = || state.lock().unwrap_or_else(PoisonError::into_inner);
    let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let Some(length) = header("content-length").and_then(|text| text.parse::<u64>().ok()) else {
        return Ok((411, vec![], json!({ "message": "Length Required" })));
    };
    let Some(media_type) = header("content-type") else {
        return Ok((415, vec![], json!({ "message": "Unsupported Media Type" })));
    };
    let id: u64 = request.uri().path().rsplit('/').nth(1).and_then(|id| id.parse().ok()).unwrap_or_default();
    let name = rewritten(&query(request.uri().query().unwrap_or_default())["name"]);
    let asset = match lock().begin(id, &name, length, media_type) {
        Ok(asset) => asset,
        Err(refusal) => return Ok(refusal),
    };
    let (mut hasher, mut bytes, mut size) = (Sha256::new(), Vec::new(), 0);
    let mut body = request.into_body();
    while let Some(frame) = body.frame().await {
        let data = frame.map_err(io::Error::other)?.into_data().unwrap_or_default();
        size += data.len() as u64;
        hasher.update(&data);
        if length < 1 << 20 {
            bytes.extend_from_slice(&data);
        }
        if limit.is_some_and(|limit| size >= limit.min(length)) {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
    }
    if damage {
        hasher.update(b"x");
    }
    let sha256 = hex(&hasher.finalize());
    Ok(lock().end(id, asset, sha256, bytes))
}
