//! GitHub Releases: packages become the files of a release, whose feed names their final addresses.
//!
//! The order is always: find the release or its draft, else make a draft; upload what is missing; look at sizes and digests
//! until all is right; write the feed, which names the packages where they will be, and upload it last; publish. Before the
//! last step nobody sees anything of it, so a run that ends anywhere can be run again: it goes on where the other stopped.
//! Why that never gives a second release is written in `drafts`.
//!
//! The course is a state machine without I/O (`machine`), the calls are values (`calls`), and what an answer means is
//! decided in `answer` alone. `session`, `client` and `upload` are the rim: octocrab for the JSON and, through its
//! `execute`, for the bytes, which are read as they are sent. The token is in no text that leaves this module.
//!
//! Source: <https://docs.github.com/rest/releases>.

mod answer;
mod assets;
mod calls;
mod check;
mod client;
mod drafts;
mod error;
mod machine;
mod model;
mod reason;
mod session;
mod template;
mod upload;

pub use answer::Patience;
pub use check::{MAX_ASSET_SIZE, MAX_ASSETS, MAX_NOTES};
pub use error::{Error, Problem, Rule};
pub use reason::Reason;
pub use template::expand;

use serde::{Deserialize, Serialize};

use super::{Artifact, Kind, Published, Publisher};
use crate::error::AnyFailure;
use crate::event::Observer;
use crate::process::Interrupt;
use crate::secret::Secret;
use crate::uri::percent_encode;

/// The address of the API of github.com.
pub const API_URL: &str = "https://api.github.com";
/// The address of github.com.
pub const SERVER_URL: &str = "https://github.com";

/// What becomes of a file of the release that has the name of one of ours and other bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IfExists {
    /// It stays.
    Keep,
    /// Ours takes its place.
    Replace,
    /// That is an error.
    Fail,
}

/// Whether the release becomes the one that GitHub calls the latest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MakeLatest {
    /// Yes, unless it is a prerelease.
    #[default]
    Auto,
    /// Yes.
    True,
    /// No.
    False,
    /// By date and version, as GitHub did it in earlier times.
    Legacy,
}

/// Where the notes of the release come from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum NotesSource {
    /// There are none; a draft that somebody else made keeps its own.
    #[default]
    None,
    /// This text.
    Text(String),
    /// This text, and below it what GitHub makes of the pull requests since the release before.
    Generated(String),
}

impl NotesSource {
    fn is_generated(&self) -> bool {
        matches!(self, Self::Generated(_))
    }

    /// The notes of a new draft, no longer than GitHub takes.
    fn with_generated(&self, generated: &str) -> String {
        let text = match self {
            Self::None => String::new(),
            Self::Text(text) => text.clone(),
            Self::Generated(text) => format!("{}\n\n{generated}", text.trim_end()).trim().to_owned(),
        };
        text.chars().take(MAX_NOTES - drafts::MARKER_LENGTH).collect()
    }

    fn length(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Text(text) | Self::Generated(text) => text.chars().count(),
        }
    }
}

/// The release as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Target {
    /// Its tag.
    pub tag: String,
    /// Its title.
    pub name: Option<String>,
    /// Its notes.
    pub notes: NotesSource,
    /// The commit or branch that a new tag is made at; the default branch without one.
    pub commit: Option<String>,
    /// Whether it stays a draft.
    pub draft: bool,
    /// Whether it is a prerelease.
    pub prerelease: bool,
    /// Whether it becomes the latest release.
    pub make_latest: MakeLatest,
    /// What becomes of files with other bytes. By default they are replaced in a draft, and an error in a release that is
    /// published.
    pub if_exists: Option<IfExists>,
}

/// Which GitHub, and who we are there.
#[derive(Debug, Clone)]
pub struct Service {
    /// The address of the API, without a slash at its end.
    pub api_url: String,
    /// The address of its pages, without a slash at its end.
    pub server_url: String,
    /// The token.
    pub token: Secret,
}

/// A release on GitHub to publish to.
#[derive(Debug, Clone)]
pub struct GitHub {
    /// Which GitHub.
    pub service: Service,
    /// `OWNER/NAME`.
    pub repository: String,
    /// The release.
    pub target: Target,
    /// How many files go up at the same time, at least 1.
    pub parallel: usize,
    /// How long is waited for what.
    pub patience: Patience,
    /// Is set when the user wants it to end.
    pub interrupt: Interrupt,
}

/// A release that has all that it should have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// Its page.
    pub url: String,
    /// Whether it is a draft still.
    pub draft: bool,
    /// Its files, where they are as soon as it is published.
    pub files: Vec<Published>,
}

/// The final addresses of a release's files, known before it is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    server: String,
    repository: String,
    tag: String,
}

impl Addresses {
    /// Those of a release.
    pub fn new(server_url: &str, repository: &str, tag: &str) -> Self {
        let server = server_url.trim_end_matches('/').to_owned();
        Self { server, repository: repository.to_owned(), tag: tag.to_owned() }
    }

    /// The address of a file. A draft's own addresses change when it is published; this one is as it will be.
    pub fn file(&self, name: &str) -> String {
        let Self { server, repository, tag } = self;
        let tag = percent_encode(tag, "/");
        format!("{server}/{repository}/releases/download/{tag}/{}", percent_encode(name, ""))
    }

    /// The address of a file of whichever release is the latest: it never changes.
    pub fn latest(&self, name: &str) -> String {
        let Self { server, repository, .. } = self;
        format!("{server}/{repository}/releases/latest/download/{}", percent_encode(name, ""))
    }
}

impl GitHub {
    /// Checks all that can be known without asking anybody.
    ///
    /// # Errors
    /// A setting cannot be right.
    pub fn check(&self) -> Result<(), Error> {
        check::api_url(&self.service.api_url)?;
        check::repository(&self.repository)?;
        check::tag(&self.target.tag)?;
        check::token(&self.service.token)?;
        if self.target.notes.length() > MAX_NOTES - drafts::MARKER_LENGTH {
            return Err(Problem::Notes { length: self.target.notes.length() }.into());
        }
        let latest = self.target.make_latest == MakeLatest::True;
        for (given, what) in [(self.target.prerelease, "prerelease"), (self.target.draft, "draft")] {
            if latest && given {
                return Err(Problem::Latest { what }.into());
            }
        }
        Ok(())
    }

    /// Publishes files and, when all of them are there and verified, the feed that `feed` writes. It is told the final
    /// addresses. It is called once at most.
    ///
    /// # Errors
    /// Something was refused, here or there; see [`Problem`]. Nothing is published then that was not before.
    pub fn release(
        &self,
        files: &[Artifact],
        feed: &mut dyn FnMut(&Addresses) -> Result<Option<Artifact>, AnyFailure>,
        observer: &dyn Observer,
    ) -> Result<Released, AnyFailure> {
        self.check()?;
        check::artifacts(files).map_err(Error::from)?;
        session::run(self, files, feed, observer)
    }

    /// The name in messages.
    fn place(&self) -> String {
        format!("{} {}", self.repository, self.target.tag)
    }
}

impl Publisher for GitHub {
    fn name(&self) -> &'static str {
        "github"
    }

    fn target(&self) -> String {
        self.place()
    }

    fn publish(
        &self,
        artifacts: &[Artifact],
        observer: &dyn Observer,
    ) -> Result<Vec<Published>, super::Error> {
        let (feeds, files): (Vec<_>, Vec<_>) =
            artifacts.iter().cloned().partition(|artifact| artifact.kind == Kind::Feed);
        let mut feeds = feeds.into_iter();
        let released = self.release(&files, &mut |_| Ok(feeds.next()), observer);
        released.map(|released| released.files).map_err(super::Error::Target)
    }
}
