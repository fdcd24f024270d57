//! From files, environment and flags to one resolved configuration.
//!
//! Flags stand over the environment, the environment over the file, the file over the defaults. All of them become one
//! tree before it gets types, so that a wrong flag gets the same message as a wrong line, with its own name.

use std::ops::Deref;
use std::path::{Path, PathBuf};

use super::environment::{Environment, SOURCE_DATE_EPOCH, setting_names};
use super::error::{Error, SettingError};
use super::file::FileConfig;
use super::tree::{Node, Origin, Value};
use super::{deserialize, read, validate};
use crate::error::{Location, shown};
use crate::files;

/// The names of the configuration file, in the order in which they are looked for.
pub const FILE_NAMES: [&str; 2] = ["iiswsgi.yml", "iiswsgi.yaml"];

/// The project file whose table `[tool.iiswsgi]` configures as well.
pub const PYPROJECT: &str = "pyproject.toml";

/// The largest configuration file, in bytes: far more than anybody writes by hand.
const MAX_SIZE: u64 = 4 * 1024 * 1024;

/// What the command line says about settings.
#[derive(Debug, Clone, Default)]
pub struct Overrides(Vec<(Vec<String>, Node)>);

impl Overrides {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a key with a single value (`fastcgi.idle-timeout`) from a flag, which is named as the user writes it.
    pub fn set(&mut self, key: &str, flag: &str, value: impl AsRef<str>) -> &mut Self {
        self.push(key.split('.'), Node::untyped(value.as_ref(), Origin::Flag(flag.to_owned())))
    }

    /// Sets a key with a single value when there is one.
    pub fn set_optional(&mut self, key: &str, flag: &str, value: Option<impl AsRef<str>>) -> &mut Self {
        if let Some(value) = value {
            self.set(key, flag, value);
        }
        self
    }

    /// Sets a boolean key when the flag was given.
    pub fn set_flag(&mut self, key: &str, flag: &str, given: bool) -> &mut Self {
        if given {
            self.set(key, flag, "true");
        }
        self
    }

    /// Sets a key with a list, unless there is nothing in it.
    pub fn set_list<T: AsRef<str>>(
        &mut self,
        key: &str,
        flag: &str,
        values: impl IntoIterator<Item = T>,
    ) -> &mut Self {
        let origin = Origin::Flag(flag.to_owned());
        let items: Vec<Node> =
            values.into_iter().map(|value| Node::untyped(value.as_ref(), origin.clone())).collect();
        if items.is_empty() {
            self
        } else {
            self.push(key.split('.'), Node { value: Value::List(items), origin })
        }
    }

    /// Sets one entry of a key with a mapping: `define` and `NAME` to `VALUE`.
    pub fn set_entry(&mut self, key: &str, flag: &str, name: &str, value: &str) -> &mut Self {
        let node = Node::untyped(value, Origin::Flag(flag.to_owned()));
        self.push(key.split('.').chain([name]), node)
    }

    fn push<'a>(&mut self, path: impl Iterator<Item = &'a str>, node: Node) -> &mut Self {
        self.0.push((path.map(str::to_owned).collect(), node));
        self
    }
}

/// A resolved configuration: the settings with everything applied, and where each came from.
#[derive(Debug, Clone)]
pub struct Config {
    /// The project's folder.
    pub root: PathBuf,
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
    settings: FileConfig,
    tree: Node,
}

impl Deref for Config {
    type Target = FileConfig;

    fn deref(&self) -> &FileConfig {
        &self.settings
    }
}

/// One value that somebody set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its key: `fastcgi.idle-timeout`, `requirements[0]`.
    pub key: String,
    /// Its value on one line.
    pub value: String,
    /// Who set it.
    pub origin: Origin,
}

impl std::fmt::Display for Setting {
    /// `app: wsgi:application (iiswsgi.yml:3)`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} ({})", self.key, self.value, self.origin)
    }
}

impl Config {
    /// The pip requirement of the gateway: what was set, else this program's own version.
    pub fn gateway(&self) -> &str {
        self.settings.gateway.as_deref().unwrap_or(concat!("iiswsgi==", env!("CARGO_PKG_VERSION")))
    }

    /// Everything that somebody set, in the order of the file.
    pub fn set(&self) -> Vec<Setting> {
        let own =
            |(key, value, origin): (String, String, &Origin)| Setting { key, value, origin: origin.clone() };
        self.tree.scalars().into_iter().map(own).collect()
    }

    /// Who set a key (`fastcgi.idle-timeout`, `test.requests[0].path`).
    pub fn origin(&self, key: &str) -> Origin {
        self.tree.get(key).map(|node| node.origin.clone()).unwrap_or_default()
    }

    /// The place of a key in the file, for messages about its value.
    pub fn location(&self, key: &str) -> Option<Location> {
        self.origin(key).location().cloned()
    }

    /// An absolute or project-relative path of the configuration, seen from the current folder.
    pub fn path(&self, path: &Path) -> PathBuf {
        self.root.join(path)
    }
}

/// Reads the configuration of a project: its files unless `file` names another, then environment and flags.
///
/// # Errors
/// A file cannot be read, is malformed, or a setting has a key or value that it cannot have.
pub fn load(
    root: &Path,
    file: Option<&Path>,
    environment: &Environment,
    overrides: &Overrides,
) -> Result<Config, Error> {
    let found = match file {
        Some(file) => Some((file.to_owned(), named(file)?)),
        None => find(root)?,
    };
    let (file, mut tree) = match found {
        Some((file, tree)) => (Some(file), tree),
        None => (None, Node::empty(Origin::Default)),
    };
    apply(&mut tree, environment, overrides);
    let settings = read_settings(&tree)?;
    Ok(Config { root: root.to_owned(), file, settings, tree })
}

/// Gives the tree its types and checks what types cannot say.
pub(super) fn read_settings(tree: &Node) -> Result<FileConfig, Error> {
    let settings: FileConfig = deserialize::from_tree(tree).map_err(|error| setting(error, tree))?;
    validate::check(&settings).map_err(|error| setting(error, tree))?;
    Ok(settings)
}

/// An error with its place: the nearest node on its path that has one.
fn setting(mut error: SettingError, tree: &Node) -> Error {
    let mut path = error.path.clone();
    while error.origin == Origin::Default && !path.is_empty() {
        error.origin = tree.get(&path.join(".")).map(|node| node.origin.clone()).unwrap_or_default();
        path.pop();
    }
    Error::Setting(Box::new(error))
}

/// Lays environment and flags over the file.
fn apply(tree: &mut Node, environment: &Environment, overrides: &Overrides) {
    if !matches!(tree.value, Value::Map(_) | Value::Null) {
        // There is nothing to lay it over; the message is about the file then.
        return;
    }
    let mut set = |key: &str, variable: &str| {
        if let Some(value) = environment.get(variable) {
            let path: Vec<&str> = key.split('.').collect();
            tree.set(&path, Node::untyped(value, Origin::Environment(variable.to_owned())));
        }
    };
    set("package.source-date-epoch", SOURCE_DATE_EPOCH);
    for (key, variable) in setting_names() {
        set(key, &variable);
    }
    for (path, node) in &overrides.0 {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        tree.set(&path, node.clone());
    }
}

/// Finds and reads the one file that configures a folder.
fn find(root: &Path) -> Result<Option<(PathBuf, Node)>, Error> {
    let root = if root == Path::new(".") { Path::new("") } else { root };
    let mut found: Option<(PathBuf, Node)> = None;
    for path in FILE_NAMES.map(|name| root.join(name)) {
        let Some(text) = text(&path)? else { continue };
        if let Some((first, _)) = found {
            let second = format!("`{}`", shown(&path));
            return Err(Error::TwoFiles { first, second, location: Location::file(path) });
        }
        let tree = read::yaml(&path, &text)?;
        found = Some((path, tree));
    }
    let path = root.join(PYPROJECT);
    let table = match text(&path)? {
        Some(text) => read::pyproject(&path, &text)?,
        None => None,
    };
    match (found, table) {
        (Some((first, _)), Some(table)) => Err(Error::TwoFiles {
            first,
            second: format!("`[tool.iiswsgi]` in `{}`", shown(&path)),
            location: table.origin.location().cloned().unwrap_or_default(),
        }),
        (None, Some(table)) => Ok(Some((path, table))),
        (found, None) => Ok(found),
    }
}

/// Reads the file that `--config` names: a TOML file has the table `[tool.iiswsgi]`, anything else is YAML.
fn named(path: &Path) -> Result<Node, Error> {
    let text = text(path)?.ok_or_else(|| Error::Missing { path: path.to_owned() })?;
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml")) {
        return Ok(read::pyproject(path, &text)?.unwrap_or_else(|| Node::empty(Origin::Default)));
    }
    read::yaml(path, &text)
}

/// The text of a file; None when there is no such file. A byte order mark is not part of it.
fn text(path: &Path) -> Result<Option<String>, Error> {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.len() > MAX_SIZE => {
            Err(Error::TooLarge { path: path.to_owned(), size: metadata.len(), limit: MAX_SIZE })
        }
        Ok(_) => Ok(Some(files::read_text(path)?)),
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(files::Error::Read { path: path.to_owned(), source }.into()),
    }
}

/// Reads a configuration from a YAML text, as if it were the file of a folder; for tests and `init`.
///
/// # Errors
/// The text is no YAML, or a setting has a key or value that it cannot have.
pub fn from_yaml(path: &Path, text: &str) -> Result<FileConfig, Error> {
    read_settings(&read::yaml(path, text)?)
}
