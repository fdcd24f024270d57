//! Metadata from each of its sources.

use super::{project, texts};
use crate::event::Severity;
use crate::project::Metadata;

fn place(metadata: &Metadata, field: &str) -> (String, usize) {
    let place = &metadata.places[field];
    (place.path.file_name().unwrap().to_string_lossy().into_owned(), place.line)
}

#[test]
fn pyproject_gives_all_that_pep_621_has() {
    let text = r#"
[build-system]
requires = ["setuptools>=61"]

[project]
name = "My_App"
version = "1.2.0"
description = "What it is"
readme = "README.md"
requires-python = ">=3.9"
license = { text = "MIT" }
keywords = ["one", "two words"]
authors = [{ name = "Ann", email = "ann@example.org" }, { name = "Bob" }]
maintainers = [{ email = "team@example.org" }]
classifiers = ["Framework :: Flask"]
dependencies = ["flask>=3", "rich"]

[project.urls]
Source = "https://example.org/source"
Homepage = "https://example.org"

[project.optional-dependencies]
webpi-eggs = ["virtualenv"]
"#;
    let project = project(&[("pyproject.toml", text), ("README.md", "# Hello\n")]);
    let metadata = &project.metadata;
    assert_eq!((metadata.name.as_str(), metadata.version.as_str()), ("My_App", "1.2.0"));
    assert_eq!(metadata.normalized_name(), "my-app");
    assert_eq!(metadata.summary.as_deref(), Some("What it is"));
    assert_eq!(metadata.long_description.as_deref(), Some("# Hello\n"));
    assert_eq!(metadata.long_description_type.as_deref(), Some("text/markdown"));
    assert_eq!(metadata.author.as_deref(), Some("Ann, Bob"));
    assert_eq!(metadata.author_email.as_deref(), Some("ann@example.org"));
    assert_eq!(metadata.maintainer_email.as_deref(), Some("team@example.org"));
    assert_eq!(metadata.license.as_deref(), Some("MIT"));
    assert_eq!(metadata.requires_python.as_deref(), Some(">=3.9"));
    assert_eq!(metadata.keywords, ["one", "two words"]);
    assert_eq!(metadata.classifiers, ["Framework :: Flask"]);
    assert_eq!(metadata.dependencies, ["flask>=3", "rich"]);
    assert_eq!(metadata.url.as_deref(), Some("https://example.org"));
    assert_eq!(metadata.urls[0].0, "Source", "URLs stand in the order of the file");
    assert_eq!(metadata.webpi_eggs(), ["virtualenv"]);
    assert_eq!(place(metadata, "version"), ("pyproject.toml".into(), 7));
    assert_eq!(project.requirements, ["."]);
    assert!(project.layout.build_system);
}

#[test]
fn project_has_the_say_alone_but_for_what_is_dynamic() {
    let pyproject = r#"
[project]
name = "app"
version = "1.0"
dynamic = ["description", "dependencies", "readme"]
[tool.setuptools.dynamic]
readme = { file = ["README.rst", "NEWS.rst"] }
"#;
    let cfg = "[metadata]\nversion = 9\ndescription = From cfg\nauthor = Nobody\n[options]\ninstall_requires =\n  flask\n";
    let script =
        "from setuptools import setup\nsetup(title='T', version='8', url='u', install_msdeploy=['x'])\n";
    let project = project(&[
        ("pyproject.toml", pyproject),
        ("setup.cfg", cfg),
        ("setup.py", script),
        ("README.rst", "Read"),
        ("NEWS.rst", "News"),
    ]);
    let metadata = &project.metadata;
    assert_eq!(metadata.version, "1.0");
    assert_eq!(metadata.summary.as_deref(), Some("From cfg"));
    assert_eq!(metadata.dependencies, ["flask"]);
    assert_eq!(metadata.long_description.as_deref(), Some("Read\nNews"));
    assert_eq!((&metadata.author, &metadata.url), (&None, &None));
    assert_eq!(metadata.feed.title.as_deref(), Some("T"));
    assert_eq!(metadata.feed.install_msdeploy, ["x"]);
}

#[test]
fn poetry_gives_its_fields_and_constraints() {
    let text = r#"
[tool.poetry]
name = "app"
version = "0.3.0"
description = "D"
authors = ["Ann <ann@example.org>", "Bob"]
license = "MIT"
readme = "README.rst"
homepage = "https://example.org"
keywords = ["a"]
[tool.poetry.dependencies]
python = "^3.9"
flask = "^3.0"
rich = { version = "~13.1", extras = ["jupyter"], markers = "sys_platform == 'win32'" }
local = { path = "../local" }
dev = { version = "1", optional = true }
tool = { git = "https://example.org/tool.git", tag = "v1" }
numpy = [{ version = "^1.0", python = "<3.12" }, { version = "^2.0", python = ">=3.12" }]
"#;
    let metadata = project(&[("pyproject.toml", text), ("README.rst", "R")]).metadata;
    assert_eq!((metadata.name.as_str(), metadata.version.as_str()), ("app", "0.3.0"));
    assert_eq!(metadata.author.as_deref(), Some("Ann, Bob"));
    assert_eq!(metadata.author_email.as_deref(), Some("ann@example.org"));
    assert_eq!(metadata.requires_python.as_deref(), Some(">=3.9,<4"));
    assert_eq!(metadata.url.as_deref(), Some("https://example.org"));
    let expected = [
        "flask>=3.0,<4",
        "rich[jupyter]>=13.1,<13.2 ; sys_platform == 'win32'",
        "tool @ git+https://example.org/tool.git@v1",
        "numpy>=1.0,<2 ; python_version < \"3.12\"",
        "numpy>=2.0,<3 ; python_version >= \"3.12\"",
    ];
    assert_eq!(metadata.dependencies, expected);
}

#[test]
fn setup_cfg_gives_metadata_options_and_the_originals_commands() {
    let text = "\
[metadata]
name = cfg-app
version = file: VERSION
description = Short
long_description = file: README.rst, gone.txt
author = Ann
author-email = ann@example.org
url = https://example.org
license = BSD
keywords = python IIS WSGI
classifiers =
    One :: A
    Two :: B
project_urls =
    Docs = https://example.org/docs
[options]
python_requires = >=3.8
install_requires =
    flask
    # skipped
    rich>=1
[options.extras_require]
webpi_eggs = virtualenv
[bdist_webpi]
msdeploy_bdists = examples/a 'examples/b c'
msdeploy-url-template = http://e/{msdeploy_file}
[test_msdeploy]
config_file = iis_fcgi.ini
url = /hello
";
    let project = project(&[("setup.cfg", text), ("VERSION", "2.1\n"), ("README.rst", "Long")]);
    let metadata = &project.metadata;
    assert_eq!((metadata.name.as_str(), metadata.version.as_str()), ("cfg-app", "2.1"));
    assert_eq!(metadata.long_description.as_deref(), Some("Long"));
    assert_eq!(metadata.author_email.as_deref(), Some("ann@example.org"));
    assert_eq!(metadata.keywords, ["python", "IIS", "WSGI"]);
    assert_eq!(metadata.classifiers, ["One :: A", "Two :: B"]);
    assert_eq!(metadata.dependencies, ["flask", "rich>=1"]);
    assert_eq!(metadata.webpi_eggs(), ["virtualenv"]);
    assert_eq!(metadata.url.as_deref(), Some("https://example.org"));
    assert_eq!(place(metadata, "license"), ("setup.cfg".into(), 9));
    assert_eq!(project.commands.msdeploy_bdists, ["examples/a", "examples/b c"]);
    assert_eq!(project.commands.msdeploy_url_template.as_deref(), Some("http://e/{msdeploy_file}"));
    assert_eq!(project.commands.test_config_file.as_deref(), Some("iis_fcgi.ini"));
    assert_eq!(project.commands.test_url.as_deref(), Some("/hello"));
    assert_eq!(texts(&project), ["`gone.txt` is named but not there"]);
}

#[test]
fn a_script_comes_before_setup_cfg_and_that_before_pkg_info() {
    let project = project(&[
        ("setup.py", "from setuptools import setup\nsetup(name='script', description=describe())\n"),
        ("setup.cfg", "[metadata]\nname = cfg\nversion = 1\ndescription = D\n"),
        ("PKG-INFO", "Metadata-Version: 2.1\nName: info\nVersion: 2\nAuthor: Ann\n"),
    ]);
    assert_eq!((project.metadata.name.as_str(), project.metadata.version.as_str()), ("script", "1"));
    assert_eq!(project.metadata.author.as_deref(), Some("Ann"));
    assert_eq!(project.metadata.summary.as_deref(), Some("D"));
}

#[test]
fn a_folder_without_metadata_is_named_after_itself() {
    let root = super::tree(&[("My Site/wsgi.py", "def application(environ, start_response): pass\n")]);
    let project = super::read_folder(&root.path().join("My Site")).unwrap();
    assert_eq!((project.metadata.name.as_str(), project.metadata.version.as_str()), ("my-site", "0.0.0"));
    assert_eq!(
        texts(&project),
        [
            "No metadata names the project: the name is `my-site`, after its folder",
            "No metadata gives a version: it is `0.0.0`"
        ]
    );
    assert!(project.messages.iter().all(|message| message.severity == Severity::Info));
    assert!(project.requirements.is_empty());
}

#[test]
fn what_the_user_says_wins() {
    let root = super::tree(&[("setup.py", "from setuptools import setup\nsetup(name=n(), version=v())\n")]);
    let mut options = super::options();
    options.name = Some("mine".into());
    options.version = Some("7".into());
    let project = crate::project::read(root.path(), &options, &super::system()).unwrap();
    assert_eq!((project.metadata.name.as_str(), project.metadata.version.as_str()), ("mine", "7"));
}

#[test]
fn a_version_that_is_none_is_a_warning() {
    let project = project(&[("pyproject.toml", "[project]\nname = \"a!\"\nversion = \"one\"\n")]);
    assert_eq!(
        texts(&project),
        ["`a!` is not a name that package indexes take", "`one` is not a version of PEP 440"]
    );
    assert_eq!(project.messages[1].location.as_ref().unwrap().line, 3);
}

#[test]
fn dependencies_stand_for_themselves_without_a_build_system() {
    let text = "[project]\nname = \"a\"\nversion = \"1\"\ndependencies = [\"flask\"]\n";
    assert_eq!(project(&[("pyproject.toml", text)]).requirements, ["flask"]);
    let both = project(&[("pyproject.toml", text), ("requirements.txt", "flask\n")]);
    assert_eq!(both.requirements, ["-r requirements.txt"]);
    assert_eq!(both.required_files(None), ["requirements.txt"]);
}

#[test]
fn without_a_python_the_rest_is_still_read() {
    let root = super::tree(&[
        ("setup.cfg", "[metadata]\nname = a\nversion = attr: a.__version__\n"),
        ("a.py", "__version__ = '1.5'\n"),
        ("setup.py", "from setuptools import setup\nsetup()\n"),
        ("production.ini", "[app:main]\nuse = egg:a\n"),
    ]);
    let options = crate::project::ReadOptions::default();
    let project = crate::project::read(root.path(), &options, &super::system()).unwrap();
    assert_eq!(project.metadata.version, "1.5");
    assert_eq!(texts(&project), ["No Python was found, so that `setup.py` was not read"]);
    assert_eq!(project.entry_points.choose().unwrap().app, "paste:production.ini");
}

#[test]
fn the_classic_example_is_read_as_the_original_did() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/classic");
    let project = super::read_folder(&root).unwrap();
    let metadata = &project.metadata;
    assert_eq!((metadata.name.as_str(), metadata.version.as_str()), ("ClassicIISApp", "1.0"));
    assert_eq!(metadata.keywords, ["python", "IIS", "FastCGI", "WSGI"]);
    assert_eq!(metadata.feed.icon_url.as_deref(), Some("https://example.org/icon.png"));
    assert_eq!(metadata.feed.install_webpi, ["IISManagementConsole"]);
    assert!(metadata.long_description.as_ref().unwrap().starts_with("Classic application\n"));
    assert_eq!(place(metadata, "title"), ("setup.py".into(), 13));
    assert!(project.layout.is_classic());
    assert_eq!(project.entry_points.choose().unwrap().app, "classic_app:application");
}

#[test]
fn flit_takes_the_summary_from_the_docstring() {
    let pyproject = "[build-system]\nbuild-backend = \"flit_core.buildapi\"\n[project]\nname = \"my-app\"\n\
                     dynamic = [\"version\", \"description\"]\n";
    let module = "\"\"\"Greets whoever comes.\n\nAt length.\"\"\"\n__version__ = \"1.2\"\n";
    let project = project(&[("pyproject.toml", pyproject), ("src/my_app.py", module)]);
    assert_eq!(project.metadata.summary.as_deref(), Some("Greets whoever comes."));
}
