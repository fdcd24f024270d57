//! A wfastcgi site: its handler leads to the gateway, its settings stay as they are.

use std::path::Path;

use super::{Error, Migration, Origin, text_of};
use crate::process::command_line;
use crate::xml::{Document, Editor, Element};

/// What the gateway is started with in the place of `wfastcgi.py`.
const GATEWAY: &str = "-m iiswsgi serve";

/// Plans the migration of the site in a folder.
pub(super) fn plan(root: &Path) -> Result<Migration, Error> {
    let mut migration = Migration { origin: Origin::Wfastcgi, changes: Vec::new(), steps: Vec::new() };
    // wfastcgi has written the name with a capital, and some file systems mind.
    let names = ["web.config", "Web.config"];
    let found = names.iter().find_map(|name| text_of(root, name).transpose()).transpose()?;
    let Some((path, text)) = found else { return Err(Error::Unknown(root.to_owned())) };
    let document =
        Document::parse(text.as_str()).map_err(|source| Error::Xml { path: path.clone(), source })?;
    let (after, programs) = web_config(&document);
    let is_ours = text.contains("-m iiswsgi serve");
    if programs.is_empty() && !is_ours {
        return Err(Error::Unknown(root.to_owned()));
    }
    for program in &programs {
        migration
            .step(format!("Install the gateway beside the application: {program} -m pip install iiswsgi"));
        migration.step(format!(
            "Register it with IIS, once and as an administrator: %windir%\\system32\\inetsrv\\appcmd.exe set config \
             /section:system.webServer/fastCGI \"/+[fullPath='{program}', arguments='{GATEWAY}', \
             signalBeforeTerminateSeconds='30']\" /commit:apphost"
        ));
    }
    notes(&document, &mut migration);
    migration.change(path, text, after);
    requirements(root, &mut migration)?;
    Ok(migration)
}

/// The changed text, and the programs that led to wfastcgi.
fn web_config(document: &Document) -> (String, Vec<String>) {
    let mut editor = Editor::new(document);
    let mut programs = Vec::new();
    for element in document.root().descendants() {
        let is_below = |name: &str| element.parent().is_some_and(|parent| parent.is(name));
        if element.is("add") && is_below("handlers") {
            let Some((program, arguments)) = value(element, "scriptProcessor").split_once('|') else {
                continue;
            };
            if let Some(arguments) = migrated(arguments) {
                editor.set_attribute(element, "scriptProcessor", &format!("{program}|{arguments}"));
                programs.push(program.trim().trim_matches('"').to_owned());
            }
        } else if element.is("application")
            && is_below("fastCgi")
            && let Some(arguments) = migrated(value(element, "arguments"))
        {
            editor.set_attribute(element, "arguments", &arguments);
            programs.push(value(element, "fullPath").to_owned());
        }
    }
    programs.sort();
    programs.dedup();
    (editor.finish(), programs)
}

fn value<'a>(element: Element<'a>, name: &str) -> &'a str {
    element.attribute_ignore_case(name).unwrap_or_default()
}

/// The arguments with the gateway in the place of wfastcgi; flags of Python before it stay. None when they do not lead
/// to wfastcgi.
fn migrated(arguments: &str) -> Option<String> {
    let words = command_line::split_arguments(arguments);
    let file = |word: &String| word.rsplit(['/', '\\']).next().unwrap_or(word).to_lowercase();
    let script = words.iter().position(|word| {
        let file = file(word);
        file == "wfastcgi.py" || file == "wfastcgi" || file == "wfastcgi.pyc"
    })?;
    let flags = if script > 0 && words[script - 1] == "-m" { script - 1 } else { script };
    let flags: String = words[..flags].iter().map(|flag| command_line::quote(flag) + " ").collect();
    Some(format!("{flags}{GATEWAY}"))
}

/// What the settings of the site mean for the user.
fn notes(document: &Document, migration: &mut Migration) {
    let settings = document.root().descendants().filter(|element| {
        element.is("add") && element.parent().is_some_and(|parent| parent.is("appSettings"))
    });
    for setting in settings {
        let (name, value) = (value(setting, "key"), value(setting, "value"));
        match name {
            "APPINSIGHTS_INSTRUMENTATIONKEY" | "WSGI_PTVSD_SECRET" => migration.step(format!(
                "`{name}` loads a package that nobody maintains any more; the gateway does not read it."
            )),
            "WSGI_HANDLER" if value.starts_with("ptvs_virtualenv_proxy") => migration.step(
                "`ptvs_virtualenv_proxy` is not needed: let the handler start the python.exe of the virtual environment, \
                 and put the value of `WSGI_ALT_VIRTUALENV_HANDLER` into `WSGI_HANDLER`.",
            ),
            _ => {}
        }
    }
}

/// The requirement of wfastcgi becomes that of the gateway.
fn requirements(root: &Path, migration: &mut Migration) -> Result<(), Error> {
    let Some((path, text)) = text_of(root, "requirements.txt")? else { return Ok(()) };
    let after: String = text.split_inclusive('\n').map(requirement).collect();
    migration.change(path, text, after);
    Ok(())
}

/// A line of a requirements file. What stands after the requirement, a comment, stays.
fn requirement(line: &str) -> String {
    let name = line.trim_start();
    let end = name.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(name.len());
    if !name[..end].eq_ignore_ascii_case("wfastcgi") {
        return line.to_owned();
    }
    let comment = name.find(" #").unwrap_or_else(|| name.trim_end().len());
    let indentation = &line[..line.len() - name.len()];
    format!("{indentation}iiswsgi{}", &name[comment..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_arguments_that_lead_to_wfastcgi_change() {
        for (before, after) in [
            (r"C:\Python312\Lib\site-packages\wfastcgi.py", Some("-m iiswsgi serve")),
            (r#""C:\My Site\wfastcgi.py""#, Some("-m iiswsgi serve")),
            ("-E -m wfastcgi", Some("-E -m iiswsgi serve")),
            ("-m iiswsgi serve", None),
            ("-m flask run", None),
            ("", None),
        ] {
            assert_eq!(migrated(before).as_deref(), after, "{before}");
        }
    }

    #[test]
    fn a_requirement_keeps_its_comment_and_others_their_version() {
        assert_eq!(requirement("wfastcgi==3.0.0  # the gateway\r\n"), "iiswsgi # the gateway\r\n");
        assert_eq!(requirement("WFastCGI\n"), "iiswsgi\n");
        assert_eq!(requirement("flask>=3\n"), "flask>=3\n");
        assert_eq!(requirement("wfastcgi-extra==1\n"), "wfastcgi-extra==1\n");
    }
}
