//! The command lines that start a bootstrap: ours, and the original's `iiswsgi_install.exe`.

use crate::iis::{ApplicationPath, InvalidApplicationPath};
use crate::package::parameters::APPLICATION_PATH_PLACEHOLDER;
use crate::process::command_line;

/// What a bootstrap was asked to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Command {
    /// The application to set up (`--app-path`).
    pub application: Option<ApplicationPath>,
    /// The distribution's name, for the search by stamp (`-a`, `--app`).
    pub name: Option<String>,
    /// Whether an application without a stamp is set up too (`-i`).
    pub ignore_stamp: bool,
    /// Whether a virtual environment was asked for (`-e`). The original installs into its own Python otherwise.
    pub virtual_environment: bool,
    /// The original's bootstrap script for the virtual environment. Nothing of ours runs it.
    pub script: Option<String>,
    /// The distutils commands to run in place of the original's `install_msdeploy test_msdeploy`.
    pub setup_commands: Vec<String>,
    /// Whether it is the original's command.
    pub original: bool,
}

/// Why a command line that starts a bootstrap cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCommand {
    /// An option needs a value.
    #[error("option `{0}` needs a value")]
    NoValue(String),
    /// There is no such option.
    #[error("unknown option `{0}`")]
    Unknown(String),
    /// The application path is none.
    #[error(transparent)]
    Application(#[from] InvalidApplicationPath),
}

impl Command {
    /// Reads the `path` of a `runCommand`. None when it starts something else.
    ///
    /// Known are `iiswsgi bootstrap …`, `python -m iiswsgi bootstrap …` and `iiswsgi_install …`, each with or without a
    /// folder and `.exe`, in a `cmd /c` or not.
    ///
    /// # Errors
    /// It is a bootstrap, but its options are wrong.
    pub fn read(text: &str) -> Result<Option<Self>, InvalidCommand> {
        let words = command_line::split(text);
        let mut words = words.as_slice();
        if let [shell, flag, rest @ ..] = words
            && program_name(shell) == "cmd"
            && flag.eq_ignore_ascii_case("/c")
        {
            words = rest;
            // The whole command in one pair of quotes.
            if let [one] = words
                && one.contains(' ')
            {
                return Self::read(one);
            }
        }
        let Some((program, arguments)) = words.split_first() else { return Ok(None) };
        match (program_name(program).as_str(), arguments) {
            ("iiswsgi_install" | "iiswsgi_install-script.py", arguments) => {
                Self { original: true, ..Self::default() }.options(arguments).map(Some)
            }
            ("iiswsgi", [bootstrap, arguments @ ..]) if bootstrap == "bootstrap" => {
                Self::default().options(arguments).map(Some)
            }
            (python, arguments) if python.starts_with("python") || python == "py" => {
                let flags =
                    arguments.iter().take_while(|word| word.starts_with('-') && *word != "-m").count();
                match &arguments[flags..] {
                    [m, module, bootstrap, rest @ ..]
                        if m == "-m" && module == "iiswsgi" && bootstrap == "bootstrap" =>
                    {
                        Self::default().options(rest).map(Some)
                    }
                    [script, rest @ ..] if program_name(script) == "iiswsgi_install-script.py" => {
                        Self { original: true, ..Self::default() }.options(rest).map(Some)
                    }
                    _ => Ok(None),
                }
            }
            _ => Ok(None),
        }
    }

    /// Reads options and setup commands, in any order as the original's parser takes them.
    ///
    /// # Errors
    /// An option is unknown or has no value.
    pub fn options(mut self, arguments: &[String]) -> Result<Self, InvalidCommand> {
        let mut words = arguments.iter().peekable();
        while let Some(word) = words.next() {
            let (option, mut inline) = match word.split_once('=') {
                Some((option, value)) if option.starts_with("--") => (option, Some(value.to_owned())),
                _ => (word.as_str(), None),
            };
            let mut value = || {
                inline
                    .take()
                    .or_else(|| words.next().cloned())
                    .ok_or(InvalidCommand::NoValue(option.to_owned()))
            };
            match option {
                "-a" | "--app-name" | "--app" => self.name = Some(value()?),
                "--app-path" => {
                    let path = value()?;
                    // A package that was installed without its parameters: the search is left.
                    self.application =
                        if path == APPLICATION_PATH_PLACEHOLDER { None } else { Some(path.parse()?) };
                }
                "-i" | "--ignore-stamp" => self.ignore_stamp = true,
                "-e" | "--virtualenv" => {
                    self.virtual_environment = true;
                    // The next word is the script, whatever it is: so the original's parser has it.
                    let script =
                        inline.take().or_else(|| words.next_if(|next| !next.starts_with('-')).cloned());
                    self.script = script.or(self.script);
                }
                "--verbose" | "-q" | "--quiet" => {}
                flags if flags.starts_with("-v") && flags[1..].chars().all(|c| c == 'v') => {}
                flags if is_group(flags) => {
                    let apart: Vec<String> = flags[1..].chars().map(|flag| format!("-{flag}")).collect();
                    self = self.options(&apart)?;
                }
                // The original hands what it does not know to `setup.py`.
                unknown if unknown.starts_with('-') && !self.original => {
                    return Err(InvalidCommand::Unknown(unknown.to_owned()));
                }
                _ => self.setup_commands.push(word.clone()),
            }
        }
        Ok(self)
    }
}

/// Several flags in one word, as `-vei`.
fn is_group(word: &str) -> bool {
    word.len() > 2 && word.starts_with('-') && word[1..].chars().all(|flag| "veiq".contains(flag))
}

/// The file name of a program in lower case, without its folder and `.exe`.
fn program_name(program: &str) -> String {
    let file = program.rsplit(['/', '\\']).next().unwrap_or(program).to_lowercase();
    file.strip_suffix(".exe").unwrap_or(&file).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Command {
        Command::read(text).unwrap().unwrap()
    }

    #[test]
    fn reads_the_originals_commands() {
        let command = read(
            r"%SystemDrive%\Python27\Scripts\iiswsgi_install.exe -v -e -a PyramidIISApp install_pyramid",
        );
        assert_eq!(
            command,
            Command {
                name: Some("PyramidIISApp".into()),
                virtual_environment: true,
                setup_commands: vec!["install_pyramid".into()],
                original: true,
                ..Command::default()
            }
        );
        let command = read(r#""C:\Program Files\iiswsgi_install.exe" -vv --app-name=Sample -i"#);
        assert_eq!((command.name.as_deref(), command.ignore_stamp), (Some("Sample"), true));
        assert!(!command.virtual_environment && command.setup_commands.is_empty());
    }

    #[test]
    fn a_word_after_the_virtual_environment_is_its_script_as_in_the_original() {
        assert_eq!(read("iiswsgi_install -e foo bar").script.as_deref(), Some("foo"));
        assert!(read("iiswsgi_install -vei").virtual_environment);
    }

    #[test]
    fn reads_our_own_commands() {
        for text in [
            r#"iiswsgi bootstrap --app-path "Default Web Site/hello""#,
            r#"C:\x\iiswsgi.exe bootstrap --app-path="Default Web Site/hello""#,
            r#"python.exe -u -m iiswsgi bootstrap --app-path "Default Web Site/hello""#,
            r#"cmd.exe /c iiswsgi bootstrap --app-path "Default Web Site/hello""#,
        ] {
            let command = read(text);
            assert_eq!(command.application, Some("Default Web Site/hello".parse().unwrap()), "{text}");
            assert!(!command.original);
        }
    }

    #[test]
    fn other_commands_are_none_of_ours() {
        for text in [
            "",
            "iiswsgi serve x",
            "net stop msdepsvc && net start msdepsvc",
            "python.exe x.py",
            "cmd /c dir",
        ] {
            assert_eq!(Command::read(text), Ok(None), "{text}");
        }
    }

    #[test]
    fn wrong_options_are_named() {
        assert_eq!(Command::read("iiswsgi bootstrap --nope"), Err(InvalidCommand::Unknown("--nope".into())));
        assert_eq!(Command::read("iiswsgi_install -a"), Err(InvalidCommand::NoValue("-a".into())));
        assert!(matches!(
            Command::read("iiswsgi bootstrap --app-path /"),
            Err(InvalidCommand::Application(_))
        ));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(iiswsgi_install |iiswsgi bootstrap |)[ -~é\"]*") {
            let _ = Command::read(&text);
        }
    }
}
