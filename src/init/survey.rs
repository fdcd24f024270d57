//! What is seen in a project's folder: framework, application, Python, requirements, static files, checkout.

use std::fs;
use std::path::{Path, PathBuf};

use super::django::Django;
use crate::files;
use crate::project::{EntryPoint, Kind, Project};

/// What an application is made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Framework {
    /// A Django project.
    Django,
    /// A Paste ini file, as Pyramid has it.
    Paste,
    /// Another framework, by the name of its distribution, as `Flask`.
    Other(&'static str),
    /// A callable of the project's own, without a framework that is known.
    Wsgi,
}

/// Frameworks by their top-level module, and the distribution that has it.
const DISTRIBUTIONS: [(&str, &str); 26] = [
    ("a2wsgi", "a2wsgi"),
    ("apiflask", "APIFlask"),
    ("bottle", "bottle"),
    ("cherrypy", "CherryPy"),
    ("configurations", "django-configurations"),
    ("connexion", "connexion"),
    ("dash", "dash"),
    ("django", "Django"),
    ("eve", "Eve"),
    ("falcon", "falcon"),
    ("flask", "Flask"),
    ("flask_openapi3", "flask-openapi3"),
    ("hug", "hug"),
    ("morepath", "morepath"),
    ("paste", "PasteDeploy"),
    ("pecan", "pecan"),
    ("pyramid", "pyramid"),
    ("socketio", "python-socketio"),
    ("spyne", "spyne"),
    ("tg", "TurboGears2"),
    ("tornado", "tornado"),
    ("web", "web.py"),
    ("webapp2", "webapp2"),
    ("werkzeug", "Werkzeug"),
    ("whitenoise", "whitenoise"),
    ("wsgidav", "WsgiDAV"),
];

/// The Python that the project is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PythonSeen {
    /// Major and minor version, as `3.12`.
    pub version: String,
    /// Who says so: the name of a file, or `the Python here`.
    pub source: String,
}

/// What was seen.
#[derive(Debug)]
pub struct Survey {
    /// The project's folder, as the user named it.
    pub root: PathBuf,
    /// What was found out about the project.
    pub project: Project,
    /// The applications that may be meant, best first; one when there is no doubt.
    pub applications: Vec<EntryPoint>,
    /// The framework of the first of them.
    pub framework: Framework,
    /// The Python that the project, or else this machine, names.
    pub python: Option<PythonSeen>,
    /// What pip has to install as far as the framework tells, when the project does not say it.
    pub assumed_requirements: Vec<String>,
    /// What Django's settings say.
    pub django: Option<Django>,
    /// The path of a static file that the application serves, below it, as `/static/site.css`.
    pub static_file: Option<String>,
    /// The folder of the Git checkout that the project is in.
    pub checkout: Option<PathBuf>,
    /// The branch whose pushes are built.
    pub branch: String,
}

impl Survey {
    /// Looks. `interpreter` is the version of the Python of this machine.
    pub fn of(root: &Path, project: Project, interpreter: Option<&str>) -> Self {
        let applications = applications(&project);
        let first = applications.first();
        let framework = framework(root, first);
        let declared = !project.requirements.is_empty();
        let assumed_requirements = if declared { Vec::new() } else { assumed(root, &framework) };
        let is_django = framework == Framework::Django;
        let django = first.filter(|_| is_django).map(|first| Django::read(root, first.pythonpath.as_deref()));
        let checkout = checkout(root);
        Self {
            python: python(root, interpreter),
            static_file: if is_django { None } else { static_file(root) },
            branch: checkout.as_deref().map_or_else(|| "main".to_owned(), branch),
            root: root.to_owned(),
            assumed_requirements,
            applications,
            framework,
            project,
            django,
            checkout,
        }
    }

    /// Where the configuration goes: `iiswsgi.yml`, or the `iiswsgi.yaml` that is there.
    pub fn configuration_path(&self) -> PathBuf {
        let yaml = self.root.join("iiswsgi.yaml");
        if yaml.is_file() { yaml } else { self.root.join("iiswsgi.yml") }
    }

    /// Whether the metadata say a name or version, which the folder stands for otherwise.
    pub fn declares(&self, field: &str) -> bool {
        self.project.metadata.places.contains_key(field)
    }

    /// Whether a file of the project says what IIS starts, so that there is no application to name.
    pub fn starts_itself(&self) -> bool {
        self.project.layout.web_config_template.is_some()
    }

    /// What is seen, a line each.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        match self.applications.as_slice() {
            [] => {}
            [only] => lines.push(format!("application   {}  ({}: {})", only.app, only.place, only.reason)),
            several => lines.push(format!("applications  {}", several.len())),
        }
        match &self.framework {
            Framework::Django => lines.push("framework     Django".to_owned()),
            Framework::Paste => lines.push("framework     Paste ini file, as Pyramid has it".to_owned()),
            Framework::Other(name) => lines.push(format!("framework     {name}")),
            Framework::Wsgi => {}
        }
        if let Some(requires) = &self.project.metadata.requires_python {
            lines.push(format!("Python        {requires}"));
        } else if let Some(python) = &self.python {
            lines.push(format!("Python        {} ({})", python.version, python.source));
        }
        let (requirements, from) = if self.assumed_requirements.is_empty() {
            (&self.project.requirements, "")
        } else {
            (&self.assumed_requirements, "  (assumed: no file says it)")
        };
        if !requirements.is_empty() {
            lines.push(format!("requirements  {}{from}", requirements.join(", ")));
        }
        if let Some(django) = &self.django {
            lines.push(format!("static files  {}", django.static_files.described()));
        } else if let Some(file) = &self.static_file {
            lines.push(format!("static files  served by the application, as {file}"));
        }
        lines
    }
}

/// The applications of the best rank.
fn applications(project: &Project) -> Vec<EntryPoint> {
    let found = &project.entry_points.found;
    let best = found.first().map(|first| first.tier);
    found.iter().filter(|point| Some(point.tier) == best).cloned().collect()
}

fn framework(root: &Path, application: Option<&EntryPoint>) -> Framework {
    let Some(application) = application else { return Framework::Wsgi };
    match application.kind {
        Kind::Django => return Framework::Django,
        Kind::Paste => return Framework::Paste,
        Kind::Configured | Kind::Callable | Kind::Factory => {}
    }
    let built_by = application.reason.split("built by ").nth(1).and_then(|text| text.split('.').next());
    let of_reason = built_by.and_then(distribution);
    let of_imports = || {
        let text = files::read_text(&root.join(application.file()?)).ok()?;
        text.lines().filter_map(imported).find_map(distribution)
    };
    match of_reason.or_else(of_imports) {
        Some("Django" | "django-configurations") => Framework::Django,
        Some(name) => Framework::Other(name),
        None => Framework::Wsgi,
    }
}

fn distribution(module: &str) -> Option<&'static str> {
    DISTRIBUTIONS.iter().find(|(name, _)| *name == module).map(|(_, distribution)| *distribution)
}

/// The top-level module that a line of Python imports.
fn imported(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("import ").or_else(|| line.strip_prefix("from "))?;
    rest.trim_start().split(|c: char| !c.is_alphanumeric() && c != '_').next()
}

/// What pip has to install for a framework, and for the Paste ini file that names one.
fn assumed(root: &Path, framework: &Framework) -> Vec<String> {
    match framework {
        Framework::Django => vec!["Django".to_owned()],
        Framework::Other(name) => vec![(*name).to_owned()],
        Framework::Paste => {
            let is_pyramid = ["production.ini", "development.ini"]
                .iter()
                .any(|name| files::read_text(&root.join(name)).is_ok_and(|text| text.contains("pyramid")));
            let all = if is_pyramid { &["pyramid", "PasteDeploy"][..] } else { &["PasteDeploy"][..] };
            all.iter().map(|name| (*name).to_owned()).collect()
        }
        Framework::Wsgi => Vec::new(),
    }
}

/// The Python that `.python-version` or `runtime.txt` name, else that of this machine.
fn python(root: &Path, interpreter: Option<&str>) -> Option<PythonSeen> {
    let named = [".python-version", "runtime.txt"].into_iter().find_map(|name| {
        let text = files::read_text(&root.join(name)).ok()?;
        let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'))?;
        Some(PythonSeen { version: minor(line.trim_start_matches("python-"))?, source: name.to_owned() })
    });
    let here = || Some(PythonSeen { version: minor(interpreter?)?, source: "the Python here".to_owned() });
    named.or_else(here)
}

/// `3.12` of `3.12.4`.
fn minor(version: &str) -> Option<String> {
    let mut parts = version.split('.');
    let (major, minor) = (parts.next()?, parts.next()?);
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    let (major, minor) = (digits(major), digits(minor));
    (!major.is_empty() && !minor.is_empty()).then(|| format!("{major}.{minor}"))
}

/// A file in `static`, which Flask and its like serve by themselves.
fn static_file(root: &Path) -> Option<String> {
    let mut names: Vec<String> = fs::read_dir(root.join("static"))
        .ok()?
        .filter_map(|entry| entry.ok().filter(|entry| entry.path().is_file())?.file_name().into_string().ok())
        .filter(|name| {
            !name.starts_with('.') && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        })
        .collect();
    names.sort();
    names.first().map(|name| format!("/static/{name}"))
}

/// The folder with `.git`, from the project's folder upwards.
fn checkout(root: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(root).ok()?;
    let clean: PathBuf = absolute.components().collect();
    clean.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_owned)
}

/// The branch that `origin` has as its main one, else `main` or `master` where it is there, else the current one.
fn branch(checkout: &Path) -> String {
    let git = checkout.join(".git");
    let named = |file: &str, prefix: &str| {
        let text = files::read_text(&git.join(file)).ok()?;
        text.trim().strip_prefix(prefix).map(str::to_owned)
    };
    let there = |name: &&str| git.join("refs/heads").join(name).is_file();
    named("refs/remotes/origin/HEAD", "ref: refs/remotes/origin/")
        .or_else(|| ["main", "master"].iter().find(|name| there(name)).map(|name| (*name).to_owned()))
        .or_else(|| named("HEAD", "ref: refs/heads/"))
        .unwrap_or_else(|| "main".to_owned())
}
