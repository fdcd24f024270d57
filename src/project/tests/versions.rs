//! Versions that the metadata leaves to the build backend.

use super::{error, options, project, tree};
use crate::error::Failure;
use crate::project::read;

/// A `pyproject.toml` with a dynamic version and a backend.
fn pyproject(backend: &str, settings: &str) -> String {
    format!(
        "[build-system]\nrequires = []\nbuild-backend = \"{backend}\"\n[project]\nname = \"my-app\"\n\
         dynamic = [\"version\"]\n{settings}\n"
    )
}

#[test]
fn each_backend_says_where_its_version_is() {
    let cases: [(&str, &str, &str, &str); 13] = [
        (
            "setuptools.build_meta",
            "[tool.setuptools.dynamic]\nversion = {attr = \"app.VERSION\"}",
            "app.py",
            "VERSION = (1, 2)",
        ),
        ("setuptools.build_meta", "[tool.setuptools.dynamic]\nversion = {file = \"V\"}", "V", "1.2\n"),
        ("setuptools.build_meta", "", "setup.cfg", "[metadata]\nversion = 1.2\n"),
        ("setuptools.build_meta", "", "setup.py", "import setuptools\nsetuptools.setup(version='1.2')"),
        (
            "setuptools.build_meta",
            "[tool.setuptools.packages.find]\nwhere = [\"lib\"]\n[tool.setuptools.dynamic]\nversion = {attr = \"p.v\"}",
            "lib/p/__init__.py",
            "v: str = '1.2'",
        ),
        (
            "hatchling.build",
            "[tool.hatch.version]\npath = \"src/a.py\"",
            "src/a.py",
            "import x\n__version__ = \"v1.2\"",
        ),
        (
            "hatchling.build",
            "[tool.hatch.version]\npath = \"V\"\npattern = 'is (?P<version>\\S+)'",
            "V",
            "It is 1.2 now",
        ),
        (
            "hatchling.build",
            "[tool.hatch.version]\nsource = \"code\"\npath = \"a.py\"",
            "a.py",
            "__version__ = '1.2'",
        ),
        ("flit_core.buildapi", "", "my_app/__init__.py", "\"\"\"App.\"\"\"\n__version__ = '1.2'"),
        ("flit_core.buildapi", "[tool.flit.module]\nname = \"other\"", "src/other.py", "__version__ = '1.2'"),
        (
            "pdm.backend",
            "[tool.pdm.version]\nsource = \"file\"\npath = \"a.py\"",
            "a.py",
            "__version__ = '1.2'",
        ),
        ("maturin", "", "Cargo.toml", "[package]\nname = \"a\"\nversion = \"1.2\"\n"),
        (
            "scikit_build_core.build",
            "[tool.scikit-build]\nmetadata.version.provider = \"scikit_build_core.metadata.regex\"\n\
             metadata.version.input = \"a.py\"",
            "a.py",
            "__version__ = '1.2'",
        ),
    ];
    for (backend, settings, file, text) in cases {
        let project = project(&[("pyproject.toml", &pyproject(backend, settings)), (file, text)]);
        assert_eq!(project.metadata.version, "1.2", "{backend} {settings}");
    }
}

#[test]
fn a_version_from_git_comes_from_pkg_info_or_the_environment() {
    let scm = pyproject("setuptools.build_meta", "[tool.setuptools_scm]");
    let with_info = project(&[("pyproject.toml", &scm), ("PKG-INFO", "Name: my-app\nVersion: 3.4\n")]);
    assert_eq!(with_info.metadata.version, "3.4");
    let root = tree(&[("pyproject.toml", &scm)]);
    let mut options = options();
    options.environment.insert("SETUPTOOLS_SCM_PRETEND_VERSION".into(), "5".into());
    assert_eq!(read(root.path(), &options, &super::system()).unwrap().metadata.version, "5");
    options.environment.insert("SETUPTOOLS_SCM_PRETEND_VERSION_FOR_MY_APP".into(), "6".into());
    assert_eq!(read(root.path(), &options, &super::system()).unwrap().metadata.version, "6");
}

#[test]
fn a_version_that_only_git_knows_is_an_error_that_says_what_to_set() {
    for (files, message) in [
        (
            vec![("pyproject.toml", pyproject("setuptools.build_meta", "[tool.setuptools_scm]"))],
            "pyproject.toml:7:1: the version cannot be told without running code: `setuptools_scm`",
        ),
        (
            vec![("pyproject.toml", pyproject("hatchling.build", "[tool.hatch.version]\nsource = \"vcs\""))],
            "pyproject.toml:7:1: the version cannot be told without running code: `hatch-vcs`",
        ),
        (
            vec![(
                "setup.py",
                "from setuptools import setup\nsetup(name='a',\n  use_scm_version=True)".to_owned(),
            )],
            "setup.py:3: the version cannot be told without running code: `use_scm_version`",
        ),
    ] {
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let (failure, shown) = error(&files);
        assert_eq!(shown, message);
        let hint = failure.hint().unwrap();
        assert!(
            hint.contains("Set `version` in iiswsgi.yml") && hint.contains("SETUPTOOLS_SCM_PRETEND_VERSION"),
            "{hint}"
        );
    }
}

#[test]
fn a_version_that_is_not_where_it_should_be_is_an_error_with_its_place() {
    for (backend, settings, message) in [
        (
            "setuptools.build_meta",
            "[tool.setuptools.dynamic]\nversion = {attr = \"gone.V\"}",
            "pyproject.toml:8:19: no version: `attr = \"gone.V\"` names nothing in `gone`",
        ),
        (
            "hatchling.build",
            "[tool.hatch.version]\npath = \"a.py\"",
            "pyproject.toml:8:8: no version: the pattern matches nothing in `a.py`",
        ),
        ("flit_core.buildapi", "", "pyproject.toml:5:8: no version: there is no module `my_app`"),
    ] {
        let (_, shown) = error(&[("pyproject.toml", &pyproject(backend, settings)), ("a.py", "x = 1\n")]);
        assert_eq!(shown, message);
    }
}
