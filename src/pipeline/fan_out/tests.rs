//! Tests of the dealing out and of what is read from other machines; whole runs are in `tests/it/fan_out.rs`.

use std::path::Path;

use proptest::prelude::*;

use super::*;

fn package(id: &str, runner: &str) -> PlannedPackage {
    PlannedPackage {
        id: id.into(),
        path: format!("apps/{id}"),
        name: None,
        version: None,
        runner: runner.into(),
    }
}

fn packages(count: usize, runner: &str) -> Vec<PlannedPackage> {
    (0..count).map(|number| package(&format!("{runner}-{number}"), runner)).collect()
}

#[test]
fn every_package_is_a_leg_until_there_are_too_many() {
    let legs = deal(&packages(256, "linux"), MAX_LEGS).unwrap();
    assert_eq!(legs.len(), 256);
    assert_eq!((legs[7].id.as_str(), legs[7].packages.as_slice()), ("linux-7", &["linux-7".to_owned()][..]));
    let legs = deal(&packages(257, "linux"), MAX_LEGS).unwrap();
    assert_eq!(legs.len(), 129, "no leg is larger than it must be");
    assert_eq!((legs[0].id.as_str(), legs[0].packages.len()), ("leg-1", 2));
}

#[test]
fn a_leg_has_one_runner_and_no_legs_are_left_over_for_nothing() {
    let mut all = packages(5, "linux");
    all.extend(packages(3, "windows"));
    let legs = deal(&all, 4).unwrap();
    let sizes: Vec<_> = legs.iter().map(|leg| (leg.runner.as_str(), leg.packages.len())).collect();
    assert_eq!(sizes, [("linux", 3), ("linux", 2), ("windows", 3)]);
    assert_eq!(deal(&all, 1), None, "two runners need two legs");
    assert_eq!(deal(&[], 4), Some(Vec::new()));
}

#[test]
fn a_package_that_is_called_as_a_leg_keeps_its_name() {
    let mut all = packages(3, "linux");
    all[2].id = "Leg-1".into();
    let legs = deal(&all, 2).unwrap();
    assert_eq!(legs[0].id, "leg--1");
}

proptest! {
    #[test]
    fn dealing_out_loses_and_doubles_nothing(sizes in prop::collection::vec(1_usize..400, 1..6), most in 6_usize..300) {
        let all: Vec<_> =
            sizes.iter().enumerate().flat_map(|(number, &size)| packages(size, &format!("r{number}"))).collect();
        let legs = deal(&all, most).unwrap();
        prop_assert!(legs.len() <= most);
        let mut dealt: Vec<_> = legs.iter().flat_map(|leg| leg.packages.clone()).collect();
        let mut wanted: Vec<_> = all.iter().map(|package| package.id.clone()).collect();
        dealt.sort();
        wanted.sort();
        prop_assert_eq!(dealt, wanted);
    }
}

fn plan(packages: Vec<PlannedPackage>) -> PlanFile {
    let legs = deal(&packages, MAX_LEGS).unwrap();
    PlanFile {
        schema: SCHEMA_VERSION,
        version: env!("CARGO_PKG_VERSION").into(),
        run: Run { id: "1".into(), ..Run::default() },
        root: ".".into(),
        config: None,
        output: "dist".into(),
        feed_name: None,
        packages,
        legs,
    }
}

#[test]
fn the_matrix_of_ten_thousand_packages_is_far_below_what_an_output_may_have() {
    let long = "x".repeat(140);
    let all = (0..10_000).map(|number| package(&format!("{long}-{number}"), "windows-latest")).collect();
    let matrix = plan(all).matrix();
    assert!(matrix["include"].as_array().unwrap().len() <= MAX_LEGS);
    // The runner counts UTF-16.
    let size = matrix.to_string().encode_utf16().count() * 2;
    assert!(size < 200_000, "{size}");
}

#[test]
fn the_matrix_says_what_a_job_needs() {
    let mut all = packages(2, "linux");
    all[1].path = ".".into();
    let matrix = plan(all).matrix().to_string();
    assert_eq!(
        matrix,
        r#"{"include":[{"id":"linux-0","runner":"linux","title":"apps/linux-0","packages":1},{"id":"linux-1","runner":"linux","title":"linux-1","packages":1}]}"#
    );
    assert_eq!(plan(Vec::new()).matrix().to_string(), r#"{"include":[]}"#);
}

#[test]
fn a_plan_is_read_back_and_one_of_another_version_or_with_foreign_ids_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan.json");
    let read = |plan: &PlanFile| {
        std::fs::write(&path, plan.to_json()).unwrap();
        Planned::read(&path)
    };
    let good = plan(packages(3, "linux"));
    let planned = read(&good).unwrap();
    assert_eq!(planned.plan, good);
    assert_eq!(planned.digest, crate::digest::Digests::of(good.to_json().as_bytes()).sha256_hex());
    let old = PlanFile { version: "0.0.1".into(), ..good.clone() };
    assert!(matches!(read(&old), Err(Error::Version { found, .. }) if found == "0.0.1"));
    for id in ["../x", "", ".x", "a/b", "a b", "a:b"] {
        let foreign = PlanFile { packages: vec![package(id, "linux")], ..good.clone() };
        assert!(matches!(read(&foreign), Err(Error::Malformed { .. })), "{id}");
    }
    std::fs::write(&path, "{\"schema\": 1,\n oops}").unwrap();
    assert!(matches!(Planned::read(&path), Err(Error::Malformed { line: 2, .. })));
}

#[test]
fn packages_are_chosen_by_their_own_id_or_by_that_of_their_leg() {
    let plan = plan(packages(300, "linux"));
    let planned = Planned { path: "plan.json".into(), digest: String::new(), plan };
    let chosen = |ids: &[&str]| {
        let ids: Vec<String> = ids.iter().map(|&id| id.to_owned()).collect();
        planned.chosen(&ids).map(|all| all.iter().map(|package| package.id.clone()).collect::<Vec<_>>())
    };
    assert_eq!(chosen(&["linux-4"]).unwrap(), ["linux-4"]);
    assert_eq!(chosen(&["leg-2", "linux-2", "linux-0"]).unwrap(), ["linux-0", "linux-2", "linux-3"]);
    assert!(matches!(chosen(&["linux-300"]), Err(Error::UnknownId { id, .. }) if id == "linux-300"));
}

#[test]
fn a_manifest_that_is_none_is_refused_with_its_place() {
    let error = Manifest::parse(Path::new("a.manifest.json"), b"[]").unwrap_err();
    assert!(matches!(error, Error::Malformed { line: 1, .. }), "{error}");
}
