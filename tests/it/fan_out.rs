//! One run on many machines, as it goes on one: plan, legs, merge, publish. No GitHub is needed for any of it.

use std::fs;
use std::path::Path;

use crate::run::HELLO;
use crate::support::{Project, json};

/// Three packages below a configuration that lists them. They are not installed and tested: that is `run`'s own test.
fn monorepo() -> Project {
    let app = |name: &str| {
        format!("[project]\nname = '{name}'\nversion = '1.{}'\ndescription = 'about {name}'\n", name.len())
    };
    ["shop", "blog", "wiki"].iter().fold(
        Project::new().file("iiswsgi.yml", "packages: [apps/*]\nfeed: {title: All of them}\n"),
        |project, name| {
            project
                .file(&format!("apps/{name}/wsgi.py"), HELLO)
                .file(&format!("apps/{name}/pyproject.toml"), app(name))
        },
    )
}

/// Makes the plan and gives the matrix.
fn plan(project: &Project, more: &[&str]) -> serde_json::Value {
    json(&project.run(["plan", "--matrix"].iter().chain(more)).success().stdout)
}

/// Runs a leg into a folder of its own, as a job would.
fn leg(project: &Project, id: &str) {
    let folder = project.path(&format!("legs/{id}")).display().to_string();
    let arguments =
        ["run", "--plan", "plan.json", "--only", id, "--skip", "install,test", "--dist-dir", &folder];
    project.run(arguments).success();
}

fn all_legs() -> Project {
    let project = monorepo();
    for entry in plan(&project, &[])["include"].as_array().unwrap() {
        leg(&project, entry["id"].as_str().unwrap());
    }
    project
}

fn merge(project: &Project) -> crate::support::Outcome {
    project.run(["merge", "legs", "--plan", "plan.json"])
}

#[test]
fn four_steps_give_the_feed_and_the_packages_of_one_run() {
    let project = all_legs();
    merge(&project).success().says("3 of 3 planned packages are here");
    for file in ["plan.json", "apps-blog.manifest.json", "blog-1.4.msdeploy.zip", "blog.deploy.cmd"] {
        assert!(project.path(&format!("dist/{file}")).is_file(), "{file}");
    }
    let merged = project.read("dist/project.webpi.xml");
    let zips = |folder: &str| {
        ["shop", "blog", "wiki"].map(|name| project.bytes(&format!("{folder}/{name}-1.4.msdeploy.zip")))
    };
    let from_legs = zips("dist");
    project.run(["publish", "--plan", "dist/plan.json", "--folder", "out"]).success();
    for file in ["index.html", "project.webpi.xml", "wiki-1.4.msdeploy.zip", "wiki.SetParameters.xml"] {
        assert!(project.path(&format!("out/{file}")).is_file(), "{file}");
    }

    fs::remove_dir_all(project.path("dist")).unwrap();
    project.run(["run", "--skip", "install,test"]).success();
    assert!(from_legs == zips("dist"), "the packages are those of one run");
    let without_time = |feed: &str| {
        let lines = feed.lines().filter(|line| !line.contains("<updated>") && !line.contains("<published>"));
        lines.collect::<Vec<_>>().join("\n")
    };
    assert_eq!(without_time(&merged), without_time(&project.read("dist/project.webpi.xml")));
}

#[test]
fn the_matrix_has_a_leg_for_each_package_and_the_plan_says_the_rest() {
    let project = monorepo().file("apps/wiki/iiswsgi.yml", "runner: windows-2025\n");
    let matrix = plan(&project, &["--runner", "ubuntu-24.04"]);
    let entries: Vec<_> = matrix["include"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["id"].as_str().unwrap(), entry["runner"].as_str().unwrap()))
        .collect();
    assert_eq!(
        entries,
        [("apps-blog", "ubuntu-24.04"), ("apps-shop", "ubuntu-24.04"), ("apps-wiki", "windows-2025")]
    );
    let plan = json(&project.read("plan.json"));
    assert_eq!(plan["packages"][0]["name"], "blog");
    assert_eq!(plan["packages"][0]["path"], "apps/blog");
    assert_eq!(plan["feed-name"], "project.webpi.xml");
}

#[test]
fn more_packages_than_legs_share_them() {
    let project = monorepo();
    let matrix = plan(&project, &["--max-legs", "2"]);
    let ids: Vec<_> = matrix["include"].as_array().unwrap().iter().map(|leg| leg["id"].clone()).collect();
    assert_eq!(ids, ["leg-1", "apps-wiki"]);
    leg(&project, "leg-1");
    leg(&project, "apps-wiki");
    assert!(project.path("legs/leg-1/apps-shop.manifest.json").is_file());
    merge(&project).success();
}

#[test]
fn a_leg_that_is_missing_or_came_twice_or_is_of_another_plan_stops_the_merge() {
    let project = all_legs();
    copy(&project.path("legs/apps-shop"), &project.path("legs/again"));
    merge(&project).code(1).says("`apps-shop` came twice");
    fs::remove_dir_all(project.path("legs/again")).unwrap();
    fs::rename(project.path("legs/apps-wiki"), project.path("elsewhere")).unwrap();
    merge(&project).code(1).says("`apps-wiki` (`apps/wiki`) is missing");
    fs::rename(project.path("elsewhere"), project.path("legs/apps-wiki")).unwrap();
    // The same packages, planned again: it is another run.
    plan(&project, &[]);
    merge(&project).code(1).says("belongs to another run").says("hint: ");
    assert!(!project.path("dist").exists(), "nothing is put anywhere unless everything is right");
}

#[test]
fn a_byte_that_changed_on_the_way_is_noticed() {
    let project = all_legs();
    let zip = project.path("legs/apps-shop/shop-1.4.msdeploy.zip");
    let mut bytes = fs::read(&zip).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&zip, bytes).unwrap();
    merge(&project).code(1).says("is not what its leg wrote").says("shop-1.4.msdeploy.zip");
    fs::remove_file(&zip).unwrap();
    merge(&project).code(1).says("shop-1.4.msdeploy.zip` of `apps-shop` is missing");
}

#[test]
fn a_manifest_whose_file_lies_elsewhere_is_refused() {
    let project = all_legs();
    let path = project.path("legs/apps-shop/apps-shop.manifest.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"shop.deploy.cmd\"", "\"../apps-blog/blog.deploy.cmd\"")).unwrap();
    merge(&project).code(1).says("which is no file beside it");
}

#[test]
fn two_packages_with_one_file_name_are_refused_by_the_plan() {
    let project = monorepo().file("apps/wiki/iiswsgi.yml", "name: Shop\n");
    project.run(["plan", "--matrix"]).code(2).says("would both become `Shop-1.4.msdeploy.zip`");
}

#[test]
fn only_packages_that_changed_are_planned_and_none_is_an_empty_matrix() {
    let project = monorepo();
    let git = |arguments: &[&str]| {
        let mut git = std::process::Command::new("git");
        git.current_dir(project.path("")).args(["-c", "user.name=a", "-c", "user.email=a@b.example"]);
        Project::outcome(git.args(arguments)).success();
    };
    git(&["init", "-q"]);
    git(&["add", "-A"]);
    git(&["commit", "-q", "-m", "one"]);
    let output = project.path("output");
    let github = |project: Project| {
        project.env("GITHUB_ACTIONS", "true").env("GITHUB_OUTPUT", output.to_str().unwrap())
    };
    let outcome = project.run(["plan", "--matrix", "--changed-since", "HEAD"]).success();
    assert_eq!(outcome.stdout.trim(), r#"{"include":[]}"#);
    fs::write(project.path("apps/blog/new.txt"), "x").unwrap();
    git(&["add", "-A"]);
    git(&["commit", "-q", "-m", "two"]);
    let project = github(project);
    let matrix = plan(&project, &["--changed-since", "HEAD~1"]);
    assert_eq!(matrix["include"].as_array().unwrap().len(), 1);
    assert_eq!(matrix["include"][0]["id"], "apps-blog");
    let outputs = fs::read_to_string(&output).unwrap();
    assert!(outputs.contains("package-count<<END_OF_VALUE\n1\n"), "{outputs}");
    assert!(outputs.contains(&format!("matrix<<END_OF_VALUE\n{matrix}\n")), "{outputs}");
}

#[test]
fn only_means_stages_without_a_plan_and_ids_with_one() {
    let project = monorepo();
    project.run(["run", "--only", "shop"]).code(2).says("`shop`, which is no stage").says("need `--plan`");
    project.run(["run", "--only", "build", "--skip", "test"]).code(2).says("cannot both");
    plan(&project, &[]);
    project
        .run(["run", "--plan", "plan.json", "--only", "shop"])
        .code(2)
        .says("no package and no leg `shop`");
    project.run(["run", "--plan", "missing.json"]).code(2).says("cannot read `missing.json`");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}
