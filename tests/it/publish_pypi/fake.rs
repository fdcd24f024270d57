//! An index in this process that answers as PyPI does where devpi and pypiserver do not, and GitHub's endpoint for tokens.
//!
//! The semantics, as read in PyPI's source and documentation:
//! - an upload wants basic authentication as `__token__` with a token, else 403 and a message;
//! - the same file again is 200 with an empty body; the same name with other bytes is 400 `File already exists (…)`;
//! - digests that do not fit the content are 400; errors are JSON with the whole message in `code`;
//! - a token of a job (JWT) is exchanged once, for a token of the index; a second time is 422 `invalid-reuse-token`;
//! - lists are JSON as in PEP 691.
//!
//! Beside that it can fail on command, and stop answering at a step, for tests that end the client there.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::io::{BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use iiswsgi::digest::Digests;
use serde_json::{Value, json};

/// A token that is always taken.
pub(super) const TOKEN: &str = "pypi-always-valid-secret";
/// What a job shows GitHub.
pub(super) const REQUEST_TOKEN: &str = "request-token-secret";
/// How the tokens of jobs end. They are made anew each time.
pub(super) const JWT_END: &str = "jwt-signature-secret";
/// How the tokens that are minted begin.
pub(super) const MINTED: &str = "pypi-minted-secret-";

/// A step of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The list of files is asked for.
    List,
    /// The audience is asked for.
    Audience,
    /// A job asks GitHub for a token.
    GitHub,
    /// A token is minted.
    Mint,
    /// The head of an upload has come.
    UploadHead,
    /// The whole upload has come and is not kept yet.
    UploadEnd,
    /// The upload is kept and not answered yet.
    Kept,
}

impl Step {
    pub(super) const ALL: [Self; 7] =
        [Self::List, Self::Audience, Self::GitHub, Self::Mint, Self::UploadHead, Self::UploadEnd, Self::Kept];
}

/// What the next upload meets instead of an answer.
#[derive(Debug, Clone)]
pub(super) enum Trouble {
    /// An answer with this status and message.
    Status(u16, &'static str),
    /// The connection breaks in the middle of the body.
    Reset,
    /// The file is kept, and the connection breaks before the answer.
    ResetAfterKeeping,
    /// A redirect.
    Redirect(String),
}

/// The fields of a form.
type Fields = Vec<(String, String)>;

#[derive(Default)]
struct State {
    /// The files by name: bytes and form fields.
    files: BTreeMap<String, (Vec<u8>, Fields)>,
    uploads: usize,
    troubles: VecDeque<Trouble>,
    used: HashSet<String>,
    minted: Vec<String>,
    jobs: usize,
    refusal: Option<(&'static str, &'static str)>,
    audience_status: Option<u16>,
    hang: Option<(Step, Sender<()>)>,
}

/// The index.
pub(super) struct Fake {
    /// Its address without a slash at the end.
    pub(super) url: String,
    state: Arc<Mutex<State>>,
}

impl Fake {
    pub(super) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let (base, shared) = (url.clone(), state.clone());
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let (base, state) = (base.clone(), shared.clone());
                // A client that goes away in the middle ends the thread, and nothing else.
                thread::spawn(move || serve(&connection, &base, &state));
            }
        });
        Self { url, state }
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap())
    }

    /// Lets the next uploads meet trouble, each one in turn.
    pub(super) fn trouble(&self, troubles: impl IntoIterator<Item = Trouble>) {
        self.with(|state| state.troubles.extend(troubles));
    }

    /// Refuses to mint tokens, with this code and description.
    pub(super) fn refuse(&self, refusal: Option<(&'static str, &'static str)>) {
        self.with(|state| state.refusal = refusal);
    }

    /// Answers with this status when the audience is asked for.
    pub(super) fn audience_status(&self, status: Option<u16>) {
        self.with(|state| state.audience_status = status);
    }

    /// Stops at a step, once; the receiver hears of it.
    pub(super) fn hang_at(&self, step: Step) -> Receiver<()> {
        let (sender, receiver) = channel();
        self.with(|state| state.hang = Some((step, sender)));
        receiver
    }

    /// The names of the files.
    pub(super) fn names(&self) -> Vec<String> {
        self.with(|state| state.files.keys().cloned().collect())
    }

    /// How many uploads came to their end.
    pub(super) fn uploads(&self) -> usize {
        self.with(|state| state.uploads)
    }

    /// The values of a form field of a file.
    pub(super) fn field(&self, file: &str, name: &str) -> Vec<String> {
        self.with(|state| {
            let fields = &state.files[file].1;
            fields.iter().filter(|(field, _)| field == name).map(|(_, value)| value.clone()).collect()
        })
    }

    /// Puts a file there.
    pub(super) fn put(&self, name: &str, bytes: &[u8]) {
        self.with(|state| state.files.insert(name.to_owned(), (bytes.to_vec(), Vec::new())));
    }

    /// The tokens that were minted.
    pub(super) fn minted(&self) -> Vec<String> {
        self.with(|state| state.minted.clone())
    }
}

/// A request as far as it is needed.
struct Request {
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
}

fn serve(connection: &TcpStream, base: &str, state: &Mutex<State>) -> Option<()> {
    let mut reader = BufReader::new(connection.try_clone().ok()?);
    let request = head(&mut reader)?;
    let step = match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/legacy/") => Step::UploadHead,
        (_, "/_/oidc/audience") => Step::Audience,
        (_, "/_/oidc/mint-token") => Step::Mint,
        (_, path) if path.starts_with("/github?") => Step::GitHub,
        _ => Step::List,
    };
    wait_at(step, state);
    let length: usize = request.headers.get("content-length").map_or(Ok(0), |text| text.parse()).ok()?;
    let trouble = if step == Step::UploadHead { state.lock().unwrap().troubles.pop_front() } else { None };
    if matches!(trouble, Some(Trouble::Reset)) {
        let mut part = vec![0; length / 2];
        reader.read_exact(&mut part).ok()?;
        return None;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (status, headers, answer) = match step {
        Step::UploadHead => upload(&request, &body, trouble, state)?,
        Step::Audience => match state.lock().unwrap().audience_status {
            Some(status) => (status, String::new(), String::new()),
            None => (200, String::new(), json!({"audience": "pypi"}).to_string()),
        },
        Step::GitHub => github(&request, state),
        Step::Mint => mint(&body, state),
        _ => (200, String::new(), list(base, &request.path, state)),
    };
    let head = format!(
        "HTTP/1.1 {status} Answer\r\nConnection: close\r\nContent-Length: {}\r\nContent-Type: application/json\r\n{headers}\r\n",
        answer.len()
    );
    { connection }.write_all(format!("{head}{answer}").as_bytes()).ok()
}

fn head(reader: &mut impl std::io::BufRead) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    Some(Request { method, path, headers })
}

/// Stops for good where a test wants it; the client is ended meanwhile.
fn wait_at(step: Step, state: &Mutex<State>) {
    let hang = {
        let mut state = state.lock().unwrap();
        if state.hang.as_ref().is_some_and(|(at, _)| *at == step) { state.hang.take() } else { None }
    };
    if let Some((_, sender)) = hang {
        let _ = sender.send(());
        thread::park();
    }
}

type Answer = (u16, String, String);

fn upload(request: &Request, body: &[u8], trouble: Option<Trouble>, state: &Mutex<State>) -> Option<Answer> {
    wait_at(Step::UploadEnd, state);
    let refused = |status: u16, text: &str| {
        let answer = json!({"message": "The server could not comply.", "code": format!("{status} {text}"), "title": "x"});
        (status, String::new(), answer.to_string())
    };
    assert_eq!(request.headers["accept"], "application/json");
    match trouble {
        Some(Trouble::Status(status, text)) => return Some(refused(status, text)),
        Some(Trouble::Redirect(to)) => return Some((301, format!("Location: {to}\r\n"), String::new())),
        Some(Trouble::ResetAfterKeeping | Trouble::Reset) | None => {}
    }
    let login = request.headers.get("authorization").cloned().unwrap_or_default();
    let valid = |token: &str| login == basic("__token__", token);
    let mut guard = state.lock().unwrap();
    if !valid(TOKEN) && !guard.minted.iter().any(|token| valid(token)) {
        return Some(refused(
            403,
            "Invalid or non-existent authentication information. See https://index.example/help/",
        ));
    }
    let boundary = request.headers["content-type"].split("boundary=").nth(1)?.to_owned();
    let (fields, name, content) = form(body, &boundary)?;
    let digests = Digests::of(&content);
    let told = fields.iter().find(|(field, _)| field == "sha256_digest").map(|(_, value)| value.clone());
    if told != Some(digests.sha256_hex()) {
        return Some(refused(
            400,
            "The digest supplied does not match a digest calculated from the uploaded file.",
        ));
    }
    guard.uploads += 1;
    match guard.files.get(&name) {
        Some((there, _)) if *there == content => return Some((200, String::new(), String::new())),
        Some(_) => {
            let text = format!(
                "File already exists ('{name}', with blake2_256 hash 'ab'). See https://index.example/help/"
            );
            return Some(refused(400, &text));
        }
        None => {}
    }
    guard.files.insert(name, (content, fields));
    drop(guard);
    if matches!(trouble, Some(Trouble::ResetAfterKeeping)) {
        return None;
    }
    wait_at(Step::Kept, state);
    Some((200, String::new(), String::new()))
}

/// The fields of a form, and the name and bytes of its file.
fn form(body: &[u8], boundary: &str) -> Option<(Fields, String, Vec<u8>)> {
    let mark = format!("--{boundary}").into_bytes();
    let starts: Vec<usize> =
        body.windows(mark.len()).enumerate().filter(|(_, part)| *part == mark).map(|(at, _)| at).collect();
    let (mut fields, mut file) = (Vec::new(), None);
    for pair in starts.windows(2) {
        let part = &body[pair[0] + mark.len() + 2..pair[1] - 2];
        let at = part.windows(4).position(|four| four == b"\r\n\r\n")?;
        let (head, value) = (String::from_utf8(part[..at].to_vec()).ok()?, &part[at + 4..]);
        let named =
            |what: &str| Some(head.split(&format!("{what}=\"")).nth(1)?.split('"').next()?.to_owned());
        let name = named("; name")?;
        match named("filename") {
            Some(file_name) => {
                assert!(name == "content" && head.to_lowercase().contains("application/octet-stream"));
                file = Some((file_name, value.to_vec()));
            }
            None => fields.push((name, String::from_utf8(value.to_vec()).ok()?)),
        }
    }
    let (name, content) = file?;
    Some((fields, name, content))
}

fn github(request: &Request, state: &Mutex<State>) -> Answer {
    if request.headers.get("authorization") != Some(&format!("Bearer {REQUEST_TOKEN}")) {
        return (401, String::new(), String::new());
    }
    assert!(request.path.contains("audience=pypi"), "{}", request.path);
    let mut state = state.lock().unwrap();
    state.jobs += 1;
    // {"repository":"owner/app","sub":"repo:owner/app:ref:refs/heads/main"} in base64.
    let claims =
        "eyJyZXBvc2l0b3J5Ijoib3duZXIvYXBwIiwic3ViIjoicmVwbzpvd25lci9hcHA6cmVmOnJlZnMvaGVhZHMvbWFpbiJ9";
    let jwt = format!("{}.{claims}.{JWT_END}", state.jobs);
    (200, String::new(), json!({"value": jwt, "count": 1}).to_string())
}

fn mint(body: &[u8], state: &Mutex<State>) -> Answer {
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let jwt = asked["token"].as_str().unwrap_or_default().to_owned();
    let mut state = state.lock().unwrap();
    let refused = |code: &str, description: &str| {
        let errors = json!([{"code": code, "description": description}]);
        (422, String::new(), json!({"message": "Token request failed", "errors": errors}).to_string())
    };
    if let Some((code, description)) = state.refusal {
        return refused(code, description);
    }
    if !jwt.ends_with(JWT_END) {
        return refused("invalid-token", "malformed JWT");
    }
    if !state.used.insert(jwt) {
        return refused("invalid-reuse-token", "JWT was already used");
    }
    let token = format!("{MINTED}{}", state.minted.len());
    state.minted.push(token.clone());
    (200, String::new(), json!({"success": true, "token": token, "expires": 4_000_000_000_u64}).to_string())
}

fn list(base: &str, path: &str, state: &Mutex<State>) -> String {
    let project = path.trim_matches('/').rsplit('/').next().unwrap_or_default().replace('-', "_");
    let state = state.lock().unwrap();
    let files: Vec<Value> = state
        .files
        .iter()
        .filter(|(name, _)| name.starts_with(&format!("{project}-")))
        .map(|(name, (bytes, _))| {
            let sha256 = Digests::of(bytes).sha256_hex();
            json!({"filename": name, "url": format!("{base}/files/{name}"), "hashes": {"sha256": sha256}})
        })
        .collect();
    json!({"meta": {"api-version": "1.0"}, "name": project, "files": files}).to_string()
}

/// The header of basic authentication.
pub(super) fn basic(user: &str, password: &str) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::from("Basic ");
    for chunk in format!("{user}:{password}").as_bytes().chunks(3) {
        let bits =
            chunk.iter().fold(0_u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at)) as usize & 63];
            text.push(if at <= chunk.len() { digit as char } else { '=' });
        }
    }
    text
}
