//! What a job of GitHub Actions sees: commands, outputs, summary, and the workflow that is written for it.

use std::fs;

use crate::run::HELLO;
use crate::support::{Outcome, Project, json};

/// A project in a job whose checkout it is.
fn job(project: Project) -> Project {
    let path = |name: &str| project.path(name).display().to_string();
    let (workspace, output, summary) = (path(""), path("output"), path("summary"));
    let project = project.env("GITHUB_ACTIONS", "true").env("NO_COLOR", "1");
    project
        .env("GITHUB_WORKSPACE", workspace.trim_end_matches('/'))
        .env("GITHUB_OUTPUT", &output)
        .env("GITHUB_STEP_SUMMARY", &summary)
}

/// The value of an output in the file that the runner reads.
fn output(project: &Project, name: &str) -> Option<String> {
    let text = fs::read_to_string(project.path("output")).unwrap_or_default();
    let (_, rest) = text.split_once(&format!("{name}<<END_OF_VALUE\n"))?;
    rest.split_once("\nEND_OF_VALUE\n").map(|(value, _)| value.to_owned())
}

/// The commands that the runner would take from a log: those outside of what is between `stop-commands` and its end.
fn commands(outcome: &Outcome) -> Vec<String> {
    let mut commands = Vec::new();
    let mut stopped: Option<String> = None;
    for line in outcome.stderr.lines().chain(outcome.stdout.lines()).map(str::trim_start) {
        match &stopped {
            Some(token) if line == format!("::{token}::") => stopped = None,
            Some(_) => {}
            None => match line.strip_prefix("::stop-commands::") {
                Some(token) => stopped = Some(token.to_owned()),
                None if line.starts_with("::") || line.starts_with("##[") => commands.push(line.to_owned()),
                None => {}
            },
        }
    }
    assert_eq!(stopped, None, "commands are taken again at the end");
    commands
}

#[test]
fn a_package_gives_outputs_a_summary_and_groups() {
    let project = job(Project::new().file("wsgi.py", HELLO));
    let outcome = project.run(["run", "--skip", "install,test", "--report", "report.json"]).success();
    assert_eq!(outcome.stdout, "", "standard output is data");
    assert_eq!(output(&project, "package-path").as_deref(), Some("dist/project-0.0.0.msdeploy.zip"));
    assert_eq!(output(&project, "feed-path").as_deref(), Some("dist/project-0.0.0.webpi.xml"));
    assert_eq!(output(&project, "report-path").as_deref(), Some("report.json"));
    assert_eq!(output(&project, "simulated").as_deref(), Some("false"));
    let sha1 = output(&project, "sha1").unwrap();
    let packages = json(&output(&project, "packages").unwrap());
    assert_eq!(packages[0]["sha1"], sha1.as_str());
    assert_eq!(packages[0]["name"], "project");
    let summary = project.read("summary");
    assert!(summary.contains("| whole run |") && summary.contains(&sha1), "{summary}");
    let commands = commands(&outcome);
    let groups = commands.iter().filter(|line| line.starts_with("::group::")).count();
    let ends = commands.iter().filter(|line| *line == "::endgroup::").count();
    assert_eq!((groups, ends), (4, 4), "{commands:?}");
}

#[test]
fn what_the_application_writes_is_never_a_command() {
    let app = "def application(environ, start_response):\n    \
               raise RuntimeError('\\n::set-output name=x::y\\n  ::add-path::/evil\\n##[error]no')\n";
    let project = job(Project::new().file("wsgi.py", app));
    let outcome = project.run(["run", "--verbose"]).code(1).says("::add-path::/evil");
    let commands = commands(&outcome);
    assert!(
        !commands.iter().any(|line| line.contains("evil") && !line.starts_with("::error")),
        "{commands:?}"
    );
    assert!(
        !commands.iter().any(|line| line.starts_with("::set-output") || line.starts_with("##[")),
        "{commands:?}"
    );
    let errors = commands.iter().filter(|line| line.starts_with("::error")).count();
    assert_eq!(errors, 1, "{commands:?}");
}

#[test]
fn a_wrong_line_of_the_configuration_is_an_annotation_at_its_place() {
    let project = job(Project::new().file("wsgi.py", HELLO).file("iiswsgi.yml", "name: x\nnmae: y\n"));
    let outcome = project.run(["run"]).code(2);
    let commands = commands(&outcome);
    assert_eq!(commands.len(), 1, "{commands:?}");
    assert!(commands[0].starts_with("::error file=iiswsgi.yml,line=2,col=1::"), "{commands:?}");
}

#[test]
fn a_password_of_a_parameter_is_masked_before_the_application_can_show_it() {
    let config = "parameters:\n  - {name: Key, tags: [Password], file: key.txt, placeholder: __key__}\n";
    let app = "import pathlib\nraise RuntimeError(pathlib.Path(__file__).with_name('key.txt').read_text())\n\
               def application(environ, start_response):\n    pass\n";
    let project = Project::new().file("wsgi.py", app).file("key.txt", "__key__").file("iiswsgi.yml", config);
    let outcome = job(project).run(["run", "--set", "Key=hunter2secret"]).code(1);
    let mask = outcome.stderr.find("::add-mask::hunter2secret\n").unwrap();
    assert_eq!(
        outcome.stderr.find("hunter2secret"),
        Some(mask + "::add-mask::".len()),
        "nothing comes before"
    );
}

#[test]
fn the_workflow_is_written_and_checked() {
    let project = Project::new().file("wsgi.py", HELLO);
    project.run(["generate-ci", "--check"]).code(1).says("it is not there").says("iiswsgi generate-ci");
    project.run(["generate-ci", "--action", "o/iiswsgi@0123", "--with", "python=3.12"]).success();
    let path = ".github/workflows/iiswsgi.yml";
    let text = project.read(path);
    assert!(
        text.starts_with("# Written by `iiswsgi generate-ci --action=o/iiswsgi@0123 --with=python=3.12`."),
        "{text}"
    );
    assert_eq!(
        text.matches("uses: o/iiswsgi@0123\n        with:\n          python: '3.12'\n").count(),
        4,
        "{text}"
    );
    assert!(!text.contains("publish-github"), "{text}");
    let left = text.split('{').skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()));
    assert!(!left, "something is left to be filled in: {text}");
    project.run(["generate-ci", "--check"]).success();
    let project = project.file(path, text.replace('\n', "\r\n"));
    project.run(["generate-ci", "--check"]).success();
    let project = project.file(path, text.replace("fail-fast: false", "fail-fast: true"));
    let line = text.lines().position(|line| line.contains("fail-fast")).unwrap() + 1;
    project.run(["generate-ci", "--check"]).code(1).says(&format!("{path}:{line}: "));
    project.run(["generate-ci"]).success();
    assert_eq!(project.read(path), text, "the options of the first line still hold");
    project.run(["generate-ci", "--branch", "trunk", "-o", "-"]).success().gives("branches: [trunk]");
}

#[test]
fn the_workflow_publishes_to_every_target_that_the_configuration_names() {
    let project = Project::new().file("wsgi.py", HELLO);
    let jobs = |project: &Project| {
        let text = project.run(["generate-ci", "--output", "-"]).success().stdout;
        let known = ["publish-folder", "publish-github", "publish-pypi", "distributions"];
        let there = |job: &&str| text.contains(&format!("\n  {job}:\n"));
        known.into_iter().filter(there).collect::<Vec<_>>()
    };
    assert_eq!(jobs(&project), ["publish-folder"]);
    let project = project.file("iiswsgi.yml", "publish: {github: {}, pypi: {}}\n");
    assert_eq!(jobs(&project), ["publish-github", "publish-pypi", "distributions"]);
    let project = project.file("iiswsgi.yml", "publish: {github: {}, folder: {path: site}}\n");
    assert_eq!(jobs(&project), ["publish-folder", "publish-github"]);
}
