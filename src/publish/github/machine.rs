//! The course of publishing as a state machine: it says which call is next, and is told what GitHub answered. Pure: no
//! socket, file or clock; the time in seconds comes with the answers.
//!
//! A run is a path through [`Phase`]. Every answer is judged by [`answer`](super::answer); waits and retries are decided
//! here, once for all calls. Which draft is the right one is decided in [`drafts`](super::drafts), what has to happen to
//! assets in [`assets`](super::assets); `choice` and `files` have the parts of the course that follow
//! from them, `replies` what the answers to single calls come to.

mod choice;
mod files;
mod replies;

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use super::answer::{Answer, Patience};
use super::assets::Wanted;
use super::drafts::{self, Marker};
use super::error::Problem;
use super::model::{Asset, Release};
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
