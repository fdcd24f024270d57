//! The text of `iiswsgi.yml`: what was seen and answered as settings, what may come next as comments.

use std::fmt::Write as _;

use super::{Answers, Django, StaticFiles, Survey};
use crate::ci::workflow::scalar;

const HEAD: &str = "\
# The configuration of iiswsgi. What does not stand here keeps its default or is found in the project: `iiswsgi plan`
# shows what holds and why, `iiswsgi schema` prints every key for editors.
";

const TAIL: &str = "
# More that is often wanted:
# environment:               # of the application on the server
#   SETTING: value
# gateway-options: [--threads, \"4\"]
# fastcgi:
#   max-instances: 4         # processes
# files:
#   exclude: [docs, tests]   # what stays out of the package
# iis:
#   application: shop        # the path below the site
";

/// The file.
pub(super) fn text(survey: &Survey, answers: &Answers) -> String {
    let mut text = HEAD.to_owned();
    application(&mut text, survey, answers);
    metadata(&mut text, answers);
    if let Some(python) = &answers.python {
        let _ = write!(text, "\n# The Python of the server and of the test.\npython: \"{python}\"\n");
    }
    requirements(&mut text, survey, answers);
    if let Some(django) = &survey.django {
        hooks(&mut text, django);
        secret(&mut text, django);
    }
    test(&mut text, survey);
    text.push_str(TAIL);
    text
}

fn application(text: &mut String, survey: &Survey, answers: &Answers) {
    if let Some(app) = &answers.app {
        let found = survey.applications.iter().find(|found| found.app == *app);
        let why = found.map(|found| format!(": {}", found.reason)).unwrap_or_default();
        let _ = write!(text, "\n# The WSGI application{why}.\napp: {}\n", scalar(app));
    } else if let Some(file) = &survey.project.layout.web_config_template {
        let _ = write!(text, "\n# What IIS starts stands in `{file}`.\n");
    }
}

fn metadata(text: &mut String, answers: &Answers) {
    if answers.name.is_none() && answers.version.is_none() {
        return;
    }
    text.push_str("\n# What the package is called. Better kept in pyproject.toml, when there is one.\n");
    if let Some(name) = &answers.name {
        let _ = writeln!(text, "name: {}", scalar(name));
    }
    if let Some(version) = &answers.version {
        let _ = writeln!(text, "version: {}", scalar(version));
    }
}

fn requirements(text: &mut String, survey: &Survey, answers: &Answers) {
    let list = |requirements: &[String]| {
        let scalars: Vec<String> = requirements.iter().map(|requirement| scalar(requirement)).collect();
        scalars.join(", ")
    };
    if !answers.requirements.is_empty() {
        let _ = write!(
            text,
            "\n# What pip installs on the server. Everything that the application imports belongs here, best with its version:\n\
             # \"Flask==3.1.*\"; or a file: -r requirements.txt\nrequirements: [{}]\n",
            list(&answers.requirements)
        );
    } else if !survey.project.requirements.is_empty() {
        let found = list(&survey.project.requirements);
        let _ = write!(
            text,
            "\n# What pip installs on the server was found in the project:\n# requirements: [{found}]\n"
        );
    }
}

fn hooks(text: &mut String, django: &Django) {
    let manage = |command: &str| {
        // A path with blanks is one word of the command line.
        let file = if django.manage.contains(' ') {
            format!("\"{}\"", django.manage)
        } else {
            django.manage.clone()
        };
        format!("python {file} {command} --noinput")
    };
    let migrate = (django.database && django.sqlite).then(|| manage("migrate"));
    let collect = django.collects.then(|| manage("collectstatic"));
    text.push_str("\n# Run on the server when the package is installed, in the application's folder.\n");
    if migrate.is_some() || collect.is_some() {
        text.push_str("hooks:\n  post-install:\n");
        for line in migrate.iter().chain(&collect) {
            let _ = writeln!(text, "    - {line}");
        }
    }
    if django.database && migrate.is_none() {
        let _ = writeln!(
            text,
            "# The test installs the package too: put the migration in where a database is at hand then.\n\
             # hooks:\n#   post-install: {}",
            manage("migrate")
        );
    }
    if django.static_files == StaticFiles::Nobody {
        let line = manage("collectstatic");
        let _ = writeln!(
            text,
            "# Django serves static files only while DEBUG is on. Either add WhiteNoise to the middleware, or set STATIC_ROOT to\n\
             # BASE_DIR / \"static\" and STATIC_URL to \"static/\", run `iiswsgi init --force`, and IIS serves them. Both need\n\
             #     - {line}"
        );
    }
}

fn secret(text: &mut String, django: &Django) {
    let Some(settings) = django.settings.as_ref().filter(|_| django.literal_secret) else { return };
    let _ = write!(
        text,
        "\n# The key in {settings} is a secret: write \"__secret_key__\" in its place, and whoever installs the package is asked\n\
         # for it. The default serves the test.\n\
         # parameters:\n#   - name: SecretKey\n#     tags: [Password]\n#     default: only-for-tests\n#     file: {settings}\n\
         #     placeholder: __secret_key__\n"
    );
    if django.debug {
        text.push_str("# DEBUG is on there. On a server it must be off, and ALLOWED_HOSTS name the site.\n");
    }
}

fn test(text: &mut String, survey: &Survey) {
    text.push_str(
        "\n# What the test asks the installed application. Without `status` anything below 500 is right.\n\
         test:\n  requests:\n    - path: /\n      # status: 200\n      # contains: Welcome\n",
    );
    if let Some(file) = &survey.static_file {
        let _ = write!(text, "    - path: {file}\n      status: 200\n");
    }
}
