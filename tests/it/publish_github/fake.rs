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

use std::collections::{BTreeMap, BTreeSet};
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

/// The token that may write.
pub(crate) const TOKEN: &str = "ghp_TheTokenOfTheseTests0123456789abcdef";
/// The repository.
pub(crate) const REPOSITORY: &str = "octo/shop";

/// A file of a release.
#[derive(Debug, Clone)]
pub(crate) struct StoredAsset {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) size: u64,
    pub(crate) state: &'static str,
    pub(crate) sha256: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) media_type: String,
}

/// A release.
#[derive(Debug, Clone)]
pub(crate) struct StoredRelease {
    pub(crate) id: u64,
    pub(crate) tag: String,
    pub(crate) name: String,
    pub(crate) body: String,
    pub(crate) draft: bool,
    pub(crate) prerelease: bool,
    pub(crate) immutable: bool,
    pub(crate) latest: String,
    pub(crate) commit: String,
    pub(crate) assets: Vec<StoredAsset>,
}

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Right {
    Write,
    /// Writing is answered with 403.
    Read,
    /// Writing is answered with 404.
    HiddenRead,
}

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

/// All that it knows.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each switches one peculiarity of GitHub on")]
pub(crate) struct State {
    pub(crate) releases: Vec<StoredRelease>,
    pub(crate) requests: Vec<String>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) right: Option<Right>,
    pub(crate) archived: bool,
    pub(crate) immutable_releases: bool,
    pub(crate) burned: BTreeSet<String>,
    pub(crate) tags: BTreeSet<String>,
    pub(crate) restricted_tags: bool,
    pub(crate) no_digests: bool,
    /// So many lists of releases lack what was made last.
    pub(crate) lists_behind: usize,
    /// So many lists of assets are empty.
    pub(crate) assets_behind: usize,
    /// Whether refusals repeat the header with the token.
    pub(crate) echo: bool,
    /// Whether uploads are announced at an address without encryption on another host.
    pub(crate) upload_elsewhere: bool,
    last_id: u64,
    base: String,
}

impl State {
    fn id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// A release that is there before the test begins.
    pub(crate) fn add(&mut self, tag: &str, draft: bool, body: &str, assets: &[(&str, &[u8])]) -> u64 {
        let id = self.id();
        let mut release = StoredRelease {
            id,
            tag: tag.into(),
            name: tag.into(),
            body: body.into(),
            draft,
            prerelease: false,
            immutable: false,
            latest: String::new(),
            commit: String::new(),
            assets: Vec::new(),
        };
        for (name, bytes) in assets {
            let mut hasher = Sha256::new();
            hasher.update(bytes);
            release.assets.push(StoredAsset {
                id: self.id(),
                name: (*name).into(),
                size: bytes.len() as u64,
                state: "uploaded",
                sha256: hex(&hasher.finalize()),
                bytes: bytes.to_vec(),
                media_type: String::new(),
            });
        }
        self.releases.push(release);
        id
    }

    /// The fault that is due at a request.
    fn due(&mut self, line: &str) -> Option<Fault> {
        for at in 0..self.rules.len() {
            if line.contains(self.rules[at].part) {
                if self.rules[at].skip == 0 {
                    return Some(self.rules.remove(at).fault);
                }
                self.rules[at].skip -= 1;
            }
        }
        None
    }

    pub(crate) fn published(&self, tag: &str) -> Vec<&StoredRelease> {
        self.releases.iter().filter(|release| !release.draft && release.tag == tag).collect()
    }
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

type Answer = (u16, Vec<(&'static str, String)>, Value);

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

fn not_found() -> Answer {
    (404, vec![], json!({ "message": "Not Found" }))
}

fn invalid(error: &Value) -> Answer {
    (422, vec![], json!({ "message": "Validation Failed", "errors": [error] }))
}

fn query(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), decoded(value))).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            b'+' => b' ',
            byte => byte,
        });
    }
    String::from_utf8(bytes).unwrap()
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

impl State {
    fn begin(&mut self, id: u64, name: &str, size: u64, media_type: String) -> Result<u64, Answer> {
        let next = self.id();
        let Some(release) = self.releases.iter_mut().find(|release| release.id == id) else {
            return Err(not_found());
        };
        if release.immutable {
            return Err((422, vec![], json!({ "message": "Cannot upload assets to an immutable release." })));
        }
        if release.assets.iter().any(|asset| asset.name == name) {
            let error = json!({ "resource": "ReleaseAsset", "code": "already_exists", "field": "name" });
            return Err(invalid(&error));
        }
        if size == 0 {
            return Err(invalid(&json!({ "resource": "ReleaseAsset", "code": "custom", "field": "size" })));
        }
        if release.assets.len() >= 1000 {
            let message = json!({ "message": "release assets limit of 1000 reached" });
            return Err((422, vec![], message));
        }
        release.assets.push(StoredAsset {
            id: next,
            name: name.into(),
            size,
            state: "starter",
            sha256: String::new(),
            bytes: Vec::new(),
            media_type,
        });
        Ok(next)
    }

    fn end(&mut self, id: u64, asset: u64, sha256: String, bytes: Vec<u8>) -> Answer {
        let release = self.releases.iter_mut().find(|release| release.id == id);
        let asset = release.and_then(|release| release.assets.iter_mut().find(|stored| stored.id == asset));
        let Some(asset) = asset else { return not_found() };
        (asset.state, asset.sha256, asset.bytes) = ("uploaded", sha256, bytes);
        let asset = asset.clone();
        (201, vec![], self.asset(&asset))
    }

    fn answer(&mut self, method: &str, path: &str, query_text: &str, body: &Value) -> Answer {
        // An enterprise server has its API below this.
        let path = path.strip_prefix("/api/v3").unwrap_or(path);
        let Some(rest) = path.strip_prefix(&format!("/repos/{REPOSITORY}")) else { return not_found() };
        let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
        let number = |text: &str| text.parse::<u64>().unwrap_or_default();
        match (method, parts.as_slice()) {
            ("GET", []) => {
                (200, vec![], json!({ "full_name": REPOSITORY, "archived": self.archived, "private": false }))
            }
            ("GET", ["releases"]) => self.list(query_text),
            ("POST", ["releases"]) => self.create(body),
            ("POST", ["releases", "generate-notes"]) => {
                let text = format!("## What's changed\n\n**{}**", body["tag_name"].as_str().unwrap());
                (200, vec![], json!({ "name": body["tag_name"], "body": text }))
            }
            ("GET", ["releases", "tags", tag @ ..]) => {
                let tag = decoded(&tag.join("/"));
                let found = self.published(&tag).first().map(|release| self.release(release));
                found.map_or_else(not_found, |release| (200, vec![], release))
            }
            ("PATCH", ["releases", id]) => self.patch(number(id), body),
            ("DELETE", ["releases", id]) => {
                let Some(at) = self.releases.iter().position(|release| release.id == number(id)) else {
                    return not_found();
                };
                let release = self.releases.remove(at);
                if release.immutable {
                    self.burned.insert(release.tag);
                }
                (204, vec![], Value::Null)
            }
            ("GET", ["releases", id, "assets"]) => self.assets(number(id), query_text),
            ("DELETE", ["releases", "assets", id]) => self.delete_asset(number(id)),
            _ => not_found(),
        }
    }

    fn assets(&mut self, id: u64, query_text: &str) -> Answer {
        let Some(release) = self.releases.iter().find(|release| release.id == id) else { return not_found() };
        let mut all: Vec<Value> = release.assets.iter().map(|asset| self.asset(asset)).collect();
        if self.assets_behind > 0 {
            self.assets_behind -= 1;
            all.clear();
        }
        page(all, query_text)
    }

    fn delete_asset(&mut self, id: u64) -> Answer {
        for release in &mut self.releases {
            if let Some(at) = release.assets.iter().position(|asset| asset.id == id) {
                if release.immutable {
                    let message = json!({ "message": "Cannot delete asset from an immutable release." });
                    return (422, vec![], message);
                }
                release.assets.remove(at);
                return (204, vec![], Value::Null);
            }
        }
        not_found()
    }

    fn list(&mut self, query_text: &str) -> Answer {
        let drafts = self.right.unwrap_or(Right::Write) == Right::Write;
        let mut all: Vec<&StoredRelease> =
            self.releases.iter().filter(|release| drafts || !release.draft).collect();
        all.sort_by_key(|release| std::cmp::Reverse(release.id));
        let behind = usize::from(self.lists_behind > 0);
        let all: Vec<Value> = all.into_iter().skip(behind).map(|release| self.release(release)).collect();
        self.lists_behind -= behind;
        page(all, query_text)
    }

    fn create(&mut self, body: &Value) -> Answer {
        let tag = body["tag_name"].as_str().unwrap();
        let draft = body["draft"].as_bool().unwrap_or(false);
        if !draft && !self.published(tag).is_empty() {
            return invalid(&json!({ "resource": "Release", "code": "already_exists", "field": "tag_name" }));
        }
        let id = self.add(tag, draft, body["body"].as_str().unwrap_or_default(), &[]);
        let release = self.releases.last_mut().unwrap();
        release.name = body["name"].as_str().unwrap_or_default().into();
        release.prerelease = body["prerelease"].as_bool().unwrap_or(false);
        release.commit = body["target_commitish"].as_str().unwrap_or_default().into();
        let release = self.releases.iter().find(|release| release.id == id).unwrap();
        (201, vec![], self.release(release))
    }

    fn patch(&mut self, id: u64, body: &Value) -> Answer {
        let Some(at) = self.releases.iter().position(|release| release.id == id) else { return not_found() };
        let tag = body["tag_name"].as_str().map_or_else(|| self.releases[at].tag.clone(), str::to_owned);
        let publish = self.releases[at].draft && body["draft"] == json!(false);
        let error = |code: &str, field: &str, message: &str| json!({ "resource": "Release", "code": code, "field": field, "message": message });
        if publish && self.published(&tag).iter().any(|release| release.id != id) {
            return invalid(&json!({ "resource": "Release", "code": "already_exists", "field": "tag_name" }));
        }
        if publish && self.burned.contains(&tag) {
            return invalid(&error("custom", "tag_name", "tag_name was used by an immutable release"));
        }
        if publish && self.restricted_tags && !self.tags.contains(&tag) {
            let text =
                "Repository rule violations found\n\nCannot create ref due to creations being restricted.";
            return invalid(&error("custom", "pre_receive", text));
        }
        let prerelease = body["prerelease"].as_bool().unwrap_or(self.releases[at].prerelease);
        if body["make_latest"] == json!("true") && prerelease {
            return invalid(&error("custom", "make_latest", "Latest release cannot be draft or prerelease"));
        }
        let immutable = publish && self.immutable_releases;
        let release = &mut self.releases[at];
        release.draft &= !publish;
        release.prerelease = prerelease;
        release.immutable |= immutable;
        for (field, key) in
            [(&mut release.name, "name"), (&mut release.body, "body"), (&mut release.latest, "make_latest")]
        {
            if let Some(text) = body[key].as_str() {
                text.clone_into(field);
            }
        }
        if publish {
            self.tags.insert(tag);
        }
        let release = self.releases[at].clone();
        (200, vec![], self.release(&release))
    }

    fn release(&self, release: &StoredRelease) -> Value {
        let place = if release.draft { format!("untagged-{:020x}", release.id) } else { release.tag.clone() };
        let uploads =
            if self.upload_elsewhere { "http://uploads.elsewhere.example" } else { self.base.as_str() };
        json!({
            "id": release.id,
            "html_url": format!("{}/{REPOSITORY}/releases/tag/{place}", self.base),
            "upload_url": format!("{uploads}/uploads/repos/{REPOSITORY}/releases/{}/assets{{?name,label}}", release.id),
            "tag_name": release.tag,
            "name": release.name,
            "body": release.body,
            "draft": release.draft,
            "prerelease": release.prerelease,
            "immutable": release.immutable,
            "assets": release.assets.iter().map(|asset| self.asset(asset)).collect::<Vec<_>>(),
        })
    }

    fn asset(&self, asset: &StoredAsset) -> Value {
        let digest =
            (!asset.sha256.is_empty() && !self.no_digests).then(|| format!("sha256:{}", asset.sha256));
        json!({
            "id": asset.id,
            "name": asset.name,
            "label": "",
            "size": asset.size,
            "state": asset.state,
            "digest": digest,
            "content_type": asset.media_type,
        })
    }
}

fn page(all: Vec<Value>, query_text: &str) -> Answer {
    let query = query(query_text);
    let number = |name: &str, default: usize| query.get(name).map_or(default, |text| text.parse().unwrap());
    let (size, page) = (number("per_page", 30).min(100), number("page", 1));
    let more = all.len() > size * page;
    let shown: Vec<Value> = all.into_iter().skip(size * (page - 1)).take(size).collect();
    let link = more.then(|| ("link", format!("<http://x/?page={}>; rel=\"next\"", page + 1)));
    (200, link.into_iter().collect(), Value::Array(shown))
}
