//! The calls of GitHub's REST API that publishing makes, as values: method, path and body. Pure.

use serde_json::{Value, json};

use super::machine::Call;
use super::{MakeLatest, Target};
use crate::uri::percent_encode;

/// How many releases or assets are listed at once, the most that GitHub gives.
pub(super) const PER_PAGE: usize = 100;

/// A call as it is sent, beside the upload of bytes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Request {
    pub(super) method: &'static str,
    /// Below the address of the API.
    pub(super) path: String,
    pub(super) body: Option<Value>,
}

impl Call {
    /// What it does, for messages: `create the draft`.
    pub(super) fn doing(&self, tag: &str) -> String {
        match self {
            Self::Repository => "look at the repository".to_owned(),
            Self::ReleaseByTag => format!("look for the release `{tag}`"),
            Self::Releases { .. } => "list the releases".to_owned(),
            Self::Notes => "let GitHub write the notes".to_owned(),
            Self::Create { .. } => format!("create the draft for `{tag}`"),
            Self::Assets { .. } => format!("list the files of the release `{tag}`"),
            Self::DeleteAsset { name, .. } => format!("delete the file `{name}` of the release `{tag}`"),
            Self::DeleteDraft { .. } => format!("delete a draft for `{tag}` that is not needed"),
            Self::Upload { name, .. } => format!("upload `{name}`"),
            Self::Publish { .. } => format!("publish the release `{tag}`"),
        }
    }

    /// Whether it changes something, for which the token needs more than the right to read.
    pub(super) fn is_write(&self) -> bool {
        // Drafts are listed and notes are made only for those who may write.
        !matches!(self, Self::Repository | Self::ReleaseByTag | Self::Releases { .. } | Self::Assets { .. })
    }

    /// The release that it is about, when that is one that was found before.
    pub(super) fn release(&self) -> Option<u64> {
        match self {
            Self::Assets { release, .. } | Self::Upload { release, .. } | Self::Publish { release, .. } => {
                Some(*release)
            }
            _ => None,
        }
    }

    /// The request. An upload has its own address, which the API gave, and is not made here.
    pub(super) fn request(&self, repository: &str, target: &Target) -> Request {
        let releases = format!("/repos/{repository}/releases");
        let get = |path| Request { method: "GET", path, body: None };
        match self {
            Self::Repository => get(format!("/repos/{repository}")),
            Self::ReleaseByTag => get(format!("{releases}/tags/{}", percent_encode(&target.tag, "/"))),
            Self::Releases { page } => get(format!("{releases}?per_page={PER_PAGE}&page={page}")),
            Self::Assets { release, page } => {
                get(format!("{releases}/{release}/assets?per_page={PER_PAGE}&page={page}"))
            }
            Self::Notes => {
                let body = with_commit(json!({ "tag_name": target.tag }), target);
                Request { method: "POST", path: format!("{releases}/generate-notes"), body: Some(body) }
            }
            Self::Create { body } => {
                let body = json!({
                    "tag_name": target.tag,
                    "name": target.name,
                    "body": body,
                    "draft": true,
                    "prerelease": target.prerelease,
                });
                Request { method: "POST", path: releases, body: Some(with_commit(body, target)) }
            }
            Self::DeleteAsset { id, .. } => {
                Request { method: "DELETE", path: format!("{releases}/assets/{id}"), body: None }
            }
            Self::DeleteDraft { id } => {
                Request { method: "DELETE", path: format!("{releases}/{id}"), body: None }
            }
            Self::Publish { release, body } => {
                let latest = match target.make_latest {
                    MakeLatest::Auto if target.prerelease => "false",
                    MakeLatest::Auto | MakeLatest::True => "true",
                    MakeLatest::False => "false",
                    MakeLatest::Legacy => "legacy",
                };
                let body = json!({
                    "tag_name": target.tag,
                    "name": target.name,
                    "body": body,
                    "draft": false,
                    "prerelease": target.prerelease,
                    "make_latest": latest,
                });
                let body = Some(with_commit(body, target));
                Request { method: "PATCH", path: format!("{releases}/{release}"), body }
            }
            Self::Upload { .. } => Request { method: "POST", path: String::new(), body: None },
        }
    }
}

/// The commit or branch of a new tag goes only where there is one: GitHub knows its default branch by itself.
fn with_commit(mut body: Value, target: &Target) -> Value {
    if let Some(commit) = &target.commit {
        body["target_commitish"] = json!(commit);
    }
    body
}

/// The address of an upload: that of the API without its template (RFC 6570), and the name as a query.
pub(super) fn upload_url(template: &str, name: &str) -> String {
    let base = template.split('{').next().unwrap_or(template);
    let separator = if base.contains('?') { '&' } else { '?' };
    format!("{base}{separator}name={}", percent_encode(name, ""))
}

/// The media type of a file, by its name.
pub(super) fn media_type(name: &str) -> &'static str {
    let extension = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    match extension.as_str() {
        "zip" | "whl" => "application/zip",
        "xml" => "application/xml",
        "gz" => "application/gzip",
        "json" => "application/json",
        "txt" | "md" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_an_upload_is_what_the_api_gave_with_an_encoded_name() {
        let given = "https://uploads.github.com/repos/o/n/releases/1/assets{?name,label}";
        assert_eq!(
            upload_url(given, "a+b&c.zip"),
            "https://uploads.github.com/repos/o/n/releases/1/assets?name=a%2Bb%26c.zip"
        );
    }

    #[test]
    fn a_prerelease_is_never_made_the_latest_by_default() {
        let target = Target { tag: "v1".into(), prerelease: true, ..Target::default() };
        let publish = Call::Publish { release: 7, body: None };
        let request = publish.request("o/n", &target);
        assert_eq!(request.path, "/repos/o/n/releases/7");
        let body = request.body.unwrap();
        assert_eq!((&body["make_latest"], &body["draft"]), (&json!("false"), &json!(false)));
        assert!(body.get("target_commitish").is_none());
    }
}
