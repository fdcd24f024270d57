//! What the answer to each call comes to: another try, the end, or the next phase.

use std::time::Duration;

use super::{Call, Listing, Machine, Phase, Trouble};
use crate::publish::github::answer::{Answer, Reply, Verdict, judge};
use crate::publish::github::calls::PER_PAGE;
use crate::publish::github::model::{Asset, Notes, Release, Repository};
use crate::publish::github::reason::Reason;

impl Machine {
    /// Takes the answer to the call of [`Machine::next`].
    ///
    /// # Errors
    /// GitHub refused, and trying again would not help.
    pub(in crate::publish::github) fn answered(
        &mut self,
        call: &Call,
        answer: &Answer,
        now: u64,
    ) -> Result<(), Trouble> {
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
    pub(super) fn vanished(&mut self, call: &Call) -> Result<(), Trouble> {
        if call.is_write() && self.gone == call.release() {
            return Err(Trouble::Refused(Reason::MayNotWrite));
        }
        self.gone = call.release();
        self.restart("The release is not there any more; looking for it again.")
    }

    pub(super) fn waiting(&mut self, wait: Duration, reason: Reason) {
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
}

pub(super) fn read<T: serde::de::DeserializeOwned>(reply: &Reply) -> Result<T, Trouble> {
    serde_json::from_slice(&reply.body).map_err(|error| Trouble::NotGitHub(error.to_string()))
}

/// Whether there is a next page: by the header `link`, or without one when the page is full.
fn more(reply: &Reply, count: usize) -> bool {
    reply.next_page.unwrap_or(count >= PER_PAGE)
}
