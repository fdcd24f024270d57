//! The files of an application: found without regard to case, as on Windows, and served as IIS's `StaticFile` handler does.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use time::macros::format_description;
use tokio::io::AsyncSeekExt as _;

use super::{Content, Reply};
use crate::iis::site::{
    Answer, ByteRange, Configuration, Files, Folders, Handling, Request, Resource, entity_tag, escaped,
    range_of,
};
use crate::xml::{escape_attribute, escape_text};

/// The folders of an application.
pub(super) struct Disk<'a>(pub(super) &'a Folders);

impl Disk<'_> {
    /// The file or folder that a decoded path stands for.
    pub(super) fn find(&self, below: &str) -> Option<PathBuf> {
        let (folder, rest) = self.0.lead(below);
        let mut found = folder.to_owned();
        for step in rest.split('/').filter(|step| !step.is_empty()) {
            // A step comes out of a URL that was resolved, but nothing here must hang on that.
            if step == ".." || step.contains(['\\', '\0']) || (cfg!(windows) && step.contains(':')) {
                return None;
            }
            found = child(&found, step)?;
        }
        Some(found)
    }
}

/// The entry of a folder that has this name, else one that has it in another case.
pub(in crate::iis) fn child(folder: &Path, name: &str) -> Option<PathBuf> {
    let exact = folder.join(name);
    if exact.exists() {
        return Some(exact);
    }
    let lower = name.to_lowercase();
    fs::read_dir(folder)
        .ok()?
        .flatten()
        .find(|entry| entry.file_name().to_string_lossy().to_lowercase() == lower)
        .map(|entry| entry.path())
}

impl Files for Disk<'_> {
    fn resource(&self, path: &str) -> Resource {
        match self.find(path).map(|found| (found.is_dir(), found.is_file())) {
            Some((true, _)) => Resource::Directory,
            Some((_, true)) if !path.ends_with('/') => Resource::File,
            _ => Resource::Missing,
        }
    }
}

/// Serves a file or the list of a folder.
pub(super) async fn serve(
    folders: &Folders,
    configuration: &Configuration,
    request: &Request,
    handling: &Handling,
) -> Result<Reply, Answer> {
    let missing = || Answer::new(404, 0);
    let path = Disk(folders).find(&handling.below).ok_or_else(missing)?;
    if path.is_dir() {
        return Ok(list(&path, handling));
    }
    let content = &configuration.static_content;
    let kind = content.type_of(&handling.below).ok_or_else(|| Answer::new(404, 3))?;
    let mut file = tokio::fs::File::open(&path).await.map_err(|_| missing())?;
    let data = file.metadata().await.map_err(|_| missing())?;
    let (size, modified) = (data.len(), data.modified().unwrap_or(UNIX_EPOCH));
    let since = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    let tag = entity_tag(since.as_nanos() / 100, size);
    let mut headers = vec![
        ("Content-Type".to_owned(), kind.to_owned()),
        ("Last-Modified".to_owned(), http_date(modified.into())),
        ("Accept-Ranges".to_owned(), "bytes".to_owned()),
        ("ETag".to_owned(), tag.clone()),
    ];
    let extra = [("Cache-Control", &content.cache_control), ("Expires", &content.expires)];
    headers.extend(extra.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?))));
    let reply = |status, headers, content| Reply {
        status,
        sub_status: 0,
        reason: String::new(),
        headers,
        content,
        said: super::Said::default(),
        handler: handling.handler.name.clone(),
    };
    if is_known(request, &tag, since.as_secs()) {
        return Ok(reply(304, headers, Content::Whole(bytes::Bytes::new())));
    }
    // A range of another version than the one that the client has would not fit.
    let same = request.header("If-Range").is_none_or(|known| known == tag);
    let range = request.header("Range").filter(|_| same);
    let (status, start, length) = match range_of(range.as_deref(), size) {
        ByteRange::Whole => (200, 0, size),
        ByteRange::Part(first, last) => {
            headers.push(("Content-Range".to_owned(), format!("bytes {first}-{last}/{size}")));
            (206, first, last - first + 1)
        }
        ByteRange::Unsatisfiable => {
            headers.push(("Content-Range".to_owned(), format!("bytes */{size}")));
            headers.push(("Content-Length".to_owned(), "0".to_owned()));
            return Ok(reply(416, headers, Content::Whole(bytes::Bytes::new())));
        }
    };
    file.seek(std::io::SeekFrom::Start(start)).await.map_err(|_| Answer::new(500, 0))?;
    headers.push(("Content-Length".to_owned(), length.to_string()));
    Ok(reply(status, headers, Content::File(file, length)))
}

/// Whether the client has this version already (RFC 9110, section 13.2.2).
fn is_known(request: &Request, tag: &str, modified: u64) -> bool {
    if let Some(known) = request.header("If-None-Match") {
        return known.split(',').any(|known| {
            let known = known.trim();
            known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
        });
    }
    let since = request.header("If-Modified-Since");
    let since = since.and_then(|since| OffsetDateTime::parse(&since, &Rfc2822).ok());
    since.and_then(|since| u64::try_from(since.unix_timestamp()).ok()).is_some_and(|since| modified <= since)
}

/// A time as HTTP writes it (RFC 9110, section 5.6.7).
pub(super) fn http_date(time: OffsetDateTime) -> String {
    let form = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    time.format(form).unwrap_or_default()
}

/// The list of a folder, as `directoryBrowse` gives it.
fn list(folder: &Path, handling: &Handling) -> Reply {
    let mut entries: Vec<(String, bool)> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path().is_dir()))
        .filter(|(name, _)| !name.eq_ignore_ascii_case("web.config"))
        .collect();
    entries.sort();
    let title = escape_text(&handling.url.text);
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body><h1>{title}</h1>\n<ul>\n"
    );
    if handling.below != "/" {
        html.push_str("<li><a href=\"../\">To the folder above</a></li>\n");
    }
    for (name, is_folder) in entries {
        let slash = if is_folder { "/" } else { "" };
        let address = escape_attribute(&format!("./{}{slash}", escaped(&name))).replace('#', "%23");
        let _ = writeln!(html, "<li><a href=\"{address}\">{}{slash}</a></li>", escape_text(&name));
    }
    html.push_str("</ul></body></html>\n");
    Reply::whole(200, 0, &handling.handler.name, "text/html; charset=utf-8", html)
}
