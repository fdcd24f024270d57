//! Why publishing to GitHub failed, in words that name the call, the answer and the remedy.

use std::path::PathBuf;

use super::check::{MAX_ASSETS, MAX_NOTES};
use super::reason::Reason;
use crate::error::{ExitCode, Failure, Location, shown};
use crate::files;

/// Why publishing to GitHub failed, and which draft was left.
#[derive(Debug)]
pub struct Error {
    pub(super) problem: Box<Problem>,
    /// The page of a draft that stays and that a further run completes.
    pub(super) draft: Option<String>,
}

impl Error {
    /// What went wrong.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// The page of the draft that stays, if there is one.
    pub fn draft(&self) -> Option<&str> {
        self.draft.as_deref()
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self { problem: Box::new(problem), draft: None }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.problem.fmt(f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.problem.source()
    }
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        let draft = self
            .draft
            .as_ref()
            .map(|url| format!("The draft {url} stays as it is: running the same again completes it."));
        let parts: Vec<String> = self.problem.hint().into_iter().chain(draft).collect();
        (!parts.is_empty()).then(|| parts.join("\n"))
    }

    fn location(&self) -> Option<Location> {
        self.problem.location()
    }

    fn exit_code(&self) -> ExitCode {
        self.problem.exit_code()
    }
}

/// What is wrong with a file that should become an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// GitHub would write another character in its place.
    Character {
        /// The character.
        character: char,
    },
    /// It is empty, or begins or ends with a period, which GitHub would take away.
    Period,
    /// Another file has the name, upper and lower case alike.
    Twice,
    /// It is too large.
    TooLarge {
        /// Its size in bytes.
        size: u64,
    },
    /// It has no bytes.
    Empty,
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Character { character } => {
                write!(f, "GitHub would rewrite the name for `{}`", character.escape_debug())
            }
            Self::Period => {
                f.write_str("GitHub would rewrite a name that is empty or begins or ends with a period")
            }
            Self::Twice => f.write_str("another file has this name, upper and lower case alike"),
            Self::TooLarge { size } => write!(f, "it has {size} bytes, and GitHub takes less than 2 GiB"),
            Self::Empty => f.write_str("it is empty, which GitHub does not take"),
        }
    }
}

/// Why publishing to GitHub failed.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// A file cannot become an asset.
    #[error("`{name}` cannot become an asset of a release: {rule}")]
    Asset {
        /// The name.
        name: String,
        /// What is wrong.
        rule: Rule,
    },
    /// There are too many files.
    #[error("{count} files are more than a release can have ({MAX_ASSETS})")]
    TooMany {
        /// How many.
        count: usize,
    },
    /// Nobody said which repository.
    #[error("it is not known which repository on GitHub to publish to")]
    RepositoryMissing,
    /// The repository is not `OWNER/NAME`.
    #[error("`{repository}` is not a repository as `OWNER/NAME`")]
    Repository {
        /// As it was given.
        repository: String,
    },
    /// The tag cannot be one.
    #[error("`{tag}` cannot be a tag: {reason}")]
    Tag {
        /// The tag.
        tag: String,
        /// Why, as a lower-case fragment.
        reason: &'static str,
    },
    /// A template names something that it has not.
    #[error("the template `{template}` names `{variable}`, which {reason}")]
    Template {
        /// The template.
        template: String,
        /// The variable.
        variable: String,
        /// What is wrong with it, as a fragment.
        reason: &'static str,
    },
    /// The address of the API cannot be used.
    #[error("`{url}` cannot be the address of GitHub's API: {reason}")]
    ApiUrl {
        /// The address.
        url: String,
        /// Why, as a lower-case fragment.
        reason: &'static str,
    },
    /// There is no token.
    #[error("there is no token for GitHub")]
    TokenMissing,
    /// The token cannot be one.
    #[error("the token for GitHub from {origin} is no token: {reason}")]
    Token {
        /// Where it came from.
        origin: String,
        /// What is wrong, as a lower-case fragment. Never the token itself.
        reason: &'static str,
    },
    /// The notes are too long.
    #[error("the notes have {length} characters, and GitHub takes {MAX_NOTES}")]
    Notes {
        /// Their length in characters.
        length: usize,
    },
    /// A prerelease or draft cannot be the latest release.
    #[error("a {what} cannot be the latest release")]
    Latest {
        /// `prerelease` or `draft`.
        what: &'static str,
    },
    /// The client cannot be made.
    #[error("cannot prepare a connection to `{url}`: {reason}")]
    Client {
        /// The address.
        url: String,
        /// Why.
        reason: String,
    },
    /// GitHub refused, or did not answer in spite of several tries.
    #[error("cannot {doing}: {}", refusal(*status, message.as_deref(), call, request_id.as_deref()))]
    Refused {
        /// What was to be done, as `create the draft`.
        doing: String,
        /// The method and the address.
        call: String,
        /// The status, when there was an answer.
        status: Option<u16>,
        /// GitHub's name of the request.
        request_id: Option<String>,
        /// What GitHub said, or how the connection failed.
        message: Option<String>,
        /// What it means.
        reason: Reason,
    },
    /// The answer is not what the API says it is.
    #[error("cannot {doing}: `{call}` answered with something that is not GitHub's: {reason}")]
    NotGitHub {
        /// What was to be done.
        doing: String,
        /// The method and the address.
        call: String,
        /// What is wrong with the answer.
        reason: String,
    },
    /// Assets of the release are there with other bytes.
    #[error("the release {release} has other files under the names {}", listed(names))]
    Conflict {
        /// The page of the release.
        release: String,
        /// The names.
        names: Vec<String>,
        /// Whether it is published.
        published: bool,
    },
    /// The release is immutable and lacks files.
    #[error("the release {release} is immutable and cannot get {}", listed(names))]
    Immutable {
        /// The page of the release.
        release: String,
        /// The names of the files that it should get.
        names: Vec<String>,
    },
    /// GitHub stored a file under another name.
    #[error("GitHub stored `{sent}` under the name `{stored}`")]
    Renamed {
        /// The name that was sent.
        sent: String,
        /// The name that came back.
        stored: String,
    },
    /// What arrived is not what was sent.
    #[error("`{name}` did not arrive whole, {tries} times: {found} instead of {wanted}")]
    Damaged {
        /// The name.
        name: String,
        /// How often it was sent.
        tries: u32,
        /// What GitHub has.
        found: String,
        /// What was sent.
        wanted: String,
    },
    /// Other runs or people change the release all the time.
    #[error("the release for `{tag}` changed {times} times while this worked on it")]
    Unstable {
        /// The tag.
        tag: String,
        /// How often.
        times: u32,
    },
    /// A file changed since it was built.
    #[error("`{}` has changed since it was built", shown(path))]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be read.
    #[error("cannot publish")]
    File(#[from] files::Error),
    /// The user wants it to end.
    #[error("interrupted while publishing to GitHub")]
    Interrupted,
}

/// `422 Validation Failed: tag_name already_exists (POST https://…, request ABC)`.
fn refusal(status: Option<u16>, message: Option<&str>, call: &str, request_id: Option<&str>) -> String {
    let status = status.map(|status| format!("GitHub answered {status}"));
    let said = [status.as_deref(), message].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let said = if said.is_empty() { "there was no answer".to_owned() } else { said };
    let request = request_id.map(|id| format!(", request {id}")).unwrap_or_default();
    format!("{said} (`{call}`{request})")
}

fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(5).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(shown.len());
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", shown.join(", "))
}

impl Failure for Problem {
    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Asset { rule: Rule::TooLarge { .. }, .. } => {
                "Make the package smaller, for example by leaving the vendored wheels out."
            }
            Self::Asset { rule: Rule::Empty, .. } => "Build it again, or leave it out.",
            Self::Asset { .. } => "Use letters, digits, `.`, `_` and `-`, and each name once.",
            Self::TooMany { .. } => "Spread the packages over several releases, each with its own tag.",
            Self::RepositoryMissing => {
                "Set `publish.github.repository` or `--repository OWNER/NAME`; GitHub Actions sets it by itself."
            }
            Self::Repository { .. } => "Write it as in its address: `OWNER/NAME`.",
            Self::Tag { .. } => "Set `publish.github.tag` or `--tag` to something that git takes as a tag.",
            Self::Template { .. } => "Templates know `{name}`, `{version}` and `{title}`; `{{` is a brace.",
            Self::ApiUrl { .. } => {
                "It is `https://api.github.com`, or `https://HOST/api/v3` for an enterprise server (GITHUB_API_URL)."
            }
            Self::TokenMissing => {
                "Set GITHUB_TOKEN (on GitHub Actions: `GITHUB_TOKEN: ${{ github.token }}` in `env`, and the permission `contents: write`), or name a file with `--token-file`."
            }
            Self::Token { .. } => "It must be the token alone, on one line.",
            Self::Notes { .. } => "Shorten them, and link to the rest.",
            Self::Latest { .. } => "Leave `make-latest` out, or set it to `false`.",
            Self::Client { .. } => {
                "The system's certificate authorities must be there: on Debian the package `ca-certificates`."
            }
            Self::Refused { reason, .. } => return reason.hint(),
            Self::NotGitHub { .. } => {
                "Something between here and GitHub answers in its place (a proxy, a sign-in page), or GITHUB_API_URL is not the address of the API."
            }
            Self::Conflict { published: true, .. } => {
                "Users may have these files already: raise the version. To replace them all the same, use `--if-exists replace`; to leave them, `--if-exists keep`."
            }
            Self::Conflict { published: false, .. } => {
                "Use `--if-exists replace` to replace them, or `--if-exists keep` to leave them."
            }
            Self::Immutable { .. } => {
                "Nothing can be added to an immutable release once it is published: raise the version and publish under a new tag."
            }
            Self::Renamed { .. } => "This is not GitHub's rule for such a name: please report it.",
            Self::Damaged { .. } => {
                "Something between here and GitHub changes the bytes, or another run uploads other ones to the same release: run again, alone."
            }
            Self::Unstable { .. } => "Let one job publish, after all others (`needs:`), and run again.",
            Self::Changed { .. } => "Build it again, and let nothing else write to that folder.",
            Self::File(error) => return error.hint(),
            Self::Interrupted => return None,
        };
        Some(text.to_owned())
    }

    fn location(&self) -> Option<Location> {
        match self {
            Self::Changed { path } => Some(Location::file(path)),
            Self::File(error) => error.location(),
            _ => None,
        }
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Asset { .. }
            | Self::TooMany { .. }
            | Self::RepositoryMissing
            | Self::Repository { .. }
            | Self::Tag { .. }
            | Self::Template { .. }
            | Self::ApiUrl { .. }
            | Self::TokenMissing
            | Self::Token { .. }
            | Self::Notes { .. }
            | Self::Latest { .. } => ExitCode::Usage,
            Self::Interrupted => ExitCode::Interrupted,
            _ => ExitCode::Publishing,
        }
    }
}
