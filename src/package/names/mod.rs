//! Names of files: how a project's name becomes one, and which ones Windows would refuse.
//!
//! [`OutputNames`] is the one place where a name and a version become file names. [`check`] looks at the names of a
//! package's entries as NTFS and the Win32 API will see them when the package is unpacked on a server, so that a
//! package that cannot be installed fails while it is built. Rules: "Naming Files, Paths, and Namespaces" of the
//! Windows documentation.

mod windows;

pub use windows::{LONG_PATH, Problem, check};

/// The names of the files that are made for one package, without a folder.
///
/// Letters, digits, `.`, `_` and `-` stay; every run of other characters becomes one `-`. A name of which nothing
/// is left becomes `package`, and one that Windows keeps for a device (`con`) gets a `_` before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputNames {
    /// `NAME-VERSION`, or `NAME` without a version.
    pub stem: String,
    /// The package: `NAME-VERSION.msdeploy.zip`.
    pub package: String,
    /// The values of its parameters, beside it: `NAME.SetParameters.xml`.
    pub set_parameters: String,
    /// The command that installs it, beside it: `NAME.deploy.cmd`.
    pub deploy_command: String,
    /// The feed: `NAME-VERSION.webpi.xml`.
    pub feed: String,
}

impl OutputNames {
    /// The file names for a name and a version as the project writes them.
    pub fn new(name: &str, version: &str) -> Self {
        let name = safe(name);
        let version: String = mapped(version);
        let stem = if version.is_empty() { name.clone() } else { format!("{name}-{version}") };
        Self {
            package: format!("{stem}.msdeploy.zip"),
            set_parameters: format!("{name}.SetParameters.xml"),
            deploy_command: format!("{name}.deploy.cmd"),
            feed: format!("{stem}.webpi.xml"),
            stem,
        }
    }
}

/// A file name with `{egg_name}` in it filled in: `NAME-VERSION`, each with `_` in the place of `-`, as setuptools begins
/// the names of eggs and as the 2012 iiswsgi began those of packages.
pub fn with_egg_name(template: &str, name: &str, version: &str) -> String {
    let part = |text: &str| mapped(text).replace('-', "_");
    template.replace("{egg_name}", &format!("{}-{}", part(name), part(version)))
}

/// One name as a file or folder name that every system takes, see [`OutputNames`].
pub fn safe(name: &str) -> String {
    let name = mapped(name);
    if name.is_empty() {
        return "package".to_owned();
    }
    if windows::is_device(&name) { format!("_{name}") } else { name }
}

/// Runs of foreign characters become one `-`; what stands at the ends only for them goes, and so do dots there.
fn mapped(text: &str) -> String {
    let mut mapped = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-') {
            mapped.push(character);
        } else if !mapped.ends_with('-') {
            mapped.push('-');
        }
    }
    mapped.trim_matches(['-', '.']).to_owned()
}

#[cfg(test)]
mod tests;
