//! From a web server's variables to `SCRIPT_NAME` and `PATH_INFO` as WSGI means them (PEP 3333, "environ Variables").
//!
//! IIS puts the path of the whole URL into both variables (PTVS issues 1029 and 4061) and replaces characters that its
//! code page lacks; URL Rewrite hides the URL that the user sees. This file gives back what the web application needs.
//! Pure: bytes in, bytes out. Bytes are what a WSGI string holds as ISO 8859-1.

use std::borrow::Cow;

use crate::uri::percent_decode;

/// What the administrator has set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// The path below which the application lives, when it is told (`SCRIPT_NAME`), without a slash at the end.
    pub script_name: Option<Vec<u8>>,
    /// IIS's `AllowPathInfoForScriptMappings`: the variables are right as they are.
    pub path_info_for_script_mappings: bool,
}

/// The variables that matter here, as far as the web server sent them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Variables<'a> {
    /// `SCRIPT_NAME`.
    pub script_name: Option<&'a [u8]>,
    /// `PATH_INFO`.
    pub path_info: Option<&'a [u8]>,
    /// `REQUEST_URI`: the request's target as the client wrote it.
    pub request_uri: Option<&'a [u8]>,
    /// `UNENCODED_URL`, IIS's name of the same.
    pub unencoded_url: Option<&'a [u8]>,
    /// `HTTP_X_ORIGINAL_URL`: the target before URL Rewrite changed it. Any client can send such a header, so that it
    /// counts only when URL Rewrite is there.
    pub original_url: Option<&'a [u8]>,
    /// Whether IIS says that URL Rewrite is there (`IIS_UrlRewriteModule`, `IIS_WasUrlRewritten`).
    pub has_url_rewrite: bool,
    /// `APPL_MD_PATH`: the application in IIS's metabase, such as `/LM/W3SVC/1/ROOT/App`.
    pub metabase_path: Option<&'a [u8]>,
    /// `SERVER_SOFTWARE`.
    pub server_software: Option<&'a [u8]>,
}

impl<'a> Variables<'a> {
    /// Takes a variable if it is one of ours.
    pub fn set(&mut self, name: &[u8], value: &'a [u8]) {
        match name {
            b"SCRIPT_NAME" => self.script_name = Some(value),
            b"PATH_INFO" => self.path_info = Some(value),
            b"REQUEST_URI" => self.request_uri = Some(value),
            b"UNENCODED_URL" => self.unencoded_url = Some(value),
            b"HTTP_X_ORIGINAL_URL" => self.original_url = Some(value),
            b"APPL_MD_PATH" => self.metabase_path = Some(value),
            b"SERVER_SOFTWARE" => self.server_software = Some(value),
            b"IIS_UrlRewriteModule" | b"IIS_WasUrlRewritten" => self.has_url_rewrite |= !value.is_empty(),
            _ => {}
        }
    }

    /// Whether the web server is IIS.
    pub fn is_iis(&self) -> bool {
        self.server_software.is_some_and(|name| name.starts_with(b"Microsoft-IIS"))
            || self.metabase_path.is_some()
    }
}

/// `SCRIPT_NAME` and `PATH_INFO`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths<'a> {
    /// The path of the application itself, empty at the root.
    pub script_name: Cow<'a, [u8]>,
    /// The path within the application.
    pub path_info: Cow<'a, [u8]>,
}

/// The paths of a request.
pub fn paths<'a>(variables: &Variables<'a>, rules: &Rules) -> Paths<'a> {
    let is_iis = variables.is_iis();
    if is_iis && !rules.path_info_for_script_mappings {
        let prefix = rules.script_name.as_deref().or_else(|| variables.metabase_path.map(application_path));
        return split(full_path(variables), prefix.unwrap_or_default());
    }
    let script_name = variables.script_name.unwrap_or_default();
    let Some(path_info) = variables.path_info else {
        // A plain `fastcgi_params` of nginx: the whole path is in SCRIPT_NAME.
        let path = variables.request_uri.and_then(path_of).unwrap_or(Cow::Borrowed(script_name));
        return split(path, rules.script_name.as_deref().unwrap_or_default());
    };
    match &rules.script_name {
        Some(prefix) if script_name.is_empty() => split(Cow::Borrowed(path_info), prefix),
        _ => {
            let script_name = script_name.strip_suffix(b"/").unwrap_or(script_name);
            let raw =
                if is_iis && path_info.contains(&b'?') { unspoilt(variables, script_name) } else { None };
            let path_info = raw.unwrap_or(Cow::Borrowed(path_info));
            Paths { script_name: Cow::Borrowed(script_name), path_info }
        }
    }
}

/// The path of the URL that the user sees, decoded.
fn full_path<'a>(variables: &Variables<'a>) -> Cow<'a, [u8]> {
    let path_info = variables.path_info.or(variables.script_name).unwrap_or(b"/");
    let original = variables.original_url.filter(|_| variables.has_url_rewrite);
    let raw = original.or(variables.request_uri).or(variables.unencoded_url).and_then(path_of);
    match raw {
        // IIS has resolved dots and doubled slashes before it checked who may see the page: its path is the one that was
        // allowed. A path without such parts differs only in the characters that IIS has spoilt.
        Some(raw) if is_plain(&raw) || original.is_some() => raw,
        _ => Cow::Borrowed(path_info),
    }
}

/// What follows the script's name in the URL as the client sent it. None when the URL is another one.
fn unspoilt<'a>(variables: &Variables<'a>, script_name: &[u8]) -> Option<Cow<'a, [u8]>> {
    let raw =
        variables.request_uri.or(variables.unencoded_url).and_then(path_of).filter(|raw| is_plain(raw))?;
    let paths = split(raw, script_name);
    (paths.script_name.len() == script_name.len()).then_some(paths.path_info)
}

/// The path of a request's target, percent-decoded. None when the target has no path.
fn path_of(target: &[u8]) -> Option<Cow<'_, [u8]>> {
    let target = match target.windows(3).position(|three| three == b"://") {
        // The absolute form (RFC 9112, section 3.2.2).
        Some(scheme) if !target[..scheme].contains(&b'/') && !target[..scheme].contains(&b'?') => {
            let rest = &target[scheme + 3..];
            let slash = rest.iter().position(|byte| *byte == b'/')?;
            &rest[slash..]
        }
        _ => target,
    };
    let end = target.iter().position(|byte| matches!(byte, b'?' | b'#')).unwrap_or(target.len());
    target.starts_with(b"/").then(|| percent_decode(&target[..end]))
}

/// Whether no part of a path is empty, `.` or `..`, and none holds a backslash or a zero byte.
fn is_plain(path: &[u8]) -> bool {
    let path = path.strip_prefix(b"/").unwrap_or(path);
    let path = path.strip_suffix(b"/").unwrap_or(path);
    path.is_empty()
        || path
            .split(|byte| *byte == b'/')
            .all(|part| !matches!(part, b"" | b"." | b"..") && !part.contains(&b'\\') && !part.contains(&0))
}

/// The application's path out of `/LM/W3SVC/1/ROOT/App`.
fn application_path(metabase_path: &[u8]) -> &[u8] {
    let mut parts = metabase_path.splitn(6, |byte| *byte == b'/');
    match (parts.nth(4), parts.next()) {
        (Some(root), Some(path)) if root.eq_ignore_ascii_case(b"ROOT") => {
            &metabase_path[metabase_path.len() - path.len() - 1..]
        }
        _ => b"",
    }
}

/// Splits a path behind the prefix, whose case does not matter to IIS. The script name keeps the case of the URL.
fn split<'a>(path: Cow<'a, [u8]>, prefix: &[u8]) -> Paths<'a> {
    let prefix = prefix.strip_suffix(b"/").unwrap_or(prefix);
    let length = prefix.len();
    let below = path.len() >= length
        && path[..length].eq_ignore_ascii_case(prefix)
        && matches!(path.get(length), None | Some(b'/'));
    let at = if below { length } else { 0 };
    match path {
        Cow::Borrowed(path) => {
            Paths { script_name: Cow::Borrowed(&path[..at]), path_info: Cow::Borrowed(&path[at..]) }
        }
        Cow::Owned(mut path) => {
            let path_info = path.split_off(at);
            Paths { script_name: Cow::Owned(path), path_info: Cow::Owned(path_info) }
        }
    }
}

#[cfg(test)]
#[path = "environ_tests.rs"]
mod tests;
