//! What has to happen to the assets of a release so that it has exactly the wanted files. Pure.
//!
//! This decides what to upload, and by the same rules whether all has arrived: nothing left to do is the proof.

use std::collections::BTreeSet;

use super::IfExists;
use super::model::{Asset, UPLOADED};
use crate::publish::{Artifact, Kind};

/// A file as the release should have it.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) sha256: String,
    pub(super) kind: Kind,
    /// How often it was sent in this run.
    pub(super) sent: u32,
    /// How often GitHub said that it came.
    pub(super) arrived: u32,
    /// Whether GitHub said that it has it all.
    pub(super) confirmed: bool,
}

impl Wanted {
    pub(super) fn new(artifact: &Artifact) -> Self {
        let (name, sha256) = (artifact.name.clone(), artifact.sha256.to_lowercase());
        Self { name, size: artifact.size, sha256, kind: artifact.kind, sent: 0, arrived: 0, confirmed: false }
    }

    /// Forgets what was sent: it went elsewhere.
    pub(super) fn forget(&mut self) {
        (self.sent, self.arrived, self.confirmed) = (0, 0, false);
    }

    /// Whether an asset is this file. Without a digest (old enterprise servers) the size must do.
    pub(super) fn is(&self, asset: &Asset) -> bool {
        let same = |digest: &String| {
            digest.split_once(':').is_none_or(|(algorithm, hex)| {
                algorithm != "sha256" || hex.eq_ignore_ascii_case(&self.sha256)
            })
        };
        asset.state == UPLOADED && asset.size == self.size && asset.digest.as_ref().is_none_or(same)
    }

    /// What it is, for messages.
    pub(super) fn described(&self) -> String {
        format!("{} bytes with SHA-256 {}", self.size, self.sha256)
    }
}

/// What an asset is, for messages.
pub(super) fn described(asset: &Asset) -> String {
    let digest = asset.digest.as_deref().unwrap_or("no digest");
    format!("{} bytes with {digest}, {}", asset.size, asset.state)
}

/// How the release stands to changes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    pub(super) published: bool,
    pub(super) immutable: bool,
    pub(super) if_exists: Option<IfExists>,
}

/// What has to happen to the assets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Work {
    /// Assets to delete: id and name.
    pub(super) delete: Vec<(u64, String)>,
    /// Indices of files to upload once these are gone.
    pub(super) upload: Vec<usize>,
    /// Indices of files that are there.
    pub(super) there: Vec<usize>,
    /// Indices of files that were left as they are though they differ.
    pub(super) kept: Vec<usize>,
    /// Names of files that differ and must not be replaced.
    pub(super) conflicts: Vec<String>,
    /// Unfinished assets that another run may just be uploading.
    pub(super) unfinished: BTreeSet<u64>,
}

impl Work {
    /// Whether all is there.
    pub(super) fn is_done(&self) -> bool {
        self.delete.is_empty()
            && self.upload.is_empty()
            && self.conflicts.is_empty()
            && self.unfinished.is_empty()
    }
}

/// Compares. `known` are unfinished assets that are nobody's any more.
///
/// The feed follows the packages: it holds the time at which it was written, so it differs from run to run. In a published
/// release it is replaced when a package was, or when replacing was asked for; else the one that is there is right.
pub(super) fn compare(wanted: &[Wanted], found: &[Asset], standing: Standing, known: &BTreeSet<u64>) -> Work {
    let mut work = Work::default();
    let packages_changed = wanted.iter().any(|wanted| wanted.kind != Kind::Feed && wanted.sent > 0);
    for (index, wanted) in wanted.iter().enumerate() {
        let mut same_name = found.iter().filter(|asset| asset.name == wanted.name).peekable();
        if same_name.peek().is_none() {
            work.upload.push(index);
            continue;
        }
        let (mut there, mut upload, mut delete) = (false, false, Vec::new());
        for asset in same_name {
            if !there && wanted.is(asset) {
                there = true;
            } else if asset.state != UPLOADED && !known.contains(&asset.id) && wanted.sent == 0 {
                work.unfinished.insert(asset.id);
            } else if asset.state != UPLOADED || wanted.sent > 0 || there {
                delete.push((asset.id, asset.name.clone()));
                upload = true;
            } else {
                match differing(wanted, standing, packages_changed) {
                    IfExists::Keep => {
                        there = true;
                        work.kept.push(index);
                    }
                    IfExists::Replace => {
                        delete.push((asset.id, asset.name.clone()));
                        upload = true;
                    }
                    IfExists::Fail => work.conflicts.push(wanted.name.clone()),
                }
            }
        }
        work.delete.extend(delete);
        if there {
            work.there.push(index);
        } else if upload {
            work.upload.push(index);
        }
    }
    work
}

/// What becomes of an asset with other bytes.
fn differing(wanted: &Wanted, standing: Standing, packages_changed: bool) -> IfExists {
    if wanted.kind == Kind::Feed {
        let asked = standing.if_exists == Some(IfExists::Replace) && !standing.immutable;
        let replace = !standing.published || packages_changed || asked;
        return if replace { IfExists::Replace } else { IfExists::Keep };
    }
    standing.if_exists.unwrap_or(if standing.published { IfExists::Fail } else { IfExists::Replace })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(name: &str, kind: Kind) -> Wanted {
        Wanted {
            name: name.into(),
            size: 3,
            sha256: "aa".into(),
            kind,
            sent: 0,
            arrived: 0,
            confirmed: false,
        }
    }

    fn asset(id: u64, name: &str, digest: &str) -> Asset {
        let digest = Some(format!("sha256:{digest}"));
        Asset { id, name: name.into(), size: 3, state: UPLOADED.into(), digest }
    }

    const DRAFT: Standing = Standing { published: false, immutable: false, if_exists: None };
    const PUBLISHED: Standing = Standing { published: true, immutable: false, if_exists: None };

    fn of(wanted: &[Wanted], found: &[Asset], standing: Standing) -> Work {
        compare(wanted, found, standing, &BTreeSet::new())
    }

    #[test]
    fn what_is_there_stays_and_what_is_missing_is_uploaded() {
        let files = [wanted("a", Kind::Package), wanted("b", Kind::Package)];
        let work = of(&files, &[asset(1, "a", "AA"), asset(2, "other", "bb")], DRAFT);
        assert_eq!((work.there, work.upload, work.delete), (vec![0], vec![1], vec![]));
    }

    #[test]
    fn other_bytes_are_replaced_in_a_draft_and_refused_in_a_release() {
        let (files, found) = ([wanted("a", Kind::Package)], [asset(1, "a", "bb")]);
        let work = of(&files, &found, DRAFT);
        assert_eq!((work.delete, work.upload), (vec![(1, "a".into())], vec![0]));
        assert_eq!(of(&files, &found, PUBLISHED).conflicts, ["a"]);
        let keep = Standing { if_exists: Some(IfExists::Keep), ..PUBLISHED };
        assert_eq!(of(&files, &found, keep).kept, [0]);
        assert!(of(&files, &found, keep).is_done());
        let fail = Standing { if_exists: Some(IfExists::Fail), ..DRAFT };
        assert_eq!(of(&files, &found, fail).conflicts, ["a"]);
    }

    #[test]
    fn a_size_that_differs_is_seen_without_a_digest() {
        let file = wanted("a", Kind::Package);
        let mut found = asset(1, "a", "aa");
        found.digest = None;
        assert!(file.is(&found));
        found.size = 4;
        assert!(!file.is(&found));
    }

    #[test]
    fn an_unfinished_upload_is_left_once_and_removed_then() {
        let files = [wanted("a", Kind::Package)];
        let mut starter = asset(1, "a", "aa");
        starter.state = "starter".into();
        let work = of(&files, std::slice::from_ref(&starter), DRAFT);
        assert_eq!((work.unfinished.len(), work.delete.len()), (1, 0));
        let work = compare(&files, &[starter], DRAFT, &[1].into());
        assert_eq!((work.delete, work.upload), (vec![(1, "a".into())], vec![0]));
    }

    #[test]
    fn the_feed_of_a_release_changes_with_its_packages_only() {
        let mut files = [wanted("p", Kind::Package), wanted("f", Kind::Feed)];
        let found = [asset(1, "p", "aa"), asset(2, "f", "bb")];
        assert_eq!(of(&files, &found, PUBLISHED).kept, [1]);
        files[0].sent = 1;
        assert_eq!(of(&files, &found, PUBLISHED).delete, [(2, "f".to_owned())]);
    }

    #[test]
    fn of_two_assets_with_one_name_the_right_one_stays() {
        let work = of(&[wanted("a", Kind::Package)], &[asset(1, "a", "aa"), asset(2, "a", "bb")], DRAFT);
        assert_eq!((work.there, work.delete), (vec![0], vec![(2, "a".into())]));
    }
}
