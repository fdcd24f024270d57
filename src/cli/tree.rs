//! The tree of commands as clap has it, and what all of them share in their help: one compact form, and options that
//! stand where they are looked for.
//!
//! `--help` of a command fits one screen. Options that every command has are shown by `iiswsgi --help` alone, and those
//! that a command takes without much use for them by `iiswsgi help COMMAND` and the man pages, which show everything.

use clap::{Arg, ArgAction, Command, CommandFactory as _};

use super::arguments::CommandLine;

/// The end of every command's help.
const EVERYWHERE: &str =
    "-q, -v, --color and --log-format work with every command; `iiswsgi help COMMAND` says more.";

/// Options about making a package, and the commands that take packages which are made already.
const MAKING: [&str; 7] = ["app", "python", "gateway", "define", "setting", "allow_setup_py", "iis"];
const AFTER_MAKING: [&str; 3] = ["feed", "publish", "clean"];

/// The tree as it is parsed and as its help is shown.
pub(super) fn command() -> Command {
    let help = Arg::new("help").short('h').long("help").help("Prints help").action(ArgAction::HelpShort);
    let root = CommandLine::command().disable_help_flag(true).arg(help.global(true));
    let shared: Vec<Arg> = root.get_arguments().filter(|arg| arg.is_global_set()).cloned().collect();
    root.mut_subcommands(|sub| shown(sub, &shared, false))
}

/// The tree for manuals: nothing is left out.
pub(super) fn complete() -> Command {
    fn all(command: Command, change: fn(Arg) -> Arg) -> Command {
        command.mut_args(change).mut_subcommands(move |sub| all(sub, change))
    }
    all(CommandLine::command().disable_help_subcommand(true), |arg| arg.hide_short_help(false))
}

/// A command below the root: the options that all have are taken but not shown.
fn shown(mut command: Command, shared: &[Arg], after_making: bool) -> Command {
    let after_making = after_making || AFTER_MAKING.contains(&command.get_name());
    if after_making {
        let aside = |arg: Arg| {
            let rare = MAKING.contains(&arg.get_id().as_str());
            if rare { arg.hide_short_help(true) } else { arg }
        };
        command = command.mut_args(aside);
    }
    if let Some(examples) = command.get_after_help().map(ToString::to_string) {
        command = command.after_help(format!("{}\n\n{EVERYWHERE}", examples.trim_end()));
    }
    let shared_here = shared.iter().map(|arg| arg.clone().hide_short_help(true));
    command.args(shared_here).mut_subcommands(|sub| shown(sub, shared, after_making))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The commands that users see, each with the words that call it.
    fn commands() -> Vec<(Vec<String>, Command)> {
        fn collect(path: &[String], command: &Command, into: &mut Vec<(Vec<String>, Command)>) {
            into.push((path.to_vec(), command.clone()));
            for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help")
            {
                collect(&[path, &[sub.get_name().to_owned()]].concat(), sub, into);
            }
        }
        let mut root = command().term_width(100);
        root.build();
        let mut all = Vec::new();
        collect(&["iiswsgi".to_owned()], &root, &mut all);
        all
    }

    /// What a shell makes of a line: words, with double quotes.
    fn words(line: &str) -> Vec<String> {
        let mut words = vec![String::new()];
        let mut quoted = false;
        for character in line.chars() {
            match character {
                '"' => quoted = !quoted,
                ' ' if !quoted => words.push(String::new()),
                other => words.last_mut().expect("there is one").push(other),
            }
        }
        words.retain(|word| !word.is_empty());
        words
    }

    /// Whatever follows the name of the program in a mistake that clap tells.
    fn told(arguments: &[&str]) -> String {
        command().try_get_matches_from(arguments).expect_err("a mistake").to_string()
    }

    #[test]
    fn the_tree_is_consistent() {
        command().debug_assert();
        complete().debug_assert();
    }

    #[test]
    fn help_of_every_command_fits_one_screen() {
        for (path, mut command) in commands() {
            let help = command.render_help().to_string();
            let (lines, width) = (help.lines().count(), help.lines().map(|line| line.chars().count()).max());
            assert!(lines <= 45, "{}: {lines} lines\n{help}", path.join(" "));
            assert!(width <= Some(100), "{}: {width:?} columns\n{help}", path.join(" "));
        }
    }

    #[test]
    fn every_command_has_an_example_that_is_right() {
        for (path, sub) in commands() {
            let help = sub.get_after_help().map(ToString::to_string).unwrap_or_default();
            let examples: Vec<&str> = help
                .lines()
                .filter_map(|line| line.strip_prefix("  "))
                .map(|line| line.split("  #").next().unwrap_or(line).trim_end())
                .collect();
            assert!(!examples.is_empty(), "{} has no example", path.join(" "));
            for example in examples {
                let line = example.split(" | ").last().unwrap_or(example);
                let words = words(line.split(" > ").next().unwrap_or(line));
                assert_eq!(words.first().map(String::as_str), Some("iiswsgi"), "{example}");
                if let Err(error) = command().try_get_matches_from(&words) {
                    let is_help = matches!(
                        error.kind(),
                        clap::error::ErrorKind::DisplayHelp | clap::error::ErrorKind::DisplayVersion
                    );
                    assert!(is_help, "{example}: {error}");
                }
            }
        }
    }

    #[test]
    fn a_misspelt_command_is_answered_with_the_near_one() {
        for (path, _) in commands().into_iter().filter(|(path, _)| path.len() == 2 && path[1].len() > 3) {
            let name = &path[1];
            let typo = format!("{}{}", &name[..name.len() - 2], &name[name.len() - 1..]);
            if commands().iter().any(|(other, _)| other.last() == Some(&typo)) {
                continue;
            }
            let told = told(&["iiswsgi", &typo]);
            assert!(told.contains(&format!("'{name}'")), "{typo}: {told}");
        }
    }

    #[test]
    fn a_misspelt_option_is_answered_with_the_near_one() {
        for (path, sub) in commands().into_iter().filter(|(path, _)| path.len() > 1) {
            // What follows is the business of another program.
            if sub.get_positionals().any(Arg::is_trailing_var_arg_set) {
                continue;
            }
            for name in sub.get_arguments().filter_map(Arg::get_long).filter(|name| name.len() > 4) {
                let typo = format!("--{}x{}", &name[..3], &name[3..]);
                let mut line: Vec<&str> = path.iter().map(String::as_str).collect();
                line.push(&typo);
                let told = told(&line);
                assert!(told.contains(&format!("'--{name}")), "{}: {told}", line.join(" "));
            }
        }
    }

    #[test]
    fn what_every_command_takes_is_shown_once_and_works_everywhere() {
        for (path, mut sub) in commands() {
            let shows = sub.render_help().to_string().contains("--log-format <");
            assert_eq!(shows, path.len() == 1, "{}", path.join(" "));
        }
        assert!(command().try_get_matches_from(["iiswsgi", "plan", "--log-format", "json", "-v"]).is_ok());
    }
}
