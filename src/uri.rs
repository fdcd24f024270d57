//! Percent-encoding (RFC 3986, 2.1), `file:` URLs (RFC 8089), and what keeps a text from being an absolute URL.
//!
//! Only as much as feeds and published files need: nothing here resolves or normalises.

use std::borrow::Cow;
use std::fmt::Write as _;

/// A value as a part of a URL: all but unreserved characters (RFC 3986, 2.3) and those to `keep` are encoded.
pub fn percent_encode(value: &str, keep: &str) -> String {
    let mut encoded = String::with_capacity(value.len());
    for character in value.chars() {
        if character.is_ascii_alphanumeric() || "-._~".contains(character) || keep.contains(character) {
            encoded.push(character);
        } else {
            push_percent(&mut encoded, character);
        }
    }
    encoded
}

/// Decodes `%41` in the bytes of a URL. What is no escape stays as it is.
pub fn percent_decode(bytes: &[u8]) -> Cow<'_, [u8]> {
    if !bytes.contains(&b'%') {
        return Cow::Borrowed(bytes);
    }
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        match (first, after) {
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                decoded.push(hex(*high) << 4 | hex(*low));
                rest = after;
            }
            _ => {
                decoded.push(*first);
                rest = after;
            }
        }
    }
    Cow::Owned(decoded)
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

/// A URL whose characters outside of ASCII are encoded and all others as they were.
pub fn encode_non_ascii(url: &str) -> String {
    let mut encoded = String::with_capacity(url.len());
    for character in url.chars() {
        if character.is_ascii() {
            encoded.push(character);
        } else {
            push_percent(&mut encoded, character);
        }
    }
    encoded
}

fn push_percent(encoded: &mut String, character: char) {
    for byte in character.encode_utf8(&mut [0; 4]).bytes() {
        let _ = write!(encoded, "%{byte:02X}");
    }
}

/// What keeps a text from being an absolute `http:`, `https:` or `file:` URL, as a lower-case fragment.
pub fn fault(url: &str) -> Option<&'static str> {
    let Some((scheme, rest)) = url.split_once(':') else { return Some("it is not absolute") };
    let file = scheme.eq_ignore_ascii_case("file");
    if !file && !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return Some("its scheme is none of `https`, `http` and `file`");
    }
    let Some(rest) = rest.strip_prefix("//") else { return Some("`//` is missing after the scheme") };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if rest.chars().any(|c| c.is_whitespace() || c.is_control() || "\"<>\\^`{|}".contains(c)) {
        return Some("it holds a blank or another character that must be percent-encoded");
    }
    if authority.contains('@') {
        return Some("it carries a user name or a password");
    }
    if file {
        return (path.len() < 2).then_some("the path is missing");
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !authority.ends_with(']') => (host, port),
        _ => (authority, "80"),
    };
    if host.is_empty() || host.starts_with('.') {
        return Some("the host is missing");
    }
    port.parse::<u16>().is_err().then_some("its port is no number below 65536")
}

/// The `file:` URL (RFC 8089) of an absolute path of Windows or Unix. None for a relative path.
pub fn file_url(path: &str) -> Option<String> {
    let path = path.strip_prefix(r"\\?\").unwrap_or(path).replace('\\', "/");
    let drive = path.as_bytes();
    let is_drive = drive.len() > 2 && drive[0].is_ascii_alphabetic() && drive[1] == b':' && drive[2] == b'/';
    let (mut url, rest) = if is_drive {
        (format!("file:///{}", &path[..2]), &path[2..])
    } else if let Some(share) = path.strip_prefix("//") {
        ("file://".to_owned(), share)
    } else if path.starts_with('/') {
        ("file://".to_owned(), path.as_str())
    } else {
        return None;
    };
    url.push_str(&percent_encode(rest, "/"));
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_both_systems_become_file_urls() {
        assert_eq!(file_url("/a b/ä#.zip").unwrap(), "file:///a%20b/%C3%A4%23.zip");
        assert_eq!(file_url(r"\\server\share\x.zip").unwrap(), "file://server/share/x.zip");
        assert_eq!(file_url(r"\\?\C:\x.zip").unwrap(), "file:///C:/x.zip");
        assert_eq!(file_url("x.zip"), None);
        assert_eq!(file_url("C:x.zip"), None);
    }

    #[test]
    fn all_but_unreserved_characters_are_encoded() {
        assert_eq!(percent_encode("a-._~/b c+ä%", ""), "a-._~%2Fb%20c%2B%C3%A4%25");
        assert_eq!(percent_encode("a/b", "/"), "a/b");
        assert_eq!(encode_non_ascii("https://ü/ /%20"), "https://%C3%BC/ /%20");
    }
}
