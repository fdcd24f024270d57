//! The publish stage: packages, what stands beside them and the feed go where users get them.

use super::deliver::{Delivered, Finished};
use super::plan::{PackagePlan, Plan};
use crate::error::AnyFailure;
use crate::event::{Observer, Severity};
use crate::publish::folder::Folder;
use crate::publish::{Artifact, Kind, Package, Published, Publisher};

/// Where packages are published to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Target {
    /// To all places of the configuration.
    #[default]
    Configured,
    /// To the folder alone.
    Folder,
}

/// Publishes to the configured folder.
pub(super) fn run(
    plan: &Plan,
    finished: &[(&PackagePlan, &Finished)],
    feed: Option<&Delivered>,
    observer: &dyn Observer,
) -> Result<Vec<Published>, AnyFailure> {
    let mut artifacts = Vec::new();
    for (package, files) in finished {
        let owner = Package {
            name: package.name.clone(),
            version: package.version.clone(),
            title: Some(package.title().to_owned()),
            summary: package.project.metadata.summary.clone(),
        };
        let parts = [
            (Kind::Package, &files.package),
            (Kind::SetParameters, &files.set_parameters),
            (Kind::DeployCommand, &files.deploy_command),
        ];
        for (kind, file) in parts {
            artifacts.push(Artifact::new(&file.path, kind, &file.digests).of_package(owner.clone()));
        }
    }
    if let Some(feed) = feed {
        artifacts.push(Artifact::new(&feed.path, Kind::Feed, &feed.digests));
    }
    let settings = &plan.config.publish.folder;
    let title = plan
        .config
        .feed
        .title
        .clone()
        .or_else(|| finished.first().map(|(first, _)| first.title().to_owned()));
    let publisher = Folder {
        path: plan.config.path(&settings.path),
        base_url: settings.url.clone(),
        title: title.unwrap_or_else(|| "Packages".to_owned()),
    };
    let files = publisher.publish(&artifacts, observer)?;
    let text = format!("Published {} files to {}.", files.len(), publisher.target());
    observer.message(Severity::Info, &text);
    Ok(files)
}
