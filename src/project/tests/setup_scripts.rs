//! What is told of `setup.py` without running it, and with.

use super::{error, options, project, texts, tree};
use crate::error::Failure;
use crate::project::{Project, read};

fn script(text: &str) -> Project {
    project(&[
        ("setup.py", text),
        ("README.rst", "Read me\n"),
        ("CHANGES.rst", "Changes\n"),
        ("requirements.txt", "flask>=3\n# no\nrich\n"),
        ("pkg/__init__.py", "\"\"\"Package.\"\"\"\nfrom .version import __version__\n"),
        ("pkg/version.py", "MAJOR = 4\n__version__ = '%d.%s' % (MAJOR, '2')\n"),
    ])
}

#[test]
fn common_idioms_are_understood() {
    for (idiom, version, long) in [
        ("from setuptools import setup\nsetup(name='a', version='4.2')", "4.2", None),
        ("import setuptools as s\nv = '4' + '.2'\ns.setup(name='a', version=v)", "4.2", None),
        (
            "from distutils.core import setup\nargs = dict(name='a')\nargs['version'] = '4.2'\nsetup(**args)",
            "4.2",
            None,
        ),
        ("from setuptools import setup\nimport pkg\nsetup(name='a', version=pkg.__version__)", "4.2", None),
        (
            "from setuptools import setup\nfrom pkg.version import __version__ as v\nsetup(name='a', version=v)",
            "4.2",
            None,
        ),
        (
            "import os, re\nfrom setuptools import setup\nhere = os.path.abspath(os.path.dirname(__file__))\n\
             def read(*names):\n    with open(os.path.join(here, *names), encoding='utf-8') as f:\n        return f.read()\n\
             version = re.search(r\"^MAJOR = (\\d)\", read('pkg', 'version.py'), re.M)\n\
             setup(name='a', version='{}.{}'.format(4, 2), long_description=read('README.rst') + '\\n' + read('CHANGES.rst'))",
            "4.2",
            Some("Read me\n\nChanges\n"),
        ),
        (
            "import io\nfrom setuptools import setup\nabout = {}\n\
             with io.open('pkg/version.py') as f:\n    exec(f.read(), about)\n\
             setup(name='a', version=about['__version__'], long_description=io.open('README.rst').read())",
            "4.2",
            Some("Read me\n"),
        ),
        (
            "from pathlib import Path\nfrom setuptools import setup\nROOT = Path(__file__).parent\n\
             text = (ROOT / 'README.rst').read_text(encoding='utf-8')\n\
             try:\n    extra = open('gone.txt').read()\nexcept IOError:\n    extra = ''\n\
             if __name__ == '__main__':\n    setup(name='a', version='.'.join(['4', '2']), long_description=text + extra)",
            "4.2",
            Some("Read me\n"),
        ),
        (
            "from setuptools import setup\ndef main():\n    setup(name='a', version=f'{4}.{2}')\nmain()",
            "4.2",
            None,
        ),
        (
            "import sys\nfrom setuptools import setup\nif sys.version_info < (3,):\n    v = '1'\nelse:\n    v = '4.2'\n\
             setup(name='a', version=v)",
            "4.2",
            None,
        ),
        (
            "import ast, re\nfrom setuptools import setup\n\
             match = re.compile(r'.*^MAJOR\\s+=\\s+(\\d)', re.S | re.M).match(open('pkg/version.py').read())\n\
             setup(name='a', version=match.group(1) + '.2')",
            "4.2",
            None,
        ),
    ] {
        let metadata = script(idiom).metadata;
        assert_eq!((metadata.name.as_str(), metadata.version.as_str()), ("a", version), "{idiom}");
        assert_eq!(metadata.long_description.as_deref(), long, "{idiom}");
    }
}

#[test]
fn lists_are_read_from_requirement_files() {
    let project = script(
        "from setuptools import setup, find_packages\n\
         reqs = [line.strip() for line in open('requirements.txt') if line.strip() and not line.startswith('#')]\n\
         setup(name='a', version='1', packages=find_packages(), install_requires=reqs,\n\
         \x20     extras_require={'webpi_eggs': ['virtualenv', 'iiswsgi'], 'dev': 'x\\ny'})",
    );
    assert_eq!(project.metadata.dependencies, ["flask>=3", "rich"]);
    assert_eq!(project.metadata.webpi_eggs(), ["virtualenv", "iiswsgi"]);
    assert_eq!(project.metadata.extras["dev"], ["x", "y"]);
    assert!(texts(&project).is_empty(), "{:?}", texts(&project));
}

#[test]
fn what_is_not_literal_is_told_with_its_line() {
    let project = script(
        "from setuptools import setup\nimport os\nsetup(\n    name='a', version='1',\n    description=os.popen('date').read(),\n)",
    );
    assert_eq!(texts(&project), ["`summary` cannot be told without running `setup.py`: `os.popen('date')`"]);
    assert_eq!(project.messages[0].location.as_ref().unwrap().line, 5);
    let (failure, shown) =
        error(&[("setup.py", "from setuptools import setup\nsetup(name='a', version=get_version())")]);
    assert_eq!(shown, "setup.py:2: the version cannot be told without running code: `get_version()`");
    assert!(failure.hint().unwrap().contains("`--allow-setup-py`"));
}

#[test]
fn nothing_of_the_script_runs_unless_it_is_allowed() {
    let text = "import os\nfrom setuptools import setup\nopen('ran', 'w').close()\n\
                def version():\n    return str(sum([1, 2]))\n\
                print('noise')\nsetup(name='a', version=version(), title='T', cmdclass={'x': object})\n\
                raise RuntimeError('after setup')\n";
    let root = tree(&[("setup.py", text)]);
    let error = super::read_folder(root.path()).unwrap_err();
    assert!(error.to_string().contains("cannot be told"), "{error}");
    assert!(!root.path().join("ran").exists());
    let mut options = options();
    options.allow_setup_py = true;
    let project = read(root.path(), &options, &super::system()).unwrap();
    assert_eq!(project.metadata.version, "3");
    assert_eq!(project.metadata.feed.title.as_deref(), Some("T"));
    assert!(root.path().join("ran").exists());
}

#[test]
fn a_script_that_fails_when_it_runs_shows_its_traceback() {
    let root = tree(&[("setup.py", "import no_such_module\n")]);
    let mut options = options();
    options.allow_setup_py = true;
    let error = read(root.path(), &options, &super::system()).unwrap_err();
    assert!(error.to_string().contains("No module named 'no_such_module'"), "{error}");
    let root = tree(&[("setup.py", "while True: pass\n")]);
    options.timeout = std::time::Duration::from_millis(500);
    let error = read(root.path(), &options, &super::system()).unwrap_err();
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("did not end"), "{error}");
}

#[test]
fn files_outside_the_project_are_not_read() {
    let root = tree(&[
        ("secret", "1.0"),
        ("app/setup.py", "from setuptools import setup\nsetup(name='a', version=open('../secret').read())\n"),
    ]);
    let error = super::read_folder(&root.path().join("app")).unwrap_err();
    assert!(error.to_string().contains("cannot be told"), "{error}");
}

#[test]
fn the_originals_keywords_keep_their_types() {
    for (keyword, message) in [
        ("title=['a']", "setup.py:2: `title` must be a string: [\"a\"]"),
        ("help_url=3", "setup.py:2: `help_url` must be a string: 3"),
        ("install_webpi='x'", "setup.py:2: `install_webpi` must be a list: \"x\""),
        ("install_msdeploy=[1]", "setup.py:2: `install_msdeploy` must be a list of strings: [1]"),
        ("name=['a']", "setup.py:2: `name` must be a string: [\"a\"]"),
    ] {
        let text = format!("from setuptools import setup\nsetup(version='1', {keyword})\n");
        assert_eq!(error(&[("setup.py", &text)]).1, message);
    }
    let project =
        script("from setuptools import setup\nsetup(name='a', version='1', title=None, published='2026')");
    assert_eq!(project.metadata.feed.title, None);
    assert_eq!(project.metadata.feed.published.as_deref(), Some("2026"));
}
