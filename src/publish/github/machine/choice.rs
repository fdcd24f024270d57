//! The part of the course that is about which release or draft is the one: what a list of them, or the deletion of one,
//! leads to.

use super::{Listing, Machine, Phase, Trouble};
use crate::publish::github::drafts::{self, Choice};
use crate::publish::github::model::Release;

impl Machine {
    /// All releases and drafts of the tag are known.
    pub(super) fn listed(&mut self, why: Listing, found: Vec<Release>) -> Result<(), Trouble> {
        let current = match why {
            Listing::Find => None,
            Listing::Settle { created } => Some(created),
            Listing::BeforePublish => self.release.as_ref().map(|release| release.id),
        };
        // A list can be older than what was just made. Looking again a few times is cheaper than a second release.
        let seen = current.is_none_or(|id| found.iter().any(|release| release.id == id));
        if !seen && found.is_empty() && self.rounds + 1 < self.patience.tries {
            self.wait = Some(self.patience.backoff(self.rounds));
            self.rounds += 1;
            self.list(why);
            return Ok(());
        }
        self.rounds = 0;
        let Choice { chosen, delete, foreign } = drafts::choose(found, &self.created, &self.marker);
        for other in &foreign {
            self.log.push(format!("Another draft has this tag and is left as it is: {other}"));
        }
        if !delete.is_empty() {
            self.phase = Phase::DeleteDrafts { ids: delete.into(), then: why };
            return Ok(());
        }
        match (chosen, why) {
            (None, Listing::Find) if self.target.notes.is_generated() => self.phase = Phase::Notes,
            (None, Listing::Find) => {
                self.phase = Phase::Create { notes: self.target.notes.with_generated("") };
            }
            // Our own is not in the list and nobody else's is: the answer to our own call is newer.
            (None, Listing::Settle { .. }) => self.look(),
            (None, Listing::BeforePublish) => self.publish(),
            (Some(chosen), Listing::BeforePublish) if Some(chosen.id) == current && chosen.draft => {
                self.release = Some(chosen);
                self.publish();
            }
            (Some(chosen), Listing::BeforePublish) => {
                self.use_release(chosen);
                return self.count_restart();
            }
            (Some(chosen), _) => self.use_release(chosen),
        }
        Ok(())
    }

    /// Publishes the draft, unless it is to stay one.
    fn publish(&mut self) {
        self.phase = if self.target.draft { Phase::Done } else { Phase::Publish };
    }

    pub(super) fn use_release(&mut self, release: Release) {
        if self.release.as_ref().is_none_or(|current| current.id != release.id) {
            // What was sent went elsewhere.
            for wanted in &mut self.wanted {
                wanted.forget();
            }
            let kind = if release.draft { "draft" } else { "release" };
            self.log.push(format!("Working on the {kind} {}.", release.html_url));
        }
        self.release = Some(release);
        self.look();
    }

    pub(super) fn deleted(&mut self) {
        match &mut self.phase {
            Phase::DeleteAssets { assets, upload } => {
                assets.pop_front();
                if assets.is_empty() {
                    let files = std::mem::take(upload);
                    if files.is_empty() {
                        self.look();
                    } else {
                        self.phase = Phase::Upload { files };
                    }
                }
            }
            Phase::DeleteDrafts { ids, then } => {
                if let Some(id) = ids.pop_front() {
                    self.log.push(format!("Deleted a second draft for `{}`.", self.target.tag));
                    self.created.remove(&id);
                    if self.release.as_ref().is_some_and(|release| release.id == id) {
                        self.release = None;
                    }
                }
                if ids.is_empty() {
                    // When ours is gone, the other one is to be found.
                    let why = if self.release.is_some() { *then } else { Listing::Find };
                    self.list(why);
                }
            }
            _ => {}
        }
    }
}
