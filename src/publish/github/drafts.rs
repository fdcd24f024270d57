//! Which of several releases and drafts for one tag is the one, and which drafts are too many. Pure.
//!
//! # Why there is at most one release
//!
//! GitHub lets any number of drafts have the same tag, so two runs that find none both make one. What follows holds for any
//! number of runs, at the same time or after one another, each of which may be killed anywhere:
//!
//! 1. *All agree on one.* Every run works on the release that is published, and without one on the draft with the lowest
//!    id. Ids grow, so a draft that is made later never takes that place from one that is there.
//! 2. *Whoever makes a draft looks again.* A run lists after it made a draft. Of two runs that both made one, the later one
//!    sees both, takes the earlier and deletes its own; the earlier one is right from the start.
//! 3. *Only what is surplus is deleted.* A draft is deleted when a better one is in the same list, and it carries our marker,
//!    and it is empty or this run made it. The draft with the lowest id is never the worse one, so no run deletes it. A run
//!    whose draft was deleted gets 404, starts again and finds the better one.
//! 4. *Lists can be old.* A list that lacks what the run itself made is asked for again. Should two drafts survive all the
//!    same, both runs list once more before they publish, and the one with the higher id moves over. And GitHub itself
//!    refuses to publish a second release for a tag (422 `already_exists`): that run starts again, finds the release
//!    published, and compares.
//! 5. *A killed run leaves a draft at most.* Its marker makes it ours: the next run completes it, or deletes it when it is
//!    surplus and empty. A draft without the marker belongs to somebody else: it is completed when it is the one, and
//!    never deleted.

use std::collections::BTreeSet;

use super::model::Release;

const BEGIN: &str = "<!-- iiswsgi-draft ";
const END: &str = " -->";

/// How many characters a marker takes at most.
pub(super) const MARKER_LENGTH: usize = 64;

/// What tells our drafts from others: a comment at the end of the notes that nobody sees. It goes when the draft is
/// published.
#[derive(Debug, Clone)]
pub(super) struct Marker(String);

impl Marker {
    /// The marker of a run.
    pub(super) fn new(nonce: u64) -> Self {
        Self(format!("{BEGIN}{nonce:016x}{END}"))
    }

    /// Notes with the marker.
    pub(super) fn add_to(&self, notes: &str) -> String {
        if notes.is_empty() { self.0.clone() } else { format!("{}\n\n{}", notes.trim_end(), self.0) }
    }

    fn is_in(&self, release: &Release) -> bool {
        release.body.as_deref().is_some_and(|body| body.contains(&self.0))
    }
}

/// Whether a run of ours made this draft.
fn is_marked(release: &Release) -> bool {
    let body = release.body.as_deref().unwrap_or_default();
    body.find(BEGIN).is_some_and(|at| body[at..].contains(END))
}

/// Notes without a marker.
pub(super) fn without_marker(notes: &str) -> String {
    let Some(at) = notes.find(BEGIN) else { return notes.to_owned() };
    let Some(length) = notes[at..].find(END) else { return notes.to_owned() };
    let (before, after) = (&notes[..at], &notes[at + length + END.len()..]);
    format!("{}{}", before.trim_end(), after.trim_end())
}

/// The release or draft to work on, and what is too many.
#[derive(Debug, Default)]
pub(super) struct Choice {
    pub(super) chosen: Option<Release>,
    /// Ids of drafts to delete.
    pub(super) delete: Vec<u64>,
    /// Pages of other drafts, which stay.
    pub(super) foreign: Vec<String>,
}

/// Chooses among all releases and drafts of one tag. `created` are the drafts that this run made; those that a list lacks
/// are surplus as well when it has another one.
pub(super) fn choose(mut found: Vec<Release>, created: &BTreeSet<u64>, marker: &Marker) -> Choice {
    found.sort_by_key(|release| (release.draft, release.id));
    found.dedup_by_key(|release| release.id);
    let listed: BTreeSet<u64> = found.iter().map(|release| release.id).collect();
    let mut found = found.into_iter();
    let Some(chosen) = found.next() else { return Choice::default() };
    let mut choice = Choice { delete: created.difference(&listed).copied().collect(), ..Choice::default() };
    for other in found.filter(|other| other.draft) {
        let own = created.contains(&other.id) || marker.is_in(&other);
        if own || (is_marked(&other) && other.assets.is_empty()) {
            choice.delete.push(other.id);
        } else {
            choice.foreign.push(other.html_url);
        }
    }
    choice.chosen = Some(chosen);
    choice
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(id: u64, draft: bool, body: &str, assets: usize) -> Release {
        let asset = |id| serde_json::json!({ "id": id, "name": "a" });
        let assets: Vec<_> = (0..assets).map(asset).collect();
        serde_json::from_value(serde_json::json!({
            "id": id, "html_url": format!("https://x/{id}"), "upload_url": "https://x", "tag_name": "v1",
            "draft": draft, "body": body, "assets": assets,
        }))
        .unwrap()
    }

    fn chosen(found: Vec<Release>, created: &[u64]) -> (Option<u64>, Vec<u64>, usize) {
        let choice = choose(found, &created.iter().copied().collect(), &Marker::new(1));
        (choice.chosen.map(|release| release.id), choice.delete, choice.foreign.len())
    }

    #[test]
    fn the_published_one_comes_first_then_the_oldest_draft() {
        let ours = Marker::new(2).add_to("notes");
        assert_eq!(chosen(vec![], &[]), (None, vec![], 0));
        assert_eq!(
            chosen(vec![release(5, true, &ours, 0), release(3, true, &ours, 1)], &[]),
            (Some(3), vec![5], 0)
        );
        assert_eq!(
            chosen(vec![release(3, true, "", 0), release(9, false, "", 1)], &[]),
            (Some(9), vec![], 1)
        );
    }

    #[test]
    fn only_surplus_drafts_of_ours_are_deleted() {
        let ours = Marker::new(2).add_to("");
        let found = vec![release(1, true, "mine", 0), release(2, true, &ours, 1), release(3, true, "", 0)];
        assert_eq!(chosen(found.clone(), &[]), (Some(1), vec![], 2), "one has files, one has no marker");
        assert_eq!(chosen(found, &[2]), (Some(1), vec![2], 1), "this run made it");
        let answer_lost = Marker::new(1).add_to("");
        let found = vec![release(1, true, "", 0), release(2, true, &answer_lost, 1)];
        assert_eq!(chosen(found, &[]), (Some(1), vec![2], 0), "this run made it and never heard of it");
    }

    #[test]
    fn a_draft_of_ours_that_the_list_lacks_is_surplus_only_beside_another() {
        assert_eq!(chosen(vec![release(1, true, "", 0)], &[7]), (Some(1), vec![7], 0));
        assert_eq!(chosen(vec![], &[7]), (None, vec![], 0));
    }

    #[test]
    fn notes_lose_their_marker_and_nothing_else() {
        for notes in ["", "One.", "One.\n\nTwo."] {
            let marked = Marker::new(u64::MAX).add_to(notes);
            assert!(marked.chars().count() - notes.chars().count() <= MARKER_LENGTH);
            assert_eq!(without_marker(&marked), notes);
        }
        assert_eq!(without_marker("a <!-- other --> b"), "a <!-- other --> b");
    }
}
