//! The reading of a project: every source in its turn, and what they make together.

use std::path::Path;

use super::candidates::Candidates;
use super::draft::Draft;
use super::inspector::{self, Answer, Request};
use super::layout::Layout;
use super::setup_cfg::{self, SetupCfg};
use super::toml_document::TomlFile;
use super::version::{self, Version};
use super::{
    Error, Metadata, Project, ReadOptions, detect, is_valid_name, is_valid_version, names, pkg_info, poetry,
    pyproject, requirements, setup_py,
};
use crate::error::{Location, shown};
use crate::event::{Message, Severity};
use crate::files;
use crate::process::Runner;

/// Reads the project in the folder `root`.
///
/// Sources by rank: `pyproject.toml` (`[project]`, then `[tool.poetry]`), `setup.py`, `setup.cfg`, `PKG-INFO`. Where
/// `[project]` stands it has the say alone, but for what its `dynamic` lists (PEP 621) and for the original's extra
/// keywords. `setup.py` comes before `setup.cfg` because setuptools has it so.
///
/// # Errors
/// A file is malformed or cannot be read, a value has the wrong type, or name or version cannot be told and are not
/// given by the options. That no entry point is found is no error here: [`EntryPoints::choose`](super::EntryPoints::choose)
/// says so.
pub fn read(root: &Path, options: &ReadOptions, runner: &dyn Runner) -> Result<Project, Error> {
    let mut layout = Layout::of(root)?;
    let mut messages = Vec::new();
    let (mut draft, version) = match &layout.pyproject {
        Some(name) => read_pyproject(root, name, &mut layout.build_system, options)?,
        None => (Draft::default(), Version::Unsaid),
    };
    if let Version::Found(text, place) = &version {
        draft.text("version", text.clone(), place.clone());
    }
    let candidates = Candidates::of(root)?;
    let answer = ask_python(root, &layout, &candidates, options, runner, &mut messages)?;
    if let (Some(name), Some(setup)) = (&layout.setup_py, &answer.setup) {
        let script = setup_py::read(&root.join(name), setup)?;
        report_unknown(&script, setup.line, &root.join(name), &mut messages);
        draft.complete_with(script);
    }
    let declared = match &layout.setup_cfg {
        Some(name) => setup_cfg::read(root, &root.join(name))?,
        None => SetupCfg::default(),
    };
    for (file, place) in declared.missing {
        let text = format!("`{file}` is named but not there");
        messages.push(Message::new(Severity::Warning, text).with_location(place));
    }
    draft.complete_with(declared.draft);
    if let Some(name) = &layout.pkg_info {
        let path = root.join(name);
        draft.complete_with(pkg_info::read(&path, &String::from_utf8_lossy(&files::read(&path)?)));
    }
    let without_python = options.python.is_none();
    let tested = declared.commands.test_config_file.as_deref();
    let entry_points = detect::entry_points(root, &layout, &candidates, &answer, tested, without_python)?;
    let metadata = named_and_versioned(root, draft, version, &layout, options, &mut messages)?;
    let requirements = requirements::arguments(&layout, &metadata.dependencies);
    Ok(Project {
        root: root.to_owned(),
        metadata,
        entry_points,
        layout,
        requirements,
        commands: declared.commands,
        messages,
    })
}

/// What `pyproject.toml` says, and its dynamic version.
fn read_pyproject(
    root: &Path,
    name: &str,
    build_system: &mut bool,
    options: &ReadOptions,
) -> Result<(Draft, Version), Error> {
    let file = TomlFile::read(&root.join(name))?;
    let document = file.parse()?;
    let table = file.table(&document);
    *build_system = table.get("build-system").is_some();
    let mut draft = Draft::default();
    let mut version = Version::Unsaid;
    let project = pyproject::read(root, table)?;
    let has_project = project.is_some();
    if let Some(project) = project {
        let leaves_version = project.leaves.as_ref().is_some_and(|leaves| leaves.contains("version"));
        if leaves_version && options.version.is_none() {
            version = version::dynamic(root, table, &options.environment)?;
        }
        draft = project;
    }
    if let Some(poetry) = poetry::read(root, table)? {
        draft.complete_with(poetry);
        // Poetry reads no other file.
        if !has_project {
            draft.leaves = Some(std::collections::BTreeSet::new());
        }
    }
    Ok((draft, version))
}

/// Python's answer about `setup.py` and the modules; empty, with a message where it matters, without a Python.
fn ask_python(
    root: &Path,
    layout: &Layout,
    candidates: &Candidates,
    options: &ReadOptions,
    runner: &dyn Runner,
    messages: &mut Vec<Message>,
) -> Result<Answer, Error> {
    let Some(python) = &options.python else {
        if let Some(name) = &layout.setup_py {
            let text = format!("No Python was found, so that `{name}` was not read");
            let message =
                Message::new(Severity::Warning, text).with_location(Location::file(root.join(name)));
            messages.push(message.with_hint("Install Python 3.9 or later."));
        }
        return Ok(Answer::default());
    };
    if layout.setup_py.is_none() && candidates.modules.is_empty() && candidates.django.is_empty() {
        return Ok(Answer::default());
    }
    // Absolute, because the program starts elsewhere; not canonical, because Python cannot use Windows' form of that.
    let absolute = std::path::absolute(root).map_err(|source| Error::folder(root, source))?;
    let request = Request {
        root: &absolute,
        setup_py: layout.setup_py.as_deref(),
        run_setup_py: options.allow_setup_py,
        modules: &candidates.modules,
        django: &candidates.django,
    };
    inspector::ask(python, &request, options.timeout, runner)
}

/// Says which keywords of `setup()` could not be told; name and version are an error later when nobody else has them.
fn report_unknown(script: &Draft, line: usize, path: &Path, messages: &mut Vec<Message>) {
    if line == 0 && script.get("name").is_none() && script.unknown.is_empty() {
        let text = "No `setup()` call was found";
        messages.push(Message::new(Severity::Warning, text).with_location(Location::file(path)));
    }
    for (field, (expression, place)) in &script.unknown {
        if !matches!(*field, "name" | "version") {
            let text = format!("`{field}` cannot be told without running `setup.py`: `{expression}`");
            let message = Message::new(Severity::Info, text).with_location(place.clone());
            messages.push(message.with_hint("`--allow-setup-py` runs it."));
        }
    }
}

/// Name and version: the user's, the metadata's, the folder's. Says what is missing or not well-formed.
fn named_and_versioned(
    root: &Path,
    draft: Draft,
    version: Version,
    layout: &Layout,
    options: &ReadOptions,
    messages: &mut Vec<Message>,
) -> Result<Metadata, Error> {
    let unknown = draft.unknown.clone();
    let mut metadata = draft.into_metadata();
    let has_sources = layout.pyproject.is_some() || layout.setup_py.is_some() || layout.setup_cfg.is_some();
    if let Some(name) = &options.name {
        metadata.name.clone_from(name);
        metadata.places.remove("name");
    } else if metadata.name.is_empty() {
        if let Some((expression, place)) = unknown.get("name") {
            return Err(cannot_tell("name", expression, place));
        }
        metadata.name = names::name_from_folder(root);
        let text =
            format!("No metadata names the project: the name is `{}`, after its folder", metadata.name);
        messages.push(Message::new(Severity::Info, text));
    }
    if let Some(given) = &options.version {
        metadata.version.clone_from(given);
        metadata.places.remove("version");
    } else if metadata.version.is_empty() {
        if let Some(pretended) = version::pretended(&metadata.name, &options.environment) {
            metadata.version = pretended;
        } else if let Version::Unknown(found, place) = version {
            return Err(cannot_tell("version", &found, &place));
        } else if let Some((expression, place)) = unknown.get("version") {
            return Err(cannot_tell("version", expression, place));
        } else {
            metadata.version = "0.0.0".into();
            let severity = if has_sources { Severity::Warning } else { Severity::Info };
            messages.push(Message::new(severity, "No metadata gives a version: it is `0.0.0`"));
        }
    }
    check_forms(&metadata, root, messages);
    Ok(metadata)
}

fn cannot_tell(field: &'static str, found: &str, place: &Location) -> Error {
    let script = place.path.file_name().is_some_and(|name| name == "setup.py");
    let scm = ["scm", "vcs", "pbr", "git", "versioneer"].iter().any(|tool| found.contains(tool));
    let mut hint = format!("Set `{field}` in iiswsgi.yml");
    if script && !scm {
        hint += ", or allow `setup.py` to be run with `--allow-setup-py`";
    }
    if scm {
        hint += ", set the environment variable `SETUPTOOLS_SCM_PRETEND_VERSION`, or start from a source \
                 distribution, whose `PKG-INFO` has it";
    }
    Error::Unknown { field, found: found.to_owned(), place: place.clone(), hint: hint + "." }
}

/// Warns of a name or version that package indexes would refuse; Web Deploy does not mind.
fn check_forms(metadata: &Metadata, root: &Path, messages: &mut Vec<Message>) {
    let place = |field: &str| metadata.places.get(field).cloned().unwrap_or_else(|| Location::file(root));
    if !is_valid_name(&metadata.name) {
        let text = format!("`{}` is not a name that package indexes take", shown(Path::new(&metadata.name)));
        messages.push(Message::new(Severity::Warning, text).with_location(place("name")));
    }
    if !is_valid_version(&metadata.version) {
        let text = format!("`{}` is not a version of PEP 440", metadata.version);
        messages.push(Message::new(Severity::Warning, text).with_location(place("version")));
    }
}
