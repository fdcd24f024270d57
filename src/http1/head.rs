//! The head of a request as CGI variables (RFC 3875, section 4.1), and what it says of the body and the connection.

use core::net::{IpAddr, SocketAddr};
use std::borrow::Cow;
use std::mem::MaybeUninit;

use super::body::Body;
use super::{Refusal, Settings};
use crate::fastcgi::params::{Facts, push_pair};
use crate::uri::percent_decode;

/// How many headers a request may have.
const HEADERS: usize = 128;
const SOFTWARE: &str = concat!("iiswsgi/", env!("CARGO_PKG_VERSION"));
/// Headers that are of the connection and not of the request (RFC 9110, section 7.6.1), beside those that `Connection` names.
const HOP_BY_HOP: [&str; 7] =
    ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];
/// By what HttpPlatformHandler and its successor tell the user of Windows that was authenticated: a handle, in hexadecimal.
const TOKEN_USERS: [&str; 2] = ["x-iis-windowsauthtoken", "ms-aspnetcore-winauthtoken"];
const PAIRING: &str = "ms-aspnetcore-token";
/// The headers of these modules that are theirs alone to send.
const MODULES: [&str; 2] = ["x-iis-", "ms-aspnetcore-"];

/// A request whose head is complete.
#[derive(Debug)]
pub(super) struct Head {
    /// The variables, as FastCGI has them.
    pub(super) params: Vec<u8>,
    pub(super) facts: Facts,
    pub(super) body: Body,
    pub(super) is_http11: bool,
    /// The client would send another request on this connection.
    pub(super) keeps: bool,
    /// The client waits for `100 Continue` before it sends the body.
    pub(super) expects: bool,
}

type Header<'a> = httparse::Header<'a>;

fn is(header: &Header<'_>, name: &str) -> bool {
    header.name.eq_ignore_ascii_case(name)
}

/// All values of a header.
fn values<'a>(headers: &'a [Header<'a>], name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    headers.iter().filter(move |header| is(header, name)).map(|header| header.value)
}

/// The elements of the list that a header is, without blanks around.
fn elements<'a>(headers: &'a [Header<'a>], name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    let parts = values(headers, name).flat_map(|value| value.split(|byte| *byte == b','));
    parts.map(<[u8]>::trim_ascii).filter(|part| !part.is_empty())
}

/// Reads a head, from its first byte to the empty line that ends it.
pub(super) fn read(bytes: &[u8], peer: Option<SocketAddr>, settings: &Settings) -> Result<Head, Refusal> {
    let mut space = [const { MaybeUninit::uninit() }; HEADERS];
    let mut request = httparse::Request::new(&mut []);
    match request.parse_with_uninit_headers(bytes, &mut space) {
        Ok(httparse::Status::Complete(length)) if length == bytes.len() => {}
        Err(httparse::Error::TooManyHeaders) => return Err(Refusal::TooLarge),
        Err(httparse::Error::Version) => return Err(Refusal::Version),
        Ok(_) | Err(_) => return Err(Refusal::Malformed),
    }
    let (Some(method), Some(target), Some(version)) = (request.method, request.path, request.version) else {
        return Err(Refusal::Malformed);
    };
    if method == "CONNECT" {
        return Err(Refusal::Method);
    }
    let headers = &*request.headers;
    let is_http11 = version == 1;
    let (body, content_length) = body(headers, is_http11)?;
    let expects = expects(headers, is_http11)? && !matches!(body, Body::Ended);
    let is_trusted = settings.trusted.believes(peer.map(|peer| peer.ip()));
    if let Some(pairing) = &settings.pairing
        && values(headers, PAIRING).next() != Some(pairing.as_bytes())
    {
        return Err(Refusal::NotPaired);
    }
    let mut params = Vec::with_capacity(bytes.len() + 512);
    let (authority, target) = target_parts(target)?;
    let host = host(headers, is_http11, authority)?;
    push_request(&mut params, method, target, is_http11);
    push_places(&mut params, headers, host, peer, is_trusted, settings);
    if let Some(length) = content_length {
        push_pair(&mut params, b"CONTENT_LENGTH", length.to_string().as_bytes());
    }
    push_headers(&mut params, headers, authority, is_trusted);
    let mut closes = false;
    let mut stays = is_http11;
    for option in elements(headers, "connection") {
        closes |= option.eq_ignore_ascii_case(b"close");
        stays |= option.eq_ignore_ascii_case(b"keep-alive");
    }
    let facts = Facts { content_length, is_head: method == "HEAD" };
    Ok(Head { params, facts, body, is_http11, keeps: stays && !closes, expects })
}

/// Where the body ends, and its length when that is told (section 6.3).
fn body(headers: &[Header<'_>], is_http11: bool) -> Result<(Body, Option<u64>), Refusal> {
    let mut lengths = values(headers, "content-length");
    let mut codings = values(headers, "transfer-encoding");
    match (lengths.next(), codings.next()) {
        (None, None) => Ok((Body::Ended, None)),
        (Some(text), None) => {
            let digits = !text.is_empty() && text.len() <= 18 && text.iter().all(u8::is_ascii_digit);
            let length = std::str::from_utf8(text).ok().filter(|_| digits).and_then(|text| text.parse().ok());
            let length = length.filter(|_| lengths.next().is_none()).ok_or(Refusal::Malformed)?;
            Ok((if length == 0 { Body::Ended } else { Body::Length(length) }, Some(length)))
        }
        (None, Some(coding)) => {
            if !is_http11 || codings.next().is_some() {
                return Err(Refusal::Malformed);
            }
            if coding.eq_ignore_ascii_case(b"chunked") {
                return Ok((Body::CHUNKED, None));
            }
            Err(Refusal::Coding)
        }
        (Some(_), Some(_)) => Err(Refusal::Malformed),
    }
}

fn expects(headers: &[Header<'_>], is_http11: bool) -> Result<bool, Refusal> {
    let mut expects = false;
    for expectation in elements(headers, "expect") {
        if !expectation.eq_ignore_ascii_case(b"100-continue") {
            return Err(Refusal::Expectation);
        }
        expects = is_http11;
    }
    Ok(expects)
}

/// The authority and the rest of a target (section 3.2).
fn target_parts(target: &str) -> Result<(Option<&str>, &str), Refusal> {
    if target.starts_with('/') || target == "*" {
        return Ok((None, target));
    }
    let scheme = ["http://", "https://"]
        .into_iter()
        .find(|scheme| target.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    let rest = &target[scheme.ok_or(Refusal::Malformed)?.len()..];
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if authority.is_empty() || authority.contains('@') {
        return Err(Refusal::Malformed);
    }
    Ok((Some(authority), if path.is_empty() { "/" } else { path }))
}

/// The host that is asked: the target's own counts more than the header, of which there must be one (section 3.2).
fn host<'a>(
    headers: &'a [Header<'a>],
    is_http11: bool,
    authority: Option<&'a str>,
) -> Result<Option<&'a str>, Refusal> {
    let mut hosts = values(headers, "host");
    let (first, second) = (hosts.next(), hosts.next());
    if second.is_some() || (first.is_none() && is_http11) {
        return Err(Refusal::Malformed);
    }
    let Some(host) = authority.or(match first {
        Some(bytes) => Some(std::str::from_utf8(bytes).map_err(|_| Refusal::Malformed)?),
        None => None,
    }) else {
        return Ok(None);
    };
    let is_sound = host.bytes().all(|byte| byte.is_ascii_graphic() && !b"/\\?#@\"<>,".contains(&byte));
    if is_sound { Ok(Some(host)) } else { Err(Refusal::Malformed) }
}

fn push_request(params: &mut Vec<u8>, method: &str, target: &str, is_http11: bool) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    push_pair(params, b"REQUEST_METHOD", method.as_bytes());
    push_pair(params, b"REQUEST_URI", target.as_bytes());
    push_pair(params, b"SCRIPT_NAME", b"");
    let path: Cow<'_, [u8]> = if path.is_empty() { b"/"[..].into() } else { percent_decode(path.as_bytes()) };
    push_pair(params, b"PATH_INFO", &path);
    push_pair(params, b"QUERY_STRING", query.as_bytes());
    push_pair(params, b"SERVER_PROTOCOL", if is_http11 { b"HTTP/1.1" } else { b"HTTP/1.0" });
    push_pair(params, b"SERVER_SOFTWARE", SOFTWARE.as_bytes());
}

/// The server as the client names it, and the client as the peer, or a proxy that is believed, names it.
fn push_places(
    params: &mut Vec<u8>,
    headers: &[Header<'_>],
    host: Option<&str>,
    peer: Option<SocketAddr>,
    is_trusted: bool,
    settings: &Settings,
) {
    let forwarded = |name| elements(headers, name).last().filter(|_| is_trusted);
    let is_https = forwarded("x-forwarded-proto").is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"https"));
    let (name, port) = match host.map(host_and_port) {
        Some((name, Some(port))) => (name, port),
        Some((name, None)) => (name, if is_https { "443" } else { "80" }.to_owned()),
        None => (settings.server.0.as_str(), settings.server.1.to_string()),
    };
    push_pair(params, b"SERVER_NAME", name.as_bytes());
    push_pair(params, b"SERVER_PORT", port.as_bytes());
    if is_https {
        push_pair(params, b"HTTPS", b"on");
    }
    let client = forwarded("x-forwarded-for").and_then(address).or(peer.map(|peer| peer.ip().to_canonical()));
    if let Some(client) = client {
        push_pair(params, b"REMOTE_ADDR", client.to_string().as_bytes());
    }
    let token = TOKEN_USERS.iter().find_map(|name| values(headers, name).next()).filter(|_| is_trusted);
    let user = token.and_then(|token| (settings.token_user)(std::str::from_utf8(token).ok()?));
    if let Some(user) = user {
        push_pair(params, b"REMOTE_USER", user.as_bytes());
        push_pair(params, b"LOGON_USER", user.as_bytes());
    }
}

fn host_and_port(host: &str) -> (&str, Option<String>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => {
            (name, Some(port.to_owned()))
        }
        _ => (host, None),
    }
}

/// An address as proxies write it: IIS's modules append the port.
fn address(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?;
    let bare = match text.strip_prefix('[') {
        Some(rest) => rest.split(']').next()?,
        None if text.matches(':').count() == 1 => text.split(':').next()?,
        None => text,
    };
    bare.parse().ok()
}

/// The headers as `HTTP_…`. A header that comes several times is one list (RFC 9110, section 5.3), cookies have their own
/// separator. Names with an underscore are left out: they would be taken for others.
fn push_headers(params: &mut Vec<u8>, headers: &[Header<'_>], authority: Option<&str>, is_trusted: bool) {
    let mut name = Vec::with_capacity(64);
    for (index, header) in headers.iter().enumerate() {
        let same = |other: &Header<'_>| is(other, header.name);
        if header.name.contains('_')
            || is(header, "content-length")
            || is_hidden(headers, header, is_trusted)
            || headers[..index].iter().any(same)
        {
            continue;
        }
        name.clear();
        if !is(header, "content-type") {
            name.extend_from_slice(b"HTTP_");
        }
        name.extend(
            header.name.bytes().map(|byte| if byte == b'-' { b'_' } else { byte.to_ascii_uppercase() }),
        );
        let mut value = Cow::Borrowed(header.value);
        for more in headers[index + 1..].iter().filter(|other| same(other)) {
            let separator: &[u8] = if is(header, "cookie") { b"; " } else { b", " };
            value.to_mut().extend_from_slice(separator);
            value.to_mut().extend_from_slice(more.value);
        }
        match authority {
            Some(authority) if is(header, "host") => push_pair(params, &name, authority.as_bytes()),
            _ => push_pair(params, &name, &value),
        }
    }
}

/// Whether a header is of the connection alone, or a module's of IIS and not to be believed or shown.
fn is_hidden(headers: &[Header<'_>], header: &Header<'_>, is_trusted: bool) -> bool {
    let starts =
        |start: &str| header.name.get(..start.len()).is_some_and(|name| name.eq_ignore_ascii_case(start));
    HOP_BY_HOP.iter().any(|name| is(header, name))
        || (MODULES.into_iter().any(starts)
            && (!is_trusted || is(header, PAIRING) || TOKEN_USERS.iter().any(|name| is(header, name))))
        || elements(headers, "connection").any(|name| name.eq_ignore_ascii_case(header.name.as_bytes()))
}
