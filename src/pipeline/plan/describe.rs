//! A plan as people and as machines read it.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Layout, PackagePlan, Plan};
use crate::config::Format;
use crate::event::Stage;

/// The plan as text: what will be done for each package, and where each setting comes from.
pub fn describe(plan: &Plan, stages: &[Stage]) -> String {
    let mut text = String::new();
    for package in &plan.packages {
        describe_package(&mut text, package, stages);
    }
    if stages.contains(&Stage::Feed) && !plan.config.feed.skip {
        line(&mut text, "", "feed", &plan.folders.output.join(&plan.feed_name).display().to_string());
    }
    if stages.contains(&Stage::Publish) && !plan.config.publish.skip {
        if let Some(github) = &plan.config.publish.github {
            let repository = github.repository.as_deref().unwrap_or("the repository of the job");
            let tag = github.tag.as_deref().unwrap_or("the job's tag, else v{version}");
            line(&mut text, "", "publish", &format!("to a release on GitHub: {repository}, {tag}"));
        }
        if super::super::publish::goes_to_folder(&plan.config) {
            let folder = plan.config.path(&plan.config.publish.folder.path);
            line(&mut text, "", "publish", &format!("to the folder {}", folder.display()));
        }
    }
    text
}

fn describe_package(text: &mut String, package: &PackagePlan, stages: &[Stage]) {
    let _ = writeln!(text, "{} {} ({})", package.name, package.version, crate::error::shown(package.root()));
    let mut say = |what: &str, value: &str| line(text, "  ", what, value);
    match &package.app.target {
        Some(target) => say("application", &format!("{target} ({})", package.app.reason)),
        None => say("application", &package.app.reason),
    }
    match &package.python {
        Some(python) => say("python", &format!("{} ({})", python.version, python.executable.display())),
        None => say("python", "none was found"),
    }
    for requirement in &package.requirements {
        say("installs", requirement);
    }
    say("gateway", package.config.gateway());
    let bytes: u64 = package.files.iter().map(|file| file.size).sum();
    let files = package.files.len();
    say("files", &format!("{files} file{}, {bytes} bytes", if files == 1 { "" } else { "s" }));
    for setting in package.config.set() {
        say("set", &setting.to_string());
    }
    if stages.contains(&Stage::Build) {
        say("build", layout(package));
    }
    if stages.contains(&Stage::Package) {
        let path = package.folders.output.join(&package.names.package);
        say("package", &format!("{} ({} format)", path.display(), format_name(package)));
    }
    if stages.contains(&Stage::Install) {
        say("install", &format!("{}, in the simulated IIS", application_path(package)));
    }
    if stages.contains(&Stage::Test) && !package.config.test.skip {
        for request in &package.config.test.requests {
            say("test", &request.title());
        }
        if package.config.test.requests.is_empty() {
            say("test", "GET / must not answer with 5xx");
        }
    }
}

fn line(text: &mut String, indentation: &str, what: &str, value: &str) {
    let _ = writeln!(text, "{indentation}{what:<12} {value}");
}

fn layout(package: &PackagePlan) -> &'static str {
    match package.layout {
        Layout::Classic => "from the project's own Manifest.xml.in",
        Layout::Generated => "Manifest.xml, Parameters.xml and web.config.in from the configuration",
    }
}

fn format_name(package: &PackagePlan) -> &'static str {
    match package.config.package.format {
        Format::Gallery => "gallery",
        Format::Archive => "archive",
    }
}

/// The site and path that the package is installed under.
fn application_path(package: &PackagePlan) -> String {
    format!(
        "{}/{}",
        package.config.iis.site,
        package.config.iis.application.as_deref().unwrap_or(&package.folder)
    )
}

/// The plan as JSON.
pub fn to_json(plan: &Plan, stages: &[Stage]) -> Value {
    let packages: Vec<Value> = plan.packages.iter().map(package_to_json).collect();
    json!({
        "schema": 1,
        "stages": stages,
        "packages": packages,
        "feed": { "path": plan.folders.output.join(&plan.feed_name), "skipped": plan.config.feed.skip },
        "publish": {
            "folder": super::super::publish::goes_to_folder(&plan.config)
                .then(|| plan.config.path(&plan.config.publish.folder.path)),
            "github": plan.config.publish.github,
            "skipped": plan.config.publish.skip,
        },
    })
}

fn package_to_json(package: &PackagePlan) -> Value {
    let settings: Vec<Value> = package
        .config
        .set()
        .iter()
        .map(|setting| json!({ "key": setting.key, "value": setting.value, "origin": setting.origin.to_string() }))
        .collect();
    let python = package.python.as_ref();
    let files: Vec<&str> = package.files.iter().map(|file| file.name.as_str()).collect();
    let output = &package.folders.output;
    json!({
        "name": package.name,
        "version": package.version,
        "path": crate::error::shown(package.root()).to_string(),
        "application": package.app,
        "layout": package.layout,
        "python": python.map(|python| json!({ "version": python.version, "executable": python.executable })),
        "requirements": package.requirements,
        "gateway": package.config.gateway(),
        "files": files,
        "settings": settings,
        "outputs": {
            "package": output.join(&package.names.package),
            "set-parameters": output.join(&package.names.set_parameters),
            "deploy-command": output.join(&package.names.deploy_command),
            "format": format_name(package),
        },
        "install": { "application": application_path(package), "skipped": false },
        "test": { "requests": package.config.test.requests.len().max(1), "skipped": package.config.test.skip },
    })
}
