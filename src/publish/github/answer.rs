//! What an answer of GitHub means: fine, to be tried again after a while, or refused, and then why. Pure.
//!
//! Sources: <https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api> for waiting,
//! <https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api> for 403 and 404, and for the bodies of
//! 422 the threads in which users met them.

use std::time::Duration;

use super::machine::Call;
use super::model::{Complaint, Detail};
use super::reason::Reason;

/// One answer, or why there is none.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    /// Something came back.
    Reply(Reply),
    /// The connection failed, before or in the midst of the request or its answer.
    Broken {
        /// Why, in words.
        reason: String,
    },
    /// Nothing moved for so long.
    Stalled(Duration),
}

/// What came back.
#[derive(Debug, Clone, Default)]
pub(super) struct Reply {
    pub(super) status: u16,
    /// `x-github-request-id`, which GitHub's support asks for.
    pub(super) request_id: Option<String>,
    /// `retry-after`, in seconds.
    pub(super) retry_after: Option<u64>,
    /// `x-ratelimit-remaining`.
    pub(super) remaining: Option<u64>,
    /// `x-ratelimit-reset`, in seconds since 1970.
    pub(super) reset: Option<u64>,
    /// Whether `link` names a next page; none without that header.
    pub(super) next_page: Option<bool>,
    /// Whether the organisation wants single sign-on (`x-github-sso`).
    pub(super) sso: bool,
    pub(super) body: Vec<u8>,
}

impl Reply {
    /// What GitHub says about a refusal: its message and the messages of its errors.
    pub(super) fn message(&self) -> Option<String> {
        let complaint = self.complaint()?;
        let mut parts: Vec<String> = Vec::new();
        if !complaint.message.is_empty() {
            parts.push(complaint.message.clone());
        }
        for detail in &complaint.errors {
            parts.push(match detail {
                Detail::Text(text) | Detail::Field { message: Some(text), .. } => text.clone(),
                Detail::Field { field, code, .. } => {
                    [field.as_deref(), code.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ")
                }
            });
        }
        parts.retain(|part| !part.is_empty());
        (!parts.is_empty()).then(|| parts.join(": "))
    }

    fn complaint(&self) -> Option<Complaint> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Whether an error of the body has this field and code; an empty text stands for any.
    fn has_error(&self, wanted_field: &str, wanted_code: &str) -> bool {
        self.complaint().is_some_and(|complaint| {
            complaint.errors.iter().any(|detail| match detail {
                Detail::Field { field, code, .. } => {
                    (wanted_field.is_empty() || field.as_deref() == Some(wanted_field))
                        && (wanted_code.is_empty() || code.as_deref() == Some(wanted_code))
                }
                Detail::Text(_) => false,
            })
        })
    }
}

/// How long is waited, and how often something is tried.
#[derive(Debug, Clone)]
pub struct Patience {
    /// How often one call is tried.
    pub tries: u32,
    /// The first wait after a failure; each further one is twice as long.
    pub first: Duration,
    /// The first wait after the limit for bursts was hit and GitHub did not say how long.
    pub burst: Duration,
    /// The longest wait. A limit that lasts longer is an error.
    pub longest: Duration,
    /// How long an upload may not move.
    pub stall: Duration,
    /// How long GitHub may think about a request.
    pub response: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            tries: 5,
            first: Duration::from_secs(1),
            burst: Duration::from_secs(60),
            longest: Duration::from_secs(600),
            stall: Duration::from_secs(60),
            response: Duration::from_secs(300),
        }
    }
}

impl Patience {
    /// The wait after a failed try, the first of which is 0.
    pub(super) fn backoff(&self, tried: u32) -> Duration {
        self.first.saturating_mul(1 << tried.min(10)).min(self.longest)
    }
}

/// What to do about an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is what was asked for.
    Good,
    /// It may be better after this wait.
    Again(Duration, Reason),
    /// It will not be better.
    Refused(Reason),
}

/// Judges an answer. `tried` counts the tries before this one, `now` is the time in seconds since 1970.
pub(super) fn judge(call: &Call, answer: &Answer, tried: u32, patience: &Patience, now: u64) -> Verdict {
    let reply = match answer {
        Answer::Broken { .. } => return again(patience.backoff(tried), Reason::Connection, tried, patience),
        Answer::Stalled(_) => return again(patience.backoff(tried), Reason::Stalled, tried, patience),
        Answer::Reply(reply) => reply,
    };
    match reply.status {
        200..300 => Verdict::Good,
        // Somebody else was faster.
        404 if matches!(call, Call::DeleteAsset { .. } | Call::DeleteDraft { .. }) => Verdict::Good,
        300..400 => Verdict::Refused(Reason::Moved),
        403 | 429 if is_limit(reply) => {
            let wait = match (reply.retry_after, reply.remaining, reply.reset) {
                (Some(seconds), ..) => Duration::from_secs(seconds),
                // A second more: the clocks differ.
                (None, Some(0), Some(reset)) => Duration::from_secs(reset.saturating_sub(now) + 1),
                _ => patience.burst.saturating_mul(1 << tried.min(10)),
            };
            again(wait, Reason::Limit { wait: wait.as_secs() }, tried, patience)
        }
        408 | 500..600 => {
            let asked = reply.retry_after.map(Duration::from_secs);
            let wait = asked.unwrap_or_default().max(patience.backoff(tried));
            again(wait, Reason::Unavailable, tried, patience)
        }
        _ => Verdict::Refused(reason(call, reply)),
    }
}

fn again(wait: Duration, reason: Reason, tried: u32, patience: &Patience) -> Verdict {
    if tried + 1 >= patience.tries || wait > patience.longest {
        Verdict::Refused(reason)
    } else {
        Verdict::Again(wait, reason)
    }
}

/// Whether a 403 or 429 is about too many requests. Some 403s of the limit for bursts carry no header at all.
fn is_limit(reply: &Reply) -> bool {
    reply.status == 429
        || reply.retry_after.is_some()
        || reply.remaining == Some(0)
        || reply.message().is_some_and(|message| {
            let message = message.to_lowercase();
            message.contains("rate limit") || message.contains("abuse detection")
        })
}

/// Why GitHub refused a call.
fn reason(call: &Call, reply: &Reply) -> Reason {
    let message = reply.message().unwrap_or_default().to_lowercase();
    match reply.status {
        401 => Reason::Unauthorized,
        403 if reply.sso || message.contains("saml") || message.contains("single sign") => {
            Reason::SingleSignOn
        }
        403 if message.contains("archived") => Reason::Archived,
        404 if matches!(call, Call::Repository) => Reason::NoRepository,
        404 if call.release().is_some() => Reason::ReleaseGone,
        403 | 404 if call.is_write() => Reason::MayNotWrite,
        403 | 404 => Reason::MayNotRead,
        413 => Reason::TooLarge,
        422 => unprocessable(reply, &message),
        451 => Reason::Blocked,
        _ => Reason::Other,
    }
}

/// Why a request could be understood and yet not be done.
fn unprocessable(reply: &Reply, message: &str) -> Reason {
    if message.contains("used by an immutable release") {
        Reason::TagBurned
    } else if message.contains("immutable") {
        Reason::Immutable
    } else if reply.has_error("pre_receive", "")
        || message.contains("creations being restricted")
        || message.contains("rule violations")
    {
        Reason::TagRuleset
    } else if reply.has_error("name", "already_exists") {
        Reason::NameTaken
    } else if reply.has_error("tag_name", "already_exists") || message.contains("already_exists") {
        Reason::TagTaken
    } else if reply.has_error("target_commitish", "") || message.contains("target_commitish") {
        Reason::Target
    } else if reply.has_error("tag_name", "") {
        Reason::TagInvalid
    } else if reply.has_error("size", "") || message.contains("too large") {
        Reason::TooLarge
    } else if message.contains("assets") && (message.contains("limit") || message.contains("maximum")) {
        Reason::TooMany
    } else {
        Reason::Other
    }
}
