//! What `iiswsgi init` writes for a project that has no configuration: what is seen in its folder, and the files that
//! follow from it and from a few answers.
//!
//! [`Survey::of`] looks, [`propose`] makes texts. Nothing is asked, printed or written here.

mod configuration;
mod django;
mod survey;
mod web_config;

use std::path::PathBuf;

pub use django::{Django, StaticFiles};
pub use survey::{Framework, PythonSeen, Survey};

use crate::ci::workflow::PackageWorkflow;

/// What the user said, or what was seen in place of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    /// The WSGI application; none when the project's own web.config.in says what is started.
    pub app: Option<String>,
    /// The name of the package, when the project's metadata has none or the user wants another.
    pub name: Option<String>,
    /// The version of the package, likewise.
    pub version: Option<String>,
    /// The Python of the server, as `3.12`; none when `requires-python` says enough.
    pub python: Option<String>,
    /// What pip installs, when the project does not say it.
    pub requirements: Vec<String>,
    /// The workflow and its path; none when there shall be none.
    pub workflow: Option<(PathBuf, PackageWorkflow)>,
}

/// A file that would be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedFile {
    /// Where, as the user would name it.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// What it is for, as a fragment.
    pub purpose: &'static str,
}

/// The files that follow from a survey and the answers, the configuration first.
pub fn propose(survey: &Survey, answers: &Answers) -> Vec<ProposedFile> {
    let mut files = vec![ProposedFile {
        path: survey.configuration_path(),
        text: configuration::text(survey, answers),
        purpose: "what iiswsgi cannot see by itself",
    }];
    if let Some(text) = web_config::text(survey) {
        let path = survey.root.join("web.config");
        files.push(ProposedFile { path, text, purpose: "IIS itself serves the static files" });
    }
    if let Some((path, workflow)) = &answers.workflow {
        let purpose = "GitHub Actions builds, tests and releases the package";
        files.push(ProposedFile { path: path.clone(), text: workflow.text(), purpose });
    }
    files
}

#[cfg(test)]
mod tests;
