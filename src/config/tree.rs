//! A configuration before it has types: scalars, lists and mappings, each with the place that it came from.
//!
//! YAML, TOML, environment variables and flags all become this tree, so that one deserializer (`deserialize`) and one
//! set of messages serves them all, and so that every value can say where it was set. It reads no file.

use std::fmt;
use std::path::PathBuf;

use crate::error::Location;

/// Where a value was set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Origin {
    /// Nobody set it: the default, or what was found in the project.
    #[default]
    Default,
    /// A line of a configuration file.
    File(Location),
    /// An environment variable of this name.
    Environment(String),
    /// A flag of the command line, as the user writes it (`--app`).
    Flag(String),
}

impl Origin {
    /// The place in a file, for values that came from one.
    pub fn location(&self) -> Option<&Location> {
        match self {
            Self::File(location) => Some(location),
            Self::Default | Self::Environment(_) | Self::Flag(_) => None,
        }
    }

    /// A line and a column of a file.
    pub(super) fn at(path: impl Into<PathBuf>, line: usize, column: usize) -> Self {
        Self::File(Location::at(path, line, column))
    }
}

impl fmt::Display for Origin {
    /// `iiswsgi.yml:3`, ``environment `IISWSGI_APP` ``, ``flag `--app` `` or `default`. Columns are left out: a line is
    /// enough to find a setting.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(location) => {
                write!(f, "{}", Location { column: 0, ..location.clone() })
            }
            Self::Environment(name) => write!(f, "environment `{name}`"),
            Self::Flag(flag) => write!(f, "flag `{flag}`"),
        }
    }
}

/// A number as it was written and as it was read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Number {
    /// As written: `3.10` stays `3.10` where a text is wanted.
    pub text: String,
    /// Its value.
    pub value: NumberValue,
}

/// The value of a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum NumberValue {
    Integer(i64),
    Float(f64),
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// Nothing: `key:` in YAML.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(String),
    /// A scalar of an environment variable or a flag, whose type is what the setting wants.
    Untyped(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order of the file.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Key {
    /// Its name.
    pub name: String,
    /// Where it is written.
    pub origin: Origin,
}

/// A value and where it was set.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    /// The value.
    pub value: Value,
    /// Where it was set.
    pub origin: Origin,
}

impl Node {
    /// A mapping without entries.
    pub(super) fn empty(origin: Origin) -> Self {
        Self { value: Value::Map(Vec::new()), origin }
    }

    /// A scalar of an environment variable or a flag.
    pub(super) fn untyped(text: &str, origin: Origin) -> Self {
        Self { value: Value::Untyped(text.to_owned()), origin }
    }

    /// The node at a path of keys and indexes: `fastcgi.idle-timeout`, `test.requests[0].path`.
    pub(super) fn get(&self, path: &str) -> Option<&Self> {
        let parts = path.split(['.', '[']).filter(|part| !part.is_empty());
        parts.map(|part| part.trim_end_matches(']')).try_fold(self, |node, part| match &node.value {
            Value::Map(entries) => entries.iter().find(|(key, _)| key.name == part).map(|(_, node)| node),
            Value::List(items) => items.get(part.parse::<usize>().ok()?),
            _ => None,
        })
    }

    /// Sets the node at a path of keys and makes the mappings on the way.
    ///
    /// A scalar on the way is the short form of a mapping with an `enabled` (`vendor: true`) and becomes the long one.
    pub(super) fn set(&mut self, path: &[&str], node: Self) {
        let [name, rest @ ..] = path else {
            *self = node;
            return;
        };
        if matches!(self.value, Value::List(_)) {
            // A list where a mapping belongs is told when the tree gets its types.
            return;
        }
        if !matches!(self.value, Value::Map(_)) {
            let scalar = std::mem::replace(self, Self::empty(self.origin.clone()));
            if scalar.value != Value::Null {
                self.set(&["enabled"], scalar);
            }
        }
        let Value::Map(entries) = &mut self.value else { return };
        let index = entries.iter().position(|(key, _)| key.name == *name).unwrap_or_else(|| {
            let key = Key { name: (*name).to_owned(), origin: node.origin.clone() };
            entries.push((key, Self::empty(node.origin.clone())));
            entries.len() - 1
        });
        entries[index].1.set(rest, node);
    }

    /// The scalar as text, on one line, as `plan` shows it; None for lists and mappings.
    fn scalar(&self) -> Option<String> {
        match &self.value {
            Value::Null => Some("nothing".to_owned()),
            Value::Bool(value) => Some(value.to_string()),
            Value::Number(number) => Some(number.text.clone()),
            Value::Text(text) | Value::Untyped(text) => Some(text.replace('\n', "\\n")),
            Value::List(_) | Value::Map(_) => None,
        }
    }

    /// All scalars below this node with their paths (`hooks.pre-build[0]`), in the order of the file.
    pub(super) fn scalars(&self) -> Vec<(String, String, &Origin)> {
        let mut found = Vec::new();
        self.collect(String::new(), &mut found);
        found
    }

    fn collect<'a>(&'a self, path: String, into: &mut Vec<(String, String, &'a Origin)>) {
        match &self.value {
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.collect(format!("{path}[{index}]"), into);
                }
            }
            Value::Map(entries) => {
                for (key, node) in entries {
                    let name = &key.name;
                    node.collect(if path.is_empty() { name.clone() } else { format!("{path}.{name}") }, into);
                }
            }
            _ => into.extend(self.scalar().map(|text| (path, text, &self.origin))),
        }
    }
}

#[cfg(test)]
impl Node {
    /// The paths of all keys, without the indexes of lists.
    pub(super) fn keys(&self) -> std::collections::BTreeSet<String> {
        fn walk(node: &Node, path: &str, into: &mut std::collections::BTreeSet<String>) {
            match &node.value {
                Value::List(items) => items.iter().for_each(|item| walk(item, path, into)),
                Value::Map(entries) => {
                    for (key, below) in entries {
                        let path =
                            if path.is_empty() { key.name.clone() } else { format!("{path}.{}", key.name) };
                        walk(below, &path, into);
                        into.insert(path);
                    }
                }
                _ => {}
            }
        }

        let mut keys = std::collections::BTreeSet::new();
        walk(self, "", &mut keys);
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flag(text: &str) -> Node {
        Node::untyped(text, Origin::Flag("--x".into()))
    }

    #[test]
    fn a_set_value_is_found_under_its_path() {
        let mut tree = Node::empty(Origin::Default);
        tree.set(&["fastcgi", "idle-timeout"], flag("60"));
        tree.set(&["fastcgi", "protocol"], flag("Tcp"));
        tree.set(&["fastcgi", "idle-timeout"], flag("90"));
        assert_eq!(tree.get("fastcgi.idle-timeout"), Some(&flag("90")));
        assert_eq!(tree.get("fastcgi.protocol"), Some(&flag("Tcp")));
        assert_eq!(tree.get("fastcgi.other"), None);
        assert_eq!(tree.get("fastcgi.protocol.below"), None);
    }

    #[test]
    fn a_scalar_on_the_way_becomes_enabled() {
        let mut tree = Node::empty(Origin::Default);
        tree.set(&["vendor"], Node { value: Value::Bool(true), origin: Origin::Default });
        tree.set(&["vendor", "python"], flag("3.11"));
        let paths: Vec<String> = tree.scalars().into_iter().map(|(path, ..)| path).collect();
        assert_eq!(paths, ["vendor.enabled", "vendor.python"]);
    }

    #[test]
    fn an_origin_reads_as_the_user_would_say_it() {
        assert_eq!(Origin::at("iiswsgi.yml", 3, 6).to_string(), "iiswsgi.yml:3");
        assert_eq!(Origin::Environment("IISWSGI_APP".into()).to_string(), "environment `IISWSGI_APP`");
        assert_eq!(Origin::Flag("--app".into()).to_string(), "flag `--app`");
    }
}
