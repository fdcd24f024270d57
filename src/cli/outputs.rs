//! The outputs of a step on GitHub Actions, made from the report of a run.

use serde_json::{Value, json};

use crate::pipeline::report::Report;

/// How many UTF-16 units an output may have: a job's outputs are 1 MB together, counted in UTF-16.
const MOST: usize = 400_000;

/// The outputs: only what there is, but for `packages` and `simulated`, which there always are. `release` is the page
/// of the release and the address of its feed.
pub(super) fn of(
    report: &Report,
    release: Option<(&str, Option<&str>)>,
    report_path: Option<&str>,
) -> Vec<(&'static str, String)> {
    let mut outputs =
        vec![("packages", packages(report)), ("simulated", (!report.simulated.is_empty()).to_string())];
    let written: Vec<_> = report.packages.iter().filter_map(|package| package.package.as_ref()).collect();
    if let [only] = written.as_slice() {
        outputs.push(("package-path", only.path.display().to_string()));
        outputs.push(("sha1", only.sha1.clone()));
    }
    if let Some(feed) = &report.feed {
        outputs.push(("feed-path", feed.path.display().to_string()));
        // The address of the latest release's feed stays the same; that of this one's does not.
        let stable = release.and_then(|(_, feed)| feed);
        let url = stable.or_else(|| report.url_of(&feed.path));
        outputs.extend(url.map(|url| ("feed-url", url.to_owned())));
    }
    outputs.extend(release.map(|(page, _)| ("release-url", page.to_owned())));
    outputs.extend(report_path.map(|path| ("report-path", path.to_owned())));
    outputs
}

/// The packages as JSON. Empty when they are too many for an output; the report has them all.
fn packages(report: &Report) -> String {
    let all = report.packages.iter().filter_map(|package| {
        let archive = package.package.as_ref()?;
        let mut value = json!({
            "name": package.name,
            "version": package.version,
            "path": archive.path.to_string_lossy(),
            "size": archive.size,
            "sha1": archive.sha1,
            "sha256": archive.sha256,
        });
        if let Some(url) = report.url_of(&archive.path) {
            value["url"] = url.into();
        }
        Some(value)
    });
    let text = Value::Array(all.collect()).to_string();
    if text.encode_utf16().count() > MOST { "[]".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::report::{ArchiveReport, Collector};

    fn report(published: &[(&str, &str)]) -> Report {
        let collector = Collector::new();
        collector.package("shop", "1.0", "apps/shop");
        let (path, sha1, sha256) = ("dist/shop-1.0.msdeploy.zip".into(), "ab".into(), "cd".into());
        collector.archive("shop", ArchiveReport { path, size: 7, sha1, sha256 });
        collector.feed("dist/all.webpi.xml");
        for (target, url) in published {
            collector.published(target, *url);
        }
        collector.report()
    }

    fn get(outputs: &[(&'static str, String)], name: &str) -> Option<String> {
        outputs.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    }

    #[test]
    fn a_release_gives_its_page_and_the_addresses_of_its_files() {
        let base = "https://github.example/o/r/releases/download/v1.0";
        let package = format!("{base}/shop-1.0.msdeploy.zip");
        let feed = format!("{base}/all.webpi.xml");
        let report = report(&[("github", &package), ("github", &feed)]);
        let page = "https://github.example/o/r/releases/tag/v1.0";
        let outputs = of(&report, Some((page, None)), Some("report.json"));
        assert_eq!(get(&outputs, "release-url").as_deref(), Some(page));
        assert_eq!(get(&outputs, "feed-url"), Some(feed));
        let latest = "https://github.example/o/r/releases/latest/download/all.webpi.xml";
        let stable = of(&report, Some((page, Some(latest))), None);
        assert_eq!(get(&stable, "feed-url").as_deref(), Some(latest));
        assert_eq!(get(&outputs, "report-path").as_deref(), Some("report.json"));
        let packages: Value = serde_json::from_str(&get(&outputs, "packages").unwrap()).unwrap();
        assert_eq!(packages[0]["url"], package.as_str());
        assert_eq!(packages[0]["sha256"], "cd");
    }

    #[test]
    fn what_there_is_not_is_no_output() {
        let outputs = of(&Collector::new().report(), None, None);
        assert_eq!(outputs, [("packages", "[]".to_owned()), ("simulated", "false".to_owned())]);
        let outputs = of(&report(&[]), None, None);
        assert_eq!(get(&outputs, "sha1").as_deref(), Some("ab"));
        assert_eq!(get(&outputs, "release-url"), None);
    }
}
