//! Trusted Publishing: a token of GitHub Actions about the running job is exchanged for one of the index that lives 15
//! minutes (<https://docs.pypi.org/trusted-publishers/internals/>).
//!
//! Each token is announced to the job's log as a secret before it is used.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

use super::{Notice, addresses};
use crate::error::{ExitCode, Failure};
use crate::http::{self, Client, Method, Response, StatusCode, Url, read_text};
use crate::secret::Secret;

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a minted token is used: PyPI's live for 900 seconds, and an upload takes some of them.
const LIFE: Duration = Duration::from_secs(600);
/// The most bytes of an answer.
const MOST: usize = 1 << 20;

/// What GitHub gives a job that may ask for a token about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oidc {
    /// `ACTIONS_ID_TOKEN_REQUEST_URL`.
    pub url: String,
    /// `ACTIONS_ID_TOKEN_REQUEST_TOKEN`.
    pub token: Secret,
}

/// A token of the index.
#[derive(Debug, Clone)]
pub(super) struct Minted {
    pub(super) token: Secret,
    until: Instant,
}

impl Minted {
    /// Whether it can still begin an upload.
    pub(super) fn is_fresh(&self) -> bool {
        Instant::now() < self.until
    }
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The job has no right to tokens.
    #[error("this job may not ask GitHub for a token about itself")]
    NoPermission,
    /// The network.
    #[error(transparent)]
    Http(#[from] http::Error),
    /// The index has it switched off.
    #[error("the index has Trusted Publishing switched off")]
    Disabled,
    /// The index does not know it.
    #[error("the index has no Trusted Publishing")]
    Unsupported,
    /// GitHub gave none.
    #[error("GitHub answered with status {status}")]
    GitHub {
        /// The status.
        status: u16,
    },
    /// An answer is not what it should be.
    #[error("the answer of {who} is not what was expected")]
    Malformed {
        /// Who gave it.
        who: &'static str,
    },
    /// The index did not accept the job.
    #[error("the index did not accept this job: {}", codes.join(", "))]
    Refused {
        /// The codes and descriptions that it gave.
        codes: Vec<String>,
        /// What the token says about the job: name and value.
        claims: Vec<(String, String)>,
    },
}

impl Error {
    /// What is to be said at length in the summary of the job, as Markdown.
    pub fn explanation(&self) -> Option<String> {
        let text = match self {
            Self::NoPermission => {
                "This job asked for Trusted Publishing and has no permission to. Give it one:\n\n```yaml\npermissions:\n  \
                 id-token: write\n```\n\nA job in a pull request from a fork never gets it."
                    .to_owned()
            }
            Self::Disabled => {
                "The index has Trusted Publishing switched off at the moment. Try again later, or publish with an API \
                 token (`IISWSGI_PYPI_TOKEN`)."
                    .to_owned()
            }
            Self::Unsupported => {
                "The index does not know Trusted Publishing. Check its address, or publish with a token \
                 (`IISWSGI_PYPI_TOKEN`)."
                    .to_owned()
            }
            Self::GitHub { status } => format!(
                "GitHub did not give this job a token about itself (status {status}). See its status page, and run the \
                 job again."
            ),
            Self::Malformed { who } => {
                format!("The answer of {who} was not what was expected. It may be a proxy in between that answered.")
            }
            Self::Refused { codes, claims } => {
                let mut text = format!("The index did not accept this job:\n\n{}\n", bullets(codes));
                text += "\nA trusted publisher on the index has to say exactly what the token says:\n\n| claim | value \
                         |\n|---|---|\n";
                for (name, value) in claims {
                    let _ = writeln!(text, "| `{name}` | `{}` |", value.replace('|', "\\|").replace('`', "'"));
                }
                text += "\nThe workflow must be the one that was started: publishing from a reusable workflow is not \
                         supported. An environment that the publisher names must be the job's `environment`.";
                text
            }
            Self::Http(_) => return None,
        };
        Some(format!("## Trusted Publishing failed\n\n{text}\n"))
    }
}

fn bullets(lines: &[String]) -> String {
    lines.iter().map(|line| format!("- {line}")).collect::<Vec<_>>().join("\n")
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Http(error) => return error.hint(),
            Self::NoPermission => {
                "Give the job `permissions: id-token: write`. A pull request from a fork never has it.".into()
            }
            Self::Disabled | Self::Unsupported => "Publish with an API token: set IISWSGI_PYPI_TOKEN.".into(),
            Self::GitHub { .. } | Self::Malformed { .. } => "Run the job again.".into(),
            Self::Refused { codes, .. } => {
                let has = |code: &str| codes.iter().any(|told| told.starts_with(code));
                if has("invalid-reuse-token") {
                    "A token is taken once: run the job again.".into()
                } else if has("invalid-pending-publisher") || has("invalid-publisher") {
                    "Make a trusted publisher on the index whose owner, repository, workflow file and environment \
                     are those of this job; the step summary lists them."
                        .into()
                } else if has("not-enabled") {
                    "Publish with an API token: set IISWSGI_PYPI_TOKEN.".into()
                } else {
                    "The step summary says what the index was told.".into()
                }
            }
        })
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Http(error) => error.exit_code(),
            _ => ExitCode::Publishing,
        }
    }
}

/// Gets a token of the index that uploads go to.
pub(super) async fn mint(
    client: &Client,
    upload: &Url,
    oidc: Option<&Oidc>,
    notify: &(dyn Fn(Notice<'_>) + Sync),
) -> Result<Minted, Error> {
    let oidc = oidc.ok_or(Error::NoPermission)?;
    let malformed = |who| move || Error::Malformed { who };
    let at_index = |endpoint| addresses::oidc_of(upload, endpoint).ok_or_else(malformed("the index"));
    let audience_url = at_index("audience")?;
    let response = client.get(&audience_url, "application/json", None, PATIENCE).await?;
    match response.status() {
        status if status.is_success() => {}
        StatusCode::FORBIDDEN => return Err(Error::Disabled),
        _ => return Err(Error::Unsupported),
    }
    let audience = member(response, "audience").await?.ok_or_else(malformed("the index"))?;

    let mut url = Url::parse(&oidc.url).map_err(|_| Error::NoPermission)?;
    url.query_pairs_mut().append_pair("audience", &audience);
    let request = client.request(Method::GET, &url)?.bearer_auth(oidc.token.reveal()).timeout(PATIENCE);
    let response = request.send().await.map_err(|source| http::Error::transfer(&url, source))?;
    if !response.status().is_success() {
        return Err(Error::GitHub { status: response.status().as_u16() });
    }
    let jwt = Secret::new(member(response, "value").await?.ok_or_else(malformed("GitHub"))?);
    notify(Notice::Mask(&jwt));

    let url = at_index("mint-token")?;
    let body = serde_json::json!({ "token": jwt.reveal() });
    let request = client.request(Method::POST, &url)?.json(&body).timeout(PATIENCE);
    let response = request.send().await.map_err(|source| http::Error::transfer(&url, source))?;
    let begun = Instant::now();
    let accepted = response.status().is_success();
    let answer: Value = serde_json::from_str(&read_text(response, MOST).await?)
        .map_err(|_| Error::Malformed { who: "the index" })?;
    if !accepted || answer["success"] == false {
        return Err(Error::Refused { codes: codes(&answer), claims: claims(jwt.reveal()) });
    }
    let token = Secret::new(answer["token"].as_str().ok_or_else(malformed("the index"))?);
    notify(Notice::Mask(&token));
    Ok(Minted { token, until: begun + LIFE })
}

/// A text of a JSON answer.
async fn member(response: Response, name: &str) -> Result<Option<String>, Error> {
    let text = read_text(response, MOST).await?;
    let answer: Value = serde_json::from_str(&text).unwrap_or_default();
    Ok(answer[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned))
}

/// The codes and descriptions of a refusal.
fn codes(answer: &Value) -> Vec<String> {
    #[derive(Deserialize)]
    struct Reason {
        #[serde(default)]
        code: String,
        #[serde(default)]
        description: String,
    }
    let reasons: Vec<Reason> = serde_json::from_value(answer["errors"].clone()).unwrap_or_default();
    let mut codes: Vec<String> =
        reasons.into_iter().map(|reason| format!("{}: {}", reason.code, reason.description)).collect();
    if codes.is_empty() {
        codes.push(answer["message"].as_str().unwrap_or("no reason given").to_owned());
    }
    codes
}

/// What a token says about the job, as far as a trusted publisher can be told apart by it. None of it is secret.
fn claims(jwt: &str) -> Vec<(String, String)> {
    const SHOWN: [&str; 8] = [
        "sub",
        "repository",
        "repository_owner",
        "repository_owner_id",
        "workflow_ref",
        "job_workflow_ref",
        "ref",
        "environment",
    ];
    let payload = jwt.split('.').nth(1).unwrap_or_default().trim_end_matches('=');
    let payload = BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap_or_default();
    let payload: Value = serde_json::from_slice(&payload).unwrap_or_default();
    let told = |name: &&str| Some(((*name).to_owned(), payload[*name].as_str()?.to_owned()));
    SHOWN.iter().filter_map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_is_explained() {
        let payload = BASE64_URL_SAFE_NO_PAD
            .encode(r#"{"sub":"repo:o/r:environment:x","repository":"o/r","jti":"secret"}"#);
        let refused = |code: &str| Error::Refused {
            codes: codes(&serde_json::json!({"errors": [{"code": code, "description": "text"}]})),
            claims: claims(&format!("head.{payload}.signature")),
        };
        let text = refused("invalid-publisher").explanation().unwrap();
        assert!(
            text.contains("- invalid-publisher: text") && text.contains("| `repository` | `o/r` |"),
            "{text}"
        );
        assert!(!text.contains("secret") && !text.contains("signature"), "{text}");
        for error in [
            Error::NoPermission,
            Error::Disabled,
            Error::Unsupported,
            Error::GitHub { status: 500 },
            Error::Malformed { who: "GitHub" },
            refused("invalid-reuse-token"),
            refused("not-enabled"),
            refused("invalid-payload"),
        ] {
            assert!(error.explanation().is_some() && error.hint().is_some(), "{error}");
        }
        assert_eq!(codes(&serde_json::json!({})), ["no reason given"]);
        assert_eq!(claims("no token"), []);
    }
}
