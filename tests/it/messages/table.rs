//! The mistakes: what stands in the project's folder, and the command.

/// A mistake.
pub(super) struct Mistake {
    /// The heading of the chapter that begins here.
    pub(super) chapter: Option<&'static str>,
    /// What the user did, as a heading.
    pub(super) title: &'static str,
    /// The files of the project.
    pub(super) files: &'static [(&'static str, &'static str)],
    /// Which of them the page shows.
    pub(super) shown: &'static [&'static str],
    /// Variables of the environment.
    pub(super) environment: &'static [(&'static str, &'static str)],
    /// Commands before, which go well.
    pub(super) before: &'static [&'static str],
    /// The arguments. `{refusing}` is the address of a server that knows no token.
    pub(super) command: &'static str,
}

const HELLO: &str =
    "def application(environ, start_response):\n    start_response('200 OK', [])\n    return [b'hello']\n";
const GOOD: &[(&str, &str)] = &[("wsgi.py", HELLO)];

const M: Mistake = Mistake {
    chapter: None,
    title: "",
    files: GOOD,
    shown: &[],
    environment: &[],
    before: &[],
    command: "run",
};

/// A project with a configuration, which the page shows.
macro_rules! configured {
    ($title:literal, $text:literal) => {
        configured!($title, $text, "run")
    };
    ($title:literal, $text:literal, $command:literal) => {
        Mistake {
            title: $title,
            files: &[("wsgi.py", HELLO), ("iiswsgi.yml", $text)],
            shown: &["iiswsgi.yml"],
            command: $command,
            ..M
        }
    };
}

/// A project whose `wsgi.py` is this, which the page shows.
macro_rules! module {
    ($title:literal, $text:literal) => {
        Mistake { title: $title, files: &[("wsgi.py", $text)], shown: &["wsgi.py"], ..M }
    };
}

const SECRET: &str = "parameters:\n  - name: SecretKey\n    file: wsgi.py\n    placeholder: hello\n    \
    validation: { regular-expression: '^.{8,}$' }\n";
const WITH_SECRET: &[(&str, &str)] = &[("wsgi.py", HELLO), ("iiswsgi.yml", SECRET)];

pub(super) const TABLE: &[Mistake] = &[
    Mistake {
        chapter: Some("The command line"),
        title: "A command that does not exist",
        command: "instal",
        ..M
    },
    Mistake { title: "An option that does not exist", command: "run --skipp test", ..M },
    Mistake { title: "A stage that does not exist", command: "run --only bild", ..M },
    Mistake { title: "A folder that is not there", command: "run shpo", ..M },
    Mistake { title: "A file where a folder is meant", command: "run wsgi.py", ..M },
    Mistake { title: "A parameter without a value", command: "run --set SecretKey", ..M },
    Mistake {
        title: "A misspelt variable of the environment",
        environment: &[("IISWSGI_PYTHN", "3.12")],
        command: "package -q",
        ..M
    },
    Mistake { chapter: Some("The application"), title: "No application", files: &[("readme.txt", "")], ..M },
    Mistake { title: "Two applications", files: &[("one.py", HELLO), ("two.py", HELLO)], ..M },
    module!("An ASGI application", "from fastapi import FastAPI\n\napp = FastAPI()\n"),
    module!("A syntax error", "def application(environ, start_response)\n    pass\n"),
    Mistake { title: "A callable that is not there", command: "run --app wsgi:app", ..M },
    Mistake { title: "A module that is not there", command: "run --app shop.wsgi:application", ..M },
    module!(
        "A requirement that is missing",
        "import requests\n\ndef application(environ, start_response): ...\n"
    ),
    module!(
        "An application that raises",
        "def application(environ, start_response):\n    return [{}['name']]\n"
    ),
    module!(
        "An application that answers with text instead of bytes",
        "def application(environ, start_response):\n    start_response('200 OK', [])\n    return ['hello']\n"
    ),
    configured!(
        "An answer that is not as expected",
        "test:\n  requests:\n    - path: /\n      status: 201\n      contains: Welcome\n"
    ),
    Mistake {
        chapter: Some("The configuration"),
        ..configured!("A misspelt key", "fastcgi:\n  max-instanses: 4\n")
    },
    configured!("A value of the wrong type", "fastcgi:\n  max-instances: many\n"),
    configured!("A value out of its range", "fastcgi:\n  idle-timeout: 5\n"),
    configured!("YAML with a tab", "test:\n\trequests: []\n"),
    configured!("A key that stands twice", "name: a\nname: b\n"),
    Mistake {
        title: "Two configurations",
        files: &[
            ("wsgi.py", HELLO),
            ("iiswsgi.yml", "name: a\n"),
            ("pyproject.toml", "[tool.iiswsgi]\nname = \"b\"\n"),
        ],
        ..M
    },
    Mistake {
        title: "A configuration already, and `init`",
        files: &[("wsgi.py", HELLO), ("iiswsgi.yml", "name: a\n")],
        command: "init",
        ..M
    },
    Mistake {
        title: "Nothing for `init` to see, and nobody to ask",
        files: &[("readme.txt", "")],
        command: "init",
        ..M
    },
    Mistake {
        chapter: Some("Files of the package"),
        title: "A web.config that is no XML",
        files: &[
            ("wsgi.py", HELLO),
            ("web.config", "<configuration>\n  <system.webServer>\n</configuration>\n"),
        ],
        shown: &["web.config"],
        ..M
    },
    Mistake {
        title: "A variable that is not known",
        files: &[
            ("wsgi.py", HELLO),
            ("Manifest.xml.in", "<msDeploy.iisApp>\n  <iisApp path=\"%DIST_NAM%\" />\n</msDeploy.iisApp>\n"),
        ],
        shown: &["Manifest.xml.in"],
        ..M
    },
    Mistake {
        title: "A name that Windows keeps for itself",
        files: &[("wsgi.py", HELLO), ("aux.py", "")],
        ..M
    },
    configured!("A requirements file that is not there", "requirements: -r requirement.txt\n"),
    configured!("A hook that fails", "hooks:\n  post-install: python manage.py migrate\n"),
    Mistake { chapter: Some("Python"), title: "No Python", environment: &[("PATH", "/nowhere")], ..M },
    Mistake { title: "A Python that is not here", command: "run --python 3.99", ..M },
    Mistake {
        title: "A requirement that no index has",
        files: &[("wsgi.py", HELLO), ("requirements.txt", "no-such-thing==1.0\n")],
        environment: &[("PIP_NO_INDEX", "1")],
        ..M
    },
    Mistake {
        chapter: Some("Installation and parameters"),
        title: "A parameter that the package does not have",
        files: WITH_SECRET,
        command: "run --set SecretKy=0123456789",
        ..M
    },
    Mistake { title: "A parameter that needs a value", files: WITH_SECRET, shown: &["iiswsgi.yml"], ..M },
    Mistake {
        title: "A value that does not fit",
        files: WITH_SECRET,
        command: "run --set SecretKey=short",
        ..M
    },
    Mistake { title: "A file that is no package", command: "install wsgi.py", ..M },
    Mistake { title: "A test before the installation", command: "test", ..M },
    Mistake { title: "IIS is wanted and is not here", command: "run --require-iis", ..M },
    Mistake {
        chapter: Some("Output and publishing"),
        title: "A file where the output folder should be",
        files: &[("wsgi.py", HELLO), ("dist", "")],
        ..M
    },
    Mistake { title: "Publishing before there is a package", command: "publish", ..M },
    Mistake { title: "A feed that is not there", command: "feed --check all.xml", ..M },
    Mistake {
        title: "An address with an unknown variable",
        before: &["package"],
        command: "feed --url-template 'https://example.org/{fiel}'",
        ..M
    },
    Mistake {
        title: "No token",
        before: &["package"],
        command: "publish github --repository example/shop --tag v1",
        ..M
    },
    Mistake {
        title: "A wrong token",
        before: &["package"],
        environment: &[("GITHUB_TOKEN", "wrong"), ("GITHUB_API_URL", "http://{refusing}")],
        command: "publish github --repository example/shop --tag v1",
        ..M
    },
    Mistake {
        title: "A server that refuses connections",
        before: &["package"],
        environment: &[("GITHUB_TOKEN", "secret"), ("GITHUB_API_URL", "http://127.0.0.1:9")],
        command: "publish github --repository example/shop --tag v1",
        ..M
    },
];
