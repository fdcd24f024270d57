//! WSGI applications of small projects of each framework.

use super::{project, tree, without_folder};
use crate::error::Failure;
use crate::project::{EntryPoint, Kind};

/// The application that is chosen.
fn chosen(files: &[(&str, &str)]) -> EntryPoint {
    let root = tree(files);
    let project = super::read_folder(root.path()).unwrap();
    let points = &project.entry_points;
    points.choose().unwrap_or_else(|error| panic!("{error}\n{points:#?}")).clone()
}

/// The error that none is.
fn refused(files: &[(&str, &str)]) -> (String, String) {
    let root = tree(files);
    let error = super::read_folder(root.path()).unwrap().entry_points.choose().unwrap_err();
    let place = error.location().map(|place| format!("{place}: ")).unwrap_or_default();
    (without_folder(&format!("{place}{error}"), root.path()), error.hint().unwrap_or_default())
}

const PLAIN: &str = "def application(environ, start_response):\n    return []\n";
const FLASK: &str = "from flask import Flask\napp = Flask(__name__)\n";
const FACTORY: &str =
    "from flask import Flask\ndef create_app(config=None):\n    app = Flask(__name__)\n    return app\n";

#[test]
fn each_form_of_application_is_found() {
    for (file, text, app) in [
        ("wsgi.py", PLAIN, "wsgi:application"),
        ("app.py", FLASK, "app:app"),
        ("app.py", FACTORY, "app:create_app()"),
        ("server.py", "import flask\nsite = flask.Flask(__name__)\n", "server:site"),
        ("app.py", "import bottle\napplication = bottle.default_app()\n", "app:application"),
        ("main.py", "import falcon\napp = falcon.App()\n", "main:app"),
        (
            "app.py",
            "from pyramid.config import Configurator\nwith Configurator() as c:\n    app = c.make_wsgi_app()\n",
            "app:app",
        ),
        (
            "wsgi.py",
            "from whitenoise import WhiteNoise\nfrom x import y\napplication = WhiteNoise(y)\n",
            "wsgi:application",
        ),
        (
            "main.py",
            "class App:\n    def __call__(self, environ, start_response): ...\napp = App()\n",
            "main:app",
        ),
        (
            "app.py",
            "class App:\n    def __init__(self, environ, start_response): ...\n    def __iter__(self): ...\n",
            "app:App",
        ),
        ("app.py", "from dash import Dash\ndash = Dash(__name__)\nserver = dash.server\n", "app:server"),
        (
            "app.py",
            "import web\napp = web.application(urls, globals())\napplication = app.wsgifunc()\n",
            "app:application",
        ),
        (
            "app.py",
            "from webob.dec import wsgify\n@wsgify\ndef hello(request):\n    return ''\n",
            "app:hello",
        ),
        ("app.py", "application = lambda environ, start: []\n", "app:application"),
        (
            "passenger_wsgi.py",
            "try:\n    from fast import application\nexcept ImportError:\n    def application(environ, start_response): ...\n",
            "passenger_wsgi:application",
        ),
        ("pkg/wsgi.py", PLAIN, "wsgi:application"),
        (
            "app.py",
            "import flask\nif True:\n    app: flask.Flask = flask.Flask(__name__)\ndb = SQLAlchemy(app)\nlogin = Login(app)\n",
            "app:app",
        ),
        (
            "app.py",
            "from flask import Flask\napp = Flask(__name__)\napp.wsgi_app = Fix(app.wsgi_app)\napplication = Fix(app)\n",
            "app:application",
        ),
    ] {
        assert_eq!(chosen(&[(file, text)]).app, app, "{text}");
    }
}

#[test]
fn the_place_and_the_reason_are_told() {
    let found = chosen(&[("app.py", FLASK)]);
    assert_eq!(
        (found.place.line, found.reason.as_str(), found.kind),
        (2, "built by flask.Flask", Kind::Callable)
    );
    assert_eq!(found.file().as_deref(), Some("app.py"));
}

#[test]
fn packages_and_src_layouts_are_looked_through() {
    let found = chosen(&[("shop/__init__.py", FACTORY)]);
    assert_eq!(
        (found.app.as_str(), found.kind, found.pythonpath),
        ("shop:create_app()", Kind::Factory, None)
    );
    let found = chosen(&[("src/shop/__init__.py", ""), ("src/shop/wsgi.py", PLAIN), ("tests/app.py", FLASK)]);
    assert_eq!((found.app.as_str(), found.pythonpath.as_deref()), ("shop.wsgi:application", Some("src")));
    let found = chosen(&[("backend/app.py", FLASK)]);
    assert_eq!((found.app.as_str(), found.pythonpath.as_deref()), ("app:app", Some("backend")));
}

#[test]
fn the_same_object_by_two_names_is_no_question() {
    let found = chosen(&[("app.py", FLASK), ("main.py", "from app import app\n")]);
    assert_eq!(found.app, "app:app");
    let found = chosen(&[
        ("app/__init__.py", FACTORY),
        ("shop.py", "from app import create_app\napp = create_app()\n"),
    ]);
    assert_eq!(found.app, "shop:app");
    let found = chosen(&[
        ("app.py", FLASK),
        (
            "wsgi.py",
            "from app import app as application\nif __name__ == '__main__':\n    application.run()\n",
        ),
    ]);
    assert_eq!(found.app, "wsgi:application");
    let found = chosen(&[
        ("wsgi.py", "from shop.web import application\n"),
        ("shop/__init__.py", ""),
        ("shop/web.py", PLAIN),
    ]);
    assert_eq!(found.app, "wsgi:application");
}

const MANAGE: &str = "import os\ndef main():\n    os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site1.settings.prod')\nmain()\n";
const DJANGO: &str =
    "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n";

#[test]
fn django_is_found_by_its_settings() {
    let files = [
        ("manage.py", MANAGE),
        ("site1/__init__.py", ""),
        ("site1/settings/__init__.py", ""),
        ("site1/settings/base.py", "WSGI_APPLICATION = 'site1.wsgi.application'\n"),
        ("site1/settings/prod.py", "from .base import *\nDEBUG = False\n"),
        ("site1/wsgi.py", DJANGO),
        ("site2/__init__.py", ""),
        ("site2/wsgi.py", DJANGO),
    ];
    let found = chosen(&files);
    assert_eq!((found.app.as_str(), found.kind), ("site1.wsgi:application", Kind::Django));
    assert!(found.reason.contains("`site1.settings.prod`"), "{}", found.reason);
    let (message, _) = refused(&files[1..]);
    assert!(
        message.contains("site1.wsgi:application") && message.contains("site2.wsgi:application"),
        "{message}"
    );
    let below: Vec<(String, &str)> =
        files.iter().map(|(name, text)| (format!("web/{name}"), *text)).collect();
    let below: Vec<(&str, &str)> = below.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let found = chosen(&below);
    assert_eq!((found.app.as_str(), found.pythonpath.as_deref()), ("site1.wsgi:application", Some("web")));
}

#[test]
fn a_django_project_without_its_wsgi_module_is_told() {
    let (message, _) = refused(&[("manage.py", MANAGE), ("site1/__init__.py", "")]);
    assert!(message.contains("manage.py:3: Django's `site1.wsgi.application` is not there"), "{message}");
}

#[test]
fn production_comes_before_development_among_ini_files() {
    let ini = "[DEFAULT]\nx = %(here)s\n[app:main]\nuse = egg:shop\n";
    let found = chosen(&[
        ("development.ini", ini),
        ("production.ini", ini),
        ("tox.ini", "[tox]\n"),
        ("shop/__init__.py", "def main(global_config, **settings):\n    return config.make_wsgi_app()\n"),
    ]);
    assert_eq!((found.app.as_str(), found.kind, found.place.line), ("paste:production.ini", Kind::Paste, 3));
    assert_eq!(chosen(&[("development.ini", ini)]).app, "paste:development.ini");
    assert_eq!(chosen(&[("site.ini", "[composite:main]\nuse = egg:Paste#urlmap\n")]).app, "paste:site.ini");
    let cfg = "[test_msdeploy]\nconfig_file = conf\\iis.ini\n";
    assert_eq!(
        chosen(&[("setup.cfg", cfg), ("conf/iis.ini", ini), ("development.ini", ini)]).app,
        "paste:conf/iis.ini"
    );
}

#[test]
fn flask_app_is_the_users_word() {
    let files = [("app.py", FLASK), ("main.py", FLASK), ("shop/__init__.py", FACTORY)];
    for (value, app) in [
        ("main", "main:app"),
        ("\"main.py\"", "main:app"),
        ("shop", "shop:create_app()"),
        ("shop:create_app # why", "shop:create_app()"),
        ("shop:create_app()", "shop:create_app()"),
        ("elsewhere:thing", "elsewhere:thing"),
    ] {
        let env = format!("# Flask\nexport FLASK_APP={value}\n");
        let mut files = files.to_vec();
        files.push((".flaskenv", &env));
        let found = chosen(&files);
        assert_eq!((found.app.as_str(), found.kind), (app, Kind::Configured), "{value}");
    }
}

#[test]
fn several_applications_are_listed_with_the_lines_to_add() {
    let (message, hint) =
        refused(&[("app.py", FLASK), ("main.py", "import bottle\napp = bottle.Bottle()\n")]);
    assert_eq!(
        message,
        "several WSGI applications found in `ROOT`; found:\n\
         - app.py:2: `app:app`, built by flask.Flask\n\
         - main.py:2: `main:app`, built by bottle.Bottle"
    );
    assert_eq!(hint, "Add one of these lines to iiswsgi.yml:\napp: \"app:app\"\napp: \"main:app\"");
}

#[test]
fn none_found_says_what_was_looked_for() {
    let (message, hint) = refused(&[
        ("main.py", "from fastapi import FastAPI\napp = FastAPI()\n"),
        ("factory.py", "def create_app(config):\n    return 1\n"),
    ]);
    assert!(
        message.starts_with("no WSGI application found in `ROOT`; looked for:\n- a callable"),
        "{message}"
    );
    assert!(message.contains("module: `main.py`, `factory.py`"), "{message}");
    assert!(
        message.contains("main.py:2: `app` is an ASGI application, built by fastapi.FastAPI"),
        "{message}"
    );
    assert!(message.contains("factory.py:1: `create_app` is a factory that needs arguments"), "{message}");
    assert!(hint.ends_with("app: \"module:callable\""), "{hint}");
}

#[test]
fn without_a_python_the_hint_says_so() {
    let root = tree(&[("app.py", FLASK)]);
    let options = crate::project::ReadOptions::default();
    let project = crate::project::read(root.path(), &options, &super::system()).unwrap();
    let error = project.entry_points.choose().unwrap_err();
    assert!(error.to_string().starts_with("no Python was found"), "{error}");
    assert!(error.hint().unwrap().starts_with("Install Python 3.9 or later"), "{error}");
}

#[test]
fn a_module_that_would_come_first_must_be_well_formed() {
    let (message, _) =
        refused(&[("wsgi.py", "def application(environ, start_response:\n"), ("app.py", FLASK)]);
    assert!(message.starts_with("wsgi.py:1:"), "{message}");
    assert_eq!(chosen(&[("wsgi.py", PLAIN), ("app.py", "x = = 1\n")]).app, "wsgi:application");
}

#[test]
fn other_things_that_take_two_arguments_are_none() {
    let points = project(&[
        ("helpers.py", "def add(a, b): ...\nkey = lambda a, b: a\nclass C:\n    def __call__(self, a, b): ...\nc = C()\n"),
        ("app.py", FLASK),
        ("models.py", "from flask_sqlalchemy import SQLAlchemy\nfrom app import app\ndb = SQLAlchemy(app)\n"),
    ])
    .entry_points;
    let apps: Vec<&str> = points.found.iter().map(|found| found.app.as_str()).collect();
    assert_eq!(apps, ["app:app"]);
}

#[test]
fn the_examples_have_one_application_each() {
    let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for (example, app) in [
        ("hello", "wsgi:application"),
        ("flask", "app:app"),
        ("django", "site_project.wsgi:application"),
        ("pyramid", "paste:production.ini"),
        ("classic", "classic_app:application"),
    ] {
        let project = super::read_folder(&examples.join(example)).unwrap();
        assert_eq!(project.entry_points.choose().unwrap().app, app);
    }
}
