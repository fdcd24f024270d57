//! Parameters that the build makes itself: the application's path, and entries from the user's configuration.

use super::{EntryKind, Parameter, ParameterEntry, Parameters};
use crate::package::dotnet_regex::escape;

/// The name that Visual Studio gives to the parameter with the application's path. Azure's deployment tasks know no other.
pub const APPLICATION_PARAMETER: &str = "IIS Web Application Name";

/// The name of the hidden parameter whose value is the command that sets the application up on the server.
pub const COMMAND_PARAMETER: &str = "iiswsgi Bootstrap Command";

/// What stands in a generated runCommand in the place of the application's path until the package is installed.
pub const APPLICATION_PATH_PLACEHOLDER: &str = "__iiswsgi_application_path__";

/// What the generated application parameter is made of.
#[derive(Debug, Clone, Copy)]
pub struct ApplicationPath<'a> {
    /// The folder in the package: the path of the manifest's `iisApp`.
    pub folder: &'a str,
    /// Where the application goes when nobody says otherwise, such as `Default Web Site/NAME`.
    pub default: &'a str,
    /// The paths of the manifest's runCommands. Those that hold [`APPLICATION_PATH_PLACEHOLDER`] are told the
    /// application's path.
    pub commands: &'a [&'a str],
}

impl ApplicationPath<'_> {
    /// The parameters: [`APPLICATION_PARAMETER`], and a hidden one for each command with the placeholder.
    ///
    /// A `ProviderPath` entry replaces the whole path of a provider, not only what its match finds. So the command cannot be
    /// filled by the application parameter itself: the hidden parameter's default is the whole command with the
    /// application parameter named in it, and its match covers the whole path, which is right under either reading.
    pub fn parameters(&self) -> Vec<Parameter> {
        let application = Parameter {
            description: Some(format!(
                "Full site path where you want to install the application (for example, {}).",
                self.default
            )),
            default_value: Some(self.default.to_owned()),
            tags: vec!["IisApp".to_owned()],
            entries: vec![ParameterEntry::new(
                EntryKind::ProviderPath,
                "^iisApp$",
                format!("^{}$", escape(self.folder)),
            )],
            ..Parameter::new(APPLICATION_PARAMETER)
        };
        std::iter::once(application).chain(self.command_parameters(APPLICATION_PARAMETER)).collect()
    }

    /// The hidden parameters that tell the commands the value of the parameter with the application's path.
    pub fn command_parameters(&self, application: &str) -> Vec<Parameter> {
        let commands: Vec<&str> = self
            .commands
            .iter()
            .copied()
            .filter(|command| command.contains(APPLICATION_PATH_PLACEHOLDER))
            .collect();
        let alone = commands.len() == 1;
        let hidden = commands.iter().enumerate().map(|(at, command)| {
            let name = if at == 0 {
                COMMAND_PARAMETER.to_owned()
            } else {
                format!("{COMMAND_PARAMETER} {}", at + 1)
            };
            // One command is found by the placeholder, so that it is found even where Web Deploy has expanded
            // environment variables in it.
            let matching = if alone {
                format!("^.*{}.*$", escape(APPLICATION_PATH_PLACEHOLDER))
            } else {
                format!("^{}$", escape(command))
            };
            Parameter {
                description: Some(
                    "Sets up the application on the server; made from the other parameters.".into(),
                ),
                default_value: Some(
                    command.replace(APPLICATION_PATH_PLACEHOLDER, &format!("{{{application}}}")),
                ),
                tags: vec!["Hidden".to_owned()],
                entries: vec![ParameterEntry::new(EntryKind::ProviderPath, "^runCommand$", matching)],
                ..Parameter::new(name)
            }
        });
        hidden.collect()
    }
}

impl Parameters {
    /// The parameters of a generated package: the application's path first, then those of the configuration. A parameter of
    /// the configuration with the name of a generated one takes its place.
    pub fn generated(application: &ApplicationPath<'_>, configured: &[Parameter]) -> Self {
        let mut parameters = application.parameters();
        for parameter in configured {
            let same = parameters
                .iter_mut()
                .find(|generated| generated.name.to_lowercase() == parameter.name.to_lowercase());
            match same {
                Some(generated) => *generated = parameter.clone(),
                None => parameters.push(parameter.clone()),
            }
        }
        Self { parameters }
    }
}

impl ParameterEntry {
    /// An entry of a kind, a scope and a match as they stand in the file.
    pub fn new(kind: EntryKind, scope: impl Into<String>, matching: impl Into<String>) -> Self {
        Self { kind, scope: scope.into(), matching: matching.into(), ..Self::default() }
    }

    /// The shorthand "fill this placeholder in this file": both are taken literally, the file is named by its last path
    /// parts with forward slashes or backslashes.
    pub fn placeholder(file: &str, placeholder: &str) -> Self {
        Self::new(EntryKind::TextFile, file_scope(file), escape(placeholder))
    }

    /// The shorthand "set this part of this XML file": the file is taken literally.
    pub fn xml_file(file: &str, xpath: &str) -> Self {
        Self::new(EntryKind::XmlFile, file_scope(file), xpath)
    }
}

/// The scope that stands for a file: its path at the end of a longer one, with backslashes.
pub fn file_scope(file: &str) -> String {
    let file = file.replace('/', "\\");
    format!("\\\\{}$", escape(file.trim_start_matches('\\')))
}
