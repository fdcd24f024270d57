//! The command line as clap reads it: the commands, and the options that many of them share.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::{
    bootstrap, clean, completions, configure, deploy, doctor, feed, generate_ci, init, inspect, man, merge,
    migrate, original_install, plan, preview, publish, schema, serve, sha1, stages, supervise, uninstall,
};

/// Ships Python web applications to Microsoft IIS: packages, feeds, a simulated IIS to test on.
///
/// `iiswsgi run` does the whole job for the project in the current folder. A project needs no configuration; what
/// cannot be guessed goes into `iiswsgi.yml` or `[tool.iiswsgi]` of pyproject.toml.
#[derive(Debug, Parser)]
#[command(
    name = "iiswsgi",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Examples:\n  iiswsgi run        # the project in this folder\n  iiswsgi help run   # all of its options"
)]
pub(super) struct CommandLine {
    #[command(flatten)]
    pub(super) output: OutputOptions,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Init(Box<init::Init>),
    Run(Box<stages::Run>),
    Plan(Box<plan::Plan>),
    Build(Box<stages::Build>),
    Package(Box<stages::Package>),
    Install(Box<stages::Install>),
    Test(Box<stages::Test>),
    Preview(Box<preview::Preview>),
    Feed(Box<feed::Feed>),
    Merge(Box<merge::Merge>),
    Migrate(migrate::Migrate),
    GenerateCi(Box<generate_ci::GenerateCi>),
    Publish(Box<publish::Publish>),
    Deploy(Box<deploy::Deploy>),
    Doctor(doctor::Doctor),
    Uninstall(uninstall::Uninstall),
    Bootstrap(bootstrap::Bootstrap),
    Configure(configure::Configure),
    Serve(serve::Serve),
    Inspect(inspect::Inspect),
    Sha1(sha1::Sha1),
    Clean(clean::Clean),
    Schema(schema::Schema),
    Completions(completions::Completions),
    Man(man::Man),
    #[command(hide = true)]
    Supervise(supervise::Supervise),
    #[command(name = "iiswsgi_install", hide = true)]
    OriginalInstall(original_install::OriginalInstall),
}

/// How much is said, and how.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputOptions {
    /// Says only warnings and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Says more: details, and every program that is run
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", value_enum)]
    pub(super) color: Option<Color>,
    /// The form of the talk on stderr
    #[arg(
        long,
        global = true,
        value_name = "FORM",
        value_enum,
        default_value = "text",
        hide_default_value = true
    )]
    pub(super) log_format: LogFormat,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal that can, and not when NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The form of the talk on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

/// The projects to work on, and what changes their configuration. Flags win over the environment, that over the file.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ProjectOptions {
    /// The projects' folders [default: the current one]
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Reads this configuration, not iiswsgi.yml or pyproject.toml
    #[arg(long, value_name = "FILE", help_heading = "Project")]
    pub(super) config: Option<PathBuf>,
    /// The WSGI application, as `module:callable` or `paste:FILE.ini`
    ///
    /// `module:factory()` calls a factory, `path/file.py:callable` names a file.
    #[arg(long, value_name = "APP", help_heading = "Project")]
    pub(super) app: Option<String>,
    /// The name of the package [default: the project's]
    #[arg(long, value_name = "NAME", help_heading = "Project")]
    pub(super) name: Option<String>,
    /// The version of the package [default: the project's]
    #[arg(long, value_name = "VERSION", help_heading = "Project")]
    pub(super) package_version: Option<String>,
    /// The Python to build and test with: 3.12, or an interpreter
    #[arg(long, value_name = "PYTHON", help_heading = "Project")]
    pub(super) python: Option<String>,
    /// What pip installs as the gateway: a requirement or a wheel
    #[arg(long, value_name = "REQUIREMENT", help_heading = "Project")]
    pub(super) gateway: Option<String>,
    /// Sets a variable for templates
    #[arg(short = 'D', long, value_name = "NAME=VALUE", value_parser = pair, help_heading = "Project")]
    pub(super) define: Vec<(String, String)>,
    /// Sets a setting of one value, as `package.file-name=shop.zip`
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair, help_heading = "Project")]
    pub(super) setting: Vec<(String, String)>,
    /// Runs setup.py to learn its metadata when reading is not enough
    #[arg(long, help_heading = "Project")]
    pub(super) allow_setup_py: bool,
    /// The IIS to install into and to test with; the best that is here by default
    #[arg(long, value_name = "IIS", help_heading = "Project")]
    pub(super) iis: Option<IisName>,
    /// Where packages and feeds go
    #[arg(long, value_name = "FOLDER", help_heading = "Project")]
    pub(super) dist_dir: Option<PathBuf>,
}

/// Which IIS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum IisName {
    /// IIS Express on Windows where it is installed, else the simulation
    Auto,
    /// IIS itself, the feature of Windows; it takes an administrator
    Iis,
    /// IIS Express
    Express,
    /// The simulation
    Simulated,
}

impl IisName {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Iis => "iis",
            Self::Express => "express",
            Self::Simulated => "simulated",
        }
    }
}

/// Values for a package's parameters.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Installation")]
pub(super) struct InstallParameters {
    /// Gives a parameter of the package a value
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    pub(super) set: Vec<(String, String)>,
    /// Takes the parameters' values from a SetParameters.xml; `--set` wins
    #[arg(long, value_name = "FILE")]
    pub(super) set_parameters: Option<PathBuf>,
}

/// How packages are installed for the test.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Installation")]
pub(super) struct InstallOptions {
    #[command(flatten)]
    pub(super) parameters: InstallParameters,
    /// Fails, with exit code 3, when a step would have to be simulated
    #[arg(long)]
    pub(super) require_iis: bool,
}

/// Files that tell machines how it went.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Reports")]
pub(super) struct ReportOptions {
    /// Writes a JSON report
    #[arg(long, value_name = "FILE")]
    pub(super) report: Option<PathBuf>,
    /// Writes a JUnit report
    #[arg(long, value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,
}

impl ReportOptions {
    /// The files that are written.
    pub(super) fn files(&self) -> impl Iterator<Item = &std::path::Path> {
        [&self.report, &self.junit].into_iter().filter_map(|path| path.as_deref())
    }
}

/// `NAME=VALUE`, the value may hold further equals signs.
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".into()),
    }
}
