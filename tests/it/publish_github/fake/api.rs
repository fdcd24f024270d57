//! How the fake GitHub answers the calls of its API. What an upload does is here, its bytes are not.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::REPOSITORY;
use super::state::{Right, State, StoredAsset, StoredRelease};

/// Status, headers and body.
pub(super) type Answer = (u16, Vec<(&'static str, String)>, Value);

pub(super) fn not_found() -> Answer {
    (404, vec![], json!({ "message": "Not Found" }))
}

fn invalid(error: &Value) -> Answer {
    (422, vec![], json!({ "message": "Validation Failed", "errors": [error] }))
}

pub(super) fn query(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), decoded(value))).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            b'+' => b' ',
            byte => byte,
        });
    }
    String::from_utf8(bytes).unwrap()
}

impl State {
    pub(super) fn begin(
        &mut self,
        id: u64,
        name: &str,
        size: u64,
        media_type: String,
    ) -> Result<u64, Answer> {
        let next = self.id();
        let Some(release) = self.releases.iter_mut().find(|release| release.id == id) else {
            return Err(not_found());
        };
        if release.immutable {
            return Err((422, vec![], json!({ "message": "Cannot upload assets to an immutable release." })));
        }
        if release.assets.iter().any(|asset| asset.name == name) {
            let error = json!({ "resource": "ReleaseAsset", "code": "already_exists", "field": "name" });
            return Err(invalid(&error));
        }
        if size == 0 {
            return Err(invalid(&json!({ "resource": "ReleaseAsset", "code": "custom", "field": "size" })));
        }
        if release.assets.len() >= 1000 {
            let message = json!({ "message": "release assets limit of 1000 reached" });
            return Err((422, vec![], message));
        }
        release.assets.push(StoredAsset {
            id: next,
            name: name.into(),
            size,
            state: "starter",
            sha256: String::new(),
            bytes: Vec::new(),
            media_type,
        });
        Ok(next)
    }

    pub(super) fn end(&mut self, id: u64, asset: u64, sha256: String, bytes: Vec<u8>) -> Answer {
        let release = self.releases.iter_mut().find(|release| release.id == id);
        let asset = release.and_then(|release| release.assets.iter_mut().find(|stored| stored.id == asset));
        let Some(asset) = asset else { return not_found() };
        (asset.state, asset.sha256, asset.bytes) = ("uploaded", sha256, bytes);
        let asset = asset.clone();
        (201, vec![], self.asset(&asset))
    }

    pub(super) fn answer(&mut self, method: &str, path: &str, query_text: &str, body: &Value) -> Answer {
        // An enterprise server has its API below this.
        let path = path.strip_prefix("/api/v3").unwrap_or(path);
        let Some(rest) = path.strip_prefix(&format!("/repos/{REPOSITORY}")) else { return not_found() };
        let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
        let number = |text: &str| text.parse::<u64>().unwrap_or_default();
        match (method, parts.as_slice()) {
            ("GET", []) => {
                (200, vec![], json!({ "full_name": REPOSITORY, "archived": self.archived, "private": false }))
            }
            ("GET", ["releases"]) => self.list(query_text),
            ("POST", ["releases"]) => self.create(body),
            ("POST", ["releases", "generate-notes"]) => {
                let text = format!("## What's changed\n\n**{}**", body["tag_name"].as_str().unwrap());
                (200, vec![], json!({ "name": body["tag_name"], "body": text }))
            }
            ("GET", ["releases", "tags", tag @ ..]) => {
                let tag = decoded(&tag.join("/"));
                let found = self.published(&tag).first().map(|release| self.release(release));
                found.map_or_else(not_found, |release| (200, vec![], release))
            }
            ("PATCH", ["releases", id]) => self.patch(number(id), body),
            ("DELETE", ["releases", id]) => {
                let Some(at) = self.releases.iter().position(|release| release.id == number(id)) else {
                    return not_found();
                };
                let release = self.releases.remove(at);
                if release.immutable {
                    self.burned.insert(release.tag);
                }
                (204, vec![], Value::Null)
            }
            ("GET", ["releases", id, "assets"]) => self.assets(number(id), query_text),
            ("DELETE", ["releases", "assets", id]) => self.delete_asset(number(id)),
            _ => not_found(),
        }
    }

    fn assets(&mut self, id: u64, query_text: &str) -> Answer {
        let Some(release) = self.releases.iter().find(|release| release.id == id) else { return not_found() };
        let mut all: Vec<Value> = release.assets.iter().map(|asset| self.asset(asset)).collect();
        if self.assets_behind > 0 {
            self.assets_behind -= 1;
            all.clear();
        }
        page(all, query_text)
    }

    fn delete_asset(&mut self, id: u64) -> Answer {
        for release in &mut self.releases {
            if let Some(at) = release.assets.iter().position(|asset| asset.id == id) {
                if release.immutable {
                    let message = json!({ "message": "Cannot delete asset from an immutable release." });
                    return (422, vec![], message);
                }
                release.assets.remove(at);
                return (204, vec![], Value::Null);
            }
        }
        not_found()
    }

    fn list(&mut self, query_text: &str) -> Answer {
        let drafts = self.right.unwrap_or(Right::Write) == Right::Write;
        let mut all: Vec<&StoredRelease> =
            self.releases.iter().filter(|release| drafts || !release.draft).collect();
        all.sort_by_key(|release| std::cmp::Reverse(release.id));
        let behind = usize::from(self.lists_behind > 0);
        let all: Vec<Value> = all.into_iter().skip(behind).map(|release| self.release(release)).collect();
        self.lists_behind -= behind;
        page(all, query_text)
    }

    fn create(&mut self, body: &Value) -> Answer {
        let tag = body["tag_name"].as_str().unwrap();
        let draft = body["draft"].as_bool().unwrap_or(false);
        if !draft && !self.published(tag).is_empty() {
            return invalid(&json!({ "resource": "Release", "code": "already_exists", "field": "tag_name" }));
        }
        let id = self.add(tag, draft, body["body"].as_str().unwrap_or_default(), &[]);
        let release = self.releases.last_mut().unwrap();
        release.name = body["name"].as_str().unwrap_or_default().into();
        release.prerelease = body["prerelease"].as_bool().unwrap_or(false);
        release.commit = body["target_commitish"].as_str().unwrap_or_default().into();
        let release = self.releases.iter().find(|release| release.id == id).unwrap();
        (201, vec![], self.release(release))
    }

    fn patch(&mut self, id: u64, body: &Value) -> Answer {
        let Some(at) = self.releases.iter().position(|release| release.id == id) else { return not_found() };
        let tag = body["tag_name"].as_str().map_or_else(|| self.releases[at].tag.clone(), str::to_owned);
        let publish = self.releases[at].draft && body["draft"] == json!(false);
        let error = |code: &str, field: &str, message: &str| json!({ "resource": "Release", "code": code, "field": field, "message": message });
        if publish && self.published(&tag).iter().any(|release| release.id != id) {
            return invalid(&json!({ "resource": "Release", "code": "already_exists", "field": "tag_name" }));
        }
        if publish && self.burned.contains(&tag) {
            return invalid(&error("custom", "tag_name", "tag_name was used by an immutable release"));
        }
        if publish && self.restricted_tags && !self.tags.contains(&tag) {
            let text =
                "Repository rule violations found\n\nCannot create ref due to creations being restricted.";
            return invalid(&error("custom", "pre_receive", text));
        }
        let prerelease = body["prerelease"].as_bool().unwrap_or(self.releases[at].prerelease);
        if body["make_latest"] == json!("true") && prerelease {
            return invalid(&error("custom", "make_latest", "Latest release cannot be draft or prerelease"));
        }
        let immutable = publish && self.immutable_releases;
        let release = &mut self.releases[at];
        release.draft &= !publish;
        release.prerelease = prerelease;
        release.immutable |= immutable;
        for (field, key) in
            [(&mut release.name, "name"), (&mut release.body, "body"), (&mut release.latest, "make_latest")]
        {
            if let Some(text) = body[key].as_str() {
                text.clone_into(field);
            }
        }
        if publish {
            self.tags.insert(tag);
        }
        let release = self.releases[at].clone();
        (200, vec![], self.release(&release))
    }

    fn release(&self, release: &StoredRelease) -> Value {
        let place = if release.draft { format!("untagged-{:020x}", release.id) } else { release.tag.clone() };
        let uploads =
            if self.upload_elsewhere { "http://uploads.elsewhere.example" } else { self.base.as_str() };
        json!({
            "id": release.id,
            "html_url": format!("{}/{REPOSITORY}/releases/tag/{place}", self.base),
            "upload_url": format!("{uploads}/uploads/repos/{REPOSITORY}/releases/{}/assets{{?name,label}}", release.id),
            "tag_name": release.tag,
            "name": release.name,
            "body": release.body,
            "draft": release.draft,
            "prerelease": release.prerelease,
            "immutable": release.immutable,
            "assets": release.assets.iter().map(|asset| self.asset(asset)).collect::<Vec<_>>(),
        })
    }

    fn asset(&self, asset: &StoredAsset) -> Value {
        let digest =
            (!asset.sha256.is_empty() && !self.no_digests).then(|| format!("sha256:{}", asset.sha256));
        json!({
            "id": asset.id,
            "name": asset.name,
            "label": "",
            "size": asset.size,
            "state": asset.state,
            "digest": digest,
            "content_type": asset.media_type,
        })
    }
}

fn page(all: Vec<Value>, query_text: &str) -> Answer {
    let query = query(query_text);
    let number = |name: &str, default: usize| query.get(name).map_or(default, |text| text.parse().unwrap());
    let (size, page) = (number("per_page", 30).min(100), number("page", 1));
    let more = all.len() > size * page;
    let shown: Vec<Value> = all.into_iter().skip(size * (page - 1)).take(size).collect();
    let link = more.then(|| ("link", format!("<http://x/?page={}>; rel=\"next\"", page + 1)));
    (200, link.into_iter().collect(), Value::Array(shown))
}
