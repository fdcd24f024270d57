//! The course of publishing as a state machine: it says which call is next, and is told what GitHub answered. Pure: no
//! socket, file or clock; the time in seconds comes with the answers.
//!
//! A run is a path through [`Phase`]. Every answer is judged by [`answer`](super::answer); waits and retries are decided
//! here, once for all calls. Which draft is the right one is decided in [`drafts`](super::drafts), what has to happen to
//! assets in [`assets`](super::assets); `choice` and `files` have the parts of the course that follow from them.

mod choice;
mod files;

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use super::answer::{Answer, Patience, Reply, Verdict, judge};
use super::assets::Wanted;
use super::calls::PER_PAGE;
use super::drafts::{self, Marker};
use super::error::Problem;
use super::model::{Asset, Notes, Release, Repository};
use super::reason::Reason;
use super::{NotesSource, Target};

/// A call of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Call {
    Repository,
    ReleaseByTag,
    Releases { page: usize },
    Notes,
    Create { body: String },
    Assets { release: u64, page: usize },
    DeleteAsset { id: u64, name: String },
    DeleteDraft { id: u64 },
    Upload { release: u64, name: String },
    Publish { release: u64, body: Option<String> },
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Make this call and tell [`Machine::answered`].
    Call(Call),
    /// Upload these files, given by index, to this address, and tell [`Machine::uploaded`].
    Upload { release: u64, url: String, files: Vec<usize> },
    /// Wait so long, then ask again.
    Wait(Duration),
    /// All files that were wanted so far are there and verified.
    Ready,
    /// All is as it was wanted.
    Done,
}

/// Why the releases are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Listing {
    /// To find a release or draft.
    Find,
    /// To see whether somebody else made a draft at the same time as we.
    Settle { created: u64 },
    /// To see it once more before the draft is published.
    BeforePublish,
}

/// How far it is.
#[derive(Debug)]
enum Phase {
    Repository,
    ByTag,
    List { why: Listing, page: usize, found: Vec<Release> },
    Notes,
    Create { notes: String },
    DeleteDrafts { ids: VecDeque<u64>, then: Listing },
    Assets { page: usize, found: Vec<Asset> },
    DeleteAssets { assets: VecDeque<(u64, String)>, upload: Vec<usize> },
    Upload { files: Vec<usize> },
    Ready,
    Publish,
    Done,
}

/// How often the release may vanish or change hands before we give up.
const RESTARTS: u32 = 4;

/// The machine.
#[derive(Debug)]
pub(super) struct Machine {
    target: Target,
    patience: Patience,
    marker: Marker,
    phase: Phase,
    wanted: Vec<Wanted>,
    /// The release that is worked on.
    release: Option<Release>,
    /// The repository as GitHub writes it.
    repository: String,
    /// The drafts that this run made.
    created: BTreeSet<u64>,
    /// Unfinished assets that were seen before.
    unfinished: BTreeSet<u64>,
    /// Whether the caller has nothing more to add.
    finishing: bool,
    wait: Option<Duration>,
    /// How often the call was tried that is next.
    tried: u32,
    /// How often a draft was to be made.
    creates: u32,
    /// How often a list or an upload was not what it should be.
    rounds: u32,
    restarts: u32,
    /// A release that could not be written to because it was not there.
    gone: Option<u64>,
    log: Vec<String>,
}

impl Machine {
    /// A machine at the beginning. `nonce` tells this run from all others.
    pub(super) fn new(repository: &str, target: Target, patience: Patience, nonce: u64) -> Self {
        let marker = Marker::new(nonce);
        Self {
            target,
            patience,
            marker,
            phase: Phase::Repository,
            wanted: Vec::new(),
            release: None,
            repository: repository.to_owned(),
            created: BTreeSet::new(),
            unfinished: BTreeSet::new(),
            finishing: false,
            wait: None,
            tried: 0,
            creates: 0,
            rounds: 0,
            restarts: 0,
            gone: None,
            log: Vec::new(),
        }
    }

    /// Adds files that the release should have. What is there already is looked at again.
    pub(super) fn want(&mut self, files: impl IntoIterator<Item = Wanted>) {
        self.wanted.extend(files);
        if self.release.is_some() {
            self.look();
        }
    }

    /// Says that nothing more will be wanted: a draft is published now.
    pub(super) fn finish(&mut self) {
        self.finishing = true;
    }

    pub(super) fn repository(&self) -> &str {
        &self.repository
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    pub(super) fn release(&self) -> Option<&Release> {
        self.release.as_ref()
    }

    /// What happened since this was asked last, as sentences.
    pub(super) fn take_log(&mut self) -> Vec<String> {
        std::mem::take(&mut self.log)
    }

    /// What to do next.
    pub(super) fn next(&mut self) -> Step {
        if let Some(wait) = self.wait.take() {
            return Step::Wait(wait);
        }
        if self.finishing && matches!(self.phase, Phase::Ready) {
            self.phase = match &self.release {
                Some(release) if release.draft => {
                    Phase::List { why: Listing::BeforePublish, page: 1, found: Vec::new() }
                }
                _ => Phase::Done,
            };
        }
        let release = self.release.as_ref().map_or(0, |release| release.id);
        match &self.phase {
            Phase::Repository => Step::Call(Call::Repository),
            Phase::ByTag => Step::Call(Call::ReleaseByTag),
            Phase::List { page, .. } => Step::Call(Call::Releases { page: *page }),
            Phase::Notes => Step::Call(Call::Notes),
            Phase::Create { notes } => Step::Call(Call::Create { body: self.marker.add_to(notes) }),
            Phase::DeleteDrafts { ids, .. } => {
                Step::Call(Call::DeleteDraft { id: ids.front().copied().unwrap_or_default() })
            }
            Phase::Assets { page, .. } => Step::Call(Call::Assets { release, page: *page }),
            Phase::DeleteAssets { assets, .. } => {
                let (id, name) = assets.front().cloned().unwrap_or_default();
                Step::Call(Call::DeleteAsset { id, name })
            }
            Phase::Upload { files } => {
                let url = self.release.as_ref().map(|release| release.upload_url.clone()).unwrap_or_default();
                Step::Upload { release, url, files: files.clone() }
            }
            Phase::Ready => Step::Ready,
            Phase::Publish => Step::Call(Call::Publish { release, body: self.final_notes() }),
            Phase::Done => Step::Done,
        }
    }

    /// Takes the answer to the call of [`Machine::next`].
    ///
    /// # Errors
    /// GitHub refused, and trying again would not help.
    pub(super) fn answered(&mut self, call: &Call, answer: &Answer, now: u64) -> Result<(), Trouble> {
        let create = matches!(call, Call::Create { .. });
        let tried = if create { self.creates } else { self.tried };
        match judge(call, answer, tried, &self.patience, now) {
            Verdict::Again(wait, reason) => {
                self.waiting(wait, reason);
                if create {
                    // A draft may have been made although no answer came: look before making another one.
                    self.creates += 1;
                    self.list(Listing::Find);
                } else {
                    self.tried += 1;
                }
                Ok(())
            }
            Verdict::Refused(reason) => self.refused(call, reason),
            Verdict::Good => {
                self.tried = 0;
                let Answer::Reply(reply) = answer else { return Ok(()) };
                self.good(call, reply)
            }
        }
    }

    fn refused(&mut self, call: &Call, reason: Reason) -> Result<(), Trouble> {
        match (call, reason) {
            (Call::ReleaseByTag, Reason::MayNotRead) => self.list(Listing::Find),
            (_, Reason::ReleaseGone) => return self.vanished(call),
            (Call::Create { .. } | Call::Publish { .. }, Reason::TagTaken) => {
                return self.restart("Another run published the tag first; going on with its release.");
            }
            // The release was published and locked by another run: what it has must be enough.
            (Call::DeleteAsset { .. } | Call::Publish { .. }, Reason::Immutable) => {
                return self.restart("The release was published in the meantime; looking at it again.");
            }
            _ => return Err(Trouble::Refused(reason)),
        }
        Ok(())
    }

    /// The release is not there any more, says GitHub. It says so also when the token may not write: then the same release
    /// is found again.
    fn vanished(&mut self, call: &Call) -> Result<(), Trouble> {
        if call.is_write() && self.gone == call.release() {
            return Err(Trouble::Refused(Reason::MayNotWrite));
        }
        self.gone = call.release();
        self.restart("The release is not there any more; looking for it again.")
    }

    fn waiting(&mut self, wait: Duration, reason: Reason) {
        let seconds = wait.as_secs_f64();
        self.log.push(format!("{}; trying again in {seconds:.0} s.", reason.label()));
        self.wait = self.wait.max(Some(wait));
    }

    fn good(&mut self, call: &Call, reply: &Reply) -> Result<(), Trouble> {
        match (call, std::mem::replace(&mut self.phase, Phase::Done)) {
            (Call::Repository, _) => return self.seen(read(reply)?),
            (Call::ReleaseByTag, _) => {
                let release: Release = read(reply)?;
                // The list shows drafts that are too many. Some servers find drafts by tag: which one is right only the list
                // can say.
                let found = Vec::from_iter((!release.draft).then_some(release));
                self.phase = Phase::List { why: Listing::Find, page: 1, found };
            }
            (Call::Releases { page }, Phase::List { why, mut found, .. }) => {
                let listed: Vec<Release> = read(reply)?;
                let more = more(reply, listed.len());
                found.extend(listed.into_iter().filter(|release| release.tag_name == self.target.tag));
                if more {
                    self.phase = Phase::List { why, page: page + 1, found };
                } else {
                    return self.listed(why, found);
                }
            }
            (Call::Notes, _) => {
                let generated: Notes = read(reply)?;
                self.phase = Phase::Create { notes: self.target.notes.with_generated(&generated.body) };
            }
            (Call::Create { .. }, _) => {
                let release: Release = read(reply)?;
                self.created.insert(release.id);
                self.log.push(format!("Created the draft {}.", release.html_url));
                let created = release.id;
                self.release = Some(release);
                self.list(Listing::Settle { created });
            }
            (Call::Assets { page, .. }, Phase::Assets { mut found, .. }) => {
                let listed: Vec<Asset> = read(reply)?;
                let more = more(reply, listed.len());
                found.extend(listed);
                if more {
                    self.phase = Phase::Assets { page: page + 1, found };
                } else {
                    return self.compared(&found);
                }
            }
            (Call::DeleteAsset { .. } | Call::DeleteDraft { .. }, phase) => {
                self.phase = phase;
                self.deleted();
            }
            (Call::Publish { .. }, _) => {
                let release: Release = read(reply)?;
                if release.draft || release.tag_name != self.target.tag {
                    return self.restart("The release is not published yet; looking at it again.");
                }
                self.log.push(format!("Published the release {}.", release.html_url));
                self.release = Some(release);
            }
            (_, phase) => self.phase = phase,
        }
        Ok(())
    }

    /// The repository is known.
    fn seen(&mut self, repository: Repository) -> Result<(), Trouble> {
        if repository.archived {
            return Err(Trouble::Refused(Reason::Archived));
        }
        self.repository = repository.full_name;
        self.phase = Phase::ByTag;
        Ok(())
    }

    fn list(&mut self, why: Listing) {
        self.phase = Phase::List { why, page: 1, found: Vec::new() };
    }

    /// Looks at the assets of the release.
    fn look(&mut self) {
        self.phase = Phase::Assets { page: 1, found: Vec::new() };
    }

    /// Looks for the release from the beginning.
    fn restart(&mut self, why: &str) -> Result<(), Trouble> {
        self.log.push(why.to_owned());
        self.wait = Some(self.patience.backoff(self.restarts));
        self.release = None;
        for wanted in &mut self.wanted {
            wanted.forget();
        }
        self.phase = Phase::ByTag;
        self.count_restart()
    }

    fn count_restart(&mut self) -> Result<(), Trouble> {
        self.restarts += 1;
        self.rounds = 0;
        if self.restarts > RESTARTS {
            return Err(Problem::Unstable { tag: self.target.tag.clone(), times: self.restarts }.into());
        }
        Ok(())
    }

    /// The notes at the end: those that were given, or what the draft has without the marker.
    fn final_notes(&self) -> Option<String> {
        match &self.target.notes {
            NotesSource::Text(text) => Some(text.clone()),
            _ => self
                .release
                .as_ref()
                .map(|release| drafts::without_marker(release.body.as_deref().unwrap_or_default())),
        }
    }
}

/// Why an answer ends the run.
#[derive(Debug)]
pub(super) enum Trouble {
    /// GitHub refused.
    Refused(Reason),
    /// The answer is not GitHub's.
    NotGitHub(String),
    /// Something that has its own words.
    Problem(Problem),
}

impl From<Problem> for Trouble {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// An upload that ends the run.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) call: Call,
    pub(super) answer: Answer,
    pub(super) trouble: Trouble,
}

fn read<T: serde::de::DeserializeOwned>(reply: &Reply) -> Result<T, Trouble> {
    serde_json::from_slice(&reply.body).map_err(|error| Trouble::NotGitHub(error.to_string()))
}

/// Whether there is a next page: by the header `link`, or without one when the page is full.
fn more(reply: &Reply, count: usize) -> bool {
    reply.next_page.unwrap_or(count >= PER_PAGE)
}
