//! What ships from small trees.

use std::path::Path;

use super::tree;
use crate::error::{ExitCode, Failure};
use crate::event::Severity;
use crate::project::{Error, FileRules, files};

fn names(root: &Path, rules: &FileRules) -> Vec<String> {
    files(root, rules).unwrap().files.into_iter().map(|file| file.name).collect()
}

fn shipped(tree_of: &[(&str, &str)]) -> Vec<String> {
    names(tree(tree_of).path(), &FileRules::default())
}

fn rules(include: &[&str], exclude: &[&str]) -> FileRules {
    let owned = |patterns: &[&str]| patterns.iter().map(|&pattern| pattern.to_owned()).collect();
    FileRules { include: owned(include), exclude: owned(exclude), ..FileRules::default() }
}

#[test]
fn everything_ships_sorted_but_what_tools_leave() {
    let found = shipped(&[
        ("wsgi.py", ""),
        ("static/b.css", "1234"),
        ("static/C.css", ""),
        ("Zoo.txt", ""),
        (".flaskenv", ""),
        (".git/HEAD", ""),
        ("sub/.git", "gitdir: elsewhere"),
        (".hg/x", ""),
        ("dist/app.zip", ""),
        (".iiswsgi/x", ""),
        ("pkg/__pycache__/a.pyc", ""),
        ("pkg/a.pyc", ""),
        ("pkg/a.py", ""),
        ("pkg/dist/kept.js", ""),
        ("my-env/pyvenv.cfg", ""),
        ("my-env/lib/x.py", ""),
        ("node_modules/x/index.js", ""),
        ("app.egg-info/PKG-INFO", ""),
        ("build/lib/a.py", ""),
        (".pytest_cache/x", ""),
        ("cache/CACHEDIR.TAG", ""),
        ("a.py~", ""),
    ]);
    let expected =
        [".flaskenv", "Zoo.txt", "pkg/a.py", "pkg/dist/kept.js", "static/C.css", "static/b.css", "wsgi.py"];
    assert_eq!(found, expected);
}

#[test]
fn a_shipped_file_has_its_size_and_its_place() {
    let root = tree(&[("static/b.css", "1234")]);
    let found = files(root.path(), &FileRules::default()).unwrap().files;
    assert_eq!((found[0].size, &found[0].path), (4, &root.path().join("static/b.css")));
}

#[test]
fn nested_gitignore_files_hold_without_a_repository() {
    let found = shipped(&[
        (".gitignore", "*.log\n/secret/\nout\n"),
        ("a.log", ""),
        ("secret/x", ""),
        ("sub/secret/x", ""),
        ("sub/.gitignore", "!keep.log\n*.tmp\n"),
        ("sub/keep.log", ""),
        ("sub/x.tmp", ""),
        ("x.tmp", ""),
        ("sub/out/deep/x", ""),
    ]);
    assert_eq!(found, ["sub/keep.log", "sub/secret/x", "x.tmp"]);
}

#[test]
fn the_rules_of_the_repository_above_hold_unless_it_ignores_the_project() {
    let root = tree(&[
        ("top/.git/info/exclude", "*.local\n"),
        ("top/.gitignore", "*.log\n/scratch/\n"),
        ("top/app/wsgi.py", ""),
        ("top/app/a.log", ""),
        ("top/app/a.local", ""),
        ("top/scratch/app/a.log", ""),
    ]);
    assert_eq!(names(&root.path().join("top/app"), &FileRules::default()), ["wsgi.py"]);
    assert_eq!(names(&root.path().join("top/scratch/app"), &FileRules::default()), ["a.log"]);
}

#[test]
fn the_configuration_has_the_last_word() {
    let root = tree(&[
        (".gitignore", "data/\n*.min.js\n"),
        ("data/keep.csv", ""),
        ("data/other.csv", ""),
        ("a.min.js", ""),
        ("wsgi.py", ""),
        ("docs/a.txt", ""),
        (".env", "KEY=1"),
        ("node_modules/lib/dist/x.js", ""),
        ("node_modules/lib/src/x.js", ""),
        (".git/config", ""),
        ("dist/old.zip", ""),
    ]);
    let all = rules(
        &["/data/keep.csv", "*.min.js", ".env", "node_modules/*/dist", ".git", "dist", r"docs\a.txt"],
        &["docs"],
    );
    let found = files(root.path(), &all).unwrap();
    assert!(found.messages.is_empty(), "{:?}", found.messages);
    let found: Vec<_> = found.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(found, [".env", "a.min.js", "data/keep.csv", "node_modules/lib/dist/x.js", "wsgi.py"]);
}

#[test]
fn required_files_ship_whatever_manifest_in_says() {
    let root =
        tree(&[("MANIFEST.in", "exclude app.py\n"), ("app.py", ""), ("conf/[x] y.ini", ""), ("b.py", "")]);
    let required = vec!["app.py".to_owned(), "conf/[x] y.ini".to_owned()];
    let found = names(root.path(), &FileRules { required, ..FileRules::default() });
    assert_eq!(found, ["app.py", "b.py", "conf/[x] y.ini"]);
}

#[test]
fn manifest_in_adds_to_modules_and_descriptions() {
    let root = tree(&[
        ("MANIFEST.in", "include *.ini\nrecursive-include pkg *.html\nprune pkg/old\ninclude no-such\n"),
        (".gitignore", "*.ini\n"),
        ("setup.py", ""),
        ("README.rst", ""),
        ("LICENSE.txt", ""),
        ("a.ini", ""),
        ("notes.txt", ""),
        ("pkg/__init__.py", ""),
        ("pkg/t/a.html", ""),
        ("pkg/t/a.css", ""),
        ("pkg/old/__init__.py", ""),
        ("pkg/sub/plain.py", ""),
        ("src/lib/__init__.py", ""),
        ("other/x.py", ""),
    ]);
    let found = files(root.path(), &FileRules::default()).unwrap();
    let listed: Vec<_> = found.files.iter().map(|file| file.name.as_str()).collect();
    let expected = [
        "LICENSE.txt",
        "README.rst",
        "a.ini",
        "pkg/__init__.py",
        "pkg/t/a.html",
        "setup.py",
        "src/lib/__init__.py",
    ];
    assert_eq!(listed, expected);
    let message = &found.messages[0];
    assert_eq!(
        (message.severity, message.text.as_str()),
        (Severity::Detail, "`include no-such` matches no file")
    );
    assert_eq!(message.location.as_ref().unwrap().line, 4);
}

#[test]
fn a_wrong_manifest_in_is_an_error_with_its_line() {
    let root = tree(&[("manifest.in", "include a\nincldue b\n")]);
    let error = files(root.path(), &FileRules::default()).unwrap_err();
    assert_eq!(error.location().unwrap().line, 2);
    assert_eq!(error.exit_code(), ExitCode::Usage);
}

#[test]
fn secrets_stay_at_home_with_a_warning() {
    let key = "-----BEGIN PRIVATE KEY-----\nMIIE\n";
    let root = tree(&[
        (".env", "KEY=1"),
        (".env.example", "KEY="),
        ("tls/site.key", key),
        ("tls/ca.pem", "-----BEGIN CERTIFICATE-----\n"),
    ]);
    let found = files(root.path(), &FileRules::default()).unwrap();
    let listed: Vec<_> = found.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(listed, [".env.example", "tls/ca.pem"]);
    let texts: Vec<_> = found.messages.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "`.env` looks like a secret and does not ship",
            "`tls/site.key` looks like a secret and does not ship"
        ]
    );
    assert!(found.messages[0].hint.as_ref().unwrap().contains("`files.include: [\".env\"]`"));
}

#[test]
fn a_wrong_pattern_is_named() {
    let root = tree(&[]);
    let error = files(root.path(), &rules(&[], &["a[z-a]"])).unwrap_err();
    assert!(matches!(&error, Error::Pattern { pattern, .. } if pattern == "a[z-a]"), "{error}");
}

#[cfg(unix)]
mod unix {
    use std::ffi::OsStr;
    use std::fs;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_inside_the_tree_ship_as_what_they_lead_to() {
        let root = tree(&[("real/a.txt", "abc"), ("top.txt", "x")]);
        symlink("real", root.path().join("alias")).unwrap();
        symlink("../top.txt", root.path().join("real/link.txt")).unwrap();
        let found = names(root.path(), &FileRules::default());
        assert_eq!(found, ["alias/a.txt", "alias/link.txt", "real/a.txt", "real/link.txt", "top.txt"]);
    }

    #[test]
    fn links_that_leave_the_tree_are_named() {
        let outside = tree(&[("secret", ""), ("folder/x", "")]);
        for target in ["secret", "folder"] {
            let root = tree(&[("a/b", "")]);
            symlink(outside.path().join(target), root.path().join("a/link")).unwrap();
            let error = files(root.path(), &FileRules::default()).unwrap_err();
            assert!(matches!(error, Error::LinkLeavesTree { .. }), "{error}");
            assert!(error.to_string().contains("a/link"), "{error}");
            assert_eq!(names(root.path(), &rules(&[], &["/a/link"])), ["a/b"]);
        }
    }

    #[test]
    fn links_that_do_not_ship_may_lead_anywhere() {
        let outside = tree(&[("pyvenv.cfg", "")]);
        let root = tree(&[(".gitignore", "env\n"), ("wsgi.py", "")]);
        symlink(outside.path(), root.path().join("env")).unwrap();
        assert_eq!(names(root.path(), &FileRules::default()), ["wsgi.py"]);
        assert_eq!(names(root.path(), &rules(&["*.js"], &[])), ["wsgi.py"]);
        let manifest = tree(&[("MANIFEST.in", "include *.txt\n"), ("wsgi.py", "")]);
        symlink(outside.path(), manifest.path().join("env")).unwrap();
        symlink("/no/such", manifest.path().join("broken")).unwrap();
        assert_eq!(names(manifest.path(), &FileRules::default()), ["wsgi.py"]);
    }

    #[test]
    fn loops_and_broken_links_are_named() {
        let root = tree(&[("a/x", ""), ("b/y", "")]);
        symlink("../b", root.path().join("a/to-b")).unwrap();
        symlink("../a", root.path().join("b/to-a")).unwrap();
        let error = files(root.path(), &FileRules::default()).unwrap_err();
        assert!(matches!(error, Error::LinkLoop { .. }), "{error}");
        let root = tree(&[]);
        symlink("nothing", root.path().join("broken")).unwrap();
        let error = files(root.path(), &FileRules::default()).unwrap_err();
        assert!(error.to_string().ends_with("broken` leads to nothing"), "{error}");
    }

    #[test]
    fn a_name_that_is_not_utf_8_is_refused() {
        let root = tree(&[(".gitignore", "*.log\n")]);
        fs::write(root.path().join(OsStr::from_bytes(b"old\xff.log")), "").unwrap();
        assert!(names(root.path(), &FileRules::default()).is_empty());
        fs::write(root.path().join(OsStr::from_bytes(b"caf\xe9.txt")), "").unwrap();
        let error = files(root.path(), &FileRules::default()).unwrap_err();
        assert!(error.to_string().contains("is not UTF-8"), "{error}");
    }

    #[test]
    fn a_pipe_is_refused_without_opening_it() {
        let root = tree(&[]);
        rustix::fs::mknodat(
            rustix::fs::CWD,
            root.path().join("pipe"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR,
            0,
        )
        .unwrap();
        let error = files(root.path(), &FileRules::default()).unwrap_err();
        assert!(error.to_string().ends_with("pipe` is not a regular file"), "{error}");
    }
}
