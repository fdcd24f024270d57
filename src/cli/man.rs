//! `iiswsgi man`: the manual, a page for each command.

use std::path::{Path, PathBuf};

use clap::Args;

use super::session::{Session, print};
use super::tree;
use crate::error::{AnyFailure, ExitCode};
use crate::event::{Event, Observer as _};
use crate::files;

/// Prints or writes man pages, one for each command.
#[derive(Debug, Args)]
#[command(after_help = concat!(
    "Examples:",
    "\n  iiswsgi man --output ~/.local/share/man/man1  # then: man iiswsgi-run",
    "\n  iiswsgi man run > iiswsgi-run.1",
))]
pub(super) struct Man {
    /// The command whose page is printed, as `run` or `publish github`; iiswsgi itself when none is named
    #[arg(value_name = "COMMAND", conflicts_with = "output")]
    command: Vec<String>,
    /// The folder that all pages are written to
    #[arg(short, long, value_name = "FOLDER")]
    output: Option<PathBuf>,
}

/// There is no such command.
#[derive(Debug, thiserror::Error)]
#[error("there is no command `{0}`")]
struct UnknownCommand(String);

impl crate::error::Failure for UnknownCommand {
    fn hint(&self) -> Option<String> {
        Some("`iiswsgi --help` lists the commands.".into())
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

impl Man {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode, AnyFailure> {
        let mut root = tree::complete();
        root.build();
        if let Some(folder) = &self.output {
            write(&root, folder, session)?;
            return Ok(ExitCode::Done);
        }
        let mut command = &root;
        for name in &self.command {
            let found = command.find_subcommand(name).filter(|found| !found.is_hide_set());
            command = found.ok_or_else(|| UnknownCommand(self.command.join(" ")))?;
        }
        print(&page(command).1);
        Ok(ExitCode::Done)
    }
}

/// Writes the page of a command and those of the commands below it.
fn write(command: &clap::Command, folder: &Path, session: &Session) -> Result<(), AnyFailure> {
    let (name, text) = page(command);
    let path = folder.join(name);
    files::write_atomic(&path, text.as_bytes())?;
    session.observer.event(Event::Written { path, size: text.len() as u64 });
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        write(sub, folder, session)?;
    }
    Ok(())
}

/// The file name of a page and its text.
fn page(command: &clap::Command) -> (String, String) {
    let man = clap_mangen::Man::new(command.clone())
        .manual("iiswsgi")
        .source(concat!("iiswsgi ", env!("CARGO_PKG_VERSION")));
    let mut text = Vec::new();
    // Writing to memory does not fail.
    let _ = man.render(&mut text);
    (man.get_filename(), String::from_utf8_lossy(&text).into_owned())
}
