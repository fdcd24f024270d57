//! A project of the 2012 iiswsgi: its layout stays, what was Python 2.7, Paste's scripts and flup becomes the gateway.

use std::path::Path;

use super::{Error, Migration, Origin, text_of};
use crate::package::web_config::Edit;
use crate::process::command_line;
use crate::xml::{Document, Editor, Element};

/// The interpreter of the environment that the bootstrap makes.
const PYTHON: &str = "%VENV_PYTHON%";
/// The file whose change makes IIS start the application anew.
const MONITORED: &str = r"%APPL_PHYSICAL_PATH%\web.config";

/// Plans the migration of a project.
pub(super) fn plan(root: &Path) -> Result<Migration, Error> {
    let mut migration = Migration { origin: Origin::Original, changes: Vec::new(), steps: Vec::new() };
    if let Some((path, text)) = text_of(root, "Manifest.xml.in")? {
        let document =
            Document::parse(text.as_str()).map_err(|source| Error::Xml { path: path.clone(), source })?;
        let after = manifest(&document);
        migration.change(path, text, after);
    }
    if let Some((path, text)) = text_of(root, "web.config.in")? {
        let broken = |source| Error::WebConfig { path: path.clone(), source: Box::new(source) };
        let after = web_config(&text, &mut migration).map_err(broken)?;
        migration.change(path, text, after);
    }
    if let Some((path, text)) = text_of(root, "setup.cfg")? {
        let after = setup_cfg(&text, &mut migration);
        migration.change(path, text, after);
    }
    if let Some((_, text)) = text_of(root, "setup.py")? {
        setup_py(&text, &mut migration);
    }
    Ok(migration)
}

/// The bootstrap is found on PATH, wherever Python is now.
fn manifest(document: &Document) -> String {
    let mut editor = Editor::new(document);
    for element in document.root().descendants().filter(|element| element.is("runCommand")) {
        let path = element.attribute_ignore_case("path").unwrap_or_default();
        let Some(end) = installer_end(path) else { continue };
        editor.set_attribute(element, "path", &format!("iiswsgi_install.exe{}", &path[end..]));
    }
    editor.finish()
}

/// Where the program of a command ends, when it is an `iiswsgi_install` in a folder.
fn installer_end(command: &str) -> Option<usize> {
    const NAME: &str = "iiswsgi_install";
    let lower = command.to_ascii_lowercase();
    let start = lower.find(NAME)?;
    if start == 0 {
        return None;
    }
    let rest = &lower[start + NAME.len()..];
    let suffix = ["-script.py", ".exe"].into_iter().find(|suffix| rest.starts_with(suffix)).unwrap_or("");
    let mut end = start + NAME.len() + suffix.len();
    if lower[end..].starts_with('"') {
        end += 1;
    }
    Some(end)
}

/// Applications that started Paste's scripts or the original's gateway start ours.
fn web_config(text: &str, migration: &mut Migration) -> Result<String, crate::package::web_config::Error> {
    let mut edit = Edit::new(text)?;
    for application in edit.config().applications {
        let Some(arguments) = served(&application.arguments) else { continue };
        let key = (application.full_path.as_str(), application.arguments.as_str());
        edit.set_attribute(key, "arguments", &arguments)?;
        let key = (application.full_path.as_str(), arguments.as_str());
        let monitors =
            application.attributes.iter().any(|(name, _)| name.eq_ignore_ascii_case("monitorChangesTo"));
        if monitors {
            edit.set_attribute(key, "monitorChangesTo", MONITORED)?;
        }
        edit.set_attribute(key, "fullPath", PYTHON)?;
        if arguments.contains("iiswsgi.paste:") {
            migration.step(
                "No application was named, so the page that shows the environ is served; write yours as `module:callable` \
                 after `serve` in web.config.in.",
            );
        }
    }
    let after = edit.finish();
    Ok(handlers(&after))
}

/// Handlers that led to such an application although the file has none: IIS knew it from elsewhere.
fn handlers(text: &str) -> String {
    let Ok(document) = Document::parse(text) else { return text.to_owned() };
    let mut editor = Editor::new(&document);
    let is_handler = |element: &Element<'_>| {
        element.is("add") && element.parent().is_some_and(|parent| parent.is("handlers"))
    };
    for handler in document.root().descendants().filter(is_handler) {
        let processor = handler.attribute_ignore_case("scriptProcessor").unwrap_or_default();
        if let Some(arguments) = processor.split_once('|').and_then(|(_, arguments)| served(arguments)) {
            editor.set_attribute(handler, "scriptProcessor", &format!("{PYTHON}|{arguments}"));
        }
    }
    editor.finish()
}

/// The gateway's arguments for those of the original: `paster-script.py serve … FILE.ini` or `iiswsgi-script.py …`.
fn served(arguments: &str) -> Option<String> {
    let words = command_line::split_arguments(arguments);
    let file = |word: &String| word.rsplit(['/', '\\']).next().unwrap_or(word).to_lowercase();
    let is_script = |word: &String| {
        let file = file(word);
        let name = file.trim_end_matches(".exe").trim_end_matches(".py").trim_end_matches("-script");
        matches!(name, "paster" | "iiswsgi" | "pserve")
    };
    let script = words.iter().position(is_script)?;
    if words[..script].last().is_some_and(|word| word == "-m") {
        return None;
    }
    let mut entry_point = None;
    let mut configuration = None;
    let mut rest = words[script + 1..].iter();
    while let Some(word) = rest.next() {
        match word.as_str() {
            "-e" | "--entry-point" => entry_point = rest.next().cloned(),
            "-c" | "--config" => configuration = rest.next().cloned(),
            // The server that the original put in the place of the file's own: the gateway is that now.
            "-s" | "--server" | "-n" | "--app-name" => drop(rest.next()),
            word if word.to_lowercase().ends_with(".ini") => configuration = Some(word.to_owned()),
            _ => {}
        }
    }
    let target = match (configuration, entry_point) {
        (Some(file), _) => format!("paste:{file}"),
        (None, Some(entry_point)) => entry_point,
        (None, None) => "iiswsgi.paste:test_app()".to_owned(),
    };
    // The folder may have blanks, and forward slashes are good everywhere.
    Some(format!("-u -m iiswsgi serve \"{}\"", target.replace('\\', "/")))
}

/// `command_packages` goes: the commands are found by entry points now.
fn setup_cfg(text: &str, migration: &mut Migration) -> String {
    if text.contains("zope.pagetemplate") || text.contains("github_upload") {
        migration
            .step("`github_upload` is `iiswsgi publish github` now; `bdist_webpi` needs no template engine.");
    }
    let is_ours = |line: &str| {
        let (name, value) = line.split_once(['=', ':']).unwrap_or((line, ""));
        name.trim() == "command_packages" && value.trim() == "iiswsgi"
    };
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let is_header = |line: &str| line.trim().starts_with('[');
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    while at < lines.len() {
        // A section that held nothing else goes with it.
        let alone = lines[at].trim() == "[global]"
            && lines.get(at + 1).is_some_and(|line| is_ours(line))
            && lines.get(at + 2).is_none_or(|line| line.trim().is_empty() || is_header(line));
        if alone {
            at += 2;
            if lines.get(at).is_some_and(|line| line.trim().is_empty()) {
                at += 1;
            }
            continue;
        }
        if !is_ours(lines[at]) {
            kept.push_str(lines[at]);
        }
        at += 1;
    }
    kept
}

/// What `setup.py` needs is the developer's own work; what shows is said.
fn setup_py(text: &str, migration: &mut Migration) {
    if text.contains("setup_requires") && text.contains("iiswsgi") {
        migration.step(
            "`setup_requires` is deprecated: write `requires = [\"setuptools\", \"iiswsgi\"]` under `[build-system]` of \
             pyproject.toml.",
        );
    }
    if text.contains("Python27") || text.contains("paster") || text.contains("pcreate") {
        migration.step(
            "setup.py names programs of Python 2 (`paster`, `pcreate`, `Python27`); change them by hand.",
        );
    }
}
