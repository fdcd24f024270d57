//! Dealing packages out to legs: one each, and several to a leg when there are more packages than legs.

use serde::{Deserialize, Serialize};

use super::PlannedPackage;

/// How many jobs a matrix of GitHub Actions may have: "A matrix will generate a maximum of 256 jobs per workflow run".
pub const MAX_LEGS: usize = 256;

/// What one machine makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Leg {
    /// Its name: that of its only package, or `leg-1`, `leg-2`, ….
    pub id: String,
    /// The runner of all its packages.
    pub runner: String,
    /// The IDs of its packages, in the order of the plan.
    pub packages: Vec<String>,
}

/// Deals packages out to at most `most` legs; packages of different runners never share one. None when there are more
/// runners than legs.
///
/// All legs but the last of a runner are equally large, and none is larger than it must be.
pub fn deal(packages: &[PlannedPackage], most: usize) -> Option<Vec<Leg>> {
    let mut runners: Vec<(&str, Vec<&PlannedPackage>)> = Vec::new();
    for package in packages {
        match runners.iter_mut().find(|(runner, _)| *runner == package.runner) {
            Some((_, packages)) => packages.push(package),
            None => runners.push((&package.runner, vec![package])),
        }
    }
    if runners.len() > most {
        return None;
    }
    let legs_of = |size: usize| runners.iter().map(|(_, all)| all.len().div_ceil(size)).sum::<usize>();
    // At the size of the largest group each runner has one leg, so there is an end.
    let mut size = packages.len().div_ceil(most.max(1)).max(1);
    while legs_of(size) > most {
        size += 1;
    }
    let mut legs = Vec::new();
    for (runner, all) in runners {
        for chunk in all.chunks(size) {
            let ids: Vec<String> = chunk.iter().map(|package| package.id.clone()).collect();
            let id = match ids.as_slice() {
                [only] => only.clone(),
                _ => free_id(packages, legs.len() + 1),
            };
            legs.push(Leg { id, runner: runner.to_owned(), packages: ids });
        }
    }
    Some(legs)
}

/// `leg-7`, with more dashes as long as a package is called so.
fn free_id(packages: &[PlannedPackage], number: usize) -> String {
    let mut id = format!("leg-{number}");
    while packages.iter().any(|package| package.id.eq_ignore_ascii_case(&id)) {
        id.insert(3, '-');
    }
    id
}

/// The matrix of a job: what `strategy.matrix` takes through `fromJson`, an object for each leg.
pub(super) fn matrix(legs: &[Leg], packages: &[PlannedPackage]) -> serde_json::Value {
    let paths: std::collections::BTreeMap<&str, &str> =
        packages.iter().map(|package| (package.id.as_str(), package.path.as_str())).collect();
    let include: Vec<serde_json::Value> = legs
        .iter()
        .map(|leg| {
            let first = leg.packages.first().map_or("", String::as_str);
            let title = match leg.packages.len() {
                0 | 1 => paths.get(first).filter(|path| **path != ".").map_or(first, |path| *path).to_owned(),
                count => format!("{first} and {} more", count - 1),
            };
            let title: String = title.chars().take(100).collect();
            serde_json::json!({
                "id": leg.id,
                "runner": leg.runner,
                "title": title,
                "packages": leg.packages.len(),
            })
        })
        .collect();
    serde_json::json!({ "include": include })
}

impl super::PlanFile {
    /// The matrix of the legs. At most [`MAX_LEGS`] entries of less than 1 KB: far below the 1 MB that the outputs of a
    /// job may have. Which packages a leg makes stands in the plan alone.
    pub fn matrix(&self) -> serde_json::Value {
        matrix(&self.legs, &self.packages)
    }
}
