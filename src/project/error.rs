//! Why a project cannot be read or packed.

use std::path::{Path, PathBuf};

use crate::error::{ExitCode, Failure, Location, shown};
use crate::{files, process};

/// Why a project cannot be read or packed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder is not there or cannot be listed.
    #[error("cannot list the folder `{}`", shown(path))]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of the project cannot be read.
    #[error(transparent)]
    File(#[from] files::Error),
    /// A file is not well-formed: TOML, INI, Python, `MANIFEST.in`.
    #[error("{problem}")]
    Syntax {
        /// Where.
        place: Location,
        /// What is wrong.
        problem: String,
    },
    /// A value has the wrong type or form.
    #[error("{problem}")]
    Value {
        /// Where.
        place: Location,
        /// What is wrong.
        problem: String,
        /// What to do.
        hint: String,
    },
    /// A keyword that the original added to `setup()` has a value of the wrong type.
    #[error("`{keyword}` must be {expected}: {found}")]
    KeywordType {
        /// The keyword.
        keyword: String,
        /// What it takes.
        expected: &'static str,
        /// The value, as JSON.
        found: String,
        /// Where.
        place: Location,
    },
    /// Name or version are in the project but cannot be told without running its code or tools.
    #[error("the {field} cannot be told without running code: `{found}`")]
    Unknown {
        /// `name` or `version`.
        field: &'static str,
        /// The expression or the tool.
        found: String,
        /// Where.
        place: Location,
        /// What to do.
        hint: String,
    },
    /// The metadata names no version, or a file that is said to have it does not.
    #[error("no version: {problem}")]
    NoVersion {
        /// Where it should be.
        place: Location,
        /// What was looked for.
        problem: String,
    },
    /// Python failed to parse the project's sources.
    #[error("cannot inspect the Python sources of `{}`", shown(root))]
    Python {
        /// The project's folder.
        root: PathBuf,
        /// Why.
        source: process::Error,
    },
    /// The inspection could not be prepared or gave no answer.
    #[error("cannot inspect the Python sources of `{}`: {problem}", shown(root))]
    Inspection {
        /// The project's folder.
        root: PathBuf,
        /// What went wrong.
        problem: String,
    },
    /// `setup.py` was run and failed.
    #[error("running `{}` failed: {problem}", shown(path))]
    SetupPy {
        /// The file.
        path: PathBuf,
        /// The end of its traceback.
        problem: String,
    },
    /// No WSGI application was found.
    #[error("no WSGI application found in `{}`{}", shown(root), bullets("looked for", looked_for))]
    NoEntryPoint {
        /// The project's folder.
        root: PathBuf,
        /// What was looked for, and what was found that is not one.
        looked_for: Vec<String>,
        /// What to do.
        hint: String,
    },
    /// There is no Python that could read the modules.
    #[error("no Python was found, and the application in `{}` cannot be looked for without one", shown(root))]
    NoPython {
        /// The project's folder.
        root: PathBuf,
    },
    /// Several WSGI applications were found and none stands out.
    #[error("several WSGI applications found in `{}`{}", shown(root), bullets("found", found))]
    AmbiguousEntryPoint {
        /// The project's folder.
        root: PathBuf,
        /// One line each: place, application and reason.
        found: Vec<String>,
        /// The applications, as the gateway takes them.
        apps: Vec<String>,
    },
    /// A symbolic link leads out of the tree.
    #[error("the symbolic link `{}` leads out of the project: `{}`", shown(path), shown(target))]
    LinkLeavesTree {
        /// The link.
        path: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// A symbolic link leads to a folder that it is in.
    #[error("the symbolic link `{}` leads to a folder that it is in: `{}`", shown(path), shown(target))]
    LinkLoop {
        /// The link.
        path: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// A symbolic link leads to nothing.
    #[error("the symbolic link `{}` leads to nothing", shown(path))]
    LinkBroken {
        /// The link.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file's name is not UTF-8, so that it has no name in a zip.
    #[error("the name of the file `{}` is not UTF-8", shown(path))]
    NameNotText {
        /// The file, as well as it can be shown.
        path: PathBuf,
    },
    /// Something is neither a file nor a folder nor a link.
    #[error("`{}` is not a regular file", shown(path))]
    NotRegular {
        /// The thing: a socket, a pipe, a device.
        path: PathBuf,
    },
    /// A file that the package needs is not there.
    #[error("`{}` is needed in the package but is not there", shown(path))]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The tree has more files than a package can hold by far: probably links that multiply.
    #[error("more than {limit} files in `{}`", shown(root))]
    TooMany {
        /// The project's folder.
        root: PathBuf,
        /// The limit.
        limit: usize,
    },
    /// A pattern of the configuration is not well-formed.
    #[error("the pattern `{pattern}` of `files` is not valid: {problem}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong.
        problem: String,
    },
}

impl Error {
    /// A folder that cannot be listed.
    pub(super) fn folder(path: &Path, source: std::io::Error) -> Self {
        Self::Folder { path: path.to_owned(), source }
    }

    /// A file that cannot be read.
    pub(super) fn unreadable(path: &Path, source: std::io::Error) -> Self {
        Self::File(files::Error::Read { path: path.to_owned(), source })
    }
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::File(error) => return error.hint(),
            Self::Python { source, .. } => return source.hint(),
            Self::Value { hint, .. } | Self::Unknown { hint, .. } | Self::NoEntryPoint { hint, .. } => {
                hint.clone()
            }
            Self::KeywordType { expected, keyword, .. } => {
                format!("Write {expected}, or remove `{keyword}`.")
            }
            Self::NoVersion { .. } => {
                "Write the version into the metadata, or set `version` in iiswsgi.yml.".into()
            }
            Self::SetupPy { .. } => {
                "Run `python setup.py --version` to see it by itself, or leave `--allow-setup-py` away and set `name` \
                 and `version` in iiswsgi.yml."
                    .into()
            }
            Self::AmbiguousEntryPoint { apps, .. } => ambiguous_hint(apps),
            Self::LinkLeavesTree { .. } => "Copy what it leads to into the project, or exclude it with \
                                            `files.exclude` in iiswsgi.yml."
                .into(),
            Self::LinkLoop { .. } | Self::LinkBroken { .. } | Self::NotRegular { .. } => {
                "Remove it, or exclude it with `files.exclude` in iiswsgi.yml.".into()
            }
            Self::NameNotText { .. } => {
                "Rename the file: names in a zip are UTF-8, and so are names on Windows.".into()
            }
            Self::TooMany { .. } => {
                "Exclude what does not belong into the package with `files.exclude` in iiswsgi.yml.".into()
            }
            Self::Pattern { .. } => "Patterns are those of .gitignore.".into(),
            Self::NoPython { .. } => "Install Python 3.9 or later and have it on PATH, or name the interpreter with \
                                      `--python` and the application in iiswsgi.yml:\napp: \"module:callable\""
                .into(),
            Self::Syntax { .. } => "Correct the file at the place that is named.".into(),
            Self::Folder { .. } | Self::Inspection { .. } | Self::Missing { .. } => return None,
        })
    }

    fn location(&self) -> Option<Location> {
        Some(match self {
            Self::File(error) => return error.location(),
            Self::Syntax { place, .. }
            | Self::Value { place, .. }
            | Self::KeywordType { place, .. }
            | Self::Unknown { place, .. }
            | Self::NoVersion { place, .. } => place.clone(),
            Self::Folder { path, .. }
            | Self::SetupPy { path, .. }
            | Self::LinkLeavesTree { path, .. }
            | Self::LinkLoop { path, .. }
            | Self::LinkBroken { path, .. }
            | Self::NameNotText { path }
            | Self::NotRegular { path }
            | Self::Missing { path } => Location::file(path),
            _ => return None,
        })
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Python { source, .. } => source.exit_code(),
            Self::Inspection { .. } | Self::SetupPy { .. } => ExitCode::Failed,
            _ => ExitCode::Usage,
        }
    }
}

/// The exact line for each application; the first stands alone so that it can be copied.
fn ambiguous_hint(apps: &[String]) -> String {
    let lines: Vec<String> = apps.iter().map(|app| format!("app: \"{app}\"")).collect();
    format!("Add one of these lines to iiswsgi.yml:\n{}", lines.join("\n"))
}

/// A list below a message, one item a line.
fn bullets(label: &str, items: &[String]) -> String {
    if items.is_empty() {
        return String::new();
    }
    items.iter().fold(format!("; {label}:"), |text, item| format!("{text}\n- {item}"))
}
