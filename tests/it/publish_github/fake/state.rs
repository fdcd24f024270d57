//! What the fake GitHub knows, and the peculiarities that are switched on.

use std::collections::BTreeSet;

use iiswsgi::digest::hex;
use sha2::{Digest as _, Sha256};

use super::{Fault, Rule};

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
    pub(super) base: String,
}

impl State {
    pub(super) fn id(&mut self) -> u64 {
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
    pub(super) fn due(&mut self, line: &str) -> Option<Fault> {
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
