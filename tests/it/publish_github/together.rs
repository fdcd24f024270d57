//! Publishing where others do so too, where lists are behind, and where a run was broken off: there is one release in the end.

use std::sync::Barrier;

use iiswsgi::error::ExitCode;
use iiswsgi::process::Interrupt;

use super::fake::Fault;
use super::{PACKAGE, Shop};

#[test]
fn lists_that_are_behind_make_no_second_release() {
    for behind in 1..4 {
        let shop = Shop::new();
        shop.fake.state().lists_behind = behind;
        shop.fake.state().assets_behind = behind;
        shop.publish().unwrap();
        shop.assert_released();
    }
}

/// A draft as another run of ours makes it.
const OTHER_RUN: &str = "<!-- iiswsgi-draft 00000000deadbeef -->";

#[test]
fn of_two_drafts_made_at_once_the_older_one_wins() {
    for newer in [false, true] {
        let shop = Shop::new();
        let shared = shop.fake.shared();
        let add = Box::new(move || {
            shared.lock().unwrap().add("v1.0", true, OTHER_RUN, &[]);
        });
        shop.fake.fault("POST", 0, if newer { Fault::After(add) } else { Fault::Before(add) });
        shop.publish().unwrap();
        shop.assert_released();
        assert_eq!(shop.fake.state().releases[0].id, 1);
    }
}

#[test]
fn a_draft_without_our_marker_is_never_deleted() {
    let shop = Shop::new();
    shop.fake.state().add("v1.0", true, "By hand.", &[]);
    shop.fake.state().add("v1.0", true, "By hand, too.", &[]);
    shop.publish().unwrap();
    let state = shop.fake.state();
    assert_eq!(state.releases.iter().map(|release| release.draft).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn a_release_that_another_run_published_first_is_the_one() {
    let shop = Shop::new();
    let shared = shop.fake.shared();
    let publish = Box::new(move || {
        let files: [(&str, &[u8]); 1] = [(PACKAGE, b"the package")];
        shared.lock().unwrap().add("v1.0", false, "", &files);
    });
    shop.fake.fault("PATCH", 0, Fault::Before(publish));
    shop.publish().unwrap();
    shop.assert_released();
}

#[test]
fn a_release_that_is_deleted_in_the_midst_is_made_again() {
    for part in ["name=shop.deploy.cmd", "PATCH", "GET /repos/octo/shop/releases/1/assets"] {
        let shop = Shop::new();
        let shared = shop.fake.shared();
        shop.fake.fault(part, 0, Fault::Before(Box::new(move || shared.lock().unwrap().releases.clear())));
        shop.publish().unwrap();
        shop.assert_released();
    }
}

#[test]
fn runs_at_the_same_time_make_one_release() {
    for round in 0..8 {
        let shop = Shop::new();
        let together = Barrier::new(5);
        std::thread::scope(|scope| {
            let runs: Vec<_> = (0..5)
                .map(|_| {
                    scope.spawn(|| {
                        together.wait();
                        shop.publish().map(drop)
                    })
                })
                .collect();
            for run in runs {
                let result = run.join().unwrap();
                assert!(result.is_ok(), "round {round}: {result:?}\n{:#?}", shop.fake.state().requests);
            }
        });
        shop.assert_released();
    }
}

#[test]
fn an_interrupted_run_leaves_a_draft_that_the_next_one_completes() {
    for part in ["POST", "name=shop-1.0", "name=shop.webpi.xml", "PATCH"] {
        let mut shop = Shop::new();
        let interrupt = shop.github.interrupt.clone();
        // The answer never comes: only the interruption ends it.
        let silent = part.contains("name=");
        let act = Box::new(move || interrupt.request());
        if silent {
            shop.fake.fault(part, 0, Fault::Before(act));
            shop.fake.fault(part, 0, Fault::Silence);
        } else {
            shop.fake.fault(part, 0, Fault::Before(act));
        }
        let result = shop.publish();
        if part == "PATCH" {
            // What was sent is waited for, and that was the end.
            result.unwrap();
        } else {
            let failure = result.unwrap_err();
            assert_eq!(failure.exit_code(), ExitCode::Interrupted, "{part}: {failure}");
            let hint = failure.hint().unwrap();
            assert!(
                hint.contains("/releases/tag/untagged-") && hint.contains("running the same again"),
                "{hint}"
            );
        }
        shop.github.interrupt = Interrupt::new();
        shop.fake.state().rules.clear();
        shop.publish().unwrap();
        shop.assert_released();
    }
}
