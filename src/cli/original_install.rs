//! `iiswsgi_install`: the bootstrap under the name and with the options of the 2012 iiswsgi.
//!
//! The console script of the wheel calls it. What the options mean is in `iis::bootstrap::Command`.

use std::path::PathBuf;

use clap::Args;

use super::bootstrap::Server;
use super::session::Session;
use crate::error::{AnyFailure, ExitCode, Failure};
use crate::iis::bootstrap::{self, InvalidCommand};

/// Sets up an unpacked application, with the options of the original.
#[derive(Debug, Args)]
pub(super) struct OriginalInstall {
    /// `-a NAME`, `-i`, `-e [SCRIPT]`, setup commands; and `--application-host`, `--gateway` and `--python` as `bootstrap`
    /// has them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// The options are wrong.
#[derive(Debug, thiserror::Error)]
#[error("the options of `iiswsgi_install` are wrong")]
struct Wrong(#[from] InvalidCommand);

impl Failure for Wrong {
    fn hint(&self) -> Option<String> {
        Some("iiswsgi_install [-v] [-a NAME] [-i] [-e [SCRIPT]] [COMMAND of setup.py …]".into())
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

impl OriginalInstall {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode, AnyFailure> {
        let (server, rest) = split(self.arguments).map_err(Wrong)?;
        let command = bootstrap::Command { original: true, ..bootstrap::Command::default() };
        let command = command.options(&rest).map_err(Wrong)?;
        server.set_up(&command, session)
    }
}

/// The options that the original has not, and the others.
fn split(arguments: Vec<String>) -> Result<(Server, Vec<String>), InvalidCommand> {
    let (mut server, mut rest) = (Server::default(), Vec::new());
    let mut words = arguments.into_iter();
    while let Some(word) = words.next() {
        let (name, inline) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (word.as_str(), None),
        };
        if !["--application-host", "--gateway", "--python"].contains(&name) {
            rest.push(word);
            continue;
        }
        let value =
            inline.or_else(|| words.next()).ok_or_else(|| InvalidCommand::NoValue(name.to_owned()))?;
        match name {
            "--application-host" => server.application_host = Some(PathBuf::from(value)),
            "--gateway" => server.gateway = Some(value),
            _ => server.python = Some(PathBuf::from(value)),
        }
    }
    Ok((server, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_options_are_taken_out_of_the_originals() {
        let words = ["-v", "--python=py", "-a", "Shop", "--gateway", "x", "develop"];
        let (server, rest) = split(words.map(str::to_owned).into()).unwrap();
        assert_eq!(rest, ["-v", "-a", "Shop", "develop"]);
        assert_eq!((server.python, server.gateway), (Some("py".into()), Some("x".into())));
        assert!(split(vec!["--gateway".into()]).is_err());
    }
}
