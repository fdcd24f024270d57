//! One run of publishing: does what the machine says, on a runtime of its own, until all is done. I/O.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::stream::{FuturesUnordered, StreamExt as _};

use super::answer::Answer;
use super::assets::Wanted;
use super::calls::upload_url;
use super::client::{Client, until};
use super::error::{Error, Problem};
use super::machine::{Call, Machine, Step, Trouble};
use super::upload::{Progress, upload};
use super::{Addresses, GitHub, Released, check};
use crate::error::AnyFailure;
use crate::event::{Event, Observer, Severity, Unit};
use crate::publish::{Artifact, Published};

/// How long a call that was sent may still take when the user wants to end: its answer says what is there now.
const GRACE: Duration = Duration::from_secs(3);

/// Publishes files and the feed.
pub(super) fn run(
    github: &GitHub,
    files: &[Artifact],
    feed: &mut dyn FnMut(&Addresses) -> Result<Option<Artifact>, AnyFailure>,
    observer: &dyn Observer,
) -> Result<Released, AnyFailure> {
    let unusable = |reason: String| Problem::Client { url: github.service.api_url.clone(), reason };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::from(unusable(error.to_string())))?;
    let nonce = nonce();
    let mut session = Session {
        github,
        client: {
            let _guard = runtime.enter();
            Client::new(&github.service).map_err(Error::from)?
        },
        machine: Machine::new(&github.repository, github.target.clone(), github.patience.clone(), nonce),
        files: files.to_vec(),
        observer,
    };
    session.machine.want(files.iter().map(Wanted::new));
    let result = (|| {
        runtime.block_on(session.drive())?;
        if let Some(feed) = feed(&session.addresses())? {
            let mut all = session.files.clone();
            all.push(feed.clone());
            check::artifacts(&all).map_err(|problem| session.error(problem))?;
            session.files = all;
            session.machine.want([Wanted::new(&feed)]);
        }
        session.machine.finish();
        runtime.block_on(session.drive())?;
        Ok(session.released())
    })();
    drop(session);
    // A name that is still being looked up must not hold up the end.
    runtime.shutdown_background();
    result
}

/// A number that no other run has: the standard library seeds its hashers from the system's randomness.
fn nonce() -> u64 {
    use std::hash::{BuildHasher as _, Hasher as _};
    std::collections::hash_map::RandomState::new().build_hasher().finish()
}

struct Session<'a> {
    github: &'a GitHub,
    client: Client,
    machine: Machine,
    files: Vec<Artifact>,
    observer: &'a dyn Observer,
}

impl Session<'_> {
    /// Goes on until the machine is ready or done.
    async fn drive(&mut self) -> Result<(), Error> {
        loop {
            let step = self.machine.next();
            self.tell();
            let interrupted = self.github.interrupt.is_requested();
            let result = match step {
                Step::Ready | Step::Done => return Ok(()),
                _ if interrupted => Err(Problem::Interrupted),
                Step::Wait(wait) => {
                    let stopped = || self.github.interrupt.is_requested();
                    let waited = until(tokio::time::sleep(wait), stopped, Duration::ZERO).await;
                    waited.ok_or(Problem::Interrupted)
                }
                Step::Call(call) => self.call(&call).await,
                Step::Upload { url, files, .. } => self.upload(&url, files).await,
            };
            if let Err(problem) = result {
                self.tell();
                return Err(self.error(problem));
            }
        }
    }

    async fn call(&mut self, call: &Call) -> Result<(), Problem> {
        let request = call.request(self.machine.repository(), self.machine.target());
        let stopped = || self.github.interrupt.is_requested();
        let limit = self.github.patience.stall;
        let answer = until(self.client.call(&request, limit), stopped, GRACE).await;
        let answer = answer.ok_or(Problem::Interrupted)?;
        let shown = self.client.shown(&request);
        let result = self.machine.answered(call, &answer, now());
        result.map_err(|trouble| self.problem(trouble, call, &shown, &answer))
    }

    /// Uploads files, some at the same time. The first refusal that is final ends all.
    async fn upload(&mut self, template: &str, files: Vec<usize>) -> Result<(), Problem> {
        if !check::is_safe(template) {
            let reason = "it gives an address for uploads that is not encrypted".to_owned();
            return Err(Problem::NotGitHub { doing: "upload".to_owned(), call: template.to_owned(), reason });
        }
        let results = transfer(self, template, files).await?;
        self.machine.uploaded(results, now()).map_err(|failed| {
            let name = if let Call::Upload { name, .. } = &failed.call { name.as_str() } else { "" };
            let shown = format!("POST {}", upload_url(template, name));
            self.problem(failed.trouble, &failed.call, &shown, &failed.answer)
        })
    }

    /// Says in words what ended the run.
    fn problem(&self, trouble: Trouble, call: &Call, shown: &str, answer: &Answer) -> Problem {
        let doing = call.doing(&self.machine.target().tag);
        let (shown, doing) = (self.redacted(shown), self.redacted(&doing));
        match trouble {
            Trouble::Problem(problem) => problem,
            Trouble::NotGitHub(reason) => {
                Problem::NotGitHub { doing, call: shown, reason: self.redacted(&reason) }
            }
            Trouble::Refused(reason) => {
                let (status, request_id, message) = match answer {
                    Answer::Reply(reply) => (Some(reply.status), reply.request_id.clone(), reply.message()),
                    Answer::Broken { reason } => (None, None, Some(reason.clone())),
                    Answer::Stalled(limit) => {
                        (None, None, Some(format!("nothing moved for {} s", limit.as_secs())))
                    }
                };
                let message = message.map(|message| self.redacted(&message));
                let request_id = request_id.map(|id| self.redacted(&id));
                Problem::Refused { doing, call: shown, status, request_id, message, reason }
            }
        }
    }

    /// An error with the draft that is left.
    fn error(&self, problem: Problem) -> Error {
        let draft = self.machine.release().filter(|release| release.draft);
        let draft = draft.map(|release| self.redacted(&release.html_url));
        Error { problem: Box::new(problem), draft }
    }

    /// A text without the token, should whoever answered have put it there.
    fn redacted(&self, text: &str) -> String {
        text.replace(self.github.service.token.reveal(), "***")
    }

    fn tell(&mut self) {
        for text in self.machine.take_log() {
            self.observer.message(Severity::Info, &self.redacted(&text));
        }
    }

    fn addresses(&self) -> Addresses {
        let target = self.machine.target();
        Addresses::new(&self.github.service.server_url, self.machine.repository(), &target.tag)
    }

    fn released(&self) -> Released {
        let addresses = self.addresses();
        let release = self.machine.release();
        let published = |artifact: &Artifact| Published {
            target: "github".to_owned(),
            url: addresses.file(&artifact.name),
        };
        Released {
            url: release.map(|release| self.redacted(&release.html_url)).unwrap_or_default(),
            draft: release.is_some_and(|release| release.draft),
            files: self.files.iter().map(published).collect(),
        }
    }
}

/// Sends files, so many at a time. Gives the answers of those that were sent.
async fn transfer(
    session: &Session<'_>,
    template: &str,
    files: Vec<usize>,
) -> Result<Vec<(usize, Answer)>, Problem> {
    let github = session.github;
    let total: u64 = files.iter().map(|&index| session.files[index].size).sum();
    let what = match files.as_slice() {
        [index] => format!("uploading {}", session.files[*index].name),
        files => format!("uploading {} files", files.len()),
    };
    let progress: Vec<Arc<Progress>> = files.iter().map(|_| Arc::default()).collect();
    let told = || {
        let done = progress.iter().map(|progress| progress.bytes()).sum();
        let what = what.clone();
        session.observer.event(Event::Progress { what, done, total, unit: Unit::Bytes });
    };
    let start = |(index, progress): (usize, Arc<Progress>)| async move {
        let artifact = &session.files[index];
        let url = upload_url(template, &artifact.name);
        let answer = upload(&session.client, &url, artifact, &progress, &github.patience).await;
        answer.map(|answer| (index, answer))
    };
    let mut waiting: VecDeque<_> = files.iter().copied().zip(progress.iter().cloned()).collect();
    let mut running = FuturesUnordered::new();
    let mut results = Vec::new();
    loop {
        while running.len() < github.parallel.max(1) {
            let Some(next) = waiting.pop_front() else { break };
            running.push(start(next));
        }
        let stopped = || {
            told();
            github.interrupt.is_requested()
        };
        match until(running.next(), stopped, Duration::ZERO).await {
            None => return Err(Problem::Interrupted),
            Some(None) => break,
            Some(Some(result)) => {
                let result = result?;
                let refused =
                    matches!(&result.1, Answer::Reply(reply) if !(200..300).contains(&reply.status));
                results.push(result);
                if refused {
                    // What is under way may end; the machine decides what becomes of the rest.
                    waiting.clear();
                }
            }
        }
    }
    told();
    Ok(results)
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
