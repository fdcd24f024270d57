//! Malformed files: each is an error with its place.

use std::fs;

use super::{error, tree};
use crate::error::{ExitCode, Failure};

#[test]
fn malformed_files_are_told_with_line_and_column() {
    for (name, text, line, column) in [
        ("pyproject.toml", "[project]\nname = \"a\nversion = 1\n", 2, 10),
        ("pyproject.toml", "[project]\nname = \"a\"\nname = \"b\"\n", 3, 1),
        ("setup.cfg", "[metadata]\nname = a\nnonsense\n", 3, 1),
        ("setup.py", "from setuptools import setup\nsetup(name='a'\n", 2, 6),
        ("setup.py", "print 'two'\n", 1, 1),
    ] {
        let (failure, shown) = error(&[(name, text)]);
        let location = failure.location().unwrap();
        assert_eq!((location.line, location.column), (line, column), "{shown}");
        assert!(shown.starts_with(&format!("{name}:{line}:{column}: ")), "{shown}");
        assert_eq!(failure.exit_code(), ExitCode::Usage);
    }
}

#[test]
fn wrong_types_are_told_with_their_place() {
    for (text, message) in [
        ("[project]\nname = 1\n", "pyproject.toml:2:8: `name` must be a string, not an integer"),
        (
            "[project]\nname = \"a\"\nkeywords = \"x, y\"\n",
            "pyproject.toml:3:12: `keywords` must be an array, not a string",
        ),
        (
            "[project]\nname = \"a\"\nversion = \"1\"\ndynamic = [\n  \"version\",\n]\n",
            "pyproject.toml:5:3: `version` cannot be both in `[project]` and in its `dynamic`",
        ),
        ("[project]\nversion = \"1\"\n", "pyproject.toml:1:1: `[project]` has no `name`"),
        ("project = 3\n", "pyproject.toml:1:11: `project` must be a table, not an integer"),
    ] {
        assert_eq!(error(&[("pyproject.toml", text)]).1, message);
    }
}

#[test]
fn a_readme_that_is_not_there_is_named() {
    let text = "[project]\nname = \"a\"\nversion = \"1\"\nreadme = \"GONE.md\"\n";
    assert_eq!(error(&[("pyproject.toml", text)]).1, "GONE.md: cannot read `GONE.md`");
}

#[test]
fn a_file_that_is_not_utf_8_is_named_with_its_line() {
    let root = tree(&[]);
    fs::write(root.path().join("pyproject.toml"), b"[project]\nname = \"\xff\"\n").unwrap();
    let error = super::read_folder(root.path()).unwrap_err();
    assert_eq!(error.location().unwrap().line, 2);
}

#[test]
fn a_python_that_is_none_is_an_error_with_its_command() {
    let root = tree(&[("wsgi.py", "")]);
    let mut options = super::options();
    options.python = Some("no-such-python".into());
    let error = crate::project::read(root.path(), &options, &super::system()).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("no-such-python"), "{cause}");
}

#[test]
fn sources_that_are_made_to_break_readers_are_told_or_passed_over() {
    let deep = format!("app = {}{}\n", "(".repeat(5000), ")".repeat(5000));
    let long = format!("app = x{}\n", ".a".repeat(5000));
    let script = "from setuptools import setup\ndef f(n):\n    return f(n + 1)\nx = f(1)\n\
                  def g():\n    for a in range(1000):\n        for b in range(1000):\n            h = a\ng()\n\
                  t = '{:>9999999999}'.format('x')\nd = {}\nd['d'] = d\n\
                  setup(name='a', version='1', description=x, url=d, author=t, **d)\n";
    let files = [
        ("setup.py", script),
        ("deep.py", deep.as_str()),
        ("long.py", long.as_str()),
        ("null.py", "app = 1\0\n"),
        ("one.py", "from two import app\n"),
        ("two.py", "from one import app\n"),
        ("self.py", "app = wrap(app)\napp = wrap(app)\ndef create_app():\n    return create_app()\n"),
        ("coding.py", "# coding: nonsense\n"),
        ("wsgi.py", "def application(environ, start_response): ...\n"),
    ];
    let project = super::project(&files);
    assert_eq!((project.metadata.name.as_str(), project.metadata.version.as_str()), ("a", "1"));
    assert_eq!((&project.metadata.summary, &project.metadata.author), (&None, &None));
    assert_eq!(project.entry_points.choose().unwrap().app, "wsgi:application");
    let broken: Vec<_> =
        project.entry_points.broken.iter().map(|broken| broken.place.path.file_name().unwrap()).collect();
    for name in ["coding.py", "deep.py", "null.py"] {
        assert!(broken.contains(&std::ffi::OsStr::new(name)), "{name} {broken:?}");
    }
}
