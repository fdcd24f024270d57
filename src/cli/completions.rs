//! `iiswsgi completions SHELL`: a script that completes our commands in a shell.

use std::io;

use clap::Args;

use super::tree;

/// Prints a completion script for a shell.
///
/// For bash it goes into `~/.local/share/bash-completion/completions/iiswsgi`, for zsh as `_iiswsgi` into a folder of
/// `$fpath`, for fish into `~/.config/fish/completions/iiswsgi.fish`. PowerShell reads it in its profile:
/// `iiswsgi completions powershell | Out-String | Invoke-Expression`.
#[derive(Debug, Args)]
#[command(after_help = concat!(
    "Examples:",
    "\n  iiswsgi completions bash > ~/.local/share/bash-completion/completions/iiswsgi",
    "\n  iiswsgi completions fish > ~/.config/fish/completions/iiswsgi.fish",
))]
pub(super) struct Completions {
    /// The shell
    shell: clap_complete::Shell,
}

impl Completions {
    pub(super) fn run(self, stdout: &mut dyn io::Write) {
        clap_complete::generate(self.shell, &mut tree::command(), "iiswsgi", stdout);
    }
}
