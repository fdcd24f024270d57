//! The workflows of GitHub Actions that are written for the user: that of many packages (`generate-ci`: plan, one job a leg,
//! merge, publish) and that of one (`init`).
//!
//! Texts are put together here and nothing is read or written. Packages do not stand in the workflow of many: `plan` finds
//! them anew in each run, so that the workflow stays as it is when packages come and go.

use std::fmt::Write as _;

/// What the workflow is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workflow {
    /// The options of `generate-ci` that make the same workflow again.
    pub options: String,
    /// What stands behind `uses:` for this action.
    pub action: String,
    /// Inputs that every step of the action gets, as `python: 3.12`.
    pub inputs: Vec<(String, String)>,
    /// The folder whose configuration speaks for the run, when it is not the checkout.
    pub path: Option<String>,
    /// The runner of all jobs but the legs, and of legs whose package names none.
    pub runner: String,
    /// The branch whose pushes are built.
    pub branch: String,
    /// Where the last job publishes to.
    pub publish: Vec<Publish>,
}

/// A target of the last job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Publish {
    /// A folder, kept as an artifact of the run.
    Folder,
    /// The release of the tag.
    GitHub,
    /// A package index, by Trusted Publishing.
    Pypi,
}

/// This action in this version. A release's commit is known only after its release.
pub const ACTION: &str = concat!("iiswsgi/iiswsgi@v", env!("CARGO_PKG_VERSION"));

/// How the first line begins; the options follow.
pub const HEADER: &str = "# Written by `iiswsgi generate-ci";

/// With its inputs: no checkout leaves a token behind for what runs later.
const CHECKOUT: &str = "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
        with:
          persist-credentials: false";
const UPLOAD: &str = "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02 # v4.6.2";
const DOWNLOAD: &str = "actions/download-artifact@634f93cb2916e3fdff6788551b99b062d0335ce0 # v5.0.0";

/// The jobs before the last; `{…}` in capitals is filled in.
const TEMPLATE: &str = include_str!("workflow.yml");

/// The job that builds the projects' own wheels and source distributions: code of theirs runs in it, so it has no right to
/// publish.
const DISTRIBUTIONS: &str = r#"
  distributions:
    needs: plan
    if: startsWith(github.ref, 'refs/tags/') && needs.plan.outputs.leg-count != '0'
    runs-on: {RUNNER}
    permissions:
      contents: read
    steps:
      - uses: {CHECKOUT}
      - uses: {DOWNLOAD}
        with:
          name: iiswsgi-plan
          path: planned
      - name: Build wheels and source distributions
        shell: python
        run: |
          import json, pathlib, subprocess
          plan = json.loads(pathlib.Path("planned/plan.json").read_text("utf-8"))
          for package in plan["packages"]:
              subprocess.run(["pipx", "run", "build", "--outdir", "distributions", package["path"] or "."], check=True)
      - uses: {UPLOAD}
        with:
          name: iiswsgi-distributions
          path: distributions
          if-no-files-found: error
"#;

impl Workflow {
    /// The workflow's text.
    pub fn text(&self) -> String {
        let options = if self.options.is_empty() { String::new() } else { format!(" {}", self.options) };
        let path = self.path.as_ref().map(|path| format!("\n          path: {}", scalar(path)));
        let path_input = path.unwrap_or_default();
        let mut text = TEMPLATE
            .replace("{OPTIONS}", &options)
            .replace("{BRANCH}", &scalar(&self.branch))
            .replace("{RUNNER}", &scalar(&self.runner))
            .replace("{PATH_INPUT}", &path_input);
        for target in &self.publish {
            text.push_str(&self.publish_job(*target));
        }
        // The actions last: nothing that a user gave is looked through for placeholders.
        let action = format!("{}\n        with:{}", self.action, self.with());
        with_actions(&text).replace("{ACTION}", &action)
    }

    /// The inputs of every step of the action.
    fn with(&self) -> String {
        self.inputs.iter().fold(String::new(), |mut text, (name, value)| {
            let _ = write!(text, "\n          {name}: {}", scalar(value));
            text
        })
    }

    fn publish_job(&self, target: Publish) -> String {
        let PublishJob { name, needs, condition, permissions, inputs } = target.job();
        let runner = scalar(&self.runner);
        let mut text = String::new();
        let mut distributions = "";
        if target == Publish::Pypi {
            text.push_str(&DISTRIBUTIONS.replace("{RUNNER}", &runner));
            distributions = "
      - uses: {DOWNLOAD}
        with:
          name: iiswsgi-distributions
          path: merged";
        }
        let _ = write!(
            text,
            "
  publish-{name}:
    needs: {needs}
    if: {condition}
    runs-on: {runner}
    permissions:
      {permissions}
    steps:
      - uses: {{CHECKOUT}}
      - uses: {{DOWNLOAD}}
        with:
          name: iiswsgi-packages
          path: merged{distributions}
      - uses: {{ACTION}}
          command: publish
          target: {name}
          plan: merged/plan.json
"
        );
        if !inputs.is_empty() {
            let _ = writeln!(text, "          {inputs}");
        }
        if target == Publish::Folder {
            text.push_str(
                "      - uses: {UPLOAD}
        with:
          name: iiswsgi-site
          path: site
          if-no-files-found: error
",
            );
        }
        text
    }
}

/// What the jobs that publish differ in.
struct PublishJob {
    name: &'static str,
    needs: &'static str,
    condition: &'static str,
    permissions: &'static str,
    inputs: &'static str,
}

impl Publish {
    fn job(self) -> PublishJob {
        match self {
            Self::Folder => PublishJob {
                name: "folder",
                needs: "merge",
                condition: "github.event_name != 'pull_request'",
                permissions: "contents: read",
                inputs: "publish-folder: site",
            },
            Self::GitHub => PublishJob {
                name: "github",
                needs: "merge",
                condition: "startsWith(github.ref, 'refs/tags/')",
                permissions: "contents: write # makes the release",
                inputs: "github-token: ${{ github.token }}",
            },
            Self::Pypi => PublishJob {
                name: "pypi",
                needs: "[merge, distributions]",
                condition: "startsWith(github.ref, 'refs/tags/')",
                permissions: "contents: read\n      id-token: write # Trusted Publishing",
                inputs: "",
            },
        }
    }
}

/// The workflow of one project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageWorkflow {
    /// What stands behind `uses:` for this action.
    pub action: String,
    /// The runner that builds and tests: on `windows-…` IIS is enabled there.
    pub runner: String,
    /// The branch whose pushes are built.
    pub branch: String,
    /// The Python to build and test with, as `3.12`.
    pub python: Option<String>,
    /// The project's folder below the checkout, with forward slashes; empty when it is the checkout.
    pub folder: String,
    /// Whether a tag makes a release of GitHub.
    pub release: bool,
}

const PACKAGE_TEMPLATE: &str = include_str!("package.yml");

const RELEASE_JOB: &str = "
  release:
    needs: package
    if: startsWith(github.ref, 'refs/tags/')
    runs-on: ubuntu-24.04
    permissions:
      contents: write # makes the release
    steps:
      - uses: {CHECKOUT}
      - uses: {DOWNLOAD}
        with:
          name: dist
          path: {DIST}
      - uses: {ACTION}
        with:
          command: publish{FOLDER}
          target: github
          github-token: ${{ github.token }}
";

impl PackageWorkflow {
    /// The workflow's text.
    pub fn text(&self) -> String {
        let folder = match self.folder.as_str() {
            "" => String::new(),
            folder => format!("\n          working-directory: {}", scalar(folder)),
        };
        let mut inputs = folder.clone();
        if self.runner.starts_with("windows") {
            inputs.push_str("\n          setup-iis: true");
        }
        if let Some(python) = &self.python {
            let _ = write!(inputs, "\n          python: \"{python}\"");
        }
        let inputs = if inputs.is_empty() { inputs } else { format!("\n        with:{inputs}") };
        let dist = if self.folder.is_empty() { "dist".to_owned() } else { format!("{}/dist", self.folder) };
        let release = if self.release { RELEASE_JOB.replace("{FOLDER}", &folder) } else { String::new() };
        with_actions(&PACKAGE_TEMPLATE.replace("{RELEASE}\n", &release))
            .replace("{BRANCH}", &scalar(&self.branch))
            .replace("{RUNNER}", &scalar(&self.runner))
            .replace("{DIST}", &scalar(&dist))
            .replace("{INPUTS}", &inputs)
            .replace("{ACTION}", &self.action)
    }
}

/// With the actions of others, each by the commit of a release.
fn with_actions(template: &str) -> String {
    template.replace("{CHECKOUT}", CHECKOUT).replace("{UPLOAD}", UPLOAD).replace("{DOWNLOAD}", DOWNLOAD)
}

/// A text of one line as a YAML scalar: as it is where that cannot be misread, else between single quotes.
pub fn scalar(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:".contains(c))
        && !text.ends_with(':')
        && !matches!(text, "true" | "false" | "null" | "yes" | "no" | "on" | "off");
    if plain { text.to_owned() } else { format!("'{}'", text.replace('\'', "''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package() -> PackageWorkflow {
        PackageWorkflow {
            action: ACTION.to_owned(),
            runner: "windows-2025".to_owned(),
            branch: "main".to_owned(),
            python: Some("3.12".to_owned()),
            folder: String::new(),
            release: true,
        }
    }

    #[test]
    fn the_example_is_what_is_written_for_one_package() {
        let example = include_str!("../../examples/workflow-one-package.yml").replace("\r\n", "\n");
        assert_eq!(package().text(), example);
    }

    #[test]
    fn a_project_below_the_checkout_is_worked_on_in_its_folder() {
        let folder = "web apps/shop".to_owned();
        let text = PackageWorkflow { folder, runner: "ubuntu-24.04".to_owned(), ..package() }.text();
        assert_eq!(text.matches("working-directory: 'web apps/shop'").count(), 2, "{text}");
        assert_eq!(text.matches("path: 'web apps/shop/dist'").count(), 2, "{text}");
        assert!(!text.contains("setup-iis"), "{text}");
    }

    #[test]
    fn without_a_release_nothing_may_be_written_to_the_repository() {
        let text = PackageWorkflow { release: false, python: None, ..package() }.text();
        assert!(!text.contains("contents: write"), "{text}");
        assert!(text.ends_with("if-no-files-found: error\n"), "{text}");
    }

    #[test]
    fn texts_that_yaml_would_misread_are_scalar() {
        assert_eq!(scalar("shop.wsgi:application"), "shop.wsgi:application");
        for text in ["3.10", "yes", "a: b", "a:", "", "it's", "#x", "@x", "*"] {
            assert_eq!(scalar(text), format!("'{}'", text.replace('\'', "''")));
        }
    }
}
