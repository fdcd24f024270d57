//! The part of the course that is about the files of the release: what is missing is uploaded, and what came is looked at
//! until there is nothing left to do.

use super::replies::read;
use super::{Call, Failed, Machine, Phase, Trouble};
use crate::publish::github::answer::{Answer, Verdict, judge};
use crate::publish::github::assets::{Standing, Work, compare, described};
use crate::publish::github::error::Problem;
use crate::publish::github::model::Asset;
use crate::publish::github::reason::Reason;

impl Machine {
    /// All assets are known.
    pub(super) fn compared(&mut self, found: &[Asset]) -> Result<(), Trouble> {
        let Some(release) = &self.release else { return Ok(()) };
        let (published, immutable) = (!release.draft, release.is_immutable());
        let url = release.html_url.clone();
        let standing = Standing { published, immutable, if_exists: self.target.if_exists };
        let work = compare(&self.wanted, found, standing, &self.unfinished);
        if !work.conflicts.is_empty() {
            return Err(Problem::Conflict { release: url, names: work.conflicts, published }.into());
        }
        if immutable && !work.is_done() {
            let names = work.upload.iter().map(|&index| self.wanted[index].name.clone()).collect();
            return Err(Problem::Immutable { release: url, names }.into());
        }
        if !work.unfinished.is_empty() {
            self.log.push("Uploads of another run are not finished; waiting for them once.".to_owned());
            self.unfinished.extend(&work.unfinished);
            self.wait = Some(self.patience.first.saturating_mul(3));
            self.look();
            return Ok(());
        }
        self.tell_kept(&work, &url);
        if work.is_done() {
            self.rounds = 0;
            self.phase = Phase::Ready;
            return Ok(());
        }
        self.again_or_damaged(&work, found)?;
        let missing = work.upload.iter().all(|&index| self.wanted[index].confirmed) && work.delete.is_empty();
        if missing && self.rounds < 2 {
            // GitHub said that it has them: its list is older than that.
            self.wait = Some(self.patience.backoff(self.rounds));
            self.rounds += 1;
            self.look();
            return Ok(());
        }
        self.phase = if work.delete.is_empty() {
            Phase::Upload { files: work.upload }
        } else {
            Phase::DeleteAssets { assets: work.delete.into(), upload: work.upload }
        };
        Ok(())
    }

    fn tell_kept(&mut self, work: &Work, url: &str) {
        for &index in &work.kept {
            let name = &self.wanted[index].name;
            let text = format!("`{name}` differs from what {url} has and was left as it is there.");
            if !self.log.contains(&text) {
                self.log.push(text);
            }
        }
    }

    /// A file that was sent often enough and is not there whole is an error.
    fn again_or_damaged(&self, work: &Work, found: &[Asset]) -> Result<(), Trouble> {
        for &index in &work.upload {
            let wanted = &self.wanted[index];
            if wanted.arrived >= self.patience.tries {
                let found = found.iter().find(|asset| asset.name == wanted.name);
                return Err(Problem::Damaged {
                    name: wanted.name.clone(),
                    tries: wanted.arrived,
                    found: found.map_or_else(|| "nothing".to_owned(), described),
                    wanted: wanted.described(),
                }
                .into());
            }
        }
        Ok(())
    }

    /// Takes what became of each upload of a [`Step::Upload`]: the index of the file and the answer.
    ///
    /// # Errors
    /// GitHub refused one, and trying again would not help.
    pub(in super::super) fn uploaded(
        &mut self,
        results: Vec<(usize, Answer)>,
        now: u64,
    ) -> Result<(), Box<Failed>> {
        let release = self.release.as_ref().map_or(0, |release| release.id);
        let mut worked = false;
        let mut last = None;
        for (index, answer) in results {
            let name = self.wanted[index].name.clone();
            let call = Call::Upload { release, name: name.clone() };
            self.wanted[index].sent += 1;
            match judge(&call, &answer, self.rounds, &self.patience, now) {
                Verdict::Good => {
                    worked = true;
                    self.arrived(index, &answer)
                        .map_err(|trouble| Box::new(Failed { call, answer, trouble }))?;
                }
                Verdict::Again(wait, reason) => self.waiting(wait, reason),
                // An earlier try arrived after all, or another run was faster: the list will show.
                Verdict::Refused(Reason::NameTaken) if self.rounds + 1 < self.patience.tries => {
                    self.waiting(self.patience.backoff(self.rounds), Reason::NameTaken);
                }
                Verdict::Refused(Reason::ReleaseGone) => {
                    return self
                        .vanished(&call)
                        .map_err(|trouble| Box::new(Failed { call, answer, trouble }));
                }
                Verdict::Refused(Reason::Immutable) => {
                    let text = "The release was published in the meantime; looking at it again.";
                    return self.restart(text).map_err(|trouble| Box::new(Failed { call, answer, trouble }));
                }
                Verdict::Refused(reason) => {
                    let trouble = Trouble::Refused(reason);
                    last = last.or(Some(Box::new(Failed { call, answer, trouble })));
                }
            }
        }
        if let Some(failed) = last {
            return Err(failed);
        }
        self.rounds = if worked { 0 } else { self.rounds + 1 };
        // What is left of a broken upload of ours needs no second look.
        self.look();
        Ok(())
    }

    fn arrived(&mut self, index: usize, answer: &Answer) -> Result<(), Trouble> {
        let Answer::Reply(reply) = answer else { return Ok(()) };
        let asset: Asset = read(reply)?;
        let wanted = &mut self.wanted[index];
        if asset.name != wanted.name {
            return Err(Problem::Renamed { sent: wanted.name.clone(), stored: asset.name }.into());
        }
        wanted.arrived += 1;
        wanted.confirmed = wanted.is(&asset);
        Ok(())
    }
}
