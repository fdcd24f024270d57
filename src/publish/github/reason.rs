//! What GitHub meant by a refusal, and what to do about each.

/// What GitHub meant by a refusal, as far as that can be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The connection failed or was reset.
    Connection,
    /// Nothing moved for a long time.
    Stalled,
    /// A server error.
    Unavailable,
    /// Too many requests.
    Limit {
        /// How long to wait, in seconds.
        wait: u64,
    },
    /// The token is not valid.
    Unauthorized,
    /// There is no such repository, or the token may not see it.
    NoRepository,
    /// The token may not read.
    MayNotRead,
    /// The token may not write.
    MayNotWrite,
    /// The organisation wants the token to be allowed by single sign-on.
    SingleSignOn,
    /// The repository is archived.
    Archived,
    /// It was blocked for legal reasons.
    Blocked,
    /// It is somewhere else.
    Moved,
    /// Somebody deleted the release in the meantime.
    ReleaseGone,
    /// The release is immutable.
    Immutable,
    /// The tag belonged to an immutable release that was deleted.
    TagBurned,
    /// A ruleset of the repository does not let the tag be created.
    TagRuleset,
    /// Another release has the tag.
    TagTaken,
    /// The tag is not accepted.
    TagInvalid,
    /// The commit or branch for the tag is not accepted.
    Target,
    /// An asset of that name is there already.
    NameTaken,
    /// The asset is too large.
    TooLarge,
    /// The release has too many assets.
    TooMany,
    /// Something else.
    Other,
}

impl Reason {
    /// What happened, for a line that says that it is tried again.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Connection => "The connection to GitHub failed",
            Self::Stalled => "Nothing moved on the connection to GitHub",
            Self::Unavailable => "GitHub had a problem",
            Self::Limit { .. } => "GitHub's limit for requests is used up",
            Self::NameTaken => "A file of this name arrived in the meantime",
            _ => "GitHub refused",
        }
    }

    /// What to do about it.
    pub fn hint(self) -> Option<String> {
        let text = match self {
            Self::Connection | Self::Stalled => {
                "Look at the network and at https://www.githubstatus.com, then run the same again."
            }
            Self::Unavailable => {
                "GitHub has a problem: look at https://www.githubstatus.com, then run the same again."
            }
            Self::Limit { wait } => {
                return Some(format!(
                    "The limit for requests is used up; run the same again in {wait} s. Publishing from one job instead of many uses less of it."
                ));
            }
            Self::Unauthorized => "The token is wrong, expired or revoked: make a new one.",
            Self::NoRepository => {
                "There is no such repository, or the token may not see it: GitHub answers 404 in both cases. A private repository needs a token of its own or of a job in it."
            }
            Self::MayNotRead => {
                "The token needs the permission to read the repository's contents (`contents: read`)."
            }
            Self::MayNotWrite => {
                "The token needs the permission to write the repository's contents: `permissions: contents: write` in the job, or `Contents: read and write` for a fine-grained token. GitHub answers 404 as well as 403 when it is missing, and always for a pull request from a fork. To create a tag at a commit that changes workflows, it needs the permission for workflows too, or push the tag first."
            }
            Self::SingleSignOn => {
                "The organisation wants single sign-on: authorise the token for it in your settings on GitHub."
            }
            Self::Archived => "The repository is archived: unarchive it, or publish to another one.",
            Self::Blocked => "The repository was blocked for legal reasons: write to GitHub's support.",
            Self::Moved => "The repository was renamed or moved: use its new name.",
            Self::ReleaseGone => "Somebody deleted the release in the meantime: run the same again.",
            Self::Immutable => {
                "Nothing can be added to an immutable release once it is published: raise the version and publish under a new tag."
            }
            Self::TagBurned => {
                "A tag that an immutable release had can never have a release again, even when that one is deleted: raise the version."
            }
            Self::TagRuleset => {
                "A ruleset of the repository restricts who may create this tag: let somebody who may push it first, or add the token's owner to those who may bypass the ruleset."
            }
            Self::TagTaken => "Another release has this tag: run the same again, which works on that one.",
            Self::TagInvalid => "Set `publish.github.tag` or `--tag` to something that git takes as a tag.",
            Self::Target => {
                "The commit or branch for the new tag is not in the repository: push it first, or set `--target`."
            }
            Self::NameTaken => "Another run uploads the same file: let one job publish, and run again.",
            Self::TooLarge => "An asset must be smaller than 2 GiB.",
            Self::TooMany => "A release can have 1000 assets: spread the packages over several releases.",
            Self::Other => return None,
        };
        Some(text.to_owned())
    }
}
