//! One run against an index: look up what is there, send what is not, look whether it has arrived.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{ACCEPT, LOCATION, RETRY_AFTER};
use reqwest::multipart::{Form, Part};

use super::answers::Answer;
use super::credentials::Credentials;
use super::prepare::Prepared;
use super::simple::{self, Listed};
use super::trusted::{self, Minted};
use super::{Error, Index, addresses, attestations};
use crate::event::{Event, Observer, Severity, Unit};
use crate::http::{
    self, Backoff, Client, Login, Method, Response, Sent, StatusCode, Url, file_body, is_transient,
    read_text, retry_after,
};
use crate::publish::Published;

/// How long a list of files may take.
const LIST_PATIENCE: Duration = Duration::from_secs(60);
/// How long nothing may move in an upload. Indexes look into a file before they answer.
const UPLOAD_PATIENCE: Duration = Duration::from_secs(300);
/// The most bytes of the list of a project's files.
const MOST_LIST: usize = 64 << 20;
/// The most bytes of an answer to an upload.
const MOST_ANSWER: usize = 1 << 20;
/// How often is looked for a file that was sent: lists come from caches.
const ARRIVAL: Backoff = Backoff {
    attempts: 4,
    first: Duration::from_millis(500),
    longest: Duration::from_secs(4),
    patience: Duration::from_secs(30),
};

/// What the index says about a file before it is sent.
enum There {
    /// It has the same file here.
    Same(Listed),
    /// It has another file of that name.
    Other,
    /// It has none, as far as it tells.
    No,
}

/// A run.
pub(super) struct Session<'a> {
    index: &'a Index<'a>,
    client: &'a Client,
    credentials: Credentials,
    observer: &'a dyn Observer,
    backoff: Backoff,
    minted: tokio::sync::Mutex<Option<Minted>>,
    sent: Sent,
    /// The file that is being sent, and its size.
    current: Mutex<Option<(String, u64)>>,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        index: &'a Index<'a>,
        client: &'a Client,
        credentials: Credentials,
        observer: &'a dyn Observer,
    ) -> Self {
        Self {
            index,
            client,
            credentials,
            observer,
            backoff: Backoff::default(),
            minted: tokio::sync::Mutex::default(),
            sent: Sent::default(),
            current: Mutex::default(),
        }
    }

    /// Tells how far the upload is.
    pub(super) fn tell(&self) {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((name, total)) = &*current {
            let (what, done) = (format!("uploading {name}"), self.sent.bytes().min(*total));
            self.observer.event(Event::Progress { what, done, total: *total, unit: Unit::Bytes });
        }
    }

    /// Publishes all files, one after the other.
    pub(super) async fn all(&self, files: &[Prepared]) -> Result<Vec<Published>, Error> {
        let mut published = Vec::with_capacity(files.len());
        for file in files {
            let url = self.one(file).await?;
            published.push(Published { target: "pypi".into(), url });
        }
        Ok(published)
    }

    /// Publishes a file and gives its address.
    async fn one(&self, file: &Prepared) -> Result<String, Error> {
        let say = |text: String| self.observer.message(Severity::Info, &text);
        match self.there(file).await? {
            There::Same(listed) => {
                say(format!("{} is on the index already.", file.name));
                return Ok(listed.url);
            }
            There::Other => return self.other(file, String::new()),
            There::No => {}
        }
        if self.index.settings.dry_run {
            say(format!("{} would be uploaded ({} bytes).", file.name, file.digests.size));
            return Ok(self.expected(file));
        }
        if !file.attestations.is_empty() && self.attestations(file).is_none() {
            let text = format!(
                "The attestations of {} are left out: indexes take them from Trusted Publishing alone.",
                file.name
            );
            self.observer.message(Severity::Warning, &text);
        }
        let mut failures = 0;
        loop {
            let (answer, status, asked) = match self.send(file).await {
                Ok(answered) => answered,
                Err(Error::Http(error)) if error.is_transient() => {
                    // It may have arrived all the same; the look-up tells.
                    failures += 1;
                    let Some(pause) = self.backoff.pause(failures, None, http::chance()) else {
                        return Err(error.into());
                    };
                    self.again(file, &error.to_string(), pause).await;
                    if let There::Same(listed) = self.there(file).await? {
                        return Ok(listed.url);
                    }
                    continue;
                }
                Err(error) => return Err(error),
            };
            match answer {
                Answer::Accepted => return self.arrived(file).await,
                Answer::Exists(text) => {
                    return match self.there(file).await? {
                        There::Same(listed) => Ok(listed.url),
                        // PyPI answers so when the same bytes are there under another name, too.
                        There::Other | There::No => self.other(file, text),
                    };
                }
                Answer::Later(text) => {
                    failures += 1;
                    let Some(pause) = self.backoff.pause(failures, asked, http::chance()) else {
                        return Err(self.refused(file, status, text));
                    };
                    self.again(file, &text, pause).await;
                }
                Answer::Refused(text) => return Err(self.refused(file, status, text)),
            }
        }
    }

    /// Sends a file once.
    async fn send(&self, file: &Prepared) -> Result<(Answer, StatusCode, Option<Duration>), Error> {
        let url = &self.index.settings.upload;
        let login = self.login().await?;
        let body = file_body(&file.path, file.digests.size, &self.sent).await?;
        let transfer = |source| Error::Http(http::Error::transfer(url, source));
        let part = Part::stream_with_length(body, file.digests.size)
            .file_name(file.name.clone())
            .mime_str("application/octet-stream")
            .map_err(transfer)?;
        let mut form = Form::new();
        for (name, value) in file.form() {
            form = form.text(name, value);
        }
        if let Some(attestations) = self.attestations(file) {
            form = form.text("attestations", attestations);
        }
        let mut request = self.client.request(Method::POST, url)?;
        request = request.header(ACCEPT, "application/json").multipart(form.part("content", part));
        if let Some(login) = &login {
            request = request.basic_auth(&login.user, Some(login.password.reveal()));
        }
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((file.name.clone(), file.digests.size));
        let result = tokio::select! {
            result = answer(request, url) => result,
            () = self.sent.stalled(UPLOAD_PATIENCE) => {
                Err(http::Error::Stalled { url: http::shown(url), patience: UPLOAD_PATIENCE }.into())
            }
        };
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = None;
        result
    }

    /// The login for the next request; a minted token that is about to end is replaced.
    async fn login(&self) -> Result<Option<Login>, Error> {
        match &self.credentials {
            Credentials::None => Ok(None),
            Credentials::Login(login) => Ok(Some(login.clone())),
            Credentials::Trusted => {
                let mut minted = self.minted.lock().await;
                let token = match minted.take().filter(Minted::is_fresh) {
                    Some(fresh) => fresh,
                    None => self.mint().await?,
                };
                let password = token.token.clone();
                *minted = Some(token);
                Ok(Some(Login { user: "__token__".into(), password }))
            }
        }
    }

    async fn mint(&self) -> Result<Minted, Error> {
        let upload = &self.index.settings.upload;
        let mut failures = 0;
        loop {
            let oidc = self.index.sources.oidc.as_ref();
            match trusted::mint(self.client, upload, oidc, self.index.notify).await {
                Err(trusted::Error::Http(error)) if error.is_transient() => {
                    failures += 1;
                    let Some(pause) = self.backoff.pause(failures, None, http::chance()) else {
                        let (url, source) = (http::shown(upload), trusted::Error::Http(error));
                        return Err(Error::Trusted { url, source });
                    };
                    tokio::time::sleep(pause).await;
                }
                result => {
                    return result.map_err(|source| Error::Trusted { url: http::shown(upload), source });
                }
            }
        }
    }

    /// The attestations as a form field, where they are taken.
    fn attestations(&self, file: &Prepared) -> Option<String> {
        let taken = self.index.settings.attestations && self.credentials == Credentials::Trusted;
        attestations::field(&file.attestations).ok().flatten().filter(|_| taken)
    }

    /// Looks a file up.
    async fn there(&self, file: &Prepared) -> Result<There, Error> {
        let listed = self.listed(&file.project()).await?;
        let Some(listed) = listed.into_iter().find(|listed| listed.name == file.name) else {
            return Ok(There::No);
        };
        Ok(match &listed.sha256 {
            Some(sha256) if sha256.eq_ignore_ascii_case(&file.digests.sha256) => There::Same(listed),
            Some(_) => There::Other,
            None => There::No,
        })
    }

    /// The files of a project; none where the index has no lists or does not know it.
    async fn listed(&self, project: &str) -> Result<Vec<Listed>, Error> {
        let Some(lists) = &self.index.settings.lists else { return Ok(Vec::new()) };
        let mut url = lists.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(project).push("");
        }
        // Private indexes want the login for reading, too; it is only for its own host.
        let login = match &self.credentials {
            Credentials::Login(login) if self.index.settings.upload.origin() == url.origin() => Some(login),
            _ => None,
        };
        let mut failures = 0;
        loop {
            let error = match self.client.get(&url, simple::ACCEPT, login, LIST_PATIENCE).await {
                Ok(response) if response.status().is_success() => {
                    let page = response.url().clone();
                    return Ok(simple::read(&read_text(response, MOST_LIST).await?, &page));
                }
                Ok(response) if response.status() == StatusCode::NOT_FOUND => return Ok(Vec::new()),
                Ok(response) => {
                    let status = response.status();
                    let error = Error::Lists { url: http::shown(&url), status: status.as_u16() };
                    if !is_transient(status) {
                        return Err(error);
                    }
                    error
                }
                Err(error) if error.is_transient() => error.into(),
                Err(error) => return Err(error.into()),
            };
            failures += 1;
            let Some(pause) = self.backoff.pause(failures, None, http::chance()) else { return Err(error) };
            tokio::time::sleep(pause).await;
        }
    }

    /// Waits until the index lists a file that it has taken, and gives its address.
    async fn arrived(&self, file: &Prepared) -> Result<String, Error> {
        let expected = self.expected(file);
        self.observer.message(Severity::Info, &format!("{} is uploaded.", file.name));
        let Some(lists) = &self.index.settings.lists else { return Ok(expected) };
        let mut looks = 0;
        loop {
            match self.there(file).await? {
                There::Same(listed) => {
                    if self.expected_of_hash(file).is_some_and(|expected| expected != listed.url) {
                        let text = format!("{} is at {} and not at {expected}.", file.name, listed.url);
                        self.observer.message(Severity::Warning, &text);
                    }
                    return Ok(listed.url);
                }
                There::Other => {
                    return Err(Error::Verification { name: file.name.clone(), url: http::shown(lists) });
                }
                There::No => {}
            }
            looks += 1;
            let Some(pause) = ARRIVAL.pause(looks, None, 1.0) else {
                let text = format!("The index took {} and does not list it yet.", file.name);
                self.observer.message(Severity::Detail, &text);
                return Ok(expected);
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Where PyPI puts a file of this content.
    fn expected_of_hash(&self, file: &Prepared) -> Option<String> {
        addresses::file_of(&self.index.settings.upload, &file.digests.path(&file.name))
    }

    /// Where a file will be, as far as that can be told before.
    fn expected(&self, file: &Prepared) -> String {
        self.expected_of_hash(file).unwrap_or_else(|| {
            let url = self.index.settings.lists.as_ref().unwrap_or(&self.index.settings.upload);
            http::shown(url)
        })
    }

    /// The index has another file of that name.
    fn other(&self, file: &Prepared, text: String) -> Result<String, Error> {
        let url = self.index.target_shown();
        if self.index.settings.skip_existing {
            let text =
                format!("{} is on `{url}` already, and it cannot be told that it is the same.", file.name);
            self.observer.message(Severity::Warning, &text);
            return Ok(self.expected(file));
        }
        Err(Error::Conflict { name: file.name.clone(), url, text })
    }

    fn refused(&self, file: &Prepared, status: StatusCode, text: String) -> Error {
        let (name, url) = (file.name.clone(), self.index.target_shown());
        Error::Refused { name, url, status: status.as_u16(), text }
    }

    /// Says why it is tried again and waits.
    async fn again(&self, file: &Prepared, why: &str, pause: Duration) {
        let text = format!("{}: {why}; trying again in {:.1} s.", file.name, pause.as_secs_f64());
        self.observer.message(Severity::Warning, &text);
        tokio::time::sleep(pause).await;
    }
}

impl Index<'_> {
    fn target_shown(&self) -> String {
        http::shown(&self.settings.upload)
    }
}

/// Sends a request and reads what comes back.
async fn answer(
    request: http::RequestBuilder,
    url: &Url,
) -> Result<(Answer, StatusCode, Option<Duration>), Error> {
    let response: Response = request.send().await.map_err(|source| http::Error::transfer(url, source))?;
    let (status, headers) = (response.status(), response.headers().clone());
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if status.is_redirection() {
        let to = header(LOCATION).and_then(|to| url.join(to).ok());
        let to = to.map_or_else(|| "nowhere".to_owned(), |to| http::shown(&to));
        return Err(Error::Moved { url: http::shown(url), to });
    }
    let asked = header(RETRY_AFTER).and_then(|value| retry_after(value, time::OffsetDateTime::now_utc()));
    Ok((Answer::of(status, &read_text(response, MOST_ANSWER).await?), status, asked))
}
