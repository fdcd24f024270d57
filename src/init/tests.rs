//! Tests of what is seen in a project and of the files that follow.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Answers, Framework, StaticFiles, Survey, propose};
use crate::ci::workflow::{ACTION, PackageWorkflow};
use crate::config::{self, Environment, Overrides};
use crate::process::{Runner as _, System};
use crate::project::{self, ReadOptions};

/// A project of these files.
fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn survey(folder: &Path) -> Survey {
    let path = Environment::of_process().get(config::PATH).map(Into::into);
    let system = System { path, ..System::default() };
    let python = system.find(if cfg!(windows) { "python" } else { "python3" });
    let options = ReadOptions { python, ..ReadOptions::default() };
    Survey::of(folder, project::read(folder, &options, &system).unwrap(), Some("3.12.4"))
}

/// What a user without a wish answers.
fn answers(survey: &Survey) -> Answers {
    Answers {
        app: survey.applications.first().map(|first| first.app.clone()),
        name: Some("shop".to_owned()),
        version: Some("0.1.0".to_owned()),
        python: survey.python.as_ref().map(|python| python.version.clone()),
        requirements: survey.assumed_requirements.clone(),
        workflow: None,
    }
}

/// The configuration, which must be one that can be read.
fn configuration(folder: &Path) -> String {
    let survey = survey(folder);
    let files = propose(&survey, &answers(&survey));
    assert_eq!(files[0].path, folder.join("iiswsgi.yml"));
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("iiswsgi.yml"), &files[0].text).unwrap();
    let read = config::load(elsewhere.path(), None, &Environment::default(), &Overrides::new());
    if let Err(error) = read {
        panic!("{error}\n{}", files[0].text);
    }
    files[0].text.clone()
}

const FLASK: &str = "from flask import Flask\n\napp = Flask(__name__)\n";
const MANAGE: &str = "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n";
const WSGI: &str =
    "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n";
const SETTINGS: &str = "from pathlib import Path\nBASE_DIR = Path(__file__).resolve().parent.parent\n\
    SECRET_KEY = 'django-insecure-x'\nDEBUG = True\nINSTALLED_APPS = ['django.contrib.staticfiles']\n\
    WSGI_APPLICATION = 'shop.wsgi.application'\n\
    DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': BASE_DIR / 'db.sqlite3'}}\n\
    STATIC_URL = 'static/'\n";

fn django(settings: &str) -> tempfile::TempDir {
    project(&[
        ("manage.py", MANAGE),
        ("shop/__init__.py", ""),
        ("shop/settings.py", settings),
        ("shop/wsgi.py", WSGI),
    ])
}

#[test]
fn a_flask_file_alone_gets_its_application_its_requirement_and_a_python() {
    let folder = project(&[("app.py", FLASK), ("static/site.css", "")]);
    let survey = survey(folder.path());
    assert_eq!(survey.framework, Framework::Other("Flask"));
    assert_eq!(survey.assumed_requirements, ["Flask"]);
    let text = configuration(folder.path());
    for line in ["app: app:app", "python: \"3.12\"", "requirements: [Flask]", "    - path: /static/site.css"]
    {
        assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
    }
}

#[test]
fn requirements_that_the_project_declares_are_not_repeated() {
    let folder = project(&[("app.py", FLASK), ("requirements.txt", "flask\n")]);
    assert!(survey(folder.path()).assumed_requirements.is_empty());
    assert!(configuration(folder.path()).contains("\n# requirements: ['-r requirements.txt']\n"));
}

#[test]
fn the_python_that_a_file_names_comes_before_that_of_this_machine() {
    let folder = project(&[("app.py", FLASK), (".python-version", "# local\n3.11.9\n")]);
    let python = survey(folder.path()).python.unwrap();
    assert_eq!((python.version.as_str(), python.source.as_str()), ("3.11", ".python-version"));
    let folder = project(&[("app.py", FLASK), ("runtime.txt", "python-3.10.14\n")]);
    assert_eq!(survey(folder.path()).python.unwrap().version, "3.10");
}

#[test]
fn a_fresh_django_project_migrates_and_is_told_who_serves_static_files() {
    let folder = django(SETTINGS);
    let django = survey(folder.path()).django.unwrap();
    assert_eq!(django.settings.as_deref(), Some("shop/settings.py"));
    assert_eq!(django.static_files, StaticFiles::Nobody);
    let text = configuration(folder.path());
    assert!(text.contains("post-install:\n    - python manage.py migrate --noinput\n"), "{text}");
    assert!(!text.contains("\n    - python manage.py collectstatic"), "{text}");
    assert!(text.contains("#     file: shop/settings.py"), "{text}");
}

#[test]
fn iis_serves_static_files_when_their_folder_is_where_their_url_says() {
    let folder = django(&format!("{SETTINGS}STATIC_ROOT = BASE_DIR / 'static'\n"));
    let survey = survey(folder.path());
    let files = propose(&survey, &answers(&survey));
    assert!(files[0].text.contains("    - python manage.py collectstatic --noinput\n"), "{}", files[0].text);
    assert_eq!(files[1].path, folder.path().join("web.config"));
    assert!(files[1].text.contains("<location path=\"static\">"), "{}", files[1].text);
    let document = crate::xml::Document::parse(&files[1].text).unwrap();
    let (read, findings) = crate::package::web_config::WebConfig::read(&document).unwrap();
    assert!(read.applications.is_empty() && findings.is_empty(), "{findings:?}");
}

#[test]
fn no_web_config_is_written_where_the_defaults_do_or_the_user_has_one() {
    let collected = format!("{SETTINGS}STATIC_ROOT = BASE_DIR / 'static'\n");
    let whitenoise =
        django(&format!("{collected}MIDDLEWARE = ['whitenoise.middleware.WhiteNoiseMiddleware']\n"));
    let elsewhere = django(&format!("{SETTINGS}STATIC_ROOT = '/srv/static'\n"));
    let own = django(&collected);
    fs::write(own.path().join("web.config"), "<configuration />").unwrap();
    for folder in [whitenoise, elsewhere, own] {
        let survey = survey(folder.path());
        assert_eq!(propose(&survey, &answers(&survey)).len(), 1);
    }
}

#[test]
fn migrations_wait_where_the_database_is_elsewhere() {
    let folder = django(&SETTINGS.replace("sqlite3'", "postgresql'").replace("db.sqlite3", "db"));
    let text = configuration(folder.path());
    assert!(text.contains("#   post-install: python manage.py migrate --noinput"), "{text}");
    assert!(!text.contains("\nhooks:"), "{text}");
}

#[test]
fn settings_in_a_package_are_read_with_their_neighbours() {
    let folder = project(&[
        ("site/manage.py", &MANAGE.replace("shop.settings", "shop.settings.production")),
        ("site/shop/__init__.py", ""),
        ("site/shop/settings/__init__.py", ""),
        ("site/shop/settings/base.py", SETTINGS),
        (
            "site/shop/settings/production.py",
            "from .base import *\nWSGI_APPLICATION = 'shop.wsgi.application'\n",
        ),
        ("site/shop/wsgi.py", WSGI),
    ]);
    let django = survey(folder.path()).django.unwrap();
    assert!(django.sqlite && django.manage == "site/manage.py", "{django:?}");
    assert!(configuration(folder.path()).contains("- python site/manage.py migrate"));
}

#[test]
fn a_paste_file_names_pyramid() {
    let ini = "[app:main]\nuse = egg:shop\npyramid.reload_templates = false\n";
    let folder = project(&[("production.ini", ini)]);
    let survey = survey(folder.path());
    assert_eq!(survey.framework, Framework::Paste);
    assert_eq!(survey.assumed_requirements, ["pyramid", "PasteDeploy"]);
    assert!(configuration(folder.path()).contains("\napp: paste:production.ini\n"));
}

#[test]
fn the_checkout_and_its_main_branch_are_found_from_below() {
    let folder = project(&[
        ("apps/shop/app.py", FLASK),
        (".git/HEAD", "ref: refs/heads/feature\n"),
        (".git/refs/remotes/origin/HEAD", "ref: refs/remotes/origin/trunk\n"),
    ]);
    let survey = survey(&folder.path().join("apps/shop"));
    assert_eq!(survey.checkout.as_deref(), Some(folder.path()));
    assert_eq!(survey.branch, "trunk");
    let workflow = PackageWorkflow {
        action: ACTION.to_owned(),
        runner: "ubuntu-24.04".to_owned(),
        branch: survey.branch.clone(),
        python: None,
        folder: "apps/shop".to_owned(),
        release: false,
    };
    let path = PathBuf::from("x.yml");
    let files = propose(&survey, &Answers { workflow: Some((path.clone(), workflow)), ..Answers::default() });
    assert_eq!(files[1].path, path);
    assert!(files[1].text.contains("branches: [trunk]"), "{}", files[1].text);
}

#[test]
fn texts_that_the_user_types_cannot_break_the_file() {
    let folder = project(&[("app.py", FLASK)]);
    let survey = survey(folder.path());
    let answers = Answers {
        app: Some("app:make('it\\'s: #1')".to_owned()),
        name: Some("yes".to_owned()),
        version: Some("1.10".to_owned()),
        python: Some("3.10".to_owned()),
        requirements: vec!["-r a, b.txt".to_owned(), "x @ https://e.org/x#egg=x".to_owned()],
        workflow: None,
    };
    let text = &propose(&survey, &answers)[0].text;
    let elsewhere = project(&[("iiswsgi.yml", text)]);
    let read = config::load(elsewhere.path(), None, &Environment::default(), &Overrides::new()).unwrap();
    assert_eq!(read.name.as_deref(), Some("yes"));
    assert_eq!(read.version.as_deref(), Some("1.10"));
    let requirements = read.requirements.as_ref().unwrap().to_vec();
    assert_eq!(requirements, answers.requirements);
}
